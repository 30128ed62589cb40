"""Whom a personal link may invite by itself, and whom only with the coordinator's yes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.domain.people.addresses import compared, domain_of

# Everybody can have an address there, so that one person's says nothing about the next one's.
_OPEN_TO_EVERYBODY = re.compile(
    r"(?:126|139|163|aol|daum|fastmail|gmail|gmx|googlemail|hanmail|hotmail|icloud|inbox|kakao|live|mac|msn|nate|"
    r"naver|outlook|proton|protonmail|qq|rediffmail|rocketmail|sina|sohu|tuta|tutanota|yahoo|yandex|yeah|ymail|zoho)"
    r"\.(?:com|net|org|me|[a-z]{2}|com?\.[a-z]{2})|(?:mail|me|live)\.(?:com|ru)"
)


class NamingState(StrEnum):
    """What became of a person whom a link named and could not invite by itself."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class SeenAddresses:
    """The addresses that a delegation has had at meetings, as they are compared, and their domains."""

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()

    @classmethod
    def of(cls, addresses: Iterable[str]) -> SeenAddresses:
        """Return what is known by these addresses."""
        found = frozenset(map(compared, addresses))
        domains = frozenset(map(domain_of, found))
        return cls(found, frozenset(item for item in domains if not _OPEN_TO_EVERYBODY.fullmatch(item)))

    def knows(self, address: str) -> bool:
        """Whether an address is one of the delegation's, or at least of one of its domains.

        A domain below or above a known one is another: who may have addresses there is not known. Those where
        everybody can have one make no other address known.
        """
        return compared(address) in self.addresses or domain_of(address) in self.domains
