"""How ``ports.ConferenceProvider`` fares with slow, endless and redirecting servers, and through a proxy."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from integrations.graph.client import GraphClient
from integrations.graph.conferences import TeamsConferences
from integrations.sandbox.certificate import certificate_file, key_file
from orchestrator.errors import TransientFailure
from orchestrator.ports import ConferenceRequest

pytestmark = pytest.mark.thorough

START = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
SECRET_WORDS = "a-secret-that-stays-here"


@pytest.fixture
def clients(sandbox: Any) -> Iterator[Callable[..., GraphClient]]:
    with ExitStack() as stack:

        def make(**changes: Any) -> GraphClient:
            client: GraphClient = sandbox.client(**changes)
            stack.callback(client.close)
            return client

        yield make
        sandbox.forget_faults()


@pytest.fixture
def wanted() -> ConferenceRequest:
    return ConferenceRequest(str(uuid4()), "SOM", START, START + timedelta(hours=2))


# --- slow, endless and redirecting neighbours


class Neighbour:
    """An HTTPS server that answers each connection by ``behave``, and remembers what it was sent."""

    def __init__(self, folder: Path, behave: Callable[[ssl.SSLSocket, threading.Event], None]) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate_file(folder), key_file(folder))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self._listening.getsockname()[1]}"
        self.received = b""
        self._behave = behave
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        while not self._over.is_set():
            with suppress(OSError):
                connection, _ = self._listening.accept()
                thread = threading.Thread(target=self._answer, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError), self._context.wrap_socket(connection, server_side=True) as tls:
            tls.settimeout(10)
            self.received += _request(tls)
            self._behave(tls, self._over)

    def close(self) -> None:
        self._over.set()
        # It wakes the thread that waits for a connection.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(10)


def _request(tls: ssl.SSLSocket) -> bytes:
    """Read a request whole: an answer to less of it may be lost with the connection."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += tls.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += tls.recv(65536)
    return head + body


@pytest.fixture
def neighbour(tls_files: Path) -> Iterator[Callable[..., Neighbour]]:
    with ExitStack() as stack:

        def start(behave: Callable[[ssl.SSLSocket, threading.Event], None]) -> Neighbour:
            made = Neighbour(tls_files, behave)
            stack.callback(made.close)
            return made

        yield start


def drips_body(tls: ssl.SSLSocket, over: threading.Event) -> None:
    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    while not over.wait(0.05):
        tls.sendall(b" ")


def drips_headers(tls: ssl.SSLSocket, over: threading.Event) -> None:
    tls.sendall(b"HTTP/1.1 200 OK\r\n")
    while not over.wait(0.05):
        tls.sendall(b"X-A: b\r\n"[:1])


def endless(tls: ssl.SSLSocket, over: threading.Event) -> None:
    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while not over.is_set():
        tls.sendall(b" " * 65536)


def silent(tls: ssl.SSLSocket, over: threading.Event) -> None:
    over.wait(30)


def graph_at(sandbox: Any, tls_files: Path, url: str, *, authority: bool, tmp_path: Path) -> GraphClient:
    both = tmp_path / "both.pem"
    both.write_bytes(certificate_file(tls_files).read_bytes() + Path(sandbox.ca_file).read_bytes())
    place = {"authority_url": url} if authority else {"graph_url": f"{url}/v1.0"}
    client: GraphClient = sandbox.client(ca_file=both, timeout=1.0, client_secret=SECRET_WORDS, **place)
    if not authority:
        client._tokens.token = lambda seconds=None: "token"  # type: ignore[method-assign]
    return client


@pytest.mark.parametrize("authority", [True, False])
@pytest.mark.parametrize("behave", [drips_body, drips_headers, endless, silent])
def test_a_request_ends_as_a_whole(
    neighbour: Callable[..., Neighbour],
    sandbox: Any,
    tls_files: Path,
    tmp_path: Path,
    wanted: ConferenceRequest,
    behave: Any,
    authority: bool,
) -> None:
    server = neighbour(behave)
    client = graph_at(sandbox, tls_files, server.url, authority=authority, tmp_path=tmp_path)
    done = threading.Event()
    raised: list[BaseException] = []

    def ask() -> None:
        try:
            TeamsConferences(client, sandbox.plan.organizer_id).ensure(wanted)
        except TransientFailure as error:
            raised.append(error)
        done.set()

    threading.Thread(target=ask, daemon=True).start()
    assert done.wait(15), "the request did not end"
    assert raised
    client.close()


@pytest.mark.parametrize("authority", [True, False])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(
    neighbour: Callable[..., Neighbour],
    sandbox: Any,
    tls_files: Path,
    tmp_path: Path,
    wanted: ConferenceRequest,
    status: int,
    authority: bool,
) -> None:
    elsewhere = neighbour(silent)

    def sends_elsewhere(tls: ssl.SSLSocket, _: threading.Event) -> None:
        head = f"HTTP/1.1 {status} Moved\r\nLocation: {elsewhere.url}/x\r\nContent-Length: 0\r\n\r\n"
        tls.sendall(head.encode())

    server = neighbour(sends_elsewhere)
    client = graph_at(sandbox, tls_files, server.url, authority=authority, tmp_path=tmp_path)
    with pytest.raises(TransientFailure, match="captive portal"):
        TeamsConferences(client, sandbox.plan.organizer_id).ensure(wanted)
    assert not elsewhere.received
    client.close()


def test_the_secret_does_not_follow_a_redirect_of_the_token_endpoint(
    clients: Callable[..., GraphClient], sandbox: Any, wanted: ConferenceRequest
) -> None:
    sandbox.fault(match="oauth2/v2.0/token", status=307, body="")
    with pytest.raises(TransientFailure, match="captive portal"):
        TeamsConferences(clients(), sandbox.plan.organizer_id).ensure(wanted)


def test_all_requests_for_one_meeting_end_in_time(
    clients: Callable[..., GraphClient], sandbox: Any, wanted: ConferenceRequest
) -> None:
    provider = TeamsConferences(clients(), sandbox.plan.organizer_id, seconds=0.0)
    with pytest.raises(TransientFailure, match="too slow") as caught:
        provider.ensure(wanted)
    assert not caught.value.unknown


def test_a_proxy_is_used_for_graph_and_for_sign_in(
    clients: Callable[..., GraphClient], sandbox: Any, wanted: ConferenceRequest, tunnel: Any
) -> None:
    client = clients(proxy=tunnel.url)
    assert TeamsConferences(client, sandbox.plan.organizer_id).ensure(wanted).join_url
    client.close()
    assert tunnel.asked and all(line.startswith(b"CONNECT localhost:") for line in tunnel.asked)


class Tunnel:
    """An HTTP proxy that opens tunnels (RFC 9110 section 9.3.6) and remembers to where."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.asked: list[bytes] = []
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                thread = threading.Thread(target=self._open, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _open(self, near: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += near.recv(4096)
        self.asked.append(head.split(b"\r\n")[0])
        port = int(head.split(b" ")[1].rpartition(b":")[2])
        with near, socket.create_connection(("127.0.0.1", port)) as far:
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(far, near), daemon=True)
            back.start()
            _copy(near, far)
            back.join(10)

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(10)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def tunnel() -> Iterator[Tunnel]:
    made = Tunnel()
    yield made
    made.close()
