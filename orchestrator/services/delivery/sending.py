"""Sending mails: written first, announced in the ledger, sent without a transaction, then recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.letters.message import Letter
from orchestrator.domain.time.zones import local_time
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.objections import objection
from orchestrator.errors import DeliveryError
from orchestrator.facts import Fact
from orchestrator.ports import Clock, MailSession
from orchestrator.services.delivery.endings import Endings
from orchestrator.services.delivery.in_hand import Attempt, Looking, Seen
from orchestrator.services.delivery.kept_mail import (
    kept,
    message,
    still_holds,
    under_another_id,
    written_from,
)
from orchestrator.services.letters.content import LetterContent
from orchestrator.services.letters.content_finder import ContentFinder
from orchestrator.services.letters.letters import Letters
from orchestrator.store.delivery import deliveries
from orchestrator.store.delivery.claims import Taken
from orchestrator.store.delivery.deliveries import Earlier, Key, SentBefore
from orchestrator.store.engine import Database
from orchestrator.store.rows.delivery import DeliveryState


@dataclass(frozen=True, slots=True)
class Batch:
    """What the actions of one task have in common, read once for all of them."""

    mail: MailSession
    seen: Mapping[int, Seen]
    earlier: Mapping[Key, Earlier]
    told: Mapping[int, SentBefore]


@dataclass(frozen=True, slots=True)
class WrittenLetter:
    """A letter, and what it was written from; it is good as long as that is still so.

    ``content`` is the letter as it is kept, made before the transaction because that takes its time.
    """

    seen: Seen
    told: LetterContent
    letter: Letter
    content: bytes


@dataclass(frozen=True, slots=True)
class AnnouncedMail:
    """A mail whose delivery row is committed as ``sending``."""

    delivery_id: int
    sender: str
    recipient: str
    content: bytes


class Sending:
    """Sends the mails of actions, each recorded for itself."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        content_finder: ContentFinder,
        letters: Letters,
        looking: Looking,
        endings: Endings,
        *,
        channel: str,
        clock: Clock,
    ) -> None:
        """``channel`` is what the mails leave through, as the ledger calls it."""
        self._database = database
        self._directory = directory
        self._content_finder = content_finder
        self._letters = letters
        self._looking = looking
        self._endings = endings
        self._channel = channel
        self._clock = clock

    def send(self, item: Taken, batch: Batch) -> Attempt:
        """Send the mail of an action, unless it has lost its point, and record how that went.

        Raises ``NotFound`` and ``InvalidInput`` for a letter that cannot be written.
        """
        ready: AnnouncedMail | Seen | None = batch.seen.get(item.id)
        while isinstance(ready, Seen):
            ready = self._announce(item, batch, self._written(ready, batch))
        if ready is None:
            return Attempt(asked=False)
        try:
            answer = batch.mail.send(sender=ready.sender, recipient=ready.recipient, content=ready.content)
        except DeliveryError as error:
            self._endings.failed(item, error, ready.delivery_id)
            return Attempt(asked=True, failure=error)
        self._endings.accepted(item, ready.delivery_id, answer)
        return Attempt(asked=True)

    def _written(self, seen: Seen, batch: Batch) -> WrittenLetter | None:
        """Write the letter, before the transaction, which keeps other writers waiting the shorter for it."""
        now = self._clock.now()
        held, meeting = seen.held, seen.meeting
        if objection(held.action, meeting, held.attendee, now) is not None:
            return None
        told = batch.told.get(held.attendee.id) if held.attendee is not None else None
        content = self._content_finder.of(held, meeting, told)
        if held.attendee is None:
            letter = self._letters.to_coordinator(meeting, content, now)
        else:
            letter = self._letters.to_attendee(meeting, held.attendee, content, now)
        return WrittenLetter(seen, content, letter, kept(letter))

    def _announce(
        self, item: Taken, batch: Batch, written: WrittenLetter | None
    ) -> AnnouncedMail | Seen | None:
        """Look again, and commit the mail as ``sending``, in one transaction.

        Returns what is seen now when it is not what the letter was written from, and ``None`` when
        nothing is to be sent any more.
        """
        with self._database.statements() as connection:
            meeting = self._looking.meeting(connection, item.of_meeting)
            now = self._clock.now()
            seen = self._looking.still_wanted(connection, item, meeting, now)
            if written is None or written.seen != seen:
                return seen
            return self._begin(connection, item, written, batch, now)

    def _begin(
        self, connection: Connection, item: Taken, written: WrittenLetter, batch: Batch, now: datetime
    ) -> AnnouncedMail | None:
        held, letter = written.seen.held, written.letter
        key = (held.action.id, letter.recipient.address, self._channel, written.told.purpose)
        before = batch.earlier.get(key)
        # What a slow worker sent of an older revision does not stand for this one.
        if (
            before is not None
            and before.state is DeliveryState.SENT
            and before.revision == self._revision(written.seen)
        ):
            sent_already = Fact.of("delivery.sent-already")
            self._endings.finish(connection, item, ActionState.SUCCEEDED, now, reason=sent_already)
            return None
        facts = written_from(letter, written.seen.meeting, held.attendee, written.told)
        if before is not None and still_holds(before, facts, now):
            content = deliveries.begin_again(connection, before, self._local_time(written.seen, now), now)
            if content is not None:
                return _announced(before.id, letter, content)
        return self._begin_new(connection, written, facts, before, now)

    def _begin_new(
        self,
        connection: Connection,
        written: WrittenLetter,
        facts: dict[str, Any],
        before: Earlier | None,
        now: datetime,
    ) -> AnnouncedMail:
        letter = under_another_id(written.letter, before) if before is not None else written.letter
        if letter is not written.letter:
            written = replace(written, letter=letter, content=kept(letter))
        new = self._new_delivery(written, facts, now)
        return _announced(deliveries.begin(connection, new, before, now), letter, new.content)

    def _new_delivery(
        self, written: WrittenLetter, facts: dict[str, Any], now: datetime
    ) -> deliveries.NewDelivery:
        held, meeting = written.seen.held, written.seen.meeting
        attendee, action = held.attendee, held.action
        return deliveries.NewDelivery(
            action_id=action.id,
            meeting_id=meeting.id,
            attendee_id=attendee.id if attendee else None,
            recipient=written.letter.recipient.address,
            channel=self._channel,
            purpose=written.told.purpose,
            message_id=written.letter.message_id,
            subject=written.letter.subject,
            sequence=written.told.sequence,
            revision=self._revision(written.seen),
            local_time=self._local_time(written.seen, now),
            written_from=facts,
            content=written.content,
            note=written.told.note.number if written.told.note else None,
        )

    def _revision(self, seen: Seen) -> int:
        """Return the revision that a mail tells: what is sent again, for whatever reason, the current one."""
        action = seen.held.action
        return seen.meeting.revision if action.kind.rules.tells_current else action.revision

    def _local_time(self, seen: Seen, now: datetime) -> Fact:
        """Return the moment as it reads on the recipient's clock."""
        attendee = seen.held.attendee
        place = self._directory.place_of(attendee.delegation if attendee else seen.meeting.host, now)
        return Fact.of("text", text=local_time(now, place))


def _announced(delivery_id: int, letter: Letter, content: bytes) -> AnnouncedMail:
    return AnnouncedMail(
        delivery_id, letter.envelope_sender, letter.recipient.address, message(content, letter)
    )
