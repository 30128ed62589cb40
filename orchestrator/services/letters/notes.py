"""Notes of coordinators: a few words that stand first in one message, until it has left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from orchestrator.domain.letters.wording import languages_of
from orchestrator.domain.meetings.by_hand import LONGEST_NOTE, MOST_NOTES, NEXT_UPDATE, Note
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.own_words import OwnWords, WordRules, checked_words
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.timelines.actions import StoredAction
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.facts import Fact
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.views import Effect
from orchestrator.store.engine import Database
from orchestrator.store.meetings import letters as store
from orchestrator.store.meetings import meetings as meetings_store
from orchestrator.store.meetings.letters import Carried
from orchestrator.store.timelines import actions

_PURPOSES = {
    "invitation": "letters.message.invitation",
    "save-the-date": "letters.message.save-the-date",
    NEXT_UPDATE: "letters.message.update",
    "cancellation": "letters.message.cancellation",
    "minutes": "letters.message.minutes",
}
"""Messages that are no step of their own, or are told apart better than their step does."""
_STEPS = frozenset({ActionKind.REMIND, ActionKind.NOTICE, ActionKind.CHASE, ActionKind.CONNECTION_TEST})


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message that can carry a note: the name that is given, and what it is."""

    name: str
    what: Fact


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note as coordinators read it. ``mails`` is how many have left with it, after which it stays."""

    number: int
    message: str
    what: Fact
    text: Mapping[str, str]
    by: str
    at: datetime
    mails: int

    @property
    def left(self) -> bool:
        """Whether it can be changed no more."""
        return self.mails > 0


class Notes:
    """The use cases of a coordinator around notes."""

    def __init__(self, database: Database, planner: Planner, changing: Changing) -> None:
        self._database = database
        self._planner = planner
        self._changing = changing

    def messages(self, name: str) -> tuple[MessageView, ...]:
        """Return the messages of a meeting that can carry a note; raises ``NotFound``."""
        with self._database.reading() as session:
            meeting = meetings_store.load(session, meetings_store.find_id(session, name))
        return tuple(MessageView(key, what) for key, what in self._messages(meeting).items())

    def listed(self, name: str) -> tuple[NoteView, ...]:
        """Return the notes of a meeting, oldest first; raises ``NotFound``."""
        with self._database.reading() as session:
            meeting = meetings_store.load(session, meetings_store.find_id(session, name))
            carried = store.carried(session, meeting.id)
        known = self._messages(meeting)
        return tuple(_view(item, known, carried.get(item.number)) for item in meeting.notes)

    def write(
        self,
        name: str,
        message: str,
        text: Any,
        *,
        caller: Caller,
        version: int | None = None,
        dry_run: bool = False,
    ) -> Effect:
        """Let a message begin with a text, in English and any other language, in place of what was there.

        Raises ``InvalidInput`` for a message that the meeting has not and for what is no text, ``NotFound``,
        and ``Conflict`` where the message has left, or for a version that is not the newest.
        """
        rules = WordRules("text", LONGEST_NOTE, languages_of(self._planner.directory), lines=True)
        texts = checked_words(text, rules)
        if texts is None:
            raise InvalidInput.of(
                "text", None, Fact.of("letters.note-empty"), Fact.of("letters.note-empty.remedy")
            )

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange | None:
            what = self._message(meeting, message)
            carried = store.carried(session, meeting.id)
            before = _on(meeting, message)
            if before is not None and before.texts == texts and before.number not in carried:
                return None
            _require_waiting(message, what, carried, before)
            self._require_to_come(session, meeting, message, what)
            number = max((0, *carried, *(item.number for item in meeting.notes))) + 1
            note = Note(number, message, texts, meeting.revision, caller.name, now)
            notes = (*_kept(meeting, message, carried), note)
            if len(notes) > MOST_NOTES:
                raise Conflict(Fact.of("letters.too-many-notes", most=MOST_NOTES), code="too-many-notes")
            return MeetingChange(
                replace(meeting, notes=notes),
                Fact.of("letters.history.note-written", what=what),
                _detail(texts),
            )

        return self._changing.change(name, command, caller=caller, version=version, dry_run=dry_run)

    def remove(
        self, name: str, message: str, *, caller: Caller, version: int | None = None, dry_run: bool = False
    ) -> Effect:
        """Take a note away before its message leaves.

        Raises ``NotFound`` where the message has none, and ``Conflict`` as writing does.
        """

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            before = _on(meeting, message)
            if before is None:
                raise NotFound(Fact.of("letters.no-note", message=message, reference=meeting.reference))
            what = self._messages(meeting).get(message, Fact.of("text", text=message))
            carried = store.carried(session, meeting.id).get(before.number)
            if carried is not None:
                raise _has_left(what, carried)
            notes = tuple(item for item in meeting.notes if item is not before)
            return MeetingChange(
                replace(meeting, notes=notes),
                Fact.of("letters.history.note-removed", what=what),
                _detail(before.texts),
            )

        return self._changing.change(name, command, caller=caller, version=version, dry_run=dry_run)

    def _messages(self, meeting: Meeting) -> dict[str, Fact]:
        steps = self._planner.timeline(meeting).steps
        return {key: Fact.of(words) for key, words in _PURPOSES.items()} | {
            step.name: Fact.of("letters.message.step", what=step.do.rules.words, when=step.said())
            for step in steps
            if step.do in _STEPS
        }

    def _message(self, meeting: Meeting, message: str) -> Fact:
        known = self._messages(meeting)
        if message not in known:
            wrong = Fact.of("letters.no-such-message")
            raise InvalidInput.of(
                "message", message[:80], wrong, Fact.of("letters.no-such-message.remedy", known=tuple(known))
            )
        return known[message]

    def _require_to_come(self, session: Session, meeting: Meeting, message: str, what: Fact) -> None:
        """Refuse a note on a step of which nothing is planned any more, where everything is planned."""
        if message in _PURPOSES or meeting.status is MeetingStatus.DRAFT or meeting.tentative:
            return
        planned = actions.stored(session, meeting.id, lock=False)
        if not any(item.state.is_pending and _is_of(item, message) for item in planned):
            raise Conflict(Fact.of("letters.nothing-to-come", what=what), code="message-has-left")


def _is_of(action: StoredAction, message: str) -> bool:
    rest = action.obligation.removeprefix(message)
    return rest != action.obligation and (not rest or rest[0] in ":/")


def _on(meeting: Meeting, message: str) -> Note | None:
    """Return the latest note on a message."""
    return next((item for item in reversed(meeting.notes) if item.message == message), None)


def _kept(meeting: Meeting, message: str, carried: Mapping[int, Carried]) -> tuple[Note, ...]:
    """Return the notes that stay beside a new one on a message.

    What has left with the latest update stays, for mails of that update that have yet to leave.
    """
    latest = _on(meeting, message)
    told = latest if latest is not None and message == NEXT_UPDATE and latest.number in carried else None
    return tuple(item for item in meeting.notes if item.message != message or item is told)


def _require_waiting(message: str, what: Fact, carried: Mapping[int, Carried], before: Note | None) -> None:
    """Refuse to change what people have read; after an update has been told, the next one is another."""
    left = carried.get(before.number) if before is not None else None
    if left is not None and message != NEXT_UPDATE:
        raise _has_left(what, left)


def _has_left(what: Fact, carried: Carried) -> Conflict:
    return Conflict(Fact.of("letters.note-has-left", what=what, count=carried.mails), code="note-has-left")


def _detail(texts: OwnWords) -> Fact:
    return Fact.of("text", text=" / ".join(texts.by_language.values()))


def _view(note: Note, known: Mapping[str, Fact], carried: Carried | None) -> NoteView:
    return NoteView(
        note.number,
        note.message,
        known.get(note.message, Fact.of("text", text=note.message)),
        note.texts.by_language,
        note.by,
        note.at,
        carried.mails if carried else 0,
    )
