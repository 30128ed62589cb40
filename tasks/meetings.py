"""The tasks. Each carries action ids and calls one service."""

from __future__ import annotations

from orchestrator.bootstrap import container
from tasks.app import app


@app.task(name="meetings.deliver")  # type: ignore[untyped-decorator]
def deliver(action_ids: list[int]) -> None:
    """Perform claimed actions; safe to receive any number of times."""
    container().delivering.deliver(action_ids)
