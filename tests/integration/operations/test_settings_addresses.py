"""Whom the service trusts and where its servers are: held against each other before anything is reached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from integrations.clock import SystemClock
from integrations.imap.mailbox import ImapMailbox
from integrations.sandbox.certificate import certificate_file, ensure_certificate
from integrations.smtp.mailer import SmtpMailer
from orchestrator.bootstrap import Container, read_settings
from orchestrator.store.engine import Database
from tests.integration.operations.test_settings import MAILBOX, PRODUCTION, Given, given, problem_of

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
