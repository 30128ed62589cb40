"""Reading the mailbox: every mail is read once, judged by itself, applied or kept for a person to see.

A few hundred mails are taken at a time. They are read without any transaction; what they say is applied
and recorded in one, and only then are they moved away. A worker that dies in between leaves mails that are
in the records already: the next one knows them by their digest and moves them. A mail that cannot be
applied keeps none of the others: the batch is then taken apart and each mail stands alone.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from orchestrator.domain.answers.authentication import doubt_about
from orchestrator.domain.answers.incoming import CalendarMessage, read
from orchestrator.domain.answers.responses import Fate, participation_of
from orchestrator.domain.people.addresses import compared
from orchestrator.errors import DeliveryError, TransientFailure
from orchestrator.facts import Fact
from orchestrator.ports import Clock, IncomingMail, Mailbox, MailboxSession, Tray, WakeUp
from orchestrator.services.answers.addressing import find_meetings
from orchestrator.services.answers.applying import held_against, write
from orchestrator.services.answers.deciding import decide_alone
from orchestrator.services.answers.in_hand import MailInHand
from orchestrator.services.answers.kept_mails import KeptMails
from orchestrator.services.people.links import Links
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.answers import incoming, read_mailbox
from orchestrator.store.answers.incoming import NewMail
from orchestrator.store.engine import Database

_LOG = logging.getLogger(__name__)
_BATCH = 500
LARGEST_MAIL = 10 * 1024 * 1024
"""Bytes of a mail that are read; a larger one is kept for a person to look at."""
_PORTION = 32 * 1024 * 1024
"""Bytes of mail that are held in memory at a time, or one mail more."""
_TRAYS = {Fate.QUARANTINED: Tray.QUARANTINE}
_NOT_APPLIED = Fact.of("answers.not-applied")


class Inbox:
    """Takes answers from the mailbox."""

    def __init__(
        self,
        database: Database,
        planner: Planner,
        mailbox: Mailbox,
        kept: KeptMails,
        links: Links,
        *,
        clock: Clock,
        wake_up: WakeUp,
        interval: timedelta,
        authserv_id: str | None = None,
    ) -> None:
        """``interval`` is the longest time between two readings.

        ``authserv_id`` is the name under which the mailbox's server says what it found out about senders.
        """
        self._database = database
        self._planner = planner
        self._mailbox = mailbox
        self._kept = kept
        self._links = links
        self._clock = clock
        self._wake_up = wake_up
        self.interval = interval
        self._authserv_id = authserv_id

    def read_mailbox(self, still_here: Callable[[], object] = lambda: None) -> int:
        """Read everything that lies in the mailbox and return how many mails that were.

        ``still_here`` is called between batches, so that a long reading keeps its claim. Raises
        ``TransientFailure`` or ``PermanentFailure`` when the mailbox cannot be read.
        """
        try:
            count = self._read_all(still_here)
        except DeliveryError:
            raise
        except Exception as error:
            # Whatever it was may pass, and reading the mailbox must not end with it.
            _LOG.exception("the mailbox could not be read, for a reason of ours")
            raise TransientFailure(Fact.of("failure.unexpected", error=type(error).__name__)) from error
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
        self._kept.tidy()
        return len(done)

    def read_soon(self) -> bool:
        """Make the mailbox be read now; false while a worker is reading it, so that one asks again."""
        with self._database.transaction() as session:
            due = read_mailbox.read_now(session, self._clock.now())
        self._wake_up.notify()
        return due

    def _take(self, session: MailboxSession, mails: Sequence[IncomingMail]) -> None:
        """Apply some mails and put them away."""
        items = self._applied([self._in_hand(mail) for mail in mails])
        for tray in Tray:
            keys = [item.mail.key for item in items if _TRAYS.get(item.fate, Tray.PROCESSED) is tray]
            if keys:
                session.put_away(keys, tray)

    def _in_hand(self, mail: IncomingMail) -> MailInHand:
        # What was cut off, or could not be read at all, may begin like others; its place tells it apart.
        place = b"" if mail.complete else f"{mail.key} {mail.size}".encode()
        digest = hashlib.sha256(mail.content + place).hexdigest()
        received = read(mail.content, complete=mail.complete)
        doubt = doubt_about(received.sender, received.authentication, self._authserv_id)
        # Who passes a mail on is not its author, and may have been sent it for that very purpose.
        inner = Fact.of("answers.lies-in-another-mail") if received.forwarded else None
        return MailInHand(mail, digest, received, doubt=doubt or inner)

    def _applied(self, items: list[MailInHand]) -> list[MailInHand]:
        """Apply a batch as one; when that fails, each mail alone, so that one bad mail blocks no other."""
        try:
            self._apply(items)
        except OperationalError as error:
            # It is the database that cannot work now, not the mails; they wait where they are.
            raise TransientFailure(Fact.of("answers.database-away")) from error
        except Exception as error:  # noqa: BLE001 - whatever a mail does, the next one must be read.
            if len(items) > 1:
                _LOG.warning("a batch of mails failed (%s); each is tried alone", type(error).__name__)
                return [done for item in items for done in self._applied([item])]
            _LOG.exception("a mail could not be applied; it is kept in quarantine")
            self._keep_aside(items[0])
        return items

    def _apply(self, items: list[MailInHand]) -> None:
        now = self._clock.now()
        with self._database.transaction() as session:
            fresh = self._fresh(session, items)
            find_meetings(session, fresh, self._links)
            # Meetings are locked in the order of their ids, as everywhere.
            concerned = [held_against(session, number, fresh, now) for number in _meetings(fresh)]
            for item in fresh:
                if item.meeting_id is None:
                    decide_alone(item)
            numbers = incoming.add(session, [self._new_mail(item, now) for item in fresh])
            for about in concerned:
                write(session, self._planner, about, numbers)
        self._kept.keep(_to_keep(items))

    def _fresh(self, session: Session, items: list[MailInHand]) -> list[MailInHand]:
        """Return the mails that were not read before; the same bytes twice are one mail."""
        known = incoming.known(session, [item.digest for item in items])
        fresh: dict[str, MailInHand] = {}
        for item in items:
            if item.digest in known:
                item.end(known[item.digest], Fact.of("answers.read-before"))
            elif item.digest in fresh:
                item.end(Fate.IGNORED, Fact.of("answers.came-twice"))
            else:
                fresh[item.digest] = item
        return list(fresh.values())

    # The record

    def _new_mail(self, item: MailInHand, now: datetime) -> NewMail:
        received, calendar = item.received, item.received.calendar
        return NewMail(
            digest=item.digest,
            mailbox=self._mailbox.name[:400],
            size=item.mail.size,
            received_at=item.mail.received_at,
            read_at=now,
            sort=received.sort,
            method=(calendar.method if calendar else "")[:20],
            sender=(received.sender or "")[:320] or None,
            subject=received.subject[:1000],
            message_id=(received.message_id or "")[:1000] or None,
            uid=(calendar.uid if calendar else "")[:1000] or None,
            participation=participation_of(calendar) if calendar else None,
            text=received.text,
            meeting_id=item.meeting_id,
            attendee_id=item.attendee_id,
            named=_named(calendar),
            named_as=(calendar.attendee_name if calendar else "") or None,
            body_kept=item.fate is Fate.QUARANTINED and item.mail.complete,
            fate=item.fate,
            reason=item.reason or _NOT_APPLIED,
        )

    def _keep_aside(self, item: MailInHand) -> None:
        """Keep a mail that made applying fail, with as little as possible that could fail again."""
        item.end(Fate.QUARANTINED, _NOT_APPLIED)
        item.received = replace(item.received, calendar=None, text="", subject=item.received.subject[:200])
        item.meeting_id = item.attendee_id = None
        with self._database.transaction() as session:
            if not incoming.known(session, [item.digest]):
                incoming.add(session, [self._new_mail(item, self._clock.now())])
        self._kept.keep(_to_keep([item]))


def _to_keep(items: Iterable[MailInHand]) -> Iterator[bytes]:
    """Yield the bytes of what a person has to look at, so that it can be read and assigned later.

    What is too large stays in the mailbox's own quarantine only.
    """
    for item in items:
        if item.fate is Fate.QUARANTINED and item.mail.complete:
            yield item.mail.content


def _named(calendar: CalendarMessage | None) -> str | None:
    """Return whose answer a calendar says it is, as addresses are compared."""
    return compared(calendar.attendee)[:320] if calendar and calendar.attendee else None


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


def _meetings(items: Iterable[MailInHand]) -> list[int]:
    return sorted({item.meeting_id for item in items if item.meeting_id is not None})
