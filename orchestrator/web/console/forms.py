"""What the forms of the console share: fields as typed, what is wrong with them, what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Form, Path

from orchestrator.domain.meetings.linked import Linked
from orchestrator.errors import Conflict, InvalidInput, Problem

Typed = Annotated[str, Form()]
Version = Annotated[int, Form()]
Ticked = Annotated[bool, Form()]
# A number that no column can hold is nobody's, and a database would complain of it in its own way.
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


def linked_choice(typed: str) -> Linked | None:
    """Return what was chosen to become of linked meetings, if anything was."""
    return Linked(typed) if typed in frozenset(Linked) else None


def refusals(error: InvalidInput | Conflict) -> Sequence[Problem]:
    """Return what is wrong with a form, each under the name of its field on the page."""
    if isinstance(error, Conflict):
        return [Problem("meeting", "", error.message, "What you typed is still here.")]
    return [
        Problem(item.field.rpartition(".")[2], item.value, item.message, item.remedy)
        for item in error.problems
    ]


def status_of_refusal(error: InvalidInput | Conflict) -> int:
    """Return the HTTP status of a page that shows a form again."""
    return 422 if isinstance(error, InvalidInput) else 409


@dataclass(frozen=True, slots=True)
class Kept:
    """A form of a meeting's page as it was sent: which one, for whom, what was typed, what is wrong."""

    form: str
    number: int
    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)

    @classmethod
    def of(cls, form: str, number: int, problems: Sequence[Problem], **values: str) -> Kept:
        """Keep what was typed, with its problems by field."""
        return cls(form, number, values, {item.field: item for item in problems})
