"""Rows of what personal links ask for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.personal.naming import NamingState
from orchestrator.store.rows.base import Base, one_of, word_of

_WAITING = text("state = 'waiting'")


class NamedPersonRow(Base):
    """A person whom a personal link has named, and who is invited with the coordinator's yes only."""

    __tablename__ = "named_person"
    __table_args__ = (
        CheckConstraint(one_of("state", NamingState), name="state"),
        CheckConstraint(one_of("seat", Seat), name="seat"),
        CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name="settled"),
        Index(
            "uq_named_person_waiting",
            "meeting_id",
            "address",
            unique=True,
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), index=True)
    delegation: Mapped[str] = mapped_column(String(6))
    name: Mapped[str]
    email: Mapped[str] = mapped_column(String(254), doc="As it was written.")
    address: Mapped[str] = mapped_column(String(254), doc="Case-folded, for comparing.")
    group: Mapped[str] = mapped_column("group_code", String(40))
    role: Mapped[Role] = mapped_column(word_of(Role, 40))
    seat: Mapped[Seat | None] = mapped_column(word_of(Seat, 20))
    form: Mapped[str | None] = mapped_column(
        String(30), doc="How letters address the person before the name."
    )
    position: Mapped[str | None] = mapped_column(String(120), doc="The office held.")
    by: Mapped[str] = mapped_column(doc="Whose link it was: name and address.")
    asked_at: Mapped[datetime]
    state: Mapped[NamingState] = mapped_column(word_of(NamingState, 10), default=NamingState.WAITING)
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]
