"""The broker by one URL for every client: Celery's, the wake-ups', the doctor's; over TLS and IPv6 too."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kombu import Connection
from kombu.exceptions import OperationalError

from config.settings import Settings
from integrations.redis_wakeup import RedisWakeUp
from integrations.sandbox.certificate import certificate_file, key_file
from orchestrator.bootstrap.addresses import broker_of
from orchestrator.doctor import _broker
from orchestrator.errors import InvalidInput
from tests.contract.conftest import BROKER_PASSWORD, LoopThread

pytestmark = pytest.mark.thorough

Forwarder = Callable[..., Any]


class Forwarding:
    """Lets the broker be reached on other addresses, with TLS or without."""

    def __init__(self, thread: LoopThread, broker_port: int, tls_files: Path) -> None:
        self._thread = thread
        self._port = broker_port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate_file(tls_files), key_file(tls_files))
        self._servers: list[asyncio.Server] = []

    def start(self, host: str, *, tls: bool) -> int:
        context = self._context if tls else None
        server: asyncio.Server = self._thread.call(asyncio.start_server(self._serve, host, 0, ssl=context))
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def close(self) -> None:
        async def stop() -> None:
            for server in self._servers:
                server.close()

        self._thread.call(stop())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, ssl.SSLError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()


@pytest.fixture
def forwarder(loop_thread: LoopThread, broker_url: str, tls_files: Path) -> Iterator[Forwarder]:
    port = int(broker_url.rpartition(":")[2].removesuffix("/0"))
    forwarding = Forwarding(loop_thread, port, tls_files)
    yield forwarding.start
    forwarding.close()


def by_celery(url: str, ca_file: Path | None) -> bool:
    with Connection(
        broker_of(url).celery_url(ca_file), transport_options={"socket_timeout": 5}
    ) as connection:
        try:
            connection.default_channel.client.ping()
        except OperationalError:
            return False
        return True


def by_wake_up(url: str, ca_file: Path | None) -> bool:
    listener = RedisWakeUp(broker_of(url).url(ca_file))
    notifier = RedisWakeUp(broker_of(url).url(ca_file))
    try:
        listener.wait(0)
        notifier.notify()
        return listener.wait(2)
    finally:
        listener.close()
        notifier.close()


def by_doctor(url: str, ca_file: Path | None) -> bool:
    settings = Settings(broker_url=url, ca_file=ca_file)  # type: ignore[arg-type] # As the environment gives it.
    container: Any = SimpleNamespace(settings=settings)
    try:
        return "answers" in _broker(container)
    except InvalidInput:
        return False


CLIENTS = pytest.mark.parametrize("reaches", [by_celery, by_wake_up, by_doctor])


@CLIENTS
def test_a_certificate_is_verified(reaches: Any, forwarder: Forwarder, smtp_ca: Path) -> None:
    url = f"rediss://:{BROKER_PASSWORD}@localhost:{forwarder('127.0.0.1', tls=True)}/0"
    assert reaches(url, smtp_ca)
    assert not reaches(url, None), "nobody vouches for it"


@CLIENTS
def test_a_certificate_of_another_name_is_not_taken(
    reaches: Any, forwarder: Forwarder, smtp_ca: Path
) -> None:
    """The certificate is for ``localhost`` and 127.0.0.1; what answers on 127.0.0.2 may be anybody's."""
    url = f"rediss://:{BROKER_PASSWORD}@127.0.0.2:{forwarder('127.0.0.2', tls=True)}/0"
    assert not reaches(url, smtp_ca)


@CLIENTS
def test_the_broker_may_have_an_address_of_ipv6(reaches: Any, forwarder: Forwarder) -> None:
    with ipv6():
        assert reaches(f"redis://:{BROKER_PASSWORD}@[::1]:{forwarder('::1', tls=False)}/0", None)


@contextmanager
def ipv6() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
