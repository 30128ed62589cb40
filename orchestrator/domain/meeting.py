"""A meeting, its attendees, and how publishing, changing and ending it change it.

Everything here is a frozen value; a change returns a new one. Revision rules are those of iTIP
(RFC 5546 section 2.1.4): a new time raises SEQUENCE and asks everybody again, a new text does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from orchestrator.domain.delegation import Role
from orchestrator.domain.zones import instant_of, zone
from orchestrator.errors import Conflict


class MeetingStatus(StrEnum):
    """Where a meeting stands in its life."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"
    CONCLUDED = "concluded"


class Participation(StrEnum):
    """An attendee's answer: PARTSTAT of RFC 5545 section 3.2.12."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    TENTATIVE = "TENTATIVE"
    DECLINED = "DECLINED"

    @property
    def words(self) -> str:
        """The answer as people say it."""
        return "no answer" if self is Participation.NEEDS_ACTION else self.value.lower()


@dataclass(frozen=True, slots=True)
class Attendee:
    """A person in one meeting.

    ``id`` is 0 until stored. ``notified`` says that an invitation has left, or may have;
    ``removed_sequence`` is the SEQUENCE of the CANCEL due to somebody who was removed.
    """

    name: str
    email: str
    delegation: str
    group: str
    role: Role
    id: int = 0
    participation: Participation = Participation.NEEDS_ACTION
    notified: bool = False
    removed_sequence: int | None = None

    @property
    def invited(self) -> bool:
        """Whether the person is (still) in the meeting."""
        return self.removed_sequence is None

    @property
    def answered(self) -> bool:
        """Whether the person has said anything yet."""
        return self.participation is not Participation.NEEDS_ACTION

    @property
    def declined(self) -> bool:
        """Whether the person said no."""
        return self.participation is Participation.DECLINED


@dataclass(frozen=True, slots=True)
class AgendaEntry:
    """One numbered item of the agenda."""

    number: int
    en: str
    vi: str | None = None
    lead: str | None = None


@dataclass(frozen=True, slots=True)
class Conference:
    """The video meeting as far as it is known.

    ``by_hand`` marks a link the coordinator typed in; ``attempted`` says that the provider was
    asked at least once, so that something may exist there even without a recorded link.
    """

    external_id: str
    provider_id: str | None = None
    join_url: str | None = None
    by_hand: bool = False
    attempted: bool = False


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting as stored.

    ``version`` counts every change (optimistic locking). ``sequence`` is the iCalendar SEQUENCE,
    ``revision`` counts the contents that attendees must be told, ``time_revision`` is the revision
    that last set the time, ``revised_at`` is the DTSTAMP of the current revision.
    """

    id: int
    reference: str
    programme: str | None
    kind: str
    title_en: str
    title_vi: str | None
    host: str
    coordinator_name: str
    coordinator_email: str
    wall_start: datetime
    zone: str
    duration: timedelta
    timeline: str
    conference: Conference
    status: MeetingStatus = MeetingStatus.DRAFT
    version: int = 1
    uid: str | None = None
    sequence: int = 0
    revision: int = 0
    time_revision: int = 0
    revised_at: datetime | None = None
    published_at: datetime | None = None
    minutes_version: int = 0
    minutes_at: datetime | None = None
    agenda: tuple[AgendaEntry, ...] = ()
    attendees: tuple[Attendee, ...] = field(default=(), repr=False)

    @property
    def starts_at(self) -> datetime:
        """The instant of the start, UTC, derived from wall time and zone."""
        return instant_of(self.wall_start, zone(self.zone))

    @property
    def ends_at(self) -> datetime:
        """The instant of the end, UTC."""
        return self.starts_at + self.duration

    @property
    def invited(self) -> tuple[Attendee, ...]:
        """The attendees who are (still) in the meeting."""
        return tuple(item for item in self.attendees if item.invited)

    def attendee(self, attendee_id: int) -> Attendee:
        """Return the attendee with that id; raises ``KeyError``."""
        for item in self.attendees:
            if item.id == attendee_id:
                return item
        raise KeyError(attendee_id)


@dataclass(frozen=True, slots=True)
class Change:
    """What an update sets; ``None`` leaves a field as it is, and an empty Vietnamese title takes it out.

    ``attendees`` is the whole new list.
    """

    title_en: str | None = None
    title_vi: str | None = None
    wall_start: datetime | None = None
    zone: str | None = None
    duration: timedelta | None = None
    agenda: tuple[AgendaEntry, ...] | None = None
    attendees: tuple[Attendee, ...] | None = None


def require_status(meeting: Meeting, doing: str, *allowed: MeetingStatus) -> None:
    """Raise ``Conflict`` unless the meeting is in one of the ``allowed`` states."""
    if meeting.status not in allowed:
        raise Conflict(
            f"{meeting.reference} is {meeting.status}; only a {' or '.join(allowed)} meeting can be {doing}."
        )


def publish(meeting: Meeting, uid: str, now: datetime) -> Meeting:
    """Return ``meeting`` published under ``uid``; raises ``Conflict`` when it cannot be."""
    require_status(meeting, "published", MeetingStatus.DRAFT)
    if meeting.starts_at <= now:
        raise Conflict(f"{meeting.reference} starts in the past; move it to a coming date, then publish it.")
    if not meeting.invited:
        raise Conflict(f"{meeting.reference} has no attendees; add somebody to invite, then publish it.")
    return replace(
        meeting,
        status=MeetingStatus.PUBLISHED,
        uid=uid,
        sequence=0,
        revision=1,
        time_revision=1,
        revised_at=now,
        published_at=now,
    )


