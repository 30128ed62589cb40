"""Noticing mail the moment it arrives, over a connection of its own."""

from __future__ import annotations

import selectors
import threading
import time
from typing import Any

from integrations.imap.account import ImapAccount
from integrations.imap.answers import TROUBLE, hang_up
from integrations.imap.session import logger
from orchestrator.errors import DeliveryError, TransientFailure
from orchestrator.facts import Fact

_FIRST_IDLE_SECONDS = 1.0
_LONGEST_IDLE_SECONDS = 25 * 60.0
"""Servers end a connection that idles for 30 minutes (RFC 2177)."""
_ASK_SECONDS = 10.0
"""How often a server without IDLE is asked."""
_PAUSE_SECONDS = 5.0
"""How long to wait after trouble before connecting again."""
_NOTICE_SECONDS = 0.25
"""How long ``close`` may go unnoticed."""


class Watch:
    """Notices mail over a connection of its own.

    A folder's UIDNEXT rises whenever mail arrives (RFC 3501 §2.3.1.1). So whatever IDLE tells is only a
    reason to look at it, and what arrived while there was no connection shows as well.
    """

    def __init__(self, account: ImapAccount) -> None:
        self._account = account
        self._client: Any = None
        self._known: tuple[int, int] | None = None
        self._barred_until = 0.0
        self._stop = threading.Event()
        self._busy = threading.Lock()
        self.trouble: Fact | None = None
        """Why the mailbox cannot be watched at present."""

    def wait(self, seconds: float) -> bool:
        """As ``ImapMailbox.wait``."""
        deadline = time.monotonic() + seconds
        with self._busy:
            arrived = self._until(deadline)
            if self._stop.is_set() and not arrived:
                self._drop()
                self._stop.clear()
        if self._stop.is_set():
            # ``close`` came while the lock was held, so it could not hang up itself.
            self.close()
        return arrived

    def close(self) -> None:
        """As ``ImapMailbox.close``."""
        # Waiting for the lock here would block a signal handler for ever.
        self._stop.set()
        if self._busy.acquire(blocking=False):
            try:
                self._drop()
            finally:
                self._busy.release()

    def _until(self, deadline: float) -> bool:
        period = _FIRST_IDLE_SECONDS
        while not self._stop.is_set():
            if self._barred_until > time.monotonic():
                self._stop.wait(min(self._barred_until, deadline) - time.monotonic())
                if time.monotonic() >= deadline:
                    return False
                continue
            try:
                if self._mail_arrived():
                    return True
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._rest(min(left, period))
            except (DeliveryError, *TROUBLE) as error:
                self._sit_out(error, deadline)
                if time.monotonic() >= deadline:
                    return False
            # An announcement may lie in a buffer, unseen, when it came in one piece with the answer to
            # IDLE. Leaving IDLE brings it to light, so the first stays are short.
            period = min(2 * period, _LONGEST_IDLE_SECONDS)
        return False

    def _mail_arrived(self) -> bool:
        state, count = self._look()
        arrived = state != self._known if self._known else count > 0
        self._known = state
        self.trouble = None
        return arrived

    def _look(self) -> tuple[tuple[int, int], int]:
        """Return UIDVALIDITY and UIDNEXT, and the number of mails; connect where that is needed."""
        if self._client is not None:
            try:
                return self._state(self._client)
            except TROUBLE:
                # Kept from an earlier call and closed since, as a server may do with an idle connection.
                self._drop()
        self._client = self._account.connect()
        return self._state(self._client)

    def _state(self, client: Any) -> tuple[tuple[int, int], int]:
        found = client.select_folder(self._account.path(client, self._account.folder), readonly=True)
        count = int(found[b"EXISTS"])
        return (int(found[b"UIDVALIDITY"]), int(found.get(b"UIDNEXT", count))), count

    def _rest(self, seconds: float) -> None:
        """Return once the server says something, ``seconds`` are over, or ``close`` was called."""
        if not self._client.has_capability("IDLE"):
            self._stop.wait(min(seconds, _ASK_SECONDS))
            return
        self._client.idle()
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._client.socket(), selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0 and not self._stop.is_set():
                if selector.select(min(left, _NOTICE_SECONDS)):
                    break
        if not self._stop.is_set():
            # This reads all that was said, and raises when the connection has ended.
            self._client.idle_done()

    def _sit_out(self, error: BaseException, deadline: float) -> None:
        """Hang up and sleep: until the end when only a person can help, else for a little while."""
        self._drop()
        failure = self._account.failures.failure(error)
        self.trouble = failure.fact
        logger.debug("Not watching the mailbox for now: %s", failure.code)
        if isinstance(failure, TransientFailure) and failure.retry_after:
            # Also for the calls that follow: each would be one more wrong login.
            self._barred_until = time.monotonic() + failure.retry_after
            return
        left = max(0.0, deadline - time.monotonic())
        self._stop.wait(min(left, _PAUSE_SECONDS) if failure.retryable else left)

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            hang_up(client)
