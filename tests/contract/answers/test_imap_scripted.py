"""The mailbox on a server that fails in each way."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure
from orchestrator.ports import Tray
from tests.contract.answers.imap_script import (
    HANG,
    LARGEST,
    Dialogue,
    ScriptedImap,
    failing,
    mailbox_state,
    read_all,
)


def fetched(*mails: tuple[int, int, bytes]) -> Callable[[Dialogue], None]:
    """Answer FETCH with mails of (UID, named size, content)."""

    def answer(dialogue: Dialogue) -> None:
        for number, (uid, size, content) in enumerate(mails, start=1):
            if "BODY" in dialogue.line:
                dialogue.say(
                    b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n" % (number, uid, len(content), content)
                )
            else:
                date = "01-Feb-2027 09:30:00 +0700"
                dialogue.say(f'* {number} FETCH (UID {uid} RFC822.SIZE {size} INTERNALDATE "{date}")\r\n')
        dialogue.say("{tag} OK done\r\n")

    return answer


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"greeting": "* BYE too many connections\r\n"}, "too many connections"),
        ({"greeting": "HTTP/1.1 400 Bad Request\r\n"}, "is not available"),
        ({"greeting": None}, "the server closed the connection"),
        ({"LOGIN": None}, "the server closed the connection"),
        ({"LOGIN": "* BYE going down\r\n"}, "going down"),
        ({"LOGIN": "{tag} NO [UNAVAILABLE] try later\r\n"}, r"\[UNAVAILABLE\] try later"),
        ({"LOGIN": "{tag} NO [INUSE] busy\r\n"}, r"\[INUSE\]"),
        ({"LOGIN": "{tag} NO [LIMIT] too many\r\n"}, r"\[LIMIT\]"),
        ({"SELECT": None}, "the server closed the connection"),
        ({"SELECT": "* BYE going down\r\n"}, "going down"),
        ({"SELECT": "{tag} NO [INUSE] locked\r\n"}, r"\[INUSE\] locked"),
        ({"SELECT": "{tag} OK\r\n"}, "cannot be understood|is not available"),
        ({"SELECT": "{tag} OK done\r\n"}, "cannot be understood"),
        ({"STATUS": "{tag} NO no\r\n", "CREATE": "{tag} NO [UNAVAILABLE] later\r\n"}, "later"),
        ({"STATUS": None}, "the server closed the connection"),
        ({"STATUS": "* BYE going down\r\n"}, "going down"),
    ],
)
def test_trouble_that_passes(scripted: Callable[..., ScriptedImap], answers: Any, words: str) -> None:
    failing(scripted(**answers).mailbox(), TransientFailure, words)


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ({"LOGIN": "{tag} NO [AUTHENTICATIONFAILED] no\r\n"}, "imap-login", r"refused the login: .*\] no\."),
        ({"LOGIN": "{tag} NO [AUTHORIZATIONFAILED] no\r\n"}, "imap-login", "IMAP_USERNAME"),
        ({"LOGIN": "{tag} NO go away\r\n"}, "imap-login", "go away"),
        ({"LOGIN": "{tag} BAD go away\r\n"}, "imap-login", "go away"),
        ({"capabilities": "IMAP4rev1 LOGINDISABLED"}, "imap-tls", "no password without encryption"),
        ({"SELECT": "{tag} NO [NONEXISTENT] none\r\n"}, "imap-folder", "ORCHESTRATOR_IMAP_FOLDER"),
        ({"SELECT": "{tag} NO none\r\n"}, "imap-folder", "ORCHESTRATOR_IMAP_FOLDER"),
        (
            {"SELECT": mailbox_state().replace("READ-WRITE", "READ-ONLY")},
            "imap-folder",
            "may only be read",
        ),
        (
            {"STATUS": "{tag} NO [NONEXISTENT] none\r\n", "CREATE": "{tag} NO [NOPERM] no\r\n"},
            "imap-folder",
            "does not let the folder Processed be made: .*by hand",
        ),
    ],
)
def test_trouble_for_a_person(
    scripted: Callable[..., ScriptedImap], answers: Any, code: str, words: str
) -> None:
    mailbox = scripted(**answers).mailbox()
    with pytest.raises(DeliveryError, match=words) as caught:
        mailbox.check()
    assert caught.value.code == code
    assert caught.value.needs_person
    mailbox.close()


def test_after_a_refused_login_watching_asks_no_more_for_a_while(
    scripted: Callable[..., ScriptedImap],
) -> None:
    """Each look would be one more wrong login, and some servers lock the account after a few."""
    server = scripted(LOGIN="{tag} NO [AUTHENTICATIONFAILED] no\r\n")
    mailbox = server.mailbox()
    assert [mailbox.wait(0.05) for _ in range(5)] == [False] * 5
    assert sum(line.startswith("LOGIN") for line in server.heard) == 1
    mailbox.close()


@pytest.mark.parametrize("command", ["greeting", "CAPABILITY", "LOGIN", "SELECT", "UID SEARCH", "UID FETCH"])
def test_a_server_that_hangs(scripted: Callable[..., ScriptedImap], command: str) -> None:
    server = scripted(**{command: HANG, "UID SEARCH"[: len(command)] + "x": HANG})
    server.answers.setdefault("UID SEARCH", "* SEARCH 1\r\n{tag} OK done\r\n")
    before = time.monotonic()
    with pytest.raises(TransientFailure, match="timed out"):
        read_all(server.mailbox(timeout=0.2))
    assert time.monotonic() - before < 5


@pytest.mark.parametrize(
    "answer",
    [
        b"* SEARCH x y\r\n{tag} OK done\r\n",
        b"* SEARCH 1\r\n* SEARCH 2\r\n{tag} OK done\r\n",
        b"\x00\xff\r\n",
        b"* \r\n",
        b"{tag}\r\n",
        b"* SEARCH 1",
        b"* 1 EXISTS\r\n" + b"x" * 2_000_000 + b"\r\n",
        b"{tag} NO\r\n",
        b"{tag} NO \xff\xfe\r\n",
        b"+ what\r\n* BYE\r\n",
    ],
)
def test_an_answer_that_is_not_imap(scripted: Callable[..., ScriptedImap], answer: bytes) -> None:
    def say_and_hang_up(dialogue: Dialogue) -> None:
        dialogue.say(answer)
        dialogue.connection.shutdown(socket.SHUT_RDWR)

    mailbox = scripted(UID_SEARCH=say_and_hang_up).mailbox()
    with pytest.raises(TransientFailure) as caught:
        read_all(mailbox)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize(
    "answer",
    [
        b"* 1 FETCH (UID 1 BODY[]<0> {9}\r\nabc)\r\n{tag} OK done\r\n",
        b"* 1 FETCH (UID 1 BODY[]<0> {3}\r\nabc\r\n{tag} OK done\r\n",
        b"* 1 FETCH (UID x)\r\n{tag} OK done\r\n",
        b"* 1 FETCH ((((((\r\n{tag} OK done\r\n",
        b"* 1 FETCH\r\n{tag} OK done\r\n",
        b"* x FETCH (UID 1)\r\n{tag} OK done\r\n",
        b"* 1 FETCH (UID 1 BODY[]<0> NIL)\r\n{tag} OK done\r\n",
        b"* 1 FETCH (UID 1 BODY[]<0> (1 2))\r\n{tag} OK done\r\n",
        b"{tag} NO [SERVERBUG] broken\r\n",
        b"{tag} BAD what\r\n",
    ],
)
def test_mails_that_cannot_be_handed_out(scripted: Callable[..., ScriptedImap], answer: bytes) -> None:
    def say(dialogue: Dialogue) -> None:
        if "BODY" in dialogue.line:
            dialogue.say(answer)
        else:
            fetched((1, 3, b"abc"))(dialogue)

    server = scripted(UID_SEARCH="* SEARCH 1\r\n{tag} OK done\r\n", UID_FETCH=say)
    with pytest.raises(TransientFailure):
        read_all(server.mailbox(timeout=0.3))


def test_content_as_quoted_text_and_without_its_beginning(scripted: Callable[..., ScriptedImap]) -> None:
    def say(dialogue: Dialogue) -> None:
        if "BODY" in dialogue.line:
            dialogue.say(
                '* 1 FETCH (UID 1 BODY[] "12345")\r\n* 2 FETCH (UID 2 BODY[]<0> "")\r\n{tag} OK done\r\n'
            )
        else:
            fetched((1, 5, b""), (2, 0, b""))(dialogue)

    server = scripted(UID_SEARCH="* SEARCH 2 1\r\n{tag} OK done\r\n", UID_FETCH=say)
    first, second = read_all(server.mailbox(), largest=3)
    assert (first.content, first.size, first.complete) == (b"123", 5, False)
    assert (second.content, second.size, second.complete) == (b"", 0, True)
    assert first.received_at == datetime(2027, 2, 1, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize("named", [0, 1, 10, 4711])
def test_a_size_that_is_only_estimated(scripted: Callable[..., ScriptedImap], named: int) -> None:
    server = scripted(
        UID_SEARCH="* SEARCH 1\r\n{tag} OK done\r\n", UID_FETCH=fetched((1, named, b"0123456789"))
    )
    (mail,) = read_all(server.mailbox(), largest=10)
    assert (mail.size, mail.complete) == (10, True)
    (mail,) = read_all(server.mailbox(), largest=9)
    assert not mail.complete


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ("NO [OVERQUOTA] quota exceeded", PermanentFailure, "imap-full"),
        ("NO [NOPERM] you may not", PermanentFailure, "imap-folder"),
        ("NO not now", TransientFailure, "transient"),
        ("NO [TRYCREATE] not there", TransientFailure, "transient"),
    ],
)
def test_mails_that_cannot_be_moved(
    scripted: Callable[..., ScriptedImap], answer: str, kind: type[DeliveryError], code: str
) -> None:
    server = scripted(UID_SEARCH="* SEARCH 1\r\n{tag} OK done\r\n", UID_MOVE=f"{{tag}} {answer}\r\n")
    with server.mailbox().session() as session, pytest.raises(kind) as caught:
        session.put_away(["1:1"], Tray.PROCESSED)
    assert caught.value.code == code
    assert server.heard.count("UID MOVE") <= 2
    assert server.heard[-1] == "LOGOUT"


def test_flags_of_others_that_are_told_in_between(scripted: Callable[..., ScriptedImap]) -> None:
    """A FETCH that nobody asked for has no UID; its number must not be taken for one."""

    def say(dialogue: Dialogue) -> None:
        dialogue.say("* 7 FETCH (FLAGS (\\Seen))\r\n")
        fetched((1, 3, b"abc"))(dialogue)

    server = scripted(UID_SEARCH="* SEARCH 1 7\r\n{tag} OK done\r\n", UID_FETCH=say)
    assert [mail.content for mail in read_all(server.mailbox())] == [b"abc"]


def test_many_mails_take_few_round_trips(scripted: Callable[..., ScriptedImap]) -> None:
    mails = [(uid, 3, b"abc") for uid in range(1, 101)]

    def say(dialogue: Dialogue) -> None:
        asked = {int(uid) for uid in dialogue.line.split()[2].split(",")}
        fetched(*(mail for mail in mails if mail[0] in asked))(dialogue)

    uids = " ".join(str(uid) for uid, _, _ in mails)
    server = scripted(
        SELECT=mailbox_state(100, 101), UID_SEARCH=f"* SEARCH {uids}\r\n{{tag}} OK done\r\n", UID_FETCH=say
    )
    mailbox = server.mailbox()
    with mailbox.session() as session:
        keys = session.waiting(1000)
        assert len(list(session.read(keys, LARGEST))) == 100
        session.put_away(keys, Tray.PROCESSED)
    assert server.heard.count("UID FETCH") == 3
    assert server.heard.count("UID MOVE") == 1
    assert "STATUS" in server.heard
    server.heard.clear()
    mailbox.check()
    assert "STATUS" not in server.heard, "the trays are known by now"


def test_a_very_full_folder_is_searched_piece_by_piece(scripted: Callable[..., ScriptedImap]) -> None:
    def say(dialogue: Dialogue) -> None:
        first, last = map(int, dialogue.line.split()[2].split(":"))
        found = range(first, last + 1) if first > 10_000 else [3, 2]
        dialogue.say(f"* SEARCH {' '.join(map(str, found))}\r\n{{tag}} OK done\r\n")

    server = scripted(SELECT=mailbox_state(300_000, 300_001), UID_SEARCH=say)
    with server.mailbox().session() as session:
        assert session.waiting(2) == ["1:2", "1:3"]
        assert session.waiting(4) == ["1:2", "1:3", "1:10001", "1:10002"]
    assert server.heard.count("UID SEARCH") == 3
