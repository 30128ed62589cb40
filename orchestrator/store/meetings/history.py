"""The history of meetings and events: what was done, when, by whom and through which door."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from orchestrator.domain.people.caller import Caller
from orchestrator.facts import Fact, Said, plain
from orchestrator.store.rows.base import table_of
from orchestrator.store.rows.events import EventHistoryRow
from orchestrator.store.rows.meetings import HistoryRow


def note(
    session: Session,
    meeting_id: int,
    caller: Caller,
    what: Fact,
    now: datetime,
    detail: Said | None = None,
    *,
    remark: str | None = None,
) -> None:
    """Write a line of the meeting's history; text that people wrote is a detail as it is.

    ``remark`` is for coordinators alone: nothing that is sent or shown to participants reads it.
    """
    said = _said(what, detail)
    session.add(HistoryRow(meeting_id=meeting_id, at=now, remark=remark, **said, **_of_caller(caller)))


def note_event(
    session: Session, event_id: int, caller: Caller, what: Fact, now: datetime, detail: Said | None = None
) -> None:
    """Write a line of the event's history."""
    session.add(EventHistoryRow(event_id=event_id, at=now, **_said(what, detail), **_of_caller(caller)))


def notes(
    session: Session, meeting_id: int, what: Fact, now: datetime, lines: Sequence[tuple[Caller, Said]]
) -> None:
    """Write several lines of the meeting's history, each a caller and a detail."""
    if lines:
        rows = [
            {"meeting_id": meeting_id, "at": now} | _said(what, detail) | _of_caller(caller)
            for caller, detail in lines
        ]
        session.flush()  # What was noted before in this transaction comes before.
        session.connection().execute(insert(table_of(HistoryRow)), rows)


def of_meeting(session: Session, meeting_id: int) -> Sequence[HistoryRow]:
    """Return the meeting's history, newest first."""
    return session.scalars(
        select(HistoryRow).where(HistoryRow.meeting_id == meeting_id).order_by(HistoryRow.id.desc())
    ).all()


def of_event(session: Session, event_id: int) -> Sequence[EventHistoryRow]:
    """Return the event's history, newest first."""
    return session.scalars(
        select(EventHistoryRow)
        .where(EventHistoryRow.event_id == event_id)
        .order_by(EventHistoryRow.id.desc())
    ).all()


def _said(what: Fact, detail: Said | None) -> dict[str, Any]:
    told = plain(detail) if isinstance(detail, str) else detail
    return {"what": what.key, "params": what.to_json()["params"], "detail": told}


def _of_caller(caller: Caller) -> dict[str, str | None]:
    actor = caller.actor
    return {
        "actor": actor.name,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "channel": caller.channel,
    }
