"""What the commands have in common: who they act as, reading files, and looking before anything is sent."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from orchestrator import terminal
from orchestrator.commands.effects import show_effects
from orchestrator.domain.people.caller import Channel, token_holder
from orchestrator.errors import InvalidInput
from orchestrator.services.timelines.views import Effect

CALLER = token_holder(Channel.CLI)


NUMBER = click.IntRange(1, 2**31 - 1)
"""The number of something that is stored; no database holds a larger one."""


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")(command)


def start_option(help_text: str) -> Callable[..., Any]:
    """Return the option ``--start DATE``."""
    return click.option("--start", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help=help_text)


def day_of(start: datetime | None) -> date | None:
    """Return the day that ``--start`` names, where it was given."""
    return start.date() if start else None


def report(value: Any, sentence: str, *, as_json: bool) -> None:
    """Print a value for scripts, or the sentence for people."""
    click.echo(terminal.as_json(value)) if as_json else terminal.out.print(sentence)


def text_of(file: Path) -> str:
    """Return what is in a file; raises ``InvalidInput`` when it cannot be read as UTF-8 text."""
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput.of(str(file), None, "is not UTF-8 text", "Save it as UTF-8.") from error
    except OSError as error:
        raise InvalidInput.of("file", file, f"cannot be read: {error.strerror}", "Check the path.") from error


def bytes_of(file: Path, limit: int) -> bytes:
    """Read a file, at most one byte more than the limit, which is enough to know it is too large.

    Raises ``InvalidInput`` when it cannot be read.
    """
    try:
        with file.open("rb") as source:
            return source.read(limit + 1)
    except OSError as error:
        raise InvalidInput.of("file", file, f"cannot be read: {error.strerror}", "Check the path.") from error


def _say_done(effect: Effect, yes: bool) -> None:
    terminal.out.print(f"Done: {effect.reference}, now version {effect.version}.")
    # With --preview or a question before, they were shown already.
    terminal.show_warnings(effect.warnings if yes else ())


def previewed(
    command: Callable[..., Any],
    *,
    show: Callable[[Any], None] = show_effects,
    done: Callable[[Any, bool], None] = _say_done,
) -> Callable[..., Any]:
    """Add the options of commands that send mail: look first, which is done by ``show``, then confirm.

    ``done`` says that it is done; it is told whether the look was left out.
    """

    @click.option("--preview", is_flag=True, help="Only show who would get what.")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @json_option
    @functools.wraps(command)
    def wrapped(*args: Any, preview: bool, yes: bool, as_json: bool, **kwargs: Any) -> None:
        use_case: Callable[[bool], Any] = command(*args, **kwargs)
        confirm_and_do(use_case, preview=preview, yes=yes, as_json=as_json, show=show, done=done)

    return wrapped


def confirm_and_do(
    use_case: Callable[[bool], Any],
    *,
    preview: bool,
    yes: bool,
    as_json: bool,
    show: Callable[[Any], None] = show_effects,
    done: Callable[[Any, bool], None] = _say_done,
) -> None:
    """Show exactly what will happen, ask where a person is at the keyboard, then do it."""
    if preview or not (yes or as_json):
        planned = use_case(True)
        if as_json:
            click.echo(terminal.as_json(planned))
        else:
            show(planned)
        if preview:
            return
        if sys.stdin.isatty():
            click.confirm("Go ahead?", abort=True)
    result = use_case(False)
    if as_json:
        click.echo(terminal.as_json(result))
    else:
        done(result, yes)
