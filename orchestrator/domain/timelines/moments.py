"""When a step is due for a recipient, until when it makes sense, and why it cannot be met."""

from __future__ import annotations

from datetime import datetime

from orchestrator.domain.delegations.working_calendar import (
    Calendars,
    NoWorkingDayError,
)
from orchestrator.domain.meetings.meeting import (
    Attendee,
    Meeting,
)
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.obligations import AFTERWARDS, Obligation
from orchestrator.domain.timelines.offsets import Due, Offset, beyond, put_off
from orchestrator.domain.timelines.steps import Step
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.facts import Fact

OVERDUE = Fact.of("timelines.overdue")


class Moments:
    """When the steps of a meeting's timeline are due, for each recipient by their own calendar."""

    def __init__(self, meeting: Meeting, timeline: Timeline, calendars: Calendars) -> None:
        self._meeting = meeting
        self._timeline = timeline
        self._calendars = calendars
        self._starts, self._ends = meeting.starts_at, meeting.ends_at

    def invited_at(self, step: Step, attendee: Attendee) -> Due | None:
        """Return when an attendee is first invited; ``None`` is at once.

        Who is added late waits for their morning. A date that is announced by hand, where the timeline does
        not do so, is announced at once.
        """
        if step.first is None or (self._meeting.tentative and not step.tentative):
            return None
        due = step.first.due(self._starts, self._calendars.of(attendee.delegation))
        return self.not_before_publishing(due, attendee)

    def not_before_publishing(self, due: Due, attendee: Attendee) -> Due | None:
        """Return ``due``, or the next working hours where it had passed; ``None`` where none are left."""
        since = self.since(attendee)
        if since is None or since <= due.instant:
            return due
        try:
            soonest = self._calendars.of(attendee.delegation).soonest(since).instant
        except NoWorkingDayError:
            return None
        return Due(soonest, OVERDUE) if soonest < self._starts else None

    def since(self, attendee: Attendee | None) -> datetime | None:
        """Return from when on an attendee is in the meeting, and the meeting is public."""
        moments = (self._meeting.published_at, attendee.joined_at if attendee else None)
        return max((item for item in moments if item is not None), default=None)

    def mail(self, step: Step, at: Offset | None, name: str, attendee: Attendee | None) -> Obligation:
        """Return one mail to an attendee, or to the coordinator, who is where the host is."""
        delegation = attendee.delegation if attendee else self._meeting.host
        due = self.due(step, at, delegation, attendee)
        if (step.ask or step.do is ActionKind.CONNECTION_TEST) and attendee and at and at.clock:
            # What is asked for is still wanted when the meeting is published late.
            due = self.not_before_publishing(due, attendee) or due
        return Obligation(
            key=f"{name}:attendee-{attendee.id}" if attendee else f"{name}:coordinator",
            kind=step.do,
            step=name,
            attendee_id=attendee.id if attendee else None,
            revision=self._meeting.time_revision,
            due=due.instant,
            expires=self.expiry(step, due.instant),
            note=due.moved,
            left_out=self.left_out(step, due, delegation),
        )

    def due(self, step: Step, at: Offset | None, delegation: str, attendee: Attendee | None) -> Due:
        """Return when a step is due for a recipient of ``delegation``; raises ``ValueError`` if at once."""
        if at is None:
            raise ValueError(f"step {step.name} has no offset")
        calendar = self._calendars.of(delegation)
        due = at.due(self._anchor(step, at, delegation, attendee), calendar)
        bound = step.not_before
        if bound is None:
            return due
        return put_off(due, at, bound, self._end_of(bound), calendar)

    def _anchor(self, step: Step, at: Offset, delegation: str, attendee: Attendee | None) -> datetime:
        source = self._timeline.named(step.source) if step.source else None
        if source is None:
            return self._end_of(at)
        if source.first is None:
            return self.since(attendee) or self._starts
        due = self.due(source, source.first, delegation, attendee)
        if source.do is ActionKind.INVITE and attendee is not None:
            due = self.not_before_publishing(due, attendee) or due
        return due.instant

    def _end_of(self, at: Offset) -> datetime:
        """The end of the meeting for what comes after it, else its start."""
        return self._ends if at.after else self._starts

    def expiry(self, step: Step, due: datetime) -> datetime:
        """Return until when a step makes sense: for its grace, and before the meeting not past the start."""
        if self._timeline.is_after(step):
            return due + (step.grace or AFTERWARDS)
        return min(due + step.grace, self._starts) if step.grace else self._starts

    def left_out(self, step: Step, due: Due, delegation: str) -> Fact | None:
        """Return why a step cannot be met for a recipient; ``None`` when it can."""
        if not self._timeline.is_after(step) and due.instant >= self._starts:
            return Fact.of("timelines.after-the-start")
        bound = step.not_after
        if bound is None or not beyond(due, bound, self._end_of(bound), self._calendars.of(delegation)):
            return None
        return Fact.of("timelines.later-than-allowed")

    def for_coordinator(self, step: Step, rung: int) -> list[Obligation]:
        """Return the mail to the coordinator at a rung, where there is one."""
        if not step.tells_coordinator(rung):
            return []
        name = f"{step.name}/{rung}" if step.do is ActionKind.CHASE else step.name
        return [self.mail(step, step.at[rung - 1], name, None)]
