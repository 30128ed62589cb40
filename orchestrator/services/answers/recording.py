"""Recording what attendees answer, through whichever door it comes, inside the caller's transaction.

Mail, personal page, telephone and API all end here, so that an answer has the same effect and the same
record everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.answers.responses import ResponseKind, is_urgent
from orchestrator.domain.meetings.meeting import Attendee, Meeting, Participation
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.text import shown
from orchestrator.facts import Fact
from orchestrator.services.timelines.changing import MeetingChange
from orchestrator.store.answers import responses
from orchestrator.store.answers.responses import NewResponse
from orchestrator.store.meetings import history
from orchestrator.store.meetings import meetings as store

LONGEST_COMMENT = 2000
"""Characters of a comment that are kept."""


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer of one attendee.

    ``by`` names who gave it, who may be another person of the delegation, a delegate or a coordinator;
    ``assigned_by`` names the coordinator who took a mail of ``by`` for this answer;
    ``by_other`` says that the attendee did not and is told of it.
    ``stamp`` is its DTSTAMP, or the moment it was given, and decides between two answers.
    """

    attendee_id: int
    participation: Participation
    caller: Caller
    by: str
    stamp: datetime | None
    comment: str | None = None
    delegate: str | None = None
    incoming_id: int | None = None
    by_other: bool = False
    assigned_by: str | None = None


def record(session: Session, meeting: Meeting, given: Sequence[GivenAnswer], now: datetime) -> Meeting:
    """Store answers to ``meeting`` (locked) and return it as it then stands.

    The meeting's version stays, so that an answer never gets in the way of a coordinator's change.
    """
    people = {item.id: item for item in meeting.attendees}
    rows, notes = [], []
    for item in given:
        attendee = people[item.attendee_id]
        people[item.attendee_id] = answered(attendee, item)
        rows.append(_row(meeting, attendee, item, now))
        notes.append((item.caller, _said(attendee, item)))
    history.notes(session, meeting.id, Fact.of("answers.history.answered"), now, notes)
    for channel in {item.caller.channel for item in given}:
        changed = {item.attendee_id for item in given if item.caller.channel == channel}
        responses.write_answers(session, [people[number] for number in sorted(changed)], channel, now)
    responses.add(session, rows)
    store.touch(session, meeting.id)
    return replace(meeting, attendees=tuple(people.values()))


def recorded(meeting: Meeting, given: Sequence[GivenAnswer]) -> MeetingChange:
    """Return answers to ``meeting`` as a change of it, which records them; its version stays."""
    people = {item.id: item for item in meeting.attendees}
    for item in given:
        people[item.attendee_id] = answered(people[item.attendee_id], item)

    def write(session: Session, stored: Meeting, now: datetime) -> None:
        record(session, stored, given, now)

    return MeetingChange(replace(meeting, attendees=tuple(people.values())), write=write, saves=False)


def with_resends(meeting: Meeting, attendee_ids: Collection[int]) -> Meeting:
    """Return the meeting with one more wish for the invitation counted for each of ``attendee_ids``."""
    people = tuple(
        replace(person, resends=person.resends + 1) if person.id in attendee_ids else person
        for person in meeting.attendees
    )
    return replace(meeting, attendees=people)


def answered(attendee: Attendee, given: GivenAnswer) -> Attendee:
    """Return the attendee with the answer."""
    return replace(
        attendee,
        participation=given.participation,
        answer_stamp=given.stamp,
        comment=cut(given.comment),
        delegated_to=given.delegate,
    )


def cut(comment: str | None) -> str | None:
    """Return a comment as it is kept, in which nothing hides, for it is mailed; nothing for an empty one."""
    return shown(comment or "").strip()[:LONGEST_COMMENT] or None


def _said(attendee: Attendee, given: GivenAnswer) -> Fact:
    return Fact.of("answers.answered", name=attendee.name, answer=given.participation.fact)


def _row(meeting: Meeting, attendee: Attendee, given: GivenAnswer, now: datetime) -> NewResponse:
    return NewResponse(
        meeting_id=meeting.id,
        attendee_id=attendee.id,
        kind=ResponseKind.ANSWER,
        channel=given.caller.channel,
        by=given.by,
        by_other=given.by_other,
        assigned_by=given.assigned_by,
        at=now,
        participation=given.participation,
        # Who says once more what they have said already gives no news.
        urgent=not attendee.declined and is_urgent(meeting, attendee, given.participation, now),
        delegate=given.delegate,
        comment=cut(given.comment),
        incoming_id=given.incoming_id,
    )
