"""Turns pydantic's findings into problems that name the field, the value and the remedy."""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orchestrator.errors import Problem, Unfit
from orchestrator.facts import Fact, plain

_REMEDIES = {
    "missing": "problem.add-it",
    "json_invalid": "problem.correct-json",
    "extra_forbidden": "problem.unknown-field.remedy",
    "string_too_short": "problem.write-something",
    "enum": "problem.named-values",
    "literal_error": "problem.named-values",
}
_WRONG = {
    "missing": "problem.missing",
    "extra_forbidden": "problem.unknown-field",
}
_LONGEST_VALUE = 80


def path_of(location: tuple[int | str, ...]) -> str:
    """Return ``attendees[3].email`` for ``('attendees', 3, 'email')``."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "document"


def problems_of(error: ValidationError) -> list[Problem]:
    """Return one problem per finding, without the values of secrets or whole sub-documents."""
    return [
        Problem(
            field=path_of(finding["loc"]),
            value=_shown(finding["input"], finding["type"]),
            wrong=_wrong(finding),
            advice=Fact.of(_REMEDIES.get(finding["type"], "problem.correct-value")),
        )
        for finding in error.errors(include_url=False)
    ]


def _shown(value: object, kind: str) -> str:
    if kind == "missing" or not isinstance(value, str | int | float | bool):
        return ""
    # Half a surrogate pair can be given as an escape, and could not be written out in any answer.
    text = str(value).encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _wrong(finding: ErrorDetails) -> Fact:
    """Return what a finding says: one of our own rules a fact, one of pydantic's its text."""
    known = _WRONG.get(finding["type"])
    if known is not None:
        return Fact.of(known)
    refused = finding.get("ctx", {}).get("error")
    return refused.fact if isinstance(refused, Unfit) else plain(_lower_first(finding["msg"]))


def _lower_first(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
