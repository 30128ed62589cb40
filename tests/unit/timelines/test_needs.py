"""What is missing from a delegation: its answer, and what it owes."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.meeting import (
    Attendee,
    Contribution,
    ContributionState,
    Meeting,
    Need,
    Participation,
)
from orchestrator.domain.meetings.needs import CONDITIONS, NEEDS, RECORDED
from orchestrator.domain.timelines.needs import (
    has_answered,
    is_missing,
    missing,
    missing_from,
    stays_away,
)
from tests.unit.real import meeting_of, person, utc

HEAD, POINT = person("VN", Role.SENIOR_OFFICIAL, 1), person("VN", Role.FOCAL_POINT, 2)
DELEGATE = person("VN", Role.DELEGATE, 3)
ALL = frozenset(Need)
NA, YES, NO = Participation.NEEDS_ACTION, Participation.ACCEPTED, Participation.DECLINED


def meeting(*people: Attendee, **came: ContributionState) -> Meeting:
    found = tuple(
        Contribution("VN", Need[name.upper()], state, "somebody", utc(2026, 11, 1))
        for name, state in came.items()
    )
    return replace(meeting_of(datetime(2026, 12, 11, 14), attendees=people), contributions=found)


def answering(*answers: Participation) -> list[Attendee]:
    """Head, focal point and delegate with these answers."""
    return [
        replace(item, participation=said)
        for item, said in zip((HEAD, POINT, DELEGATE), answers, strict=False)
    ]


def test_every_condition_is_about_a_need_and_every_need_has_one() -> None:
    assert [*CONDITIONS.values()] == [*NEEDS] == [*Need]


def test_what_commands_record_is_every_need_that_people_do_not_give_by_answering() -> None:
    assert RECORDED == {"list": Need.LIST, "paper": Need.PAPER, "test": Need.TEST}


@pytest.mark.parametrize(
    ("answers", "answered"),
    [
        ((NA, YES, YES), False),
        ((YES, NA, NA), True),
        ((NO, NA, NA), True),
        ((Participation.TENTATIVE, NA, NA), True),
        ((Participation.DELEGATED, NA, NA), True),
    ],
)
def test_a_delegation_has_answered_when_its_head_has(
    answers: tuple[Participation, ...], answered: bool
) -> None:
    found = meeting(*answering(*answers))
    assert has_answered(found, "VN") is answered
    assert is_missing(found, "VN", Need.ANSWER) is not answered


def test_where_nobody_leads_anybody_s_answer_counts() -> None:
    silent, spoken = DELEGATE, replace(POINT, participation=YES)
    assert not has_answered(meeting(silent, POINT), "VN")
    assert has_answered(meeting(silent, spoken), "VN")


@pytest.mark.parametrize(
    ("answers", "away"), [((NO, NO, NO), True), ((NO, NO, NA), False), ((NO, YES, NO), False)]
)
def test_a_delegation_stays_away_when_all_have_declined(
    answers: tuple[Participation, ...], away: bool
) -> None:
    found = meeting(*answering(*answers))
    assert stays_away(found, "VN") is away
    assert is_missing(found, "VN", Need.LIST) is not away


def test_a_delegation_of_which_nobody_is_invited_is_not_away() -> None:
    assert not stays_away(meeting(HEAD), "MM")


@pytest.mark.parametrize(
    ("state", "lacking"),
    [(ContributionState.IN, False), (ContributionState.WAIVED, False), (ContributionState.FAILED, True)],
)
def test_what_came_is_not_missing_but_what_failed_is(state: ContributionState, lacking: bool) -> None:
    assert is_missing(meeting(HEAD, test=state), "VN", Need.TEST) is lacking
    assert is_missing(meeting(HEAD, test=state), "VN", Need.PAPER)


def test_what_is_missing_is_told_in_the_order_in_which_it_is_wanted() -> None:
    found = meeting(HEAD, list=ContributionState.IN)
    assert missing(found, "VN", ALL) == (Need.ANSWER, Need.PAPER, Need.TEST)
    assert missing(found, "VN", {Need.PAPER}) == (Need.PAPER,)


def test_head_and_focal_point_are_asked_for_the_delegation_the_others_for_themselves() -> None:
    silent = meeting(HEAD, POINT, DELEGATE)
    assert missing_from(silent, HEAD, ALL) == missing_from(silent, POINT, ALL) == tuple(Need)
    assert missing_from(silent, DELEGATE, ALL) == (Need.ANSWER,)
    answered = meeting(*answering(YES, YES, YES))
    assert missing_from(answered, answered.attendees[1], ALL) == (Need.LIST, Need.PAPER, Need.TEST)
    assert missing_from(answered, answered.attendees[2], ALL) == ()


def test_a_focal_point_who_has_answered_still_asks_the_head_and_the_other_way_round() -> None:
    head_silent = meeting(*answering(NA, YES))
    assert missing_from(head_silent, head_silent.attendees[1], {Need.ANSWER}) == (Need.ANSWER,)
    point_silent = meeting(*answering(YES, NA))
    assert missing_from(point_silent, point_silent.attendees[1], {Need.ANSWER}) == (Need.ANSWER,)
    assert missing_from(point_silent, point_silent.attendees[0], {Need.ANSWER}) == ()
