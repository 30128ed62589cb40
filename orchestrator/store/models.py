"""Typed models of every table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, cast

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from orchestrator.domain.actions import ActionKind, ActionState
from orchestrator.domain.date_poll import PollState, Vote
from orchestrator.domain.delegation import Weekday
from orchestrator.domain.meeting import ContributionState, MeetingStatus, Need, Participation, Seat
from orchestrator.domain.responses import ProposalState, ResponseKind
from orchestrator.domain.workdays import OverrideKind
from orchestrator.domain.zones import require_instant


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; anything else is refused when it is bound.

    SQLite has no zone, so the value is kept there as naive UTC and comes back aware.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Check and, for SQLite, strip the zone."""
        if value is None:
            return None
        require_instant(value)
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all models, with names for all constraints so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        str: String(400),
        dict[str, Any]: JSON,
    }


class DeliveryState(StrEnum):
    """How the delivery of one message to one recipient stands.

    ``sending`` is written before the message leaves; left behind by a dead worker it means
    *unknown*. ``deferred`` means the server said "not now", ``bounced`` that a server further on could
    not deliver what had been accepted.
    """

    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    BOUNCED = "bounced"


class IncomingOutcome(StrEnum):
    """What became of a mail that came in."""

    APPLIED = "applied"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"
    ASSIGNED = "assigned"
    DISCARDED = "discarded"


