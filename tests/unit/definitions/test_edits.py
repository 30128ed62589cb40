"""Intents change what they name and nothing else, and whole lists are translated into them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.definitions.edits import (
    AddItem,
    ChangeItem,
    Correct,
    Intent,
    Invite,
    MeetingUpdate,
    Remove,
    RemoveItem,
    Reorder,
    edited_agenda,
    edited_people,
    intents_of,
)
from orchestrator.domain.definitions.written import AgendaItem, Invitee
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.fields import Seat
from orchestrator.errors import InvalidInput, NotFound


def person(name: str, **changes: Any) -> Invitee:
    whole = {"group": "SOM", "delegation": "VN", "name": name, "email": f"{name.lower()}@vn.example.org"}
    return Invitee.model_validate(whole | changes)


LAN = person("Lan", language="fr_FR", seat=Seat.HEAD, role=Role.SENIOR_OFFICIAL)
MINH = person("Minh", language="fil_PH", role=Role.DELEGATE)
OPENING = AgendaItem(en="Opening", vi="Khai mạc", lead="VN")
REPORT = AgendaItem(en="Report", lead="all", input_from="PREP")
AGENDA = (OPENING, REPORT, AgendaItem(en="Other matters"))


def lists(
    update: dict[str, Any], people: tuple[Invitee, ...] = (), agenda: tuple[AgendaItem, ...] = ()
) -> Any:
    """What the lists of an update make of the people and the agenda."""
    intents = intents_of(MeetingUpdate.model_validate(update), people, agenda)
    return edited_people(people, intents), edited_agenda(agenda, intents)


def test_an_intent_about_one_person_leaves_the_others_and_what_it_does_not_name() -> None:
    new = person("Quynh")
    assert edited_people([LAN, MINH], [Invite(new)]) == (LAN, MINH, new)
    assert edited_people([LAN, MINH], [Remove("LAN@vn.example.org ")]) == (MINH,)
    renamed = LAN.model_copy(update={"name": "Lan Anh"})
    assert edited_people([LAN, MINH], [Correct("lan@vn.example.org", {"name": "Lan Anh"})]) == (MINH, renamed)


def test_another_group_brings_its_role_unless_one_is_given() -> None:
    (moved,) = edited_people([MINH], [Correct(MINH.email, {"group": "ACCSM_FP"})])
    assert (moved.group, moved.role, moved.language) == ("ACCSM_FP", None, "fil_PH")
    (given_one,) = edited_people([MINH], [Correct(MINH.email, {"group": "ACCSM_FP", "role": "observer"})])
    assert given_one.role is Role.OBSERVER
    (same,) = edited_people([MINH], [Correct(MINH.email, {"group": "SOM"})])
    assert same.role is Role.DELEGATE


def test_intents_about_the_agenda_follow_one_another() -> None:
    new = AgendaItem(en="Venue")
    found = edited_agenda(
        AGENDA, [RemoveItem(1), AddItem(new), Reorder((3, 1, 2)), ChangeItem(2, {"vi": "Báo cáo"})]
    )
    assert found == (new, REPORT.model_copy(update={"vi": "Báo cáo"}), AGENDA[2])


@pytest.mark.parametrize(
    ("intent", "said"),
    [
        (Correct("nobody@vn.example.org", {"name": "Lan"}), "nobody@vn.example.org is not invited"),
        (Remove("nobody@vn.example.org"), "nobody@vn.example.org is not invited"),
        (ChangeItem(4, {"en": "x"}), "no item 4 on the agenda; it has 3"),
        (RemoveItem(0), "no item 0 on the agenda"),
    ],
)
def test_an_intent_about_what_is_not_there_is_refused(intent: Intent, said: str) -> None:
    with pytest.raises(NotFound, match=said):
        edited_people([LAN], [intent]), edited_agenda(AGENDA, [intent])


def test_unfit_values_and_orders_are_refused() -> None:
    with pytest.raises(InvalidInput, match="email: is not an e-mail address"):
        edited_people([LAN], [Correct(LAN.email, {"email": "nobody"})])
    with pytest.raises(InvalidInput, match="colour: is not a known field"):
        edited_agenda(AGENDA, [ChangeItem(1, {"colour": "red"})])
    for numbers in ((1, 2), (1, 1, 2), (0, 1, 2), (1, 2, 3, 4)):
        with pytest.raises(InvalidInput, match="does not name each item once"):
            edited_agenda(AGENDA, [Reorder(numbers)])


def test_what_the_entries_of_a_list_leave_out_stays() -> None:
    """So a client that knows fewer fields than we have can write back what it has read."""
    known = {"group", "delegation", "name", "email"}
    written = [item.model_dump(include=known) for item in (LAN, MINH)]
    assert lists({"attendees": written}, (LAN, MINH))[0] == (LAN, MINH)
    read = [item.model_dump(include={"en", "vi", "lead"}) for item in AGENDA]
    assert lists({"agenda": read}, agenda=AGENDA)[1] == AGENDA
    taken_out = [{"en": "Report", "input_from": None, "lead": None}]
    assert lists({"agenda": taken_out}, agenda=AGENDA)[1] == (AgendaItem(en="Report"),)


def test_an_address_that_is_listed_twice_stays_twice_for_the_check_to_find() -> None:
    twice = [item.model_dump() for item in (LAN, MINH, LAN)]
    assert [item.email for item in lists({"attendees": twice}, (LAN, MINH))[0]] == [
        LAN.email,
        MINH.email,
        LAN.email,
    ]


TEXTS = st.sampled_from(["Opening", "Report", "Venue", "Other matters"])
ITEMS = st.builds(
    AgendaItem,
    en=TEXTS,
    vi=st.none() | st.just("Khai mạc"),
    lead=st.none() | st.sampled_from(["VN", "all"]),
    input_from=st.none() | st.just("PREP"),
)
PEOPLE = st.builds(
    Invitee,
    group=st.sampled_from(["SOM", "ACCSM_FP"]),
    delegation=st.sampled_from(["VN", "SG"]),
    name=st.sampled_from(["Lan", "Minh"]),
    email=st.sampled_from(["a@x.example", "b@x.example", "c@x.example"]),
    role=st.none() | st.sampled_from(Role),
    seat=st.none() | st.sampled_from(Seat),
    language=st.none() | st.just("fil_PH"),
    form=st.none() | st.just("Bà"),
    position=st.none() | st.just("Director"),
)


@given(st.lists(ITEMS, max_size=5), st.lists(ITEMS, max_size=5))
def test_a_whole_agenda_becomes_just_that_agenda(before: list[AgendaItem], wanted: list[AgendaItem]) -> None:
    update = MeetingUpdate(agenda=tuple(wanted))
    assert edited_agenda(before, intents_of(update, (), before)) == tuple(wanted)


@given(st.lists(PEOPLE, max_size=3, unique_by=lambda item: item.email), st.lists(PEOPLE, max_size=4))
def test_a_whole_list_of_people_becomes_just_that_list(before: list[Invitee], wanted: list[Invitee]) -> None:
    update = MeetingUpdate(attendees=tuple(wanted))
    assert edited_people(before, intents_of(update, before, ())) == tuple(wanted)
