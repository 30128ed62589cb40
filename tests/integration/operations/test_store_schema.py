"""The schema: migrations and models say the same, and the database itself refuses what must not be.

This file is longer than others, because its tables of what the database refuses belong together.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, inspect, select
from sqlalchemy.exc import IntegrityError, StatementError

from orchestrator.facts import plain
from orchestrator.store.engine import Database
from orchestrator.store.rows.alerts import AlertRow
from orchestrator.store.rows.answers import IncomingRow, KnownSenderRow, ResponseRow
from orchestrator.store.rows.base import Base
from orchestrator.store.rows.dates import DateOptionRow, DatePollRow, DateVoteRow
from orchestrator.store.rows.delegations import OverrideRow
from orchestrator.store.rows.delivery import BreakerRow, DeliveryRow
from orchestrator.store.rows.events import EventRow, UndatedSessionRow
from orchestrator.store.rows.meetings import (
    AgendaRow,
    AttendeeRow,
    ConferenceRow,
    DecisionRow,
    FeedRow,
    MeetingRow,
    RevisionRow,
)
from orchestrator.store.rows.minutes import DocumentRow, MeetingFileRow, MinutesRow
from orchestrator.store.rows.people import ConsoleSessionRow, PersonRow
from orchestrator.store.rows.personal import NamedPersonRow
from orchestrator.store.rows.readiness import AttendanceRow, ConnectionTestRow, ContributionRow, JoinRow
from orchestrator.store.rows.timelines import ActionRow
from tests.integration.conftest import ENDS, NOW, STARTS, action_values, event_values, meeting_values
from tests.integration.operations.old_database import config_on

pytestmark = pytest.mark.both_databases


def check_constraints(connection: Connection) -> dict[str, dict[str | None, str]]:
    """All check constraints by table and name; Alembic does not compare these."""
    inspector = inspect(connection)
    return {
        table: {item["name"]: item["sqltext"] for item in inspector.get_check_constraints(table)}
        for table in Base.metadata.tables
    }


def index_definitions(connection: Connection) -> set[str]:
    """All indexes as the database writes them, with conditions, which Alembic does not compare."""
    found = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }[connection.dialect.name]
    return {" ".join(row[0].replace('"', "").split()) for row in connection.exec_driver_sql(found)}


def test_the_migrations_make_what_the_models_say(database_url: str) -> None:
    """An empty database is made from the models, one in use by the migrations: both become the same."""
    database = Database(database_url)
    with database.engine.connect() as connection:
        command.upgrade(config_on(connection), "head")
        connection.commit()
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
        migrated = check_constraints(connection), index_definitions(connection)
        connection.rollback()
        for table in ("alembic_version", *[item.name for item in reversed(Base.metadata.sorted_tables)]):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.commit()
        database.upgrade()
        assert migrated == (check_constraints(connection), index_definitions(connection))
        assert sum(len(found) for found in migrated[0].values()) == 42
    present, newest = database.revisions()
    assert present == newest
    database.dispose()


def test_the_migrations_can_be_taken_back_and_made_again(database_url: str) -> None:
    database = Database(database_url)
    database.upgrade()
    with database.engine.connect() as connection:
        command.downgrade(config_on(connection), "base")
        connection.commit()
        assert inspect(connection).get_table_names() == ["alembic_version"]
        connection.rollback()
    assert database.revisions()[0] is None
    database.upgrade()
    present, newest = database.revisions()
    assert present == newest
    database.upgrade()
    assert database.revisions() == (newest, newest)
    database.dispose()


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with one row of each kind to contradict."""
    with database.transaction() as session:
        session.execute(insert(EventRow), [event_values(n) for n in range(1, 5)])
        session.execute(insert(MeetingRow), [meeting_values()])
        session.execute(insert(UndatedSessionRow), [UNDATED])
        session.execute(insert(ConferenceRow), [CONFERENCE])
        session.execute(insert(PersonRow), [PERSON])
        session.execute(insert(ConsoleSessionRow), [SESSION])
        session.execute(insert(AttendeeRow), [ATTENDEE])
        session.execute(insert(ActionRow), [action_values(1)])
        session.execute(insert(DeliveryRow), [DELIVERY])
        session.execute(insert(AgendaRow), [{"meeting_id": 1, "number": 1, "en": "Opening"}])
        session.execute(insert(DocumentRow), [DOCUMENT])
        session.execute(insert(MinutesRow), [MINUTES])
        session.execute(insert(MeetingFileRow), [FILE])
        session.execute(insert(AttendanceRow), [PRESENT])
        session.execute(insert(FeedRow), [{"source": "PREP", "target": "SOM"}])
        session.execute(insert(RevisionRow), [REVISION])
        session.execute(insert(ActionRow), [POLL])
        session.execute(insert(IncomingRow), [INCOMING])
        session.execute(insert(ResponseRow), [RESPONSE])
        session.execute(insert(KnownSenderRow), [KNOWN])
        session.execute(insert(NamedPersonRow), [NAMED])
        session.execute(insert(OverrideRow), [OVERRIDE])
        session.execute(insert(ContributionRow), [CONTRIBUTION])
        session.execute(insert(JoinRow), [JOINED])
        session.execute(insert(ConnectionTestRow), [SLOT])
        session.execute(insert(DecisionRow), [OUTCOME])
        session.execute(insert(DatePollRow), [DATE_POLL])
        session.execute(insert(DateOptionRow), [OPTION])
        session.execute(insert(DateVoteRow), [VOTE])
        session.execute(insert(BreakerRow), [BREAKER])
        session.execute(insert(AlertRow), [ALERT])
    return database


