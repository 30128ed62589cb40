"""The REST API: notes on messages, and letters of coordinators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import Field

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.by_hand import LONGEST_LETTER, LONGEST_NOTE, LONGEST_SUBJECT
from orchestrator.domain.meetings.meeting import Need
from orchestrator.services.letters.one_off import LetterDraft, RecipientChoice
from orchestrator.web.api.answering import AnswerModel, FactOf, Sentence, beside
from orchestrator.web.api.inputs import Body, Preview, own_words
from orchestrator.web.api.timelines.schemas import EffectModel
from orchestrator.web.container import CoordinatorLettersDep, NotesDep
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("letters")
Message = Annotated[str, Path(description="A step of the timeline, or another name in `GET …/messages`.")]
_BY_LANGUAGE = "A text in English, or texts by language, such as `en` and `vi`; English is needed."
_MOST_NAMED = 2000


class NoteRequest(Body):
    """A note, and the version the meeting was read at."""

    text: Annotated[str | dict[str, str], own_words(LONGEST_NOTE, lines=True)] = Field(
        description=f"{_BY_LANGUAGE} At most {LONGEST_NOTE} characters; plain text, in which addresses "
        "of web pages become links."
    )
    version: int | None = Field(None, description="Write only if the meeting is still at this version.")


class ChoiceRequest(Body):
    """Whom a letter is for; without anything, all who are invited."""

    delegations: list[str] = Field([], max_length=_MOST_NAMED)
    circles: list[str] = Field([], max_length=_MOST_NAMED, description="Groups, such as `ACCSM_FP`.")
    roles: list[Role] = Field([], max_length=len(Role))
    people: list[str] = Field([], max_length=_MOST_NAMED, description="Addresses, or ids of attendees.")
    unanswered: bool = Field(False, description="Of these only who has not answered.")
    lacking: list[Need] = Field(
        [], max_length=len(Need), description="Of these only who speaks for a delegation that lacks one."
    )

    @property
    def choice(self) -> RecipientChoice:
        """The selection as the service takes it."""
        return RecipientChoice(
            tuple(self.delegations),
            tuple(self.circles),
            tuple(map(str, self.roles)),
            tuple(self.people),
            self.unanswered,
            tuple(self.lacking),
        )


class LetterText(Body):
    """What a letter says, to whom."""

    subject: Annotated[str | dict[str, str], own_words(LONGEST_SUBJECT)] = Field(
        description=f"{_BY_LANGUAGE} At most {LONGEST_SUBJECT} characters; the title follows it."
    )
    text: Annotated[str | dict[str, str], own_words(LONGEST_LETTER, lines=True)] = Field(
        description=f"{_BY_LANGUAGE} At most {LONGEST_LETTER} characters; plain text."
    )
    to: ChoiceRequest = Field(default_factory=ChoiceRequest)

    def draft(self, *, at_once: bool = False) -> LetterDraft:
        """The letter as the service takes it."""
        return LetterDraft(self.subject, self.text, self.to.choice, at_once)


class LetterRequest(LetterText):
    """A letter to be sent."""

    at_once: bool = Field(
        False, description="At once, at any hour; else on the next working morning of each recipient."
    )
    recipients: list[Annotated[int, Field(ge=1, le=2**31 - 1)]] | None = Field(
        None,
        max_length=_MOST_NAMED,
        description="The ids that a preview named: exactly these, and nobody else.",
    )
    version: int | None = Field(None, description="Send only if the meeting is still at this version.")


class ReadRequest(LetterText):
    """A letter, and whose reading of it is wanted."""

    who: str = Field(max_length=254, description="Address or id of a recipient.")


class MessageModel(AnswerModel):
    """A message that can carry a note."""

    name: str
    what: Sentence
    what_fact: FactOf = beside("what")


class NoteModel(AnswerModel):
    """A note on a message."""

    number: int
    message: str
    what: Sentence
    what_fact: FactOf = beside("what")
    text: dict[str, str]
    by: str
    at: datetime
    mails: int = Field(description="How many mails have left with it, after which it stays as it is.")


class RecipientModel(AnswerModel):
    """One recipient of a letter."""

    id: int
    name: str
    email: str
    delegation: str


class LetterEffectModel(AnswerModel):
    """What a letter does, and exactly to whom."""

    effect: EffectModel
    recipients: list[RecipientModel]


class ReadLetterModel(AnswerModel):
    """A letter as one recipient reads it."""

    recipient: RecipientModel
    subject: str
    text: str
    html: str


class LetterStateModel(AnswerModel):
    """How a letter stands with one recipient."""

    recipient: RecipientModel
    state: str
    why: Sentence | None
    why_fact: FactOf | None = beside("why")


class OneOffLetterModel(AnswerModel):
    """A letter that was confirmed."""

    id: int
    subject: dict[str, str]
    text: dict[str, str]
    at_once: bool
    by: str
    at: datetime
    recipients: list[LetterStateModel]


@router.get("/meetings/{meeting}/messages", summary="What can carry a note")
def get_messages(meeting: str, notes: NotesDep) -> list[MessageModel]:
    """Return the messages of a meeting that a note can stand first in."""
    return [MessageModel.showing(item) for item in notes.messages(meeting)]


@router.get("/meetings/{meeting}/notes", summary="Notes on messages")
def get_notes(meeting: str, notes: NotesDep) -> list[NoteModel]:
    """Return the notes of a meeting, and how many mails have left with each."""
    return [NoteModel.showing(item) for item in notes.listed(meeting)]


@router.put("/meetings/{meeting}/notes/{message}", summary="Write a note")
def write_note(
    meeting: str,
    message: Message,
    body: NoteRequest,
    notes: NotesDep,
    caller: ApiCaller,
    preview: Preview = False,
) -> EffectModel:
    """Let a message begin with a note, or with another one; 409 once it has left."""
    return EffectModel.showing(
        notes.write(meeting, message, body.text, caller=caller, version=body.version, dry_run=preview)
    )


@router.delete("/meetings/{meeting}/notes/{message}", summary="Remove a note")
def remove_note(meeting: str, message: Message, notes: NotesDep, caller: ApiCaller) -> EffectModel:
    """Take a note away before its message leaves; 409 once it has."""
    return EffectModel.showing(notes.remove(meeting, message, caller=caller))


@router.get("/meetings/{meeting}/letters", summary="Letters of coordinators")
def get_letters(meeting: str, letters: CoordinatorLettersDep) -> list[OneOffLetterModel]:
    """Return the letters of a meeting, newest first, and how each stands with each recipient."""
    return [OneOffLetterModel.showing(item) for item in letters.listed(meeting)]


@router.post("/meetings/{meeting}/letters", summary="Write to people of a meeting")
def send_letter(
    meeting: str,
    body: LetterRequest,
    letters: CoordinatorLettersDep,
    caller: ApiCaller,
    preview: Preview = False,
) -> LetterEffectModel:
    """Send a letter; with ``preview`` only say to whom. Its recipients are fixed from then on."""
    return LetterEffectModel.showing(
        letters.send(
            meeting,
            body.draft(at_once=body.at_once),
            caller=caller,
            version=body.version,
            only=body.recipients,
            dry_run=preview,
        )
    )


@router.post("/meetings/{meeting}/letters/read", summary="A letter as one recipient reads it")
def read_letter(meeting: str, body: ReadRequest, letters: CoordinatorLettersDep) -> ReadLetterModel:
    """Return a letter exactly as one recipient will read it, as text and HTML; nothing is stored or sent."""
    return ReadLetterModel.showing(letters.read(meeting, body.draft(), body.who))
