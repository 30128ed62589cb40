"""Readiness: how each delegation of a meeting stands, and what is still missing from it. Only reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.answers.responses import ResponseKind
from orchestrator.domain.meetings.meeting import ConnectionTest, Meeting, MeetingStatus, Need
from orchestrator.domain.meetings.needs import NEEDS
from orchestrator.domain.readiness.readiness import Cell, Evidence, LastAnswer, cells, is_ready, tally
from orchestrator.domain.time.zones import LocalTime
from orchestrator.domain.timelines.asking import owed
from orchestrator.domain.timelines.needs import missing, missing_from, spokespeople
from orchestrator.ports import Clock
from orchestrator.services.people.contacts import Contact
from orchestrator.services.readiness.views import (
    Board,
    CellView,
    ConnectionTestView,
    DelegationReadiness,
    SettledCount,
    at_host,
    said_by,
)
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.answers import responses
from orchestrator.store.delivery import deliveries
from orchestrator.store.engine import Database
from orchestrator.store.meetings import attendees
from orchestrator.store.meetings import meetings as store
from orchestrator.store.readiness import contributions


class Readiness:
    """Looking at what delegations owe a meeting; nothing is changed here."""

    def __init__(self, database: Database, planner: Planner, clock: Clock) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock

    def board(self, name: str) -> Board:
        """Return how ready the delegations of a meeting are; raises ``NotFound``."""
        now = self._clock.now()
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, name))
            due, evidence = self.owed(meeting), _evidence(session, meeting, now)
            nudged = contributions.last_nudged(session, meeting.id)
        codes = sorted(meeting.delegations, key=self._planner.directory.rank)
        found = {code: cells(meeting, code, due[code], evidence) for code in codes}
        tallied = tally(found.values())
        return Board(
            meeting.reference,
            {column: SettledCount(*counted) for column, counted in tallied.items()},
            tuple(
                DelegationReadiness(
                    code,
                    self._planner.directory.get(code).name,
                    {column: self._cell(meeting, cell) for column, cell in found[code].items()},
                    self.connection_test(meeting, code),
                    tuple(NEEDS[need].said for need in missing(meeting, code, due[code])),
                    _would_nudge(meeting, code, due[code], now),
                    self._nudged_at(meeting, code, nudged),
                )
                for code in codes
            ),
            is_ready(tallied) and meeting.status is not MeetingStatus.DRAFT and not meeting.tentative,
        )

    def connection_tests(self, name: str) -> list[ConnectionTestView]:
        """Return when the delegations of a meeting try their connection, in the order of time.

        Raises ``NotFound``.
        """
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, name))
        directory = self._planner.directory
        return [ConnectionTestView.of(meeting, item, directory) for item in _tests(meeting)]

    def connection_test(self, meeting: Meeting, code: str) -> ConnectionTestView | None:
        """Return when one delegation of ``meeting`` tries its connection; ``None`` where it does not."""
        found = (item for item in _tests(meeting) if item.delegation == code)
        test = next(found, None)
        return ConnectionTestView.of(meeting, test, self._planner.directory) if test else None

    def owed(self, meeting: Meeting) -> dict[str, frozenset[Need]]:
        """Return what each delegation owes; an answer alone where the file of the timeline has gone."""
        timeline = self._planner.known_timeline(meeting.timeline, meeting.own_timeline)
        if timeline is None:
            return {code: frozenset({Need.ANSWER}) for code in meeting.delegations}
        return owed(meeting, self._planner.as_applied(timeline, meeting), self._planner.directory)

    def _nudged_at(self, meeting: Meeting, code: str, nudged: Mapping[int, datetime]) -> LocalTime | None:
        own = (item.id for item in meeting.invited if item.delegation == code)
        latest = max((nudged[number] for number in own if number in nudged), default=None)
        return at_host(meeting, latest, self._planner.directory) if latest else None

    def _cell(self, meeting: Meeting, cell: Cell) -> CellView:
        since = at_host(meeting, cell.since, self._planner.directory) if cell.since else None
        by = said_by(cell.by) if cell.by else None
        return CellView(cell.state, cell.settled, since, by, cell.details)


def _tests(meeting: Meeting) -> tuple[ConnectionTest, ...]:
    """The times to try the connection; they are kept, but not spoken of, while nothing is to be joined."""
    return meeting.connection_tests if meeting.mode.has_link else ()


def _would_nudge(meeting: Meeting, code: str, due: Collection[Need], now: datetime) -> tuple[Contact, ...]:
    running = meeting.status is MeetingStatus.PUBLISHED and not meeting.tentative
    if not running or meeting.starts_at <= now or not missing(meeting, code, due):
        return ()
    able = (item for item in spokespeople(meeting, code) if missing_from(meeting, item, due))
    return tuple(Contact(item.name, item.email) for item in able)


def _evidence(session: Session, meeting: Meeting, now: datetime) -> Evidence:
    by = {
        row.attendee_id: said_by(row.giver)
        for row in reversed(responses.of_meeting(session, meeting.id))
        if row.kind == ResponseKind.ANSWER and row.attendee_id is not None
    }
    answers = attendees.answers(session, meeting.id)
    return Evidence(
        now=now,
        given={number: LastAnswer(at, by.get(number)) for number, (at, _) in answers.items()},
        mails=deliveries.link_mails(session, meeting.id),
        joined=contributions.joined(session, meeting.id),
    )
