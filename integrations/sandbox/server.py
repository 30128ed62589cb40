"""The sandbox as one process: sign-in and Graph over HTTPS, and the SMTP catcher."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from integrations.sandbox.certificate import certificate_file, ensure_certificate, key_file
from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.faults import Faults, GraphFault, SmtpFault
from integrations.sandbox.graph import SandboxGraph, graph_app
from integrations.sandbox.smtp_catcher import SmtpCatcher
from orchestrator.errors import Conflict

_HOST = "127.0.0.1"
_GRACE_SECONDS = 0.5
"""How long open requests may take to end when the sandbox stops."""

Ready = Callable[[int, int], None]
"""Called with the ports of Graph and of SMTP once both answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxPlan:
    """What a sandbox serves.

    ``folder`` keeps its certificate and online meetings, ``outbox`` is the Maildir of what was caught.
    ``inbox``, if there is one, is the Maildir that gets the mail to ``organizer_upn`` and its
    subaddresses. Port 0 means any free one. Everything listens on 127.0.0.1 only.
    """

    folder: Path
    outbox: Path
    clock: SandboxClock
    graph_port: int
    smtp_port: int
    tenant_id: str
    client_id: str
    client_secret: str
    organizer_id: str
    organizer_upn: str = "meetings@accsm.example"
    inbox: Path | None = None


def serve(
    *,
    folder: Path,
    outbox: Path,
    clock: SandboxClock,
    graph_port: int,
    smtp_port: int,
    tenant_id: str,
    client_id: str,
    client_secret: str,
    organizer_id: str,
    ready: Ready,
    inbox: Path | None = None,
) -> None:
    """Run the sandbox until SIGTERM or SIGINT; must be called in the main thread.

    The fields are those of ``SandboxPlan``. ``ready`` gets the ports of Graph and SMTP. Clients trust
    the file ``certificate.certificate_file(folder)``. Raises ``Conflict`` when a port is taken.
    """
    plan = SandboxPlan(
        folder=folder,
        outbox=outbox,
        clock=clock,
        graph_port=graph_port,
        smtp_port=smtp_port,
        tenant_id=tenant_id,
        client_id=client_id,
        client_secret=client_secret,
        organizer_id=organizer_id,
        inbox=inbox,
    )
    asyncio.run(_until_signalled(plan, ready))


async def run(plan: SandboxPlan, ready: Ready, stop: asyncio.Event) -> None:
    """Run the sandbox in this event loop until ``stop`` is set. Raises ``Conflict``."""
    ensure_certificate(plan.folder, plan.clock.system_now())
    smtp_faults = Faults[SmtpFault]()
    catcher = SmtpCatcher(plan.outbox, plan.clock, smtp_faults, plan.inbox, plan.organizer_upn)
    web = _GraphServer(_web_configuration(plan, smtp_faults))
    with _listening(plan.graph_port) as graph_socket, _listening(plan.smtp_port) as smtp_socket:
        ports = _port(graph_socket), _port(smtp_socket)
        smtp = await asyncio.get_running_loop().create_server(catcher.protocol, sock=smtp_socket)
        web.when_started = lambda: ready(*ports)
        stopper = asyncio.create_task(_stop_web(web, stop))
        try:
            await web.serve(sockets=[graph_socket])
        finally:
            stopper.cancel()
            smtp.close()
            catcher.hang_up()
            await smtp.wait_closed()


class _GraphServer(uvicorn.Server):
    """The HTTPS server, telling when it has started and leaving signals to ``serve``."""

    when_started: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.when_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # A client that keeps its connection for later never answers the goodbye of TLS, and would
        # hold up the end for as long as TLS waits for that.
        asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._break_off)
        await super().shutdown(sockets)

    def _break_off(self) -> None:
        for connection in list(self.server_state.connections):
            transport: Any = connection.transport
            transport.abort()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _until_signalled(plan: SandboxPlan, ready: Ready) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(plan, ready, stop)


async def _stop_web(web: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    web.should_exit = True


def _web_configuration(plan: SandboxPlan, smtp_faults: Faults[SmtpFault]) -> uvicorn.Config:
    graph = SandboxGraph(
        meetings_file=plan.folder / "online-meetings.json",
        clock=plan.clock,
        tenant_id=plan.tenant_id,
        client_id=plan.client_id,
        client_secret=plan.client_secret,
        organizer_id=plan.organizer_id,
        organizer_upn=plan.organizer_upn,
    )
    return uvicorn.Config(
        graph_app(graph, Faults[GraphFault](), smtp_faults),
        http="h11",
        ws="none",
        lifespan="off",
        # Logging is the caller's: the server's own set-up would replace it, and its access log would
        # repeat what the clients log.
        log_config=None,
        access_log=False,
        ssl_certfile=certificate_file(plan.folder),
        ssl_keyfile=key_file(plan.folder),
    )


def _listening(port: int) -> socket.socket:
    try:
        listener = socket.create_server((_HOST, port))
    except OSError as error:
        raise Conflict(
            f"The sandbox cannot listen on port {port} of {_HOST} ({error.strerror}). Stop what uses it "
            "or choose another port.",
            code="port-taken",
        ) from error
    # Accepted connections inherit it. Without it every answer of two packets takes 40 ms longer, and
    # asyncio sets it only for sockets that name their protocol, which these do not.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])
