"""Mails that no program could apply: looking at them, assigning them by hand, letting them go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.answers.incoming import Received, read
from orchestrator.domain.answers.responses import participation_of
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation
from orchestrator.domain.people.caller import Caller, Channel
from orchestrator.domain.people.caller import attendee as attendee_caller
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.ports import Clock, DocumentStore, WakeUp
from orchestrator.services.answers.recording import Given, record
from orchestrator.services.answers.views import IncomingView
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.answers import responses
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.answers import IncomingOutcome, IncomingRow


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a mail says, as the mailbox would read it; nothing is changed."""

    sort: str
    method: str
    uid: str
    sender: str | None
    attendee: str | None
    participation: str | None
    sequence: int | None
    stamp: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    comment: str
    subject: str
    bounced: tuple[str, ...]
    problem: str | None


def explain(content: bytes) -> Explanation:
    """Return what a mail says (RFC 5322 bytes); works without any database."""
    received = read(content)
    calendar = received.calendar
    return Explanation(
        sort=received.sort.value,
        method=calendar.method if calendar else "",
        uid=calendar.uid if calendar else "",
        sender=received.sender,
        attendee=calendar.attendee if calendar else None,
        participation=calendar.participation if calendar else None,
        sequence=calendar.sequence if calendar else None,
        stamp=calendar.stamp if calendar else None,
        starts_at=calendar.starts_at if calendar else None,
        ends_at=calendar.ends_at if calendar else None,
        comment=calendar.comment if calendar else "",
        subject=received.subject,
        bounced=tuple(
            address for report in received.reports if report.failed for address in report.recipients
        ),
        problem=received.problem,
    )


class Quarantine:
    """The use cases around mails that came in."""

    def __init__(
        self,
        database: Database,
        planner: Planner,
        documents: DocumentStore,
        clock: Clock,
        wake_up: WakeUp,
    ) -> None:
        self._database = database
        self._planner = planner
        self._documents = documents
        self._clock = clock
        self._wake_up = wake_up

    def mails(self, outcome: IncomingOutcome | None = None) -> list[IncomingView]:
        """Return mails that came in, newest first, optionally of one outcome only."""
        with self._database.reading() as session:
            return [self._view(session, row) for row in responses.incoming_mails(session, outcome)]

    def mail(self, incoming_id: int) -> IncomingView:
        """Return one mail; raises ``NotFound``."""
        with self._database.reading() as session:
            return self._view(session, responses.incoming(session, incoming_id))

    def content(self, incoming_id: int) -> bytes:
        """Return a quarantined mail as it came; raises ``NotFound``."""
        with self._database.reading() as session:
            digest = responses.incoming(session, incoming_id).digest
        try:
            return self._documents.get(digest)
        except NotFound as error:
            raise NotFound(
                f"Mail {incoming_id} was not kept here: only what is quarantined is, up to 10 MB."
            ) from error

    def assign(
        self,
        incoming_id: int,
        name: str,
        email: str,
        *,
        caller: Caller,
        participation: Participation | None = None,
    ) -> IncomingView:
        """Take a quarantined mail for the answer of an attendee of a meeting, because a person says so.

        ``participation`` is needed when the mail itself does not say yes or no. Raises ``Conflict`` for a
        mail that is not in quarantine, ``NotFound`` and ``InvalidInput``.
        """
        received = read(self.content(incoming_id))
        answer = participation or _said(received)
        if answer is None:
            raise InvalidInput.of(
                "participation", None, "is missing, and the mail does not say it", "Choose the answer."
            )
        now = self._clock.now()
        with self._database.transaction() as session:
            meeting = store.load(session, store.find_id(session, name), lock=True)
            lifecycle.require_status(meeting, "answered", MeetingStatus.PUBLISHED)
            attendee = _invited(meeting, email)
            row = _waiting(session, incoming_id)
            calendar = received.calendar
            given = Given(
                attendee.id,
                answer,
                caller=attendee_caller(attendee.name, attendee.id, Channel.MAIL),
                by=f"{row.sender or 'unknown'}, assigned by {caller.name}",
                stamp=now,
                comment=(calendar.comment if calendar else "") or received.text,
                delegate=next(iter(calendar.delegated_to), None) if calendar else None,
                incoming_id=row.id,
            )
            record(session, meeting, [given], now)
            row.outcome, row.meeting_id, row.attendee_id = IncomingOutcome.ASSIGNED, meeting.id, attendee.id
            row.reason = f"assigned to {attendee.name} by {caller.name}"
            session.flush()
            self._planner.replan(session, store.load(session, meeting.id), now)
        self._wake_up.notify()
        return self.mail(incoming_id)

    def discard(self, incoming_id: int, *, caller: Caller) -> None:
        """Let a quarantined mail go without effect; raises ``Conflict`` when it is not in quarantine."""
        with self._database.transaction() as session:
            row = _waiting(session, incoming_id)
            row.outcome, row.reason = IncomingOutcome.DISCARDED, f"discarded by {caller.name}: {row.reason}"

    def _view(self, session: Session, row: IncomingRow) -> IncomingView:
        meeting = store.reference_of(session, row.meeting_id) if row.meeting_id else None
        return IncomingView(
            id=row.id,
            received_at=row.received_at,
            sort=row.sort,
            method=row.method,
            sender=row.sender,
            subject=row.subject,
            participation=row.participation,
            text=row.text,
            meeting=meeting,
            outcome=row.outcome,
            reason=row.reason,
        )


def _said(received: Received) -> Participation | None:
    found = participation_of(received.calendar) if received.calendar else None
    return None if found is Participation.NEEDS_ACTION else found


def _waiting(session: Session, incoming_id: int) -> IncomingRow:
    row = responses.incoming(session, incoming_id, lock=True)
    if row.outcome != IncomingOutcome.QUARANTINED:
        raise Conflict(f"Mail {incoming_id} is {row.outcome}; only a quarantined one can be dealt with.")
    return row


def _invited(meeting: Meeting, email: str) -> Attendee:
    for item in meeting.invited:
        if item.address == email.strip().casefold():
            return item
    raise NotFound(f"{email} is not invited to {meeting.reference}.")
