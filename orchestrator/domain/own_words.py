"""What a coordinator writes to people in their own words: in English and, if they like, in other languages.

English counts, and stands wherever there is nothing in the reader's language. Nothing here is a template, and
nothing in it can hide, turn other text around or begin a line of a header.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.text import free_line
from orchestrator.errors import InvalidInput, Problem, Unfit
from orchestrator.facts import Fact

ENGLISH = "en"
# Directories name some languages by codes that have been replaced.
_OTHER_CODES = {"tl": "fil", "in": "id"}
_CODE = re.compile(r"[a-z]{2,3}(?:[-_][a-z]{2,4})?", re.IGNORECASE)
_SHOWN = 80
_MOST_EMPTY_LINES = 1


def language_of(locale: str | None) -> str:
    """Return the language of a locale such as ``ms_BN``; English for none."""
    code = re.split(r"[-_]", locale or ENGLISH, maxsplit=1)[0].casefold()
    return _OTHER_CODES.get(code, code)


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A text in English, ``en``, and in ``others``: pairs of a language's code and the text in it."""

    en: str
    others: tuple[tuple[str, str], ...] = ()

    def read_in(self, language: str) -> str:
        """Return the text that a reader of a language reads: theirs, else the English one."""
        return dict(self.others).get(language, self.en)

    def has(self, language: str) -> bool:
        """Whether there is a text in a language."""
        return language == ENGLISH or language in dict(self.others)

    @property
    def by_language(self) -> dict[str, str]:
        """The texts by the codes of their languages, English first."""
        return {ENGLISH: self.en, **dict(self.others)}

    def to_json(self) -> dict[str, str]:
        """Return it as it is stored."""
        return self.by_language

    @classmethod
    def from_json(cls, stored: Mapping[str, str]) -> OwnWords:
        """Return what ``to_json`` stored."""
        return cls(stored[ENGLISH], tuple((code, text) for code, text in stored.items() if code != ENGLISH))


@dataclass(frozen=True, slots=True)
class WordRules:
    """What own words in one field have to keep to.

    ``most`` is how many characters a text may have in each language, ``lines`` whether it may have several
    lines, ``languages`` are the codes that are known.
    """

    field: str
    most: int
    languages: Collection[str]
    lines: bool = False


def checked_words(given: Any, rules: WordRules) -> OwnWords | None:
    """Return own words as they are kept, ``None`` where nothing is said in any language.

    ``given`` is ``OwnWords``, a text in English, a mapping of languages to texts, or nothing. Raises
    ``InvalidInput`` with all that is wrong, each under ``field`` or ``field.language``.
    """
    texts = _by_language(given, rules.field)
    problems: list[Problem] = []
    found: dict[str, str] = {}
    for code, text in texts.items():
        if not text or not text.strip():
            continue
        language = language_of(code)
        field = rules.field if language == ENGLISH else f"{rules.field}.{language}"
        problems += _wrong_code(rules, code, language)
        try:
            found[language] = checked_text(field, text, rules.most, lines=rules.lines)
        except InvalidInput as error:
            problems += error.problems
    if found and ENGLISH not in found and not any(item.field == rules.field for item in problems):
        problems.append(
            Problem(rules.field, "", Fact.of("own-words.no-english"), Fact.of("own-words.no-english.remedy"))
        )
    if problems:
        raise InvalidInput(problems)
    if not found:
        return None
    return OwnWords(found.pop(ENGLISH), tuple(sorted(found.items())))


def checked_text(field: str, text: str, most: int, *, lines: bool = False) -> str:
    """Return a text in one language as it is kept; raises ``InvalidInput`` naming ``field``."""
    plain = text.strip()
    if len(plain) > most:
        wrong = Fact.of("own-words.too-long", count=len(plain))
        raise InvalidInput.of(field, plain[:_SHOWN], wrong, Fact.of("own-words.too-long.remedy", most=most))
    # Rendering marks places by them, and nobody has such a key.
    private = next((char for char in plain if "\ue000" <= char <= "\uf8ff"), None)
    try:
        if private is not None:
            raise Unfit(Fact.of("text.hidden-character", code=f"U+{ord(private):04X}"))
        return "\n".join(_tidy(plain)) if lines else free_line(plain)
    except Unfit as error:
        remedy = "own-words.unfit-lines.remedy" if lines else "own-words.unfit-line.remedy"
        raise InvalidInput.of(field, _readable(plain), error.fact, Fact.of(remedy)) from error


def _readable(text: str) -> str:
    """Return the beginning of a text that was refused, with what may not stand in it made visible."""
    return "".join(
        char
        if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else "\N{REPLACEMENT CHARACTER}"
        for char in text[:_SHOWN]
    )


def _tidy(text: str) -> Iterator[str]:
    """Yield the lines of a text, trimmed at their ends, with at most one empty line between two of them."""
    empty = 0
    for line in text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n"):
        empty = 0 if line.strip() else empty + 1
        if empty <= _MOST_EMPTY_LINES:
            yield free_line(line) if line.strip() else ""


def _by_language(given: Any, field: str) -> Mapping[str, str | None]:
    if isinstance(given, OwnWords):
        return given.by_language
    if given is None or isinstance(given, str):
        return {ENGLISH: given}
    if isinstance(given, Mapping) and all(item is None or isinstance(item, str) for item in given.values()):
        return given
    raise InvalidInput.of(field, None, Fact.of("own-words.no-text"), Fact.of("own-words.no-text.remedy"))


def _wrong_code(rules: WordRules, code: str, language: str) -> list[Problem]:
    if language in rules.languages and _CODE.fullmatch(code):
        return []
    return [
        Problem(
            f"{rules.field}.{code[:20]}",
            "",
            Fact.of("own-words.unknown-language"),
            Fact.of("own-words.unknown-language.remedy", languages=tuple(sorted(rules.languages))),
        )
    ]