def revise(meeting: Meeting, change: Change, now: datetime, *, notify: bool = True) -> Meeting:
    """Return ``meeting`` with ``change`` applied.

    ``notify=False`` saves a new text without telling the attendees; a new time always tells them.
    Raises ``Conflict`` for a meeting that is over or would begin in the past.
    """
    require_status(meeting, "changed", MeetingStatus.DRAFT, MeetingStatus.PUBLISHED)
    new = replace(
        meeting,
        title_en=change.title_en if change.title_en is not None else meeting.title_en,
        title_vi=meeting.title_vi if change.title_vi is None else change.title_vi or None,
        wall_start=change.wall_start or meeting.wall_start,
        zone=change.zone or meeting.zone,
        duration=change.duration or meeting.duration,
        agenda=meeting.agenda if change.agenda is None else change.agenda,
    )
    if meeting.status is MeetingStatus.PUBLISHED:
        new = _retimed(meeting, new, now)
        if new.revision == meeting.revision and notify and _text(new) != _text(meeting):
            new = replace(new, revision=new.revision + 1, revised_at=now)
    if change.attendees is None:
        return new
    merged = _with_attendees(new, change.attendees)
    if meeting.status is MeetingStatus.DRAFT:
        return replace(merged, attendees=merged.invited)
    if _calls_for_cancel(new, merged) and new.sequence == meeting.sequence:
        return _with_attendees(replace(new, sequence=new.sequence + 1, revised_at=now), change.attendees)
    return merged


def _text(meeting: Meeting) -> tuple[object, ...]:
    return meeting.title_en, meeting.title_vi, meeting.agenda


def _retimed(before: Meeting, after: Meeting, now: datetime) -> Meeting:
    if (before.starts_at, before.ends_at) == (after.starts_at, after.ends_at):
        return after
    if before.starts_at <= now:
        raise Conflict(f"{before.reference} has begun; its time can no longer be changed.")
    if after.starts_at <= now:
        raise Conflict(f"{before.reference} would start in the past; choose a coming time.")
    revision = before.revision + 1
    return replace(
        after,
        sequence=before.sequence + 1,
        revision=revision,
        time_revision=revision,
        revised_at=now,
        attendees=tuple(replace(item, participation=Participation.NEEDS_ACTION) for item in before.attendees),
    )


def _with_attendees(meeting: Meeting, wanted: tuple[Attendee, ...]) -> Meeting:
    """Merge the wanted list by address: keep who stays, add who is new, mark who is removed."""
    wanted_by_address = {item.email.casefold(): item for item in wanted}
    staying = {item.email.casefold() for item in meeting.invited}
    kept = [
        _merged(item, wanted_by_address.get(item.email.casefold()), meeting.sequence)
        for item in meeting.attendees
    ]
    added = [item for key, item in wanted_by_address.items() if key not in staying]
    return replace(meeting, attendees=(*kept, *added))


def _calls_for_cancel(before: Meeting, after: Meeting) -> bool:
    """Whether the lists differ by a removal, or by inviting again somebody who was removed.

    Both raise SEQUENCE: the first for its CANCEL (RFC 5546 section 3.2.5), the second because that
    person's calendar has seen the CANCEL.
    """
    seen = {item.email.casefold() for item in before.attendees}
    fresh = after.attendees[len(before.attendees) :]
    return len(after.invited) - len(fresh) < len(before.invited) or any(
        item.email.casefold() in seen for item in fresh
    )


def _merged(stored: Attendee, wanted: Attendee | None, sequence: int) -> Attendee:
    if not stored.invited:
        return stored
    if wanted is None:
        return replace(stored, removed_sequence=sequence)
    return replace(
        stored, name=wanted.name, delegation=wanted.delegation, group=wanted.group, role=wanted.role
    )


def with_link(meeting: Meeting, conference: Conference, now: datetime) -> Meeting:
    """Return ``meeting`` with the conference as now known.

    A join link other than the one attendees were sent is a material change: it raises SEQUENCE
    (RFC 5546 section 2.1.4, "should") and is told to everybody; answers stay.
    """
    old = meeting.conference.join_url
    told = any(item.notified for item in meeting.attendees)
    new = replace(meeting, conference=conference)
    if meeting.status is not MeetingStatus.PUBLISHED or old == conference.join_url or not told:
        return new
    return replace(new, sequence=meeting.sequence + 1, revision=meeting.revision + 1, revised_at=now)


def cancel(meeting: Meeting, now: datetime) -> Meeting:
    """Return ``meeting`` cancelled; SEQUENCE rises for the CANCEL (RFC 5546 section 2.1.4)."""
    require_status(meeting, "cancelled", MeetingStatus.DRAFT, MeetingStatus.PUBLISHED)
    if meeting.status is MeetingStatus.PUBLISHED and meeting.ends_at <= now:
        raise Conflict(f"{meeting.reference} is over; a meeting that took place cannot be cancelled.")
    told = meeting.status is MeetingStatus.PUBLISHED
    return replace(
        meeting,
        status=MeetingStatus.CANCELLED,
        sequence=meeting.sequence + told,
        revision=meeting.revision + told,
        revised_at=now if told else None,
    )


def conclude(meeting: Meeting, now: datetime) -> Meeting:
    """Return ``meeting`` concluded; raises ``Conflict`` before its start."""
    require_status(meeting, "concluded", MeetingStatus.PUBLISHED)
    if now < meeting.starts_at:
        raise Conflict(f"{meeting.reference} has not begun; it can be concluded once it has.")
    return replace(meeting, status=MeetingStatus.CONCLUDED)
