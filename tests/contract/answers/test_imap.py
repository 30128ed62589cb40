"""What the IMAP adapter does beyond the port's contract: a real server's settings, and a scripted server."""

from __future__ import annotations

import base64
import gc
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integrations.imap.mailbox import ImapMailbox
from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure
from orchestrator.ports import IncomingMail, Tray

LARGEST = 1_000_000


def eventually(condition: Callable[[], object]) -> None:
    pause, deadline = threading.Event(), time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        pause.wait(0.01)


def numbered(number: int) -> bytes:
    return b"Subject: %d\r\n\r\nanswer %d\r\n" % (number, number)


def read_all(mailbox: ImapMailbox, largest: int = LARGEST) -> list[IncomingMail]:
    with mailbox.session() as session:
        return list(session.read(session.waiting(10_000), largest))


def failing(mailbox: ImapMailbox, kind: type[DeliveryError], words: str) -> str:
    """Expect the same failure of both ways in; return its code."""
    for use in (mailbox.check, lambda: read_all(mailbox)):
        with pytest.raises(kind, match=words) as caught:
            use()
        assert caught.value.message.startswith("The ")
    return caught.value.code


# --- a real server


@pytest.mark.parametrize("security", ["tls", "starttls", "plain"])
def test_check_says_how_it_is_connected(imap_account: Any, security: str) -> None:
    server = imap_account.server
    port = server.tls_port if security == "tls" else server.port
    imap_account.deliver(numbered(1), numbered(2), numbered(3))
    found = imap_account.mailbox(security=security, port=port).check()
    protection = "without encryption" if security == "plain" else "over TLS"
    assert found == f"localhost:{port} {protection}, INBOX holds 3 mails, IDLE yes, MOVE yes."


def test_the_name_tells_account_and_folder(imap_account: Any) -> None:
    assert imap_account.mailbox(folder="Answers").name == f"imap:{imap_account.user}@localhost/Answers"


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_an_unknown_certificate_is_not_trusted(imap_account: Any, security: str) -> None:
    port = imap_account.server.tls_port if security == "tls" else imap_account.server.port
    mailbox = imap_account.mailbox(security=security, port=port, ca_file=None)
    assert failing(mailbox, PermanentFailure, "cannot be protected: .*certificate") == "imap-tls"
    assert mailbox.wait(0) is False


def test_a_certificate_of_another_name_is_not_trusted(imap_account: Any) -> None:
    mailbox = imap_account.mailbox(host="127.0.0.2", security="starttls")
    # Not every system answers on this address; then it cannot be reached, which is no better.
    with pytest.raises(DeliveryError, match=r"cannot be protected|is not available"):
        mailbox.check()


def test_tls_to_a_port_without_it_is_refused(imap_account: Any) -> None:
    assert (
        failing(imap_account.mailbox(security="tls"), PermanentFailure, "cannot be protected") == "imap-tls"
    )


