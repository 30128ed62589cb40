"""What an SMTP server's answers, and the loss of its connection, mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from orchestrator.errors import DeliveryError, PermanentFailure, Silent, TransientFailure
from orchestrator.facts import Fact

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
                Fact.of("outside.smtp.not-now", place=place, recipient=recipient, answer=self.answer),
                answer=self.answer,
            )
        if self.what == "sender" and self.code != _TOO_LARGE:
            # The sender is the service's own address, so this would hit every message alike.
            return TransientFailure(
                Fact.of("outside.smtp.sender-refused", place=place, sender=sender, answer=self.answer),
                code="smtp-sender",
                answer=self.answer,
            )
        return PermanentFailure(self._wording(recipient), answer=self.answer)

    def _wording(self, recipient: str) -> Fact:
        said = {"recipient": recipient, "answer": self.answer}
        if self.code == _TOO_LARGE and self.what != "recipient":
            return Fact.of("outside.smtp.too-large", **said)
        if self.what == "content":
            return Fact.of("outside.smtp.content-refused", **said)
        if re.match(r"\d{3} 5\.7\.", self.answer):
            # RFC 3463 §3.8: security or policy. The address itself may well be right.
            return Fact.of("outside.smtp.not-allowed", **said)
        return Fact.of("outside.smtp.address-refused", **said)


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


def unready(place: str, reason: str) -> Silent:
    """Return what to raise when the server takes no mail now."""
    return Silent(Fact.of("outside.smtp.unready", place=place, reason=reason), answer=reason)


def unprotected(place: str, reason: str) -> TransientFailure:
    """Return what to raise when the connection cannot be protected."""
    return TransientFailure(
        Fact.of("outside.smtp.unprotected", place=place, reason=reason),
        code="smtp-tls",
        answer=reason,
    )


def authorities_unreadable(place: str, ca_file: str, reason: str) -> TransientFailure:
    """Return what to raise when the authorities to trust cannot be read from their file."""
    return TransientFailure(
        Fact.of("outside.smtp.authorities-unreadable", place=place, ca_file=ca_file, reason=reason),
        code="smtp-tls",
        answer=reason,
    )


def login_refused(place: str, reason: str) -> TransientFailure:
    """Return what to raise when the server does not accept name and password."""
    return TransientFailure(
        Fact.of("outside.smtp.login-refused", place=place, reason=reason),
        code="smtp-login",
        answer=reason,
    )


def unanswered(place: str, recipient: str, reason: str) -> Silent:
    """Return what to raise when the server has the message, and nobody knows what it does with it."""
    return Silent(
        Fact.of("outside.smtp.unanswered", place=place, recipient=recipient, reason=reason),
        answer=reason,
        unknown=True,
    )
