"""Logging for every process: one line an event, to standard error, without personal data."""

from __future__ import annotations

import logging.config


def configure_logging(level: str = "INFO") -> None:
    """Send all loggers to standard error at ``level``, with time, process and module."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {"format": "%(asctime)s %(levelname)s %(processName)s %(name)s: %(message)s"}
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"level": level, "handlers": ["stderr"]},
            "loggers": {
                # These write the addresses of requests, which hold ids of people and meetings.
                "uvicorn.access": {"level": "WARNING"},
                "mail.log": {"level": "WARNING"},
                "alembic": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
                "imapclient": {"level": "WARNING"},
            },
        }
    )
