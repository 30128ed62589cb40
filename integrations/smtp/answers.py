"""What an SMTP server's answers, and the loss of its connection, mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure

_LOGIN_CODES = frozenset({530, 534, 535, 538})
"""Answers that complain about the login (RFC 4954 §6), whatever command they answer."""
_TOO_LARGE = 552
CLOSING = 421
NO_CODE = -1
"""What the client reports when an answer does not begin with a number."""
_LONGEST_ANSWER = 500


class Lost(Exception):
    """The connection broke or timed out; ``reason`` in the words of the system."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(Exception):
    """The server answered no to the ``sender``, the ``recipient`` or the ``content``."""

    def __init__(self, what: Literal["sender", "recipient", "content"], code: int, answer: bytes) -> None:
        super().__init__(what, code)
        self.what = what
        self.code = code
        self.answer = text_of(code, answer)

    def failure(self, place: str, sender: str, recipient: str) -> DeliveryError:
        """Return what to tell the caller."""
        if self.code in _LOGIN_CODES:
            return login_refused(place, self.answer)
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
def noticing_loss() -> Iterator[None]:
    """Raise ``Lost`` for every error of the connection."""
    try:
        yield
    except OSError as error:  # Includes all errors of the SMTP client, such as an endless answer.
        raise Lost(reason_of(error)) from None


def text_of(code: int, answer: bytes | str) -> str:
    """Return a server's answer as one line that is safe to print and store."""
    words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return f"{code} {line}".strip()[:_LONGEST_ANSWER]


def reason_of(error: OSError) -> str:
    """Return what the system says of an error."""
    return error.strerror or str(error) or type(error).__name__


def unready(place: str, reason: str) -> TransientFailure:
    """Return what to raise when the server takes no mail now."""
    return TransientFailure(f"The mail server {place} is not available: {reason}", answer=reason)


def unprotected(place: str, reason: str) -> TransientFailure:
    """Return what to raise when the connection cannot be protected."""
    return TransientFailure(
        f"The connection to the mail server {place} cannot be protected: {reason}. Mail waits until "
        "its certificate, or ORCHESTRATOR_SMTP_SECURITY and ORCHESTRATOR_SMTP_PORT, are right.",
        code="smtp-tls",
        answer=reason,
    )


def login_refused(place: str, reason: str) -> TransientFailure:
    """Return what to raise when the server does not accept name and password."""
    return TransientFailure(
        f"The mail server {place} refused the login: {reason}. Mail waits until "
        "ORCHESTRATOR_SMTP_USERNAME and ORCHESTRATOR_SMTP_PASSWORD are right.",
        code="smtp-login",
        answer=reason,
    )


def unanswered(place: str, recipient: str, reason: str) -> TransientFailure:
    """Return what to raise when the server has the message, and nobody knows what it does with it."""
    return TransientFailure(
        f"The mail server {place} took the message for {recipient} but did not say whether it "
        f"will deliver it: {reason}",
        answer=reason,
        unknown=True,
    )
