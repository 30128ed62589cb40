"""Doing what is due: the worker's side of the schedule.

Every action in a batch is its own unit of success, failure and record. No transaction is open while
the network is: a mail's delivery row is committed as ``sending``, then it is sent, then it is recorded how
that went. Before anything leaves, the action is held against the meeting as it is now.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.domain.timelines.kinds import Work
from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure
from orchestrator.facts import Fact
from orchestrator.ports import Clock, ConferenceProvider, DocumentStore, Mailer, SignsOfLife, WakeUp, Watchdog
from orchestrator.services.answers.inbox import Inbox
from orchestrator.services.delivery.breakers import Breakers, Gate
from orchestrator.services.delivery.endings import Endings
from orchestrator.services.delivery.in_hand import Attempt, Looking, Seen
from orchestrator.services.delivery.meeting_work import MeetingWork
from orchestrator.services.delivery.patience import DATABASE_AWAY, DatabasePatience
from orchestrator.services.delivery.sending import Batch, Sending
from orchestrator.services.letters.content_finder import ContentFinder
from orchestrator.services.letters.letters import Letters
from orchestrator.services.meetings.linking import Linking
from orchestrator.services.timelines.changing import Changing
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.delivery import claims, deliveries
from orchestrator.store.delivery.claims import Taken
from orchestrator.store.delivery.deliveries import Earlier, Key, SentBefore
from orchestrator.store.engine import Database

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outside:
    """The world that actions act upon; without a mailbox there is no ``inbox``."""

    mailer: Mailer
    conferences: ConferenceProvider
    documents: DocumentStore
    inbox: Inbox | None = None


@dataclass(frozen=True, slots=True)
class _InHand:
    """What a worker has in hand of one task, read once for all of it."""

    taken: Sequence[Taken]
    gate: Gate
    seen: Mapping[int, Seen]
    earlier: Mapping[Key, Earlier]
    told: Mapping[int, SentBefore]


class Delivering:
    """Performs claimed actions."""

    def __init__(
        self,
        database: Database,
        planner: Planner,
        changing: Changing,
        content_finder: ContentFinder,
        letters: Letters,
        outside: Outside,
        *,
        clock: Clock,
        lease_clock: Clock,
        wake_up: WakeUp,
        lease: timedelta,
        jitter: Callable[[], float],
        pause: Callable[[float], object] = time.sleep,
        watchdog: Watchdog | None = None,
        life: Callable[[str], SignsOfLife] | None = None,
    ) -> None:
        """``lease_clock`` is the machine's time; ``jitter`` returns numbers in [0, 1]; ``pause`` sleeps.

        ``watchdog`` ends the process when a single action hangs, ``life`` is told of a lane's server.
        """
        self._life = life
        self._watchdog = watchdog
        self._database = database
        self._outside = outside
        self._clock = clock
        self._lease_clock = lease_clock
        self._wake_up = wake_up
        self._lease = lease
        # A claim is renewed when a third of it has passed, so another third is left for waiting.
        self._patience = DatabasePatience(lease / 3, pause)
        self._breakers = Breakers(database, lease_clock, jitter)
        self._endings = Endings(database, clock, jitter, self._patience)
        self._looking = Looking(database, planner, self._endings)
        self._sending = Sending(
            database,
            planner.directory,
            content_finder,
            letters,
            self._looking,
            self._endings,
            channel=outside.mailer.channel,
            clock=clock,
        )
        self._meeting_work = MeetingWork(
            database, changing, Linking(planner), self._looking, self._endings, outside.conferences, clock
        )

    def deliver(self, action_ids: Sequence[int], lane: Work | None = None) -> int:
        """Perform the claimed actions among ``action_ids`` and return how many were in hand.

        ``lane`` is the one that the ids came through; by default that of the first of them. Safe to call any
        number of times with the same ids: only claims that no worker has taken are. What goes wrong with an
        action is recorded with it. While the lane pauses all are given back, and so is the rest when the
        server turns out to be away. Raises ``OperationalError`` when the database stays away.
        """
        try:
            return self._deliver(action_ids, lane)
        finally:
            if self._watchdog is not None:
                self._watchdog.end()

    def _deliver(self, action_ids: Sequence[int], lane: Work | None) -> int:
        self._still_here()
        hand = self._patience.insist(lambda: self._take(action_ids, lane))
        if hand is None:
            return 0
        left = list(hand.taken)
        try:
            self._work(hand, left)
        except DATABASE_AWAY as error:
            _LOG.warning("the database was away (%s); what is left is given back", type(error).__name__)
            self._give_back(left, Fact.of("delivery.database-away"))
        self._wake_up.notify()
        return len(hand.taken)

    def lanes(self, action_ids: Sequence[int]) -> dict[Work, list[int]]:
        """Return actions by the lane that they belong to, for ids that came without one."""
        with self._database.reading() as session:
            return claims.lanes_of(session, action_ids)

    def _take(self, action_ids: Sequence[int], lane: Work | None) -> _InHand | None:
        """Take what may be done now into this worker's hand; ``None`` when there is nothing."""
        with self._database.transaction() as session:
            wanted = claims.lanes_of(session, action_ids)
            through = lane or next(iter(wanted), None)
            if through is None or not wanted.get(through):
                return None
            gate = self._breakers.gate(session, through)
            if not all(gate.admits(number) for number in wanted[through]):
                claims.unclaim(session, wanted[through])
                return None
            # Meetings are locked before their actions, as everywhere, or a change of the meeting and
            # this could each wait for the other.
            numbers = claims.meetings_of(session, wanted[through])
            meetings = {number: self._looking.meeting(session, number) for number in numbers}
            taken = claims.take(session, wanted[through], self._lease_end())
            ids = [item.id for item in taken]
            held = claims.held_of(session, taken)
            seen = {
                item.id: Seen(held[item.id], meetings[item.meeting_id])
                for item in taken
                if item.id in held and item.meeting_id is not None
            }
            earlier, told = deliveries.earlier(session, ids), deliveries.told(session, ids)
        return _InHand(taken, gate, seen, earlier, told) if taken else None

    def _work(self, hand: _InHand, left: list[Taken]) -> None:
        """Do one action after the other; ``left`` keeps what has not been tried."""
        renew_at = self._lease_clock.now() + self._lease / 3
        with self._outside.mailer.session() as mail:
            batch = Batch(mail, hand.seen, hand.earlier, hand.told)
            while left:
                if self._lease_clock.now() >= renew_at:
                    renew_at = self._renew(left)
                item = left.pop(0)
                self._still_here()
                attempt = self._perform(item, batch)
                if attempt.asked:
                    self._tell(item.kind.rules.work, attempt.failure)
                if not attempt.asked:
                    hand.gate.untried(item.id)
                elif not hand.gate.passed(item.id, attempt.failure) and attempt.failure is not None:
                    self._give_back(left, Fact.of("delivery.waits", why=attempt.failure.fact))
                    return

    def _tell(self, lane: Work, failure: DeliveryError | None) -> None:
        """Tell how the server of a lane does; that it refuses one mail for good says nothing about it."""
        if self._life is not None:
            one_mail = lane is Work.MAIL and isinstance(failure, PermanentFailure)
            self._life(lane).met(f"server of {lane}", None if one_mail else failure)

    def _still_here(self) -> None:
        """Begin the time again that the next step may take."""
        if self._watchdog is not None:
            self._watchdog.begin()

    def _lease_end(self) -> datetime:
        return self._lease_clock.now() + self._lease

    def _renew(self, remaining: Sequence[Taken]) -> datetime:
        self._still_here()
        with self._database.transaction() as session:
            claims.renew(session, remaining, self._lease_end())
        return self._lease_clock.now() + self._lease / 3

    def _give_back(self, left: Sequence[Taken], reason: Fact) -> None:
        """Give back what was not tried, at once, so that it need not wait until its claim runs out."""

        def transaction() -> None:
            with self._database.transaction() as session:
                claims.give_back(session, left, reason)

        if left:
            self._patience.insist(transaction)

    def _perform(self, item: Taken, batch: Batch) -> Attempt:
        """Do one action; whatever goes wrong with it stays with it, but for a database that is away."""
        try:
            match item.kind.rules.work:
                case Work.MAILBOX:
                    return self._read_mailbox(item)
                case Work.TURN:
                    return self._meeting_work.by_itself(item)
                case Work.MAIL:
                    return self._sending.send(item, batch)
                case Work.CONFERENCE:
                    return self._meeting_work.confer(item)
        except DATABASE_AWAY:
            self._endings.failed(item, TransientFailure(Fact.of("delivery.database-away")))
            raise
        except DeliveryError as error:
            self._endings.failed(item, error)
            return Attempt(asked=True, failure=error)
        except Exception as error:  # noqa: BLE001 - one action's defect must not take others along.
            _LOG.exception("action %s failed unexpectedly", item.id)
            self._endings.failed(item, error)
            return Attempt(asked=False)

    def _read_mailbox(self, item: Taken) -> Attempt:
        """Read the mailbox; the same action comes round again, whether that went well or not."""
        inbox = self._outside.inbox
        if inbox is None:
            raise PermanentFailure(Fact.of("delivery.no-mailbox"))
        failure = None
        wait = inbox.interval
        try:
            inbox.read_mailbox(lambda: self._renew([item]))
        except DeliveryError as error:
            failure = error
            if isinstance(error, TransientFailure):
                wait = max(wait, timedelta(seconds=error.retry_after or 0))
            _LOG.warning("the mailbox could not be read: %s", error.code)
        due_at = self._clock.now() + wait
        self._endings.again_at(item, due_at, failure.fact if failure else None)
        return Attempt(asked=True, failure=failure)
