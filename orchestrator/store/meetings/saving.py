"""Storing new meetings and changed ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from orchestrator.domain.meetings import days_off
from orchestrator.domain.meetings.known_days_off import DaysOff
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.time.zones import tzdata_version
from orchestrator.errors import Conflict
from orchestrator.facts import Fact
from orchestrator.store.meetings import agendas, attendees, events, revisions
from orchestrator.store.meetings.meetings import load
from orchestrator.store.rows.base import seconds_of
from orchestrator.store.rows.meetings import (
    ConferenceRow,
    FeedRow,
    MeetingRow,
)


def add(session: Session, meeting: Meeting, feeds: Iterable[tuple[str, str]], now: datetime) -> int:
    """Store a new draft and return its id; raises ``Conflict`` when the reference is taken.

    One that names no event becomes an event of its own.
    """
    require_free(session, meeting.reference)
    row = MeetingRow(
        reference=meeting.reference,
        event_id=meeting.event_id or events.alone(session, meeting.reference, now),
        programme=meeting.programme,
        kind=meeting.kind,
        host=meeting.host,
        coordinator_name=meeting.coordinator_name,
        coordinator_email=meeting.coordinator_email,
        created_at=now,
    )
    row.agenda = []
    row.conference = ConferenceRow(external_id=meeting.conference.external_id)
    _write(row, meeting)
    session.add(row)
    agendas.write(session, row, meeting)
    session.flush()
    attendees.write(session, row.id, meeting)
    for source, target in feeds:
        if session.get(FeedRow, (source, target)) is None:
            session.add(FeedRow(source=source, target=target))
    return row.id


def require_free(session: Session, reference: str) -> None:
    """Raise ``Conflict`` when a meeting, or a session whose day is not known, has the reference."""
    if session.scalar(select(MeetingRow.id).where(MeetingRow.reference == reference)):
        raise Conflict(Fact.of("meetings.reference-taken", reference=reference))
    planned_in = events.undated_in(session, reference)
    if planned_in is not None:
        raise Conflict(Fact.of("meetings.reference-planned", reference=reference, event=planned_in))


def save(session: Session, meeting: Meeting, now: datetime, *, by_person: bool = True) -> Meeting:
    """Store a changed meeting and return it as stored.

    Its version rises only when a person changed it: a link that arrives between a coordinator's
    reading and saving must not look like another person's change. Raises ``Conflict`` when another
    version has been saved since it was read.
    """
    row = session.scalars(
        select(MeetingRow)
        .where(MeetingRow.id == meeting.id, MeetingRow.version == meeting.version)
        .options(selectinload(MeetingRow.agenda), selectinload(MeetingRow.conference))
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise changed_meanwhile(meeting.reference)
    row.version = meeting.version + by_person
    row.saves += 1
    _write(row, meeting)
    row.conference.provider_id = meeting.conference.provider_id
    row.conference.join_url = meeting.conference.join_url
    row.conference.by_hand = meeting.conference.by_hand
    trouble = meeting.conference.trouble
    row.conference.trouble = trouble.reason if trouble else None
    row.conference.trouble_since = trouble.since if trouble else None
    row.conference.trouble_needs_person = trouble is not None and trouble.needs_person
    row.conference.troubles = meeting.conference.troubles
    agendas.write(session, row, meeting)
    changed = attendees.differ(session, meeting)
    if changed:
        attendees.write(session, row.id, meeting)
    revisions.write(session, meeting, now)
    session.flush()
    # Reading three hundred attendees again is worth it only when some of them are new.
    return load(session, row.id) if changed else replace(meeting, version=row.version)


def know_days_off(session: Session, meeting_id: int, known: DaysOff | None) -> None:
    """Store on whose days off a meeting takes place, as its coordinator knows it from now on."""
    row = session.get_one(MeetingRow, meeting_id)
    row.days_off = days_off.to_json(known)
    # Workers keep a meeting that they have read for as long as this number stays.
    row.saves += 1


def changed_meanwhile(reference: str) -> Conflict:
    """Return the error for a change based on a version that is no longer the newest."""
    return Conflict(
        Fact.of("meetings.changed-meanwhile", reference=reference),
        code="version-conflict",
    )


def _write(row: MeetingRow, meeting: Meeting) -> None:
    row.title_en, row.title_vi = meeting.title_en, meeting.title_vi
    row.wall_start, row.zone = meeting.wall_start, meeting.zone
    row.duration_seconds = seconds_of(meeting.duration)
    row.starts_at, row.ends_at = meeting.starts_at, meeting.ends_at
    row.tzdata = tzdata_version()
    row.timeline, row.own_timeline = meeting.timeline, meeting.own_timeline
    row.coordinator_name, row.coordinator_email = meeting.coordinator_name, meeting.coordinator_email
    row.status, row.tentative = meeting.status.value, meeting.tentative
    row.uid, row.organizer = meeting.uid, meeting.organizer
    row.sequence, row.revised_sequence = meeting.sequence, meeting.revised_sequence
    row.reset_sequence = meeting.reset_sequence
    row.revision, row.time_revision = meeting.revision, meeting.time_revision
    row.revised_at, row.published_at = meeting.revised_at, meeting.published_at
    row.notes = [item.to_json() for item in meeting.notes]
    row.reasons = [item.to_json() for item in meeting.reasons]
    row.mode, row.room = meeting.mode, meeting.room
    row.venue = meeting.venue.to_json() if meeting.venue else None
    row.short, row.short_vi = meeting.short, meeting.short_vi
    row.days_off = days_off.to_json(meeting.days_off)
