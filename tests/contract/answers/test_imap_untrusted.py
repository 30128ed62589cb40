"""The mailbox on a server that is not to be trusted, and waiting for mail."""

from __future__ import annotations

import base64
import logging
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from integrations.imap.mailbox import ImapMailbox
from orchestrator.domain.delivery.trouble import LOGIN_PAUSE
from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure, Unavailable
from tests.contract.answers.imap_script import HANG, Dialogue, ScriptedImap, failing, mailbox_state


def eventually(condition: Callable[[], object]) -> None:
    pause, deadline = threading.Event(), time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        pause.wait(0.01)


# --- a server that is not to be trusted


def test_starttls_is_never_given_up(scripted: Callable[..., ScriptedImap]) -> None:
    server = scripted()
    assert (
        failing(server.mailbox(security="starttls"), PermanentFailure, "does not offer STARTTLS")
        == "imap-tls"
    )
    assert "LOGIN" not in server.heard and "AUTHENTICATE" not in server.heard


@pytest.mark.parametrize(
    ("greeting", "answer"),
    [
        ("* PREAUTH you are in already\r\n", "{tag} OK go on\r\n"),
        ("* OK ready\r\n", "{tag} NO not today\r\n"),
        ("* OK ready\r\n", "{tag} BAD what\r\n"),
        ("* OK ready\r\n", "{tag} OK go on\r\n* not TLS at all, but long enough to be looked at\r\n"),
    ],
)
def test_starttls_that_comes_to_nothing(
    scripted: Callable[..., ScriptedImap], greeting: str, answer: str
) -> None:
    server = scripted(capabilities="IMAP4rev1 STARTTLS", greeting=greeting, STARTTLS=answer)
    mailbox = server.mailbox(security="starttls", timeout=0.5)
    with pytest.raises(DeliveryError, match=r"cannot be protected|is not available"):
        mailbox.check()
    assert not {"LOGIN", "AUTHENTICATE", "SELECT"} & set(server.heard)


def test_a_server_that_repeats_the_password(scripted: Callable[..., ScriptedImap]) -> None:
    server = scripted(LOGIN=lambda dialogue: dialogue.say(f"{{tag}} BAD what is {dialogue.line}?\r\n"))
    with pytest.raises(Unavailable) as caught:
        server.mailbox().check()
    assert "***" in caught.value.message
    assert caught.value.retry_after == LOGIN_PAUSE
    assert "scripted-secret" not in repr(caught.value) + str(vars(caught.value))


