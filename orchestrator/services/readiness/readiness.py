"""Readiness: how each delegation stands, recording what comes in, asking for what is missing.

Each method that changes something is one transaction, and plans the meeting anew, so that whoever has
given what was missing is not chased for it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.orm import Session

from orchestrator.domain.answers.responses import ResponseKind
from orchestrator.domain.definitions.written import WallTime
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import (
    Attendee,
    ConnectionTest,
    Contribution,
    ContributionState,
    Meeting,
    MeetingStatus,
    Need,
)
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.problems import problems_of
from orchestrator.domain.readiness.connection_tests import placed
from orchestrator.domain.readiness.readiness import Cell, Facts, Given, cells, tally
from orchestrator.domain.time.durations import duration_words
from orchestrator.domain.time.zones import LocalTime, exists, instant_of, local_time, zone
from orchestrator.domain.timelines.asking import asked_delegations, owed
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.needs import missing, missing_from, spokespeople, stays_away
from orchestrator.domain.timelines.obligations import NUDGE, Obligation
from orchestrator.domain.timelines.reconciling import Reconciliation
from orchestrator.domain.timelines.steps import Step
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.facts import Fact
from orchestrator.ports import Clock, WakeUp
from orchestrator.services.answers.recording import cut
from orchestrator.services.people.contacts import Contact
from orchestrator.services.timelines.connection_tests import to_be_told
from orchestrator.services.timelines.explaining import Explainer
from orchestrator.services.timelines.moves import only_elsewhere
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.views import Effect
from orchestrator.store.answers import responses
from orchestrator.store.delivery import deliveries
from orchestrator.store.engine import Database
from orchestrator.store.meetings import attendees, history
from orchestrator.store.meetings import meetings as store
from orchestrator.store.readiness import connection_tests, contributions
from orchestrator.store.timelines import actions

AGAIN_AFTER = timedelta(minutes=10)
"""How long after a nudge the same person is not nudged again."""
_JOIN_FROM = timedelta(hours=2)
"""How long before the start somebody can be in the meeting already."""
"""What can be recorded, as the command line and the API call it."""
STATES: Mapping[str, ContributionState | None] = {
    **{item.value: item for item in ContributionState},
    "missing": None,
}
"""How it can stand; ``missing`` takes back what was recorded."""


@dataclass(frozen=True, slots=True)
class CellView:
    """How one thing stands for a delegation, see ``domain.readiness.Cell``; ``since`` is the host's time."""

    state: str
    settled: bool | None
    since: LocalTime | None
    by: str | None
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConnectionTestView:
    """When a delegation tries its connection: in its own time, and at the host's."""

    delegation: str
    delegation_name: str
    starts: LocalTime
    ends: LocalTime
    host_starts: LocalTime
    note: Fact | None


@dataclass(frozen=True, slots=True)
class Tally:
    """Of how many delegations a thing is settled, and of how many it counts."""

    settled: int
    of: int


@dataclass(frozen=True, slots=True)
class DelegationReadiness:
    """One row of the board; ``cells`` by column, see ``domain.readiness.COLUMNS``.

    ``missing`` is what is still wanted, in words. A nudge would go to ``nudge_to``, who are nobody when it
    cannot be sent; ``nudged_at`` is when one of them was last nudged, in the host's time.
    """

    code: str
    name: str
    cells: Mapping[str, CellView]
    slot: ConnectionTestView | None
    missing: tuple[str, ...]
    nudge_to: tuple[Contact, ...]
    nudged_at: LocalTime | None


@dataclass(frozen=True, slots=True)
class Board:
    """The readiness of a meeting: delegations in protocol order, and how many are through with what."""

    reference: str
    tally: Mapping[str, Tally]
    delegations: tuple[DelegationReadiness, ...]


class ConnectionTestMove(BaseModel):
    """A new start of a rehearsal slot, as wall time in the meeting's zone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: WallTime

    @classmethod
    def of(cls, start: str) -> ConnectionTestMove:
        """Read the wall time; raises ``InvalidInput``."""
        try:
            return cls.model_validate({"start": start})
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who is to be nudged about what, and in words why others are not."""

    people: dict[int, Attendee]
    passed_over: tuple[str, ...]


