"""Claiming by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import Work
from orchestrator.services.delivery.scheduling import Policy, Scheduling
from orchestrator.store.delivery import claims
from orchestrator.store.delivery.claims import Taken
from orchestrator.store.engine import Database
from orchestrator.store.rows.timelines import ActionRow
from tests.integration.conftest import (
    LEASE,
    NOW,
    CountedWakeUp,
    ManualClock,
)

S = ActionState
MINUTE = timedelta(minutes=1)


def claim(database: Database, *, now: datetime = NOW, limit: int = 500, lane: Work = Work.MAIL) -> list[int]:
    with database.transaction() as session:
        found = claims.claim(session, lane, now=now, lease_until=now + LEASE, limit=limit)
    return [item.id for item in found]


def take(database: Database, *ids: int, now: datetime = NOW) -> list[Taken]:
    with database.transaction() as session:
        return claims.take(session, ids, now + LEASE)


def states(database: Database) -> dict[int, str]:
    with database.reading() as session:
        return {item.id: item.state for item in session.scalars(select(ActionRow).order_by(ActionRow.id))}


def scheduling(database: Database, real_now: datetime = NOW, **policy: Any) -> Scheduling:
    given = {"batch_size": 50, "most_claimed": 500, "lease": LEASE} | policy
    return Scheduling(database, ManualClock(NOW), ManualClock(real_now), CountedWakeUp(), Policy(**given))