def _one_of(column: str, values: Iterable[str]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"


class PersonRow(Base):
    """Somebody in the directory."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True, doc="Case-folded.")
    name: Mapped[str]
    delegation: Mapped[str] = mapped_column(String(6))
    role: Mapped[str] = mapped_column(String(40))
    feed_version: Mapped[int] = mapped_column(default=1, doc="Rises when the calendar feed is revoked.")


class MeetingRow(Base):
    """A meeting; ``starts_at`` and ``ends_at`` are derived from wall time and zone."""

    __tablename__ = "meeting"
    __table_args__ = (
        CheckConstraint(_one_of("status", MeetingStatus), name="status"),
        CheckConstraint("duration_seconds > 0", name="duration"),
        CheckConstraint("ends_at > starts_at", name="order"),
        CheckConstraint("sequence >= 0 AND revision >= 0 AND time_revision <= revision", name="revisions"),
        CheckConstraint(
            "reset_sequence <= revised_sequence AND revised_sequence <= sequence", name="sequences"
        ),
        CheckConstraint("status IN ('draft', 'cancelled') OR uid IS NOT NULL", name="uid"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(64), unique=True)
    programme: Mapped[str | None]
    kind: Mapped[str] = mapped_column(String(40))
    title_en: Mapped[str]
    title_vi: Mapped[str | None]
    host: Mapped[str] = mapped_column(String(6))
    coordinator_name: Mapped[str]
    coordinator_email: Mapped[str]
    wall_start: Mapped[datetime] = mapped_column(DateTime(), doc="Naive wall time in `zone`.")
    zone: Mapped[str] = mapped_column(String(64))
    duration_seconds: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    tzdata: Mapped[str] = mapped_column(String(20), doc="Version of the zone data behind the instants.")
    basis: Mapped[str] = mapped_column(Text(), default="", doc="What the plan rests on: versions, digests.")
    timeline: Mapped[str] = mapped_column(String(64))
    own_timeline: Mapped[str | None] = mapped_column(Text(), doc="The meeting's own copy, as JSON.")
    status: Mapped[str] = mapped_column(String(16), default=MeetingStatus.DRAFT)
    tentative: Mapped[bool] = mapped_column(default=False, doc="Published as a save-the-date only.")
    version: Mapped[int] = mapped_column(default=1, doc="Counts what people changed, for optimistic locking.")
    saves: Mapped[int] = mapped_column(default=0, doc="Counts every save, also the service's own.")
    uid: Mapped[str | None] = mapped_column(String(255), unique=True)
    organizer: Mapped[str | None] = mapped_column(String(254), doc="ORGANIZER as attendees were told it.")
    sequence: Mapped[int] = mapped_column(default=0)
    revised_sequence: Mapped[int] = mapped_column(default=0)
    reset_sequence: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=0)
    time_revision: Mapped[int] = mapped_column(default=0)
    revised_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    agenda: Mapped[list[AgendaRow]] = relationship(
        cascade="all, delete-orphan", order_by="AgendaRow.number", lazy="raise"
    )
    attendees: Mapped[list[AttendeeRow]] = relationship(
        cascade="all, delete-orphan", order_by="AttendeeRow.id", lazy="raise"
    )
    conference: Mapped[ConferenceRow] = relationship(cascade="all, delete-orphan", lazy="raise")


class AgendaRow(Base):
    """One item of an agenda."""

    __tablename__ = "agenda_item"
    __table_args__ = (UniqueConstraint("meeting_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    number: Mapped[int]
    en: Mapped[str]
    vi: Mapped[str | None]
    lead: Mapped[str | None] = mapped_column(String(6))
    input_from: Mapped[str | None] = mapped_column(String(64), doc="Whose outcomes it reports, by reference.")
    points: Mapped[list[str]] = mapped_column(JSON, default=list, doc="Those outcomes, carried over.")


class FeedRow(Base):
    """One meeting prepares another; by reference, because the other may be created later."""

    __tablename__ = "meeting_feed"
    __table_args__ = (CheckConstraint("source <> target", name="other"),)

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    target: Mapped[str] = mapped_column(String(64), primary_key=True)


class AttendeeRow(Base):
    """A person in one meeting. Somebody removed and invited again gets a new row."""

    __tablename__ = "attendee"
    __table_args__ = (
        CheckConstraint(_one_of("participation", Participation), name="participation"),
        CheckConstraint(_one_of("seat", Seat), name="seat"),
        Index(
            "uq_attendee_invited",
            "meeting_id",
            "address",
            unique=True,
            sqlite_where=text("removed_sequence IS NULL"),
            postgresql_where=text("removed_sequence IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(String(254), doc="As written by the coordinator.")
    address: Mapped[str] = mapped_column(String(254), doc="Case-folded, for comparing.")
    delegation: Mapped[str] = mapped_column(String(6))
    group_code: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(40))
    participation: Mapped[str] = mapped_column(String(16), default=Participation.NEEDS_ACTION)
    seat: Mapped[str | None] = mapped_column(String(20))
    answered_at: Mapped[datetime | None]
    answered_via: Mapped[str | None] = mapped_column(String(20))
    answer_stamp: Mapped[datetime | None] = mapped_column(doc="DTSTAMP of the answer that counts.")
    comment: Mapped[str | None] = mapped_column(Text())
    delegated_to: Mapped[str | None] = mapped_column(String(254))
    joined_sequence: Mapped[int] = mapped_column(default=0)
    joined_at: Mapped[datetime | None]
    removed_sequence: Mapped[int | None]
    removed_at: Mapped[datetime | None]
    resends: Mapped[int] = mapped_column(default=0, doc="How often the invitation was asked for again.")
    resend_asked_at: Mapped[datetime | None]
    link_version: Mapped[int] = mapped_column(default=1, doc="Rises when the personal link is revoked.")
    language: Mapped[str | None] = mapped_column(String(20), doc="Locale, where not the delegation's.")
    nudges: Mapped[int] = mapped_column(default=0, doc="How often a coordinator asked for what is missing.")
    nudged_at: Mapped[datetime | None]


class ConferenceRow(Base):
    """The video meeting behind a meeting."""

    __tablename__ = "conference"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(255), unique=True)
    provider: Mapped[str | None] = mapped_column(String(40))
    provider_id: Mapped[str | None] = mapped_column(Text())
    join_url: Mapped[str | None] = mapped_column(Text())
    by_hand: Mapped[bool] = mapped_column(default=False)


class RevisionRow(Base):
    """What attendees were told in one revision; never changed."""

    __tablename__ = "meeting_revision"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    title: Mapped[str]
    title_vi: Mapped[str | None]
    tentative: Mapped[bool] = mapped_column(default=False)
    coordinator: Mapped[str] = mapped_column(doc="Name and address, as mails name them.")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    join_url: Mapped[str | None] = mapped_column(Text())
    agenda: Mapped[list[str]] = mapped_column(JSON)
    wall_start: Mapped[datetime | None] = mapped_column(DateTime(), doc="As told to whoever is in `zone`.")
    zone: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime]


class ActionRow(Base):
    """One thing that must happen at one moment.

    Planning writes key, kind, planned_at, expires_at and revision; beat writes claims; workers write
    how it ended. ``due_at`` is when it is next to be tried, ``planned_at`` when it was planned for.
    ``lease_until`` is in real time, not in the sandbox clock's, because a claim measures work.
    What belongs to no meeting, such as reading the mailbox, has no ``meeting_id``.
    """

    __tablename__ = "action"
    __table_args__ = (
        UniqueConstraint("meeting_id", "key"),
        CheckConstraint(_one_of("state", ActionState), name="state"),
        CheckConstraint(_one_of("kind", ActionKind), name="kind"),
        CheckConstraint("(state IN ('claimed', 'running')) = (lease_until IS NOT NULL)", name="lease"),
        CheckConstraint("attempt >= 0", name="attempt"),
        Index(
            "uq_action_own_key",
            "key",
            unique=True,
            sqlite_where=text("meeting_id IS NULL"),
            postgresql_where=text("meeting_id IS NULL"),
        ),
        Index(
            "ix_action_due",
            "due_at",
            "id",
            sqlite_where=text("state = 'scheduled'"),
            postgresql_where=text("state = 'scheduled'"),
        ),
        Index(
            "ix_action_open",
            "expires_at",
            sqlite_where=text("state IN ('scheduled', 'blocked')"),
            postgresql_where=text("state IN ('scheduled', 'blocked')"),
        ),
        Index(
            "ix_action_lease",
            "lease_until",
            sqlite_where=text("state IN ('claimed', 'running')"),
            postgresql_where=text("state IN ('claimed', 'running')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(120))
    obligation: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20))
    step: Mapped[str] = mapped_column(String(60))
    attendee_id: Mapped[int | None] = mapped_column(ForeignKey("attendee.id"), index=True)
    revision: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    planned_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    blocked_by: Mapped[int | None] = mapped_column(ForeignKey("action.id"), index=True)
    attempt: Mapped[int] = mapped_column(default=0, doc="Counts claims; a claim's fence.")
    lease_until: Mapped[datetime | None]
    cancel_code: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text(), doc="Why it stands where it stands, in words.")
    note: Mapped[str] = mapped_column(Text(), default="", doc="Why it is not due when the timeline wants it.")
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class DeliveryRow(Base):
    """One message to one recipient over one channel, and how it ended."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("action_id", "recipient", "channel", "purpose"),
        CheckConstraint(_one_of("state", DeliveryState), name="state"),
        Index("ix_delivery_message_id", "message_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id", ondelete="CASCADE"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), index=True)
    attendee_id: Mapped[int | None] = mapped_column(ForeignKey("attendee.id"), index=True)
    recipient: Mapped[str] = mapped_column(String(254))
    channel: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10))
    message_id: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(Text())
    sequence: Mapped[int]
    revision: Mapped[int]
    local_time: Mapped[str] = mapped_column(String(120), doc="When it left, as read at the recipient's.")
    answer: Mapped[str | None] = mapped_column(Text(), doc="What the server said.")
    tries: Mapped[int] = mapped_column(default=1)
    repeated: Mapped[bool] = mapped_column(default=False, doc="Sent again after an unknown outcome.")
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class IncomingRow(Base):
    """A mail that came to the mailbox, and what became of it.

    ``digest`` is the SHA-256 of its bytes, by which the same mail is known again when a poller died
    between applying it and moving it away, or when the mailbox numbers its mails anew.
    """

    __tablename__ = "incoming_mail"
    __table_args__ = (
        CheckConstraint(_one_of("outcome", IncomingOutcome), name="outcome"),
        Index(
            "ix_incoming_mail_quarantined",
            "id",
            sqlite_where=text("outcome = 'quarantined'"),
            postgresql_where=text("outcome = 'quarantined'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    mailbox: Mapped[str]
    size: Mapped[int]
    received_at: Mapped[datetime]
    read_at: Mapped[datetime]
    sort: Mapped[str] = mapped_column(String(20), doc="What kind of mail it is.")
    method: Mapped[str] = mapped_column(String(20), doc="The iTIP method, or nothing.")
    sender: Mapped[str | None] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(Text())
    message_id: Mapped[str | None] = mapped_column(Text())
    uid: Mapped[str | None] = mapped_column(Text())
    participation: Mapped[str | None] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text(), doc="The beginning of what can be read.")
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id", ondelete="SET NULL"), index=True)
    attendee_id: Mapped[int | None] = mapped_column(ForeignKey("attendee.id", ondelete="SET NULL"))
    outcome: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(Text(), doc="Why, in words.")


class ResponseRow(Base):
    """Something that came back from an attendee; never changed, but for a proposal's state.

    ``by`` names who gave it, who may be a focal point or a coordinator answering for somebody.
    """

    __tablename__ = "response"
    __table_args__ = (
        CheckConstraint(_one_of("kind", ResponseKind), name="kind"),
        CheckConstraint(_one_of("participation", Participation), name="participation"),
        CheckConstraint(_one_of("state", ProposalState), name="state"),
        CheckConstraint("(kind = 'proposal') = (state IS NOT NULL)", name="proposal"),
        Index("ix_response_meeting_id", "meeting_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    attendee_id: Mapped[int | None] = mapped_column(ForeignKey("attendee.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    participation: Mapped[str | None] = mapped_column(String(16))
    urgent: Mapped[bool] = mapped_column(default=False, doc="A head of delegation's late decline.")
    delegate: Mapped[str | None] = mapped_column(String(254))
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    state: Mapped[str | None] = mapped_column(String(10))
    comment: Mapped[str | None] = mapped_column(Text())
    reply: Mapped[str | None] = mapped_column(Text(), doc="What a refused proposal's author is told.")
    channel: Mapped[str] = mapped_column(String(20))
    by: Mapped[str] = mapped_column(Text())
    at: Mapped[datetime]
    incoming_id: Mapped[int | None] = mapped_column(ForeignKey("incoming_mail.id", ondelete="SET NULL"))


class DocumentRow(Base):
    """A file kept in the document store."""

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    filename: Mapped[str]
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]


class MinutesRow(Base):
    """One numbered, immutable version of a meeting's minutes."""

    __tablename__ = "minutes"
    __table_args__ = (
        UniqueConstraint("meeting_id", "version"),
        CheckConstraint("version >= 1", name="version"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    version: Mapped[int]
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    attached_at: Mapped[datetime]

    document: Mapped[DocumentRow] = relationship(lazy="joined", innerjoin=True)


class OverrideRow(Base):
    """What a coordinator has entered over a delegation's calendar; withdrawn ones are kept."""

    __tablename__ = "calendar_override"
    __table_args__ = (
        CheckConstraint(_one_of("kind", OverrideKind), name="kind"),
        CheckConstraint("first_day <= last_day", name="days"),
        CheckConstraint("days IS NULL OR kind = 'hours'", name="weekdays"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    delegation: Mapped[str] = mapped_column(String(6), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    first_day: Mapped[date] = mapped_column(Date())
    last_day: Mapped[date] = mapped_column(Date())
    name: Mapped[str] = mapped_column(doc="What the day is, such as National mourning.")
    hours: Mapped[list[str]] = mapped_column(JSON, doc="Stretches such as 08:00-14:00.")
    days: Mapped[list[Weekday] | None] = mapped_column(
        JSON(none_as_null=True), doc="Weekdays such as fri on which other hours hold; else on all."
    )
    why: Mapped[str] = mapped_column(Text())
    by: Mapped[str]
    at: Mapped[datetime]
    withdrawn_by: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]


class ContributionRow(Base):
    """What a delegation has done of what it owes a meeting; the newest word counts, history has the rest."""

    __tablename__ = "contribution"
    __table_args__ = (
        CheckConstraint(_one_of("need", (need for need in Need if need is not Need.ANSWER)), name="need"),
        CheckConstraint(_one_of("state", ContributionState), name="state"),
    )

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True)
    delegation: Mapped[str] = mapped_column(String(6), primary_key=True)
    need: Mapped[str] = mapped_column(String(20), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    note: Mapped[str | None] = mapped_column(Text())
    by: Mapped[str]
    at: Mapped[datetime]


class JoinRow(Base):
    """When a delegation was first seen in a meeting, and who says so."""

    __tablename__ = "delegation_joined"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True)
    delegation: Mapped[str] = mapped_column(String(6), primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str]


class RehearsalSlotRow(Base):
    """When a delegation tries its connection; kept while the meeting keeps its time."""

    __tablename__ = "rehearsal_slot"
    __table_args__ = (CheckConstraint("ends_at > starts_at", name="order"),)

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True)
    delegation: Mapped[str] = mapped_column(String(6), primary_key=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(Text(), doc="Why it is outside office hours, where it is.")
    time_revision: Mapped[int] = mapped_column(doc="For which time of the meeting it was allotted.")
    moves: Mapped[int] = mapped_column(default=0, doc="How often it was moved after it had been told.")


class OutcomeRow(Base):
    """One outcome of a meeting, which a meeting it prepares may have on its agenda."""

    __tablename__ = "outcome"
    __table_args__ = (UniqueConstraint("meeting_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text())
    is_open: Mapped[bool] = mapped_column(default=False, doc="Not agreed yet.")
    by: Mapped[str]
    at: Mapped[datetime]


class DatePollRow(Base):
    """A date poll among the delegations of a draft."""

    __tablename__ = "date_poll"
    __table_args__ = (
        CheckConstraint(_one_of("state", PollState), name="state"),
        CheckConstraint("closes_at > opened_at", name="order"),
        Index(
            "uq_date_poll_open",
            "meeting_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    by: Mapped[str]
    asked: Mapped[int] = mapped_column(doc="Number of the latest asking of the meeting, over all its polls.")
    asked_at: Mapped[datetime]
    chosen: Mapped[int | None] = mapped_column(doc="Number of the option that became the meeting's time.")


class DateOptionRow(Base):
    """One start that a date poll proposes, as wall time in the meeting's zone."""

    __tablename__ = "date_option"

    poll_id: Mapped[int] = mapped_column(ForeignKey("date_poll.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    wall_start: Mapped[datetime] = mapped_column(DateTime(), doc="Naive wall time in the meeting's zone.")
    starts_at: Mapped[datetime]


class DateVoteRow(Base):
    """What a delegation says of one option; its newest word counts."""

    __tablename__ = "date_vote"
    __table_args__ = (
        CheckConstraint(_one_of("vote", Vote), name="vote"),
        ForeignKeyConstraint(
            ["poll_id", "number"], ["date_option.poll_id", "date_option.number"], ondelete="CASCADE"
        ),
    )

    poll_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    delegation: Mapped[str] = mapped_column(String(6), primary_key=True)
    vote: Mapped[str] = mapped_column(String(10))
    attendee_id: Mapped[int | None] = mapped_column(ForeignKey("attendee.id", ondelete="SET NULL"))
    by: Mapped[str]
    at: Mapped[datetime]


class HistoryRow(Base):
    """What was done to a meeting, when, and through which door; never changed."""

    __tablename__ = "meeting_history"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(60))
    what: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str | None] = mapped_column(Text())


def table_of(model: type[Base]) -> Table:
    """Return a model's table, for statements that a plain connection runs without a session."""
    return cast(Table, model.__table__)


def seconds_of(length: timedelta) -> int:
    """Return a duration as the whole seconds that the database keeps."""
    return int(length.total_seconds())
