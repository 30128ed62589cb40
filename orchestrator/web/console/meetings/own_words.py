"""What a coordinator tells people in their own words: notes on messages, and letters, each seen before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.meeting import Need
from orchestrator.domain.own_words import ENGLISH
from orchestrator.errors import Conflict, InvalidInput, Problem
from orchestrator.services.letters.notes import Notes
from orchestrator.services.letters.one_off import (
    CoordinatorLetters,
    LetterDraft,
    LetterEffect,
    ReadLetter,
    RecipientChoice,
)
from orchestrator.services.meetings.reading import Reading
from orchestrator.services.meetings.views import MeetingView
from orchestrator.web.console.explaining import Explaining
from orchestrator.web.console.forms import status_of_refusal
from orchestrator.web.container import CoordinatorLettersDep, DirectoryDep, NotesDep, ReadingDep
from orchestrator.web.pages import Pages, PagesDep, meeting_path, see_other
from orchestrator.web.security import MAIL_POLICY, ConsoleCaller

router = APIRouter()


@dataclass(frozen=True, slots=True)
class TypedWords:
    """What a form of the page has sent: each field as typed, and those that may be ticked several times."""

    fields: Mapping[str, str] = field(default_factory=dict)
    ticked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """Return what was typed into a field."""
        return self.fields.get(name, "")

    def chosen(self, name: str) -> tuple[str, ...]:
        """Return what was ticked under a name."""
        return self.ticked.get(name, ())

    def by_language(self, name: str) -> dict[str, str]:
        """Return a text by language, as the fields ``name`` and ``name_vi`` and so on hold it."""
        others = {
            key.removeprefix(f"{name}_"): value
            for key, value in self.fields.items()
            if key.startswith(f"{name}_")
        }
        return {ENGLISH: self.get(name), **others}

    @property
    def number(self) -> int | None:
        """The version of the meeting that was shown."""
        typed = self.get("version")
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None

    @property
    def only(self) -> list[int] | None:
        """The recipients who were shown; ``None`` before anybody was."""
        given = self.get("recipients").split(",") if self.get("recipients") else None
        return None if given is None else [int(item) for item in given if item.isascii() and item.isdigit()]

    @property
    def draft(self) -> LetterDraft:
        """The letter as the service takes it."""
        people = tuple(item for item in self.get("people").replace(",", " ").split() if item)
        choice = RecipientChoice(
            self.chosen("delegations"),
            self.chosen("circles"),
            self.chosen("roles"),
            people,
            bool(self.get("unanswered")),
            tuple(need for need in Need if need.value in self.chosen("lacking")),
        )
        return LetterDraft(
            self.by_language("subject"), self.by_language("text"), choice, bool(self.get("at_once"))
        )

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Everything as another page sends it again, but what that page gives itself."""
        own = ("confirmed", "recipients", "version", "who")
        once = [(name, value) for name, value in self.fields.items() if name not in own and value]
        return once + [(name, value) for name, values in self.ticked.items() for value in values]


_SEVERAL = ("delegations", "circles", "roles", "lacking")


async def _typed(request: Request) -> TypedWords:
    form = await request.form()
    return TypedWords(
        {name: str(value) for name, value in form.items() if name not in _SEVERAL},
        {name: tuple(map(str, form.getlist(name))) for name in _SEVERAL if form.getlist(name)},
    )


Typed = Annotated[TypedWords, Depends(_typed)]


