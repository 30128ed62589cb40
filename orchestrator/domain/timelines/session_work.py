"""What is done for every session, whatever its letters are: its link, its end, what is asked for by hand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta

from orchestrator.domain.meetings.meeting import Attendee, Meeting, Need
from orchestrator.domain.timelines.alerting import LOOK_LINK
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.needs import missing_from
from orchestrator.domain.timelines.obligations import NUDGE, Obligation

_UNTIL_CONCLUDED = timedelta(days=365)


def link(meeting: Meeting, step: str, alert_after: timedelta | None) -> list[Obligation]:
    """Return the link, made or kept up to date, and the look at whether it is there after ``alert_after``.

    Nothing is to be done for one that was entered by hand.
    """
    if meeting.conference.by_hand:
        return []
    wanted = Obligation(step, ActionKind.CONFERENCE, step, None, meeting.revision, None, meeting.ends_at)
    return [wanted, *_look_for_link(meeting, alert_after)]


def invitations_wait_for(meeting: Meeting, step: str) -> str | None:
    """Return the key of the link that invitations wait for; ``None`` where it is there."""
    return None if meeting.conference.by_hand or meeting.join_url else step


def _look_for_link(meeting: Meeting, alert_after: timedelta | None) -> list[Obligation]:
    """The look at whether the link is there, so that the coordinator is told if it is not.

    Where only a person can mend what keeps it from being made, that is at once.
    """
    conference, published_at = meeting.conference, meeting.published_at
    trouble = conference.trouble
    if trouble is None and conference.join_url:
        return []
    if trouble is not None and trouble.needs_person:
        due = None
    else:
        since = trouble.since if trouble is not None else published_at
        if alert_after is None or since is None:
            return []
        due = since + alert_after
    number = 1 + conference.troubles
    return [Obligation(LOOK_LINK, ActionKind.LOOK, LOOK_LINK, None, number, due, meeting.ends_at, late=True)]


def conclusion(meeting: Meeting) -> Obligation:
    """Return the end of a session, by itself when its time is over."""
    kind = ActionKind.CONCLUDE
    due = meeting.ends_at
    return Obligation(kind, kind, kind, None, meeting.time_revision, due, due + _UNTIL_CONCLUDED)


def nudges(
    meeting: Meeting, people: Iterable[Attendee], owed: Callable[[str], Collection[Need]]
) -> list[Obligation]:
    """Ask now for what is missing, because a coordinator wants it; ``owed`` is what a delegation owes."""
    return [
        Obligation(
            f"{NUDGE}:attendee-{item.id}",
            ActionKind.CHASE,
            NUDGE,
            item.id,
            item.nudges,
            None,
            meeting.starts_at,
        )
        for item in people
        if item.nudges and missing_from(meeting, item, owed(item.delegation))
    ]
