"""Answers that come by mail: who may answer, and the reply address of one's own."""

from __future__ import annotations

import re

import pytest

from orchestrator import words
from orchestrator.ports import Tray
from orchestrator.services.people.links import Links
from tests.callers import caller
from tests.integration.answers.incoming_mails import (
    EARLIER,
    REMINDERS,
    SERVICE,
    attendee_line,
    calendar,
    change,
    ended,
    english,
    exchange,
    google,
    incoming,
    last,
    letter,
    news,
    next_morning,
    nobody_answered,
    participations,
    poll,
    reminders,
    reply,
    responses,
    uid_of,
    utc,
    value_of,
)
from tests.integration.conftest import (
    NHUNG,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    World,
)

# --- who may answer


@pytest.mark.parametrize("scheme", ["MAILTO", "mailto", "MailTo"])
def test_neither_scheme_nor_address_has_a_case(world: World, scheme: str) -> None:
    world.invited()
    line = attendee_line("TAN@SG.Example.ORG", scheme=scheme)
    poll(world, exchange("Tan@sg.EXAMPLE.org", calendar(uid_of(world), line)))
    assert participations(world)[TAN] == "accepted"


@pytest.mark.parametrize("sender", [THIDA, "tan@evil.example.org", "x@vn.example.org>, <tan@sg.example.org"])
def test_nobody_answers_for_somebody_else(world: World, sender: str) -> None:
    world.invited()
    poll(world, reply(world, TAN, "DECLINED", sender=sender))
    assert nobody_answered(world)
    outcome, reason = last(world)
    assert outcome == "quarantined"
    assert reason.startswith(f"it answers for {TAN}, but ")
    assert len(world.mailbox.trays[Tray.QUARANTINE]) == 1
    assert incoming(world)[0].attendee_id is not None, "it is shown beside whom it speaks for"


def test_an_answer_of_somebody_not_invited_is_kept_and_never_merged(world: World) -> None:
    world.invited()
    mail = reply(world, "crasher@sg.example.org")
    poll(world, mail)
    assert {*participations(world)} == {*PEOPLE}
    assert nobody_answered(world)
    assert responses(world, "answer") == []
    (row,) = incoming(world)
    assert (row.fate, words.say(row.reason)) == (
        "quarantined",
        "crasher@sg.example.org is not invited to SOM-2026",
    )
    assert (row.sender, row.participation, row.uid) == ("crasher@sg.example.org", "ACCEPTED", uid_of(world))
    assert world.quarantine_store.get(row.digest) == mail, "its bytes are kept for a person to look at"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ((attendee_line(THIDA),), "names two attendees"),
        (
            ("END:VEVENT", "END:VCALENDAR", "BEGIN:VCALENDAR", "METHOD:REPLY", "BEGIN:VEVENT", "UID:x"),
            "two calendar",
        ),
        (("END:VEVENT", "BEGIN:VEVENT", "UID:another"), "names two meetings"),
    ],
    ids=["two attendees", "two calendars", "two meetings"],
)
def test_what_speaks_for_two_at_once_is_refused(world: World, more: tuple[str, ...], why: str) -> None:
    world.invited()
    poll(world, google(TAN, calendar(uid_of(world), attendee_line(TAN), *more)))
    assert nobody_answered(world)
    outcome, reason = last(world)
    assert outcome == "quarantined"
    assert why in reason


def test_an_answer_to_one_occurrence_of_a_series_is_ignored(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN, "DECLINED", f"RECURRENCE-ID:{utc(STARTS)}"))
    assert nobody_answered(world)
    assert last(world)[0] == "ignored"


def test_an_answer_to_an_unknown_meeting_is_kept(world: World) -> None:
    world.invited()
    poll(world, google(TAN, calendar("other@example.org", attendee_line(TAN))))
    assert nobody_answered(world)
    assert last(world) == ("quarantined", "it is about UID other@example.org, which is not known here")
    assert incoming(world)[0].meeting_id is None


def test_an_answer_to_a_meeting_that_was_cancelled_is_ignored(world: World) -> None:
    world.invited()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    poll(world, reply(world, TAN, sequence=1))
    assert nobody_answered(world)
    assert last(world) == ("ignored", "the meeting is cancelled")


