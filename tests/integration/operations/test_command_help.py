"""What every command says of itself, and what every script can rely on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from orchestrator.cli import cli
from orchestrator.commands.spellings import OLD_SPELLINGS

NARROW = 80 - 2
"""Columns of text on a terminal of 80: click leaves a margin of two."""
FOR_PEOPLE = {"up", "demo", "web", "mailbox watch", "sandbox serve", "db upgrade"}
"""Commands that run, and print nothing a script would read."""


def commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, item in group.commands.items():
        yield (*path, name), item
        if isinstance(item, click.Group):
            yield from commands(item, *path, name)


ALL = {" ".join(path): item for path, item in commands(cli)}
LEAVES = {path: item for path, item in ALL.items() if not isinstance(item, click.Group)}
GROUPS = {path: item for path, item in ALL.items() if isinstance(item, click.Group)}


@pytest.mark.parametrize("path", ["", *GROUPS])
def test_a_list_of_commands_is_not_cut_off_on_a_narrow_terminal(path: str) -> None:
    group = GROUPS.get(path, cli)
    with click.Context(group, info_name="orchestrator", terminal_width=NARROW) as context:
        text = group.get_help(context)
    assert "..." not in text.replace("...]", "").replace("[ARGS]...", "")


@pytest.mark.parametrize("path", sorted(set(LEAVES) - FOR_PEOPLE))
def test_every_command_that_prints_something_has_it_as_json_too(path: str) -> None:
    assert any("--json" in item.opts for item in LEAVES[path].params)


@pytest.mark.parametrize("path", LEAVES)
def test_every_option_says_what_it_takes_and_what_for(path: str) -> None:
    for item in LEAVES[path].params:
        if isinstance(item, click.Option):
            assert item.help
            assert item.is_flag or isinstance(item.type, click.Choice) or item.metavar, item.name


def test_the_list_of_commands_is_complete_and_says_what_each_does_and_was_called() -> None:
    page = Path(__file__).parents[3] / "docs" / "commands.md"
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \|(?: `([^`]+)`)? \|$", page.read_text("utf-8"), re.MULTILINE)
    assert rows == [
        (path, item.get_short_help_str(200), _old_spelling(path))
        for path, item in LEAVES.items()
        if not item.hidden
    ]


def _old_spelling(path: str) -> str:
    """How a command was called when it, or the group it stands in, was spelled otherwise."""
    for old, new in OLD_SPELLINGS.items():
        if f"{path} ".startswith(f"{new} "):
            return old + path.removeprefix(new)
    return ""
