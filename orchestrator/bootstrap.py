"""The one place where settings become adapters and services.

A ``Container`` makes each part when it is first asked for, so that a command that only reads the
database needs no broker, no mail server and no Graph, and a worker connects after it was forked.
"""

from __future__ import annotations

import os
import random
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cached_property, lru_cache, partial
from pathlib import Path
from textwrap import wrap
from typing import Any, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from pydantic import ValidationError

from config import DATA
from config.settings import SANDBOX_ORGANIZER, Settings, load_settings
from integrations.clock import SystemClock
from integrations.documents import FolderDocumentStore
from integrations.graph.client import GraphClient
from integrations.graph.clouds import CLOUDS
from integrations.graph.conferences import TeamsConferences
from integrations.imap import ImapMailbox
from integrations.redis_wakeup import RedisWakeUp, SilentWakeUp
from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.endpoints import SandboxEndpoints
from integrations.sandbox.inbox import MaildirMailbox
from integrations.sandbox.outbox import MaildirOutbox
from integrations.smtp import SmtpMailer
from orchestrator.domain.definitions.definition import read_yaml
from orchestrator.domain.definitions.preparatory import PreparatoryTexts
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.delegations.public_holidays import holiday_problems
from orchestrator.domain.letters.message import TEXT_WIDTH, NamedAddress
from orchestrator.domain.letters.notices import NoticeTexts, notice_texts
from orchestrator.domain.problems import problems_of
from orchestrator.domain.timelines.timeline import Timeline, Timelines, checked
from orchestrator.errors import ConfigurationError, InvalidInput, Problem
from orchestrator.ports import Clock, ConferenceProvider, Mailbox, Mailer, Outbox, WakeUp
from orchestrator.services.answers.inbox import Inbox
from orchestrator.services.answers.quarantine import Quarantine
from orchestrator.services.dates.date_polls import Polls
from orchestrator.services.dates.fair_starts import Slots
from orchestrator.services.definitions.examples import Examples
from orchestrator.services.delegations.calendars import WorkingCalendars
from orchestrator.services.delivery.delivering import Delivering, Outside
from orchestrator.services.delivery.scheduling import Policy, Scheduling
from orchestrator.services.letters.languages import Languages, codes_of, read_wordings
from orchestrator.services.letters.letters import Letters
from orchestrator.services.letters.occasions import Occasions
from orchestrator.services.meetings.decisions import Outcomes
from orchestrator.services.meetings.meetings import Meetings
from orchestrator.services.meetings.reading import Reading
from orchestrator.services.minutes.minutes import Minutes
from orchestrator.services.operations.operations import Operations
from orchestrator.services.people.links import Links
from orchestrator.services.personal.owing import Owing
from orchestrator.services.personal.personal import Personal
from orchestrator.services.readiness.readiness import Readiness
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.recalculating import Recalculating
from orchestrator.services.timelines.timelines import MeetingTimelines
from orchestrator.store.engine import Database

_BLANK_LINES = re.compile(r"\n\s*\n")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
T = TypeVar("T")
_PRODUCTION_ONLY = (
    "smtp_host",
    "smtp_username",
    "smtp_password",
    "imap_host",
    "imap_username",
    "imap_password",
    "graph_tenant_id",
    "graph_client_id",
    "graph_client_secret",
    "graph_organizer",
)
_PRODUCTION_NEEDS = (
    "database_url",
    "broker_url",
    "api_token",
    "public_url",
    "link_key",
    "smtp_host",
    "graph_tenant_id",
    "graph_client_id",
    "graph_client_secret",
    "graph_organizer",
)


def read_settings() -> Settings:
    """Read and check the settings of this process; raises ``ConfigurationError`` with all problems."""
    settings = parse_settings()
    problems = settings_problems(settings)
    if problems:
        raise ConfigurationError(problems)
    return settings