def test_authorities_that_cannot_be_read(imap_account: Any, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("ca.pem", "missing.pem"):
        mailbox = imap_account.mailbox(ca_file=tmp_path / name)
        assert failing(mailbox, PermanentFailure, "Correct the file") == "imap-tls"


@pytest.mark.parametrize("password", ["wrong-password", "mật-khẩu-sai", 'a"b\\c\r\nA1 LOGOUT'])
def test_a_wrong_password_stays_secret(imap_account: Any, password: str) -> None:
    mailbox = imap_account.mailbox(password=password)
    assert failing(mailbox, PermanentFailure, "ORCHESTRATOR_IMAP_PASSWORD") == "imap-login"
    with pytest.raises(PermanentFailure) as caught:
        mailbox.check()
    assert password not in repr(caught.value) + str(vars(caught.value))
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_a_folder_that_is_made_anew_gives_new_keys(imap_account: Any) -> None:
    imap_account.folder = "Answers"
    with imap_account.client() as client:
        client.create_folder("Answers")
    imap_account.deliver(numbered(1))
    mailbox = imap_account.mailbox()
    assert mailbox.wait(60) is True
    with mailbox.session() as session:
        (old,) = session.waiting(10)
    with imap_account.client() as client:
        client.delete_folder("Answers")
        client.create_folder("Answers")
    imap_account.deliver(numbered(2))
    assert mailbox.wait(60) is True
    with mailbox.session() as session:
        (new,) = session.waiting(10)
        assert new != old
        assert new.partition(":")[2] == old.partition(":")[2] == "1", "only the UIDVALIDITY tells them apart"
        assert list(session.read([old], LARGEST)) == []
        session.put_away([old], Tray.PROCESSED)
        assert [mail.content for mail in session.read([new], LARGEST)] == [numbered(2)]


def test_a_folder_that_is_made_anew_during_a_session(imap_account: Any) -> None:
    imap_account.folder = "Answers"
    with imap_account.client() as client:
        client.create_folder("Answers")
    imap_account.deliver(numbered(1))
    mailbox = imap_account.mailbox()
    with mailbox.session() as session:
        (key,) = session.waiting(10)
        with imap_account.client() as client:
            client.delete_folder("Answers")
            client.create_folder("Answers")
        imap_account.deliver(numbered(2))
        # A server may hang up on whoever has the old folder open, or show it as empty from now on.
        with suppress(TransientFailure):
            assert list(session.read([key], LARGEST)) == []
            session.put_away([key], Tray.PROCESSED)
            assert [mail.content for mail in read_all(mailbox)] == [numbered(2)]
    assert [mail.content for mail in read_all(mailbox)] == [numbered(2)]


def test_a_folder_that_is_missing_is_not_made(imap_account: Any) -> None:
    mailbox = imap_account.mailbox(folder="Answres")
    assert failing(mailbox, PermanentFailure, "Answres .*ORCHESTRATOR_IMAP_FOLDER") == "imap-folder"


def test_a_tray_may_not_be_the_folder_itself(imap_account: Any) -> None:
    mailbox = imap_account.mailbox(processed="inbox")
    with pytest.raises(PermanentFailure, match="would stay in it"):
        mailbox.check()


def test_trays_are_made_once_and_subscribed_to(imap_account: Any) -> None:
    mailbox = imap_account.mailbox(processed="Meetings/Đã xử lý", quarantine="Meetings/2027")
    for _ in range(2):
        mailbox.check()
    with imap_account.client() as client:
        names = {name for _, _, name in client.list_sub_folders()}
    assert names == {"Meetings.Đã xử lý", "Meetings.2027"}


def test_trays_lie_in_the_servers_namespace(new_dovecot: Callable[..., Any], new_imap_account: Any) -> None:
    account = new_imap_account(
        new_dovecot("namespace inbox {\n inbox = yes\n prefix = INBOX/\n separator = /\n}\n")
    )
    account.deliver(numbered(1), numbered(2))
    mailbox = account.mailbox(quarantine="INBOX/Trays/Quarantine")
    with mailbox.session() as session:
        one, two = session.waiting(10)
        session.put_away([one], Tray.PROCESSED)
        session.put_away([two], Tray.QUARANTINE)
    assert account.contents("INBOX/Processed") == [numbered(1)]
    assert account.contents("INBOX/Trays/Quarantine") == [numbered(2)]


def test_a_tray_that_is_removed_meanwhile_is_made_again(imap_account: Any) -> None:
    imap_account.deliver(numbered(1))
    with imap_account.mailbox().session() as session:
        with imap_account.client() as client:
            client.delete_folder("Processed")
        session.put_away(session.waiting(10), Tray.PROCESSED)
    assert imap_account.contents("Processed") == [numbered(1)]


@pytest.mark.parametrize("extensions", ["UIDPLUS", ""])
def test_a_server_without_move_and_idle(
    new_dovecot: Callable[..., Any], new_imap_account: Any, extensions: str
) -> None:
    account = new_imap_account(new_dovecot(f"imap_capability = IMAP4rev1 MULTIAPPEND {extensions}\n"))
    account.deliver(*map(numbered, range(700)))
    mailbox = account.mailbox()
    assert mailbox.check().endswith("INBOX holds 700 mails, IDLE no, MOVE no.")
    assert mailbox.wait(60) is True
    assert mailbox.wait(0.3) is False
    with mailbox.session() as session:
        keys = session.waiting(1000)
        session.put_away(keys[:600], Tray.PROCESSED)
        session.put_away(keys[:600], Tray.PROCESSED)
        assert session.waiting(1000) == keys[600:]
    assert account.contents("Processed") == [numbered(number) for number in range(600)]
    assert account.all_seen("Processed")
    account.deliver(numbered(1))
    assert mailbox.wait(60) is True


def test_mails_marked_as_deleted_are_not_waiting(imap_account: Any) -> None:
    imap_account.deliver(*map(numbered, range(4)))
    with imap_account.client("INBOX") as client:
        client.delete_messages([1, 3], silent=True)
    with imap_account.mailbox().session() as session:
        assert [key.partition(":")[2] for key in session.waiting(10)] == ["2", "4"]
        session.put_away(session.waiting(10), Tray.PROCESSED)
    assert imap_account.contents() == [numbered(0), numbered(2)]


def test_a_server_cannot_carry_zero_bytes(imap_account: Any) -> None:
    imap_account.deliver(b"Subject: s\r\n\r\na\x00b\r\n")
    (mail,) = read_all(imap_account.mailbox())
    assert re.fullmatch(rb"Subject: s\r\n\r\na.?b\r\n", mail.content, re.DOTALL)
    assert mail.complete


def test_large_mails_are_not_all_fetched_at_once(imap_account: Any) -> None:
    content = b"Subject: large\r\n\r\n" + b"0123456789abcd\r\n" * 65536 * 3
    imap_account.deliver(*[content] * 4, numbered(1))
    mails = read_all(imap_account.mailbox(), largest=20_000_000)
    assert [mail.content for mail in mails] == [*[content] * 4, numbered(1)]


def test_a_mail_that_the_server_cannot_read_comes_last_and_blocks_no_other(imap_account: Any) -> None:
    imap_account.deliver(*map(numbered, range(5)))
    folder = imap_account.server.folder / "mail" / imap_account.user / "Maildir"
    files = sorted([*(folder / "cur").iterdir(), *(folder / "new").iterdir()], key=lambda file: file.name)
    files[2].chmod(0)
    mailbox = imap_account.mailbox()
    mails = read_all(mailbox)
    assert [mail.content for mail in mails] == [numbered(0), numbered(1), numbered(3), numbered(4), b""]
    assert not mails[-1].complete
    with mailbox.session() as session:
        session.put_away([mail.key for mail in mails[:-1]], Tray.PROCESSED)
        with pytest.raises(TransientFailure, match="hands out none of the 1 mails") as caught:
            list(session.read(session.waiting(10), LARGEST))
    assert caught.value.code == "imap-unreadable"


def test_a_server_that_is_started_anew(new_dovecot: Callable[..., Any], new_imap_account: Any) -> None:
    server = new_dovecot()
    account = new_imap_account(server)
    account.deliver(numbered(1))
    mailbox = account.mailbox()
    assert mailbox.wait(60) is True
    with mailbox.session() as session:
        (key,) = session.waiting(10)
        server.stop()
        with pytest.raises(TransientFailure, match="is not available"):
            list(session.read([key], LARGEST))
        with pytest.raises(TransientFailure, match="is not available"):
            session.put_away([key], Tray.PROCESSED)
    assert failing(mailbox, TransientFailure, "is not available") == "transient"
    server.start()
    assert mailbox.wait(0) is False, "what it knew outlives the connection"
    account.deliver(numbered(2))
    assert mailbox.wait(60) is True
    with mailbox.session() as session:
        assert session.waiting(10)[0] == key
        session.put_away([key], Tray.PROCESSED)
    assert account.contents("Processed") == [numbered(1)]


def test_a_server_that_stops_while_somebody_waits(
    new_dovecot: Callable[..., Any], new_imap_account: Any
) -> None:
    server = new_dovecot()
    account = new_imap_account(server)
    mailbox = account.mailbox()
    assert mailbox.wait(0) is False
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(mailbox.wait, 60)
        server.stop()
        mailbox.close()
        assert waiting.result(timeout=20) is False


# --- a scripted server

Answer = str | bytes | Callable[["Dialogue"], None]

HANG = ""


class Dialogue:
    """One connection: what the client said, and a way to answer."""

    def __init__(self, server: ScriptedImap, connection: socket.socket) -> None:
        self.server = server
        self.connection = connection
        self._lines = connection.makefile("rb")
        self.tag = ""
        self.line = ""

    def say(self, answer: str | bytes) -> None:
        data = answer.encode() if isinstance(answer, str) else answer
        self.connection.sendall(data.replace(b"{tag}", self.tag.encode()))

    def run(self) -> None:
        with self.connection, self._lines:
            going_on = self.answer("greeting")
            while going_on and (line := self.next_line()):
                going_on = self.answer(self.command(line))

    def next_line(self) -> str:
        return self._lines.readline().decode("utf-8", "replace").strip()

    def command(self, line: str) -> str:
        """Note what the client said; return the command's name."""
        if line == "DONE":  # It has no tag: the answer has that of IDLE.
            command = "DONE"
        else:
            self.tag, _, self.line = line.partition(" ")
            words = self.line.upper().split()
            command = " ".join(words[: 2 if words[:1] == ["UID"] else 1])
        self.server.heard.append(command)
        return command

    def answer(self, command: str) -> bool:
        """Answer as scripted; False ends the connection."""
        answer = self.server.answers.get(command, "{tag} OK done\r\n")
        if callable(answer):
            answer(self)
        elif answer is not None:
            self.say(answer)
        return command != "LOGOUT" and answer is not None


class ScriptedImap:
    """An IMAP server that says what it was told to say to each command.

    Bytes go out as they are, with the command's tag put in; ``None`` hangs up.
    """

    def __init__(self, **answers: Any) -> None:
        self.capabilities = answers.pop("capabilities", "IMAP4rev1 IDLE MOVE UIDPLUS")
        self.heard: list[str] = []
        self.connections: list[socket.socket] = []
        self.answers: dict[str, Any] = {
            "greeting": "* OK ready\r\n",
            "CAPABILITY": f"* CAPABILITY {self.capabilities}\r\n{{tag}} OK done\r\n",
            "LIST": '* LIST (\\Noselect) "/" ""\r\n{tag} OK done\r\n',
            "STATUS": "* STATUS x (UIDVALIDITY 1)\r\n{tag} OK done\r\n",
            "SELECT": mailbox_state(),
            "EXAMINE": mailbox_state(),
            "IDLE": "+ idling\r\n",
            "LOGOUT": "* BYE see you\r\n{tag} OK done\r\n",
        }
        self.answers |= {name.replace("_", " "): answer for name, answer in answers.items()}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._closing = False
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def mailbox(self, **changes: Any) -> ImapMailbox:
        values: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "security": "plain",
            "username": "ann",
            "password": "scripted-secret",
            "timeout": 5.0,
        }
        return ImapMailbox(**(values | changes))

    def push(self, text: str) -> None:
        self.connections[-1].sendall(text.encode())

    def close(self) -> None:
        # Waking the thread that accepts, then every thread that reads.
        self._closing = True
        with socket.create_connection(("127.0.0.1", self.port)):
            self._threads[0].join()
        self._listener.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads[1:]:
            thread.join()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._closing:
                connection.close()
                return
            self.connections.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            Dialogue(self, connection).run()
        except OSError:
            return


def mailbox_state(exists: int = 1, uid_next: int = 2, validity: int = 1) -> str:
    return (
        f"* {exists} EXISTS\r\n* OK [UIDVALIDITY {validity}] valid\r\n* OK [UIDNEXT {uid_next}] next\r\n"
        "{tag} OK [READ-WRITE] done\r\n"
    )


@pytest.fixture
def scripted() -> Iterator[Callable[..., ScriptedImap]]:
    started: list[ScriptedImap] = []

    def start(**answers: Any) -> ScriptedImap:
        started.append(ScriptedImap(**answers))
        return started[-1]

    yield start
    for server in started:
        server.close()
    gc.collect()


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
    with pytest.raises(PermanentFailure, match=words) as caught:
        mailbox.check()
    assert caught.value.code == code
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
    with pytest.raises(PermanentFailure) as caught:
        server.mailbox().check()
    assert "***" in caught.value.message
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
    with pytest.raises(PermanentFailure, match="beyond ASCII") as caught:
        scripted().mailbox(password="mật-khẩu").check()
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
