"""Giving a delegation another time to try its connection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.orm import Session

from orchestrator.domain.definitions.written import WallTime
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import ConnectionTest, Meeting, MeetingStatus
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.problems import problems_of
from orchestrator.domain.readiness.connection_tests import placed
from orchestrator.domain.time.zones import instant_of, wall_problem, zone
from orchestrator.domain.timelines.actions import ActionState, StoredAction
from orchestrator.domain.timelines.asking import asked_delegations
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.reconciling import Reconciliation
from orchestrator.domain.timelines.steps import Step
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.facts import Fact
from orchestrator.services.readiness.contributions import invited
from orchestrator.services.readiness.views import at_host
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.services.timelines.connection_tests import to_be_told
from orchestrator.services.timelines.moves import only_elsewhere, only_meant
from orchestrator.services.timelines.planner import Planned, Planner
from orchestrator.services.timelines.views import Effect
from orchestrator.store.readiness import connection_tests


class ConnectionTestMove(BaseModel):
    """A new start of a connection test, as wall time in the meeting's zone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: WallTime

    @classmethod
    def of(cls, start: str) -> ConnectionTestMove:
        """Read the wall time; raises ``InvalidInput``."""
        try:
            return cls.model_validate({"start": start})
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error


class ConnectionTests:
    """Moving the connection tests of a meeting."""

    def __init__(self, planner: Planner, changing: Changing) -> None:
        self._planner = planner
        self._changing = changing

    def move(
        self, name: str, delegation: str, move: ConnectionTestMove, *, caller: Caller, dry_run: bool = False
    ) -> Effect:
        """Give a delegation another time to try its connection; who knows the old one is told at once.

        Raises ``InvalidInput`` for a time that cannot be, ``Conflict`` where the timeline has no connectivity
        test for the delegation, and ``NotFound`` for one that is not invited.
        """

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange | None:
            code = invited(meeting, delegation)
            test = self._placed(session, meeting, code, move, now)
            known = next((item for item in meeting.connection_tests if item.delegation == code), None)
            if known is not None and known.starts_at == test.starts_at:
                return None
            looked = self._planner.look(session, _with_test(meeting, test), now)
            if not _will_be_told(looked, code):
                test = replace(test, moves=test.moves + 1)
            return self._change(_with_test(meeting, test), test, looked.rows)

        return self._changing.change(name, command, caller=caller, dry_run=dry_run)

    def _change(self, changed: Meeting, test: ConnectionTest, rows: Iterable[StoredAction]) -> MeetingChange:
        before = tuple(rows)

        def write(session: Session, stored: Meeting, _: datetime) -> None:
            connection_tests.write(session, stored.id, changed.connection_tests, stored.time_revision)

        def narrow(result: Reconciliation) -> Reconciliation:
            return only_meant(
                only_elsewhere(result, before), lambda item: item.kind is ActionKind.CONNECTION_TEST
            )

        directory = self._planner.directory
        detail = Fact.of(
            "readiness.test-at",
            delegation=directory.get(test.delegation).name,
            when=at_host(changed, test.starts_at, directory),
        )
        what = Fact.of("readiness.history.test-moved")
        return MeetingChange(changed, what, detail, write=write, saves=False, narrow=narrow)

    def _placed(
        self, session: Session, meeting: Meeting, code: str, move: ConnectionTestMove, now: datetime
    ) -> ConnectionTest:
        lifecycle.require_status(
            meeting, Fact.of("readiness.doing.given-another-time"), MeetingStatus.PUBLISHED
        )
        step = self._planner.timeline(meeting).step(ActionKind.CONNECTION_TEST)
        if step is None or step.slot is None or code not in self._trying(meeting, step):
            raise Conflict(Fact.of("readiness.no-test", reference=meeting.reference, delegation=code))
        start = _start(meeting, move.start, now)
        return placed(meeting, code, start, step.slot, self._planner.calendars(session))

    def _trying(self, meeting: Meeting, step: Step) -> list[str]:
        return [] if meeting.tentative else asked_delegations(meeting, step, self._planner.directory)


def _start(meeting: Meeting, wall: datetime, now: datetime) -> datetime:
    """The instant of a wall time that is still to come; raises ``InvalidInput`` for another."""
    there, given = zone(meeting.zone), f"{wall:%Y-%m-%d %H:%M}"
    problem = wall_problem(wall, there)
    if problem:
        raise InvalidInput.of("start", given, *problem)
    start = instant_of(wall, there)
    if start < now:
        wrong, advice = Fact.of("readiness.test-gone-by"), Fact.of("readiness.test-gone-by.remedy")
        raise InvalidInput.of("start", given, wrong, advice)
    return start


def _with_test(meeting: Meeting, test: ConnectionTest) -> Meeting:
    others = (item for item in meeting.connection_tests if item.delegation != test.delegation)
    tests = sorted((*others, test), key=lambda item: (item.starts_at, item.delegation))
    return replace(meeting, connection_tests=tuple(tests))


def _will_be_told(looked: Planned, code: str) -> bool:
    """Whether all of a delegation have a mail to come that tells when it tries its connection.

    ``looked`` is what planning the meeting with its new time would do.
    """
    ends = {item.action_id for item in looked.result.cancels}
    comes = {item.action_id for item in looked.result.moves}
    rows = [
        replace(item, state=ActionState.SCHEDULED) if item.id in comes else item
        for item in looked.rows
        if item.id not in ends
    ]
    ids = {item.id for item in looked.meeting.invited if item.delegation == code}
    new = any(
        item.obligation.kind is ActionKind.CONNECTION_TEST and item.obligation.attendee_id in ids
        for item in looked.result.inserts
    )
    known = any(
        item.kind is ActionKind.CONNECTION_TEST and item.attendee_id in ids
        for item in rows
        if item.state is not ActionState.CANCELLED
    )
    return to_be_told(rows, looked.meeting, code) if known else new
