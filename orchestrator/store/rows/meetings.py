"""Rows of meetings, their attendees and their history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.meeting import MeetingStatus, Participation
from orchestrator.domain.meetings.place import Mode
from orchestrator.facts import Fact
from orchestrator.store.rows.base import Base, one_of, word_of


class MeetingRow(Base):
    """A meeting; ``starts_at`` and ``ends_at`` are derived from wall time and zone."""

    __tablename__ = "meeting"
    __table_args__ = (
        CheckConstraint(one_of("status", MeetingStatus), name="status"),
        CheckConstraint("duration_seconds > 0", name="duration"),
        CheckConstraint("ends_at > starts_at", name="order"),
        CheckConstraint("sequence >= 0 AND revision >= 0 AND time_revision <= revision", name="revisions"),
        CheckConstraint(
            "reset_sequence <= revised_sequence AND revised_sequence <= sequence", name="sequences"
        ),
        CheckConstraint("status IN ('draft', 'cancelled') OR uid IS NOT NULL", name="uid"),
        CheckConstraint(one_of("mode", Mode), name="mode"),
        CheckConstraint("(mode = 'online') = (venue IS NULL)", name="venue"),
        CheckConstraint("room IS NULL OR venue IS NOT NULL", name="room"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(64), unique=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True, doc="Whose session it is.")
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
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON, default=list, doc="Why it was changed, by the numbers of the changes."
    )
    notes: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON, default=list, doc="What coordinators have written to stand first in its messages."
    )
    days_off: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True), doc="On whose days off it takes place, as its coordinator knows it."
    )
    mode: Mapped[Mode] = mapped_column(word_of(Mode, 12), default=Mode.ONLINE)
    venue: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    room: Mapped[str | None] = mapped_column(String(120))
    short: Mapped[str | None] = mapped_column(String(40), doc="The short title, for subjects.")
    short_vi: Mapped[str | None] = mapped_column(String(40))

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
    input_from: Mapped[str | None] = mapped_column(
        String(64), doc="Whose decisions it reports, by reference."
    )
    points: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON, default=list, doc="Those decisions, carried over, each its text and whether it is open."
    )


class FeedRow(Base):
    """One meeting prepares another; by reference, because the other may be created later."""

    __tablename__ = "meeting_feed"
    __table_args__ = (CheckConstraint("source <> target", name="other"),)

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    target: Mapped[str] = mapped_column(String(64), primary_key=True)


class AttendeeRow(Base):
    """A person in one meeting. Who is removed and invited again gets a new row."""

    __tablename__ = "attendee"
    __table_args__ = (
        CheckConstraint(one_of("participation", Participation), name="participation"),
        CheckConstraint(one_of("seat", Seat), name="seat"),
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
    group: Mapped[str] = mapped_column("group_code", String(40))
    role: Mapped[Role] = mapped_column(word_of(Role, 40))
    participation: Mapped[Participation] = mapped_column(
        word_of(Participation, 16), default=Participation.NEEDS_ACTION
    )
    seat: Mapped[Seat | None] = mapped_column(word_of(Seat, 20))
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
    form: Mapped[str | None] = mapped_column(
        String(30), doc="How letters address the person before the name."
    )
    position: Mapped[str | None] = mapped_column(String(120), doc="The office held.")
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
    trouble: Mapped[Fact | None] = mapped_column(doc="Why the provider fails at present.")
    trouble_since: Mapped[datetime | None]
    trouble_needs_person: Mapped[bool] = mapped_column(default=False)
    troubles: Mapped[int] = mapped_column(default=0, doc="How often the coordinator had to be told of one.")


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
    wall_start: Mapped[datetime | None] = mapped_column(DateTime(), doc="As told to people in `zone`.")
    zone: Mapped[str | None] = mapped_column(String(64))
    mode: Mapped[Mode] = mapped_column(word_of(Mode, 12), default=Mode.ONLINE)
    venue: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    room: Mapped[str | None] = mapped_column(String(120))
    at: Mapped[datetime]


class DecisionRow(Base):
    """One decision of a meeting, which a meeting it prepares may have on its agenda."""

    __tablename__ = "decision"
    __table_args__ = (UniqueConstraint("meeting_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text())
    is_open: Mapped[bool] = mapped_column(default=False, doc="Not agreed yet.")
    by: Mapped[str]
    at: Mapped[datetime]


class OneOffLetterRow(Base):
    """A letter that a coordinator has written and confirmed; never changed."""

    __tablename__ = "one_off_letter"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), index=True)
    subject: Mapped[dict[str, str]] = mapped_column(JSON, doc="By language; English is always there.")
    text: Mapped[dict[str, str]] = mapped_column(JSON, doc="By language; English is always there.")
    recipients: Mapped[list[int]] = mapped_column(JSON, doc="Attendees, as they were confirmed.")
    at_once: Mapped[bool]
    after_cancelling: Mapped[bool] = mapped_column(default=False)
    by: Mapped[str] = mapped_column(String(400))
    at: Mapped[datetime]


class HistoryRow(Base):
    """What was done to a meeting, when, by whom and through which door; never changed."""

    __tablename__ = "meeting_history"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(400), doc="Who did it, as history shows them.")
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(64), doc="That of a person.")
    channel: Mapped[str] = mapped_column(String(20), doc="Through which door.")
    what: Mapped[str] = mapped_column(String(80), doc="What was done: the key of the fact that says it.")
    params: Mapped[dict[str, Any]] = mapped_column(doc="The parameters of that fact, as they are stored.")
    detail: Mapped[Fact | None]
    remark: Mapped[str | None] = mapped_column(Text(), doc="For coordinators alone; it never leaves.")

    @property
    def said(self) -> Fact:
        """What was done."""
        return Fact.from_json({"key": self.what, "params": self.params})
