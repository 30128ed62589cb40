"""Settings from the environment (prefix ``ORCHESTRATOR_``) or from secret files.

A secret may be given as a file ``/run/secrets/orchestrator_<name>`` instead of a variable, as
Docker and Kubernetes mount them; ``ORCHESTRATOR_SECRETS_DIR`` names another folder.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import idna
from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from config import DATA

SANDBOX_ORGANIZER = "meetings@accsm.example"


def _bare(host: object) -> object:
    """Take an IPv6 address out of the brackets that it has in URLs; sockets want it without."""
    if isinstance(host, str) and host.startswith("[") and host.endswith("]"):
        return host[1:-1]
    return host


def _with_a_labels(value: object) -> object:
    """Put the domain of an address into the letters that the DNS and mail servers take (RFC 5890)."""
    if not isinstance(value, str) or value.isascii():
        return value
    local, at, domain = value.strip().rpartition("@")
    try:
        return f"{local}{at}{idna.encode(domain, uts46=True).decode('ascii')}"
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError(f"{value!r} is no mail address: {error}") from None


Host = Annotated[str, BeforeValidator(_bare)]
MailAddress = Annotated[str, BeforeValidator(_with_a_labels)]


Part = Literal["all", "migrate", "web", "beat", "mail", "conference", "mailbox", "turn", "watcher"]


class Settings(BaseSettings):
    """All settings, with the defaults of the embedded sandbox."""

    model_config = SettingsConfigDict(
        env_prefix="ORCHESTRATOR_",
        extra="ignore",
        frozen=True,
        # A line left empty in a file of variables means "not set"; an empty token would let anybody in.
        env_ignore_empty=True,
    )

    profile: Literal["sandbox", "production"] = Field(
        "sandbox", description="`sandbox` sends nothing outside this machine; `production` does."
    )
    part: Part = Field(
        "all",
        description="Which part of the service this process is: it then needs the secrets of that part only.",
    )
    data_dir: Path = Field(Path("var"), description="Folder for everything the service keeps on disk.")
    host: Host = Field("127.0.0.1", description="Address the web process listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the web process listens on.")
    public_url: str | None = Field(None, description="Address people reach the console at.")
    allowed_hosts: str = Field(
        "", description="Further host names the web process answers to, separated by commas."
    )
    database_url: SecretStr | None = Field(
        None,
        description="`postgresql://user:password@host:5432/database?sslmode=verify-full`, or an SQLite URL; "
        "empty means SQLite in the data folder.",
    )
    broker_url: SecretStr | None = Field(
        None,
        description="`redis://:password@host:6379/0`, `rediss://…` with TLS, which is always verified, or "
        "`unix:///path/redis.sock`; empty means the private broker that `orchestrator up` starts.",
    )
    api_token: SecretStr | None = Field(
        None, description="Token for the API and console; empty means `api-token` in the data folder."
    )
    session_idle_minutes: int = Field(
        120, ge=5, le=24 * 60, description="Minutes after which a console nobody uses is signed out."
    )
    session_hours: int = Field(
        12, ge=1, le=24 * 7, description="Hours after which the console asks to sign in again in any case."
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks of the reverse proxies, separated by commas: only they may say "
        "for whom they ask. Without it, all who come through a proxy count as one source.",
    )

    ca_file: Path | None = Field(
        None,
        description="File (PEM) with certificate authorities to trust beside the system's, such as a "
        "ministry's own: for SMTP, IMAP, Redis, PostgreSQL and Microsoft 365.",
    )

    https_proxy: SecretStr | None = Field(
        None,
        description="URL of the HTTPS proxy that Microsoft 365 is reached through, such as "
        "`http://proxy.ministry.example:3128`; empty means directly.",
    )
    web_connections: int = Field(
        500, ge=20, description="Connections the web process holds at a time; more are told to come later."
    )

    organizer_address: MailAddress = Field(
        SANDBOX_ORGANIZER, description="Mailbox the service owns: From and ORGANIZER of every mail."
    )
    organizer_name: str = Field(
        "ACCSM Meetings", description="Name of that mailbox, as calendars show the organizer."
    )

    propose_new_time: bool = Field(
        True, description="Whether calendars may offer attendees to propose another time."
    )
    link_key: SecretStr | None = Field(
        None, description="Key that signs personal links; empty means `link-key` in the data folder."
    )
    reply_subaddress: bool = Field(
        False,
        description="Whether the mailbox takes `name+anything@`: each attendee then has an own one.",
    )

    imap_host: Host | None = Field(
        None, description="IMAP server of that mailbox; without it, answers come by the personal pages only."
    )
    imap_port: int | None = Field(None, ge=1, le=65535, description="Port; 993 with `tls`, else 143.")
    imap_security: Literal["tls", "starttls", "plain"] = Field(
        "tls", description="How the connection is protected."
    )
    imap_username: str | None = Field(None, description="Login name.")
    imap_password: SecretStr | None = Field(None, description="Password for it.")
    imap_auth: Literal["password", "xoauth2"] = Field(
        "password",
        description="With `xoauth2` the application of Microsoft 365 signs in with an access token "
        "in place of a password, as Exchange Online wants it.",
    )
    imap_folder: str = Field("INBOX", description="Folder that answers arrive in.")
    imap_processed: str = Field("Processed", description="Folder for mails that were dealt with.")
    imap_quarantine: str = Field("Quarantine", description="Folder for mails that a person has to look at.")
    quarantine_max_bytes: int = Field(
        256 * 1024 * 1024,
        gt=0,
        description="Bytes of quarantined mails that are kept here; beyond, the largest go first.",
    )
    quarantine_days: int = Field(
        90, ge=1, le=3650, description="Days after which the bytes of a quarantined mail are deleted here."
    )
    authserv_id: str | None = Field(
        None,
        description="Name under which the mailbox's server writes Authentication-Results; answers that "
        "fail DMARC there wait for a person. Empty means that the server refuses forged senders itself.",
    )
    imap_timeout: float = Field(20.0, gt=0, description="Seconds to wait for the IMAP server.")
    poll_seconds: float = Field(60.0, ge=5, description="Longest time between two looks into the mailbox.")

    smtp_host: Host | None = Field(None, description="SMTP relay.")
    smtp_port: int | None = Field(
        None, ge=1, le=65535, description="Port; 465 with `tls`, 587 with `starttls`, else 25."
    )
    smtp_security: Literal["tls", "starttls", "plain"] = Field(
        "starttls", description="How the connection is protected."
    )
    smtp_username: str | None = Field(None, description="Login name, if the relay wants one.")
    smtp_password: SecretStr | None = Field(None, description="Password for it.")
    smtp_auth: Literal["password", "xoauth2"] = Field("password", description="As `ORCHESTRATOR_IMAP_AUTH`.")
    smtp_timeout: float = Field(10.0, gt=0, description="Seconds to wait for each answer of the relay.")

    graph_tenant_id: str | None = Field(None, description="Microsoft Entra tenant (GUID).")
    graph_client_id: str | None = Field(None, description="Application (client) id.")
    graph_client_secret: SecretStr | None = Field(None, description="Client secret.")
    graph_organizer: str | None = Field(
        None, description="Object id (or UPN) of the account that owns the Teams meetings."
    )
    graph_cloud: Literal["global", "gcc-high", "dod"] = Field("global", description="Microsoft cloud.")
    graph_timeout: float = Field(20.0, gt=0, description="Seconds that one request to Graph may take.")
    graph_base_url: str | None = Field(
        None, description="Another Graph than Microsoft's, with its version, to test against."
    )
    graph_authority_url: str | None = Field(
        None, description="Another sign-in authority than Microsoft's, without the tenant, to test against."
    )
    graph_other_endpoint: bool = Field(
        False, description="Whether the two addresses above are meant: production refuses them without it."
    )

    unreviewed_languages: str = Field(
        "",
        description="Languages that mails are written in although no native speaker has reviewed the "
        "translation: codes such as `th,km`, separated by commas, or `all`. Vietnamese is always on.",
    )

    attachment_max_bytes: int = Field(
        10 * 1024 * 1024, gt=0, description="Largest minutes file accepted, in bytes."
    )
    file_max_bytes: int = Field(
        25 * 1024 * 1024, gt=0, description="Largest file of a meeting accepted, in bytes; also for papers."
    )
    meeting_files_max_bytes: int = Field(
        2 * 1024 * 1024 * 1024, gt=0, description="Bytes that all files of one meeting may have together."
    )
    papers_max_bytes: int = Field(
        100 * 1024 * 1024,
        gt=0,
        description="Bytes of papers that one delegation can send to a meeting from its personal pages.",
    )
    batch_size: int = Field(50, ge=1, le=50, description="Actions per task.")
    max_claimed: int = Field(500, ge=1, description="Actions of a lane handed to the broker at a time.")
    lease_seconds: float = Field(
        150.0, gt=0, description="How long a claim lasts; must exceed what one message may take."
    )
    beat_max_interval: float = Field(
        2.0, gt=0, description="Longest sleep of beat between looks at the database, in seconds."
    )
    longest_look_seconds: float = Field(
        60.0,
        gt=0,
        description="A beat or watcher whose look takes longer, in seconds, ends and is started again.",
    )
    heartbeat_file: Path | None = Field(
        None, description="File that beat or the watcher touches whenever it has looked, for health checks."
    )
    worker_concurrency: int = Field(
        2, ge=1, description="Processes of the worker that sends mail; the other lanes have one each."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Log level.")

    delegations_file: Path = Field(DATA / "delegations.yaml", description="Delegations and groups.")
    timelines_dir: Path = Field(DATA / "timelines", description="Folder of timelines.")
    notices_file: Path = Field(DATA / "notices.yaml", description="Texts of notices.")

    @property
    def sandbox(self) -> bool:
        """Whether nothing may leave this machine."""
        return self.profile == "sandbox"


def load_settings() -> Settings:
    """Read the settings of this process from its environment and secret files.

    Raises ``pydantic.ValidationError`` when a value cannot be read; ``bootstrap`` words it.
    """
    folder = secrets_folder()
    return Settings(_secrets_dir=folder if folder.is_dir() else None)


def secrets_folder() -> Path:
    """Return the folder of the secret files, which need not exist."""
    return Path(os.environ.get("ORCHESTRATOR_SECRETS_DIR", "/run/secrets"))
