"""How mail addresses compare, and which are the service's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import idna

_LONGEST_DOMAIN = 253
"""Characters of a domain name (RFC 1035 section 2.3.4); a longer one is no domain."""


@lru_cache(maxsize=16_384)
def compared(address: str) -> str:
    """Return an address in the one spelling in which it is compared, and stored for comparing.

    The local part is case-folded. The domain is a list of A-labels (RFC 5890 section 2.3.2.1), so that
    ``lan@bộ.example`` and ``lan@xn--b-8xm.example`` are the same.
    """
    local, _, domain = address.strip().rpartition("@")
    return f"{local.casefold()}@{domain_of(address)}" if local else domain.casefold()


def domain_of(address: str) -> str:
    """Return the domain of an address as it is compared; what is no domain stays, in lower case."""
    domain = address.strip().rpartition("@")[2]
    return (in_a_labels(domain) or domain.lower()).rstrip(".")


@lru_cache(maxsize=4_096)
def in_a_labels(domain: str) -> str | None:
    """Return a domain in lower case and in A-labels, as the DNS and mail servers take it; None for no domain.

    What people type is mapped first, such as capitals, wide letters and an ideographic full stop (UTS 46).
    """
    if domain.isascii():
        return domain.lower()
    if len(domain) > _LONGEST_DOMAIN:
        return None
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return None


def untagged(address: str) -> str:
    """Return an address as it is compared, without the tag behind a plus sign (RFC 5233)."""
    local, _, domain = compared(address).rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


@dataclass(frozen=True, slots=True)
class OwnMailbox:
    """The addresses of the mailbox that the service sends from and reads.

    Nobody can be invited under them: the service would write to itself, and read its own invitations as
    mail from people.
    """

    addresses: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *addresses: str | None) -> OwnMailbox:
        """Return the mailbox of these addresses; what is no address, such as a login name, is left out."""
        return cls(frozenset(untagged(item) for item in addresses if item and "@" in item))

    def holds(self, address: str) -> bool:
        """Whether an address is one of the mailbox, in whatever spelling and with whatever tag."""
        return untagged(address) in self.addresses

    def also(self, address: str | None) -> OwnMailbox:
        """Return the mailbox with one more address, such as one that attendees were told before."""
        return OwnMailbox(self.addresses | OwnMailbox.of(address).addresses)
