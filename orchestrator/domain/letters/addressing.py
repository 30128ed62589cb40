"""How a letter addresses its reader: by the form that is known of them, never by a guess.

The full name always stands in it, for nobody can tell which part of a name of the region is a family name.
What is not known is not guessed at, neither gender nor title.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.domain.letters.wording import Wording, marked

_DEAR = marked("Dear {name},")
_EXCELLENCY = marked("Excellency,")
_EXCELLENCY_OF_NAME = marked("Excellency {name}, {position},")
# The same form in the languages that letters know it in: English, Vietnamese.
_ALIKE = (
    (("mr", "mister", "sir", "ông"), "Mr", "Ông"),
    (("ms", "mrs", "miss", "madam", "mdm", "bà"), "Ms", "Bà"),
    (("excellency", "his excellency", "her excellency", "he", "h.e", "ngài"), "Excellency", "Ngài"),
)
_EXCELLENT = "Excellency"
_MINISTER = re.compile(
    r"((deputy|vice|senior|second|state|prime|first)[ -])*minister\b|(phó )?thủ tướng\b|(bộ|thứ) trưởng\b",
    re.IGNORECASE,
)
_UNKNOWN = {"vi": "Ông/Bà"}


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a letter is to: the full name, the form of address and the office, as far as they are known."""

    name: str
    form: str | None = None
    position: str | None = None

    @property
    def is_minister(self) -> bool:
        """Whether letters say "Excellency"."""
        return _known(self.form) == (_EXCELLENT, "Ngài") or bool(_MINISTER.match(self.position or ""))


def you(addressee: Addressee) -> str:
    """Return the word for the reader in running Vietnamese text; empty where none is known."""
    if addressee.is_minister:
        return "Ngài"
    found = _known(addressee.form)
    return found[1] if found else ""


def greeting(addressee: Addressee, wording: Wording) -> str:
    """Return the line that a letter begins with in a language."""
    if addressee.is_minister:
        return _to_minister(addressee, wording)
    found, form = _known(addressee.form), addressee.form or ""
    if found:
        # Other languages have forms of their own in their line, before the name.
        form = {"en": found[0], "vi": found[1]}.get(wording.code, "")
    form = form or _UNKNOWN.get(wording.code, "")
    return wording.say(_DEAR, name=f"{form} {addressee.name}".strip())


def _to_minister(addressee: Addressee, wording: Wording) -> str:
    if wording.code != "vi":
        return wording.say(_EXCELLENCY)
    if addressee.position:
        return wording.say(_EXCELLENCY_OF_NAME, name=addressee.name, position=addressee.position)
    return wording.say(_DEAR, name=f"Ngài {addressee.name}")


def _known(form: str | None) -> tuple[str, str] | None:
    written = (form or "").strip().rstrip(".").casefold()
    return next(((en, vi) for forms, en, vi in _ALIKE if written in forms), None)