class Readiness:
    """The use cases around what delegations owe a meeting."""

    def __init__(self, database: Database, planner: Planner, clock: Clock, wake_up: WakeUp) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock
        self._wake_up = wake_up
        self._explainer = Explainer(planner)

    # Looking

    def board(self, name: str) -> Board:
        """Return how ready the delegations of a meeting are; raises ``NotFound``."""
        now = self._clock.now()
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, name))
            due, facts = self.owed(meeting), _facts(session, meeting, now)
            nudged = contributions.last_nudged(session, meeting.id)
        codes = sorted(meeting.delegations, key=self._planner.directory.rank)
        found = {code: cells(meeting, code, due[code], facts) for code in codes}
        return Board(
            meeting.reference,
            {aspect: Tally(*counted) for aspect, counted in tally(found.values()).items()},
            tuple(
                DelegationReadiness(
                    code,
                    self._name(code),
                    {aspect: self._cell(meeting, cell) for aspect, cell in found[code].items()},
                    self._slot_of(meeting, code),
                    tuple(map(str, missing(meeting, code, due[code]))),
                    self._would_nudge(meeting, code, due[code], now),
                    self._nudged_at(meeting, code, nudged),
                )
                for code in codes
            ),
        )

    def connection_tests(self, name: str) -> list[ConnectionTestView]:
        """Return when the delegations of a meeting try their connection, in the order of time."""
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, name))
        return [self.connection_test_view(meeting, slot) for slot in meeting.connection_tests]

    def connection_test_view(self, meeting: Meeting, slot: ConnectionTest) -> ConnectionTestView:
        """Return a slot as people read it."""
        directory = self._planner.directory
        own = directory.place_of(slot.delegation, slot.starts_at)
        return ConnectionTestView(
            slot.delegation,
            self._name(slot.delegation),
            local_time(slot.starts_at, own),
            local_time(slot.ends_at, own),
            self._at_host(meeting, slot.starts_at),
            slot.note,
        )

    # Recording

    def record(
        self,
        name: str,
        delegation: str,
        need: Need,
        state: ContributionState | None,
        *,
        caller: Caller,
        note: str | None = None,
    ) -> Effect:
        """Record that something came in, is waived or failed, or take that back with no state.

        Chasers for it end at once, or come again. Raises ``InvalidInput`` for what cannot be so, and
        ``NotFound`` for a delegation that is not invited.
        """
        _check_state(need, state)
        now = self._clock.now()
        with self._database.transaction() as session:
            meeting = store.load(session, store.find_id(session, name), lock=True)
            lifecycle.require_status(
                meeting,
                Fact.of("readiness.doing.given-what-it-waits-for"),
                MeetingStatus.DRAFT,
                MeetingStatus.PUBLISHED,
            )
            code = _invited(meeting, delegation)
            wanted = Contribution(code, need, state, caller.name, now, cut(note)) if state else None
            if not settle(session, meeting, code, need, wanted, caller=caller, now=now):
                return Effect(meeting.reference, meeting.version, False, ())
            outcome = self._outcome(session, meeting, self._replanned(session, meeting, now))
        self._wake_up.notify()
        return outcome

    def joined(self, name: str, delegation: str, *, caller: Caller) -> bool:
        """Record that a delegation is in the meeting; false when that was known.

        Raises ``Conflict`` long before the start, and ``NotFound`` for a delegation that is not invited.
        """
        now = self._clock.now()
        with self._database.transaction() as session:
            meeting = store.load(session, store.find_id(session, name), lock=True)
            lifecycle.require_status(
                meeting, Fact.of("readiness.doing.joined"), MeetingStatus.PUBLISHED, MeetingStatus.CONCLUDED
            )
            code = _invited(meeting, delegation)
            if now < meeting.starts_at - _JOIN_FROM:
                raise Conflict(
                    f"{meeting.reference} starts {self._at_host(meeting, meeting.starts_at)}; "
                    "nobody can have joined yet."
                )
            is_new = contributions.record_joined(session, meeting.id, code, caller.name, now)
            if is_new:
                history.note(session, meeting.id, caller, Fact.of("readiness.history.joined"), now, code)
        return is_new

    # Asking

    def nudge(self, name: str, who: Sequence[str] = (), *, caller: Caller, preview: bool = False) -> Effect:
        """Ask now for all that is missing, in one mail each.

        ``who`` are delegations by code, whose spokespeople are asked, and attendees by address; without
        any, all delegations that something is missing from. Raises ``Conflict`` when nobody is left to ask,
        and ``NotFound`` for whoever is not invited.
        """
        with self._database.rehearsal() if preview else self._database.transaction() as session:
            meeting = store.load(session, store.find_id(session, name), lock=True)
            now = self._clock.now()
            _require_nudgeable(meeting, now)
            asked = self._asked(session, meeting, who, now)
            contributions.nudge(session, asked.people, now)
            due = self.owed(meeting)
            lines = [
                (caller, f"{item.delegation}, {item.name}: {', '.join(_lacks(meeting, item, due))}")
                for item in asked.people.values()
            ]
            history.notes(session, meeting.id, Fact.of("readiness.history.nudged"), now, lines)
            result = _only(self._replanned(session, meeting, now), lambda item: item.step == NUDGE)
            outcome = self._outcome(session, meeting, result, previewed=preview)
        if not preview:
            self._wake_up.notify()
        return replace(outcome, warnings=asked.passed_over)

    def _asked(self, session: Session, meeting: Meeting, who: Sequence[str], now: datetime) -> _Asked:
        due, nudged = self.owed(meeting), contributions.last_nudged(session, meeting.id)
        people: dict[int, Attendee] = {}
        passed: list[str] = []
        codes = sorted(meeting.delegations, key=self._planner.directory.rank)
        for word in who or [code for code in codes if missing(meeting, code, due[code])]:
            for item, reason in self._candidates(meeting, word, due):
                at = nudged.get(item.id)
                if not reason and at is not None and now < at + AGAIN_AFTER:
                    reason = (
                        f"{item.name} was asked on {self._at_host(meeting, at)} already; "
                        f"ask again {duration_words(AGAIN_AFTER)} later"
                    )
                if reason:
                    passed.append(reason)
                else:
                    people[item.id] = item
        reasons = tuple(dict.fromkeys(passed))
        if not people:
            why = "; ".join(reasons) or "nothing is missing from anybody"
            raise Conflict(f"Nobody is asked: {why}.", code="nobody-to-ask")
        return _Asked(people, tuple(f"Not asked: {reason}." for reason in reasons))

    def _candidates(
        self, meeting: Meeting, word: str, due: Mapping[str, Collection[Need]]
    ) -> list[tuple[Attendee, str]]:
        """Return whom a word names, each with why they are not asked; empty where they are."""
        if "@" in word:
            item = _attendee(meeting, word)
            reason = f"{item.name} has declined" if item.declined else ""
            lacks = _lacks(meeting, item, due)
            return [(item, reason or ("" if lacks else f"nothing is missing from {item.name}"))]
        code = _invited(meeting, word)
        people, name = spokespeople(meeting, code), self._name(code)
        if stays_away(meeting, code):
            return [(item, f"{name} has declined") for item in people]
        if not missing(meeting, code, due[code]):
            return [(item, f"nothing is missing from {name}") for item in people]
        able = [item for item in people if _lacks(meeting, item, due)]
        nobody = f"{name} has neither a focal point nor a head of delegation; name them first"
        return [(item, "") for item in able] or [(item, nobody) for item in people]

    def _would_nudge(
        self, meeting: Meeting, code: str, due: Collection[Need], now: datetime
    ) -> tuple[Contact, ...]:
        running = meeting.status is MeetingStatus.PUBLISHED and not meeting.tentative
        if not running or meeting.starts_at <= now or not missing(meeting, code, due):
            return ()
        able = (item for item in spokespeople(meeting, code) if _lacks(meeting, item, {code: due}))
        return tuple(Contact(item.name, item.email) for item in able)

    def _nudged_at(self, meeting: Meeting, code: str, nudged: Mapping[int, datetime]) -> LocalTime | None:
        own = (item.id for item in meeting.invited if item.delegation == code)
        latest = max((nudged[number] for number in own if number in nudged), default=None)
        return self._at_host(meeting, latest) if latest else None

    # Moving a rehearsal slot

    def move_connection_test(
        self, name: str, delegation: str, move: ConnectionTestMove, *, caller: Caller, preview: bool = False
    ) -> Effect:
        """Give a delegation another time to try its connection; whoever knows the old one is told at once.

        Raises ``InvalidInput`` for a time that cannot be, ``Conflict`` where the timeline has no connectivity
        test for the delegation, and ``NotFound`` for one that is not invited.
        """
        with self._database.rehearsal() if preview else self._database.transaction() as session:
            meeting = store.load(session, store.find_id(session, name), lock=True)
            now = self._clock.now()
            code = _invited(meeting, delegation)
            slot = self._placed(session, meeting, code, move, now)
            known = next((item for item in meeting.connection_tests if item.delegation == code), None)
            if known is not None and known.starts_at == slot.starts_at:
                return Effect(meeting.reference, meeting.version, preview, ())
            result = self._with_slot(session, meeting, slot, now)
            outcome = self._outcome(session, meeting, result, previewed=preview)
            detail = f"{self._name(code)}: {self._at_host(meeting, slot.starts_at)}"
            history.note(session, meeting.id, caller, Fact.of("readiness.history.test-moved"), now, detail)
        if not preview:
            self._wake_up.notify()
        return outcome

    def _placed(
        self, session: Session, meeting: Meeting, code: str, move: ConnectionTestMove, now: datetime
    ) -> ConnectionTest:
        lifecycle.require_status(
            meeting, Fact.of("readiness.doing.given-another-time"), MeetingStatus.PUBLISHED
        )
        step = self._planner.timeline(meeting).step(ActionKind.CONNECTION_TEST)
        if step is None or step.slot is None or code not in self._trying(meeting, step):
            raise Conflict(f"The timeline of {meeting.reference} has no connectivity test of {code}.")
        there, given = zone(meeting.zone), f"{move.start:%Y-%m-%d %H:%M}"
        start = instant_of(move.start, there)
        if not exists(move.start, there):
            raise InvalidInput.of(
                "start",
                given,
                f"does not happen in {meeting.zone}: clocks go forward over it",
                "Choose a time before or after the change of clocks.",
            )
        if start < now:
            raise InvalidInput.of("start", given, "has gone by", "Choose a time that is still to come.")
        return placed(meeting, code, start, step.slot, self._planner.calendars(session))

    def _trying(self, meeting: Meeting, step: Step) -> list[str]:
        return [] if meeting.tentative else asked_delegations(meeting, step, self._planner.directory)

    def _with_slot(
        self, session: Session, meeting: Meeting, slot: ConnectionTest, now: datetime
    ) -> Reconciliation:
        """Store the slot; where not everybody has a mail to come that tells of it, one goes out at once."""
        before = actions.stored(session, meeting.id)
        result = self._stored(session, meeting, slot, now)
        if not to_be_told(actions.stored(session, meeting.id), meeting, slot.delegation):
            again = self._stored(session, meeting, replace(slot, moves=slot.moves + 1), now)
            result = Reconciliation(result.inserts + again.inserts, result.moves + again.moves)
        return _only(only_elsewhere(result, before), lambda item: item.kind is ActionKind.CONNECTION_TEST)

    def _stored(
        self, session: Session, meeting: Meeting, slot: ConnectionTest, now: datetime
    ) -> Reconciliation:
        others = (item for item in meeting.connection_tests if item.delegation != slot.delegation)
        connection_tests.write(session, meeting.id, (*others, slot), meeting.time_revision)
        return self._replanned(session, meeting, now)

    # What all of them need

    def _replanned(self, session: Session, meeting: Meeting, now: datetime) -> Reconciliation:
        return self._planner.replan_stored(session, meeting, now)[1]

    def _outcome(
        self, session: Session, meeting: Meeting, result: Reconciliation, *, previewed: bool = False
    ) -> Effect:
        consequences = self._explainer.explain(session, meeting, result)
        return Effect(meeting.reference, meeting.version, previewed, consequences)

    def owed(self, meeting: Meeting) -> dict[str, frozenset[Need]]:
        """Return what each delegation owes; an answer alone where the file of the timeline has gone."""
        timeline = self._planner.known_timeline(meeting.timeline, meeting.own_timeline)
        if timeline is None:
            return {code: frozenset({Need.ANSWER}) for code in meeting.delegations}
        return owed(meeting, timeline, self._planner.directory)

    def _name(self, code: str) -> str:
        return self._planner.directory.get(code).name

    def _at_host(self, meeting: Meeting, moment: datetime) -> LocalTime:
        return local_time(moment, self._planner.directory.host_place(meeting.host, meeting.zone, moment))

    def _cell(self, meeting: Meeting, cell: Cell) -> CellView:
        since = self._at_host(meeting, cell.since) if cell.since else None
        by = said_by(cell.by) if cell.by else None
        return CellView(cell.state, cell.settled, since, by, cell.details)

    def _slot_of(self, meeting: Meeting, code: str) -> ConnectionTestView | None:
        return next(
            (
                self.connection_test_view(meeting, item)
                for item in meeting.connection_tests
                if item.delegation == code
            ),
            None,
        )


