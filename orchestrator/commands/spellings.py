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
            terminal.err.print(
                f"Hint: 'orchestrator {old}' is spelled 'orchestrator {new}' now; "
                "the old spelling works until the next version."
            )
            return [*new.split(), *args[length:]]
    return args
