"""How publishing, changing and ending change a meeting. Each function returns a new meeting."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orchestrator.domain.meetings import revision
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.fields import AttendeeFields, values
from orchestrator.domain.meetings.meeting import AgendaEntry, Attendee, Meeting, MeetingStatus
from orchestrator.domain.meetings.place import Where
from orchestrator.domain.meetings.points import Point
from orchestrator.domain.meetings.reasons import ChangeReason, Deed, Why, with_reason
from orchestrator.errors import Conflict
from orchestrator.facts import Fact, either


@dataclass(frozen=True, slots=True)
class Change:
    """What an update sets; ``None`` leaves a field as it is, and an empty title takes it out.

    ``attendees`` is the whole new list.
    """

    title_en: str | None = None
    title_vi: str | None = None
    coordinator_name: str | None = None
    coordinator_email: str | None = None
    wall_start: datetime | None = None
    zone: str | None = None
    duration: timedelta | None = None
    agenda: tuple[AgendaEntry, ...] | None = None
    attendees: tuple[Attendee, ...] | None = None
    where: Where | None = None
    short: str | None = None
    short_vi: str | None = None


def require_status(meeting: Meeting, doing: Fact, *allowed: MeetingStatus) -> None:
    """Raise ``Conflict`` unless the meeting is in one of the ``allowed`` states; ``doing`` says what for."""
    if meeting.status not in allowed:
        raise Conflict(
            Fact.of(
                "meetings.wrong-status",
                reference=meeting.reference,
                status=meeting.status.fact,
                allowed=either([item.fact for item in allowed]),
                doing=doing,
            )
        )


def require_link(meeting: Meeting) -> None:
    """Raise ``Conflict`` for a meeting in person, which has no link."""
    if not meeting.mode.has_link:
        raise Conflict(Fact.of("meetings.has-no-link", reference=meeting.reference), code="in-person")


def publish(
    meeting: Meeting, uid: str, now: datetime, *, organizer: str, save_the_date: bool = False
) -> Meeting:
    """Return a draft published under ``uid``, or a save-the-date confirmed under the UID it has.

    ``organizer`` is the address that attendees answer to. With ``save_the_date`` the date is announced
    and nothing more. Raises ``Conflict`` when the meeting cannot be published.
    """
    if meeting.status is MeetingStatus.PUBLISHED and meeting.tentative and not save_the_date:
        return confirm(replace(meeting, organizer=organizer), now, before=meeting)
    require_status(meeting, Fact.of("meetings.doing.published"), MeetingStatus.DRAFT)
    if meeting.date_poll is not None:
        raise Conflict(
            Fact.of("meetings.has-open-date-poll-to-publish", reference=meeting.reference),
            code="open-date-poll",
        )
    _require_coming(meeting, now)
    if not meeting.invited:
        raise Conflict(Fact.of("meetings.no-attendees", reference=meeting.reference))
    published = replace(
        meeting,
        status=MeetingStatus.PUBLISHED,
        tentative=save_the_date,
        uid=uid,
        organizer=organizer,
        published_at=now,
    )
    return revision.first(published, now)


def confirm(meeting: Meeting, now: datetime, *, before: Meeting | None = None) -> Meeting:
    """Return a save-the-date that becomes a meeting; its answers stay, for its time does.

    ``before`` is the meeting as attendees know it, where more than that has changed. Raises ``Conflict``
    for anything but a save-the-date that is still to come.
    """
    require_status(meeting, Fact.of("meetings.doing.confirmed"), MeetingStatus.PUBLISHED)
    if not meeting.tentative:
        raise Conflict(Fact.of("meetings.confirmed-already", reference=meeting.reference))
    _require_coming(meeting, now)
    # Only now is the link asked for, so only from now on can it be late.
    confirmed = replace(meeting, tentative=False, published_at=now)
    return revision.revised(before or meeting, confirmed, now)


def _require_coming(meeting: Meeting, now: datetime) -> None:
    if meeting.starts_at <= now:
        raise Conflict(Fact.of("meetings.starts-in-the-past", reference=meeting.reference))


def revise(meeting: Meeting, change: Change, now: datetime, *, notify: bool = True) -> Meeting:
    """Return ``meeting`` with ``change`` applied.

    ``notify=False`` saves a new text without telling the attendees; a new time always tells them.
    Raises ``Conflict`` for a meeting that is over or would begin in the past.
    """
    require_status(meeting, Fact.of("meetings.doing.changed"), MeetingStatus.DRAFT, MeetingStatus.PUBLISHED)
    where = change.where or meeting.where
    new = replace(
        meeting,
        title_en=change.title_en if change.title_en is not None else meeting.title_en,
        title_vi=_said_or(change.title_vi, meeting.title_vi),
        short=_said_or(change.short, meeting.short),
        short_vi=_said_or(change.short_vi, meeting.short_vi),
        coordinator_name=change.coordinator_name or meeting.coordinator_name,
        coordinator_email=change.coordinator_email or meeting.coordinator_email,
        wall_start=change.wall_start or meeting.wall_start,
        zone=change.zone or meeting.zone,
        duration=change.duration or meeting.duration,
        agenda=meeting.agenda if change.agenda is None else change.agenda,
        mode=where.mode,
        venue=where.venue,
        room=where.room,
    )
    if meeting.date_poll is not None and new.zone != meeting.zone:
        raise Conflict(
            Fact.of("meetings.has-open-date-poll-in-zone", reference=meeting.reference, zone=meeting.zone),
            code="open-date-poll",
        )
    if meeting.status is MeetingStatus.PUBLISHED:
        _require_movable(meeting, new, now)
        new = revision.revised(meeting, new, now, notify=notify)
    if change.attendees is None:
        return new
    return _with_attendees(new, change.attendees, now, risen=new.sequence > meeting.sequence)


def _said_or(said: str | None, before: str | None) -> str | None:
    """Return what a change says of a title that need not be there; empty takes it out."""
    return before if said is None else said or None


def _require_movable(before: Meeting, after: Meeting, now: datetime) -> None:
    if revision.weigh(before, after) is not revision.Weight.TIME:
        return
    if before.starts_at <= now:
        raise Conflict(Fact.of("meetings.has-begun", reference=before.reference))
    if after.starts_at <= now:
        raise Conflict(Fact.of("meetings.would-start-in-the-past", reference=before.reference))


def _with_attendees(meeting: Meeting, wanted: tuple[Attendee, ...], now: datetime, *, risen: bool) -> Meeting:
    """Merge the wanted list by address: keep who stays, add who is new, mark who is removed.

    A removal raises SEQUENCE for its CANCEL (RFC 5546 section 3.2.5), and so does inviting a person again
    who was removed, because that person's calendar has seen the CANCEL. The revision stays: nobody else
    has anything new to be told. When the same edit has raised SEQUENCE already (``risen``), that will do.
    Who is taken out of a draft is marked too, for answers, votes and mails of a date poll refer to them.
    """
    by_address = {item.address: item for item in wanted}
    staying = {item.address for item in meeting.invited}
    added = [item for key, item in by_address.items() if key not in staying]
    sequence = meeting.sequence + (not risen and _calls_for_new_sequence(meeting, by_address, added))
    joined_at = now if meeting.status is MeetingStatus.PUBLISHED else None
    return replace(
        meeting,
        sequence=sequence,
        attendees=(
            *(_merged(item, by_address.get(item.address), sequence, now) for item in meeting.attendees),
            *(replace(item, joined_sequence=sequence, joined_at=joined_at) for item in added),
        ),
    )


def _calls_for_new_sequence(meeting: Meeting, wanted: dict[str, Attendee], added: list[Attendee]) -> bool:
    if meeting.status is MeetingStatus.DRAFT:
        return False
    seen = {item.address for item in meeting.attendees}
    removes = any(item.address not in wanted for item in meeting.invited)
    return removes or any(item.address in seen for item in added)


def _merged(stored: Attendee, wanted: Attendee | None, sequence: int, now: datetime) -> Attendee:
    if not stored.invited:
        return stored
    if wanted is None:
        return replace(stored, removed_sequence=sequence, removed_at=now)
    # The address stays as it was first written, for that is the one the person's mail knows.
    return replace(stored, **values(AttendeeFields, wanted) | {"email": stored.email})


def with_link(meeting: Meeting, conference: Conference, now: datetime) -> Meeting:
    """Return ``meeting`` with the conference as now known.

    A join link other than the one attendees were sent is a material change: it raises SEQUENCE
    (RFC 5546 section 2.1.4, "should") and is told to everybody; answers stay.
    """
    new = replace(meeting, conference=conference)
    if meeting.status is not MeetingStatus.PUBLISHED:
        return new
    return revision.revised(meeting, new, now)


def retimed(meeting: Meeting, told_start: datetime, told_end: datetime, now: datetime) -> Meeting:
    """Return a meeting whose wall time stays, while new rules of its zone make it another instant.

    ``told_start`` and ``told_end`` (UTC) are what attendees have been told. Everybody gets a REQUEST with
    a higher SEQUENCE and is asked again, as for any new time. A meeting that has begun by either reckoning
    stays as it is, for nobody can be told in time.
    """
    require_status(meeting, Fact.of("meetings.doing.moved-to-new-zone-rules"), MeetingStatus.PUBLISHED)
    if min(told_start, meeting.starts_at) <= now:
        return meeting
    told = replace(
        meeting, wall_start=told_start.replace(tzinfo=None), zone="UTC", duration=told_end - told_start
    )
    return revision.revised(told, meeting, now)


def deeds(before: Meeting, after: Meeting, corrected: Collection[str] = ()) -> tuple[Deed, ...]:
    """Return what a change does that people must be given a reason for.

    ``corrected`` are the compared addresses of people who stay under another address.
    """
    if before.status is MeetingStatus.CANCELLED:
        published = after.status is MeetingStatus.PUBLISHED
        return (Deed.REINSTATE,) if published else ()
    if before.status is not MeetingStatus.PUBLISHED:
        return ()
    if after.status is MeetingStatus.CANCELLED:
        return (Deed.CANCEL,)
    moved = revision.weigh(before, after) is revision.Weight.TIME
    stay = {item.address for item in after.invited}.union(corrected)
    removed = any(item.address not in stay for item in before.invited)
    return (*((Deed.MOVE,) if moved else ()), *((Deed.REMOVE,) if removed else ()))


def because(before: Meeting, after: Meeting, reason: Why | None) -> Meeting:
    """Return a changed meeting that keeps the ``reason`` of its change for those who are told.

    Nobody was told anything of a draft, and a change that gives out no new number is told to nobody.
    """
    numbers = (after.sequence, after.revision)
    told = before.status is not MeetingStatus.DRAFT and numbers != (before.sequence, before.revision)
    if reason is None or not told:
        return after
    cancels = after.status is MeetingStatus.CANCELLED
    return replace(after, reasons=with_reason(before.reasons, ChangeReason(*numbers, cancels, reason)))


def with_organizer(meeting: Meeting, organizer: str, now: datetime) -> Meeting:
    """Return ``meeting`` organized from another mailbox; raises ``Conflict`` unless it is published.

    Everybody is sent a REQUEST with the new ORGANIZER and a higher SEQUENCE under the same UID (RFC 5546
    section 3.2.2.6); answers stay.
    """
    require_status(meeting, Fact.of("meetings.doing.moved-to-another-mailbox"), MeetingStatus.PUBLISHED)
    return revision.revised(meeting, replace(meeting, organizer=organizer), now)


def with_points(meeting: Meeting, points: Mapping[str, tuple[Point, ...]], now: datetime) -> Meeting:
    """Return ``meeting`` with the decisions of other meetings, by their references, on its agenda.

    Nobody is told by this alone; every mail and calendar object from now on has them.
    """
    agenda = tuple(
        replace(item, points=points.get(item.input_from, ())) if item.input_from else item
        for item in meeting.agenda
    )
    if agenda == meeting.agenda:
        return meeting
    new = replace(meeting, agenda=agenda)
    return revision.restamped(new, now) if meeting.status is MeetingStatus.PUBLISHED else new


def cancel(meeting: Meeting, now: datetime) -> Meeting:
    """Return ``meeting`` cancelled; SEQUENCE rises for the CANCEL (RFC 5546 section 2.1.4)."""
    require_status(meeting, Fact.of("meetings.doing.cancelled"), MeetingStatus.DRAFT, MeetingStatus.PUBLISHED)
    cancelled = replace(meeting, status=MeetingStatus.CANCELLED)
    if meeting.status is MeetingStatus.DRAFT:
        return cancelled
    if meeting.ends_at <= now:
        raise Conflict(Fact.of("meetings.is-over", reference=meeting.reference))
    return revision.revised(meeting, cancelled, now)


def reinstate(meeting: Meeting, now: datetime) -> Meeting:
    """Return a cancelled meeting as it takes place after all, under its UID; everybody is asked again.

    One that was never published is a draft again. Raises ``Conflict`` when its time has gone by.
    """
    require_status(meeting, Fact.of("meetings.doing.reinstated"), MeetingStatus.CANCELLED)
    if meeting.uid is None:
        return replace(meeting, status=MeetingStatus.DRAFT)
    if meeting.starts_at <= now:
        raise Conflict(Fact.of("meetings.would-have-started", reference=meeting.reference))
    old = meeting.conference
    again = replace(
        meeting,
        status=MeetingStatus.PUBLISHED,
        published_at=now,
        # The provider's meeting is being taken down, or is gone; it is asked for one again.
        conference=old if old.by_hand else replace(old, provider_id=None, join_url=None),
    )
    return revision.asked_again(revision.revised(meeting, again, now))


def conclude(meeting: Meeting, now: datetime) -> Meeting:
    """Return ``meeting`` concluded; raises ``Conflict`` before its start."""
    require_status(meeting, Fact.of("meetings.doing.concluded"), MeetingStatus.PUBLISHED)
    if meeting.tentative:
        raise Conflict(Fact.of("meetings.only-announced", reference=meeting.reference))
    if now < meeting.starts_at:
        raise Conflict(Fact.of("meetings.not-begun", reference=meeting.reference))
    return replace(meeting, status=MeetingStatus.CONCLUDED)