def settle(
    session: Session,
    meeting: Meeting,
    delegation: str,
    need: Need,
    wanted: Contribution | None,
    *,
    caller: Caller,
    now: datetime,
) -> bool:
    """Store what a delegation has done of a need, or that it has not; false when that stood already.

    The caller's transaction has the meeting locked, and plans it anew.
    """
    known = meeting.contribution(delegation, need)
    if wanted is None:
        if known is None:
            return False
        contributions.take_back(session, meeting.id, delegation, need)
        history.note(session, meeting.id, caller, Fact.of(_HISTORY[need, None]), now, delegation)
        return True
    if known is not None and (known.state, known.note) == (wanted.state, wanted.note):
        return False
    contributions.record(session, meeting.id, wanted)
    by = "" if wanted.by == caller.name else f", by {said_by(wanted.by)}"
    said = f": {wanted.note}" if wanted.note else ""
    history.note(
        session, meeting.id, caller, Fact.of(_HISTORY[need, wanted.state]), now, f"{delegation}{by}{said}"
    )
    return True


def said_by(by: str) -> str:
    """Return who recorded something without the address behind the name."""
    return by.partition(" <")[0]


def _facts(session: Session, meeting: Meeting, now: datetime) -> Facts:
    by = {
        row.attendee_id: said_by(row.by)
        for row in reversed(responses.of_meeting(session, meeting.id))
        if row.kind == ResponseKind.ANSWER and row.attendee_id is not None
    }
    answers = attendees.answers(session, meeting.id)
    return Facts(
        now=now,
        given={number: Given(at, by.get(number)) for number, (at, _) in answers.items()},
        mails=deliveries.link_mails(session, meeting.id),
        joined=contributions.joined(session, meeting.id),
    )