@dataclass(frozen=True, slots=True)
class OwnWordsPage:
    """Shows the page with what was typed into the form that was sent, ``note`` or ``letter``."""

    request: Request
    pages: Pages
    reading: Reading
    notes: Notes
    letters: CoordinatorLetters
    directory: Directory

    def show(
        self,
        reference: str,
        form: str = "",
        typed: TypedWords | None = None,
        error: InvalidInput | Conflict | None = None,
    ) -> Response:
        """Return the page; ``error`` says why what was typed could not be taken."""
        found = self.reading.meeting(reference)
        problems = error.problems if isinstance(error, InvalidInput) else ()
        return self.pages.render(
            self.request,
            "meetings/own_words.html.j2",
            status=status_of_refusal(error) if error is not None else 200,
            meeting=found,
            form=form,
            typed=typed or TypedWords(),
            problems=problems,
            fields={item.field: item for item in problems},
            conflict=error.message if isinstance(error, Conflict) else "",
            notes=self.notes.listed(reference),
            messages=self.notes.messages(reference),
            letters=self.letters.listed(reference),
            **self._choices(found),
        )

    def preview(self, reference: str, typed: TypedWords, done: LetterEffect, read: ReadLetter) -> Response:
        """Return the page that shows to whom a letter goes, and how one of them reads it."""
        return self.pages.render(
            self.request,
            "meetings/own_letter.html.j2",
            meeting=self.reading.meeting(reference),
            typed=typed,
            effect=done.effect,
            recipients=done.recipients,
            read=read,
        )

    def _choices(self, meeting: MeetingView) -> dict[str, Sequence[Any]]:
        people = meeting.attendees
        codes = sorted({item.delegation for item in people}, key=self.directory.rank)
        return {
            "languages": Explaining().offered(meeting, self.directory).languages,
            "delegations": [(code, self.directory.get(code).name) for code in codes],
            "circles": _alike({item.group for item in people}),
            "roles": _alike({str(item.role) for item in people}),
            "needs": _alike({need.value for need in Need if need is not Need.ANSWER}),
        }


def _alike(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return choices that are called what they are."""
    return [(word, word) for word in sorted(words)]


def _page(
    request: Request,
    pages: PagesDep,
    reading: ReadingDep,
    notes: NotesDep,
    letters: CoordinatorLettersDep,
    directory: DirectoryDep,
) -> OwnWordsPage:
    return OwnWordsPage(request, pages, reading, notes, letters, directory)


PageDep = Annotated[OwnWordsPage, Depends(_page)]


@router.get("/meetings/{reference}/words")
def own_words(reference: str, page: PageDep) -> Response:
    """Show the notes and letters of a meeting, and the forms for more."""
    return page.show(reference)


@router.post("/meetings/{reference}/words/note")
def write_note(
    reference: str, typed: Typed, page: PageDep, notes: NotesDep, caller: ConsoleCaller
) -> Response:
    """Write a note on a message, or remove it."""
    try:
        if typed.get("remove"):
            notes.remove(reference, typed.get("message"), caller=caller, version=typed.number)
        else:
            text = typed.by_language("text")
            notes.write(reference, typed.get("message"), text, caller=caller, version=typed.number)
    except (InvalidInput, Conflict) as error:
        return page.show(reference, "note", typed, error)
    done = "note-removed" if typed.get("remove") else "note"
    return see_other(meeting_path(reference), done=done)


@router.post("/meetings/{reference}/words/letter")
def write_letter(
    reference: str, typed: Typed, page: PageDep, letters: CoordinatorLettersDep, caller: ConsoleCaller
) -> Response:
    """Show to whom a letter goes and how each reads it, or send it once that was confirmed."""
    confirmed = bool(typed.get("confirmed"))
    try:
        only = typed.only if confirmed else None
        if confirmed and only is None:
            raise InvalidInput([Problem("recipients", "", "is missing", "Look at the letter first.")])
        done = letters.send(
            reference,
            typed.draft,
            caller=caller,
            version=typed.number if confirmed else None,
            only=only,
            dry_run=not confirmed,
        )
        if confirmed:
            count = len(done.recipients)
            return see_other(meeting_path(reference), done="letter", count=count)
        who = typed.get("who") or str(done.recipients[0].id)
        return page.preview(reference, typed, done, letters.read(reference, typed.draft, who))
    except (InvalidInput, Conflict) as error:
        return page.show(reference, "letter", typed, error)


@router.post("/meetings/{reference}/words/letter/html")
def letter_in_html(reference: str, typed: Typed, letters: CoordinatorLettersDep) -> Response:
    """Return the HTML of a letter as one recipient will read it, on a page that can do nothing."""
    found = letters.read(reference, typed.draft, typed.get("who"))
    return HTMLResponse(found.html, headers={"Content-Security-Policy": MAIL_POLICY})