KEY = action_values(1)["key"]
HA_NOI = {"city": "Ha Noi", "zone": "Asia/Ho_Chi_Minh"}
ALERT = {"meeting_id": 1, "kind": "no-link", "key": "no-link:1", "since": NOW, "params": {}}
BREAKER = {"lane": "mail.send", "failures": 1, "since": NOW, "reason": plain("away")}
UNDATED = {"event_id": 2, "reference": "LATER", "written": {"kind": "som"}}
FILE = {
    "id": 1,
    "meeting_id": 1,
    "document_id": 1,
    "delegation": "",
    "name_key": "agenda.pdf",
    "version": 1,
    "audience": "members",
    "actor": "console",
    "actor_kind": "token",
    "channel": "console",
    "at": NOW,
}
PRESENT = {
    "meeting_id": 1,
    "delegation": "VN",
    "present": True,
    "actor": "console",
    "channel": "console",
    "at": NOW,
}
CONFERENCE = {"meeting_id": 1, "external_id": "x", "by_hand": False}
PERSON = {"id": 1, "email": "p@vn.example.org", "name": "P", "delegation": "VN", "role": "delegate"}
SESSION = {
    "id": 1,
    "secret_hash": "0" * 64,
    "credential": "1" * 64,
    "actor_kind": "token",
    "source": "192.0.2.7",
    "browser": "",
    "opened_at": NOW,
    "seen_at": NOW,
    "expires_at": ENDS,
}
ATTENDEE = {
    "id": 1,
    "meeting_id": 1,
    "person_id": 1,
    "name": "P",
    "email": "P@vn.example.org",
    "address": "p@vn.example.org",
    "delegation": "VN",
    "group": "SOM",
    "role": "delegate",
    "participation": "NEEDS-ACTION",
}
DELIVERY = {
    "id": 1,
    "action_id": 1,
    "meeting_id": 1,
    "recipient": "p@vn.example.org",
    "channel": "smtp",
    "purpose": "reminder",
    "state": "sending",
    "message_id": "<1@x>",
    "subject": "S",
    "sequence": 0,
    "revision": 1,
    "local_time": plain("now"),
    "tries": 1,
    "repeated": False,
    "started_at": NOW,
}
DOCUMENT = {"id": 1, "digest": "0" * 64, "filename": "m.md", "media_type": "text/markdown", "size": 1}
MINUTES = {"meeting_id": 1, "version": 1, "document_id": 1, "attached_at": NOW}
REVISION = {
    "meeting_id": 1,
    "revision": 1,
    "sequence": 0,
    "title": "T",
    "coordinator": "K",
    "starts_at": STARTS,
    "ends_at": ENDS,
    "agenda": [],
    "at": NOW,
}
POLL = action_values(
    50,
    meeting_id=None,
    key="read-mailbox",
    obligation="read-mailbox",
    kind="read-mailbox",
    step="read-mailbox",
)
INCOMING = {
    "id": 1,
    "digest": "1" * 64,
    "mailbox": "m",
    "size": 1,
    "received_at": NOW,
    "read_at": NOW,
    "sort": "answer",
    "method": "REPLY",
    "subject": "S",
    "text": "",
    "meeting_id": 1,
    "attendee_id": 1,
    "fate": "applied",
    "reason": plain("P: accepted"),
}
RESPONSE = {
    "id": 1,
    "meeting_id": 1,
    "attendee_id": 1,
    "kind": "answer",
    "participation": "ACCEPTED",
    "urgent": False,
    "channel": "mail",
    "by": "p@vn.example.org",
    "at": NOW,
    "incoming_id": 1,
}
KNOWN = {
    "id": 1,
    "person_id": 1,
    "address": "deputy@vn.example.org",
    "relation": "deputy",
    "confirmed_at": NOW,
    "confirmed_by": "console",
    "confirmed_by_kind": "token",
    "confirmed_via": "console",
}
NAMED = {
    "id": 1,
    "meeting_id": 1,
    "delegation": "VN",
    "name": "Q",
    "email": "q@elsewhere.example",
    "address": "q@elsewhere.example",
    "group": "SOM",
    "role": "delegate",
    "by": "P <p@vn.example.org>",
    "asked_at": NOW,
    "state": "waiting",
}
OVERRIDE = {
    "id": 1,
    "delegation": "VN",
    "kind": "closed",
    "first_day": STARTS.date(),
    "last_day": STARTS.date(),
    "name": "National mourning",
    "hours": [],
    "why": "announced",
    "by": "coordinator",
    "at": NOW,
}
CONTRIBUTION = {
    "meeting_id": 1,
    "delegation": "VN",
    "need": "paper",
    "state": "in",
    "by": "coordinator",
    "at": NOW,
}
JOINED = {"meeting_id": 1, "delegation": "VN", "at": NOW, "by": "coordinator"}
SLOT = {"meeting_id": 1, "delegation": "VN", "starts_at": STARTS, "ends_at": ENDS, "time_revision": 1}
OUTCOME = {
    "id": 1,
    "meeting_id": 1,
    "number": 1,
    "text": "Agreed",
    "is_open": False,
    "by": "coordinator",
    "at": NOW,
}
DATE_POLL = {
    "id": 1,
    "meeting_id": 1,
    "state": "open",
    "opened_at": NOW,
    "closes_at": STARTS,
    "asked": 1,
    "asked_at": NOW,
    "by": "coordinator",
}
OPTION = {"poll_id": 1, "number": 1, "wall_start": STARTS.replace(tzinfo=None), "starts_at": STARTS}
VOTE = {"poll_id": 1, "number": 1, "delegation": "VN", "vote": "yes", "by": "P", "at": NOW}
PROPOSAL = RESPONSE | {"id": 2, "kind": "proposal", "participation": None, "state": "open"}


