"""A refusal is classed by what it refuses: texts that mail systems really send, one row each."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.answers.refusal_targets import Command, Target, target_of

Row = tuple[Target, int, Command | None, str]


def rows() -> list[Row]:
    found = []
    for line in (Path(__file__).parent / "refusal_texts.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            target, answered, said = (part.strip() for part in line.split("|", 2))
            reply, command = answered.split()
            found.append((Target(target), int(reply), None if command == "none" else Command(command), said))
    return found


ROWS = rows()
SILENT = ("Requested", "Transaction failed", "permanent failure", "#5.1.0")
"""How texts begin that say nothing, so that the command has to."""
NAMES = ["spam", "quota", "sender", "relay-denied", "user-unknown", "spf", "mailbox.full", "helo"]


@pytest.mark.parametrize(("target", "reply", "command", "said"), ROWS, ids=[row[3][:60] for row in ROWS])
def test_what_is_refused(target: Target, reply: int, command: Command | None, said: str) -> None:
    assert target_of(said, reply=reply, command=command) is target


@pytest.mark.parametrize("command", Command)
def test_what_is_said_counts_and_not_the_command_that_it_answers(command: Command) -> None:
    for target, reply, _, said in ROWS:
        if not said.startswith(SILENT) and "in reply to" not in said:
            assert target_of(said, reply=reply, command=command) is target, said


@pytest.mark.parametrize("name", NAMES)
def test_an_address_in_the_text_never_decides(name: str) -> None:
    for target, reply, command, said in ROWS:
        for named in (f"<{name}@y.example>: {said}", f"{name}@{name}.example {said}"):
            assert target_of(named, reply=reply, command=command) is target, named


def test_neither_case_nor_the_reply_before_it_changes_anything() -> None:
    for target, reply, command, said in ROWS:
        for text in (said.upper(), said.lower(), f"{reply} {said}", f"smtp; {reply}-{said}"):
            assert target_of(text, reply=reply, command=command) is target, text


@given(
    st.text(max_size=400),
    st.none() | st.integers(min_value=-1, max_value=999),
    st.sampled_from(["", "5.1.1", "4.7.0", "9.9.9", "5.7.999", "5.7.x", "x"]),
    st.none() | st.sampled_from(Command),
)
def test_any_text_is_read(text: str, reply: int | None, status: str, command: Command | None) -> None:
    assert target_of(text, reply=reply, status=status, command=command) in Target


@pytest.mark.parametrize(
    "said", ["a" * 100_000, "host " * 20_000, "<" * 50_000, "user " * 20_000 + "x", "1.1." * 9999]
)
def test_a_hostile_text_takes_no_time(said: str) -> None:
    assert target_of(said, reply=550, command=Command.RCPT) in Target


def test_an_address_of_the_internet_is_no_status() -> None:
    assert target_of("550 from 5.1.1.9 refused (mx 4.7.1.2)") is Target.UNSAID


def test_a_status_that_stands_apart_counts_before_the_text() -> None:
    assert target_of("smtp; 550 denied", status="5.2.2") is Target.MAILBOX
    assert target_of("smtp; 550 5.2.2 denied", status="5.0.0") is Target.MAILBOX


def test_trouble_of_ours_is_never_the_recipients() -> None:
    assert {target for target in Target if not target.ours} == {
        Target.ADDRESS,
        Target.MAILBOX,
        Target.RECIPIENT,
        Target.SIZE,
        Target.CONTENT,
        Target.ROUTE,
    }
