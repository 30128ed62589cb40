"""Mails that did not arrive, and what else mail systems report: what is believed, and what is shown."""

from __future__ import annotations

import pytest

from orchestrator import words
from orchestrator.services.meetings.views import DeliveryView
from orchestrator.services.people.links import Links
from orchestrator.web.presentation.answers import CameBack, came_back, people_facts
from tests.callers import caller
from tests.integration.answers.incoming_mails import (
    COORDINATOR,
    SERVICE,
    alerts,
    bounce,
    delivery_states,
    english,
    headers,
    incoming,
    last,
    letter,
    news,
    next_morning,
    poll,
    reply,
    responses,
)
from tests.integration.conftest import ENDS, NHUNG, PEOPLE, TAN, THIDA, World


def message_id_to(world: World, email: str) -> str:
    return str(world.mailer.to(email)[-1].message["Message-ID"])


def delivery_to(world: World, email: str) -> DeliveryView:
    """The newest delivery to somebody."""
    return next(item for item in world.reading.deliveries("SOM-2026") if item.recipient == email)


def shown(world: World) -> CameBack:
    """What the page of the meeting shows of what came back."""
    meeting = world.reading.meeting("SOM-2026")
    return came_back(meeting, people_facts(meeting, world.reading.deliveries("SOM-2026")))


def report_on(world: World, email: str = TAN) -> str:
    return words.maybe(delivery_to(world, email).report) or ""


# --- what is believed


def test_a_mail_that_could_not_be_delivered_is_marked(world: World) -> None:
    world.invited()
    poll(world, bounce(TAN.upper(), original=message_id_to(world, TAN)))
    assert delivery_states(world) == {TAN: "bounced", THIDA: "sent", NHUNG: "sent"}
    assert "5.1.1" in words.say(delivery_to(world, TAN).answer)  # type: ignore[arg-type]
    (found,) = responses(world)
    assert (found.kind, found.behind, last(world)[0]) == ("bounce", None, "applied")
    next_morning(world)
    assert "Singapore: the mail to Tan Hui Shan at tan@sg.example.org could not be delivered" in english(
        news(world)[0]
    )
    assert len(alerts(world)) == 1


@pytest.mark.parametrize("address", [TAN, "who@example.org"])
def test_a_report_about_a_mail_that_is_not_ours_is_ignored(world: World, address: str) -> None:
    """Spammers forge our address, and what they send comes back to us."""
    world.invited()
    poll(world, bounce(address, original="<spam-7788@elsewhere.example>"))
    assert last(world) == ("ignored", "it reports on a mail that this service did not send")
    assert set(delivery_states(world).values()) == {"sent"}
    assert responses(world) == []


@pytest.mark.parametrize("action", ["failed", "delayed"])
def test_a_report_that_names_no_mail_proves_nothing(world: World, action: str) -> None:
    world.invited()
    poll(world, bounce(TAN, action))
    outcome, reason = last(world)
    assert outcome == "quarantined"
    assert "proves nothing" in reason
    assert set(delivery_states(world).values()) == {"sent"}


def formless(world: World, body: str, *more: str, sender: str = "postmaster@elsewhere.example") -> bytes:
    return letter(sender, body, "Return-Path: <>", *more)


TEXT = f"Your message could not be delivered.\r\n\r\n<{TAN}>:\r\nUser unknown"


def test_a_text_without_form_needs_proof(world: World) -> None:
    world.invited()
    poll(world, formless(world, TEXT))
    assert last(world)[0] == "quarantined"
    poll(world, formless(world, f"{TEXT}\r\n\r\nMessage-ID: <other@elsewhere.example>"))
    assert last(world)[0] == "ignored"
    poll(world, letter("mailer-daemon@elsewhere.example", TEXT, f"X-Failed-Recipients: {TAN}"))
    assert last(world)[0] == "quarantined"
    assert set(delivery_states(world).values()) == {"sent"}
    poll(world, formless(world, f"{TEXT}\r\n\r\nMessage-ID: {message_id_to(world, TAN)}"))
    assert delivery_states(world)[TAN] == "bounced"


