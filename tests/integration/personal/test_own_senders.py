"""Who may answer for a person, decided on that person's own page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.domain.answers.speakers import Relation
from tests.callers import caller
from tests.integration.answers.console.console_mails import words
from tests.integration.answers.incoming_mails import incoming, last, participations, poll, reply
from tests.integration.conftest import STARTS, TAN, THIDA, World
from tests.integration.personal.personal_pages import token
from tests.integration.serving import TestClient, application

SECRETARY = "secretary@sg.example.org"


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    world.invited()
    with TestClient(application(world), base_url="http://127.0.0.1") as found:
        yield found


def page(world: World, email: str = TAN) -> str:
    return f"/a/{token(world, email)}"


def decide(client: TestClient, world: World, email: str = TAN, **fields: object) -> str:
    return words(client.post(f"{page(world, email)}/senders", data={k: str(v) for k, v in fields.items()}))


def test_the_page_names_who_answered_in_ones_name_and_nothing_they_wrote(
    client: TestClient, world: World
) -> None:
    assert "Who answers for you" not in words(client.get(page(world)))
    poll(world, reply(world, TAN, "DECLINED", "COMMENT:Buy at https://evil.example", sender=SECRETARY))
    shown = words(client.get(page(world)))
    assert f"{SECRETARY} answered in your name: declined." in shown
    assert "evil.example" not in shown
    assert SECRETARY not in words(client.get(page(world, THIDA))), "nobody else is asked"


def test_one_click_lets_a_deputy_answer_now_and_later(client: TestClient, world: World) -> None:
    poll(world, reply(world, TAN, "DECLINED", sender=SECRETARY))
    assert "This address may answer for you" in decide(client, world, mail=1, may="yes")
    assert participations(world)[TAN] == "declined"
    (known,) = world.known_senders.all()
    assert (known.sender, known.relation, known.confirmed_by) == (SECRETARY, Relation.DEPUTY, "Tan Hui Shan")
    assert known.confirmed_via == "web"
    world.run()
    assert any(mail.subject.startswith("Answered for you") for mail in world.mailer.to(TAN)), (
        "the invited address is told, because the link may have been passed on"
    )
    world.clock.move(minutes=1)
    poll(world, reply(world, TAN, "ACCEPTED", sender=SECRETARY))
    assert participations(world)[TAN] == "accepted"


def test_one_click_says_no(client: TestClient, world: World) -> None:
    poll(world, reply(world, TAN, "DECLINED", sender=SECRETARY))
    assert "does not answer for you" in decide(client, world, mail=1, may="no")
    assert (last(world)[0], participations(world)[TAN]) == ("discarded", "no answer")
    assert world.known_senders.all() == []


def test_a_known_sender_is_withdrawn(client: TestClient, world: World) -> None:
    world.known_senders.confirm(TAN, SECRETARY, Relation.DEPUTY, caller=caller("coordinator"))
    (known,) = world.known_senders.all()
    assert f"{SECRETARY} may answer for you by mail." in words(client.get(page(world)))
    decide(client, world, known=known.id, may="no")
    assert world.known_senders.all() == []


def test_nobody_decides_for_another(client: TestClient, world: World) -> None:
    poll(world, reply(world, TAN, "DECLINED", sender=SECRETARY))
    world.known_senders.confirm(TAN, "x@sg.example.org", Relation.DEPUTY, caller=caller("coordinator"))
    known = world.known_senders.all()
    for fields in ({"mail": 1, "may": "yes"}, {"mail": 1, "may": "no"}, {"known": known[0].id}):
        assert "not yours to decide" in decide(client, world, THIDA, **fields)
    assert (last(world)[0], world.known_senders.all()) == ("quarantined", known)
    assert participations(world)[TAN] == "no answer"


def test_what_was_decided_meanwhile_is_said(client: TestClient, world: World) -> None:
    poll(world, reply(world, TAN, "DECLINED", sender=SECRETARY))
    world.quarantine.discard(1, caller=caller("coordinator"))
    assert "decided already" in decide(client, world, mail=1, may="yes")
    assert participations(world)[TAN] == "no answer"


def test_nothing_is_decided_once_the_meeting_has_begun(client: TestClient, world: World) -> None:
    poll(world, reply(world, TAN, "DECLINED", sender=SECRETARY))
    world.clock.at = STARTS
    decide(client, world, mail=1, may="yes")
    assert (incoming(world)[0].fate, world.known_senders.all()) == ("quarantined", [])


@pytest.mark.parametrize("fields", [{}, {"mail": "x"}, {"mail": "9" * 30, "may": "yes"}, {"known": 0}])
def test_no_form_breaks_the_page(client: TestClient, world: World, fields: dict[str, object]) -> None:
    answer = client.post(f"{page(world)}/senders", data={k: str(v) for k, v in fields.items()})
    assert answer.status_code in (200, 422)
