"""What the services need from outside, as protocols.

Each port has one contract suite under ``tests/contract`` that every adapter passes. Adapters live
in ``integrations``; ``bootstrap`` picks them. Failures are reported with the errors of
``orchestrator.errors`` only: ``TransientFailure`` when a retry may help, ``PermanentFailure`` when
a person must act.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol

from orchestrator.errors import DeliveryError
from orchestrator.facts import Fact


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present instant, timezone-aware, in UTC."""
        ...


class MovableClock(Clock, Protocol):
    """A clock that a rehearsal can move forward; only the sandbox has one."""

    def move_to(self, instant: datetime) -> None:
        """Make ``now()`` equal ``instant`` (aware, UTC) at this moment.

        Raises ``Conflict`` when ``instant`` lies before ``now()``: time never runs backwards.
        """
        ...


class WakeUp(Protocol):
    """Lets a process that commits due work wake the beats that sleep until the next due time.

    A lost wake-up only costs time: beats look at the database at their longest interval anyway.
    """

    def notify(self) -> None:
        """Wake every waiter. Never raises: work is already committed when this is called."""
        ...

    def wait(self, seconds: float) -> bool:
        """Sleep up to ``seconds``; return True when woken before the time was over."""
        ...


class Watchdog(Protocol):
    """Ends this process when what it does hangs; who supervises it starts it again."""

    def begin(self) -> None:
        """Count from now: ``end`` or another ``begin`` must come in time."""
        ...

    def end(self) -> None:
        """Stop counting."""
        ...


class AccessTokens(Protocol):
    """Gives access tokens for one server (OAuth 2, client credentials, RFC 6749 section 4.4)."""

    def token(self) -> str:
        """Return a valid token. Raises ``TransientFailure`` or ``PermanentFailure``."""
        ...

    def drop(self) -> None:
        """Forget the token, because it was not accepted; the next one may carry a right granted since."""
        ...


class SignsOfLife(Protocol):
    """Keeps what this process meets with at its neighbours, so that others can be told."""

    def met(self, neighbour: str, failure: DeliveryError | None) -> None:
        """Keep how asking a neighbour ended."""
        ...


class MailSession(Protocol):
    """An open connection over which several messages can leave."""

    def send(self, *, sender: str, recipient: str, content: bytes) -> str:
        """Hand one RFC 5322 message (CRLF line ends) to the server for one recipient.

        ``sender`` and ``recipient`` are envelope addresses. Returns the server's answer. Raises
        ``TransientFailure`` (with ``unknown=True`` when the connection broke after the message was
        handed over) or ``PermanentFailure``. The session stays usable after either.
        """
        ...


class Mailer(Protocol):
    """Sends mail."""

    @property
    def channel(self) -> str:
        """The channel's name in delivery records, such as ``smtp``."""
        ...

    def session(self) -> AbstractContextManager[MailSession]:
        """Open a session; connecting may be put off until the first message."""
        ...

    def check(self) -> str:
        """Connect, greet, log in and leave; return a line for ``doctor`` saying what was found."""
        ...

    def try_envelope(self, senders: Sequence[str], recipients: Sequence[str]) -> None:
        """Name each sender and each recipient to the server, and take it back: no message leaves.

        Raises what sending would raise for the first one that is refused.
        """
        ...

    def largest(self) -> int | None:
        """Return how many bytes a message may have at most (RFC 1870); ``None`` when the server does not say.

        Raises ``TransientFailure`` when the server cannot be asked.
        """
        ...


class Tray(StrEnum):
    """Where a mail goes once it has been dealt with."""

    PROCESSED = "processed"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """A mail that lies in the mailbox.

    ``key`` never changes while the mail lies there and is never given to another mail of the same
    mailbox (for IMAP it holds UIDVALIDITY and UID). ``size`` is the mail's size in bytes; ``content``
    is the mail, or only its beginning when it is larger than the session was asked to read.
    """

    key: str
    received_at: datetime
    size: int
    content: bytes = field(repr=False)

    @property
    def complete(self) -> bool:
        """Whether ``content`` is the whole mail."""
        return len(self.content) >= self.size


class MailboxSession(Protocol):
    """An open mailbox."""

    def waiting(self, limit: int) -> list[str]:
        """Return the keys of up to ``limit`` mails that lie in the inbox, oldest first."""
        ...

    def read(self, keys: Sequence[str], largest: int) -> Iterator[IncomingMail]:
        """Read mails, each at most its first ``largest`` bytes, and change nothing in the mailbox.

        A mail that has gone meanwhile is left out. Raises ``TransientFailure`` when the connection
        breaks.
        """
        ...

    def put_away(self, keys: Sequence[str], tray: Tray) -> None:
        """Move mails from the inbox to a tray; one that has gone already is no error."""
        ...


