"""How a mail says why something was done to its reader."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.domain.meetings.reasons import Why
from orchestrator.facts import Fact
from orchestrator.words import say


def reason_line(reasons: Sequence[Why], writing: str, reading: str, first: str) -> str | None:
    """Return reasons as one line in the language that is being ``writing``; ``None`` for none.

    ``reading`` is the language of the reader, ``first`` the one that their mail begins in. Where it has no
    part in the reader's language, theirs stands behind the English.
    """
    if not reasons:
        return None
    said, own = _joined(reasons, writing), _joined(reasons, reading)
    return f"{said} ({own})" if first != reading and own != said else said


def _joined(reasons: Sequence[Why], language: str) -> str:
    """Return reasons as they are read in a language, each but the last without its full stop."""
    *others, last = dict.fromkeys(_in_language(item, language) for item in reasons)
    return "; ".join([*(text.rstrip(".;") for text in others), last])


def _in_language(why: Why, language: str) -> str:
    return say(why, language) if isinstance(why, Fact) else why.read_in(language)
