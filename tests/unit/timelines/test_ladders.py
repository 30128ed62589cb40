"""Ladders of chasers: whom each rung asks, and who is left alone."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.delegations.working_calendar import Calendars, Override, OverrideKind
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.meeting import (
    Attendee,
    ContributionState,
    Need,
)
from orchestrator.domain.timelines.asking import asked_delegations, oversees, owed
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.planning import plan
from tests.saying import said
from tests.unit.real import (
    CALENDARS,
    DIRECTORY,
    SHIPPED,
    local,
    meeting_of,
    person,
    planned,
    utc,
)
from tests.unit.timelines.rungs import (
    ACCEPTED,
    DECLINED,
    LA_HEAD,
    LA_POINT,
    LIST,
    SECRETARY,
    SMALL,
    VN_HEAD,
    VN_POINT,
    came,
    chase,
    small,
    timeline_of,
    told,
)

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
