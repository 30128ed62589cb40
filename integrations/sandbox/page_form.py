"""The form of the personal page, as a browser would send it."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser


class Form(HTMLParser):
    """The form in a page whose action ends in ``/answer``, with what a browser would send of it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: list[tuple[str, str]] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where the form goes, and its hidden and ticked fields."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("action", "").partition("?")[0].endswith("/answer")
            self.action = given["action"] if self._inside else self.action
        elif tag == "input" and self._inside and _is_sent(given):
            self.fields.append((given["name"], given.get("value", "on")))

    def handle_endtag(self, tag: str) -> None:
        """Leave the form."""
        if tag == "form":
            self._inside = False


def _is_sent(given: Mapping[str, str]) -> bool:
    return "name" in given and (given.get("type") == "hidden" or "checked" in given)
