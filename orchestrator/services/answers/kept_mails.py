"""The bytes of mails that wait for a person, in a store of their own with a quota and an age.

Anybody can write to the mailbox, so what is kept of strangers' mails is bounded, and is kept apart from what
the service keeps for good. Only the bytes go: the record of a mail stays, and so does the mail in the
mailbox's own folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from orchestrator.ports import Clock, QuarantineStore
from orchestrator.store.answers import incoming
from orchestrator.store.engine import Database


@dataclass(frozen=True, slots=True)
class Limits:
    """How many bytes are kept in all, and how long each mail is at most."""

    largest: int
    oldest: timedelta


class KeptMails:
    """Keeps the bytes of quarantined mails for a while."""

    def __init__(self, database: Database, store: QuarantineStore, clock: Clock, limits: Limits) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._limits = limits

    def keep(self, mails: Iterable[bytes]) -> None:
        """Keep mails whose records say so already."""
        for content in mails:
            self._store.put(content)

    def content(self, digest: str) -> bytes:
        """Return a mail as it came; raises ``NotFound`` when it is not kept."""
        return self._store.get(digest)

    def forget(self, digest: str) -> None:
        """Delete the bytes of a mail, whose record says so already."""
        self._store.remove(digest)

    def tidy(self) -> int:
        """Delete what is too old, and then the largest mails until the rest fits; return how many went.

        The largest go first, because an answer to an invitation is small and a flood must not push it out.
        """
        before = self._clock.now() - self._limits.oldest
        with self._database.reading() as session:
            old = incoming.kept_before(session, before)
            if not old and incoming.kept_bytes(session) <= self._limits.largest:
                return 0
        with self._database.transaction() as session:
            old = incoming.kept_before(session, before)
            incoming.no_longer_kept(session, old)
            large = self._beyond_the_quota(incoming.kept_by_size(session))
            incoming.no_longer_kept(session, large)
        for digest in (*old, *large):
            self._store.remove(digest)
        return len(old) + len(large)

    def _beyond_the_quota(self, kept: Iterable[tuple[str, int]]) -> list[str]:
        kept = list(kept)
        left, going = sum(size for _, size in kept), []
        for digest, size in kept:
            if left <= self._limits.largest:
                break
            going.append(digest)
            left -= size
        return going