def test_a_foreign_mail_in_a_report_counts_more_than_the_thread(world: World) -> None:
    world.invited()
    ours = message_id_to(world, TAN)
    mail = bounce(TAN, original="<other@elsewhere.example>")
    poll(world, mail.replace(b"Subject: Failed", f"Subject: Failed\r\nIn-Reply-To: {ours}".encode()))
    assert last(world)[0] == "ignored"
    assert delivery_states(world)[TAN] == "sent"


def test_a_bounce_takes_nobody_s_cancellation_away(world: World) -> None:
    """It may be about one of several mailboxes behind an address."""
    world.invited()
    poll(world, bounce(TAN, original=message_id_to(world, TAN)))
    world.mailer.accepted.clear()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.run()
    assert {mail.recipient for mail in world.mailer.accepted} == {THIDA, NHUNG, TAN, COORDINATOR}


def test_the_report_of_the_same_mail_twice_is_one_bounce(world: World) -> None:
    world.invited()
    for _ in range(2):
        poll(world, bounce(TAN, original=message_id_to(world, TAN)))
    assert len(responses(world)) == 1
    assert last(world)[0] == "ignored"


def test_a_report_marks_the_mail_that_it_is_about(world: World) -> None:
    """Somebody in two meetings: the report quotes the mail of the first, the latest is of the second."""
    world.invited()
    original = message_id_to(world, TAN)
    world.create(reference="SECOND", attendees=[PEOPLE[TAN]])
    world.meetings.publish("SECOND", caller=caller("coordinator"))
    world.run()
    poll(world, bounce(TAN, original=original))
    assert delivery_states(world)[TAN] == "bounced"
    assert [item.state for item in world.reading.deliveries("SECOND")] == ["sent"]


def test_a_digest_that_bounces_does_not_bring_the_next_one_for_ever(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN))
    for _ in range(4):
        next_morning(world)
        poll(world, bounce(COORDINATOR, original=message_id_to(world, COORDINATOR)))
    assert len(responses(world)) == 1, "nobody answered since"


# --- the envelope


@pytest.fixture
def envelopes(world: World) -> dict[str, str]:
    """The envelope senders of a meeting's invitations by recipient, where the mailbox takes tags."""
    world.links = Links(world.link_key, "https://meetings.example.org", SERVICE, subaddress=True)
    found: dict[str, str] = {}
    send = world.mailer.send

    def noting(*, sender: str, recipient: str, content: bytes) -> str:
        found[recipient] = sender
        return send(sender=sender, recipient=recipient, content=content)

    world.mailer.send = noting  # type: ignore[method-assign]
    world.invited()
    return found


def test_every_mail_has_an_envelope_of_its_own(world: World, envelopes: dict[str, str]) -> None:
    world.clock.move(hours=1)
    poll(world, reply(world, TAN))
    next_morning(world)
    assert {*envelopes} == {TAN, THIDA, NHUNG, COORDINATOR}
    assert len({*envelopes.values()}) == 4
    for address in envelopes.values():
        local, _, domain = address.partition("@")
        assert local.startswith("meetings+")
        assert (len(local) <= 64, domain) == (True, "accsm.example")


@pytest.mark.parametrize("form", ["standard", "none", "another Message-ID"])
def test_a_report_to_the_envelope_is_about_that_mail_whatever_it_quotes(
    world: World, envelopes: dict[str, str], form: str
) -> None:
    """A relay may have given the mail another Message-ID, or quote none."""
    to = envelopes[TAN].upper()
    mails = {
        "standard": bounce("somebody@else.example", to=to),
        "none": headers("postmaster@elsewhere.example", to=to).encode() + f"\r\n{TEXT}\r\n".encode(),
        "another Message-ID": bounce(TAN, to=to, original="<0100@relay.example>"),
    }
    poll(world, mails[form])
    state = "sent" if form == "standard" else "bounced"
    assert delivery_states(world) == {TAN: state, THIDA: "sent", NHUNG: "sent"}
    assert responses(world)[0].kind == "bounce"


