"""The web application in this process, built once: building its routes takes longer than most tests."""

from __future__ import annotations

import warnings

from orchestrator.bootstrap import Container
from orchestrator.web.app import create_app
from orchestrator.web.openapi import Application

with warnings.catch_warnings():
    # Starlette would rather have httpx2, which works the same; either may be installed.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

__all__ = ["TestClient", "application"]

_BUILT: list[Application] = []


def application(container: Container) -> Application:
    """Return the one application, and let it serve ``container``, as an application of its own would.

    A test that needs two at once makes the second one with ``create_app``.
    """
    made = create_app(container)
    if not _BUILT:
        _BUILT.append(made)
    (built,) = _BUILT
    built.dependency_overrides = made.dependency_overrides
    built.state = made.state
    built.user_middleware = made.user_middleware
    built.middleware_stack = None  # It is made of the above with the next request.
    return built
