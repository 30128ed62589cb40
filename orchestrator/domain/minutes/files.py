"""The files of a meeting: documents that a coordinator puts up, and papers of delegations.

A version never changes. A file that is put up again under the same name is its next version; the versions of
one name, put up by the coordinator or for one delegation, are one file, and its newest version decides who
sees it.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from orchestrator.domain.delegations.delegation import Delegation, Kind

_LONGEST_KEY = 300
_MEMBERS = frozenset({Kind.MEMBER, Kind.SECRETARIAT})


class FileAudience(StrEnum):
    """Who may see a file beside who sent it."""

    MEMBERS = "members"
    PARTNERS = "partners"


@dataclass(frozen=True, slots=True)
class MeetingFile:
    """One version of a file of a meeting.

    ``delegation`` is whose paper it is, ``None`` for a document of the coordinator; ``item`` is the number of
    its agenda item. ``actor`` put it up through ``channel``. ``lost_since`` says since when its content is
    not in the store of documents.
    """

    id: int
    filename: str
    media_type: str
    size: int
    digest: str
    version: int
    delegation: str | None
    item: int | None
    audience: FileAudience
    actor: str
    channel: str
    at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_reason: str | None = None
    lost_since: datetime | None = None

    @property
    def name_key(self) -> str:
        """What the name is compared by."""
        return name_key(self.filename)

    @property
    def series(self) -> tuple[str, str]:
        """What all versions of one file have in common."""
        return self.delegation or "", self.name_key

    @property
    def withdrawn(self) -> bool:
        """Whether it was taken back, and is hidden from all but coordinators."""
        return self.withdrawn_at is not None


def name_key(filename: str) -> str:
    """Return what a name is compared by: capitals and ways of composing letters make no difference."""
    key = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", filename).casefold())
    # One character can stand for many; a name made of such ones is compared by its digest.
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def may_see(reader: Delegation, day: date, file: MeetingFile) -> bool:
    """Whether people of a delegation may see a file of a meeting on ``day``.

    Members are the member states of that day and the Secretariat; a delegation sees its own papers.
    """
    if file.withdrawn:
        return False
    is_member = reader.kind in _MEMBERS and reader.active_on(day)
    return is_member or file.audience is FileAudience.PARTNERS or file.delegation == reader.code


def seen_by(reader: Delegation, day: date, files: Iterable[MeetingFile]) -> tuple[MeetingFile, ...]:
    """Return the versions that people of a delegation may see: those of files whose newest one they may.

    So nobody is shown as current what was replaced by a version that is not for them.
    """
    files = tuple(files)
    newest = {item.series: item for item in sorted(files, key=lambda item: item.version)}
    return tuple(
        item for item in files if may_see(reader, day, newest[item.series]) and may_see(reader, day, item)
    )


@dataclass(frozen=True, slots=True)
class FileVersions:
    """One file: its newest version, and the ones before it, newest first."""

    newest: MeetingFile
    earlier: tuple[MeetingFile, ...]


def by_file(files: Iterable[MeetingFile]) -> Sequence[FileVersions]:
    """Return files with their versions, in the order of the agenda; what belongs to no item comes first."""
    found: dict[tuple[str, str], list[MeetingFile]] = {}
    for item in sorted(files, key=lambda item: -item.version):
        found.setdefault(item.series, []).append(item)
    made = [FileVersions(versions[0], tuple(versions[1:])) for versions in found.values()]
    return sorted(
        made, key=lambda made: (made.newest.item or 0, made.newest.delegation or "", made.newest.id)
    )
