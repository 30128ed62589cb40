"""Which meetings are linked, and locking them together."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.linked import Feed, Timing
from orchestrator.domain.meetings.meeting import (
    Meeting,
    MeetingStatus,
)
from orchestrator.store.meetings.meetings import load_many
from orchestrator.store.rows.events import EventRow
from orchestrator.store.rows.meetings import (
    FeedRow,
    MeetingRow,
)


def feeds(session: Session, reference: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the meeting this one prepares, and those that prepare it."""
    rows = session.scalars(
        select(FeedRow)
        .where(or_(FeedRow.source == reference, FeedRow.target == reference))
        .order_by(FeedRow.source, FeedRow.target)
    ).all()
    target = next((row.target for row in rows if row.source == reference), None)
    return target, tuple(row.source for row in rows if row.target == reference)


def links(session: Session, references: Iterable[str]) -> frozenset[Feed]:
    """Return the links of these meetings to others, either way."""
    wanted = {*references}
    near = or_(FeedRow.source.in_(wanted), FeedRow.target.in_(wanted))
    return frozenset((row.source, row.target) for row in session.scalars(select(FeedRow).where(near)))


def chain(session: Session, references: Iterable[str]) -> frozenset[Feed]:
    """Return all links between meetings that are linked to ``references``, directly or through others."""
    found: set[Feed] = set()
    seen: set[str] = set()
    while following := {*references} - seen:
        seen |= following
        found |= links(session, following)
        references = {reference for link in found for reference in link}
    return frozenset(found)


def lock_chain(session: Session, meeting_id: int) -> None:
    """Lock a meeting with its event, the other sessions of that, and all that it is linked to.

    They are locked in one order: no two changes then wait for each other.
    """
    found = session.execute(
        select(MeetingRow.reference, MeetingRow.event_id).where(MeetingRow.id == meeting_id)
    ).one_or_none()
    if found is None:
        return
    session.execute(select(EventRow.id).where(EventRow.id == found.event_id).with_for_update())
    own = found.reference
    references = {own, *(reference for link in chain(session, [own]) for reference in link)}
    wanted = select(MeetingRow.id).where(
        or_(MeetingRow.reference.in_(references), MeetingRow.event_id == found.event_id)
    )
    session.execute(wanted.order_by(MeetingRow.id).with_for_update())


def called(session: Session, references: Iterable[str]) -> dict[str, Meeting]:
    """Return the meetings of these references, as far as they exist, by reference."""
    wanted = select(MeetingRow.id).where(MeetingRow.reference.in_({*references})).order_by(MeetingRow.id)
    return {item.reference: item for item in load_many(session, session.scalars(wanted).all())}


def timings(session: Session, references: Iterable[str]) -> dict[str, Timing]:
    """Return where these meetings stand in time, as far as they exist, by reference."""
    named = {*references}
    if not named:
        return {}
    wanted = select(MeetingRow.reference, MeetingRow.status, MeetingRow.starts_at, MeetingRow.ends_at).where(
        MeetingRow.reference.in_(named)
    )
    return {
        reference: Timing(MeetingStatus(status), starts_at, ends_at)
        for reference, status, starts_at, ends_at in session.execute(wanted)
    }


def concluded(session: Session, references: Iterable[str]) -> dict[str, int]:
    """Return the ids of those of these meetings that are concluded, by reference."""
    named = {*references}
    if not named:
        return {}
    wanted = select(MeetingRow.reference, MeetingRow.id).where(
        MeetingRow.reference.in_(named), MeetingRow.status == MeetingStatus.CONCLUDED
    )
    return {row.reference: row.id for row in session.execute(wanted)}
