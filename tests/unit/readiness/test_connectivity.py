"""Rehearsal slots: who tries the connection when, and what is said where office hours do not meet."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.domain.delegations.working_calendar import Calendars, Override, OverrideKind
from orchestrator.domain.meetings.meeting import ConnectionTest
from orchestrator.domain.readiness.connection_tests import allot, fitting, placed, standing
from orchestrator.domain.time.zones import zone
from orchestrator.domain.timelines.steps import Step
from tests.effort import examples
from tests.saying import said
from tests.unit.real import CALENDARS, DIRECTORY, EARLY, local, meeting_of, utc

FRIDAY = meeting_of(datetime(2026, 12, 11, 14))
MEMBERS = [item.code for item in DIRECTORY.members_on(date(2026, 12, 11))]
CODES = [item.code for item in DIRECTORY.in_order(DIRECTORY.delegations)]


def step(**fields: Any) -> Step:
    return Step.model_validate(
        {"do": "connection-test", "at": "-3WD", "day": "-1WD", "slot": "PT15M"} | fields
    )


def allotted(*codes: str, kept: tuple[ConnectionTest, ...] = (), **fields: Any) -> dict[str, ConnectionTest]:
    found = allot(FRIDAY, list(codes), step(**fields), CALENDARS, kept, EARLY)
    assert list(found) == sorted(found, key=lambda item: item.starts_at)
    return {item.delegation: item for item in found}


def test_every_member_has_a_slot_of_its_own_on_the_last_day_that_is_a_working_day_of_both() -> None:
    found = allotted(*MEMBERS)
    assert set(found) == set(MEMBERS)
    # The tenth of December is Constitution Day in Thailand.
    days = {code: local(item.starts_at, "VN")[:10] for code, item in found.items()}
    assert days == {code: "2026-12-09" if code == "TH" else "2026-12-10" for code in MEMBERS}
    assert {item.ends_at - item.starts_at for item in found.values()} == {timedelta(minutes=15)}
    for one, following in pairwise(found.values()):
        assert one.ends_at <= following.starts_at
    assert not any(item.note for item in found.values())


def test_the_example_has_its_tests_before_the_preparatory_meeting() -> None:
    """Friday, 9 April 2027 is a day off in Brunei and the Philippines, who try on the day before."""
    som = meeting_of(datetime(2027, 4, 22, 14))
    preparatory = dict.fromkeys(MEMBERS, utc(2027, 4, 12, 7))
    found = allot(som, MEMBERS, step(), CALENDARS, (), EARLY, preparatory)
    days = {item.delegation: local(item.starts_at, "VN")[:10] for item in found}
    assert days == {code: "2027-04-08" if code in ("BN", "PH") else "2027-04-09" for code in MEMBERS}
    # Who is invited to the SOM alone tries before that.
    (korea,) = allot(som, ["KR"], step(), CALENDARS, (), EARLY, preparatory)
    assert local(korea.starts_at, "VN")[:10] == "2027-04-21"
    # Tests allotted before the preparatory meeting was known lie after it, and do not stay.
    late = allot(som, MEMBERS, step(), CALENDARS, (), EARLY)
    known = replace(som, connection_tests=late)
    assert standing(known, step(), CALENDARS, EARLY, preparatory) == ()
    assert fitting(known, step(), CALENDARS, preparatory) == ()
    # Myanmar is off on all five working days of the host before the SOM.
    assert {item.delegation for item in fitting(known, step(), CALENDARS)} == {*MEMBERS} - {"MM"}


def test_no_slot_lies_in_the_first_hour_of_an_office() -> None:
    found = allotted("VN", "MM")
    assert {code: local(item.starts_at, code)[11:] for code, item in found.items()} == {
        "VN": "09:00",
        "MM": "10:30",
    }


def test_who_has_no_day_in_common_with_the_host_gets_no_slot() -> None:
    week = Override(1, "SG", OverrideKind.CLOSED, date(2026, 12, 1), date(2026, 12, 10), "Away")
    away = Calendars(DIRECTORY, (week,))
    found = allot(FRIDAY, ["SG", "VN"], step(), away, (), EARLY)
    assert [item.delegation for item in found] == ["VN"]
    back = replace(week, first=date(2026, 12, 5))
    (slot,) = allot(FRIDAY, ["SG"], step(), Calendars(DIRECTORY, (back,)), (), EARLY)
    assert local(slot.starts_at, "VN")[:10] == "2026-12-04", "five working days of the host back"


def test_slots_lie_within_the_office_hours_of_both_sides() -> None:
    for code, item in allotted(*MEMBERS).items():
        for side in {code, "VN"} if item.note is None else set():
            calendar = CALENDARS.of(side)
            there = zone(DIRECTORY.get(side).zone)
            opens, closes = item.starts_at.astimezone(there), item.ends_at.astimezone(there)
            assert any(
                stretch.opens <= opens.time() and closes.time() <= stretch.closes
                for stretch in calendar.day(opens.date()).stretches
            ), (code, side)


def test_where_office_hours_do_not_meet_nobody_is_up_at_night_if_that_can_be_had() -> None:
    found = allotted("CA")["CA"]
    assert said(found.note) == "Canada and Viet Nam share no free office hour on that day"
    # Ten in the evening in Ha Noi would be ten in the morning in Ottawa, which is in office hours there, and
    # eight in the morning is the first office hour of the host. So it is by day for both.
    assert (local(found.starts_at, "CA"), local(found.starts_at, "VN")) == (
        "2026-12-09 19:00",
        "2026-12-10 07:00",
    )


def test_slots_that_were_told_stay_when_a_delegation_joins() -> None:
    before = allotted("VN", "MM", "LA")
    after = allotted("VN", "MM", "LA", "BN", kept=tuple(before.values()))
    assert {code: after[code] for code in before} == before
    assert all(
        after["BN"].starts_at >= item.ends_at or after["BN"].ends_at <= item.starts_at
        for item in before.values()
    )
    assert set(allotted("VN", kept=tuple(before.values()))) == {"VN"}


def test_who_can_least_chooses_first() -> None:
    """Wellington shares its afternoon with the morning of Ha Noi, which all others would take."""
    alone = allotted("NZ")["NZ"]
    among = allotted(*MEMBERS, "NZ")["NZ"]
    assert alone.note is None
    assert among == alone


def test_no_slot_reaches_beyond_the_start_and_those_without_one_are_left_out() -> None:
    early = meeting_of(datetime(2026, 12, 11, 1))
    same_day = allot(early, MEMBERS, step(day="-P0D", slot="PT30M"), CALENDARS, (), EARLY)
    assert all(item.ends_at <= early.starts_at for item in same_day)
    long = allotted(*MEMBERS, slot="PT4H")
    assert 0 < len(long) < len(MEMBERS)
    for one, following in pairwise(long.values()):
        assert one.ends_at <= following.starts_at


def test_no_slot_has_gone_by_when_it_is_allotted() -> None:
    """Published on the day of the tests, at half past three in the afternoon in Ha Noi."""
    now = utc(2026, 12, 10, 8, 30)
    found = allot(FRIDAY, MEMBERS, step(), CALENDARS, (), now)
    # The tenth is a holiday in Thailand, and the ninth has gone by.
    assert {item.delegation for item in found} == {*MEMBERS} - {"TH"}
    assert min(item.starts_at for item in found) == now
    known = allot(FRIDAY, ["VN"], step(), CALENDARS, (), EARLY)
    assert allot(FRIDAY, ["VN"], step(), CALENDARS, known, now) == known


def day_off(code: str) -> Calendars:
    closed = Override(1, code, OverrideKind.CLOSED, date(2026, 12, 10), date(2026, 12, 10), "Mourning")
    return Calendars(DIRECTORY, (closed,))


def test_a_day_off_of_the_host_moves_the_slots_of_that_day() -> None:
    meeting = replace(FRIDAY, connection_tests=tuple(allotted(*MEMBERS, "CA").values()))
    assert standing(meeting, step(), CALENDARS, EARLY) == meeting.connection_tests
    stays = standing(meeting, step(), day_off("VN"), EARLY)
    assert [item.delegation for item in stays] == ["TH"], "which tries on the day before anyway"
    found = allot(meeting, [*MEMBERS, "CA"], step(), day_off("VN"), stays, EARLY)
    assert {local(item.starts_at, "VN")[:10] for item in found} == {"2026-12-09"}
    assert {item.delegation for item in found} == {*MEMBERS, "CA"}


def test_a_day_off_of_a_delegation_moves_its_slot_only() -> None:
    meeting = replace(FRIDAY, connection_tests=tuple(allotted(*MEMBERS, "CA").values()))
    stays = standing(meeting, step(), day_off("LA"), EARLY)
    assert {item.delegation for item in meeting.connection_tests} - {item.delegation for item in stays} == {
        "LA"
    }
    found = allot(meeting, [*MEMBERS, "CA"], step(), day_off("LA"), stays, EARLY)
    laos = next(item for item in found if item.delegation == "LA")
    assert (local(laos.starts_at, "LA")[:10], laos.note) == ("2026-12-09", None)
    assert standing(replace(meeting, connection_tests=found), step(), day_off("LA"), EARLY) == found


def test_what_was_placed_on_a_day_off_by_hand_or_has_begun_stays() -> None:
    (slot,) = allot(FRIDAY, ["VN"], step(), CALENDARS, (), EARLY)
    before = replace(FRIDAY, connection_tests=(slot,))
    wanted = placed(before, "VN", slot.starts_at, timedelta(minutes=15), day_off("VN"))
    assert said(wanted.note) == "offices in Viet Nam are closed on that day"
    known = replace(FRIDAY, connection_tests=(wanted,))
    assert standing(known, step(), day_off("VN"), EARLY) == (wanted,)
    assert standing(before, step(), day_off("VN"), slot.starts_at) == (slot,)
    assert standing(before, step(), day_off("VN"), slot.starts_at - timedelta(minutes=1)) == ()


def test_what_was_placed_outside_office_hours_moves_only_when_the_day_becomes_a_day_off() -> None:
    evening = placed(FRIDAY, "VN", utc(2026, 12, 10, 11), timedelta(minutes=15), CALENDARS)
    assert said(evening.note) == "outside the office hours of Viet Nam"
    known = replace(FRIDAY, connection_tests=(evening,))
    assert standing(known, step(), CALENDARS, EARLY) == (evening,)
    assert standing(known, step(), day_off("VN"), EARLY) == ()


def test_the_day_is_the_host_s_working_day() -> None:
    monday = replace(FRIDAY, wall_start=datetime(2026, 12, 14, 9))
    (slot,) = allot(monday, ["VN"], step(), CALENDARS, (), EARLY)
    assert local(slot.starts_at, "VN")[:10] == "2026-12-11"


def test_a_step_without_a_day_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="has no day or no length"):
        allot(FRIDAY, ["VN"], Step.model_validate({"do": "remind", "at": "-P1D"}), CALENDARS, (), EARLY)


@settings(deadline=None, max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    st.integers(0, 47),
    st.sampled_from(CODES),
    st.sets(st.sampled_from(CODES), min_size=1),
    st.sampled_from(["PT10M", "PT15M", "PT20M", "PT30M"]),
)
def test_any_meeting_gives_each_a_slot_on_a_working_day_of_both_or_none(
    day: date, half_hours: int, host: str, codes: set[str], slot: str
) -> None:
    start = datetime.combine(day, time()) + timedelta(minutes=30 * half_hours)
    meeting = meeting_of(start, host=host)
    found = allot(meeting, sorted(codes), step(slot=slot), CALENDARS, (), EARLY)
    assert all(item.ends_at <= meeting.starts_at for item in found)
    for one, following in pairwise(found):
        assert one.ends_at <= following.starts_at
    calendar = CALENDARS.of(host)
    earliest = calendar.add(calendar.local_date(meeting.starts_at), -5)
    for item in found:
        both = all(_open(CALENDARS, code, item) for code in (item.delegation, host))
        assert both is (item.note is None)
        assert calendar.local_date(item.starts_at) >= earliest
        for code in (item.delegation, host):
            own = CALENDARS.of(code)
            there = own.day(own.local_date(item.starts_at))
            assert there.working
            opens = own.instant(there.date, there.stretches[0].opens)
            assert item.ends_at <= opens or item.starts_at >= opens + timedelta(hours=1)
    # Whoever has none has no working day in common with the host among its five; few share none by the hour.
    for code in codes - {item.delegation for item in found}:
        assert code != host
    assert allot(meeting, sorted(codes), step(slot=slot), CALENDARS, found, EARLY) == found


@settings(deadline=None, max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow])
@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.sampled_from(MEMBERS))
def test_every_member_has_a_slot_on_the_last_day_of_both_for_any_meeting_of_members(
    day: date, host: str
) -> None:
    """Held against a search that knows nothing of the other one: day by day, back from the meeting."""
    meeting = meeting_of(datetime.combine(day, time(14)), host=host)
    found = {item.delegation: item for item in allot(meeting, MEMBERS, step(), CALENDARS, (), EARLY)}
    own = CALENDARS.of(host)
    days = [own.add(day, -count) for count in range(1, 6)]
    for code in MEMBERS:
        common = [item for item in days if CALENDARS.of(code).day(item).working]
        assert (code in found) is bool(common)
        if common:
            assert own.local_date(found[code].starts_at) == common[0]


def _open(calendars: Calendars, code: str, slot: ConnectionTest) -> bool:
    """Whether offices are open all the time; every minute is looked at."""
    calendar, moment = calendars.of(code), slot.starts_at
    there = zone(calendar.place(calendar.local_date(moment)).zone)
    minutes = int((slot.ends_at - slot.starts_at).total_seconds()) // 60
    for minute in range(minutes + 1):
        at = (moment + timedelta(minutes=minute)).astimezone(there)
        if not any(item.opens <= at.time() <= item.closes for item in calendar.day(at.date()).stretches):
            return False
    return True
