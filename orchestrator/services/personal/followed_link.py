"""Following a personal link: whose it is, whether it still opens anything, and whom to ask when not.

What a link lets its holder do rests on whom the meeting knows behind it (``FollowedLink``), and on nothing
that the holder sends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.letters import feed as calendars
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus
from orchestrator.domain.people.caller import Caller, Channel
from orchestrator.domain.people.caller import attendee as attendee_caller
from orchestrator.domain.timelines.needs import may_speak
from orchestrator.errors import Conflict, NotFound
from orchestrator.facts import Fact
from orchestrator.services.people.contacts import Contact
from orchestrator.services.people.links import VALID_AFTER_THE_END, SignedId
from orchestrator.store.answers import responses
from orchestrator.store.meetings import meetings as store
from orchestrator.store.personal import revisions

_SEATS = {Seat.HEAD: 0, Seat.MEMBER: 1, Seat.SUBSTITUTE: 2}


class LinkClosedError(Conflict):
    """The link was right once and opens nothing any more; ``contact`` says whom to write to."""

    def __init__(self, said: Fact, *, code: str, contact: Contact) -> None:
        super().__init__(said, code=code)
        self.contact = contact


class NotAnnouncedError(NotFound):
    """The link is right, and its meeting is not announced yet; all there can be is a date poll."""


@dataclass(frozen=True, slots=True)
class FollowedLink:
    """A valid link, followed: the meeting, and the attendee as the meeting knows them now."""

    meeting: Meeting
    attendee: Attendee
    person_id: int

    @property
    def delegation(self) -> tuple[Attendee, ...]:
        """The people of the attendee's delegation in the meeting, its head first."""
        own = [item for item in self.meeting.invited if item.delegation == self.attendee.delegation]
        return tuple(sorted(own, key=lambda item: (_SEATS[self.seat_of(item)], item.id)))

    @property
    def speaks(self) -> bool:
        """Whether the attendee may answer for the delegation: its focal points and its head may."""
        return may_speak(self.meeting, self.attendee)

    def seat_of(self, item: Attendee) -> Seat:
        """Return the seat of a member of the delegation, also where none was named."""
        if item.seat is not None:
            return item.seat
        head = self.meeting.head_of(item.delegation)
        return Seat.HEAD if head is not None and head.id == item.id else Seat.MEMBER

    def listed(self, people: Iterable[Attendee]) -> list[tuple[str, str, Seat, str, str]]:
        """Return what matters of a list of members, so that two lists can be compared."""
        return sorted(
            (item.address, item.name, self.seat_of(item), item.form or "", item.position or "")
            for item in people
        )

    @property
    def caller(self) -> Caller:
        """Who acts, and through which door."""
        return attendee_caller(self.attendee.name, self.attendee.id, Channel.PERSONAL_PAGE)

    @property
    def signature(self) -> str:
        """How the attendee is named in records."""
        return signature(self.attendee)

    @property
    def mark(self) -> str:
        """Stands for the members as they are now, so that a change by another person is noticed."""
        return hashlib.sha256(repr(self.listed(self.delegation)).encode()).hexdigest()[:16]

    def stays(self, item: Attendee) -> bool:
        """Whether a member cannot be removed from this page."""
        return item.role is Role.FOCAL_POINT or item.address == self.attendee.address


def signature(attendee: Attendee) -> str:
    """Return how an attendee is named in records."""
    return f"{attendee.name} <{attendee.email}>"


def follow(session: Session, signed: SignedId, now: datetime, meeting: Meeting | None = None) -> FollowedLink:
    """Follow a link whose signature was right, also to a meeting that is not announced yet.

    ``meeting`` is given where it was loaded, and perhaps locked, before. Raises ``NotFound`` for a link of
    an attendee who is there no more, and ``LinkClosedError`` for one that opens nothing any more.
    """
    row = responses.attendee_row(session, signed.id)
    meeting = meeting or store.load(session, row.meeting_id)
    contact = contact_of(meeting)
    if row.link_version != signed.version:
        raise LinkClosedError(Fact.of("personal.link-revoked"), code="link-revoked", contact=contact)
    if now > meeting.ends_at + VALID_AFTER_THE_END:
        expired = Fact.of("personal.link-expired", days=VALID_AFTER_THE_END.days)
        raise LinkClosedError(expired, code="link-expired", contact=contact)
    # An attendee removed and invited again has two rows; whichever link was kept leads to the newest.
    attendee = [item for item in meeting.attendees if item.address == row.address][-1]
    if not attendee.invited:
        title = (told(session, meeting, attendee) or now_told(meeting)).title
        not_invited = Fact.of("personal.not-invited", title=title)
        raise LinkClosedError(not_invited, code="not-invited", contact=contact)
    return FollowedLink(meeting, attendee, row.person_id)


def follow_announced(
    session: Session, signed: SignedId, now: datetime, meeting: Meeting | None = None
) -> FollowedLink:
    """Follow a link as ``follow`` does; raises ``NotAnnouncedError`` too."""
    link = follow(session, signed, now, meeting)
    if link.meeting.uid is None:
        raise NotAnnouncedError(Fact.of("personal.not-announced"))
    return link


def why_closed(meeting: Meeting, now: datetime) -> Fact | None:
    """Return why nothing can be answered any more; ``None`` as long as it can."""
    if meeting.status is MeetingStatus.CANCELLED:
        return Fact.of("personal.closed-cancelled")
    if meeting.status is MeetingStatus.CONCLUDED or meeting.ends_at <= now:
        return Fact.of("personal.closed-over")
    if meeting.starts_at <= now:
        return Fact.of("personal.closed-begun")
    return None


def require_open(meeting: Meeting, now: datetime) -> None:
    """Raise ``Conflict`` when nothing can be answered any more."""
    if why := why_closed(meeting, now):
        raise Conflict(why, code="closed")


def contact_of(meeting: Meeting) -> Contact:
    """Return whom attendees of a meeting write to."""
    return Contact(meeting.coordinator_name, meeting.coordinator_email)


def told(session: Session, meeting: Meeting, attendee: Attendee) -> calendars.LastTold | None:
    """Return what an attendee had been told when they were removed; ``None`` for one who is invited."""
    return told_of_all(session, [(meeting, attendee)]).get(meeting.id)


def told_of_all(
    session: Session, attendees: Iterable[tuple[Meeting, Attendee]]
) -> dict[int, calendars.LastTold]:
    """Return what attendees of different meetings had been told when they were removed, by meeting id."""
    # What came in the same breath as the removal was not told any more.
    moments = {meeting.id: item.removed_at for meeting, item in attendees if item.removed_at is not None}
    before = revisions.times_and_titles_before(session, moments)
    return {number: calendars.LastTold(*found) for number, found in before.items()}


def now_told(meeting: Meeting) -> calendars.LastTold:
    """Return what an attendee is told of a meeting as it is now."""
    return calendars.LastTold(meeting.title_en, meeting.starts_at, meeting.ends_at)
