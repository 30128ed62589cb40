"""Asking what becomes of linked meetings."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from orchestrator import terminal
from orchestrator.domain.meetings.linked import Linked
from orchestrator.errors import Conflict
from orchestrator.services.meetings.linking import QUESTION
from orchestrator.services.timelines.views import Effect

CHOICE = click.Choice([item.value for item in Linked])


def asking(use_case: Callable[[bool, Linked | None], Effect], linked: str | None) -> Callable[[bool], Effect]:
    """Return ``use_case`` so that it asks what becomes of linked meetings, where that has to be said.

    It asks once, and only a person: with ``--yes`` or ``--json``, or without a terminal, the use case
    raises its ``Conflict`` with a hint of what to give.
    """
    chosen = Linked(linked) if linked else None

    def with_choice(preview: bool) -> Effect:
        nonlocal chosen
        try:
            return use_case(preview, chosen)
        except Conflict as error:
            if error.code != QUESTION:
                raise
            if not _can_be_asked():
                raise Conflict(
                    f"{error.message}\nGive --linked keep or --linked move.", code=error.code
                ) from error
            for line in error.message.splitlines():
                terminal.out.print(line)
            chosen = Linked(click.prompt("keep or move", type=CHOICE))
        return use_case(preview, chosen)

    return with_choice


def _can_be_asked() -> bool:
    given = click.get_current_context().params
    return _at_a_terminal() and not (given.get("yes") or given.get("as_json"))


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()
