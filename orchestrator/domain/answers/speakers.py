"""Who may speak for an attendee, which nothing that a mail says of itself can settle.

An answer is believed from the invited address, and from an address that is known to stand for that person:
an *alias* is the same person's, a *deputy* another's. Either was confirmed by the person or by a coordinator.
SENT-BY, DELEGATED-FROM and the like are written by the sender (RFC 5546 section 2.1.1 leaves it to the
receiver whether to believe them), and a reply address of one's own says which invitation was answered, but
not by whom: the invitation may have been forwarded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.domain.answers.itip import CalendarMessage
from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.domain.people.addresses import compared
from orchestrator.facts import Fact


class Relation(StrEnum):
    """What a known address is to the person: another of their own, or that of somebody who acts for them."""

    ALIAS = "alias"
    DEPUTY = "deputy"


@dataclass(frozen=True, slots=True)
class KnownSender:
    """An address whose answers for a person are taken. Both addresses are as they are compared.

    ``long_known`` is false for one that a person vouches for only now.
    """

    person: str
    address: str
    relation: Relation
    long_known: bool = True


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a mail came from, as far as that is proven.

    ``sender`` is the one address in From, ``None`` without or with several. ``token_id`` is the attendee
    whose own reply address it came to. ``doubt`` is why From is not believed, where it is not.
    """

    sender: str | None = None
    token_id: int | None = None
    doubt: Fact | None = None


class KnownAttendees:
    """The attendees of one meeting and who may speak for them; the newest row of an address counts."""

    def __init__(self, attendees: Iterable[Attendee], senders: Iterable[KnownSender] = ()) -> None:
        self._by_id = {item.id: item for item in attendees}
        self._by_address = {compared(item.email): item.id for item in self._by_id.values()}
        self._senders = {(compared(item.person), item.address): item for item in senders}

    @classmethod
    def of(cls, meeting: Meeting, senders: Iterable[KnownSender] = ()) -> KnownAttendees:
        """Return the attendees of a meeting, with the addresses that are known to stand for them."""
        return cls(meeting.attendees, senders)

    def of_id(self, attendee_id: int | None) -> Attendee | None:
        """Return the attendee with that id, if the meeting has one."""
        return self._by_id.get(attendee_id) if attendee_id is not None else None

    def of_address(self, address: str | None) -> Attendee | None:
        """Return the attendee who has an address, or whose alias alone it is."""
        wanted = compared(address or "")
        number = self._by_address.get(wanted)
        return self.of_id(number) if number is not None else self._of_alias(wanted)

    def put(self, attendee: Attendee) -> None:
        """Replace an attendee by what is known of them now."""
        self._by_id[attendee.id] = attendee

    def find(self, message: CalendarMessage, origin: Origin) -> Attendee | None:
        """Return the attendee that a message speaks for, whether or not its sender may.

        That is whom ATTENDEE names. Where it names nobody who is invited, as when a gateway has put another
        address there, the reply address decides; so it does against a name for whom the sender cannot speak.
        """
        named, asked = self.of_address(message.attendee), self._asked(origin)
        if named is None or asked is None or asked.id == named.id:
            return named or asked
        return named if self.may_speak(origin.sender, named) else asked

    def may_speak(self, sender: str | None, attendee: Attendee) -> bool:
        """Whether an address may answer for an attendee."""
        return bool(sender) and (is_own(sender, attendee) or self.known(sender, attendee) is not None)

    def known(self, sender: str | None, attendee: Attendee) -> KnownSender | None:
        """Return on what ground an address that is not the attendee's speaks for them; None without any."""
        return self._senders.get((compared(attendee.email), sender or ""))

    def why_not(self, message: CalendarMessage, origin: Origin, attendee: Attendee) -> Fact | None:
        """Return why a message is not taken for the answer of ``attendee``; None when it is."""
        if origin.doubt is not None:
            return origin.doubt
        if not self.may_speak(origin.sender, attendee):
            return self._not_entitled(message, origin, attendee)
        named = self.of_address(message.attendee)
        if named is not None and named.id != attendee.id:
            return Fact.of("answers.names-another", email=attendee.email, named=named.email)
        return None

    def _not_entitled(self, message: CalendarMessage, origin: Origin, attendee: Attendee) -> Fact:
        if not origin.sender:
            return Fact.of("answers.sent-by-unknown", email=attendee.email)
        named = self.of_address(message.attendee)
        forwarded = named is None or named.id != attendee.id
        key = "answers.forwarded-to-another" if forwarded else "answers.sent-by-another"
        return Fact.of(key, email=attendee.email, sender=origin.sender)

    def _asked(self, origin: Origin) -> Attendee | None:
        """Return whose invitation was answered, by the reply address; a newer row of theirs counts."""
        asked = self.of_id(origin.token_id)
        return self.of_id(self._by_address.get(compared(asked.email))) if asked else None

    def _of_alias(self, address: str) -> Attendee | None:
        """Return whose alias an address is; a deputy's own name stands for the deputy, not for a person."""
        people = {
            person
            for (person, known), item in self._senders.items()
            if known == address and item.relation is Relation.ALIAS and person in self._by_address
        }
        return self.of_id(self._by_address[people.pop()]) if len(people) == 1 else None


CREDIBILITY = frozenset(
    {
        "answers.sent-by-another",
        "answers.forwarded-to-another",
        "answers.dmarc-failed",
        "answers.dmarc-of-another",
        "answers.lies-in-another-mail",
    }
)
"""Why a mail waits that a person's word for its sender would let through."""


def is_own(sender: str | None, attendee: Attendee) -> bool:
    """Whether an address, as it is compared, is the one that an attendee is invited under."""
    return sender == compared(attendee.email)


def told_of(attendee: Attendee, sender: str | None, known: KnownSender | None) -> bool:
    """Whether an attendee is told of an answer: unless they sent it, or a long known alias of theirs did.

    The first answer from an alias is told too, so that nobody becomes somebody else's alias in silence.
    """
    if is_own(sender, attendee):
        return False
    return not (known is not None and known.relation is Relation.ALIAS and known.long_known)
