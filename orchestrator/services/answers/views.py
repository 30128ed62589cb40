"""What incoming mails look like to the command line, the API and the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orchestrator.facts import Fact


@dataclass(frozen=True, slots=True)
class IncomingView:
    """A mail that came in. ``fate`` says what became of it, ``reason`` why."""

    id: int
    received_at: datetime
    sort: str
    method: str
    sender: str | None
    subject: str
    participation: str | None
    text: str
    meeting: str | None
    fate: str
    reason: Fact


@dataclass(frozen=True, slots=True)
class MailboxView:
    """How reading the mailbox goes. ``trouble`` says why it could not be read last time."""

    next_at: datetime
    trouble: Fact | None
    quarantined: int
