"""What is wrong with a timeline is named."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.domain.timelines.timeline import Timeline, checked
from orchestrator.errors import ConfigurationError
from tests.unit.timelines.steps import DIRECTORY, NOTICES, SHIPPED, offset, timeline


def problems(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(ConfigurationError) as caught:
        Timeline.of(data)
    return [(item.field, item.message) for item in caught.value.problems]


# What a timeline may not say.

INVITE = {"do": "invite", "at": "immediately"}
CHASE = {"do": "chase", "when": "list missing", "at": "-5WD"}
NOTICE = {"do": "notice", "about": "papers", "to": "members", "at": "-5WD"}
REHEARSE = {"do": "connection-test", "at": "-3WD", "day": "-1WD", "slot": "PT15M"}
REMIND = {"do": "remind", "at": "-P1D"}


@pytest.mark.parametrize(
    ("step", "field", "value", "message"),
    [
        (REMIND | {"at": "sometime"}, "at", "sometime", "is not an offset; write 'immediately'"),
        (REMIND | {"at": "-P1M"}, "at", "-P1M", "is not an ISO 8601 duration"),
        ({"do": "remind"}, "at", "", "is missing"),
        ({"do": "dance", "at": "immediately"}, "do", "dance", "is not a step; the steps are chase, conclude"),
        ({"do": "cancel", "at": "immediately"}, "do", "cancel", "is not a step; the steps are chase,"),
        (REMIND | {"at": "immediately"}, "at", "immediately", "is at once, and a step 'remind' needs an"),
        (INVITE | {"do": "conclude"}, "at", "immediately", "is at once, and a step 'conclude' needs an"),
        (INVITE | {"at": "+P1D"}, "at", "+P1D", "is after the meeting, and 'invite' comes before it"),
        (REMIND | {"at": "+PT1H"}, "at", "+PT1H", "is after the meeting, and 'remind' comes before it"),
        (CHASE | {"at": "+1WD"}, "at", "+1WD", "is after the meeting, and 'chase' comes before it"),
        ({"do": "conference", "at": "-P1D"}, "at", "-P1D", "is an offset, and a step 'conference' happens"),
        ({"do": "conclude", "at": "-PT1H"}, "at", "-PT1H", "is before the end of the meeting"),
        (REMIND | {"at": ["-P2D", "-P1D"]}, "at", "", "holds several offsets, a ladder, which belongs to"),
        (CHASE | {"at": []}, "at", "", "holds no offset"),
        (CHASE | {"at": ["-5WD", "soon"]}, "at[1]", "soon", "is not an offset"),
        (CHASE | {"at": ["-5WD", "-7WD"]}, "at", "", "holds '-7WD at 09:00 local' after '-5WD at"),
        (CHASE | {"at": ["-5WD", "-5WD"]}, "at", "", "holds '-5WD at 09:00 local' after '-5WD at"),
        (CHASE | {"at": ["-5WD", "-P2D", "-10WD"]}, "at", "", "holds '-10WD at 09:00 local' after '-5WD at"),
        (CHASE | {"at": ["-P3D", "-3WD"]}, "at", "", "holds '-3WD at 09:00 local' after '-P3D at"),
        (CHASE | {"at": [f"-{n}WD" for n in range(30, 9, -1)]}, "at", "", "holds 21 rungs; a ladder has at"),
        (REMIND | {"at": None}, "at", "", "is missing"),
        (INVITE | {"at": None}, "at", "", "is missing"),
        (REMIND | {"at": 7}, "at", "7", "is not an offset; write 'immediately'"),
        (REMIND | {"at": True}, "at", "True", "is not an offset; write 'immediately'"),
        (REMIND | {"at": {"after": False, "days": 7}}, "at", "", "is not an offset; write 'immediately'"),
        (CHASE | {"at": ["-5WD", ["-4WD"]]}, "at[1]", "", "is not an offset; write 'immediately'"),
        (REMIND | {"at": "-٧WD"}, "at", "-٧WD", "is not an offset; write 'immediately'"),
        (REMIND | {"at": "-P٧D"}, "at", "-P٧D", "is not an ISO 8601 duration"),
        (CHASE | {"to": {"words": "x", "sort": "everyone"}}, "to", "", "is not an audience; known are"),
        (CHASE | {"to": 7}, "to", "7", "is not an audience; known are"),
        (CHASE | {"to": "coordinator"}, "to", "coordinator", "names the coordinator alone, and 'chase' asks"),
        (REHEARSE | {"to": ["focal point", "coordinator"]}, "to", "", "names the coordinator, who has no"),
        (REMIND | {"grace": -5}, "grace", "-5", "is not an ISO 8601 duration"),
        (REMIND | {"grace": 3600}, "grace", "3600", "is not an ISO 8601 duration"),
        (REMIND | {"id": "x" * 41}, "id", "x" * 41, "string should have at most 40 characters"),
        (NOTICE | {"deadline": "immediately"}, "deadline", "immediately", "is no moment; write for example"),
        (NOTICE | {"deadline": "-6WD"}, "deadline", "-6WD", "is over before the notice goes out"),
        (NOTICE | {"deadline": "-10WD"}, "deadline", "-10WD", "is over before the notice goes out"),
        (NOTICE | {"at": "-P5D", "deadline": "-6WD"}, "deadline", "-6WD", "is over before the notice goes"),
        (REMIND | {"not_before": "immediately"}, "not_before", "immediately", "is no moment; write for"),
        (
            REMIND | {"not_before": "-P2D", "not_after": "-3WD"},
            "not_after",
            "-3WD",
            "comes before 'not_before', so the step could never be done",
        ),
        (CHASE | {"when": "it rains"}, "when", "it rains", "input should be 'no answer', 'list missing'"),
        ({"do": "chase", "at": "-5WD"}, "when", "", "is missing"),
        (CHASE | {"to": "ministers"}, "to", "ministers", "'ministers' is not an audience; known are"),
        (CHASE | {"to": ["members", "x"]}, "to[1]", "x", "'x' is not an audience; known are everyone, head"),
        (CHASE | {"escalate": {2: "secretariat"}}, "escalate", "", "names rung 2, and the ladder has 1"),
        (CHASE | {"escalate": {0: "secretariat"}}, "escalate", "", "names rung 0, and the ladder has 1"),
        (CHASE | {"escalate": {1: "x"}}, "escalate[1]", "x", "'x' is not an audience"),
        (REMIND | {"escalate": {1: "members"}}, "escalate", "", "belongs to 'chase', not to 'remind'"),
        (INVITE | {"alert_after": "PT1M"}, "alert_after", "PT1M", "belongs to 'conference', not to 'invite'"),
        (
            INVITE | {"to": "members"},
            "to",
            "members",
            "belongs to 'chase', 'connection-test', 'notice', 'remind'",
        ),
        (
            INVITE | {"from": "remind"},
            "from",
            "remind",
            "belongs to 'chase', 'connection-test', 'notice', 'remind'",
        ),
        (REMIND | {"tentative": True}, "tentative", "True", "belongs to 'invite', not to 'remind'"),
        (REMIND | {"about": "papers"}, "about", "papers", "belongs to 'notice', not to 'remind'"),
        (REMIND | {"ask": "paper"}, "ask", "paper", "belongs to 'notice', not to 'remind'"),
        (REMIND | {"deadline": "-5WD"}, "deadline", "-5WD", "belongs to 'chase', 'notice', not to 'remind'"),
        (REMIND | {"grace": "soon"}, "grace", "soon", "is not an ISO 8601 duration"),
        (REMIND | {"grace": "PT0S"}, "grace", "PT0S", "of zero would never let the step be done"),
        (REMIND | {"not_before": "-P7D at 09:00 local"}, "not_before", None, "names a local time; a bound"),
        (
            REMIND | {"not_before": "-P2D", "not_after": "-P3D"},
            "not_after",
            "-P3D",
            "comes before 'not_before', so the step could never be done",
        ),
        ({k: v for k, v in NOTICE.items() if k != "about"}, "about", "", "is missing"),
        ({k: v for k, v in NOTICE.items() if k != "to"}, "to", "", "is missing"),
        (NOTICE | {"ask": "money"}, "ask", "money", "input should be 'answer', 'delegation list', 'paper'"),
        ({k: v for k, v in REHEARSE.items() if k != "day"}, "day", "", "is missing"),
        ({k: v for k, v in REHEARSE.items() if k != "slot"}, "slot", "", "is missing"),
        (REHEARSE | {"day": "+1WD"}, "day", "+1WD", "is not a day before the meeting, such as -1WD"),
        (REHEARSE | {"day": "-PT5H"}, "day", "-PT5H", "is not a day before the meeting, such as -1WD"),
        (REHEARSE | {"slot": "PT4M"}, "slot", "PT4M", "is not between 5 minutes and 4 hours"),
        (REHEARSE | {"slot": "PT5H"}, "slot", "PT5H", "is not between 5 minutes and 4 hours"),
        (INVITE | {"id": "a:b"}, "id", "a:b", "string should match pattern"),
        (INVITE | {"colour": "red"}, "colour", "red", "is not a known field"),
        (INVITE | {"do": []}, "do", "", "is not a step; the steps are "),
        (INVITE | {"from": ["cancel"]}, "from", "", "input should be a valid string"),
    ],
)
def test_a_wrong_step_is_named(step: dict[str, Any], field: str, value: str | None, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Timeline.of(timeline(REMIND | {"id": "fine"}, step))
    (problem,) = caught.value.problems
    assert problem.field == f"steps[1].{field}"
    assert value is None or problem.value == value
    assert problem.message.startswith(message)
    assert problem.remedy


def test_a_timeline_needs_a_step_and_a_plain_name() -> None:
    assert [field for field, _ in problems(timeline())] == ["steps"]
    assert [field for field, _ in problems(timeline(INVITE, name="My own"))] == ["name"]
    assert [field for field, _ in problems(timeline(INVITE, title=""))] == ["title"]
    assert [field for field, _ in problems("steps")] == ["document"]


def test_steps_of_one_name_are_refused_since_their_actions_could_not_be_told_apart() -> None:
    remind = {"do": "remind", "at": "-PT1H"}
    assert problems(timeline(remind, remind)) == [("steps[1].id", "step remind is there twice")]
    assert Timeline.of(timeline(remind, remind | {"id": "again"})).steps[1].name == "remind:again"


@pytest.mark.parametrize("kind", ["conference", "invite", "conclude", "minutes"])
def test_what_a_meeting_does_once_stands_once(kind: str) -> None:
    step = {"do": kind, "at": "+PT0S" if kind == "conclude" else "immediately"}
    found = problems(timeline(step, step | {"id": "again"}))
    assert found == [("steps[1].do", "is there twice, and a meeting does it once")]


SAVE_THE_DATE = {"do": "invite", "id": "save-the-date", "tentative": True, "at": "-P45D"}
CONFIRM, CONFERENCE = {"do": "confirm", "at": "-P29D"}, {"do": "conference", "at": "immediately"}


def test_the_link_comes_before_the_invitations_but_a_save_the_date_needs_none() -> None:
    assert problems(timeline(INVITE, CONFERENCE)) == [
        ("steps[1].do", "comes after 'invite', and invitations carry the link")
    ]
    Timeline.of(timeline(SAVE_THE_DATE, CONFIRM, CONFERENCE, INVITE))


def test_a_date_that_is_announced_is_confirmed_and_the_other_way_round() -> None:
    assert problems(timeline(SAVE_THE_DATE, INVITE)) == [
        ("steps[0].tentative", "announces the date, and no step 'confirm' ends that")
    ]
    assert problems(timeline(INVITE, CONFIRM)) == [("steps[1].do", "confirms a date that no step announces")]


def _cycle(*names: str) -> str:
    return " counts from ".join(f"remind:{name}" for name in names)


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"a": "remind:b"}, [("steps[0].from", "remind:b", "is not a step")]),
        ({"a": "remind:a"}, [("steps[0].from", "remind:a", f"is a cycle: {_cycle('a', 'a')}")]),
        (
            {"a": "remind:b", "b": "remind:b"},
            [
                ("steps[0].from", "remind:b", f"is a cycle: {_cycle('a', 'b', 'b')}"),
                ("steps[1].from", "remind:b", f"is a cycle: {_cycle('b', 'b')}"),
            ],
        ),
        (
            {"a": "remind:b", "b": "remind:c", "c": "remind:a"},
            [
                ("steps[0].from", "remind:b", f"is a cycle: {_cycle('a', 'b', 'c', 'a')}"),
                ("steps[1].from", "remind:c", f"is a cycle: {_cycle('b', 'c', 'a', 'b')}"),
                ("steps[2].from", "remind:a", f"is a cycle: {_cycle('c', 'a', 'b', 'c')}"),
            ],
        ),
        (
            {"a": "minutes"},
            [
                (
                    "steps[0].from",
                    "minutes",
                    "happens whenever minutes are attached, which nobody knows beforehand",
                )
            ],
        ),
        (
            {"a": "conclude"},
            [("steps[0].from", "conclude", "is after the meeting, and 'remind' comes before it")],
        ),
    ],
)
def test_a_step_counts_from_another_that_is_there_and_never_from_itself(
    sources: dict[str, str], expected: list[tuple[str, str, str]]
) -> None:
    steps = [
        {"do": "remind", "id": name, "at": "-P1D", **({"from": source} if source else {})}
        for name, source in sources.items()
    ]
    others = [{"do": "minutes", "at": "immediately"}, {"do": "conclude", "at": "+PT0S"}]
    with pytest.raises(ConfigurationError) as caught:
        Timeline.of(timeline(*steps, *others))
    found = caught.value.problems
    assert [(item.field, item.value) for item in found] == [(field, value) for field, value, _ in expected]
    for item, (_, _, message) in zip(found, expected, strict=True):
        assert item.message == message


@pytest.mark.parametrize(
    ("name", "step", "deadline"),
    [
        ("som", "notice:papers", "-10WD"),
        ("som", "chase:papers", "-10WD"),
        ("som", "chase:delegation-list", "-16WD"),
        ("som", "chase:answer", None),
        ("som", "chase:connectivity-test", None),
        ("som", "remind:P7D", None),
        ("heads", "chase:papers", "-20WD"),
    ],
)
def test_a_chaser_has_the_deadline_of_what_was_asked_for(name: str, step: str, deadline: str | None) -> None:
    found = SHIPPED[name].named(step)
    assert found is not None
    assert SHIPPED[name].deadline_of(found) == (offset(f"{deadline} at 16:00 local") if deadline else None)


def test_a_deadline_of_a_chaser_s_own_goes_before_that_of_the_notice() -> None:
    chase = {"do": "chase", "when": "paper missing", "at": "-3WD", "deadline": "-2WD at 10:00 local"}
    asked = {"do": "notice", "about": "papers", "ask": "paper", "to": "focal point", "at": "-9WD"}
    found = Timeline.of(timeline(asked | {"deadline": "-4WD"}, chase))
    assert found.deadline_of(found.steps[1]) == offset("-2WD at 10:00 local")
    assert found.deadline_of(found.steps[0]) == offset("-4WD at 16:00 local")


def test_a_chain_is_as_long_as_can_be_followed_and_a_cycle_of_any_length_is_told() -> None:
    def chain(length: int) -> list[dict[str, Any]]:
        first = {"do": "remind", "id": "0", "at": "-P9D"}
        rest = range(1, length)
        return [
            first,
            *({"do": "remind", "id": f"{n}", "at": "+PT1H", "from": f"remind:{n - 1}"} for n in rest),
        ]

    Timeline.of(timeline(*chain(10)))
    assert problems(timeline(*chain(11))) == [("steps[10].from", "counts through 10 other steps")]
    first, *others = chain(60)
    found = problems(timeline(first | {"from": "remind:59"}, *others))
    assert len(found) == 60
    assert all(message.startswith("is a cycle: remind:") for _, message in found)


def test_a_timeline_holds_no_more_steps_than_can_be_planned() -> None:
    many = [{"do": "remind", "id": f"{n}", "at": "-P9D", "from": f"remind:{n - 1}"} for n in range(2000)]
    assert problems(timeline(*many)) == [("steps", "is too long")]


def test_a_deadline_that_may_come_later_is_taken() -> None:
    # Whether five working days lie more than seven days back depends on the calendar.
    Timeline.of(timeline(NOTICE | {"at": "-P7D", "deadline": "-5WD"}))
    Timeline.of(timeline(NOTICE | {"at": "+3WD", "deadline": "+10WD"}))
    Timeline.of(timeline(CHASE | {"deadline": "-10WD"}))


def test_unknown_groups_delegations_and_texts_are_named() -> None:
    found = Timeline.of(
        timeline(
            INVITE,
            NOTICE | {"about": "weather", "to": ["members", "group XYZ"]},
            CHASE | {"to": "delegation QQ", "escalate": {1: ["delegation ZZ", "group SOM"]}},
        )
    )
    assert [(item.field, item.value, item.message) for item in found.problems(DIRECTORY, NOTICES)] == [
        ("steps[1].to", "group XYZ", "is not a group"),
        ("steps[1].about", "weather", "is not a text of notices.yaml"),
        ("steps[2].to", "delegation QQ", "is not a delegation"),
        ("steps[2].escalate[1]", "delegation ZZ", "is not a delegation"),
    ]
    with pytest.raises(ConfigurationError):
        checked(found.document(), DIRECTORY, NOTICES)
    assert checked(timeline(INVITE), DIRECTORY, ()) == Timeline.of(timeline(INVITE))


def test_all_problems_are_told_at_once() -> None:
    found = problems(timeline({"do": "dance", "at": "never"}, {"do": "remind", "at": "P1D"}))
    assert [field for field, _ in found] == ["steps[0].do", "steps[0].at", "steps[1].at"]


def test_what_a_step_was_called_before_is_read_for_one_version_more() -> None:
    former = REHEARSE | {"do": "rehearse", "id": "own"}
    found = Timeline.of(
        {
            "name": "t",
            "title": "T",
            "steps": [former, NOTICE | {"from": "rehearse:own", "at": "+PT1H"}],
        }
    )
    assert found.steps[0].name == "connection-test:own"
    assert found.steps[1].source == "connection-test:own"
    assert found.document()["steps"][0]["do"] == "connection-test"
