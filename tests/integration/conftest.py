"""Builders for store and services: the wiring of a whole process, of which only the network is faked.

This file is longer than others, because the world that it wires is one thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property, lru_cache
from pathlib import Path
from shutil import copytree
from threading import Event
from time import monotonic
from typing import Any

import psycopg
import pytest
from jinja2 import Environment
from sqlalchemy import event, func, insert, make_url, select, text

from config.settings import Settings
from orchestrator.bootstrap import Container, mail_templates
from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.letters.message import NamedAddress
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.timeline import Timelines
from orchestrator.ports import ConferenceInfo, ConferenceRequest, IncomingMail, Tray
from orchestrator.services.delivery.delivering import Delivering, Outside
from orchestrator.services.letters.languages import Languages
from orchestrator.services.letters.letters import Letters
from orchestrator.store.engine import Database
from orchestrator.store.rows.base import Base
from orchestrator.store.rows.delivery import DeliveryRow
from orchestrator.store.rows.events import EventRow
from orchestrator.store.rows.meetings import ConferenceRow, MeetingRow
from orchestrator.store.rows.timelines import ActionRow
from tests.callers import caller

NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)  # 14:00 in Ha Noi.
ENDS = STARTS + timedelta(hours=2, minutes=30)
LEASE = timedelta(seconds=120)
NHUNG, THIDA, TAN = "nhung@vn.example.org", "thida@mm.example.org", "tan@sg.example.org"
PEOPLE = {
    NHUNG: {"group": "SOM", "delegation": "VN", "name": "Lê Thị Hồng Nhung", "email": NHUNG},
    THIDA: {"group": "SOM", "delegation": "MM", "name": "Thida Aye", "email": THIDA},
    TAN: {"group": "ACCSM_FP", "delegation": "SG", "name": "Tan Hui Shan", "email": TAN},
}


def definition(reference: str = "SOM-2026", **changes: Any) -> MeetingDefinition:
    """A meeting of three delegations in three zones, on 3 December 2026 at 14:00 in Ha Noi."""
    whole: dict[str, Any] = {
        "reference": reference,
        "kind": "som",
        "timeline": "standard",
        "title": {"en": "Senior Officials Meeting", "vi": "Hội nghị quan chức cấp cao"},
        "host": "VN",
        "coordinator": {"name": "Trần Minh Khôi", "email": "coordinator@vn.example.org"},
        "start": "2026-12-03 14:00",
        "zone": "Asia/Ho_Chi_Minh",
        "duration": "PT2H30M",
        "agenda": [{"en": "Adoption of the agenda", "lead": "VN"}, {"en": "Other matters"}],
        "attendees": list(PEOPLE.values()),
    }
    return MeetingDefinition.of(whole | changes)


def crowd(size: int) -> list[dict[str, str]]:
    """So many senior officials of Singapore."""
    return [
        {"group": "SOM", "delegation": "SG", "name": f"Person {n}", "email": f"person{n}@sg.example.org"}
        for n in range(size)
    ]


@dataclass
class ManualClock:
    """A clock that stands still until somebody moves it."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class CountedWakeUp:
    """Wakes nobody and never sleeps; keeps what it was asked."""

    notified: int = 0
    waits: list[float] = field(default_factory=list)

    def notify(self) -> None:
        self.notified += 1

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return False


@dataclass(frozen=True)
class Mail:
    """A mail as the server got it."""

    recipient: str
    message: EmailMessage
    content: bytes = b""

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def calendar(self) -> str:
        """The unfolded calendar, or nothing."""
        for part in self.message.walk():
            if part.get_content_type() == "text/calendar":
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                return content.decode().replace("\r\n ", "")
        return ""

    @property
    def method(self) -> str:
        return next(
            (line[7:] for line in self.calendar.splitlines() if line.startswith("METHOD:")), "no calendar"
        )


