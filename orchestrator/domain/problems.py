"""Turns pydantic's findings into problems that name the field, the value and the remedy."""

from __future__ import annotations

from pydantic import ValidationError

from orchestrator.errors import Problem

_REMEDIES = {
    "missing": "Add it.",
    "json_invalid": "Correct it there; check quotes, commas and brackets.",
    "extra_forbidden": "Take it out, or correct its spelling.",
    "string_too_short": "Write something.",
    "enum": "Use one of the values named.",
    "literal_error": "Use one of the values named.",
}
_MESSAGES = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field",
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
            message=_MESSAGES.get(finding["type"]) or _lower_first(finding["msg"]),
            remedy=_REMEDIES.get(finding["type"], "Correct the value."),
        )
        for finding in error.errors(include_url=False)
    ]


def _shown(value: object, kind: str) -> str:
    if kind == "missing" or not isinstance(value, str | int | float | bool):
        return ""
    # Half a surrogate pair can be given as an escape, and could not be written out in any answer.
    text = str(value).encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _lower_first(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
