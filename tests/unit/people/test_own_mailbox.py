"""The mailbox of the service is nobody's address, however it is spelled."""

from __future__ import annotations

import pytest

from orchestrator.domain.definitions.checking import check
from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.people.addresses import OwnMailbox, compared
from tests.unit.definitions.documents import DIRECTORY, TIMELINES, document, person

OWN = OwnMailbox.of("Meetings@ACCSM.example", None, "som@b\u00fccher.example")
SPELLINGS = [
    "meetings@accsm.example",
    "MEETINGS@Accsm.Example",
    "meetings+42-abc@accsm.example",
    "Meetings+x+y@accsm.example",
    " meetings@accsm.example ",
    "som@xn--bcher-kva.example",
    "som+tag@XN--BCHER-KVA.example",
]


@pytest.mark.parametrize("address", SPELLINGS)
def test_it_is_known_in_every_spelling(address: str) -> None:
    assert OWN.holds(address)


@pytest.mark.parametrize(
    "address",
    ["meeting@accsm.example", "meetings@accsm.example.org", "meetings@x.accsm.example", "", "@", "x"],
)
def test_another_address_is_another(address: str) -> None:
    assert not OWN.holds(address)


def test_a_mailbox_that_has_a_tag_itself_is_known_without_it() -> None:
    assert OwnMailbox.of("office+accsm@gov.example").holds("office@gov.example")


def test_domains_compare_in_one_spelling() -> None:
    assert compared("A@B\u00dcCHER.example.") == compared("a@xn--bcher-kva.example")


@pytest.mark.parametrize("address", [item.strip() for item in SPELLINGS if item.isascii()])
def test_a_definition_cannot_name_it(address: str) -> None:
    attendee = MeetingDefinition.of(document(attendees=[person(), person(email=address)]))
    coordinator = MeetingDefinition.of(document(coordinator={"name": "Desk", "email": address}))
    for definition, field in ((attendee, "attendees[1].email"), (coordinator, "coordinator.email")):
        (problem,) = check(definition, DIRECTORY, TIMELINES, OWN)
        assert (problem.field, problem.value) == (field, address)
        assert problem.message == "is the mailbox of this service, which invitations come from"
        assert problem.remedy
