"""What a change of time or text tells whom."""
# ruff: noqa: DTZ001, N802 - wall times have no zone on purpose; tests are named after their cases.

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.lifecycle import Change
from orchestrator.domain.meetings.meeting import (
    AgendaEntry,
)
from orchestrator.domain.meetings.revision import (
    Weight,
    request_to,
    revised,
    to_cancel,
    weigh,
)
from orchestrator.errors import Conflict
from tests.unit.meetings.revising import (
    ACCEPTED,
    AFTER,
    CANCEL,
    DECLINED,
    ENDS,
    LATER,
    ONE,
    OTHER_LINK,
    REQUEST,
    STARTS,
    THREE,
    TWO,
    listed,
    message,
    messages,
    revise,
    told_at_1,
)

# Another time.


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(Change(wall_start=datetime(2026, 12, 4, 14)), id="O22_DTSTART_moved"),
        pytest.param(Change(zone="Asia/Dili"), id="O22_DTSTART_moved_by_zone"),
        pytest.param(Change(duration=timedelta(hours=2)), id="O22_DTEND_shortened"),
        pytest.param(Change(duration=timedelta(hours=4)), id="O22_DTEND_lengthened"),
    ],
)
def test_O22_O24_another_time_is_significant_and_asks_everybody_again(change: Change) -> None:
    after, found = revise(told_at_1(), change)
    assert found == {message(REQUEST, ONE, 2, LATER), message(REQUEST, TWO, 2, LATER)}
    assert weigh(told_at_1(), after) is Weight.TIME
    assert after.reset_sequence == after.revised_sequence == after.sequence == 2


def test_O24_who_had_declined_the_old_time_is_asked_too() -> None:
    before = told_at_1(replace(ONE, participation=DECLINED), TWO)
    _, found = revise(before, Change(wall_start=datetime(2026, 12, 4, 14)))
    assert found == {message(REQUEST, ONE, 2, LATER), message(REQUEST, TWO, 2, LATER)}


def test_another_time_always_tells_even_when_it_should_be_saved_silently() -> None:
    _, found = revise(told_at_1(), Change(duration=timedelta(hours=2)), notify=False)
    assert {item[:3] for item in found} == {(REQUEST, ONE.address, 2), (REQUEST, TWO.address, 2)}


def test_the_same_instant_in_another_zone_is_no_change() -> None:
    after, found = revise(told_at_1(), Change(wall_start=datetime(2026, 12, 3, 16), zone="Asia/Dili"))
    assert found == set()
    assert after.sequence == 1


# Another text.

TEXTS = [
    pytest.param(Change(title_en="New"), id="title"),
    pytest.param(Change(title_vi="Mới"), id="vietnamese_title"),
    pytest.param(Change(agenda=(AgendaEntry("Welcome", "Khai mạc", "VN", number=1),)), id="agenda_text"),
    pytest.param(Change(agenda=(AgendaEntry("Opening", "Khai mạc", "TH", number=1),)), id="agenda_lead"),
    pytest.param(Change(agenda=()), id="agenda_emptied"),
    pytest.param(Change(coordinator_name="L"), id="coordinator_name"),
    pytest.param(Change(coordinator_email="l@vn.example.org"), id="coordinator_address"),
]


@pytest.mark.parametrize("change", TEXTS)
def test_O23_O40_another_text_keeps_sequence_and_answers_and_is_told_with_a_fresh_dtstamp(
    change: Change,
) -> None:
    after, found = revise(told_at_1(), change)
    assert found == {
        message(REQUEST, ONE, 1, LATER, ACCEPTED, significant=False),
        message(REQUEST, TWO, 1, LATER, significant=False),
    }
    assert weigh(told_at_1(), after) is Weight.TEXT
    assert (after.sequence, after.reset_sequence) == (1, 0)


@pytest.mark.parametrize("change", TEXTS)
def test_another_text_saved_silently_tells_nobody_but_is_in_whatever_leaves_next(change: Change) -> None:
    after, found = revise(told_at_1(), change, notify=False)
    assert found == set()
    _, found = revise(after, listed(ONE, TWO, THREE), AFTER)
    assert found == {message(REQUEST, THREE, 1, AFTER)}
    assert request_to(after, after.attendees[0]).stamp == LATER


