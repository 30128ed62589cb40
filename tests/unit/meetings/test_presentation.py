"""What a page says of many people at once: when most of them get something, and what comes first."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.domain.time.zones import LocalTime, Place, local_time
from orchestrator.facts import plain
from orchestrator.services.timelines.views import Consequence
from orchestrator.web.presentation.effects import consequence_groups, in_brief
from orchestrator.words import say

HANOI, BRUNEI = Place("Asia/Ho_Chi_Minh", "Ha Noi"), Place("Asia/Brunei", "Bandar Seri Begawan")
DILI, TORONTO = Place("Asia/Dili", "Dili"), Place("America/Toronto", "Ottawa")
DAY_OFF = "The wanted day is a Saturday there."


def at(place: Place, day: int, clock: int) -> LocalTime:
    """The local time at a place, so many hours UTC on a day of April 2027."""
    return local_time(datetime(2027, 4, day, clock, tzinfo=UTC), place)


def told(
    name: str, when: LocalTime | None, note: str | None = None, *, effect: str = "new", why: str = "45 days"
) -> Consequence:
    reason = None if note is None else plain(note)
    what = plain("Chaser: paper")
    return Consequence(effect, "chase", what, name, f"{name}@example.org", "VN", when, reason, why=plain(why))


def test_the_time_of_most_is_told_also_when_it_is_a_deferred_one() -> None:
    saturday = [told("Siti", at(BRUNEI, 10, 1))]
    friday = [
        told(f"p{n}", at(place, 9, hour), DAY_OFF)
        for n, place, hour in ((1, HANOI, 2), (2, HANOI, 2), (3, DILI, 0), (4, HANOI, 2))
    ]
    (group,) = consequence_groups([*saturday, *friday], HANOI)
    assert (group.span.kind, str(group.span.first)) == (
        "clock",
        "Friday, 9 April 2027, 09:00 Dili (UTC+09:00)",
    )
    assert (group.others.count, group.others.deferred) == (1, False)


def test_the_few_that_are_deferred_are_counted_with_the_cause() -> None:
    usual = [told(f"p{n}", at(HANOI, 9, 2)) for n in range(3)]
    (group,) = consequence_groups([*usual, told("Siti", at(BRUNEI, 8, 1), DAY_OFF)], HANOI)
    assert group.span.first == at(HANOI, 9, 2)
    assert (group.others.count, group.others.deferred) == (1, True)


def test_a_minority_on_other_working_days_does_not_make_it_a_stretch_of_time() -> None:
    usual = [told(f"p{n}", at(HANOI, 9, 2)) for n in range(3)]
    (group,) = consequence_groups([*usual, told("Siti", at(BRUNEI, 3, 1))], HANOI)
    assert (group.span.kind, group.span.first) == ("moment", at(HANOI, 9, 2))
    assert (group.others.count, group.others.deferred) == (1, False)


def test_the_same_moment_is_shared_whatever_the_clocks_say() -> None:
    same = [told(f"p{n}", at(place, 9, 6)) for n, place in enumerate((HANOI, DILI, TORONTO))]
    (group,) = consequence_groups([*same, told("late", at(HANOI, 9, 7))], HANOI)
    assert (group.span.kind, group.span.first) == ("host", at(HANOI, 9, 6))
    assert group.others.count == 1


def test_without_a_majority_the_whole_stretch_is_told() -> None:
    spread = [told(f"p{n}", at(HANOI, day, 2)) for n, day in enumerate((5, 6, 7, 7))]
    (group,) = consequence_groups(spread, HANOI)
    assert (group.span.kind, group.span.first, group.span.last) == ("range", at(HANOI, 5, 2), at(HANOI, 7, 2))
    assert group.others.count == 0


def test_each_rung_of_a_ladder_is_a_step_of_its_own() -> None:
    rungs = [told("Siti", at(HANOI, day, 2), why=f"{20 - day} working days before") for day in (5, 8, 12)]
    groups = consequence_groups([*rungs], HANOI)
    assert [(say(item.why), item.recipients) for item in groups] == [
        ("15 working days before", 1),
        ("12 working days before", 1),
        ("8 working days before", 1),
    ]
    brief = in_brief(groups)
    assert (brief.steps, brief.mails, brief.people, brief.last) == (3, 3, 1, at(HANOI, 12, 2))
    assert brief.first == (groups[0],)


@pytest.mark.parametrize(
    ("effect", "steps", "ended"), [("cancelled", 1, 1), ("skipped", 1, 0), ("moved", 2, 0)]
)
def test_in_brief_tells_what_goes_out_at_once_and_counts_what_no_longer_does(
    effect: str, steps: int, ended: int
) -> None:
    by_itself = Consequence(
        "new", "conference", plain("Teams meeting"), None, None, None, None, None, why=plain("at once")
    )
    later = told("Siti", at(HANOI, 9, 2), "The meeting was cancelled.", effect=effect)
    groups = consequence_groups([by_itself, told("Lan", None), later], HANOI)
    brief = in_brief(groups)
    assert [item.items[0].recipient_name for item in brief.first] == ["Lan"]
    assert (brief.steps, brief.ended) == (steps, ended)


def test_in_brief_of_nothing_is_nothing() -> None:
    brief = in_brief([])
    assert (brief.first, brief.steps, brief.mails, brief.last) == ((), 0, 0, None)
