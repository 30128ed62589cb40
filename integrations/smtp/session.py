"""One connection to a relay, for a batch of messages.

The commands are given one by one instead of through ``sendmail``, because what a failure means
depends on where it happens: before the content nothing can have been delivered, between the end of
the content and the server's answer nobody knows (RFC 5321 §4.5.3.2.6, RFC 1047).
"""

from __future__ import annotations

import logging
import re
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from integrations.smtp.answers import (
    CLOSING,
    NO_CODE,
    Lost,
    Refused,
    noticing_loss,
    text_of,
    unanswered,
    unready,
)
from orchestrator.domain.answers.refusal_targets import Command
from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure, Unavailable
from orchestrator.facts import Fact

logger = logging.getLogger(__name__)


class SmtpSession:
    """``ports.MailSession``: one connection for a batch of messages, renewed when it is lost."""

    def __init__(self, place: str, connect: Callable[[], smtplib.SMTP]) -> None:
        """``place`` names the server in messages, ``connect`` returns a connection that is logged in."""
        self._place = place
        self._connect = connect
        self._client: smtplib.SMTP | None = None

    def send(self, *, sender: str, recipient: str, content: bytes) -> str:
        """Hand one message (CRLF line ends, passed on unchanged) over for one recipient.

        Returns the server's answer. Raises ``TransientFailure`` or ``PermanentFailure``; neither
        ever holds the content.
        """
        _require_address(sender)
        _require_address(recipient)
        try:
            client = self._begin(sender, recipient, content)
            self._name_recipient(client, recipient)
            return self._hand_over(client, recipient, content)
        except Refused as refusal:
            self._take_back(refusal)
            raise refusal.failure(self._place, sender, recipient) from None
        except DeliveryError:
            raise
        except BaseException:
            # Interrupted in the middle of a dialogue: the next message must not continue it.
            self._drop()
            raise

    def name(self, sender: str, recipient: str) -> None:
        """Name a sender and a recipient as for a message, and take them back (RSET). Raises as ``send``."""
        _require_address(sender)
        _require_address(recipient)
        try:
            client = self._begin(sender, recipient, b"")
            self._name_recipient(client, recipient)
        except Refused as refusal:
            self._take_back(refusal)
            raise refusal.failure(self._place, sender, recipient) from None
        with self._nothing_delivered(), noticing_loss():
            client.rset()

    def close(self) -> None:
        """Say goodbye and close, never raising for a server that is gone already."""
        client, self._client = self._client, None
        if client is not None:
            leave(client)

    def _begin(self, sender: str, recipient: str, content: bytes) -> smtplib.SMTP:
        """Send MAIL FROM, on a new connection if the server has closed the idle one."""
        if self._client is not None:
            try:
                return self._mail_from(self._client, sender, recipient, content)
            except Lost:
                # Nothing was accepted yet, so beginning again cannot send anything twice.
                logger.debug("The mail server closed the idle connection; connecting again.")
                self._drop()
        self._client = self._connected()
        with self._nothing_delivered():
            return self._mail_from(self._client, sender, recipient, content)

    def _connected(self) -> smtplib.SMTP:
        """Connect; what keeps this message from leaving here would keep every other one as well."""
        try:
            return self._connect()
        except TransientFailure as failure:
            raise Unavailable.of(failure) from None

    def _mail_from(self, client: smtplib.SMTP, sender: str, recipient: str, content: bytes) -> smtplib.SMTP:
        options = _mail_options(client, self._place, sender, recipient, content)
        with noticing_loss():
            code, answer = client.mail(sender, options)
        if code == CLOSING:
            raise Lost(text_of(code, answer))
        if code // 100 != 2:
            raise Refused(Command.MAIL, code, answer)
        return client

    def _name_recipient(self, client: smtplib.SMTP, recipient: str) -> None:
        with self._nothing_delivered(), noticing_loss():
            code, answer = client.rcpt(recipient)
        if code // 100 != 2:
            raise Refused(Command.RCPT, code, answer)

    def _hand_over(self, client: smtplib.SMTP, recipient: str, content: bytes) -> str:
        with self._nothing_delivered(), noticing_loss():
            code, answer = client.docmd("DATA")
            if code == 354:
                # When this breaks the end of the content is still unsent, and a server must not act
                # on a message without its end (RFC 5321 §4.1.1.4).
                client.send(_as_data(content))
        if code != 354:
            raise Refused(Command.DATA, code, answer)
        return self._final_answer(client, recipient)

    def _final_answer(self, client: smtplib.SMTP, recipient: str) -> str:
        try:
            with noticing_loss():
                code, answer = client.getreply()
            if code == NO_CODE:
                raise Lost("an answer that is not SMTP")
        except Lost as loss:
            self._drop()
            raise unanswered(self._place, recipient, loss.reason) from None
        if code // 100 != 2:
            raise Refused(Command.DATA, code, answer)
        return text_of(code, answer)

    @contextmanager
    def _nothing_delivered(self) -> Iterator[None]:
        """Report a lost connection as a failure that surely delivered nothing."""
        try:
            yield
        except Lost as loss:
            self._drop()
            raise unready(self._place, loss.reason) from None

    def _take_back(self, refusal: Refused) -> None:
        """Cancel the mail transaction (RSET), or let go of a connection that is of no more use."""
        if self._client is None:
            return
        if refusal.code in (CLOSING, NO_CODE):
            self._drop()
            return
        try:
            self._client.rset()
        except OSError:  # Includes all errors of the SMTP client.
            self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _mail_options(client: smtplib.SMTP, place: str, sender: str, recipient: str, content: bytes) -> list[str]:
    """Return the parameters of MAIL FROM: extensions are used only if offered and needed.

    RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 6531 §3.4 (SMTPUTF8).
    """
    options = []
    if client.has_extn("size"):
        options.append(f"SIZE={len(content)}")
    if not content.isascii():
        _require_extension(client, place, "8bitmime", recipient)
        options.append("BODY=8BITMIME")
    header = content.partition(b"\r\n\r\n")[0]
    if not (sender.isascii() and recipient.isascii() and header.isascii()):
        _require_extension(client, place, "smtputf8", recipient)
        options.append("SMTPUTF8")
    return options


def _require_extension(client: smtplib.SMTP, place: str, extension: str, recipient: str) -> None:
    if not client.has_extn(extension):
        raise PermanentFailure(
            Fact.of(
                "outside.smtp.lacks-extension", place=place, extension=extension.upper(), recipient=recipient
            ),
            code=f"smtp-{extension}",
        )


def _require_address(address: str) -> None:
    if "@" not in address or re.search(r"[\s\x00-\x1f\x7f<>]", address):
        raise PermanentFailure(Fact.of("outside.smtp.no-address", address=repr(address)))


def _as_data(content: bytes) -> bytes:
    """Return the content as it travels: leading dots doubled, and the final dot (RFC 5321 §4.5.2)."""
    stuffed = re.sub(rb"(?m)^\.", b"..", content)
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")


def leave(client: smtplib.SMTP) -> None:
    """Say goodbye and close; never raises for a server that is gone already."""
    with suppress(OSError):  # Includes all errors of the SMTP client.
        client.quit()
    client.close()
