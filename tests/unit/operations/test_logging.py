"""What the log of every process looks like."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from config import logging as config_logging
from config.logging import Offset, Seldom, configure_logging


def record(message: str, *arguments: Any, name: str = "orchestrator.x", level: int = logging.WARNING) -> Any:
    return logging.LogRecord(name, level, __file__, 1, message, arguments, None)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found = [1000.0]
    monkeypatch.setattr(config_logging.time, "monotonic", lambda: found[0])
    return found


def test_times_have_milliseconds_and_their_offset_from_utc() -> None:
    written = Offset("%(asctime)s %(message)s").format(record("x"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d x", written)


def test_the_same_trouble_is_said_once_and_then_seldom_with_how_often_it_was(now: list[float]) -> None:
    seldom = Seldom()
    assert seldom.filter(record("%s is away", "redis"))
    for _ in range(60):
        now[0] += 2
        assert not seldom.filter(record("%s is away", "redis"))
    assert seldom.filter(record("%s is away", "postgres")), "another trouble"
    now[0] += 300
    again = record("%s is away", "redis")
    assert seldom.filter(again)
    assert again.getMessage() == "redis is away (60 times more since it was said last)"
    assert not seldom.filter(record("%s is away", "redis"))


def test_numbers_that_libraries_count_make_no_new_line_but_ours_do(now: list[float]) -> None:
    seldom = Seldom()
    lost = "Cannot connect; trying again in %s seconds"
    assert seldom.filter(record(lost, 2.0, name="celery.worker.consumer"))
    assert not seldom.filter(record(lost, 4.0, name="celery.worker.consumer"))
    assert seldom.filter(record("action %s: transient", 1))
    assert seldom.filter(record("action %s: transient", 2))


def test_what_is_no_warning_is_always_said(now: list[float]) -> None:
    seldom = Seldom()
    assert all(seldom.filter(record("SOM was recalculated", level=logging.INFO)) for _ in range(3))


def test_what_is_remembered_is_bounded(now: list[float]) -> None:
    seldom = Seldom()
    for number in range(2000):
        assert seldom.filter(record("action %s: transient", number))
    assert len(seldom._said) == 500


def test_no_level_lets_libraries_write_addresses_of_requests_or_rows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    kept = {
        name: logging.getLogger(name).level
        for name in ("urllib3", "sqlalchemy", "psycopg", "msal", "python_multipart", "imapclient", "alembic")
    }
    try:
        configure_logging("DEBUG")
        user = "users/5f3a/onlineMeetings"
        logging.getLogger("urllib3.connectionpool").debug('https://graph:443 "GET /%s" 200', user)
        logging.getLogger("urllib3.connectionpool").warning("Retrying after connection broken: /%s", user)
        logging.getLogger("urllib3.util.retry").debug("Incremented Retry for /%s", user)
        logging.getLogger("sqlalchemy.engine.Engine").debug("Row ('%s',)", user)
        logging.getLogger("orchestrator").debug("said")
        written = capsys.readouterr().err
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, found in kept.items():
            logging.getLogger(name).setLevel(found)
    assert user not in written
    assert "said" in written
