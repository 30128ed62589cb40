"""What follows from what happens to a meeting, whatever its timeline says."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from orchestrator.domain.delegations.working_calendar import (
    Calendars,
    NoWorkingDayError,
    WorkingCalendar,
)
from orchestrator.domain.meetings.by_hand import OneOffLetter
from orchestrator.domain.meetings.meeting import (
    Attendee,
    Meeting,
    MeetingStatus,
    OpenDatePoll,
)
from orchestrator.domain.meetings.revision import cancel_to, to_cancel
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.needs import spokespeople
from orchestrator.domain.timelines.obligations import AFTERWARDS, Obligation
from orchestrator.domain.timelines.policy.rounding import next_morning_after
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.facts import Fact

_NEXT_WORKING_MORNING = Fact.of("timelines.next-working-morning")
_NEXT_WORKING_HOURS = Fact.of("timelines.next-working-hours")


def date_poll(meeting: Meeting, calendars: Calendars) -> list[Obligation]:
    """Ask those who speak for the delegations of a draft for the dates that suit them, until the poll closes.

    Each is asked in their own next working hours. Those of a delegation that has voted are not asked (again).
    """
    poll = meeting.date_poll
    if poll is None:
        return []
    return [
        _question(poll, item, calendars.of(item.delegation))
        for item in asked_for_a_date(meeting)
        if item.delegation not in poll.voted
    ]


def _question(poll: OpenDatePoll, attendee: Attendee, calendar: WorkingCalendar) -> Obligation:
    due = None
    with suppress(NoWorkingDayError):
        soonest = calendar.soonest(poll.asked_at).instant
        # An answer before the closing is worth more than a good night.
        due = soonest if poll.asked_at < soonest < poll.closes_at else None
    return Obligation(
        f"date-poll:{poll.id}:attendee-{attendee.id}",
        ActionKind.DATE_POLL,
        "date-poll",
        attendee.id,
        poll.asked,
        due,
        poll.closes_at,
        late=True,
        note=_NEXT_WORKING_HOURS if due else None,
    )


def asked_for_a_date(meeting: Meeting) -> list[Attendee]:
    """Return who speaks for each delegation in a date poll."""
    return [item for code in meeting.delegations for item in spokespeople(meeting, code)]


def asked_for(meeting: Meeting, waits_for: str | None) -> list[Obligation]:
    """Return the invitation once more, for who asked for it (RFC 5546 section 3.2.6) or proposed a time."""
    again = [
        Obligation(
            f"resend:attendee-{item.id}",
            ActionKind.RESEND,
            "resend",
            item.id,
            item.resends,
            None,
            meeting.ends_at,
            waits_for,
        )
        for item in meeting.invited
        if item.resends
    ]
    invited = {item.id for item in meeting.invited}
    refused = [
        Obligation(
            f"refusal:response-{item.response_id}",
            ActionKind.REFUSAL,
            "refusal",
            item.attendee_id,
            item.response_id,
            None,
            meeting.ends_at,
            waits_for,
        )
        for item in meeting.refusals
        if item.attendee_id in invited
    ]
    return [*again, *refused]


def answered_for(meeting: Meeting) -> list[Obligation]:
    """Return what tells attendees that somebody else has answered for them; they may say otherwise."""
    invited = {item.id for item in meeting.invited}
    return [
        Obligation(
            f"answered-for:attendee-{item.attendee_id}",
            ActionKind.ANSWERED_FOR,
            "answered-for",
            item.attendee_id,
            item.response_id,
            None,
            meeting.ends_at,
        )
        for item in meeting.answers_by_others
        if item.attendee_id in invited
    ]


def letters(meeting: Meeting, calendars: Calendars) -> list[Obligation]:
    """Return the coordinator's own letters, each to those who were its recipients and are still invited.

    One that was confirmed before the meeting was called off, or back, is about what does not hold any more.
    """
    cancelled = meeting.status is MeetingStatus.CANCELLED
    return [
        _letter(letter, item, calendars.of(item.delegation))
        for letter in meeting.letters
        if letter.after_cancelling is cancelled
        for item in meeting.invited
        if item.id in letter.recipients
    ]


def _letter(letter: OneOffLetter, attendee: Attendee, calendar: WorkingCalendar) -> Obligation:
    due = None if letter.at_once else next_morning(letter.confirmed_at, calendar)
    return Obligation(
        f"letter:{letter.id}:attendee-{attendee.id}",
        ActionKind.LETTER,
        "letter",
        attendee.id,
        letter.id,
        due,
        (due or letter.confirmed_at) + AFTERWARDS,
        late=True,
        note=_NEXT_WORKING_MORNING if due else None,
    )


def next_morning(moment: datetime, calendar: WorkingCalendar) -> datetime | None:
    """Return the first working morning after ``moment`` (aware UTC); ``None`` where none is in sight."""
    found = next_morning_after(moment, calendar)
    return None if isinstance(found, Fact) else found.instant


def called_off(meeting: Meeting) -> list[Obligation]:
    """Return what calls off the video meeting of a meeting that is cancelled, or takes place in person."""
    conference = meeting.conference
    # An attempt without an answer may have made something; with a link by hand nobody was waiting for it.
    if not conference.provider_id and (conference.by_hand or not conference.attempted):
        return []
    return [
        Obligation(
            "conference-delete",
            ActionKind.CONFERENCE_DELETE,
            "conference-delete",
            None,
            meeting.revision,
            None,
            meeting.ends_at + AFTERWARDS,
        )
    ]


def cancellations(meeting: Meeting) -> list[Obligation]:
    """Return a CANCEL for all who have the meeting in the calendar and are not in it any more."""
    expires = meeting.ends_at + timedelta(days=1)
    return [
        Obligation(
            f"cancel:attendee-{item.id}",
            ActionKind.CANCEL,
            "cancel",
            item.id,
            cancel_to(meeting, item).sequence,
            None,
            expires,
        )
        for item in to_cancel(meeting)
    ]


def minutes(meeting: Meeting, timeline: Timeline) -> list[Obligation]:
    """Return the newest minutes for all who are invited, where the timeline sends them."""
    step = timeline.step(ActionKind.MINUTES)
    if step is None or not meeting.minutes_version or meeting.minutes_at is None:
        return []
    expires = meeting.minutes_at + (step.grace or AFTERWARDS)
    return [
        Obligation(
            f"{step.name}:attendee-{item.id}",
            ActionKind.MINUTES,
            step.name,
            item.id,
            meeting.minutes_version,
            None,
            expires,
        )
        for item in meeting.invited
    ]
