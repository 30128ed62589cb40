"""An SMTP server that keeps every mail in a Maildir and sends nothing on.

Mail to the service itself goes into a Maildir of its own, the inbox, where answers are read from.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from integrations.sandbox.faults import Faults, SmtpFault
from orchestrator.ports import Clock

_LARGEST = 25 * 1024 * 1024


class SmtpCatcher:
    """Answers SMTP and writes one file per recipient into the Maildir ``outbox``.

    Each file begins with Return-Path, Delivered-To and Received; the date of Received, like the time
    of the file, is the time of ``clock``. What follows is the content, byte for byte as it came.
    ``faults`` says whom to refuse. Mail to ``own_address`` or a subaddress of it (RFC 5233) goes into
    the Maildir ``inbox`` instead, if there is one.
    """

    def __init__(
        self,
        outbox: Path,
        clock: Clock,
        faults: Faults[SmtpFault],
        inbox: Path | None = None,
        own_address: str = "",
    ) -> None:
        self._outbox = outbox
        self._inbox = inbox
        self._own_address = own_address
        self._clock = clock
        self._faults = faults
        self._numbers = itertools.count()
        self._open: set[SMTP] = set()
        _make_maildir(outbox)
        if inbox is not None:
            _make_maildir(inbox)

    def protocol(self) -> SMTP:
        """Return the protocol of one new connection, for ``loop.create_server``."""
        # A plain host name keeps the server from asking the DNS for its own.
        protocol = SMTP(
            self,
            hostname="sandbox",
            data_size_limit=_LARGEST,
            enable_SMTPUTF8=True,
            loop=asyncio.get_running_loop(),
        )
        self._open.add(protocol)
        return protocol

    def hang_up(self) -> None:
        """Close every connection, so that the server can stop."""
        for protocol in self._open:
            if protocol.transport is not None:
                protocol.transport.close()
        self._open.clear()

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Greet; forget connections that have ended since."""
        self._open = {each for each in self._open if each.transport is not None}
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept a recipient unless a fault refuses it."""
        fault = self._faults.take(lambda each: each.applies("recipient", address))
        if fault is not None:
            return fault.answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the message for each of its recipients."""
        fault = self._faults.take(
            lambda each: any(each.applies("data", recipient) for recipient in envelope.rcpt_tos)
        )
        if fault is not None and not fault.hang_up:
            return fault.answer
        key = ""
        for recipient in envelope.rcpt_tos:
            key = self._keep(session, envelope, recipient)
        if fault is not None:
            transport: Any = server.transport
            transport.abort()
        return f"250 2.0.0 kept as {key}"

    def _keep(self, session: Session, envelope: Envelope, recipient: str) -> str:
        """Write one file the Maildir way: complete in ``tmp``, then visible in ``new``."""
        now = self._clock.now()
        peer: Any = session.peer
        trace = (
            f"Return-Path: <{envelope.mail_from}>\r\n"
            f"Delivered-To: {recipient}\r\n"
            f"Received: from {session.host_name} ({peer[0]}) by sandbox with ESMTP; "
            f"{format_datetime(now)}\r\n"
        )
        # Names sort by time; number, process and chance make them unique.
        stamp = int(now.timestamp() * 1_000_000)
        key = f"{stamp}.{os.getpid()}_{next(self._numbers):06d}_{secrets.token_hex(4)}.sandbox"
        maildir = self._maildir(recipient)
        draft = maildir / "tmp" / key
        with open(draft, "xb", opener=_private) as file:
            file.write(trace.encode() + (envelope.original_content or b""))
        # Readers of the Maildir take the time of the file for the time of receipt.
        os.utime(draft, (now.timestamp(), now.timestamp()))
        draft.rename(maildir / "new" / key)
        return key

    def _maildir(self, recipient: str) -> Path:
        if self._inbox is not None and _belongs(recipient, self._own_address):
            return self._inbox
        return self._outbox


def _belongs(recipient: str, address: str) -> bool:
    """Say whether a recipient is an address or a subaddress of it, in any case of letters."""
    local, _, domain = recipient.lower().rpartition("@")
    own_local, _, own_domain = address.lower().rpartition("@")
    return domain == own_domain and local.partition("+")[0] == own_local


def _make_maildir(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in ("tmp", "new", "cur"):
        (path / folder).mkdir(mode=0o700, exist_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
