"""Which delegations a step asks for something, whom of each it speaks to, and what they owe altogether."""

from __future__ import annotations

from orchestrator.domain.delegations.delegation import Directory, Role
from orchestrator.domain.meetings.meeting import (
    Attendee,
    Meeting,
    Need,
)
from orchestrator.domain.timelines.audience import admitted
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.needs import is_missing
from orchestrator.domain.timelines.steps import Step
from orchestrator.domain.timelines.timeline import Timeline


def asked_delegations(meeting: Meeting, step: Step, directory: Directory) -> list[str]:
    """Return the delegations that a step asks, or chases, for something, in protocol order.

    They are those with an attendee in its audience. Where that is the focal points, a delegation that should
    have one and sends none owes the same, and all of them owe an answer.
    """
    codes = {item.delegation for item in admitted(step.audiences, meeting, directory)}
    if any(item.value == Role.FOCAL_POINT for item in step.audiences):
        codes |= {
            code
            for code in meeting.delegations
            if step.need is Need.ANSWER or directory.has_focal_points(code)
        }
    return sorted(codes, key=directory.rank)


def oversees(meeting: Meeting, step: Step, rung: int, attendee: Attendee, directory: Directory) -> bool:
    """Whether a rung tells ``attendee`` of all delegations that lack something, not of their own only."""
    circles = (item for item in step.escalated(rung) if item.oversees)
    return any(item.admits(attendee, meeting, directory) for item in circles)


def addressees(meeting: Meeting, step: Step, directory: Directory) -> dict[str, list[Attendee]]:
    """Return who of each delegation a step speaks to: its audience, else its head, else the first."""
    found: dict[str, list[Attendee]] = {}
    for item in admitted(step.audiences, meeting, directory):
        found.setdefault(item.delegation, []).append(item)
    for code in meeting.delegations:
        if code not in found:
            found[code] = [meeting.head_of(code) or meeting.people_of(code)[0]]
    return found


def owed(meeting: Meeting, timeline: Timeline, directory: Directory) -> dict[str, frozenset[Need]]:
    """Return what each delegation owes a meeting: an answer, and what its timeline asks for."""
    found: dict[str, set[Need]] = {code: {Need.ANSWER} for code in meeting.delegations}
    for step in timeline.steps:
        if step.need is not None:
            for code in asked_delegations(meeting, step, directory):
                found[code].add(step.need)
    return {code: frozenset(found[code]) for code in sorted(found, key=directory.rank)}


def holds(meeting: Meeting, step: Step, delegation: str) -> bool:
    """Whether the condition of a step holds for a delegation; without one it does."""
    return step.when is None or is_missing(meeting, delegation, step.when)


def asks_for(asking: Step, chaser: Step) -> bool:
    """Whether a step asks for what a chaser is about."""
    if chaser.need is Need.ANSWER:
        return asking.do is ActionKind.INVITE and not asking.tentative
    return asking.ask is not None and asking.ask is chaser.need
