"""Addresses that only their owner knows: the personal page, the calendar feed, the address to reply to.

Each is signed, so nothing has to be stored to check it and nothing can be guessed. A page and the feed that
stands on it are revoked together, by raising the versions they were signed with. A page ends some time after
its meeting, a feed when its person has had nothing to do with meetings for long.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadData, BadSignature, Signer

from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.errors import NotFound
from orchestrator.facts import Fact

VALID_AFTER_THE_END = timedelta(days=30)
"""How long after its meeting a personal link still shows the page."""
FEED_VALID_AFTER_THE_LAST = timedelta(days=400)
"""How long after a person's last meeting a feed is still open: senior officials meet once a year."""
FEED_NAME = "accsm-meetings.ics"
"""The last segment of a feed's address, which calendars show as the calendar's name."""
_TOKEN_LENGTH = 20
_MAIL_LENGTH = 16
"""Characters of a Message-ID that tell a mail from every other."""
_ENVELOPE = "b"
_LONGEST_LOCAL_PART = 64  # RFC 5321 section 4.5.3.1.1.


@dataclass(frozen=True, slots=True)
class SignedId:
    """What a token stands for: a row and the version it was signed with."""

    id: int
    version: int


class Links:
    """Makes and reads signed addresses."""

    def __init__(self, key: str, public_url: str, organizer: str, *, subaddress: bool) -> None:
        """``key`` signs; ``public_url`` is where people reach the service.

        With ``subaddress`` each attendee answers to an address of their own, ``organizer`` with a token
        behind a plus sign (RFC 5233), by which an answer is known whatever it says itself.
        """
        self._key = key.encode()
        self._public_url = public_url.rstrip("/")
        self._organizer = organizer
        self._subaddress = subaddress
        self._pages = self._signer("personal page")
        self._feeds = self._signer("calendar feed")
        self._seen: tuple[tuple[Attendee, ...], dict[str, int]] = ((), {})

    def _signer(self, purpose: str) -> Signer:
        return Signer(self._key, salt=purpose, digest_method=hashlib.sha256)

    def page_token(self, attendee: Attendee) -> str:
        """Return the token of an attendee's page."""
        return self._pages.sign(f"{attendee.id}.{attendee.link_version}").decode()

    def page(self, attendee: Attendee) -> str:
        """Return the address of an attendee's page."""
        return f"{self._public_url}/a/{self.page_token(attendee)}"

    def console(self, path: str) -> str:
        """Return the absolute address of a page of the console; it holds no token, who comes signs in."""
        return f"{self._public_url}{path}"

    def read_page(self, token: str) -> SignedId:
        """Return the attendee's id and the version of the link; raises ``NotFound``."""
        return self._read(self._pages, token)

    def feed(self, person_id: int, version: int) -> str:
        """Return the address of a person's calendar feed."""
        token = self._feeds.sign(f"{person_id}.{version}").decode()
        return f"{self._public_url}/feed/{token}/{FEED_NAME}"

    def read_feed(self, token: str) -> SignedId:
        """Return the person's id and the version of the feed; raises ``NotFound``."""
        return self._read(self._feeds, token)

    def _read(self, signer: Signer, token: str) -> SignedId:
        try:
            content = signer.unsign(token)
            # Base64 spells one signature in several ways (RFC 4648, section 3.5); a link has only ours.
            if signer.sign(content) != token.encode():
                raise BadSignature("another spelling")
            number, version = content.split(b".")
            return SignedId(int(number), int(version))
        except (BadData, TypeError, ValueError) as error:
            raise NotFound(Fact.of("people.link-incomplete")) from error

    def reply_address(self, meeting: Meeting, attendee: Attendee) -> str:
        """Return the address that an attendee's calendar answers to; always the same for one person.

        An attendee removed and invited again keeps the address, because the calendar keeps the first one.
        """
        organizer = meeting.organizer or self._organizer
        if not self._subaddress or not attendee.id:
            return organizer
        number = self._first_ids(meeting).get(attendee.address) or attendee.id
        local, _, domain = organizer.rpartition("@")
        return f"{local}+{number}-{self._signature(number)}@{domain}"

    def _first_ids(self, meeting: Meeting) -> dict[str, int]:
        """Return everybody's first id by address, made once for the mails of one meeting."""
        seen, found = self._seen
        if seen is not meeting.attendees:
            found = {}
            for item in meeting.attendees:
                found[item.address] = min(item.id, found.get(item.address, item.id))
            self._seen = (meeting.attendees, found)
        return found

    def read_reply_address(self, address: str) -> int | None:
        """Return the id of the attendee whose reply address this is; ``None`` for any other address."""
        _, _, tag = address.casefold().rpartition("@")[0].rpartition("+")
        number, _, signature = tag.partition("-")
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            return None
        right = hmac.compare_digest(signature.encode(), self._signature(int(number)).encode())
        return int(number) if right else None

    def envelope_sender(self, meeting: Meeting, message_id: str) -> str | None:
        """Return the address that reports on one mail come back to; None where the mailbox takes no tags.

        It names the mail by the beginning of its Message-ID, so that a report is known that quotes nothing.
        Only mail systems on the way see it.
        """
        organizer = meeting.organizer or self._organizer
        mail = message_id.strip("<>").partition("@")[0][:_MAIL_LENGTH]
        local, _, domain = organizer.rpartition("@")
        tagged = f"{local}+{_ENVELOPE}{mail}-{self._envelope_signature(mail)}"
        return f"{tagged}@{domain}" if self._subaddress and len(tagged) <= _LONGEST_LOCAL_PART else None

    def read_envelope_sender(self, address: str) -> str | None:
        """Return how the Message-ID of the mail begins whose envelope had this sender; None for any other."""
        _, _, tag = address.casefold().rpartition("@")[0].rpartition("+")
        mail, _, signature = tag.removeprefix(_ENVELOPE).partition("-")
        if not tag.startswith(_ENVELOPE) or len(mail) != _MAIL_LENGTH:
            return None
        right = hmac.compare_digest(signature.encode(), self._envelope_signature(mail).encode())
        return f"<{mail}" if right else None

    def _envelope_signature(self, mail: str) -> str:
        digest = hmac.digest(self._key, f"envelope sender {mail}".encode(), "sha256")
        return digest.hex()[:_TOKEN_LENGTH]

    def _signature(self, number: int) -> str:
        digest = hmac.digest(self._key, f"reply address {number}".encode(), "sha256")
        return digest.hex()[:_TOKEN_LENGTH]
