"""Ladders: the rungs by which a delegation is chased for what is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from orchestrator.domain.delegations.working_calendar import (
    Calendars,
)
from orchestrator.domain.meetings.meeting import (
    Attendee,
    Meeting,
)
from orchestrator.domain.meetings.needs import NEEDS
from orchestrator.domain.timelines.asking import addressees, asked_delegations, asks_for, holds
from orchestrator.domain.timelines.audience import admitted
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.moments import Moments
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.offsets import Offset
from orchestrator.domain.timelines.steps import Step
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.facts import Fact


class Ladders:
    """The chasers of a meeting: who is asked again for what is missing, rung by rung."""

    def __init__(
        self,
        meeting: Meeting,
        timeline: Timeline,
        calendars: Calendars,
        moments: Moments,
        ids: Collection[int],
    ) -> None:
        """``ids`` are the attendees for whom the plan is made."""
        self._meeting = meeting
        self._timeline = timeline
        self._calendars = calendars
        self._moments = moments
        self._ids = ids

    def chasers(self, step: Step) -> Iterator[Obligation]:
        """Yield one mail a rung to those who can mend what is missing, and to those it is taken to."""
        codes = asked_delegations(self._meeting, step, self._calendars.directory)
        lacking = [code for code in codes if holds(self._meeting, step, code)]
        if not lacking:
            return
        spoken_to = addressees(self._meeting, step, self._calendars.directory)
        asked = [item for code in lacking for item in spoken_to.get(code, ()) if item.id in self._ids]
        first_asked = self.first_asked(step, lacking)
        for rung, at in enumerate(step.at, 1):
            people = {item.id: item for item in (*asked, *self._added(step, rung, lacking))}
            for attendee in people.values():
                own = first_asked.get(attendee.delegation)
                wanted = self._moments.mail(step, at, f"{step.name}/{rung}", attendee)
                yield self._after_asking(wanted, step, at, attendee.delegation, own or _first(first_asked))
            for wanted in self._moments.for_coordinator(step, rung):
                yield self._after_asking(wanted, step, at, self._meeting.host, _first(first_asked))

    def first_asked(self, step: Step, lacking: Iterable[str]) -> dict[str, datetime]:
        """Return when each delegation is first asked for what a chaser is about, where something asks for it.

        It does not depend on whom the plan is made for, as whom else a rung tells does not either.
        """
        found: dict[str, datetime] = {}
        for asking in self._timeline.steps:
            if not asks_for(asking, step):
                continue
            people = addressees(self._meeting, asking if asking.ask else step, self._calendars.directory)
            for code in lacking:
                moments = [self._asked_at(asking, item) for item in people.get(code, ())]
                known = [item for item in (found.get(code), *moments) if item is not None]
                if known:
                    found[code] = min(known)
        return found

    def _asked_at(self, asking: Step, attendee: Attendee) -> datetime | None:
        """When a step that asks for something does so; an invitation asks for an answer."""
        if asking.do is ActionKind.INVITE:
            due = self._moments.invited_at(asking, attendee)
            return due.instant if due else self._moments.since(attendee)
        return self._moments.mail(asking, asking.first, asking.name, attendee).due

    def _after_asking(
        self, wanted: Obligation, step: Step, at: Offset | None, delegation: str, asked: datetime | None
    ) -> Obligation:
        """Leave a rung out that comes before what it chases is asked for, or within the same day.

        So it is where holidays push the two together, and where a meeting is published late.
        """
        if asked is None or wanted.due is None or at is None or wanted.left_out or step.need is None:
            return wanted
        calendar = self._calendars.of(delegation)
        day = calendar.local_date(asked)
        if wanted.due > asked and (at.clock is None or calendar.local_date(wanted.due) > day):
            return wanted
        return replace(wanted, left_out=Fact.of("timelines.first-asked", need=NEEDS[step.need].said, day=day))

    def _added(self, step: Step, rung: int, lacking: Collection[str]) -> list[Attendee]:
        """Whom a rung adds: those who hear of all delegations that lack something, or of their own."""
        directory, added = self._calendars.directory, step.escalated(rung)
        overseeing = [item for item in added if item.oversees]
        found = [
            *admitted(overseeing, self._meeting, directory),
            *(item for item in admitted(added, self._meeting, directory) if item.delegation in lacking),
        ]
        return [item for item in found if item.id in self._ids]


def first_asked(
    meeting: Meeting, timeline: Timeline, calendars: Calendars, step: Step, code: str
) -> datetime | None:
    """Return when a delegation of a published meeting is first asked for what ``step`` is about (UTC).

    ``None`` where no step of the timeline asks for it.
    """
    moments = Moments(meeting, timeline, calendars)
    return Ladders(meeting, timeline, calendars, moments, ()).first_asked(step, [code]).get(code)


def _first(moments: Mapping[str, datetime]) -> datetime | None:
    return min(moments.values(), default=None)
