"""Asks the web application as a server does, byte by byte: also what no client of a library would send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message

HOST = "localhost"


@dataclass
class Answer:
    """What was answered, and how much of the body had been asked for until then."""

    status: int = 0
    headers: Headers = field(default_factory=lambda: Headers({}))
    body: bytes = b""
    pieces_read: int = 0

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    body: Iterable[bytes] = (),
    headers: Mapping[str, str] | Iterable[tuple[bytes, bytes]] = (),
    query: bytes = b"",
    host: str = HOST,
    scheme: str = "http",
    client: str = "192.0.2.7",
    silent: bool = False,
) -> Answer:
    """Return the answer to one request; with ``silent`` the client stops sending and goes on waiting."""
    given = (
        [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        if isinstance(headers, Mapping)
        else list(headers)
    )
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", host.encode("latin-1")), *given],
        "client": (client, 50000),
        "server": (HOST, 80),
        "state": {},
    }
    return asyncio.run(_serve(app, scope, iter(body), silent))


async def _serve(  # noqa: C901 - the two ends of one conversation.
    app: ASGIApp, scope: dict[str, Any], pieces: Iterator[bytes], silent: bool
) -> Answer:
    answer, ended = Answer(), asyncio.Event()

    async def receive() -> Message:
        await asyncio.sleep(0)  # Lets others have their turn, as a network does; nothing is waited for.
        if ended.is_set():
            return {"type": "http.disconnect"}
        answer.pieces_read += 1
        piece = next(pieces, None)
        if piece is None and silent:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = Headers(raw=list(message["headers"]))
        else:
            answer.body += message.get("body", b"")
            if not message.get("more_body", False):
                ended.set()

    try:
        await app(scope, receive, send)
    except Exception:
        # The server logs what the application raises after it has answered.
        if not answer.status:
            raise
    return answer
