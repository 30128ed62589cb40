"""Saying why: the options of commands that do something to people, and asking for a reason in time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from orchestrator.domain.meetings.reasons import refusal_of
from orchestrator.domain.own_words import ENGLISH
from orchestrator.services.timelines.views import Effect


@dataclass(frozen=True, slots=True)
class Given:
    """What was given to explain a change: the reason by language, and a remark for the history alone."""

    reason: dict[str, str]
    remark: str | None


def explained(command: Callable[..., Callable[[bool], Effect]]) -> Callable[..., Callable[[bool], Effect]]:
    """Add ``--reason``, its languages and ``--remark``; the command gets them as ``given``.

    Where a reason has to be given, that is said before anything is asked or shown, unless the command is only
    to look.
    """

    @click.option("--reason", metavar="TEXT", help="Told to everybody whom it is told; one line in English.")
    @click.option("--reason-vi", metavar="TEXT", help="The same in Vietnamese, for who reads it.")
    @click.option(
        "--reason-in",
        "others",
        type=(str, str),
        multiple=True,
        metavar="LANGUAGE TEXT",
        help="The same in another language, by its code, such as th; may be repeated.",
    )
    @click.option("--remark", metavar="TEXT", help="Kept in the history alone; it reaches no participant.")
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        reason: str | None,
        reason_vi: str | None,
        others: tuple[tuple[str, str], ...],
        remark: str | None,
        **kwargs: Any,
    ) -> Callable[[bool], Effect]:
        texts = {ENGLISH: reason, "vi": reason_vi, **dict(others)}
        given = Given({code: text for code, text in texts.items() if text}, remark)
        return _asked_in_time(command(*args, given=given, **kwargs))

    return wrapped


def _asked_in_time(use_case: Callable[[bool], Effect]) -> Callable[[bool], Effect]:
    def looked_at(preview: bool) -> Effect:
        effect = use_case(preview)
        only_looks = click.get_current_context().params.get("preview")
        missing = refusal_of(effect.warnings)
        if preview and missing is not None and not only_looks:
            raise missing
        return effect

    return looked_at
