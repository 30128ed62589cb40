"""Whom to ask."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to write to."""

    name: str
    email: str
