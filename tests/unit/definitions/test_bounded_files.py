"""A meeting file costs no more than one of ours, however small it is written."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.definitions.files import MOST_MEETINGS, read_definitions, read_yaml
from orchestrator.domain.definitions.written import MOST_ATTENDEES, MOST_ITEMS
from orchestrator.errors import InvalidInput
from tests.effort import examples


def laughs(levels: int, opening: str = "[", closing: str = "]") -> str:
    """Nine references a level: 9 to the power of ``levels`` values."""
    lines = ["x0: &x0 [lol]"]
    for level in range(1, levels):
        inside = ", ".join([f"*x{level - 1}"] * 9)
        lines.append(f"x{level}: &x{level} {opening}{inside}{closing}")
    return "\n".join(lines)


MERGES = "\n".join(
    ["m0: &m0 {a: 1}", *(f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}" for n in range(1, 9))]
)
REFUSED = {
    "a billion laughs": (laughs(9), "too-many-values"),
    "a billion merges": (MERGES, "too-many-values"),
    "many values": ("[" + "a," * 100_000 + "]", "too-many-values"),
    "many empty lists": ("[" + "[]," * 100_000 + "]", "too-many-values"),
    "a deep list": ("[" * 5000, "nested-too-deep"),
    "a deep list that is whole": ("[" * 100 + "]" * 100, "nested-too-deep"),
    "deep by references": (
        "\n".join(["x0: &x0 [a]", *(f"x{n}: &x{n} [*x{n - 1}]" for n in range(1, 60))]),
        "nested-too-deep",
    ),
    "a list in itself": ("a: &a [*a]", "nested-too-deep"),
    "a map in itself": ("&a {b: *a}", "nested-too-deep"),
    "a long number": ("a: " + "9" * 5000, "number-too-long"),
    "a long hexadecimal number": ("a: 0x" + "f" * 5000, "number-too-long"),
    "a number of base 60": ("a: 1" + ":1" * 50_000, "number-too-long"),
    "a long fraction": ("a: 1." + "1" * 50, "number-too-long"),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_would_cost_more_than_any_of_ours_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_yaml(text)
    (found,) = caught.value.problems
    assert getattr(found.wrong, "key", "") == f"definitions.{why}"
    assert found.remedy


def test_references_that_are_few_are_read_as_written() -> None:
    text = "base: &base {a: 1}\none: {<<: *base, b: 2}\nlist: [*base, *base]"
    assert read_yaml(text) == {"base": {"a": 1}, "one": {"a": 1, "b": 2}, "list": [{"a": 1}, {"a": 1}]}
    assert read_yaml("a: [0x10, 1.5, 1e3, 190:20:30]") == {"a": [16, 1.5, "1e3", 685230]}


def test_a_file_of_as_many_people_as_may_be_invited_is_read() -> None:
    line = "  - {group: SOM, delegation: VN, name: X, email: x@y.example, seat: delegate, role: delegate}\n"
    assert len(read_yaml("attendees:\n" + line * MOST_ATTENDEES)["attendees"]) == MOST_ATTENDEES


def test_meetings_of_one_file_are_counted() -> None:
    with pytest.raises(InvalidInput, match=f"more than {MOST_MEETINGS} in one file"):
        read_definitions("meetings:\n" + "- {}\n" * (MOST_MEETINGS + 1))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("agenda", ["x"] * (MOST_ITEMS + 1)),
        ("agenda", [{"en": "x", "lead": "V" * 101}]),
        ("attendees", [{}] * (MOST_ATTENDEES + 1)),
        ("fed_by", ["X"] * 51),
        ("host", "V" * 101),
        ("zone", "Asia/" + "x" * 100),
        ("timeline", "x" * 101),
        ("feeds", "x" * 101),
        ("preparatory", {"agenda": ["x"] * (MOST_ITEMS + 1)}),
    ],
)
def test_every_part_of_a_definition_is_bounded(field: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        MeetingDefinition.of({field: value})
    assert any("at most" in item.message for item in caught.value.problems if item.field.startswith(field))


def test_an_update_is_bounded_as_a_definition_is() -> None:
    for field, value in (("agenda", ["x"] * (MOST_ITEMS + 1)), ("zone", "x" * 101)):
        with pytest.raises(ValueError, match="at most"):
            MeetingUpdate.model_validate({field: value})


@settings(max_examples=examples(300))
@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        read_yaml(text)


@pytest.mark.parametrize("field", ["host", "zone", "timeline", "feeds"])
def test_a_name_with_a_nul_is_refused_before_anything_looks_for_it(field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_definitions(f'{field}: "x\\0y"')
    assert any("control" in item.message for item in caught.value.problems if item.field == field)
