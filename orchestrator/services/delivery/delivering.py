"""Doing what is due: the worker's side of the schedule.

Every action in a batch is its own unit of success, failure and record. No transaction is open while
the network is: a mail's delivery row is committed as ``sending``, then it is sent, then the outcome
is recorded. Before anything leaves, the action is held against the meeting as it is now.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from orchestrator.domain.letters.message import Letter, assemble
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import Conference, Meeting, MeetingStatus
from orchestrator.domain.people.caller import SERVICE
from orchestrator.domain.time.zones import local_time
from orchestrator.domain.timelines.actions import ActionState, CancelCode, retry_at
from orchestrator.domain.timelines.kinds import ActionKind, Conditional, Work
from orchestrator.domain.timelines.objections import no_longer_called_for, objection
from orchestrator.errors import DeliveryError, InvalidInput, NotFound, PermanentFailure, TransientFailure
from orchestrator.facts import Fact, plain
from orchestrator.ports import (
    Clock,
    ConferenceInfo,
    ConferenceProvider,
    ConferenceRequest,
    DocumentStore,
    Mailer,
    MailSession,
    WakeUp,
)
from orchestrator.services.answers.inbox import Inbox
from orchestrator.services.letters.letters import Letters, Occasion
from orchestrator.services.letters.occasions import Occasions
from orchestrator.services.meetings.linking import Linking
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.delivery import claims, deliveries
from orchestrator.store.delivery.claims import Held, Taken
from orchestrator.store.delivery.deliveries import Earlier, Key, Told
from orchestrator.store.engine import Database, Executor
from orchestrator.store.meetings import history, saving
from orchestrator.store.meetings import linked as linked_store
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.delivery import DeliveryState

_LOG = logging.getLogger(__name__)
_MOST_CRASHES = 5
_LONGEST_ANSWER = 2000


@dataclass(frozen=True, slots=True)
class Outside:
    """The world that actions act upon; without a mailbox there is no ``inbox``."""

    mailer: Mailer
    conferences: ConferenceProvider
    documents: DocumentStore
    inbox: Inbox | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """An action and its meeting as they were at one moment."""

    held: Held
    meeting: Meeting


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter, and what it was written from; it is good as long as that is still so."""

    seen: Seen
    occasion: Occasion
    letter: Letter
    content: bytes