def test_an_answer_of_somebody_removed_since_is_ignored_until_invited_again(world: World) -> None:
    world.invited()
    old = reply(world, TAN)
    change(world, attendees=[PEOPLE[THIDA], PEOPLE[NHUNG]])
    poll(world, old)
    assert last(world) == ("ignored", "Tan Hui Shan is no longer invited")
    change(world, attendees=list(PEOPLE.values()))
    world.run()
    poll(world, reply(world, TAN, "DECLINED", stamp=EARLIER))
    assert last(world) == (
        "ignored",
        "it answers an invitation from before Tan Hui Shan was removed and invited again",
    )
    poll(world, reply(world, TAN, sequence=2))
    assert participations(world)[TAN] == "accepted"


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "PUBLISH", "ADD"])
def test_only_the_organizer_invites_and_cancels(world: World, method: str) -> None:
    world.invited()
    before = world.reading.meeting("SOM-2026")
    poll(world, reply(world, TAN, method=method, sequence=9))
    assert last(world)[0] == "quarantined"
    after = world.reading.meeting("SOM-2026")
    assert (after.status, after.sequence, after.answers) == (before.status, before.sequence, before.answers)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("NEEDS-ACTION", "ignored"),
        ("COMPLETED", "quarantined"),
        ("X-MAYBE", "quarantined"),
        ("", "ignored"),
    ],
)
def test_what_is_neither_yes_nor_no_changes_nothing(world: World, answer: str, outcome: str) -> None:
    world.invited()
    poll(world, reply(world, TAN, answer))
    assert nobody_answered(world)
    assert last(world)[0] == outcome


def test_answers_to_several_meetings_in_one_poll_find_their_meetings(world: World) -> None:
    world.invited()
    world.create(reference="SECOND")
    world.meetings.publish("SECOND", caller=caller("coordinator"))
    world.run()
    poll(
        world,
        reply(world, TAN, "DECLINED", name="SECOND"),
        reply(world, TAN),
        reply(world, THIDA, name="SECOND"),
    )
    assert participations(world) == {TAN: "accepted", THIDA: "no answer", NHUNG: "no answer"}
    assert participations(world, "SECOND") == {TAN: "declined", THIDA: "accepted", NHUNG: "no answer"}


# --- a reply address of one's own


@pytest.fixture
def subaddressed(world: World) -> World:
    """A world whose mailbox takes ``name+anything``, so that each attendee answers to an own address."""
    world.links = Links(world.link_key, "https://meetings.example.org", SERVICE, subaddress=True)
    return world


def own_address(world: World, email: str, name: str = "SOM-2026") -> str:
    """The address that somebody's calendar answers to: the ORGANIZER of what they were sent last."""
    uid = uid_of(world, name)
    mail = next(item for item in reversed(world.mailer.to(email)) if f"UID:{uid}" in item.calendar)
    return value_of(mail, "ORGANIZER").rpartition("mailto:")[2].replace("%2B", "+")


def test_everybody_answers_to_an_address_of_their_own(subaddressed: World) -> None:
    subaddressed.invited()
    addresses = {own_address(subaddressed, email) for email in PEOPLE}
    assert len(addresses) == 3
    assert {re.sub(r"\+[^@]+", "", item) for item in addresses} == {SERVICE}
    for mail in subaddressed.mailer.accepted:
        assert mail.message["From"].addresses[0].addr_spec == SERVICE, "replies of people go to one address"


@pytest.mark.parametrize("header", ["To", "Cc", "Delivered-To", "X-Original-To"])
def test_the_reply_address_says_whose_invitation_was_answered_whatever_the_text_says(
    subaddressed: World, header: str
) -> None:
    """As where a gateway puts another address of the same person into the calendar."""
    world = subaddressed
    world.invited()
    address = own_address(world, TAN).upper()
    mail = exchange(TAN, calendar(uid_of(world), attendee_line("tan.alias@mail.example.org")))
    first = mail if header == "To" else f"{header}: {address}\r\n".encode() + mail
    poll(
        world,
        first.replace(f"To: {SERVICE}".encode(), f"To: {address}".encode(), 1) if header == "To" else first,
    )
    assert participations(world) == {TAN: "accepted", THIDA: "no answer", NHUNG: "no answer"}


@pytest.mark.parametrize("named", [TAN, "tan.alias@mail.example.org", "who@example.org"])
def test_an_answer_with_the_token_from_another_address_waits_like_the_others(
    subaddressed: World, named: str
) -> None:
    """The invitation was forwarded: the token proves which one was answered, not by whom."""
    world = subaddressed
    world.invited()
    line = attendee_line(named, "DECLINED", 'SENT-BY="mailto:who@example.org"')
    poll(world, exchange("who@example.org", calendar(uid_of(world), line), to=own_address(world, TAN)))
    assert nobody_answered(world)
    outcome, reason = last(world)
    assert (outcome, reminders(world, TAN)) == ("quarantined", dict.fromkeys(REMINDERS, "scheduled"))
    assert TAN in reason
    assert "who@example.org, who is not known to answer for them" in reason


