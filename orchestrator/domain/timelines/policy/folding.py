"""Folding: of the letters due to one person, at most one leaves on a day, and none beside an invitation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from functools import partial

from orchestrator.domain.delegations.working_calendar import WorkingCalendar
from orchestrator.domain.timelines.policy.candidates import Candidate, LetterRank
from orchestrator.domain.timelines.policy.rounding import following, within
from orchestrator.facts import Fact

_NEAR = 2
"""A reminder of the week within so many own working days of a chaser is written into it (rule 9)."""
_ASKING = (LetterRank.REQUEST, LetterRank.CHASER)
_MOST_SHIFTS = 30


def folded(
    candidates: Sequence[Candidate],
    invited: Collection[date],
    calendar: WorkingCalendar,
    spacing: int,
    waits: int,
) -> list[Candidate]:
    """Return the letters with those left out that are folded into another, or come too near to one.

    ``invited`` are the recipient's days on which an invitation reaches them. ``spacing`` is how many own
    working days lie between the request and a chaser, or two chasers, ``waits`` for how many documents wait
    for a letter that is due.
    """
    found = [_beside_invitation(item, invited, calendar) for item in candidates]
    found = _spaced(found, calendar, spacing)
    folds = (
        (LetterRank.CHASER, _chaser),
        (LetterRank.WEEK, _week),
        (LetterRank.DOCUMENTS, partial(_documents, waits)),
    )
    for rank, fold in folds:
        for index, item in enumerate(found):
            if item.kept and item.rank is rank:
                others = [other for other in found if other is not item and other.kept]
                found[index] = fold(item, others, calendar)
    return _one_a_day(found, calendar)


def _beside_invitation(item: Candidate, invited: Collection[date], calendar: WorkingCalendar) -> Candidate:
    """A reminder of what one is only invited to then is left out; the rest waits for the next day."""
    if not item.kept:
        return item
    if item.rank is LetterRank.WEEK and item.day <= max(invited):
        return item.without(Fact.of("timelines.invited-then"))
    while item.kept and item.day in invited:
        item = item.moved_to(following(item.day, calendar))
    return item


def _spaced(candidates: Sequence[Candidate], calendar: WorkingCalendar, spacing: int) -> list[Candidate]:
    """Leave out a chaser that comes too soon after the request or another chaser; it is not made up for."""
    found, last = [], None
    for item in candidates:
        if item.kept and item.rank in _ASKING:
            if last is not None and not _apart(last, item.day, calendar, spacing):
                item = item.without(Fact.of("timelines.asked-lately", day=last))
            else:
                last = item.day
        found.append(item)
    return found


def _apart(day: date, other: date, calendar: WorkingCalendar, spacing: int) -> bool:
    return other > day and not within(day, other, spacing - 1, calendar)


def _chaser(item: Candidate, others: Sequence[Candidate], calendar: WorkingCalendar) -> Candidate:
    """A last chaser that would come after the reminder of the day is folded into that."""
    reminders = [other for other in others if other.rank is LetterRank.DAY and other.day < item.day]
    return item.folded_into(reminders[0]) if reminders else item


def _week(item: Candidate, others: Sequence[Candidate], calendar: WorkingCalendar) -> Candidate:
    """A reminder of the week near a chaser is written into it, and so is one after a reminder of the day."""
    for other in others:
        if other.rank is LetterRank.CHASER and (
            within(item.day, other.day, _NEAR, calendar) or within(other.day, item.day, _NEAR, calendar)
        ):
            return item.folded_into(other)
    later = [other for other in others if other.rank is LetterRank.DAY and other.day <= item.day]
    return item.folded_into(later[0]) if later else item


def _documents(
    waits: int, item: Candidate, others: Sequence[Candidate], calendar: WorkingCalendar
) -> Candidate:
    """Documents wait some of the reader's working days for a letter that is due."""
    near = [other for other in others if within(item.day, other.day, waits, calendar)]
    return item.folded_into(min(near, key=lambda other: other.day)) if near else item


def _one_a_day(candidates: Sequence[Candidate], calendar: WorkingCalendar) -> list[Candidate]:
    """Fold what is left on one day into the part that comes first; minutes of two sessions follow on."""
    by_day: dict[date, Candidate] = {}
    found: dict[str, Candidate] = {}
    for item in sorted(candidates, key=lambda one: (one.rank, one.at, one.meeting.starts_at)):
        found[item.key + str(item.meeting.id)] = item = _placed(item, by_day, calendar)
        if item.kept:
            by_day[item.day] = item
    return [found[item.key + str(item.meeting.id)] for item in candidates]


def _placed(item: Candidate, by_day: dict[date, Candidate], calendar: WorkingCalendar) -> Candidate:
    for _ in range(_MOST_SHIFTS):
        other = by_day.get(item.day)
        if not item.kept or other is None:
            return item
        if item.rank < LetterRank.THANK or (item.rank > other.rank and item.meeting.id == other.meeting.id):
            return item.folded_into(other)
        item = item.moved_to(following(item.day, calendar))
    return item