@dataclass(frozen=True, slots=True)
class Ready:
    """A mail whose delivery row is committed as ``sending``."""

    delivery_id: int
    sender: str
    recipient: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that the server has accepted and that is not recorded yet."""

    item: Taken
    delivery_id: int
    answer: str


@dataclass(slots=True)
class Batch:
    """What the actions of one task have in common, read once for all of them."""

    mail: MailSession
    seen: Mapping[int, Seen]
    earlier: Mapping[Key, Earlier]
    told: Mapping[int, Told]
    accepted: Accepted | None = None


class Delivering:
    """Performs claimed actions."""

    def __init__(
        self,
        database: Database,
        planner: Planner,
        occasions: Occasions,
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
        self._planner = planner
        self._occasions = occasions
        self._letters = letters
        self._outside = outside
        self._linking = Linking(planner)
        self._clock = clock
        self._lease_clock = lease_clock
        self._wake_up = wake_up
        self._lease = lease
        self._jitter = jitter
        self._meetings: dict[int, tuple[int, Meeting]] = {}

    def deliver(self, action_ids: Sequence[int]) -> int:
        """Perform the claimed actions among ``action_ids`` and return how many were in hand.

        Safe to call any number of times with the same ids: only claims that nobody has taken are.
        """
        with self._database.transaction() as session:
            # Meetings are locked before their actions, as everywhere, or a change of the meeting and
            # this could each wait for the other.
            numbers = claims.meetings_of(session, action_ids)
            meetings = {number: self._meeting(session, number) for number in numbers}
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
            self._settle_last(batch)
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
                    self._turn(item)
                case Work.MAIL:
                    self._send(item, batch)
                case Work.CONFERENCE:
                    self._confer(item)
        except DeliveryError as error:
            self._record_failure(item, error)
        except Exception as error:  # noqa: BLE001 - one action's defect must not take others along.
            _LOG.exception("action %s failed unexpectedly", item.id)
            self._record_failure(item, _as_failure(error, item.attempt))

    def _read_mailbox(self, item: Taken) -> None:
        """Read the mailbox; the same action comes round again, whether that went well or not."""
        if self._outside.inbox is None:
            raise PermanentFailure("no mailbox is set any more, so there is nothing to read")
        reason = None
        try:
            self._outside.inbox.read_mailbox(lambda: self._renew([item]))
        except DeliveryError as error:
            reason = error.fact
            _LOG.warning("the mailbox could not be read: %s", error.code)
        now = self._clock.now()
        due_at = now + self._outside.inbox.interval
        with self._database.statements() as connection:
            claims.finish(connection, item, ActionState.SCHEDULED, now, reason=reason, due_at=due_at)

    # Mail

    def _send(self, item: Taken, batch: Batch) -> None:
        ready: Ready | Seen | None = batch.seen.get(item.id)
        while isinstance(ready, Seen):
            ready = self._announce(item, batch, self._draft(ready, batch))
        if ready is None:
            return
        try:
            answer = batch.mail.send(sender=ready.sender, recipient=ready.recipient, content=ready.content)
        except DeliveryError as error:
            self._record_failure(item, error, ready.delivery_id)
            return
        batch.accepted = Accepted(item, ready.delivery_id, answer)

    def _draft(self, seen: Seen, batch: Batch) -> Draft | None:
        """Write the letter, before the transaction, which keeps other writers waiting the shorter for it."""
        now = self._clock.now()
        held, meeting = seen.held, seen.meeting
        if objection(held.action, meeting, held.attendee, now) is not None:
            return None
        told = batch.told.get(held.attendee.id) if held.attendee is not None else None
        occasion = self._occasions.of(held, meeting, told)
        if held.attendee is None:
            letter = self._letters.to_coordinator(meeting, occasion, now)
        else:
            letter = self._letters.to_attendee(meeting, held.attendee, occasion, now)
        return Draft(seen, occasion, letter, assemble(letter))

    def _announce(self, item: Taken, batch: Batch, draft: Draft | None) -> Ready | Seen | None:
        """Record the message before, look again, and commit this one as ``sending``: one transaction.

        Returns what is seen now when it is not what the letter was written from, and ``None`` when
        nothing is to be sent any more.
        """
        now = self._clock.now()
        with self._database.statements() as connection:
            # The meeting is locked first, for both: a batch is of one meeting.
            meeting = self._meeting(connection, item.of_meeting)
            self._settle(connection, batch, now)
            seen = self._still_wanted(connection, item, meeting, now)
            fitting = draft is not None and draft.seen == seen
            ready = self._begin(connection, item, draft, batch, now) if draft and fitting else None
        batch.accepted = None
        return ready if fitting else seen

    def _settle(self, executor: Executor, batch: Batch, now: datetime) -> None:
        """Record that the last message was accepted; its meeting is locked already."""
        if batch.accepted is not None:
            item, delivery_id = batch.accepted.item, batch.accepted.delivery_id
            said = _server_said(batch.accepted.answer)
            deliveries.end(executor, delivery_id, DeliveryState.SENT, said, now)
            self._finish(executor, item, ActionState.SUCCEEDED, now)

    def _settle_last(self, batch: Batch) -> None:
        if batch.accepted is not None:
            with self._database.statements() as connection:
                store.saves(connection, batch.accepted.item.of_meeting)
                self._settle(connection, batch, self._clock.now())

    def _begin(
        self, connection: Connection, item: Taken, draft: Draft, batch: Batch, now: datetime
    ) -> Ready | None:
        new = self._new_delivery(draft, now)
        before = batch.earlier.get((new.action_id, new.recipient, new.channel, new.purpose))
        # What a slow worker sent of an older revision does not stand for this one.
        if before is not None and before.state is DeliveryState.SENT and before.revision == new.revision:
            self._finish(
                connection, item, ActionState.SUCCEEDED, now, reason=Fact.of("delivery.sent-already")
            )
            return None
        delivery_id = deliveries.begin(connection, new, before, now)
        return Ready(delivery_id, draft.letter.envelope_sender, new.recipient, draft.content)

    def _still_wanted(self, executor: Executor, item: Taken, meeting: Meeting, now: datetime) -> Seen | None:
        """Return action and meeting as they are now, unless the action has lost its point.

        The meeting cannot change before the transaction ends, so a cancellation either is seen here
        or sees the delivery.
        """
        held = claims.held(executor, item)
        if held is None:
            return None
        against = objection(held.action, meeting, held.attendee, now)
        conditional = against is None and self._is_conditional(held, meeting)
        if conditional and not self._planner.calls_for(meeting, held.action):
            against = no_longer_called_for(held.action, self._planner.why_dropped(meeting, held.action))
        if against is not None:
            self._finish(executor, item, against.state, now, reason=against.reason, code=against.code)
            return None
        return Seen(held, meeting)

    def _is_conditional(self, held: Held, meeting: Meeting) -> bool:
        """Whether the plan has to be asked again, because more than meeting and attendee decides."""
        conditional = held.action.kind.rules.conditional
        if conditional is not Conditional.WHERE_ITS_STEP_IS:
            return conditional is Conditional.ALWAYS
        step = self._planner.timeline(meeting).named(held.step)
        return step is not None and step.when is not None

    def _meeting(self, executor: Executor, meeting_id: int) -> Meeting:
        """The meeting, share-locked; loaded again only when it was saved since this worker saw it."""
        saves = store.saves(executor, meeting_id)
        known = self._meetings.get(meeting_id)
        if known is None or known[0] != saves:
            with self._database.reading() as session:
                known = (saves, store.load(session, meeting_id))
            self._meetings = {meeting_id: known}
        return known[1]

    def _new_delivery(self, draft: Draft, now: datetime) -> deliveries.NewDelivery:
        held, meeting = draft.seen.held, draft.seen.meeting
        attendee, action = held.attendee, held.action
        place = self._planner.directory.place_of(attendee.delegation if attendee else meeting.host, now)
        return deliveries.NewDelivery(
            action_id=action.id,
            meeting_id=meeting.id,
            attendee_id=attendee.id if attendee else None,
            recipient=draft.letter.recipient.address,
            channel=self._outside.mailer.channel,
            purpose=draft.occasion.purpose,
            message_id=draft.letter.message_id,
            subject=draft.letter.subject,
            sequence=draft.occasion.sequence,
            # What is sent again, for whatever reason, tells the revision that is current.
            revision=meeting.revision if action.kind.rules.tells_current else action.revision,
            local_time=Fact.of("text", text=local_time(now, place)),
        )

    # The conference, and the end of the meeting

    def _confer(self, item: Taken) -> None:
        with self._database.transaction() as session:
            meeting = self._meeting(session, item.of_meeting)
            seen = self._still_wanted(session, item, meeting, self._clock.now())
            if seen is None:
                return
            request = _conference_request(seen.meeting)
        if item.kind is ActionKind.CONFERENCE_DELETE:
            self._outside.conferences.delete(request)
            info = None
        else:
            info = self._outside.conferences.ensure(request)
        with self._database.transaction() as session:
            now = self._clock.now()
            # The meeting is locked before its action, in the same order as everywhere else.
            meeting = store.load(session, item.of_meeting, lock=True)
            if not self._finish(session, item, ActionState.SUCCEEDED, now):
                return
            conference = _conference_with(meeting, info)
            meeting = saving.save(
                session, lifecycle.with_link(meeting, conference, now), now, by_person=False
            )
            if info is not None and info.join_url != seen.meeting.conference.join_url:
                history.note(
                    session, meeting.id, SERVICE, Fact.of("delivery.history.link-ready"), now, info.join_url
                )
            self._planner.replan(session, meeting, now)

    def _turn(self, item: Taken) -> None:
        """Conclude the meeting, or make a save-the-date a meeting."""
        now, turn = self._clock.now(), item.kind.rules.turn
        if turn is None:
            raise ValueError(f"no meeting is turned by '{item.kind}'")
        with self._database.transaction() as session:
            # What it prepares is written to as well, so all of them are locked, in the order of everybody.
            linked_store.lock_chain(session, item.of_meeting)
            # What this worker remembers of the meeting may lack answers that came since.
            meeting = store.load(session, item.of_meeting, lock=True)
            if self._still_wanted(session, item, meeting, now) is None:
                return
            self._finish(session, item, ActionState.SUCCEEDED, now)
            meeting = saving.save(session, turn.changed(meeting, now), now, by_person=False)
            history.note(session, meeting.id, SERVICE, turn.history, now)
            self._planner.replan(session, meeting, now)
            if meeting.status is MeetingStatus.CONCLUDED:
                self._linking.carry_over(session, meeting, now)

    # Outcomes

    def _finish(
        self,
        executor: Executor,
        item: Taken,
        state: ActionState,
        now: datetime,
        *,
        reason: Fact | None = None,
        code: CancelCode | None = None,
        due_at: datetime | None = None,
    ) -> bool:
        """Record how the attempt ended, and let go what waited for it to end.

        False when a newer attempt holds the action by now.
        """
        recorded = claims.finish(executor, item, state, now, reason=reason, code=code, due_at=due_at)
        if recorded and state is not ActionState.SCHEDULED:
            claims.release_waiters(executor, item, now)
        return recorded

    def _record_failure(self, item: Taken, error: DeliveryError, delivery_id: int | None = None) -> None:
        now = self._clock.now()
        with self._database.transaction() as session:
            if item.meeting_id is not None:
                store.saves(session, item.meeting_id)
            held = claims.held(session, item)
            if held is None:
                return  # A newer attempt has it in hand, and its delivery too.
            if delivery_id is not None:
                self._end_delivery(session, delivery_id, error, now)
            state, due_at = self._after(error, held, now)
            self._finish(session, item, state, now, reason=error.fact, due_at=due_at)
        # The message may name a person; it stands in the action's reason, not in the log.
        _LOG.warning("action %s: %s, now %s", item.id, error.code, state)

    def _end_delivery(self, session: Session, delivery_id: int, error: DeliveryError, now: datetime) -> None:
        """An unknown outcome leaves the row in ``sending``, which is what ``unknown`` looks like."""
        if isinstance(error, TransientFailure) and error.unknown:
            return
        state = DeliveryState.DEFERRED if error.retryable else DeliveryState.FAILED
        said = _server_said(error.answer) if error.answer else error.fact
        deliveries.end(session, delivery_id, state, said, now)

    def _after(self, error: DeliveryError, held: Held, now: datetime) -> tuple[ActionState, datetime | None]:
        """Return the state after a failure, and when to try again."""
        if not isinstance(error, TransientFailure):
            return ActionState.FAILED, None
        again = retry_at(now, held.attempt, self._jitter(), error.retry_after)
        return (ActionState.SCHEDULED, again) if again < held.action.expires else (ActionState.MISSED, None)


def _server_said(answer: str) -> Fact:
    """Return what a server has answered, as much of it as is kept."""
    return plain(answer[:_LONGEST_ANSWER])


def _as_failure(error: Exception, attempt: int) -> DeliveryError:
    """What went wrong on our side: a plain refusal stands, a defect is tried a few times, for it may pass."""
    if isinstance(error, (InvalidInput, NotFound)):
        return PermanentFailure(error.message, code=error.code)
    message = f"an unexpected error ({type(error).__name__}); the worker's log has the details"
    return TransientFailure(message) if attempt < _MOST_CRASHES else PermanentFailure(message)


def _conference_request(meeting: Meeting) -> ConferenceRequest:
    return ConferenceRequest(
        external_id=meeting.conference.external_id,
        subject=meeting.title_en,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        provider_id=meeting.conference.provider_id,
    )


def _conference_with(meeting: Meeting, info: ConferenceInfo | None) -> Conference:
    """The conference as known after the provider answered; ``None`` means it was removed.

    A link entered by hand meanwhile stays; the provider's meeting is remembered so that it can go.
    """
    known = meeting.conference
    provider_id, offered = (info.provider_id, info.join_url) if info else (None, None)
    join_url = known.join_url if known.by_hand else offered
    return replace(known, provider_id=provider_id, join_url=join_url, attempted=True)
