"""Keeps a meeting's actions in step with its plan, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegation import Directory
from orchestrator.domain.meeting import Meeting
from orchestrator.domain.planning import Reconciliation, plan, reconcile
from orchestrator.domain.timeline import Timeline, Timelines
from orchestrator.errors import InvalidInput
from orchestrator.store import actions


class Planner:
    """Plans meetings with the timelines and delegations in force."""

    def __init__(self, directory: Directory, timelines: Timelines) -> None:
        self.directory = directory
        self.timelines = timelines

    def timeline(self, name: str) -> Timeline:
        """Return a timeline; raises ``InvalidInput`` when its file has gone since it was chosen."""
        if name not in self.timelines:
            known = ", ".join(sorted(self.timelines))
            raise InvalidInput.of("timeline", name, "is not a timeline", f"Known are: {known}.")
        return self.timelines[name]

    def replan(self, session: Session, meeting: Meeting, now: datetime) -> Reconciliation:
        """Plan ``meeting`` (as stored) and bring its actions in step; doing so twice changes nothing."""
        wanted = plan(meeting, self.timeline(meeting.timeline), self._zone_of)
        result = reconcile(meeting, wanted, actions.stored(session, meeting.id), now)
        actions.apply(session, meeting.id, result, now)
        return result

    def replan_for(
        self, session: Session, meeting: Meeting, attendee_ids: Collection[int], now: datetime
    ) -> Reconciliation:
        """Replan only what some attendees' answers can change, and what belongs to nobody.

        The result is that of ``replan``, because obligations of different addresses do not depend on each
        other; in a large meeting it costs a fraction.
        """
        addresses = {item.address for item in meeting.attendees if item.id in attendee_ids}
        concerned = tuple(item for item in meeting.attendees if item.address in addresses)
        part = replace(meeting, attendees=concerned)
        wanted = plan(part, self.timeline(meeting.timeline), self._zone_of)
        rows = actions.stored(session, meeting.id, [item.id for item in concerned])
        result = reconcile(part, wanted, rows, now)
        actions.apply(session, meeting.id, result, now)
        return result

    def _zone_of(self, code: str) -> str:
        return self.directory.get(code).zone
