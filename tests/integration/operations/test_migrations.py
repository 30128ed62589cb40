"""Migrations of a database that is in use: nothing is lost, and what was published goes on living."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, select, text
from sqlalchemy.exc import IntegrityError

import orchestrator.store
from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import MeetingStatus, Participation
from orchestrator.domain.people.caller import SERVICE
from orchestrator.domain.time.zones import Place, local_time
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.facts import Fact
from orchestrator.store.engine import Database
from orchestrator.store.meetings import history, revisions
from orchestrator.store.meetings import meetings as store
from orchestrator.store.readiness import connection_tests
from orchestrator.store.rows.answers import IncomingRow
from orchestrator.store.rows.delivery import DeliveryRow
from tests.callers import caller
from tests.integration.conftest import ENDS, NHUNG, NOW, PEOPLE, STARTS, TAN, THIDA, World

pytestmark = pytest.mark.both_databases

K = ActionKind
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


@pytest.fixture
def old(database_url: str) -> Iterator[Database]:
    """A database in use, at the first migration."""
    database = Database(database_url)
    with database.engine.connect() as connection:
        command.upgrade(config_on(connection), "0001")
        fill(Old(connection))
        connection.commit()
    yield database
    database.dispose()


@pytest.fixture
def upgraded(old: Database) -> Database:
    """The same database at the newest migration."""
    old.upgrade()
    return old


def ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: repr([row.get("id"), *row.values()]))


def test_an_upgrade_keeps_every_row_with_every_value(old: Database) -> None:
    before = tables(old)
    # Agendas as they were told are said in more words, and history in facts; other tests look at those.
    for row in before["meeting_revision"]:
        del row["agenda"]
    for row in before["meeting_history"]:
        del row["what"], row["detail"]
    for row in before["delivery"]:
        del row["local_time"], row["answer"]
    assert min(len(rows) for rows in before.values()) >= 1, "each table must have something to lose"
    old.upgrade()
    after = tables(old)
    for name, rows in before.items():
        kept = [{column: row[column] for column in rows[0]} for row in after[name]]
        assert ordered(kept) == ordered(rows), name
    assert {name for name in after if name not in before} == {
        "incoming_mail",
        "response",
        "calendar_override",
        "contribution",
        "delegation_joined",
        "decision",
        "connection_test",
        "date_poll",
        "date_option",
        "date_vote",
    }
    assert old.revisions()[0] == old.revisions()[1]


def test_an_upgrade_leaves_every_foreign_key_in_force(upgraded: Database) -> None:
    with upgraded.engine.connect() as connection:
        if upgraded.dialect == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    wrong = (
        "UPDATE attendee SET person_id = 99",
        "UPDATE action SET blocked_by = 99 WHERE id = 10",
        "UPDATE delivery SET action_id = 99 WHERE id = 1",
        "UPDATE minutes SET document_id = 99",
        "UPDATE meeting_revision SET meeting_id = 99",
        "UPDATE agenda_item SET meeting_id = 99",
    )
    for statement in wrong:
        with pytest.raises(IntegrityError), upgraded.transaction() as session:
            session.execute(text(statement))
    with upgraded.transaction() as session:
        session.execute(text("DELETE FROM meeting WHERE id = 1"))
    left = tables(upgraded)
    assert [row["meeting_id"] for name in ("action", "attendee", "delivery") for row in left[name]] == []


def test_an_upgrade_fills_in_what_the_new_columns_would_hold(upgraded: Database) -> None:
    with upgraded.reading() as session:
        found = {number: store.load(session, number) for number in (1, 2, 3, 4)}
    numbers = {
        number: (item.sequence, item.revised_sequence, item.reset_sequence) for number, item in found.items()
    }
    assert numbers == {1: (2, 2, 1), 2: (0, 0, 0), 3: (1, 1, 0), 4: (0, 0, 0)}
    assert not any(item.tentative for item in found.values())
    people = {item.email: item for item in found[1].attendees}
    assert (people[GONE].removed_sequence, people[GONE].removed_at) == (2, RETITLED)
    assert (people[GONE].notified, people[GONE].withdrawn) == (True, True)
    assert (people[THIDA].answer_stamp, people[THIDA].participation) == (RETITLED, Participation.ACCEPTED)
    assert {item.removed_at for item in found[1].invited} == {None}
    assert {(item.resends, item.link_version, item.joined_sequence) for item in people.values()} == {
        (0, 1, 0)
    }
    assert found[1].news.latest == 0, "what was answered before is no news"
    with upgraded.reading() as session:
        told = revisions.snapshot(session, 1, 3)
    assert told is not None
    assert (told.coordinator, told.tentative) == ("Trần Minh Khôi <coordinator@vn.example.org>", False)


def test_an_upgrade_lets_history_hold_keys_that_say_what_it_said(upgraded: Database) -> None:
    with upgraded.reading() as session:
        rows = history.of_meeting(session, 1)[::-1]
    assert [(words.say(row.said), words.maybe(row.detail)) for row in rows] == [
        (what, detail or None) for what, detail in HISTORY
    ]
    assert [row.what for row in rows] == [
        "meetings.history.created",
        "meetings.history.decision-changed",
        "readiness.history.paper-missing-again",
        "text",
    ]
    assert rows[1].params == {"number": 12}


def test_a_downgrade_says_the_history_in_english_again(upgraded: Database) -> None:
    with upgraded.transaction() as session:
        fact = Fact.of("meetings.history.decision-removed", number=3)
        history.note(session, 1, SERVICE, fact, NOW, Fact.of("list.and", items=("A", "B"), last="it's C"))
    with upgraded.migrating() as connection:
        command.downgrade(config_on(connection), "0003")
        connection.commit()
    with upgraded.engine.connect() as connection:
        rows = connection.execute(text("SELECT what, detail FROM meeting_history ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [
        *((what, detail or None) for what, detail in HISTORY),
        ("outcome 3 removed", "A, B and it's C"),
    ]


def test_sentences_of_mails_and_deliveries_become_facts_and_are_sentences_again(database_url: str) -> None:
    database = Database(database_url)
    said = "SELECT d.local_time, d.answer, m.reason FROM delivery d CROSS JOIN incoming_mail m ORDER BY d.id"
    with database.migrating() as connection:
        command.upgrade(config_on(connection), "0001")
        fill(Old(connection))
        command.upgrade(config_on(connection), "0003")
        Old(connection).add("incoming_mail", incoming_mail(1))
        before = [tuple(row) for row in connection.execute(text(said))]
        command.upgrade(config_on(connection), "head")
        connection.commit()
    with database.reading() as session:
        (mail,) = session.scalars(select(IncomingRow))
        sent = session.scalars(select(DeliveryRow).order_by(DeliveryRow.id)).all()
        found = [(words.say(row.local_time), words.maybe(row.answer), words.say(mail.reason)) for row in sent]
    assert found == before and {item[2] for item in found} == {'it says {nothing}, "so to say"'}
    with database.transaction() as session:
        row = session.scalars(select(IncomingRow)).one()
        row.reason = Fact.of("answers.discarded", caller="ops", reason=row.reason)
        for delivered in session.scalars(select(DeliveryRow)):
            delivered.local_time = Fact.of("text", text=local_time(STARTS, Place("Asia/Manila", "Manila")))
    with database.migrating() as connection:
        command.downgrade(config_on(connection), "0003")
        connection.commit()
    with database.engine.connect() as connection:
        after = {tuple(row)[::2] for row in connection.execute(text(said))}
    when = str(local_time(STARTS, Place("Asia/Manila", "Manila")))
    assert after == {(when, 'discarded by ops: it says {nothing}, "so to say"')}
    database.dispose()


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


def test_the_new_columns_have_no_values_of_their_own_in_the_database(upgraded: Database) -> None:
    """A default in the database would hide a column that the service forgets to write."""
    with pytest.raises(IntegrityError), upgraded.transaction() as session:
        session.execute(
            text("INSERT INTO person (email, name, delegation, role) VALUES ('a', 'b', 'c', 'd')")
        )


def test_kinds_get_the_names_that_mean_one_thing_and_give_them_back(database_url: str) -> None:
    database = Database(database_url)
    own = {"meeting_id": None, "due_at": NOW, "expires_at": STARTS, "planned_at": None}
    names = ("kind", "key", "obligation", "step")
    before = {
        1: ("poll", "poll", "poll", "poll"),
        2: ("rehearse", "rehearse:attendee-1#2", "rehearse:attendee-1", "rehearse"),
        3: ("rehearse", "rehearse:own/3:attendee-1", "rehearse:own/3:attendee-1", "rehearse:own/3"),
        4: ("remind", "remind:rehearse:attendee-1", "remind:rehearse:attendee-1", "remind:rehearse"),
    }
    with database.migrating() as connection:
        command.upgrade(config_on(connection), "0001")
        fill(Old(connection))
        command.upgrade(config_on(connection), "0003")
        old = Old(connection)
        connection.execute(text("DELETE FROM delivery"))
        connection.execute(text("DELETE FROM action"))
        for number, (kind, key, obligation, step) in before.items():
            belongs = own if kind == "poll" else {"attendee_id": 1}
            row = action(number, key, kind, "scheduled", obligation=obligation, step=step, note="", **belongs)
            old.add("action", row)
        old.add("delivery", delivery(1, 2, 1, THIDA, purpose="rehearsal"))
        command.upgrade(config_on(connection), "0004")
        connection.commit()
    after = {row["id"]: tuple(row[name] for name in names) for row in tables(database)["action"]}
    assert after == {
        1: ("read-mailbox", "read-mailbox", "read-mailbox", "read-mailbox"),
        2: (
            "connection-test",
            "connection-test:attendee-1#2",
            "connection-test:attendee-1",
            "connection-test",
        ),
        3: (
            "connection-test",
            "connection-test:own/3:attendee-1",
            "connection-test:own/3:attendee-1",
            "connection-test:own/3",
        ),
        4: before[4],
    }
    assert [row["purpose"] for row in tables(database)["delivery"]] == ["connection-test"]
    with database.migrating() as connection:
        connection.execute(text("UPDATE action SET kind = 'remember' WHERE id = 4"))
        command.downgrade(config_on(connection), "0003")
        connection.commit()
    back = {row["id"]: tuple(row[name] for name in names) for row in tables(database)["action"]}
    assert back == {number: row for number, row in before.items() if number != 4}
    assert [row["purpose"] for row in tables(database)["delivery"]] == ["rehearsal"]
    database.dispose()


def test_connection_tests_keep_their_times_and_notes_and_give_them_back(database_url: str) -> None:
    database = Database(database_url)
    notes = {
        "CA": "Canada and Viet Nam share no free office hour on that day",
        "LA": "outside the office hours of Laos and Viet Nam",
        "MM": "as the minister asked",
        "VN": None,
    }
    names = "delegation, starts_at, ends_at, note, time_revision, moves"
    rows = text(f"SELECT {names} FROM rehearsal_slot ORDER BY delegation")
    with database.migrating() as connection:
        command.upgrade(config_on(connection), "0001")
        fill(Old(connection))
        command.upgrade(config_on(connection), "0003")
        for code, note in notes.items():
            row = {"meeting_id": 1, "delegation": code, "starts_at": NOW, "ends_at": STARTS, "note": note}
            Old(connection).add("rehearsal_slot", row | {"time_revision": 3, "moves": 2})
        before = list(map(tuple, connection.execute(rows)))
        command.upgrade(config_on(connection), "head")
        connection.commit()
    with database.reading() as session:
        found = connection_tests.of_meetings(session, [1])[1]
    assert {item.delegation: words.maybe(item.note) for item in found} == notes
    assert [item.note.key for item in found if item.note] == [
        "readiness.share-no-hour",
        "readiness.outside-hours",
        "text",
    ]
    assert {(item.starts_at, item.ends_at, item.moves) for item in found} == {(NOW, STARTS, 2)}
    with database.migrating() as connection:
        command.downgrade(config_on(connection), "0003")
        connection.commit()
        assert list(map(tuple, connection.execute(rows))) == before
    database.dispose()


# --- life goes on


@pytest.fixture
def world(upgraded: Database, tmp_path: Path) -> World:
    """The service on a database that was filled before the upgrade."""
    return World(upgraded, tmp_path / "data")


def change(world: World, version: int, **fields: Any) -> None:
    update = MeetingUpdate.model_validate(fields)
    world.meetings.update("SOM-2026", update, caller=caller("coordinator"), version=version, linked="keep")


def sequence_of(mail: Any) -> str:
    return next(line for line in mail.calendar.splitlines() if line.startswith("SEQUENCE"))


def test_planning_after_an_upgrade_changes_nothing_that_was_told(world: World) -> None:
    with world.database.transaction() as session:
        result = world.planner.replan(session, store.load(session, 1, lock=True), NOW)
    told = {K.INVITE, K.CANCEL, K.CONFERENCE}
    assert [item for item in result.inserts if item.obligation.kind in told] == []
    world.run()
    assert world.mailer.accepted == [], "an upgrade sends nothing"


def test_a_meeting_published_before_an_upgrade_can_be_moved(world: World) -> None:
    change(world, 4, start="2026-12-04 14:00")
    world.run()
    assert [(mail.recipient, mail.method) for mail in world.mailer.accepted] == [
        (THIDA, "REQUEST"),
        (TAN, "REQUEST"),
        (NHUNG, "REQUEST"),
    ]
    first = world.mailer.accepted[0]
    assert (sequence_of(first), f"UID:{UID}" in first.calendar) == ("SEQUENCE:3", True)
    assert first.message["References"] == "<1@accsm.example>"
    assert "PARTSTAT=NEEDS-ACTION" in first.calendar
    assert world.reading.meeting("SOM-2026").answers == {"no answer": 3}


def test_the_first_update_after_an_upgrade_names_only_what_changed(world: World) -> None:
    change(world, 4, start="2026-12-04 14:00")
    world.run()
    subject = world.mailer.to(NHUNG)[0].subject
    assert subject.startswith("Updated time: "), subject


def test_people_come_and_go_after_an_upgrade(world: World) -> None:
    again = {"group": "SOM", "delegation": "MM", "name": "Zaw Lin", "email": GONE}
    change(world, 4, attendees=[PEOPLE[THIDA], PEOPLE[TAN], again])
    world.run()
    assert [(mail.recipient, mail.method, sequence_of(mail)) for mail in world.mailer.accepted] == [
        (NHUNG, "CANCEL", "SEQUENCE:3"),
        (GONE, "REQUEST", "SEQUENCE:3"),
    ]


def test_a_meeting_published_before_an_upgrade_can_be_cancelled(world: World) -> None:
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
    world.run()
    assert [(mail.recipient, mail.method) for mail in world.mailer.accepted] == [
        (THIDA, "CANCEL"),
        (TAN, "CANCEL"),
        (NHUNG, "CANCEL"),
    ]
    assert {sequence_of(mail) for mail in world.mailer.accepted} == {"SEQUENCE:3"}


def test_reminders_planned_before_an_upgrade_still_go(world: World) -> None:
    world.clock.at = STARTS - timedelta(days=1)
    world.run()
    reminded = {
        mail.recipient for mail in world.mailer.accepted if mail.subject.startswith(("Reminder:", "Nhắc:"))
    }
    assert reminded == {THIDA, NHUNG}, "who declined gets none"


def test_answers_to_a_meeting_published_before_an_upgrade_are_recorded(world: World) -> None:
    world.answers.answer("SOM-2026", TAN, Participation.ACCEPTED, caller=caller("telephone"))
    assert world.reading.meeting("SOM-2026").answers == {"accepted": 2, "no answer": 1}
    assert {row.state for row in world.rows(K.REMIND) if row.attendee_id == 2} == {"scheduled"}


def test_a_draft_made_before_an_upgrade_can_be_published(world: World) -> None:
    person = {"group": "SOM", "delegation": "SG", "name": "Tan Hui Shan", "email": TAN}
    update = MeetingUpdate.model_validate({"attendees": [person]})
    world.meetings.update("M-2", update, caller=caller("coordinator"), version=4)
    world.meetings.publish("M-2", caller=caller("coordinator"))
    world.run()
    assert [(mail.recipient, mail.method) for mail in world.mailer.accepted] == [(TAN, "REQUEST")]


def test_the_mailbox_is_polled_after_an_upgrade(world: World) -> None:
    world.scheduling.begin()
    world.mailbox.arrive(b"Subject: hello\r\n\r\nhello\r\n")
    world.run()
    assert world.mailbox.inbox == {}
    assert len(tables(world.database)["incoming_mail"]) == 1


# --- and back


def test_a_database_with_new_things_in_it_can_be_taken_back(upgraded: Database, tmp_path: Path) -> None:
    """What the old schema cannot hold goes; everything else stays."""
    world = World(upgraded, tmp_path / "data")
    world.scheduling.begin()
    world.answers.send_again("SOM-2026", THIDA, caller=caller("coordinator"))
    with upgraded.transaction() as session:
        session.execute(text("UPDATE attendee SET nudges = 1 WHERE id = 3"))
        world.planner.replan(session, store.load(session, 1, lock=True), NOW)
    world.run()
    assert {"again", "chaser"} <= {row["purpose"] for row in tables(upgraded)["delivery"]}
    with upgraded.transaction() as session:
        session.execute(text("UPDATE delivery SET state = 'bounced' WHERE id = 2"))
        session.execute(text("UPDATE attendee SET participation = 'DELEGATED' WHERE id = 3"))
    with upgraded.migrating() as connection:
        command.downgrade(config_on(connection), "0001")
        connection.commit()
    after = tables(upgraded)
    assert {row["id"] for row in after["attendee"]} == {1, 2, 3, 4}
    assert {row["kind"] for row in after["action"]}.isdisjoint({"poll", "resend", "chase"})
    assert {row["id"] for row in after["delivery"]} == {1, 3, 4, 5, 6, 7, 8}
    upgraded.upgrade()
    with upgraded.reading() as session:
        assert store.load(session, 1).status is MeetingStatus.PUBLISHED


def test_an_instant_stays_the_same_instant(upgraded: Database) -> None:
    with upgraded.reading() as session:
        found = store.load(session, 1)
    assert (found.revised_at, found.published_at) == (RETITLED, PUBLISHED)
    assert found.revised_at is not None
    assert found.revised_at.tzinfo is UTC
