"""Why not, what has no answer, fairness over time, and a naive search beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestrator.domain.dates.costs import (
    Constraint,
    PastMeeting,
    Rules,
    burden_of,
)
from orchestrator.domain.dates.fair_starts import why_not
from orchestrator.domain.dates.requests import Request
from orchestrator.domain.time.zones import zone
from orchestrator.errors import InvalidInput
from orchestrator.words import say
from tests.benchmarks.fair_starts import naive_minute
from tests.effort import examples
from tests.unit.dates.starting import ASEAN, CALENDARS, DIRECTORY, HOUR, NOW, SHIPPED, asked, cost, found

MINUTE = timedelta(minutes=1)


# --- why not


def test_why_not_says_what_stands_against_a_date() -> None:
    request = asked("VN", "TH", "JP", last=date(2027, 1, 29))
    best = found(request).fair_starts[0]
    against = why_not(date(2027, 2, 11), request, CALENDARS, {}, best)
    assert [(item.code, item.holiday) for item in against.against] == [("JP", "Foundation Day")]
    assert against.fair_start.host_time.day == date(2027, 2, 11)
    assert (
        say(against.comparison)
        == "It breaks a hard constraint for 1 delegation, the best start found for none."
    )


def test_why_not_compares_with_the_best_start_found() -> None:
    request = asked("VN", "CA", last=date(2027, 1, 15))
    slots = found(request).fair_starts
    day = slots[0].host_time.day
    assert say(why_not(day, request, CALENDARS, {}, slots[0]).comparison) == "It is the best start found."
    same = say(why_not(date(2027, 1, 20), request, CALENDARS, {}, slots[0]).comparison)
    assert same == f"It is as good as the best start found: both cost {slots[0].score:,.0f}."
    worse = why_not(date(2027, 1, 18), request, CALENDARS, {}, slots[0])  # On Sunday evening in Ottawa.
    assert worse.fair_start.score > slots[0].score or not worse.fair_start.suits
    sunday = asked("VN", first=date(2027, 1, 17), last=date(2027, 1, 17))
    better = why_not(date(2027, 1, 18), sunday, CALENDARS, {}, found(sunday).fair_starts[0])
    assert say(better.comparison) == "It breaks no hard constraint, and the best start found does."


def test_why_not_says_that_what_it_compares_is_weighed() -> None:
    request = asked("VN", "CA", last=date(2027, 1, 15))
    burdens = {"CA": 480}
    best = found(request, burdens).fair_starts[0]
    other = why_not(date(2027, 3, 22), request, CALENDARS, burdens, best)
    assert say(other.comparison) == (
        f"It costs {other.fair_start.score:,.0f}, weighed, the best start found {best.score:,.0f}, weighed, "
        "so it is better."
    )


def test_why_not_looks_only_at_starts_whose_meeting_lies_on_that_date() -> None:
    """On a Sunday a meeting that begins at 23:00 would lie half on the Monday, and break less."""
    request = asked("VN", duration=timedelta(hours=2), last=date(2027, 1, 29))
    best = found(request).fair_starts[0]
    sunday = why_not(date(2027, 1, 17), request, CALENDARS, {}, best).fair_start
    assert sunday.host_time.day == date(2027, 1, 17)
    assert (sunday.host_end.day, sunday.host_end.clock) <= (date(2027, 1, 18), "00:00")
    assert {item.broken_minutes for item in sunday.standings} == {120}
    for day in range(1, 29):
        start = why_not(date(2027, 2, day), request, CALENDARS, {}, best).fair_start
        assert start.ends_at <= CALENDARS.of("VN").instant(date(2027, 2, day) + timedelta(days=1), time())


def test_why_not_of_a_date_on_which_the_meeting_does_not_fit_says_so() -> None:
    long = asked("VN", duration=timedelta(hours=24), earliest=time(8), last=date(2027, 1, 29))
    best = found(long).fair_starts[0]
    with pytest.raises(InvalidInput, match="the meeting is longer than that date") as error:
        why_not(date(2027, 1, 18), long, CALENDARS, {}, best)
    assert [item.field for item in error.value.problems] == ["why_not"]
    # At half past ten in the evening, two hours are too long for what is left of the date.
    late = replace(
        asked("VN", duration=timedelta(hours=2)),
        now=CALENDARS.of("VN").instant(date(2027, 1, 13), time(22, 30)),
    )
    with pytest.raises(InvalidInput, match="leaves no start that is still to come"):
        why_not(date(2027, 1, 13), late, CALENDARS, {}, best)


def test_why_not_of_a_past_date_is_refused() -> None:
    request = asked("VN")
    with pytest.raises(InvalidInput, match="lies in the past"):
        why_not(date(2026, 10, 1), request, CALENDARS, {}, found(request).fair_starts[0])
    late = replace(request, now=datetime(2027, 1, 12, 16, 45, tzinfo=UTC))  # 23:45 in Ha Noi.
    with pytest.raises(InvalidInput, match="leaves no start that is still to come"):
        why_not(date(2027, 1, 12), late, CALENDARS, {}, found(late).fair_starts[0])


def test_why_not_of_a_date_whose_clock_skips_all_that_is_wanted_says_so() -> None:
    # In Ottawa the clocks skip the hour from 02:00 on 14 March 2027.
    request = asked("CA", host="CA", duration=HOUR / 2, earliest=time(2), latest=time(3))
    with pytest.raises(InvalidInput, match="gives no start between 'earliest' and 'latest'"):
        why_not(date(2027, 3, 14), request, CALENDARS, {}, found(request).fair_starts[0])


# --- what has no answer


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"last": date(2027, 1, 12)}, "to", "lies before 2027-01-13"),
        ({"last": date(2029, 1, 13)}, "to", "makes a window of 732 days"),
        ({"first": date(2100, 12, 31), "last": date(2101, 1, 2)}, "to", "is not in the years 2000 to 2100"),
        ({"first": date(1999, 12, 31), "last": date(2000, 1, 1)}, "from", "is not in the years 2000 to 2100"),
        ({"now": datetime(2027, 1, 13, 17, tzinfo=UTC)}, "to", "lies in the past"),
        ({"now": datetime(2027, 1, 13, 16, tzinfo=UTC)}, "to", "leaves no start that is still to come"),
        ({"duration": timedelta(hours=25)}, "duration", "is longer than the window, which has 1 day"),
        ({"duration": timedelta(0)}, "duration", "is no length of a meeting"),
        ({"duration": timedelta(seconds=90)}, "duration", "is no length of a meeting"),
        ({"earliest": time(11), "latest": time(12)}, "latest", "leaves less than 2 h after 11:00"),
        ({"latest": time(1)}, "latest", "leaves less than 2 h after 00:00"),
        (
            {"earliest": time(9, 1), "latest": time(11, 10)},
            "step",
            "counted from midnight, gives no start between 'earliest' and 'latest'",
        ),
        ({"step": timedelta(minutes=20)}, "step", "is not a whole number of quarters of an hour"),
        ({"step": timedelta(0)}, "step", "is not a whole number of quarters of an hour"),
        ({"top": 0}, "top", "is not a number of starts"),
        ({"host": "XX"}, "host", "is not a delegation"),
        ({"delegations": ("VN", "XX")}, "for", "is not a delegation"),
        ({"delegations": ()}, "for", "names no delegation"),
    ],
)
def test_a_request_without_an_answer_names_the_field(
    changes: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        found(replace(asked("VN"), **changes))
    assert [(item.field, item.message) for item in caught.value.problems] == [(field, message)]


# --- fairness over time


def test_a_burden_is_the_sum_of_what_meetings_have_cost() -> None:
    begin = datetime(2027, 1, 13, 1, tzinfo=UTC)  # 08:00 in Ha Noi, 20:00 of the day before in Ottawa.
    held = [
        PastMeeting(begin, begin + 2 * HOUR, ("VN", "CA")),
        PastMeeting(begin, begin + HOUR, ("CA", "GONE")),
    ]
    assert burden_of(held, CALENDARS) == {"VN": 0, "CA": 60 * 8 + 60 * 10 + 60 * 8}
    assert burden_of([], CALENDARS) == {}


def test_whoever_has_borne_more_than_is_typical_counts_more() -> None:
    shares = found(asked("VN", "TH", "CA"), {"CA": 1440, "TH": 480, "JP": 9999}).shares
    assert [(item.code, item.burden, item.weight) for item in shares] == [
        ("TH", 480, 1.0),
        ("VN", 0, 1.0),
        ("CA", 1440, 3.0),
    ]
    result = found(asked("VN", "CA"), {"CA": 480})
    costs = {item.code: item.cost for item in result.fair_starts[0].standings}
    assert result.fair_starts[0].score == costs["VN"] + 2 * costs["CA"]


def test_nobody_counts_more_often_than_all_together() -> None:
    """However much one has borne, the others never lose more on average than it gains."""
    codes = (*ASEAN, "CA")
    request = asked(*codes, last=date(2027, 1, 29), top=1)
    burdened = found(request, {"CA": 1_000_000})
    assert {item.code: item.weight for item in burdened.shares if item.weight != 1} == {"CA": len(codes)}
    before, after = (
        {item.code: item.cost for item in result.fair_starts[0].standings}
        for result in (found(request), burdened)
    )
    gained = before.pop("CA") - after.pop("CA")
    assert gained > 0 and sum(after.values()) - sum(before.values()) <= len(codes) * gained
    two = found(asked("VN", "CA"), {"CA": 1_000_000}).shares
    assert [item.weight for item in two] == [1, 2]


def repeated(times: int, *, remembering: bool) -> list[dict[str, int]]:
    """What each of so many monthly meetings of ASEAN and Canada costs whom, each at the best start."""
    codes = (*ASEAN, "CA")
    held: list[PastMeeting] = []
    costs = []
    for number in range(times):
        first = date(2027 + number // 12, number % 12 + 1, 1)
        request = asked(*codes, first=first, last=first + timedelta(days=27), top=1)
        burdens = burden_of(held, CALENDARS) if remembering else {}
        (slot,) = found(request, burdens).fair_starts
        held.append(PastMeeting(slot.starts_at, slot.ends_at, codes))
        costs.append({item.code: item.cost for item in slot.standings})
    return costs


def test_early_and_late_hours_rotate_between_ottawa_and_asean() -> None:
    def worse_for_canada(costs: dict[str, int]) -> bool:
        return costs["CA"] > max(costs[code] for code in ASEAN)

    # Without memory one state against eleven loses every time.
    assert all(worse_for_canada(costs) for costs in repeated(12, remembering=False))
    fair = [worse_for_canada(costs) for costs in repeated(24, remembering=True)]
    # With it the side changes again and again, and in the first year already.
    changes = [place for place in range(1, 24) if fair[place] != fair[place - 1]]
    assert len(changes) >= 4 and changes[0] < 6
    assert 5 <= sum(fair) <= 19


def test_what_canada_bears_stays_a_few_times_what_others_bear() -> None:
    def ratio(meetings: list[dict[str, int]]) -> float:
        borne = {code: sum(item[code] for item in meetings) for code in (*ASEAN, "CA")}
        return borne["CA"] / max(sorted(borne[code] for code in ASEAN)[len(ASEAN) // 2], 1)

    fair = repeated(24, remembering=True)
    assert ratio(fair[12:]) < 4 and ratio(fair[:12]) < 4 < 10 < ratio(repeated(12, remembering=False))


def test_the_year_in_the_documentation_is_what_the_search_finds() -> None:
    page = (SHIPPED.parents[1] / "docs" / "fair-starts.md").read_text("utf-8")
    table = page.partition("costs Canada")[2].partition("\n\n")[0]
    told = [
        tuple(int(cell.replace(",", "")) for cell in row.split("|")[4:6])
        for row in table.splitlines()
        if " 2027 |" in row
    ]
    borne = repeated(12, remembering=True)
    assert told == [(costs["CA"], sum(costs[code] for code in ASEAN)) for costs in borne]


# --- against the naive search


@cache
def naive(code: str, moment: datetime) -> tuple[int, frozenset[str]]:
    return naive_minute(CALENDARS.of(code), moment)


def naive_best(request: Request, burdens: Mapping[str, int]) -> dict[str, Any]:
    """Rank all starts of a request from its documentation, minute by minute."""
    borne = sorted(burdens.get(code, 0) for code in request.delegations)
    typical = borne[(len(borne) - 1) // 2]
    most = 480 * len(request.delegations)
    weights = {code: min(480 + max(burdens.get(code, 0) - typical, 0), most) for code in request.delegations}
    in_zone = zone(DIRECTORY.get(request.host).zone)
    starts, moment = [], datetime.combine(request.first - timedelta(1), time(), UTC)
    while moment.date() <= request.last + timedelta(1):
        wall, end = moment.astimezone(in_zone), (moment + request.duration).astimezone(in_zone)
        once = wall.replace(fold=0).utcoffset() == wall.replace(fold=1).utcoffset()
        inside = request.first <= wall.date() and (
            end.date() <= request.last
            or end.replace(tzinfo=None) == datetime.combine(request.last + timedelta(1), time())
        )
        on_step = (wall.hour * 60 + wall.minute) % (request.step // MINUTE) == 0
        if inside and on_step and once and moment >= request.now:
            starts.append(moment)
        moment += timedelta(minutes=15)
    keys = {}
    for start in starts:
        score = outside = broken = 0
        for code in request.delegations:
            hard = {str(item) for item in request.rules.hard_for(code)}
            for number in range(request.duration // MINUTE):
                price, against = naive(code, start + number * MINUTE)
                breaks = bool(against & hard)
                score += weights[code] * (price + 30 * breaks)
                outside += weights[code] * bool(against)
                broken += breaks
        keys[start] = (broken > 0, score, outside, start)
    return {
        "considered": len(starts),
        "suitable": sum(not key[0] for key in keys.values()),
        "comfortable": sum(not key[2] for key in keys.values()),
        "order": sorted(starts, key=keys.__getitem__),
        "scores": {start: key[1] / 480 for start, key in keys.items()},
    }


def naive_choice(request: Request, expected: Mapping[str, Any]) -> list[datetime]:
    """Choose from all ranked starts as the documentation says: rather on several dates."""
    order = expected["order"][: expected["suitable"] or None]
    worth = expected["scores"][order[0]] + 480 * len(request.delegations)
    in_zone = zone(DIRECTORY.get(request.host).zone)
    dates = [start.astimezone(in_zone).date() for start in order]
    firsts = [
        start
        for place, start in enumerate(order)
        if dates[place] not in dates[:place] and expected["scores"][start] <= worth
    ]
    seconds = [start for start in order if start not in firsts]
    return sorted((firsts + seconds)[: request.top], key=order.index)


CODES = [item.code for item in DIRECTORY.delegations if item.code != "XM"]
RULES = [*Constraint, *(f"{code}:{item}" for code in ("VN", "CA", "NP") for item in Constraint)]


@st.composite
def requests(draw: st.DrawFn) -> Request:
    codes = tuple(draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=3, unique=True)))
    first = draw(st.dates(date(2020, 1, 1), date(2035, 12, 20)))
    # Often a date around a change of clock, which random dates would seldom hit.
    if draw(st.booleans()):
        month, day = draw(st.sampled_from([(3, 8), (4, 1), (9, 24), (10, 1), (11, 1)]))
        first = first.replace(month=month, day=day) + timedelta(days=draw(st.integers(0, 7)))
    hard = draw(st.sets(st.sampled_from(RULES), max_size=3))
    soft = draw(st.sets(st.sampled_from(["weekend", "holiday", "CA:weekend", "NZ:weekend"]))) - hard
    usable, let = (
        [item for item in rules if ":" not in item or item.partition(":")[0] in codes]
        for rules in (hard, soft)
    )
    return Request(
        delegations=codes,
        duration=draw(st.integers(1, 600)) * MINUTE,
        first=first,
        last=first + timedelta(days=draw(st.integers(0, 2))),
        host=draw(st.sampled_from(CODES)),
        now=datetime.combine(first - timedelta(days=2), time(), UTC),
        step=draw(st.sampled_from([15, 30, 45, 60, 120])) * MINUTE,
        rules=Rules.of(usable, let, codes),
        top=draw(st.sampled_from([3, 100])),
    )


def clocks_change(*delegations: str, **changes: Any) -> Request:
    """Clocks change on Sundays, so what is proposed hangs on them only where a weekend is no reason."""
    return asked(*delegations, now=NOW, top=100, rules=Rules(frozenset()), **changes)


@settings(max_examples=examples(60))
@given(requests(), st.dictionaries(st.sampled_from(CODES), st.integers(0, 5000)))
@example(clocks_change("CA", "NZ", first=date(2027, 3, 13), last=date(2027, 3, 15), host="CA"), {})
@example(clocks_change("AU", "XC", first=date(2027, 4, 3), last=date(2027, 4, 5), host="AU"), {})
@example(clocks_change("NP", "NZ", first=date(2027, 9, 25), last=date(2027, 9, 27), host="NZ"), {})
@example(clocks_change("CA", "MM", first=date(2027, 11, 6), last=date(2027, 11, 8), host="XC"), {})
def test_the_search_finds_what_a_naive_one_finds(request: Request, burdens: dict[str, int]) -> None:
    expected = naive_best(request, burdens)
    result = found(request, burdens)
    for name in ("considered", "suitable", "comfortable"):
        assert getattr(result, name) == expected[name], name
    assert [item.starts_at for item in result.fair_starts] == naive_choice(request, expected)
    for slot in result.fair_starts[:: max(len(result.fair_starts) // 8, 1)]:
        assert slot.score == pytest.approx(expected["scores"][slot.starts_at], abs=0.051)
        for item in slot.standings:
            minutes = [
                naive(item.code, slot.starts_at + number * MINUTE)
                for number in range(request.duration // MINUTE)
            ]
            assert item.cost == sum(price for price, _ in minutes)
            assert item.in_hours == (not any(against for _, against in minutes))


def test_a_delegation_that_moves_is_judged_where_it_is() -> None:
    # Manila (+08:00) until 31 January 2028, then Wellington (+13:00 in summer): 09:00 there is 20:00 UTC.
    assert cost("XM", "2028-01-31T01:00") == 0
    assert cost("XM", "2028-02-01T20:00") == 0
    assert cost("XM", "2028-02-02T04:00") == 120
    day = date(2028, 2, 2)
    request = asked(
        "XM", host="XM", duration=HOUR, first=day, last=day, rules=Rules.of(["hours"], [], ["XM"])
    )
    assert found(request).suitable == 15
