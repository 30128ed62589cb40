"""Reading what belongs to several meetings with one statement."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar, TypeVarTuple

from sqlalchemy import BindParameter, Row, Select, bindparam
from sqlalchemy.orm import Session

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

WANTED: BindParameter[int] = bindparam("wanted", expanding=True)
"""The ids of the meetings, in statements that ``by_meeting`` runs."""


def by_meeting(
    session: Session,
    statement: Select[*Ts],
    meeting_ids: Collection[int],
    make: Callable[[Row[*Ts]], T],
) -> dict[int, tuple[T, ...]]:
    """Return what a statement finds, made from its rows and in their order, by the id of the meeting.

    The statement is told the meetings as ``WANTED``, and selects the ``meeting_id`` of each row. For no
    meetings the database is not asked.
    """
    if not meeting_ids:
        return {}
    found: dict[int, list[T]] = {}
    for row in session.connection().execute(statement, {WANTED.key: meeting_ids}):
        found.setdefault(row.meeting_id, []).append(make(row))
    return {number: tuple(items) for number, items in found.items()}
