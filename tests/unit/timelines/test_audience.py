"""Audiences: how they are written, and who is in them."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.timelines.audience import Audience, admitted
from tests.unit.real import DIRECTORY, meeting_of, person

VN_HEAD, VN_POINT = person("VN", Role.SENIOR_OFFICIAL, 1), person("VN", Role.FOCAL_POINT, 2)
MM_POINT, KR, AU = (
    person("MM", Role.FOCAL_POINT, 3),
    person("KR", Role.DELEGATE, 4),
    person("AU", Role.OBSERVER, 5),
)
ASEC, CHOSEN = person("ASEC", Role.SECRETARIAT, 6), person("LA", Role.DELEGATE, 7, seat=Seat.HEAD)
LA_OFFICIAL = person("LA", Role.SENIOR_OFFICIAL, 8)
PEOPLE = (VN_HEAD, VN_POINT, MM_POINT, KR, AU, ASEC, CHOSEN, LA_OFFICIAL)
MEETING = meeting_of(datetime(2026, 12, 11, 14), attendees=PEOPLE)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("everyone", [1, 2, 3, 4, 5, 6, 7, 8]),
        # Who was named leads; where nobody was, the most senior official does; Myanmar has neither.
        ("head of delegation", [1, 7]),
        ("focal point", [2, 3]),
        ("senior official", [1, 8]),
        ("delegate", [4, 7]),
        ("secretariat", [6]),
        ("observer", [5]),
        ("head of civil service", []),
        ("members", [1, 2, 3, 7, 8]),
        ("plus three", [4]),
        ("partners", [5]),
        ("group SOM", [1, 8]),
        ("delegation VN", [1, 2]),
        ("  delegation   VN ", [1, 2]),
        ("coordinator", []),
    ],
)
def test_who_is_in_an_audience(text: str, numbers: list[int]) -> None:
    audience = Audience.parse(text)
    assert [item.id for item in admitted([audience], MEETING, DIRECTORY)] == numbers
    # One by one it is the same.
    assert [item.id for item in MEETING.invited if audience.admits(item, MEETING, DIRECTORY)] == numbers
    assert Audience.parse(audience.words) == audience


@pytest.mark.parametrize("text", ["", "ministers", "group", "delegation ", "Everyone", "role focal point"])
def test_what_is_no_audience_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(
        ValueError, match="is not an audience; known are everyone, head of delegation"
    ) as caught:
        Audience.parse(text)
    assert "group CODE" in str(caught.value)


def test_several_audiences_hold_each_person_once_in_the_order_of_the_meeting() -> None:
    circles = [Audience.parse(text) for text in ("focal point", "members", "head of delegation")]
    assert [item.id for item in admitted(circles, MEETING, DIRECTORY)] == [1, 2, 3, 7, 8]
    assert admitted([], MEETING, DIRECTORY) == ()


def test_who_was_removed_is_in_none() -> None:
    gone = replace(MEETING, attendees=(replace(VN_HEAD, removed_sequence=1), VN_POINT))
    assert [item.id for item in admitted([Audience.parse("everyone")], gone, DIRECTORY)] == [2]


@pytest.mark.parametrize(
    ("text", "oversees"),
    [
        ("secretariat", True),
        ("coordinator", True),
        ("delegation VN", True),
        ("head of delegation", False),
        ("focal point", False),
        ("everyone", False),
        ("group ASEC", False),
        ("members", False),
    ],
)
def test_some_are_told_of_everybody_s_silence_and_others_of_their_own(text: str, oversees: bool) -> None:
    assert Audience.parse(text).oversees is oversees


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("group XYZ", "is not a group"),
        ("delegation QQ", "is not a delegation"),
        ("group SOM", None),
        ("delegation VN", None),
        ("members", None),
    ],
)
def test_a_code_that_is_not_there_is_named(text: str, message: str | None) -> None:
    found = Audience.parse(text).problem("steps[2].to", DIRECTORY)
    assert (found and found.message) == message
    if found:
        assert (found.field, found.value) == ("steps[2].to", text)
        assert found.remedy.startswith("Known are: ")
