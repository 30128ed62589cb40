"""Signing in to mail servers with an access token in place of a password (SASL XOAUTH2)."""

from __future__ import annotations

from orchestrator.domain.delivery.trouble import LOGIN_PAUSE
from orchestrator.errors import PermanentFailure, Unavailable
from orchestrator.ports import AccessTokens


def token_of(tokens: AccessTokens) -> str:
    """Return a valid token.

    Raises ``TransientFailure``; without a token no message can leave and none be read, so one that only a
    person can mend is the server's as a whole: everything waits until then.
    """
    try:
        return tokens.token()
    except PermanentFailure as error:
        raise Unavailable(
            error.fact, code=error.code, answer=error.answer, retry_after=LOGIN_PAUSE, needs_person=True
        ) from None


def xoauth2(username: str, token: str) -> str:
    """Return what a client says first, before it is encoded for the protocol."""
    return f"user={username}\x01auth=Bearer {token}\x01\x01"
