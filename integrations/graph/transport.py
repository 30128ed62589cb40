"""HTTP sessions for Graph and its sign-in authority: bounded in time and size, and never redirected."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from integrations.tls import trusting

_CONNECT_SECONDS = 10.0
"""A server that does not even accept a connection in this time is away."""
_LARGEST_ANSWER = 4 * 1024 * 1024
"""Far more than any answer we ask for; what is larger comes from something else, or is an attack."""
_CHUNK = 64 * 1024


class AnswerTooLarge(requests.RequestException):
    """An answer that is longer than any that Graph would give."""


class AnswerHead(NamedTuple):
    """Status and headers of an answer. The answer itself would keep its connection from being closed."""

    status: int
    headers: Mapping[str, str]


class _TooSlow(requests.ReadTimeout):
    """An answer that was not whole in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no whole answer in {seconds:g} s")


class Deadline:
    """Ends a request as a whole after some seconds, however slowly its answer drips in.

    The time limits of a socket begin anew with every byte, so they cannot do this. When time is up, what the
    connections of this thread wait for ends with an error, and ``passed`` says why.
    """

    _of_thread = threading.local()

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    @property
    def passed(self) -> bool:
        """Whether time is up."""
        return time.monotonic() >= self._ends

    def __enter__(self) -> Deadline:
        self._of_thread.deadline = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._of_thread.deadline = None
        with self._lock:
            for item in self._sockets:
                item.close()
            self._sockets.clear()

    @classmethod
    def watches(cls, connected: socket.socket) -> None:
        """Let the deadline of this thread, if there is one, end what ``connected`` waits for."""
        deadline: Deadline | None = getattr(cls._of_thread, "deadline", None)
        if deadline is not None:
            deadline._watch(connected)

    def _watch(self, connected: socket.socket) -> None:
        # A handle of its own reaches the same connection also after TLS has taken the first one over.
        handle = socket.socket(fileno=os.dup(connected.fileno()))
        with self._lock:
            self._sockets.append(handle)

    def _cut(self) -> None:
        with self._lock:
            for item in self._sockets:
                with suppress(OSError):
                    item.shutdown(socket.SHUT_RDWR)


class _Connection(HTTPSConnection):
    """A connection that the deadline of its thread can end: while it is made, and when it is used again."""

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        Deadline.watches(made)
        return made

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            Deadline.watches(self.sock)
        super().request(*args, **kwargs)


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


_POOLS = {"http": HTTPConnectionPool, "https": _Pool}


class _Adapter(HTTPAdapter):
    """Trusts further certificate authorities beside the usual ones, directly and through a proxy."""

    def __init__(self, ca_file: Path | None) -> None:
        self._context = trusting(ca_file)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def close(self) -> None:
        """Close the connections now; ``urllib3`` would wait until nothing refers to an answer any more."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - it refuses to be iterated over otherwise.
                manager.pools[key].close()
        super().close()


class TimedSession(requests.Session):
    """A session whose every request is bounded in time and size, also where a library makes the request.

    ``timeout`` is the most seconds for one request, from connecting to the last byte of the answer; it may be
    set to another value between requests. ``ca_file`` is trusted beside the usual certificate authorities,
    ``proxy`` is the URL of an HTTPS proxy. Redirects are not followed: nobody we ask sends any, so one comes
    from something between, and following it would hand it the token or the client secret (RFC 9700 section
    4.12).
    """

    def __init__(self, timeout: float, ca_file: Path | None, proxy: str | None = None) -> None:
        super().__init__()
        self.timeout = timeout
        self.last_answer: AnswerHead | None = None
        # With the environment trusted, REQUESTS_CA_BUNDLE would silently win over our own choice.
        self.trust_env = False
        if proxy is not None:
            self.proxies = {"http": proxy, "https": proxy}
        self.mount("https://", _Adapter(ca_file))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Make a request as ``requests.Session.request`` does, and read its answer whole.

        Raises ``requests.ReadTimeout`` when the whole takes too long, ``AnswerTooLarge``, and what requests
        raises.
        """
        self.last_answer = None
        seconds = self.timeout
        kwargs |= {
            "timeout": (min(seconds, _CONNECT_SECONDS), seconds),
            "allow_redirects": False,
            "stream": True,
        }
        with Deadline(seconds) as deadline:
            try:
                answer = super().request(method, url, *args, **kwargs)
                _read(answer)
            except (requests.ConnectTimeout, AnswerTooLarge):
                raise
            except requests.RequestException as error:
                if deadline.passed:
                    raise _TooSlow(seconds) from error
                raise
            if deadline.passed:
                # What was cut off may look like an answer that ends where its sender hung up.
                raise _TooSlow(seconds)
        self.last_answer = AnswerHead(answer.status_code, answer.headers)
        return answer


def _read(answer: requests.Response) -> None:
    """Read the content of ``answer``; raises ``AnswerTooLarge``."""
    parts, size = [], 0
    for part in answer.iter_content(_CHUNK):
        size += len(part)
        if size > _LARGEST_ANSWER:
            answer.close()
            raise AnswerTooLarge(f"more than {_LARGEST_ANSWER} bytes")
        parts.append(part)
    answer._content = b"".join(parts)
