"""How ready delegations are, who speaks for them, and rehearsal slots chosen by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.meeting import (
    Attendee,
    ConnectionTest,
    Contribution,
    ContributionState,
    Meeting,
    Need,
    Participation,
)
from orchestrator.domain.readiness.connection_tests import placed
from orchestrator.domain.readiness.readiness import (
    Cell,
    Evidence,
    Joined,
    LastAnswer,
    LinkMail,
    carrying,
    cells,
    tally,
)
from orchestrator.domain.timelines.needs import missing, spokespeople
from orchestrator.domain.timelines.planning import plan
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact, plain
from tests.saying import said
from tests.unit.plans import CALENDARS, LINK, NOW, STARTS, person, published

P, C = Participation, ContributionState
OFFICIAL, POINT, DELEGATE = Role.SENIOR_OFFICIAL, Role.FOCAL_POINT, Role.DELEGATE
ALL_OWED = frozenset(Need)
QUARTER = timedelta(minutes=15)
TRYING = Timeline.of(
    {
        "name": "trying",
        "title": "With a connectivity test",
        "steps": [
            {"do": "invite", "at": "immediately"},
            {"do": "connection-test", "at": "-P3D", "day": "-P1D", "slot": "PT15M"},
        ],
    }
)


def running(*people: Attendee, **fields: Any) -> Meeting:
    """A published meeting whose invitations carry a link."""
    return published(attendees=people, conference=LINK, revision=2, **fields)


def facts(*mails: LinkMail, now: datetime = NOW, **fields: Any) -> Evidence:
    return Evidence(now=now, given=fields.get("given", {}), mails=mails, joined=fields.get("joined", {}))


def mail(attendee_id: int, minutes: int = 0, **fields: Any) -> LinkMail:
    whole: dict[str, Any] = {
        "attendee_id": attendee_id,
        "purpose": "invitation",
        "is_request": True,
        "revision": 2,
        "at": NOW + timedelta(minutes=minutes),
        "arrived": True,
        "returned": False,
    }
    return LinkMail(**whole | fields)


def reminder(attendee_id: int, minutes: int) -> LinkMail:
    return mail(attendee_id, minutes, purpose="reminder", is_request=False, revision=1)


# Answers


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ((None, P.ACCEPTED), "missing"),
        ((P.TENTATIVE, P.ACCEPTED), "tentative"),
        ((P.DECLINED, P.ACCEPTED), "declined"),
        ((P.DELEGATED, None), "delegated"),
    ],
)
def test_the_head_answers_for_the_delegation(answers: tuple[Participation | None, ...], state: str) -> None:
    people = [
        person(n, role=role, participation=answer or P.NEEDS_ACTION)
        for n, (role, answer) in enumerate(zip((OFFICIAL, DELEGATE), answers, strict=True), 1)
    ]
    cell = cells(running(*people), "VN", ALL_OWED, facts())["answered"]
    assert (cell.state, cell.settled) == (state, state != "missing")


def test_the_best_answer_counts_where_nobody_leads() -> None:
    people = (
        person(1, role=POINT, participation=P.DECLINED),
        person(2, role=DELEGATE, participation=P.ACCEPTED),
        person(3, role=DELEGATE),
    )
    known = facts(given={1: LastAnswer(NOW, "one"), 2: LastAnswer(NOW, "two")})
    cell = cells(running(*people), "VN", ALL_OWED, known)["answered"]
    assert cell == Cell(
        "accepted",
        settled=True,
        since=NOW,
        by="two",
        details=(Fact.of("readiness.no-answer", names=["Person 3"]),),
    )


# Who speaks


@pytest.mark.parametrize(
    ("people", "speaking"),
    [
        ([(1, OFFICIAL, None), (2, POINT, None), (3, POINT, None)], [2, 3]),
        ([(1, DELEGATE, None), (2, OFFICIAL, None)], [2]),
        ([(1, DELEGATE, None), (2, DELEGATE, None)], [1]),
        ([(1, OFFICIAL, None), (2, POINT, P.DECLINED)], [1]),
        ([(1, OFFICIAL, P.DECLINED), (2, POINT, P.DECLINED)], [2]),
        ([(1, OFFICIAL, P.DECLINED), (2, DELEGATE, None)], [2]),
    ],
)
def test_focal_points_speak_then_the_head_then_whoever_comes(
    people: list[tuple[int, Role, Participation | None]], speaking: list[int]
) -> None:
    found = [person(n, role=role, participation=said or P.NEEDS_ACTION) for n, role, said in people]
    assert [item.id for item in spokespeople(running(*found, person(9, "MM")), "VN")] == speaking


def test_a_head_who_was_named_speaks_before_whoever_would_lead() -> None:
    people = (person(1, role=OFFICIAL), person(2, role=DELEGATE, seat=Seat.HEAD))
    assert [item.id for item in spokespeople(running(*people), "VN")] == [2]


# The link


def test_what_carries_the_current_link() -> None:
    old, first, early, late = mail(1, 1, revision=1), mail(1, 5), reminder(1, 4), reminder(1, 5)
    returned = mail(2, 2, arrived=False, returned=True)
    assert carrying(running(person(1)), [old, returned, early, first, late]) == [returned, first, late]
    assert carrying(running(person(1)), [old, returned, early]) == [returned]


@pytest.mark.parametrize(
    ("mails", "state", "details"),
    [
        ([], "missing", ("not yet: Person 1, Person 2",)),
        ([mail(1)], "missing", ("not yet: Person 2", "with the invitation")),
        ([mail(1), mail(2)], "in", ("with the invitation",)),
        ([mail(1), mail(2, arrived=False)], "missing", ("not yet: Person 2", "with the invitation")),
        (
            [mail(1), mail(2, arrived=False, returned=True)],
            "failed",
            ("did not arrive: Person 2", "with the invitation"),
        ),
        (
            [mail(1), mail(2, arrived=False, returned=True), reminder(2, 9)],
            "in",
            ("with the invitation and the reminder",),
        ),
        ([mail(1), mail(2, revision=1)], "missing", ("not yet: Person 2", "with the invitation")),
    ],
)
def test_the_link_is_with_a_delegation_once_all_have_it(
    mails: list[LinkMail], state: str, details: tuple[str, ...]
) -> None:
    held = running(person(1), person(2), person(3, participation=P.DECLINED))
    cell = cells(held, "VN", ALL_OWED, facts(*mails))["link"]
    assert (cell.state, cell.settled, tuple(map(said, cell.details))) == (state, state == "in", details)
    assert cell.since == (max(item.at for item in mails if item.arrived) if state == "in" else None)


# Everything together


def test_what_does_not_count_is_not_counted() -> None:
    away = running(person(1, participation=P.DECLINED), person(2, "MM"), person(3, "TL"))
    held = replace(
        away, contributions=(Contribution("TL", Need.PAPER, C.WAIVED, "console", NOW, "none this year"),)
    )
    rows = {code: cells(held, code, {Need.ANSWER, Need.PAPER}, facts(mail(2))) for code in held.delegations}
    assert tally(rows.values()) == {
        "answered": (1, 3),
        "list": (0, 0),
        "paper": (1, 2),
        "tested": (0, 0),
        "link": (1, 2),
        "joined": (0, 0),
    }
    begun = facts(now=STARTS, joined={"VN": Joined(STARTS, "api")})
    rows = {code: cells(held, code, {Need.ANSWER}, begun) for code in held.delegations}
    assert [row["joined"].state for row in rows.values()] == ["in", "missing", "missing"]
    assert rows["TL"]["paper"] == Cell(
        "waived", settled=True, since=NOW, by="console", details=(plain("none this year"),)
    )


@given(
    st.lists(st.sampled_from(P), min_size=1, max_size=4),
    st.dictionaries(st.sampled_from([Need.LIST, Need.PAPER, Need.TEST]), st.sampled_from(C)),
    st.frozensets(st.sampled_from(Need)),
)
def test_what_the_board_calls_unsettled_is_what_is_missing(
    answers: list[Participation], given_: dict[Need, ContributionState], owed: frozenset[Need]
) -> None:
    """Oracle: ``domain.needs.missing``, by which chasers go."""
    held = running(
        *(person(n, role=DELEGATE, participation=answer) for n, answer in enumerate(answers, 1)),
        contributions=tuple(Contribution("VN", need, how, "api", NOW) for need, how in given_.items()),
    )
    due = owed | {Need.ANSWER} | given_.keys()
    row = cells(held, "VN", due, facts())
    by_need = {
        Need.ANSWER: "answered",
        Need.LIST: "list",
        Need.PAPER: "paper",
        Need.TEST: "tested",
    }
    unsettled = {need for need, column in by_need.items() if row[column].settled is False}
    assert unsettled == set(missing(held, "VN", due))


# Rehearsal slots


def slot(code: str, start: datetime, **fields: Any) -> ConnectionTest:
    return ConnectionTest(code, start, start + QUARTER, **fields)


DAY_BEFORE = datetime(2026, 12, 2, 3, tzinfo=UTC)  # 10:00 in Ha Noi.


@given(st.integers(-40, 40))
def test_a_slot_is_placed_where_it_meets_no_other(minutes: int) -> None:
    held = running(
        person(1), person(2, "MM"), connection_tests=(slot("MM", DAY_BEFORE), slot("VN", DAY_BEFORE))
    )
    start = DAY_BEFORE + timedelta(minutes=minutes)
    if abs(minutes) < 15:
        with pytest.raises(InvalidInput, match="overlaps the test of MM, 10:00–10:15"):
            placed(held, "VN", start, QUARTER, CALENDARS)
    else:
        assert placed(held, "VN", start, QUARTER, CALENDARS) == slot("VN", start)


def test_a_slot_by_hand_ends_before_the_meeting_and_says_whose_offices_are_closed() -> None:
    held = running(person(1), person(2, "MM"), connection_tests=(slot("MM", DAY_BEFORE, moves=2),))
    assert placed(held, "MM", STARTS - QUARTER, QUARTER, CALENDARS).moves == 2
    with pytest.raises(InvalidInput, match="leaves no time before the meeting"):
        placed(held, "MM", STARTS - QUARTER + timedelta(minutes=1), QUARTER, CALENDARS)
    early = placed(held, "MM", datetime(2026, 12, 2, 2, 15, tzinfo=UTC), QUARTER, CALENDARS)
    assert said(early.note) == "outside the office hours of MM"  # 08:45 in Yangon, 09:15 in Ha Noi.
    night = placed(held, "MM", datetime(2026, 12, 2, 15, tzinfo=UTC), QUARTER, CALENDARS)
    assert said(night.note) == "outside the office hours of MM and VN"


def test_a_slot_that_was_moved_once_told_is_told_again_at_once() -> None:
    point = person(1, role=POINT)
    held = running(point, connection_tests=(slot("VN", DAY_BEFORE, moves=2),), time_revision=1)
    wanted = [item for item in plan(held, TRYING, CALENDARS) if item.kind == "connection-test"]
    assert [(item.key, item.due is None, item.expires) for item in wanted] == [
        ("connection-test:attendee-1", False, DAY_BEFORE),
        ("connection-test/3:attendee-1", True, DAY_BEFORE),
    ]
    assert "was moved" in said(wanted[1].note)
    tested = replace(held, contributions=(Contribution("VN", Need.TEST, C.IN, "api", NOW),))
    assert [item for item in plan(tested, TRYING, CALENDARS) if item.kind == "connection-test"] == []
