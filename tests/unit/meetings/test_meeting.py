"""A meeting and its attendees as values."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.meeting import Attendee, Meeting, Participation

STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)


def person(number: int, **fields: Any) -> Attendee:
    whole: dict[str, Any] = {
        "name": f"Person {number}",
        "email": f"Person{number}@vn.example.org",
        "delegation": "VN",
        "group": "SOM",
        "role": Role.FOCAL_POINT,
        "id": number,
    }
    return Attendee(**(whole | fields))


def meeting(**fields: Any) -> Meeting:
    whole: dict[str, Any] = {
        "id": 1,
        "reference": "SOM-2026",
        "programme": None,
        "kind": "som",
        "title_en": "SOM",
        "title_vi": None,
        "host": "VN",
        "coordinator_name": "K",
        "coordinator_email": "k@vn.example.org",
        "wall_start": datetime(2026, 12, 3, 14),
        "zone": "Asia/Ho_Chi_Minh",
        "duration": timedelta(hours=3),
        "timeline": "standard",
        "conference": Conference("external-1"),
        "attendees": (person(1), person(2)),
    }
    return Meeting(**(whole | fields))


def test_instants_are_derived_from_wall_time_and_zone() -> None:
    assert meeting().starts_at == STARTS
    assert meeting().ends_at == STARTS + timedelta(hours=3)
    assert meeting(zone="Australia/Sydney").starts_at == datetime(2026, 12, 3, 3, tzinfo=UTC)


def test_an_answer_is_said_in_words() -> None:
    assert [item.words for item in Participation] == [
        "no answer",
        "accepted",
        "tentative",
        "declined",
        "delegated",
    ]


def test_attendees_are_found_by_id() -> None:
    assert meeting().attendee(2).name == "Person 2"
    with pytest.raises(KeyError):
        meeting().attendee(3)


def test_whoever_was_removed_is_on_record_and_not_invited() -> None:
    people = (person(1, removed_sequence=0), person(2))
    assert [item.id for item in meeting(attendees=people).invited] == [2]


def test_addresses_are_compared_without_regard_to_case() -> None:
    assert person(1).address == person(1, email="PERSON1@VN.example.org").address


@pytest.mark.parametrize(
    ("notified", "withdrawn", "holds"), [(False, False, False), (True, False, True), (True, True, False)]
)
def test_who_has_had_a_cancel_after_the_invitation_has_it_no_longer(
    notified: bool, withdrawn: bool, holds: bool
) -> None:
    assert person(1, notified=notified, withdrawn=withdrawn).holds_invitation is holds


def test_everything_but_silence_counts_as_answered_and_only_a_no_as_declined() -> None:
    answered = [item for item in Participation if person(1, participation=item).answered]
    assert answered == [item for item in Participation if item is not Participation.NEEDS_ACTION]
    assert [item for item in Participation if person(1, participation=item).declined] == [
        Participation.DECLINED
    ]


# Who leads a delegation.

HCS, SENIOR = Role.HEAD_OF_CIVIL_SERVICE, Role.SENIOR_OFFICIAL


@pytest.mark.parametrize(
    ("people", "head"),
    [
        ((person(1), person(2, role=SENIOR), person(3, role=HCS)), 3),
        ((person(1), person(2, role=SENIOR), person(3, role=SENIOR)), 2),
        ((person(1, seat=Seat.HEAD), person(2, role=HCS)), 1),
        ((person(1, seat=Seat.MEMBER), person(2, role=SENIOR, seat=Seat.SUBSTITUTE)), 2),
        ((person(1, seat=Seat.HEAD, removed_sequence=1), person(2, role=HCS)), 2),
        ((person(1, seat=Seat.HEAD, delegation="KH"), person(2, role=SENIOR)), 2),
        ((person(1), person(2)), None),
        ((), None),
    ],
)
def test_a_delegation_is_led_by_who_is_named_so_else_by_the_most_senior(
    people: tuple[Attendee, ...], head: int | None
) -> None:
    found = meeting(attendees=people).head_of("VN")
    assert (found.id if found else None) == head
