"""Whom the service trusts and where its servers are: held against each other before anything is reached."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from integrations.clock import SystemClock
from integrations.imap.mailbox import ImapMailbox
from integrations.sandbox.certificate import certificate_file, ensure_certificate
from integrations.smtp.mailer import SmtpMailer
from orchestrator.bootstrap import Container, own_address, read_settings
from orchestrator.bootstrap.addresses import broker_of
from orchestrator.errors import ConfigurationError
from orchestrator.store.engine import Database
from tests.integration.operations.test_settings import MAILBOX, PRODUCTION, Given, given, problem_of, run

__all__ = ["given"]


# --- whom to trust


@pytest.mark.parametrize("content", [None, "no certificate in here\n"], ids=["absent", "empty"])
def test_authorities_that_cannot_be_used_are_found_at_the_start(
    given: Given, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "authorities.pem"
    if content is not None:
        file.write_text(content, "utf-8")
    given(**PRODUCTION, ca_file=str(file))
    message = problem_of("ca_file")
    assert "cannot be used" in message
    assert "PEM" in message


def test_authorities_of_ones_own_reach_every_client(given: Given, tmp_path: Path) -> None:
    """Whatever is reached with TLS is held against them; libpq only where its URL asks to verify."""
    ensure_certificate(tmp_path, SystemClock().now())
    file = certificate_file(tmp_path)
    verifying = PRODUCTION["database_url"] + "?sslmode=verify-full"
    given(**(PRODUCTION | MAILBOX | {"database_url": verifying}), ca_file=str(file))
    container = Container(read_settings())
    assert isinstance(container.mailer, SmtpMailer)
    assert isinstance(container.mailbox, ImapMailbox)
    assert container.mailer.ca_file == container.mailbox.ca_file == file
    assert connect_arguments(container.database)["sslrootcert"] == str(file)


@pytest.mark.parametrize("query", ["", "?sslmode=require", "?sslmode=verify-full&sslrootcert=/own.pem"])
def test_a_database_that_is_not_verified_or_names_its_authorities(tmp_path: Path, query: str) -> None:
    database = Database(PRODUCTION["database_url"] + query, tmp_path / "authorities.pem")
    assert "sslrootcert" not in connect_arguments(database) or "own.pem" in query


# --- signing in with a token

TOKENS = {
    "imap_host": "outlook.office365.com",
    "imap_username": "meetings@ministry.example",
    "imap_auth": "xoauth2",
    "smtp_username": "meetings@ministry.example",
    "smtp_auth": "xoauth2",
}


def test_mail_servers_may_be_signed_in_to_with_a_token(given: Given) -> None:
    given(**(PRODUCTION | TOKENS))
    container = Container(read_settings())
    assert isinstance(container.mailer, SmtpMailer)
    assert isinstance(container.mailbox, ImapMailbox)
    assert container.mailer.tokens is container.mailbox.tokens is container.outlook_tokens


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"smtp_username": ""}, "smtp_username", "needs the address of the mailbox"),
        ({"imap_username": ""}, "imap_username", "needs the address of the mailbox"),
        ({"smtp_password": "x" * 40}, "smtp_password", "is not used with"),
        ({"imap_password": "x" * 40}, "imap_password", "is not used with"),
        ({"smtp_security": "plain"}, "smtp_security", "unprotected"),
        ({"imap_security": "plain"}, "imap_security", "unprotected"),
    ],
)
def test_what_does_not_go_with_a_token(given: Given, changed: dict[str, str], field: str, words: str) -> None:
    given(**(PRODUCTION | TOKENS | changed))
    assert words in problem_of(field)


# --- where broker and database are

PART = "hunter2"
BROKEN_BROKERS = [
    "hunter2@redis",
    "redis:hunter2",
    "amqp://guest:hunter2@rabbit//",
    "redis://:hun/hunter2@redis:6379/0",
    "redis://:x#hunter2@redis:6379/0",
    "redis://:x?hunter2@redis:6379/0",
    "redis://:x[hunter2@redis:6379/0",
    "redis://:x hunter2@redis:6379/0",
    "redis://:hunter2@redis:port/0",
    "redis://:hunter2@redis:99999/0",
    "redis://:hunter2@:6379/0",
    "redis://:hunter2@redis:6379/hunter2",
    "redis://:hunter2@redis:6379/0?timeout=hunter2",
    "redis://redis:6379/0?ssl_certfile=hunter2",
    "rediss://:hunter2@redis:6379/0?ssl_cert_reqs=none",
    "rediss://:hunter2@redis:6379/0?ssl_cert_reqs=CERT_NONE",
    "rediss://:hunter2@redis:6379/0?ssl_cert_reqs=hunter2",
    "rediss://:hunter2@redis:6379/0?ssl_check_hostname=false",
    "rediss://:hunter2@redis:6379/0?ssl_ca_certs=/hunter2.pem",
    "unix://hunter2/run/redis.sock",
    "unix:///run/redis.sock?db=hunter2",
    "redis://:hunter2\n@redis:6379/0",
    "redis://a:1/0;redis://:hunter2@b:1/0",
]
BROKEN_DATABASES = [
    "hunter2",
    "postgresql:hunter2",
    "mysql://u:hunter2@db/meetings",
    "postgresql+asyncpg://u:hunter2@db/meetings",
    "postgresql://u:p@ss/hunter2@db:5432/meetings",
    "postgresql://u:x#hunter2@db:5432/meetings",
    "postgresql://u:x[hunter2@db:5432/meetings",
    "postgresql://u:hunter2@db:port/meetings",
    "postgresql://u:hunter2@db:5432",
    "postgresql://u:hunter2@db:5432/a/hunter2",
    "postgresql://u:hunter2@db:5432/meetings?ssl=hunter2",
    "postgresql://u:hunter2@db:5432/meetings?sslmode=hunter2",
    "sqlite://hunter2",
    "sqlite:hunter2",
]


@pytest.mark.parametrize(
    ("field", "url"),
    [("broker_url", url) for url in BROKEN_BROKERS] + [("database_url", url) for url in BROKEN_DATABASES],
)
def test_a_url_that_cannot_be_used_is_found_and_never_shown(given: Given, field: str, url: str) -> None:
    given(**(PRODUCTION | {field: url}))
    message = problem_of(field)
    assert PART not in message
    with pytest.raises(ConfigurationError) as caught:
        read_settings()
    told = "".join(traceback.format_exception(caught.value))
    assert PART not in told, "not even what the library said of it may come along"


@pytest.mark.parametrize("command", [["db", "upgrade"], ["doctor", "--json"]])
@pytest.mark.parametrize(
    "changed",
    [{"broker_url": BROKEN_BROKERS[3]}, {"database_url": BROKEN_DATABASES[7]}],
    ids=["broker", "database"],
)
def test_no_command_shows_it_either(tmp_path: Path, command: list[str], changed: dict[str, str]) -> None:
    ended = run(tmp_path, *command, **(PRODUCTION | changed))
    assert ended.returncode == 2
    said = ended.stdout + ended.stderr
    assert "Traceback" not in said
    assert PART not in said
    assert f"ORCHESTRATOR_{next(iter(changed)).upper()}" in said


@pytest.mark.parametrize(
    ("url", "of_redis", "of_celery"),
    [
        ("redis://redis", "redis://redis:6379/0", None),
        ("redis://:p%40ss@redis:6379/2", "redis://:p%40ss@redis:6379/2", None),
        ("redis://user:p%2Fx@[2001:db8::7]:6380/0", "redis://user:p%2Fx@[2001:db8::7]:6380/0", None),
        ("rediss://:x@redis:6379/0", "rediss://:x@redis:6379/0?ssl_cert_reqs=required", None),
        (
            "rediss://:x@redis/0?ssl_cert_reqs=CERT_REQUIRED&ssl_certfile=/c.pem&ssl_keyfile=/k.pem",
            "rediss://:x@redis:6379/0?ssl_cert_reqs=required&ssl_certfile=%2Fc.pem&ssl_keyfile=%2Fk.pem",
            None,
        ),
        (
            "unix:///run/redis.sock",
            "unix:///run/redis.sock?db=0",
            "redis+socket:///run/redis.sock?virtual_host=0",
        ),
        ("unix://:x@/r.sock?db=3", "unix://:x@/r.sock?db=3", "redis+socket://:x@/r.sock?virtual_host=3"),
    ],
)
def test_one_url_serves_every_client(url: str, of_redis: str, of_celery: str | None) -> None:
    broker = broker_of(url)
    assert (broker.url(None), broker.celery_url(None)) == (of_redis, of_celery or of_redis)
    assert "x" not in repr(broker).replace("unix", "").replace("host", "")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p%40ss@db:5432/meetings",
        "postgresql://u@[2001:db8::7]:5432/meetings?sslmode=verify-full&connect_timeout=5",
        "postgresql:///meetings?host=/run/postgresql",
        "postgres://db/meetings",
        "postgresql+psycopg://db/meetings",
        "sqlite:////var/lib/orchestrator/orchestrator.db",
    ],
)
def test_a_database_url_that_can_be_used(given: Given, url: str) -> None:
    given(**(PRODUCTION | {"database_url": url}))
    assert Container(read_settings()).database.dialect in ("postgresql", "sqlite")


# --- hosts


@pytest.mark.parametrize("field", ["host", "smtp_host", "imap_host"])
@pytest.mark.parametrize(
    ("host", "bare"),
    [
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("mail.ministry.example", "mail.ministry.example"),
        ("192.0.2.7", "192.0.2.7"),
    ],
)
def test_a_host_is_a_name_or_an_address_of_either_kind(
    given: Given, field: str, host: str, bare: str
) -> None:
    given(**(PRODUCTION | MAILBOX | {field: host}))
    assert getattr(read_settings(), field) == bare


@pytest.mark.parametrize("field", ["host", "smtp_host", "imap_host"])
@pytest.mark.parametrize(
    "host", ["smtp://mail.example", "mail.example:587", "[2001:db8::7]:587", "mail example", "a/b", "[mail]x"]
)
def test_what_is_no_host_is_found(given: Given, field: str, host: str) -> None:
    given(**(PRODUCTION | MAILBOX | {field: host}))
    assert "the port has a setting of its own" in problem_of(field)


def test_without_a_public_address_links_lead_to_the_one_that_is_listened_on(given: Given) -> None:
    given(host="::1", port="8080")
    assert own_address(read_settings()) == "http://[::1]:8080"


def test_what_is_said_of_a_server_has_its_address_in_brackets() -> None:
    assert SmtpMailer("2001:db8::7", 25, "plain").place == "[2001:db8::7]:25"


def connect_arguments(database: Database) -> dict[str, Any]:
    """What SQLAlchemy hands to psycopg, found out without connecting."""
    seen: dict[str, Any] = {}

    @event.listens_for(database.engine, "do_connect")
    def stop(_dialect: Any, _record: Any, _args: Any, arguments: dict[str, Any]) -> None:
        seen.update(arguments)
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        database.engine.connect()
    return seen
