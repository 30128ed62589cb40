"""Persons of the directory, and which of them may be one."""

from __future__ import annotations

from datetime import date

import pytest

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.people.duplicates import Alike, Duplicate, duplicates
from orchestrator.domain.people.person import Membership, Period, Person

CYRILLIC_A = "\u0430"


def person(number: int, name: str, *addresses: str, delegation: str = "VN", **more: object) -> Person:
    return Person(number, name, delegation, Role.DELEGATE, addresses, addresses[0], **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "address", "why"),
    [
        ("Somebody Else", "LAN@moha.example", Alike.SAME_ADDRESS),
        ("Somebody Else", f"l{CYRILLIC_A}n@moha.example", Alike.LOOKALIKE_ADDRESS),
        ("Somebody Else", f"lan@moh{CYRILLIC_A}.example", Alike.LOOKALIKE_ADDRESS),
        ("đỗ  thị LAN", "other@moha.example", Alike.SAME_NAME),
        ("Do Thi Lan", "other@moha.example", Alike.LOOKALIKE_NAME),
        (f"Đỗ Thị L{CYRILLIC_A}n", "other@moha.example", Alike.LOOKALIKE_NAME),
        ("Đỗ \u0422h\u1ecb Lan", "other@moha.example", Alike.LOOKALIKE_NAME),
        ("\u0394ỗ Thị Lan", "other@moha.example", None),
        ("Somebody Else", "lan@\u041coha.example", Alike.LOOKALIKE_ADDRESS),
        ("Đỗ Thị Mai", "other@moha.example", None),
    ],
)
def test_each_reason_to_take_two_entries_for_one_person(name: str, address: str, why: Alike | None) -> None:
    found = duplicates([person(2, name, address), person(1, "Đỗ Thị Lan", "lan@moha.example")])
    assert found == ((Duplicate(1, 2, why),) if why else ())


def test_names_are_compared_within_a_delegation_and_merged_entries_left_out() -> None:
    first = person(1, "Tan Wei", "tan@sg.example", delegation="SG")
    assert not duplicates([first, person(2, "Tan Wei", "tan@my.example", delegation="MY")])
    assert not duplicates([first, person(2, "Tan Wei", "tan@sg.example", delegation="SG", merged_into=1)])


def test_a_person_and_a_circle_hold_on_their_first_and_last_day() -> None:
    term = Period(date(2026, 1, 1), date(2026, 6, 30))
    som = Membership("SOM", Period(date(2026, 3, 1)))
    one = person(1, "Lan", "lan@moha.example", period=term, circles=(som,))
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1))
    assert [one.serves(day) for day in days] == [False, True, True, False]
    assert [one.circles_on(day) for day in days[1:3]] == [frozenset(), {"SOM"}]


def test_what_no_person_and_no_period_can_be() -> None:
    with pytest.raises(ValueError, match="before its first"):
        Period(date(2026, 2, 1), date(2026, 1, 1))
    with pytest.raises(ValueError, match="not one of"):
        Person(1, "Lan", "VN", Role.DELEGATE, ("lan@moha.example",), "other@moha.example")
