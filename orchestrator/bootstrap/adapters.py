"""Which adapter stands behind each port, by the settings."""

from __future__ import annotations

from functools import cached_property

from config.settings import Settings
from integrations.clock import SystemClock
from integrations.documents import FolderDocumentStore, FolderQuarantineStore
from integrations.graph.clouds import CLOUDS
from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.endpoints import SandboxEndpoints
from integrations.sandbox.inbox import MaildirMailbox
from integrations.sandbox.outbox import MaildirOutbox
from integrations.silent_wakeup import SilentWakeUp
from integrations.smtp.mailer import SmtpMailer
from integrations.watchdog import ProcessWatchdog
from orchestrator.bootstrap.addresses import Broker, broker_of
from orchestrator.bootstrap.folders import (
    endpoints_file,
    inbox_folder,
    make_database_private,
    make_private,
    outbox_folder,
    token_in,
)
from orchestrator.bootstrap.settings import variable
from orchestrator.errors import ConfigurationError
from orchestrator.ports import (
    AccessTokens,
    Clock,
    ConferenceProvider,
    Mailbox,
    Mailer,
    Outbox,
    WakeUp,
    Watchdog,
)
from orchestrator.store.engine import Database


def broker_url(settings: Settings) -> str | None:
    """Return the URL for clients of Redis, or ``None`` while the sandbox's private broker is not running."""
    broker = _broker(settings)
    return broker.url(settings.ca_file) if broker else None


def celery_broker_url(settings: Settings) -> str | None:
    """Return the same for Celery."""
    broker = _broker(settings)
    return broker.celery_url(settings.ca_file) if broker else None


def _broker(settings: Settings) -> Broker | None:
    if settings.broker_url is not None:
        return broker_of(settings.broker_url.get_secret_value())
    endpoints = SandboxEndpoints.load(endpoints_file(settings)) if settings.sandbox else None
    return broker_of(endpoints.broker_url) if endpoints else None


