"""People whose domain is written in letters of their own: typed, invited, answering and bounced."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.errors import InvalidInput
from tests.callers import caller
from tests.integration.answers.incoming_mails import (
    attendee_line,
    bounce,
    calendar,
    change,
    delivery_states,
    exchange,
    last,
    participations,
    poll,
    uid_of,
)
from tests.integration.conftest import NHUNG, PEOPLE, THIDA, World, definition

SHOWN = "Lan@bộ-nội-vụ.example"
LAN = PEOPLE[NHUNG] | {"email": SHOWN}
OTHERS = [PEOPLE[THIDA]]


def in_letters(address: str) -> str:
    local, _, domain = address.partition("@")
    return f"{local}@{domain.encode('idna').decode()}"


SENT = in_letters(SHOWN)
SPELLINGS = {"in its letters": SHOWN, "for mail servers": SENT, "in capitals": SHOWN.upper()}


@pytest.fixture
def invited(world: World) -> World:
    world.invited(attendees=[LAN, *OTHERS])
    return world


def test_mails_go_to_the_domain_as_mail_servers_take_it(invited: World) -> None:
    (mail,) = invited.mailer.to(SENT)
    assert mail.message["To"].addresses[0].addr_spec == SENT
    assert f"mailto:{SENT}" in mail.calendar
    assert mail.message.as_bytes().partition(b"\n\n")[0].isascii()


@pytest.mark.parametrize("named", SPELLINGS)
@pytest.mark.parametrize("sender", SPELLINGS)
def test_an_answer_counts_in_whatever_spelling(invited: World, sender: str, named: str) -> None:
    content = calendar(uid_of(invited), attendee_line(SPELLINGS[named]))
    poll(invited, exchange(SPELLINGS[sender], content))
    assert participations(invited)[SENT] == "accepted", last(invited)


def test_a_percent_encoded_domain_is_the_same(invited: World) -> None:
    content = calendar(uid_of(invited), attendee_line(quote(SHOWN, safe="@")))
    poll(invited, exchange(SENT, content))
    assert participations(invited)[SENT] == "accepted"


def test_a_domain_that_looks_alike_is_another(invited: World) -> None:
    other = "Lan@bô-nội-vụ.example"
    poll(invited, exchange(other, calendar(uid_of(invited), attendee_line(other))))
    assert participations(invited)[SENT] == "no answer"
    assert last(invited)[0] == "quarantined"


@pytest.mark.parametrize("typed", SPELLINGS.values())
def test_a_coordinator_types_either(invited: World, typed: str) -> None:
    invited.answers.answer("SOM-2026", typed, Participation.DECLINED, caller=caller("telephone"))
    assert participations(invited)[SENT] == "declined"
    invited.answers.send_again("SOM-2026", typed, caller=caller("coordinator"))
    invited.run()
    assert len(invited.mailer.to(SENT)) == 2


@pytest.mark.parametrize("typed", [SHOWN, SENT])
def test_the_same_person_written_otherwise_is_no_change(invited: World, typed: str) -> None:
    before = invited.reading.meeting("SOM-2026")
    change(invited, attendees=[LAN | {"email": typed}, *OTHERS])
    after = invited.reading.meeting("SOM-2026")
    assert [item.id for item in after.attendees] == [item.id for item in before.attendees]
    assert after.sequence == before.sequence


def test_one_person_in_two_spellings_is_one_person_twice(world: World) -> None:
    with pytest.raises(InvalidInput) as caught:
        world.create(attendees=[LAN, LAN | {"email": SENT}])
    assert [item.field for item in caught.value.problems] == ["attendees[1].email"]


@pytest.mark.parametrize("address", [SENT, SHOWN])
def test_a_report_names_the_address_in_either_spelling(invited: World, address: str) -> None:
    original = str(invited.mailer.to(SENT)[-1].message["Message-ID"])
    poll(invited, bounce(address, original=original))
    assert delivery_states(invited)[SENT] == "bounced", "it is no address behind"


NO_DOMAINS = ["lan@ộ..example", "lan@\u202eộ.example", "lan@" + "ộ" * 200, "lan@-ộ.example"]


@pytest.mark.parametrize("address", NO_DOMAINS)
def test_what_is_no_domain_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        MeetingDefinition.of({**_whole(), "attendees": [LAN | {"email": address}]})
    assert [item.field for item in caught.value.problems] == ["attendees[0].email"]


def _whole() -> dict[str, object]:
    return definition().model_dump(mode="json", exclude_none=True)
