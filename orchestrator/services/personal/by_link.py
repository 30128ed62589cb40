"""What a personal link asks to be changed goes the one way of changing a meeting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.people.caller import Channel
from orchestrator.domain.people.caller import attendee as attendee_caller
from orchestrator.errors import Conflict
from orchestrator.facts import Fact
from orchestrator.services.people.links import Links, SignedId
from orchestrator.services.personal import limits
from orchestrator.services.personal.followed_link import FollowedLink, follow, follow_announced
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.services.timelines.views import Effect
from orchestrator.store.answers import responses
from orchestrator.store.engine import Database

LinkCommand = Callable[[Session, FollowedLink, datetime], MeetingChange | None]
"""Returns what the holder of a link changes at a moment; ``None`` where all stands so already."""


class ByLink:
    """Takes the commands of personal links through ``Changing``, in the name of whom the link is for."""

    def __init__(self, database: Database, changing: Changing, links: Links, directory: Directory) -> None:
        self._database = database
        self._directory = directory
        self._changing = changing
        self._links = links

    def change(
        self, token: str, command: LinkCommand, *, announced: bool = True, dry_run: bool = False
    ) -> Effect:
        """Follow a link once its meeting is locked, and change the meeting by ``command``.

        Raises ``NotFound`` for a token that was never given out, at the cost of a signature alone,
        ``TooMany`` for one that has changed too much lately, ``LinkClosedError`` for one that opens nothing
        any more, ``NotAnnouncedError`` (unless not
        ``announced``) for a meeting that is not, ``Conflict`` for a change at the same moment, and what the
        command raises.
        """
        signed = self._links.read_page(token)
        following = follow_announced if announced else follow

        def by_its_holder(session: Session, meeting: Meeting, now: datetime) -> MeetingChange | None:
            link = following(session, signed, now, meeting)
            change = command(session, link, now)
            return change and self._counted(session, signed, link, replace(change, caller=link.caller), now)

        with self._database.reading() as session:
            row = responses.attendee_row(session, signed.id)
        caller = attendee_caller(row.name, row.id, Channel.PERSONAL_PAGE)
        try:
            return self._changing.change(str(row.meeting_id), by_its_holder, caller=caller, dry_run=dry_run)
        except Conflict as error:
            if error.code != "simultaneous-change":
                raise
            raise Conflict(Fact.of("personal.simultaneous-change"), code=error.code) from error

    def _counted(
        self, session: Session, signed: SignedId, link: FollowedLink, change: MeetingChange, now: datetime
    ) -> MeetingChange:
        """The same change, counted with what the link has changed lately; raises ``TooMany``."""
        place = self._directory.place_of(link.attendee.delegation, now)
        limits.require_change(session, signed, place, now)

        def write(session: Session, stored: Meeting, now: datetime) -> None:
            limits.spend_change(session, signed, place, now)
            if change.write is not None:
                change.write(session, stored, now)

        return replace(change, write=write)
