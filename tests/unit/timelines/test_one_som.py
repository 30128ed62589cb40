"""The page that shows one SOM's plan in every capital's local time is what the planner says.

To write its tables again: ``.venv/bin/python -m tests.unit.timelines.test_one_som``.
"""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from orchestrator.domain.delegations.delegation import Kind, Role
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.time.zones import offset_text, zone
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.steps import Step
from orchestrator.services.timelines.explaining import what_of
from tests.saying import said
from tests.unit.real import DIRECTORY, SHIPPED, local, meeting_of, person, planned

PAGE = Path(__file__).parents[3] / "docs" / "one-som.md"
SOM = SHIPPED["som"]
HOST = "VN"
CAPITALS = [
    item.code
    for item in DIRECTORY.in_order(DIRECTORY.delegations)
    if item.kind in (Kind.MEMBER, Kind.SECRETARIAT)
]
_ROLES = {Kind.MEMBER: (Role.FOCAL_POINT, Role.SENIOR_OFFICIAL), Kind.SECRETARIAT: (Role.SECRETARIAT,)}


def the_som() -> Meeting:
    people = [(code, role) for code in CAPITALS for role in _ROLES[DIRECTORY.get(code).kind]]
    attendees = [person(code, role, number) for number, (code, role) in enumerate(people, 1)]
    return meeting_of(datetime(2026, 12, 11, 14), host=HOST, attendees=attendees)


def rows() -> Iterator[tuple[Step, int, dict[str, Obligation]]]:
    """Each rung of each step that has a moment, with what it means for each delegation."""
    meeting = the_som()
    found = {**planned(replace(meeting, tentative=True)), **planned(meeting)}
    codes = {item.id: item.delegation for item in meeting.attendees}
    for step in SOM.steps:
        for rung in range(1, len(step.at) + 1):
            name = f"{step.name}/{rung}" if step.do == "chase" else step.name
            own = [item for item in found.values() if item.step == name and item.due is not None]
            if own and step.at[rung - 1] is not None:
                yield step, rung, {codes.get(item.attendee_id or 0, HOST): item for item in own}


def plan_table() -> str:
    """Return the table of steps and capitals."""
    heads = [f"{DIRECTORY.get(code).city} ({_offset(code)})" for code in CAPITALS]
    heads[-1] = f"ASEAN Secretariat, {heads[-1]}"
    lines = [_line("step", *heads), "|---|" + "---|" * len(heads)]
    lines += [
        _line(label(step, rung), *(_cell(found, code) for code in CAPITALS)) for step, rung, found in rows()
    ]
    return "\n".join(lines) + "\n"


def _offset(code: str) -> str:
    return offset_text(the_som().starts_at, zone(DIRECTORY.get(code).zone))


def label(step: Step, rung: int) -> str:
    what = (
        "Save-the-date" if step.tentative else said(what_of(step.do, 1, step, told=False)).partition(", ")[0]
    )
    return f"{what}, {said(step.said(rung)).partition(',')[0]}"


def _cell(found: dict[str, Obligation], code: str) -> str:
    item = found.get(code)
    return "" if item is None else f"{local(item.due, code)}{' †' if said(item.note) else ''}"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def put_off() -> str:
    """Return why something is put off: each reason once, with the steps it holds for."""
    reasons: dict[str, list[str]] = {}
    for step, rung, found in rows():
        for code in CAPITALS:
            if code in found and said(found[code].note):
                why = said(found[code].note).partition(", so it goes out on")[0]
                reasons.setdefault(f"{DIRECTORY.get(code).name}: {why}", []).append(label(step, rung))
    return "".join(f"- {reason}. ({'; '.join(steps)})\n" for reason, steps in reasons.items())


def slots() -> str:
    """Return the table of rehearsal slots."""
    lines = [_line("delegation", "its own time", "in Ha Noi", "")]
    lines.append("|---|---|---|---|")
    for item in the_som().connection_tests:
        name, note = DIRECTORY.get(item.delegation).name, said(item.note)
        lines.append(
            _line(name, local(item.starts_at, item.delegation), local(item.starts_at, HOST)[-5:], note)
        )
    return "\n".join(lines) + "\n"


PARTS = {"plan": plan_table, "put off": put_off, "slots": slots}


def _part(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)


@pytest.mark.parametrize("name", PARTS)
def test_the_page_says_what_the_planner_says(name: str) -> None:
    (text,) = _part(name).findall(PAGE.read_text("utf-8"))
    assert text == PARTS[name](), "write it again, as the first lines of this file say"


def test_the_page_shows_every_capital_and_what_it_promises() -> None:
    table = plan_table().splitlines()
    assert len(CAPITALS) == 12
    assert all(line.count("|") == len(CAPITALS) + 2 for line in table)
    reasons = put_off()
    for expected in (
        "is a weekend day in Brunei Darussalam",
        "Constitution Day",
        "offices are open 09:30-16:30",
    ):
        assert expected in reasons


if __name__ == "__main__":
    written = PAGE.read_text("utf-8")
    for part, make in PARTS.items():
        written = _part(part).sub(lambda _, make=make: make(), written)
    PAGE.write_text(written, "utf-8")
