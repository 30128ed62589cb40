"""What all tables have in common: instants in UTC, names of constraints, enumerations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sqlalchemy import JSON, DateTime, Dialect, Enum, MetaData, String, Table, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

from orchestrator.domain.time.zones import require_instant
from orchestrator.facts import Fact

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


LARGEST_ID = 2**31 - 1
"""What the column of an id holds on every database."""


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


class FactColumn(TypeDecorator[Fact]):
    """A fact as JSON, key and parameters; NULL for none."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Fact | None, dialect: Dialect) -> dict[str, Any] | None:
        """Return the fact as it is stored."""
        return None if value is None else value.to_json()

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Fact | None:
        """Return the fact as it was stored."""
        return None if value is None else Fact.from_json(value)


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
        Fact: FactColumn,
    }


def one_of(column: str, values: Iterable[str]) -> str:
    """Return the condition that a column holds one of these values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"


def word_of(kind: type[StrEnum], length: int) -> Enum:
    """Return the type of a column that holds a word of ``kind``; what may be there, a CHECK says."""
    return Enum(
        kind, native_enum=False, length=length, values_callable=lambda found: [item.value for item in found]
    )


def values_of(new: DataclassInstance) -> dict[str, Any]:
    """Return the fields of what is to be written, by the names of their columns."""
    return {item.name: getattr(new, item.name) for item in fields(new)}


def table_of(model: type[Base]) -> Table:
    """Return a model's table, for statements that a plain connection runs without a session."""
    return cast(Table, model.__table__)


def seconds_of(length: timedelta) -> int:
    """Return a duration as the whole seconds that the database keeps."""
    return int(length.total_seconds())
