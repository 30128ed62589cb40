"""A server that hangs stops only its own lane: real processes, and servers that accept and say nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from tests.acceptance.conftest import PEOPLE, Service, coming, definition, running_service, until

pytestmark = pytest.mark.thorough

SOON = 30.0
"""Seconds within which the other lanes have worked; a hanging one is held for longer."""


class Door:
    """A door before a server that can be held: then it accepts, and nobody says anything."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        self._open = threading.Event()
        self._ended = False
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def close(self) -> None:
        self._ended = True
        self._open.set()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.accepted += 1
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        self._open.wait()
        with suppress(OSError), near:
            if self._ended:
                return
            with socket.create_connection(self._target) as far:
                back = threading.Thread(target=self._carry, args=(far, near), daemon=True)
                back.start()
                self._carry(near, far)
                back.join()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._open.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Door, Door]]:
    """A service whose relay and Graph stand behind doors; no worker has spoken to them yet."""
    settings = {"smtp_timeout": "2", "graph_timeout": "2", "imap_timeout": "1", "lease_seconds": "30"}
    with running_service(tmp_path_factory.mktemp("lanes"), **settings) as service:
        file = service.folder / "run" / "sandbox.json"
        known: dict[str, Any] = json.loads(file.read_text())
        relay, graph = Door(known["smtp_port"]), Door(urlsplit(known["graph_url"]).port or 0)
        known["smtp_port"] = relay.port
        for name in ("graph_url", "authority_url"):
            address = urlsplit(known[name])
            known[name] = address._replace(netloc=f"127.0.0.1:{graph.port}").geturl()
        file.write_text(json.dumps(known))
        relay.release()
        graph.release()
        yield service, relay, graph
        relay.close()
        graph.close()


def publish(service: Service, reference: str, **changes: Any) -> None:
    service.api("POST", "/meetings", 201, json=definition(reference, coming(service, 20), **changes))
    service.api("POST", f"/meetings/{reference}/publish")


def states(service: Service, reference: str, kind: str) -> Counter[str]:
    plan = service.api("GET", f"/meetings/{reference}/plan")
    return Counter(item["state"] for item in plan if item["kind"] == kind)


def crowd(count: int) -> list[dict[str, str]]:
    return [
        {"group": "SOM", "delegation": "SG", "name": f"Person {n}", "email": f"person{n}@sg.example.org"}
        for n in range(count)
    ]


def test_a_relay_that_never_greets_holds_up_mails_only(doors: tuple[Service, Door, Door]) -> None:
    service, relay, _ = doors
    relay.hold()
    publish(service, "CROWD", attendees=crowd(120))
    until(lambda: states(service, "CROWD", "invite")["scheduled"] == 120, "all to be given back", SOON)
    publish(service, "OTHER")
    until(lambda: states(service, "OTHER", "conference") == {"succeeded": 1}, "the link of another", SOON)
    endpoints = json.loads((service.folder / "run" / "sandbox.json").read_text())
    with redis.Redis.from_url(endpoints["broker_url"]) as client:
        assert client.llen("mail.send") <= 3, "what waits is not published again and again"
    assert relay.accepted < 8, "one connection a pause, not one a mail"
    found = service.cli("doctor", code=5)
    assert "mail.send: pauses since" in found.replace("\n", " ")
    relay.release()
    until(lambda: states(service, "CROWD", "invite") == {"succeeded": 120}, "all invitations", 120)
    until(lambda: states(service, "OTHER", "invite") == {"succeeded": len(PEOPLE)}, "those of the other")
    mails = Counter(mail.recipient for mail in service.mails("CROWD"))
    assert len(mails) == 120
    assert set(mails.values()) == {1}
    deliveries = service.api("GET", "/meetings/CROWD/deliveries")
    assert sum(item["tries"] for item in deliveries) < 130, "what was not tried counts no attempt"


def test_a_graph_that_hangs_holds_up_links_only(doors: tuple[Service, Door, Door]) -> None:
    service, _, graph = doors
    publish(service, "GOES")
    until(lambda: states(service, "GOES", "invite") == {"succeeded": len(PEOPLE)}, "the invitations")
    graph.hold()
    for number in range(4):
        publish(service, f"HANGS{number}")
    service.api("POST", "/meetings/GOES/cancel", json={"reason": "A storm"})
    until(lambda: states(service, "GOES", "cancel") == {"succeeded": len(PEOPLE)}, "cancellations", SOON)
    assert states(service, "HANGS0", "conference")["succeeded"] == 0
    graph.release()
    for number in range(4):
        reference = f"HANGS{number}"
        until(lambda r=reference: states(service, r, "conference") == {"succeeded": 1}, "the links", 120)


def test_a_mailbox_that_hangs_holds_up_nobody(doors: tuple[Service, Door, Door]) -> None:
    """The sandbox's mailbox is a folder, which does not hang; so its worker is stopped as if it did."""
    service, _, _ = doors
    until(lambda: len(_mailbox_workers(service)) == 2, "a worker and its process")
    workers = _mailbox_workers(service)
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        publish(service, "MEANWHILE")
        until(lambda: states(service, "MEANWHILE", "invite") == {"succeeded": len(PEOPLE)}, "mails", SOON)
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)


def _mailbox_workers(service: Service) -> list[int]:
    found = service.pids("tasks.app --quiet worker")
    return [pid for pid in found if b"--queues=mailbox.read" in Path(f"/proc/{pid}/cmdline").read_bytes()]
