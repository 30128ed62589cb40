"""Tries whether mail to a tagged address of the service's mailbox arrives in that mailbox."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP

from sqlalchemy import select

from orchestrator.bootstrap import Container
from orchestrator.errors import InvalidInput
from orchestrator.ports import Mailbox, Tray
from orchestrator.store.rows.answers import IncomingRow

_SECONDS = 30
_NEWEST = 20
_HEADERS = 8 * 1024


def tagged_mail_arrives(container: Container, pause: Callable[[float], object] = time.sleep) -> str:
    """Send a mail to a tagged address, and wait until it is in the mailbox; return what was found.

    A server may take such an address and drop the mail, or put it elsewhere, so that only trying tells. The
    mail says that no person wrote it, and is put away. Raises ``InvalidInput`` when it does not arrive, and
    what sending and reading raise.
    """
    settings = container.settings
    if not settings.reply_subaddress:
        return "not used (ORCHESTRATOR_REPLY_SUBADDRESS)"
    if container.mailbox is None:
        return "no mailbox is read (ORCHESTRATOR_IMAP_HOST), so this cannot be tried"
    token = secrets.token_hex(8)
    local, _, domain = settings.organizer_address.partition("@")
    address = f"{local}+doctor-{token}@{domain}"
    with container.mailer.session() as session:
        session.send(
            sender=settings.organizer_address,
            recipient=address,
            content=_mail(container, address, token),
        )
    for _ in range(_SECONDS):
        if _lies_in(container.mailbox, token) or _was_read(container, token):
            return f"a mail to {address} has arrived"
        pause(1)
    raise InvalidInput.of(
        "ORCHESTRATOR_REPLY_SUBADDRESS",
        "true",
        f"is set, but a mail to {address} has not arrived within {_SECONDS} seconds",
        "Let the mail server deliver name+anything@ to the mailbox, or unset it: answers would be lost.",
    )


def _mail(container: Container, address: str, token: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = container.settings.organizer_address
    message["To"] = address
    message["Subject"] = f"Does mail to a tagged address arrive? {token}"
    message["Message-ID"] = f"<doctor-{token}@{address.partition('@')[2]}>"
    message["Date"] = container.lease_clock.now()
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content("Sent by 'orchestrator doctor --send'. Nothing needs to be done with it.\n")
    return message.as_bytes()


def _lies_in(mailbox: Mailbox, token: str) -> bool:
    """Whether the mail is among the newest in the inbox, from where it is put away then."""
    with mailbox.session() as session:
        newest = session.waiting(10_000)[-_NEWEST:]
        for mail in session.read(newest, _HEADERS):
            if token.encode() in mail.content:
                session.put_away([mail.key], Tray.PROCESSED)
                return True
    return False


def _was_read(container: Container, token: str) -> bool:
    """Whether a worker was faster, and has read the mail already."""
    with container.database.reading() as session:
        found = select(IncomingRow.id).where(IncomingRow.subject.contains(token)).limit(1)
        return session.scalar(found) is not None
