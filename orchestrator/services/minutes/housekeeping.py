"""What a crash or a restored backup leaves apart: content without a record, and records without content.

Content is kept before its record is committed, so a process that dies in between leaves content that nothing
names. It is deleted after two days. A record without content is never deleted: it is marked, hidden from the
pages of people, and shown to coordinators and by the doctor, until its content is there again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from orchestrator.ports import Clock, DocumentStore
from orchestrator.store.engine import Database
from orchestrator.store.minutes import documents as document_store

_WAITED_FOR = timedelta(days=2)
"""Longer than anybody takes between a preview, which keeps a file, and its confirmation."""


@dataclass(frozen=True, slots=True)
class Untidy:
    """What is apart: digests of old content that nothing names, and of records without content."""

    unnamed: tuple[str, ...]
    lost: tuple[str, ...]
    documents: int


class DocumentHousekeeping:
    """Looks for what is apart, and tidies it."""

    def __init__(self, database: Database, documents: DocumentStore, clock: Clock) -> None:
        """``clock`` is the machine's, by which documents are dated."""
        self._database = database
        self._documents = documents
        self._clock = clock

    def look(self) -> Untidy:
        """Return what is apart; changes nothing."""
        before = self._clock.now() - _WAITED_FOR
        old = [item.digest for item in self._documents.kept() if item.kept_at < before]
        with self._database.reading() as session:
            known = document_store.named(session, old)
            digests = document_store.digests(session)
            documents = document_store.count(session)
        missing = tuple(item for item in digests if not self._documents.holds(item))
        return Untidy(tuple(item for item in old if item not in known), missing, documents)

    def tidy(self) -> Untidy:
        """Delete old content that nothing names, and mark records without content; return what was found.

        Content that is put up again at this moment is dated anew by that, and stays.
        """
        now = self._clock.now()
        found = self.look()
        for digest in found.unnamed:
            self._documents.discard(digest, now - _WAITED_FOR)
        self._documents.discard_unfinished(now - _WAITED_FOR)
        with self._database.transaction() as session:
            document_store.mark(session, found.lost, now)
        return found
