"""The timelines of events are read into their rules; what is wrong is named with its field and remedy."""

from copy import deepcopy
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.definitions.files import read_yaml
from orchestrator.domain.timelines.policy.former import new_form
from orchestrator.domain.timelines.policy.grammar import EventTimeline, extended, name_of, read
from orchestrator.domain.timelines.policy.rules import Covers, Item, Whose
from orchestrator.domain.timelines.steps import Step
from orchestrator.errors import ConfigurationError
from tests.saying import said
from tests.unit.real import SHIPPED
from tests.unit.timelines.policy.events import SOM_POLICY

FILE = Path(__file__).with_name("timelines.yaml")
DOCUMENTS: dict[str, Any] = {item["name"]: item for item in read_yaml(FILE.read_text(encoding="utf-8"))}


def timeline(name: str) -> EventTimeline:
    return read(extended(DOCUMENTS[name], DOCUMENTS))


def changed(name: str = "preparatory", **steps: Any) -> dict[str, Any]:
    """A timeline of which steps are replaced by index, or added under ``more``."""
    document = deepcopy(extended(DOCUMENTS[name], DOCUMENTS))
    for key, value in steps.items():
        if key == "more":
            document["steps"].append(value)
        else:
            document["steps"][int(key.removeprefix("step"))].update(value)
    return document


def complaint(document: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as refused:
        read(document)
    return " · ".join(
        f"{item.field}: {said(item.wrong)} {said(item.advice)}" for item in refused.value.problems
    )


def test_the_som_has_the_rules_that_the_simulated_calendar_was_computed_with() -> None:
    found = timeline("som").policy
    assert found.deadline.clock == time(16)
    for name in ("invite", "save_the_date", "week", "week_to_all", "day", "programme"):
        assert getattr(found, name) == getattr(SOM_POLICY, name), name
    assert found.ask == SOM_POLICY.ask
    assert (found.deadline.shared, found.deadline.give, found.deadline.latest) == (5, 5, 2)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_timeline_is_read(name: str) -> None:
    found = timeline(name)
    assert found.concludes
    assert found.policy.ask is not None
    assert found.policy.chase is not None
    assert len(found.policy.chase.at) <= 3


def test_who_speaks_is_asked_where_the_step_names_nobody() -> None:
    heads = timeline("heads-in-person").policy
    assert heads.ask is not None
    assert [item.words for item in heads.ask.to] == ["focal point", "plus three"]
    assert Item.TRAVEL in heads.ask.items


def test_in_person_there_is_no_link_and_the_clock_is_that_of_the_venue() -> None:
    found = timeline("heads-in-person")
    assert (found.has_link, found.alert_after, found.hour) == (False, None, None)
    assert found.policy.programme == time(7)
    assert found.policy.day is not None
    assert (found.policy.day.clock, found.policy.day.whose, found.policy.day.covers) == (
        time(16),
        Whose.VENUE,
        Covers.ALL,
    )
    assert found.policy.week_to_all


def test_online_the_link_may_take_half_an_hour_and_the_last_mail_leaves_an_hour_before() -> None:
    found = timeline("som")
    assert (found.has_link, found.alert_after, found.hour) == (
        True,
        timedelta(minutes=30),
        timedelta(hours=1),
    )


def test_a_step_of_the_same_name_replaces_its_step_and_the_order_stays() -> None:
    names = [name_of(item) for item in extended(DOCUMENTS["som"], DOCUMENTS)["steps"]]
    assert len(set(names)) == len(names)
    assert names.index(("invite", "")) < names.index(("ask", ""))


WRONG = {
    "no deadline": (
        {key: value for key, value in changed().items() if key != "deadline"},
        "deadline: is missing Write, for example, deadline: {at: -10WD at 16:00 host, from: lead session}.",
    ),
    "deadline by the reader's clock": (
        changed() | {"deadline": {"at": "-3WD at 16:00 local", "from": "first session"}},
        "deadline.at: is a day before a session, at an hour of the host",
    ),
    "unknown source": (
        changed(step1={"from": "the session"}),
        "steps[1].from: input should be 'lead session' or 'first session'",
    ),
    "not rounded": (changed(step1={"round": "day"}), "steps[1].round"),
    "hours in a calendar": (changed(step1={"at": "-PT5H"}), "steps[1].at: counts whole days in a calendar"),
    "four chasers": (changed(step3={"at": ["-9WD", "-5WD", "-2WD", "+1WD"]}), "steps[3].at"),
    "chasers that turn round": (
        changed(step3={"at": ["-2WD", "-5WD"]}),
        "steps[3].at: has chasers that do not follow one another",
    ),
    "spacing in days": (
        changed(step3={"spacing": "P2D"}),
        "steps[3].spacing: is not a number of working days; write '2WD'",
    ),
    "rung that is not there": (changed(step3={"escalate": {4: "secretariat"}}), "steps[3].escalate"),
    "unknown item": (changed(step2={"items": ["answer", "flowers"]}), "steps[2].items[1]"),
    "a test without its slot": (changed(step2={"items": ["answer", "test"]}), "steps[2]"),
    "twice": (changed(more={"do": "conclude", "at": "+PT0S"}), "steps[12]: step conclude is there twice"),
    "unknown id": (
        changed(more={"do": "remind", "id": "month", "at": "-P30D"}),
        "is written in the grammar of before",
    ),
    "unknown step": (
        changed(more={"do": "sing", "at": "-P1D"}),
        "steps[12].do: is not a step; the steps are",
    ),
    "no mapping": (changed() | {"steps": ["invite"]}, "steps[0]: is not a step"),
    "nobody invited": (changed() | {"steps": []}, "steps: hold no invitation"),
    "unknown circle": (changed(step2={"to": "everybody"}), "steps[2].to"),
    "both ways": (
        changed(step5={"at": "-5WD"}),
        "steps[5].at: is not a known field",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(name: str) -> None:
    document, expected = WRONG[name]
    assert expected in complaint(document)


def test_taking_over_names_what_cannot_be() -> None:
    cases = {
        "an unknown one": {"name": "a", "extends": "nothing"},
        "a circle": {"name": "a", "extends": "b"},
        "a step that is not there": {"name": "c", "extends": "preparatory", "without": ["remind year"]},
        "nothing to leave out": {"name": "d", "without": ["conference"]},
    }
    others = {**DOCUMENTS, "b": {"name": "b", "extends": "a"}, "a": {"name": "a", "extends": "b"}}
    for what, document in cases.items():
        with pytest.raises(ConfigurationError) as refused:
            extended(document, others)
        assert refused.value.problems[0].field in ("extends", "without"), what


def former_steps() -> list[tuple[str, Step]]:
    return [(f"{name}/{step.name}", step) for name, found in SHIPPED.items() for step in found.steps]


@pytest.mark.parametrize(("where", "step"), former_steps(), ids=[where for where, _ in former_steps()])
def test_every_step_of_the_former_grammar_is_told_its_new_form(where: str, step: Step) -> None:
    """What is proposed can be read itself, so that a file is mended by copying."""
    written = step.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for field in ("at", "to"):
        if len(written.get(field, ())) == 1:
            (written[field],) = written[field]
    new = new_form(written)
    if new is None:
        assert step.do in ("conference", "conclude", "invite"), where
        return
    (proposed,) = read_yaml(f"[{new}]")
    document = changed()
    proposed = {"on" if key is True else key: value for key, value in proposed.items()}
    document["steps"] = [item for item in document["steps"] if name_of(item) != name_of(proposed)] + [
        proposed
    ]
    read(document)
