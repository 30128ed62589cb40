"""Holds a definition against the calendar, the delegations, the groups and the timelines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from orchestrator.domain.definitions.definition import MeetingDefinition, MeetingKind
from orchestrator.domain.definitions.written import Invitee
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.time.durations import duration_text
from orchestrator.domain.time.zones import exists, zone, zone_names
from orchestrator.domain.timelines.timeline import Timelines
from orchestrator.errors import InvalidInput, Problem

LONGEST_MEETING = timedelta(days=14)


def check(definition: MeetingDefinition, directory: Directory, timelines: Timelines) -> list[Problem]:
    """Return everything in ``definition`` that contradicts the calendar or the data; all at once."""
    return [
        *_check_time(definition),
        *_check_host(definition, directory),
        *_check_timeline(definition, timelines),
        *_check_agenda(definition, directory),
        *_check_attendees(definition, directory),
        *_check_links(definition),
    ]


def _check_time(definition: MeetingDefinition) -> list[Problem]:
    if definition.zone not in zone_names():
        return [
            Problem(
                "zone",
                definition.zone,
                "is not a zone of the IANA time zone database",
                "Write a zone such as Asia/Ho_Chi_Minh; abbreviations and offsets are ambiguous.",
            )
        ]
    if (definition.duration is None) == (definition.end is None):
        both = (
            "has neither 'duration' nor 'end'" if definition.end is None else "has both 'duration' and 'end'"
        )
        return [Problem("duration", "", both, "Give exactly one of them, for example duration: PT2H30M.")]
    problems = [
        Problem(
            field,
            f"{wall:%Y-%m-%d %H:%M}",
            f"does not exist in {definition.zone}: the clocks are put forward over it",
            "Choose a time before or after the change of clocks.",
        )
        for field, wall in (("start", definition.start), ("end", definition.end))
        if wall is not None and not exists(wall, zone(definition.zone))
    ]
    return problems or _check_length(definition)


def _check_length(definition: MeetingDefinition) -> list[Problem]:
    if definition.end is not None:
        field, given = "end", f"{definition.end:%Y-%m-%d %H:%M}"
        short = f"is not after the start, {definition.start:%Y-%m-%d %H:%M}"
    else:
        field, given, short = "duration", duration_text(definition.length), "is not longer than zero"
    if definition.length <= timedelta(0):
        return [Problem(field, given, short, "The meeting must end after it starts.")]
    if definition.length > LONGEST_MEETING:
        return [Problem(field, given, "makes the meeting longer than 14 days", "Check the dates.")]
    return []


def _check_host(definition: MeetingDefinition, directory: Directory) -> list[Problem]:
    return _check_delegation("host", definition.host, definition.start.date(), directory)


def _check_delegation(field: str, code: str, day: date, directory: Directory) -> list[Problem]:
    try:
        delegation = directory.get(code)
    except InvalidInput as error:
        found = error.problems[0]
        return [Problem(field, code, found.message, found.remedy)]
    if delegation.active_on(day):
        return []
    since = f"since {delegation.since}" if delegation.since and day < delegation.since else "no longer"
    return [
        Problem(
            field,
            code,
            f"{delegation.name} takes part {since}, and the meeting is on {day}",
            "Take it out, or change the date.",
        )
    ]


def _check_timeline(definition: MeetingDefinition, timelines: Timelines) -> list[Problem]:
    name = definition.timeline_of(timelines)
    if name in timelines:
        return []
    known = ", ".join(sorted(timelines))
    return [Problem("timeline", name, "is not a timeline", f"Known are: {known}.")]


def _check_agenda(definition: MeetingDefinition, directory: Directory) -> list[Problem]:
    problems: list[Problem] = []
    for index, item in enumerate(definition.agenda):
        if item.lead not in (None, "all"):
            field = f"agenda[{index}].lead"
            problems += _check_delegation(field, str(item.lead), definition.start.date(), directory)
    return problems


def _check_attendees(definition: MeetingDefinition, directory: Directory) -> list[Problem]:
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for index, invitee in enumerate(definition.attendees):
        where = f"attendees[{index}]"
        problems += _check_delegation(
            f"{where}.delegation", invitee.delegation, definition.start.date(), directory
        ) or _check_group(where, invitee, directory)
        first = seen.setdefault(invitee.email.casefold(), index)
        if first != index:
            problems.append(
                Problem(
                    f"{where}.email",
                    invitee.email,
                    f"is there twice: attendees[{first}] has it too",
                    "Keep one of the two; a person gets one invitation.",
                )
            )
    return problems


def _check_group(where: str, invitee: Invitee, directory: Directory) -> list[Problem]:
    try:
        group = directory.group(invitee.group)
    except InvalidInput as error:
        found = error.problems[0]
        return [Problem(f"{where}.group", invitee.group, found.message, found.remedy)]
    delegation = directory.get(invitee.delegation)
    if group.admits(delegation):
        return []
    return [
        Problem(
            f"{where}.group",
            invitee.group,
            f"is not for {delegation.name} ({delegation.code})",
            "Choose a group of that delegation.",
        )
    ]


def _check_links(definition: MeetingDefinition) -> list[Problem]:
    links: Mapping[str, tuple[str, ...]] = {
        "feeds": (definition.feeds,) if definition.feeds else (),
        "fed_by": definition.fed_by,
    }
    return [
        Problem(field, reference, "is this meeting itself", "Name another meeting, or leave it out.")
        for field, references in links.items()
        for reference in references
        if reference == definition.reference
    ] + _check_preparatory(definition)


def _check_preparatory(definition: MeetingDefinition) -> list[Problem]:
    wanted = definition.preparatory
    if wanted is None:
        return []
    if definition.kind is MeetingKind.PREPARATORY:
        remedy = "Take it out, or put it to the meeting that is prepared."
        return [Problem("preparatory", "", "is given for a preparatory meeting", remedy)]
    if wanted.reference == definition.reference:
        remedy = "Choose another reference."
        return [Problem("preparatory.reference", wanted.reference, "is this meeting itself", remedy)]
    return []
