"""What speaks against doing an action, looked at once more just before it is done. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus
from orchestrator.domain.meetings.revision import cancel_to, to_cancel
from orchestrator.domain.timelines.actions import ActionState, CancelCode, StoredAction
from orchestrator.domain.timelines.kinds import ActionKind, Reach
from orchestrator.facts import Fact

TOO_LATE = Fact.of("timelines.too-late")
CALLED_OFF = Fact.of("timelines.called-off")
CHANGED_MEANWHILE = Fact.of("timelines.changed-meanwhile")
_STANDS = {
    MeetingStatus.DRAFT: "timelines.is-draft",
    MeetingStatus.PUBLISHED: "timelines.is-published",
    MeetingStatus.CANCELLED: "timelines.called-off",
    MeetingStatus.CONCLUDED: "timelines.is-concluded",
}


@dataclass(frozen=True, slots=True)
class Objection:
    """Why an action must not be done any more, and the state it therefore ends in."""

    state: ActionState
    reason: Fact
    code: CancelCode | None = None


def objection(
    action: StoredAction, meeting: Meeting, attendee: Attendee | None, now: datetime
) -> Objection | None:
    """Look again just before doing ``action``; ``None`` means go ahead."""
    if now >= action.expires:
        return Objection(ActionState.MISSED, TOO_LATE)
    return (
        _status_objection(action.kind, meeting)
        or _superseded(action, meeting)
        or _attendee_objection(action.kind, attendee)
        or (_cancel_objection(action, meeting, attendee) if attendee is not None else None)
    )


def no_longer_called_for(action: StoredAction, why_dropped: Fact | None = None) -> Objection:
    """Return the objection to what the plan does not hold any more; ``why_dropped`` where that is known."""
    reason = why_dropped or action.kind.rules.not_needed
    return Objection(ActionState.CANCELLED, reason, CancelCode.NOT_NEEDED)


def _status_objection(kind: ActionKind, meeting: Meeting) -> Objection | None:
    allowed = kind.rules.statuses
    if meeting.status is MeetingStatus.CANCELLED and meeting.status not in allowed:
        return Objection(ActionState.CANCELLED, CALLED_OFF, CancelCode.MEETING_CANCELLED)
    if meeting.status not in allowed:
        return Objection(ActionState.CANCELLED, Fact.of(_STANDS[meeting.status]), CancelCode.MEETING_OVER)
    if _is_done(kind, meeting):
        return Objection(ActionState.CANCELLED, kind.rules.not_needed, CancelCode.NOT_NEEDED)
    return None


def _is_done(kind: ActionKind, meeting: Meeting) -> bool:
    """Whether an action has nothing left to do; in person nothing has to be done for a link."""
    match kind:
        case ActionKind.CONFIRM:
            return not meeting.tentative
        case ActionKind.CONFERENCE:
            return not meeting.mode.has_link
        case ActionKind.CONFERENCE_DELETE:
            return meeting.status is MeetingStatus.PUBLISHED and meeting.mode.has_link
    return False


def _superseded(action: StoredAction, meeting: Meeting) -> Objection | None:
    """An action that was in hand while the meeting changed belongs to the older revision."""
    if action.obligation.startswith("nudge:"):
        return None  # It counts what was asked for, not times of the meeting.
    current = action.kind.rules.counter.of(meeting)
    if current is None or action.revision >= current:
        return None
    return Objection(ActionState.CANCELLED, CHANGED_MEANWHILE, CancelCode.SUPERSEDED)


def _attendee_objection(kind: ActionKind, attendee: Attendee | None) -> Objection | None:
    if attendee is None or kind.rules.reach is Reach.ALL:
        return None
    if not attendee.invited:
        gone = Fact.of("timelines.removed", name=attendee.name)
        return Objection(ActionState.CANCELLED, gone, CancelCode.REMOVED)
    if attendee.declined and kind.rules.reach is Reach.COMING:
        return Objection(
            ActionState.CANCELLED, Fact.of("timelines.declined", name=attendee.name), CancelCode.DECLINED
        )
    return None


def _cancel_objection(action: StoredAction, meeting: Meeting, attendee: Attendee) -> Objection | None:
    """A CANCEL takes back what is in a calendar, once, and from nobody who is in the meeting again."""
    if action.kind is not ActionKind.CANCEL:
        return None
    due = next((item for item in to_cancel(meeting) if item.address == attendee.address), None)
    if due is not None and due.id == attendee.id and cancel_to(meeting, due).sequence == action.revision:
        return None
    if due is not None:
        newer = Fact.of("timelines.newer-cancel")
        return Objection(ActionState.CANCELLED, newer, CancelCode.SUPERSEDED)
    over = meeting.status is MeetingStatus.CANCELLED
    if not over and any(item.address == attendee.address for item in meeting.invited):
        again = Fact.of("timelines.in-again", name=attendee.name)
        return Objection(ActionState.CANCELLED, again, CancelCode.SUPERSEDED)
    nothing = Fact.of("timelines.nothing-to-take-back", name=attendee.name)
    return Objection(ActionState.CANCELLED, nothing, CancelCode.NOT_NEEDED)
