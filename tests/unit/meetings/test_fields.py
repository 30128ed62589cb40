"""The fields of attendees and agenda items are written down once; everything that carries them has them."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest
from sqlalchemy import inspect as mapped

from orchestrator.domain.definitions.written import AgendaItem, Invitee
from orchestrator.domain.meetings.fields import AgendaFields, AttendeeFields
from orchestrator.domain.meetings.meeting import AgendaEntry, Attendee
from orchestrator.services.meetings.views import AgendaView, AttendeeView
from orchestrator.store.rows.meetings import AgendaRow, AttendeeRow
from orchestrator.web.api.meetings.schemas import AgendaItemModel, AttendeeModel

ROOT = Path(__file__).resolve().parents[3]

CARRIERS = [
    (AttendeeFields, Attendee, AttendeeView, Invitee, AttendeeRow),
    (AgendaFields, AgendaEntry, AgendaView, AgendaItem, AgendaRow),
]


@pytest.mark.parametrize(("declared", "value", "view", "written", "row"), CARRIERS)
def test_every_field_is_in_the_file_the_table_the_value_and_the_view(
    declared: type, value: type, view: type, written: type[Invitee | AgendaItem], row: type
) -> None:
    names = {item.name for item in fields(declared)}
    assert set(written.model_fields) == names, "what a meeting file may hold"
    assert names <= set(mapped(row).columns.keys()), "what the table has"
    assert issubclass(value, declared)
    assert issubclass(view, declared)


def test_every_field_is_in_what_the_api_answers() -> None:
    for declared, model in ((AttendeeFields, AttendeeModel), (AgendaFields, AgendaItemModel)):
        assert {item.name for item in fields(declared)} <= set(model.model_fields)


def test_what_a_new_attribute_touches_is_listed_and_is_where_the_list_says() -> None:
    text = (ROOT / "docs" / "how-to-add.md").read_text("utf-8")
    section = text.partition("## An attribute of an attendee")[2].partition("\n## ")[0]
    places = re.findall(r"^\d\. `([^`]+)`: .*?(?:`(\w+)`|a migration)", section, re.MULTILINE)
    listed = [
        (AttendeeFields, Path("orchestrator/domain/meetings/fields.py")),
        (Invitee, Path("orchestrator/domain/definitions/written.py")),
        (AttendeeRow, Path("orchestrator/store/rows/meetings.py")),
    ]
    assert [(name, Path(path)) for path, name in places[:3]] == [
        (kind.__name__, path) for kind, path in listed
    ]
    for kind, path in listed:
        assert Path(inspect.getfile(kind)) == ROOT / path
    assert len(places) == 4
    assert (ROOT / places[3][0]).is_dir()