class FakeMailer:
    """A mail server that accepts everything, unless ``before`` or ``after`` accepting says otherwise."""

    channel = "smtp"

    def __init__(self) -> None:
        self.accepted: list[Mail] = []
        self.limit: int | None = None
        self.before: Callable[[str], None] = _pass
        self.after: Callable[[str], None] = _pass

    @contextmanager
    def session(self) -> Iterator[FakeMailer]:
        yield self

    def send(self, *, sender: str, recipient: str, content: bytes) -> str:
        self.before(recipient)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.accepted.append(Mail(recipient, message, content))
        self.after(recipient)
        return f"250 2.0.0 queued as {len(self.accepted)}"

    def check(self) -> str:
        return "a fake"

    def try_envelope(self, senders: Sequence[str], recipients: Sequence[str]) -> None:
        for recipient in recipients:
            self.before(recipient)

    def largest(self) -> int | None:
        return self.limit

    def to(self, recipient: str) -> list[Mail]:
        return [mail for mail in self.accepted if mail.recipient == recipient]

    def sent(self) -> list[tuple[str, str]]:
        """Recipients and the first word of the subjects, in the order they left."""
        return [(mail.recipient, mail.subject.partition(":")[0]) for mail in self.accepted]


def _pass(_: object) -> None:
    """Accept."""


class FakeConferences:
    """A provider that makes one link for each meeting, unless ``during`` says otherwise."""

    name = "teams"

    def __init__(self) -> None:
        self.made: dict[str, ConferenceInfo] = {}
        self.calls: list[tuple[str, ConferenceRequest]] = []
        self.during: Callable[[ConferenceRequest], None] = _pass
        self.link = "https://teams.example.org/join/1"

    def ensure(self, request: ConferenceRequest) -> ConferenceInfo:
        self.calls.append(("ensure", request))
        self.during(request)
        self.made[request.external_id] = ConferenceInfo("provider-1", self.link)
        return self.made[request.external_id]

    def delete(self, request: ConferenceRequest) -> None:
        self.calls.append(("delete", request))
        self.during(request)
        self.made.pop(request.external_id, None)

    def check(self) -> str:
        return "a fake"


class FakeMailbox:
    """A mailbox in memory; ``during`` is called with what is about to be put away."""

    name = "fake"

    def __init__(self) -> None:
        self.inbox: dict[str, bytes] = {}
        self.trays: dict[Tray, dict[str, bytes]] = {tray: {} for tray in Tray}
        self.during: Callable[[object], None] = _pass

    def arrive(self, *contents: bytes) -> None:
        """Let mails arrive, in this order."""
        for content in contents:
            total = len(self.inbox) + sum(map(len, self.trays.values()))
            self.inbox[f"mail-{total:06d}"] = content

    @contextmanager
    def session(self) -> Iterator[FakeMailbox]:
        yield self

    def waiting(self, limit: int) -> list[str]:
        return sorted(self.inbox)[:limit]

    def read(self, keys: Sequence[str], largest: int) -> Iterator[IncomingMail]:
        for key in keys:
            if key in self.inbox:
                content = self.inbox[key]
                yield IncomingMail(key, NOW, len(content), content[:largest])

    def put_away(self, keys: Sequence[str], tray: Tray) -> None:
        self.during(keys)
        for key in keys:
            if key in self.inbox:
                self.trays[tray][key] = self.inbox.pop(key)

    def wait(self, seconds: float) -> bool:
        return bool(self.inbox)

    def trouble(self) -> None:
        return None

    def check(self) -> str:
        return "a fake"


@lru_cache(maxsize=1)
def _data() -> tuple[Directory, Timelines, Environment, Languages]:
    """What is only read, read once for all tests."""
    container = Container(Settings())
    return container.directory, container.timelines, mail_templates(), container.languages


def without_date(subject: str) -> str:
    """Return a subject without the moment between what the mail is and the title."""
    begins, _, title = subject.partition(": ")
    return f"{begins}: {title.partition(' – ')[2]}"