def parse_settings() -> Settings:
    """Read the settings without holding them against each other; raises ``ConfigurationError``."""
    try:
        return load_settings()
    except ValidationError as error:
        raise ConfigurationError(
            [
                Problem(_variable(item.field), item.value, item.message, item.remedy)
                for item in problems_of(error)
            ]
        ) from error


def _variable(field: str) -> str:
    return f"ORCHESTRATOR_{field.upper()}"


def settings_problems(settings: Settings) -> list[Problem]:
    """Return what is missing from the settings and what contradicts what."""
    profile = _sandbox_problems(settings) if settings.sandbox else _production_problems(settings)
    return [
        *profile,
        *_mail_problems(settings),
        *_language_problems(settings),
        *_lease_problems(settings),
    ]


def _sandbox_problems(settings: Settings) -> list[Problem]:
    """The sandbox must never run beside settings that reach real people."""
    given = [name for name in _PRODUCTION_ONLY if getattr(settings, name) is not None]
    if settings.organizer_address != SANDBOX_ORGANIZER:
        given.append("organizer_address")
    return [
        Problem(
            _variable(name),
            "",
            "is a production setting, and ORCHESTRATOR_PROFILE is sandbox",
            "Unset it, or set ORCHESTRATOR_PROFILE=production.",
        )
        for name in given
    ]


def _production_problems(settings: Settings) -> list[Problem]:
    missing = [name for name in _PRODUCTION_NEEDS if not getattr(settings, name)]
    if settings.organizer_address == SANDBOX_ORGANIZER:
        missing.append("organizer_address")
    problems = [
        Problem(
            _variable(name),
            "",
            "is missing; ORCHESTRATOR_PROFILE=production needs it",
            "Set the variable, or mount a secret file of its name in lower case.",
        )
        for name in missing
    ]
    if settings.graph_tenant_id and not _GUID.fullmatch(settings.graph_tenant_id):
        problems.append(
            Problem(
                _variable("graph_tenant_id"),
                settings.graph_tenant_id,
                "is not a GUID",
                "Copy the Directory (tenant) ID from the Entra admin centre.",
            )
        )
    return problems


def _mail_problems(settings: Settings) -> list[Problem]:
    problems = []
    if not settings.imap_host and (settings.imap_username or settings.imap_password):
        problems.append(
            Problem(
                _variable("imap_host"),
                "",
                "is missing; a name or password for the mailbox is set",
                "Set it too, or take both out.",
            )
        )
    if settings.imap_host and not (settings.imap_username and settings.imap_password):
        problems.append(
            Problem(
                _variable("imap_password" if settings.imap_username else "imap_username"),
                "",
                "is missing; ORCHESTRATOR_IMAP_HOST needs name and password",
                "Set both.",
            )
        )
    if settings.imap_host and settings.imap_security == "plain":
        problems.append(
            Problem(
                _variable("imap_security"),
                "plain",
                "would send the password unprotected",
                "Use tls or starttls.",
            )
        )
    if (settings.smtp_username is None) != (settings.smtp_password is None):
        lacking = "smtp_password" if settings.smtp_username else "smtp_username"
        problems.append(
            Problem(
                _variable(lacking), "", "is missing; name and password go together", "Set both, or neither."
            )
        )
    if settings.smtp_password is not None and settings.smtp_security == "plain":
        problems.append(
            Problem(
                _variable("smtp_security"),
                "plain",
                "would send the password unprotected",
                "Use starttls or tls, or take name and password out.",
            )
        )
    return problems


def _language_problems(settings: Settings) -> list[Problem]:
    try:
        codes_of(settings.unreviewed_languages)
    except InvalidInput as error:
        return [replace(item, field=_variable(item.field)) for item in error.problems]
    return []


