"""The timelines that ship, and how a timeline is written."""

from __future__ import annotations

from datetime import timedelta

import pytest
import yaml

from orchestrator.domain.definitions.definition import MeetingDefinition, MeetingKind
from orchestrator.domain.meetings.meeting import Need
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.offsets import Offset
from orchestrator.domain.timelines.steps import Step
from orchestrator.domain.timelines.timeline import Timeline
from tests.saying import said
from tests.unit.timelines.steps import DIRECTORY, NOTICES, SHIPPED, timeline

# What is shipped.


def test_the_standard_timeline_loads_with_its_steps_in_order() -> None:
    shipped = SHIPPED["standard"]
    assert [step.name for step in shipped.steps] == [
        "conference",
        "invite",
        "remind:P7D",
        "remind:P1D",
        "remind:PT1H",
        "conclude",
        "minutes",
    ]
    assert [said(step.said()) for step in shipped.steps[1:4]] == [
        "at once",
        "7 days before, at 09:00 their time",
        "1 day before, at 09:00 their time",
    ]
    assert [step.grace for step in shipped.steps[2:5]] == [
        timedelta(hours=7),
        timedelta(hours=7),
        timedelta(minutes=30),
    ]
    conference = shipped.step(ActionKind.CONFERENCE)
    assert conference is not None
    assert conference.alert_after == timedelta(minutes=30)
    assert shipped.step(ActionKind.CANCEL) is None


def test_the_timelines_that_ship_are_named_as_their_files_and_name_nothing_unknown() -> None:
    assert sorted(SHIPPED) == [
        "heads",
        "preparatory",
        "som",
        "som-plus-three",
        "standard",
        "workshop",
    ]
    for name, found in SHIPPED.items():
        assert found.name == name
        assert found.problems(DIRECTORY, NOTICES) == []


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_timeline_is_written_as_it_is_read(name: str) -> None:
    shipped = SHIPPED[name]
    document = shipped.document()
    assert Timeline.of(document) == shipped
    assert Timeline.of(yaml.safe_load(yaml.safe_dump(document))) == shipped


def test_a_document_says_what_was_written_and_no_more() -> None:
    written = timeline(
        {"do": "invite", "at": "immediately"},
        {
            "do": "chase",
            "id": "list",
            "when": "list missing",
            "at": ["-15WD", "-10WD at 14:00 local"],
            "to": ["members", "group SOM"],
            "escalate": {2: "secretariat"},
            "grace": "PT7H",
            "not_before": "-P20D",
        },
        {"do": "connection-test", "at": "-3WD", "day": "-1WD", "slot": "PT15M"},
    )
    expected = timeline(
        {"do": "invite", "at": "immediately"},
        {
            "do": "chase",
            "id": "list",
            "when": "list missing",
            "at": ["-15WD at 09:00 local", "-10WD at 14:00 local"],
            "to": ["members", "group SOM"],
            "escalate": {2: ["secretariat"]},
            "grace": "PT7H",
            "not_before": "-P20D",
        },
        {"do": "connection-test", "at": "-3WD at 09:00 local", "day": "-1WD at 09:00 local", "slot": "PT15M"},
    )
    assert Timeline.of(written).document() == expected


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("preparatory", "preparatory"),
        ("som", "som"),
        ("workshop", "workshop"),
        ("som-plus-three", "som-plus-three"),
        ("heads", "heads"),
        ("heads-plus-three", "heads"),
        ("focal-point", "standard"),
        ("forum", "standard"),
    ],
)
def test_a_meeting_that_names_no_timeline_gets_the_one_of_its_kind(kind: str, name: str) -> None:
    bare = MeetingDefinition.of(
        {
            "reference": "M",
            "kind": MeetingKind(kind),
            "title": "A meeting",
            "host": "VN",
            "coordinator": {"name": "K", "email": "k@vn.example.org"},
            "start": "2026-12-03 14:00",
            "zone": "Asia/Ho_Chi_Minh",
            "duration": "PT1H",
            "attendees": [],
        }
    )
    assert bare.timeline_of(SHIPPED) == name
    assert bare.timeline_of({"standard": SHIPPED["standard"]}) == "standard"
    assert bare.model_copy(update={"timeline": "workshop"}).timeline_of(SHIPPED) == "workshop"


def step_of(name: str, step: str) -> Step:
    found = SHIPPED[name].named(step)
    assert found is not None, step
    return found


@pytest.mark.parametrize(
    ("step", "at", "to"),
    [
        # Times and audiences of the domain's default actions for one SOM.
        ("invite:save-the-date", ["-P45D"], []),
        ("confirm", ["-P38D"], []),
        ("invite", ["-P28D"], []),
        ("notice:partner-letter", ["-P28D"], ["partners"]),
        ("notice:delegation-list", ["-P28D"], ["focal point"]),
        ("chase:delegation-list", ["-15WD", "-10WD", "-7WD"], ["focal point"]),
        ("notice:agenda-comments", ["-15WD"], ["focal point", "secretariat"]),
        ("notice:papers", ["-20WD"], ["focal point", "secretariat"]),
        ("chase:papers", ["-12WD", "-8WD"], ["focal point"]),
        ("notice:documents", ["-5WD"], ["members", "secretariat"]),
        ("connection-test", ["-3WD"], ["focal point"]),
        ("remind:P7D", ["-P7D"], ["everyone"]),
        ("remind:P1D", ["-P1D"], ["everyone"]),
        ("remind:PT1H", ["-PT1H"], ["everyone"]),
        ("notice:room-open", ["-PT30M"], ["focal point"]),
        ("conclude", ["+PT0S"], []),
        ("notice:thank-you", ["+1WD"], ["head of delegation", "focal point"]),
    ],
)
def test_the_timeline_of_a_som_is_what_was_agreed(step: str, at: list[str], to: list[str]) -> None:
    found = step_of("som", step)
    assert found.at == tuple(Offset.parse(item) for item in at)
    assert [item.words for item in found.audiences] == to


def test_what_else_was_agreed_of_a_som() -> None:
    papers, rehearsal = step_of("som", "notice:papers"), step_of("som", "connection-test")
    assert (papers.ask, papers.deadline) == (Need.PAPER, Offset.parse("-10WD at 16:00 local"))
    assert (rehearsal.day, rehearsal.slot) == (Offset.parse("-1WD"), timedelta(minutes=15))
    for name in ("chase:delegation-list", "chase:answer"):
        added = [item.words for item in step_of("som", name).escalated(3)]
        assert added == ["head of delegation", "secretariat"]
        assert step_of("som", name).escalated(2) == ()


def test_the_other_timelines_are_lighter_or_longer() -> None:
    names = {name: {step.name for step in item.steps} for name, item in SHIPPED.items()}
    about = {name: {step.need for step in item.steps} for name, item in SHIPPED.items()}
    assert not names["preparatory"] & {"confirm", "notice:papers", "notice:delegation-list"}
    assert about["preparatory"] == {None, Need.ANSWER}
    assert Need.LIST not in about["workshop"]
    assert names["som-plus-three"] == names["som"]
    assert names["heads"] >= names["som"]
    for step in ("invite:save-the-date", "invite", "notice:delegation-list", "notice:papers"):
        sooner, later = step_of("heads", step).first, step_of("som", step).first
        assert sooner is not None
        assert later is not None
        assert sooner.distance < later.distance
