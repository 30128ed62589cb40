"""Saying why, on the pages that do something to people: the reason by language, and a remark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from fastapi import Depends, Request

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.letters.wording import LANGUAGES
from orchestrator.domain.own_words import ENGLISH, language_of
from orchestrator.errors import Conflict, InvalidInput, Problem
from orchestrator.services.meetings.views import MeetingView

_REASON, _REMARK = "reason", "remark"


@dataclass(frozen=True, slots=True)
class Explaining:
    """What was typed to explain a change: the texts of the reason by language, and the remark.

    ``languages`` are those of the people invited but English, each a code and its name; ``problems`` are
    what is wrong, by field, and ``conflict`` says why nothing could be done with it.
    """

    reason: Mapping[str, str] = field(default_factory=dict)
    remark: str = ""
    languages: tuple[tuple[str, str], ...] = ()
    problems: Mapping[str, Problem] = field(default_factory=dict)
    conflict: str = ""

    @property
    def hidden(self) -> dict[str, Any]:
        """The fields as another page sends them again."""
        texts = {name_of(code): text for code, text in self.reason.items() if text}
        return texts | ({_REMARK: self.remark} if self.remark else {})

    @property
    def others(self) -> tuple[str, ...]:
        """The languages but English in which something was typed, or is wrong."""
        wrong = {name.partition(".")[2] for name in self.problems}
        return tuple(code for code, _ in self.languages if self.reason.get(code) or code in wrong)

    @property
    def fields(self) -> frozenset[str]:
        """The fields of which problems are shown where they are typed."""
        return frozenset({_REASON, _REMARK, *(f"{_REASON}.{code}" for code, _ in self.languages)})

    def named(self, code: str) -> str:
        """Return what a language is called."""
        return _name(code)

    def offered(self, meeting: MeetingView, directory: Directory) -> Explaining:
        """Return it with the languages of the people of a meeting; the host's is the first."""
        hosts = language_of(directory.get(meeting.host).locale)
        codes = {
            language_of(item.language or directory.get(item.delegation).locale) for item in meeting.attendees
        }
        typed = {code for code, text in self.reason.items() if text}
        ordered = sorted(codes | {hosts} | typed - {ENGLISH}, key=lambda code: (code != hosts, code))
        named = tuple((code, _name(code)) for code in ordered if code != ENGLISH)
        return replace(self, languages=named)

    def refused(self, error: InvalidInput | Conflict) -> Explaining:
        """Return it with why it was refused."""
        if isinstance(error, Conflict):
            return replace(self, conflict=error.message)
        return replace(self, problems={item.field: item for item in error.problems})

    def shown_with(self, problems: Sequence[Problem]) -> Explaining:
        """Return it with what is wrong."""
        return replace(self, problems={item.field: item for item in problems})


def name_of(code: str) -> str:
    """Return the field of a form that holds the reason in a language."""
    return _REASON if code == ENGLISH else f"{_REASON}_{code}"


def _name(code: str) -> str:
    return LANGUAGES[code].english_name if code in LANGUAGES else code


async def _typed(request: Request) -> Explaining:
    form = await request.form()
    texts = {
        name.removeprefix(_REASON).removeprefix("_") or ENGLISH: str(value)
        for name, value in form.items()
        if name == _REASON or name.startswith(f"{_REASON}_")
    }
    return Explaining(texts, str(form.get(_REMARK) or ""))


ExplainingDep = Annotated[Explaining, Depends(_typed)]
"""What a form has sent to explain a change."""