def _lease_problems(settings: Settings) -> list[Problem]:
    # A message takes up to nine answers of the relay, a meeting up to three of Graph, opening the mailbox
    # up to five; claims are renewed when a third of them has passed, so the other two thirds must do.
    least = 1.5 * max(9 * settings.smtp_timeout, 3 * settings.graph_timeout, 5 * settings.imap_timeout)
    if settings.lease_seconds >= least:
        return []
    return [
        Problem(
            _variable("lease_seconds"),
            str(settings.lease_seconds),
            "is so short that a claim could run out while a server is only slow",
            f"Set at least {least:g}, or shorten the timeouts of SMTP, Graph and IMAP.",
        )
    ]


def broker_url(settings: Settings) -> str | None:
    """Return the broker's URL, or ``None`` while the private broker of the sandbox is not running."""
    if settings.broker_url is not None:
        return settings.broker_url.get_secret_value()
    endpoints = SandboxEndpoints.load(endpoints_file(settings)) if settings.sandbox else None
    return endpoints.broker_url if endpoints else None


def endpoints_file(settings: Settings) -> Path:
    """Return where a running sandbox says how to reach it."""
    return settings.data_dir / "run" / "sandbox.json"


def outbox_folder(settings: Settings) -> Path:
    """Return the Maildir in which the sandbox keeps every mail."""
    return settings.data_dir / "outbox"


def inbox_folder(settings: Settings) -> Path:
    """Return the Maildir in which the sandbox keeps what is sent to the organizer."""
    return settings.data_dir / "inbox"


