"""Turns facts into sentences, in the language of the reader. Only the edges call this.

The texts are gettext catalogues, ``config/locales/<language>/LC_MESSAGES/<room>.po``, whose message ids are
the keys of facts. English has every key; what another language lacks is said in English. A plural depends
on the parameter ``count``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from gettext import c2py
from pathlib import Path

from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from pydantic_core import CoreSchema, core_schema

from config import DATA
from orchestrator.facts import Fact, Said

ENGLISH = "en"
_DATE_PATTERN = "EEEE, d MMMM y"
_MAIL = "mail"
"""The catalogue of whole texts of mails, whose ids are the English sentences."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The words of one key: one form, or one for each plural form of the language."""

    forms: tuple[str, ...]
    plural: Callable[[int], int]

    def form(self, params: Mapping[str, object]) -> str:
        """Return the form that the parameter ``count`` asks for."""
        if len(self.forms) == 1:
            return self.forms[0]
        count = params.get("count", 1)
        return self.forms[self.plural(count if isinstance(count, int) else 1)]


def say(said: Said, language: str = ENGLISH, show: Callable[[object], str] | None = None) -> str:
    """Return what a fact says in ``language``, a BCP 47 code; text is returned as it is.

    ``show`` writes parameters that are neither text nor facts, such as dates and local times, in that
    language; by default as English has them. A key that no catalogue has comes out as it is.
    """
    if isinstance(said, str):
        return said
    write = show or _shown
    entry = catalogue(language).get(said.key) or catalogue(ENGLISH).get(said.key)
    if entry is None:
        return said.key
    params = said.params
    return entry.form(params).format(**{name: _written(value, language, write) for name, value in said.items})


def maybe(said: Said | None, language: str = ENGLISH) -> str | None:
    """Return what a fact says, and ``None`` for no fact."""
    return None if said is None else say(said, language)


def _written(value: object, language: str, show: Callable[[object], str]) -> object:
    if isinstance(value, Fact):
        return say(value, language, show)
    if isinstance(value, tuple):
        return ", ".join(str(_written(item, language, show)) for item in value)
    if value is None:
        return ""
    # Numbers stay numbers, so that a text can say how they are written.
    return value if isinstance(value, str | int | float) else show(value)


def _shown(value: object) -> str:
    return format_date(value, _DATE_PATTERN, locale=ENGLISH) if isinstance(value, date) else str(value)


@lru_cache(maxsize=32)
def catalogue(language: str) -> Mapping[str, Entry]:
    """Return the words of every key that ``language`` has."""
    found: dict[str, Entry] = {}
    for file in catalogue_files(language):
        found.update(_entries(_read(file, language)))
    return found


def catalogue_files(language: str) -> list[Path]:
    """Return the catalogues of facts in ``language``, one a room."""
    folder = DATA / "locales" / language / "LC_MESSAGES"
    return sorted(file for file in folder.glob("*.po") if file.stem != _MAIL)


def _read(file: Path, language: str) -> Catalog:
    with file.open("rb") as content:
        return read_po(content, locale=language, abort_invalid=True)


def _entries(catalog: Catalog) -> dict[str, Entry]:
    plural = c2py(catalog.plural_expr)
    return {
        _key(message.id): Entry(_forms(message.string), plural)
        for message in catalog
        if message.id and any(_forms(message.string))
    }


def _key(message_id: str | list[str] | tuple[str, ...]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def _forms(string: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string or ())


def _as_text(_: type[Fact], __: object, ___: object) -> CoreSchema:
    """Let pydantic write a fact as what it says in English, which is what answers of the API hold."""
    return core_schema.is_instance_schema(
        Fact,
        serialization=core_schema.plain_serializer_function_ser_schema(
            say, return_schema=core_schema.str_schema()
        ),
    )


# Facts stand below words and do not know them, so what pydantic asks a class for is given from here.
Fact.__get_pydantic_core_schema__ = classmethod(_as_text)  # type: ignore[attr-defined]
