"""Date polls: who says what, which option would win and why, and who is asked.

This file is longer than others, because a poll's votes, its verdict and its questions share their ballots.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.dates.date_poll import (
    Ballot,
    DatePoll,
    DatePollState,
    Option,
    OptionTally,
    Vote,
    closing_problem,
    leading_option,
    ranked,
    start_problems,
    tallies,
)
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.lifecycle import Change, publish, revise
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, OpenDatePoll, Participation
from orchestrator.domain.timelines.actions import ActionState, StoredAction
from orchestrator.domain.timelines.events import asked_for_a_date, date_poll
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.objections import objection
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.reconciling import Insert, reconcile
from orchestrator.errors import Conflict, InvalidInput
from tests.saying import said
from tests.unit.real import CALENDARS

NOW = datetime(2026, 11, 2, 3, tzinfo=UTC)
"""A Monday, at an hour at which offices are open from Nay Pyi Taw to Dili."""
CLOSES = datetime(2026, 11, 10, 10, tzinfo=UTC)
YES, IF_NEEDED, NO = Vote.YES, Vote.IF_NEEDED, Vote.NO
# In protocol order; the ballots of the tests are not.
DELEGATIONS = ("BN", "MM", "VN")
votes = st.sampled_from([YES, IF_NEEDED, NO])


def option(number: int) -> Option:
    """Options follow each other by a day, at 14:00 in Ha Noi."""
    wall = datetime(2026, 12, number, 14)  # noqa: DTZ001 - a wall time.
    return Option(number, wall, datetime(2026, 12, number, 7, tzinfo=UTC))


def poll(options: int = 2, **ballots: str) -> DatePoll:
    """An open poll; a ballot such as ``VN="y?n"`` says yes, if needed and no, in the order of the options."""
    meant = {"y": YES, "?": IF_NEEDED, "n": NO}
    return DatePoll(
        id=1,
        state=DatePollState.OPEN,
        opened_at=NOW,
        closes_at=CLOSES,
        by="console",
        asked=1,
        asked_at=NOW,
        chosen=None,
        options=tuple(option(number) for number in range(1, options + 1)),
        ballots=tuple(
            Ballot(code, {number: meant[letter] for number, letter in enumerate(said, 1)}, "Lan", NOW)
            for code, said in ballots.items()
        ),
    )


def counted(found: DatePoll, now: datetime = NOW, **costs: int) -> tuple[OptionTally, ...]:
    return tallies(found, DELEGATIONS, {int(name[1:]): cost for name, cost in costs.items()}, now)


def test_an_option_that_has_gone_by_cannot_win_any_more() -> None:
    found = poll(3, VN="yy?")
    second_begins = found.option(2).starts_at
    assert leading_option(counted(found)).option == 1
    assert leading_option(counted(found, second_begins)).option == 3
    assert [item.option.number for item in ranked(counted(found, second_begins))] == [3, 1, 2]
    over = leading_option(counted(found, found.option(3).starts_at))
    assert (over.option, said(over.reason)) == (
        None,
        "Every date has gone by; withdraw the poll, and open another.",
    )
    # What was chosen stays the winner that it was.
    closed = replace(found, state=DatePollState.CLOSED, chosen=1)
    assert leading_option(counted(closed, second_begins)).option == 1


def order(found: DatePoll, **costs: int) -> list[int]:
    return [item.option.number for item in ranked(counted(found, **costs))]


# What the votes come to


def test_votes_are_told_in_protocol_order_and_silence_is_silence() -> None:
    first, second = counted(poll(VN="yn", BN="?y"))
    assert first.votes == (("BN", IF_NEEDED), ("MM", None), ("VN", YES))
    assert second.votes == (("BN", YES), ("MM", None), ("VN", NO))
    assert [first.count(said) for said in (YES, IF_NEEDED, NO, None)] == [1, 1, 0, 1]


def test_a_delegation_that_is_not_invited_any_more_does_not_count() -> None:
    assert all("SG" not in dict(item.votes) for item in counted(poll(SG="nn")))


def test_no_no_comes_first_then_the_fewest_if_needed_then_the_cost_then_the_earlier() -> None:
    assert order(poll(VN="ny", MM="y?", BN="y?")) == [2, 1]
    assert order(poll(VN="?y", MM="y?", BN="y?")) == [1, 2]
    assert order(poll(VN="?y", MM="y?", BN="yy"), o1=30, o2=20) == [2, 1]
    assert order(poll(VN="yy"), o1=20, o2=20) == [1, 2]


def test_with_a_no_everywhere_the_fewest_win() -> None:
    found = poll(3, VN="nny", MM="nyn", BN="nyy")
    assert order(found, o1=0, o2=10, o3=20) == [2, 3, 1]
    assert said(leading_option(counted(found, o2=10, o3=20)).reason) == (
        "One delegation says no, the fewest of all options; "
        "of the options with as many votes it is the one that costs the delegations least."
    )


def test_before_anybody_has_answered_nothing_would_win() -> None:
    found = leading_option(counted(poll()))
    assert (found.option, found.silent) == (None, DELEGATIONS)
    assert said(found.reason) == "No delegation has answered yet."


@pytest.mark.parametrize(
    ("ballots", "reason"),
    [
        ({"BN": "yn", "MM": "yn", "VN": "yn"}, "Nobody says no."),
        ({"BN": "?n", "MM": "yn", "VN": "yn"}, "Nobody says no, one delegation says only if needed."),
        ({"BN": "?n", "MM": "?n", "VN": "yn"}, "Nobody says no, 2 delegations say only if needed."),
        (
            {"BN": "yn", "MM": "yn"},
            "Nobody says no. One delegation has not answered, which is not counted as a yes.",
        ),
        ({"BN": "yn"}, "Nobody says no. 2 delegations have not answered, which is not counted as a yes."),
        (
            {"BN": "yy", "MM": "yy", "VN": "yy"},
            "Nobody says no; of the options with as many votes and at the same cost it is the earliest.",
        ),
    ],
)
def test_the_reason_is_said_in_words(ballots: dict[str, str], reason: str) -> None:
    found = leading_option(counted(poll(**ballots)))
    assert (found.option, said(found.reason)) == (1, reason)


@given(st.lists(st.lists(votes, min_size=3, max_size=3), min_size=1, max_size=6), st.integers(0, 5))
def test_silence_never_changes_the_order(ballots: list[list[Vote]], silent: int) -> None:
    found = replace(
        poll(3),
        ballots=tuple(Ballot(f"D{n}", dict(enumerate(said, 1)), "x", NOW) for n, said in enumerate(ballots)),
    )
    codes = [f"D{n}" for n in range(len(ballots))]
    alone = ranked(tallies(found, codes, {}, NOW))
    among = ranked(tallies(found, [*codes, *(f"S{n}" for n in range(silent))], {}, NOW))
    assert [item.option.number for item in alone] == [item.option.number for item in among]
    assert leading_option(among).option == alone[0].option.number
    assert len(leading_option(among).silent) == silent


@given(
    st.lists(st.lists(votes, min_size=3, max_size=3), min_size=1, max_size=6),
    st.lists(st.integers(0, 50), min_size=3, max_size=3),
    st.integers(0, 5),
    st.integers(1, 3),
)
def test_a_better_word_never_makes_an_option_worse(
    ballots: list[list[Vote]], costs: list[int], who: int, what: int
) -> None:
    codes = [f"D{n}" for n in range(len(ballots))]
    cost = dict(enumerate(costs, 1))

    def place(said: list[list[Vote]]) -> int:
        found = replace(
            poll(3),
            ballots=tuple(
                Ballot(code, dict(enumerate(row, 1)), "x", NOW) for code, row in zip(codes, said, strict=True)
            ),
        )
        return [item.option.number for item in ranked(tallies(found, codes, cost, NOW))].index(what)

    before = place(ballots)
    better = [list(row) for row in ballots]
    row = better[who % len(better)]
    row[what - 1] = {NO: IF_NEEDED, IF_NEEDED: YES, YES: YES}[row[what - 1]]
    assert place(better) <= before


# What can be said and proposed


def test_a_delegation_says_something_of_each_option() -> None:
    with pytest.raises(InvalidInput) as caught:
        poll(3).checked({1: YES, 7: NO})
    assert [(item.field, item.message) for item in caught.value.problems] == [
        ("votes[7]", "is not an option of this date poll"),
        ("votes[2]", "nothing is said of this date"),
        ("votes[3]", "nothing is said of this date"),
    ]
    assert poll().checked({1: YES, 2: NO}) == {1: YES, 2: NO}


def test_an_option_is_found_by_its_number() -> None:
    assert poll().option(2) == option(2)
    with pytest.raises(InvalidInput, match=r"option: is not an option.*Name one from 1 to 2"):
        poll().option(3)


def test_votes_are_taken_until_the_poll_closes_or_ends() -> None:
    assert poll().takes_votes(CLOSES - timedelta(seconds=1))
    assert not poll().takes_votes(CLOSES)
    for state in (DatePollState.CLOSED, DatePollState.WITHDRAWN):
        assert not replace(poll(), state=state).takes_votes(NOW)


@pytest.mark.parametrize("count", [0, 1, 11])
def test_two_to_ten_starts_are_proposed(count: int) -> None:
    problems = start_problems([option(number) for number in range(1, count + 1)], NOW, CLOSES)
    assert [(item.field, item.value, item.remedy) for item in problems] == [
        ("starts", str(count), "Give 2 to 10.")
    ]


def test_starts_differ_and_come_after_the_closing() -> None:
    early = replace(option(1), starts_at=CLOSES)
    past = replace(option(1), starts_at=NOW)
    problems = start_problems([option(1), option(2), option(1), early, past], NOW, CLOSES)
    assert [(item.field, item.message) for item in problems] == [
        ("starts[2]", "is there twice"),
        ("starts[3]", "comes before the poll closes"),
        ("starts[4]", "is not in the future"),
    ]
    assert start_problems([option(1), option(2)], NOW, CLOSES) == []


def test_a_poll_closes_in_the_future_and_before_the_first_start() -> None:
    starts = [option(2), option(1)]
    assert closing_problem("x", CLOSES, NOW, starts) is None
    for wrong in (NOW, starts[1].starts_at):
        problem = closing_problem("2026-11-01 09:00", wrong, NOW, starts)
        assert problem is not None
        assert (problem.field, problem.value) == ("closes", "2026-11-01 09:00")
    # Once a start has gone by no later time is possible, so it says what is.
    later = starts[1].starts_at + timedelta(hours=1)
    problem = closing_problem("x", later + timedelta(hours=1), later, starts)
    assert problem is not None
    assert problem.remedy == "Withdraw the poll, and open one about the dates to come."


# Who is asked


def person(number: int, delegation: str, role: Role = Role.DELEGATE, **fields: object) -> Attendee:
    values = {
        "name": f"Person {number}",
        "email": f"p{number}@x.example",
        "delegation": delegation,
        "group": "SOM",
        "role": role,
        "id": number,
        **fields,
    }
    return Attendee(**values)  # type: ignore[arg-type]


def draft(*attendees: Attendee, **fields: object) -> Meeting:
    values = {
        "id": 1,
        "reference": "SOM-2026",
        "programme": None,
        "kind": "som",
        "title_en": "SOM",
        "title_vi": None,
        "host": "VN",
        "coordinator_name": "K",
        "coordinator_email": "k@vn.example",
        "wall_start": datetime(2026, 12, 3, 14),  # noqa: DTZ001 - a wall time.
        "zone": "Asia/Ho_Chi_Minh",
        "duration": timedelta(hours=2),
        "timeline": "standard",
        "conference": Conference("e-1"),
        "attendees": attendees,
        "date_poll": OpenDatePoll(7, NOW, CLOSES),
        **fields,
    }
    return Meeting(**values)  # type: ignore[arg-type]


FOCAL, SECOND, HEAD = (
    person(1, "VN", Role.FOCAL_POINT),
    person(2, "VN", Role.FOCAL_POINT),
    person(3, "VN", Role.SENIOR_OFFICIAL),
)


def test_focal_points_are_asked_else_the_head_else_whoever_comes() -> None:
    named = person(5, "MM", seat=Seat.HEAD)
    meeting = draft(HEAD, FOCAL, SECOND, person(4, "MM"), named, person(6, "SG"), person(7, "SG"))
    assert [item.id for item in asked_for_a_date(meeting)] == [1, 2, 5, 6]


def asked(meeting: Meeting) -> list[Obligation]:
    return date_poll(meeting, CALENDARS)


def test_everybody_is_asked_in_their_own_next_working_hours() -> None:
    """Opened on Friday evening in Ha Noi; Brunei works on Saturdays, and rests on Fridays."""
    opened = datetime(2026, 11, 6, 12, tzinfo=UTC)
    people = [person(number, code, Role.FOCAL_POINT) for number, code in enumerate(("VN", "BN", "MM"), 1)]
    meeting = draft(*people, date_poll=OpenDatePoll(7, opened, CLOSES))
    assert {item.attendee_id: item.due for item in asked(meeting)} == {
        1: datetime(2026, 11, 9, 2, tzinfo=UTC),
        2: datetime(2026, 11, 7, 1, tzinfo=UTC),
        3: datetime(2026, 11, 9, 3, tzinfo=UTC),
    }
    assert {said(item.note) for item in asked(meeting)} == {
        "offices are closed when it is asked, so it goes out in the next working hours"
    }


def test_where_the_poll_closes_before_offices_open_it_is_asked_at_once() -> None:
    opened = datetime(2026, 11, 6, 12, tzinfo=UTC)
    poll = OpenDatePoll(7, opened, opened + timedelta(hours=12))
    (found,) = asked(draft(FOCAL, date_poll=poll))
    assert (found.due, said(found.note)) == (None, "")


def test_each_is_asked_once_until_the_poll_closes() -> None:
    meeting = draft(FOCAL, SECOND, HEAD, person(4, "MM", Role.FOCAL_POINT))
    found = asked(meeting)
    assert [item.key for item in found] == [f"date-poll:7:attendee-{number}" for number in (1, 2, 4)]
    assert {(item.kind, item.step, item.due, item.expires, item.revision) for item in found} == {
        (ActionKind.DATE_POLL, "date-poll", None, CLOSES, 1)
    }
    (first, *_) = reconcile(meeting, found, [], NOW).inserts
    assert first == Insert("date-poll:7:attendee-1", found[0], None)
    assert reconcile(
        meeting, found, [stored(item.key, number) for number, item in enumerate(found, 1)], NOW
    ).changes_nothing


def stored(key: str, number: int, **fields: object) -> StoredAction:
    values = {
        "id": number,
        "key": key,
        "obligation": key,
        "kind": ActionKind.DATE_POLL,
        "attendee_id": int(key.rpartition("-")[2]),
        "revision": 1,
        "state": ActionState.SUCCEEDED,
        "planned_at": None,
        "expires": CLOSES,
        **fields,
    }
    return StoredAction(**values)  # type: ignore[arg-type]


def test_who_has_voted_is_not_asked_any_more_and_another_asking_reaches_the_rest() -> None:
    meeting = draft(
        FOCAL,
        person(4, "MM", Role.FOCAL_POINT),
        date_poll=OpenDatePoll(7, NOW, CLOSES, voted=frozenset({"VN"}), asked=2),
    )
    rows = [stored("date-poll:7:attendee-1", 1), stored("date-poll:7:attendee-4", 2)]
    (again,) = reconcile(meeting, asked(meeting), rows, NOW).inserts
    assert (again.key, again.obligation.attendee_id) == ("date-poll:7:attendee-4#2", 4)


def test_a_vote_before_the_mail_has_left_cancels_it_with_its_reason() -> None:
    meeting = draft(FOCAL, date_poll=OpenDatePoll(7, NOW, CLOSES, voted=frozenset({"VN"})))
    waiting = stored("date-poll:7:attendee-1", 1, state=ActionState.SCHEDULED)
    (gone,) = reconcile(meeting, asked(meeting), [waiting], NOW).cancels
    assert said(gone.reason) == "the date poll is over, or the delegation has voted"


def test_nobody_is_asked_without_a_poll() -> None:
    assert asked(draft(FOCAL, date_poll=None)) == []


def test_nobody_is_asked_of_a_published_meeting_or_after_the_closing() -> None:
    waiting = stored("date-poll:7:attendee-1", 1, state=ActionState.RUNNING)
    published = draft(FOCAL, status=MeetingStatus.PUBLISHED, date_poll=None)
    against = objection(waiting, published, FOCAL, NOW)
    assert against is not None
    assert against.state is ActionState.CANCELLED
    late = objection(waiting, draft(FOCAL), FOCAL, CLOSES)
    assert late is not None
    assert late.state is ActionState.MISSED
    assert objection(waiting, draft(FOCAL), FOCAL, NOW) is None


def test_an_answer_to_the_draft_is_no_vote() -> None:
    declined = replace(FOCAL, participation=Participation.DECLINED)
    assert [item.attendee_id for item in asked(draft(declined))] == [1]


# A draft with an open poll


def test_a_draft_with_an_open_poll_is_not_published() -> None:
    with pytest.raises(
        Conflict, match="SOM-2026 has an open date poll; make one of its dates the time"
    ) as caught:
        publish(draft(FOCAL), "uid-1", NOW, organizer="meetings@accsm.example")
    assert caught.value.code == "open-date-poll"


def test_the_zone_stays_while_a_poll_is_open_and_other_things_may_change() -> None:
    with pytest.raises(Conflict, match="whose dates are in Asia/Ho_Chi_Minh"):
        revise(draft(FOCAL), Change(zone="Asia/Dili"), NOW)
    assert revise(draft(FOCAL), Change(zone="Asia/Ho_Chi_Minh", title_en="New"), NOW).title_en == "New"
    assert revise(draft(FOCAL, date_poll=None), Change(zone="Asia/Dili"), NOW).zone == "Asia/Dili"
