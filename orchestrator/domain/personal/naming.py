"""Whom a personal link may invite by itself, and whom only with the coordinator's yes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.domain.people.addresses import compared, domain_of

# Everybody can have an address there, so that one person's says nothing about the next one's.
_OPEN_TO_EVERYBODY = frozenset(
    "126.com 139.com 163.com aol.com daum.net fastmail.com gmail.com gmx.com gmx.net googlemail.com "
    "hanmail.net hotmail.co.th hotmail.co.uk hotmail.com hotmail.fr icloud.com inbox.com kakao.com live.cn "
    "live.com live.com.my live.com.sg mac.com mail.com mail.ru me.com msn.com nate.com naver.com outlook.co.th "
    "outlook.com outlook.my outlook.ph outlook.sg proton.me protonmail.com qq.com rediffmail.com rocketmail.com "
    "sina.com sohu.com tuta.com tutanota.com yahoo.co.id yahoo.co.in yahoo.co.jp yahoo.co.kr yahoo.co.th "
    "yahoo.co.uk yahoo.com yahoo.com.au yahoo.com.cn yahoo.com.my yahoo.com.ph yahoo.com.sg yahoo.com.vn yandex.com "
    "yandex.ru yeah.net ymail.com zoho.com".split()
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
        return cls(found, frozenset(map(domain_of, found)) - _OPEN_TO_EVERYBODY)

    def knows(self, address: str) -> bool:
        """Whether an address is one of the delegation's, or at least of one of its domains.

        A domain below or above a known one is another: who may have addresses there is not known. Those where
        everybody can have one make no other address known.
        """
        return compared(address) in self.addresses or domain_of(address) in self.domains