def _lacks(meeting: Meeting, attendee: Attendee, due: Mapping[str, Collection[Need]]) -> tuple[Need, ...]:
    return missing_from(meeting, attendee, due[attendee.delegation])


def _check_state(need: Need, state: ContributionState | None) -> None:
    if need is Need.ANSWER:
        raise InvalidInput.of(
            "need", need, "is given by people, not by a delegation", "Record an answer of an attendee."
        )
    if state is ContributionState.FAILED and need is not Need.TEST:
        raise InvalidInput.of(
            "state", state, f"is nothing that a {need} can be", "Record it as in, waived or missing."
        )


def _require_nudgeable(meeting: Meeting, now: datetime) -> None:
    lifecycle.require_status(meeting, Fact.of("readiness.doing.asked-about"), MeetingStatus.PUBLISHED)
    if meeting.tentative:
        raise Conflict(
            f"{meeting.reference} is only a save-the-date; nothing is asked for until it is confirmed."
        )
    if meeting.starts_at <= now:
        raise Conflict(f"{meeting.reference} has begun; it is too late to ask for what is missing.")


def _invited(meeting: Meeting, delegation: str) -> str:
    code = delegation.strip().upper()
    if code not in meeting.delegations:
        raise NotFound(f"{delegation} is not a delegation invited to {meeting.reference}.")
    return code


