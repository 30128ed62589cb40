"""What is taken from the holiday data, and what is said about it."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib import metadata
from typing import Any

import pytest

from orchestrator.domain.delegations.delegation import Delegation, HolidayRule
from orchestrator.domain.delegations.public_holidays import (
    Gap,
    Holiday,
    gaps_of,
    holiday_of,
    holiday_problems,
    holidays_of,
    holidays_version,
)
from orchestrator.words import say
from tests.unit.real import DIRECTORY

VN, ID, IN = HolidayRule(country="VN"), HolidayRule(country="ID"), HolidayRule(country="IN")


def delegation(**fields: Any) -> Delegation:
    whole = {"code": "XA", "kind": "member", "order": 1, "name": "X", "zone": "UTC", "city": "X"}
    return Delegation.model_validate(whole | fields)


def test_the_version_is_that_of_the_installed_package() -> None:
    assert holidays_version() == metadata.version("holidays")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Diwali", Holiday("Diwali", estimated=False)),
        ("Eid al-Fitr (estimated)", Holiday("Eid al-Fitr", estimated=True)),
        ("Eid al-Fitr (observed, estimated)", Holiday("Eid al-Fitr (observed)", estimated=True)),
        (
            "Eid al-Fitr (Second Day) (observed, estimated)",
            Holiday("Eid al-Fitr (Second Day) (observed)", estimated=True),
        ),
        # A day is off for certain as soon as one of its holidays is certain.
        ("Christmas Day; Eid al-Fitr (estimated)", Holiday("Christmas Day; Eid al-Fitr", estimated=False)),
        (
            "Chinese New Year (estimated); Eid al-Fitr (estimated)",
            Holiday("Chinese New Year; Eid al-Fitr", estimated=True),
        ),
        # Nobody shall have to guess which of two numbers is the month.
        (
            "Day off (substituted from 02/04/2024)",
            Holiday("Day off in exchange for Sunday, 4 February 2024", estimated=False),
        ),
    ],
)
def test_names_are_freed_of_the_package_s_marks(name: str, expected: Holiday) -> None:
    found = holiday_of(name)
    assert (say(found.name), found.estimated) == (expected.name, expected.estimated)


def test_no_name_of_a_delegation_keeps_a_mark_or_a_date_in_figures() -> None:
    rules = [VN, ID, IN, *(HolidayRule(country=code) for code in ("BN", "CN", "MM", "MY", "PH", "SG", "TL"))]
    names = {
        say(item.name)
        for rule in rules
        for year in range(2020, 2036)
        for item in holidays_of(rule, year).days.values()
    }
    assert not [name for name in names if "estimated" in name or "/20" in name]


def test_joint_leave_comes_with_the_government_s_days_only() -> None:
    both = HolidayRule(country="ID", categories=("public", "government"))
    assert date(2026, 3, 20) not in holidays_of(ID, 2026).days
    assert holidays_of(both, 2026).days[date(2026, 3, 20)].name == "Eid al-Fitr Joint Holiday"


def test_a_swap_takes_a_weekend_day_for_a_working_day() -> None:
    found = holidays_of(VN, 2026)
    assert found.worked == {date(2026, 8, 22)}
    assert date(2026, 8, 31) in found.days


def test_days_swapped_over_new_year_are_known_in_both_years() -> None:
    myanmar = HolidayRule(country="MM")
    assert date(2026, 1, 3) in holidays_of(myanmar, 2026).worked
    assert date(2026, 1, 3) not in holidays_of(myanmar, 2025).worked


def test_a_year_the_data_covers_in_part_or_not_at_all_is_told() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert holidays_of(IN, 2035).covered
        assert not holidays_of(IN, 2036).covered, "the lunar holidays of India are missing"
        assert date(2036, 1, 26) in holidays_of(IN, 2036).days
        assert not holidays_of(HolidayRule(country="NZ"), 2101).covered


def test_two_threads_that_look_at_once_leave_the_warnings_as_they_were() -> None:
    before = list(warnings.filters)
    years = range(2040, 2060)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda year: holidays_of(IN, year).covered, years))
    assert not any(found)
    assert warnings.filters == before


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"country": "XX"}, "XX"),
        ({"country": "MY", "subdivision": "99"}, "99"),
        ({"country": "MY", "categories": ["nonsense"]}, "nonsense"),
    ],
)
def test_a_rule_that_the_data_does_not_know_is_named(rule: dict[str, Any], message: str) -> None:
    (now,) = holiday_problems(delegation(holidays=rule))
    assert now.field == "XA.holidays"
    assert message in str(now)
    (later,) = holiday_problems(delegation(changes=[{"since": "2027-01-01", "holidays": rule}]))
    assert later.field == "XA.changes[0].holidays"


def test_rules_that_are_known_and_none_at_all_are_no_problem() -> None:
    assert holiday_problems(delegation(holidays={"country": "MY", "subdivision": "16"})) == []
    assert holiday_problems(delegation()) == []


def test_a_year_without_its_decree_is_not_complete() -> None:
    """China decrees its days off and the days worked in exchange each year; the data has them up to 2026."""
    china, indonesia = DIRECTORY.get("CN").holidays, DIRECTORY.get("ID").holidays
    assert china is not None and indonesia is not None
    assert gaps_of(china, 2026) == ()
    assert gaps_of(china, 2027) == (Gap.NO_DECREE,)
    assert Gap.NO_DECREE not in gaps_of(indonesia, 2027), "whose joint leave of 2027 is known"
    assert gaps_of(indonesia, 2028) == (Gap.NO_DECREE, Gap.ESTIMATED)
    assert gaps_of(HolidayRule(country="JP"), 2028) == ()
    assert gaps_of(HolidayRule(country="NZ"), 2101) == (Gap.NOT_COVERED,)
