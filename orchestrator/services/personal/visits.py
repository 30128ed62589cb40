"""Following a personal link: whose it is, whether it still opens anything, and whom to ask when not."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orchestrator.domain.letters import feed as calendars
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus
from orchestrator.errors import Conflict, NotFound
from orchestrator.services.people.contacts import Contact
from orchestrator.services.people.links import VALID_AFTER_THE_END, SignedId
from orchestrator.services.personal.composition import Visit
from orchestrator.store.answers import responses
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.meetings import RevisionRow


class LinkClosedError(Conflict):
    """The link was right once and opens nothing any more; ``contact`` says whom to write to."""

    def __init__(self, message: str, *, code: str, contact: Contact) -> None:
        super().__init__(message, code=code)
        self.contact = contact


class NotAnnouncedError(NotFound):
    """The link is right, and its meeting is not announced yet; all there can be is a date poll."""


def follow(session: Session, signed: SignedId, now: datetime, *, lock: bool = False) -> Visit:
    """Follow a link whose signature was right, also to a meeting that is not announced yet.

    Raises ``LinkClosedError`` for one that opens nothing any more.
    """
    row = responses.attendee_row(session, signed.id)
    meeting = store.load(session, row.meeting_id, lock=lock)
    contact = contact_of(meeting)
    if row.link_version != signed.version:
        raise LinkClosedError(
            "The coordinator has closed it, so it opens nothing any more.",
            code="link-revoked",
            contact=contact,
        )
    if now > meeting.ends_at + VALID_AFTER_THE_END:
        raise LinkClosedError(
            f"The meeting ended more than {VALID_AFTER_THE_END.days} days ago, so this page is closed.",
            code="link-expired",
            contact=contact,
        )
    # Somebody removed and invited again has two rows; whichever link was kept leads to the newest.
    attendee = [item for item in meeting.attendees if item.address == row.address][-1]
    if not attendee.invited:
        title = (told(session, meeting, attendee) or now_told(meeting)).title
        raise LinkClosedError(f"You are no longer invited to “{title}”.", code="not-invited", contact=contact)
    return Visit(meeting, attendee, row.person_id)


def refusal(meeting: Meeting, now: datetime) -> str:
    """Return why nothing can be answered any more, in words; empty as long as it can."""
    if meeting.status is MeetingStatus.CANCELLED:
        return "The meeting was cancelled; there is nothing to answer any more."
    if meeting.status is MeetingStatus.CONCLUDED or meeting.ends_at <= now:
        return "The meeting is over."
    if meeting.starts_at <= now:
        return "The meeting has begun; answers could be given until its start."
    return ""


def require_open(meeting: Meeting, now: datetime) -> None:
    """Raise ``Conflict`` when nothing can be answered any more."""
    if why := refusal(meeting, now):
        raise Conflict(why, code="closed")


def contact_of(meeting: Meeting) -> Contact:
    """Return whom attendees of a meeting write to."""
    return Contact(meeting.coordinator_name, meeting.coordinator_email)


def told(session: Session, meeting: Meeting, attendee: Attendee) -> calendars.Told | None:
    """Return what somebody had been told when they were removed; ``None`` for whoever is invited."""
    if attendee.removed_at is None:
        return None
    # What came in the same breath as the removal was not told any more.
    wanted = select(func.max(RevisionRow.revision)).where(
        RevisionRow.meeting_id == meeting.id, RevisionRow.at < attendee.removed_at
    )
    known = store.snapshot(session, meeting.id, session.scalar(wanted) or 1)
    return calendars.Told(known.title, known.starts_at, known.ends_at) if known else None


def now_told(meeting: Meeting) -> calendars.Told:
    """Return what somebody is told of a meeting as it is now."""
    return calendars.Told(meeting.title_en, meeting.starts_at, meeting.ends_at)
