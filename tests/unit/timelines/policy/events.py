"""A SOM with its preparatory meeting by the policy, on real calendars, for the tests of its letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from orchestrator.domain.delegations.delegation import Kind
from orchestrator.domain.meetings.meeting import (
    Attendee,
    Contribution,
    ContributionState,
    Meeting,
    Need,
    Participation,
)
from orchestrator.domain.timelines.audience import Audience
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.offsets import Offset
from orchestrator.domain.timelines.policy.context import EventContext, Records
from orchestrator.domain.timelines.policy.plan import SessionPlan, deadline_of
from orchestrator.domain.timelines.policy.rules import (
    FIRST_SESSION,
    AskRule,
    Bounded,
    ChaseRule,
    ConnectionTestRule,
    Counted,
    DayRule,
    DeadlineRule,
    DocumentsRule,
    EventPolicy,
    Item,
    MinutesRule,
)
from tests.unit.real import CALENDARS, DIRECTORY, meeting_of

HOUR = timedelta(minutes=60)
MEMBERS = tuple(item.code for item in DIRECTORY.in_order(DIRECTORY.delegations) if item.kind is Kind.MEMBER)


def _offset(text: str) -> Offset:
    found = Offset.parse(text)
    assert found is not None
    return found


def _circles(*words: str) -> tuple[Audience, ...]:
    return tuple(Audience.parse(item) for item in words)


SOM_POLICY = EventPolicy(
    deadline=DeadlineRule(Bounded(Counted(_offset("-10WD")), Counted(_offset("-3WD"), FIRST_SESSION))),
    invite=Bounded(Counted(_offset("-P28D")), Counted(_offset("-P21D"), FIRST_SESSION)),
    save_the_date=Bounded(Counted(_offset("-P45D"))),
    ask=AskRule(
        1,
        (Item.ANSWER, Item.LIST, Item.PAPERS, Item.COMMENTS, Item.TEST),
        _circles("focal point"),
        ConnectionTestRule(_offset("-1WD"), timedelta(minutes=15)),
    ),
    chase=ChaseRule(
        (_offset("-5WD"), _offset("-2WD"), _offset("+1WD")),
        escalate={3: _circles("head of delegation", "secretariat")},
    ),
    week=Counted(_offset("-P7D"), FIRST_SESSION),
    documents=DocumentsRule(_circles("members", "secretariat")),
    day=DayRule(_offset("-P1D")),
    minutes=MinutesRule(_offset("+3WD")),
)


def session(number: int, wall_start: datetime, attendees: Iterable[Attendee], **fields: object) -> Meeting:
    """A published session with a number of its own; attendees keep their addresses, with other ids."""
    own = [replace(item, id=number * 1000 + item.id) for item in attendees]
    found = meeting_of(wall_start, timeline="standard", attendees=own)
    return replace(found, id=number, event_id=7, **fields)  # type: ignore[arg-type]


def event_of(
    *sessions: Meeting,
    lead: int,
    policy: EventPolicy = SOM_POLICY,
    records: Mapping[int, Records] | None = None,
) -> EventContext:
    """An event with its deadline decided, as it is stored."""
    event = EventContext(
        lead_id=lead,
        sessions=tuple(sorted(sessions, key=lambda item: item.starts_at)),
        policy=policy,
        records=records or {},
    )
    return replace(event, deadline=deadline_of(event, CALENDARS))


def letters(event: EventContext, address: str) -> list[Obligation]:
    """What one person is sent, in the order of time."""
    found = []
    for meeting in event.sessions:
        plan = SessionPlan(meeting, event, CALENDARS, HOUR, None)
        ids = {item.id for item in meeting.invited if item.address == address}
        found += [item for item in plan.obligations() if item.attendee_id in ids and not item.left_out]
    return sorted(found, key=lambda item: (item.due or item.expires, item.key))


def answered(meeting: Meeting, *codes: str) -> Meeting:
    """A session for which these delegations have given everything."""
    people = [
        replace(item, participation=Participation.ACCEPTED, answer_stamp=meeting.published_at)
        if item.delegation in codes
        else item
        for item in meeting.attendees
    ]
    given = tuple(
        Contribution(code, need, ContributionState.IN, "K", meeting.published_at or meeting.starts_at)
        for code in codes
        for need in (Need.LIST, Need.PAPER, Need.TEST)
    )
    return replace(meeting, attendees=tuple(people), contributions=given)
