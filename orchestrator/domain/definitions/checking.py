"""Holds a definition against the calendar, the delegations, the groups and the timelines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from orchestrator.domain.definitions.definition import MeetingDefinition, MeetingKind
from orchestrator.domain.definitions.written import Invitee
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.people.addresses import OwnMailbox, compared
from orchestrator.domain.time.durations import duration_text
from orchestrator.domain.time.zones import instant_of, wall_problem, zone, zone_problem
from orchestrator.domain.timelines.timeline import Timelines
from orchestrator.errors import InvalidInput, Problem
from orchestrator.facts import Fact

LONGEST_MEETING = timedelta(days=14)


def check(
    definition: MeetingDefinition,
    directory: Directory,
    timelines: Timelines,
    own: OwnMailbox | None = None,
    *,
    new_time: bool = True,
    new_place: bool = True,
) -> list[Problem]:
    """Return everything in ``definition`` that contradicts the calendar or the data; all at once.

    With ``own`` nobody may be named under an address of the service's mailbox. Without ``new_time`` the time
    is one that stands already, and was found to be good when it came; so it is with the place without
    ``new_place``.
    """
    return [
        *(_check_time(definition) if new_time else ()),
        *(_check_place(definition) if new_time or new_place else ()),
        *_check_host(definition, directory),
        *_check_timeline(definition, timelines),
        *_check_agenda(definition, directory),
        *_check_attendees(definition, directory),
        *_check_links(definition),
        *(check_mailbox(definition, own) if own else ()),
    ]


def _check_time(definition: MeetingDefinition) -> list[Problem]:
    unfit = zone_problem(definition.zone)
    if unfit:
        return [Problem("zone", definition.zone, *unfit)]
    if (definition.duration is None) == (definition.end is None):
        both = "definitions.neither-length" if definition.end is None else "definitions.both-lengths"
        return [Problem("duration", "", Fact.of(both), Fact.of("definitions.one-length"))]
    there = zone(definition.zone)
    problems = [
        Problem(field, f"{wall:%Y-%m-%d %H:%M}", *problem)
        for field, wall in (("start", definition.start), ("end", definition.end))
        if wall is not None and (problem := wall_problem(wall, there))
    ]
    return problems or _check_length(definition)


def _check_length(definition: MeetingDefinition) -> list[Problem]:
    if definition.end is not None:
        field, given = "end", f"{definition.end:%Y-%m-%d %H:%M}"
        short = Fact.of("definitions.not-after-start", start=f"{definition.start:%Y-%m-%d %H:%M}")
    else:
        field, given = "duration", duration_text(definition.length)
        short = Fact.of("definitions.no-length")
    if definition.length <= timedelta(0):
        return [Problem(field, given, short, Fact.of("definitions.no-length.remedy"))]
    if definition.length > LONGEST_MEETING:
        long = Fact.of("definitions.too-long", days=LONGEST_MEETING.days)
        return [Problem(field, given, long, Fact.of("definitions.too-long.remedy"))]
    return []


def _check_place(definition: MeetingDefinition) -> list[Problem]:
    mode, venue, room = definition.mode, definition.venue, definition.room
    if venue is None and mode.has_venue:
        return [_place_problem("venue", "", Fact.of("definitions.no-venue", mode=mode.fact))]
    if venue is None:
        return [_place_problem("room", room, Fact.of("definitions.room-without-venue"))] if room else []
    unfit = zone_problem(venue.zone)
    if unfit:
        return [Problem("venue.zone", venue.zone, *unfit)]
    if not mode.has_venue:
        return [_place_problem("mode", mode.value, Fact.of("definitions.venue-of-online"))]
    return [] if mode.has_link else _check_clocks(definition, venue.zone)


_PLACE_REMEDIES = {
    "venue": "definitions.no-venue.remedy",
    "room": "definitions.room-without-venue.remedy",
    "mode": "definitions.venue-of-online.remedy",
}


def _place_problem(field: str, value: str, wrong: Fact) -> Problem:
    return Problem(field, value, wrong, Fact.of(_PLACE_REMEDIES[field]))


def _check_clocks(definition: MeetingDefinition, venue_zone: str) -> list[Problem]:
    """Of a meeting in person the wall time is the one at the venue: letters and programmes name no other."""
    if zone_problem(definition.zone):
        return []
    written, there = zone(definition.zone), zone(venue_zone)
    if instant_of(definition.start, written) == instant_of(definition.start, there):
        return []
    wrong = Fact.of("definitions.not-the-venues-zone", zone=venue_zone)
    return [Problem("zone", definition.zone, wrong, Fact.of("definitions.not-the-venues-zone.remedy"))]


def _check_host(definition: MeetingDefinition, directory: Directory) -> list[Problem]:
    return _check_delegation("host", definition.host, definition.start.date(), directory)


def _check_delegation(field: str, code: str, day: date, directory: Directory) -> list[Problem]:
    try:
        delegation = directory.get(code)
    except InvalidInput as error:
        found = error.problems[0]
        return [Problem(field, code, found.wrong, found.advice)]
    if delegation.active_on(day):
        return []
    early = delegation.since is not None and day < delegation.since
    inactive = (
        Fact.of(
            "definitions.takes-part-since",
            delegation=delegation.name,
            since=str(delegation.since),
            day=str(day),
        )
        if early
        else Fact.of("definitions.takes-part-no-longer", delegation=delegation.name, day=str(day))
    )
    return [Problem(field, code, inactive, Fact.of("definitions.takes-no-part.remedy"))]


def _check_timeline(definition: MeetingDefinition, timelines: Timelines) -> list[Problem]:
    name = definition.timeline_of(timelines)
    if name in timelines:
        return []
    known = tuple(sorted(timelines))
    return [
        Problem(
            "timeline",
            name,
            Fact.of("definitions.not-a-timeline"),
            Fact.of("definitions.not-a-timeline.remedy", known=known),
        )
    ]


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
        first = seen.setdefault(compared(invitee.email), index)
        if first != index:
            problems.append(
                Problem(
                    f"{where}.email",
                    invitee.email,
                    Fact.of("definitions.invited-twice", first=first),
                    Fact.of("definitions.invited-twice.remedy"),
                )
            )
    return problems


def check_mailbox(definition: MeetingDefinition, own: OwnMailbox) -> list[Problem]:
    """Return where a definition names somebody under an address of the service's own mailbox."""
    named = {"coordinator.email": definition.coordinator.email} | {
        f"attendees[{index}].email": item.email for index, item in enumerate(definition.attendees)
    }
    return [own_mailbox_problem(field, email) for field, email in named.items() if own.holds(email)]


