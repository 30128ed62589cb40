"""What an SMTP server's answers, and the loss of its connection, mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.domain.answers.refusal_targets import Command, Target, target_of
from orchestrator.domain.delivery.trouble import (
    LOGIN_PAUSE,
    NAMED,
    PASSES_BY_ITSELF,
    QUOTA_PAUSE,
    refusal_fact,
)
from orchestrator.errors import DeliveryError, PermanentFailure, Silent, TransientFailure, Unavailable
from orchestrator.facts import Fact

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
    """The server answered no to a ``command``."""

    def __init__(self, command: Command, code: int, answer: bytes) -> None:
        super().__init__(command, code)
        self.command = command
        self.code = code
        self.answer = text_of(code, answer)

    def failure(self, place: str, sender: str, recipient: str) -> DeliveryError:
        """Return what to tell the caller: what is refused counts, and not at which command."""
        # An answer that is no SMTP answer counts as "try later" too: nothing was accepted.
        passes = self.code // 100 != 5
        reply = self.code if self.code > 0 else None
        target = target_of(self.answer, reply=reply, command=self.command)
        if passes and target not in NAMED:
            return TransientFailure(
                Fact.of("outside.smtp.not-now", place=place, recipient=recipient, answer=self.answer),
                answer=self.answer,
            )
        if target is Target.LOGIN:
            return login_refused(place, self.answer)
        if target is Target.PROTECTION:
            return Unavailable.of(unprotected(place, self.answer))
        fact = refusal_fact(target, place=place, sender=sender, recipient=recipient, answer=self.answer)
        if not target.ours:
            return PermanentFailure(fact, code=f"smtp-{target}", answer=self.answer)
        return TransientFailure(
            fact,
            code=f"smtp-{target}",
            answer=self.answer,
            retry_after=QUOTA_PAUSE if target is Target.QUOTA else None,
            needs_person=target not in PASSES_BY_ITSELF,
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


def login_refused(place: str, reason: str) -> Unavailable:
    """Return what to raise when the server does not accept name and password.

    Every other mail would be one more wrong login, and some servers lock the account after a few.
    """
    return Unavailable(
        Fact.of("outside.smtp.login-refused", place=place, reason=reason),
        code="smtp-login",
        answer=reason,
        retry_after=LOGIN_PAUSE,
        needs_person=True,
    )


def token_refused(place: str, username: str, reason: str) -> Unavailable:
    """Return what to raise when the server does not accept an access token."""
    return Unavailable(
        Fact.of("outside.smtp.token-refused", place=place, username=username, reason=reason),
        code="smtp-login",
        answer=reason,
        retry_after=LOGIN_PAUSE,
        needs_person=True,
    )


def unanswered(place: str, recipient: str, reason: str) -> Silent:
    """Return what to raise when the server has the message, and nobody knows what it does with it."""
    return Silent(
        Fact.of("outside.smtp.unanswered", place=place, recipient=recipient, reason=reason),
        answer=reason,
        unknown=True,
    )
