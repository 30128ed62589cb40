"""Server-sent events: tells open pages that there is something new to see.

A message carries no data. The page fetches its own address again, so that what may be seen is
decided in one place, and a page without JavaScript shows the same after a reload.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from orchestrator.web.security import SignInDep

_INTERVAL = 1.0
_HEARTBEAT = 15.0

router = APIRouter(include_in_schema=False)


class Pulse:
    """A value that changes when the database does, read once a second however many pages are open."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._value = ""
        self._read_at: float | None = None

    def value(self) -> str:
        """Return the present value, at most a second old."""
        with self._lock:
            if self._read_at is None or time.monotonic() - self._read_at >= _INTERVAL:
                self._value = self._read()
                self._read_at = time.monotonic()
            return self._value


async def messages(
    pulse: Pulse, left: Callable[[], Awaitable[bool]], interval: float = _INTERVAL
) -> AsyncIterator[str]:
    """Yield a message on each change and a heartbeat in between, until the client has left.

    Between two looks no thread is held, so any number of open pages costs one query a second.
    """
    seen = await run_in_threadpool(pulse.value)
    quiet = 0.0
    yield "retry: 5000\n\n"
    while not await left():
        await asyncio.sleep(interval)
        quiet += interval
        now = await run_in_threadpool(pulse.value)
        if now != seen:
            seen, quiet = now, 0.0
            yield "event: change\ndata: look again\n\n"
        elif quiet >= _HEARTBEAT:
            quiet = 0.0
            yield ": still here\n\n"


@router.get("/events")
async def events(request: Request, sign_in: SignInDep) -> StreamingResponse:
    """Send a message whenever meetings, actions or deliveries change."""
    if not sign_in.signed_in(request):
        raise HTTPException(401, "Sign in first.")
    return StreamingResponse(
        messages(request.app.state.pulse, request.is_disconnected),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
