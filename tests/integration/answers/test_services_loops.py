"""What programs answer to our mails must not make us write the next one."""

from __future__ import annotations

import pytest

from tests.integration.answers.incoming_mails import (
    COORDINATOR,
    SERVICE,
    apple,
    english,
    google,
    incoming,
    last,
    letter,
    news,
    next_morning,
    poll,
    reply,
    responses,
)
from tests.integration.conftest import NHUNG, TAN, World

HEADERS = {
    "nothing said": (),
    "said by a header": ("Auto-Submitted: auto-replied",),
    "said not to be": ("Auto-Submitted: no",),
    "bulk": ("Precedence: bulk",),
}


def newest_id(world: World, email: str) -> str:
    return str(world.mailer.to(email)[-1].message["Message-ID"])


def answered(world: World, email: str = COORDINATOR) -> tuple[str, str]:
    """The headers by which a mail answers the newest one that somebody got."""
    return (f"In-Reply-To: {newest_id(world, email)}", f"References: {newest_id(world, email)}")


@pytest.mark.parametrize("said", HEADERS)
def test_a_ticket_system_that_acknowledges_each_digest_causes_no_other(world: World, said: str) -> None:
    world.invited()
    poll(world, reply(world, TAN))
    for number in range(4):
        next_morning(world)
        subject = f"Subject: [Ticket #{number}] We have received your message"
        poll(world, letter(COORDINATOR, f"Ticket {number}.", subject, *HEADERS[said], *answered(world)))
    assert len(responses(world)) == 1, "nobody answered since"
    assert len(incoming(world)) == 5
    fates = {row.fate for row in incoming(world)[1:]}
    assert fates == ({"ignored"} if said == "said by a header" else {"quarantined"})


def test_an_acknowledgement_further_down_the_thread_causes_no_digest_either(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN))
    next_morning(world)
    thread = f"In-Reply-To: <ticket@desk.example.org>\r\nReferences: {newest_id(world, COORDINATOR)}"
    poll(world, letter("desk@desk.example.org", "Your ticket was closed.", thread))
    next_morning(world)
    assert len(responses(world)) == 1
    assert last(world) == (
        "quarantined",
        "it answers a report to the coordinator, and holds no answer a program can read",
    )


def test_a_calendar_that_answers_a_digest_causes_no_digest_unless_it_counts(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN))
    for _ in range(3):
        next_morning(world)
        ours = world.mailer.to(TAN)[0].calendar
        poll(world, apple(COORDINATOR, ours, *answered(world)))
        assert last(world)[0] == "quarantined"
    assert len(responses(world)) == 1
    poll(world, reply(world, NHUNG))
    next_morning(world)
    assert len(responses(world)) == 2


def test_one_who_acknowledges_every_mail_is_told_of_once(world: World) -> None:
    """Where a focal point's address is a ticket system, what acknowledges may be a person's letter."""
    world.invited()
    poll(world, letter(TAN, "Ticket 1 was opened.", *answered(world, TAN)))
    for _ in range(3):
        next_morning(world)
        poll(world, letter(COORDINATOR, "Received.", *answered(world)))
    assert len(responses(world)) == 1
    assert "wrote a mail" in english(news(world)[0])


@pytest.mark.parametrize(
    "header",
    [
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "Precedence: bulk",
        "List-Id: Officials <officials.example.org>",
        "Auto-Submitted: no",
        "Return-Path: <>",
    ],
)
def test_a_persons_letter_is_read_by_a_person_whatever_headers_its_system_adds(
    world: World, header: str
) -> None:
    world.invited()
    poll(world, letter(TAN, "I cannot come, please ask my deputy.", header, *answered(world, TAN)))
    assert last(world)[0] == "quarantined"
    next_morning(world)
    assert "Tan Hui Shan: wrote a mail" in english(news(world)[0])


@pytest.mark.parametrize("automatic", ["Auto-Submitted: auto-replied", "X-Autoreply: yes"])
def test_an_automatic_mail_that_returns_our_calendar_is_nobodys_work(world: World, automatic: str) -> None:
    world.invited()
    ours = world.mailer.to(TAN)[0].calendar
    poll(world, apple(TAN, ours, automatic, *answered(world, TAN)))
    assert last(world) == ("ignored", "it is an automatic reply without an answer")
    assert responses(world) == []


def test_our_own_mail_that_is_sent_back_is_nobodys_work(world: World) -> None:
    world.invited()
    sent = world.mailer.to(TAN)[0].message.as_bytes()
    poll(world, sent)
    assert last(world)[0] == "ignored"
    stripped = sent.replace(b"Auto-Submitted: auto-generated\n", b"")
    poll(world, stripped, google(SERVICE, world.mailer.to(TAN)[0].calendar))
    next_morning(world)
    assert responses(world) == [], "what comes from our own address is told to nobody"
