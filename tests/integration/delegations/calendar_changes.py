"""Changes of calendars and what rests on them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from orchestrator import words
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.services.delegations.overrides import NewOverride
from orchestrator.services.delegations.views import CalendarChange
from orchestrator.services.timelines.recalculating import Recalculation
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.meetings import MeetingRow
from tests.callers import caller
from tests.integration.conftest import (
    World,
)

K = ActionKind
P7D, P1D, PT1H = "remind:P7D", "remind:P1D", "remind:PT1H"


def planned(world: World, email: str, step: str) -> str:
    """When something is planned for somebody, in their time."""
    (found,) = [
        item
        for item in world.reading.plan("SOM-2026")
        if item.recipient_email == email and item.key.startswith(f"{step}:")
    ]
    return str(found.planned)


def invited(world: World, **changes: Any) -> None:
    """A published meeting whose invitations have left."""
    world.invited(timeline="standard", **changes)


def entered(
    world: World,
    code: str,
    kind: str,
    first: str,
    last: str | None = None,
    *,
    dry_run: bool = False,
    **more: Any,
) -> CalendarChange:
    given = {"kind": kind, "first": first, "last": last, "name": "Declared", "why": "Decree 12"} | more
    return world.calendars.enter(code, NewOverride.of(given), caller=caller("coordinator"), dry_run=dry_run)


def moves(change: CalendarChange | Recalculation) -> list[tuple[str, str, str, str]]:
    """Effect, recipient, from and to of everything that moved."""
    return [
        (item.effect, item.recipient_email or "", str(item.was), str(item.when))
        for meeting in change.meetings
        for item in meeting.shifts
    ]


def history(world: World, what: str, reference: str = "SOM-2026") -> list[tuple[str, str]]:
    view = world.reading.meeting(reference)
    return [
        (item.actor, words.maybe(item.detail) or "") for item in view.history if words.say(item.what) == what
    ]


def settled(world: World) -> bool:
    """Whether replanning would change nothing."""
    with world.database.reading() as session:
        meeting = store.load(session, store.find_id(session, "SOM-2026"))
        return world.planner.look(session, meeting, world.clock.now()).result.changes_nothing


def restarted(world: World) -> World:
    """Another process on the same database, at the same time."""
    found = World(world.database, world.settings.data_dir)
    found.clock.at = world.clock.at
    return found


THURSDAY = "Thursday, 26 November 2026, 09:00 Ha Noi (UTC+07:00)"
WEDNESDAY = "Wednesday, 25 November 2026, 09:00 Ha Noi (UTC+07:00)"


def row_of(world: World, reference: str = "SOM-2026") -> MeetingRow:
    with world.database.reading() as session:
        return session.scalars(select(MeetingRow).where(MeetingRow.reference == reference)).one()
