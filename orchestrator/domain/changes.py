"""What changed between two revisions of a meeting, as the recipient of an update reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.meeting import Meeting
from orchestrator.domain.zones import Place, local_time


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What attendees were told in one revision. Instants are aware UTC."""

    revision: int
    title: str
    starts_at: datetime
    ends_at: datetime
    join_url: str | None
    agenda: tuple[str, ...]

    @classmethod
    def of(cls, meeting: Meeting) -> Snapshot:
        """Take the snapshot of a meeting's present revision."""
        return cls(
            revision=meeting.revision,
            title=meeting.title_en,
            starts_at=meeting.starts_at,
            ends_at=meeting.ends_at,
            join_url=meeting.conference.join_url,
            agenda=tuple(item.en for item in meeting.agenda),
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed thing: its name, what it was, what it is now."""

    what: str
    old: str
    new: str


def differences(old: Snapshot, new: Snapshot, place: Place) -> list[Difference]:
    """Return what changed from ``old`` to ``new``, times as they read at ``place``."""
    found = [
        Difference("Time", _span(old, place), _span(new, place))
        if (old.starts_at, old.ends_at) != (new.starts_at, new.ends_at)
        else None,
        Difference("Title", old.title, new.title) if old.title != new.title else None,
        Difference("Join link", old.join_url, new.join_url)
        if old.join_url and new.join_url and old.join_url != new.join_url
        else None,
        Difference("Agenda", _items(old), _items(new)) if old.agenda != new.agenda else None,
    ]
    return [item for item in found if item is not None]


def _span(snapshot: Snapshot, place: Place) -> str:
    start, end = local_time(snapshot.starts_at, place), local_time(snapshot.ends_at, place)
    if start.day == end.day:
        return f"{start.date}, {start.clock}–{end.clock} {start.city} ({start.offset})"
    return f"{start} – {end}"


def _items(snapshot: Snapshot) -> str:
    return "; ".join(f"{number}. {text}" for number, text in enumerate(snapshot.agenda, 1)) or "none"