def test_who_is_invited_too_and_answers_a_forwarded_invitation_answers_for_themselves(
    subaddressed: World,
) -> None:
    world = subaddressed
    world.invited()
    poll(world, reply(world, THIDA, "DECLINED", to=own_address(world, TAN)))
    assert participations(world) == {TAN: "no answer", THIDA: "declined", NHUNG: "no answer"}


def test_an_answer_of_nobody_to_an_own_address_is_shown_beside_whose_it_is(subaddressed: World) -> None:
    """Without ATTENDEE there is no PARTSTAT either, so what was answered cannot be known."""
    world = subaddressed
    world.invited()
    mail = google(TAN, calendar(uid_of(world)), to=own_address(world, TAN))
    asked = google(TAN, calendar(uid_of(world), method="REFRESH"), to=own_address(world, TAN))
    poll(world, mail)
    assert nobody_answered(world)
    (row,) = incoming(world)
    (tan,) = (item.id for item in world.reading.meeting("SOM-2026").attendees if item.email == TAN)
    assert (row.fate, row.attendee_id) == ("quarantined", tan)
    poll(world, asked)
    world.run()
    assert [mail.subject.partition(":")[0] for mail in world.mailer.to(TAN)] == ["Invitation"] * 2


def test_a_plain_letter_to_an_own_address_finds_its_meeting(subaddressed: World) -> None:
    world = subaddressed
    world.invited()
    poll(world, letter(TAN, "We come with five.", to=own_address(world, TAN)))
    (row,) = incoming(world)
    assert (row.fate, row.meeting_id) == ("quarantined", 1)
    next_morning(world)
    assert "Tan Hui Shan: wrote a mail" in english(news(world)[0])


def forged(address: str) -> list[str]:
    local, _, domain = address.partition("@")
    name, _, tag = local.partition("+")
    number, _, signature = tag.partition("-")
    return [
        f"{name}+{number}-{signature[:-1]}{'a' if signature[-1] != 'a' else 'b'}@{domain}",
        f"{name}+{int(number) + 1}-{signature}@{domain}",
        f"{name}+{number}-@{domain}",
        f"{name}+{number}@{domain}",
        f"{name}+-{signature}@{domain}",
        f"{name}+{number}-{signature}x@{domain}",
    ]


def test_a_forged_reply_address_does_nothing(subaddressed: World) -> None:
    world = subaddressed
    world.invited()
    content = calendar(uid_of(world), attendee_line(TAN, "DECLINED"))
    for address in forged(own_address(world, TAN)):
        poll(world, exchange("who@example.org", content, to=address))
    assert nobody_answered(world)
    assert {outcome for outcome, _ in ended(world)} == {"quarantined"}
    poll(world, exchange(TAN, content, to=forged(own_address(world, TAN))[0]))
    assert participations(world)[TAN] == "declined", "the attendee still answers as without it"


def test_the_reply_address_of_one_meeting_opens_no_other(subaddressed: World) -> None:
    """Whoever has an address of one meeting must not be able to answer for anybody in another."""
    world = subaddressed
    world.invited()
    world.create(reference="SECOND", attendees=[PEOPLE[TAN]])
    world.meetings.publish("SECOND", caller=caller("coordinator"))
    world.run()
    key = own_address(world, TAN, "SECOND")
    poll(world, reply(world, THIDA, "DECLINED", sender="who@example.org", to=key))
    assert nobody_answered(world)
    assert last(world)[0] == "quarantined"
    assert f"it answers for {THIDA}, but was sent by who@example.org" in last(world)[1]
    poll(world, reply(world, TAN, to=key))
    assert participations(world)[TAN] == "accepted", "who may answer by address still may"
    assert participations(world, "SECOND")[TAN] == "no answer"


def test_somebody_invited_again_keeps_the_reply_address(subaddressed: World) -> None:
    world = subaddressed
    world.invited()
    before = own_address(world, TAN)
    change(world, attendees=[PEOPLE[THIDA], PEOPLE[NHUNG]])
    world.run()
    change(world, attendees=list(PEOPLE.values()))
    world.run()
    assert own_address(world, TAN) == before
    poll(world, reply(world, "alias@sg.example.org", sequence=2, to=before, sender=TAN))
    assert participations(world)[TAN] == "accepted"
