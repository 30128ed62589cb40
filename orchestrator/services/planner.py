"""Keeps a meeting's actions in step with its plan, inside the caller's transaction."""

from __future__ import annotations

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

    def _zone_of(self, code: str) -> str:
        return self.directory.get(code).zone
