"""Putting a file up and taking one back, whoever does it: what becomes of the meeting, and what is stored.

A paper of a delegation settles that it owes one, as "no paper" does; when its last one is taken back, it owes
one again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import Contribution, ContributionState, Meeting, MeetingStatus, Need
from orchestrator.domain.minutes.files import FileAudience, MeetingFile
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import InvalidInput, NotFound
from orchestrator.facts import Fact
from orchestrator.services.readiness.contributions import contribution_change
from orchestrator.services.timelines.changing import MeetingChange
from orchestrator.store.minutes import files as file_store

_AWAITED = frozenset({MeetingStatus.DRAFT, MeetingStatus.PUBLISHED})


@dataclass(frozen=True, slots=True)
class NewFile:
    """What is said of a file that is put up: for which agenda item, who may see it, whose paper it is."""

    filename: str
    item: int | None = None
    audience: FileAudience = FileAudience.MEMBERS
    delegation: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What was found of a file that is put up; ``keep`` makes a document of it.

    That is done as the last thing before its record: what is refused must take no room, not even for a while.
    """

    digest: str
    media_type: str
    size: int
    keep: Callable[[], str]


def filed(
    meeting: Meeting,
    known: Sequence[MeetingFile],
    new: NewFile,
    stored: Stored,
    caller: Caller,
    now: datetime,
    *,
    by: str,
) -> tuple[MeetingChange | None, MeetingFile]:
    """Return the change by which a file is put up, and the file; no change where it stands so already.

    ``known`` are the files of the meeting; ``by`` is who is named where a delegation's paper came in.
    """
    require_item(meeting, new.item)
    file = MeetingFile(
        id=0,
        filename=new.filename,
        media_type=stored.media_type,
        size=stored.size,
        digest=stored.digest,
        version=1,
        delegation=new.delegation,
        item=new.item,
        audience=new.audience,
        actor=caller.actor.name,
        channel=caller.channel,
        at=now,
    )
    before = [item for item in known if item.series == file.series]
    if before and _same(before[-1], file):
        # Its content may be missing, and is there again by this.
        stored.keep()
        return None, before[-1]
    file = replace(file, version=len(before) + 1)
    settled = _settled(meeting, new.delegation, ContributionState.IN, caller, now, by)

    def write(session: Session, kept: Meeting, now: datetime) -> None:
        stored.keep()
        file_store.add(session, kept.id, file, caller)
        if settled is not None and settled.write is not None:
            settled.write(session, kept, now)

    changed = settled.meeting if settled else meeting
    return MeetingChange(
        changed, Fact.of("minutes.history.file-put-up"), said_of(file), write, saves=False
    ), file


def taken_back(
    meeting: Meeting,
    known: Sequence[MeetingFile],
    file: MeetingFile,
    caller: Caller,
    now: datetime,
    reason: str | None,
) -> MeetingChange | None:
    """Return the change by which all versions of a file are withdrawn; ``None`` when they are."""
    going = [item for item in known if item.series == file.series and not item.withdrawn]
    if not going:
        return None
    left = any(
        item.delegation == file.delegation and item.series != file.series and not item.withdrawn
        for item in known
    )
    owes_again = None
    if file.delegation and not left:
        contribution = meeting.contribution(file.delegation, Need.PAPER)
        if contribution is not None and contribution.state is ContributionState.IN:
            owes_again = _settled(meeting, file.delegation, None, caller, now, "")

    def write(session: Session, kept: Meeting, now: datetime) -> None:
        file_store.withdraw(session, kept.id, [item.id for item in going], caller, reason, now)
        if owes_again is not None and owes_again.write is not None:
            owes_again.write(session, kept, now)

    detail = said_of(going[-1])
    if reason:
        detail = Fact.of("minutes.file-because", file=detail, reason=reason)
    changed = owes_again.meeting if owes_again else meeting
    return MeetingChange(changed, Fact.of("minutes.history.file-withdrawn"), detail, write, saves=False)


def said_of(file: MeetingFile) -> Fact:
    """Return what history says of a file."""
    said = Fact.of("minutes.version-of-file", version=file.version, file=file.filename)
    return Fact.of("minutes.paper-of", delegation=file.delegation, file=said) if file.delegation else said


def find(known: Sequence[MeetingFile], number: int) -> MeetingFile:
    """Return a version of a file by its number; raises ``NotFound``."""
    found = next((item for item in known if item.id == number), None)
    if found is None:
        raise NotFound(Fact.of("minutes.no-such-file", number=number))
    return found


def require_item(meeting: Meeting, item: int | None) -> None:
    """Raise ``InvalidInput`` for an agenda item that the meeting does not have."""
    if item is None or item in {one.number for one in meeting.agenda}:
        return
    wrong = Fact.of("minutes.file.no-such-item", reference=meeting.reference)
    most = len(meeting.agenda)
    key = "minutes.file.no-such-item.remedy" if most else "minutes.file.no-agenda.remedy"
    raise InvalidInput.of("item", item, wrong, Fact.of(key, most=most))


def _same(known: MeetingFile, new: MeetingFile) -> bool:
    """Whether a file that is put up is the newest version as it stands, such as after a second click."""
    return not known.withdrawn and (known.digest, known.filename, known.item, known.audience) == (
        new.digest,
        new.filename,
        new.item,
        new.audience,
    )


def _settled(
    meeting: Meeting,
    delegation: str | None,
    state: ContributionState | None,
    caller: Caller,
    now: datetime,
    by: str,
) -> MeetingChange | None:
    """Return what a paper changes of what its delegation owes, as long as that matters."""
    if delegation is None or meeting.status not in _AWAITED:
        return None
    known = meeting.contribution(delegation, Need.PAPER)
    if known is not None and known.state is state:
        return None
    wanted = Contribution(delegation, Need.PAPER, state, by, now) if state else None
    return contribution_change(meeting, delegation, Need.PAPER, wanted, caller=caller)
