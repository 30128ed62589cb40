"""Linked meetings: how far they go with one another, who is reached, which orders are absurd, circles."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.lifecycle import with_points
from orchestrator.domain.meetings.linked import (
    can_move,
    disorder,
    is_coming,
    reached,
    reporting,
    shift_of,
    way_back,
)
from orchestrator.domain.meetings.meeting import AgendaEntry, Meeting, MeetingStatus
from orchestrator.domain.meetings.points import Point
from tests.saying import said

NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
HA_NOI, TOKYO, SYDNEY = "Asia/Ho_Chi_Minh", "Asia/Tokyo", "Australia/Sydney"


def meeting(reference: str = "SOM", start: datetime = datetime(2026, 12, 3, 14), **fields: Any) -> Meeting:
    whole: dict[str, Any] = {
        "id": 1,
        "reference": reference,
        "programme": None,
        "kind": "som",
        "title_en": reference,
        "title_vi": None,
        "host": "VN",
        "coordinator_name": "K",
        "coordinator_email": "k@vn.example.org",
        "wall_start": start,
        "zone": HA_NOI,
        "duration": timedelta(hours=3),
        "timeline": "standard",
        "conference": Conference("x"),
    }
    return Meeting(**(whole | fields))


PREP = meeting("PREP", datetime(2026, 12, 2, 9), duration=timedelta(hours=2))


# --- how far


def test_a_linked_meeting_goes_as_far_on_the_clock() -> None:
    shift = shift_of(meeting(), meeting(start=datetime(2026, 12, 8, 13, 30)))
    assert shift is not None
    assert shift.applied(PREP) == (datetime(2026, 12, 7, 8, 30), HA_NOI)


def test_what_is_as_it_was_moves_nothing() -> None:
    same_instant = meeting(start=datetime(2026, 12, 3, 16), zone=TOKYO)
    assert same_instant.starts_at == meeting().starts_at
    assert shift_of(meeting(), same_instant) is None
    assert shift_of(meeting(), replace(meeting(), title_en="Another title")) is None


def test_another_zone_takes_along_what_is_written_in_the_old_one() -> None:
    shift = shift_of(meeting(), meeting(zone=TOKYO))
    assert shift is not None
    assert shift.applied(PREP) == (datetime(2026, 12, 2, 9), TOKYO), "the same clock, two hours earlier"
    elsewhere = replace(PREP, zone="Asia/Bangkok")
    assert shift.applied(elsewhere) == (datetime(2026, 12, 2, 7), "Asia/Bangkok"), "two hours earlier too"


def test_the_clock_counts_and_not_the_hours_between_when_clocks_change() -> None:
    """Sydney puts its clocks back on 4 April 2027 at 03:00."""
    som = meeting(start=datetime(2027, 4, 1, 10), zone=SYDNEY)
    prep = meeting("PREP", datetime(2027, 3, 31, 10), zone=SYDNEY)
    shift = shift_of(som, replace(som, wall_start=datetime(2027, 4, 8, 10)))
    assert shift is not None
    wall, zone = shift.applied(prep)
    assert (wall, zone) == (datetime(2027, 4, 7, 10), SYDNEY)
    moved = replace(prep, wall_start=wall)
    assert moved.starts_at - prep.starts_at == timedelta(days=7, hours=1)


def test_a_longer_meeting_moves_only_what_comes_after_it() -> None:
    shift = shift_of(PREP, replace(PREP, duration=timedelta(hours=3)))
    assert shift is not None
    assert shift.only_after
    assert shift.applied(meeting()) == (datetime(2026, 12, 3, 15), HA_NOI)


@given(st.timedeltas(min_value=timedelta(days=-20), max_value=timedelta(days=20)))
def test_in_one_zone_the_distance_on_the_clock_stays(by: timedelta) -> None:
    after = meeting(start=meeting().wall_start + by)
    shift = shift_of(meeting(), after)
    wall, zone = shift.applied(PREP) if shift else (PREP.wall_start, PREP.zone)
    assert (after.wall_start - wall, zone) == (meeting().wall_start - PREP.wall_start, HA_NOI)


# --- who is reached

FEEDS = [("PREP", "SOM"), ("PAPERS", "SOM"), ("SOM", "HEADS"), ("HEADS", "FORUM"), ("X", "Y")]


@pytest.mark.parametrize(
    ("start", "stopped", "only_after", "found"),
    [
        ("SOM", (), False, ("PAPERS", "PREP", "HEADS", "FORUM")),
        ("PREP", (), False, ("SOM", "PAPERS", "HEADS", "FORUM")),
        ("PREP", ("SOM",), False, ()),
        ("SOM", (), True, ("HEADS", "FORUM")),
        ("SOM", ("HEADS",), True, ()),
        ("ALONE", (), False, ()),
    ],
)
def test_the_way_goes_through_what_can_be_moved_the_nearest_first(
    start: str, stopped: tuple[str, ...], only_after: bool, found: tuple[str, ...]
) -> None:
    assert reached(FEEDS, start, lambda name: name not in stopped, only_after=only_after) == found


@pytest.mark.parametrize(
    ("fields", "now", "movable", "coming"),
    [
        ({}, NOW, True, True),
        ({}, NOW + timedelta(days=400), True, True),
        ({"status": MeetingStatus.PUBLISHED}, NOW, True, True),
        ({"status": MeetingStatus.PUBLISHED}, datetime(2026, 12, 3, 7, tzinfo=UTC), False, True),
        ({"status": MeetingStatus.PUBLISHED}, datetime(2026, 12, 3, 10, tzinfo=UTC), False, False),
        ({"status": MeetingStatus.CANCELLED}, NOW, False, False),
        ({"status": MeetingStatus.CONCLUDED}, NOW, False, False),
    ],
)
def test_a_draft_can_always_be_moved_a_published_one_until_it_begins(
    fields: dict[str, Any], now: datetime, movable: bool, coming: bool
) -> None:
    found = meeting(**fields)
    assert (can_move(found, now), is_coming(found, now)) == (movable, coming)


# --- circles


def test_a_circle_is_shown_from_the_new_link_round_to_it() -> None:
    assert way_back(FEEDS, ("FORUM", "PREP")) == ("FORUM", "PREP", "SOM", "HEADS", "FORUM")
    assert way_back([("A", "B")], ("B", "A")) == ("B", "A", "B")
    assert way_back(FEEDS, ("PREP", "SOM")) == (), "there already"
    assert way_back(FEEDS, ("PREP", "FORUM")) == (), "a short cut is no circle"


@given(st.lists(st.tuples(st.sampled_from("ABCDE"), st.sampled_from("ABCDE")), max_size=12))
def test_links_taken_one_by_one_never_make_a_circle(offered: list[tuple[str, str]]) -> None:
    taken: set[tuple[str, str]] = set()
    for link in offered:
        if link[0] != link[1] and not way_back(taken, link):
            taken.add(link)
    # An oracle of its own: whatever leads from A to B in any number of steps never leads back.
    leads = set(taken)
    for _ in "ABCDE":
        leads |= {(a, d) for (a, b), (c, d) in product(leads, leads) if b == c}
    assert not any(a == b for a, b in leads)


# --- orders


@pytest.mark.parametrize(
    ("start", "hours", "words"),
    [
        (datetime(2026, 12, 2, 9), 2, ""),
        (datetime(2026, 12, 3, 12), 2, ""),
        (datetime(2026, 12, 3, 12), 3, "is not over when the meeting it prepares begins"),
        (datetime(2026, 12, 3, 14), 2, "does not begin before the meeting it prepares"),
        (datetime(2026, 12, 3, 16), 2, "does not begin before the meeting it prepares"),
        (datetime(2026, 12, 3, 17), 2, "comes after the meeting it prepares"),
    ],
)
def test_an_absurd_order_is_said_in_words(start: datetime, hours: int, words: str) -> None:
    """The SOM lasts from 14:00 to 17:00 on 3 December."""
    found = disorder(meeting("PREP", start, duration=timedelta(hours=hours)), meeting())
    assert said(found and found.between("PREP", "SOM")) == (f"PREP {words}, SOM" if words else "")


# --- outcomes on an agenda

AGENDA = (
    AgendaEntry("Opening", number=1),
    AgendaEntry("Report", input_from="PREP", number=2),
    AgendaEntry("Workshop", input_from="WS", points=(Point("Of old"),), number=3),
)


A, B = Point("A"), Point("B", is_open=True)


def test_points_go_to_the_items_that_name_their_meeting() -> None:
    som = meeting(agenda=AGENDA)
    new = with_points(som, {"PREP": (A, B), "OTHER": (Point("C"),)}, NOW)
    assert [item.points for item in new.agenda] == [(), (A, B), ()]
    assert new.revised_at is None, "nobody has a draft in the calendar"
    assert with_points(new, {"PREP": (A, B)}, NOW) is new
    assert reporting(som, "PREP") == (AGENDA[1],)
    assert reporting(som, "OTHER") == ()


def test_a_published_agenda_is_newer_and_no_new_revision() -> None:
    """DTSTAMP tells the newer text (RFC 5545 section 3.8.7.2); SEQUENCE and answers stay."""
    som = meeting(
        agenda=AGENDA,
        status=MeetingStatus.PUBLISHED,
        revision=2,
        sequence=1,
        revised_sequence=1,
        revised_at=NOW,
    )
    new = with_points(som, {"PREP": (A,)}, NOW)
    assert new.revised_at == NOW + timedelta(seconds=1), "later than any given out before"
    assert (new.revision, new.sequence, new.revised_sequence) == (2, 1, 1)