def second(row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return row | {"id": 2} | changes


REFUSED = {
    "a status of its own": (MeetingRow, meeting_values(2, status="postponed")),
    "a meeting of no event": (MeetingRow, meeting_values(2, event_id=99)),
    "the reference of another event": (EventRow, event_values(5) | {"reference": "M-1"}),
    "a session without a day of no event": (UndatedSessionRow, UNDATED | {"reference": "L", "event_id": 99}),
    "the reference of another session without a day": (UndatedSessionRow, UNDATED | {"event_id": 1}),
    "a meeting of no length": (MeetingRow, meeting_values(2, duration_seconds=0)),
    "a meeting that ends as it starts": (MeetingRow, meeting_values(2, ends_at=STARTS)),
    "a time revision beyond the revision": (MeetingRow, meeting_values(2, time_revision=2)),
    "a negative sequence": (MeetingRow, meeting_values(2, sequence=-1)),
    "a sequence of the revision beyond the highest": (MeetingRow, meeting_values(2, revised_sequence=1)),
    "a time set after the revision": (
        MeetingRow,
        meeting_values(2, sequence=2, revised_sequence=1, reset_sequence=2),
    ),
    "a mode of its own": (MeetingRow, meeting_values(2, mode="by letter", venue=HA_NOI)),
    "a meeting in person without a venue": (MeetingRow, meeting_values(2, mode="in person")),
    "a venue of a meeting over the internet": (MeetingRow, meeting_values(2, venue=HA_NOI)),
    "a room without a venue": (MeetingRow, meeting_values(2, room="Room 1")),
    "a published meeting without UID": (MeetingRow, meeting_values(2, uid=None)),
    "a concluded meeting without UID": (MeetingRow, meeting_values(2, uid=None, status="concluded")),
    "the UID of another meeting": (MeetingRow, meeting_values(2, uid="uid-1")),
    "the reference of another meeting": (MeetingRow, meeting_values(2, reference="M-1")),
    "the video meeting of another meeting": (ConferenceRow, CONFERENCE | {"meeting_id": 2}),
    "an action state of its own": (ActionRow, action_values(2, state="waiting")),
    "a claim without lease": (ActionRow, action_values(2, state="claimed")),
    "work in hand without lease": (ActionRow, action_values(2, state="running")),
    "a lease without claim": (ActionRow, action_values(2, lease_until=NOW)),
    "a negative attempt": (ActionRow, action_values(2, attempt=-1)),
    "an action's key twice in one meeting": (ActionRow, action_values(2, key=KEY)),
    "an action of an unknown meeting": (ActionRow, action_values(2, meeting_id=99)),
    "a second poll": (ActionRow, POLL | {"id": 2}),
    "an action for nobody known": (ActionRow, action_values(2, attendee_id=99)),
    "an action behind none": (ActionRow, action_values(2, blocked_by=99)),
    "a delivery twice": (DeliveryRow, second(DELIVERY)),
    "a delivery state of its own": (DeliveryRow, second(DELIVERY, purpose="update", state="lost")),
    "an answer of its own": (AttendeeRow, second(ATTENDEE, address="q", participation="MAYBE")),
    "a seat of its own": (AttendeeRow, second(ATTENDEE, address="q", seat="guest")),
    "an address invited twice": (AttendeeRow, second(ATTENDEE, email="p@VN.example.org")),
    "a person twice": (PersonRow, second(PERSON)),
    "a session of the same secret": (ConsoleSessionRow, second(SESSION)),
    "an agenda number twice": (AgendaRow, {"meeting_id": 1, "number": 1, "en": "Closing"}),
    "a meeting that feeds itself": (FeedRow, {"source": "SOM", "target": "SOM"}),
    "a feed twice": (FeedRow, {"source": "PREP", "target": "SOM"}),
    "minutes of version 0": (MinutesRow, MINUTES | {"version": 0}),
    "a version of the minutes twice": (MinutesRow, MINUTES),
    "a file of version 0": (MeetingFileRow, second(FILE, version=0)),
    "a version of a file twice": (MeetingFileRow, second(FILE)),
    "a file for an audience of its own": (MeetingFileRow, second(FILE, version=2, audience="everybody")),
    "a file of agenda item 0": (MeetingFileRow, second(FILE, version=2, item=0)),
    "a file withdrawn by nobody": (MeetingFileRow, second(FILE, version=2, withdrawn_at=NOW)),
    "a file of an unknown meeting": (MeetingFileRow, second(FILE, version=2, meeting_id=99)),
    "a file without content": (MeetingFileRow, second(FILE, version=2, document_id=99)),
    "a delegation present twice": (AttendanceRow, PRESENT),
    "a revision twice": (RevisionRow, REVISION),
    "a fate of its own": (IncomingRow, second(INCOMING, digest="2" * 64, fate="lost")),
    "a mail read twice": (IncomingRow, second(INCOMING)),
    "a mail about an unknown meeting": (IncomingRow, second(INCOMING, digest="2" * 64, meeting_id=99)),
    "a response of its own kind": (ResponseRow, second(RESPONSE, kind="rumour")),
    "a response that says perhaps": (ResponseRow, second(RESPONSE, participation="MAYBE")),
    "a proposal in a state of its own": (ResponseRow, PROPOSAL | {"state": "forgotten"}),
    "a proposal without a state": (ResponseRow, PROPOSAL | {"state": None}),
    "an answer with the state of a proposal": (ResponseRow, second(RESPONSE, state="open")),
    "a response to an unknown meeting": (ResponseRow, second(RESPONSE, meeting_id=99)),
    "a response of somebody unknown": (ResponseRow, second(RESPONSE, attendee_id=99)),
    "a response in an unknown mail": (ResponseRow, second(RESPONSE, incoming_id=99)),
    "a sender of its own kind": (
        KnownSenderRow,
        second(KNOWN, address="q@vn.example.org", relation="friend"),
    ),
    "a sender known twice": (KnownSenderRow, second(KNOWN)),
    "a sender for an unknown person": (KnownSenderRow, second(KNOWN, person_id=99)),
    "a person who waits twice": (NamedPersonRow, second(NAMED)),
    "a person named in a state of its own": (
        NamedPersonRow,
        second(NAMED, address="r", state="lost", settled_at=NOW),
    ),
    "a named person's seat of its own": (NamedPersonRow, second(NAMED, address="r", seat="guest")),
    "a person who waits and is settled": (NamedPersonRow, second(NAMED, address="r", settled_at=NOW)),
    "a person named for an unknown meeting": (NamedPersonRow, second(NAMED, address="r", meeting_id=99)),
    "an override of its own kind": (OverrideRow, second(OVERRIDE, kind="half")),
    "an override that ends before it begins": (OverrideRow, second(OVERRIDE, last_day=NOW.date())),
    "a day off on some weekdays": (OverrideRow, second(OVERRIDE, days=["fri"])),
    "a day that is worked on some weekdays": (OverrideRow, second(OVERRIDE, kind="open", days=["fri"])),
    "an answer as a contribution": (ContributionRow, CONTRIBUTION | {"need": "answer"}),
    "a contribution in a state of its own": (
        ContributionRow,
        CONTRIBUTION | {"need": "connectivity test", "state": "late"},
    ),
    "a contribution twice": (ContributionRow, CONTRIBUTION),
    "a delegation that joins twice": (JoinRow, JOINED),
    "a slot of no length": (ConnectionTestRow, SLOT | {"delegation": "MM", "ends_at": STARTS}),
    "a second slot of a delegation": (ConnectionTestRow, SLOT),
    "an outcome's number twice": (DecisionRow, second(OUTCOME)),
    "a second open poll": (DatePollRow, second(DATE_POLL)),
    "a poll in a state of its own": (DatePollRow, second(DATE_POLL, state="paused")),
    "a poll that closes as it opens": (DatePollRow, second(DATE_POLL, state="closed", closes_at=NOW)),
    "an option twice": (DateOptionRow, OPTION),
    "a vote of its own": (DateVoteRow, VOTE | {"delegation": "MM", "vote": "perhaps"}),
    "a second vote of a delegation": (DateVoteRow, VOTE),
    "an alert of a kind that there is not": (AlertRow, ALERT | {"key": "other", "kind": "rumour"}),
    "the same alert twice": (AlertRow, ALERT),
    "a breaker without a failure": (BreakerRow, BREAKER | {"lane": "mailbox.read", "failures": 0}),
    "a probe without an end": (BreakerRow, BREAKER | {"lane": "mailbox.read", "probe": 1}),
    "a second breaker of a lane": (BreakerRow, BREAKER),
    "a vote for no option": (DateVoteRow, VOTE | {"number": 9}),
}


def test_the_database_refuses_what_must_not_be(filled: Database) -> None:
    accepted, said = [], ""
    for what, (table, values) in REFUSED.items():
        try:
            with filled.transaction() as session:
                session.execute(insert(table), [values])
            accepted.append(what)
        except IntegrityError as error:
            said += f"{error.orig}\n"
    assert accepted == []
    assert {name for name in constraint_names(filled) if name not in said} == set()


def constraint_names(database: Database) -> set[str | None]:
    """What the database can be seen to refuse by: SQLite names its checks only."""
    with database.engine.connect() as connection:
        checks = {name for found in check_constraints(connection).values() for name in found}
        if database.dialect == "sqlite":
            return checks
        inspector = inspect(connection)
        return checks | {
            item["name"] for table in Base.metadata.tables for item in inspector.get_unique_constraints(table)
        }


ALLOWED = {
    "the same name of another delegation": (MeetingFileRow, second(FILE, delegation="MM")),
    "a draft without UID": (MeetingRow, meeting_values(2, status="draft", uid=None)),
    "a draft that was cancelled without UID": (MeetingRow, meeting_values(3, status="cancelled", uid=None)),
    "the same key in another meeting": (ActionRow, action_values(2, meeting_id=2, key=KEY)),
    "an action of a kind that is newer than the schema": (ActionRow, action_values(9, kind="remember")),
    "a claim with its lease": (ActionRow, action_values(3, state="claimed", lease_until=NOW)),
    "the same message over another channel": (DeliveryRow, second(DELIVERY, channel="graph")),
    "the same recipient for another purpose": (DeliveryRow, DELIVERY | {"id": 3, "purpose": "update"}),
    "somebody removed, beside who is invited": (AttendeeRow, second(ATTENDEE, removed_sequence=1)),
    "the same person removed twice": (AttendeeRow, ATTENDEE | {"id": 3, "removed_sequence": 3}),
    "a removal that used up a number": (
        MeetingRow,
        meeting_values(4, sequence=3, revised_sequence=2, reset_sequence=1),
    ),
    "another action of no meeting": (ActionRow, POLL | {"id": 51, "key": "read-mailbox-2"}),
    "the poll's key in a meeting": (ActionRow, POLL | {"id": 52, "meeting_id": 2}),
    "a delivery that bounced": (DeliveryRow, DELIVERY | {"id": 4, "purpose": "again", "state": "bounced"}),
    "somebody who delegated": (
        AttendeeRow,
        ATTENDEE | {"id": 4, "address": "q", "participation": "DELEGATED", "seat": "substitute"},
    ),
    "the same answer twice": (ResponseRow, second(RESPONSE)),
    "a second override of the same day": (OverrideRow, second(OVERRIDE)),
    "other hours on some weekdays": (OverrideRow, second(OVERRIDE, id=3, kind="hours", days=["fri"])),
    "other hours on all working days": (OverrideRow, second(OVERRIDE, id=4, kind="hours", days=None)),
    "a poll after one that is closed": (DatePollRow, second(DATE_POLL, state="closed")),
    "a proposal": (ResponseRow, PROPOSAL | {"id": 3}),
    "a letter of nobody known": (
        ResponseRow,
        RESPONSE | {"id": 4, "kind": "letter", "attendee_id": None, "participation": None},
    ),
    "a mail about nothing": (
        IncomingRow,
        second(INCOMING, digest="2" * 64, meeting_id=None, attendee_id=None),
    ),
}


def test_the_database_accepts_what_looks_alike_and_may_be(filled: Database) -> None:
    for table, values in ALLOWED.values():
        with filled.transaction() as session:
            session.execute(insert(table), [values])


def test_somebody_removed_may_be_invited_again(filled: Database) -> None:
    with filled.transaction() as session:
        row = session.get_one(AttendeeRow, 1)
        row.removed_sequence = 1
        session.flush()
        session.execute(insert(AttendeeRow), [second(ATTENDEE)])


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 11, 1, 2), datetime.fromisoformat("2026-11-01T09:00+07:00")],  # noqa: DTZ001 - on purpose.
    ids=["naive", "of another zone"],
)
def test_only_aware_utc_is_an_instant(filled: Database, moment: datetime) -> None:
    with (
        pytest.raises(StatementError, match="is not an aware UTC instant"),
        filled.transaction() as session,
    ):
        session.execute(insert(ActionRow), [action_values(2, due_at=moment)])


