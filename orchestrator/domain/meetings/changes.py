"""What changed between two revisions of a meeting, as the recipient of an update reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from enum import StrEnum

from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.meetings.place import ONLINE, Where
from orchestrator.domain.time.zones import LocalTime, Place, instant_of, local_time, local_time_in, zone
from orchestrator.facts import Fact, Said


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What attendees were told in one revision. Instants are aware UTC; the agenda is in English.

    ``wall_start`` and ``zone`` are those of the meeting: who is in that zone was told that wall time,
    even if the zone has other rules by now.
    """

    revision: int
    title: str
    title_vi: str | None
    tentative: bool
    coordinator: str
    starts_at: datetime
    ends_at: datetime
    join_url: str | None
    agenda: tuple[str, ...]
    wall_start: datetime | None = None
    zone: str | None = None
    where: Where = ONLINE

    @classmethod
    def of(cls, meeting: Meeting) -> Snapshot:
        """Take the snapshot of a meeting's present revision."""
        return cls(
            revision=meeting.revision,
            title=meeting.title_en,
            title_vi=meeting.title_vi,
            tentative=meeting.tentative,
            coordinator=f"{meeting.coordinator_name} <{meeting.coordinator_email}>",
            starts_at=meeting.starts_at,
            ends_at=meeting.ends_at,
            join_url=meeting.join_url,
            agenda=tuple(f"{item.en} ({item.lead})" if item.lead else item.en for item in meeting.agenda),
            wall_start=meeting.wall_start,
            zone=meeting.zone,
            where=meeting.where,
        )

    def read_at(self, instant: datetime, place: Place) -> LocalTime:
        """Return ``instant`` as it was told to people at ``place``."""
        if self.wall_start is None or self.zone != place.zone or not self._under_other_rules():
            return local_time(instant, place)
        told = self.wall_start - self.starts_at.replace(tzinfo=None)
        return local_time_in(instant, timezone(told), place.city)

    def _under_other_rules(self) -> bool:
        """Whether the meeting's zone had other rules when this was told."""
        if self.wall_start is None or self.zone is None:
            return False
        return instant_of(self.wall_start, zone(self.zone)) != self.starts_at


class What(StrEnum):
    """What can differ, in the order in which it matters to the reader; the value is the key of its name."""

    STATUS = "meetings.changed.status"
    TIME = "meetings.changed.time"
    TITLE = "meetings.changed.title"
    TITLE_VI = "meetings.changed.title-vi"
    MODE = "meetings.changed.mode"
    VENUE = "meetings.changed.venue"
    LINK = "meetings.changed.link"
    AGENDA = "meetings.changed.agenda"
    ARRIVALS = "meetings.changed.arrivals"
    EMERGENCY = "meetings.changed.emergency"
    COORDINATOR = "meetings.changed.coordinator"

    @property
    def fact(self) -> Fact:
        """Its name."""
        return Fact.of(self.value)


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed thing: its name, what it was, what it is now."""

    what: What
    old: Said
    new: Said


REINSTATED = Difference(
    What.STATUS, Fact.of("meetings.changed.cancelled"), Fact.of("meetings.changed.takes-place-after-all")
)
"""What a recipient reads first whose calendar has seen a cancellation."""


_NONE = Fact.of("meetings.changed.none")


def differences(old: Snapshot, new: Snapshot, place: Place) -> list[Difference]:
    """Return what changed from ``old`` to ``new``, times as they read at ``place``."""
    pairs: dict[What, tuple[Said, Said]] = {
        What.STATUS: (_status(old), _status(new)),
        What.TIME: (_span(old, place), _span(new, place)),
        What.TITLE: (old.title, new.title),
        What.TITLE_VI: (old.title_vi or _NONE, new.title_vi or _NONE),
        What.MODE: (old.where.mode.fact, new.where.mode.fact),
        What.VENUE: (old.where.line or _NONE, new.where.line or _NONE),
        What.LINK: (old.join_url or "", new.join_url or ""),
        What.AGENDA: (_items(old), _items(new)),
        What.ARRIVALS: (_of_venue(old, "arrivals"), _of_venue(new, "arrivals")),
        What.EMERGENCY: (_of_venue(old, "emergency"), _of_venue(new, "emergency")),
        What.COORDINATOR: (old.coordinator, new.coordinator),
    }
    return [
        Difference(what, before, after)
        for what, (before, after) in pairs.items()
        # The first link is no change of a link.
        if before != after and (what is not What.LINK or (before and after))
    ]


def _status(snapshot: Snapshot) -> Fact:
    return Fact.of("meetings.changed.save-the-date" if snapshot.tentative else "meetings.changed.confirmed")


def _of_venue(snapshot: Snapshot, field: str) -> Said:
    return getattr(snapshot.where.venue, field, None) or _NONE


def _span(snapshot: Snapshot, place: Place) -> str:
    start, end = (snapshot.read_at(item, place) for item in (snapshot.starts_at, snapshot.ends_at))
    if start.day == end.day:
        return f"{start.date}, {start.clock}–{end.clock} {start.city} ({start.offset})"
    return f"{start} – {end}"


def _items(snapshot: Snapshot) -> Said:
    return "; ".join(f"{number}. {text}" for number, text in enumerate(snapshot.agenda, 1)) or _NONE