class Mailbox(Protocol):
    """The mailbox that answers come to."""

    @property
    def name(self) -> str:
        """What the mailbox is called in records; the same for the same mailbox after a restart."""
        ...

    def session(self) -> AbstractContextManager[MailboxSession]:
        """Open the mailbox. Raises ``TransientFailure`` or ``PermanentFailure``."""
        ...

    def wait(self, seconds: float) -> bool:
        """Sleep until mail may have arrived since the last call, at most ``seconds``; say whether it may.

        Uses IDLE (RFC 2177) where the server knows it. Never raises for a connection that breaks:
        it sleeps instead, because polling is the backstop.
        """
        ...

    def close(self) -> None:
        """End a ``wait`` in another thread, and let go of what waiting held open."""
        ...

    def trouble(self) -> Fact | None:
        """Return why ``wait`` cannot watch the mailbox at present; ``None`` while it can."""
        ...

    def check(self) -> str:
        """Connect, log in and find the folders; return a line for ``doctor`` saying what was found."""
        ...


@dataclass(frozen=True, slots=True)
class ConferenceRequest:
    """What a video meeting should look like.

    ``external_id`` is ours and never changes for a meeting; ``provider_id`` is the provider's own
    id when it is known already. Instants are aware UTC.
    """

    external_id: str
    subject: str
    starts_at: datetime
    ends_at: datetime
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class ConferenceInfo:
    """A video meeting as the provider has it."""

    provider_id: str
    join_url: str


class ConferenceProvider(Protocol):
    """Makes, moves and removes the video meeting behind a meeting."""

    @property
    def name(self) -> str:
        """The provider's name in records, such as ``teams``."""
        ...

    def ensure(self, request: ConferenceRequest) -> ConferenceInfo:
        """Make the video meeting exist with this subject and time, and return it.

        Idempotent: the same ``external_id`` never yields a second video meeting; one that exists
        with other values is changed in place and keeps its join link.
        """
        ...

    def delete(self, request: ConferenceRequest) -> None:
        """Remove the video meeting; succeeds when it is gone already."""
        ...

    def check(self) -> str:
        """Sign in and resolve the organizer; return a line for ``doctor``."""
        ...


class ArrivingDocument(Protocol):
    """A document on its way in: it lies on the disk in pieces, and is no document until it is kept."""

    @property
    def size(self) -> int:
        """How many bytes have come."""
        ...

    @property
    def digest(self) -> str:
        """The lower-case hex SHA-256 of what has come."""
        ...

    @property
    def file(self) -> BinaryIO:
        """What has come, to be looked at; nobody else changes it."""
        ...

    def write(self, piece: bytes) -> None:
        """Add what came next."""
        ...

    def keep(self) -> str:
        """Make it a document and return its lower-case hex SHA-256; it survives a power cut then."""
        ...


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A document that is there, and when it was last kept, by the machine's clock."""

    digest: str
    kept_at: datetime


class DocumentStore(Protocol):
    """Keeps files by the SHA-256 of their content; a stored document never changes."""

    def receive(self) -> AbstractContextManager[ArrivingDocument]:
        """Begin to take a document in pieces; what was not kept when this ends is gone."""
        ...

    def open(self, digest: str) -> BinaryIO:
        """Open a document for reading in pieces; the caller closes it.

        Raises ``NotFound`` when there is none or the stored copy is damaged.
        """
        ...

    def kept(self) -> Iterator[KeptDocument]:
        """Return every document that is there."""
        ...

    def holds(self, digest: str) -> bool:
        """Whether a document is there; its content is not looked at."""
        ...

    def discard(self, digest: str, before: datetime) -> bool:
        """Delete a document that was last kept before an instant, and say whether it was.

        One that is kept again at the same moment stays.
        """
        ...

    def discard_unfinished(self, before: datetime) -> int:
        """Delete what was begun before an instant and never kept; return how many."""
        ...

    def put(self, content: bytes) -> str:
        """Keep ``content`` and return its lower-case hex SHA-256. Putting it again is harmless."""
        ...

    def get(self, digest: str) -> bytes:
        """Return the content; raises ``NotFound`` when there is none."""
        ...


class QuarantineStore(DocumentStore, Protocol):
    """Keeps mails that a person has to look at, for a while."""

    def remove(self, digest: str) -> None:
        """Delete the content; succeeds when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """A mail that the sandbox caught instead of sending it on."""

    key: str
    received_at: datetime
    recipient: str
    content: bytes


class Outbox(Protocol):
    """The sandbox's caught mails, for reading only."""

    def all(self) -> list[CaughtMail]:
        """Return all mails, oldest first."""
        ...

    def get(self, key: str) -> CaughtMail:
        """Return one mail; raises ``NotFound``."""
        ...
