"""Mail over SMTP (RFC 5321) with the standard library's client.

The commands are given one by one instead of through ``sendmail``, because what a failure means
depends on where it happens: before the content nothing can have been delivered, between the end of
the content and the server's answer nobody knows (RFC 5321 §4.5.3.2.6, RFC 1047).
"""

from __future__ import annotations

import logging
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure

logger = logging.getLogger(__name__)

Security = Literal["tls", "starttls", "plain"]

_LOGIN_CODES = frozenset({530, 534, 535, 538})
"""Answers that complain about the login (RFC 4954 §6), whatever command they answer."""
_TOO_LARGE = 552
_CLOSING = 421
_NO_CODE = -1
"""What the client reports when an answer does not begin with a number."""
_LONGEST_ANSWER = 500


class SmtpMailer:
    """``ports.Mailer`` over one SMTP relay.

    ``security`` is ``tls`` (TLS from the first byte), ``starttls`` (required: never falls back to
    plain text) or ``plain``. ``timeout`` is in seconds and holds for each step. ``ca_file`` replaces
    the system's certificate authorities. Objects hold no connection and may be shared.
    """

    channel = "smtp"

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        username: str | None = None,
        password: str | None = None,
        timeout: float = 20.0,
        ca_file: Path | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._security = security
        self._username = username
        self._password = password
        self._timeout = timeout
        self._ca_file = ca_file

    @contextmanager
    def session(self) -> Iterator[SmtpSession]:
        """Open a session. It connects with its first message and says goodbye at the end."""
        session = SmtpSession(self)
        try:
            yield session
        finally:
            session.close()

    def check(self) -> str:
        """Connect, greet, log in and leave; return what was found. Raises ``TransientFailure``."""
        client = self.connect()
        protection = "without encryption"
        if isinstance(client.sock, ssl.SSLSocket):
            protection = f"over {client.sock.version()}"
        _leave(client)
        login = f", logged in as {self._username}" if self._username else ""
        return f"{self.place} answered {protection}{login}."

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return f"{self._host}:{self._port}"

    def connect(self) -> smtplib.SMTP:
        """Return a greeted, protected and logged-in connection.

        Every failure is a ``TransientFailure``: whatever is wrong here is wrong with the server or
        the settings and not with a message, so mail waits until it is mended.
        """
        try:
            client = self._open()
        except smtplib.SMTPResponseException as error:
            raise _unready(self.place, _text(error.smtp_code, error.smtp_error)) from error
        except ssl.SSLError as error:
            raise _unprotected(self.place, _reason(error)) from error
        except OSError as error:  # Includes all other errors of the SMTP client.
            raise _unready(self.place, _reason(error)) from error
        except UnicodeError as error:  # A host name that cannot even be looked up.
            raise _unready(self.place, "this is not a host name") from error
        try:
            self._prepare(client)
        except BaseException:
            client.close()
            raise
        return client

    def _open(self) -> smtplib.SMTP:
        # A name is given so that the client does not look one up: that can take many seconds.
        if self._security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, "localhost", timeout=self._timeout, context=self._context()
            )
        else:
            client = smtplib.SMTP(self._host, self._port, "localhost", timeout=self._timeout)
        client.local_hostname = _own_name(client)
        return client

    def _prepare(self, client: smtplib.SMTP) -> None:
        try:
            if self._security == "starttls":
                self._start_tls(client)
            client.ehlo_or_helo_if_needed()
        except smtplib.SMTPResponseException as error:
            raise _unready(self.place, _text(error.smtp_code, error.smtp_error)) from error
        except OSError as error:  # Includes all other errors of the SMTP client.
            raise _unready(self.place, _reason(error)) from error
        if self._username is not None:
            self._log_in(client, self._username)

    def _start_tls(self, client: smtplib.SMTP) -> None:
        try:
            client.starttls(context=self._context())
        except smtplib.SMTPNotSupportedError:
            raise _unprotected(self.place, "the server does not offer STARTTLS") from None
        except ssl.SSLError as error:
            raise _unprotected(self.place, _reason(error)) from error
        except smtplib.SMTPResponseException as error:
            raise _unprotected(self.place, _text(error.smtp_code, error.smtp_error)) from error

    def _log_in(self, client: smtplib.SMTP, username: str) -> None:
        # Causes are cut off (``from None``): some carry the password, such as one that is not ASCII.
        try:
            client.login(username, self._password or "")
        except smtplib.SMTPAuthenticationError as error:
            answer = _text(error.smtp_code, error.smtp_error)
            if 400 <= error.smtp_code < 500:
                raise _unready(self.place, answer) from None
            raise _login_refused(self.place, answer) from None
        except smtplib.SMTPServerDisconnected as error:
            raise _unready(self.place, _reason(error)) from None
        except (smtplib.SMTPException, ValueError):
            raise _login_refused(self.place, "no way of logging in that both sides know") from None

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file)


