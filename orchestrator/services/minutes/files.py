"""The files of a meeting, as a coordinator puts them up, sees them and takes them back.

Nobody is told by this: letters speak of files because they are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from sqlalchemy.orm import Session

from orchestrator.domain.meetings.lifecycle import require_status
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.meetings.reasons import LONGEST_REASON
from orchestrator.domain.minutes.file_types import refusal
from orchestrator.domain.minutes.files import MeetingFile
from orchestrator.domain.own_words import checked_text
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact
from orchestrator.ports import DocumentStore
from orchestrator.services.minutes.filing import NewFile, filed, find, taken_back
from orchestrator.services.minutes.receiving import ArrivingFile, receiving
from orchestrator.services.readiness.contributions import invited
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.minutes import files as file_store


@dataclass(frozen=True, slots=True)
class FileLimits:
    """How many bytes a file has at most, all of a meeting, and all that one delegation sends by its pages."""

    file: int
    meeting: int
    papers: int


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file to be read in pieces; who reads it closes it."""

    filename: str
    media_type: str
    size: int
    content: BinaryIO


class MeetingFiles:
    """The use cases of coordinators around the files of a meeting."""

    def __init__(
        self, database: Database, changing: Changing, documents: DocumentStore, limits: FileLimits
    ) -> None:
        self._database = database
        self._changing = changing
        self._documents = documents
        self._limits = limits

    def receiving(self) -> AbstractContextManager[ArrivingFile]:
        """Begin to take a file in pieces, for ``put_up``; what was not put up when this ends is gone."""
        return receiving(self._documents, self._limits.file)

    def require_possible(self, name: str) -> None:
        """Raise what ``put_up`` would raise whatever comes, before anything of it is read."""
        with self._database.reading() as session:
            _require_alive(store.load(session, store.find_id(session, name)))

    def put_up(self, name: str, new: NewFile, arriving: ArrivingFile, *, caller: Caller) -> MeetingFile:
        """Put a file up, or the next version of the file of this name; return it as it is stored.

        With a delegation it is that delegation's paper. Putting up what is there changes nothing. Raises
        ``InvalidInput`` for a file that is not taken, ``Conflict`` for a cancelled meeting, and ``NotFound``
        for a meeting that does not exist or a delegation that is not invited.
        """
        self.require_possible(name)
        stored = arriving.looked_at()
        made: list[MeetingFile] = []

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange | None:
            _require_alive(meeting)
            code = invited(meeting, new.delegation) if new.delegation else None
            known = file_store.of_meeting(session, meeting.id)
            wanted = replace(new, filename=arriving.filename, delegation=code)
            change, file = filed(meeting, known, wanted, stored, caller, now, by=caller.name)
            if change is not None:
                require_room(known, file, self._limits.meeting)
            made.append(file)
            return change

        self._changing.change(name, command, caller=caller)
        return next(item for item in reversed(self.all(name)) if _is_version(item, made[-1]))

    def withdraw(self, name: str, number: int, reason: str, *, caller: Caller) -> None:
        """Take a file back with all its versions: they are hidden from all but coordinators, and stay.

        Raises ``InvalidInput`` without a reason, ``NotFound`` for a file that the meeting does not have.
        """
        if not reason.strip():
            wrong = Fact.of("minutes.file.no-reason")
            raise InvalidInput.of("reason", "", wrong, Fact.of("minutes.file.no-reason.remedy"))
        said = checked_text("reason", reason, LONGEST_REASON)

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange | None:
            known = file_store.of_meeting(session, meeting.id)
            return taken_back(meeting, known, find(known, number), caller, now, said)

        self._changing.change(name, command, caller=caller)

    def all(self, name: str) -> Sequence[MeetingFile]:
        """Return every version of every file, withdrawn ones too, oldest first; raises ``NotFound``."""
        with self._database.reading() as session:
            return file_store.of_meeting(session, store.find_id(session, name))

    def open(self, name: str, number: int) -> OpenedFile:
        """Open a version of a file; raises ``NotFound`` for none, and where its content is missing."""
        return opened(self._documents, find(self.all(name), number))


def opened(documents: DocumentStore, file: MeetingFile) -> OpenedFile:
    """Open the content of a file; raises ``NotFound`` where it is missing or damaged."""
    return OpenedFile(file.filename, file.media_type, file.size, documents.open(file.digest))


def require_room(known: Sequence[MeetingFile], file: MeetingFile, most: int) -> None:
    """Raise ``InvalidInput`` when a file is more than there is room for beside those that are known."""
    kept = sum(item.size for item in known)
    if kept + file.size > most:
        wrong = Fact.of("minutes.file.no-room", kept=kept, limit=most)
        raise refusal(file.filename, wrong)


def _require_alive(meeting: Meeting) -> None:
    require_status(
        meeting,
        Fact.of("minutes.doing.given-files"),
        MeetingStatus.DRAFT,
        MeetingStatus.PUBLISHED,
        MeetingStatus.CONCLUDED,
    )


def _is_version(item: MeetingFile, wanted: MeetingFile) -> bool:
    return (item.series, item.version) == (wanted.series, wanted.version)
