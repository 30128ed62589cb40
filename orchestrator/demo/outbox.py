"""The mails that the sandbox has caught, as the command line lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy

from orchestrator.bootstrap import Container


@dataclass(frozen=True, slots=True)
class CaughtLine:
    """A caught mail as the command line lists it."""

    key: str
    received_at: datetime
    recipient: str
    subject: str


def caught(container: Container) -> list[CaughtLine]:
    """Return the mails that the sandbox has caught, oldest first; none in production."""
    outbox = container.outbox
    mails = outbox.all() if outbox else []
    return [CaughtLine(item.key, item.received_at, item.recipient, _subject(item.content)) for item in mails]


def _subject(content: bytes) -> str:
    head = content.partition(b"\r\n\r\n")[0]
    return str(message_from_bytes(head, policy=policy.default)["Subject"] or "")
