"""Explains plans: what happens, to whom, when in whose local time, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.meetings.needs import NEEDS
from orchestrator.domain.time.zones import LocalTime, Place, local_time
from orchestrator.domain.timelines.kinds import KINDS, ActionKind
from orchestrator.domain.timelines.obligations import NUDGE, Obligation
from orchestrator.domain.timelines.reconciling import Reconciliation
from orchestrator.domain.timelines.steps import Step
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.facts import Fact, Said, plain
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.views import ActionView, Consequence
from orchestrator.store.operations.queue import ListedAction
from orchestrator.store.timelines import actions

_NOWHERE = Place("UTC", "UTC")
_ASKED_FOR = Fact.of("timelines.why-nudge")


def what_of(
    kind: ActionKind,
    obligation_revision: int,
    step: Step | None,
    *,
    told: bool,
    name: str = "",
    tentative: bool = False,
) -> Fact:
    """Return what an action is, such as ``Reminder, 7 days before``; ``tentative`` is the meeting's.

    ``told`` says whether its recipient knows of the meeting: only then is a later invitation an update.
    ``name`` is that of the step, which tells what a coordinator has asked for from what a timeline has lost.
    What a step announces stays a save-the-date also when the meeting has been confirmed since.
    """
    later = obligation_revision > 1
    match kind:
        case ActionKind.INVITE:
            announces = _announces(step, tentative=tentative)
            return Fact.of(_INVITES[announces, told and later])
        case ActionKind.REMIND if step is not None:
            return Fact.of("timelines.reminder-at", when=step.said(with_clock=False))
        case ActionKind.NOTICE | ActionKind.CHASE if step is not None:
            return Fact.of("timelines.what-about", what=kind.rules.words, about=about_of(step))
        case ActionKind.CHASE if name == NUDGE:
            return Fact.of("timelines.what-nudge")
        case ActionKind.CONFERENCE if later:
            return Fact.of("timelines.what-conference-update")
    return kind.rules.words


_INVITES = {
    (True, True): "timelines.updated-save-the-date",
    (True, False): "timelines.save-the-date",
    (False, True): "timelines.updated-invitation",
    (False, False): "timelines.what-invite",
}


def about_of(step: Step) -> Said:
    """Return what a notice or a chaser is about: a need, or the key of a text in words."""
    return NEEDS[step.need].said if step.need else (step.about or "").replace("-", " ")


def why_of(step_name: str, timeline: Timeline | None, *, tentative: bool = False) -> Fact:
    """Return the rule an action comes from; ``tentative`` is the meeting's."""
    step = _step(step_name, timeline)
    if step is None:
        return _why_without_step(step_name)
    if step.do is ActionKind.CONNECTION_TEST and rung_of(step_name) > 1:
        return Fact.of("timelines.why-test-moved")
    when = step.said(rung_of(step_name))
    if step.do is ActionKind.INVITE and not _announces(step, tentative=tentative):
        when = Fact.of("timelines.once-the-link-is-there", when=when)
    return Fact.of("timelines.while", when=when, condition=NEEDS[step.when].missing) if step.when else when


def _why_without_step(name: str) -> Fact:
    """Say why an action happens that no step of a timeline calls for; its step is then called as its kind."""
    if name == NUDGE:
        return _ASKED_FOR
    return next((rules.why for kind, rules in KINDS.items() if kind == name and rules.why), plain(name))


def _announces(step: Step | None, *, tentative: bool) -> bool:
    """Return whether an invitation only announces the date, as ``tentative`` meetings and steps do."""
    return tentative or (step is not None and step.tentative)


def rung_of(step_name: str) -> int:
    """Return the rung of a ladder that an action's step names, as ``chase:list/2`` does; else 1."""
    return int(step_name.partition("/")[2] or 1)


def _step(name: str, timeline: Timeline | None) -> Step | None:
    return timeline.named(name) if timeline else None


