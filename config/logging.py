"""Logging for every process: one line an event, to standard error, without personal data."""

from __future__ import annotations

import logging.config
import re
import time
from datetime import UTC, datetime

_SELDOM_SECONDS = 300.0
_REMEMBERED = 500
_OURS = ("orchestrator", "integrations", "tasks", "config")


class Offset(logging.Formatter):
    """Times with milliseconds and the offset from UTC, so that lines of two machines can be compared."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - the name is that of the standard library.
        """Return the local time of a record."""
        return datetime.fromtimestamp(record.created, UTC).astimezone().isoformat(" ", "milliseconds")


class Seldom(logging.Filter):
    """Lets a warning through that says something new, and the same again only seldom.

    A server that is away for a night is one line when it begins, and then one every five minutes that says
    how often it was so meanwhile. Numbers in what libraries say, such as the seconds until they try again, do
    not make it another line.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], list[float]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is written."""
        if record.levelno < logging.WARNING:
            return True
        said = record.getMessage()
        ours = record.name.partition(".")[0] in _OURS
        key = record.name, said if ours else re.sub(r"\d+", "#", said)
        known = self._said.get(key)
        if known is None or time.monotonic() - known[0] >= _SELDOM_SECONDS:
            self._remember(key)
            if known is not None and known[1]:
                record.msg, record.args = f"{said} ({known[1]:.0f} times more since it was said last)", ()
            return True
        known[1] += 1
        return False

    def _remember(self, key: tuple[str, str]) -> None:
        self._said.pop(key, None)
        while len(self._said) >= _REMEMBERED:
            del self._said[next(iter(self._said))]
        self._said[key] = [time.monotonic(), 0]


def configure_logging(level: str = "INFO") -> None:
    """Send all loggers to standard error at ``level``, with time, process and module."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": Offset,
                    "format": "%(asctime)s %(levelname)s %(processName)s %(name)s: %(message)s",
                }
            },
            "filters": {"seldom": {"()": Seldom}},
            "handlers": {
                "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["seldom"]}
            },
            "root": {"level": level, "handlers": ["stderr"]},
            "loggers": {
                # These write the addresses of requests, which hold ids of people and meetings.
                "uvicorn.access": {"level": "WARNING"},
                "mail.log": {"level": "WARNING"},
                # It repeats the address of a request that it tries again, and every address at DEBUG.
                "urllib3": {"level": "ERROR"},
                # At DEBUG these write rows, and what is said over the network.
                "sqlalchemy": {"level": "WARNING"},
                "psycopg": {"level": "WARNING"},
                "msal": {"level": "WARNING"},
                "python_multipart": {"level": "WARNING"},
                "alembic": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
                "imapclient": {"level": "WARNING"},
            },
        }
    )
