"""Why a meeting was moved, changed or cancelled, in the coordinator's words, as attendees are told it.

A reason belongs to the numbers that its change gave out, so that each recipient is told the reasons of what
is new to them, however late their mail goes out, and however often it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.text import single_line
from orchestrator.errors import InvalidInput, Unfit
from orchestrator.facts import Fact

LONGEST_REASON = 500
_MOST_KEPT = 100
"""How many reasons of one meeting are kept: of more changes than anybody is still told."""


@dataclass(frozen=True, slots=True)
class ChangeReason:
    """Why a meeting changed; ``sequence`` and ``revision`` are its numbers after that."""

    sequence: int
    revision: int
    cancels: bool
    text: str

    def to_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ChangeReason:
        """Return what ``to_json`` stored."""
        return cls(**stored)


Reasons = tuple[ChangeReason, ...]


def checked_reason(text: str | None) -> str | None:
    """Return a reason as it is kept, ``None`` for one that says nothing; raises ``InvalidInput``."""
    if text is None or not text.strip():
        return None
    if len(text.strip()) > LONGEST_REASON:
        wrong = Fact.of("meetings.reason-too-long", count=len(text.strip()))
        raise InvalidInput.of(
            "reason", text[:80], wrong, Fact.of("meetings.reason-too-long.remedy", most=LONGEST_REASON)
        )
    try:
        return single_line(text)
    except Unfit as error:
        raise InvalidInput.of("reason", text[:80], error.fact, Fact.of("meetings.reason.remedy")) from error


def with_reason(reasons: Reasons, added: ChangeReason) -> Reasons:
    """Return the reasons of a meeting and that of its latest change."""
    return (*reasons, added)[-_MOST_KEPT:]


def of_changes_since(reasons: Reasons, revision: int) -> str | None:
    """Return why a meeting changed after the ``revision`` that a recipient was told, oldest reason first.

    Why it had been cancelled is no reason for its taking place after all.
    """
    return _joined(item.text for item in reasons if item.revision > revision and not item.cancels)


def of_cancelling(reasons: Reasons, revision: int) -> str | None:
    """Return why a meeting was cancelled that stands at ``revision``."""
    return _joined(item.text for item in reasons if item.cancels and item.revision == revision)


def of_removing(reasons: Reasons, sequence: int) -> str | None:
    """Return why a person was removed by the change that gave out ``sequence``."""
    return _joined(item.text for item in reasons if not item.cancels and item.sequence == sequence)


def _joined(texts: Iterable[str]) -> str | None:
    *others, last = dict.fromkeys(texts) or ("",)
    return "; ".join([*(text.rstrip(".;") for text in others), last]) or None
