"""A connection ends when its client takes too long: to ask, to leave after a refusal, to take the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from orchestrator.web.server import PatientProtocol

pytestmark = pytest.mark.thorough


@dataclass
class Timer:
    """Something that is to happen later, unless it is stopped."""

    seconds: float
    call: Callable[[], object]
    stopped: bool = False

    def cancel(self) -> None:
        self.stopped = True


@dataclass
class Transport:
    """A connection of which only the server's end exists."""

    written: bytes = b""
    closed: bool = False
    aborted: bool = False

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, _: str) -> None:
        return None

    def pause_reading(self) -> None:
        """Read no further."""

    def resume_reading(self) -> None:
        """Read on."""


@dataclass
class Loop:
    """An event loop whose time stands still: timers are kept, and tasks run when a test lets them."""

    timers: list[Timer] = field(default_factory=list)
    tasks: list[Any] = field(default_factory=list)

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        self.timers.append(Timer(seconds, call))
        return self.timers[-1]

    def create_task(self, task: Any, **_: Any) -> asyncio.Future[None]:
        self.tasks.append(task)
        done: asyncio.Future[None] = asyncio.Future(loop=asyncio.new_event_loop())
        done.get_loop().close()
        return done


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})


class Connection:
    def __init__(self) -> None:
        config = uvicorn.Config(hello, lifespan="off", log_config=None)
        config.load()
        self.loop, self.transport = Loop(), Transport()
        made = PatientProtocol(config, ServerState(), {}, _loop=cast(Any, self.loop))
        self.protocol = made
        made.connection_made(cast(Any, self.transport))

    def send(self, data: bytes) -> None:
        self.protocol.data_received(data)

    def answer(self) -> None:
        while self.loop.tasks:
            asyncio.run(self.loop.tasks.pop(0))

    @property
    def waiting(self) -> list[float]:
        return [timer.seconds for timer in self.loop.timers if not timer.stopped]

    def run_out(self) -> None:
        (timer,) = [item for item in self.loop.timers if not item.stopped]
        timer.call()


@pytest.fixture
def connection() -> Iterator[Connection]:
    made = Connection()
    yield made
    for task in made.loop.tasks:
        task.close()


def test_a_client_that_says_nothing_is_not_waited_for(connection: Connection) -> None:
    assert connection.waiting == [15.0]
    connection.run_out()
    assert connection.transport.closed


def test_a_head_that_drips_has_its_time_as_a_whole(connection: Connection) -> None:
    for byte in (b"G", b"E", b"T", b" / HTTP/1.1\r\n", b"Host: x\r\n"):
        connection.send(byte)
        assert connection.waiting == [15.0]
    assert len(connection.loop.timers) == 1


def test_a_request_being_served_is_not_hurried(connection: Connection) -> None:
    connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.waiting == []
    connection.answer()
    assert connection.transport.written.endswith(b"hi")
    assert connection.waiting == [5]  # The next request is waited for by the server itself.


def test_the_second_request_has_its_time_too(connection: Connection) -> None:
    connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    connection.answer()
    connection.send(b"GET")
    assert connection.waiting == [15.0]
    connection.send(b" / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.waiting == []


def test_a_body_that_was_refused_is_not_listened_to_for_ever(connection: Connection) -> None:
    connection.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"x" * 1000)
    connection.answer()
    assert b"200 OK" in connection.transport.written
    for _ in range(3):
        connection.send(b"x")
    assert connection.waiting == [15.0]
    connection.run_out()
    assert connection.transport.closed


def test_an_answer_nobody_takes_ends_the_connection(connection: Connection) -> None:
    connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    connection.protocol.pause_writing()
    connection.protocol.pause_writing()
    assert connection.waiting == [60.0]
    connection.protocol.resume_writing()
    assert connection.waiting == []
    connection.protocol.pause_writing()
    connection.run_out()
    assert connection.transport.aborted


def test_a_connection_that_is_gone_is_waited_for_no_more(connection: Connection) -> None:
    connection.protocol.connection_lost(ConnectionError())
    assert connection.waiting == []
