"""How a mail reads in one language: its texts, its dates, its durations.

English is the language that texts are written in, and the one that counts. A text is translated as a
whole sentence with named places (``Reminder: {title}``), never put together from translated words.
Dates follow patterns of our own over the names of the CLDR: weekday, day, month in words and the year of
the Gregorian calendar in Latin digits, in the order that each language is used to; nothing is shortened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType

from babel import Locale
from babel.dates import format_date

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.own_words import language_of
from orchestrator.domain.time.zones import LocalTime


@dataclass(frozen=True, slots=True)
class Language:
    """What holds of a language, whichever translator has worked on it.

    ``code`` is the BCP 47 tag that HTML takes, ``name`` what its speakers call it, ``date_pattern`` is in
    the pattern language of UTS 35, and so is ``short_pattern``, of a date in a subject without its weekday
    and year. ``locale`` says whose names of days and months are used, ``tall`` whether its letters stand so
    high and low that lines need more room. ``you`` is how running text speaks to a reader whose form of
    address is not known, where another form can take its place.
    """

    code: str
    name: str
    english_name: str
    date_pattern: str
    locale: str
    tall: bool = False
    short_pattern: str = "d MMM"
    short_weekday: str = "EEE"
    year_after: str = " "
    you: str = ""


_ENGLISH = Language("en", "English", "English", "EEEE, d MMMM y", "en")
LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        item.code: item
        for item in (
            _ENGLISH,
            Language(
                "vi",
                "Tiếng Việt",
                "Vietnamese",
                "EEEE, 'ngày' d MMMM 'năm' y",
                "vi",
                short_pattern="d/M",
                short_weekday="EEEE",
                year_after="/",
                you="Quý vị",
            ),
            Language("id", "Bahasa Indonesia", "Indonesian", "EEEE, d MMMM y", "id"),
            Language("ms", "Bahasa Melayu", "Malay", "EEEE, d MMMM y", "ms"),
            # The era is written out, because the year that Thai documents usually name is the Buddhist one.
            Language("th", "ภาษาไทย", "Thai", "EEEE'ที่' d MMMM 'คริสต์ศักราช' y", "th"),
            Language("km", "ភាសាខ្មែរ", "Khmer", "'ថ្ងៃ'EEEE 'ទី' d 'ខែ'MMMM 'ឆ្នាំ' y", "km", tall=True),
            Language("lo", "ພາສາລາວ", "Lao", "EEEE 'ທີ' d 'ເດືອນ'MMMM 'ປີ' y", "lo", tall=True),
            Language("my", "မြန်မာဘာသာ", "Burmese", "y 'ခုနှစ်၊' MMMM'လ' d 'ရက်၊' EEEE'နေ့'", "my", tall=True),
            Language("fil", "Filipino", "Filipino", "EEEE, 'ika-'d 'ng' MMMM y", "fil"),
            # The spelling of Timor-Leste is that of Portugal.
            Language("pt", "Português", "Portuguese", "EEEE, d 'de' MMMM 'de' y", "pt_PT"),
        )
    }
)
"""Every language that mails can be in, by its code; English first."""


def languages_of(directory: Directory) -> frozenset[str]:
    """Return the codes of the languages a coordinator may write in: those of mails and of delegations."""
    return frozenset(LANGUAGES).union(language_of(item.locale) for item in directory.delegations)


def marked(text: str) -> str:
    """Return ``text`` as it is; calling this marks it for the catalogues, which translate what is marked."""
    return text


_SOLE_DAY, _DAYS = marked("{count} day"), marked("{count} days")
_HOURS, _MINUTES = marked("{count} h"), marked("{count} min")
_MOMENT = marked("{date}, {clock} {city} ({offset})")
_CLOCK = marked("{date}, {clock} {city}")
_CLOCK_AND_HOST = marked("{date}, {clock} {city} ({host_clock} {host_city})")


@dataclass(frozen=True, slots=True)
class Review:
    """Which native speaker has read a whole catalogue, and when."""

    by: str
    on: date


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Wording:
    """One language with its texts. ``translate`` returns the text itself where nobody has translated it.

    ``review`` is ``None`` as long as no native speaker has read the translations. ``known`` are the texts
    that have one, and ``names`` translates names where that is done another way.
    """

    language: Language
    translate: Callable[[str], str] = field(default=_as_it_is, repr=False)
    review: Review | None = None
    known: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    names: Callable[[str], str] | None = field(default=None, repr=False, compare=False)

    @property
    def code(self) -> str:
        """The language's code."""
        return self.language.code

    @property
    def is_english(self) -> bool:
        """Whether these are the texts as they were written."""
        return self.language is _ENGLISH

    def say(self, text: str, **values: object) -> str:
        """Return a marked text in this language, with ``values`` in its named places."""
        return self.translate(text).format(**values)

    def name(self, text: str) -> str:
        """Return the name of a city or a delegation, as data has it in English, in this language."""
        return (self.names or self.translate)(text) if text else ""

    def speaking_to(self, you: str) -> Wording:
        """Return this language as it speaks to a reader whose form of address is ``you``, such as ``Bà``."""
        return _speaking_to(self, you) if you and self.language.you else self

    def noting(self, missed: set[str]) -> Wording:
        """Return this language; texts that it is asked for and has no translation of go into ``missed``."""

        def translate(text: str) -> str:
            if text not in self.known:
                missed.add(text)
            return self.translate(text)

        return replace(self, translate=translate, names=self.translate)

    def short_date(self, day: date, *, weekday: bool = True, year: bool = True) -> str:
        """Return a date as a subject has it: ``Thu 22 Apr 2027``, ``22 Apr``."""
        text = _short(day, self.language, self.language.short_pattern)
        text = f"{text}{self.language.year_after}{day.year}" if year else text
        return f"{_short(day, self.language, self.language.short_weekday)} {text}" if weekday else text

    def clock(self, time: LocalTime, host: LocalTime | None = None) -> str:
        """Return a moment in running text, with the host's clock beside it where that is another."""
        own = self.local(time)
        told = {"date": own.date, "clock": own.clock, "city": own.city}
        if host is None:
            return self.say(_CLOCK, **told)
        theirs = f"{host.clock}{self.day_mark(host.days_after(time))}"
        return self.say(_CLOCK_AND_HOST, **told, host_clock=theirs, host_city=self.name(host.city))

    def date(self, day: date) -> str:
        """Return a date with its weekday and its month in words."""
        return _date(day, self.language)

    def local(self, time: LocalTime) -> LocalTime:
        """Return a local time with its date and city in this language; clock and offset are the same."""
        if self.is_english:
            return time
        return replace(time, date=self.date(time.day), city=self.name(time.city))

    def moment(self, time: LocalTime, until: LocalTime | None = None) -> str:
        """Return a local time, or a stretch of time up to ``until`` at the same place, in one line."""
        clock = time.clock
        if until is not None:
            clock = f"{clock}–{until.clock}{self.day_mark(until.days_after(time))}"
        own = self.local(time)
        return self.say(_MOMENT, date=own.date, clock=clock, city=own.city, offset=own.offset)

    def duration(self, length: timedelta) -> str:
        """Return ``2 h 30 min`` or ``7 days`` in this language."""
        minutes = int(length.total_seconds()) // 60
        days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
        parts = [
            self._days(days) if days else "",
            self.say(_HOURS, count=hours) if hours else "",
            self.say(_MINUTES, count=minutes) if minutes or not (days or hours) else "",
        ]
        return " ".join(part for part in parts if part)

    def day_mark(self, days: int) -> str:
        """Return `` (+1 day)`` for a time on another date; nothing for the same date."""
        return f" ({self._days(days, '+d')})" if days else ""

    def _days(self, days: int, form: str = "d") -> str:
        return self.say(_SOLE_DAY if abs(days) == 1 else _DAYS, count=format(days, form))


ENGLISH = Wording(_ENGLISH)
"""What everything is written in first, and what everything without a translation stays in."""


@lru_cache(maxsize=512)
def _date(day: date, language: Language) -> str:
    return format_date(day, language.date_pattern, locale=_locale(language.locale))


@lru_cache(maxsize=512)
def _short(day: date, language: Language, pattern: str) -> str:
    return format_date(day, pattern, locale=_locale(language.locale))


@lru_cache(maxsize=64)
def _speaking_to(wording: Wording, you: str) -> Wording:
    general = wording.language.you
    return replace(wording, translate=lambda text: wording.translate(text).replace(general, you))


@lru_cache(maxsize=len(LANGUAGES))
def _locale(identifier: str) -> Locale:
    return Locale.parse(identifier)
