"""Loading the example: a programme of events with real agendas, moved to coming dates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from config import DATA
from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.definitions.events import EventDefinition, SessionDefinition
from orchestrator.domain.definitions.files import WrittenFile, read_file
from orchestrator.domain.definitions.preparatory import asking_for_one
from orchestrator.domain.definitions.written import Invitee
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact
from orchestrator.ports import Clock
from orchestrator.services.meetings.event_views import CreatedFile
from orchestrator.services.meetings.events import Events
from orchestrator.services.meetings.views import Created

ACCSM21 = DATA / "examples" / "accsm21.yaml"
_AHEAD = timedelta(days=14)


class Examples:
    """Moves definitions to other dates and stores them as drafts."""

    def __init__(self, events: Events, directory: Directory, clock: Clock) -> None:
        self._events = events
        self._directory = directory
        self._clock = clock

    def load(
        self, text: str, start: date | None, *, caller: Caller, with_preparatory: bool = False
    ) -> CreatedFile:
        """Store what ``text`` holds with the first day on ``start``, the rest as far apart as written.

        Without ``start`` all moves by whole weeks to at least two weeks ahead, which keeps the weekdays;
        months move as far. Delegations that do not take part on the new dates are left out and named in the
        result. With ``with_preparatory`` each meeting is made with its preparatory meeting. Raises as
        ``Events.create`` does, and ``InvalidInput`` for a file that holds no start.
        """
        file = read_file(text)
        first = min(_days(file), default=None)
        if first is None:
            raise InvalidInput.of(
                "start",
                start,
                Fact.of("definitions.no-start-to-move"),
                Fact.of("definitions.no-start.remedy"),
            )
        days = (start - first).days if start else self._weeks_ahead(first)
        meetings = [asking_for_one(item) if with_preparatory else item for item in file.meetings]
        moved = replace(
            file,
            events=tuple(item.moved_by(days) for item in file.events),
            meetings=tuple(item.moved_by(days) for item in meetings),
        )
        fitting = replace(
            moved,
            events=tuple(self._fitting(item) for item in moved.events),
            meetings=tuple(item.without_inactive(self._directory) for item in moved.meetings),
        )
        left_out = self._left_out(moved)
        # A preparatory meeting made on the way has the people of its meeting, so nobody else was left out.
        created = self._events.create(fitting, caller=caller)
        return CreatedFile(
            tuple(replace(item, sessions=_named(item.sessions, left_out)) for item in created.events),
            _named(created.meetings, left_out),
        )

    def _weeks_ahead(self, first: date) -> int:
        earliest = (self._clock.now() + _AHEAD).date()
        return max(0, -(-(earliest - first).days // 7) * 7)

    def _active(self, people: Iterable[Invitee], day: date) -> tuple[Invitee, ...]:
        return tuple(item for item in people if self._directory.get(item.delegation).active_on(day))

    def _fitting(self, event: EventDefinition) -> EventDefinition:
        """Leave out who takes no part on the day of a session, and of the rest of the event by its end."""
        known = [item.start.date() for item in event.sessions if item.start]
        last = event.month.last if event.month else max(known)
        sessions = tuple(
            item.model_copy(
                update={
                    "groups": None,
                    "attendees": self._active(item.people(event.attendees), item.start.date()),
                }
            )
            if item.start
            else item
            for item in event.sessions
        )
        return event.model_copy(
            update={"attendees": self._active(event.attendees, last), "sessions": sessions}
        )

    def _left_out(self, file: WrittenFile) -> dict[str, tuple[str, ...]]:
        """Return who of each meeting takes no part on its day, by its reference."""
        invited: list[tuple[str, date, Sequence[Invitee]]] = [
            (item.reference, item.start.date(), item.attendees) for item in file.meetings
        ]
        invited += [
            (item.reference, item.start.date(), item.people(event.attendees))
            for event in file.events
            for item in event.sessions
            if item.start
        ]
        return {
            reference: tuple(
                f"{item.name} ({item.delegation})"
                for item in people
                if not self._directory.get(item.delegation).active_on(day)
            )
            for reference, day, people in invited
        }


def _days(file: WrittenFile) -> list[date]:
    dated: list[MeetingDefinition | SessionDefinition] = [*file.meetings]
    dated += [item for event in file.events for item in event.sessions]
    return [item.start.date() for item in dated if item.start]


def _named(created: Iterable[Created], left_out: dict[str, tuple[str, ...]]) -> tuple[Created, ...]:
    return tuple(replace(item, left_out=left_out.get(item.reference, ())) for item in created)
