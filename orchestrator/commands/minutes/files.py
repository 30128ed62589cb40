"""``orchestrator files``: the files of meetings."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from orchestrator import bootstrap, terminal
from orchestrator.commands.common import CALLER, NUMBER, json_option, report
from orchestrator.domain.minutes.files import FileAudience, MeetingFile
from orchestrator.errors import InvalidInput
from orchestrator.services.minutes.filing import NewFile

_PIECE = 256 * 1024


@click.group()
def files() -> None:
    """Put up, list and withdraw files of meetings."""


@files.command(name="put-up")
@click.argument("reference")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--item", type=click.IntRange(1, 99_999), metavar="N", help="Number of the agenda item.")
@click.option("--partners", is_flag=True, help="Let partners see it too.")
@click.option("--delegation", metavar="CODE", help="Whose paper it is.")
@json_option
def put_up(
    reference: str, file: Path, item: int | None, partners: bool, delegation: str | None, as_json: bool
) -> None:
    """Put up FILE, or its next version; nobody is told."""
    made = bootstrap.container().meeting_files
    audience = FileAudience.PARTNERS if partners else FileAudience.MEMBERS
    with _opened(file) as source, made.receiving() as arriving:
        arriving.name(file.name)
        # The copy is what is looked at, so it does not matter when the original changes meanwhile.
        while piece := source.read(_PIECE):
            arriving.write(piece)
        new = NewFile(arriving.filename, item, audience, delegation)
        done = made.put_up(reference, new, arriving, caller=CALLER)
    report(done, f"Number {done.id}: {done.filename}, version {done.version}.", as_json=as_json)


@files.command(name="list")
@click.argument("reference")
@json_option
def list_files(reference: str, as_json: bool) -> None:
    """List every version of every file, withdrawn ones too."""
    found = bootstrap.container().meeting_files.all(reference)
    if as_json:
        click.echo(terminal.as_json(found))
        return
    made = terminal.table("Number", "File", "Version", "Item", "Paper of", "Seen by", "Bytes", "State")
    for item in found:
        made.add_row(
            *(str(item.id), item.filename, str(item.version), str(item.item or ""), item.delegation or ""),
            *(item.audience, f"{item.size:,}", _state(item)),
        )
    terminal.out.print(made if found else "There are no files.")


@files.command(name="withdraw")
@click.argument("reference")
@click.argument("number", type=NUMBER)
@click.option("--reason", required=True, metavar="TEXT", help="Why, in one sentence.")
@json_option
def withdraw(reference: str, number: int, reason: str, as_json: bool) -> None:
    """Hide a file with all its versions; nothing is deleted."""
    bootstrap.container().meeting_files.withdraw(reference, number, reason, caller=CALLER)
    report({"number": number, "withdrawn": True}, "Withdrawn with all its versions.", as_json=as_json)


@files.command(name="download")
@click.argument("reference")
@click.argument("number", type=NUMBER)
@click.argument("to", type=click.Path(path_type=Path))
@json_option
def download(reference: str, number: int, to: Path, as_json: bool) -> None:
    """Write a version of a file to TO, which must not be there."""
    opened = bootstrap.container().meeting_files.open(reference, number)
    with opened.content as source:
        try:
            with to.open("xb") as target:
                while piece := source.read(_PIECE):
                    target.write(piece)
        except OSError as error:
            wrong = f"cannot be written: {error.strerror}"
            raise InvalidInput.of("to", to, wrong, "Name a file that is not there yet.") from error
    report({"filename": opened.filename, "to": str(to)}, f"{opened.filename} is in {to}.", as_json=as_json)


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise InvalidInput.of("file", file, f"cannot be read: {error.strerror}", "Check the path.") from error


def _state(item: MeetingFile) -> str:
    if item.withdrawn:
        return f"withdrawn: {item.withdrawn_reason or 'not said why'}"
    return "content missing" if item.lost_since else ""
