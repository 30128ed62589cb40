"""What is proposed about a mail that waits, and that nothing is offered which must fail."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.answers.responses import Fate
from orchestrator.domain.answers.speakers import Relation
from orchestrator.errors import Conflict, InvalidInput, OrchestratorError
from orchestrator.services.answers.guests import GuestDetails
from orchestrator.services.answers.proposing import Offer
from orchestrator.services.answers.views import IncomingView
from orchestrator.store.answers.incoming import MailQuery
from tests.callers import caller
from tests.integration.answers.incoming_mails import (
    apple,
    attendee_line,
    bounce,
    calendar,
    change,
    exchange,
    google,
    headers,
    letter,
    participations,
    poll,
    reply,
    uid_of,
)
from tests.integration.conftest import PEOPLE, STARTS, TAN, THIDA, World

COORDINATOR = caller("coordinator")
EVE, MEI = "eve@else.example.org", "mei@sg.example.org"


def newest(world: World) -> IncomingView:
    return world.incoming.mails()[0]


def after(world: World, mail: bytes) -> IncomingView:
    poll(world, mail)
    found = newest(world)
    assert found.fate == "quarantined"
    return found


# --- reasons are true


def test_reasons_say_what_is_the_case(world: World) -> None:
    world.invited()
    uid = uid_of(world)
    broken = google(TAN, "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:x\r\n")
    cases = {
        "it names no attendee, so it does not say whose answer it is": google(TAN, calendar(uid)),
        f"{EVE} is not invited to SOM-2026": reply(world, EVE),
        f"it answers for {TAN}, but was sent by {EVE}": reply(world, TAN, sender=EVE),
        "holds a calendar that is cut off": broken,
        "a person wrote it": letter(TAN),
        "it is an invitation that was forwarded here": reply(world, TAN, method="REQUEST", style="exchange"),
        "it is about UID other@example.org": google(TAN, calendar("other@example.org", attendee_line(TAN))),
    }
    for reason, mail in cases.items():
        assert words.say(after(world, mail).reason).startswith(reason)


# --- whose it is


@pytest.mark.parametrize(
    ("mail", "email"),
    [
        (lambda world: letter(TAN.upper()), TAN),
        (lambda world: reply(world, EVE, sender=TAN), TAN),
        (lambda world: google(TAN, calendar(uid_of(world))), TAN),
        (lambda world: reply(world, TAN, sender=EVE), TAN),
        (lambda world: exchange(EVE, _named(world, EVE, PEOPLE[THIDA]["name"])), THIDA),
        (lambda world: reply(world, EVE), None),
        (lambda world: letter(EVE), None),
    ],
)
def test_the_most_likely_attendee_is_proposed(world: World, mail: Any, email: str | None) -> None:
    world.invited()
    proposed = after(world, mail(world)).proposed
    assert (proposed.email if proposed else None) == email
    if proposed:
        assert (proposed.meeting, proposed.name) == ("SOM-2026", PEOPLE[proposed.email]["name"])


def _named(world: World, email: str, name: str) -> str:
    return calendar(uid_of(world), f'ATTENDEE;PARTSTAT=ACCEPTED;CN="{name.upper()}":mailto:{email}')


def test_whom_a_known_sender_answers_for_is_proposed(world: World) -> None:
    world.invited()
    world.known_senders.confirm(THIDA, EVE, Relation.DEPUTY, caller=COORDINATOR)
    proposed = after(world, letter(EVE)).proposed
    assert proposed is not None
    assert proposed.email == THIDA


def test_a_letter_of_somebody_in_two_meetings_proposes_neither(world: World) -> None:
    world.invited()
    world.create(reference="SECOND")
    world.meetings.publish("SECOND", caller=COORDINATOR)
    assert after(world, letter(TAN)).proposed is None


def test_a_mail_that_is_dealt_with_proposes_nothing(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN))
    assert (newest(world).proposed, newest(world).guest, newest(world).offers) == (None, None, ())


# --- what is offered


def mails_of_every_kind(world: World) -> list[bytes]:
    uid = uid_of(world)
    return [
        letter(TAN),
        letter(EVE),
        reply(world, EVE),
        reply(world, TAN, sender=EVE),
        reply(world, TAN, sender=f"{EVE}>, <{TAN}"),
        reply(world, TAN, "X-MAYBE"),
        reply(world, TAN, "DELEGATED", sender=EVE),
        reply(world, TAN, method="CANCEL"),
        google(TAN, calendar("other@example.org", attendee_line(TAN))),
        google(TAN, calendar(uid)),
        apple(EVE, calendar(uid, attendee_line(TAN), method="COUNTER", starts=STARTS.replace(day=4))),
        apple(EVE, calendar(uid, f"ATTENDEE:mailto:{TAN}", method="REFRESH")),
        bounce("nobody@else.example.org", original="<not@ours>"),
        headers(EVE).encode(),
    ]


@pytest.mark.parametrize("ended", ["published", "cancelled", "moved"])
def test_no_command_is_offered_that_must_fail(world: World, ended: str) -> None:
    world.invited()
    world.mailbox.arrive(*mails_of_every_kind(world))
    assert world.inbox is not None
    world.inbox.read_mailbox()
    if ended == "cancelled":
        world.meetings.cancel("SOM-2026", caller=COORDINATOR, reason="The Chair is ill.")
    if ended == "moved":
        change(world, start="2026-12-04 14:00")
    waiting = world.incoming.mails(Fate.QUARANTINED)
    assert len(waiting) >= 10
    for mail in waiting:
        assert Offer.DISCARD in mail.offers
        assert (Offer.ASSIGN in mail.offers) is (ended != "cancelled" and mail.sort != "delivery-report")
        for offer in mail.offers:
            # What was done about one mail may have changed what is offered about the next.
            now = world.incoming.mail(mail.id)
            if offer in now.offers:
                _do(world, offer, now)


def _do(world: World, offer: Offer, mail: IncomingView) -> None:
    """Do what is offered, with what is proposed; nothing may raise but for what a person has to add."""
    match offer:
        case Offer.ACCEPT:
            world.quarantine.accept(mail.id, caller=COORDINATOR)
        case Offer.ASSIGN:
            with suppress(InvalidInput):
                who = mail.proposed
                email = who.email if who else TAN
                world.quarantine.assign(mail.id, "SOM-2026", email, caller=COORDINATOR)
        case Offer.INVITE:
            with suppress(InvalidInput):
                world.guests.invite(mail.id, GuestDetails(), caller=COORDINATOR, dry_run=True)
        case Offer.DOWNLOAD:
            world.incoming.content(mail.id)
        case Offer.DISCARD:
            pass


def test_what_is_not_offered_is_refused_with_the_remedy(world: World) -> None:
    world.invited()
    mail = after(world, letter(EVE))
    for doing in (
        lambda: world.quarantine.accept(mail.id, caller=COORDINATOR),
        lambda: world.guests.invite(mail.id, GuestDetails(), caller=COORDINATOR),
    ):
        with pytest.raises(OrchestratorError) as refused:
            doing()
        assert f"Mail {mail.id}" in refused.value.message


# --- inviting who was forwarded an invitation


def test_who_was_forwarded_an_invitation_and_answers_can_be_invited(world: World) -> None:
    world.invited()
    mail = after(world, exchange(MEI, _named(world, MEI, "Mei Lim")))
    guest = mail.guest
    assert guest is not None
    assert (guest.email, guest.name, guest.delegation, guest.group) == (MEI, "MEI LIM", "SG", "ACCSM_FP")
    details = GuestDetails(name="Mei Lim")
    preview = world.guests.invite(mail.id, details, caller=COORDINATOR, dry_run=True)
    assert (preview.count("invite"), MEI in participations(world)) == (1, False)
    world.guests.invite(mail.id, details, caller=COORDINATOR)
    assert participations(world)[MEI] == "accepted", "the answer they gave is theirs"
    assert newest(world).fate == "assigned"
    world.run()
    assert [item.subject.partition(":")[0] for item in world.mailer.to(MEI)] == ["Invitation"]


def test_who_answers_in_an_attendees_name_is_invited_without_that_answer(world: World) -> None:
    world.invited()
    mail = after(world, reply(world, TAN, "DECLINED", sender=MEI))
    assert mail.guest is not None
    assert (mail.guest.email, mail.guest.name, mail.guest.delegation) == (MEI, None, "SG")
    with pytest.raises(InvalidInput, match="name"):
        world.guests.invite(mail.id, GuestDetails(), caller=COORDINATOR)
    world.guests.invite(mail.id, GuestDetails(name="Mei Lim"), caller=COORDINATOR)
    assert participations(world) == dict.fromkeys([*PEOPLE, MEI], "no answer")
    assert newest(world).fate == "quarantined", "that answer still waits"


def test_nobody_is_guessed_for_a_domain_that_several_delegations_share(world: World) -> None:
    shared = [
        {**item, "email": f"{code}@mail.example.org"}
        for code, item in zip("abc", PEOPLE.values(), strict=True)
    ]
    world.invited(attendees=shared)
    mail = after(world, reply(world, "d@mail.example.org"))
    assert mail.guest is not None
    assert (mail.guest.delegation, mail.guest.group) == (None, None)
    with pytest.raises(InvalidInput, match="delegation"):
        world.guests.invite(mail.id, GuestDetails(name="C"), caller=COORDINATOR)


def test_a_person_whose_other_address_it_is_is_no_guest(world: World) -> None:
    world.invited()
    assert after(world, reply(world, EVE, sender=TAN)).guest is None
    with pytest.raises(Conflict, match="shows nobody"):
        world.guests.invite(newest(world).id, GuestDetails(), caller=COORDINATOR)


# --- the list pages through everything, and is searchable


def test_every_mail_is_reached_page_by_page(world: World) -> None:
    poll(world, *(letter(EVE, f"Number {number}") for number in range(230)))
    seen: list[int] = []
    after_mail: int | None = None
    for _ in range(100):
        page = world.incoming.page(MailQuery(after=after_mail, limit=50))
        seen += [item.id for item in page.mails]
        if page.following is None:
            break
        after_mail = page.following
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 230
    assert [item.id for item in world.incoming.every(MailQuery(limit=50))] == seen
    assert world.incoming.waiting() == 230


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("eve", [EVE]),
        ("EVE@ELSE", [EVE]),
        ("SOM-2026 tan", [TAN]),
        ("visa", [EVE]),
        ("visa tan", []),
        ("  ", [EVE, TAN, THIDA]),
        ("%", []),
        ("_", []),
        ("cảm ơn", [THIDA]),
        ("'; DROP TABLE incoming_mail; --", []),
    ],
)
def test_mails_are_found_by_any_words_in_them(world: World, search: str, found: list[str]) -> None:
    world.invited()
    poll(world, letter(THIDA, "Xin cảm ơn"), reply(world, TAN), letter(EVE, "About a visa: 100 percent"))
    page = world.incoming.page(MailQuery(search=search))
    assert sorted(item.sender or "" for item in page.mails) == sorted(found)
