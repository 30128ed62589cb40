"""A database as an older version left it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alembic.config import Config
from sqlalchemy import Connection, MetaData, select, text

import orchestrator.store
from orchestrator.store.engine import Database
from tests.integration.conftest import ENDS, NHUNG, NOW, PEOPLE, STARTS, TAN, THIDA

CREATED, PUBLISHED, MOVED = NOW - timedelta(days=5), NOW - timedelta(days=4), NOW - timedelta(days=3)
REMOVED, RETITLED = NOW - timedelta(days=2), NOW - timedelta(days=1)
GONE = "zaw@mm.example.org"
LINK = "https://teams.example.org/join/1"
UID = "0f8e@accsm-meetings"
HISTORY = (
    ("created", None),
    ("outcome 12 changed", 'was: "A"; is: {B} \\ it\'s'),
    ("paper missing again", ""),
    ("something of long ago", "Đỗ Quang Minh: accepted"),
)
"""What was done to the meeting 1, and what history says more about it."""


def config_on(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(orchestrator.store.__path__[0]) / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


class Old:
    """Writes rows with plain SQL, because the models know only the newest schema."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._naive = connection.dialect.name == "sqlite"

    def add(self, table: str, *rows: dict[str, Any]) -> None:
        for row in rows:
            names = ", ".join(row)
            marks = ", ".join(f":{name}" for name in row)
            values = {name: self._value(value) for name, value in row.items()}
            self._connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)
            self._keep_counting(table, row)

    def _value(self, value: Any) -> Any:
        if isinstance(value, datetime) and self._naive:
            return value.replace(tzinfo=None).isoformat(" ", "microseconds")
        return json.dumps(value) if isinstance(value, list) else value

    def _keep_counting(self, table: str, row: dict[str, Any]) -> None:
        """PostgreSQL does not see that an id was given by hand."""
        if "id" in row and not self._naive:
            sequence = f"pg_get_serial_sequence('{table}', 'id')"
            self._connection.execute(text(f"SELECT setval({sequence}, {row['id']})"))


def meeting(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "reference": f"M-{number}",
        "kind": "som",
        "title_en": "Senior Officials Meeting",
        "title_vi": "Hội nghị quan chức cấp cao",
        "host": "VN",
        "coordinator_name": "Trần Minh Khôi",
        "coordinator_email": "coordinator@vn.example.org",
        "wall_start": datetime(2026, 12, 3, 14),  # noqa: DTZ001 - a wall time.
        "zone": "Asia/Ho_Chi_Minh",
        "duration_seconds": 9000,
        "starts_at": STARTS,
        "ends_at": ENDS,
        "tzdata": "2026.1",
        "timeline": "standard",
        "status": "published",
        "version": 4,
        "saves": 6,
        "uid": f"uid-{number}",
        "sequence": 0,
        "revision": 1,
        "time_revision": 1,
        "revised_at": PUBLISHED,
        "created_at": CREATED,
        "published_at": PUBLISHED,
        **changes,
    }


def attendee(number: int, email: str, **changes: Any) -> dict[str, Any]:
    known = PEOPLE.get(email, {"group": "SOM", "delegation": "MM", "name": "Zaw Lin"})
    return {
        "id": number,
        "meeting_id": 1,
        "person_id": number,
        "name": known["name"],
        "email": email,
        "address": email,
        "delegation": known["delegation"],
        "group_code": known["group"],
        "role": "senior official",
        "participation": "NEEDS-ACTION",
        **changes,
    }


def action(number: int, key: str, kind: str, state: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "meeting_id": 1,
        "key": key,
        "obligation": key,
        "kind": kind,
        "step": key.partition(":attendee")[0],
        "revision": 3,
        "state": state,
        "due_at": NOW,
        "expires_at": STARTS,
        "attempt": 1,
        "created_at": PUBLISHED,
        **changes,
    }


def delivery(number: int, action_id: int, attendee_id: int, email: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "action_id": action_id,
        "meeting_id": 1,
        "attendee_id": attendee_id,
        "recipient": email,
        "channel": "smtp",
        "purpose": "invitation",
        "state": "sent",
        "message_id": f"<{number}@accsm.example>",
        "subject": "Invitation: Senior Officials Meeting",
        "sequence": 0,
        "revision": 1,
        "local_time": "then",
        "tries": 1,
        "repeated": False,
        "started_at": PUBLISHED,
        "ended_at": PUBLISHED,
        **changes,
    }


def revision(number: int, sequence: int, at: datetime, **changes: Any) -> dict[str, Any]:
    return {
        "meeting_id": 1,
        "revision": number,
        "sequence": sequence,
        "title": "Senior Officials Meeting",
        "starts_at": STARTS,
        "ends_at": ENDS,
        "join_url": LINK,
        "agenda": ["Adoption of the agenda"],
        "at": at,
        **changes,
    }


