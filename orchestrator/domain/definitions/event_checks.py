"""What is wrong with an event as a whole: its sessions beside each other, its lead, its month."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.domain.definitions.events import EventDefinition, Frame, SessionDefinition
from orchestrator.domain.meetings.event import Event, leads_among, no_session_of
from orchestrator.domain.meetings.linked import Feed
from orchestrator.domain.meetings.meeting import MeetingStatus
from orchestrator.domain.time.months import Month
from orchestrator.errors import Problem
from orchestrator.facts import Fact


def event_problems(event: EventDefinition) -> list[Problem]:
    """Return what is wrong with the sessions of an event beside each other."""
    if not event.sessions:
        wrong, remedy = Fact.of("definitions.no-sessions"), Fact.of("definitions.no-sessions.remedy")
        return [Problem("sessions", "", wrong, remedy)]
    return [*_twice(event.sessions), *_programmes(event), *_lead_problems(event)]


def _twice(sessions: Sequence[SessionDefinition]) -> list[Problem]:
    seen: dict[str, int] = {}
    wrong, remedy = "definitions.session-twice", Fact.of("definitions.session-twice.remedy")
    return [
        Problem(f"sessions[{place}].reference", item.reference, Fact.of(wrong, first=first), remedy)
        for place, item in enumerate(sessions)
        if (first := seen.setdefault(item.reference, place)) != place
    ]


def _programmes(event: EventDefinition) -> list[Problem]:
    named = [
        (f"sessions[{place}].programme", item.programme)
        for place, item in enumerate(event.sessions)
        if item.programme is not None
    ]
    first = event.programme or next((value for _, value in named), "")
    return [_other_programme(field, value, first) for field, value in named if value != first]


def _other_programme(field: str, value: str, first: str) -> Problem:
    wrong = Fact.of("definitions.other-programme", programme=first)
    return Problem(field, value, wrong, Fact.of("definitions.other-programme.remedy"))


def programme_problems(session: SessionDefinition, frame: Frame) -> list[Problem]:
    """Return what is wrong with the programme of a session that comes to an event."""
    first = frame.defaults.get("programme")
    if session.programme is None or first in (None, session.programme):
        return []
    return [_other_programme("programme", session.programme, str(first))]


def month_problems(event: Event, month: Month | None) -> list[Problem]:
    """Return what keeps an event from being planned for another month, or for none."""
    if month is None:
        waiting = tuple(item.reference for item in event.undated)
        wrong = Fact.of("definitions.month-needed", sessions=waiting)
        return [Problem("when", "", wrong, Fact.of("definitions.month-needed.remedy"))] if waiting else []
    return [
        Problem(
            "when.month",
            str(month),
            Fact.of(
                "definitions.session-elsewhere", session=item.reference, day=f"{item.wall_start:%Y-%m-%d}"
            ),
            Fact.of("definitions.session-elsewhere.remedy"),
        )
        for item in event.dated
        if item.status is not MeetingStatus.CANCELLED
        and item.wall_start is not None
        and not month.holds(item.wall_start.date())
    ]


def _lead_problems(event: EventDefinition) -> list[Problem]:
    given = _leads(event)
    if len(given) > 1:
        wrong = Fact.of("definitions.two-leads", leads=tuple(given))
        return [Problem("lead", ", ".join(given), wrong, Fact.of("definitions.two-leads.remedy"))]
    references = tuple(item.reference for item in event.sessions)
    if given and given[0] not in references:
        return [no_session_of(given[0], references)]
    if given or len(_ends(event)) == 1:
        return []
    known = Fact.of("definitions.no-lead.remedy", known=_ends(event))
    return [Problem("lead", "", Fact.of("definitions.no-lead"), known)]


def _leads(event: EventDefinition) -> list[str]:
    given = event.lead if isinstance(event.lead, tuple) else (event.lead,) if event.lead else ()
    ticked = (item.reference for item in event.sessions if item.lead)
    return list(dict.fromkeys([*given, *ticked]))


def _ends(event: EventDefinition) -> tuple[str, ...]:
    return leads_among([item.reference for item in event.sessions], feeds_of(event))


def feeds_of(event: EventDefinition) -> list[Feed]:
    """Return the links that the sessions of an event say."""
    forward = [(item.reference, item.feeds) for item in event.sessions if item.feeds]
    return forward + [(source, item.reference) for item in event.sessions for source in item.fed_by]


def lead_of(event: EventDefinition) -> str:
    """Return the session that leads an event without problems: the named one, else what others prepare."""
    return (_leads(event) or _ends(event))[0]
