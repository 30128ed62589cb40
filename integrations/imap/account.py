"""An account on a mail server: connecting, logging in, and finding its folders."""

from __future__ import annotations

import imaplib
import re
import ssl
from pathlib import Path
from typing import Any, Literal

from imapclient import IMAPClient
from imapclient.exceptions import CapabilityError, LoginError

from integrations.imap.answers import LATER, LOST, TROUBLE, code_of, hang_up, reason_of
from integrations.imap.failures import Failures
from integrations.imap.folders import exists, make, namespaces
from integrations.places import place_of
from integrations.sign_in import token_of
from integrations.tls import trusting
from orchestrator.errors import DeliveryError, PermanentFailure
from orchestrator.facts import Fact
from orchestrator.ports import AccessTokens, Tray

Security = Literal["tls", "starttls", "plain"]


class ImapAccount:
    """One account, and the folders of it that are worked with."""

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        username: str,
        password: str,
        *,
        folder: str,
        trays: dict[Tray, str],
        timeout: float,
        ca_file: Path | None,
        tokens: AccessTokens | None = None,
    ) -> None:
        """The parameters are those of ``ImapMailbox``."""
        self._host = host
        self._port = port
        self._username = username
        self._password = password
        self._timeout = timeout
        self._ca_file = ca_file
        self._tokens = tokens
        self._paths: dict[str, str] = {}
        self._found: set[str] = set()
        self.security = security
        self.folder = folder
        self.trays = trays
        self.failures = Failures(place_of(host, port), folder, username, password)

    def connect(self) -> Any:
        """Return a protected and logged-in client. Raises ``TransientFailure`` or ``PermanentFailure``."""
        client = self._open()
        try:
            if self.security == "starttls":
                self._start_tls(client)
            self._log_in(client)
        except BaseException:
            hang_up(client)
            raise
        return client

    def path(self, client: Any, name: str) -> str:
        """Return a folder's name as this server writes it: its prefix (RFC 2342) and its delimiter."""
        if name.upper() == "INBOX":
            return "INBOX"
        if name not in self._paths:
            delimiter, own, foreign = namespaces(client)
            path = name.replace("/", delimiter)
            placed = any(path.upper().startswith(prefix.upper()) for prefix in (own, *foreign))
            self._paths[name] = path if placed else own + path
        return self._paths[name]

    def ensure(self, client: Any, path: str) -> None:
        """Make a folder exist, once for as long as this object lives. Raises ``DeliveryError``."""
        if path in self._found:
            return
        try:
            if not exists(client, path):
                make(client, path)
        except LOST:
            raise
        except imaplib.IMAP4.error as error:
            raise self.failures.unmade(path, error) from error
        self._found.add(path)

    def forget(self, path: str) -> None:
        """Look for a folder again the next time it is needed."""
        self._found.discard(path)

    def _open(self) -> Any:
        context = self._context() if self.security == "tls" else None
        try:
            client = IMAPClient(
                self._host,
                self._port,
                ssl=context is not None,
                ssl_context=context,
                timeout=self._timeout,
            )
        except ssl.SSLError as error:
            raise self.failures.unprotected(error) from error
        except TROUBLE as error:
            # Includes a server that greets with BYE because it is busy.
            raise self.failures.unavailable(self.failures.words(error)) from error
        client.normalise_times = False  # Times keep their offset instead of taking that of this machine.
        return client

    def _context(self) -> ssl.SSLContext:
        try:
            return trusting(self._ca_file)
        except OSError as error:  # Includes a file that holds no certificate.
            raise PermanentFailure(
                Fact.of(
                    "outside.imap.authorities-unreadable", ca_file=str(self._ca_file), reason=reason_of(error)
                ),
                code="imap-tls",
            ) from error

    def _start_tls(self, client: Any) -> None:
        context = self._context()
        try:
            client.starttls(context)
        except CapabilityError:
            raise self.failures.unprotected("the server does not offer STARTTLS") from None
        except ssl.SSLError as error:
            raise self.failures.unprotected(error) from error
        except LOST as error:
            raise self.failures.unavailable(self.failures.words(error)) from error
        except TROUBLE as error:
            # A server that takes us for logged in already, or says no: nothing may be sent to it.
            raise self.failures.unprotected(self.failures.words(error)) from error

    def _log_in(self, client: Any) -> None:
        # Causes are cut off (``from None``): some carry the password, such as one that is not ASCII.
        try:
            if self._tokens is not None:
                self._give_token(client, self._tokens)
            elif client.has_capability("AUTH=PLAIN"):
                client.plain_login(self._username, self._password)
            elif client.has_capability("LOGINDISABLED"):
                raise self._password_unwanted()
            else:
                client.login(_astring(self._username), self._password)
        except LoginError as error:
            raise self._login_failure(error) from None
        except UnicodeError:
            raise self.failures.login_refused("it does not take a name or password beyond ASCII") from None
        except TROUBLE as error:
            raise self.failures.unavailable(self.failures.words(error)) from None

    def _give_token(self, client: Any, tokens: AccessTokens) -> None:
        if not client.has_capability("AUTH=XOAUTH2"):
            raise self.failures.token_refused("the server does not offer AUTH=XOAUTH2")
        try:
            client.oauth2_login(self._username, token_of(tokens))
        except LoginError as error:
            failure = self._login_failure(error)
            if failure.code != "imap-login":
                raise failure from None
            tokens.drop()
            raise self.failures.token_refused(failure.answer) from None

    def _password_unwanted(self) -> DeliveryError:
        if self.security == "plain":
            return self.failures.unprotected("the server takes no password without encryption")
        return self.failures.login_refused("the server takes no passwords at all")

    def _login_failure(self, error: LoginError) -> DeliveryError:
        # The client makes one error of everything; what it was made from says whether it was a no.
        reason = self.failures.words(error)
        if isinstance(error.__context__, LOST) or code_of(reason) in LATER:
            return self.failures.unavailable(reason)
        return self.failures.login_refused(reason)


def _astring(name: str) -> str:
    """Return a name as LOGIN takes it; the client quotes the password only."""
    if re.fullmatch(r"[A-Za-z0-9@._+=-]+", name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
