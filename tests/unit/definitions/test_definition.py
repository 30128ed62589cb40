"""What a coordinator writes: every mistake is named with field, value and remedy."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.definitions.checking import check
from orchestrator.domain.definitions.definition import MeetingDefinition, MeetingKind
from orchestrator.domain.definitions.files import LARGEST_FILE, read_definitions, read_yaml
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.time.durations import duration_text
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.errors import InvalidInput, Problem

CONFIG = Path(__file__).parents[3] / "config"
DIRECTORY = Directory.of(read_yaml((CONFIG / "delegations.yaml").read_text("utf-8")))
TIMELINES = {"standard": Timeline.of(read_yaml((CONFIG / "timelines" / "standard.yaml").read_text("utf-8")))}
EXAMPLE = (CONFIG / "examples" / "accsm21.yaml").read_text("utf-8")


def person(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "group": "SOM",
        "delegation": "VN",
        "name": f"Person {number}",
        "email": f"person{number}@vn.example.org",
    } | fields


def document(**fields: Any) -> dict[str, Any]:
    """A meeting without fault; ``None`` takes a field out."""
    whole: dict[str, Any] = {
        "reference": "SOM-2026",
        "kind": "som",
        "title": {"en": "Senior Officials Meeting", "vi": "Hội nghị quan chức cấp cao"},
        "host": "VN",
        "coordinator": {"name": "Trần Minh Khôi", "email": "coordinator@vn.example.org"},
        "start": "2026-12-03 14:00",
        "zone": "Asia/Ho_Chi_Minh",
        "duration": "PT2H30M",
        "attendees": [person()],
    }
    return {key: value for key, value in (whole | fields).items() if value is not None}


def text(**fields: Any) -> str:
    return json.dumps(document(**fields))


def refused(source: str) -> list[Problem]:
    with pytest.raises(InvalidInput) as caught:
        read_definitions(source)
    assert all(item.field and item.message and item.remedy for item in caught.value.problems)
    return list(caught.value.problems)


def checked(**fields: Any) -> list[Problem]:
    (definition,) = read_definitions(text(**fields))
    found = check(definition, DIRECTORY, TIMELINES)
    assert all(item.field and item.message and item.remedy for item in found)
    return found


def test_a_meeting_without_fault_has_no_problems() -> None:
    assert checked() == []
    assert checked(duration=None, end="2026-12-03 16:30") == []


CHECKED = [
    (
        {"zone": "Hanoi"},
        "zone",
        "Hanoi",
        "is not a zone of the IANA",
        "Write a zone such as Asia/Ho_Chi_Minh",
    ),
    ({"zone": "ICT"}, "zone", "ICT", "is not a zone of the IANA", "abbreviations and offsets are ambiguous"),
    ({"host": "XX"}, "host", "XX", "is not a delegation", "Known are: BN, KH, ID,"),
    (
        {"attendees": [person(delegation="VIET")]},
        "attendees[0].delegation",
        "VIET",
        "is not a delegation",
        "Known are: BN, KH, ID,",
    ),
    (
        {"attendees": [person(), person(2, group="SOMX")]},
        "attendees[1].group",
        "SOMX",
        "is not a group",
        "Known are: ACCSM_FP, SOM,",
    ),
    (
        {"attendees": [person(delegation="JP")]},
        "attendees[0].group",
        "SOM",
        "is not for Japan (JP)",
        "Choose a group of that delegation",
    ),
    (
        {"duration": None, "end": "2026-12-03 13:00"},
        "end",
        "2026-12-03 13:00",
        "is not after the start, 2026-12-03 14:00",
        "must end after it starts",
    ),
    (
        {"duration": None, "end": "2026-12-03 14:00"},
        "end",
        "2026-12-03 14:00",
        "is not after the start, 2026-12-03 14:00",
        "must end after it starts",
    ),
    ({"duration": "PT0S"}, "duration", "PT0M", "is not longer than zero", "must end after it starts"),
    ({"duration": "P15D"}, "duration", "PT360H", "makes the meeting longer than 14 days", "Check the dates"),
    (
        {"end": "2026-12-03 16:00"},
        "duration",
        "",
        "has both 'duration' and 'end'",
        "Give exactly one of them",
    ),
    (
        {"end": "2026-12-03 16:00", "duration": "PT0S"},
        "duration",
        "",
        "has both 'duration' and 'end'",
        "Give exactly one of them",
    ),
    ({"duration": None}, "duration", "", "has neither 'duration' nor 'end'", "Give exactly one of them"),
    (
        {"start": "2026-10-04 02:30", "zone": "Australia/Sydney"},
        "start",
        "2026-10-04 02:30",
        "does not exist in Australia/Sydney",
        "before or after the change of clocks",
    ),
    (
        {"start": "2026-03-08 01:00", "zone": "America/Toronto", "duration": None, "end": "2026-03-08 02:30"},
        "end",
        "2026-03-08 02:30",
        "does not exist in America/Toronto",
        "before or after the change of clocks",
    ),
    (
        {"attendees": [person(email="Lan@VN.example.org"), person(2, email="lan@vn.example.org")]},
        "attendees[1].email",
        "lan@vn.example.org",
        "is there twice: attendees[0] has it too",
        "Keep one of the two",
    ),
    ({"timeline": "quick"}, "timeline", "quick", "is not a timeline", "Known are: standard."),
    (
        {"agenda": [{"en": "Opening"}, {"en": "Report", "lead": "XX"}]},
        "agenda[1].lead",
        "XX",
        "is not a delegation",
        "Known are: BN, KH, ID,",
    ),
    (
        {"start": "2025-10-25 14:00", "attendees": [person(delegation="TL")]},
        "attendees[0].delegation",
        "TL",
        "Timor-Leste takes part since 2025-10-26, and the meeting is on 2025-10-25",
        "Take it out, or change the date",
    ),
    ({"feeds": "SOM-2026"}, "feeds", "SOM-2026", "is this meeting itself", "Name another meeting"),
    ({"fed_by": ["A", "SOM-2026"]}, "fed_by", "SOM-2026", "is this meeting itself", "Name another meeting"),
]


@pytest.mark.parametrize(("fields", "field", "value", "message", "remedy"), CHECKED)
def test_what_contradicts_the_calendar_or_the_data_is_named(
    fields: dict[str, Any], field: str, value: str, message: str, remedy: str
) -> None:
    (problem,) = checked(**fields)
    assert (problem.field, problem.value) == (field, value)
    assert message in problem.message
    assert remedy in problem.remedy


WRITTEN = [
    (
        {"start": "2026-12-03T14:00+07:00"},
        "start",
        "2026-12-03T14:00+07:00",
        "has a UTC offset; write the wall time",
    ),
    ({"start": "2026-12-03T07:00Z"}, "start", "2026-12-03T07:00Z", "has a UTC offset; write the wall time"),
    ({"start": "2026-12-03T07:00:00 +0700"}, "start", "2026-12-03T07:00:00 +0700", "has a UTC offset"),
    ({"start": "3 December"}, "start", "3 December", "is not a wall time such as 2026-12-03 14:00"),
    ({"start": "2026-12-03"}, "start", "2026-12-03", "is not a wall time such as 2026-12-03 14:00"),
    ({"start": "2026-12-03 14:00:30"}, "start", "2026-12-03 14:00:30", "is not a wall time such as"),
    ({"start": "2026-02-30 14:00"}, "start", "2026-02-30 14:00", "is not a date and time of the calendar"),
    ({"start": "2026-12-03 24:30"}, "start", "2026-12-03 24:30", "is not a date and time of the calendar"),
    ({"start": "9999-12-31 23:59"}, "start", "9999-12-31 23:59", "is not in the years 1970 to 2200"),
    ({"start": "0001-01-01 00:00"}, "start", "0001-01-01 00:00", "is not in the years 1970 to 2200"),
    ({"duration": "P1Y"}, "duration", "P1Y", "is not an ISO 8601 duration such as PT2H30M"),
    ({"duration": "P2M"}, "duration", "P2M", "is not an ISO 8601 duration such as PT2H30M"),
    ({"duration": 90}, "duration", "90", "is not an ISO 8601 duration such as PT2H30M"),
    ({"duration": "P99999999999999D"}, "duration", "P99999999999999D", "is longer than ten years"),
    ({"attendees": [person(email="lan@")]}, "attendees[0].email", "lan@", "is not an e-mail address"),
    ({"attendees": [person(email="a@b")]}, "attendees[0].email", "a@b", "is not an e-mail address"),
    (
        {"attendees": [person(email="a..b@c.org")]},
        "attendees[0].email",
        "a..b@c.org",
        "is not an e-mail address",
    ),
    (
        {"attendees": [person(email="a b@c.org")]},
        "attendees[0].email",
        "a b@c.org",
        "is not an e-mail address",
    ),
    (
        {"attendees": [person(email="Lan <lan@vn.example.org>")]},
        "attendees[0].email",
        "Lan <lan@vn.example.org>",
        "is not an e-mail address",
    ),
    (
        {"attendees": [person(email="a@b.org\r\nBcc: c@d.org")]},
        "attendees[0].email",
        "a@b.org\r\nBcc: c@d.org",
        "is not an e-mail address",
    ),
    ({"title": "A\nBcc: x@y.org"}, "title.en", "A\nBcc: x@y.org", "holds a line break or control character"),
    (
        {"title": {"en": "A", "vi": "B\u2028C"}},
        "title.vi",
        "B\u2028C",
        "holds a line break or control character",
    ),
    ({"title": "bell\x07"}, "title.en", "bell\x07", "holds a line break or control character"),
    ({"title": " "}, "title.en", " ", "is empty"),
    ({"title": "half \ud800"}, "title.en", r"half \ud800", "input should be a valid string"),
    (
        {"attendees": [person(name="Lan\r\nX: y")]},
        "attendees[0].name",
        "Lan\r\nX: y",
        "holds a line break or control character",
    ),
    (
        {"coordinator": {"name": "K\tM", "email": "k@m.org"}},
        "coordinator.name",
        "K\tM",
        "holds a line break or control",
    ),
    ({"titel": "A"}, "titel", "A", "is not a known field"),
    ({"host": None}, "host", "", "is missing"),
    (
        {"attendees": [{"group": "SOM", "delegation": "VN", "name": "A"}]},
        "attendees[0].email",
        "",
        "is missing",
    ),
    ({"kind": "party"}, "kind", "party", "input should be 'preparatory', 'som'"),
    ({"reference": "21 SOM"}, "reference", "21 SOM", "string should match pattern"),
]


@pytest.mark.parametrize(("fields", "field", "value", "message"), WRITTEN)
def test_a_field_that_cannot_be_read_is_named(
    fields: dict[str, Any], field: str, value: str, message: str
) -> None:
    (problem,) = refused(text(**fields))
    assert (problem.field, problem.value) == (field, value)
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("field", "remedy"), [("titel", "Take it out, or correct its spelling."), ("host", "Add it.")]
)
def test_unknown_and_missing_fields_have_their_remedy(field: str, remedy: str) -> None:
    (problem,) = refused(text(**{field: "x" if field == "titel" else None}))
    assert problem.remedy == remedy


def test_a_text_that_is_too_long_is_shown_cut_short() -> None:
    (problem,) = refused(text(title="x" * 251))
    assert (problem.field, problem.message) == ("title.en", "string should have at most 250 characters")
    assert problem.value == "x" * 79 + "…"
    assert refused_nothing(title="x" * 250)


def refused_nothing(**fields: Any) -> bool:
    return len(read_definitions(text(**fields))) == 1


@pytest.mark.parametrize(
    "start",
    [
        "2026-12-03 14:00",
        "2026-12-03T14:00",
        '"2026-12-03 14:00"',
        "2026-12-03 14:00:00",
        "2026-12-03T14:00:00",
    ],
)
def test_a_start_may_stand_in_quotes_or_without(start: str) -> None:
    (definition,) = read_definitions(yaml.safe_dump(document(start=None)) + f"start: {start}\n")
    assert definition.start == datetime(2026, 12, 3, 14)


def test_an_unquoted_start_with_an_offset_is_shown_as_it_was_written() -> None:
    (problem,) = refused(yaml.safe_dump(document(start=None)) + "start: 2026-12-03 14:00:00+07:00\n")
    assert (problem.field, problem.value) == ("start", "2026-12-03 14:00:00+07:00")
    assert problem.message.startswith("has a UTC offset")


def test_an_unquoted_date_that_does_not_exist_is_named_at_its_field() -> None:
    (problem,) = refused(yaml.safe_dump(document(start=None)) + "start: 2026-02-30 14:00:00\n")
    assert (problem.field, problem.value) == ("start", "2026-02-30 14:00:00")


@pytest.mark.parametrize(
    ("source", "field", "message"),
    [
        ("reference: A\ntitle: [broken\nhost: VN\n", "line 3, column 5", "is not readable YAML: "),
        (
            "reference: A\n  host: VN\n",
            "line 2, column 7",
            "is not readable YAML: mapping values are not allowed",
        ),
        (
            "reference: A\nhost: VN\nreference: B\n",
            "line 3, column 1",
            "is not readable YAML: 'reference' is there",
        ),
        (
            "title:\n  en: A\n  vi: B\n  en: C\n",
            "line 4, column 3",
            "is not readable YAML: 'en' is there twice",
        ),
        ("a: \x01\n", "document", "is not readable YAML"),
        ("a: 1\n? [b]\n: 2\n", "line 2, column 3", "is not readable YAML: found unhashable key"),
        (
            "!!python/object/apply:os.system [ls]",
            "line 1, column 1",
            "is not readable YAML: could not determine",
        ),
        ("[" * 5_000, "document", "is not readable YAML"),
    ],
)
def test_broken_yaml_is_refused_with_its_place(source: str, field: str, message: str) -> None:
    (problem,) = refused(source)
    assert problem.field == field
    assert problem.message.startswith(message)


def test_a_document_that_is_too_large_is_refused_unread() -> None:
    (problem,) = refused("x" * (LARGEST_FILE + 1))
    assert (problem.field, problem.value, problem.message, problem.remedy) == (
        "document",
        f"{LARGEST_FILE + 1} characters",
        "is too large",
        "Keep it below 1 MB.",
    )


def test_a_large_mapping_is_read_in_reasonable_time() -> None:
    assert len(read_yaml("".join(f"k{number}: 1\n" for number in range(5_000)))) == 5_000


@pytest.mark.parametrize("source", ["", "just text", "- a\n- b\n", "5", "null"])
def test_what_is_no_mapping_holds_no_meeting(source: str) -> None:
    (problem,) = refused(source)
    assert (problem.field, problem.message) == ("document", "holds no meeting")


@pytest.mark.parametrize("entries", ["", " []", " 5", " {a: 1}", " [a]"])
def test_meetings_are_a_list(entries: str) -> None:
    (problem,) = refused(f"host: VN\nmeetings:{entries}\n")
    assert (problem.field, problem.message) == ("meetings", "is not a list of meetings")


def test_merge_keys_of_yaml_work() -> None:
    assert read_yaml("a: &a {x: 1, y: 1}\nb: {<<: *a, y: 2}\n")["b"] == {"x": 1, "y": 2}


def test_a_key_that_is_no_text_is_named_and_breaks_nothing() -> None:
    found = refused("1: x\nmeetings: [{host: VN}]\n")
    assert "meetings[0].[1]" in {item.field for item in found}


def test_several_problems_are_told_at_once() -> None:
    fields = {item.field for item in refused(text(host=None, start="soon", kind="party", extra=1))}
    assert fields == {"host", "start", "kind", "extra"}
    fields = {
        item.field
        for item in checked(
            host="XX",
            timeline="quick",
            duration="PT0S",
            feeds="SOM-2026",
            attendees=[person(delegation="YY"), person(group="ZZ")],
        )
    }
    assert fields == {
        "host",
        "timeline",
        "duration",
        "feeds",
        "attendees[0].delegation",
        "attendees[1].group",
        "attendees[1].email",
    }


def test_problems_of_several_meetings_are_numbered() -> None:
    source = json.dumps(document(reference=None) | {"meetings": [{"reference": "A"}, {}, {"reference": "1"}]})
    assert [item.field for item in refused(source)] == ["meetings[1].reference", "meetings[2].reference"]


def test_a_meeting_gives_its_own_value_instead_of_the_shared_one() -> None:
    shared = document(reference=None) | {"x-note": "ignored"}
    source = json.dumps(shared | {"meetings": [{"reference": "A"}, {"reference": "B", "zone": "Asia/Dili"}]})
    assert [(item.reference, item.zone) for item in read_definitions(source)] == [
        ("A", "Asia/Ho_Chi_Minh"),
        ("B", "Asia/Dili"),
    ]


def test_yaml_and_json_give_the_same() -> None:
    whole = document(agenda=["Opening", {"en": "Report", "vi": "Báo cáo", "lead": "all"}], feeds="NEXT")
    assert read_definitions(json.dumps(whole)) == read_definitions(yaml.safe_dump(whole, allow_unicode=True))


def test_what_is_written_out_reads_back_the_same() -> None:
    (definition,) = read_definitions(text(agenda=["Opening"]))
    assert MeetingDefinition.of(definition.model_dump(mode="json")) == definition
    assert definition.model_dump(mode="json")["start"] == "2026-12-03 14:00"
    assert definition.model_dump(mode="json")["duration"] == "PT2H30M"


def test_texts_are_trimmed_and_composed() -> None:
    (definition,) = read_definitions(text(title="  Ho\u0323\u0302i nghi\u0323 "))
    assert definition.title.en == "Hội nghị"
    assert definition.title.vi is None


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (timedelta(hours=2, minutes=30), "PT2H30M"),
        (timedelta(minutes=45), "PT45M"),
        (timedelta(days=1), "PT24H"),
        (timedelta(0), "PT0M"),
    ],
)
def test_a_length_is_written_as_iso_8601(length: timedelta, written: str) -> None:
    assert duration_text(length) == written


def test_the_length_up_to_an_end_counts_real_hours_across_a_change_of_clocks() -> None:
    fields = {
        "zone": "Australia/Sydney",
        "start": "2026-10-03 14:00",
        "end": "2026-10-04 14:00",
        "duration": None,
    }
    (definition,) = read_definitions(text(**fields))
    assert definition.length == timedelta(hours=23)


@given(st.integers(-2000, 2000))
def test_moving_by_days_keeps_the_wall_time_across_changes_of_clocks(days: int) -> None:
    fields = {
        "zone": "Pacific/Auckland",
        "start": "2026-09-20 09:00",
        "end": "2026-09-20 11:00",
        "duration": None,
    }
    (definition,) = read_definitions(text(**fields))
    moved = definition.moved_by(days)
    assert moved.start == datetime(2026, 9, 20, 9) + timedelta(days=days)
    assert moved.end == datetime(2026, 9, 20, 11) + timedelta(days=days)
    assert (moved.zone, moved.attendees, moved.length) == (
        definition.zone,
        definition.attendees,
        definition.length,
    )


def test_the_kinds_are_written_as_people_write_them() -> None:
    assert [kind.words for kind in MeetingKind] == [
        "Preparatory",
        "SOM",
        "Focal point",
        "Workshop",
        "SOM+3",
        "Heads",
        "Heads +3",
        "Forum",
    ]


def test_the_shipped_example_is_two_meetings_that_name_each_other() -> None:
    prep, som = read_definitions(EXAMPLE)
    assert [(item.reference, item.kind, item.start, item.length) for item in (prep, som)] == [
        ("ACCSM21-PREP-2021-04", MeetingKind.PREPARATORY, datetime(2021, 4, 21, 14), timedelta(hours=2)),
        ("ACCSM21-SOM-2021-04", MeetingKind.SOM, datetime(2021, 4, 22, 14), timedelta(hours=3)),
    ]
    assert (prep.feeds, som.fed_by) == (som.reference, (prep.reference,))
    assert [item.lead for item in som.agenda] == ["ASEC", "VN", "all", None, "all", "VN", "VN"]
    assert len(som.attendees) == 23
    ranks = [DIRECTORY.rank(item.delegation) for item in som.attendees]
    assert ranks == sorted(ranks)


def test_the_shipped_example_is_without_fault_at_a_coming_date() -> None:
    for definition in read_definitions(EXAMPLE):
        assert check(definition.moved_by(2100), DIRECTORY, TIMELINES) == []


def test_at_its_date_of_2021_only_timor_leste_is_in_the_way() -> None:
    for definition in read_definitions(EXAMPLE):
        assert {item.value for item in check(definition, DIRECTORY, TIMELINES)} == {"TL"}
        without = definition.without_inactive(DIRECTORY)
        assert len(without.attendees) == 21
        assert check(without, DIRECTORY, TIMELINES) == []


@given(st.text(max_size=60))
def test_no_text_whatever_breaks_the_reader(source: str) -> None:
    with contextlib.suppress(InvalidInput):
        assert read_definitions(source)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([*document(), "end", "agenda", "feeds", "fed_by", "timeline", "programme"]), JUNK)
def test_no_value_whatever_breaks_the_checks(field: str, junk: Any) -> None:
    with contextlib.suppress(InvalidInput):
        definition = MeetingDefinition.of(document() | {field: junk})
        assert isinstance(check(definition, DIRECTORY, TIMELINES), list)
