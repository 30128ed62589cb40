"""What suggests itself about a mail that waits: whose answer it is, whom to invite, and what can be done.

Nothing here decides anything. Only what would go through is offered, so that no page and no command leads a
person to an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from orchestrator.domain.answers.answered_time import DISPUTES
from orchestrator.domain.answers.incoming import Sort
from orchestrator.domain.answers.itip import ANSWERS
from orchestrator.domain.answers.responses import Fate
from orchestrator.domain.answers.speakers import CREDIBILITY
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.people.addresses import compared
from orchestrator.store.answers import known_senders, senders
from orchestrator.store.answers.incoming import Listed
from orchestrator.store.answers.senders import PossibleSender
from orchestrator.store.rows.answers import IncomingRow

_SETTLED_BY_A_WORD = CREDIBILITY | DISPUTES
"""Why a mail waits that a person's yes lets through: who sent it, or which time it is to."""


class Offer(StrEnum):
    """What a person can do about a mail, as programs and commands call it."""

    ACCEPT = "accept"
    ASSIGN = "assign"
    INVITE = "invite"
    DISCARD = "discard"
    DOWNLOAD = "download"


@dataclass(frozen=True, slots=True)
class ProposedAttendee:
    """Whose answer a mail most likely is."""

    meeting: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class ProposedGuest:
    """Who was forwarded an invitation and answered it. ``delegation`` and ``group`` are not always known."""

    email: str
    name: str | None
    delegation: str | None
    group: str | None


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What suggests itself about one mail; ``says`` is the answer that it gives itself, if it gives one."""

    attendee: ProposedAttendee | None = None
    guest: ProposedGuest | None = None
    says: Participation | None = None
    offers: tuple[Offer, ...] = ()


class Suggesting:
    """Makes suggestions from who is invited to published meetings and who is known to answer for whom."""

    def __init__(self, people: Iterable[PossibleSender], known: Iterable[tuple[str, str]]) -> None:
        """``known`` are pairs of an address that answers for a person and that person's own."""
        self._meetings: dict[str, list[PossibleSender]] = {}
        for item in people:
            self._meetings.setdefault(item.meeting, []).append(item)
        self._known: dict[str, set[str]] = {}
        for sender, person in known:
            self._known.setdefault(sender, set()).add(person)

    @classmethod
    def of(cls, session: Session) -> Suggesting:
        """Return what suggestions are made from, in as many queries for one mail as for many."""
        known = ((row.address, compared(person.email)) for row, person in known_senders.listed(session))
        return cls(senders.invited_to_published(session), known)

    @classmethod
    def for_those(cls, session: Session, found: Iterable[Listed]) -> Suggesting:
        """Return what is needed for some mails, which is nothing as long as none of them waits."""
        waiting = any(item.row.fate == Fate.QUARANTINED for item in found)
        return cls.of(session) if waiting else cls((), ())

    def about(self, found: Listed) -> Suggestions:
        """Return what suggests itself about a mail."""
        row = found.row
        if row.fate != Fate.QUARANTINED:
            return Suggestions(offers=(Offer.DOWNLOAD,) if row.body_kept else ())
        attendee, guest, says = self._attendee(found), self._guest(found), _says(row)
        return Suggestions(attendee, guest, says, tuple(self._offers(row, found, guest)))

    def _offers(self, row: IncomingRow, found: Listed, guest: ProposedGuest | None) -> Iterator[Offer]:
        people = self._meetings.get(found.reference or "", ())
        beside = any(item.attendee_id == row.attendee_id for item in people)
        if beside and row.sender and row.body_kept and row.reason.key in _SETTLED_BY_A_WORD:
            yield Offer.ACCEPT
        if guest is not None:
            yield Offer.INVITE
        if self._meetings and row.sort != Sort.REPORT:
            yield Offer.ASSIGN
        yield Offer.DISCARD
        if row.body_kept:
            yield Offer.DOWNLOAD

    def _attendee(self, found: Listed) -> ProposedAttendee | None:
        """Return whose answer a mail most likely is; of the meeting that it is about, if that is known."""
        row = found.row
        if found.reference is not None:
            return self._in_meeting(row, found.reference)
        proposed = [self._in_meeting(row, reference) for reference in self._meetings]
        certain = [item for item in proposed if item is not None]
        return certain[0] if len(certain) == 1 else None

    def _in_meeting(self, row: IncomingRow, reference: str) -> ProposedAttendee | None:
        people = self._meetings.get(reference, [])
        stands_for = {row.sender, *self._known.get(row.sender or "", ())}
        ways: tuple[list[PossibleSender], ...] = (
            [item for item in people if item.attendee_id == row.attendee_id],
            [item for item in people if item.address == row.named],
            [item for item in people if item.address == row.sender],
            [item for item in people if item.address in stands_for],
            [item for item in people if row.named_as and item.name.casefold() == row.named_as.casefold()],
        )
        found = next((way[0] for way in ways if len(way) == 1), None)
        return ProposedAttendee(reference, found.email, found.name) if found else None

    def _guest(self, found: Listed) -> ProposedGuest | None:
        """Return who answered an invitation that was forwarded to them, and is not invited themselves."""
        row, people = found.row, self._meetings.get(found.reference or "", [])
        if not people or row.method not in ANSWERS:
            return None
        invited = {item.address: item for item in people}
        stranger = next((item for item in (row.named, row.sender) if item and item not in invited), None)
        if stranger is None or row.sender in invited or stranger in self._known:
            return None
        host = _host_of(stranger, row, people, invited)
        name = row.named_as if stranger == row.named else None
        return ProposedGuest(stranger, name, host.delegation if host else None, host.group if host else None)


def _says(row: IncomingRow) -> Participation | None:
    """Return the answer that a mail gives itself, as far as it can still be taken from it."""
    if row.participation in (None, Participation.NEEDS_ACTION):
        return None
    answer = Participation(row.participation)
    return None if answer is Participation.DELEGATED and not row.body_kept else answer


def _host_of(
    stranger: str,
    row: IncomingRow,
    people: Iterable[PossibleSender],
    invited: Mapping[str, PossibleSender],
) -> PossibleSender | None:
    """Return in whose place a stranger most likely answers: who was named, else the one delegation they fit.

    A delegation fits whose people, and no others, have addresses of the same domain.
    """
    asked = next((item for item in people if item.attendee_id == row.attendee_id), None)
    named = asked or invited.get(row.named or "")
    if named is not None:
        return named
    domain = stranger.rpartition("@")[2]
    alike = [item for item in people if item.address.rpartition("@")[2] == domain]
    return alike[0] if len({item.delegation for item in alike}) == 1 else None
