"""The contract of ``ports.Mailer``, against real SMTP servers."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.smtp.mailer import SmtpMailer
from orchestrator.domain.delivery.trouble import LOGIN_PAUSE
from orchestrator.errors import PermanentFailure, TransientFailure, Unavailable
from orchestrator.ports import Mailer, MailSession

SENDER = "meetings@accsm.example"
CONTENT = (
    b"Subject: Invitation\r\nContent-Type: text/plain\r\n\r\n"
    b".leading dot\r\n..two dots\r\n.\r\n\r\ntrailing space \r\n" + b"x" * 990 + b"\r\nend\r\n"
)


@pytest.fixture(params=["plain", "starttls", "tls"])
def relay(request: pytest.FixtureRequest, smtp_relay: Callable[..., Any]) -> Any:
    started = smtp_relay(request.param, enable_SMTPUTF8=True)
    started.security = request.param
    return started


@pytest.fixture
def mailer(relay: Any, smtp_ca: Path, smtp_password: str) -> Mailer:
    login = relay.security == "starttls"
    return SmtpMailer(
        "localhost",
        relay.port,
        relay.security,
        username="relay-user" if login else None,
        password=smtp_password if login else None,
        timeout=5,
        ca_file=smtp_ca,
    )


@pytest.fixture
def plain(smtp_relay: Callable[..., Any]) -> Any:
    return smtp_relay()


@pytest.fixture
def plain_mailer(plain: Any) -> Mailer:
    return SmtpMailer("localhost", plain.port, "plain", timeout=0.5)


def deliver(session: MailSession, recipient: str, content: bytes = CONTENT) -> str:
    return session.send(sender=SENDER, recipient=recipient, content=content)


def recipients(relay: Any) -> list[str]:
    return [address for message in relay.script.received for address in message.recipients]


def test_content_arrives_byte_for_byte(mailer: Mailer, relay: Any) -> None:
    with mailer.session() as session:
        answer = deliver(session, "ann@x.example")
    assert answer == "250 2.0.0 queued as 4711"
    (message,) = relay.script.received
    assert (message.sender, message.recipients) == (SENDER, ["ann@x.example"])
    assert message.content == CONTENT


def test_a_batch_uses_one_connection(mailer: Mailer, relay: Any) -> None:
    with mailer.session() as session:
        for number in range(5):
            deliver(session, f"p{number}@x.example")
    assert len(relay.script.connections) == 1
    assert recipients(relay) == [f"p{number}@x.example" for number in range(5)]


def test_an_unused_session_does_not_connect(mailer: Mailer, relay: Any) -> None:
    with mailer.session():
        pass
    assert relay.script.connections == []


def test_check_says_what_it_found(mailer: Mailer, relay: Any) -> None:
    found = mailer.check()
    assert f"localhost:{relay.port}" in found
    assert ("TLSv1" in found) is (relay.security != "plain")
    assert ("logged in as relay-user" in found) is (relay.security == "starttls")


@pytest.mark.parametrize(
    ("recipient", "words"),
    [
        (
            "nobody@x.example",
            "refused the address nobody@x.example: 550 5.1.1 no such user. Correct the address",
        ),
        ("spam@x.example", "refused the message for spam@x.example for what is in it: 554"),
        ("toolarge@x.example", "too large"),
    ],
)
def test_a_refusal_is_permanent_and_the_next_message_leaves(
    mailer: Mailer, relay: Any, recipient: str, words: str
) -> None:
    with mailer.session() as session:
        with pytest.raises(PermanentFailure, match=words) as caught:
            deliver(session, recipient)
        deliver(session, "next@x.example")
    assert caught.value.answer.startswith("5")
    assert recipients(relay) == ["next@x.example"]
    assert len(relay.script.connections) == 1


OURS = {
    "sender": "553 5.7.1 <meetings@accsm.example>: Sender address rejected: not owned by user relay",
    "client": "554 5.7.1 <unknown[192.0.2.7]>: Client host rejected: Access denied",
    "relay": "554 5.7.1 <ann@x.example>: Relay access denied",
    "quota": "550 5.4.5 Daily user sending limit exceeded",
    "policy": "550 5.7.1 Access denied",
    "unsaid": "554 Transaction failed",
}


# A bare 554 to the content is about the content.
AT_COMMANDS = [(target, command) for target in OURS for command in ("MAIL", "RCPT", "DATA")]
AT_COMMANDS.remove(("unsaid", "DATA"))


@pytest.mark.parametrize(("target", "command"), AT_COMMANDS)
def test_trouble_of_ours_waits_at_whatever_command_it_comes(
    plain_mailer: Mailer, plain: Any, target: str, command: str
) -> None:
    """Postfix answers what it thinks of client, sender and relaying at RCPT."""
    plain.script.refusals[command] = OURS[target]
    with plain_mailer.session() as session:
        with pytest.raises(TransientFailure) as caught:
            deliver(session, "ann@x.example")
        plain.script.refusals.clear()
        deliver(session, "next@x.example")
    assert caught.value.code == f"smtp-{target}"
    assert not isinstance(caught.value, Unavailable), "another message may be taken"
    assert caught.value.needs_person is (target != "quota")
    assert (caught.value.retry_after or 0) >= (900 if target == "quota" else 0)
    assert OURS[target][:20] in caught.value.message
    assert "orrect the address" not in caught.value.message
    assert recipients(plain) == ["next@x.example"]


@pytest.mark.parametrize(
    ("command", "answer", "code", "words"),
    [
        ("MAIL", "550 5.1.1 <ann@x.example>: Recipient unknown", "smtp-address", "Correct the address"),
        ("DATA", "550 5.1.1 The email account does not exist", "smtp-address", "Correct the address"),
        ("RCPT", "552 5.2.2 Mailbox full", "smtp-mailbox", "The address is right"),
        ("DATA", "554 5.2.2 mailbox full; STOREDRV.Deliver", "smtp-mailbox", "The address is right"),
        (
            "RCPT",
            "554 5.7.1 <ann@x.example>: Recipient address rejected: Access denied",
            "smtp-recipient",
            "let it in",
        ),
        ("RCPT", "552 5.3.4 Message size exceeds fixed limit", "smtp-size", "too large"),
        ("MAIL", "552 Message size exceeds maximum permitted", "smtp-size", "too large"),
    ],
)
def test_trouble_of_the_recipient_is_told_as_what_it_is(
    plain_mailer: Mailer, plain: Any, command: str, answer: str, code: str, words: str
) -> None:
    plain.script.refusals[command] = answer
    with plain_mailer.session() as session, pytest.raises(PermanentFailure, match=words) as caught:
        deliver(session, "ann@x.example")
    assert caught.value.code == code


@pytest.mark.parametrize(
    "answer", ["450 4.7.1 Greylisted, try again", "451 4.7.1 Access denied", "450 4.2.2 full"]
)
def test_what_may_be_greylisting_is_told_to_nobody(plain_mailer: Mailer, plain: Any, answer: str) -> None:
    plain.script.refusals["RCPT"] = answer
    with plain_mailer.session() as session, pytest.raises(TransientFailure) as caught:
        deliver(session, "ann@x.example")
    assert (caught.value.code, caught.value.needs_person) == ("transient", False)


@pytest.mark.parametrize("recipient", ["busy@x.example", "full@x.example", "closing@x.example"])
def test_a_later_please_is_transient_and_the_next_message_leaves(
    mailer: Mailer, relay: Any, recipient: str
) -> None:
    with mailer.session() as session:
        with pytest.raises(TransientFailure) as caught:
            deliver(session, recipient)
        deliver(session, "next@x.example")
    assert not caught.value.unknown
    assert recipients(relay) == ["next@x.example"]


@pytest.mark.parametrize("goodbye", ["", "421 4.4.2 idle too long"])
def test_an_idle_connection_that_was_closed_is_renewed(mailer: Mailer, relay: Any, goodbye: str) -> None:
    with mailer.session() as session:
        deliver(session, "ann@x.example")
        relay.drop_connections(goodbye)
        deliver(session, "bob@x.example")
    assert recipients(relay) == ["ann@x.example", "bob@x.example"]
    assert len(relay.script.connections) == 2


def test_a_connection_lost_within_the_content_delivered_nothing(mailer: Mailer, relay: Any) -> None:
    content = b"Subject: large\r\n\r\n" + b"0123456789abcdef\r\n" * 500_000
    with mailer.session() as session:
        with pytest.raises(TransientFailure) as caught:
            deliver(session, "middata@x.example", content)
        deliver(session, "next@x.example")
    assert not caught.value.unknown
    assert recipients(relay) == ["next@x.example"]


@pytest.mark.parametrize("recipient", ["hangup@x.example", "silent@x.example"])
def test_no_answer_to_the_content_is_unknown(plain_mailer: Mailer, plain: Any, recipient: str) -> None:
    with plain_mailer.session() as session:
        with pytest.raises(TransientFailure) as caught:
            deliver(session, recipient)
        deliver(session, "next@x.example")
    assert caught.value.unknown
    assert recipients(plain) == [recipient, "next@x.example"]


def test_content_is_not_in_the_error(plain_mailer: Mailer) -> None:
    with plain_mailer.session() as session:
        for recipient in ("spam@x.example", "hangup@x.example"):
            with pytest.raises((TransientFailure, PermanentFailure)) as caught:
                deliver(session, recipient, b"Subject: s\r\n\r\nconfidential\r\n")
            assert "confidential" not in repr(caught.value) + str(vars(caught.value))


def test_a_refused_sender_waits_for_ops(plain_mailer: Mailer) -> None:
    with (
        plain_mailer.session() as session,
        pytest.raises(TransientFailure, match="Allow this sender") as caught,
    ):
        session.send(sender="foreign@y.example", recipient="ann@x.example", content=CONTENT)
    assert caught.value.code == "smtp-sender"


def test_a_message_larger_than_the_server_says_is_permanent(smtp_relay: Callable[..., Any]) -> None:
    relay = smtp_relay(data_size_limit=1000)
    with SmtpMailer("localhost", relay.port, "plain").session() as session:
        with pytest.raises(PermanentFailure, match="too large"):
            deliver(session, "ann@x.example", CONTENT)
        deliver(session, "ann@x.example", b"Subject: small\r\n\r\n\r\n")


@pytest.mark.parametrize("address", ["", "ann", "a b@x.example", "ann@x.example\r\nRCPT TO:<z@z>", "<a@x>"])
def test_what_is_no_address_never_reaches_the_server(plain_mailer: Mailer, plain: Any, address: str) -> None:
    with plain_mailer.session() as session, pytest.raises(PermanentFailure, match="not a mail address"):
        deliver(session, address)
    assert plain.script.connections == []


def test_extensions_are_used_only_if_needed(mailer: Mailer, relay: Any) -> None:
    eight_bit = "Subject: s\r\n\r\nHà Nội\r\n".encode()
    with mailer.session() as session:
        deliver(session, "ann@x.example")
        deliver(session, "ann@x.example", eight_bit)
        deliver(session, "hà@x.example", eight_bit)
        deliver(session, "ann@x.example")
    options = [{option.partition("=")[0] for option in m.options} for m in relay.script.received]
    assert options == [{"SIZE"}, {"SIZE", "BODY"}, {"SIZE", "BODY", "SMTPUTF8"}, {"SIZE"}]
    assert relay.script.received[2].recipients == ["hà@x.example"]


def test_an_extension_that_is_not_offered_is_permanent(plain_mailer: Mailer, plain: Any) -> None:
    with plain_mailer.session() as session:
        with pytest.raises(PermanentFailure, match="does not offer SMTPUTF8"):
            deliver(session, "hà@x.example")
        deliver(session, "ann@x.example")
    assert recipients(plain) == ["ann@x.example"]


# --- looking without sending


@pytest.mark.parametrize(("size", "largest"), [(1_000_000, 1_000_000), (0, None), (None, None)])
def test_the_server_says_how_large_a_message_may_be(
    smtp_relay: Callable[..., Any], size: int | None, largest: int | None
) -> None:
    relay = smtp_relay(data_size_limit=size)
    assert SmtpMailer("localhost", relay.port, "plain").largest() == largest


def test_an_envelope_is_tried_and_nothing_leaves(plain_mailer: Mailer, plain: Any) -> None:
    plain_mailer.try_envelope([SENDER, "meetings+tag@accsm.example"], [SENDER, "ann@x.example"])
    assert plain.script.received == []
    assert len(plain.script.connections) == 1
    with pytest.raises(TransientFailure, match="Allow this sender"):
        plain_mailer.try_envelope(["foreign@y.example"], [SENDER])
    with pytest.raises(PermanentFailure, match="no such user"):
        plain_mailer.try_envelope([SENDER], ["nobody@x.example"])
    plain.script.refusals["RCPT"] = OURS["sender"]
    with pytest.raises(TransientFailure, match="its right to send"):
        plain_mailer.try_envelope([SENDER], [SENDER])


# --- connecting


def test_a_relay_may_have_an_address_of_ipv6(smtp_relay: Callable[..., Any]) -> None:
    try:
        relay = smtp_relay(host="::1")
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    mailer = SmtpMailer("::1", relay.port, "plain", timeout=5)
    assert f"[::1]:{relay.port} answered" in mailer.check()
    with mailer.session() as session:
        deliver(session, "ann@x.example")
    assert recipients(relay) == ["ann@x.example"]


def expect_waiting(mailer: Mailer, code: str, words: str) -> None:
    """Both ways of connecting must report trouble of the server or settings as worth waiting for."""
    with pytest.raises(TransientFailure, match=words) as caught:
        mailer.check()
    assert caught.value.code == code
    assert not caught.value.unknown
    if code == "smtp-login":
        assert isinstance(caught.value, Unavailable), "each message would be one more wrong login"
        assert caught.value.retry_after == LOGIN_PAUSE
    with mailer.session() as session, pytest.raises(TransientFailure, match=words):
        deliver(session, "ann@x.example")


def test_a_server_that_is_away() -> None:
    expect_waiting(SmtpMailer("localhost", 1, "plain"), "transient", "localhost:1 is not available")


def test_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mailer = SmtpMailer("127.0.0.1", mute.getsockname()[1], "plain", timeout=0.1)
        expect_waiting(mailer, "transient", "is not available")


@pytest.mark.parametrize("password", ["wrong-password", "mật-khẩu-sai"])
def test_a_wrong_password_waits_for_ops_and_stays_secret(
    smtp_relay: Callable[..., Any], smtp_ca: Path, password: str
) -> None:
    relay = smtp_relay("starttls")
    mailer = SmtpMailer("localhost", relay.port, "starttls", "user", password, timeout=5, ca_file=smtp_ca)
    expect_waiting(mailer, "smtp-login", "ORCHESTRATOR_SMTP_PASSWORD")
    with pytest.raises(TransientFailure) as caught:
        mailer.check()
    assert password not in repr(caught.value) + str(vars(caught.value))
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_a_password_may_have_letters_of_its_own_language(
    smtp_relay: Callable[..., Any], smtp_ca: Path, imap_password: str
) -> None:
    assert not imap_password.isascii()
    relay = smtp_relay("starttls")
    mailer = SmtpMailer(
        "localhost", relay.port, "starttls", "Đặng", imap_password, timeout=5, ca_file=smtp_ca
    )
    assert "logged in as Đặng" in mailer.check()


def test_a_login_that_is_missing(smtp_relay: Callable[..., Any], smtp_ca: Path) -> None:
    relay = smtp_relay("starttls", auth_required=True)
    mailer = SmtpMailer("localhost", relay.port, "starttls", timeout=5, ca_file=smtp_ca)
    with mailer.session() as session, pytest.raises(TransientFailure) as caught:
        deliver(session, "ann@x.example")
    assert caught.value.code == "smtp-login"
    assert isinstance(caught.value, Unavailable)


def test_starttls_is_never_given_up(plain: Any, smtp_ca: Path) -> None:
    mailer = SmtpMailer("localhost", plain.port, "starttls", timeout=5, ca_file=smtp_ca)
    expect_waiting(mailer, "smtp-tls", "does not offer STARTTLS")
    assert plain.script.received == []


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_an_unknown_certificate_is_not_trusted(smtp_relay: Callable[..., Any], security: Any) -> None:
    relay = smtp_relay(security)
    mailer = SmtpMailer("localhost", relay.port, security, timeout=5)
    expect_waiting(mailer, "smtp-tls", "certificate")
