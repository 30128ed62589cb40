"""Who answers for whom: addresses that a coordinator has confirmed, and that anybody confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.answers.content_lines import plain_address
from orchestrator.domain.answers.speakers import Relation
from orchestrator.domain.people.addresses import OwnMailbox, compared
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.facts import Fact
from orchestrator.ports import Clock
from orchestrator.store.answers import known_senders as store
from orchestrator.store.answers.known_senders import ListedSender, NewSender
from orchestrator.store.engine import Database


@dataclass(frozen=True, slots=True)
class KnownSenderView:
    """An address that answers for a person: as what, on whose word, since when and through which door."""

    id: int
    email: str
    name: str
    delegation: str
    sender: str
    relation: Relation
    confirmed_by: str
    confirmed_via: str
    confirmed_at: datetime


class KnownSenders:
    """The use cases of a coordinator around who answers for whom."""

    def __init__(self, database: Database, clock: Clock, own: OwnMailbox) -> None:
        """``own`` is the service's mailbox, which answers for nobody."""
        self._database = database
        self._clock = clock
        self._own = own

    def all(self) -> list[KnownSenderView]:
        """Return every address that answers for another person now, by that person's name."""
        with self._database.reading() as session:
            return views_of(store.listed(session))

    def confirm(self, email: str, sender: str, relation: Relation, *, caller: Caller) -> None:
        """Take the answers of ``sender`` for those of the person with the address ``email`` from now on.

        Saying so again changes nothing. Raises ``InvalidInput`` for a person who was never invited, for
        what is no address and for the service's own, and ``Conflict`` for the person's own address.
        """
        address = address_of(sender)
        if self._own.holds(address):
            wrong, advice = Fact.of("answers.sender-is-the-service"), Fact.of("answers.no-address.remedy")
            raise InvalidInput.of("sender", sender, wrong, advice)
        with self._database.transaction() as session:
            person = store.person_of_address(session, email)
            if person is None:
                wrong = Fact.of("answers.sender-unknown-person")
                raise InvalidInput.of("email", email, wrong, Fact.of("answers.sender-unknown-person.remedy"))
            if compared(person.email) == address:
                raise Conflict(Fact.of("answers.sender-own-address", email=email))
            store.confirm(session, NewSender(person.id, address, relation), caller, self._clock.now())

    def withdraw(self, sender_id: int, *, caller: Caller) -> None:
        """Take no answers of an address any more; those that were taken stay. Raises ``NotFound``."""
        with self._database.transaction() as session:
            row = store.present(session, sender_id, lock=True)
            store.withdraw(session, row, caller, self._clock.now())


def views_of(found: Sequence[ListedSender]) -> list[KnownSenderView]:
    """Return known addresses as they are shown."""
    return [
        KnownSenderView(
            row.id,
            person.email,
            person.name,
            person.delegation,
            row.address,
            row.relation,
            row.confirmed_by,
            row.confirmed_via,
            row.confirmed_at,
        )
        for row, person in found
    ]


def address_of(typed: str) -> str:
    """Return an address as addresses are compared; raises ``InvalidInput`` for anything else."""
    found = plain_address(typed)
    if found is None:
        wrong, advice = Fact.of("answers.no-address"), Fact.of("answers.no-address.remedy")
        raise InvalidInput.of("sender", typed, wrong, advice)
    return compared(found)
