"""Files behind a personal link: what its holder may see, and the papers that a delegation sends.

Nothing of another delegation is seen that is not for this one, and nothing of it is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Directory, Kind
from orchestrator.domain.minutes.file_types import refusal
from orchestrator.domain.minutes.files import FileAudience, FileVersions, MeetingFile, by_file, seen_by
from orchestrator.domain.text import without_link
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.errors import Conflict, InvalidInput, NotFound, Unfit
from orchestrator.facts import Fact
from orchestrator.ports import Clock, DocumentStore
from orchestrator.services.minutes.files import FileLimits, OpenedFile, opened, require_room
from orchestrator.services.minutes.filing import NewFile, filed, taken_back
from orchestrator.services.minutes.receiving import ArrivingFile, receiving
from orchestrator.services.people.links import Links
from orchestrator.services.personal.by_link import ByLink
from orchestrator.services.personal.followed_link import (
    FollowedLink,
    follow_announced,
    require_open,
    why_closed,
)
from orchestrator.services.timelines.changing import MeetingChange
from orchestrator.store.engine import Database
from orchestrator.store.minutes import files as file_store

MOST_PAPERS = 30
"""How many versions one delegation can send to a meeting, whatever their size."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file as the holder of a link sees it, ``since`` in their time; ``is_own``: they can take it back."""

    newest: MeetingFile
    earlier: tuple[MeetingFile, ...]
    from_name: str | None
    since: LocalTime
    is_own: bool


@dataclass(frozen=True, slots=True)
class PapersView:
    """The files that the holder of a link may see, and whether they can send one now."""

    files: tuple[SeenFile, ...]
    can_send: bool
    partners_come: bool
    largest: int


