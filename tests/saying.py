"""What facts say in English, for tests that hold sentences against them."""

from __future__ import annotations

from orchestrator import words
from orchestrator.facts import Said


def said(what: Said | None) -> str:
    """Return the sentence of a fact; nothing for none."""
    return words.maybe(what) or ""
