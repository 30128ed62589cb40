"""Ladders that are planned again, nudges, slots that move, and everybody at once."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from orchestrator.domain.definitions.checking import check
from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import (
    Need,
)
from orchestrator.domain.timelines.actions import ActionState, CancelCode
from orchestrator.domain.timelines.asking import asked_delegations
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.objections import no_longer_called_for, objection
from orchestrator.domain.timelines.planning import plan
from orchestrator.domain.timelines.reconciling import reconcile
from orchestrator.domain.timelines.steps import Step
from orchestrator.services.timelines.planner import Planner
from tests.saying import said
from tests.unit.real import (
    CALENDARS,
    DIRECTORY,
    EVERYBODY,
    SHIPPED,
    meeting_of,
    person,
    planned,
    utc,
)
from tests.unit.timelines.rungs import (
    ACCEPTED,
    FRIDAY,
    LIST,
    POINT,
    VN_HEAD,
    VN_POINT,
    came,
    chase,
    small,
    stored,
    told,
)


def test_once_it_is_in_the_rungs_to_come_are_cancelled_at_the_next_replan() -> None:
    meeting = small()
    rows = stored(item for item in planned(meeting).values() if item.step.startswith(LIST))
    now = utc(2026, 11, 27, 8)  # The second rung is through.
    done = [replace(row, state=ActionState.SUCCEEDED) if "/3" not in row.key else row for row in rows]
    after = replace(meeting, **came(("VN", Need.LIST), ("LA", Need.LIST)))
    found = reconcile(after, [], done, now)
    assert {item.action_id for item in found.cancels} == {row.id for row in done if "/3" in row.key}
    assert {(item.code, said(item.reason)) for item in found.cancels} == {
        (CancelCode.NOT_NEEDED, "nothing of this is missing any more")
    }
    # Taken back, it is chased again.
    ended: dict[str, Any] = {"state": ActionState.CANCELLED, "cancel_code": CancelCode.NOT_NEEDED}
    cancelled = [replace(row, **ended) if "/3" in row.key else row for row in done]
    wanted = [item for item in plan(meeting, SHIPPED["som"], CALENDARS) if item.step.startswith(LIST)]
    again = reconcile(meeting, wanted, cancelled, now)
    assert {item.action_id for item in again.moves} == {row.id for row in done if "/3" in row.key}


def test_a_rung_that_went_out_and_is_over_for_the_new_time_is_left_out_because_it_is_over() -> None:
    """Not because the same has been asked within four days, which it was not."""
    meeting = small()
    step = f"{LIST}/1:attendee-{VN_POINT.id}"
    rows = stored([planned(meeting)[step]], ActionState.SUCCEEDED)
    for sooner, reason in (
        (datetime(2026, 11, 27, 14), "its time had already passed"),
        (datetime(2026, 12, 14, 14), "the same has been asked less than four days before"),
    ):
        moved = lifecycle.revise(meeting, lifecycle.Change(wall_start=sooner), utc(2026, 11, 19, 3))
        wanted = [item for item in plan(moved, SHIPPED["som"], CALENDARS) if item.key == step]
        (skip,) = reconcile(moved, wanted, rows, utc(2026, 11, 19, 3)).skips
        assert said(skip.reason) == reason


def test_what_is_in_hand_is_refused_at_sending_once_the_answer_is_there() -> None:
    planner = Planner(DIRECTORY, SHIPPED)
    meeting = small()
    (row,) = stored([planned(meeting)[f"{LIST}/1:attendee-{VN_POINT.id}"]], ActionState.RUNNING)
    assert planner.calls_for(meeting, row)
    after = replace(meeting, **came(("VN", Need.LIST)))
    assert not planner.calls_for(after, row)
    assert no_longer_called_for(row).code is CancelCode.NOT_NEEDED
    assert said(no_longer_called_for(row).reason) == "nothing of this is missing any more"


def test_who_is_no_longer_asked_is_not_told_that_nothing_is_missing() -> None:
    """A focal point who joins speaks from then on, and the head is asked no more."""
    planner, alone = Planner(DIRECTORY, SHIPPED), small(VN_HEAD)
    (row,) = stored([planned(alone)[f"{LIST}/1:attendee-{VN_HEAD.id}"]])
    joined = small(VN_HEAD, VN_POINT)
    assert not planner.calls_for(joined, row)
    assert said(planner.why_dropped(joined, row)) == "somebody else is told of it now"
    assert planner.why_dropped(small(VN_HEAD, VN_POINT, **came(("VN", Need.LIST))), row) is None
    (nudge,) = stored([planned(small(replace(VN_HEAD, nudges=1)))["nudge:attendee-1"]])
    assert planner.why_dropped(alone, nudge) is None


def test_a_chaser_in_hand_is_superseded_when_the_meeting_moves_but_a_nudge_is_not() -> None:
    asked = replace(VN_POINT, nudges=1)
    meeting = small(VN_HEAD, asked)
    found = planned(meeting)
    moved = lifecycle.revise(
        meeting, lifecycle.Change(wall_start=datetime(2026, 12, 18, 14)), utc(2026, 11, 1)
    )
    rows = {
        key: stored([found[key]], ActionState.RUNNING)[0]
        for key in (f"{LIST}/1:attendee-2", "nudge:attendee-2")
    }
    against = {key: objection(row, moved, asked, utc(2026, 11, 19, 3)) for key, row in rows.items()}
    refused = against[f"{LIST}/1:attendee-2"]
    assert refused is not None
    assert refused.code is CancelCode.SUPERSEDED
    assert against["nudge:attendee-2"] is None


def test_a_nudge_goes_out_at_once_and_ends_with_what_was_missing() -> None:
    asked = replace(VN_POINT, nudges=2)
    wanted = planned(small(VN_HEAD, asked))["nudge:attendee-2"]
    assert (wanted.kind, wanted.revision, wanted.due) == (ActionKind.CHASE, 2, None)
    done = came(("VN", Need.LIST), ("VN", Need.PAPER), ("VN", Need.TEST))
    answered = replace(asked, participation=ACCEPTED)
    head = replace(VN_HEAD, participation=ACCEPTED)
    assert "nudge:attendee-2" not in planned(small(head, answered, **done))


def test_a_slot_that_was_moved_is_told_again_at_once_and_only_the_newest() -> None:
    meeting = small()
    slots = tuple(
        replace(item, moves=2 if item.delegation == "VN" else 0) for item in meeting.connection_tests
    )
    found = {
        key: item
        for key, item in planned(replace(meeting, connection_tests=slots)).items()
        if "connection-test" in key
    }
    assert list(found) == [
        "connection-test:attendee-4",
        "connection-test:attendee-2",
        "connection-test/3:attendee-2",
    ]
    again = found["connection-test/3:attendee-2"]
    assert again.due is None
    assert again.expires == next(item.starts_at for item in slots if item.delegation == "VN")


def test_a_delegation_for_which_no_slot_is_left_is_named_in_the_plan() -> None:
    meeting = replace(small(), connection_tests=())
    found = planned(meeting)["connection-test:attendee-2"]
    assert said(found.left_out) == "no time for a test is free on that day"


# An eleventh member.


def definition(start: str) -> MeetingDefinition:
    return MeetingDefinition.of(
        {
            "reference": "M",
            "kind": "som",
            "title": "SOM",
            "host": "VN",
            "coordinator": {"name": "K", "email": "k@vn.example.org"},
            "start": start,
            "zone": "Asia/Ho_Chi_Minh",
            "duration": "PT3H",
            "attendees": [
                {"group": "ACCSM_FP", "delegation": code, "name": code, "email": f"{code}@example.org"}
                for code in ("VN", "TL", "TH")
            ],
        }
    )


def test_a_member_that_joins_between_two_meetings_is_asked_from_then_on_in_its_place() -> None:
    """Timor-Leste joined ASEAN on 26 October 2025."""
    before, after = definition("2025-10-24 14:00"), definition("2025-11-07 14:00")
    assert [item.field for item in check(before, DIRECTORY, SHIPPED)] == ["attendees[1].delegation"]
    assert check(after, DIRECTORY, SHIPPED) == []
    step = SHIPPED["som"].named(LIST)
    assert step is not None
    for wanted, expected in ((before, ["TH", "VN"]), (after, ["TH", "TL", "VN"])):
        coming = wanted.without_inactive(DIRECTORY)
        people = [person(item.delegation, POINT, number) for number, item in enumerate(coming.attendees, 1)]
        meeting = meeting_of(coming.start, attendees=people)
        assert asked_delegations(meeting, step, DIRECTORY) == expected
        assert sorted(slot.delegation for slot in meeting.connection_tests) == sorted(expected)
        assert len(told(meeting, LIST)[f"{LIST}/1"]) == len(expected)


def test_everybody_of_nineteen_delegations_is_planned_for_at_once() -> None:
    """A whole SOM+3 with partners: every key is there once, and nobody who owes nothing is chased."""
    meeting = meeting_of(FRIDAY, timeline="som-plus-three", attendees=EVERYBODY)
    codes = {item.id: item.delegation for item in EVERYBODY}
    lists = told(meeting, LIST)[f"{LIST}/2"]
    members = {item.code for item in DIRECTORY.members_on(FRIDAY.date())}
    assert {codes[number] for number in lists} == members | {"CN", "JP", "KR"}


def test_the_steps_of_a_ladder_are_told_apart_by_their_rung() -> None:
    step = Step.model_validate(chase())
    assert [said(step.said(rung)) for rung in (1, 3)] == [
        "10 working days before, at 09:00 their time",
        "5 working days before, at 09:00 their time",
    ]
