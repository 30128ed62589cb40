"""Why a meeting was moved, changed or cancelled, in the coordinator's words, as attendees are told it.

A reason belongs to the numbers that its change gave out, so that each recipient is told the reasons of what
is new to them, however late their mail goes out, and however often it is sent. Where the service, or a
delegation, has changed something by a rule of its own, the reason is a fact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orchestrator.domain.own_words import OwnWords, WordRules, checked_text, checked_words
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact, Said, listed, spaced

LONGEST_REASON = 500
LONGEST_REMARK = 2000
_MOST_KEPT = 100
"""How many reasons of one meeting are kept: of more changes than anybody is still told."""
_NEEDED = "meetings.reason-needed"

Why = OwnWords | Fact
"""A reason: what a person wrote, or a fact where no person had to decide."""


class Deed(StrEnum):
    """What is done to people only with a reason; the value is the key of its name."""

    MOVE = "meetings.deed.move"
    CANCEL = "meetings.deed.cancel"
    REINSTATE = "meetings.deed.reinstate"
    REMOVE = "meetings.deed.remove"

    @property
    def fact(self) -> Fact:
        """What is done, to be said."""
        return Fact.of(self.value)


@dataclass(frozen=True, slots=True)
class ChangeReason:
    """Why a meeting changed; ``sequence`` and ``revision`` are its numbers after that."""

    sequence: int
    revision: int
    cancels: bool
    why: Why

    def to_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        numbers = {"sequence": self.sequence, "revision": self.revision, "cancels": self.cancels}
        if isinstance(self.why, Fact):
            return {**numbers, "fact": self.why.to_json()}
        others = {"others": dict(self.why.others)} if self.why.others else {}
        return {**numbers, "text": self.why.en, **others}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ChangeReason:
        """Return what ``to_json`` stored; before there were other languages, the text stood alone."""
        numbers = (stored["sequence"], stored["revision"], stored["cancels"])
        if "fact" in stored:
            return cls(*numbers, Fact.from_json(stored["fact"]))
        return cls(*numbers, OwnWords(stored["text"], tuple(stored.get("others", {}).items())))


Reasons = tuple[ChangeReason, ...]


def checked_reason(given: Any, languages: Collection[str]) -> OwnWords | None:
    """Return a reason as it is kept, ``None`` for one that says nothing; raises ``InvalidInput``.

    ``given`` is a text in English, or texts by the codes of ``languages``.
    """
    return checked_words(given, WordRules("reason", LONGEST_REASON, languages))


def checked_remark(text: str | None) -> str | None:
    """Return a remark as it is kept, ``None`` for one that says nothing; raises ``InvalidInput``."""
    if text is None or not text.strip():
        return None
    return checked_text("remark", text, LONGEST_REMARK, lines=True)


def reason_missing(deeds: Fact) -> InvalidInput:
    """Return the refusal of a change that people are told, made without a reason for them."""
    wrong = Fact.of("meetings.reason-missing", deeds=deeds)
    return InvalidInput.of("reason", None, wrong, Fact.of("meetings.reason-missing.remedy"))


def refusal_of(warnings: Iterable[Said]) -> InvalidInput | None:
    """Return the refusal that a preview with these warnings foretells, if a reason is missing."""
    for item in warnings:
        if isinstance(item, Fact) and item.key == _NEEDED:
            return reason_missing(item.params["deeds"])
    return None


def reason_needed(deeds: Iterable[Fact]) -> Fact:
    """Return what a preview says of a change that will be refused without a reason."""
    return Fact.of(_NEEDED, deeds=listed(tuple(deeds)))


def said_of(why: Why) -> Fact:
    """Return a reason as history has it: the English text, and the others behind it."""
    if isinstance(why, Fact):
        return why
    others = [
        Fact.of("meetings.reason-in-language", language=language, text=text) for language, text in why.others
    ]
    return spaced([Fact.of("text", text=why.en), *others])


def with_reason(reasons: Reasons, added: ChangeReason) -> Reasons:
    """Return the reasons of a meeting and that of its latest change."""
    return (*reasons, added)[-_MOST_KEPT:]


def of_changes_since(reasons: Reasons, revision: int) -> tuple[Why, ...]:
    """Return why a meeting changed after the ``revision`` that a recipient was told, oldest reason first.

    Why it had been cancelled is no reason for its taking place after all.
    """
    return _each_once(item.why for item in reasons if item.revision > revision and not item.cancels)


def of_cancelling(reasons: Reasons, revision: int) -> tuple[Why, ...]:
    """Return why a meeting was cancelled that stands at ``revision``."""
    return _each_once(item.why for item in reasons if item.cancels and item.revision == revision)


def of_removing(reasons: Reasons, sequence: int) -> tuple[Why, ...]:
    """Return why a person was removed by the change that gave out ``sequence``."""
    return _each_once(item.why for item in reasons if not item.cancels and item.sequence == sequence)


def _each_once(found: Iterable[Why]) -> tuple[Why, ...]:
    return tuple(dict.fromkeys(found))
