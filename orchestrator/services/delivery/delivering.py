"""Doing what is due: the worker's side of the schedule.

Every action in a batch is its own unit of success, failure and record. No transaction is open while
the network is: a mail's delivery row is committed as ``sending``, then it is sent, then it is recorded how
that went. Before anything leaves, the action is held against the meeting as it is now.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.domain.timelines.kinds import Work
from orchestrator.errors import DeliveryError, PermanentFailure
from orchestrator.facts import Fact
from orchestrator.ports import Clock, ConferenceProvider, DocumentStore, Mailer, WakeUp
from orchestrator.services.answers.inbox import Inbox
from orchestrator.services.delivery.endings import Endings
from orchestrator.services.delivery.in_hand import Looking, Seen
from orchestrator.services.delivery.meeting_work import MeetingWork
from orchestrator.services.delivery.sending import Batch, Sending
from orchestrator.services.letters.content_finder import ContentFinder
from orchestrator.services.letters.letters import Letters
from orchestrator.services.meetings.linking import Linking
from orchestrator.services.timelines.changing import Changing
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.delivery import claims, deliveries
from orchestrator.store.delivery.claims import Taken
from orchestrator.store.engine import Database

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outside:
    """The world that actions act upon; without a mailbox there is no ``inbox``."""

    mailer: Mailer
    conferences: ConferenceProvider
    documents: DocumentStore
    inbox: Inbox | None = None


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
    ) -> None:
        """``lease_clock`` is the machine's time; ``jitter`` returns numbers in [0, 1]."""
        self._database = database
        self._outside = outside
        self._clock = clock
        self._lease_clock = lease_clock
        self._wake_up = wake_up
        self._lease = lease
        self._endings = Endings(database, clock, jitter)
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

    def deliver(self, action_ids: Sequence[int]) -> int:
        """Perform the claimed actions among ``action_ids`` and return how many were in hand.

        Safe to call any number of times with the same ids: only claims that no worker has taken are. What
        goes wrong with an action is recorded with it. Raises what opening the mail server raises.
        """
        with self._database.transaction() as session:
            # Meetings are locked before their actions, as everywhere, or a change of the meeting and
            # this could each wait for the other.
            numbers = claims.meetings_of(session, action_ids)
            meetings = {number: self._looking.meeting(session, number) for number in numbers}
            taken = claims.take(session, action_ids, self._lease_end())
            ids = [item.id for item in taken]
            held = claims.held_of(session, taken)
            seen = {
                item.id: Seen(held[item.id], meetings[item.meeting_id])
                for item in taken
                if item.id in held and item.meeting_id is not None
            }
            earlier, told = deliveries.earlier(session, ids), deliveries.told(session, ids)
        renew_at = self._lease_clock.now() + self._lease / 3
        with self._outside.mailer.session() as mail:
            batch = Batch(mail, seen, earlier, told)
            for index, item in enumerate(taken):
                if self._lease_clock.now() >= renew_at:
                    renew_at = self._renew(taken[index:])
                self._perform(item, batch)
        if taken:
            self._wake_up.notify()
        return len(taken)

    def _lease_end(self) -> datetime:
        return self._lease_clock.now() + self._lease

    def _renew(self, remaining: Sequence[Taken]) -> datetime:
        with self._database.transaction() as session:
            claims.renew(session, remaining, self._lease_end())
        return self._lease_clock.now() + self._lease / 3

    def _perform(self, item: Taken, batch: Batch) -> None:
        """Do one action; whatever goes wrong with it stays with it."""
        try:
            match item.kind.rules.work:
                case Work.MAILBOX:
                    self._read_mailbox(item)
                case Work.TURN:
                    self._meeting_work.turn(item)
                case Work.MAIL:
                    self._sending.send(item, batch)
                case Work.CONFERENCE:
                    self._meeting_work.confer(item)
        except DeliveryError as error:
            self._endings.failed(item, error)
        except Exception as error:  # noqa: BLE001 - one action's defect must not take others along.
            _LOG.exception("action %s failed unexpectedly", item.id)
            self._endings.failed(item, error)

    def _read_mailbox(self, item: Taken) -> None:
        """Read the mailbox; the same action comes round again, whether that went well or not."""
        inbox = self._outside.inbox
        if inbox is None:
            raise PermanentFailure(Fact.of("delivery.no-mailbox"))
        reason = None
        try:
            inbox.read_mailbox(lambda: self._renew([item]))
        except DeliveryError as error:
            reason = error.fact
            _LOG.warning("the mailbox could not be read: %s", error.code)
        due_at = self._clock.now() + inbox.interval
        with self._database.statements() as connection:
            self._endings.again_at(connection, item, due_at, reason)