def _attendee(meeting: Meeting, email: str) -> Attendee:
    found = (item for item in meeting.invited if item.address == email.strip().casefold())
    item = next(found, None)
    if item is None:
        raise NotFound(f"{email} is not invited to {meeting.reference}.")
    return item


def _only(result: Reconciliation, is_meant: Callable[[Obligation], bool]) -> Reconciliation:
    """Leave of a replan what its caller meant, and nothing that moved or was passed over on the way."""
    return Reconciliation(
        tuple(item for item in result.inserts if is_meant(item.obligation)),
        tuple(item for item in result.moves if is_meant(item.obligation)),
    )


_HISTORY: Mapping[tuple[Need, ContributionState | None], str] = {
    (Need.ANSWER, ContributionState.IN): "readiness.history.answer-in",
    (Need.ANSWER, ContributionState.WAIVED): "readiness.history.answer-waived",
    (Need.ANSWER, ContributionState.FAILED): "readiness.history.answer-failed",
    (Need.ANSWER, None): "readiness.history.answer-missing-again",
    (Need.LIST, ContributionState.IN): "readiness.history.list-in",
    (Need.LIST, ContributionState.WAIVED): "readiness.history.list-waived",
    (Need.LIST, ContributionState.FAILED): "readiness.history.list-failed",
    (Need.LIST, None): "readiness.history.list-missing-again",
    (Need.PAPER, ContributionState.IN): "readiness.history.paper-in",
    (Need.PAPER, ContributionState.WAIVED): "readiness.history.paper-waived",
    (Need.PAPER, ContributionState.FAILED): "readiness.history.paper-failed",
    (Need.PAPER, None): "readiness.history.paper-missing-again",
    (Need.TEST, ContributionState.IN): "readiness.history.test-in",
    (Need.TEST, ContributionState.WAIVED): "readiness.history.test-waived",
    (Need.TEST, ContributionState.FAILED): "readiness.history.test-failed",
    (Need.TEST, None): "readiness.history.test-missing-again",
}
