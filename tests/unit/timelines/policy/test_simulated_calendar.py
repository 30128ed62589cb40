"""The calendar of a SOM on Thursday 22 April 2027 comes out to the minute, silent and answering."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from datetime import UTC, datetime

import pytest

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.timelines.policy.context import AskingReach, EventContext, Records
from tests.unit.real import local, people_of
from tests.unit.timelines.policy.events import MEMBERS, answered, event_of, letters, session

PEOPLE = people_of(*MEMBERS)
RECORDS = Records(
    documents_at=datetime(2027, 4, 8, 8, tzinfo=UTC),
    draft_at=datetime(2027, 4, 26, 8, tzinfo=UTC),
    final_at=datetime(2027, 5, 24, 8, tzinfo=UTC),
    attendance_at=datetime(2027, 4, 22, 11, tzinfo=UTC),
    present=frozenset(MEMBERS),
)
SILENT = {
    "TH": """
        invite 2027-03-22 09:00 · invite 2027-03-22 09:00 · ask 2027-03-23 09:00 · chase/1 2027-03-31 09:00
        chase/2 2027-04-05 09:00 · chase/3 2027-04-08 09:00 · remind:day 2027-04-09 09:00
        remind:hour 2027-04-12 13:00 · remind:day 2027-04-21 09:00 · remind:hour 2027-04-22 13:00
        minutes:draft 2027-04-27 09:00 · minutes:final 2027-05-25 09:00""",
    "MM": """
        invite 2027-03-19 09:30 · invite 2027-03-19 09:30 · ask 2027-03-23 09:30 · chase/1 2027-03-31 09:30
        chase/2 2027-04-05 09:30 · chase/3 2027-04-08 09:30 · remind:day 2027-04-09 09:30
        remind:hour 2027-04-12 12:30 · remind:day 2027-04-22 09:30 · remind:hour 2027-04-22 12:30
        minutes:draft 2027-04-27 09:30 · minutes:final 2027-05-25 09:30""",
    "VN": """
        invite 2027-03-22 09:00 · invite 2027-03-22 09:00 · ask 2027-03-23 09:00 · chase/1 2027-03-31 09:00
        chase/2 2027-04-05 09:00 · chase/3 2027-04-08 09:00 · remind:day 2027-04-09 09:00
        remind:hour 2027-04-12 13:00 · remind:day 2027-04-21 09:00 · remind:hour 2027-04-22 13:00
        minutes:draft 2027-04-27 09:00 · minutes:final 2027-05-25 09:00""",
}
ANSWERING = """
    invite 2027-03-22 09:00 · invite 2027-03-22 09:00 · remind:day 2027-04-09 09:00
    remind:hour 2027-04-12 13:00 · remind:day 2027-04-21 09:00 · remind:hour 2027-04-22 13:00
    minutes:draft 2027-04-27 09:00 · minutes:final 2027-05-25 09:00"""


def the_event(*answering: str) -> EventContext:
    preparatory = answered(session(1, datetime(2027, 4, 12, 14), PEOPLE), *answering)
    som = answered(session(2, datetime(2027, 4, 22, 14), PEOPLE, minutes_version=1), *answering)
    return event_of(preparatory, som, lead=2, records={2: RECORDS})


def focal_point(code: str) -> str:
    return next(item.address for item in PEOPLE if item.delegation == code and item.role is Role.FOCAL_POINT)


def told(event: EventContext, code: str) -> list[str]:
    return [f"{item.step} {local(item.due, code)}" for item in letters(event, focal_point(code))]


def expected(text: str) -> list[str]:
    return [item.strip() for line in text.strip().splitlines() for item in line.split("·")]


def test_the_deadline_is_wednesday_7_april_at_four_in_ha_noi_for_all() -> None:
    deadline = the_event().deadline
    assert deadline is not None
    assert local(deadline.at, "VN") == "2027-04-07 16:00"
    assert (deadline.reach, deadline.shared, deadline.short) == (AskingReach.FULL, True, ())


@pytest.mark.parametrize("code", SILENT)
def test_a_silent_focal_point_gets_what_the_specification_says(code: str) -> None:
    assert told(the_event(), code) == expected(SILENT[code])


def test_who_has_answered_everything_gets_the_eight_others() -> None:
    assert told(the_event("VN"), "VN") == expected(ANSWERING)


def test_in_the_philippines_the_last_chaser_and_the_day_letter_are_one() -> None:
    found = told(the_event(), "PH")
    assert "chase/3 2027-04-08 09:00" in found
    assert not any(item.startswith("remind:day 2027-04-0") for item in found)
    assert "notice:documents 2027-04-12 09:00" in found


def test_brunei_gets_the_day_letter_on_its_working_saturday() -> None:
    assert "remind:day 2027-04-10 09:00" in told(the_event(), "BN")
