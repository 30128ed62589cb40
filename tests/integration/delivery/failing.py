"""Failures by hand, and what is due before them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.store.rows.timelines import ActionRow
from tests.callers import caller
from tests.integration.conftest import (
    LEASE,
    STARTS,
    World,
    until,
)

K = ActionKind
COORDINATOR = "coordinator@vn.example.org"


def failing(error: BaseException, *, to: str | None = None, times: int = 1) -> Callable[[str], None]:
    """Raise ``error`` for the first ``times`` messages to ``to`` (or to anybody)."""
    left = [times]

    def raise_it(recipient: str) -> None:
        if to in (None, recipient) and left[0]:
            left[0] -= 1
            raise error

    return raise_it


def refusing_attendees(world: World, error: BaseException) -> None:
    """Raise ``error`` for every message but those to the coordinator, who is told of the others."""

    def raise_it(recipient: str) -> None:
        if recipient != COORDINATOR:
            raise error

    world.mailer.before = raise_it


class Killed(BaseException):
    """The process is gone in the middle of the work."""


def invitations_due(world: World, **changes: Any) -> list[int]:
    """The claimed invitations of a published meeting that has its link."""
    world.published(**changes)
    world.run_conference()
    return world.claimed()


def reminders_due(world: World, before: timedelta = timedelta(hours=1)) -> list[int]:
    """The claimed reminders of an hour before the start."""
    world.invited()
    world.clock.at = STARTS - before
    with world.database.transaction() as session:
        session.execute(update(ActionRow).where(ActionRow.step == "remind:P7D").values(state="missed"))
        session.execute(update(ActionRow).where(ActionRow.step == "remind:P1D").values(state="missed"))
    world.mailer.accepted.clear()
    return world.claimed()


def back_after_the_lease(world: World) -> None:
    world.lease_clock.at += 2 * LEASE
    world.run()


def change(world: World, version: int = 2, **fields: Any) -> None:
    update = MeetingUpdate.model_validate(fields)
    world.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=version, reason="The Chair is ill."
    )


def sent(world: World, count: int) -> None:
    until(lambda: len(world.mailer.accepted) >= count, f"{count} mails")