def make_private(folder: Path) -> Path:
    """Make the data folder where it is missing; what is in it names people, so it is for its owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


class Container:
    """Every adapter and service, made on first use from checked settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    # Adapters

    @cached_property
    def database(self) -> Database:
        """The scheduling database."""
        if self.settings.database_url is not None:
            return Database(self.settings.database_url.get_secret_value())
        file = make_private(self.settings.data_dir).resolve() / "orchestrator.db"
        database = Database(f"sqlite:///{file}")
        if not file.exists():
            # The embedded default works from the first command on; a database of one's own is upgraded
            # when its owner says so.
            database.upgrade()
        return database

    @cached_property
    def clock(self) -> Clock:
        """The clock that decides what is due."""
        return self.sandbox_clock if self.settings.sandbox else self.lease_clock

    @cached_property
    def sandbox_clock(self) -> SandboxClock:
        """The clock that a rehearsal moves; raises ``ConfigurationError`` in production."""
        self._require_sandbox("The clock can be moved")
        return SandboxClock(self.settings.data_dir / "run" / "clock.json")

    @cached_property
    def lease_clock(self) -> Clock:
        """The machine's clock."""
        return SystemClock()

    @cached_property
    def wake_up(self) -> WakeUp:
        """How commits wake the beats."""
        url = broker_url(self.settings)
        return RedisWakeUp(url) if url else SilentWakeUp()

    @cached_property
    def documents(self) -> FolderDocumentStore:
        """Where files are kept."""
        return FolderDocumentStore(self.settings.data_dir / "documents")

    @cached_property
    def endpoints(self) -> SandboxEndpoints:
        """How to reach the running sandbox; raises ``ConfigurationError`` when none runs."""
        found = SandboxEndpoints.load(endpoints_file(self.settings))
        if found is None:
            raise ConfigurationError.of(
                "sandbox", None, "is not running in this data folder", "Start it with 'orchestrator up'."
            )
        return found

    @cached_property
    def mailer(self) -> Mailer:
        """How mail leaves: the relay, or the sandbox's catcher."""
        settings = self.settings
        if settings.sandbox:
            host, port = self.endpoints.smtp_host, self.endpoints.smtp_port
            return SmtpMailer(host, port, "plain", timeout=settings.smtp_timeout)
        default_port = {"tls": 465, "starttls": 587, "plain": 25}[settings.smtp_security]
        return SmtpMailer(
            settings.smtp_host or "",
            settings.smtp_port or default_port,
            settings.smtp_security,
            username=settings.smtp_username,
            password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
            timeout=settings.smtp_timeout,
        )

    @cached_property
    def mailbox(self) -> Mailbox | None:
        """The mailbox that answers come to: over IMAP, or the sandbox's; ``None`` when none is set."""
        settings = self.settings
        if settings.sandbox:
            return MaildirMailbox(inbox_folder(settings))
        if settings.imap_host is None:
            return None
        return ImapMailbox(
            settings.imap_host,
            settings.imap_port or (993 if settings.imap_security == "tls" else 143),
            settings.imap_security,
            username=settings.imap_username or "",
            password=settings.imap_password.get_secret_value() if settings.imap_password else "",
            folder=settings.imap_folder,
            processed=settings.imap_processed,
            quarantine=settings.imap_quarantine,
            timeout=settings.imap_timeout,
        )

    @cached_property
    def conferences(self) -> ConferenceProvider:
        """How video meetings are made: Microsoft Graph, or the sandbox's."""
        settings = self.settings
        if settings.sandbox:
            found = self.endpoints
            client = GraphClient(
                tenant_id=found.tenant_id,
                client_id=found.client_id,
                client_secret=found.client_secret,
                graph_url=found.graph_url,
                authority_url=found.authority_url,
                ca_file=found.ca_file,
                timeout=settings.graph_timeout,
            )
            return TeamsConferences(client, found.organizer_id)
        cloud = CLOUDS[settings.graph_cloud]
        secret = settings.graph_client_secret
        client = GraphClient(
            tenant_id=settings.graph_tenant_id or "",
            client_id=settings.graph_client_id or "",
            client_secret=secret.get_secret_value() if secret else "",
            graph_url=cloud.graph_url,
            authority_url=cloud.authority_url,
            timeout=settings.graph_timeout,
        )
        return TeamsConferences(client, settings.graph_organizer or "")

    @cached_property
    def outbox(self) -> Outbox | None:
        """The caught mails; ``None`` in production, where mails are not caught."""
        return MaildirOutbox(outbox_folder(self.settings)) if self.settings.sandbox else None

    # Data

    @cached_property
    def directory(self) -> Directory:
        """Delegations and groups; the holiday data must know what they name."""
        found = _read_data(self.settings.delegations_file, Directory.of)
        problems = [problem for item in found.delegations for problem in holiday_problems(item)]
        if problems:
            raise ConfigurationError(problems)
        return found

    @cached_property
    def timelines(self) -> Timelines:
        """All timelines by name."""
        folder = self.settings.timelines_dir
        read = partial(checked, directory=self.directory, texts=self.notices)
        found: dict[str, Timeline] = {}
        for file in sorted(folder.glob("*.yaml")):
            item = _read_data(file, read)
            if item.name in found:
                raise ConfigurationError.of(
                    f"{file.name}: name",
                    item.name,
                    "is the name of another file's timeline too",
                    "Give one of the two another name.",
                )
            found[item.name] = item
        if not found:
            raise ConfigurationError.of(
                _variable("timelines_dir"),
                folder,
                "holds no timeline",
                "Name the folder with the *.yaml files.",
            )
        return found

    @cached_property
    def languages(self) -> Languages:
        """The languages that mails can be in, with their catalogues."""
        return Languages(read_wordings(DATA / "locales"), codes_of(self.settings.unreviewed_languages))

    @cached_property
    def notices(self) -> NoticeTexts:
        """The texts of notices by key."""
        return _read_data(self.settings.notices_file, notice_texts)

    @cached_property
    def preparatory_texts(self) -> PreparatoryTexts:
        """What preparatory meetings say that are made together with another meeting."""
        return _read_data(DATA / "preparatory.yaml", PreparatoryTexts.of)

    def read_data(self) -> None:
        """Read all data files; raises ``ConfigurationError`` naming what is wrong in one of them.

        For whoever starts other processes, or changes the database, before any of them is needed.
        """
        _ = self.timelines, self.languages, self.preparatory_texts

    def was_alive(self) -> None:
        """Touch the heartbeat file, when one is set; called after each successful look."""
        if self.settings.heartbeat_file is not None:
            self.settings.heartbeat_file.touch()

    # Services

    @cached_property
    def planner(self) -> Planner:
        """Plans meetings."""
        return Planner(self.directory, self.timelines)

    @cached_property
    def calendars(self) -> WorkingCalendars:
        """Working calendars, and what is entered over them."""
        return WorkingCalendars(self.database, self.planner, self.clock, self.wake_up)

    @cached_property
    def recalculating(self) -> Recalculating:
        """Bringing plans up to date with newer data."""
        return Recalculating(self.database, self.planner, self.clock, self.wake_up)

    @cached_property
    def meetings(self) -> Meetings:
        """Creating, publishing, changing and ending meetings."""
        organizer = self.settings.organizer_address
        return Meetings(
            self.database, self.planner, self.clock, self.wake_up, organizer, self.preparatory_texts
        )

    @cached_property
    def links(self) -> Links:
        """Personal links and reply addresses."""
        settings = self.settings
        public_url = settings.public_url or f"http://{settings.host}:{settings.port}"
        return Links(
            self.link_key, public_url, settings.organizer_address, subaddress=settings.reply_subaddress
        )

    @cached_property
    def inbox(self) -> Inbox | None:
        """Taking answers from the mailbox; ``None`` when none is set."""
        if self.mailbox is None:
            return None
        return Inbox(
            self.database,
            self.planner,
            self.mailbox,
            self.documents,
            self.links,
            clock=self.clock,
            wake_up=self.wake_up,
            interval=timedelta(seconds=self.settings.poll_seconds),
        )

    @cached_property
    def personal(self) -> Personal:
        """What the personal links open."""
        return Personal(self.database, self.planner, self.links, self.documents, self.clock, self.wake_up)

    @cached_property
    def polls(self) -> Polls:
        """Asking delegations which dates suit them."""
        return Polls(
            self.database, self.planner, self.meetings, self.slots, self.links, self.clock, self.wake_up
        )

    @cached_property
    def readiness(self) -> Readiness:
        """How ready delegations are, and asking for what is missing."""
        return Readiness(self.database, self.planner, self.clock, self.wake_up)

    @cached_property
    def owing(self) -> Owing:
        """What a delegation owes, on its personal pages."""
        return Owing(self.database, self.planner, self.readiness, self.links, self.clock, self.wake_up)

    @cached_property
    def reading(self) -> Reading:
        """Looking things up."""
        return Reading(self.database, self.planner, self.clock)

    @cached_property
    def meeting_timelines(self) -> MeetingTimelines:
        """Timelines, and the copy that a meeting may have of its own."""
        return MeetingTimelines(self.database, self.planner, self.notices, self.clock, self.wake_up)

    @cached_property
    def minutes(self) -> Minutes:
        """Attaching minutes."""
        return Minutes(
            self.database,
            self.planner,
            self.documents,
            clock=self.clock,
            wake_up=self.wake_up,
            largest=self.settings.attachment_max_bytes,
        )

    @cached_property
    def occasions(self) -> Occasions:
        """What each mail has to tell."""
        return Occasions(self.database, self.planner, self.documents, self.notices, self.clock)

    @cached_property
    def outcomes(self) -> Outcomes:
        """Recording outcomes of meetings."""
        return Outcomes(self.database, self.planner, self.clock, self.wake_up)

    @cached_property
    def operations(self) -> Operations:
        """Retrying and discarding actions."""
        return Operations(self.database, self.clock, self.wake_up)

    @cached_property
    def quarantine(self) -> Quarantine:
        """Mails that no program could apply."""
        return Quarantine(self.database, self.planner, self.documents, self.clock, self.wake_up)

    @cached_property
    def examples(self) -> Examples:
        """Loading the example."""
        return Examples(self.meetings, self.directory, self.clock)

    @cached_property
    def scheduling(self) -> Scheduling:
        """What beat does."""
        settings = self.settings
        lease, polls = timedelta(seconds=settings.lease_seconds), self.mailbox is not None
        policy = Policy(settings.batch_size, settings.max_claimed, lease, polls)
        return Scheduling(
            self.database, self.clock, self.lease_clock, self.wake_up, policy, self.recalculating.run
        )

    @cached_property
    def slots(self) -> Slots:
        """Finding starts that are fair."""
        return Slots(self.database, self.planner, self.clock)

    @cached_property
    def delivering(self) -> Delivering:
        """What workers do."""
        settings = self.settings
        organizer = NamedAddress(settings.organizer_name, settings.organizer_address)
        return Delivering(
            self.database,
            self.planner,
            self.occasions,
            Letters(
                mail_templates(),
                self.directory,
                organizer,
                self.links,
                counter=settings.propose_new_time,
                languages=self.languages,
            ),
            Outside(self.mailer, self.conferences, self.documents, self.inbox),
            clock=self.clock,
            lease_clock=self.lease_clock,
            wake_up=self.wake_up,
            lease=timedelta(seconds=settings.lease_seconds),
            jitter=random.random,
        )

    @cached_property
    def api_token(self) -> str:
        """The token for API and console: the setting, or the file ``api-token``, made when missing."""
        if self.settings.api_token is not None:
            return self.settings.api_token.get_secret_value()
        return _token_in(self.settings.data_dir / "api-token")

    @cached_property
    def link_key(self) -> str:
        """The key that signs personal links: the setting, or the file ``link-key``, made when missing."""
        if self.settings.link_key is not None:
            return self.settings.link_key.get_secret_value()
        return _token_in(self.settings.data_dir / "link-key")

    def _require_sandbox(self, what: str) -> None:
        if not self.settings.sandbox:
            raise ConfigurationError.of(
                _variable("profile"),
                self.settings.profile,
                f"{what} in the sandbox only",
                "Nothing was done.",
            )


