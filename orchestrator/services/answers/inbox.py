"""Reading the mailbox: every mail is read once, judged by itself, applied or kept for a person to see.

A poll takes a few hundred mails at a time. They are read without any transaction; what they say is applied
and recorded in one, and only then are they moved away. A poller that dies in between leaves mails that are
in the records already: the next one knows them by their digest and moves them. A mail that cannot be
applied keeps none of the others: the batch is then taken apart and each mail stands alone.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from orchestrator.domain.answers.incoming import CalendarMessage, DeliveryReport, Received, Sort, read
from orchestrator.domain.answers.responses import (
    Effect,
    People,
    ProposalState,
    ResponseKind,
    judge,
    participation_of,
)
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation
from orchestrator.domain.people import caller
from orchestrator.domain.people.caller import Channel
from orchestrator.errors import DeliveryError, TransientFailure
from orchestrator.ports import Clock, DocumentStore, IncomingMail, Mailbox, MailboxSession, Tray, WakeUp
from orchestrator.services.answers.recording import Given, answered, cut, record
from orchestrator.services.people.links import Links
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.answers import read_mailbox, responses
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.answers import IncomingOutcome
from orchestrator.store.rows.delivery import DeliveryRow, DeliveryState

_LOG = logging.getLogger(__name__)
_BATCH = 500
LARGEST_MAIL = 10 * 1024 * 1024
"""Bytes of a mail that are read; a larger one is kept for a person to look at."""
_PORTION = 32 * 1024 * 1024
"""Bytes of mail that are held in memory at a time, or one mail more."""
_RESEND_PAUSE = timedelta(hours=1)
_FURTHEST = timedelta(days=3653)
_TRAYS = {IncomingOutcome.QUARANTINED: Tray.QUARANTINE}


@dataclass(slots=True)
class Item:
    """One mail on its way through a batch."""

    mail: IncomingMail
    digest: str
    received: Received
    meeting_id: int | None = None
    token_id: int | None = None
    delivery: DeliveryRow | None = None
    attendee_id: int | None = None
    outcome: IncomingOutcome = IncomingOutcome.QUARANTINED
    reason: str = ""

    def end(self, outcome: IncomingOutcome, reason: str) -> None:
        """Record what becomes of the mail."""
        self.outcome, self.reason = outcome, reason


@dataclass(slots=True)
class Effects:
    """What the mails of one meeting do to it, each beside the mail it came in."""

    given: list[tuple[Item, Given]] = field(default_factory=list)
    responses: list[tuple[Item, dict[str, Any]]] = field(default_factory=list)
    resends: list[int] = field(default_factory=list)

    def add(self, item: Item, kind: ResponseKind, **values: Any) -> None:
        """Add a response that is no answer."""
        self.responses.append((item, {"kind": kind, "by": item.received.sender or "", **values}))

    @property
    def any(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.given or self.responses or self.resends)


@dataclass(slots=True)
class MeetingMail:
    """A meeting while the mails of a batch are held against it."""

    meeting: Meeting
    people: People
    asked: dict[int, datetime]
    proposed: set[tuple[int | None, datetime | None, datetime | None]]
    now: datetime
    effects: Effects = field(default_factory=Effects)


class Inbox:
    """Takes answers from the mailbox."""

    def __init__(
        self,
        database: Database,
        planner: Planner,
        mailbox: Mailbox,
        documents: DocumentStore,
        links: Links,
        *,
        clock: Clock,
        wake_up: WakeUp,
        interval: timedelta,
    ) -> None:
        """``interval`` is the longest time between two polls."""
        self._database = database
        self._planner = planner
        self._mailbox = mailbox
        self._documents = documents
        self._links = links
        self._clock = clock
        self._wake_up = wake_up
        self.interval = interval

    def poll(self, still_here: Callable[[], object] = lambda: None) -> int:
        """Read everything that lies in the mailbox and return how many mails that were.

        ``still_here`` is called between batches, so that a long poll keeps its claim. Raises
        ``TransientFailure`` or ``PermanentFailure`` when the mailbox cannot be read.
        """
        try:
            count = self._read_all(still_here)
        except DeliveryError:
            raise
        except Exception as error:
            # Whatever it was may pass, and reading the mailbox must not end with it.
            _LOG.exception("the mailbox could not be read, for a reason of ours")
            message = f"an unexpected error ({type(error).__name__}); the worker's log has the details"
            raise TransientFailure(message) from error
        if count:
            self._wake_up.notify()
        return count

    def _read_all(self, still_here: Callable[[], object]) -> int:
        done: set[str] = set()
        with self._mailbox.session() as session:
            # A mail that cannot be moved away must not be read over and over.
            while keys := [key for key in session.waiting(_BATCH) if key not in done]:
                for portion in _portions(session.read(keys, LARGEST_MAIL)):
                    self._take(session, portion)
                    still_here()
                done.update(keys)
        return len(done)

    def poll_soon(self) -> bool:
        """Make the mailbox be read now; false while somebody is reading it, so that one asks again."""
        with self._database.transaction() as session:
            due = read_mailbox.read_now(session, self._clock.now())
        self._wake_up.notify()
        return due

    def _take(self, session: MailboxSession, mails: Sequence[IncomingMail]) -> None:
        """Apply some mails and put them away."""
        items = self._applied([self._item(mail) for mail in mails])
        for tray in Tray:
            keys = [item.mail.key for item in items if _TRAYS.get(item.outcome, Tray.PROCESSED) is tray]
            if keys:
                session.put_away(keys, tray)

    def _item(self, mail: IncomingMail) -> Item:
        # What was cut off, or could not be read at all, may begin like others; its place tells it apart.
        place = b"" if mail.complete else f"{mail.key} {mail.size}".encode()
        digest = hashlib.sha256(mail.content + place).hexdigest()
        return Item(mail, digest, read(mail.content, complete=mail.complete))

    def _applied(self, items: list[Item]) -> list[Item]:
        """Apply a batch as one; when that fails, each mail alone, so that one bad mail blocks no other."""
        try:
            self._apply(items)
        except OperationalError as error:
            # It is the database that cannot work now, not the mails; they wait where they are.
            raise TransientFailure("the database could not be used; the mails wait") from error
        except Exception as error:  # noqa: BLE001 - whatever a mail does, the next one must be read.
            if len(items) > 1:
                _LOG.warning("a batch of mails failed (%s); each is tried alone", type(error).__name__)
                return [done for item in items for done in self._applied([item])]
            _LOG.exception("a mail could not be applied; it is kept in quarantine")
            self._keep_aside(items[0])
        return items

    def _apply(self, items: list[Item]) -> None:
        now = self._clock.now()
        with self._database.transaction() as session:
            fresh = self._fresh(session, items)
            self._find_meetings(session, fresh)
            # Meetings are locked in the order of their ids, as everywhere.
            concerned = [self._about(session, number, fresh, now) for number in _meetings(fresh)]
            for item in fresh:
                if item.meeting_id is None:
                    _without_meeting(item)
            rows = [self._row(item, now) for item in fresh]
            numbers = responses.add_incoming(session, rows)
            for about in concerned:
                self._write(session, about, numbers)
        self._store_quarantined(items)

    def _fresh(self, session: Session, items: list[Item]) -> list[Item]:
        """Return the mails that were not read before; the same bytes twice are one mail."""
        known = responses.known(session, [item.digest for item in items])
        fresh: dict[str, Item] = {}
        for item in items:
            if item.digest in known:
                item.end(known[item.digest], "it was read before")
            elif item.digest in fresh:
                item.end(IncomingOutcome.IGNORED, "the same mail came twice")
            else:
                fresh[item.digest] = item
        return list(fresh.values())

    # Whom it concerns

    def _find_meetings(self, session: Session, items: list[Item]) -> None:
        """Find the meetings by reply address, UID, or the mail that is answered; in a few queries."""
        for item in items:
            tokens = map(self._links.read_reply_address, item.received.recipients)
            item.token_id = next((token for token in tokens if token is not None), None)
        uids = [item.received.calendar.uid for item in items if item.received.calendar]
        by_uid = responses.meetings_by_uid(session, uids)
        by_token = responses.meetings_of_attendees(
            session, [item.token_id for item in items if item.token_id]
        )
        threads = {name for item in items for name in _threads(item.received)}
        deliveries = responses.deliveries_by_message_id(session, threads)
        for item in items:
            found = [deliveries[name] for name in _threads(item.received) if name in deliveries]
            meeting_id = by_token.get(item.token_id or 0)
            item.delivery = next(iter(found), None) or self._bounced_delivery(session, item, meeting_id)
            item.meeting_id = self._meeting_of(item, by_uid, by_token)

    def _bounced_delivery(self, session: Session, item: Item, meeting_id: int | None) -> DeliveryRow | None:
        """A delivery report that does not quote the mail is known by whom it could not reach.

        ``meeting_id`` is the meeting whose reply address it came to, if it came to one.
        """
        if item.received.sort is not Sort.REPORT:
            return None
        addresses = [address for report in item.received.reports for address in report.recipients]
        found = (responses.latest_delivery_to(session, address, meeting_id) for address in addresses[:5])
        return next((delivery for delivery in found if delivery is not None), None)

    def _meeting_of(self, item: Item, by_uid: dict[str, int], by_token: dict[int, int]) -> int | None:
        calendar = item.received.calendar
        if calendar is not None and calendar.uid in by_uid:
            # The token of another meeting must not carry an answer over to it.
            return by_uid[calendar.uid]
        if calendar is not None and calendar.uid:
            # Some gateways give events another UID; an address of one's own is not given to anybody else.
            return by_token.get(item.token_id or 0)
        if item.received.sort is Sort.REPORT and item.delivery is not None:
            return item.delivery.meeting_id
        if item.token_id in by_token:
            return by_token[item.token_id]
        return item.delivery.meeting_id if item.delivery else None

    # What it does

    def _about(self, session: Session, meeting_id: int, items: list[Item], now: datetime) -> MeetingMail:
        """Hold the mails of one meeting against it, each as the one before has left it."""
        meeting = store.load(session, meeting_id, lock=True)
        asked = responses.last_asked(session, meeting_id)
        proposed = responses.open_proposals(session, meeting_id)
        about = MeetingMail(meeting, People.of(meeting), asked, proposed, now)
        for item in items:
            if item.meeting_id == meeting_id:
                self._consider(session, about, item)
        return about

    def _consider(self, session: Session, about: MeetingMail, item: Item) -> None:
        """Decide about one mail."""
        received = item.received
        if received.sort is Sort.REPORT:
            self._report(session, about, item)
        elif received.problem is not None or received.calendar is None:
            _letter(about, item)
        else:
            _judge(about, item, received.calendar)

    def _report(self, session: Session, about: MeetingMail, item: Item) -> None:
        """Mark a delivery that did not arrive; one that is only late is noted."""
        failed = [report for report in item.received.reports if report.failed]
        if item.delivery is None:
            item.end(IncomingOutcome.QUARANTINED, "it reports on a mail that is not known here")
            return
        item.attendee_id = item.delivery.attendee_id
        if not failed:
            item.end(IncomingOutcome.IGNORED, f"a mail to {item.delivery.recipient} is late, not lost")
            return
        if item.delivery.state == DeliveryState.BOUNCED:
            item.end(IncomingOutcome.IGNORED, f"that a mail to {item.delivery.recipient} bounced is known")
            return
        said = _diagnosis(failed[0])
        responses.bounced(session, item.delivery, said, about.now)
        item.end(IncomingOutcome.APPLIED, f"a mail to {item.delivery.recipient} could not be delivered")
        # A digest that bounced must not be the reason for the next one.
        if item.attendee_id is not None:
            about.effects.add(item, ResponseKind.BOUNCE, comment=cut(said))

    def _write(self, session: Session, about: MeetingMail, numbers: Mapping[str, int]) -> None:
        """Store what the mails of one meeting do, and replan it for whom it concerns."""
        effects, now = about.effects, about.now
        if not effects.any:
            return
        given = [replace(answer, incoming_id=numbers[item.digest]) for item, answer in effects.given]
        meeting = record(session, about.meeting, given, now)
        responses.add(
            session,
            [
                {
                    "meeting_id": meeting.id,
                    "attendee_id": item.attendee_id,
                    "channel": Channel.MAIL,
                    "at": now,
                    "incoming_id": numbers[item.digest],
                    **values,
                }
                for item, values in effects.responses
            ],
        )
        for number in effects.resends:
            responses.ask_again(session, number, now)
        meeting = _with_resends(meeting, effects.resends)
        concerned = _otherwise_planned(about.meeting, meeting)
        self._planner.replan_for(session, store.with_news(session, meeting), concerned, now)

    # The record

    def _row(self, item: Item, now: datetime) -> dict[str, Any]:
        received, calendar = item.received, item.received.calendar
        return {
            "digest": item.digest,
            "mailbox": self._mailbox.name[:400],
            "size": item.mail.size,
            "received_at": item.mail.received_at,
            "read_at": now,
            "sort": received.sort,
            "method": (calendar.method if calendar else "")[:20],
            "sender": (received.sender or "")[:320] or None,
            "subject": received.subject[:1000],
            "message_id": (received.message_id or "")[:1000] or None,
            "uid": (calendar.uid if calendar else "")[:1000] or None,
            "participation": participation_of(calendar) if calendar else None,
            "text": received.text,
            "meeting_id": item.meeting_id,
            "attendee_id": item.attendee_id,
            "outcome": item.outcome,
            "reason": item.reason,
        }

    def _keep_aside(self, item: Item) -> None:
        """Keep a mail that made applying fail, with as little as possible that could fail again."""
        item.end(IncomingOutcome.QUARANTINED, "it could not be applied; the worker's log has the details")
        item.received = replace(item.received, calendar=None, text="", subject=item.received.subject[:200])
        item.meeting_id = item.attendee_id = None
        with self._database.transaction() as session:
            if not responses.known(session, [item.digest]):
                responses.add_incoming(session, [self._row(item, self._clock.now())])
        self._store_quarantined([item])

    def _store_quarantined(self, items: Iterable[Item]) -> None:
        """Keep the bytes of what a person has to look at, so that it can be read and assigned later.

        What is too large stays in the mailbox's own quarantine only.
        """
        for item in items:
            if item.outcome is IncomingOutcome.QUARANTINED and item.mail.complete:
                self._documents.put(item.mail.content)


_OUTCOMES = {
    Effect.ANSWER: IncomingOutcome.APPLIED,
    Effect.PROPOSE: IncomingOutcome.APPLIED,
    Effect.RESEND: IncomingOutcome.APPLIED,
    Effect.IGNORE: IncomingOutcome.IGNORED,
    Effect.QUARANTINE: IncomingOutcome.QUARANTINED,
}


def _portions(mails: Iterable[IncomingMail]) -> Iterator[list[IncomingMail]]:
    """Divide mails so that a few hundred small ones, but only a few large ones, are in memory at a time."""
    portion: list[IncomingMail] = []
    size = 0
    for mail in mails:
        portion.append(mail)
        size += len(mail.content)
        if size >= _PORTION:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _threads(received: Received) -> Iterator[str]:
    """The Message-IDs that a mail refers to, the mail a report is about first."""
    yield from (item.original_message_id for item in received.reports if item.original_message_id)
    yield from received.references


def _without_meeting(item: Item) -> None:
    """Decide about a mail that says nothing that a meeting could take."""
    received = item.received
    if received.problem is not None:
        item.end(IncomingOutcome.QUARANTINED, received.problem)
    elif received.sort is Sort.AUTOMATIC:
        item.end(IncomingOutcome.IGNORED, "it is an automatic reply without an answer")
    elif received.sort is Sort.REPORT:
        item.end(IncomingOutcome.QUARANTINED, "it reports on a mail that is not known here")
    elif received.calendar is not None:
        named = f"UID {received.calendar.uid[:80]}" if received.calendar.uid else "a meeting without UID"
        item.end(IncomingOutcome.QUARANTINED, f"it is about {named}, which is not known here")
    else:
        item.end(IncomingOutcome.QUARANTINED, "a person wrote it, and it holds no answer a program can read")


def _otherwise_planned(before: Meeting, after: Meeting) -> frozenset[int]:
    """Return whose answers change what is planned; yes or maybe after silence changes nothing."""
    return frozenset(
        now.id
        for then, now in zip(before.attendees, after.attendees, strict=True)
        if (then.declined, then.resends) != (now.declined, now.resends)
    )


def _meetings(items: Iterable[Item]) -> list[int]:
    return sorted({item.meeting_id for item in items if item.meeting_id is not None})


def _with_resends(meeting: Meeting, attendee_ids: Sequence[int]) -> Meeting:
    """Return the meeting with one more wish for the invitation counted for each of ``attendee_ids``."""
    people = tuple(
        replace(person, resends=person.resends + 1) if person.id in attendee_ids else person
        for person in meeting.attendees
    )
    return replace(meeting, attendees=people)


def _letter(about: MeetingMail, item: Item) -> None:
    """A mail about a meeting that no program can apply: a person has to read it."""
    _without_meeting(item)
    if item.outcome is not IncomingOutcome.QUARANTINED:
        return
    known = about.people.of_id(item.delivery.attendee_id if item.delivery else item.token_id)
    item.attendee_id = known.id if known else None
    if about.meeting.status is MeetingStatus.PUBLISHED:
        about.effects.add(item, ResponseKind.LETTER, comment=cut(item.received.text))


def _judge(about: MeetingMail, item: Item, message: CalendarMessage) -> None:
    """Hold a calendar message against the meeting and keep what it does."""
    attendee = about.people.find(message, item.token_id)
    # An address of another meeting opens nothing here.
    by_token = about.people.of_id(item.token_id) is not None
    verdict = judge(message, item.received.sender, about.meeting, attendee, by_token=by_token)
    item.attendee_id = attendee.id if attendee else None
    item.end(_OUTCOMES[verdict.effect], verdict.reason)
    if attendee is None:
        return
    match verdict.effect:
        case Effect.ANSWER:
            given = _given(item, message, attendee, about.now)
            about.people.put(answered(attendee, given))
            about.effects.given.append((item, given))
        case Effect.PROPOSE:
            _propose(about, item, message, attendee.id)
        case Effect.RESEND:
            _resend(about, item, attendee.id)


def _given(item: Item, message: CalendarMessage, attendee: Attendee, now: datetime) -> Given:
    return Given(
        attendee_id=attendee.id,
        participation=participation_of(message) or Participation.NEEDS_ACTION,
        caller=caller.attendee(attendee.name, attendee.id, Channel.MAIL),
        by=item.received.sender or "",
        # A clock that runs ahead must not make every later answer look old.
        stamp=min(message.stamp or item.received.date or now, now),
        comment=message.comment,
        delegate=next(iter(message.delegated_to), None),
    )


def _propose(about: MeetingMail, item: Item, message: CalendarMessage, attendee_id: int) -> None:
    """Keep a proposed time, unless nobody can mean it or the same one is open already."""
    starts_at = message.starts_at
    if starts_at is None or not _conceivable(starts_at, about.now):
        item.end(IncomingOutcome.QUARANTINED, "it proposes a time that nobody can mean")
        return
    ends_at = message.ends_at or starts_at + about.meeting.duration
    if not (starts_at < ends_at and _conceivable(ends_at, about.now)):
        item.end(IncomingOutcome.QUARANTINED, "it proposes a time that nobody can mean")
        return
    if (attendee_id, starts_at, ends_at) in about.proposed:
        item.end(IncomingOutcome.IGNORED, "the same proposal is open already")
        return
    about.proposed.add((attendee_id, starts_at, ends_at))
    about.effects.add(
        item,
        ResponseKind.PROPOSAL,
        starts_at=starts_at,
        ends_at=ends_at,
        state=ProposalState.OPEN,
        comment=cut(message.comment),
    )


def _conceivable(moment: datetime, now: datetime) -> bool:
    """Whether somebody may mean a time; at the ends of the calendar no local time can be told."""
    return abs(moment - now) < _FURTHEST


def _resend(about: MeetingMail, item: Item, attendee_id: int) -> None:
    """Send the invitation again, but not for every mail of a calendar that asks without end."""
    last = about.asked.get(attendee_id)
    if last is not None and about.now - last < _RESEND_PAUSE:
        item.end(IncomingOutcome.IGNORED, "the invitation was sent again less than an hour ago")
        return
    about.asked[attendee_id] = about.now
    about.effects.resends.append(attendee_id)


def _diagnosis(report: DeliveryReport) -> str:
    return " ".join(filter(None, (report.status, report.diagnostic))) or "the mail could not be delivered"