def test_a_forged_envelope_proves_nothing(world: World, envelopes: dict[str, str]) -> None:
    local, _, domain = envelopes[TAN].partition("@")
    for forged in (f"{local[:-1]}{'0' if local[-1] != '0' else '1'}", local.rpartition("-")[0], f"{local}x"):
        poll(world, bounce(TAN, to=f"{forged}@{domain}"))
        assert last(world)[0] == "quarantined"
    assert set(delivery_states(world).values()) == {"sent"}


def test_a_reply_address_in_the_envelope_still_counts_for_its_attendee(
    world: World, envelopes: dict[str, str]
) -> None:
    """Mails that left before each had an envelope of its own come back to the reply address."""
    meeting = world.reading.meeting("SOM-2026")
    tan = next(item for item in meeting.attendees if item.email == TAN)
    with world.database.reading() as session:
        from orchestrator.store.meetings import meetings as store

        stored = store.load(session, meeting.id)
    to = world.links.reply_address(stored, stored.attendee(tan.id))
    poll(world, bounce(THIDA, to=to))
    poll(world, headers("postmaster@elsewhere.example", to=to).encode() + f"\r\n{TEXT}\r\n".encode())
    assert set(delivery_states(world).values()) == {"sent"}, "the address is known to who was forwarded it"
    poll(world, bounce(TAN, to=to))
    assert delivery_states(world)[TAN] == "bounced"


def test_a_letter_that_answers_the_envelope_of_a_digest_causes_no_other(
    world: World, envelopes: dict[str, str]
) -> None:
    poll(world, reply(world, TAN))
    for _ in range(3):
        next_morning(world)
        poll(world, letter("desk@desk.example.org", "Received.", to=envelopes[COORDINATOR]))
    assert len(responses(world)) == 1


# --- an address behind the invited one


CLERK = "retired.clerk@sg.example.org"


@pytest.mark.parametrize("invited", [TAN, None])
def test_an_address_behind_the_invited_one_is_named_and_the_invited_one_is_not_wrong(
    world: World, invited: str | None
) -> None:
    world.invited()
    original = message_id_to(world, TAN)
    for _ in range(2):
        poll(world, bounce(CLERK, original=original, invited=invited))
    assert delivery_states(world)[TAN] == "sent"
    assert report_on(world).startswith(
        f"a mail to {TAN} did not reach {CLERK}, which is behind that address: the address does not"
    )
    (found,) = responses(world)
    assert (found.kind, found.behind) == ("bounce", CLERK)
    back = shown(world)
    assert ([item.email for item in back.behind], back.bounced) == ([TAN], ())
    next_morning(world)
    said = english(news(world)[0])
    assert f"a mail to Tan Hui Shan did not reach {CLERK}, which is behind the invited address" in said
    poll(world, bounce(TAN, original=original))
    assert delivery_states(world)[TAN] == "bounced", "the address itself may fail later"


def test_the_same_mailbox_without_its_tag_is_the_invited_address(world: World) -> None:
    tagged = "khin+accsm@mm.example.org"
    world.invited(attendees=[PEOPLE[TAN], PEOPLE[THIDA] | {"email": tagged}])
    poll(world, bounce("Khin@mm.example.org", original=message_id_to(world, tagged), invited=tagged))
    assert delivery_states(world)[tagged] == "bounced"


# --- what is reported, in its own words


