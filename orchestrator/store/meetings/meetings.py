"""Loading meetings: rows become domain values here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.orm import Session

from orchestrator.domain.meetings import days_off
from orchestrator.domain.meetings.alerts import Alert
from orchestrator.domain.meetings.by_hand import Note, OneOffLetter
from orchestrator.domain.meetings.conference import Conference, ConferenceTrouble
from orchestrator.domain.meetings.meeting import (
    AgendaEntry,
    Attendee,
    ConnectionTest,
    Contribution,
    Meeting,
    MeetingStatus,
    News,
    OpenDatePoll,
)
from orchestrator.domain.meetings.place import Venue
from orchestrator.domain.meetings.reasons import ChangeReason
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import NotFound
from orchestrator.facts import Fact
from orchestrator.store.by_meeting import WANTED, by_meeting
from orchestrator.store.dates import date_polls
from orchestrator.store.engine import Executor
from orchestrator.store.meetings import agendas, alerts, attendees, events, letters, news
from orchestrator.store.meetings.news import Notices
from orchestrator.store.readiness import connection_tests, contributions
from orchestrator.store.rows.base import LARGEST_ID, table_of
from orchestrator.store.rows.meetings import (
    ConferenceRow,
    MeetingRow,
)
from orchestrator.store.rows.minutes import MinutesRow
from orchestrator.store.rows.timelines import ActionRow


def find_id(session: Session, name: str) -> int:
    """Return the id of the meeting called ``name``, its reference or its number.

    Raises ``NotFound``.
    """
    # A reference begins with a letter. PostgreSQL refuses to compare a number that no id can have.
    numbered = name.isascii() and name.isdigit() and len(name) < 19 and int(name) <= LARGEST_ID
    wanted = MeetingRow.id == int(name) if numbered else MeetingRow.reference == name
    found = session.scalar(select(MeetingRow.id).where(wanted))
    if found is None:
        planned_in = events.undated_in(session, name)
        if planned_in is not None:
            raise NotFound(Fact.of("meetings.has-no-day-yet", reference=name, event=planned_in))
        raise NotFound(Fact.of("meetings.no-such-meeting", name=name))
    return found


def reference_of(session: Session, meeting_id: int) -> str | None:
    """Return a meeting's reference."""
    return session.scalar(select(MeetingRow.reference).where(MeetingRow.id == meeting_id))


def load(session: Session, meeting_id: int, *, lock: bool = False) -> Meeting:
    """Return a meeting with agenda, attendees and conference.

    With ``lock`` its row stays locked until the transaction ends, so that nothing can be sent for it
    meanwhile and no two changes interleave.
    """
    if lock:
        session.execute(select(MeetingRow.id).where(MeetingRow.id == meeting_id).with_for_update())
    return load_many(session, [meeting_id])[0]


def load_many(session: Session, meeting_ids: Sequence[int]) -> list[Meeting]:
    """Return the meetings of these ids, in their order; hundreds take no more statements than one."""
    # It comes first, because it writes what the session has pending, which plain rows would not show.
    rows = {found.MeetingRow.id: found for found in session.execute(_MEETINGS, {WANTED.key: meeting_ids})}
    parts = _parts(session, meeting_ids)
    return [_meeting(rows[number], parts) for number in meeting_ids]


# Built once, because it runs for every single message.
_SAVES = (
    select(MeetingRow.__table__.c.saves)
    .where(MeetingRow.__table__.c.id == bindparam("wanted"))
    .with_for_update(read=True)
)


def saves(executor: Executor, meeting_id: int) -> int:
    """Return how often a meeting was saved, and keep it from changing until the transaction ends."""
    return int(executor.execute(_SAVES, {"wanted": meeting_id}).scalar_one())


def touch(session: Session, meeting_id: int) -> None:
    """Count a change that is no save, so that workers who remember the meeting look again."""
    session.execute(update(MeetingRow).where(MeetingRow.id == meeting_id).values(saves=MeetingRow.saves + 1))


_MEETINGS = (
    select(
        MeetingRow,
        ConferenceRow.external_id,
        ConferenceRow.provider_id,
        ConferenceRow.join_url,
        ConferenceRow.by_hand,
        ConferenceRow.trouble,
        ConferenceRow.trouble_since,
        ConferenceRow.trouble_needs_person,
        ConferenceRow.troubles,
        exists()
        .where(
            ActionRow.meeting_id == MeetingRow.id,
            ActionRow.kind == ActionKind.CONFERENCE,
            ActionRow.attempt > 0,
        )
        .label("attempted"),
    )
    .join(ConferenceRow, ConferenceRow.meeting_id == MeetingRow.id)
    .where(MeetingRow.id.in_(WANTED))
    .execution_options(populate_existing=True)
)