class Adapters:
    """Every adapter, made on first use from checked settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def database(self) -> Database:
        """The scheduling database."""
        if self.settings.database_url is not None:
            return self._own_database(self.settings.database_url.get_secret_value())
        file = make_private(self.settings.data_dir).resolve() / "orchestrator.db"
        database = Database(f"sqlite:///{file}")
        if not file.exists():
            # The embedded default works from the first command on; a database of one's own is upgraded
            # when its owner says so.
            database.upgrade()
        return database

    def _own_database(self, url: str) -> Database:
        """Return the database of a URL; a file is for its owner only, wherever it lies."""
        database = Database(url, self.settings.ca_file)
        if database.file is not None:
            make_database_private(database.file)
        return database

    @cached_property
    def clock(self) -> Clock:
        """The clock that decides what is due."""
        return self.sandbox_clock if self.settings.sandbox else self.lease_clock

    @cached_property
    def sandbox_clock(self) -> SandboxClock:
        """The clock that can be moved; raises ``ConfigurationError`` in production."""
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
        if not url:
            return SilentWakeUp()
        # The clients of other services take long to import, so each is imported when it is first needed.
        from integrations.redis_wakeup import RedisWakeUp

        return RedisWakeUp(url)

    @cached_property
    def documents(self) -> FolderDocumentStore:
        """Where files are kept."""
        return FolderDocumentStore(self.settings.data_dir / "documents")

    @cached_property
    def quarantine_store(self) -> FolderQuarantineStore:
        """Where mails that a person has to look at are kept for a while."""
        data_dir = self.settings.data_dir
        return FolderQuarantineStore(data_dir / "quarantine", before=data_dir / "documents")

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
            ca_file=settings.ca_file,
            tokens=self.outlook_tokens if settings.smtp_auth == "xoauth2" else None,
        )

    @cached_property
    def outlook_tokens(self) -> AccessTokens:
        """Access tokens for the mailboxes of Exchange Online, for the same application as Graph's."""
        # As in "wake_up".
        from integrations.graph.token import TokenSource

        settings = self.settings
        cloud = CLOUDS[settings.graph_cloud]
        secret = settings.graph_client_secret
        return TokenSource(
            tenant_id=settings.graph_tenant_id or "",
            client_id=settings.graph_client_id or "",
            client_secret=secret.get_secret_value() if secret else "",
            graph_url=cloud.outlook_url,
            authority_url=settings.graph_authority_url or cloud.authority_url,
            ca_file=settings.ca_file,
            proxy=settings.https_proxy.get_secret_value() if settings.https_proxy else None,
            timeout=settings.graph_timeout,
        )

    @cached_property
    def mailbox(self) -> Mailbox | None:
        """The mailbox that answers come to: over IMAP, or the sandbox's; ``None`` when none is set."""
        settings = self.settings
        if settings.sandbox:
            return MaildirMailbox(inbox_folder(settings))
        if settings.imap_host is None:
            return None
        # As in "wake_up".
        from integrations.imap.mailbox import ImapMailbox

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
            ca_file=settings.ca_file,
            tokens=self.outlook_tokens if settings.imap_auth == "xoauth2" else None,
        )

    @cached_property
    def conferences(self) -> ConferenceProvider:
        """How video meetings are made: Microsoft Graph, or the sandbox's."""
        # As in "wake_up".
        from integrations.graph.client import GraphClient
        from integrations.graph.conferences import TeamsConferences

        settings = self.settings
        # A claim on a meeting is made to outlast this; see the check of the lease.
        seconds = 3 * settings.graph_timeout
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
            return TeamsConferences(client, found.organizer_id, seconds)
        cloud = CLOUDS[settings.graph_cloud]
        secret = settings.graph_client_secret
        client = GraphClient(
            tenant_id=settings.graph_tenant_id or "",
            client_id=settings.graph_client_id or "",
            client_secret=secret.get_secret_value() if secret else "",
            graph_url=settings.graph_base_url or cloud.graph_url,
            authority_url=settings.graph_authority_url or cloud.authority_url,
            ca_file=settings.ca_file,
            proxy=settings.https_proxy.get_secret_value() if settings.https_proxy else None,
            timeout=settings.graph_timeout,
        )
        return TeamsConferences(client, settings.graph_organizer or "", seconds)

    @cached_property
    def outbox(self) -> Outbox | None:
        """The caught mails; ``None`` in production, where mails are not caught."""
        return MaildirOutbox(outbox_folder(self.settings)) if self.settings.sandbox else None

    @cached_property
    def api_token(self) -> str:
        """The token for API and console: the setting, or the file ``api-token``, made when missing."""
        if self.settings.api_token is not None:
            return self.settings.api_token.get_secret_value()
        return token_in(self.settings.data_dir / "api-token")

    @cached_property
    def link_key(self) -> str:
        """The key that signs personal links: the setting, or the file ``link-key``, made when missing."""
        if self.settings.link_key is not None:
            return self.settings.link_key.get_secret_value()
        return token_in(self.settings.data_dir / "link-key")

    @cached_property
    def watchdog(self) -> Watchdog:
        """What ends a beat that hangs in a look; a worker has its own."""
        return ProcessWatchdog(self.settings.longest_look_seconds)

    @cached_property
    def mailbox_watchdog(self) -> Watchdog:
        """What ends a watcher that hangs; opening the mailbox may take five answers of its server."""
        return ProcessWatchdog(self.settings.longest_look_seconds + 5 * self.settings.imap_timeout)

    def was_alive(self) -> None:
        """Touch the heartbeat file, when one is set; called after each successful look."""
        if self.settings.heartbeat_file is not None:
            self.settings.heartbeat_file.touch()

    def _require_sandbox(self, what: str) -> None:
        if not self.settings.sandbox:
            raise ConfigurationError.of(
                variable("profile"),
                self.settings.profile,
                f"{what} in the sandbox only",
                "Nothing was done.",
            )
