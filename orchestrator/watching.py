"""Watching the mailbox, so that an answer is read the moment it arrives and not only the next time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from orchestrator.ports import Mailbox, Watchdog
from orchestrator.services.answers.inbox import Inbox

_LOG = logging.getLogger(__name__)
_LONGEST_WAIT = 20.0
_PAUSE = 0.2


def watch(
    mailbox: Mailbox,
    inbox: Inbox,
    stop: threading.Event,
    alive: Callable[[], None],
    watchdog: Watchdog | None = None,
) -> None:
    """Make the mailbox be read whenever mail may have arrived, until ``stop`` is set.

    ``alive`` is called at least once a minute or so, and ``watchdog`` ends the process when a look at the
    mailbox, or at the database, does not end. Nothing is lost when the watcher is away: the mailbox
    is read from time to time all the same.
    """
    closer = threading.Thread(target=_close_when_stopped, args=(mailbox, stop), daemon=True)
    closer.start()
    while not stop.is_set():
        if watchdog is not None:
            watchdog.begin()
        alive()
        if mailbox.wait(_LONGEST_WAIT):
            _ask_for_reading(inbox, stop)
    if watchdog is not None:
        watchdog.end()
    closer.join()


def watch_nothing(stop: threading.Event, alive: Callable[[], None]) -> None:
    """Wait for the end where there is no mailbox, so that its process need not be left out."""
    _LOG.warning("ORCHESTRATOR_IMAP_HOST is not set, so there is no mailbox to watch")
    alive()
    while not stop.wait(_LONGEST_WAIT):
        alive()


def _ask_for_reading(inbox: Inbox, stop: threading.Event) -> None:
    """Ask again while a worker is reading: the mail may have come after it had looked."""
    while not stop.is_set():
        try:
            if inbox.read_soon():
                return
        except SQLAlchemyError as error:
            _LOG.warning(
                "the database is away (%s); the mail waits until the mailbox is read again",
                type(error).__name__,
            )
            return
        stop.wait(_PAUSE)


def _close_when_stopped(mailbox: Mailbox, stop: threading.Event) -> None:
    stop.wait()
    mailbox.close()
