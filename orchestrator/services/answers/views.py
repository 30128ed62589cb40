"""What incoming mails look like to the command line, the API and the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.meetings.meeting import Participation
from orchestrator.facts import Fact
from orchestrator.services.answers.proposing import Offer, ProposedAttendee, ProposedGuest


@dataclass(frozen=True, slots=True)
class IncomingView:
    """A mail that came in. ``fate`` says what became of it, ``reason`` why.

    ``named`` is whose answer it says it is, and ``named_as`` the name beside that address. ``body_kept`` says
    whether its bytes are kept here, so that it can be downloaded and read once more. Of one that waits,
    ``says`` is the answer it gives itself, ``proposed`` whose it most likely is, ``guest`` who could be
    invited, and ``offers`` what can be done about it.
    """

    id: int
    received_at: datetime
    sort: str
    method: str
    sender: str | None
    subject: str
    participation: str | None
    text: str
    meeting: str | None
    named: str | None
    named_as: str | None
    body_kept: bool
    fate: str
    reason: Fact
    says: Participation | None = None
    proposed: ProposedAttendee | None = None
    guest: ProposedGuest | None = None
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True)
class IncomingPage:
    """Some mails, newest first; ``following`` is after which mail the next page begins, if there is one."""

    mails: tuple[IncomingView, ...]
    following: int | None


@dataclass(frozen=True, slots=True)
class MailboxView:
    """How reading the mailbox goes. ``trouble`` says why it could not be read last time."""

    next_at: datetime
    trouble: Fact | None
    quarantined: int