def view_of_action(listed: ListedAction, directory: Directory, timeline: Timeline | None) -> ActionView:
    """Return a listed action as a view."""
    row, reference, _, _, host, tentative, name, email, delegation, told = listed
    code = delegation or host
    place = directory.place_of(code, row.due_at) if code else _NOWHERE
    kind = ActionKind(row.kind)
    return ActionView(
        id=row.id,
        key=row.key,
        meeting=reference or "",
        kind=row.kind,
        what=what_of(
            kind,
            row.revision,
            _step(row.step, timeline),
            told=told,
            name=row.step,
            tentative=bool(tentative),
        ),
        why=why_of(row.step, timeline, tentative=bool(tentative)),
        state=row.state,
        recipient_name=name,
        recipient_email=email,
        delegation=delegation,
        due_at=row.due_at,
        due=local_time(row.due_at, place),
        planned=local_time(row.planned_at, place) if row.planned_at else None,
        expires_at=row.expires_at,
        revision=row.revision,
        attempt=row.attempt,
        reason=row.reason,
        note=row.note,
    )


class Explainer:
    """Turns a reconciliation into consequences, in the order in which they will come."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    def explain(self, session: Session, meeting: Meeting, result: Reconciliation) -> tuple[Consequence, ...]:
        """Return what the reconciliation makes happen, move, end or pass over, but for what goes along."""
        found = [
            *(
                (item.obligation.due, self._of(meeting, "new", item.obligation, item.obligation.note))
                for item in result.inserts
            ),
            *(
                (item.obligation.due, self._of(meeting, "moved", item.obligation, item.obligation.note))
                for item in result.moves
            ),
            *self._cancelled(session, meeting, result),
            *(
                (item.obligation.due, self._of(meeting, "skipped", item.obligation, item.reason))
                for item in result.skips
            ),
        ]
        told = [pair for pair in found if not ActionKind(pair[1].kind).rules.aside]
        return tuple(consequence for _, consequence in sorted(told, key=lambda pair: _order(pair[0])))

    def _of(
        self, meeting: Meeting, effect: str, wanted: Obligation, reason: Fact | None = None
    ) -> Consequence:
        timeline = self._planner.timeline(meeting)
        step = _step(wanted.step, timeline)
        what = what_of(
            wanted.kind,
            wanted.revision,
            step,
            told=_told(meeting, wanted.attendee_id),
            name=wanted.step,
            tentative=meeting.tentative,
        )
        why = why_of(wanted.step, timeline, tentative=meeting.tentative)
        return self._consequence(
            meeting, effect, wanted.kind, what, why, wanted.attendee_id, wanted.due, reason
        )

    def _cancelled(
        self, session: Session, meeting: Meeting, result: Reconciliation
    ) -> Sequence[tuple[datetime | None, Consequence]]:
        reasons = {item.action_id: item.reason for item in result.cancels}
        rows = actions.named(session, reasons)
        timeline = self._planner.timeline(meeting)
        return [
            (
                row.planned_at,
                self._consequence(
                    meeting,
                    "cancelled",
                    ActionKind(row.kind),
                    what_of(
                        ActionKind(row.kind),
                        row.revision,
                        _step(row.step, timeline),
                        told=_told(meeting, row.attendee_id),
                        name=row.step,
                    ),
                    why_of(row.step, timeline),
                    row.attendee_id,
                    row.planned_at,
                    reasons[row.id],
                ),
            )
            for row in rows
        ]

    def _consequence(
        self,
        meeting: Meeting,
        effect: str,
        kind: ActionKind,
        what: Fact,
        why: Fact,
        attendee_id: int | None,
        due: datetime | None,
        reason: Fact | None,
    ) -> Consequence:
        attendee = meeting.attendee(attendee_id) if attendee_id is not None else None
        delegation = attendee.delegation if attendee else None
        place = self._planner.directory.place_of(delegation or meeting.host, due or meeting.starts_at)
        when: LocalTime | None = local_time(due, place) if due else None
        return Consequence(
            effect,
            kind,
            what,
            attendee.name if attendee else None,
            attendee.email if attendee else None,
            delegation,
            when,
            reason,
            why=why,
        )


def _told(meeting: Meeting, attendee_id: int | None) -> bool:
    return attendee_id is not None and meeting.attendee(attendee_id).notified


def _order(due: datetime | None) -> tuple[bool, float]:
    return (due is not None, due.timestamp() if due else 0.0)