@lru_cache(maxsize=1)
def container() -> Container:
    """Return the container of this process; raises ``ConfigurationError``."""
    return Container(read_settings())


def mail_templates() -> Environment:
    """Return the environment of the mail templates: HTML escaped, plain text wrapped at 72 columns."""
    environment = Environment(
        loader=FileSystemLoader(DATA / "templates" / "mail"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        # Looking at the files for every mail costs more than rendering it.
        auto_reload=False,
    )
    environment.filters["paragraphs"] = _paragraphs
    environment.filters["wrapped"] = _wrapped
    environment.filters["quoted"] = _quoted
    return environment


def _wrapped(text: str, indent: int = 0) -> str:
    lines = wrap(
        text, TEXT_WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)


def _paragraphs(text: str) -> str:
    """Keep one blank line between paragraphs, and none before the first and after the last."""
    return _BLANK_LINES.sub("\n\n", text).strip("\n")


def _quoted(text: str, indent: int = 0) -> str:
    """Lay out what somebody wrote: its line breaks stay, its lines end at 72 columns all the same."""
    lines = [line for part in text.splitlines() for line in wrap(part, TEXT_WIDTH - indent)]
    return f"\n{' ' * indent}".join(lines)


def _read_data(file: Path, parse: Callable[[Any], T]) -> T:
    try:
        return parse(read_yaml(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError.of(
            str(file), None, f"cannot be read: {error}", "Restore the file."
        ) from error
    except InvalidInput as error:
        raise ConfigurationError(
            [
                Problem(f"{file.name}: {item.field}", item.value, item.message, item.remedy)
                for item in error.problems
            ]
        ) from error


def _token_in(file: Path) -> str:
    """Read the token, or make one that only the owner can read; two processes get the same."""
    make_private(file.parent)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text("ascii").strip()
    token = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w", encoding="ascii") as output:
        output.write(token + "\n")
    return token
