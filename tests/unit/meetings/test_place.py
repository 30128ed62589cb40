"""How and where a meeting takes place, what a change of it weighs, and short titles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.domain.meetings.changes import Snapshot, What, differences
from orchestrator.domain.meetings.lifecycle import Change, revise
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.meetings.place import Mode, Venue, Where
from orchestrator.domain.meetings.revision import Weight, weigh
from orchestrator.domain.meetings.titles import cut, short_title
from orchestrator.domain.time.zones import Place
from orchestrator.words import say
from tests.unit.meetings.living import NOW, draft, published

VENUE = Venue("Ha Noi", "Asia/Ho_Chi_Minh", "Guest House", "12 Ngo Quyen", "By car", "+84 24 5550 0100")
HA_NOI = Place("Asia/Ho_Chi_Minh", "Ha Noi")
HALL = Where(Mode.IN_PERSON, VENUE, "Hall 2")


def meeting(where: Where = HALL) -> Meeting:
    return replace(published(), mode=where.mode, venue=where.venue, room=where.room)


def test_a_venue_is_written_from_the_house_to_the_city_as_far_as_it_is_known() -> None:
    assert HALL.line == "Guest House, Hall 2, 12 Ngo Quyen, Ha Noi"
    assert Where(Mode.IN_PERSON, Venue("Ha Noi", "Asia/Ho_Chi_Minh")).line == "Ha Noi"
    assert Where().line == ""


def test_a_venue_is_read_as_it_was_stored() -> None:
    assert Venue.from_json(VENUE.to_json()) == VENUE
    assert Venue.from_json(Venue("A", "UTC").to_json()) == Venue("A", "UTC")
    assert Venue.from_json(None) is None


@pytest.mark.parametrize("mode", list(Mode))
def test_everybody_goes_by_the_clock_at_the_venue_in_person_only(mode: Mode) -> None:
    clock = Where(mode, VENUE if mode.has_venue else None).clock
    assert clock == (HA_NOI if mode is Mode.IN_PERSON else None)


def test_in_person_there_is_no_link_whatever_is_known_of_one() -> None:
    held = meeting()
    linked = replace(held, conference=replace(held.conference, join_url="https://meet.example.org/1"))
    assert linked.join_url is None
    assert replace(linked, mode=Mode.HYBRID).join_url == "https://meet.example.org/1"


@pytest.mark.parametrize(
    ("after", "weight"),
    [
        (HALL, Weight.NOTHING),
        (replace(HALL, room="Hall 3"), Weight.MATERIAL),
        (replace(HALL, room=None), Weight.MATERIAL),
        (replace(HALL, mode=Mode.HYBRID), Weight.MATERIAL),
        (Where(), Weight.MATERIAL),
        (replace(HALL, venue=replace(VENUE, address="14 Ngo Quyen")), Weight.MATERIAL),
        (replace(HALL, venue=replace(VENUE, name=None)), Weight.MATERIAL),
        (replace(HALL, venue=replace(VENUE, city="Da Nang")), Weight.MATERIAL),
        (replace(HALL, venue=replace(VENUE, zone="Asia/Bangkok")), Weight.MATERIAL),
        (replace(HALL, venue=replace(VENUE, arrivals="By train")), Weight.TEXT),
        (replace(HALL, venue=replace(VENUE, emergency=None)), Weight.TEXT),
    ],
)
def test_another_place_weighs_what_another_link_does(after: Where, weight: Weight) -> None:
    assert weigh(meeting(), meeting(after)) is weight


def test_another_place_raises_sequence_and_answers_stay() -> None:
    before = meeting()
    after = revise(before, Change(where=replace(HALL, room="Hall 3")), NOW)
    assert (after.sequence, after.revision) == (before.sequence + 1, before.revision + 1)
    assert (after.reset_sequence, after.time_revision) == (before.reset_sequence, before.time_revision)
    assert [item.participation for item in after.attendees] == [
        item.participation for item in before.attendees
    ]


def test_a_short_title_is_told_to_nobody_and_can_be_taken_out() -> None:
    before = published()
    after = revise(before, Change(short="SOM 21", short_vi="SOM 21 VN"), NOW)
    assert (after.short, after.short_vi, after.revision) == ("SOM 21", "SOM 21 VN", before.revision)
    assert revise(after, Change(short=""), NOW).short is None
    assert revise(after, Change(title_en="New"), NOW).short == "SOM 21"


def told(old: Where, new: Where) -> list[tuple[What, str, str]]:
    found = differences(Snapshot.of(meeting(old)), Snapshot.of(meeting(new)), HA_NOI)
    return [(item.what, say(item.old), say(item.new)) for item in found]


def test_what_changed_of_the_place_is_told_old_and_new() -> None:
    other = replace(HALL, room="Hall 3", venue=replace(VENUE, arrivals=None))
    assert told(HALL, other) == [
        (What.VENUE, HALL.line, "Guest House, Hall 3, 12 Ngo Quyen, Ha Noi"),
        (What.ARRIVALS, "By car", "none"),
    ]
    assert told(Where(), Where(Mode.HYBRID, Venue("Ha Noi", "Asia/Ho_Chi_Minh"))) == [
        (What.MODE, "online", "hybrid"),
        (What.VENUE, "none", "Ha Noi"),
    ]


@pytest.mark.parametrize(
    ("fields", "language", "short"),
    [
        ({"short": "SOM 21"}, "en", "SOM 21"),
        ({"short": "SOM 21"}, "vi", "SOM 21"),
        ({"short": "SOM 21", "short_vi": "SOM ACCSM 21"}, "vi", "SOM ACCSM 21"),
        ({"short_vi": "SOM ACCSM 21", "title_en": "The SOM"}, "en", "The SOM"),
        ({"title_vi": "Hội nghị"}, "vi", "Hội nghị"),
        ({"title_en": "The SOM", "title_vi": None}, "vi", "The SOM"),
    ],
)
def test_the_short_title_is_the_one_that_was_given_else_the_title(
    fields: dict[str, Any], language: str, short: str
) -> None:
    assert short_title(draft(**fields), language) == short


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("x" * 40, "x" * 40),
        ("x" * 41, "x" * 39 + "…"),
        ("Senior Officials Meeting (SOM) on the 21st ACCSM", "Senior Officials Meeting (SOM) on the…"),
        ("Meeting of the Heads of Civil Service – 2027", "Meeting of the Heads of Civil Service…"),
        ("a" * 39 + " b", "a" * 39 + "…"),
    ],
)
def test_a_title_is_cut_at_a_word(title: str, short: str) -> None:
    assert cut(title) == short
    assert len(short) <= 40
