"""What a delegation owes a meeting, what has come in, and what is still missing."""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.meeting import Attendee, ContributionState, Meeting, Need


def has_answered(meeting: Meeting, delegation: str) -> bool:
    """Whether a delegation has answered: its head has, or anybody of one that nobody leads."""
    head = meeting.head_of(delegation)
    if head is not None:
        return head.answered
    return any(item.answered for item in meeting.people_of(delegation))


def stays_away(meeting: Meeting, delegation: str) -> bool:
    """Whether nobody of a delegation comes: all who were invited have declined."""
    own = meeting.people_of(delegation)
    return bool(own) and all(item.declined for item in own)


def is_missing(meeting: Meeting, delegation: str, need: Need) -> bool:
    """Whether ``need`` is still wanted from a delegation; a connectivity test that failed is.

    Nothing but an answer is wanted from a delegation that stays away.
    """
    if need is Need.ANSWER:
        return not has_answered(meeting, delegation)
    if stays_away(meeting, delegation):
        return False
    found = meeting.contribution(delegation, need)
    return found is None or found.state is ContributionState.FAILED


def spokespeople(meeting: Meeting, delegation: str) -> list[Attendee]:
    """Return who speaks for a delegation: its focal points, else its head, else the first attendee.

    An attendee who has declined speaks only where no other of the delegation comes.
    """
    own = meeting.people_of(delegation)
    coming = [item for item in own if not item.declined] or own
    points = [item for item in coming if item.role is Role.FOCAL_POINT]
    head = meeting.head_of(delegation)
    if head is not None and head in coming:
        return points or [head]
    return points or list(coming[:1])


def may_speak(meeting: Meeting, attendee: Attendee) -> bool:
    """Whether an attendee may answer for their delegation and say who comes: focal points and heads may."""
    head = meeting.head_of(attendee.delegation)
    is_head = attendee.seat is Seat.HEAD or (head is not None and head.id == attendee.id)
    return is_head or attendee.role is Role.FOCAL_POINT


def missing_from(meeting: Meeting, attendee: Attendee, owed: Collection[Need]) -> tuple[Need, ...]:
    """Return what one person can still give: an answer, and what the delegation they speak for owes."""
    found = missing(meeting, attendee.delegation, owed) if may_speak(meeting, attendee) else ()
    if not attendee.answered and Need.ANSWER not in found:
        return (Need.ANSWER, *found)
    return found


def missing(meeting: Meeting, delegation: str, owed: Collection[Need]) -> tuple[Need, ...]:
    """Return what is missing of what a delegation owes, in the order of ``Need``."""
    return tuple(need for need in Need if need in owed and is_missing(meeting, delegation, need))
