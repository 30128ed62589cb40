"""Documents in YAML and JSON, what they are read as, and the shipped example."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.definitions.checking import check
from orchestrator.domain.definitions.definition import MeetingDefinition, MeetingKind
from orchestrator.domain.definitions.files import LARGEST_FILE, read_definitions, read_yaml
from orchestrator.domain.time.durations import duration_text
from orchestrator.errors import InvalidInput
from tests.unit.definitions.documents import (
    DIRECTORY,
    TIMELINES,
    checked,
    document,
    person,
    refused,
    text,
)


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
