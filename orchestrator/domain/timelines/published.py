"""What a published meeting calls for by its timeline, and what is still said once it is over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from orchestrator.domain.delegations.working_calendar import (
    EARLIEST,
    Calendars,
)
from orchestrator.domain.meetings.meeting import (
    Attendee,
    ConnectionTest,
    Meeting,
    Need,
)
from orchestrator.domain.time.zones import local_time
from orchestrator.domain.timelines import session_work
from orchestrator.domain.timelines.asking import addressees, asked_delegations, holds, owed
from orchestrator.domain.timelines.audience import admitted
from orchestrator.domain.timelines.events import answered_for, asked_for, called_off
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.ladders import Ladders
from orchestrator.domain.timelines.moments import Moments
from orchestrator.domain.timelines.needs import is_missing
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.offsets import Offset
from orchestrator.domain.timelines.steps import Step
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.facts import Fact


class Published:
    """What a published meeting calls for, step by step."""

    def __init__(
        self, meeting: Meeting, timeline: Timeline, calendars: Calendars, only: Collection[int] | None
    ) -> None:
        self._meeting = meeting
        self._timeline = timeline
        self._calendars = calendars
        self._starts, self._ends = meeting.starts_at, meeting.ends_at
        self._invited = [item for item in meeting.invited if only is None or item.id in only]
        self._ids = {item.id for item in self._invited}
        self._moments = Moments(meeting, timeline, calendars)
        self._ladders = Ladders(meeting, timeline, calendars, self._moments, self._ids)
        self._waits_for: str | None = None

    def obligations(self) -> list[Obligation]:
        """Return all of it but what comes after a meeting that is over."""
        wanted: list[Obligation] = []
        for step in self._steps():
            wanted += self._of(step)
        wanted += [
            *asked_for(self._meeting, self._waits_for),
            *answered_for(self._meeting),
            *([] if self._meeting.mode.has_link else called_off(self._meeting)),
        ]
        return _without_doubles([*wanted, *self._nudges()])

    def afterwards(self) -> list[Obligation]:
        """Return what is still to be said once the meeting is over, such as thanks."""
        steps = [item for item in self._timeline.steps if item.do is ActionKind.NOTICE]
        return [found for step in steps if self._timeline.is_after(step) for found in self._notices(step)]

    def _steps(self) -> Sequence[Step]:
        """The steps that apply: a save-the-date has nothing to join and nothing to remind of yet."""
        invitation = self._timeline.invitation(tentative=self._meeting.tentative)
        return [
            step
            for step in self._timeline.steps
            if (step is invitation if step.do is ActionKind.INVITE else self._applies(step))
        ]

    def _applies(self, step: Step) -> bool:
        return (step.do is ActionKind.CONFIRM) == self._meeting.tentative

    def _of(self, step: Step) -> list[Obligation]:
        match step.do:
            case ActionKind.CONFERENCE:
                return self._conference(step)
            case ActionKind.INVITE:
                return [self._invitation(step, item) for item in self._invited if not item.declined]
            case ActionKind.REMIND:
                return self._reminders(step)
            case ActionKind.NOTICE:
                return self._notices(step)
            case ActionKind.CHASE:
                return [*self._ladders.chasers(step)]
            case ActionKind.CONNECTION_TEST:
                return [*self._connection_tests(step)]
            case ActionKind.CONFIRM | ActionKind.CONCLUDE:
                return [self._own_work(step)]
        return []

    def _conference(self, step: Step) -> list[Obligation]:
        """The link, made or kept up to date; and the alert while there is none."""
        self._waits_for = session_work.invitations_wait_for(self._meeting, step.name)
        return session_work.link(self._meeting, step.name, step.alert_after)

    def _invitation(self, step: Step, attendee: Attendee) -> Obligation:
        due = self._moments.invited_at(step, attendee)
        return Obligation(
            key=f"{step.name}:attendee-{attendee.id}",
            kind=ActionKind.INVITE,
            step=step.name,
            attendee_id=attendee.id,
            revision=self._meeting.revision,
            due=due.instant if due else None,
            # A person added, or a link replaced, while the meeting goes on is told; after it no one is.
            expires=self._ends,
            waits_for=self._waits_for,
            late=True,
            note=due.moved if due else None,
        )

    def _reminders(self, step: Step) -> list[Obligation]:
        found = [
            self._after_invitation(self._moments.mail(step, step.first, step.name, item), item)
            for item in self._admitted(step)
            if not item.declined and holds(self._meeting, step, item.delegation)
        ]
        return [*found, *self._moments.for_coordinator(step, 1)]

    def _after_invitation(self, wanted: Obligation, attendee: Attendee) -> Obligation:
        """Leave out a reminder of what an attendee is only invited to then, as where it is published late."""
        inviting = self._timeline.invitation(tentative=False)
        due = self._moments.invited_at(inviting, attendee) if inviting else None
        if due is None or wanted.due is None or wanted.left_out or wanted.due > due.instant:
            return wanted
        return replace(wanted, left_out=Fact.of("timelines.invited-then"))

    def _notices(self, step: Step) -> list[Obligation]:
        found = [
            self._moments.mail(step, step.first, step.name, item)
            for item in (self._spoken_to(step, self._asked(step)) if step.ask else self._admitted(step))
            if not item.declined and holds(self._meeting, step, item.delegation)
        ]
        return [*found, *self._moments.for_coordinator(step, 1)]

    def _asked(self, step: Step) -> list[str]:
        return asked_delegations(self._meeting, step, self._calendars.directory)

    def _spoken_to(self, step: Step, codes: Iterable[str]) -> list[Attendee]:
        """Who speaks for each of these delegations in what a step is about."""
        found = addressees(self._meeting, step, self._calendars.directory)
        return [item for code in codes for item in found.get(code, ()) if item.id in self._ids]

    def _connection_tests(self, step: Step) -> Iterator[Obligation]:
        """Tell each delegation its slot, and at once again when it was moved after that."""
        slots = {slot.delegation: slot for slot in self._meeting.connection_tests}
        lacking = [code for code in self._asked(step) if self._lacks(code, Need.TEST)]
        for item in self._spoken_to(step, lacking):
            wanted = self._moments.mail(step, step.first, step.name, item)
            slot = slots.get(item.delegation)
            if slot is None:
                wanted = replace(wanted, left_out=Fact.of("timelines.no-slot-free"))
            else:
                wanted = self._in_time_for(wanted, step, slot)
            yield wanted
            if slot is not None and slot.moves:
                name = f"{step.name}/{slot.moves + 1}"
                yield replace(
                    wanted,
                    key=f"{name}:attendee-{item.id}",
                    step=name,
                    due=None,
                    expires=slot.starts_at,
                    note=_SLOT_MOVED,
                    left_out=None,
                )

    def _in_time_for(self, wanted: Obligation, step: Step, slot: ConnectionTest) -> Obligation:
        """Let a mail that tells of a slot go out before it, also when its day has passed, never after it."""
        if wanted.due is not None and wanted.due >= slot.starts_at:
            clock = step.first.clock if step.first else None
            day_before = Offset(after=False, days=1, clock=clock or EARLIEST)
            calendar = self._calendars.of(slot.delegation)
            due = day_before.due(slot.starts_at, calendar).instant
            there = local_time(due, calendar.place(calendar.local_date(due)))
            note = Fact.of("timelines.before-the-test", when=there)
            wanted = replace(
                wanted, due=due, expires=self._moments.expiry(step, due), note=note, left_out=None
            )
        return replace(wanted, expires=min(wanted.expires, slot.starts_at), late=True)

    def _nudges(self) -> list[Obligation]:
        """Ask now for what is missing, because a coordinator wants it."""
        if not any(item.nudges for item in self._invited):
            return []
        due = owed(self._meeting, self._timeline, self._calendars.directory)
        return session_work.nudges(self._meeting, self._invited, due.__getitem__)

    def _own_work(self, step: Step) -> Obligation:
        """What the service does by itself, at the host's hour."""
        due, confirms = (
            self._moments.due(step, step.first, self._meeting.host, None),
            step.do is ActionKind.CONFIRM,
        )
        return Obligation(
            step.name,
            step.do,
            step.name,
            None,
            self._meeting.time_revision,
            due.instant,
            self._starts if confirms else due.instant + timedelta(days=365),
            late=confirms,
            note=due.moved,
            left_out=_ANNOUNCED_LATE if confirms and self._announced_after(due.instant) else None,
        )

    def _announced_after(self, moment: datetime) -> bool:
        """Whether a coordinator announced the date by hand when the timeline would have confirmed it.

        Where the date has moved since, the timeline decides again.
        """
        announced = self._meeting.published_at
        return self._meeting.time_revision == 1 and announced is not None and announced > moment

    def _admitted(self, step: Step) -> list[Attendee]:
        people = admitted(step.audiences, self._meeting, self._calendars.directory)
        return [item for item in people if item.id in self._ids]

    def _lacks(self, delegation: str, need: Need) -> bool:
        return is_missing(self._meeting, delegation, need)


_ANNOUNCED_LATE = Fact.of("timelines.announced-late")
_SLOT_MOVED = Fact.of("timelines.slot-moved")


def _without_doubles(wanted: list[Obligation]) -> list[Obligation]:
    """Leave out a reminder, or a rung, that lands at the very moment of a later one: one mail says both."""
    last: dict[tuple[object, ...], str] = {}
    for item in wanted:
        if item.kind.rules.merged and not item.left_out:
            last[_twin(item)] = item.key
    return [
        replace(item, left_out=Fact.of("timelines.merged", what=item.kind.rules.merged))
        if item.kind.rules.merged and not item.left_out and last[_twin(item)] != item.key
        else item
        for item in wanted
    ]


def _twin(item: Obligation) -> tuple[object, ...]:
    """What two mails have in common of which one is enough; of a chaser also what it is about."""
    about = item.step.partition("/")[0] if item.kind is ActionKind.CHASE else ""
    return item.kind, about, item.attendee_id, item.due