def own_mailbox_problem(field: str, email: str) -> Problem:
    """Return what is wrong with an address of the service's own mailbox."""
    return Problem(
        field, email, Fact.of("definitions.own-mailbox"), Fact.of("definitions.own-mailbox.remedy")
    )


def _check_group(where: str, invitee: Invitee, directory: Directory) -> list[Problem]:
    try:
        group = directory.group(invitee.group)
    except InvalidInput as error:
        found = error.problems[0]
        return [Problem(f"{where}.group", invitee.group, found.wrong, found.advice)]
    delegation = directory.get(invitee.delegation)
    if group.admits(delegation):
        return []
    return [
        Problem(
            f"{where}.group",
            invitee.group,
            Fact.of("definitions.group-not-for", delegation=delegation.name, code=delegation.code),
            Fact.of("definitions.group-not-for.remedy"),
        )
    ]


def _check_links(definition: MeetingDefinition) -> list[Problem]:
    links: Mapping[str, tuple[str, ...]] = {
        "feeds": (definition.feeds,) if definition.feeds else (),
        "fed_by": definition.fed_by,
    }
    return [
        Problem(field, reference, Fact.of("definitions.itself"), Fact.of("definitions.itself.remedy"))
        for field, references in links.items()
        for reference in references
        if reference == definition.reference
    ] + _check_preparatory(definition)


def _check_preparatory(definition: MeetingDefinition) -> list[Problem]:
    wanted = definition.preparatory
    if wanted is None:
        return []
    if definition.kind is MeetingKind.PREPARATORY:
        remedy = Fact.of("definitions.prepares-a-preparatory.remedy")
        return [Problem("preparatory", "", Fact.of("definitions.prepares-a-preparatory"), remedy)]
    if wanted.reference == definition.reference:
        remedy = Fact.of("definitions.same-reference.remedy")
        return [Problem("preparatory.reference", wanted.reference, Fact.of("definitions.itself"), remedy)]
    return []
