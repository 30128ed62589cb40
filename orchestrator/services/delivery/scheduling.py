"""What beat does at every tick: mend, mark what is too late, claim what is due."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from orchestrator.domain.delivery.breaker import Breaker
from orchestrator.domain.timelines.kinds import Work
from orchestrator.ports import Clock, WakeUp
from orchestrator.store.answers import read_mailbox
from orchestrator.store.delivery import breakers, claims, deliveries, due
from orchestrator.store.delivery.claims import Claimed
from orchestrator.store.engine import Database

_LOG = logging.getLogger(__name__)
_KEPT = timedelta(days=30)
"""How long a mail is kept that was never accepted, so that it could still be sent again as it was."""

Queued = Callable[[Work], Collection[int] | None]
"""Says which ids wait in the broker's queue of a lane; ``None`` when that cannot be told now."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How claims are made: actions a task, actions out at a time in a lane, and how long a claim lasts.

    ``reads_mailbox`` says whether there is a mailbox to read.
    """

    batch_size: int
    most_claimed: int
    lease: timedelta
    reads_mailbox: bool = False


class Handout(list[int]):
    """The ids of one task, and the lane that they go to."""

    def __init__(self, lane: Work, ids: Iterable[int]) -> None:
        super().__init__(ids)
        self.lane = lane


def _batch(item: Claimed) -> tuple[int, str]:
    return item.meeting_id or 0, item.kind


def _nothing_waits(_: Work) -> Collection[int]:
    return ()


class Scheduling:
    """Claims due actions in batches of one meeting and kind; safe to run in several beats at once."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        lease_clock: Clock,
        wake_up: WakeUp,
        policy: Policy,
        at_begin: Callable[[], object] = lambda: None,
        daily: Callable[[], object] = lambda: None,
        before_claiming: Callable[[], object] = lambda: None,
    ) -> None:
        """``clock`` decides what is due; ``lease_clock`` is the machine's, and measures claims and pauses.

        ``at_begin`` is done once when a beat begins; whatever goes wrong in it keeps no beat from working.
        So it is with ``daily``, which is done at the first look and once a day. ``before_claiming`` is
        done at every look, once what is too late is marked.
        """
        self._database = database
        self._clock = clock
        self._lease_clock = lease_clock
        self._wake_up = wake_up
        self._policy = policy
        self._at_begin = at_begin
        self._daily = daily
        self._before_claiming = before_claiming
        self._tidy_at: datetime | None = None

    def begin(self) -> None:
        """Make sure that the mailbox is read from time to time, if there is one, and that plans are new.

        Lanes that pause are tried at once: a service is often started again because something was mended.
        """
        # Another beat may just have made the action.
        with suppress(IntegrityError), self._database.transaction() as session:
            read_mailbox.keep(session, self._clock.now(), wanted=self._policy.reads_mailbox)
        with self._database.transaction() as session:
            breakers.probe_now(session, self._lease_clock.now())
        try:
            self._at_begin()
        except Exception:  # noqa: BLE001 - an old plan is better than no beat.
            _LOG.exception("plans are not brought up to date; try 'orchestrator calendar recalculate'")

    def claim(self, queued: Queued = _nothing_waits) -> list[Handout]:
        """Claim what is due and return the ids in batches, ready to be published.

        ``queued`` is asked only about claims that no worker has begun in their time: what waits in the broker
        is not claimed again, what does not is lost.
        """
        waiting = self._waiting(queued)
        now, real_now = self._clock.now(), self._lease_clock.now()
        is_new_day = self._tidy_at is None or now >= self._tidy_at
        if is_new_day:
            self._do_daily()
        with self._database.transaction() as session:
            if waiting:
                claims.keep(session, waiting, real_now + self._policy.lease)
            if is_new_day:
                deliveries.forget_mails(session, now - _KEPT)
                self._tidy_at = now + timedelta(days=1)
            claims.expire_leases(session, real_now)
            claims.mark_missed(session, now)
        self._before_claiming()
        with self._database.transaction() as session:
            claimed = self._claim_due(session, now, real_now)
        return [batch for lane, items in claimed.items() for batch in self._batches(lane, items)]

    def _do_daily(self) -> None:
        try:
            self._daily()
        except Exception:  # noqa: BLE001 - what is not tidied today is tidied tomorrow.
            _LOG.exception("documents are not tidied; look with 'orchestrator doctor'")

    def release(self, ids: list[int]) -> None:
        """Give a batch back that could not be published; it is claimed again at the next tick."""
        with self._database.transaction() as session:
            claims.unclaim(session, ids)

    def seconds_until_due(self, longest: float) -> float:
        """Return how long there is nothing to claim, at most ``longest`` seconds.

        A lane that is full counts for nothing: a worker that has ended a batch wakes the beats. One that
        pauses counts when it is probed.
        """
        with self._database.reading() as session:
            following, out = due.next_by_lane(session), due.out(session)
            known = breakers.all_of(session)
        open_lanes = (lane for lane in following if out.get(lane, 0) < self._policy.most_claimed)
        waits = (self._wait_of(following[lane], known.get(lane)) for lane in open_lanes)
        return min(longest, max(0.0, min(waits, default=longest)))

    def wait(self, seconds: float) -> None:
        """Sleep until something commits due work, at most ``seconds``."""
        self._wake_up.wait(seconds)

    def _waiting(self, queued: Queued) -> set[int]:
        """Return the claims whose time is over although they wait in the broker, or may."""
        with self._database.reading() as session:
            late = due.not_begun(session, self._lease_clock.now())
        waiting: set[int] = set()
        for lane, ids in late.items():
            found = queued(lane)
            waiting.update(ids if found is None else set(ids).intersection(found))
        return waiting

    def _claim_due(self, session: Session, now: datetime, real_now: datetime) -> dict[Work, list[Claimed]]:
        """Claim what is due, in each lane as much as there is room for."""
        lanes = [lane for lane, at in due.next_by_lane(session).items() if at <= now]
        if not lanes:
            return {}
        known, out = breakers.all_of(session, lock=True), due.out(session)
        lease_until = real_now + self._policy.lease
        claimed = {}
        for lane in lanes:
            breaker = known.get(lane)
            room = self._policy.most_claimed - out.get(lane, 0)
            if breaker is not None and breaker.is_open:
                room = min(room, 1) if _may_probe(breaker, real_now) else 0
            if room <= 0:
                continue
            claimed[lane] = claims.claim(session, lane, now=now, lease_until=lease_until, limit=room)
            if breaker is not None and breaker.is_open and claimed[lane]:
                breakers.put(session, breaker.probing(claimed[lane][0].id, lease_until))
        return claimed

    def _wait_of(self, at: datetime, breaker: Breaker | None) -> float:
        wait = (at - self._clock.now()).total_seconds()
        probe_at = breaker.probe_at() if breaker else None
        return max(wait, (probe_at - self._lease_clock.now()).total_seconds()) if probe_at else wait

    def _batches(self, lane: Work, claimed: list[Claimed]) -> list[Handout]:
        size = self._policy.batch_size
        batches = []
        for _, group in groupby(sorted(claimed, key=_batch), key=_batch):
            ids = [item.id for item in group]
            batches += [Handout(lane, ids[start : start + size]) for start in range(0, len(ids), size)]
        return batches


def _may_probe(breaker: Breaker, real_now: datetime) -> bool:
    at = breaker.probe_at()
    return at is not None and at <= real_now
