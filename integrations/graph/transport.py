"""HTTP sessions for Graph and its sign-in authority."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

_CONNECT_SECONDS = 10.0
"""A server that does not even accept a connection in this time is away."""


class TimedSession(requests.Session):
    """A session whose every request has a timeout, also where a library makes the request."""

    def __init__(self, timeout: float, ca_file: Path | None) -> None:
        """Wait ``timeout`` seconds at most for an answer; trust ``ca_file`` instead of the usual CAs."""
        super().__init__()
        self._timeouts = (min(timeout, _CONNECT_SECONDS), timeout)
        # With the environment trusted, REQUESTS_CA_BUNDLE would silently win over our own choice.
        self.trust_env = False
        if ca_file is not None:
            self.verify = str(ca_file)

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Make a request as ``requests.Session.request`` does, with the default timeout."""
        kwargs.setdefault("timeout", self._timeouts)
        return super().request(*args, **kwargs)
