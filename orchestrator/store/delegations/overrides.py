"""What coordinators have entered over the working calendars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orchestrator.domain.delegations.working_calendar import Override, OverrideKind, Stretch
from orchestrator.errors import Conflict, NotFound
from orchestrator.facts import Fact
from orchestrator.store.engine import only_reads
from orchestrator.store.rows.delegations import OverrideRow

_PLANNING = 0x0CA1E7DA
"""The lock between plans and overrides: any number of plans may be made at once, or one override entered."""
_CHANGED = "calendars changed"


def enter_alone(session: Session) -> None:
    """Wait until every plan that may have been made without the coming change has committed.

    On SQLite only one transaction writes at a time, which does the same.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_PLANNING)))


def mark(session: Session) -> tuple[int, int]:
    """Return what changes whenever an override is entered or withdrawn.

    Until a transaction that may write ends, no other can do either, so that no plan is made that misses a
    new override.
    """
    if session.get_bind().dialect.name == "postgresql" and not only_reads(session):
        session.execute(select(func.pg_advisory_xact_lock_shared(_PLANNING)))
    newest, withdrawn = session.execute(
        select(func.coalesce(func.max(OverrideRow.id), 0), func.count(OverrideRow.withdrawn_at))
    ).one()
    return newest, withdrawn


def changed_by(session: Session) -> bool:
    """Whether this transaction has entered or withdrawn an override itself."""
    return _CHANGED in session.info


def overrides(session: Session) -> tuple[Override, ...]:
    """Return the overrides in force, oldest first."""
    rows = session.scalars(
        select(OverrideRow).where(OverrideRow.withdrawn_at.is_(None)).order_by(OverrideRow.id)
    )
    return tuple(override_of(row) for row in rows)


def override_of(row: OverrideRow) -> Override:
    """Return the override in a row."""
    return Override(
        id=row.id,
        delegation=row.delegation,
        kind=OverrideKind(row.kind),
        first=row.first_day,
        last=row.last_day,
        name=row.name,
        stretches=tuple(stretch_of(item) for item in row.hours),
        by=row.by,
        why=row.why,
        days=None if row.days is None else tuple(row.days),
    )


def stretch_of(text: str) -> Stretch:
    """Read ``08:00-14:00``, as ``str`` of a stretch writes it; raises ``ValueError``."""
    opens, _, closes = text.partition("-")
    return Stretch(time.fromisoformat(opens), time.fromisoformat(closes))


def all_overrides(session: Session, delegation: str | None = None) -> Sequence[OverrideRow]:
    """Return every override ever entered, newest first; with ``delegation`` only its own."""
    wanted = select(OverrideRow).order_by(OverrideRow.id.desc())
    if delegation is not None:
        wanted = wanted.where(OverrideRow.delegation == delegation)
    return session.scalars(wanted).all()


def add(session: Session, item: Override, at: datetime) -> int:
    """Store an override and return its number."""
    row = OverrideRow(
        delegation=item.delegation,
        kind=item.kind.value,
        first_day=item.first,
        last_day=item.last,
        name=item.name,
        hours=[str(stretch) for stretch in item.stretches],
        days=None if item.days is None else list(item.days),
        why=item.why,
        by=item.by,
        at=at,
    )
    session.add(row)
    session.flush()
    session.info[_CHANGED] = True
    return row.id


def get(session: Session, override_id: int) -> OverrideRow:
    """Return an override, in force or not; raises ``NotFound``."""
    row = session.get(OverrideRow, override_id)
    if row is None:
        raise NotFound(Fact.of("delegations.no-override", number=override_id))
    return row


def in_force(session: Session, override_id: int) -> OverrideRow:
    """Return an override that is in force; raises ``NotFound``, and ``Conflict`` for one that is not."""
    row = get(session, override_id)
    if row.withdrawn_at is not None:
        said = Fact.of("delegations.withdrawn-already", number=override_id, by=row.withdrawn_by)
        raise Conflict(said)
    return row


def withdraw(session: Session, override_id: int, by: str, at: datetime) -> OverrideRow:
    """Take an override out of force and return it.

    Raises ``NotFound``, and ``Conflict`` when it is out of force already.
    """
    session.execute(select(OverrideRow.id).where(OverrideRow.id == override_id).with_for_update())
    session.refresh(get(session, override_id))
    row = in_force(session, override_id)
    row.withdrawn_by, row.withdrawn_at = by, at
    session.flush()
    session.info[_CHANGED] = True
    return row
