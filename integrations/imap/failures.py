"""What to tell the caller about the errors of the client and the refusals of the server."""

from __future__ import annotations

import imaplib
import ssl
from dataclasses import dataclass

from integrations.imap.answers import LATER, LOST, NEVER, code_of, one_line, reason_of
from orchestrator.domain.delivery.trouble import LOGIN_PAUSE
from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure, Unavailable
from orchestrator.facts import Fact


@dataclass(frozen=True, slots=True)
class Failures:
    """Makes failures of errors. ``place`` is host and port; ``password`` is kept out of all messages."""

    place: str
    folder: str
    username: str
    password: str

    def failure(self, error: BaseException) -> DeliveryError:
        """Return what to tell the caller about an error of the client."""
        if isinstance(error, DeliveryError):
            return error
        reason = self.words(error)
        if isinstance(error, imaplib.IMAP4.readonly):
            return self.closed_folder("it may only be read")
        if isinstance(error, LOST):
            return self.unavailable(reason)
        if isinstance(error, imaplib.IMAP4.error):
            if code_of(reason) == "OVERQUOTA":
                return self._full(reason)
            if code_of(reason) in NEVER:
                return self.closed_folder(reason)
            return TransientFailure(
                Fact.of("outside.imap.refused", place=self.place, reason=reason), answer=reason
            )
        return TransientFailure(
            Fact.of("outside.imap.unintelligible", place=self.place, error=type(error).__name__),
            code="imap-answer",
        )

    def words(self, error: BaseException) -> str:
        """Return an error as one line that is safe to print and store."""
        reason = reason_of(error)
        if self.password:
            # Some servers repeat the command that they did not understand.
            reason = reason.replace(self.password, "***")
        return one_line(reason)

    def unavailable(self, reason: str) -> Unavailable:
        """Return what to raise when the server cannot be reached now."""
        return Unavailable(
            Fact.of("outside.imap.unavailable", place=self.place, reason=reason), answer=reason
        )

    def unprotected(self, cause: ssl.SSLError | str) -> DeliveryError:
        """Return what to raise when the connection cannot be protected."""
        reason = cause if isinstance(cause, str) else self.words(cause)
        if isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)):
            return self.unavailable(reason)
        return PermanentFailure(
            Fact.of("outside.imap.unprotected", place=self.place, reason=reason),
            code="imap-tls",
            answer=reason,
        )

    def login_refused(self, reason: str) -> Unavailable:
        """Return what to raise when the server does not accept name and password.

        Asking again soon would be one more wrong login, and some servers lock the account after a few.
        """
        return Unavailable(
            Fact.of("outside.imap.login-refused", place=self.place, reason=reason),
            code="imap-login",
            answer=reason,
            retry_after=LOGIN_PAUSE,
            needs_person=True,
        )

    def token_refused(self, reason: str) -> Unavailable:
        """Return what to raise when the server does not accept an access token."""
        return Unavailable(
            Fact.of("outside.imap.token-refused", place=self.place, username=self.username, reason=reason),
            code="imap-login",
            answer=reason,
            retry_after=LOGIN_PAUSE,
            needs_person=True,
        )

    def closed_folder(self, reason: str) -> PermanentFailure:
        """Return what to tell when the folder cannot be opened or changed."""
        return PermanentFailure(
            Fact.of(
                "outside.imap.closed-folder",
                place=self.place,
                folder=self.folder,
                reason=reason,
                username=self.username,
            ),
            code="imap-folder",
            answer=reason,
        )

    def _full(self, reason: str) -> PermanentFailure:
        return PermanentFailure(
            Fact.of("outside.imap.full", username=self.username, place=self.place, reason=reason),
            code="imap-full",
            answer=reason,
        )

    def unmade(self, path: str, error: imaplib.IMAP4.error) -> DeliveryError:
        """Return what to raise when a folder cannot be made."""
        reason = self.words(error)
        if code_of(reason) in LATER:
            return self.unavailable(reason)
        return PermanentFailure(
            Fact.of(
                "outside.imap.unmade", place=self.place, path=path, reason=reason, username=self.username
            ),
            code="imap-folder",
            answer=reason,
        )
