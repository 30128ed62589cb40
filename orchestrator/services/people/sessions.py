"""Sessions of the console: random, kept on the server, ended by idleness, by time, or by a person.

The cookie is 256 random bits. The database has only its SHA-256, so that a copy of the database opens no
session. A session belongs to an actor (today the holder of the token, later a person with an account) and to
the credential that it was opened with; when that is replaced, the session is over.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.domain.people.caller import ActorKind
from orchestrator.errors import NotFound
from orchestrator.facts import Fact
from orchestrator.ports import Clock
from orchestrator.store.engine import Database
from orchestrator.store.people import sessions as store
from orchestrator.store.rows.people import ConsoleSessionRow

_NOTED_EVERY = timedelta(minutes=1)
"""A session in use writes no more often than this; reading a page writes nothing in between."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lasts without being used, and at most."""

    idle: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session: whose, from where, since when. Instants are UTC."""

    id: int
    actor_kind: ActorKind
    actor_id: str | None
    source: str
    browser: str
    opened_at: datetime
    seen_at: datetime
    ends_at: datetime


class ConsoleSessions:
    """Opens, finds and ends sessions."""

    def __init__(
        self, database: Database, clock: Clock, limits: SessionLimits, credential: Callable[[], str]
    ) -> None:
        """``clock`` is the machine's; ``credential`` returns what is signed in with, when it is needed."""
        self._database = database
        self._clock = clock
        self._limits = limits
        self._credential = credential

    def open(self, *, source: str, browser: str, instead_of: str = "") -> str:
        """Open a session for the holder of the token and return its secret, which is told only once.

        ``instead_of`` is the secret that the browser came with; its session ends, so that nobody who knew it
        before is signed in with the new one.
        """
        secret, now = secrets.token_urlsafe(32), self._clock.now()
        row = ConsoleSessionRow(
            secret_hash=_hash(secret),
            credential=self._fingerprint(),
            actor_kind=ActorKind.TOKEN.value,
            actor_id=None,
            source=source[:64],
            browser=_printable(browser)[:200],
            opened_at=now,
            seen_at=now,
            expires_at=now + self._limits.longest,
        )
        with self._database.transaction() as session:
            store.end_over(session, now, now - self._limits.idle)
            before = store.by_secret(session, _hash(instead_of)) if instead_of else None
            if before is not None:
                store.end(session, before.id)
            store.add(session, row)
        return secret

    def find(self, secret: str) -> SessionView | None:
        """Return the session of a cookie; ``None`` for one that is over or never was."""
        if not secret:
            return None
        with self._database.reading() as session:
            row = store.by_secret(session, _hash(secret))
        return self._view(row) if row is not None and self._lasts(row) else None

    def used(self, found: SessionView) -> None:
        """Note that a session is in use, at most once a minute, so that it does not end as idle."""
        now = self._clock.now()
        if now - found.seen_at < _NOTED_EVERY:
            return
        with self._database.transaction() as session:
            store.seen(session, found.id, now)

    def end(self, secret: str) -> None:
        """End the session of a cookie, if there is one."""
        with self._database.transaction() as session:
            row = store.by_secret(session, _hash(secret))
            if row is not None:
                store.end(session, row.id)

    def all(self) -> Sequence[SessionView]:
        """Return the sessions that are open, the one last used first."""
        with self._database.reading() as session:
            return [self._view(row) for row in store.all_of_them(session) if self._lasts(row)]

    def end_by_number(self, number: int) -> None:
        """End one session; raises ``NotFound``."""
        with self._database.transaction() as session:
            if not store.end(session, number):
                raise NotFound(Fact.of("people.no-such-session", number=number))

    def end_all(self) -> int:
        """End every session; return how many were open."""
        opened = len(self.all())
        with self._database.transaction() as session:
            store.end(session)
        return opened

    def _lasts(self, row: ConsoleSessionRow) -> bool:
        ends = min(row.expires_at, row.seen_at + self._limits.idle)
        same = hmac.compare_digest(row.credential, self._fingerprint())
        return same and self._clock.now() < ends

    def _view(self, row: ConsoleSessionRow) -> SessionView:
        return SessionView(
            row.id,
            ActorKind(row.actor_kind),
            row.actor_id,
            row.source,
            row.browser,
            row.opened_at,
            row.seen_at,
            min(row.expires_at, row.seen_at + self._limits.idle),
        )

    def _fingerprint(self) -> str:
        """Return a value that changes with the token and does not reveal it."""
        return hmac.new(self._credential().encode(), b"console session", hashlib.sha256).hexdigest()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
