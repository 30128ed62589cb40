"""What a delegation still owes a meeting, on the page of whoever speaks for it, and mending it from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.meetings.meeting import Contribution, ContributionState, Need
from orchestrator.domain.people.caller import attendee
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.domain.timelines.needs import is_missing
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.ports import Clock, WakeUp
from orchestrator.services.people.links import Links
from orchestrator.services.personal.composition import Visit, signature
from orchestrator.services.personal.personal import CHANNEL
from orchestrator.services.personal.visits import follow, refusal, require_open
from orchestrator.services.readiness.readiness import Readiness, SlotView, said_by, settle
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.engine import Database

MENDABLE: frozenset[tuple[Need, ContributionState]] = frozenset(
    {
        (Need.LIST, ContributionState.IN),
        (Need.PAPER, ContributionState.IN),
        (Need.PAPER, ContributionState.WAIVED),
    }
)
"""What one click on the page can say."""


@dataclass(frozen=True, slots=True)
class OwedView:
    """One thing that a delegation owes. ``since`` is in the reader's time.

    ``is_own`` says that it is the delegation's own word, which can be taken back from here.
    """

    need: str
    missing: bool
    state: str
    since: LocalTime | None
    by: str | None
    note: str | None
    is_own: bool


@dataclass(frozen=True, slots=True)
class OwingView:
    """What a delegation owes a meeting, and when it tries its connection; ``slot_over`` once that is past."""

    items: tuple[OwedView, ...]
    slot: SlotView | None
    slot_over: bool = False

    @property
    def missing(self) -> tuple[OwedView, ...]:
        """What has not come in yet."""
        return tuple(item for item in self.items if item.missing)

    @property
    def settled(self) -> tuple[OwedView, ...]:
        """What is in, or need not come."""
        return tuple(item for item in self.items if item.state and not item.missing)


class Owing:
    """The use cases of the section; each is one transaction. Tokens are refused as in ``Personal``."""

    def __init__(
        self,
        database: Database,
        planner: Planner,
        readiness: Readiness,
        links: Links,
        clock: Clock,
        wake_up: WakeUp,
    ) -> None:
        self._database = database
        self._planner = planner
        self._readiness = readiness
        self._links = links
        self._clock = clock
        self._wake_up = wake_up

    def of(self, token: str) -> OwingView | None:
        """Return what the delegation of a reader owes; changes nothing.

        ``None`` for whoever does not speak for it, and where nothing can be given yet or any more.
        """
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            visit = follow(session, signed, now)
        meeting = visit.meeting
        if not visit.speaks or meeting.uid is None or meeting.tentative or refusal(meeting, now):
            return None
        code = visit.attendee.delegation
        owed = self._readiness.owed(meeting)[code]
        items = [self._item(visit, need) for need in Need if need in owed]
        slot = next((item for item in meeting.slots if item.delegation == code), None)
        if slot is None:
            return OwingView(tuple(items), None)
        return OwingView(tuple(items), self._readiness.slot_view(meeting, slot), slot.ends_at <= now)

    def settle(
        self, token: str, need: Need, state: ContributionState | None, *, mark: str | None = None
    ) -> bool:
        """Record what the reader says of a need, or take back their delegation's own word with no state.

        With ``mark`` the list of the delegation must still be the one that was looked at. False when it
        stood so already. Raises ``InvalidInput`` for what cannot be said here, and ``Conflict`` for
        somebody who may not, a meeting that has begun, or a list that somebody else has changed.
        """
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.transaction() as session:
            visit = follow(session, signed, now, lock=True)
            self._require_possible(visit, need, state, mark, now)
            own, meeting = visit.attendee, visit.meeting
            wanted = Contribution(own.delegation, need, state, signature(own), now) if state else None
            changed = settle(
                session,
                meeting,
                own.delegation,
                need,
                wanted,
                caller=attendee(own.name, own.id, CHANNEL),
                now=now,
            )
            if changed:
                self._planner.replan_stored(session, meeting, now)
        if changed:
            self._wake_up.notify()
        return changed

    def _require_possible(
        self, visit: Visit, need: Need, state: ContributionState | None, mark: str | None, now: datetime
    ) -> None:
        require_open(visit.meeting, now)
        if not visit.speaks:
            raise Conflict(
                "Only the focal point and the head of a delegation can say this for it.", code="not-allowed"
            )
        item = self._item(visit, need)
        if state is None and not item.is_own and not item.missing:
            raise Conflict("The coordinator has recorded this; ask them to change it.", code="not-allowed")
        if state is not None and (need, state) not in MENDABLE:
            raise InvalidInput.of("state", state, f"cannot be said of a {need} here", "Press a button.")
        if need is Need.LIST and state is not None and mark != visit.mark:
            raise Conflict(
                "Somebody else has changed the list of your delegation meanwhile. Look at it again.",
                code="list-changed",
            )

    def _item(self, visit: Visit, need: Need) -> OwedView:
        meeting, code = visit.meeting, visit.attendee.delegation
        found = meeting.contribution(code, need)
        own = found is not None and found.by in {signature(item) for item in visit.delegation}
        place = self._planner.directory.place_of(code, found.at) if found else None
        return OwedView(
            need=need.value,
            missing=is_missing(meeting, code, need),
            state=found.state.value if found else "",
            since=local_time(found.at, place) if found and place else None,
            by=said_by(found.by) if found and own else None,
            note=found.note if found else None,
            is_own=own,
        )