def test_another_text_is_not_told_to_who_has_declined() -> None:
    _, found = revise(told_at_1(replace(ONE, participation=DECLINED), TWO), Change(title_en="New"))
    assert found == {message(REQUEST, TWO, 1, LATER, significant=False)}


def test_another_vietnamese_agenda_text_is_no_change_because_mails_carry_the_english() -> None:
    before = told_at_1()
    translated = (AgendaEntry("Opening", "Mở đầu", "VN", number=1),)
    after, found = revise(before, Change(agenda=translated))
    assert found == set()
    assert after == replace(before, agenda=translated)


# Nothing to tell.


def test_O15_a_change_that_changes_nothing_raises_nothing_and_tells_nobody() -> None:
    before = told_at_1()
    same = Change(
        title_en=before.title_en,
        wall_start=before.wall_start,
        zone=before.zone,
        duration=before.duration,
        agenda=before.agenda,
        attendees=listed(ONE, TWO).attendees,
    )
    for change in (same, Change()):
        assert revise(before, change) == (before, set())
    assert weigh(before, before) is Weight.NOTHING


def test_O18_the_same_attendees_in_another_order_are_no_change() -> None:
    before = told_at_1()
    assert revise(before, listed(TWO, ONE)) == (before, set())


def test_O28_the_answer_of_one_is_nothing_to_the_others() -> None:
    before = told_at_1()
    answered = replace(TWO, notified=True, participation=ACCEPTED, answer_stamp=LATER)
    assert messages(before, replace(before, attendees=(before.attendees[0], answered))) == set()


@pytest.mark.parametrize(
    "fields",
    [
        {"participation": ACCEPTED, "comment": "Gladly"},
        {"participation": DECLINED},
        {"link_version": 2},
        {"resends": 1},
        {"seat": Seat.HEAD},
        {"name": "Another name"},
        {"role": Role.OBSERVER},
    ],
)
def test_O39_what_concerns_one_person_keeps_sequence_and_is_told_to_nobody(fields: dict[str, Any]) -> None:
    before = told_at_1()
    after = replace(before, attendees=(before.attendees[0], replace(before.attendees[1], **fields)))
    assert revised(before, after, LATER) == after
    assert messages(before, after) == set()


@pytest.mark.parametrize("now", [ENDS, ENDS + timedelta(days=1)])
def test_O33_a_meeting_wholly_in_the_past_tells_nobody_anything(now: datetime) -> None:
    before = told_at_1()
    edits = [
        Change(title_en="New"),
        listed(ONE),
        listed(ONE, TWO, THREE),
    ]
    for change in edits:
        assert revise(before, change, now)[1] == set()
    assert messages(before, lifecycle.with_link(before, OTHER_LINK, now), now) == set()
    assert messages(before, lifecycle.conclude(before, now), now) == set()
    with pytest.raises(Conflict, match="is over"):
        lifecycle.cancel(before, now)


def test_O33_a_removal_after_the_end_is_not_due_a_cancel_later_either() -> None:
    before = told_at_1()
    late = lifecycle.revise(before, listed(ONE), ENDS)
    in_time = lifecycle.revise(before, listed(ONE), ENDS - timedelta(seconds=1))
    assert to_cancel(late) == ()
    assert [item.address for item in to_cancel(in_time)] == [TWO.address]


def test_O33_a_meeting_under_way_still_tells_of_a_removal_and_of_its_end() -> None:
    now = STARTS + timedelta(hours=1)
    assert revise(told_at_1(), listed(ONE), now)[1] == {message(CANCEL, TWO, 2, now)}
    over = lifecycle.cancel(told_at_1(), now)
    assert messages(told_at_1(), over, now) == {
        message(CANCEL, ONE, 2, now, ACCEPTED),
        message(CANCEL, TWO, 2, now),
    }
