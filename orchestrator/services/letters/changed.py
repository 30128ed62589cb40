"""The subject of a mail that tells what changed."""

from __future__ import annotations

from orchestrator.domain.meetings.changes import Snapshot, What, differences
from orchestrator.domain.time.zones import Place
from orchestrator.facts import Fact
from orchestrator.words import say

_NOUNS = {
    What.STATUS: "letters.changed.status",
    What.TIME: "letters.changed.time",
    What.TITLE: "letters.changed.title",
    What.TITLE_VI: "letters.changed.title-vi",
    What.MODE: "letters.changed.mode",
    What.VENUE: "letters.changed.venue",
    What.LINK: "letters.changed.link",
    What.AGENDA: "letters.changed.agenda",
    What.ARRIVALS: "letters.changed.arrivals",
    What.EMERGENCY: "letters.changed.emergency",
    What.COORDINATOR: "letters.changed.coordinator",
}


def reinstated_subject(title: str) -> str:
    """Return the subject for a recipient whose calendar has seen a cancellation of what takes place."""
    return say(Fact.of("letters.subject.reinstated", title=title))


def update_subject(old: Snapshot, new: Snapshot, place: Place) -> str:
    """Return an update's subject, such as ``Updated time: 14:00–17:00 → 15:00–18:00, …: SOM``.

    It leads with what changed. The gravest change is spelled out, old and new, as it reads at ``place``;
    the others are named.
    """
    found = differences(old, new, place)
    if not found:
        return say(Fact.of("letters.subject.updated", title=new.title))
    leading, nouns = found[0], [Fact.of(_NOUNS[item.what]) for item in found]
    match leading.what:
        case What.STATUS:
            changed = (Fact.of("letters.changed.confirmed"), *nouns[1:])
            return say(Fact.of("letters.subject.confirmed", changed=changed, title=new.title))
        case What.TIME:
            move = _move(old, new, place)
            return say(Fact.of("letters.subject.moved", changed=nouns, move=move, title=new.title))
        case What.TITLE:
            return say(Fact.of("letters.subject.titled", changed=nouns, old=leading.old, new=leading.new))
    return say(Fact.of("letters.subject.changed", changed=nouns, title=new.title))


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
