"""Rows of what comes back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.domain.answers.responses import Fate, ProposalState, ResponseKind
from orchestrator.domain.answers.speakers import Relation
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.facts import Fact, Said
from orchestrator.store.rows.base import Base, one_of, word_of


class IncomingRow(Base):
    """A mail that came to the mailbox, and what became of it.

    ``digest`` is the SHA-256 of its bytes, by which the same mail is known again when a poller died
    between applying it and moving it away, or when the mailbox numbers its mails in another way.
    """

    __tablename__ = "incoming_mail"
    __table_args__ = (
        CheckConstraint(one_of("outcome", Fate), name="outcome"),
        Index(
            "ix_incoming_mail_quarantined",
            "id",
            sqlite_where=text("outcome = 'quarantined'"),
            postgresql_where=text("outcome = 'quarantined'"),
        ),
        Index(
            "ix_incoming_mail_kept",
            "id",
            sqlite_where=text("body_kept"),
            postgresql_where=text("body_kept"),
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
    named: Mapped[str | None] = mapped_column(String(320), doc="Whose answer it says it is, case-folded.")
    named_as: Mapped[str | None] = mapped_column(String(200), doc="The name beside that address.")
    body_kept: Mapped[bool] = mapped_column(default=False, doc="Whether its bytes are kept here.")
    fate: Mapped[str] = mapped_column("outcome", String(12), doc="What became of it.")
    reason: Mapped[Fact] = mapped_column(doc="Why.")


class KnownSenderRow(Base):
    """An address whose answers for a person are taken, because that person or a coordinator confirmed it.

    Nothing a mail says makes such a row, and it is never changed but to be withdrawn, so that history can
    tell on whose word an answer was taken.
    """

    __tablename__ = "known_sender"
    __table_args__ = (
        CheckConstraint(one_of("relation", Relation), name="relation"),
        Index(
            "uq_known_sender_present",
            "person_id",
            "address",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(320), doc="As it is compared.")
    relation: Mapped[Relation] = mapped_column(word_of(Relation, 10))
    confirmed_at: Mapped[datetime]
    confirmed_by: Mapped[str] = mapped_column(String(400), doc="Who confirmed it, as it is shown.")
    confirmed_by_kind: Mapped[str] = mapped_column(String(20))
    confirmed_by_id: Mapped[str | None] = mapped_column(String(64))
    confirmed_via: Mapped[str] = mapped_column(String(20), doc="Through which door.")
    incoming_id: Mapped[int | None] = mapped_column(ForeignKey("incoming_mail.id", ondelete="SET NULL"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(400))
    withdrawn_via: Mapped[str | None] = mapped_column(String(20))


class ResponseRow(Base):
    """Something that came back from an attendee; never changed, but for a proposal's state.

    ``by`` names who gave it, who may be a focal point or a coordinator answering for an attendee.
    """

    __tablename__ = "response"
    __table_args__ = (
        CheckConstraint(one_of("kind", ResponseKind), name="kind"),
        CheckConstraint(one_of("participation", Participation), name="participation"),
        CheckConstraint(one_of("state", ProposalState), name="state"),
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
    behind: Mapped[str | None] = mapped_column(
        String(254), doc="The address behind the invited one that a mail did not reach."
    )
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    state: Mapped[str | None] = mapped_column(String(10))
    comment: Mapped[str | None] = mapped_column(Text(), doc="What a person said with it.")
    what: Mapped[Fact | None] = mapped_column(doc="What was done, where that is more than its kind.")
    reply: Mapped[str | None] = mapped_column(Text(), doc="What a refused proposal's author is told.")
    channel: Mapped[str] = mapped_column(String(20))
    by: Mapped[str] = mapped_column(Text())
    assigned_by: Mapped[str | None] = mapped_column(Text(), doc="Who took a mail of ``by`` for it, by hand.")
    by_other: Mapped[bool] = mapped_column(default=False, doc="Not the attendee, who is told of it.")
    at: Mapped[datetime]
    incoming_id: Mapped[int | None] = mapped_column(ForeignKey("incoming_mail.id", ondelete="SET NULL"))

    @property
    def said(self) -> Said | None:
        """What was said with it: a person's words, or what is known of a mail that came back.

        What was done before this was kept as a fact stands as a text in the comment, and is read as it is.
        """
        bounced = self.kind == ResponseKind.BOUNCE
        return self.what or self.comment or (Fact.of("answers.undeliverable") if bounced else None)

    @property
    def giver(self) -> Said:
        """Who gave it; of a mail that was assigned by hand also by whom."""
        if self.assigned_by is None:
            return self.by
        sender = self.by or Fact.of("answers.sender-unknown")
        return Fact.of("answers.assigned-sender", sender=sender, by=self.assigned_by)
