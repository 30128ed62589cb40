"""The fields of attendees and agenda items are written down once; everything that carries them has them."""

from __future__ import annotations

from dataclasses import fields

import pytest
from pydantic import TypeAdapter
from sqlalchemy import inspect

from orchestrator.domain.definitions.written import AgendaItem, Invitee
from orchestrator.domain.meetings.fields import AgendaFields, AttendeeFields
from orchestrator.domain.meetings.meeting import AgendaEntry, Attendee
from orchestrator.services.meetings.views import AgendaView, AttendeeView, MeetingView
from orchestrator.store.rows.meetings import AgendaRow, AttendeeRow

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
    assert names <= set(inspect(row).columns.keys()), "what the table has"
    assert issubclass(value, declared)
    assert issubclass(view, declared)


def test_every_field_is_in_what_the_api_answers() -> None:
    shown = TypeAdapter(MeetingView).json_schema(mode="serialization")["$defs"]
    assert {item.name for item in fields(AttendeeFields)} <= set(shown["AttendeeView"]["properties"])
    assert {item.name for item in fields(AgendaFields)} <= set(shown["AgendaView"]["properties"])