REPORTED = {
    "delivered": ("2.0.0", "a mail to tan@sg.example.org arrived"),
    "relayed": ("2.0.0", "a mail to tan@sg.example.org was handed on to a system that reports no more"),
    "expanded": ("2.0.0", "a mail to tan@sg.example.org was handed on to everybody behind that address"),
    "delayed": ("4.4.1", "a mail to tan@sg.example.org is late, not lost"),
    "deliverable": ("2.1.5", "of a mail to tan@sg.example.org it is reported: deliverable"),
}


@pytest.mark.parametrize("action", REPORTED)
def test_what_is_no_failure_is_said_in_its_own_words(world: World, action: str) -> None:
    world.invited()
    status, said = REPORTED[action]
    poll(world, bounce(TAN, action, message_id_to(world, TAN), status=status))
    assert last(world) == ("applied", said)
    assert report_on(world) == said
    assert set(delivery_states(world).values()) == {"sent"}
    assert responses(world) == []


def test_what_is_late_may_still_fail_and_what_has_failed_is_not_late(world: World) -> None:
    world.invited()
    original = message_id_to(world, TAN)
    poll(world, bounce(TAN, "delayed", original, status="4.4.1"))
    poll(world, bounce(TAN, "failed", original, status="4.4.7"))
    poll(world, bounce(TAN, "delayed", original, status="4.4.2"))
    assert delivery_states(world)[TAN] == "bounced"
    assert "given up" in report_on(world)


REMEDIES = {
    "5.1.1": ("correct it", True),
    "5.2.2": ("mailbox is full", False),
    "5.3.4": ("too large", False),
    "5.2.3": ("too large", False),
    "5.7.1": ("rules of its mail system", False),
    "5.7.26": ("SPF, DKIM, DMARC", False),
    "4.4.7": ("given up", False),
    "4.2.2": ("mailbox is full", False),
}


@pytest.mark.parametrize("status", REMEDIES)
def test_the_remedy_follows_the_status(world: World, status: str) -> None:
    world.invited()
    poll(world, bounce(TAN, original=message_id_to(world, TAN), status=status, said="refused"))
    said, corrects = REMEDIES[status]
    assert said in report_on(world)
    assert ("correct it" in report_on(world)) is corrects
    meeting = world.reading.meeting("SOM-2026")
    facts = people_facts(meeting, world.reading.deliveries("SOM-2026"))
    bounced = next(facts[item.id].bounce for item in meeting.attendees if item.email == TAN)
    assert bounced is not None
    assert bounced.corrects is corrects


# --- until a person has dealt with it


def test_a_bounce_stays_visible_when_the_meeting_is_cancelled_or_over(world: World) -> None:
    world.invited()
    poll(world, bounce(TAN, original=message_id_to(world, TAN)))
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.run()
    assert [item.email for item in shown(world).bounced] == [TAN], "the cancellation was sent there too"
    (line,) = world.reading.meetings()
    assert any(TAN in words.say(said) for said in line.attention)


def test_a_bounce_that_comes_after_the_end_is_shown(world: World) -> None:
    world.invited()
    original = message_id_to(world, TAN)
    world.clock.at = ENDS
    world.run()
    poll(world, bounce(TAN, original=original))
    assert [item.email for item in shown(world).bounced] == [TAN]


def test_what_is_sent_again_by_a_person_settles_it(world: World) -> None:
    world.invited()
    poll(world, bounce(TAN, original=message_id_to(world, TAN)))
    world.answers.send_again("SOM-2026", TAN, caller=caller("coordinator"))
    world.run()
    assert shown(world).bounced == ()
    (line,) = world.reading.meetings()
    assert not any(TAN in words.say(said) for said in line.attention)
    poll(world, bounce(TAN, original=message_id_to(world, TAN)))
    assert [item.email for item in shown(world).bounced] == [TAN]


def test_the_mailbox_lists_a_report_with_what_it_said(world: World) -> None:
    world.invited()
    poll(world, bounce(TAN, original=message_id_to(world, TAN)))
    (row,) = incoming(world)
    assert (row.sort, row.meeting_id) == ("delivery-report", 1)
