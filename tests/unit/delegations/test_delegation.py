"""Delegations, groups and protocol order, and the file that is shipped."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.definitions.files import read_yaml
from orchestrator.domain.delegations.delegation import Directory, Kind, Role
from orchestrator.domain.time.zones import Place
from orchestrator.errors import ConfigurationError, InvalidInput

SHIPPED = Path(__file__).parents[3] / "config" / "delegations.yaml"


@pytest.fixture(scope="module")
def shipped() -> Directory:
    return Directory.of(read_yaml(SHIPPED.read_text("utf-8")))


def delegation(code: str = "VN", **fields: Any) -> dict[str, Any]:
    return {
        "code": code,
        "kind": "member",
        "order": 1,
        "name": f"State {code}",
        "zone": "Asia/Ho_Chi_Minh",
        "city": "Ha Noi",
    } | fields


def directory(*delegations: dict[str, Any], groups: tuple[dict[str, Any], ...] = ()) -> Directory:
    return Directory.of({"delegations": delegations, "groups": groups})


def problems(data: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(ConfigurationError) as caught:
        Directory.of(data)
    return [(item.field, item.value, item.message) for item in caught.value.problems]


def test_there_were_ten_members_the_day_before_timor_leste_joined(shipped: Directory) -> None:
    codes = [item.code for item in shipped.members_on(date(2025, 10, 25))]
    assert codes == ["BN", "KH", "ID", "LA", "MY", "MM", "PH", "SG", "TH", "VN"]


def test_there_are_eleven_members_from_that_day_with_timor_leste_tenth(shipped: Directory) -> None:
    codes = [item.code for item in shipped.members_on(date(2025, 10, 26))]
    assert codes == ["BN", "KH", "ID", "LA", "MY", "MM", "PH", "SG", "TH", "TL", "VN"]
    assert codes.index("TL") == 9


def test_protocol_order_is_members_secretariat_plus_three_partners(shipped: Directory) -> None:
    ordered = [item.code for item in Directory.in_order(reversed(shipped.delegations))]
    assert ordered[10:] == ["VN", "ASEC", "CN", "JP", "KR", "AU", "CA", "IN", "NZ"]
    assert sorted(ordered, key=shipped.rank) == ordered


def test_an_unknown_code_ranks_after_everybody(shipped: Directory) -> None:
    assert shipped.rank("XX") > max(shipped.rank(item.code) for item in shipped.delegations)


def test_protocol_order_leaves_nothing_open_where_two_have_the_same_number() -> None:
    """People of the two must not be mixed, nor a set of codes come in another order in each process."""
    found = directory(delegation("VN"), delegation("KH"), delegation("BN", order=2))
    assert sorted(["BN", "VN", "KH", "VN", "KH", "YY", "XX"], key=found.rank) == [
        "KH",
        "KH",
        "VN",
        "VN",
        "BN",
        "XX",
        "YY",
    ]
    assert [item.code for item in Directory.in_order(found.delegations)] == ["KH", "VN", "BN"]


def test_every_shipped_fact_that_may_be_wrong_says_how_sure_it_is(shipped: Directory) -> None:
    for item in shipped.delegations:
        assert set(item.confidence) == {"agency", "hours"}, item.code
        assert all((item.agency, item.hours, item.city, item.name_vi)), item.code


@pytest.mark.parametrize(
    ("code", "zone", "city"),
    [
        ("VN", "Asia/Ho_Chi_Minh", "Ha Noi"),
        ("MM", "Asia/Yangon", "Nay Pyi Taw"),
        ("BN", "Asia/Brunei", "Bandar Seri Begawan"),
        ("TL", "Asia/Dili", "Dili"),
        ("ASEC", "Asia/Jakarta", "Jakarta"),
        ("CN", "Asia/Shanghai", "Beijing"),
        ("AU", "Australia/Sydney", "Canberra"),
        ("CA", "America/Toronto", "Ottawa"),
        ("IN", "Asia/Kolkata", "New Delhi"),
        ("NZ", "Pacific/Auckland", "Wellington"),
    ],
)
def test_a_place_is_the_capital_on_the_zone_s_clock(
    shipped: Directory, code: str, zone: str, city: str
) -> None:
    assert shipped.get(code).place == Place(zone, city)


def test_the_working_week_of_brunei_has_no_friday_but_a_saturday(shipped: Directory) -> None:
    assert shipped.get("BN").working_days == {"mon", "tue", "wed", "thu", "sat"}
    assert shipped.get("VN").working_days == {"mon", "tue", "wed", "thu", "fri"}


def test_the_shipped_groups_give_the_role_and_say_whom_they_admit(shipped: Directory) -> None:
    found = {group.code: (group.role, group.kinds) for group in shipped.groups}
    assert found == {
        "ACCSM_FP": (Role.FOCAL_POINT, (Kind.MEMBER,)),
        "SOM": (Role.SENIOR_OFFICIAL, (Kind.MEMBER,)),
        "HCS": (Role.HEAD_OF_CIVIL_SERVICE, (Kind.MEMBER,)),
        "ACCSM_OFF": (Role.DELEGATE, (Kind.MEMBER,)),
        "PLUS3": (Role.DELEGATE, (Kind.PLUS_THREE,)),
        "ASEC": (Role.SECRETARIAT, (Kind.SECRETARIAT,)),
        "DP4": (Role.OBSERVER, (Kind.PARTNER,)),
    }
    assert shipped.group("SOM").admits(shipped.get("TL"))
    assert not shipped.group("SOM").admits(shipped.get("JP"))


def test_a_group_may_name_single_delegations() -> None:
    group = {"code": "HOSTS", "name": "Hosts", "role": "delegate", "delegations": ["KH"]}
    known = directory(delegation("VN"), delegation("KH"), groups=(group,))
    assert known.group("HOSTS").admits(known.get("KH"))
    assert not known.group("HOSTS").admits(known.get("VN"))


def test_an_unknown_delegation_is_answered_with_the_known_ones_in_order() -> None:
    known = directory(delegation("VN", order=2), delegation("JP", kind="plus-three"), delegation("KH"))
    with pytest.raises(InvalidInput) as caught:
        known.get("XX")
    (problem,) = caught.value.problems
    assert (problem.field, problem.value, problem.remedy) == ("delegation", "XX", "Known are: KH, VN, JP.")


def test_an_unknown_group_is_answered_with_the_known_ones(shipped: Directory) -> None:
    with pytest.raises(InvalidInput) as caught:
        shipped.group("SOMX")
    (problem,) = caught.value.problems
    assert (problem.field, problem.value) == ("group", "SOMX")
    assert problem.remedy == "Known are: ACCSM_FP, SOM, HCS, ACCSM_OFF, PLUS3, ASEC, DP4."


def test_a_code_given_twice_is_refused() -> None:
    found = problems({"delegations": [delegation("VN"), delegation("VN")], "groups": []})
    assert found == [("document", "", "delegations: VN is there twice")]
    group = {"code": "SOM", "name": "S", "role": "delegate"}
    assert problems({"delegations": [], "groups": [group, group]}) == [
        ("document", "", "groups: SOM is there twice")
    ]


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        (
            {"zone": "Asia/Hanoi"},
            "delegations[0]",
            (
                "zone Asia/Hanoi is not a zone of the IANA time zone database. Write a zone such as "
                "Asia/Ho_Chi_Minh; abbreviations and offsets are ambiguous."
            ),
        ),
        ({"code": "vn"}, "delegations[0].code", "string should match pattern '^[A-Z]{2,6}$'"),
        ({"order": 0}, "delegations[0].order", "input should be greater than or equal to 1"),
        ({"capital": "Ha Noi"}, "delegations[0].capital", "is not a known field"),
        (
            {"confidence": {"hours": "X"}},
            "delegations[0].confidence.hours",
            "input should be 'S', 'M' or 'L'",
        ),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], field: str, message: str) -> None:
    assert [
        (where, what) for where, _, what in problems({"delegations": [delegation(**fields)], "groups": []})
    ] == [(field, message)]


def test_hours_end_after_they_begin() -> None:
    hours = [{"days": ["mon"], "opens": "12:00", "closes": "12:00"}]
    found = problems({"delegations": [delegation(hours=hours)], "groups": []})
    assert found == [("delegations[0].hours[0]", "", "closes must be later than opens")]


def test_unquoted_times_of_yaml_1_1_are_read_as_they_were_meant() -> None:
    text = "{days: [mon], opens: 9:30, closes: 16:30}"
    assert read_yaml(text)["closes"] == 990
    (hours,) = directory(delegation(hours=[read_yaml(text)])).get("VN").hours
    assert (hours.opens, hours.closes) == (time(9, 30), time(16, 30))


def test_a_delegation_takes_part_from_its_first_day_until_the_day_before_its_end() -> None:
    item = directory(delegation(since="2025-10-26", until="2026-01-01")).get("VN")
    days = [date(2025, 10, 25), date(2025, 10, 26), date(2025, 12, 31), date(2026, 1, 1)]
    assert [item.active_on(day) for day in days] == [False, True, True, False]


def test_the_host_s_city_stands_for_the_meeting_s_zone_when_it_is_the_host_s(shipped: Directory) -> None:
    moment = datetime(2026, 12, 3, 7, tzinfo=UTC)
    assert shipped.host_place("VN", "Asia/Ho_Chi_Minh", moment) == Place("Asia/Ho_Chi_Minh", "Ha Noi")
    assert shipped.host_place("VN", "Asia/Phnom_Penh", moment) == Place("Asia/Phnom_Penh", "Phnom Penh")
    with pytest.raises(InvalidInput):
        shipped.host_place("XX", "Asia/Phnom_Penh", moment)


def test_a_delegation_that_moves_to_another_zone_is_there_from_its_own_midnight_on() -> None:
    moving = {"since": "2028-08-17", "zone": "Asia/Makassar", "city": "Nusantara"}
    found = directory(delegation(code="ID", zone="Asia/Jakarta", city="Jakarta", changes=[moving]))
    midnight = datetime(2028, 8, 16, 17, tzinfo=UTC)
    assert found.place_of("ID", midnight).city == "Nusantara"
    assert found.place_of("ID", midnight - timedelta(hours=2)).city == "Jakarta"


def test_of_two_changes_that_overlap_the_one_that_begins_later_counts_whatever_their_order() -> None:
    first = {"since": "2027-01-01", "zone": "Asia/Makassar", "city": "Nusantara", "note": "moved"}
    later = {"since": "2027-06-01", "until": "2027-07-01", "zone": "Asia/Jakarta", "city": "Jakarta"}
    for changes in ([first, later], [later, first]):
        state = delegation(code="ID", zone="Asia/Bangkok", city="Bangkok", changes=changes)
        found = directory(state).get("ID")
        days = (date(2026, 12, 31), date(2027, 5, 31), date(2027, 6, 1), date(2027, 7, 1))
        assert [found.on(day).city for day in days] == ["Bangkok", "Nusantara", "Jakarta", "Nusantara"]
        assert found.on(date(2027, 6, 1)).note == "moved", "what the later one leaves out stays as it is"