class World(Container):
    """The service as one process has it: real wiring and a real database, clocks and network by hand."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(Settings(data_dir=folder, lease_seconds=LEASE.total_seconds()))
        self.directory, self.timelines, self._templates, self.languages = _data()
        self.database = database
        self.clock = ManualClock(NOW)
        self.lease_clock = ManualClock(NOW)
        self.wake_up = CountedWakeUp()
        self.pauses: list[float] = []
        self.mailer = FakeMailer()
        self.conferences = FakeConferences()
        self.mailbox = FakeMailbox()

    @cached_property
    def delivering(self) -> Delivering:
        return self.worker()

    def worker(self) -> Delivering:
        """One more worker; its retries wait the longest that jitter allows."""
        return Delivering(
            self.database,
            self.planner,
            self.changing,
            self.content_finder,
            Letters(
                self._templates,
                self.directory,
                NamedAddress("ACCSM Meetings", "meetings@accsm.example"),
                self.links,
                languages=self.languages,
            ),
            Outside(self.mailer, self.conferences, self.documents, self.inbox),
            clock=self.clock,
            lease_clock=self.lease_clock,
            wake_up=self.wake_up,
            lease=LEASE,
            jitter=lambda: 1.0,
            pause=self.pauses.append,
        )

    def create(self, **changes: Any) -> None:
        self.meetings.create([definition(**changes)], caller=caller("coordinator"))

    def published(self, **changes: Any) -> None:
        """A published meeting; nothing of it has been done yet."""
        self.create(**changes)
        self.meetings.publish("SOM-2026", caller=caller("coordinator"))

    def run_conference(self) -> None:
        """Make the link, which lets the invitations go."""
        self.delivering.deliver(self.claimed())

    def invited(self, **changes: Any) -> None:
        """A published meeting with its link, whose invitations have all left."""
        self.published(**changes)
        self.run()

    def concluded(self) -> None:
        """A meeting that is over."""
        self.invited()
        self.clock.at = ENDS
        self.run()

    def run(self) -> None:
        """Claim and deliver until nothing is due."""
        while batches := self.scheduling.claim():
            for batch in batches:
                self.delivering.deliver(batch)

    def claimed(self) -> list[int]:
        """Claim what is due; it must be one task."""
        (batch,) = self.scheduling.claim()
        return batch

    def rows(self, kind: ActionKind | None = None) -> list[ActionRow]:
        with self.database.reading() as session:
            rows = session.scalars(select(ActionRow).order_by(ActionRow.id)).all()
        return [row for row in rows if kind is None or row.kind == kind]

    def states(self, kind: ActionKind) -> list[str]:
        return [row.state for row in self.rows(kind)]

    def deliveries(self) -> list[DeliveryRow]:
        with self.database.reading() as session:
            return list(session.scalars(select(DeliveryRow).order_by(DeliveryRow.id)))


@pytest.fixture(scope="session")
def sqlite_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A SQLite file at the newest migration."""
    found = Database(f"sqlite:///{tmp_path_factory.mktemp('database') / 'orchestrator.db'}")
    found.upgrade()
    yield found
    found.dispose()


