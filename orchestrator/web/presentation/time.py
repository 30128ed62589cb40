"""Local times on a page: one, and the shortest words for several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from babel.dates import format_date

from orchestrator.domain.time.months import Month
from orchestrator.domain.time.zones import LocalTime, Place, local_time
from orchestrator.facts import Fact


def iso(local: LocalTime) -> str:
    """Return a local time for the ``datetime`` attribute, such as ``2026-12-03T14:00+07:00``."""
    return f"{local.day}T{local.clock}{local.offset.removeprefix('UTC')}"


def month_words(month: str) -> str:
    """Return ``August 2027`` for ``2027-08``."""
    return format_date(Month.of(month).first, "MMMM y", locale="en")


def instant(local: LocalTime) -> datetime:
    """Return the instant that a local time stands for, to the minute."""
    return datetime.fromisoformat(iso(local))


@dataclass(frozen=True, slots=True)
class Span:
    """When several things happen, as shortly as can be said without ambiguity.

    ``kind`` is ``now`` (at once), ``moment`` (``first`` is it, and reads so at each recipient's),
    ``host`` (one moment that reads differently at the recipients', so ``first`` is the host's time),
    ``clock`` (the same date and clock at each recipient's, not the same moment) or ``range``.
    """

    kind: str
    first: LocalTime | None = None
    last: LocalTime | None = None


def span_of(times: Iterable[LocalTime | None], host: Place) -> Span:
    """Return the span of local times; what cannot be told in all of them is told in the host's."""
    known = sorted((item for item in times if item is not None), key=instant)
    if not known:
        return Span("now")
    first, last = known[0], known[-1]
    if all((item.day, item.clock) == (first.day, first.clock) for item in known):
        if first.offset == last.offset:
            return Span("moment", replace(first, city=_cities(known)))
        return Span("clock", first, last)
    if instant(first) == instant(last):
        return Span("host", local_time(instant(first), host))
    return Span("range", local_time(instant(first), host), local_time(instant(last), host))


def _cities(times: Iterable[LocalTime]) -> str:
    """Return ``Phnom Penh``, ``Phnom Penh and Jakarta`` or ``Phnom Penh and 3 other cities``."""
    first, *others = dict.fromkeys(item.city for item in times)
    if len(others) > 1:
        return f"{first} and {len(others)} other cities"
    return " and ".join([first, *others])


@dataclass(frozen=True, slots=True)
class Others:
    """How many are due at another day or hour than most; ``deferred`` if each of them says why."""

    count: int
    deferred: bool


def usual_span(times: Sequence[tuple[LocalTime | None, Fact | None]], host: Place) -> tuple[Span, Others]:
    """Return when most of it is due, each time given with why it is deferred, and how many are not.

    What is deferred is left out, unless that leaves out most: then the time that most of them share
    counts, and so it does where the rest are spread over days.
    """
    kept = [item for item in times if item[1] is None] or list(times)
    span = span_of((when for when, _ in kept), host)
    shared = _most_shared(times)
    if 2 * len(shared) > len(times) and (span.kind == "range" or len(kept) < len(shared)):
        kept = shared
        span = span_of((when for when, _ in kept), host)
    usual = frozenset(kept)
    others = [note for when, note in times if (when, note) not in usual]
    return span, Others(len(others), all(note is not None for note in others))


def _most_shared(
    times: Sequence[tuple[LocalTime | None, Fact | None]],
) -> list[tuple[LocalTime | None, Fact | None]]:
    """Return those due at the moment, or at the date and clock where they are, that most have."""
    sharing: dict[object, list[tuple[LocalTime | None, Fact | None]]] = {}
    for item in times:
        when = item[0]
        for same in (None,) if when is None else ((when.day, when.clock), instant(when)):
            sharing.setdefault(same, []).append(item)
    return max(sharing.values(), key=len, default=[])
