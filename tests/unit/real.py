"""The shipped delegations and timelines, and meetings of them, for tests of what goes out when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from orchestrator.domain.definitions.files import read_yaml
from orchestrator.domain.delegations.delegation import Directory, Kind, Role
from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus
from orchestrator.domain.readiness import connection_tests as connectivity
from orchestrator.domain.time.zones import zone
from orchestrator.domain.timelines.asking import asked_delegations
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.planning import plan
from orchestrator.domain.timelines.timeline import Timeline

CONFIG = Path(__file__).parents[2] / "config"
DIRECTORY = Directory.of(read_yaml((CONFIG / "delegations.yaml").read_text("utf-8")))
CALENDARS = Calendars(DIRECTORY)
SHIPPED = {
    file.stem: Timeline.of(read_yaml(file.read_text("utf-8")))
    for file in sorted((CONFIG / "timelines").glob("*.yaml"))
}
LONG_BEFORE = timedelta(days=300)
EARLY = datetime(2019, 1, 1, tzinfo=UTC)
"""Before every meeting of these tests."""


@lru_cache
def people_of(*codes: str) -> tuple[Attendee, ...]:
    """Who comes for each delegation: three of a member, among them a focal point, and one of the others."""
    found = []
    for code in codes:
        kind = DIRECTORY.get(code).kind
        groups = {
            Kind.MEMBER: ("ACCSM_FP", "SOM", "ACCSM_OFF"),
            Kind.SECRETARIAT: ("ASEC",),
            Kind.PLUS_THREE: ("PLUS3",),
            Kind.PARTNER: ("DP4",),
        }[kind]
        found += [(code, DIRECTORY.group(group)) for group in groups]
    return tuple(
        Attendee(
            f"{group.role} of {code}", f"person{number}@example.org", code, group.code, group.role, id=number
        )
        for number, (code, group) in enumerate(found, 1)
    )


EVERYBODY = people_of(*(item.code for item in Directory.in_order(DIRECTORY.delegations)))


def person(code: str, role: Role, number: int, **fields: Any) -> Attendee:
    """Somebody of a delegation in a role, in the group of that role."""
    group = next(item for item in DIRECTORY.groups if item.role is role and item.admits(DIRECTORY.get(code)))
    return Attendee(f"Person {number}", f"p{number}@example.org", code, group.code, role, id=number, **fields)


def meeting_of(
    wall_start: datetime,
    *,
    host: str = "VN",
    timeline: str = "som",
    attendees: Iterable[Attendee] = EVERYBODY,
    **fields: Any,
) -> Meeting:
    """A meeting that was published long before, in its host's zone, with its link and its test slots."""
    bare = Meeting(
        id=1,
        reference="SOM-2026",
        programme=None,
        kind="som",
        title_en="SOM",
        title_vi=None,
        host=host,
        coordinator_name="K",
        coordinator_email="k@example.org",
        wall_start=wall_start,
        zone=DIRECTORY.get(host).zone,
        duration=fields.pop("duration", timedelta(hours=3)),
        timeline=timeline,
        conference=Conference("external", "provider", "https://meet.example.org/1"),
        status=MeetingStatus.PUBLISHED,
        uid="uid",
        revision=1,
        time_revision=1,
        attendees=tuple(attendees),
    )
    published = replace(bare, published_at=bare.starts_at - LONG_BEFORE)
    return with_slots(replace(published, **fields), SHIPPED[timeline])


def with_slots(meeting: Meeting, timeline: Timeline) -> Meeting:
    """The meeting as the planner completes it."""
    step = timeline.step(ActionKind.CONNECTION_TEST)
    if step is None or meeting.tentative:
        return meeting
    codes = asked_delegations(meeting, step, DIRECTORY)
    slots = connectivity.allot(
        meeting, codes, step, CALENDARS, meeting.connection_tests, meeting.published_at or EARLY
    )
    return replace(meeting, connection_tests=slots)


def planned(
    meeting: Meeting, timeline: Timeline | None = None, calendars: Calendars = CALENDARS
) -> dict[str, Obligation]:
    """What a meeting calls for, by key."""
    wanted = plan(meeting, timeline or SHIPPED[meeting.timeline], calendars)
    assert len({item.key for item in wanted}) == len(wanted)
    return {item.key: item for item in wanted}


def local(instant: datetime | None, code: str) -> str:
    """An instant as it reads at a delegation, such as ``2026-12-03 14:00``."""
    assert instant is not None
    there = zone(DIRECTORY.place_of(code, instant).zone)
    return f"{instant.astimezone(there):%Y-%m-%d %H:%M}"


def utc(*parts: int) -> datetime:
    """An instant."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]
