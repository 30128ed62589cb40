"""Queries for sessions of the console."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from orchestrator.store.rows.people import ConsoleSessionRow


def add(session: Session, row: ConsoleSessionRow) -> None:
    """Keep a new session."""
    session.add(row)
    session.flush()


def by_secret(session: Session, secret_hash: str) -> ConsoleSessionRow | None:
    """Return the session of a cookie, also one that is over."""
    return session.scalar(select(ConsoleSessionRow).where(ConsoleSessionRow.secret_hash == secret_hash))


def all_of_them(session: Session) -> Sequence[ConsoleSessionRow]:
    """Return all sessions, the one last used first."""
    order = (ConsoleSessionRow.seen_at.desc(), ConsoleSessionRow.id.desc())
    return session.scalars(select(ConsoleSessionRow).order_by(*order)).all()


def seen(session: Session, number: int, now: datetime) -> None:
    """Note that a session is in use."""
    session.execute(
        update(ConsoleSessionRow)
        .where(ConsoleSessionRow.id == number, ConsoleSessionRow.seen_at < now)
        .values(seen_at=now)
    )


def end(session: Session, number: int | None = None) -> int:
    """Delete one session, or all of them; return how many there were."""
    statement = delete(ConsoleSessionRow)
    if number is not None:
        statement = statement.where(ConsoleSessionRow.id == number)
    return len(session.scalars(statement.returning(ConsoleSessionRow.id)).all())


def end_over(session: Session, now: datetime, idle_since: datetime) -> None:
    """Delete those whose time is over, and those that nobody has used since."""
    over = or_(ConsoleSessionRow.expires_at <= now, ConsoleSessionRow.seen_at <= idle_since)
    session.execute(delete(ConsoleSessionRow).where(over))
