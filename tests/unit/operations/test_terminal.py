"""What scripts get of facts, and tables whose rows stay one line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import StringIO

import pytest
from rich.console import Console

from orchestrator import terminal
from orchestrator.facts import Fact


@dataclass(frozen=True)
class View:
    name: str
    reason: Fact | None
    warnings: tuple[Fact, ...] = ()


def test_a_fact_is_its_english_sentence_with_its_key_beside_it() -> None:
    two, one = Fact.of("problems", count=2), Fact.of("problems", count=1)
    assert json.loads(terminal.as_json([View("a", two, (one, two)), View("b", None)])) == [
        {
            "name": "a",
            "reason": "There are 2 problems.",
            "reason_key": "problems",
            "warnings": ["There is 1 problem.", "There are 2 problems."],
            "warnings_keys": ["problems", "problems"],
        },
        {"name": "b", "reason": None, "warnings": []},
    ]


REASON = "once a week, and " * 9


@pytest.mark.parametrize(("is_terminal", "shown"), [(True, "once a week, …"), (False, REASON.strip())])
def test_a_row_stays_one_line_and_only_a_terminal_cuts_it(
    is_terminal: bool, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = StringIO()
    monkeypatch.setattr(terminal, "out", Console(file=printed, force_terminal=is_terminal, width=24))
    made = terminal.table("What", "Why")
    made.add_row("Reminder", REASON)
    terminal.show_lines(made)
    _, row = printed.getvalue().splitlines()
    assert row.rstrip().split(maxsplit=1) == ["Reminder", shown]


def test_warnings_are_facts_or_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.show_warnings((Fact.of("problems", count=1), "Said elsewhere."))
    assert capsys.readouterr().out == "! There is 1 problem.\n! Said elsewhere.\n"
