"""What changed between two revisions of a meeting, as the recipient of an update reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from enum import StrEnum

from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.time.zones import LocalTime, Place, instant_of, local_time, local_time_in, zone


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
            join_url=meeting.conference.join_url,
            agenda=tuple(f"{item.en} ({item.lead})" if item.lead else item.en for item in meeting.agenda),
            wall_start=meeting.wall_start,
            zone=meeting.zone,
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
    """What can differ, in the order in which it matters to the reader."""

    STATUS = "Status"
    TIME = "Time"
    TITLE = "Title"
    TITLE_VI = "Vietnamese title"
    LINK = "Join link"
    AGENDA = "Agenda"
    COORDINATOR = "Contact"

    @property
    def noun(self) -> str:
        """The name inside a sentence."""
        return self.value if self is What.TITLE_VI else self.value.lower()


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed thing: its name, what it was, what it is now."""

    what: What
    old: str
    new: str


REINSTATED = Difference(What.STATUS, "Cancelled", "The meeting takes place after all")
"""What a recipient reads first whose calendar has seen a cancellation."""


def differences(old: Snapshot, new: Snapshot, place: Place) -> list[Difference]:
    """Return what changed from ``old`` to ``new``, times as they read at ``place``."""
    pairs = {
        What.STATUS: (_status(old), _status(new)),
        What.TIME: (_span(old, place), _span(new, place)),
        What.TITLE: (old.title, new.title),
        What.TITLE_VI: (old.title_vi or "none", new.title_vi or "none"),
        What.LINK: (old.join_url or "", new.join_url or ""),
        What.AGENDA: (_items(old), _items(new)),
        What.COORDINATOR: (old.coordinator, new.coordinator),
    }
    return [
        Difference(what, before, after)
        for what, (before, after) in pairs.items()
        # The first link is no change of a link.
        if before != after and (what is not What.LINK or (before and after))
    ]


def update_subject(old: Snapshot, new: Snapshot, place: Place) -> str:
    """Return an update's subject, such as ``Updated time: 14:00–17:00 → 15:00–18:00, …: SOM``.

    It leads with what changed. The gravest change is spelled out, old and new, as it reads at ``place``;
    the others are named.
    """
    found = differences(old, new, place)
    if not found:
        return f"Updated: {new.title}"
    leading, others = found[0], "".join(f", {item.what.noun}" for item in found[1:])
    match leading.what:
        case What.STATUS:
            return f"Confirmed{others}: {new.title}"
        case What.TIME:
            return f"Updated time{others}: {_move(old, new, place)}: {new.title}"
        case What.TITLE:
            return f"Updated title{others}: {leading.old} → {leading.new}"
    return f"Updated {leading.what.noun}{others}: {new.title}"


def _move(old: Snapshot, new: Snapshot, place: Place) -> str:
    """A change of time, short enough for a subject."""
    was, now = old.read_at(old.starts_at, place), new.read_at(new.starts_at, place)
    where = f"{now.city} ({now.offset})"
    if (was.day, was.clock) == (now.day, now.clock) and was.offset != now.offset:
        return f"{now.date}, {now.clock} {now.city}, {was.offset} → {now.offset}"
    if was.day == now.day:
        return f"{_clocks(old, place)} → {_clocks(new, place)}, {now.date}, {where}"
    return f"{was.date}, {was.clock} → {now.date}, {now.clock} {where}"


def _clocks(snapshot: Snapshot, place: Place) -> str:
    start, end = (snapshot.read_at(item, place) for item in (snapshot.starts_at, snapshot.ends_at))
    return f"{start.clock}–{end.clock}"


def _status(snapshot: Snapshot) -> str:
    return "Save the date" if snapshot.tentative else "Confirmed"


def _span(snapshot: Snapshot, place: Place) -> str:
    start, end = (snapshot.read_at(item, place) for item in (snapshot.starts_at, snapshot.ends_at))
    if start.day == end.day:
        return f"{start.date}, {start.clock}–{end.clock} {start.city} ({start.offset})"
    return f"{start} – {end}"


def _items(snapshot: Snapshot) -> str:
    return "; ".join(f"{number}. {text}" for number, text in enumerate(snapshot.agenda, 1)) or "none"
