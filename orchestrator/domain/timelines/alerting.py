"""What a meeting calls for so that its coordinator is told at once of what must not wait. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from orchestrator.domain.meetings.alerts import Alert, AlertKind, NewAlert
from orchestrator.domain.meetings.known_days_off import DayOff
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.needs import has_answered
from orchestrator.domain.timelines.obligations import AFTERWARDS, Obligation

ALERT = "alert"
"""The key of the mail that tells a meeting's coordinator what must not wait."""
LOOK_LINK = "look:link"
_LOOK_POLL = "look:poll-"


def alerts(meeting: Meeting) -> list[Obligation]:
    """Return the one mail that tells everything not told yet that is still so."""
    numbers = [item.id for item in meeting.alerts if is_still_so(meeting, item)]
    if not numbers:
        return []
    expires = meeting.ends_at + AFTERWARDS
    return [Obligation(ALERT, ActionKind.ALERT, ALERT, None, max(numbers), None, expires)]


def untold(meeting: Meeting, until: int) -> tuple[Alert, ...]:
    """Return what the alert with that number tells: what has come up to it and is still so."""
    return tuple(item for item in meeting.alerts if item.id <= until and is_still_so(meeting, item))


def is_still_so(meeting: Meeting, alert: Alert) -> bool:
    """Whether an alert is worth a mail: what has been mended meanwhile is not told."""
    check = _STILL.get(alert.kind)
    return check is None or check(meeting, alert)


def attendee_of(meeting: Meeting, alert: Alert) -> Attendee | None:
    """Return whom an alert is about, as far as that is one attendee."""
    number = alert.get("attendee")
    return next((item for item in meeting.attendees if str(item.id) == number), None)


def _has_declined(meeting: Meeting, alert: Alert) -> bool:
    attendee = attendee_of(meeting, alert)
    return meeting.status is MeetingStatus.PUBLISHED and attendee is not None and attendee.declined


def _is_reached_there(meeting: Meeting, alert: Alert) -> bool:
    """Whether the address that failed is still that of an attendee."""
    attendee = attendee_of(meeting, alert)
    return attendee is not None and attendee.invited and attendee.address == alert.get("address")


def _lacks_link(meeting: Meeting, _: Alert) -> bool:
    return meeting.status is MeetingStatus.PUBLISHED and lacks_link(meeting)


def _is_day_off(meeting: Meeting, alert: Alert) -> bool:
    return meeting.status is MeetingStatus.PUBLISHED and bool(days_of(meeting, alert))


def _is_silent(meeting: Meeting, alert: Alert) -> bool:
    code = alert.get("delegation")
    return code in meeting.delegations and not has_answered(meeting, code)


def _is_undecided(meeting: Meeting, alert: Alert) -> bool:
    return meeting.status is MeetingStatus.PUBLISHED and alert.get("revision") in (
        "",
        str(meeting.time_revision),
    )


def _awaits_choice(meeting: Meeting, alert: Alert) -> bool:
    poll = meeting.date_poll
    return poll is not None and str(poll.id) == alert.get("poll")


_STILL: Mapping[AlertKind, Callable[[Meeting, Alert], bool]] = {
    AlertKind.HEAD_DECLINED: _has_declined,
    AlertKind.NO_LINK: _lacks_link,
    AlertKind.LINK_OLD: _lacks_link,
    AlertKind.BOUNCED: _is_reached_there,
    AlertKind.BOUNCED_BEHIND: _is_reached_there,
    AlertKind.DAY_OFF: _is_day_off,
    AlertKind.TEST_MOVED: _is_day_off,
    AlertKind.LAST_CHASER: _is_silent,
    AlertKind.NEW_TIME: _is_undecided,
    AlertKind.POLL_CLOSED: _awaits_choice,
}


def lacks_link(meeting: Meeting) -> bool:
    """Whether the link that a meeting needs is not there, or its video meeting is not up to date."""
    conference = meeting.conference
    if conference.by_hand or not meeting.mode.has_link:
        return False
    return conference.trouble is not None or not conference.join_url


def polls(meeting: Meeting) -> list[Obligation]:
    """Return the look at a date poll when it closes, unless a date has been chosen by then."""
    poll = meeting.date_poll
    if poll is None:
        return []
    key = f"{_LOOK_POLL}{poll.id}"
    expires = poll.closes_at + AFTERWARDS
    return [Obligation(key, ActionKind.LOOK, key, None, 1, poll.closes_at, expires, late=True)]


def seen(meeting: Meeting, obligation: str) -> Iterator[NewAlert]:
    """Yield what a look finds that was planned under the key ``obligation``."""
    if obligation == LOOK_LINK and lacks_link(meeting):
        conference = meeting.conference
        trouble = conference.trouble
        since = trouble.since if trouble is not None else meeting.published_at
        kind = AlertKind.LINK_OLD if conference.join_url else AlertKind.NO_LINK
        yield _new(meeting, kind, f"{kind}:{1 + conference.troubles}", since)
    elif obligation.startswith(_LOOK_POLL) and meeting.date_poll is not None:
        number = obligation.removeprefix(_LOOK_POLL)
        if str(meeting.date_poll.id) == number:
            since = meeting.date_poll.closes_at
            yield _new(meeting, AlertKind.POLL_CLOSED, f"poll-closed:{number}", since, poll=number)


def days_off(meeting: Meeting) -> Iterable[NewAlert]:
    """Yield the warnings of days off that came after the time was decided."""
    known = meeting.days_off.days if meeting.days_off else ()
    late = {(item.warning, item.about.of_meeting) for item in known if item.warning}
    for number, of_meeting in sorted(late):
        kind = AlertKind.DAY_OFF if of_meeting else AlertKind.TEST_MOVED
        yield _new(meeting, kind, f"{kind}:{number}", meeting.revised_at, warning=str(number))


def days_of(meeting: Meeting, alert: Alert) -> list[DayOff]:
    """Return the days off that an alert tells of: those of the meeting itself, or of its connection tests."""
    known = meeting.days_off.days if meeting.days_off else ()
    of_meeting = alert.kind is AlertKind.DAY_OFF
    return [
        item
        for item in known
        if str(item.warning) == alert.get("warning") and item.about.of_meeting is of_meeting
    ]


def _new(meeting: Meeting, kind: AlertKind, key: str, since: datetime | None, **params: str) -> NewAlert:
    return NewAlert(meeting.id, kind, key, since or meeting.starts_at, tuple(sorted(params.items())))
