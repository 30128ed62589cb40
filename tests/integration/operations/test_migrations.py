"""An upgrade keeps every row with every value."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from orchestrator import words
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.meetings.place import ONLINE
from orchestrator.domain.people.caller import SERVICE
from orchestrator.domain.time.zones import Place, local_time
from orchestrator.facts import Fact
from orchestrator.store.engine import Database
from orchestrator.store.meetings import history, revisions
from orchestrator.store.meetings import meetings as store
from orchestrator.store.readiness import connection_tests
from orchestrator.store.rows.answers import IncomingRow
from orchestrator.store.rows.delivery import DeliveryRow
from tests.integration.conftest import NOW, STARTS, THIDA
from tests.integration.operations.old_database import (
    GONE,
    HISTORY,
    RETITLED,
    Old,
    action,
    config_on,
    delivery,
    fill,
    incoming_mail,
    tables,
)

pytestmark = pytest.mark.both_databases


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
    for row in before["action"]:
        # All alerts are of one kind since; their keys stay.
        row["kind"] = "alert" if row["kind"] == "link-alert" else row["kind"]
    assert min(len(rows) for rows in before.values()) >= 1, "each table must have something to lose"
    old.upgrade()
    after = tables(old)
    for name, rows in before.items():
        kept = [{column: row[column] for column in rows[0]} for row in after[name]]
        assert ordered(kept) == ordered(rows), name
    assert {name for name in after if name not in before} == {
        "incoming_mail",
        "known_sender",
        "response",
        "calendar_override",
        "contribution",
        "delegation_joined",
        "decision",
        "connection_test",
        "date_poll",
        "date_option",
        "date_vote",
        "breaker",
        "process",
        "console_session",
        "throttle",
        "named_person",
        "event",
        "event_history",
        "undated_session",
        "meeting_file",
        "one_off_letter",
        "attendance",
        "alert",
    }
    assert old.revisions()[0] == old.revisions()[1]


def test_every_meeting_of_an_older_version_takes_place_online(upgraded: Database) -> None:
    with upgraded.reading() as session:
        meetings = [store.load(session, number) for number in (1, 2, 3, 4)]
        told = [revisions.snapshot(session, item.id, item.revision) for item in meetings if item.revision]
    assert {item.where for item in meetings} == {ONLINE}
    assert {item.where for item in told if item is not None} == {ONLINE}
    assert {(item.short, item.short_vi) for item in meetings} == {(None, None)}


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
        (what.replace("outcome", "decision"), detail or None) for what, detail in HISTORY
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
        *((what.replace("outcome", "decision"), detail or None) for what, detail in HISTORY),
        ("decision 3 removed", "A, B and it's C"),
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
