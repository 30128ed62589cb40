"""What of a timeline is not done in person, and what becomes of it where that is decided late."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.domain.meetings.place import Mode, Venue
from orchestrator.domain.timelines.actions import ActionState, CancelCode, StoredAction
from orchestrator.domain.timelines.objections import objection
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.planning import plan, why_dropped
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.facts import Fact
from tests.unit.plans import CALENDARS, DIRECTORY, LINK, NOW, TIMELINE, K, published, stored
from tests.unit.timelines.steps import SHIPPED

JOINING = frozenset({"room-open"})
_WITH_TESTS = {"conference", "connection-test", "chase:connectivity-test", "remind:PT1H", "notice:room-open"}
VENUE = Venue("Ha Noi", "Asia/Ho_Chi_Minh")
IN_PERSON = {"mode": Mode.IN_PERSON, "venue": VENUE}


def in_hand_of(kind: K) -> StoredAction:
    ends = NOW + timedelta(days=90)
    return stored(Obligation(kind, kind, kind, None, 9, NOW, ends), ActionState.RUNNING)


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("standard", {"conference", "remind:PT1H"}),
        ("preparatory", {"conference", "remind:PT1H"}),
        ("workshop", {"conference", "remind:PT1H"}),
        *(
            (
                name,
                {
                    "conference",
                    "connection-test",
                    "chase:connectivity-test",
                    "remind:PT1H",
                    "notice:room-open",
                },
            )
            for name in ("som", "som-plus-three", "heads")
        ),
    ],
)
def test_in_person_nothing_is_done_that_is_about_joining(name: str, left_out: set[str]) -> None:
    written = SHIPPED[name]
    applied = written.in_person(JOINING)
    assert {step.name for step in written.steps} - {step.name for step in applied.steps} == left_out
    for gone in left_out:
        step = applied.named(gone)
        assert step is not None
        assert applied.leaves_out(step)
    assert not any(applied.leaves_out(step) for step in applied.steps)


def test_a_reminder_a_day_or_more_before_stays_however_it_is_written() -> None:
    steps = [{"do": "remind", "id": name, "at": name} for name in ("-P1D", "-PT24H", "-PT23H", "-PT1H")]
    for step, name in zip(steps, ("a", "b", "c", "d"), strict=True):
        step["id"] = name
    found = Timeline.of({"name": "own", "title": "Own", "steps": steps}).in_person(())
    assert [step.id for step in found.steps] == ["a", "b"]


def test_what_counts_from_a_step_that_is_left_out_keeps_its_moment() -> None:
    steps = [
        {"do": "connection-test", "at": "-3WD", "day": "-1WD", "slot": "PT15M", "to": "everyone"},
        {
            "do": "notice",
            "id": "cars",
            "about": "cars",
            "to": "everyone",
            "from": "connection-test",
            "at": "+P1D",
        },
    ]
    written = Timeline.of({"name": "own", "title": "Own", "steps": steps})
    online = {item.key: item.due for item in plan(published(), written, CALENDARS) if item.kind is K.NOTICE}
    there = plan(published(**IN_PERSON), written.in_person(()), CALENDARS)
    assert {item.key: item.due for item in there if item.kind is K.NOTICE} == online
    assert online


@pytest.mark.parametrize("mode", list(Mode))
def test_invitations_wait_for_the_link_only_where_there_is_to_be_one(mode: Mode) -> None:
    meeting = published(mode=mode, venue=VENUE if mode.has_venue else None)
    timeline = TIMELINE if mode.has_link else TIMELINE.in_person(())
    waits = {item.waits_for for item in plan(meeting, timeline, CALENDARS) if item.kind is K.INVITE}
    assert waits == ({"conference"} if mode.has_link else {None})


def test_the_video_meeting_goes_where_there_was_one() -> None:
    timeline = TIMELINE.in_person(())
    with_link = plan(published(conference=LINK, **IN_PERSON), timeline, CALENDARS)
    assert [item.kind for item in with_link].count(K.CONFERENCE_DELETE) == 1
    without = plan(published(**IN_PERSON), timeline, CALENDARS)
    assert K.CONFERENCE_DELETE not in [item.kind for item in without]
    by_hand = replace(LINK, provider_id=None, by_hand=True)
    kept = plan(published(conference=by_hand, **IN_PERSON), timeline, CALENDARS)
    assert K.CONFERENCE_DELETE not in [item.kind for item in kept]


def test_what_is_not_done_any_more_says_why() -> None:
    meeting = published(**IN_PERSON)
    why = why_dropped(meeting, TIMELINE.in_person(()), DIRECTORY, "remind:PT1H:attendee-1", 1)
    assert why == Fact.of("timelines.nothing-to-join")


@pytest.mark.parametrize("kind", [K.CONFERENCE])
def test_what_was_in_hand_for_a_link_is_not_done_in_person(kind: K) -> None:
    in_hand = in_hand_of(kind)
    assert objection(in_hand, published(), None, NOW) is None
    found = objection(in_hand, published(**IN_PERSON), None, NOW)
    assert found is not None
    assert found.code is CancelCode.NOT_NEEDED


def test_the_video_meeting_of_a_meeting_that_is_online_again_stays() -> None:
    in_hand = in_hand_of(K.CONFERENCE_DELETE)
    assert objection(in_hand, published(conference=LINK, **IN_PERSON), None, NOW) is None
    assert objection(in_hand, published(conference=LINK), None, NOW) is not None
