"""Mail over SMTP (RFC 5321) with the standard library's client: connecting and logging in."""

from __future__ import annotations

import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from integrations.places import place_of
from integrations.sign_in import token_of, xoauth2
from integrations.smtp.answers import (
    authorities_unreadable,
    login_refused,
    reason_of,
    text_of,
    token_refused,
    unprotected,
    unready,
)
from integrations.smtp.session import SmtpSession, leave
from integrations.tls import trusting
from orchestrator.ports import AccessTokens

Security = Literal["tls", "starttls", "plain"]
_LOGGED_IN, _LOGGED_IN_ALREADY = 235, 503


class SmtpMailer:
    """``ports.Mailer`` over one SMTP relay.

    ``security`` is ``tls`` (TLS from the first byte), ``starttls`` (required: never falls back to
    plain text) or ``plain``. ``timeout`` is in seconds and holds for each step. ``ca_file`` holds
    authorities to trust beside the system's. With ``tokens`` one of them is given in
    place of a password. Objects hold no connection and may be shared.
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
        tokens: AccessTokens | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._security = security
        self._username = username
        self._password = password
        self._timeout = timeout
        self.tokens = tokens
        self.ca_file = ca_file

    @contextmanager
    def session(self) -> Iterator[SmtpSession]:
        """Open a session. It connects with its first message and says goodbye at the end."""
        session = SmtpSession(self.place, self.connect)
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
        leave(client)
        login = f", logged in as {self._username}" if self._username else ""
        return f"{self.place} answered {protection}{login}."

    def try_envelope(self, senders: Sequence[str], recipients: Sequence[str]) -> None:
        """Name each sender and each recipient to the server, and take it back; no content follows."""
        with self.session() as session:
            for sender in senders:
                for recipient in recipients:
                    session.name(sender, recipient)

    def largest(self) -> int | None:
        """Return how many bytes a message may have at most (RFC 1870), if the server says so."""
        client = self.connect()
        said = client.esmtp_features.get("size", "").strip()
        leave(client)
        # Zero means that there is no fixed limit (RFC 1870 section 4).
        return int(said) if said.isascii() and said.isdigit() and int(said[:18]) > 0 else None

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return place_of(self._host, self._port)

    def connect(self) -> smtplib.SMTP:
        """Return a greeted, protected and logged-in connection.

        Every failure raises ``TransientFailure``: what is wrong here is wrong with the server or the
        settings and not with a message, so mail waits until it is mended.
        """
        try:
            client = self._open()
        except smtplib.SMTPResponseException as error:
            raise unready(self.place, text_of(error.smtp_code, error.smtp_error)) from error
        except ssl.SSLError as error:
            raise unprotected(self.place, reason_of(error)) from error
        except OSError as error:  # Includes all other errors of the SMTP client.
            raise unready(self.place, reason_of(error)) from error
        except UnicodeError as error:  # A host name that cannot even be looked up.
            raise unready(self.place, "this is not a host name") from error
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
            raise unready(self.place, text_of(error.smtp_code, error.smtp_error)) from error
        except OSError as error:  # Includes all other errors of the SMTP client.
            raise unready(self.place, reason_of(error)) from error
        if self._username is not None:
            self._log_in(client, self._username)

    def _start_tls(self, client: smtplib.SMTP) -> None:
        try:
            client.starttls(context=self._context())
        except smtplib.SMTPNotSupportedError:
            raise unprotected(self.place, "the server does not offer STARTTLS") from None
        except ssl.SSLError as error:
            raise unprotected(self.place, reason_of(error)) from error
        except smtplib.SMTPResponseException as error:
            raise unprotected(self.place, text_of(error.smtp_code, error.smtp_error)) from error

    def _log_in(self, client: smtplib.SMTP, username: str) -> None:
        # Causes are cut off (``from None``): some carry the password, such as one that is not ASCII.
        try:
            self._give_proof(client, username)
        except smtplib.SMTPAuthenticationError as error:
            answer = text_of(error.smtp_code, error.smtp_error)
            if 400 <= error.smtp_code < 500:
                raise unready(self.place, answer) from None
            if self.tokens is None:
                raise login_refused(self.place, answer) from None
            self.tokens.drop()
            raise token_refused(self.place, username, answer) from None
        except smtplib.SMTPServerDisconnected as error:
            raise unready(self.place, reason_of(error)) from None
        except (smtplib.SMTPException, ValueError):
            raise login_refused(self.place, "no way of logging in that both sides know") from None

    def _give_proof(self, client: smtplib.SMTP, username: str) -> None:
        if self.tokens is None:
            _give_password(client, username, self._password or "")
            return
        client.ehlo_or_helo_if_needed()
        if "XOAUTH2" not in client.esmtp_features.get("auth", "").upper().split():
            raise token_refused(self.place, username, "the server does not offer AUTH XOAUTH2")
        said = xoauth2(username, token_of(self.tokens))
        # To a challenge, which tells what is wrong with the token, the client answers with nothing.
        client.auth("XOAUTH2", lambda challenge=None: said if challenge is None else "")

    def _context(self) -> ssl.SSLContext:
        try:
            return trusting(self.ca_file)
        except OSError as error:  # Includes a file that holds no certificate.
            raise authorities_unreadable(self.place, str(self.ca_file), reason_of(error)) from error


def _give_password(client: smtplib.SMTP, username: str, password: str) -> None:
    """Log in; raises what ``smtplib.SMTP.login`` raises, which takes names and passwords in ASCII only."""
    if username.isascii() and password.isascii():
        client.login(username, password)
        return
    client.ehlo_or_helo_if_needed()
    if "PLAIN" not in client.esmtp_features.get("auth", "").upper().split():
        raise smtplib.SMTPNotSupportedError("AUTH PLAIN is not offered")
    # Both are in UTF-8 (RFC 4616 section 2).
    proof = b64encode(f"\0{username}\0{password}".encode()).decode("ascii")
    code, answer = client.docmd("AUTH", f"PLAIN {proof}")
    if code not in (_LOGGED_IN, _LOGGED_IN_ALREADY):
        raise smtplib.SMTPAuthenticationError(code, answer)


def _own_name(client: smtplib.SMTP) -> str:
    """Return what to say in EHLO: a full host name or an address literal (RFC 5321 §4.1.4)."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    if client.sock is None:
        return "[127.0.0.1]"
    address = str(client.sock.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
