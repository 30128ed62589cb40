"""The forms of the personal page, as a browser would send them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(frozen=True, slots=True)
class Form:
    """A form whose action ends in ``/answer``, with what a browser would send of it."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_for_delegation(self) -> bool:
        """Whether it answers for a whole delegation, which the page asks about once more."""
        return ("whole", "yes") in self.fields


def forms_in(page: str) -> list[Form]:
    """Return the forms of a page to answer with, in their order."""
    return _Reader(page).forms


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a form goes, and its hidden and ticked fields."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("action", "").partition("?")[0].endswith("/answer")
            if self._inside:
                self.forms.append(Form(given["action"]))
        elif tag == "input" and self._inside and _is_sent(given):
            self.forms[-1].fields.append((given["name"], given.get("value", "on")))

    def handle_endtag(self, tag: str) -> None:
        """Leave the form."""
        if tag == "form":
            self._inside = False


def _is_sent(given: Mapping[str, str]) -> bool:
    return "name" in given and (given.get("type") == "hidden" or "checked" in given)
