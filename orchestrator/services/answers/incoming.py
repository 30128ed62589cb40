"""Looking at mails that came in: the list, one mail, its bytes, what it says, and how reading them goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from orchestrator.domain.answers.incoming import read
from orchestrator.domain.answers.responses import Fate
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.errors import NotFound
from orchestrator.facts import Fact
from orchestrator.services.answers.kept_mails import KeptMails
from orchestrator.services.answers.proposing import Suggesting
from orchestrator.services.answers.views import IncomingPage, IncomingView, MailboxView
from orchestrator.store.answers import incoming, read_mailbox
from orchestrator.store.answers.incoming import Listed, MailQuery
from orchestrator.store.engine import Database


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
    problem: Fact | None


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

    def __init__(self, database: Database, kept: KeptMails) -> None:
        self._database = database
        self._kept = kept

    def mailbox(self) -> MailboxView | None:
        """Return how reading the mailbox goes; ``None`` when there is none to read."""
        with self._database.reading() as session:
            row = read_mailbox.stored(session)
            if row is None or row.state == ActionState.CANCELLED:
                return None
            return MailboxView(row.due_at, row.reason, incoming.quarantined(session))

    def mails(self, fate: Fate | None = None) -> list[IncomingView]:
        """Return the newest mails that came in, optionally of one fate only."""
        return list(self.page(MailQuery(fate)).mails)

    def page(self, query: MailQuery) -> IncomingPage:
        """Return mails that came in, newest first, and where those behind them begin."""
        with self._database.reading() as session:
            found = incoming.listed(session, replace(query, limit=query.limit + 1))
            suggesting = Suggesting.for_those(session, found)
            mails = tuple(_view(item, suggesting) for item in found[: query.limit])
        more = len(found) > query.limit and bool(mails)
        return IncomingPage(mails, mails[-1].id if more else None)

    def every(self, query: MailQuery) -> list[IncomingView]:
        """Return all mails that are wanted, newest first, however many."""
        found: list[IncomingView] = []
        while True:
            page = self.page(query)
            found += page.mails
            if page.following is None:
                return found
            query = replace(query, after=page.following)

    def waiting(self) -> int:
        """Return how many mails wait for a person."""
        with self._database.reading() as session:
            return incoming.quarantined(session)

    def mail(self, incoming_id: int) -> IncomingView:
        """Return one mail; raises ``NotFound``."""
        with self._database.reading() as session:
            found = incoming.one_listed(session, incoming_id)
            return _view(found, Suggesting.for_those(session, [found]))

    def content(self, incoming_id: int) -> bytes:
        """Return a quarantined mail as it came; raises ``NotFound``."""
        with self._database.reading() as session:
            digest = incoming.get(session, incoming_id).digest
        try:
            return self._kept.content(digest)
        except NotFound as error:
            raise NotFound(Fact.of("answers.mail-not-kept", mail=incoming_id)) from error

    def forget(self, incoming_id: int) -> None:
        """Delete the bytes of a mail that nobody needs any more; raises ``NotFound``."""
        with self._database.reading() as session:
            digest = incoming.get(session, incoming_id).digest
        self._kept.forget(digest)


def _view(found: Listed, suggesting: Suggesting) -> IncomingView:
    row, reference = found
    suggested = suggesting.about(found)
    return IncomingView(
        id=row.id,
        received_at=row.received_at,
        sort=row.sort,
        method=row.method,
        sender=row.sender,
        subject=row.subject,
        participation=row.participation,
        text=row.text,
        meeting=reference,
        named=row.named,
        named_as=row.named_as,
        body_kept=row.body_kept,
        fate=row.fate,
        reason=row.reason,
        says=suggested.says,
        proposed=suggested.attendee,
        guest=suggested.guest,
        offers=suggested.offers,
    )
