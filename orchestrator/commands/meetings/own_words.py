"""``orchestrator meeting note`` and ``letter``: what a coordinator tells people in their own words."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, confirm_and_do, json_option, previewed, text_of
from orchestrator.commands.effects import show_effects
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.meeting import Need
from orchestrator.domain.own_words import ENGLISH
from orchestrator.services.letters.one_off import LetterDraft, LetterEffect, RecipientChoice
from orchestrator.services.timelines.views import Effect
from orchestrator.words import maybe, say


@click.group()
def note() -> None:
    """Let a message begin with words of yours."""


@click.group()
def letter() -> None:
    """Write to chosen people of a meeting."""


def _texts(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a text in several languages; the command gets it by language as ``text``."""

    @click.option("--text", metavar="TEXT", help="In English.")
    @click.option(
        "--text-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="In English, from a UTF-8 file.",
    )
    @click.option("--text-vi", metavar="TEXT", help="In Vietnamese.")
    @click.option(
        "--text-in",
        type=(str, str),
        multiple=True,
        metavar="LANGUAGE TEXT",
        help="In another language, by its code; may be repeated.",
    )
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        text: str | None,
        text_file: Path | None,
        text_vi: str | None,
        text_in: tuple[tuple[str, str], ...],
        **kwargs: Any,
    ) -> Any:
        english = text_of(text_file) if text_file else text
        texts = {ENGLISH: english, "vi": text_vi, **dict(text_in)}
        return command(*args, text={code: said for code, said in texts.items() if said}, **kwargs)

    return wrapped


@note.command(name="list")
@click.argument("reference")
@json_option
def list_notes(reference: str, as_json: bool) -> None:
    """List the notes of a meeting, and what else can carry one."""
    notes = bootstrap.container().notes
    found = notes.listed(reference)
    if as_json:
        click.echo(terminal.as_json(found))
        return
    for item in found:
        left = f"{item.mails} mails have left with it" if item.left else "waits"
        terminal.out.print(f"{item.message} ({say(item.what)}), {left}, by {item.by}")
        for language, text in item.text.items():
            terminal.out.print(f"  {language}: {text}")
    terminal.out.print(
        "Messages that can carry a note:" if found else "No notes. Messages that can carry one:"
    )
    for message in notes.messages(reference):
        terminal.out.print(f"  {message.name}  {say(message.what)}")


@note.command(name="write")
@click.argument("reference")
@click.argument("message")
@_texts
@previewed
def write_note(reference: str, message: str, text: dict[str, str]) -> Callable[[bool], Effect]:
    """Let MESSAGE begin with a note, or with another one.

    'orchestrator meeting note list' names the messages.
    """
    return lambda preview: bootstrap.container().notes.write(
        reference, message, text, caller=CALLER, dry_run=preview
    )


@note.command(name="remove")
@click.argument("reference")
@click.argument("message")
@previewed
def remove_note(reference: str, message: str) -> Callable[[bool], Effect]:
    """Take the note on MESSAGE away before it leaves."""
    return lambda preview: bootstrap.container().notes.remove(
        reference, message, caller=CALLER, dry_run=preview
    )


@letter.command(name="list")
@click.argument("reference")
@json_option
def list_letters(reference: str, as_json: bool) -> None:
    """List the letters of a meeting, and how they stand."""
    found = bootstrap.container().coordinator_letters.listed(reference)
    if as_json:
        click.echo(terminal.as_json(found))
        return
    for item in found:
        terminal.out.print(f"{item.id}  {item.subject[ENGLISH]}, by {item.by}, {item.at:%Y-%m-%d %H:%M} UTC")
        for one in item.recipients:
            why = f": {maybe(one.why)}" if one.why else ""
            terminal.out.print(f"  {one.recipient.name} ({one.recipient.delegation}): {one.state}{why}")
    if not found:
        terminal.out.print("No letters.")


@letter.command(name="send")
@click.argument("reference")
@click.option("--subject", required=True, metavar="TEXT", help="In English; the title follows it.")
@click.option("--subject-vi", metavar="TEXT", help="In Vietnamese.")
@click.option(
    "--subject-in",
    type=(str, str),
    multiple=True,
    metavar="LANGUAGE TEXT",
    help="In another language, by its code; may be repeated.",
)
@click.option("--delegation", "delegations", multiple=True, metavar="CODE", help="To a delegation.")
@click.option("--circle", "circles", multiple=True, metavar="GROUP", help="To a group, such as ACCSM_FP.")
@click.option("--role", "roles", multiple=True, type=click.Choice([*map(str, Role)]), help="To a role.")
@click.option("--to", "people", multiple=True, metavar="ADDRESS", help="To a person.")
@click.option("--unanswered", is_flag=True, help="Of these only who has not answered.")
@click.option(
    "--lacking",
    multiple=True,
    type=click.Choice([*map(str, Need)]),
    help="Of these only who speaks for a delegation that lacks it.",
)
@click.option("--at-once", is_flag=True, help="At any hour, not on the next working morning of each.")
@click.option("--read", "reader", metavar="ADDRESS", help="Only show it as this recipient will read it.")
@_texts
@click.option("--preview", is_flag=True, help="Only show who would get it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def send_letter(
    reference: str,
    subject: str,
    subject_vi: str | None,
    subject_in: tuple[tuple[str, str], ...],
    at_once: bool,
    reader: str | None,
    text: dict[str, str],
    preview: bool,
    yes: bool,
    as_json: bool,
    lacking: tuple[str, ...],
    **to: Any,
) -> None:
    """Write to people of a meeting.

    Without a choice it goes to all who are invited. Its recipients are those that are shown before it goes.
    """
    letters = bootstrap.container().coordinator_letters
    subjects = {ENGLISH: subject, "vi": subject_vi, **dict(subject_in)}
    selection = RecipientChoice(**to, lacking=tuple(map(Need, lacking)))
    draft = LetterDraft({code: said for code, said in subjects.items() if said}, text, selection, at_once)
    if reader is not None:
        found = letters.read(reference, draft, reader)
        click.echo(terminal.as_json(found) if as_json else f"Subject: {found.subject}\n\n{found.text}")
        return
    shown: list[LetterEffect] = []

    def use_case(look: bool) -> LetterEffect:
        only = [item.id for item in shown[-1].recipients] if shown else None
        shown.append(letters.send(reference, draft, caller=CALLER, only=only, dry_run=look))
        return shown[-1]

    confirm_and_do(use_case, preview=preview, yes=yes, as_json=as_json, show=_show, done=_say_sent)


def _show(found: LetterEffect) -> None:
    terminal.out.print(f"To {len(found.recipients)}:")
    show_effects(found.effect)


def _say_sent(found: LetterEffect, _: bool) -> None:
    terminal.out.print(f"Done: {len(found.recipients)} people get the letter.")
    terminal.show_warnings(found.effect.warnings)
