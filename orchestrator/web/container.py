"""Gives requests the container of this process."""

from __future__ import annotations

from orchestrator.bootstrap import Container, container


def services() -> Container:
    """Return the container; a dependency, so that tests can put another one in its place."""
    return container()
