"""Pages of date polls."""

from __future__ import annotations

import re
from html import unescape
from typing import Any


def words(response: Any) -> str:
    """The text of a page as it is read, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def checked(response: Any) -> dict[str, str]:
    """The radio buttons that are pressed."""
    found = re.findall(r'name="(vote-\d+)" value="([^"]+)" checked', response.text)
    return dict(found)


# The time of a meeting that is linked

PREP = "PREP-2026"
