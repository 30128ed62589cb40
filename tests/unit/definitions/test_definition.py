"""What is wrong with a definition is named at its field."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.domain.definitions.files import read_definitions
from tests.unit.definitions.documents import checked, person, refused, text


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
        {"start": "2027-04-04 02:30", "zone": "Australia/Sydney"},
        "start",
        "2027-04-04 02:30",
        "comes twice in Australia/Sydney: the clocks are put back over it (UTC+11:00 the first time,",
        "The two times are 2027-04-03 15:30 and 2027-04-03 16:30 in zone UTC",
    ),
    (
        {"start": "2026-11-01 00:30", "zone": "America/Toronto", "duration": None, "end": "2026-11-01 01:30"},
        "end",
        "2026-11-01 01:30",
        "comes twice in America/Toronto",
        "Choose a time that comes once.",
    ),
    *(
        ({"zone": name}, "zone", name, "is an abbreviation or an offset", "Write the zone of a city")
        for name in ("EST", "MST", "HST", "EST5EDT", "PST8PDT", "CET", "MET", "WET", "GMT", "GMT+0", "GMT0")
    ),
    *(
        ({"zone": name}, "zone", name, "is an abbreviation or an offset", "Write the zone of a city")
        for name in ("Etc/GMT+7", "Etc/GMT-7", "Etc/Zulu", "UCT", "Zulu", "PRC", "ROK", "NZ", "GB", "Factory")
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