class SmtpSession:
    """``ports.MailSession``: one connection for a batch of messages, renewed when it is lost."""

    def __init__(self, mailer: SmtpMailer) -> None:
        self._mailer = mailer
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
        except _Refused as refusal:
            self._take_back(refusal)
            raise refusal.failure(self._mailer.place, sender, recipient) from None
        except DeliveryError:
            raise
        except BaseException:
            # Interrupted in the middle of a dialogue: the next message must not continue it.
            self._drop()
            raise

    def close(self) -> None:
        """Say goodbye and close, never raising for a server that is gone already."""
        client, self._client = self._client, None
        if client is not None:
            _leave(client)

    def _begin(self, sender: str, recipient: str, content: bytes) -> smtplib.SMTP:
        """Send MAIL FROM, on a new connection if the server has closed the idle one."""
        if self._client is not None:
            try:
                return self._mail_from(self._client, sender, recipient, content)
            except _Lost:
                # Nothing was accepted yet, so beginning again cannot send anything twice.
                logger.debug("The mail server closed the idle connection; connecting again.")
                self._drop()
        self._client = self._mailer.connect()
        with self._nothing_delivered():
            return self._mail_from(self._client, sender, recipient, content)

    def _mail_from(self, client: smtplib.SMTP, sender: str, recipient: str, content: bytes) -> smtplib.SMTP:
        options = _mail_options(client, self._mailer.place, sender, recipient, content)
        with _noticing_loss():
            code, answer = client.mail(sender, options)
        if code == _CLOSING:
            raise _Lost(_text(code, answer))
        if code // 100 != 2:
            raise _Refused("sender", code, answer)
        return client

    def _name_recipient(self, client: smtplib.SMTP, recipient: str) -> None:
        with self._nothing_delivered(), _noticing_loss():
            code, answer = client.rcpt(recipient)
        if code // 100 != 2:
            raise _Refused("recipient", code, answer)

    def _hand_over(self, client: smtplib.SMTP, recipient: str, content: bytes) -> str:
        with self._nothing_delivered(), _noticing_loss():
            code, answer = client.docmd("DATA")
            if code == 354:
                # When this breaks the end of the content is still unsent, and a server must not act
                # on a message without its end (RFC 5321 §4.1.1.4).
                client.send(_as_data(content))
        if code != 354:
            raise _Refused("content", code, answer)
        return self._final_answer(client, recipient)

    def _final_answer(self, client: smtplib.SMTP, recipient: str) -> str:
        try:
            with _noticing_loss():
                code, answer = client.getreply()
            if code == _NO_CODE:
                raise _Lost("an answer that is not SMTP")
        except _Lost as loss:
            self._drop()
            raise _unanswered(self._mailer.place, recipient, loss.reason) from None
        if code // 100 != 2:
            raise _Refused("content", code, answer)
        return _text(code, answer)

    @contextmanager
    def _nothing_delivered(self) -> Iterator[None]:
        """Report a lost connection as a failure that surely delivered nothing."""
        try:
            yield
        except _Lost as loss:
            self._drop()
            raise _unready(self._mailer.place, loss.reason) from None

    def _take_back(self, refusal: _Refused) -> None:
        """Cancel the mail transaction (RSET), or let go of a connection that is of no more use."""
        if self._client is None:
            return
        if refusal.code in (_CLOSING, _NO_CODE):
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