class Papers:
    """The use cases of that part of the personal page.

    Every method raises ``NotFound`` for a token that was never given out, at the cost of a signature alone,
    ``LinkClosedError`` for one that opens nothing any more, and ``NotAnnouncedError`` before the meeting is
    announced.
    """

    def __init__(
        self,
        database: Database,
        directory: Directory,
        by_link: ByLink,
        links: Links,
        documents: DocumentStore,
        clock: Clock,
        limits: FileLimits,
    ) -> None:
        self._database = database
        self._directory = directory
        self._by_link = by_link
        self._links = links
        self._documents = documents
        self._clock = clock
        self._limits = limits

    def view(self, token: str) -> PapersView:
        """Return what there is to see; changes nothing."""
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            link = follow_announced(session, signed, now)
            seen = self._seen(session, link)
        meeting = link.meeting
        return PapersView(
            tuple(self._as_seen(link, item, now) for item in by_file(seen) if not item.newest.lost_since),
            can_send=link.speaks and why_closed(meeting, now) is None,
            partners_come=any(self._is_partner(code) for code in meeting.delegations),
            largest=self._limits.file,
        )

    def open(self, token: str, number: int) -> OpenedFile:
        """Open a file that the holder of a link may see; raises ``NotFound`` for another, too."""
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            seen = self._seen(session, follow_announced(session, signed, now))
        found = next((item for item in seen if item.id == number), None)
        if found is None:
            raise NotFound(Fact.of("minutes.file-not-for-you"))
        return opened(self._documents, found)

    def require_possible(self, token: str) -> None:
        """Raise what ``send`` would raise whatever comes, before anything of it is read."""
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            link = follow_announced(session, signed, now)
            _require_speaker(link, now)
            _own_papers_within_limits(file_store.of_meeting(session, link.meeting.id), link)

    def receiving(self) -> AbstractContextManager[ArrivingFile]:
        """Begin to take a file in pieces, for ``send``; what was not sent when this ends is gone."""
        return receiving(self._documents, self._limits.file)

    def send(self, token: str, arriving: ArrivingFile, item: int | None, *, to_partners: bool) -> bool:
        """Take a paper of the delegation, for an agenda item; false when it is there already.

        The delegation then owes none any more. A partner's paper is seen by partners too. Raises
        ``InvalidInput`` for a file that is not taken or an item that is not on the agenda, ``Conflict`` for a
        person who may not, or a meeting that has begun, and what ``ByLink.change`` raises.
        """
        _require_plain_name(arriving.filename)
        stored = arriving.looked_at()
        changed: list[bool] = []

        def command(session: Session, link: FollowedLink, now: datetime) -> MeetingChange | None:
            _require_speaker(link, now)
            code = link.attendee.delegation
            if item is None and link.meeting.agenda:
                wrong = Fact.of("minutes.file.no-item")
                raise InvalidInput.of("item", "", wrong, Fact.of("minutes.file.no-item.remedy"))
            open_to_all = to_partners or self._is_partner(code)
            new = NewFile(
                arriving.filename, item, FileAudience.PARTNERS if open_to_all else FileAudience.MEMBERS, code
            )
            known = file_store.of_meeting(session, link.meeting.id)
            change, file = filed(link.meeting, known, new, stored, link.caller, now, by=link.signature)
            if change is not None:
                own = _own_papers_within_limits(known, link)
                require_room(own, file, self._limits.papers)
                require_room(known, file, self._limits.meeting)
            changed.append(change is not None)
            return change

        self._by_link.change(token, command)
        return any(changed)

    def withdraw(self, token: str, number: int) -> bool:
        """Take back a paper of the own delegation; false when it was. Raises as ``send`` does."""
        changed: list[bool] = []

        def command(session: Session, link: FollowedLink, now: datetime) -> MeetingChange | None:
            _require_speaker(link, now)
            known = file_store.of_meeting(session, link.meeting.id)
            own = [one for one in known if one.delegation == link.attendee.delegation]
            found = next((one for one in own if one.id == number), None)
            if found is None:
                raise NotFound(Fact.of("minutes.file-not-for-you"))
            change = taken_back(link.meeting, known, found, link.caller, now, None)
            changed.append(change is not None)
            return change

        self._by_link.change(token, command)
        return any(changed)

    def _seen(self, session: Session, link: FollowedLink) -> tuple[MeetingFile, ...]:
        reader = self._directory.get(link.attendee.delegation)
        day = link.meeting.wall_start.date()
        standing = [item for item in file_store.of_meeting(session, link.meeting.id) if not item.withdrawn]
        return seen_by(reader, day, standing)

    def _as_seen(self, link: FollowedLink, file: FileVersions, now: datetime) -> SeenFile:
        newest, own = file.newest, link.attendee.delegation
        return SeenFile(
            newest,
            tuple(item for item in file.earlier if not item.lost_since),
            from_name=self._directory.get(newest.delegation).name if newest.delegation else None,
            since=local_time(newest.at, self._directory.place_of(own, newest.at)),
            is_own=newest.delegation == own and link.speaks and why_closed(link.meeting, now) is None,
        )

    def _is_partner(self, code: str) -> bool:
        return self._directory.get(code).kind not in (Kind.MEMBER, Kind.SECRETARIAT)


def _require_speaker(link: FollowedLink, now: datetime) -> None:
    require_open(link.meeting, now)
    if not link.speaks:
        raise Conflict(Fact.of("personal.only-spokespeople-say"), code="not-allowed")


def _own_papers_within_limits(known: Sequence[MeetingFile], link: FollowedLink) -> list[MeetingFile]:
    """Return what the delegation has sent; raises ``Conflict`` when it is as many as it may."""
    own = [item for item in known if item.delegation == link.attendee.delegation]
    if len(own) >= MOST_PAPERS:
        raise Conflict(Fact.of("minutes.too-many-papers", most=MOST_PAPERS), code="too-many-papers")
    return own


def _require_plain_name(filename: str) -> None:
    """Refuse a name that mails to others would show as a link; the last dot is that of its ending."""
    try:
        without_link(filename.rpartition(".")[0] or filename)
    except Unfit as error:
        raise refusal(filename, Fact.of("minutes.file.link-in-name")) from error
