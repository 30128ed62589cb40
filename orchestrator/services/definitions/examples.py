"""Loading the example: real agendas of April 2021, moved to coming dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from config import DATA
from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.definitions.files import read_definitions
from orchestrator.domain.definitions.preparatory import asking_for_one
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.people.caller import Caller
from orchestrator.ports import Clock
from orchestrator.services.meetings.meetings import Meetings
from orchestrator.services.meetings.views import Created

ACCSM21 = DATA / "examples" / "accsm21.yaml"
_AHEAD = timedelta(days=14)


class Examples:
    """Moves definitions to other dates and stores them as drafts."""

    def __init__(self, meetings: Meetings, directory: Directory, clock: Clock) -> None:
        self._meetings = meetings
        self._directory = directory
        self._clock = clock

    def load(
        self, text: str, start: date | None, *, caller: Caller, with_preparatory: bool = False
    ) -> list[Created]:
        """Store the meetings of ``text`` with the first one on ``start``, the others as far apart as written.

        Without ``start`` they move by whole weeks to at least two weeks ahead, which keeps their
        weekdays. Delegations that do not take part on the new dates are left out and named in the
        result. With ``with_preparatory`` each is made with its preparatory meeting. Raises as
        ``Meetings.create`` does.
        """
        definitions = read_definitions(text)
        if with_preparatory:
            definitions = [asking_for_one(item) for item in definitions]
        first = min(item.start.date() for item in definitions)
        days = (start - first).days if start else self._weeks_ahead(first)
        moved = [item.moved_by(days) for item in definitions]
        fitting = [item.without_inactive(self._directory) for item in moved]
        left_out = {
            before.reference: _left_out(before, after) for before, after in zip(moved, fitting, strict=True)
        }
        # A preparatory meeting made on the way has the people of its meeting, so nobody else was left out.
        created = self._meetings.create(fitting, caller=caller)
        return [replace(item, left_out=left_out.get(item.reference, ())) for item in created]

    def _weeks_ahead(self, first: date) -> int:
        earliest = (self._clock.now() + _AHEAD).date()
        return max(0, -(-(earliest - first).days // 7) * 7)


def _left_out(before: MeetingDefinition, after: MeetingDefinition) -> tuple[str, ...]:
    kept = {item.email for item in after.attendees}
    return tuple(f"{item.name} ({item.delegation})" for item in before.attendees if item.email not in kept)
