"""Old spellings of commands: they work for one more version, and say how they are spelled now."""

from __future__ import annotations

import click

from orchestrator import terminal

OLD_SPELLINGS = {
    "rehearse": "demo",
    "slots": "fair-starts",
    "meeting answer": "meeting attendee answer",
    "meeting responses": "meeting attendee responses",
    "meeting refuse": "meeting attendee refuse",
    "meeting send-again": "meeting attendee send-again",
    "meeting personal-link": "meeting attendee personal-link",
    "meeting record": "meeting delegation record",
    "meeting joined": "meeting delegation joined",
    "meeting nudge": "meeting delegation nudge",
    "meeting slots": "meeting connection-test list",
    "meeting move-slot": "meeting connection-test move",
    "meeting link": "meeting join-link",
    "meeting outcome": "meeting decision",
    "meeting poll": "meeting date-poll",
}
"""Each old spelling of a command or group, and the present one. They go with the next version."""
OLD_OPTIONS = {"mailbox list": {"--outcome": "--fate"}}
"""Options of a command that were renamed, likewise."""


class SpellingGroup(click.Group):
    """The root command: it also answers to the old spellings of its commands."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the arguments in their present spelling, and print a hint where they were in an old one."""
        return super().parse_args(ctx, present_spelling(args))


def present_spelling(args: list[str]) -> list[str]:
    """Return arguments as they are spelled now; the hint goes to standard error."""
    for length in (1, 2):
        old = " ".join(args[:length])
        new = OLD_SPELLINGS.get(old) if len(args) >= length else None
        if new is not None:
            _hint(f"orchestrator {old}", f"orchestrator {new}")
            return [*new.split(), *args[length:]]
    return _present_options(args)


def _present_options(args: list[str]) -> list[str]:
    """Return arguments with the present names of options, also where one is written ``--option=value``."""
    renamed = OLD_OPTIONS.get(" ".join(args[:2]), {})
    found = []
    for given in args:
        name, equals, value = given.partition("=")
        if name in renamed:
            _hint(name, renamed[name])
        found.append(renamed.get(name, name) + equals + value)
    return found


def _hint(old: str, new: str) -> None:
    terminal.err.print(
        f"Hint: '{old}' is spelled '{new}' now; the old spelling works until the next version."
    )