def test_an_instant_comes_back_as_it_was(filled: Database) -> None:
    exact = NOW.replace(microsecond=123456)
    with filled.transaction() as session:
        session.execute(insert(ActionRow), [action_values(2, due_at=exact)])
    with filled.reading() as session:
        found = session.get_one(ActionRow, 2).due_at
    assert (found, found.utcoffset()) == (exact, NOW.utcoffset())


_NOT_OF_A_MEETING = (
    *("person", "known_sender", "document", "meeting_feed", "incoming_mail", "action", "calendar_override"),
    *("console_session", "breaker", "process", "event", "undated_session"),
)


def test_a_meeting_takes_all_that_is_its_own_along(filled: Database) -> None:
    with filled.transaction() as session:
        session.execute(MeetingRow.__table__.delete())
    with filled.reading() as session:
        left = {
            table.name: session.execute(table.select()).all()
            for table in Base.metadata.sorted_tables
            if table.name not in _NOT_OF_A_MEETING
        }
        actions = session.scalars(select(ActionRow.key)).all()
        mails = session.execute(select(IncomingRow.id, IncomingRow.meeting_id, IncomingRow.attendee_id)).all()
    assert not any(left.values())
    assert actions == ["read-mailbox"], "reading the mailbox goes on"
    assert mails == [(1, None, None)], "that a mail was read must not be forgotten, or it would be read again"
