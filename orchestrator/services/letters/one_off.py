"""Letters of coordinators: one text to chosen people of a meeting, seen as each will read it, then sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from sqlalchemy.orm import Session

from orchestrator.domain.letters.message import assemble
from orchestrator.domain.letters.wording import languages_of
from orchestrator.domain.meetings.by_hand import LONGEST_LETTER, LONGEST_SUBJECT, OneOffLetter
from orchestrator.domain.meetings.lifecycle import require_status
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Need
from orchestrator.domain.meetings.revision import request_to
from orchestrator.domain.own_words import OwnWords, WordRules, checked_words
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.needs import is_missing, spokespeople
from orchestrator.domain.timelines.reconciling import Reconciliation
from orchestrator.errors import Conflict, InvalidInput, NotFound, Problem
from orchestrator.facts import Fact
from orchestrator.ports import Clock
from orchestrator.services.letters.content import LetterContent, WrittenWords
from orchestrator.services.letters.letters import Letters
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.services.timelines.moves import only_meant
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.views import Effect
from orchestrator.store.engine import Database
from orchestrator.store.meetings import letters as store
from orchestrator.store.meetings import meetings as meetings_store
from orchestrator.store.timelines import actions


@dataclass(frozen=True, slots=True)
class RecipientChoice:
    """Whom a letter is for: of the people of these delegations, circles, roles and addresses, or of all.

    ``people`` may also be ids of attendees. With ``unanswered`` it is only for who has not answered, with
    ``lacking`` for who speaks for a delegation that lacks one of these; with both, for either.
    """

    delegations: tuple[str, ...] = ()
    circles: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    unanswered: bool = False
    lacking: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class LetterDraft:
    """A letter as it was written: subject and text, each in English or by language, to whom, and when."""

    subject: Any
    text: Any
    to: RecipientChoice = field(default_factory=RecipientChoice)
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class ChosenRecipient:
    """One who gets a letter, by the id that confirming fixes."""

    id: int
    name: str
    email: str
    delegation: str


@dataclass(frozen=True, slots=True)
class LetterEffect:
    """What sending a letter does, or would do, and exactly to whom."""

    effect: Effect
    recipients: tuple[ChosenRecipient, ...]


@dataclass(frozen=True, slots=True)
class ReadLetter:
    """A letter exactly as one recipient will read it."""

    recipient: ChosenRecipient
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class LetterState:
    """How a letter stands with one recipient: the state of its mail, and why, where it is not on its way."""

    recipient: ChosenRecipient
    state: str
    why: Fact | None


@dataclass(frozen=True, slots=True)
class OneOffLetterView:
    """A letter that was confirmed, and how it stands with each of its recipients."""

    id: int
    subject: Mapping[str, str]
    text: Mapping[str, str]
    at_once: bool
    by: str
    at: datetime
    recipients: tuple[LetterState, ...]


class CoordinatorLetters:
    """The use cases of a coordinator around letters of their own."""

    def __init__(
        self, database: Database, planner: Planner, changing: Changing, letters: Letters, clock: Clock
    ) -> None:
        """``letters`` writes the mails, so that a preview is what is sent."""
        self._database = database
        self._planner = planner
        self._changing = changing
        self._letters = letters
        self._clock = clock

    def send(
        self,
        name: str,
        draft: LetterDraft,
        *,
        caller: Caller,
        version: int | None = None,
        only: Collection[int] | None = None,
        dry_run: bool = False,
    ) -> LetterEffect:
        """Send a letter, at once or on the next working morning of each recipient.

        ``only`` are the ids of those who were shown; whoever of them is not invited any more is named and
        left out, and nobody is added. Raises ``InvalidInput`` with all that is wrong with the letter and its
        recipients, ``NotFound``, and ``Conflict`` for a draft meeting, for a letter to nobody, or for a
        version that is not the newest.
        """
        words = self._words(draft)
        chosen: list[Attendee] = []

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            people, gone = self._recipients(meeting, draft.to, only)
            chosen[:] = people
            cancelled = meeting.status is MeetingStatus.CANCELLED
            ids = [item.id for item in people]
            new = store.NewLetter(
                words.subject,
                words.text,
                ids,
                draft.at_once,
                cancelled,
                caller.name,
                now,
            )
            letter = OneOffLetter(
                store.next_id(session), frozenset(new.recipients), draft.at_once, now, cancelled
            )

            def write(session: Session, stored: Meeting, _: datetime) -> None:
                store.add(session, stored.id, new)

            what = Fact.of("letters.history.letter-confirmed", count=len(people))
            return MeetingChange(
                replace(meeting, letters=(*meeting.letters, letter)),
                what,
                Fact.of("text", text=words.subject.en),
                write=write,
                saves=False,
                warnings=gone,
                narrow=_only_letters,
            )

        effect = self._changing.change(name, command, caller=caller, version=version, dry_run=dry_run)
        return LetterEffect(effect, tuple(map(_shown, chosen)))

    def read(self, name: str, draft: LetterDraft, who: str) -> ReadLetter:
        """Return a letter as one of its recipients, an address or id, will read it; nothing is stored.

        Raises as ``send`` does, and ``NotFound`` for who is not among its recipients.
        """
        words = self._words(draft)
        with self._database.reading() as session:
            meeting = meetings_store.load(session, meetings_store.find_id(session, name))
            people, _ = self._recipients(meeting, draft.to, None)
            number = store.next_id(session)
        found = next((item for item in people if _is(item, who)), None)
        if found is None:
            raise NotFound(Fact.of("letters.no-recipient", who=who))
        content = LetterContent(
            kind=ActionKind.LETTER,
            step="letter",
            number=number,
            sequence=request_to(meeting, found).sequence,
            tentative=meeting.tentative,
            letter=words,
        )
        mail = assemble(self._letters.to_attendee(meeting, found, content, self._clock.now()))
        return _read(found, mail)

    def listed(self, name: str) -> tuple[OneOffLetterView, ...]:
        """Return the letters of a meeting, newest first, and how each stands with each recipient."""
        with self._database.reading() as session:
            meeting = meetings_store.load(session, meetings_store.find_id(session, name))
            rows = store.of_meeting(session, meeting.id)
            states = actions.ends(session, meeting.id, ActionKind.LETTER)
        known = {item.id: item for item in meeting.attendees}
        return tuple(
            OneOffLetterView(
                row.id,
                row.subject,
                row.text,
                row.at_once,
                row.by,
                row.at,
                tuple(
                    LetterState(
                        _shown(known[number]),
                        *states.get(f"letter:{row.id}:attendee-{number}", ("cancelled", None)),
                    )
                    for number in row.recipients
                    if number in known
                ),
            )
            for row in rows
        )

    def _words(self, draft: LetterDraft) -> WrittenWords:
        """Return subject and text as they are kept; raises ``InvalidInput`` with all that is wrong."""
        languages = languages_of(self._planner.directory)
        problems: list[Problem] = []
        found: list[OwnWords | None] = []
        for given, rules in (
            (draft.subject, WordRules("subject", LONGEST_SUBJECT, languages)),
            (draft.text, WordRules("text", LONGEST_LETTER, languages, lines=True)),
        ):
            try:
                found.append(checked_words(given, rules))
            except InvalidInput as error:
                problems += error.problems
                continue
            if found[-1] is None:
                problems.append(
                    Problem(rules.field, "", Fact.of("letters.empty"), Fact.of("letters.empty.remedy"))
                )
        if problems:
            raise InvalidInput(problems)
        subject, text = found
        if subject is None or text is None:
            raise ValueError("what is empty has been refused")
        return WrittenWords(subject, text)

    def _recipients(
        self, meeting: Meeting, to: RecipientChoice, only: Collection[int] | None
    ) -> tuple[list[Attendee], tuple[Fact, ...]]:
        """Return who gets a letter, and who of those shown does not any more."""
        require_status(
            meeting,
            Fact.of("letters.doing.written-to"),
            MeetingStatus.PUBLISHED,
            MeetingStatus.CONCLUDED,
            MeetingStatus.CANCELLED,
        )
        if only is not None:
            people = [item for item in meeting.invited if item.id in only]
            out = [item for item in meeting.attendees if item.id in only and not item.invited]
            gone = tuple(Fact.of("letters.recipient-gone", name=item.name) for item in out)
        else:
            people, gone = chosen_of(meeting, to), ()
        if not people:
            raise Conflict(
                Fact.of("letters.to-nobody", reference=meeting.reference), code="nobody-to-write-to"
            )
        return people, gone


def chosen_of(meeting: Meeting, to: RecipientChoice) -> list[Attendee]:
    """Return the invited people whom a selection means; raises ``InvalidInput`` for what names nobody."""
    groups: tuple[tuple[str, Sequence[str], Any], ...] = (
        ("delegations", to.delegations, lambda item: {item.delegation}),
        ("circles", to.circles, lambda item: {item.group}),
        ("roles", to.roles, lambda item: {str(item.role)}),
        ("people", to.people, lambda item: {item.address, str(item.id)}),
    )
    problems: list[Problem] = []
    named: set[int] = set()
    for field_name, wanted, keys_of in groups:
        for index, word in enumerate(wanted):
            key = compared(word) if "@" in word else word.strip()
            found = {item.id for item in meeting.invited if key in keys_of(item)}
            if not found:
                problems.append(_names_nobody(f"to.{field_name}[{index}]", word, meeting, keys_of))
            named |= found
    if problems:
        raise InvalidInput(problems)
    everybody = not any(wanted for _, wanted, _ in groups)
    people = [item for item in meeting.invited if everybody or item.id in named]
    return _owing(meeting, people, to) if to.unanswered or to.lacking else people


def _names_nobody(field_name: str, word: str, meeting: Meeting, keys_of: Any) -> Problem:
    known = sorted({key for item in meeting.invited for key in keys_of(item) if not key.isdigit()})
    remedy = Fact.of("letters.names-nobody.remedy", known=tuple(known[:40]))
    return Problem(field_name, word[:80], Fact.of("letters.names-nobody"), remedy)


def _owing(meeting: Meeting, people: Iterable[Attendee], to: RecipientChoice) -> list[Attendee]:
    """Return those of ``people`` who have not answered, or speak for a delegation that lacks something."""
    codes = [
        code for code in meeting.delegations if any(is_missing(meeting, code, need) for need in to.lacking)
    ]
    asked = {item.id for code in codes for item in spokespeople(meeting, code)}
    return [item for item in people if item.id in asked or (to.unanswered and not item.answered)]


def _only_letters(result: Reconciliation) -> Reconciliation:
    return only_meant(result, lambda item: item.kind is ActionKind.LETTER)


def _is(attendee: Attendee, who: str) -> bool:
    return who.strip() == str(attendee.id) or compared(who) == attendee.address


def _shown(attendee: Attendee) -> ChosenRecipient:
    return ChosenRecipient(attendee.id, attendee.name, attendee.email, attendee.delegation)


def _read(attendee: Attendee, mail: bytes) -> ReadLetter:
    parsed = message_from_bytes(mail, EmailMessage, policy=default)
    bodies = {kind: parsed.get_body((kind,)) for kind in ("plain", "html")}
    texts = {kind: body.get_content() if body is not None else "" for kind, body in bodies.items()}
    return ReadLetter(_shown(attendee), str(parsed["Subject"]), texts["plain"], texts["html"])
