"""A meeting and its preparatory meeting in one step: what follows from the meeting, and what is its own."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.definitions.checking import check
from orchestrator.domain.definitions.definition import MeetingDefinition, MeetingKind
from orchestrator.domain.definitions.files import read_yaml
from orchestrator.domain.definitions.preparatory import PreparatoryTexts, asking_for_one, pair
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.delegations.working_calendar import Calendars, Override, OverrideKind
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.errors import ConfigurationError, InvalidInput

CONFIG = Path(__file__).parents[3] / "config"
DIRECTORY = Directory.of(read_yaml((CONFIG / "delegations.yaml").read_text("utf-8")))
TIMELINES = {"standard": Timeline.of(read_yaml((CONFIG / "timelines" / "standard.yaml").read_text("utf-8")))}
TEXTS_FILE = read_yaml((CONFIG / "preparatory.yaml").read_text("utf-8"))
TEXTS = PreparatoryTexts.of(TEXTS_FILE)
PEOPLE = [
    {
        "group": "SOM",
        "delegation": "VN",
        "name": "Lan",
        "email": "lan@vn.example.org",
        "seat": "head of delegation",
    },
    {
        "group": "ACCSM_FP",
        "delegation": "BN",
        "name": "Siti",
        "email": "siti@bn.example.org",
        "language": "ms",
    },
    {"group": "ASEC", "delegation": "ASEC", "name": "Ratih", "email": "ratih@asean.example.org"},
    {"group": "PLUS3", "delegation": "JP", "name": "Sato", "email": "sato@jp.example.org"},
    {"group": "DP4", "delegation": "AU", "name": "Kim", "email": "kim@au.example.org"},
]


def som(**fields: Any) -> MeetingDefinition:
    whole: dict[str, Any] = {
        "reference": "SOM-2026",
        "programme": "ACCSM 23",
        "kind": "som",
        "title": {"en": "Senior Officials Meeting", "vi": "Hội nghị quan chức cấp cao"},
        "host": "VN",
        "coordinator": {"name": "Trần Minh Khôi", "email": "coordinator@vn.example.org"},
        "start": "2026-12-03 14:00",
        "zone": "Asia/Ho_Chi_Minh",
        "duration": "PT3H",
        "agenda": ["Opening", "Other matters"],
        "attendees": PEOPLE,
        "preparatory": True,
    }
    return MeetingDefinition.of(whole | fields)


def made(definition: MeetingDefinition, calendars: Calendars | None = None) -> list[MeetingDefinition]:
    return list(pair(definition, TEXTS, calendars or Calendars(DIRECTORY)))


def test_a_meeting_without_one_stays_as_it_is() -> None:
    for given in (False, None):
        plain = som(preparatory=given)
        assert made(plain) == [plain]


def test_everything_follows_from_the_meeting_that_is_prepared() -> None:
    main, prep = made(som())
    assert (prep.reference, prep.kind, prep.feeds) == ("SOM-2026-PREP", MeetingKind.PREPARATORY, "SOM-2026")
    assert prep.title.en == "Preparatory Meeting for Senior Officials Meeting"
    assert prep.title.vi == "Cuộc họp trù bị cho Hội nghị quan chức cấp cao"
    assert (prep.start, prep.zone, prep.length) == (
        datetime(2026, 12, 2, 14),
        "Asia/Ho_Chi_Minh",
        timedelta(hours=2),
    )
    assert (prep.host, prep.coordinator, prep.programme) == (main.host, main.coordinator, "ACCSM 23")
    assert [item.en for item in prep.agenda] == [
        "Opening and adoption of the agenda",
        "Review of the provisional agenda and documents of the SOM",
        "Key outcomes to be reported to the SOM",
        "Other matters",
    ]
    assert all(item.vi for item in prep.agenda)
    assert prep.attendees == main.attendees[:3], "members and the Secretariat, with seats and languages"
    assert len(main.attendees) == 5
    assert (main.fed_by, main.preparatory) == (("SOM-2026-PREP",), None)
    assert [(item.en, item.input_from) for item in main.agenda] == [
        ("Opening", None),
        ("Report on the key outcomes of the Preparatory Meeting", "SOM-2026-PREP"),
        ("Other matters", None),
    ]
    assert check(main, DIRECTORY, TIMELINES) == check(prep, DIRECTORY, TIMELINES) == []


def test_what_the_block_says_counts() -> None:
    own = {
        "reference": "PREP-2026",
        "title": "Preparation",
        "start": "2026-12-01 09:00",
        "duration": "PT1H",
        "agenda": ["One item"],
    }
    main, prep = made(som(preparatory=own))
    assert (prep.reference, prep.title.en, prep.title.vi) == ("PREP-2026", "Preparation", None)
    assert (prep.start, prep.length) == (datetime(2026, 12, 1, 9), timedelta(hours=1))
    assert [item.en for item in prep.agenda] == ["One item"]
    assert main.agenda[1].input_from == "PREP-2026"


def test_without_a_vietnamese_title_none_is_made_up() -> None:
    assert made(som(title="Senior Officials Meeting"))[1].title.vi is None


def test_an_item_that_reports_already_is_the_only_one() -> None:
    agenda = ["Opening", "Other", {"en": "What was prepared", "input_from": "SOM-2026-PREP"}]
    assert [item.en for item in made(som(agenda=agenda))[0].agenda] == [
        "Opening",
        "Other",
        "What was prepared",
    ]


@pytest.mark.parametrize("agenda", [[], ["Opening"]])
def test_a_short_agenda_gets_the_report_at_its_end(agenda: list[str]) -> None:
    found = made(som(agenda=agenda))[0].agenda
    assert [item.en for item in found[:-1]] == agenda
    assert found[-1].input_from == "SOM-2026-PREP"


@pytest.mark.parametrize(
    ("host", "zone", "start", "people", "before"),
    [
        ("VN", "Asia/Ho_Chi_Minh", "2026-12-07 09:00", "VN", datetime(2026, 12, 4, 9)),
        ("BN", "Asia/Brunei", "2026-12-07 09:00", "BN", datetime(2026, 12, 5, 9)),
        ("VN", "Asia/Ho_Chi_Minh", "2026-12-07 09:00", "VN BN", datetime(2026, 12, 3, 9)),
        ("BN", "Asia/Brunei", "2026-12-07 09:00", "VN BN", datetime(2026, 12, 3, 9)),
        ("SG", "Asia/Singapore", "2027-01-04 10:00", "VN BN", datetime(2026, 12, 31, 10)),
    ],
)
def test_it_is_proposed_for_the_nearest_day_on_which_nobody_is_off(
    host: str, zone: str, start: str, people: str, before: datetime
) -> None:
    """Monday after a weekend in Viet Nam; after a working Saturday in Brunei; after New Year's weekend.

    Together, Viet Nam and Brunei have neither the Friday nor the Saturday.
    """
    invited = [item for item in PEOPLE if item["delegation"] in people.split()]
    assert made(som(host=host, zone=zone, start=start, attendees=invited))[1].start == before


def test_a_day_that_was_declared_off_is_passed_over() -> None:
    day = datetime(2026, 12, 2).date()
    override = Override(1, "VN", OverrideKind.CLOSED, day, day, "National mourning")
    assert made(som(), Calendars(DIRECTORY, [override]))[1].start == datetime(2026, 12, 1, 14)


def test_moving_a_definition_moves_the_start_of_the_preparatory_meeting() -> None:
    own = som(preparatory={"start": "2026-12-01 09:00"}).moved_by(7).preparatory
    assert own is not None
    assert own.start == datetime(2026, 12, 8, 9)


def test_asking_for_one_leaves_alone_what_has_one() -> None:
    plain = som(preparatory=None)
    assert asking_for_one(plain).preparatory is not None
    for same in (
        som(preparatory={"reference": "OWN"}),
        som(preparatory=None, fed_by=["OTHER"]),
        som(kind="preparatory", preparatory=None),
    ):
        assert asking_for_one(same) is same


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"kind": "preparatory"}, "preparatory", "is given for a preparatory meeting"),
        ({"preparatory": {"reference": "SOM-2026"}}, "preparatory.reference", "is this meeting itself"),
    ],
)
def test_a_block_that_cannot_be_is_named(fields: dict[str, Any], field: str, message: str) -> None:
    problems = check(som(**fields), DIRECTORY, TIMELINES)
    assert [(item.field, item.message) for item in problems] == [(field, message)]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reference": "S" + "x" * 63}, "preparatory.reference"),
        ({"title": {"en": "T" * 250}}, "preparatory.title.en"),
    ],
)
def test_what_does_not_fit_asks_for_a_field_of_the_block(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        made(som(**fields))
    (problem,) = caught.value.problems
    assert problem.field == field
    assert "under 'preparatory:'" in problem.remedy


def test_unknown_fields_of_the_block_are_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        som(preparatory={"begin": "2026-12-01 09:00"})
    assert [item.field for item in caught.value.problems] == ["preparatory.begin"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": {"en": "Preparation"}}, "title"),
        ({"title": {"en": "{title}", "vi": "{titel}"}}, "title"),
        ({"agenda": []}, "agenda"),
        ({"duration": "soon"}, "duration"),
    ],
)
def test_texts_that_cannot_be_used_are_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        PreparatoryTexts.of(TEXTS_FILE | change)
    assert [item.field for item in caught.value.problems] == [field]
