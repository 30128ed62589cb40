"""Letters that coordinators have written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.by_hand import OneOffLetter
from orchestrator.domain.own_words import OwnWords
from orchestrator.store.by_meeting import WANTED, by_meeting
from orchestrator.store.rows.delivery import DeliveryRow, DeliveryState
from orchestrator.store.rows.meetings import OneOffLetterRow


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A letter as it is confirmed."""

    subject: OwnWords
    text: OwnWords
    recipients: Sequence[int]
    at_once: bool
    after_cancelling: bool
    by: str
    at: datetime


_OF_MEETINGS = (
    select(
        OneOffLetterRow.meeting_id,
        OneOffLetterRow.id,
        OneOffLetterRow.recipients,
        OneOffLetterRow.at_once,
        OneOffLetterRow.at,
        OneOffLetterRow.after_cancelling,
    )
    .where(OneOffLetterRow.meeting_id.in_(WANTED))
    .order_by(OneOffLetterRow.id)
)


def of_meetings(session: Session, meeting_ids: Collection[int]) -> Mapping[int, tuple[OneOffLetter, ...]]:
    """Return who is to get which letters of meetings, by the ids of the meetings."""
    return by_meeting(session, _OF_MEETINGS, meeting_ids, _letter)


def _letter(row: Row[int, int, list[int], bool, datetime, bool]) -> OneOffLetter:
    _, number, recipients, at_once, at, after_cancelling = row
    return OneOffLetter(number, frozenset(recipients), at_once, at, after_cancelling)


def next_id(session: Session) -> int:
    """Return the id that the next letter would get, for looking ahead."""
    return (session.scalar(select(func.max(OneOffLetterRow.id))) or 0) + 1


def add(session: Session, meeting_id: int, new: NewLetter) -> int:
    """Store a letter and return its id."""
    row = OneOffLetterRow(
        meeting_id=meeting_id,
        subject=new.subject.to_json(),
        text=new.text.to_json(),
        recipients=list(new.recipients),
        at_once=new.at_once,
        after_cancelling=new.after_cancelling,
        by=new.by,
        at=new.at,
    )
    session.add(row)
    session.flush()
    return row.id


def of_meeting(session: Session, meeting_id: int) -> Sequence[OneOffLetterRow]:
    """Return the letters of a meeting, newest first."""
    wanted = select(OneOffLetterRow).where(OneOffLetterRow.meeting_id == meeting_id)
    return session.scalars(wanted.order_by(OneOffLetterRow.id.desc())).all()


def words(session: Session, number: int) -> tuple[OwnWords, OwnWords]:
    """Return subject and text of a letter."""
    row = session.get_one(OneOffLetterRow, number)
    return OwnWords.from_json(row.subject), OwnWords.from_json(row.text)


@dataclass(frozen=True, slots=True)
class Carried:
    """Which mails have carried a note: how many, and of which revisions of the meeting."""

    mails: int
    revisions: frozenset[int]


_MAY_HAVE_LEFT = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.BOUNCED)


def carried(session: Session, meeting_id: int) -> Mapping[int, Carried]:
    """Return which mails have left with each note of a meeting, or may have, by its number."""
    rows = session.execute(
        select(DeliveryRow.note, DeliveryRow.revision, func.count())
        .where(
            DeliveryRow.meeting_id == meeting_id,
            DeliveryRow.note.is_not(None),
            DeliveryRow.state.in_(_MAY_HAVE_LEFT),
        )
        .group_by(DeliveryRow.note, DeliveryRow.revision)
    ).all()
    found: dict[int, Carried] = {}
    for number, revision, count in rows:
        note = int(number or 0)
        before = found.get(note, Carried(0, frozenset()))
        found[note] = Carried(before.mails + count, before.revisions | {revision})
    return found