def fill(old: Old) -> None:
    """One meeting in the middle of its life, and one of each other status.

    It was published (SEQUENCE 0), moved (1), somebody was removed (2), and its title was changed.
    """
    old.add(
        "meeting",
        meeting(
            1, reference="SOM-2026", uid=UID, sequence=2, revision=3, time_revision=2, revised_at=RETITLED
        ),
        meeting(2, status="draft", uid=None, revision=0, time_revision=0, revised_at=None, published_at=None),
        meeting(3, status="cancelled", sequence=1, revision=2),
        meeting(4, status="concluded"),
    )
    old.add("document", {"id": 1, "digest": "0" * 64, "filename": "m.md", "media_type": "x/y", "size": 3})
    old.add("minutes", {"id": 1, "meeting_id": 4, "version": 1, "document_id": 1, "attached_at": NOW})
    old.add("meeting_feed", {"source": "M-2", "target": "SOM-2026"})
    old.add(
        "agenda_item", {"id": 1, "meeting_id": 1, "number": 1, "en": "Adoption of the agenda", "lead": "VN"}
    )
    for number, (what, detail) in enumerate(HISTORY, 1):
        row = {"id": number, "meeting_id": 1, "at": NOW, "actor": "cli", "what": what, "detail": detail}
        old.add("meeting_history", row)
    for number in (1, 2, 3, 4):
        link = LINK if number == 1 else None
        row = {
            "external_id": f"external-{number}",
            "provider": "teams",
            "provider_id": link,
            "join_url": link,
        }
        old.add("conference", {"meeting_id": number, **row, "by_hand": False})
    for number, email in enumerate((THIDA, TAN, NHUNG, GONE), 1):
        person = {"id": number, "email": email, "name": email[:4], "delegation": "MM", "role": "delegate"}
        old.add("person", person)
    old.add(
        "attendee",
        attendee(1, THIDA, participation="ACCEPTED", answered_at=RETITLED, answered_via="telephone"),
        attendee(2, TAN, participation="DECLINED", answered_at=RETITLED, answered_via="telephone"),
        attendee(3, NHUNG),
        attendee(4, GONE, removed_sequence=2),
    )
    old.add(
        "meeting_revision",
        revision(1, 0, PUBLISHED, starts_at=STARTS - timedelta(days=7)),
        revision(2, 1, MOVED),
        revision(3, 2, RETITLED),
        revision(1, 0, PUBLISHED, meeting_id=3),
        revision(2, 1, MOVED, meeting_id=3),
        revision(1, 0, PUBLISHED, meeting_id=4),
    )
    old.add(
        "action",
        action(1, "conference", "conference", "succeeded", finished_at=PUBLISHED),
        *(
            action(1 + n, f"invite:attendee-{n}", "invite", "succeeded", attendee_id=n, finished_at=PUBLISHED)
            for n in (1, 2, 3, 4)
        ),
        action(6, "cancel:attendee-4", "cancel", "succeeded", attendee_id=4, revision=2, finished_at=REMOVED),
        *(
            action(
                6 + n,
                f"remind:P1D:attendee-{n}",
                "remind",
                state,
                attendee_id=n,
                revision=2,
                attempt=0,
                planned_at=STARTS - timedelta(days=1),
                due_at=STARTS - timedelta(days=1),
                cancel_code=code,
            )
            for n, state, code in (
                (1, "scheduled", None),
                (2, "cancelled", "attendee-declined"),
                (3, "scheduled", None),
            )
        ),
        action(
            10,
            "conclude",
            "conclude",
            "scheduled",
            revision=2,
            attempt=0,
            planned_at=ENDS,
            due_at=ENDS,
            expires_at=ENDS + timedelta(days=365),
        ),
        action(11, "minutes:attendee-1", "minutes", "blocked", blocked_by=10, attendee_id=1),
        action(12, "link-alert", "link-alert", "claimed", lease_until=NOW + timedelta(minutes=2)),
    )
    old.add(
        "delivery",
        delivery(1, 2, 1, THIDA),
        delivery(2, 3, 2, TAN),
        delivery(3, 4, 3, NHUNG, repeated=True, tries=2),
        delivery(4, 5, 4, GONE),
        delivery(5, 6, 4, GONE, purpose="cancellation", sequence=2, revision=2, ended_at=REMOVED),
        *(
            delivery(5 + n, 1 + n, n, email, purpose="update", sequence=2, revision=3, ended_at=RETITLED)
            for n, email in ((1, THIDA), (2, TAN), (3, NHUNG))
        ),
    )


def tables(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Everything in all tables as they are, in whatever schema."""
    metadata = MetaData()
    with database.engine.connect() as connection:
        metadata.reflect(connection)
        return {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in metadata.sorted_tables
            if table.name != "alembic_version"
        }


def incoming_mail(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "digest": f"{number:064d}",
        "mailbox": "m",
        "size": 1,
        "received_at": NOW,
        "read_at": NOW,
        "sort": "letter",
        "method": "",
        "subject": "S",
        "text": "",
        "outcome": "quarantined",
        "reason": 'it says {nothing}, "so to say"',
    }
