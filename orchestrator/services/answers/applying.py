"""Applying mails to a meeting inside the caller's transaction: holding them against it, and writing the rest.

The mailbox does this with everything that arrives, and a coordinator's yes with one mail from quarantine,
so that an answer has the same effect on either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.answers.speakers import KnownAttendees, KnownSender
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.people.caller import Channel
from orchestrator.services.answers.deciding import decide
from orchestrator.services.answers.in_hand import MailInHand, MeetingInHand
from orchestrator.services.answers.recording import record, with_resends
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.answers import known_senders, responses, told_times
from orchestrator.store.answers.responses import NewResponse
from orchestrator.store.meetings import meetings as store
from orchestrator.store.meetings import news


def held_against(
    session: Session,
    meeting_id: int,
    items: Iterable[MailInHand],
    now: datetime,
    also_known: Iterable[KnownSender] = (),
) -> MeetingInHand:
    """Lock a meeting, decide about its mails among ``items``, each as the one before left it, and return it.

    ``also_known`` are senders that a person vouches for in this call only.
    """
    meeting = store.load(session, meeting_id, lock=True)
    people = KnownAttendees.of(meeting, [*known_senders.of_meeting(session, meeting_id), *also_known])
    asked = responses.last_asked(session, meeting_id)
    proposed = responses.open_proposals(session, meeting_id)
    told = told_times.of_meeting(session, meeting)
    about = MeetingInHand(meeting, people, told, asked, proposed, now)
    for item in items:
        if item.meeting_id == meeting_id:
            decide(session, about, item)
    return about


def write(session: Session, planner: Planner, about: MeetingInHand, numbers: Mapping[str, int]) -> None:
    """Store what the mails of one meeting do, and replan it for whom it concerns.

    ``numbers`` are the ids of the mails by digest.
    """
    gathered, now = about.gathered, about.now
    if not gathered.any:
        return
    given = [replace(answer, incoming_id=numbers[item.digest]) for item, answer in gathered.given]
    meeting = record(session, about.meeting, given, now)
    responses.add(session, list(_beside(about, numbers)))
    for number in gathered.resends:
        responses.ask_again(session, number, now)
    meeting = news.with_news(session, with_resends(meeting, gathered.resends))
    planner.replan_for(session, meeting, _otherwise_planned(about.meeting, meeting), now)


def _beside(about: MeetingInHand, numbers: Mapping[str, int]) -> Iterator[NewResponse]:
    """What came back and is no answer, as it is stored."""
    for item, found in about.gathered.beside:
        yield NewResponse(
            meeting_id=about.meeting.id,
            attendee_id=item.attendee_id,
            kind=found.kind,
            channel=Channel.MAIL,
            by=item.received.sender or "",
            at=about.now,
            starts_at=found.starts_at,
            ends_at=found.ends_at,
            state=found.state,
            behind=found.behind,
            comment=found.comment,
            incoming_id=numbers[item.digest],
        )


def _otherwise_planned(before: Meeting, after: Meeting) -> frozenset[int]:
    """Return whose answers change what is planned.

    Yes or maybe after silence changes nothing, unless somebody else has said it, of which they are told.
    """
    otherwise = {
        now.id
        for then, now in zip(before.attendees, after.attendees, strict=True)
        if (then.declined, then.resends) != (now.declined, now.resends)
    }
    told = set(before.answers_by_others) ^ set(after.answers_by_others)
    return frozenset(otherwise | {item.attendee_id for item in told})
