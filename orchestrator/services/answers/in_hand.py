"""Mails while they are read, the meetings they are about, and what they do to those."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.domain.answers.answered_time import Told
from orchestrator.domain.answers.incoming import Received
from orchestrator.domain.answers.responses import Fate, ProposalState, ResponseKind
from orchestrator.domain.answers.speakers import KnownAttendees, Origin
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.facts import Fact
from orchestrator.ports import IncomingMail
from orchestrator.services.answers.recording import GivenAnswer
from orchestrator.store.rows.delivery import DeliveryRow


@dataclass(slots=True)
class MailInHand:
    """One mail on its way through a batch; ``fate`` is what becomes of it, and ``reason`` why.

    ``token_id`` is the attendee whose reply address it came to, ``doubt`` why its From is not believed.
    ``answers_report`` says that it answers what a coordinator was told, so that it must not be told in turn.
    ``envelope`` is how the Message-ID of the mail begins to whose envelope it came back.
    ``time_settled`` says that a person has decided that it is about the present time of its meeting.
    """

    mail: IncomingMail
    digest: str
    received: Received
    meeting_id: int | None = None
    token_id: int | None = None
    doubt: Fact | None = None
    delivery: DeliveryRow | None = None
    attendee_id: int | None = None
    time_settled: bool = False
    answers_report: bool = False
    envelope: str | None = None
    fate: Fate = Fate.QUARANTINED
    reason: Fact | None = None

    def end(self, fate: Fate, reason: Fact) -> None:
        """Record what becomes of the mail."""
        self.fate, self.reason = fate, reason

    @property
    def origin(self) -> Origin:
        """Where the mail came from, as far as that is proven."""
        return Origin(self.received.sender, self.token_id, self.doubt)

    @property
    def threads(self) -> tuple[str, ...]:
        """The Message-IDs that the mail refers to; of a report that of the mail that it is about."""
        reports = self.received.reports
        return (
            tuple(item.original_message_id for item in reports if item.original_message_id)
            or self.received.references
        )


@dataclass(frozen=True, slots=True)
class Beside:
    """What came back in a mail and is no answer."""

    kind: ResponseKind
    comment: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    state: ProposalState | None = None
    behind: str | None = None


@dataclass(slots=True)
class Gathered:
    """What the mails of one meeting do to it, each thing beside the mail it came in."""

    given: list[tuple[MailInHand, GivenAnswer]] = field(default_factory=list)
    beside: list[tuple[MailInHand, Beside]] = field(default_factory=list)
    resends: list[int] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.given or self.beside or self.resends)


@dataclass(slots=True)
class MeetingInHand:
    """A meeting while the mails of a batch are held against it."""

    meeting: Meeting
    people: KnownAttendees
    told: Told
    asked: dict[int, datetime]
    proposed: set[tuple[int | None, datetime | None, datetime | None]]
    now: datetime
    gathered: Gathered = field(default_factory=Gathered)
