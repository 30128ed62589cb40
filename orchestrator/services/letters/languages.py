"""The languages that mails can be in: their catalogues, which of them are on, and who reads which.

A catalogue is a gettext file, ``<code>/LC_MESSAGES/mail.po``, read as it is; nothing is compiled. Its first
lines say whether a native speaker has reviewed it::

    # Reviewed by a native speaker: no
    # Reviewed by a native speaker: Nguyễn Thị An, 2026-12-01

Vietnamese is always on. Another language is on once its catalogue has been reviewed, or when a setting
turns it on all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from orchestrator.domain.letters.wording import ENGLISH, LANGUAGES, Language, Review, Wording
from orchestrator.domain.own_words import language_of
from orchestrator.errors import ConfigurationError, InvalidInput, Problem
from orchestrator.facts import Fact, plain

ALL = "all"
_ALWAYS_ON = "vi"
_REVIEW = re.compile(
    r"Reviewed by a native speaker: (?:no|(?P<by>[^,\n]+), (?P<on>\d{4}-\d{2}-\d{2}))", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class LanguageState:
    """One language, whether mails are written in it, and whether its catalogue has been reviewed."""

    code: str
    english_name: str
    on: bool
    review: Review | None


class Languages:
    """All wordings, and which of them are used."""

    def __init__(self, wordings: Iterable[Wording] = (), turned_on: Collection[str] = ()) -> None:
        """``turned_on`` are the codes of languages that are used although they are not reviewed."""
        self._wordings = {item.code: item for item in wordings}
        self._turned_on = frozenset(turned_on)

    def wording(self, locale: str | None) -> Wording:
        """Return what a reader with a locale such as ``ms_BN`` reads: English unless their language is on."""
        found = self._wordings.get(language_of(locale))
        return found if found is not None and self._is_on(found) else ENGLISH

    def states(self) -> tuple[LanguageState, ...]:
        """Return every language but English, in the order of ``LANGUAGES``."""
        return tuple(
            LanguageState(item.code, item.language.english_name, self._is_on(item), item.review)
            for code in LANGUAGES
            if (item := self._wordings.get(code)) is not None
        )

    def _is_on(self, wording: Wording) -> bool:
        return wording.code == _ALWAYS_ON or wording.review is not None or wording.code in self._turned_on


def codes_of(setting: str) -> frozenset[str]:
    """Return the languages that a comma list of codes, or ``all``, turns on; raises ``InvalidInput``."""
    known = [code for code in LANGUAGES if code != ENGLISH.code]
    given = {part.strip().casefold() for part in setting.split(",")} - {""}
    if given == {ALL}:
        return frozenset(known)
    wrong = sorted(given.difference(known))
    if wrong:
        raise InvalidInput.of(
            "unreviewed_languages",
            ", ".join(wrong),
            Fact.of("letters.unknown-language"),
            Fact.of("letters.unknown-language.remedy", known=known, all=ALL),
        )
    return frozenset(given)


def catalogue_file(folder: Path, code: str) -> Path:
    """Return where a language's catalogue is kept."""
    return folder / code / "LC_MESSAGES" / "mail.po"


def read_wordings(folder: Path) -> tuple[Wording, ...]:
    """Read the catalogues of all languages; raises ``ConfigurationError`` with all that is wrong in them."""
    problems: list[Problem] = []
    found: list[Wording] = []
    for language in LANGUAGES.values():
        if language.code == ENGLISH.code:
            continue
        file = catalogue_file(folder, language.code)
        try:
            found.append(_wording(language, file.read_bytes(), str(file.relative_to(folder))))
        except OSError as error:
            problems.append(_unreadable(file, error))
        except InvalidInput as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return tuple(found)


def _unreadable(file: Path, error: OSError) -> Problem:
    wrong = Fact.of("letters.catalogue-unreadable", error=error.strerror)
    return Problem(str(file), "", wrong, Fact.of("letters.catalogue-unreadable.remedy"))


def _wording(language: Language, content: bytes, name: str) -> Wording:
    catalogue = _parsed(language, content, name)
    problems = list(_broken_places(catalogue, name))
    if problems:
        raise InvalidInput(problems)
    known = frozenset(str(item.id) for item in catalogue if item.id and str(item.string).strip())
    return Wording(language, _translator(catalogue), _review(catalogue, name), known)


def _parsed(language: Language, content: bytes, name: str) -> Catalog:
    try:
        return read_po(BytesIO(content), locale=language.code, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, PoFileError) else ""
        raise InvalidInput.of(
            f"{name}{line}",
            None,
            Fact.of("letters.no-catalogue", error=str(error)),
            Fact.of("letters.no-catalogue.remedy"),
        ) from error


def _review(catalogue: Catalog, name: str) -> Review | None:
    """Return who has reviewed a catalogue, from its first lines."""
    found = _REVIEW.search(catalogue.header_comment)
    if found is None:
        raise _unclear_review(name, Fact.of("letters.review-line-missing"))
    try:
        return Review(found["by"].strip(), date.fromisoformat(found["on"])) if found["by"] else None
    except ValueError as error:
        raise _unclear_review(name, plain(str(error))) from error


def _unclear_review(name: str, why: Fact) -> InvalidInput:
    wrong = Fact.of("letters.unclear-review", why=why)
    return InvalidInput.of(f"{name}: header", None, wrong, Fact.of("letters.unclear-review.remedy"))


def _broken_places(catalogue: Catalog, name: str) -> Iterator[Problem]:
    """Yield the translations that lack a named place of their text, or have one that it has not."""
    for message in catalogue:
        text, translation = str(message.id), str(message.string)
        if not text or message.fuzzy or not translation.strip():
            continue
        if places_of(translation) != places_of(text):
            yield Problem(
                f"{name}: {text}",
                translation,
                Fact.of("letters.other-places"),
                _remedy_of_places(text),
            )


def places_of(text: str) -> list[str] | None:
    """Return the named places of a text, sorted; ``None`` when its braces do not match."""
    try:
        return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)
    except ValueError:
        return None


def _remedy_of_places(text: str) -> Fact:
    places = tuple(f"{{{name}}}" for name in places_of(text) or ())
    if places:
        return Fact.of("letters.other-places.remedy", places=places)
    return Fact.of("letters.no-places.remedy")


def _translator(catalogue: Catalog) -> Callable[[str], str]:
    """Return gettext's look-up, which answers with the text itself where there is no translation."""
    for message in catalogue:
        # A translation of nothing but spaces would come out as a blank.
        if message.id and not str(message.string).strip():
            message.string = ""
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled).gettext