@pytest.fixture(scope="session")
def postgres_of_session(postgres_url: str) -> Iterator[Database]:
    """A PostgreSQL database at the newest migration."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE shared")
    found = Database(make_url(postgres_url).set(database="shared").render_as_string(hide_password=False))
    found.upgrade()
    yield found
    found.dispose()


@pytest.fixture(scope="session")
def first_process(tmp_path_factory: pytest.TempPathFactory) -> Container:
    """A process whose database is migrated and empty, and whose data files have been read."""
    made = Container(Settings(data_dir=tmp_path_factory.mktemp("first")))
    made.database.upgrade()
    made.database.dispose()
    return made


def like(first: Container, **settings: Any) -> Container:
    """Another process with a folder of its own, but for what takes long: migrations and the data files."""
    made = Container(Settings(**settings))
    copytree(first.settings.data_dir, made.settings.data_dir, dirs_exist_ok=True)
    made.directory, made.timelines, made.languages = first.directory, first.timelines, first.languages
    return made


def emptied(database: Database) -> Database:
    """The database without any rows; making and migrating a new one takes longer than most tests."""
    with database.engine.begin() as connection:
        # TRUNCATE makes every table and index again, which takes longer than deleting the few rows of a test.
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
        if database.dialect == "postgresql":
            connection.execute(text("SELECT setval(sequencename::text, 1, false) FROM pg_sequences"))
    return database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty database at the newest migration, once of each kind."""
    kind = "sqlite" if request.param == "sqlite" else "postgres"
    return emptied(request.getfixturevalue(f"{kind}_of_session"))


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """The service on each database."""
    return World(database, tmp_path / "data")


@pytest.fixture
def postgres(postgres_of_session: Database) -> Database:
    """PostgreSQL only, for what two transactions do to each other."""
    return emptied(postgres_of_session)


def contents(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in all tables."""
    with database.reading() as session:
        return {
            table.name: sorted(map(tuple, session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    seen: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def meeting_values(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Column values of a published meeting."""
    return {
        "id": number,
        "event_id": number,
        "reference": f"M-{number}",
        "kind": "som",
        "title_en": "SOM",
        "host": "VN",
        "coordinator_name": "K",
        "coordinator_email": "k@vn.example.org",
        "wall_start": datetime(2026, 12, 3, 14),  # noqa: DTZ001 - a wall time.
        "zone": "Asia/Ho_Chi_Minh",
        "duration_seconds": 9000,
        "starts_at": STARTS,
        "ends_at": ENDS,
        "tzdata": "2026.1",
        "timeline": "standard",
        "status": "published",
        "version": 1,
        "saves": 0,
        "uid": f"uid-{number}",
        "sequence": 0,
        "revision": 1,
        "time_revision": 1,
        "created_at": NOW,
        **changes,
    }


def event_values(number: int = 1) -> dict[str, Any]:
    """Column values of the event of that meeting."""
    name = f"M-{number}"
    return {"id": number, "reference": name, "lead": name, "version": 1, "created_at": NOW}


def action_values(number: int, **changes: Any) -> dict[str, Any]:
    """Column values of a scheduled action that is due now."""
    return {
        "id": number,
        "meeting_id": 1,
        "key": f"remind:P1D:attendee-{number}",
        "obligation": "remind:P1D",
        "kind": "remind",
        "step": "remind:P1D",
        "revision": 1,
        "state": ActionState.SCHEDULED,
        "planned_at": NOW,
        "due_at": NOW,
        "expires_at": STARTS,
        "attempt": 0,
        "created_at": NOW,
        **changes,
    }


def store_actions(database: Database, rows: Iterable[dict[str, Any]]) -> None:
    """Store bare actions, with the one meeting they belong to."""
    with database.transaction() as session:
        if not session.scalar(select(func.count()).select_from(MeetingRow)):
            session.execute(insert(EventRow), [event_values()])
            session.execute(insert(MeetingRow), [meeting_values()])
            session.execute(insert(ConferenceRow), [{"meeting_id": 1, "external_id": "x", "by_hand": False}])
        session.add_all(ActionRow(**values) for values in rows)


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait until ``condition`` is true and return its value; fails naming ``what``."""
    pause, deadline = Event(), monotonic() + 15
    while not (value := condition()):
        assert monotonic() < deadline, f"waited too long for {what}"
        pause.wait(0.01)
    return value


def waiting_for_a_lock(database: Database) -> bool:
    """Whether a transaction of this PostgreSQL database waits for a lock of another one."""
    with database.engine.connect() as connection:
        waiting = connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock'"
        )
        return bool(waiting.scalar_one())
