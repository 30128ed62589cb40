"""What the holiday data does not know of a time: shipped delegations and the data in use."""

from __future__ import annotations

from datetime import date

from orchestrator.domain.dates.data_gaps import differing_feasts, estimated_between, gap_notes
from orchestrator.domain.delegations.working_calendar import Calendars, Override, OverrideKind
from orchestrator.words import say
from tests.unit.real import CALENDARS, DIRECTORY

MEMBERS = [item.code for item in DIRECTORY.members_on(date(2027, 3, 10))]


def test_a_year_without_a_decree_is_named_once_with_all_whom_it_concerns() -> None:
    (note,) = gap_notes(["CN", "VN", "JP"], CALENDARS, date(2026, 12, 1), date(2027, 2, 1))
    assert say(note).startswith("Days off and days worked in exchange of 2027 are not decreed yet")
    assert note.params["delegations"] == ("Viet Nam", "China")
    assert list(gap_notes(["CN", "JP"], CALENDARS, date(2026, 1, 1), date(2026, 12, 31))) == []


def test_neighbours_that_have_a_feast_on_different_days_are_set_against_each_other() -> None:
    (note,) = differing_feasts(MEMBERS, CALENDARS, date(2027, 3, 1), date(2027, 3, 31))
    ninth = "Tuesday, 9 March 2027 (Philippines, Timor-Leste)"
    tenth = "Wednesday, 10 March 2027 (Brunei Darussalam, Indonesia, Malaysia, Singapore)"
    said = f"Eid al-Fitr is not on the same day for all, and hangs on the moon: {ninth}, {tenth}."
    assert say(note) == said
    assert list(differing_feasts(["BN", "ID"], CALENDARS, date(2027, 3, 1), date(2027, 3, 31))) == []
    # What was announced is no contradiction: of 2026 all is known.
    assert list(differing_feasts(["PH", "SG"], CALENDARS, date(2026, 3, 1), date(2026, 3, 31))) == []


def test_what_a_coordinator_has_entered_is_no_estimate() -> None:
    days = (date(2027, 3, 1), date(2027, 3, 31))
    (estimated,) = estimated_between(["BN", "VN"], CALENDARS, *days)
    assert say(estimated).startswith("Brunei Darussalam (Wednesday, 10 March 2027, Thursday, 11 March 2027")
    closed = Override(1, "BN", OverrideKind.CLOSED, date(2027, 3, 10), date(2027, 3, 13), "Announced")
    assert estimated_between(["BN", "VN"], Calendars(DIRECTORY, (closed,)), *days) == ()
