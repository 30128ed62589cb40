"""Runs the web application under uvicorn, with limits on connections and on how long a client may take.

uvicorn itself ends only connections that are idle between two requests. Here a connection also ends when its
client takes too long to say what it wants, goes on sending what was refused, or does not take the answer.
"""

from __future__ import annotations

import asyncio

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from config.settings import Settings

_LARGEST_HEAD = 32 * 1024
_IDLE_SECONDS = 10


class PatientProtocol(H11Protocol):
    """HTTP/1.1 with an end to patience."""

    for_request = 15.0
    """Seconds until a request must have begun, counted from the connection or from its first byte."""
    for_reading = 60.0
    """Seconds for which a client may take nothing of the answer."""

    _asking: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        _stop(self._asking)
        _stop(self._reading)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; the waiting ends when a whole request is there, not with each byte."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Go on to the next request."""
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        """Begin to wait for the client to take the answer."""
        super().pause_writing()
        if self._reading is None:
            self._reading = self.loop.call_later(self.for_reading, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        _stop(self._reading)
        self._reading = None
        super().resume_writing()

    def _look(self) -> None:
        """Wait while no request is served, unless uvicorn waits for the next one itself."""
        served = self.cycle is not None and not self.cycle.response_complete
        begun = bool(self.conn.trailing_data[0])
        if served or (self.timeout_keep_alive_task is not None and not begun):
            _stop(self._asking)
            self._asking = None
        elif self._asking is None and not self.transport.is_closing():
            self._asking = self.loop.call_later(self.for_request, self.transport.close)


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


def run(settings: Settings) -> None:
    """Serve until told to stop."""
    proxies = settings.trusted_proxies.strip()
    uvicorn.run(
        "orchestrator.web.app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        http=PatientProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # Without proxies of ours, anybody could say that they ask for another.
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        limit_concurrency=settings.web_connections,
        timeout_keep_alive=_IDLE_SECONDS,
        h11_max_incomplete_event_size=_LARGEST_HEAD,
        timeout_graceful_shutdown=5,
    )
