"""What requests of several rooms share."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from orchestrator.domain.letters.wording import ENGLISH, LANGUAGES
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.text import FREE_LINE_PATTERN, FREE_TEXT_PATTERN, LINE_PATTERN, single_line

Preview = Annotated[bool, Query(description="Only say what would happen.")]
# A number that no column can hold is nobody's id, and a database would complain of it in its own way.
Id = Annotated[int, Path(ge=1, le=2**31 - 1)]

# An address may hold slashes (RFC 5322 section 3.2.3), so a path that names one takes them as a part of it.
Who = Annotated[str, Path(description="The attendee's address, percent-encoded, or id.")]


LINKED: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "Link": {
                "description": 'The next page, as `rel="next"`, when there is one.',
                "schema": {"type": "string"},
            }
        }
    }
}
"""What an operation says that answers a page at a time."""
MOST_LISTED = 200
"""How many things one page holds at most."""


def _not_delegated(value: Participation) -> Participation:
    """A delegation names who comes instead, so it cannot be entered without that name."""
    if value is Participation.DELEGATED:
        raise ValueError("cannot be entered by hand; add the delegate to the attendees instead")
    return value


_BY_HAND = [item.value for item in Participation if item is not Participation.DELEGATED]
Answer = Annotated[
    Participation,
    BeforeValidator(lambda value: str(value).upper()),
    AfterValidator(_not_delegated),
    WithJsonSchema({"type": "string", "enum": _BY_HAND}),
]


OneLine = AfterValidator(single_line)
"""A text without line breaks; ``ONE_LINE`` says so in the description."""
ONE_LINE: dict[str, Any] = {"pattern": LINE_PATTERN}


def own_words(most: int, *, lines: bool = False, optional: bool = False) -> WithJsonSchema:
    """Return what a schema tells of own words: one text in English, or texts by language."""
    text = {"type": "string", "maxLength": most, "pattern": FREE_TEXT_PATTERN if lines else FREE_LINE_PATTERN}
    by_language = {
        "type": "object",
        "properties": dict.fromkeys(LANGUAGES, text),
        "additionalProperties": text,
        "required": [ENGLISH.code],
        "description": "By the codes of languages.",
    }
    return WithJsonSchema({"anyOf": [text, by_language, *([{"type": "null"}] if optional else [])]})


class Body(BaseModel):
    """A request, which says nothing that nobody would read."""

    model_config = ConfigDict(extra="forbid")
