"""What a coordinator tells people in their own words: notes on messages, and letters of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestrator.domain.own_words import OwnWords

LONGEST_NOTE = 1000
LONGEST_SUBJECT = 120
LONGEST_LETTER = 10_000
MOST_NOTES = 20
"""How many notes of one meeting can wait for their messages."""
NEXT_UPDATE = "update"
"""What the next change is told by; what is said of one change is not said of the one after it."""


@dataclass(frozen=True, slots=True)
class Note:
    """What stands first in one message of a meeting, in the coordinator's words.

    ``message`` is a step of the timeline or a purpose of mails. ``revision`` is that of the meeting when it
    was written, so that a note on the next update knows which one that is. ``number`` is never used again.
    """

    number: int
    message: str
    texts: OwnWords
    revision: int
    by: str
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {
            "number": self.number,
            "message": self.message,
            "texts": self.texts.to_json(),
            "revision": self.revision,
            "by": self.by,
            "at": self.at.isoformat(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Note:
        """Return what ``to_json`` stored."""
        return cls(
            stored["number"],
            stored["message"],
            OwnWords.from_json(stored["texts"]),
            stored["revision"],
            stored["by"],
            datetime.fromisoformat(stored["at"]),
        )


@dataclass(frozen=True, slots=True)
class OneOffLetter:
    """A letter that a coordinator has confirmed: to whom, and whether at once or on the next working morning.

    ``recipients`` are attendees by id, fixed when it was confirmed. ``after_cancelling`` says that the
    meeting had been called off by then, and the letter is about that.
    """

    id: int
    recipients: frozenset[int]
    at_once: bool
    confirmed_at: datetime
    after_cancelling: bool = False


_KINDS = {
    "invitation": "invite",
    "save-the-date": "invite",
    NEXT_UPDATE: "invite",
    "cancellation": "cancel",
}


def kind_of(note: Note) -> str:
    """Return what kind of action sends the message that a note stands in."""
    return _KINDS.get(note.message, note.message.partition(":")[0])


def note_on(notes: tuple[Note, ...], step: str, purpose: str) -> Note | None:
    """Return the note that stands first in a mail of a step and purpose; a rung goes before its step."""
    by_message = {item.message: item for item in notes}
    names = (step, step.partition("/")[0], purpose)
    return next((by_message[name] for name in names if name in by_message), None)
