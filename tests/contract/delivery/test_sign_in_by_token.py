"""Signing in to mail servers with an access token in place of a password, as Exchange Online wants it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.imap.mailbox import ImapMailbox
from integrations.smtp.mailer import SmtpMailer
from orchestrator.domain.delivery.trouble import LOGIN_PAUSE
from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure, Unavailable
from tests.contract.answers.imap_script import Dialogue, ScriptedImap

MAILBOX = "meetings@ministry.example"


class Tokens:
    """Gives one token after the other, or fails."""

    def __init__(self, *given: str | DeliveryError) -> None:
        self.given = list(given)
        self.dropped = 0

    def token(self) -> str:
        given = self.given[min(self.dropped, len(self.given) - 1)]
        if isinstance(given, DeliveryError):
            raise given
        return given

    def drop(self) -> None:
        self.dropped += 1


@pytest.fixture
def relay(smtp_relay: Callable[..., Any]) -> Any:
    return smtp_relay("starttls")


def mailer(relay: Any, tokens: Tokens, ca_file: Path) -> SmtpMailer:
    return SmtpMailer("localhost", relay.port, "starttls", MAILBOX, timeout=5, ca_file=ca_file, tokens=tokens)


def accepting(dialogue: Dialogue) -> None:
    """Take the token that comes after an invitation to say it (RFC 3501 section 6.2.2)."""
    tag = dialogue.tag
    dialogue.say("+ \r\n")
    said = base64.b64decode(dialogue.next_line()).decode()
    if said == f"user={MAILBOX}\x01auth=Bearer good-token\x01\x01":
        dialogue.say(f"{tag} OK AUTHENTICATE completed.\r\n")
        return
    dialogue.say("+ " + base64.b64encode(b'{"status":"401"}').decode() + "\r\n")
    dialogue.next_line()
    dialogue.say(f"{tag} NO AUTHENTICATE failed.\r\n")


def mailbox(server: ScriptedImap, tokens: Tokens) -> ImapMailbox:
    return ImapMailbox("127.0.0.1", server.port, "plain", MAILBOX, "", timeout=5, tokens=tokens)


@pytest.fixture
def imap() -> Any:
    server = ScriptedImap(capabilities="IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 IDLE MOVE", AUTHENTICATE=accepting)
    yield server
    server.close()


def test_mail_leaves_with_a_token(relay: Any, smtp_ca: Path) -> None:
    tokens = Tokens("good-token")
    assert f"logged in as {MAILBOX}" in mailer(relay, tokens, smtp_ca).check()
    with mailer(relay, tokens, smtp_ca).session() as session:
        session.send(sender=MAILBOX, recipient="ann@x.example", content=b"Subject: s\r\n\r\n\r\n")
    assert relay.script.tokens[0] == f"user={MAILBOX}\x01auth=Bearer good-token\x01\x01"
    assert len(relay.script.received) == 1


def test_answers_are_read_with_a_token(imap: ScriptedImap) -> None:
    assert "INBOX holds 1 mail" in mailbox(imap, Tokens("good-token")).check()
    assert "LOGIN" not in imap.heard


def refused(check: Callable[[], str], tokens: Tokens, permission: str) -> None:
    with pytest.raises(Unavailable) as caught:
        check()
    error = caught.value
    assert (error.code.partition("-")[2], error.retry_after, error.needs_person) == (
        "login",
        LOGIN_PAUSE,
        True,
    )
    assert permission in error.message
    assert "enterprise application" in error.message, "the commonest mistake is the other object id"
    assert "bad-token" not in repr(error) + str(vars(error))
    assert tokens.dropped == 1, "a right granted meanwhile is only in a new token"


def test_a_token_that_is_not_accepted_says_what_to_grant(relay: Any, smtp_ca: Path) -> None:
    tokens = Tokens("bad-token")
    refused(mailer(relay, tokens, smtp_ca).check, tokens, "SMTP.SendAsApp")


def test_the_same_of_the_mailbox(imap: ScriptedImap) -> None:
    tokens = Tokens("bad-token")
    refused(mailbox(imap, tokens).check, tokens, "IMAP.AccessAsApp")


def test_once_the_right_is_granted_the_next_try_succeeds(relay: Any, smtp_ca: Path) -> None:
    tokens = Tokens("bad-token", "good-token")
    found = mailer(relay, tokens, smtp_ca)
    with pytest.raises(Unavailable):
        found.check()
    assert "logged in" in found.check()


@pytest.mark.parametrize("passing", [True, False])
def test_without_a_token_everything_waits(
    relay: Any, imap: ScriptedImap, smtp_ca: Path, passing: bool
) -> None:
    """A wrong client secret fails no mail: it is no mail's fault."""
    why = (
        Unavailable("the sign-in is away")
        if passing
        else PermanentFailure("wrong secret", code="graph-secret")
    )
    for check in (mailer(relay, Tokens(why), smtp_ca).check, mailbox(imap, Tokens(why)).check):
        with pytest.raises(TransientFailure) as caught:
            check()
        assert caught.value.message == why.message
        assert caught.value.needs_person is not passing


def test_a_server_that_takes_no_tokens(smtp_relay: Callable[..., Any], smtp_ca: Path) -> None:
    relay = smtp_relay("starttls", auth_exclude_mechanism=["XOAUTH2"])
    with pytest.raises(Unavailable, match="does not offer AUTH XOAUTH2"):
        mailer(relay, Tokens("good-token"), smtp_ca).check()
    server = ScriptedImap(capabilities="IMAP4rev1 AUTH=PLAIN")
    with pytest.raises(Unavailable, match="does not offer AUTH=XOAUTH2"):
        mailbox(server, Tokens("good-token")).check()
    server.close()
