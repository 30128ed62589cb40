"""What every text that somebody gives us has to keep to."""

from __future__ import annotations

import unicodedata


def single_line(value: str) -> str:
    """Trim, normalise to NFC, and refuse control characters, which could inject header lines."""
    text = unicodedata.normalize("NFC", value.strip())
    if any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in text):
        raise ValueError("holds a line break or control character")
    if not text:
        raise ValueError("is empty")
    return text
