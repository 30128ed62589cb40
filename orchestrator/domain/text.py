"""What every text that comes from outside has to keep to."""

from __future__ import annotations

import unicodedata

from orchestrator.errors import Unfit
from orchestrator.facts import Fact

_NO_CONTROL = r"[^\u0000-\u001F\u007F-\u009F\u2028\u2029]"
LINE_PATTERN = rf"^{_NO_CONTROL}*[^\s\u0000-\u001F\u007F-\u009F\u2028\u2029]{_NO_CONTROL}*$"
"""What ``single_line`` takes, as a schema tells it."""


def single_line(value: str) -> str:
    """Trim, normalise to NFC, and refuse control characters, which could inject header lines."""
    text = unicodedata.normalize("NFC", value.strip())
    if any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in text):
        raise Unfit(Fact.of("text.control-character"))
    if not text:
        raise Unfit(Fact.of("text.empty"))
    return text
