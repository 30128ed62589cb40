"""An IMAP server that says what a test wants it to say."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from integrations.imap.mailbox import ImapMailbox
from orchestrator.errors import DeliveryError
from orchestrator.ports import IncomingMail

LARGEST = 1_000_000


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
