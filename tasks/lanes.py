"""The tasks, one for each lane. Each carries action ids and calls one service."""

from __future__ import annotations

from typing import Any

from orchestrator.bootstrap import container
from orchestrator.domain.timelines.kinds import Work
from tasks.app import app


@app.task(name=Work.MAIL.value)  # type: ignore[untyped-decorator]
def send_mails(action_ids: list[int]) -> None:
    """Send the mails of claimed actions; safe to receive any number of times, as every task here is."""
    container().delivering.deliver(action_ids, Work.MAIL)


@app.task(name=Work.CONFERENCE.value)  # type: ignore[untyped-decorator]
def ensure_conferences(action_ids: list[int]) -> None:
    """Make, change or remove the conferences of claimed actions."""
    container().delivering.deliver(action_ids, Work.CONFERENCE)


@app.task(name=Work.MAILBOX.value)  # type: ignore[untyped-decorator]
def read_mailbox(action_ids: list[int]) -> None:
    """Read the mailbox."""
    container().delivering.deliver(action_ids, Work.MAILBOX)


@app.task(name=Work.TURN.value)  # type: ignore[untyped-decorator]
def turn_meetings(action_ids: list[int]) -> None:
    """Let the meetings of claimed actions go over into another status."""
    container().delivering.deliver(action_ids, Work.TURN)


@app.task(name="meetings.deliver")  # type: ignore[untyped-decorator]
def deliver(action_ids: list[int]) -> None:
    """Hand on what a beat of the version before has published; this name goes with the next version."""
    for lane, ids in container().delivering.lanes(action_ids).items():
        TASKS[lane].apply_async((ids,))


TASKS: dict[Work, Any] = {
    Work.MAIL: send_mails,
    Work.CONFERENCE: ensure_conferences,
    Work.MAILBOX: read_mailbox,
    Work.TURN: turn_meetings,
}
