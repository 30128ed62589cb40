"""What is still missing from a delegation, on the page of those who speak for it, and giving it there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import Contribution, ContributionState, Need
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.domain.timelines.needs import is_missing
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.facts import Fact, Said
from orchestrator.ports import Clock
from orchestrator.services.people.links import Links
from orchestrator.services.personal.by_link import ByLink
from orchestrator.services.personal.followed_link import (
    FollowedLink,
    follow,
    require_open,
    signature,
    why_closed,
)
from orchestrator.services.readiness.contributions import contribution_change
from orchestrator.services.readiness.readiness import Readiness
from orchestrator.services.readiness.views import ConnectionTestView, said_by
from orchestrator.services.timelines.changing import MeetingChange
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
class NeedView:
    """One thing that is wanted from a delegation. ``since`` is in the reader's time.

    ``is_own`` says that it is the delegation's own word, which can be taken back from here.
    """

    need: str
    missing: bool
    state: str
    since: LocalTime | None
    by: Said | None
    note: str | None
    is_own: bool


@dataclass(frozen=True, slots=True)
class StillMissingView:
    """What is wanted from a delegation, and when it tries its connection; ``test_over`` once that is past."""

    items: tuple[NeedView, ...]
    connection_test: ConnectionTestView | None
    test_over: bool = False

    @property
    def missing(self) -> tuple[NeedView, ...]:
        """What has not come in yet."""
        return tuple(item for item in self.items if item.missing)

    @property
    def settled(self) -> tuple[NeedView, ...]:
        """What is in, or need not come."""
        return tuple(item for item in self.items if item.state and not item.missing)


class StillMissing:
    """The use cases of that section of the page."""

    def __init__(
        self,
        database: Database,
        planner: Planner,
        readiness: Readiness,
        by_link: ByLink,
        links: Links,
        clock: Clock,
    ) -> None:
        self._database = database
        self._planner = planner
        self._readiness = readiness
        self._by_link = by_link
        self._links = links
        self._clock = clock

    def view(self, token: str) -> StillMissingView | None:
        """Return what is wanted from the delegation of a reader; changes nothing.

        ``None`` for readers who do not speak for it, and where nothing can be given yet or any more. Raises
        ``NotFound`` for a token that was never given out, and ``LinkClosedError`` for one that opens nothing
        any more.
        """
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            link = follow(session, signed, now)
        meeting = link.meeting
        if not link.speaks or meeting.uid is None or meeting.tentative or why_closed(meeting, now):
            return None
        code = link.attendee.delegation
        owed = self._readiness.owed(meeting)[code]
        items = tuple(self._item(link, need) for need in Need if need in owed)
        test = self._readiness.connection_test(meeting, code)
        over = any(item.delegation == code and item.ends_at <= now for item in meeting.connection_tests)
        return StillMissingView(items, test, over)

    def settle(
        self, token: str, need: Need, state: ContributionState | None, *, mark: str | None = None
    ) -> bool:
        """Record what the reader says of a need, or take back their delegation's own word with no state.

        With ``mark`` the list of the delegation must still be the one that was looked at. False when it
        stood so already. Raises ``InvalidInput`` for what cannot be said here, ``Conflict`` for a person who
        may not, a meeting that has begun, or a list that another person has changed, and what
        ``ByLink.change`` raises.
        """
        changed: list[bool] = []

        def command(_: Session, link: FollowedLink, now: datetime) -> MeetingChange | None:
            self._require_possible(link, need, state, mark, now)
            code = link.attendee.delegation
            wanted = Contribution(code, need, state, link.signature, now) if state else None
            change = contribution_change(link.meeting, code, need, wanted, caller=link.caller)
            changed.append(change is not None)
            return change

        self._by_link.change(token, command, announced=False)
        return any(changed)

    def _require_possible(
        self, link: FollowedLink, need: Need, state: ContributionState | None, mark: str | None, now: datetime
    ) -> None:
        require_open(link.meeting, now)
        if not link.speaks:
            raise Conflict(Fact.of("personal.only-spokespeople-say"), code="not-allowed")
        item = self._item(link, need)
        if state is None and not item.is_own and not item.missing:
            raise Conflict(Fact.of("personal.coordinator-recorded"), code="not-allowed")
        if state is not None and (need, state) not in MENDABLE:
            wrong = Fact.of("personal.cannot-be-said", need=need.value)
            raise InvalidInput.of("state", state, wrong, Fact.of("personal.cannot-be-said.remedy"))
        if need is Need.LIST and state is not None and mark != link.mark:
            raise Conflict(Fact.of("personal.list-changed-look-again"), code="list-changed")

    def _item(self, link: FollowedLink, need: Need) -> NeedView:
        meeting, code = link.meeting, link.attendee.delegation
        found = meeting.contribution(code, need)
        own = found is not None and found.by in {signature(item) for item in link.delegation}
        place = self._planner.directory.place_of(code, found.at) if found else None
        return NeedView(
            need=need.value,
            missing=is_missing(meeting, code, need),
            state=found.state.value if found else "",
            since=local_time(found.at, place) if found and place else None,
            by=said_by(found.by) if found and own else None,
            note=found.note if found else None,
            is_own=own,
        )
