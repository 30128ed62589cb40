"""How mail addresses compare, and which are the service's own."""

from __future__ import annotations

from dataclasses import dataclass


def compared(address: str) -> str:
    """Return an address as it is compared: case-folded, its domain as A-labels (RFC 5891 section 4.4)."""
    local, _, domain = address.strip().rpartition("@")
    return f"{local.casefold()}@{domain_of(address)}" if local else domain.casefold()


def domain_of(address: str) -> str:
    """Return the domain of an address as it is compared; what cannot be encoded stays, case-folded."""
    domain = address.strip().rpartition("@")[2].casefold().rstrip(".")
    try:
        return domain.encode("idna").decode("ascii").casefold()
    except UnicodeError:
        return domain


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
