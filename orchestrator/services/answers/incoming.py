"""Looking at mails that came in: the list, one mail, its bytes, what it says, and how reading them goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.answers.incoming import read
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.errors import NotFound
from orchestrator.ports import DocumentStore
from orchestrator.services.answers.views import IncomingView, MailboxView
from orchestrator.store.answers import read_mailbox, responses
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


class IncomingMails:
    """Read-only use cases around mails that came in."""

    def __init__(self, database: Database, documents: DocumentStore) -> None:
        self._database = database
        self._documents = documents

    def mailbox(self) -> MailboxView | None:
        """Return how reading the mailbox goes; ``None`` when there is none to read."""
        with self._database.reading() as session:
            row = read_mailbox.stored(session)
            if row is None or row.state == ActionState.CANCELLED:
                return None
            return MailboxView(row.due_at, row.reason, responses.quarantined(session))

    def mails(self, outcome: IncomingOutcome | None = None) -> list[IncomingView]:
        """Return mails that came in, newest first, optionally of one outcome only."""
        with self._database.reading() as session:
            return [_view(session, row) for row in responses.incoming_mails(session, outcome)]

    def mail(self, incoming_id: int) -> IncomingView:
        """Return one mail; raises ``NotFound``."""
        with self._database.reading() as session:
            return _view(session, responses.incoming(session, incoming_id))

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


def _view(session: Session, row: IncomingRow) -> IncomingView:
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
