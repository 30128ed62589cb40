"""How a meeting is published, alone or with the other sessions of its event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.people.addresses import OwnMailbox
from orchestrator.facts import Fact
from orchestrator.services.meetings.revising import require_others
from orchestrator.services.timelines.planner import Planner


@dataclass(frozen=True, slots=True)
class Publishing:
    """Publishes under ``organizer``, which attendees answer to; ``own`` are addresses of the service."""

    planner: Planner
    organizer: str
    own: OwnMailbox

    def published(
        self, session: Session, meeting: Meeting, now: datetime, save_the_date: bool | None
    ) -> Meeting:
        """Return the meeting published; without ``save_the_date`` its timeline decides for a draft.

        Raises ``Conflict`` for a meeting that cannot be published.
        """
        require_others(meeting, self.own)
        announce = save_the_date
        if announce is None and meeting.status is MeetingStatus.DRAFT:
            announce = self.planner.announces_first(session, meeting, now)
        uid = f"{uuid4()}@accsm-meetings"
        return lifecycle.publish(meeting, uid, now, organizer=self.organizer, save_the_date=bool(announce))


def publishing(save_the_date: bool | None) -> Fact:
    """Return what history says of publishing."""
    return Fact.of("meetings.history.announced" if save_the_date else "meetings.history.published")
