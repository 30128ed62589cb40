"""Looking ahead at what people will be sent: what is still to come, and what is once all has been given."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orchestrator.domain.meetings.meeting import (
    Attendee,
    Contribution,
    ContributionState,
    Meeting,
    Participation,
)
from orchestrator.domain.meetings.needs import RECORDED
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.timelines.actions import ActionState, StoredAction
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.needs import spokespeople
from orchestrator.domain.timelines.obligations import Obligation

MOST_MAILS = 14
"""What one person is sent around an event, to the final minutes, at most; more is warned of."""
_A_DAY_TO_ANSWER = timedelta(days=1)
"""Who gives all in time is taken to do so a day after the invitation."""
_ENDED = frozenset({ActionState.SUCCEEDED, ActionState.FAILED, ActionState.MISSED})


@dataclass(frozen=True, slots=True)
class ForeseenMail:
    """A mail to an attendee, with the meeting that it belongs to, as that would be then."""

    meeting: Meeting
    wanted: Obligation


class StillAhead:
    """What of a meeting's plan is still to be done: not done for its revision, and not past."""

    def __init__(self, rows: Iterable[StoredAction], now: datetime) -> None:
        """``rows`` are the actions of the meeting, ``now`` is aware UTC."""
        self._now = now
        self._ended: dict[str, int] = {}
        for row in rows:
            if row.state in _ENDED:
                self._ended[row.obligation] = max(row.revision, self._ended.get(row.obligation, 0))

    def holds(self, wanted: Obligation) -> bool:
        """Whether a mail of the plan is still to be sent."""
        ended = wanted.key in self._ended and self._ended[wanted.key] >= wanted.revision
        if ended or wanted.left_out or not wanted.kind.is_mail:
            return False
        if wanted.due is None or wanted.late:
            return wanted.expires > self._now
        return wanted.due >= self._now


def meant(meetings: Sequence[Meeting], to: str) -> Attendee | None:
    """Return the person with an address, or who speaks for a delegation by its code; ``None`` for nobody.

    ``meetings`` are in the order of their starts. The last one is what the others prepare, and has those who
    answer for their delegation.
    """
    address, code = compared(to), to.strip().upper()
    for meeting in meetings:
        for item in meeting.invited:
            if item.address == address:
                return item
    latest = next((meeting for meeting in reversed(meetings) if code in meeting.delegations), None)
    return spokespeople(latest, code)[0] if latest else None


def all_given(meeting: Meeting, codes: Collection[str], now: datetime) -> Meeting:
    """Return a meeting to which delegations have answered yes and given all that can be recorded."""
    people = [
        replace(item, participation=Participation.ACCEPTED, answer_stamp=now)
        if item.delegation in codes and item.invited and not item.answered
        else item
        for item in meeting.attendees
    ]
    known = {(item.delegation, item.need) for item in meeting.contributions}
    given = [
        Contribution(code, need, ContributionState.IN, "", now)
        for code in meeting.delegations
        for need in RECORDED.values()
        if code in codes and (code, need) not in known
    ]
    return replace(meeting, attendees=tuple(people), contributions=(*meeting.contributions, *given))


def in_time(
    silent: Sequence[ForeseenMail], given: Sequence[ForeseenMail], now: datetime
) -> list[ForeseenMail]:
    """Return what a person is sent whose delegation gives all a day after it was invited.

    Until then it is what a silent one is sent, from then on what one is sent who has ``given`` all.
    """
    invited = [item.wanted.due or now for item in silent if item.wanted.kind is ActionKind.INVITE]
    answered_at = max(invited) + _A_DAY_TO_ANSWER if invited else now
    before = [item for item in silent if (item.wanted.due or now) < answered_at]
    return [*before, *(item for item in given if (item.wanted.due or now) >= answered_at)]
