"""Old spellings of commands work for one more version, and name the present one on standard error."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from orchestrator import terminal
from orchestrator.cli import cli
from orchestrator.commands.spellings import OLD_OPTIONS, OLD_SPELLINGS, present_spelling


def found(words: str) -> click.Command | None:
    here: click.Command | None = cli
    for word in words.split():
        here = here.commands.get(word) if isinstance(here, click.Group) else None
    return here


@pytest.mark.parametrize(("old", "new"), OLD_SPELLINGS.items())
def test_an_old_spelling_leads_to_the_present_command_and_names_it(
    old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert found(new) is not None
    assert found(old) is None, "it would never be taken for the old spelling"
    assert present_spelling([*old.split(), "SOM-2026", "--json"]) == [*new.split(), "SOM-2026", "--json"]
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"Hint: 'orchestrator {old}' is spelled 'orchestrator {new}' now")


@pytest.mark.parametrize("old", OLD_SPELLINGS)
def test_an_old_spelling_shows_the_help_of_the_present_command(
    old: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal.err, "print", lambda _: None)
    runner = CliRunner()
    shown, expected = (
        runner.invoke(cli, [*words.split(), "--help"], catch_exceptions=False)
        for words in (old, OLD_SPELLINGS[old])
    )
    assert (shown.exit_code, shown.output) == (0, expected.output)


@pytest.mark.parametrize(
    ("command", "old", "new"),
    [(command, *pair) for command, pairs in OLD_OPTIONS.items() for pair in pairs.items()],
)
def test_an_old_option_is_the_present_one_and_names_it(
    command: str, old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    present = found(command)
    assert present is not None
    options = {name for item in present.params for name in item.opts}
    assert new in options and old not in options
    assert present_spelling([*command.split(), old, "x"]) == [*command.split(), new, "x"]
    assert present_spelling([*command.split(), f"{old}=x"]) == [*command.split(), f"{new}=x"]
    assert f"Hint: '{old}' is spelled '{new}' now" in capsys.readouterr().err


def test_present_spellings_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["meeting"], ["meeting", "list"], ["up", "--example"], ["--help"]):
        assert present_spelling(words) == words
    assert capsys.readouterr().err == ""