@pytest.mark.parametrize("capabilities", ["IMAP4rev1", "IMAP4rev1 AUTH=PLAIN"])
def test_the_password_is_not_logged(
    scripted: Callable[..., ScriptedImap], caplog: pytest.LogCaptureFixture, capabilities: str
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = base64.b64encode(b"\0ann\0scripted-secret").decode()

    def in_authenticate(dialogue: Dialogue) -> None:
        dialogue.say("+ \r\n")
        assert dialogue.next_line() == secret
        dialogue.say("{tag} OK done\r\n")

    scripted(capabilities=capabilities, AUTHENTICATE=in_authenticate).mailbox().check()
    assert "SELECT" in caplog.text
    assert "scripted-secret" not in caplog.text and secret not in caplog.text


@pytest.mark.parametrize(
    ("name", "path"),
    [("Processed", "INBOX.Processed"), ("inbox.Done", "inbox.Done"), ("shared/x/Done", "shared.x.Done")],
)
def test_where_a_folder_lies(scripted: Callable[..., ScriptedImap], name: str, path: str) -> None:
    asked: list[str] = []

    def status(dialogue: Dialogue) -> None:
        asked.append(dialogue.line.split()[1])
        dialogue.say("* STATUS x (UIDVALIDITY 1)\r\n{tag} OK done\r\n")

    spaces = '* NAMESPACE (("INBOX." ".")) (("user." ".")) (("shared." ".") ("" "."))\r\n{tag} OK done\r\n'
    server = scripted(capabilities="IMAP4rev1 NAMESPACE", NAMESPACE=spaces, STATUS=status)
    server.mailbox(processed=name, quarantine="user/ann/Q").check()
    assert asked == [f'"{path}"', '"user.ann.Q"']


@pytest.mark.parametrize("username", ["ann", "ann smith", 'a"b\\c', "a*b%c", ""])
def test_a_name_of_any_kind_is_quoted(scripted: Callable[..., ScriptedImap], username: str) -> None:
    lines: list[str] = []

    def keep(dialogue: Dialogue) -> None:
        lines.append(dialogue.line)
        dialogue.say("{tag} OK done\r\n")

    scripted(LOGIN=keep).mailbox(username=username).check()
    quoted = '"' + username.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert lines == [f'LOGIN {username if username == "ann" else quoted} "scripted-secret"']


def test_what_old_ways_of_logging_in_cannot_carry(scripted: Callable[..., ScriptedImap]) -> None:
    with pytest.raises(Unavailable, match="beyond ASCII") as caught:
        scripted().mailbox(password="mật-khẩu").check()
    assert caught.value.needs_person
    assert "mật" not in repr(caught.value) + str(vars(caught.value))
    assert caught.value.__cause__ is None


# --- waiting


def test_a_push_during_idle_is_noticed(scripted: Callable[..., ScriptedImap]) -> None:
    server = scripted(EXAMINE=mailbox_state(0, 1))
    mailbox = server.mailbox()
    assert mailbox.wait(0) is False
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(mailbox.wait, 60)
        eventually(lambda: "IDLE" in server.heard)
        server.answers["EXAMINE"] = mailbox_state(1, 2)
        server.push("* 1 EXISTS\r\n")
        assert waiting.result(timeout=30) is True
    assert "DONE" in server.heard
    mailbox.close()


def test_a_push_that_comes_in_one_piece_with_the_answer_to_idle(
    scripted: Callable[..., ScriptedImap],
) -> None:
    def idle(dialogue: Dialogue) -> None:
        server.answers["EXAMINE"] = mailbox_state(1, 2)
        dialogue.say("+ idling\r\n* 1 EXISTS\r\n")

    server = scripted(EXAMINE=mailbox_state(0, 1), IDLE=idle)
    mailbox = server.mailbox()
    before = time.monotonic()
    assert mailbox.wait(60) is True
    assert time.monotonic() - before < 20
    mailbox.close()


def test_talk_without_mail_does_not_end_the_wait(scripted: Callable[..., ScriptedImap]) -> None:
    server = scripted(EXAMINE=mailbox_state(0, 1))
    mailbox = server.mailbox()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(mailbox.wait, 0.5)
        eventually(lambda: "IDLE" in server.heard)
        server.push("* OK still here\r\n* 3 EXPUNGE\r\n* 0 EXISTS\r\n")
        assert waiting.result(timeout=30) is False
    mailbox.close()


@pytest.mark.parametrize("answer", [None, "{tag} NO no\r\n", "* BYE\r\n", b"\xff\r\n"])
def test_an_idle_that_fails_is_slept_out(scripted: Callable[..., ScriptedImap], answer: Any) -> None:
    server = scripted(EXAMINE=mailbox_state(0, 1), IDLE=answer)
    mailbox = server.mailbox()
    before = time.monotonic()
    assert mailbox.wait(0.5) is False
    assert time.monotonic() - before >= 0.5
    assert len(server.connections) == 1, "no hot loop"
    server.answers |= {"IDLE": "+ idling\r\n", "EXAMINE": mailbox_state(1, 2)}
    assert mailbox.wait(60) is True
    mailbox.close()


def test_a_connection_that_ends_during_idle(scripted: Callable[..., ScriptedImap]) -> None:
    server = scripted(EXAMINE=mailbox_state(0, 1))
    mailbox = server.mailbox()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(mailbox.wait, 1.0)
        eventually(lambda: "IDLE" in server.heard)
        server.connections[-1].shutdown(socket.SHUT_RDWR)
        assert waiting.result(timeout=30) is False
    assert len(server.connections) == 1
    mailbox.close()


def test_a_connection_that_ended_between_two_calls_is_renewed_at_once(
    scripted: Callable[..., ScriptedImap],
) -> None:
    server = scripted(EXAMINE=mailbox_state(0, 1))
    mailbox = server.mailbox()
    assert mailbox.wait(0) is False
    assert mailbox.wait(0) is False
    assert len(server.connections) == 1
    server.connections[-1].shutdown(socket.SHUT_RDWR)
    server.answers["EXAMINE"] = mailbox_state(1, 2)
    assert mailbox.wait(0) is True
    assert len(server.connections) == 2
    mailbox.close()


def test_a_wait_ends_although_the_server_hangs(scripted: Callable[..., ScriptedImap]) -> None:
    server = scripted(EXAMINE=mailbox_state(0, 1), DONE=HANG)
    mailbox = server.mailbox(timeout=60.0)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(mailbox.wait, 60)
        eventually(lambda: "IDLE" in server.heard)
        before = time.monotonic()
        mailbox.close()
        assert waiting.result(timeout=30) is False
        assert time.monotonic() - before < 2
    assert mailbox.wait(0) is False
    assert len(server.connections) == 2
    mailbox.close()


def test_waiting_tries_again_what_may_pass_but_not_a_wrong_password(
    scripted: Callable[..., ScriptedImap], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.imap.watch._PAUSE_SECONDS", 0.1)
    for answer, tries in (("NO [AUTHENTICATIONFAILED] no", 1), ("NO [UNAVAILABLE] later", 3)):
        server = scripted(LOGIN=f"{{tag}} {answer}\r\n")
        before = time.monotonic()
        assert server.mailbox().wait(1) is False
        assert time.monotonic() - before >= 1
        assert tries <= server.heard.count("LOGIN") <= 10 * (tries - 1) + 1


def test_a_connection_lost_during_idle_is_renewed_in_the_same_call(
    scripted: Callable[..., ScriptedImap], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.imap.watch._PAUSE_SECONDS", 0.1)
    server = scripted(EXAMINE=mailbox_state(0, 1))
    mailbox = server.mailbox()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(mailbox.wait, 60)
        eventually(lambda: "IDLE" in server.heard)
        server.answers["EXAMINE"] = mailbox_state(1, 2)
        server.connections[-1].shutdown(socket.SHUT_RDWR)
        assert waiting.result(timeout=30) is True
    assert len(server.connections) == 2
    mailbox.close()


def test_a_server_that_is_away_makes_the_wait_sleep() -> None:
    mailbox = ImapMailbox("127.0.0.1", 1, "plain", "ann", "secret")
    before = time.monotonic()
    assert mailbox.wait(0.3) is False
    assert time.monotonic() - before >= 0.3
    mailbox = ImapMailbox("no host.invalid", 1, "tls", "ann", "secret")
    assert failing(mailbox, TransientFailure, "is not available") == "transient"


def test_a_new_uidvalidity_counts_as_new_mail(scripted: Callable[..., ScriptedImap]) -> None:
    server = scripted(EXAMINE=mailbox_state(1, 2, validity=1))
    mailbox = server.mailbox()
    assert [mailbox.wait(0), mailbox.wait(0)] == [True, False]
    server.answers["EXAMINE"] = mailbox_state(1, 2, validity=2)
    assert mailbox.wait(0) is True
    mailbox.close()
