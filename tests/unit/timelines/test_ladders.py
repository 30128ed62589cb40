"""Who is asked, chased and told, on which rung, and what ends it: stated cases of the shipped timelines."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from orchestrator.domain.definitions.checking import check
from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.delegations.working_calendar import Calendars, Override, OverrideKind
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.meeting import (
    Attendee,
    Contribution,
    ContributionState,
    Meeting,
    MeetingStatus,
    Need,
    Participation,
)
from orchestrator.domain.timelines.actions import ActionState, CancelCode, StoredAction
from orchestrator.domain.timelines.asking import asked_delegations, oversees, owed
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.objections import no_longer_called_for, objection
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.planning import plan
from orchestrator.domain.timelines.reconciling import reconcile
from orchestrator.domain.timelines.steps import Step
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.services.timelines.planner import Planner
from tests.saying import said
from tests.unit.real import (
    CALENDARS,
    DIRECTORY,
    EVERYBODY,
    SHIPPED,
    local,
    meeting_of,
    people_of,
    person,
    planned,
    utc,
)

FRIDAY = datetime(2026, 12, 11, 14)
"""The SOM of most tests, in Ha Noi."""
HEAD, POINT, ASEC = Role.SENIOR_OFFICIAL, Role.FOCAL_POINT, Role.SECRETARIAT
ACCEPTED, DECLINED = Participation.ACCEPTED, Participation.DECLINED
LIST = "chase:delegation-list"

VN_HEAD, VN_POINT = person("VN", HEAD, 1), person("VN", POINT, 2)
LA_HEAD, LA_POINT = person("LA", HEAD, 3), person("LA", POINT, 4)
SECRETARY = person("ASEC", ASEC, 5)
SMALL = (VN_HEAD, VN_POINT, LA_HEAD, LA_POINT, SECRETARY)


def small(*people: Attendee, **fields: Any) -> Meeting:
    return meeting_of(FRIDAY, attendees=people or SMALL, **fields)


def came(*needs: tuple[str, Need], state: ContributionState = ContributionState.IN) -> dict[str, Any]:
    found = (Contribution(code, need, state, "somebody", utc(2026, 11, 1)) for code, need in needs)
    return {"contributions": tuple(found)}


def told(meeting: Meeting, prefix: str, timeline: Timeline | None = None) -> dict[str, set[int]]:
    """Who gets the steps that begin so, by step; 0 is the coordinator."""
    found: dict[str, set[int]] = {}
    for item in planned(meeting, timeline).values():
        if item.step.startswith(prefix) and not said(item.left_out):
            found.setdefault(item.step, set()).add(item.attendee_id or 0)
    return found


def timeline_of(*steps: dict[str, Any]) -> Timeline:
    return Timeline.of({"name": "own", "title": "Own", "steps": list(steps)})


def chase(**fields: Any) -> dict[str, Any]:
    return {"do": "chase", "id": "x", "when": "list missing", "at": ["-10WD", "-7WD", "-5WD"]} | fields


# Rungs.


def test_each_rung_is_counted_in_the_recipient_s_own_working_days() -> None:
    found = planned(small())
    dates = {
        code: [local(found[f"{LIST}/{rung}:attendee-{number}"].due, code) for rung in (1, 2, 3)]
        for code, number in (("VN", VN_POINT.id), ("LA", LA_POINT.id))
    }
    assert dates == {
        # Viet Nam's Culture Day is on 24 November.
        "VN": ["2026-11-19 09:00", "2026-11-27 09:00", "2026-12-02 09:00"],
        # The National Day of Lao PDR is on 2 December.
        "LA": ["2026-11-19 09:00", "2026-11-26 09:00", "2026-12-01 09:00"],
    }
    assert all(said(found[f"{LIST}/{rung}:attendee-2"].note) == "" for rung in (1, 2, 3))


def test_the_third_rung_adds_the_heads_of_those_who_lack_something_and_the_secretariat() -> None:
    assert told(small(), LIST) == {
        f"{LIST}/1": {VN_POINT.id, LA_POINT.id},
        f"{LIST}/2": {VN_POINT.id, LA_POINT.id},
        f"{LIST}/3": {VN_POINT.id, LA_POINT.id, VN_HEAD.id, LA_HEAD.id, SECRETARY.id},
    }
    assert told(small(**came(("VN", Need.LIST))), LIST) == {
        f"{LIST}/1": {LA_POINT.id},
        f"{LIST}/2": {LA_POINT.id},
        f"{LIST}/3": {LA_POINT.id, LA_HEAD.id, SECRETARY.id},
    }


def test_the_secretariat_hears_of_silence_whether_it_has_answered_itself_or_not() -> None:
    answered = replace(SECRETARY, participation=ACCEPTED)
    for secretary in (SECRETARY, answered):
        meeting = small(*SMALL[:4], secretary)
        assert secretary.id in told(meeting, "chase:answer")["chase:answer/3"]
    # It is chased for its own answer like everybody, and only for that.
    assert SECRETARY.id in told(small(), "chase:answer")["chase:answer/1"]
    assert SECRETARY.id not in told(small(*SMALL[:4], answered), "chase:answer")["chase:answer/1"]


def test_no_head_of_a_delegation_that_owes_nothing_hears_of_the_others_silence() -> None:
    leader = replace(person("KR", Role.DELEGATE, 9), seat=Seat.HEAD)
    found = told(small(*SMALL, leader), LIST)
    assert leader.id not in found[f"{LIST}/3"]
    assert leader.id in told(small(*SMALL, leader), "chase:answer")["chase:answer/3"]


def test_a_letter_can_tell_who_is_told_of_all_and_who_of_their_own() -> None:
    meeting = small()
    step = SHIPPED["som"].named(LIST)
    assert step is not None
    overseeing = {
        rung: [item.id for item in meeting.invited if oversees(meeting, step, rung, item, DIRECTORY)]
        for rung in (1, 2, 3)
    }
    assert overseeing == {1: [], 2: [], 3: [SECRETARY.id]}


def test_the_coordinator_is_told_on_the_rung_that_adds_them_at_the_host_s_hour() -> None:
    timeline = timeline_of(chase(escalate={2: "coordinator", 3: "secretariat"}))
    found = planned(small(), timeline)
    assert [key for key in found if key.endswith("coordinator")] == [
        "chase:x/2:coordinator",
        "chase:x/3:coordinator",
    ]
    for rung in (2, 3):
        wanted = found[f"chase:x/{rung}:coordinator"]
        assert (wanted.step, wanted.attendee_id) == (f"chase:x/{rung}", None)
        assert wanted.due == found[f"chase:x/{rung}:attendee-{VN_POINT.id}"].due


@pytest.mark.parametrize("kind", ["remind", "notice", "chase"])
def test_the_coordinator_may_be_among_those_a_step_is_for(kind: str) -> None:
    fields: dict[str, Any] = {
        "remind": {"at": "-P1D"},
        "notice": {"at": "-P1D", "about": "documents"},
        "chase": {"at": "-P1D", "when": "list missing"},
    }[kind]
    timeline = timeline_of({"do": kind, "to": ["focal point", "coordinator"], **fields})
    (found,) = told(small(), kind, timeline).values()
    assert found == {0, VN_POINT.id, LA_POINT.id}


def test_escalating_to_a_named_delegation_tells_it_of_all_and_to_a_group_each_of_its_own() -> None:
    timeline = timeline_of(chase(escalate={1: "delegation VN", 2: "group SOM"}))
    meeting = small(**came(("VN", Need.LIST)))
    assert told(meeting, "chase", timeline)["chase:x/1"] == {LA_POINT.id, VN_HEAD.id, VN_POINT.id}
    assert told(meeting, "chase", timeline)["chase:x/2"] == {
        LA_POINT.id,
        LA_HEAD.id,
        VN_HEAD.id,
        VN_POINT.id,
    }


def test_two_rungs_that_land_at_one_moment_are_one_mail() -> None:
    closed = Override(1, "VN", OverrideKind.CLOSED, date(2026, 12, 1), date(2026, 12, 10), "a flood")
    timeline = timeline_of(chase(at=["-P8D", "-P5D", "-P2D"]))
    found = planned(small(), timeline, Calendars(DIRECTORY, [closed]))
    outcome = {rung: found[f"chase:x/{rung}:attendee-{VN_POINT.id}"] for rung in (1, 2, 3)}
    assert {item.due for item in outcome.values()} == {utc(2026, 11, 30, 2)}
    another = "another chaser falls on the same moment"
    assert [said(outcome[rung].left_out) for rung in (1, 2, 3)] == [another, another, ""]
    assert not said(found[f"chase:x/1:attendee-{LA_POINT.id}"].left_out)


def left_out(found: dict[str, Obligation], prefix: str, attendee: Attendee) -> list[str]:
    """Why each rung of a ladder is left out for somebody; empty where it is not."""
    rungs = (found[f"{prefix}/{rung}:attendee-{attendee.id}"] for rung in (1, 2, 3))
    return [said(item.left_out) for item in rungs]


def test_nobody_is_chased_on_the_day_on_which_holidays_have_them_asked() -> None:
    """28 days and, because of Tet, 15 working days before 18 February 2027 are one day in Ha Noi."""
    found = planned(meeting_of(datetime(2027, 2, 18, 14), attendees=SMALL))
    asked = found[f"notice:delegation-list:attendee-{VN_POINT.id}"].due
    assert asked == found[f"{LIST}/1:attendee-{VN_POINT.id}"].due == utc(2027, 1, 21, 2)
    why = "the delegation list is first asked for on Thursday, 21 January 2027"
    assert left_out(found, LIST, VN_POINT) == [why, "", ""]
    assert left_out(found, LIST, LA_POINT) == ["", "", ""]


def test_a_meeting_published_late_takes_nothing_to_heads_that_was_asked_that_day() -> None:
    # In the evening of the eighth working day before, so that the list is asked for with the third rung.
    late = small(published_at=utc(2026, 12, 1, 12))
    found = planned(late)
    assert local(found[f"notice:delegation-list:attendee-{VN_POINT.id}"].due, "VN") == "2026-12-02 09:00"
    third = f"{LIST}/3:attendee-"
    assert local(found[f"{third}{VN_HEAD.id}"].due, "VN") == "2026-12-02 09:00"
    why = "the delegation list is first asked for on Wednesday, 2 December 2026"
    assert [said(found[f"{third}{item.id}"].left_out) for item in (VN_POINT, VN_HEAD, SECRETARY)] == [why] * 3
    # Answers are asked for by the invitation, which goes out that morning too; the rungs after it stay.
    answers = [said(item.left_out) for key, item in found.items() if key.startswith("chase:answer/3")]
    assert len(answers) == 5
    assert not any(answers)


def test_nobody_is_reminded_at_the_moment_of_the_invitation() -> None:
    # In the evening before the day of the first reminder; both would come at nine.
    found = planned(small(published_at=utc(2026, 12, 3, 12)))
    assert found["remind:P7D:attendee-1"].due == found["invite:attendee-1"].due == utc(2026, 12, 4, 2)
    assert said(found["remind:P7D:attendee-1"].left_out) == "the invitation goes out at that moment, or later"
    assert not said(found["remind:P1D:attendee-1"].left_out)


def test_who_is_told_of_others_does_not_change_when_only_they_are_planned_for() -> None:
    late = small(published_at=utc(2026, 12, 1, 12))
    whole = [item for item in plan(late, SHIPPED["som"], CALENDARS) if item.attendee_id == SECRETARY.id]
    assert [
        item
        for item in plan(late, SHIPPED["som"], CALENDARS, [SECRETARY.id])
        if item.attendee_id == SECRETARY.id
    ] == whole


def test_the_coordinator_hears_of_no_silence_on_the_day_of_the_question() -> None:
    timeline = timeline_of(
        {
            "do": "notice",
            "id": "list",
            "about": "delegation-list",
            "ask": "delegation list",
            "to": "focal point",
            "at": "-10WD",
        },
        chase(at=["-10WD", "-9WD"], escalate={1: ["coordinator"]}),
    )
    found = planned(small(VN_HEAD, VN_POINT), timeline)
    why = "the delegation list is first asked for on Friday, 27 November 2026"
    assert [said(found[f"chase:x/{rung}:coordinator"].left_out) for rung in (1, 2)] == [why, ""]


# Who speaks for a delegation.


def test_where_there_is_no_focal_point_the_head_is_asked_and_chased_else_whoever_comes() -> None:
    member = person("MM", Role.DELEGATE, 9)
    meeting = small(VN_HEAD, member, SECRETARY)
    assert told(meeting, LIST)[f"{LIST}/1"] == {VN_HEAD.id, member.id}
    assert told(meeting, "notice:delegation-list") == {"notice:delegation-list": {VN_HEAD.id, member.id}}
    assert told(meeting, "notice:papers") == {"notice:papers": {VN_HEAD.id, member.id, SECRETARY.id}}
    assert told(meeting, "connection-test") == {"connection-test": {VN_HEAD.id, member.id}}
    assert {slot.delegation for slot in meeting.connection_tests} == {"VN", "MM"}


def test_only_delegations_that_should_have_a_focal_point_owe_what_those_are_asked_for() -> None:
    partner, step = person("AU", Role.OBSERVER, 9), SHIPPED["som"].named(LIST)
    assert step is not None
    meeting = small(*SMALL, partner)
    assert asked_delegations(meeting, step, DIRECTORY) == ["LA", "VN"]
    needs = owed(meeting, SHIPPED["som"], DIRECTORY)
    assert list(needs) == ["LA", "VN", "ASEC", "AU"]
    assert needs["VN"] == frozenset(Need)
    assert (needs["ASEC"], needs["AU"]) == ({Need.ANSWER, Need.PAPER}, {Need.ANSWER})


def test_a_chaser_for_members_leaves_partners_alone() -> None:
    partner = person("AU", Role.OBSERVER, 9)
    timeline = timeline_of(chase(when="no answer", to="members"))
    assert told(small(*SMALL, partner), "chase", timeline)["chase:x/1"] == {1, 2, 3, 4}


# What ends it.


def test_a_delegation_that_stays_away_is_chased_for_nothing() -> None:
    away = [replace(item, participation=DECLINED) for item in (LA_HEAD, LA_POINT)]
    meeting = small(VN_HEAD, VN_POINT, *away, SECRETARY)
    for item in plan(meeting, SHIPPED["som"], CALENDARS):
        assert item.attendee_id not in {LA_HEAD.id, LA_POINT.id}, item


def test_a_delegation_whose_head_declined_is_still_asked_who_comes() -> None:
    meeting = small(VN_HEAD, VN_POINT, replace(LA_HEAD, participation=DECLINED), LA_POINT)
    assert LA_POINT.id in told(meeting, LIST)[f"{LIST}/1"]
    assert LA_POINT.id not in told(meeting, "chase:answer")["chase:answer/1"]


@pytest.mark.parametrize(
    ("state", "chased"),
    [
        (ContributionState.IN, False),
        (ContributionState.WAIVED, False),
        (ContributionState.FAILED, True),
    ],
)
def test_what_is_in_or_waived_is_not_chased_and_a_test_that_failed_is(
    state: ContributionState, chased: bool
) -> None:
    meeting = small(**came(("VN", Need.TEST), state=state))
    step = "chase:connectivity-test/1"
    assert (VN_POINT.id in told(meeting, step)[step]) is chased
    assert (VN_POINT.id in told(meeting, "connection-test")["connection-test"]) is chased


def stored(wanted: Iterable[Obligation], state: ActionState = ActionState.SCHEDULED) -> list[StoredAction]:
    return [
        StoredAction(
            number,
            item.key,
            item.key,
            item.kind,
            item.attendee_id,
            item.revision,
            state,
            item.due,
            item.expires,
            note=item.note,
        )
        for number, item in enumerate(wanted, 1)
        if not said(item.left_out)
    ]


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
    assert said(found.left_out) == "no slot for a test is free on that day"


# Bounds, and steps that count from others.


def test_what_would_be_too_early_is_put_off_to_the_first_day_that_is_allowed_and_says_so() -> None:
    # The sixth of December is a Sunday; ten working days before the SOM is 27 November in Viet Nam.
    timeline = timeline_of({"do": "remind", "at": "-10WD at 10:00 local", "not_before": "-P5D"})
    found = planned(small(VN_HEAD), timeline)["remind:attendee-1"]
    assert local(found.due, "VN") == "2026-12-07 10:00"
    assert said(found.note) == (
        "it is not to go out earlier, so it goes out on Monday, 7 December 2026, 10:00 Ha Noi (UTC+07:00)"
    )
    inside = timeline_of({"do": "remind", "at": "-P3D", "not_before": "-P5D", "not_after": "-P2D"})
    assert said(planned(small(VN_HEAD), inside)["remind:attendee-1"].note) == ""


def test_what_would_be_too_late_is_left_out_and_says_so() -> None:
    late = {"do": "remind", "at": "+P21D", "from": "invite"}
    invite = {"do": "invite", "at": "-P28D"}
    found = planned(small(VN_HEAD), timeline_of(invite, late | {"not_after": "-P7D"}))["remind:attendee-1"]
    assert (local(found.due, "VN"), said(found.left_out)) == ("2026-12-04 09:00", "")
    # Brunei's office hours of that Friday are none, so it would come on Saturday.
    brunei = person("BN", HEAD, 9)
    found = planned(small(brunei), timeline_of(invite, late | {"not_after": "-P8D"}))["remind:attendee-9"]
    assert local(found.due, "BN") == "2026-12-03 09:00"
    found = planned(small(VN_HEAD), timeline_of(invite, late | {"not_after": "-P8D"}))["remind:attendee-1"]
    assert said(found.left_out) == "it would come later than the timeline allows"


def test_a_bound_in_hours_is_exact_and_what_counts_days_still_waits_for_working_hours() -> None:
    found = planned(small(VN_HEAD), timeline_of({"do": "remind", "at": "-P4D", "not_before": "-PT50H"}))
    # Fifty hours before is Wednesday at noon, when offices in Ha Noi close until half past one.
    assert local(found["remind:attendee-1"].due, "VN") == "2026-12-09 12:00"
    found = planned(small(VN_HEAD), timeline_of({"do": "remind", "at": "-P4D", "not_before": "-PT49H"}))
    assert local(found["remind:attendee-1"].due, "VN") == "2026-12-09 13:30"
    found = planned(small(VN_HEAD), timeline_of({"do": "remind", "at": "-PT96H", "not_before": "-PT49H"}))
    assert local(found["remind:attendee-1"].due, "VN") == "2026-12-09 13:00"
    found = planned(small(VN_HEAD), timeline_of({"do": "remind", "at": "-PT3H", "not_after": "-PT4H"}))
    assert said(found["remind:attendee-1"].left_out) == "it would come later than the timeline allows"


def test_a_reminder_at_the_very_start_is_left_out_and_a_minute_earlier_it_is_not() -> None:
    at_start = planned(small(VN_HEAD), timeline_of({"do": "remind", "at": "-P0D at 14:00 local"}))
    (found,) = [item for item in at_start.values() if item.kind == "remind"]
    assert (found.due, said(found.left_out)) == (small(VN_HEAD).starts_at, "it would come after the start")
    before = planned(small(VN_HEAD), timeline_of({"do": "remind", "at": "-P0D at 13:59 local"}))
    assert [said(item.left_out) for item in before.values() if item.kind == "remind"] == [""]


def test_a_step_counts_from_another_step_of_the_same_person() -> None:
    timeline = timeline_of(
        {"do": "notice", "id": "call", "about": "papers", "to": "members", "at": "-P14D"},
        chase(**{"from": "notice:call", "at": ["+3WD", "+5WD"]}),
    )
    found = planned(small(), timeline)
    assert local(found["notice:call:attendee-2"].due, "VN") == "2026-11-27 09:00"
    assert local(found["chase:x/1:attendee-2"].due, "VN") == "2026-12-02 09:00"
    # Two December is a holiday in Lao PDR.
    assert local(found["chase:x/1:attendee-4"].due, "LA") == "2026-12-03 09:00"
    late = timeline_of(
        {"do": "notice", "id": "call", "about": "papers", "to": "members", "at": "-P2D"},
        chase(**{"from": "notice:call", "at": ["+3WD"]}),
    )
    assert said(planned(small(), late)["chase:x/1:attendee-2"].left_out) == "it would come after the start"


def test_what_counts_from_the_invitation_counts_from_when_somebody_was_really_invited() -> None:
    timeline = timeline_of({"do": "invite", "at": "-P28D"}, {"do": "remind", "from": "invite", "at": "+2WD"})
    late = small(
        VN_HEAD, replace(VN_POINT, joined_at=utc(2026, 12, 3, 8)), published_at=utc(2026, 11, 27, 15)
    )
    found = planned(late, timeline)
    assert local(found["invite:attendee-1"].due, "VN") == "2026-11-30 09:00"
    assert local(found["remind:attendee-1"].due, "VN") == "2026-12-02 09:00"
    assert local(found["remind:attendee-2"].due, "VN") == "2026-12-07 09:00"


def test_what_counts_from_a_step_after_the_meeting_is_after_it_too() -> None:
    thanks = {"do": "notice", "id": "thanks", "about": "thank-you", "to": "members", "at": "+1WD"}
    timeline = timeline_of(
        thanks,
        thanks | {"id": "again", "from": "notice:thanks", "at": "+2WD"},
        thanks | {"id": "earlier", "from": "notice:thanks", "at": "-PT1H"},
    )
    running = small()
    concluded = replace(running, status=MeetingStatus.CONCLUDED)
    for meeting in (running, concluded):
        found = planned(meeting, timeline)["notice:again:attendee-1"]
        assert (local(found.due, "VN"), said(found.left_out)) == ("2026-12-16 09:00", "")
        assert found.due is not None
        assert found.expires == found.due + timedelta(days=7)
        earlier = planned(meeting, timeline)["notice:earlier:attendee-1"]
        assert (local(earlier.due, "VN"), said(earlier.left_out)) == ("2026-12-14 08:00", "")
        assert earlier.expires == utc(2026, 12, 21, 1)


# Reminders.


def test_two_reminders_that_land_at_one_moment_are_one_mail_and_the_plan_says_so() -> None:
    closed = Override(1, "VN", OverrideKind.CLOSED, date(2026, 12, 2), date(2026, 12, 10), "a flood")
    found = planned(small(), calendars=Calendars(DIRECTORY, [closed]))
    first, second = found["remind:P7D:attendee-1"], found["remind:P1D:attendee-1"]
    assert first.due == second.due == utc(2026, 12, 1, 2)
    assert (said(first.left_out), said(second.left_out)) == ("another reminder falls on the same moment", "")
    assert "declared day off (a flood)" in said(second.note)
    assert not said(found["remind:P7D:attendee-3"].left_out)


def test_what_the_plan_leaves_out_once_it_was_planned_is_cancelled_with_that_reason() -> None:
    meeting = small()
    rows = stored(item for item in planned(meeting).values() if item.key == "remind:P7D:attendee-1")
    closed = Override(1, "VN", OverrideKind.CLOSED, date(2026, 12, 2), date(2026, 12, 10), "a flood")
    wanted = plan(meeting, SHIPPED["som"], Calendars(DIRECTORY, [closed]))
    (gone,) = reconcile(meeting, wanted, rows, utc(2026, 11, 20)).cancels
    assert (gone.code, said(gone.reason)) == (
        CancelCode.NOT_NEEDED,
        "another reminder falls on the same moment",
    )


@pytest.mark.parametrize(
    ("code", "start", "utc_hours"),
    [
        # Clocks went forward on 4 October, on 27 September, and back on 1 November.
        ("AU", datetime(2026, 10, 7, 14), (23, 22)),
        ("NZ", datetime(2026, 10, 1, 14), (21, 20)),
        ("CA", datetime(2026, 11, 4, 14), (13, 14)),
    ],
)
def test_the_local_hour_stays_nine_over_a_change_of_clocks(
    code: str, start: datetime, utc_hours: tuple[int, int]
) -> None:
    guest = people_of(code)
    found = planned(meeting_of(start, attendees=guest))
    dues = [found[f"remind:{name}:attendee-1"].due for name in ("P7D", "P1D")]
    assert [local(item, code)[-5:] for item in dues] == ["09:00", "09:00"]
    assert tuple(item.hour for item in dues if item) == utc_hours


def test_where_offices_are_closed_for_months_it_goes_out_all_the_same_and_says_so() -> None:
    closed = Override(1, "VN", OverrideKind.CLOSED, date(2026, 1, 1), date(2027, 12, 31), "dissolved")
    found = planned(small(VN_HEAD), calendars=Calendars(DIRECTORY, [closed]))
    due = found["remind:P7D:attendee-1"]
    assert local(due.due, "VN") == "2026-12-04 09:00"
    assert "Viet Nam has no working day within 120 days of" in said(due.note)
    late = small(VN_HEAD, published_at=utc(2026, 12, 1))
    assert planned(late, calendars=Calendars(DIRECTORY, [closed]))["invite:attendee-1"].due is None


# Invitations: announced, confirmed, late.


def test_a_date_is_announced_then_confirmed_by_itself_then_invited_to() -> None:
    now = utc(2026, 10, 1, 2)
    draft = replace(
        meeting_of(FRIDAY, attendees=SMALL), status=MeetingStatus.DRAFT, uid=None, published_at=None
    )
    announced = lifecycle.publish(draft, "uid", now, organizer="m@example.org", save_the_date=True)
    found = planned(announced)
    assert {item.step for item in found.values()} == {"invite:save-the-date", "confirm"}
    assert local(found["invite:save-the-date:attendee-1"].due, "VN") == "2026-10-27 09:00"
    assert local(found["confirm"].due, "VN") == "2026-11-03 09:00"
    assert found["confirm"].attendee_id is None
    confirmed = lifecycle.confirm(announced, utc(2026, 11, 3, 2))
    found = planned(confirmed)
    assert "invite:save-the-date:attendee-1" not in found
    assert "confirm" not in found
    assert local(found["invite:attendee-1"].due, "VN") == "2026-11-13 09:00"
    assert {"remind:P7D:attendee-1", f"{LIST}/1:attendee-2"} <= found.keys()


@pytest.mark.parametrize("timeline", ["som", "som-plus-three", "workshop", "heads"])
@pytest.mark.parametrize(
    "start", [datetime(2027, 1, 28, 9), datetime(2027, 5, 20, 14), datetime(2027, 9, 9, 9)]
)
def test_the_date_is_confirmed_before_the_first_mail_that_follows_whatever_the_holidays(
    timeline: str, start: datetime
) -> None:
    # Around New Year and Labour Day, 28 days or 20 working days before lie more than 29 days back.
    confirmed = meeting_of(start, timeline=timeline)
    found = planned(confirmed).values()
    first = min(item.due for item in found if item.due and not item.step.startswith("invite:save-the-date"))
    assert planned(replace(confirmed, tentative=True))["confirm"].due < first


def test_an_invitation_that_is_overdue_waits_for_the_recipient_s_next_working_hours() -> None:
    # Saturday evening in Ha Noi, and Saturday morning in Ottawa.
    late = small(VN_HEAD, person("CA", Role.OBSERVER, 9), published_at=utc(2026, 11, 28, 13))
    found = planned(late)
    assert local(found["invite:attendee-1"].due, "VN") == "2026-11-30 09:00"
    assert local(found["invite:attendee-9"].due, "CA") == "2026-11-30 09:00"
    assert "goes out in the next working hours" in said(found["invite:attendee-1"].note)
    # In working hours it is at once; and where none are left before the start, at once as well.
    at_ten = small(VN_HEAD, published_at=utc(2026, 11, 30, 3))
    assert planned(at_ten)["invite:attendee-1"].due == at_ten.published_at
    last_minute = small(VN_HEAD, published_at=utc(2026, 12, 11, 6, 45))
    assert planned(last_minute)["invite:attendee-1"].due == last_minute.published_at
    at_night = replace(
        meeting_of(datetime(2026, 12, 11, 6), attendees=[VN_HEAD]), published_at=utc(2026, 12, 10, 20)
    )
    assert planned(at_night)["invite:attendee-1"].due is None


def test_who_joined_while_the_date_was_announced_waits_like_everybody_when_it_is_confirmed_late() -> None:
    early = replace(VN_HEAD, joined_at=utc(2026, 10, 1))
    confirmed = small(early, VN_POINT, published_at=utc(2026, 11, 28, 13))
    found = planned(confirmed)
    assert found["invite:attendee-1"].due == found["invite:attendee-2"].due == utc(2026, 11, 30, 2)


def test_what_is_asked_for_is_asked_late_and_what_only_informs_is_let_go() -> None:
    late = small(published_at=utc(2026, 11, 28, 13))
    found = planned(late)
    assert local(found["notice:delegation-list:attendee-2"].due, "VN") == "2026-11-30 09:00"
    assert local(found["notice:agenda-comments:attendee-2"].due, "VN") == "2026-11-19 09:00"
    passed = {
        item.obligation.key for item in reconcile(late, [*found.values()], [], utc(2026, 11, 28, 13)).skips
    }
    assert "notice:delegation-list:attendee-2" not in passed
    assert {"notice:agenda-comments:attendee-2", f"{LIST}/2:attendee-2"} <= passed


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
