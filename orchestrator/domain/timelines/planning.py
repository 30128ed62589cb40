"""Planning: what must happen for a meeting, to whom and when.

``plan`` turns meeting, timeline and working calendars into obligations, and is pure. How they differ from
what is stored already stands in ``reconciling``.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.delegations.working_calendar import (
    Calendars,
)
from orchestrator.domain.meetings.meeting import (
    Meeting,
    MeetingStatus,
)
from orchestrator.domain.timelines.alerting import alerts, polls
from orchestrator.domain.timelines.asking import asked_delegations
from orchestrator.domain.timelines.digests import digests
from orchestrator.domain.timelines.events import (
    called_off,
    cancellations,
    date_poll,
    letters,
    minutes,
)
from orchestrator.domain.timelines.kinds import STEP_RULES, ActionKind
from orchestrator.domain.timelines.needs import is_missing
from orchestrator.domain.timelines.obligations import NUDGE, Obligation
from orchestrator.domain.timelines.published import Published
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.facts import Fact


def plan(
    meeting: Meeting, timeline: Timeline, calendars: Calendars, only: Collection[int] | None = None
) -> list[Obligation]:
    """Return everything the meeting calls for in its present state, past or future.

    ``calendars`` give each recipient's zone, working days and hours. With ``only`` it is what these
    attendees (by id) are due, and what belongs to nobody.
    """
    match meeting.status:
        case MeetingStatus.DRAFT:
            wanted = [*date_poll(meeting, calendars), *polls(meeting)]
        case MeetingStatus.PUBLISHED:
            wanted = Published(meeting, timeline, calendars, only).obligations()
        case MeetingStatus.CANCELLED:
            wanted = called_off(meeting)
        case MeetingStatus.CONCLUDED:
            wanted = [
                *minutes(meeting, timeline),
                *Published(meeting, timeline, calendars, only).afterwards(),
            ]
    if meeting.uid is not None:
        wanted += [*cancellations(meeting), *letters(meeting, calendars)]
        wanted += digests(meeting, timeline, calendars)
    wanted += alerts(meeting)
    if only is None:
        return wanted
    return [item for item in wanted if item.attendee_id is None or item.attendee_id in only]


def why_dropped(
    meeting: Meeting, timeline: Timeline, directory: Directory, obligation: str, attendee_id: int | None
) -> Fact | None:
    """Return why the plan does not hold an obligation (by its key) that it held before.

    ``None`` where neither the timeline nor who is asked explains it.
    """
    name = obligation.rpartition(":")[0] if _OF_ONE.search(obligation) else obligation
    step, rung = timeline.named(name), name.partition("/")[2]
    if name == NUDGE:
        return None
    if step is None or (step.do is ActionKind.CHASE and int(rung or 1) > len(step.at)):
        return Fact.of("timelines.step-gone")
    if timeline.leaves_out(step):
        return Fact.of("timelines.nothing-to-join")
    if not STEP_RULES[step.do].asks_delegations or step.need is None:
        return None
    codes = {meeting.attendee(attendee_id).delegation} if attendee_id is not None else {*meeting.delegations}
    still = [
        code for code in asked_delegations(meeting, step, directory) if is_missing(meeting, code, step.need)
    ]
    return Fact.of("timelines.others-told") if codes.intersection(still) else None


_OF_ONE = re.compile(r":(attendee-\d+|coordinator)$")
