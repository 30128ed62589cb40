"""What a start costs each delegation, and which starts are proposed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from orchestrator.domain.dates.costs import (
    Constraint,
    Rules,
    pieces_of,
    why_of,
)
from orchestrator.domain.dates.fair_starts import find
from orchestrator.domain.dates.findings import Ease, FairStart, Standing
from orchestrator.domain.delegations.working_calendar import Calendars, Override, OverrideKind, Stretch
from orchestrator.errors import InvalidInput
from orchestrator.words import say
from tests.unit.dates.starting import ASEAN, CALENDARS, DIRECTORY, HOUR, asked, cost, found


def words(code: str, begin: str, length: timedelta = HOUR) -> str:
    start = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    return say(why_of(pieces_of(CALENDARS.of(code), start, start + length)))


def standing(slot: FairStart, code: str) -> Standing:
    return next(item for item in slot.standings if item.code == code)


# --- what a meeting costs: Viet Nam works 08:00-12:00 and 13:30-17:00, seven hours ahead of UTC


@pytest.mark.parametrize(
    ("begin", "expected", "why"),
    [
        ("2027-01-13T02:00", 0, "in office hours"),
        ("2027-01-13T05:00", 60, "lunch break, 1 h"),
        ("2027-01-13T04:30", 30, "lunch break, 30 min"),
        ("2027-01-13T10:00", 120, "late, up to 1 h after 17:00"),
        ("2027-01-13T09:30", 60, "late, up to 30 min after 17:00"),
        ("2027-01-13T12:00", 360, "late, up to 3 h after 17:00"),
        ("2027-01-13T14:00", 600, "late, up to 5 h after 17:00"),
        ("2027-01-13T15:00", 1200, "night, 1 h"),
        ("2027-01-12T22:30", 30 * 20 + 30 * 4, "early, up to 2 h before 08:00; night, 30 min"),
        ("2027-01-13T00:00", 120, "early, up to 1 h before 08:00"),
        ("2027-01-16T02:00", 480, "weekend day (Saturday)"),
        ("2027-01-16T10:00", 600, "weekend day (Saturday); late, up to 1 h after 17:00"),
        ("2027-01-15T16:30", 60 * 20 + 30 * 8, "weekend day (Saturday); night, 1 h"),
        ("2027-09-02T02:00", 600, "public holiday (National Day)"),
    ],
)
def test_each_minute_costs_by_its_clock_and_day(begin: str, expected: int, why: str) -> None:
    assert (cost("VN", begin), words("VN", begin)) == (expected, why)


def test_the_whole_meeting_counts_and_not_only_its_start() -> None:
    # 16:00 to 18:30: an hour in office hours, an hour and a half after them.
    assert cost("VN", "2027-01-13T09:00", timedelta(hours=2, minutes=30)) == 60 * 2 + 30 * 4
    assert cost("VN", "2027-01-13T09:07", timedelta(minutes=57)) == 4 * 2


def test_a_meeting_over_many_days_is_the_sum_of_its_days() -> None:
    # From Wednesday 02:00 UTC for three days; a working day there costs the same whichever it is.
    working = cost("VN", "2027-01-12T17:00", timedelta(days=1))
    assert working == (6 + 2) * 60 * 20 + 60 * (4 + 2) + 90 + 60 * (2 + 4 + 6 + 8 + 10)
    assert cost("VN", "2027-01-11T17:00", timedelta(days=3)) == 3 * working


# --- Brunei works on Saturday and not on Friday, which can be used if it must


def test_a_friday_in_brunei_costs_little_and_breaks_nothing() -> None:
    friday = found(asked("BN", first=date(2027, 1, 15), last=date(2027, 1, 15), top=1)).fair_starts[0]
    (brunei,) = friday.standings
    assert (brunei.soft_day, brunei.weekend, brunei.broken, brunei.ease) == (True, False, (), Ease.STRAINED)
    assert (brunei.cost, say(brunei.why)) == (240, "weekend day (Friday), can be used")
    assert cost("BN", "2027-01-16T01:00") == 0  # Saturday, 09:00.
    sunday = found(asked("BN", first=date(2027, 1, 17), last=date(2027, 1, 17), top=1)).fair_starts[0]
    assert (sunday.suits, sunday.standings[0].broken) == (False, (Constraint.WEEKEND,))


def test_an_estimated_holiday_costs_half_and_is_soft() -> None:
    # Eid al-Fitr is not announced yet; in the file of holidays it is marked as estimated.
    eid = date(2027, 3, 10)
    (slot, *_) = found(asked("ID", first=eid, last=eid, top=1)).fair_starts
    (indonesia,) = slot.standings
    assert (indonesia.holiday, indonesia.estimated, indonesia.broken) == ("Eid al-Fitr", True, ())
    assert indonesia.cost == 5 * 120
    hard = Rules.of(["estimated-holiday"], [], ["ID"])
    assert found(asked("ID", first=eid, last=eid, rules=hard)).suitable == 0


def test_an_estimated_holiday_on_a_weekend_day_is_still_a_weekend_day() -> None:
    """An estimate does not open an office that is closed anyhow."""
    rules = {item.code: item for item in DIRECTORY.delegations}
    calendar = CALENDARS.of("SG")
    both = next(
        day
        for day in (date(2026, 11, 1) + timedelta(number) for number in range(4000))
        if calendar.day(day).estimated and day.weekday() == 6
    )
    (singapore,) = found(asked("SG", first=both, last=both, host="SG", top=1)).fair_starts[0].standings
    assert rules["SG"].name == singapore.name
    assert (singapore.estimated, singapore.weekend) == (True, True)
    assert singapore.broken == (Constraint.WEEKEND,)
    assert singapore.cost == 8 * 120


def test_a_declared_day_off_counts_as_a_holiday_and_other_hours_count() -> None:
    day = date(2027, 1, 13)
    closed = Override(1, "VN", OverrideKind.CLOSED, day, day, "Mourning")
    short = Override(2, "LA", OverrideKind.HOURS, day, day, "Half day", (Stretch(time(8), time(11)),))
    calendars = Calendars(DIRECTORY, [closed, short])
    best = find(asked("VN", "LA", top=1, earliest=time(10)), calendars, {}).fair_starts[0]
    viet_nam, lao = standing(best, "VN"), standing(best, "LA")
    assert (viet_nam.holiday, say(viet_nam.why)) == ("Mourning", "declared day off (Mourning)")
    assert (viet_nam.broken, best.suits) == ((Constraint.HOLIDAY,), False)
    assert (say(lao.why), lao.cost) == ("late, up to 1 h after 11:00", 120)


# --- zones and changes of clock


@pytest.mark.parametrize(
    ("code", "begin", "expected"),
    [
        # Sydney and Canberra: daylight saving ends on 4 April 2027 and begins on 3 October 2027.
        ("AU", "2027-04-01T06:00", 120),  # 17:00, UTC+11
        ("AU", "2027-04-07T06:00", 0),  # 16:00, UTC+10
        ("AU", "2027-09-30T06:00", 0),  # 16:00, UTC+10
        ("AU", "2027-10-05T06:00", 120),  # 17:00, UTC+11
        # Auckland and Wellington: it ends on 4 April 2027 and begins on 26 September 2027.
        ("NZ", "2027-04-01T04:00", 120),  # 17:00, UTC+13
        ("NZ", "2027-04-07T04:00", 0),  # 16:00, UTC+12
        ("NZ", "2027-09-23T04:00", 0),  # 16:00, UTC+12
        ("NZ", "2027-09-28T04:00", 120),  # 17:00, UTC+13
        # Toronto and Ottawa: it begins on 14 March 2027 and ends on 7 November 2027.
        ("CA", "2027-03-12T13:00", 120),  # 08:00, UTC-05
        ("CA", "2027-03-15T13:00", 0),  # 09:00, UTC-04
        ("CA", "2027-11-05T13:00", 0),  # 09:00, UTC-04
        ("CA", "2027-11-08T13:00", 120),  # 08:00, UTC-05
        # Half and quarter hours: Yangon opens at 09:30 (+06:30), New Delhi (+05:30) and Kathmandu (+05:45)
        # at 09:00.
        ("MM", "2027-01-13T03:00", 0),
        ("MM", "2027-01-13T02:45", 30),
        ("IN", "2027-01-13T03:30", 0),
        ("IN", "2027-01-13T03:15", 30),
        ("NP", "2027-01-13T03:15", 0),
        ("NP", "2027-01-13T03:00", 30),
        ("XC", "2027-01-12T19:15", 0),  # Chatham in summer: 09:00, UTC+13:45
        ("XC", "2027-01-12T19:00", 30),
    ],
)
def test_zones_at_fixed_dates(code: str, begin: str, expected: int) -> None:
    assert cost(code, begin) == expected
    start = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    search = find(
        asked(
            code,
            duration=HOUR,
            host=code,
            first=start.date(),
            last=start.date() + timedelta(1),
            now=start,
            step=timedelta(minutes=15),
            rules=Rules(frozenset()),
            top=100,
        ),
        CALENDARS,
        {},
    )
    assert next(item.cost for item in search.fair_starts if item.starts_at == start) == expected


def test_a_meeting_during_which_the_clocks_change_is_counted_by_the_clocks() -> None:
    # Ottawa, Sunday 14 March 2027, from 01:00 for five hours to 07:00: 02:00 to 03:00 does not happen.
    five = timedelta(hours=5)
    assert cost("CA", "2027-03-14T06:00", five) == 240 * (20 + 8) + 60 * (6 + 8)
    # Sunday 7 November 2027, from 01:00 for seven hours to 07:00: 01:00 to 02:00 happens twice.
    assert cost("CA", "2027-11-07T05:00", timedelta(hours=7)) == 360 * (20 + 8) + 60 * (6 + 8)


def test_only_clock_times_that_come_once_are_proposed() -> None:
    def clocks(day: date) -> list[str]:
        request = asked("CA", host="CA", duration=HOUR, first=day, last=day, top=100)
        return sorted(item.host_time.clock for item in found(request).fair_starts)

    gap = clocks(date(2027, 3, 14))
    assert "02:00" not in gap and "02:30" not in gap and len(gap) == 48 - 2 - 1  # 23:30 would end too late.
    usual, twice = clocks(date(2027, 11, 8)), clocks(date(2027, 11, 7))
    assert sorted([*twice, "01:00", "01:30"]) == usual, "nobody could tell which of the two 01:30 is meant"


def test_the_latest_end_is_read_off_the_clock_even_while_it_changes() -> None:
    def clocks(day: date) -> list[tuple[str, str]]:
        request = asked("NZ", host="NZ", first=day, last=day, latest=time(4), top=100)
        return sorted((item.host_time.clock, item.host_end.clock) for item in found(request).fair_starts)

    # Wellington puts its clocks back at 03:00 on 4 April 2027, and forward at 02:00 on 26 September.
    assert clocks(date(2027, 4, 4))[-1] == ("01:30", "02:30")
    assert clocks(date(2027, 9, 26))[-1] == ("01:00", "04:00")


# --- which starts are proposed


def test_delegations_come_in_protocol_order_with_their_own_time_and_date() -> None:
    slot = found(asked("NZ", "CA", "VN", "JP", "BN", earliest=time(8), top=1)).fair_starts[0]
    assert [item.code for item in slot.standings] == ["BN", "VN", "JP", "CA", "NZ"]
    ottawa = standing(slot, "CA")
    assert ottawa.starts.city == "Ottawa" and ottawa.starts.offset == "UTC-05:00"
    assert ottawa.starts.days_after(slot.host_time) == -1
    assert str(slot.host_time) == "Wednesday, 13 January 2027, 08:00 Ha Noi (UTC+07:00)"


def test_the_best_start_lies_within_the_office_hours_of_all_where_there_is_one() -> None:
    result = found(asked(duration=HOUR, last=date(2027, 1, 29)))
    assert result.fair_starts[0].cost == 0 and result.comfortable > 0
    assert [item.key for item in result.notes] == ["dates.not-decreed"]
    assert {item.ease for item in result.fair_starts[0].standings} == {Ease.EASY}
    assert all(item.weight == 1 for item in result.shares)


def test_the_best_of_each_date_comes_before_its_neighbours() -> None:
    wide = found(asked(duration=HOUR, last=date(2027, 1, 29), top=5))
    assert len({item.host_time.day for item in wide.fair_starts}) == 5
    narrow = found(asked(duration=HOUR, last=date(2027, 1, 14), top=5))
    assert len(narrow.fair_starts) == 5 and len({item.host_time.day for item in narrow.fair_starts}) == 2
    for result in (wide, narrow):
        scores = [item.score for item in result.fair_starts]
        assert scores == sorted(scores)


def test_a_date_with_nothing_but_the_night_is_no_choice_beside_a_second_start_of_a_good_one() -> None:
    # On Thursday, National Day in Viet Nam, Wellington could only begin at night, on Wednesday in Ha Noi.
    holiday = date(2027, 9, 2)
    request = asked("VN", "TH", "NZ", first=date(2027, 9, 1), last=holiday + timedelta(2), host="NZ", top=4)
    result = found(request)
    assert len(result.fair_starts) == 4 and all(item.suits for item in result.fair_starts)
    assert all(item.ease is not Ease.AGAINST for slot in result.fair_starts for item in slot.standings)
    alone = found(replace(request, first=holiday, last=holiday, top=1)).fair_starts[0]
    assert alone.suits and standing(alone, "NZ").ease is Ease.AGAINST


def test_a_weekend_is_no_choice_while_there_is_a_working_day() -> None:
    # Friday to Monday; Brunei is no part of it, so that Saturday is closed for everybody.
    result = found(asked("VN", "TH", first=date(2027, 1, 15), last=date(2027, 1, 18), top=100))
    assert {item.host_time.date.partition(",")[0] for item in result.fair_starts} == {"Friday", "Monday"}
    assert all(item.suits for item in result.fair_starts)
    assert len(result.fair_starts) == min(result.suitable, 100)


def test_a_start_in_the_past_is_never_proposed() -> None:
    now = datetime(2027, 1, 13, 4, 10, tzinfo=UTC)
    result = found(asked("VN", now=now, top=100))
    assert min(item.starts_at for item in result.fair_starts) == datetime(2027, 1, 13, 4, 30, tzinfo=UTC)
    at_once = found(asked("VN", now=datetime(2027, 1, 13, 4, 30, tzinfo=UTC), top=100))
    assert min(item.starts_at for item in at_once.fair_starts) == datetime(2027, 1, 13, 4, 30, tzinfo=UTC)


def test_the_meeting_lies_within_the_hours_and_dates_that_the_host_accepts() -> None:
    result = found(asked("CA", earliest=time(9), latest=time(12), top=100))
    assert sorted(item.host_time.clock for item in result.fair_starts) == ["09:00", "09:30", "10:00"]
    last = found(asked("CA", top=100)).fair_starts
    assert max(item.host_end.clock for item in last if item.host_end.day == date(2027, 1, 13)) == "23:30"
    assert max(item.ends_at for item in last) == datetime(2027, 1, 13, 17, tzinfo=UTC)


# --- hard and soft


def test_weekend_and_holiday_are_hard_unless_they_are_said_to_be_soft() -> None:
    saturday = asked("VN", first=date(2027, 1, 16), last=date(2027, 1, 16))
    assert found(saturday).suitable == 0
    assert found(replace(saturday, rules=Rules.of([], ["weekend"], ["VN"]))).suitable == 45
    holiday = asked("VN", first=date(2027, 9, 2), last=date(2027, 9, 2))
    assert found(holiday).suitable == 0
    assert found(replace(holiday, rules=Rules.of([], ["VN:holiday"], ["VN"]))).suitable == 45


def test_hours_can_be_made_hard_for_all_or_for_one() -> None:
    everybody = found(asked("VN", "JP", rules=Rules.of(["hours"], [], ["VN", "JP"]), top=100))
    # Viet Nam from 08:00 to 17:00, Japan from 07:00 to 15:00 on the clock of Viet Nam; lunch is no reason.
    assert sorted(item.host_time.clock for item in everybody.fair_starts)[::10] == ["08:00", "13:00"]
    assert everybody.suitable == 11
    one = found(asked("VN", "JP", rules=Rules.of(["VN:hours"], [], ["VN", "JP"])))
    assert one.suitable == 15
    but_one = Rules.of(["hours"], ["jp:hours"], ["VN", "JP"])
    assert found(asked("VN", "JP", rules=but_one)).suitable == 15


@pytest.mark.parametrize(
    ("hard", "soft", "field", "message"),
    [
        (["nights"], [], "hard", "is not a constraint"),
        ([], ["VN:"], "soft", "is not a constraint"),
        (["XX:hours"], [], "hard", "is about a delegation that does not take part"),
        (["weekend"], ["weekend"], "soft", "is said to be hard and soft"),
        (["VN:hours"], ["vn:hours"], "soft", "is said to be hard and soft"),
    ],
)
def test_a_constraint_that_cannot_be_meant_is_refused(
    hard: list[str], soft: list[str], field: str, message: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        Rules.of(hard, soft, ["VN", "JP"])
    (problem,) = caught.value.problems
    assert (problem.field, problem.message) == (field, message)


def test_the_least_bad_is_proposed_when_nothing_suits_and_who_is_hurt_is_said() -> None:
    codes = (*ASEAN, "CA")
    request = asked(*codes, last=date(2027, 1, 22), rules=Rules.of(["hours"], [], codes))
    result = found(request)
    assert result.suitable == 0 and len(result.fair_starts) == 5 and not result.fair_starts[0].suits
    first, second, third, *_ = map(say, result.notes)
    assert first.startswith("No start in this window keeps every hard constraint; these are the least bad.")
    assert "Canada (hours)" in first
    assert second == "At no start in this window are all delegations in office hours."
    assert third == "Canada shares no office hours in this window with anybody else."
    assert "CA" in {item.code for item in result.fair_starts[0].hurt}
    # With soft hours nothing is broken, and yet it is said that Canada has no office hour with ASEAN.
    assert tuple(map(say, found(replace(request, rules=Rules())).notes))[:2] == (second, third)


def test_a_hard_constraint_does_not_send_everybody_else_into_the_night() -> None:
    # On a Saturday nearly all are off whatever the hour; sparing Ottawa its weekend is not worth their night.
    saturday = date(2027, 1, 16)
    best = found(asked(*ASEAN, "CA", first=saturday, last=saturday)).fair_starts[0]
    assert time(7) <= time.fromisoformat(best.host_time.clock) <= time(17)


def test_who_is_never_in_office_hours_is_said() -> None:
    result = found(asked("VN", "JP", "IN", earliest=time(15)))
    assert say(result.notes[1]) == "Never in office hours in this window: Japan."
    two = found(asked("VN", "CA"))
    assert say(two.notes[1]) == "Viet Nam shares no office hours in this window with Canada."


def test_the_price_of_memory_says_who_is_spared_and_who_bears_more() -> None:
    """Canada has borne so much that it is not kept up late again, which the others pay for."""
    request = asked("VN", "MM", "CA", duration=2 * HOUR)
    without = found(request)
    assert without.fairness is None, "where nobody has borne anything, there is no memory"
    with_memory = found(request, {"CA": 4800})
    price = with_memory.fairness
    assert price is not None
    cheapest, best = without.fair_starts[0], with_memory.fair_starts[0]
    assert (price.cheapest, price.cost) == (cheapest.cost, best.cost)
    assert price.price == price.cost - price.cheapest >= 0
    assert sum(item.cost for item in (*price.gains, *price.pays)) == price.price
    assert [item.code for item in price.gains] == ["CA"]
    assert {item.code for item in price.pays} <= {"VN", "MM"} and price.pays
    said_ = say(price.said)
    assert said_.startswith(f"Fairness over time costs {price.price}:") and "It spares Canada" in said_


def test_where_memory_changes_nothing_that_is_said() -> None:
    price = found(asked("VN", "MM"), {"MM": 100}).fairness
    assert price is not None and (price.price, price.gains, price.pays) == (0, (), ())
    assert (
        say(price.said)
        == "What was borne before changes nothing: the same start would be the best without it."
    )
