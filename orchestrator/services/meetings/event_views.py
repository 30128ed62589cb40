"""What the services tell of events, and how they are read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestrator.domain.meetings.event import Event, EventSession
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.ports import Clock
from orchestrator.services.meetings.views import Created, HistoryView
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.engine import Database
from orchestrator.store.meetings import events as store
from orchestrator.store.meetings import history

PLANNED = "planned"
"""How a session stands whose day is not known."""


@dataclass(frozen=True, slots=True)
class EventSessionView:
    """One session of an event. ``status`` is that of the meeting, or ``planned`` while its day is not known.

    ``groups`` are the circles of a planned one; ``None`` are all.
    """

    reference: str
    kind: str
    title_en: str
    title_vi: str | None
    leads: bool
    status: str
    host_time: LocalTime | None
    host_end: LocalTime | None
    invited: int
    groups: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class EventView:
    """An event, planned for ``month``; ``announced_at`` is when it was published with that only.

    ``version`` counts the changes of it and of its sessions; ``named`` says that its title is its own.
    """

    id: int
    reference: str
    title_en: str
    title_vi: str | None
    short: str | None
    named: bool
    lead: str
    month: str | None
    announced_at: datetime | None
    version: int
    sessions: tuple[EventSessionView, ...]
    history: tuple[HistoryView, ...] = ()

    @property
    def drafts(self) -> tuple[EventSessionView, ...]:
        """The sessions that can be published."""
        return tuple(item for item in self.sessions if item.status == "draft")

    @property
    def planned(self) -> tuple[EventSessionView, ...]:
        """The sessions whose day is not known."""
        return tuple(item for item in self.sessions if item.status == PLANNED)


@dataclass(frozen=True, slots=True)
class CreatedEvent:
    """A new event: the drafts of its sessions, and the references of those whose day is not known yet."""

    reference: str
    sessions: tuple[Created, ...]
    planned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CreatedFile:
    """What was made of a file: its events, and its meetings that are events of their own."""

    events: tuple[CreatedEvent, ...] = ()
    meetings: tuple[Created, ...] = ()

    @property
    def drafts(self) -> tuple[Created, ...]:
        """All drafts of the file."""
        return (*(draft for event in self.events for draft in event.sessions), *self.meetings)


class EventReading:
    """Looking at events; none of it blocks a writer."""

    def __init__(self, database: Database, planner: Planner, clock: Clock) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock

    def events(self) -> list[EventView]:
        """Return the events that are more than one meeting: coming ones first, then those that are over.

        Coming ones stand by their first day, else by their month; of those that are over the latest is first.
        """
        now = self._clock.now()
        with self._database.reading() as session:
            found = store.every(session)
        over = [item for item in found if not item.is_coming(now)]
        coming = [item for item in found if item.is_coming(now)]
        ordered = (*sorted(coming, key=_begins), *sorted(over, key=_begins, reverse=True))
        return [self._view(item) for item in ordered]

    def event(self, name: str) -> EventView:
        """Return one event by its reference or number, or the reference of a session; raises ``NotFound``."""
        with self._database.reading() as session:
            event = store.load(session, store.find_id(session, name))
            lines = tuple(
                HistoryView(row.at, row.actor, row.said, row.detail)
                for row in history.of_event(session, event.id)
            )
            return self._view(event, lines)

    def _view(self, event: Event, lines: Iterable[HistoryView] = ()) -> EventView:
        title, title_vi = event.title
        return EventView(
            id=event.id,
            reference=event.reference,
            title_en=title,
            title_vi=title_vi,
            short=event.short,
            named=event.named,
            lead=event.lead,
            month=str(event.month) if event.month else None,
            announced_at=event.announced_at,
            version=event.version,
            sessions=tuple(self._session(item, event) for item in event.sessions),
            history=tuple(lines),
        )

    def _session(self, item: EventSession, event: Event) -> EventSessionView:
        begins = ends = None
        if item.starts_at is not None and item.ends_at is not None and item.zone is not None:
            place = self._planner.directory.host_place(item.host, item.zone, item.starts_at)
            begins, ends = local_time(item.starts_at, place), local_time(item.ends_at, place)
        groups: Any = item.written.get("groups")
        return EventSessionView(
            reference=item.reference,
            kind=item.kind,
            title_en=item.title_en,
            title_vi=item.title_vi,
            leads=item.reference == event.lead,
            status=item.status.value if item.status else PLANNED,
            host_time=begins,
            host_end=ends,
            invited=item.invited,
            groups=tuple(groups) if groups is not None else None,
        )


def _begins(event: Event) -> tuple[str, int]:
    """When an event begins, as far as it is known."""
    days = [f"{item.wall_start:%Y-%m-%d}" for item in event.dated]
    return min(days, default=str(event.month)), event.id
