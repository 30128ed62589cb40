"""Taking a file in pieces: never whole in memory, never more than is allowed, looked at before it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from orchestrator.domain.minutes.file_types import media_type_of, refusal
from orchestrator.domain.minutes.minutes import safe_filename
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact
from orchestrator.ports import ArrivingDocument, DocumentStore
from orchestrator.services.minutes.filing import Stored


@dataclass(slots=True)
class ArrivingFile:
    """A file on its way in."""

    document: ArrivingDocument
    largest: int
    filename: str = field(default="")

    def write(self, piece: bytes) -> None:
        """Take what came next; raises ``InvalidInput`` as soon as it is more than is taken."""
        if self.document.size + len(piece) > self.largest:
            wrong = Fact.of("minutes.file.too-large", limit=self.largest)
            raise refusal(self.filename, wrong)
        self.document.write(piece)

    def name(self, filename: str) -> None:
        """Take its name, as it can be kept; raises ``InvalidInput`` for one of which nothing is left."""
        self.filename = safe_filename(filename)
        if not self.filename:
            raise InvalidInput.of(
                "file", "", Fact.of("minutes.file.no-name"), Fact.of("minutes.file.no-name.remedy")
            )

    def looked_at(self) -> Stored:
        """Look at what came, to be kept; raises ``InvalidInput`` for what is not taken.

        What is looked at is the copy of our own, so it cannot change between the look and the keeping.
        """
        size = self.document.size
        media_type = media_type_of(self.filename, self.document.file, size)
        return Stored(self.document.digest, media_type, size, self.document.keep)


@contextmanager
def receiving(documents: DocumentStore, largest: int) -> Iterator[ArrivingFile]:
    """Begin to take a file of at most ``largest`` bytes; what was not kept when this ends is gone."""
    with documents.receive() as arriving:
        yield ArrivingFile(arriving, largest)