class _Lost(Exception):
    """The connection broke or timed out; ``reason`` in the words of the system."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Refused(Exception):
    """The server answered no to the ``sender``, the ``recipient`` or the ``content``."""

    def __init__(self, what: Literal["sender", "recipient", "content"], code: int, answer: bytes) -> None:
        super().__init__(what, code)
        self.what = what
        self.code = code
        self.answer = _text(code, answer)

    def failure(self, place: str, sender: str, recipient: str) -> DeliveryError:
        """Return what to tell the caller."""
        if self.code in _LOGIN_CODES:
            return _login_refused(place, self.answer)
        if self.code // 100 != 5:
            # An answer that is no SMTP answer counts as "try later" too: nothing was accepted.
            return TransientFailure(
                f"The mail server {place} cannot take mail for {recipient} now: {self.answer}",
                answer=self.answer,
            )
        if self.what == "sender" and self.code != _TOO_LARGE:
            # The sender is the service's own address, so this would hit every message alike.
            return TransientFailure(
                f"The mail server {place} refused the sender {sender}: {self.answer}. "
                "Allow this sender at the mail server, or correct ORCHESTRATOR_ORGANIZER_ADDRESS.",
                code="smtp-sender",
                answer=self.answer,
            )
        return PermanentFailure(self._wording(recipient), answer=self.answer)

    def _wording(self, recipient: str) -> str:
        if self.code == _TOO_LARGE and self.what != "recipient":
            return (
                f"The mail server says that the message for {recipient} is too large: {self.answer}. "
                "Send smaller attachments."
            )
        if self.what == "content":
            return f"The mail server refused the message for {recipient}: {self.answer}. Change it and retry."
        if re.match(r"\d{3} 5\.7\.", self.answer):
            # RFC 3463 §3.8: security or policy. The address itself may well be right.
            return (
                f"The mail server may not pass mail on to {recipient}: {self.answer}. "
                "Ask whoever runs the mail server, then retry."
            )
        return (
            f"The mail server refused the address {recipient}: {self.answer}. Correct the address and retry."
        )


@contextmanager
def _noticing_loss() -> Iterator[None]:
    try:
        yield
    except OSError as error:  # Includes all errors of the SMTP client, such as an endless answer.
        raise _Lost(_reason(error)) from None


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
            f"The mail server {place} does not offer {extension.upper()}, which the message for "
            f"{recipient} needs. Use an address and headers in plain ASCII, or another mail server.",
            code=f"smtp-{extension}",
        )


def _require_address(address: str) -> None:
    if "@" not in address or re.search(r"[\s\x00-\x1f\x7f<>]", address):
        raise PermanentFailure(f"{address!r} is not a mail address. Correct the address and retry.")


def _as_data(content: bytes) -> bytes:
    """Return the content as it travels: leading dots doubled, and the final dot (RFC 5321 §4.5.2)."""
    stuffed = re.sub(rb"(?m)^\.", b"..", content)
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")


def _own_name(client: smtplib.SMTP) -> str:
    """Return what to say in EHLO: a full host name or an address literal (RFC 5321 §4.1.4)."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    if client.sock is None:
        return "[127.0.0.1]"
    address = str(client.sock.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _leave(client: smtplib.SMTP) -> None:
    with suppress(OSError):  # Includes all errors of the SMTP client.
        client.quit()
    client.close()


def _text(code: int, answer: bytes | str) -> str:
    """Return a server's answer as one line that is safe to print and store."""
    words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return f"{code} {line}".strip()[:_LONGEST_ANSWER]


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def _unready(place: str, reason: str) -> TransientFailure:
    return TransientFailure(f"The mail server {place} is not available: {reason}", answer=reason)


def _unprotected(place: str, reason: str) -> TransientFailure:
    return TransientFailure(
        f"The connection to the mail server {place} cannot be protected: {reason}. Mail waits until "
        "its certificate, or ORCHESTRATOR_SMTP_SECURITY and ORCHESTRATOR_SMTP_PORT, are right.",
        code="smtp-tls",
        answer=reason,
    )


def _login_refused(place: str, reason: str) -> TransientFailure:
    return TransientFailure(
        f"The mail server {place} refused the login: {reason}. Mail waits until "
        "ORCHESTRATOR_SMTP_USERNAME and ORCHESTRATOR_SMTP_PASSWORD are right.",
        code="smtp-login",
        answer=reason,
    )


def _unanswered(place: str, recipient: str, reason: str) -> TransientFailure:
    return TransientFailure(
        f"The mail server {place} took the message for {recipient} but did not say whether it "
        f"will deliver it: {reason}",
        answer=reason,
        unknown=True,
    )
