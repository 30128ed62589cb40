"""How mails show what a coordinator wrote: plain text, with nothing in it but lines and web addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import wrap

from markupsafe import Markup

from orchestrator.domain.letters.message import TEXT_WIDTH
from orchestrator.domain.own_words import ENGLISH, OwnWords
from orchestrator.services.letters.look import look

_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"']{1,2000}", re.IGNORECASE)
_ENDS_A_SENTENCE = ".,;:!?)]}»”’"


@dataclass(frozen=True, slots=True)
class Passage:
    """Own words in one language, ``lang``, as they stand in the two forms of a mail."""

    lang: str
    text: str
    html: Markup


def passages(words: OwnWords | None, writing: str, reading: str, first: str) -> tuple[Passage, ...]:
    """Return own words as they stand in the part of a mail that is in the language ``writing``.

    ``reading`` is the language of the reader, ``first`` the one that their mail begins in. Where the mail has
    no part in the reader's language, the text in theirs stands before the English one.
    """
    if words is None:
        return ()
    own = reading != ENGLISH and words.has(reading)
    if writing == ENGLISH and own and first != reading:
        return _passage(reading, words.read_in(reading)), _passage(ENGLISH, words.en)
    language = writing if words.has(writing) else ENGLISH
    return (_passage(language, words.read_in(language)),)


def with_first(text: str, greeting: str, said: tuple[Passage, ...]) -> str:
    """Return the plain text of a mail with passages behind its ``greeting``; before all where it has none."""
    if not said:
        return text
    note = "\n\n".join(item.text for item in said)
    before, found, after = text.partition(greeting)
    return f"{before}{greeting}\n\n{note}{after}" if found else f"{note}\n\n{text}"


def _passage(language: str, text: str) -> Passage:
    return Passage(language, _laid_out(text), _as_html(text))


def _laid_out(text: str) -> str:
    """Return a text whose lines end at 72 columns; an address of a web page stays in one piece."""
    lines = [
        wrap(line, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False) or [""]
        for line in text.split("\n")
    ]
    return "\n".join(part for line in lines for part in line)


def _as_html(text: str) -> Markup:
    paragraphs = [part for part in text.split("\n\n") if part]
    return Markup("").join(
        Markup('<div style="padding:0 0 8px 0">{}</div>').format(
            Markup("<br>").join(map(_linked, part.split("\n")))
        )
        for part in paragraphs
    )


def _linked(line: str) -> Markup:
    """Return a line in which each address of a web page is a link to exactly what it shows."""
    found, at = [], 0
    for match in _WEB_ADDRESS.finditer(line):
        address = match[0].rstrip(_ENDS_A_SENTENCE)
        found += [Markup("{}").format(line[at : match.start()]), _link(address)]
        at = match.start() + len(address)
    return Markup("").join([*found, Markup("{}").format(line[at:])])


def _link(address: str) -> Markup:
    return Markup('<a href="{0}" {1} rel="noopener noreferrer">{0}</a>').format(address, look("link"))