_X = table_of(MinutesRow).c

_MINUTES = (
    select(_X.meeting_id, _X.version, _X.attached_at).where(_X.meeting_id.in_(WANTED)).order_by(_X.version)
)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What belongs to meetings beside their own rows, each by the id of the meeting."""

    agenda: Mapping[int, tuple[AgendaEntry, ...]]
    attendees: Mapping[int, tuple[Attendee, ...]]
    minutes: Mapping[int, tuple[tuple[int, datetime], ...]]
    news: Mapping[int, News]
    alerts: Mapping[int, tuple[Alert, ...]]
    notices: Mapping[int, Notices]
    contributions: Mapping[int, tuple[Contribution, ...]]
    connection_tests: Mapping[int, tuple[ConnectionTest, ...]]
    open_polls: Mapping[int, OpenDatePoll]
    letters: Mapping[int, tuple[OneOffLetter, ...]]


def _parts(session: Session, meeting_ids: Collection[int]) -> _Parts:
    return _Parts(
        agenda=agendas.of_meetings(session, meeting_ids),
        attendees=attendees.of_meetings(session, meeting_ids),
        minutes=by_meeting(session, _MINUTES, meeting_ids, lambda row: (row.version, row.attached_at)),
        news=news.of_meetings(session, meeting_ids),
        alerts=alerts.untold(session, meeting_ids),
        notices=news.notices_of(session, meeting_ids),
        contributions=contributions.of_meetings(session, meeting_ids),
        connection_tests=connection_tests.of_meetings(session, meeting_ids),
        open_polls=date_polls.open_polls(session, meeting_ids),
        letters=letters.of_meetings(session, meeting_ids),
    )


def _conference(found: Any) -> Conference:
    trouble = None
    if found.trouble is not None:
        trouble = ConferenceTrouble(found.trouble_since, found.trouble, found.trouble_needs_person)
    return Conference(
        external_id=found.external_id,
        provider_id=found.provider_id,
        join_url=found.join_url,
        by_hand=found.by_hand,
        attempted=bool(found.attempted),
        trouble=trouble,
        troubles=found.troubles,
    )


def _meeting(found: Any, parts: _Parts) -> Meeting:
    """Put a meeting together from its row of ``_MEETINGS`` and what belongs to it."""
    row: MeetingRow = found.MeetingRow
    minutes_version, minutes_at = parts.minutes.get(row.id, _NO_MINUTES)[-1]
    notices = parts.notices.get(row.id, news.NO_NOTICES)
    return Meeting(
        id=row.id,
        reference=row.reference,
        event_id=row.event_id,
        programme=row.programme,
        kind=row.kind,
        title_en=row.title_en,
        title_vi=row.title_vi,
        host=row.host,
        coordinator_name=row.coordinator_name,
        coordinator_email=row.coordinator_email,
        wall_start=row.wall_start,
        zone=row.zone,
        duration=timedelta(seconds=row.duration_seconds),
        timeline=row.timeline,
        own_timeline=row.own_timeline,
        conference=_conference(found),
        status=MeetingStatus(row.status),
        tentative=row.tentative,
        version=row.version,
        uid=row.uid,
        organizer=row.organizer,
        sequence=row.sequence,
        revised_sequence=row.revised_sequence,
        reset_sequence=row.reset_sequence,
        revision=row.revision,
        time_revision=row.time_revision,
        revised_at=row.revised_at,
        published_at=row.published_at,
        reasons=tuple(map(ChangeReason.from_json, row.reasons)),
        notes=tuple(map(Note.from_json, row.notes)),
        letters=parts.letters.get(row.id, ()),
        days_off=days_off.from_json(row.days_off),
        mode=row.mode,
        venue=Venue.from_json(row.venue),
        room=row.room,
        short=row.short,
        short_vi=row.short_vi,
        minutes_version=minutes_version,
        minutes_at=minutes_at,
        agenda=parts.agenda.get(row.id, ()),
        attendees=parts.attendees.get(row.id, ()),
        news=parts.news.get(row.id, news.NO_NEWS),
        alerts=parts.alerts.get(row.id, ()),
        refusals=notices.refusals,
        answers_by_others=notices.answers_by_others,
        contributions=parts.contributions.get(row.id, ()),
        connection_tests=parts.connection_tests.get(row.id, ()),
        date_poll=parts.open_polls.get(row.id) if row.status == MeetingStatus.DRAFT else None,
    )


_NO_MINUTES: tuple[tuple[int, datetime | None], ...] = ((0, None),)
