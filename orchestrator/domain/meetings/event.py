"""An event: one or more sessions that belong together, one of which leads and gives it its name.

A session is a meeting from the day on which its start is known. Before that it has no row among the
meetings, so that nothing which plans, asks or invites can meet one without a start; it stays on its event as
it was written. A meeting alone is an event of one session.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestrator.domain.meetings.linked import Feed
from orchestrator.domain.meetings.meeting import MeetingStatus
from orchestrator.domain.time.months import Month
from orchestrator.errors import InvalidInput, Problem
from orchestrator.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSession:
    """One session of an event: a meeting, or what was written of one whose day is not known.

    ``meeting_id``, ``status``, ``wall_start``, ``zone`` and ``starts_at`` are those of the meeting.
    ``written`` is what a session without a day says of itself.
    """

    reference: str
    kind: str
    host: str
    title_en: str
    title_vi: str | None = None
    meeting_id: int | None = None
    version: int = 0
    status: MeetingStatus | None = None
    wall_start: datetime | None = None
    zone: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    invited: int = 0
    written: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def dated(self) -> bool:
        """Whether its day is known, so that it is a meeting."""
        return self.meeting_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event as stored, with the sessions that have a start by that, then the others as written.

    Without ``title_en`` nobody has named it: it is called as its lead session is, and grows together with
    what is linked to it. ``defaults`` is what holds for a new session that does not say otherwise, ``people``
    those whom its circles choose from, both as they were written. ``announced_at`` is when it was published
    with its month only. ``version`` counts the changes of it and of its sessions.
    """

    id: int
    reference: str
    lead: str
    title_en: str | None = None
    title_vi: str | None = None
    short: str | None = None
    short_vi: str | None = None
    month: Month | None = None
    announced_at: datetime | None = None
    version: int = 1
    defaults: Mapping[str, Any] = field(default_factory=dict, repr=False)
    people: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    sessions: tuple[EventSession, ...] = ()

    @property
    def dated(self) -> tuple[EventSession, ...]:
        """The sessions whose start is known."""
        return tuple(item for item in self.sessions if item.dated)

    @property
    def undated(self) -> tuple[EventSession, ...]:
        """The sessions of which only the month is known."""
        return tuple(item for item in self.sessions if not item.dated)

    @property
    def drafts(self) -> tuple[EventSession, ...]:
        """The sessions that can be published."""
        return tuple(item for item in self.dated if item.status is MeetingStatus.DRAFT)

    @property
    def leading(self) -> EventSession:
        """The lead session."""
        return next(item for item in self.sessions if item.reference == self.lead)

    @property
    def named(self) -> bool:
        """Whether it has a name of its own, so that it was made as an event."""
        return self.title_en is not None

    @property
    def title(self) -> tuple[str, str | None]:
        """The English title and the Vietnamese one: its own, else those of the lead session."""
        if self.title_en is not None:
            return self.title_en, self.title_vi
        return self.leading.title_en, self.leading.title_vi

    def is_coming(self, now: datetime) -> bool:
        """Whether anything of it is still to take place, or to get its day."""
        ends = [item.ends_at for item in self.dated if item.status is not MeetingStatus.CANCELLED]
        return bool(self.undated) or any(end is not None and end > now for end in ends)

    def session(self, reference: str) -> EventSession | None:
        """Return the session of that reference."""
        return next((item for item in self.sessions if item.reference == reference), None)


def no_session_of(lead: str, references: Collection[str]) -> Problem:
    """Return the problem of a lead session that the event does not have."""
    return Problem(
        "lead",
        lead,
        Fact.of("meetings.lead-is-no-session"),
        Fact.of("meetings.lead-is-no-session.remedy", known=tuple(references)),
    )


def require_session(event: Event, reference: str) -> None:
    """Raise ``InvalidInput`` where ``reference`` cannot lead the event, for it is none of its sessions."""
    if event.session(reference) is None:
        raise InvalidInput([no_session_of(reference, [item.reference for item in event.sessions])])


def leads_among(references: Collection[str], feeds: Iterable[Feed]) -> tuple[str, ...]:
    """Return which of these meetings can lead an event of them all: those that prepare none of the others.

    What more of the others prepare comes first, else the order stays.
    """
    inside = [(source, target) for source, target in feeds if source in references and target in references]
    preparing = {source for source, _ in inside}
    ends = [item for item in references if item not in preparing] or list(references)
    prepared = {item: sum(target == item for _, target in inside) for item in ends}
    most = max(prepared.values(), default=0)
    return tuple(item for item in ends if prepared[item] == most)
