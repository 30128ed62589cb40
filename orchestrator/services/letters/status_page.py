"""Says what a letter to a coordinator holds, in one language: Vietnamese where it is read, else English."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

from babel.dates import format_date

from orchestrator.domain.letters.wording import Wording
from orchestrator.domain.time.zones import LocalTime
from orchestrator.facts import Said
from orchestrator.services.letters.status import Named, ShortTitles, StatusReport, SubjectDay
from orchestrator.words import say

_COMMAND = re.compile(r"[A-Z][a-z]+-[A-Z]\w+ -")
"""A command of PowerShell."""
VIETNAMESE = "vi"
"""The one language beside English that letters to coordinators are complete in."""


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One line as it is read; ``url`` is where it is seen to.

    ``more`` are further lines of it, of which commands are to be copied as they are.
    """

    text: str
    more: tuple[tuple[str, bool], ...]
    url: str
    quoted: str


@dataclass(frozen=True, slots=True)
class StatusSection:
    """Lines under a heading."""

    heading: str
    numbered: bool
    lines: tuple[StatusLine, ...]


@dataclass(frozen=True, slots=True)
class StatusPage:
    """A letter to a coordinator as it is read in one language."""

    label: str
    sections: tuple[StatusSection, ...]
    all: str
    url: str


def status_subject(report: StatusReport, wording: Wording) -> str:
    """Return the subject of a letter to a coordinator."""
    return _sayer(wording)(report.subject)


def status_page_of(
    report: StatusReport, wording: Wording, url_of: Callable[[str], str], everything: Said
) -> StatusPage:
    """Return the letter in a language; ``url_of`` makes absolute addresses of paths of the console."""
    sayer = _sayer(wording)
    sections = tuple(
        StatusSection(
            _capital(sayer(section.heading)),
            section.numbered,
            tuple(
                _line(sayer(line.said), url_of(line.path) if line.path else "", line.quoted or "")
                for line in section.lines
            ),
        )
        for section in report.sections
    )
    return StatusPage(sayer(report.label), sections, sayer(everything), url_of(report.path))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _line(text: str, url: str, quoted: str) -> StatusLine:
    first, *others = text.splitlines() or [""]
    return StatusLine(first, tuple((item, _COMMAND.match(item) is not None) for item in others), url, quoted)


def _sayer(wording: Wording) -> Callable[[Said], str]:
    return partial(say, language=wording.code, show=partial(_shown, wording))


def _shown(wording: Wording, value: object) -> str:
    vietnamese = wording.code == VIETNAMESE
    match value:
        case Named():
            return wording.name(value.name)
        case ShortTitles():
            return value.vi if vietnamese else value.en
        case SubjectDay():
            return _day(value.day, "d/M" if vietnamese else "EEE d MMM", wording)
        case LocalTime():
            day = _day(value.day, "EEEE d/M" if vietnamese else "EEE d MMMM", wording)
            return f"{value.clock} {day}" if vietnamese else f"{day}, {value.clock}"
        case date():
            return _day(value, "EEEE d/M" if vietnamese else "EEE d MMMM", wording)
    return str(value)


def _day(day: date, pattern: str, wording: Wording) -> str:
    return format_date(day, pattern, locale=wording.language.locale)
