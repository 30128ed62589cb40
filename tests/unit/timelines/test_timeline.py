"""Timelines: the grammar of offsets, the instants they mean, and what a timeline may not say."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.definitions.definition import MeetingDefinition, MeetingKind
from orchestrator.domain.definitions.files import read_yaml
from orchestrator.domain.delegations.delegation import Delegation, Directory, Hours
from orchestrator.domain.delegations.working_calendar import Override, OverrideKind, WorkingCalendar
from orchestrator.domain.letters.notices import notice_texts
from orchestrator.domain.meetings.meeting import Need
from orchestrator.domain.time.zones import zone
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.offsets import Offset
from orchestrator.domain.timelines.steps import Step
from orchestrator.domain.timelines.timeline import Timeline, checked
from orchestrator.errors import ConfigurationError
from tests.saying import said

CONFIG = Path(__file__).parents[3] / "config"
SHIPPED = {
    file.stem: Timeline.of(read_yaml(file.read_text("utf-8")))
    for file in (CONFIG / "timelines").glob("*.yaml")
}
DIRECTORY = Directory.of(read_yaml((CONFIG / "delegations.yaml").read_text("utf-8")))
NOTICES = notice_texts(read_yaml((CONFIG / "notices.yaml").read_text("utf-8")))
STARTS = datetime(2026, 12, 3, 7, tzinfo=UTC)  # 14:00 in Ha Noi.
ENDS = STARTS + timedelta(hours=3)


def offset(text: str) -> Offset:
    found = Offset.parse(text)
    assert found is not None
    return found


def at(name: str, *overrides: Override) -> WorkingCalendar:
    """A calendar in the zone ``name`` where every day is worked from nine to five."""
    hours = Hours(days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), opens=time(9), closes=time(17))
    there = Delegation(
        code="XX", kind="member", order=1, name="Nowhere", zone=name, city="City", hours=(hours,)
    )
    return WorkingCalendar(there, overrides)


def closed(first: date, last: date, name: str = "a day off") -> Override:
    return Override(1, "XX", OverrideKind.CLOSED, first, last, name)


def due(text: str, anchor: datetime, name: str = "Asia/Ho_Chi_Minh") -> datetime:
    found = offset(text).due(anchor, at(name))
    assert not said(found.moved)
    return found.instant


def timeline(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": "quick", "title": "Quick", "steps": list(steps)} | fields


def problems(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(ConfigurationError) as caught:
        Timeline.of(data)
    return [(item.field, item.message) for item in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-P7D at 09:00 local", Offset(False, 7, False, time(9))),
        ("-P7D", Offset(False, 7, False, time(9))),
        ("-5WD", Offset(False, 5, True, time(9))),
        ("-5WD at 14:30 local", Offset(False, 5, True, time(14, 30))),
        ("-PT1H", Offset(False, exact=timedelta(hours=1))),
        ("-P1DT12H", Offset(False, exact=timedelta(hours=36))),
        ("+P3D", Offset(True, 3, False, time(9))),
        ("+1WD", Offset(True, 1, True, time(9))),
        ("+P3D at 16:00 local", Offset(True, 3, False, time(16))),
        ("-P1W at 09:00 local", Offset(False, 7, False, time(9))),
        ("  +PT0S ", Offset(True)),
    ],
)
def test_an_offset_is_read_and_written(text: str, expected: Offset) -> None:
    assert Offset.parse(text) == expected
    assert Offset.parse(str(expected)) == expected


def test_immediately_is_no_offset() -> None:
    assert Offset.parse(" immediately ") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not an offset"),
        ("now", "is not an offset"),
        ("7D", "is not an offset"),
        ("P7D", "is not an offset"),
        ("P7D before at 09:00 local", "is not an offset any more; write '-P7D at 09:00 local'"),
        ("PT1H before", "is not an offset any more; write '-PT1H'"),
        ("PT0S after", r"is not an offset any more; write '\+PT0S'"),
        ("5WD", "is not an offset"),
        ("- P7D", "is not an offset"),
        ("-P7D at 9:00 local", "is not an offset"),
        ("-P7D at 09:00", "is not an offset"),
        ("-P7D at 09:00 Ha Noi", "is not an offset"),
        ("-5.5WD", "is not an offset"),
        ("-261WD", "counts more than 260 working days"),
        ("-P1M", "is not an ISO 8601 duration"),
        ("-P7D at 25:00 local", "hour must be in"),
        ("-P7D at 08:59 local", "names 08:59, and what counts days goes out between 09:00 and 16:00"),
        ("-5WD at 16:01 local", "names 16:01, and what counts days goes out between 09:00 and 16:00"),
        ("-PT36H at 09:00 local", "counts hours and names a local time"),
        ("-P99999999D", "is longer than ten years"),
    ],
)
def test_what_is_no_offset_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Offset.parse(text)


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("Asia/Ho_Chi_Minh", datetime(2026, 11, 26, 2, tzinfo=UTC)),
        ("Asia/Yangon", datetime(2026, 11, 26, 2, 30, tzinfo=UTC)),
        ("Asia/Dili", datetime(2026, 11, 26, 0, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 11, 26, 3, 30, tzinfo=UTC)),
        ("Australia/Sydney", datetime(2026, 11, 25, 22, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 11, 25, 20, tzinfo=UTC)),
        ("America/Toronto", datetime(2026, 11, 26, 14, tzinfo=UTC)),
    ],
)
def test_a_local_clock_time_is_the_recipient_s(recipient: str, expected: datetime) -> None:
    assert due("-P7D at 09:00 local", STARTS, recipient) == expected


def test_days_are_counted_from_the_date_at_the_recipient_s() -> None:
    late = datetime(2026, 12, 3, 15, tzinfo=UTC)  # 22:00 on the 3rd in Ha Noi, 04:00 on the 4th in Auckland.
    assert due("-P1D", late, "Asia/Ho_Chi_Minh") == datetime(2026, 12, 2, 2, tzinfo=UTC)
    assert due("-P1D", late, "Pacific/Auckland") == datetime(2026, 12, 2, 20, tzinfo=UTC)


def test_an_exact_offset_is_the_same_instant_everywhere_whatever_the_hour_or_day() -> None:
    for recipient in ("Asia/Ho_Chi_Minh", "America/Toronto"):
        assert due("-PT1H", STARTS, recipient) == datetime(2026, 12, 3, 6, tzinfo=UTC)
        assert due("+PT72H", ENDS, recipient) == datetime(2026, 12, 6, 10, tzinfo=UTC)
        assert due("+PT0S", ENDS, recipient) == ENDS
    calendar = at("Asia/Ho_Chi_Minh", closed(date(2026, 12, 1), date(2026, 12, 31)))
    assert offset("-PT1H").due(STARTS, calendar).instant == STARTS - timedelta(hours=1)


def test_a_local_time_after_counts_from_the_date_of_the_end() -> None:
    ends = datetime(2026, 12, 3, 18, tzinfo=UTC)  # 01:00 on the 4th in Ha Noi.
    assert due("+P1D at 09:00 local", ends) == datetime(2026, 12, 5, 2, tzinfo=UTC)


def test_a_local_time_across_a_change_of_clocks_keeps_its_reading() -> None:
    starts = datetime(2026, 10, 7, 5, tzinfo=UTC)  # Sydney put its clocks forward on 4 October.
    assert due("-P7D at 09:00 local", starts, "Australia/Sydney") == datetime(2026, 9, 29, 23, tzinfo=UTC)


def test_working_days_are_counted_without_days_off_and_calendar_days_are_put_off() -> None:
    calendar = at("Asia/Ho_Chi_Minh", closed(date(2026, 11, 30), date(2026, 12, 1)))
    assert offset("-3WD").due(STARTS, calendar).instant == datetime(2026, 11, 28, 2, tzinfo=UTC)
    assert not said(offset("-3WD").due(STARTS, calendar).moved)
    before = offset("-P2D at 10:00 local").due(STARTS, calendar)
    assert before.instant == datetime(2026, 11, 29, 3, tzinfo=UTC)
    assert said(before.moved) == (
        "from Monday, 30 November 2026 to Tuesday, 1 December 2026 each day is a declared day off (a "
        "day off) in Nowhere, so it goes out on Sunday, 29 November 2026 at 10:00"
    )
    after = offset("+P2D").due(datetime(2026, 11, 28, 2, tzinfo=UTC), calendar)
    assert after.instant == datetime(2026, 12, 2, 2, tzinfo=UTC)
    assert said(after.moved).endswith("so it goes out on Wednesday, 2 December 2026 at 09:00")


def test_what_comes_after_the_end_is_never_before_it_and_says_why_it_is_later() -> None:
    ends = datetime(2026, 12, 3, 3, tzinfo=UTC)  # 10:00 in Ha Noi.
    assert due("+P0D at 10:00 local", ends) == ends
    found = offset("+P0D").due(ends, at("Asia/Ho_Chi_Minh"))
    assert found.instant == datetime(2026, 12, 4, 2, tzinfo=UTC)
    assert said(found.moved) == (
        "Thursday, 3 December 2026 at 09:00 is too early, so it goes out on Friday, 4 December 2026 at 09:00"
    )


@pytest.mark.parametrize("text", ["-P7D", "-5WD", "+3WD"])
def test_where_there_is_no_working_day_at_all_it_goes_out_all_the_same_and_says_so(text: str) -> None:
    calendar = at("Asia/Ho_Chi_Minh", closed(date(2026, 1, 1), date(2027, 12, 31)))
    found = offset(text).due(STARTS, calendar)
    local = found.instant.astimezone(zone("Asia/Ho_Chi_Minh"))
    days = {"-P7D": -7, "-5WD": -5, "+3WD": 3}[text]
    assert (local.date(), local.time()) == (date(2026, 12, 3) + timedelta(days=days), time(9))
    assert "Nowhere has no working day within 120 days of" in said(found.moved)
    assert said(found.moved).endswith("at 09:00 all the same")


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1)),
    st.integers(0, 60),
    st.sampled_from(["Australia/Sydney", "Pacific/Auckland", "America/Toronto", "Asia/Yangon"]),
)
def test_every_reminder_at_nine_reads_nine_on_the_right_date(start: datetime, days: int, name: str) -> None:
    starts = start.replace(tzinfo=UTC)
    found = due(f"-P{days}D at 09:00 local", starts, name).astimezone(zone(name))
    assert (found.hour, found.minute, found.second) == (9, 0, 0)
    assert (starts.astimezone(zone(name)).date() - found.date()).days == days


@pytest.mark.parametrize(
    ("text", "anchor", "words"),
    [
        ("-P7D at 09:00 local", "", "7 days before, at 09:00 their time"),
        ("-1WD", "", "1 working day before, at 09:00 their time"),
        ("-5WD", "notice:papers", "5 working days before notice:papers, at 09:00 their time"),
        ("-PT1H", "", "1 h before"),
        ("+PT24H", "", "1 day after the end"),
        ("+P3D at 15:30 local", "", "3 days after the end, at 15:30 their time"),
        ("+2WD", "invite", "2 working days after invite, at 09:00 their time"),
        ("+PT0S", "", "at the end"),
        ("-PT0S", "", "at the start"),
        ("+PT0S", "invite", "at invite"),
        ("-P0D at 09:00 local", "", "on the day of the start, at 09:00 their time"),
        ("+P0D at 15:00 local", "", "on the day of the end, at 15:00 their time"),
        ("+P0D at 15:00 local", "invite", "on the day of invite, at 15:00 their time"),
    ],
)
def test_an_offset_in_words(text: str, anchor: str, words: str) -> None:
    assert said(offset(text).said(anchor)) == words


# What is shipped.


def test_the_standard_timeline_loads_with_its_steps_in_order() -> None:
    shipped = SHIPPED["standard"]
    assert [step.name for step in shipped.steps] == [
        "conference",
        "invite",
        "remind:P7D",
        "remind:P1D",
        "remind:PT1H",
        "conclude",
        "minutes",
    ]
    assert [said(step.said()) for step in shipped.steps[1:4]] == [
        "at once",
        "7 days before, at 09:00 their time",
        "1 day before, at 09:00 their time",
    ]
    assert [step.grace for step in shipped.steps[2:5]] == [
        timedelta(hours=7),
        timedelta(hours=7),
        timedelta(minutes=30),
    ]
    conference = shipped.step(ActionKind.CONFERENCE)
    assert conference is not None
    assert conference.alert_after == timedelta(minutes=30)
    assert shipped.step(ActionKind.CANCEL) is None


def test_the_timelines_that_ship_are_named_as_their_files_and_name_nothing_unknown() -> None:
    assert sorted(SHIPPED) == [
        "heads",
        "preparatory",
        "som",
        "som-plus-three",
        "standard",
        "workshop",
    ]
    for name, found in SHIPPED.items():
        assert found.name == name
        assert found.problems(DIRECTORY, NOTICES) == []


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_timeline_is_written_as_it_is_read(name: str) -> None:
    shipped = SHIPPED[name]
    document = shipped.document()
    assert Timeline.of(document) == shipped
    assert Timeline.of(yaml.safe_load(yaml.safe_dump(document))) == shipped


def test_a_document_says_what_was_written_and_no_more() -> None:
    written = timeline(
        {"do": "invite", "at": "immediately"},
        {
            "do": "chase",
            "id": "list",
            "when": "list missing",
            "at": ["-15WD", "-10WD at 14:00 local"],
            "to": ["members", "group SOM"],
            "escalate": {2: "secretariat"},
            "grace": "PT7H",
            "not_before": "-P20D",
        },
        {"do": "connection-test", "at": "-3WD", "day": "-1WD", "slot": "PT15M"},
    )
    expected = timeline(
        {"do": "invite", "at": "immediately"},
        {
            "do": "chase",
            "id": "list",
            "when": "list missing",
            "at": ["-15WD at 09:00 local", "-10WD at 14:00 local"],
            "to": ["members", "group SOM"],
            "escalate": {2: ["secretariat"]},
            "grace": "PT7H",
            "not_before": "-P20D",
        },
        {"do": "connection-test", "at": "-3WD at 09:00 local", "day": "-1WD at 09:00 local", "slot": "PT15M"},
    )
    assert Timeline.of(written).document() == expected


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("preparatory", "preparatory"),
        ("som", "som"),
        ("workshop", "workshop"),
        ("som-plus-three", "som-plus-three"),
        ("heads", "heads"),
        ("heads-plus-three", "heads"),
        ("focal-point", "standard"),
        ("forum", "standard"),
    ],
)
def test_a_meeting_that_names_no_timeline_gets_the_one_of_its_kind(kind: str, name: str) -> None:
    bare = MeetingDefinition.of(
        {
            "reference": "M",
            "kind": MeetingKind(kind),
            "title": "A meeting",
            "host": "VN",
            "coordinator": {"name": "K", "email": "k@vn.example.org"},
            "start": "2026-12-03 14:00",
            "zone": "Asia/Ho_Chi_Minh",
            "duration": "PT1H",
            "attendees": [],
        }
    )
    assert bare.timeline_of(SHIPPED) == name
    assert bare.timeline_of({"standard": SHIPPED["standard"]}) == "standard"
    assert bare.model_copy(update={"timeline": "workshop"}).timeline_of(SHIPPED) == "workshop"


def step_of(name: str, step: str) -> Step:
    found = SHIPPED[name].named(step)
    assert found is not None, step
    return found


@pytest.mark.parametrize(
    ("step", "at", "to"),
    [
        # Times and audiences of the domain's default actions for one SOM.
        ("invite:save-the-date", ["-P45D"], []),
        ("confirm", ["-P38D"], []),
        ("invite", ["-P28D"], []),
        ("notice:partner-letter", ["-P28D"], ["partners"]),
        ("notice:delegation-list", ["-P28D"], ["focal point"]),
        ("chase:delegation-list", ["-15WD", "-10WD", "-7WD"], ["focal point"]),
        ("notice:agenda-comments", ["-15WD"], ["focal point", "secretariat"]),
        ("notice:papers", ["-20WD"], ["focal point", "secretariat"]),
        ("chase:papers", ["-12WD", "-8WD"], ["focal point"]),
        ("notice:documents", ["-5WD"], ["members", "secretariat"]),
        ("connection-test", ["-3WD"], ["focal point"]),
        ("remind:P7D", ["-P7D"], ["everyone"]),
        ("remind:P1D", ["-P1D"], ["everyone"]),
        ("remind:PT1H", ["-PT1H"], ["everyone"]),
        ("notice:room-open", ["-PT30M"], ["focal point"]),
        ("conclude", ["+PT0S"], []),
        ("notice:thank-you", ["+1WD"], ["head of delegation", "focal point"]),
    ],
)
def test_the_timeline_of_a_som_is_what_was_agreed(step: str, at: list[str], to: list[str]) -> None:
    found = step_of("som", step)
    assert found.at == tuple(Offset.parse(item) for item in at)
    assert [item.words for item in found.audiences] == to


def test_what_else_was_agreed_of_a_som() -> None:
    papers, rehearsal = step_of("som", "notice:papers"), step_of("som", "connection-test")
    assert (papers.ask, papers.deadline) == (Need.PAPER, Offset.parse("-10WD at 16:00 local"))
    assert (rehearsal.day, rehearsal.slot) == (Offset.parse("-1WD"), timedelta(minutes=15))
    for name in ("chase:delegation-list", "chase:answer"):
        added = [item.words for item in step_of("som", name).escalated(3)]
        assert added == ["head of delegation", "secretariat"]
        assert step_of("som", name).escalated(2) == ()


def test_the_other_timelines_are_lighter_or_longer() -> None:
    names = {name: {step.name for step in item.steps} for name, item in SHIPPED.items()}
    about = {name: {step.need for step in item.steps} for name, item in SHIPPED.items()}
    assert not names["preparatory"] & {"confirm", "notice:papers", "notice:delegation-list"}
    assert about["preparatory"] == {None, Need.ANSWER}
    assert Need.LIST not in about["workshop"]
    assert names["som-plus-three"] == names["som"]
    assert names["heads"] >= names["som"]
    for step in ("invite:save-the-date", "invite", "notice:delegation-list", "notice:papers"):
        sooner, later = step_of("heads", step).first, step_of("som", step).first
        assert sooner is not None
        assert later is not None
        assert sooner.distance < later.distance


# What a timeline may not say.

INVITE = {"do": "invite", "at": "immediately"}


CHASE = {"do": "chase", "when": "list missing", "at": "-5WD"}
NOTICE = {"do": "notice", "about": "papers", "to": "members", "at": "-5WD"}
REHEARSE = {"do": "connection-test", "at": "-3WD", "day": "-1WD", "slot": "PT15M"}
REMIND = {"do": "remind", "at": "-P1D"}


@pytest.mark.parametrize(
    ("step", "field", "value", "message"),
    [
        (REMIND | {"at": "sometime"}, "at", "sometime", "is not an offset; write 'immediately'"),
        (REMIND | {"at": "-P1M"}, "at", "-P1M", "is not an ISO 8601 duration"),
        ({"do": "remind"}, "at", "", "is missing"),
        ({"do": "dance", "at": "immediately"}, "do", "dance", "is not a step; the steps are chase, conclude"),
        ({"do": "cancel", "at": "immediately"}, "do", "cancel", "is not a step; the steps are chase,"),
        (REMIND | {"at": "immediately"}, "at", "immediately", "is at once, and a step 'remind' needs an"),
        (INVITE | {"do": "conclude"}, "at", "immediately", "is at once, and a step 'conclude' needs an"),
        (INVITE | {"at": "+P1D"}, "at", "+P1D", "is after the meeting, and 'invite' comes before it"),
        (REMIND | {"at": "+PT1H"}, "at", "+PT1H", "is after the meeting, and 'remind' comes before it"),
        (CHASE | {"at": "+1WD"}, "at", "+1WD", "is after the meeting, and 'chase' comes before it"),
        ({"do": "conference", "at": "-P1D"}, "at", "-P1D", "is an offset, and a step 'conference' happens"),
        ({"do": "conclude", "at": "-PT1H"}, "at", "-PT1H", "is before the end of the meeting"),
        (REMIND | {"at": ["-P2D", "-P1D"]}, "at", "", "holds several offsets, a ladder, which belongs to"),
        (CHASE | {"at": []}, "at", "", "holds no offset"),
        (CHASE | {"at": ["-5WD", "soon"]}, "at[1]", "soon", "is not an offset"),
        (CHASE | {"at": ["-5WD", "-7WD"]}, "at", "", "holds '-7WD at 09:00 local' after '-5WD at"),
        (CHASE | {"at": ["-5WD", "-5WD"]}, "at", "", "holds '-5WD at 09:00 local' after '-5WD at"),
        (CHASE | {"at": ["-5WD", "-P2D", "-10WD"]}, "at", "", "holds '-10WD at 09:00 local' after '-5WD at"),
        (CHASE | {"at": ["-P3D", "-3WD"]}, "at", "", "holds '-3WD at 09:00 local' after '-P3D at"),
        (CHASE | {"at": [f"-{n}WD" for n in range(30, 9, -1)]}, "at", "", "holds 21 rungs; a ladder has at"),
        (REMIND | {"at": None}, "at", "", "is missing"),
        (INVITE | {"at": None}, "at", "", "is missing"),
        (REMIND | {"at": 7}, "at", "7", "is not an offset; write 'immediately'"),
        (REMIND | {"at": True}, "at", "True", "is not an offset; write 'immediately'"),
        (REMIND | {"at": {"after": False, "days": 7}}, "at", "", "is not an offset; write 'immediately'"),
        (CHASE | {"at": ["-5WD", ["-4WD"]]}, "at[1]", "", "is not an offset; write 'immediately'"),
        (REMIND | {"at": "-٧WD"}, "at", "-٧WD", "is not an offset; write 'immediately'"),
        (REMIND | {"at": "-P٧D"}, "at", "-P٧D", "is not an ISO 8601 duration"),
        (CHASE | {"to": {"words": "x", "sort": "everyone"}}, "to", "", "is not an audience; known are"),
        (CHASE | {"to": 7}, "to", "7", "is not an audience; known are"),
        (CHASE | {"to": "coordinator"}, "to", "coordinator", "names the coordinator alone, and 'chase' asks"),
        (REHEARSE | {"to": ["focal point", "coordinator"]}, "to", "", "names the coordinator, who has no"),
        (REMIND | {"grace": -5}, "grace", "-5", "is not an ISO 8601 duration"),
        (REMIND | {"grace": 3600}, "grace", "3600", "is not an ISO 8601 duration"),
        (REMIND | {"id": "x" * 41}, "id", "x" * 41, "string should have at most 40 characters"),
        (NOTICE | {"deadline": "immediately"}, "deadline", "immediately", "is no moment; write for example"),
        (NOTICE | {"deadline": "-6WD"}, "deadline", "-6WD", "is over before the notice goes out"),
        (NOTICE | {"deadline": "-10WD"}, "deadline", "-10WD", "is over before the notice goes out"),
        (NOTICE | {"at": "-P5D", "deadline": "-6WD"}, "deadline", "-6WD", "is over before the notice goes"),
        (REMIND | {"not_before": "immediately"}, "not_before", "immediately", "is no moment; write for"),
        (
            REMIND | {"not_before": "-P2D", "not_after": "-3WD"},
            "not_after",
            "-3WD",
            "comes before 'not_before', so the step could never be done",
        ),
        (CHASE | {"when": "it rains"}, "when", "it rains", "input should be 'no answer', 'list missing'"),
        ({"do": "chase", "at": "-5WD"}, "when", "", "is missing"),
        (CHASE | {"to": "ministers"}, "to", "ministers", "'ministers' is not an audience; known are"),
        (CHASE | {"to": ["members", "x"]}, "to[1]", "x", "'x' is not an audience; known are everyone, head"),
        (CHASE | {"escalate": {2: "secretariat"}}, "escalate", "", "names rung 2, and the ladder has 1"),
        (CHASE | {"escalate": {0: "secretariat"}}, "escalate", "", "names rung 0, and the ladder has 1"),
        (CHASE | {"escalate": {1: "x"}}, "escalate[1]", "x", "'x' is not an audience"),
        (REMIND | {"escalate": {1: "members"}}, "escalate", "", "belongs to 'chase', not to 'remind'"),
        (INVITE | {"alert_after": "PT1M"}, "alert_after", "PT1M", "belongs to 'conference', not to 'invite'"),
        (
            INVITE | {"to": "members"},
            "to",
            "members",
            "belongs to 'chase', 'connection-test', 'notice', 'remind'",
        ),
        (
            INVITE | {"from": "remind"},
            "from",
            "remind",
            "belongs to 'chase', 'connection-test', 'notice', 'remind'",
        ),
        (REMIND | {"tentative": True}, "tentative", "True", "belongs to 'invite', not to 'remind'"),
        (REMIND | {"about": "papers"}, "about", "papers", "belongs to 'notice', not to 'remind'"),
        (REMIND | {"ask": "paper"}, "ask", "paper", "belongs to 'notice', not to 'remind'"),
        (REMIND | {"deadline": "-5WD"}, "deadline", "-5WD", "belongs to 'chase', 'notice', not to 'remind'"),
        (REMIND | {"grace": "soon"}, "grace", "soon", "is not an ISO 8601 duration"),
        (REMIND | {"grace": "PT0S"}, "grace", "PT0S", "of zero would never let the step be done"),
        (REMIND | {"not_before": "-P7D at 09:00 local"}, "not_before", None, "names a local time; a bound"),
        (
            REMIND | {"not_before": "-P2D", "not_after": "-P3D"},
            "not_after",
            "-P3D",
            "comes before 'not_before', so the step could never be done",
        ),
        ({k: v for k, v in NOTICE.items() if k != "about"}, "about", "", "is missing"),
        ({k: v for k, v in NOTICE.items() if k != "to"}, "to", "", "is missing"),
        (NOTICE | {"ask": "money"}, "ask", "money", "input should be 'answer', 'delegation list', 'paper'"),
        ({k: v for k, v in REHEARSE.items() if k != "day"}, "day", "", "is missing"),
        ({k: v for k, v in REHEARSE.items() if k != "slot"}, "slot", "", "is missing"),
        (REHEARSE | {"day": "+1WD"}, "day", "+1WD", "is not a day before the meeting, such as -1WD"),
        (REHEARSE | {"day": "-PT5H"}, "day", "-PT5H", "is not a day before the meeting, such as -1WD"),
        (REHEARSE | {"slot": "PT4M"}, "slot", "PT4M", "is not between 5 minutes and 4 hours"),
        (REHEARSE | {"slot": "PT5H"}, "slot", "PT5H", "is not between 5 minutes and 4 hours"),
        (INVITE | {"id": "a:b"}, "id", "a:b", "string should match pattern"),
        (INVITE | {"colour": "red"}, "colour", "red", "is not a known field"),
        (INVITE | {"do": []}, "do", "", "is not a step; the steps are "),
        (INVITE | {"from": ["cancel"]}, "from", "", "input should be a valid string"),
    ],
)
def test_a_wrong_step_is_named(step: dict[str, Any], field: str, value: str | None, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Timeline.of(timeline(REMIND | {"id": "fine"}, step))
    (problem,) = caught.value.problems
    assert problem.field == f"steps[1].{field}"
    assert value is None or problem.value == value
    assert problem.message.startswith(message)
    assert problem.remedy


def test_a_timeline_needs_a_step_and_a_plain_name() -> None:
    assert [field for field, _ in problems(timeline())] == ["steps"]
    assert [field for field, _ in problems(timeline(INVITE, name="My own"))] == ["name"]
    assert [field for field, _ in problems(timeline(INVITE, title=""))] == ["title"]
    assert [field for field, _ in problems("steps")] == ["document"]


def test_steps_of_one_name_are_refused_since_their_actions_could_not_be_told_apart() -> None:
    remind = {"do": "remind", "at": "-PT1H"}
    assert problems(timeline(remind, remind)) == [("steps[1].id", "step remind is there twice")]
    assert Timeline.of(timeline(remind, remind | {"id": "again"})).steps[1].name == "remind:again"


@pytest.mark.parametrize("kind", ["conference", "invite", "conclude", "minutes"])
def test_what_a_meeting_does_once_stands_once(kind: str) -> None:
    step = {"do": kind, "at": "+PT0S" if kind == "conclude" else "immediately"}
    found = problems(timeline(step, step | {"id": "again"}))
    assert found == [("steps[1].do", "is there twice, and a meeting does it once")]


SAVE_THE_DATE = {"do": "invite", "id": "save-the-date", "tentative": True, "at": "-P45D"}
CONFIRM, CONFERENCE = {"do": "confirm", "at": "-P29D"}, {"do": "conference", "at": "immediately"}


def test_the_link_comes_before_the_invitations_but_a_save_the_date_needs_none() -> None:
    assert problems(timeline(INVITE, CONFERENCE)) == [
        ("steps[1].do", "comes after 'invite', and invitations carry the link")
    ]
    Timeline.of(timeline(SAVE_THE_DATE, CONFIRM, CONFERENCE, INVITE))


def test_a_date_that_is_announced_is_confirmed_and_the_other_way_round() -> None:
    assert problems(timeline(SAVE_THE_DATE, INVITE)) == [
        ("steps[0].tentative", "announces the date, and no step 'confirm' ends that")
    ]
    assert problems(timeline(INVITE, CONFIRM)) == [("steps[1].do", "confirms a date that no step announces")]


def _cycle(*names: str) -> str:
    return " counts from ".join(f"remind:{name}" for name in names)


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"a": "remind:b"}, [("steps[0].from", "remind:b", "is not a step")]),
        ({"a": "remind:a"}, [("steps[0].from", "remind:a", f"is a cycle: {_cycle('a', 'a')}")]),
        (
            {"a": "remind:b", "b": "remind:b"},
            [
                ("steps[0].from", "remind:b", f"is a cycle: {_cycle('a', 'b', 'b')}"),
                ("steps[1].from", "remind:b", f"is a cycle: {_cycle('b', 'b')}"),
            ],
        ),
        (
            {"a": "remind:b", "b": "remind:c", "c": "remind:a"},
            [
                ("steps[0].from", "remind:b", f"is a cycle: {_cycle('a', 'b', 'c', 'a')}"),
                ("steps[1].from", "remind:c", f"is a cycle: {_cycle('b', 'c', 'a', 'b')}"),
                ("steps[2].from", "remind:a", f"is a cycle: {_cycle('c', 'a', 'b', 'c')}"),
            ],
        ),
        (
            {"a": "minutes"},
            [
                (
                    "steps[0].from",
                    "minutes",
                    "happens whenever minutes are attached, which nobody knows beforehand",
                )
            ],
        ),
        (
            {"a": "conclude"},
            [("steps[0].from", "conclude", "is after the meeting, and 'remind' comes before it")],
        ),
    ],
)
def test_a_step_counts_from_another_that_is_there_and_never_from_itself(
    sources: dict[str, str], expected: list[tuple[str, str, str]]
) -> None:
    steps = [
        {"do": "remind", "id": name, "at": "-P1D", **({"from": source} if source else {})}
        for name, source in sources.items()
    ]
    others = [{"do": "minutes", "at": "immediately"}, {"do": "conclude", "at": "+PT0S"}]
    with pytest.raises(ConfigurationError) as caught:
        Timeline.of(timeline(*steps, *others))
    found = caught.value.problems
    assert [(item.field, item.value) for item in found] == [(field, value) for field, value, _ in expected]
    for item, (_, _, message) in zip(found, expected, strict=True):
        assert item.message == message


@pytest.mark.parametrize(
    ("name", "step", "deadline"),
    [
        ("som", "notice:papers", "-10WD"),
        ("som", "chase:papers", "-10WD"),
        ("som", "chase:delegation-list", "-16WD"),
        ("som", "chase:answer", None),
        ("som", "chase:connectivity-test", None),
        ("som", "remind:P7D", None),
        ("heads", "chase:papers", "-20WD"),
    ],
)
def test_a_chaser_has_the_deadline_of_what_was_asked_for(name: str, step: str, deadline: str | None) -> None:
    found = SHIPPED[name].named(step)
    assert found is not None
    assert SHIPPED[name].deadline_of(found) == (offset(f"{deadline} at 16:00 local") if deadline else None)


def test_a_deadline_of_a_chaser_s_own_goes_before_that_of_the_notice() -> None:
    chase = {"do": "chase", "when": "paper missing", "at": "-3WD", "deadline": "-2WD at 10:00 local"}
    asked = {"do": "notice", "about": "papers", "ask": "paper", "to": "focal point", "at": "-9WD"}
    found = Timeline.of(timeline(asked | {"deadline": "-4WD"}, chase))
    assert found.deadline_of(found.steps[1]) == offset("-2WD at 10:00 local")
    assert found.deadline_of(found.steps[0]) == offset("-4WD at 16:00 local")


def test_a_chain_is_as_long_as_can_be_followed_and_a_cycle_of_any_length_is_told() -> None:
    def chain(length: int) -> list[dict[str, Any]]:
        first = {"do": "remind", "id": "0", "at": "-P9D"}
        rest = range(1, length)
        return [
            first,
            *({"do": "remind", "id": f"{n}", "at": "+PT1H", "from": f"remind:{n - 1}"} for n in rest),
        ]

    Timeline.of(timeline(*chain(10)))
    assert problems(timeline(*chain(11))) == [("steps[10].from", "counts through 10 other steps")]
    first, *others = chain(60)
    found = problems(timeline(first | {"from": "remind:59"}, *others))
    assert len(found) == 60
    assert all(message.startswith("is a cycle: remind:") for _, message in found)


def test_a_timeline_holds_no_more_steps_than_can_be_planned() -> None:
    many = [{"do": "remind", "id": f"{n}", "at": "-P9D", "from": f"remind:{n - 1}"} for n in range(2000)]
    assert problems(timeline(*many)) == [("steps", "is too long")]


def test_a_deadline_that_may_come_later_is_taken() -> None:
    # Whether five working days lie more than seven days back depends on the calendar.
    Timeline.of(timeline(NOTICE | {"at": "-P7D", "deadline": "-5WD"}))
    Timeline.of(timeline(NOTICE | {"at": "+3WD", "deadline": "+10WD"}))
    Timeline.of(timeline(CHASE | {"deadline": "-10WD"}))


def test_unknown_groups_delegations_and_texts_are_named() -> None:
    found = Timeline.of(
        timeline(
            INVITE,
            NOTICE | {"about": "weather", "to": ["members", "group XYZ"]},
            CHASE | {"to": "delegation QQ", "escalate": {1: ["delegation ZZ", "group SOM"]}},
        )
    )
    assert [(item.field, item.value, item.message) for item in found.problems(DIRECTORY, NOTICES)] == [
        ("steps[1].to", "group XYZ", "is not a group"),
        ("steps[1].about", "weather", "is not a text of notices.yaml"),
        ("steps[2].to", "delegation QQ", "is not a delegation"),
        ("steps[2].escalate[1]", "delegation ZZ", "is not a delegation"),
    ]
    with pytest.raises(ConfigurationError):
        checked(found.document(), DIRECTORY, NOTICES)
    assert checked(timeline(INVITE), DIRECTORY, ()) == Timeline.of(timeline(INVITE))


def test_all_problems_are_told_at_once() -> None:
    found = problems(timeline({"do": "dance", "at": "never"}, {"do": "remind", "at": "P1D"}))
    assert [field for field, _ in found] == ["steps[0].do", "steps[0].at", "steps[1].at"]


def test_what_a_step_was_called_before_is_read_for_one_version_more() -> None:
    former = REHEARSE | {"do": "rehearse", "id": "own"}
    found = Timeline.of(
        {
            "name": "t",
            "title": "T",
            "steps": [former, NOTICE | {"from": "rehearse:own", "at": "+PT1H"}],
        }
    )
    assert found.steps[0].name == "connection-test:own"
    assert found.steps[1].source == "connection-test:own"
    assert found.document()["steps"][0]["do"] == "connection-test"
