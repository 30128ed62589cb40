"""Who can have sent an answer: everybody invited to a meeting that takes answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.store.answers import senders
from orchestrator.store.engine import Database


@dataclass(frozen=True, slots=True)
class Sender:
    """A person who is invited, as a form names them."""

    email: str
    name: str
    delegation: str


class Senders:
    """Looks up who can have sent an answer."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory

    def by_meeting(self) -> Mapping[str, tuple[Sender, ...]]:
        """Return who is invited to each published meeting, by its reference, in protocol order."""
        with self._database.reading() as session:
            rows = senders.invited_to_published(session)
        found: dict[str, list[Sender]] = {}
        for row in sorted(rows, key=lambda row: self._directory.rank(row.delegation)):
            found.setdefault(row.meeting, []).append(Sender(row.email, row.name, row.delegation))
        return {reference: tuple(people) for reference, people in found.items()}
