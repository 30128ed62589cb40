"""Who may answer for whom: believed once by a person, remembered, told, withdrawn."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.answers.speakers import Relation
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.services.answers.quarantine import Trust
from tests.callers import caller
from tests.integration.answers.incoming_mails import (
    FRIDAY,
    REMINDERS,
    attendee_line,
    calendar,
    change,
    counter,
    english,
    exchange,
    headers,
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
    words_of,
)
from tests.integration.conftest import TAN, THIDA, World

OUTSIDER = "eve@else.example.org"
SECRETARY = "secretary@sg.example.org"
COORDINATOR = caller("coordinator")


def for_tan(world: World, participation: str = "DECLINED", sender: str = SECRETARY, **fields: Any) -> bytes:
    line = attendee_line(TAN, participation, f'SENT-BY="mailto:{sender}"')
    content = calendar(uid_of(world), line, stamp=world.clock.now(), **fields)
    return exchange(sender, content)


def waiting(world: World) -> list[int]:
    return [row.id for row in incoming(world) if row.fate == "quarantined"]


# --- nothing that the sender wrote gives authority


@pytest.mark.parametrize("method", ["REPLY", "COUNTER", "REFRESH"])
@pytest.mark.parametrize("participation", ["DECLINED", "DELEGATED"])
def test_an_outsider_who_names_themselves_as_sending_for_an_attendee_waits(
    world: World, method: str, participation: str
) -> None:
    world.invited()
    before = len(world.mailer.accepted)
    lines = [f'DELEGATED-TO="mailto:{OUTSIDER}"'] if participation == "DELEGATED" else []
    line = attendee_line(TAN, participation, f'SENT-BY="mailto:{OUTSIDER}"', *lines)
    poll(world, exchange(OUTSIDER, calendar(uid_of(world), line, method=method, starts=FRIDAY)))
    assert nobody_answered(world)
    assert reminders(world, TAN) == dict.fromkeys(REMINDERS, "scheduled")
    outcome, reason = last(world)
    assert (outcome, [item.kind for item in responses(world)]) == ("quarantined", ["waiting"])
    assert reason == f"it answers for {TAN}, but was sent by {OUTSIDER}, who is not known to answer for them"
    world.run()
    assert len(world.mailer.accepted) == before, "nothing is sent again"


def test_the_coordinator_is_told_that_an_answer_waits(world: World) -> None:
    world.invited()
    poll(world, for_tan(world, sender=OUTSIDER))
    next_morning(world)
    said = english(news(world)[0])
    assert f"Tan Hui Shan: an answer sent by {OUTSIDER} waits for your decision" in said


def test_the_coordinator_is_asked_whether_to_invite_who_answered(world: World) -> None:
    world.invited()
    poll(world, reply(world, OUTSIDER, "ACCEPTED"), reply(world, OUTSIDER, "ACCEPTED", sender=TAN))
    next_morning(world)
    said = english(news(world)[0])
    assert f"{OUTSIDER} is not invited, was forwarded the invitation and answered it; invite this" in said
    assert f"{TAN}: an answer sent by {TAN} waits" in said


@pytest.mark.parametrize("dealt_with", ["accepted", "discarded", "assigned"])
def test_who_has_dealt_with_it_is_not_told_that_it_waits(world: World, dealt_with: str) -> None:
    world.invited()
    poll(world, for_tan(world))
    (number,) = waiting(world)
    if dealt_with == "accepted":
        world.quarantine.accept(number, caller=COORDINATOR)
    elif dealt_with == "discarded":
        world.quarantine.discard(number, caller=COORDINATOR)
    else:
        world.quarantine.assign(number, "SOM-2026", TAN, caller=COORDINATOR)
    next_morning(world)
    assert news(world)
    assert all("waits for your decision" not in english(mail) for mail in news(world))


# --- believed once, and remembered


def test_one_yes_takes_the_answer_and_is_remembered(world: World) -> None:
    world.invited()
    poll(world, for_tan(world))
    (number,) = waiting(world)
    view = world.quarantine.accept(number, caller=COORDINATOR)
    assert participations(world)[TAN] == "declined"
    assert reminders(world, TAN) == dict.fromkeys(REMINDERS, "cancelled")
    assert (view.fate, words.say(view.reason)) == (
        "assigned",
        "accepted by coordinator: Tan Hui Shan: declined",
    )
    (known,) = world.known_senders.all()
    assert (known.email, known.sender, known.relation) == (TAN, SECRETARY, Relation.DEPUTY)
    assert (known.confirmed_by, known.confirmed_via) == ("coordinator", str(COORDINATOR.channel))
    world.clock.move(minutes=1)
    poll(world, for_tan(world, "ACCEPTED"))
    assert (participations(world)[TAN], last(world)[0]) == ("accepted", "applied")


def test_it_is_remembered_for_the_persons_other_meetings(world: World) -> None:
    world.invited()
    world.create(reference="SECOND")
    world.meetings.publish("SECOND", caller=COORDINATOR)
    world.run()
    poll(world, for_tan(world))
    world.quarantine.accept(*waiting(world), caller=COORDINATOR)
    poll(world, exchange(SECRETARY, calendar(uid_of(world, "SECOND"), attendee_line(TAN))))
    assert participations(world, "SECOND")[TAN] == "accepted"


def test_it_holds_for_nobody_else(world: World) -> None:
    world.invited()
    poll(world, for_tan(world))
    world.quarantine.accept(*waiting(world), caller=COORDINATOR)
    poll(world, exchange(SECRETARY, calendar(uid_of(world), attendee_line(THIDA, "DECLINED"))))
    assert (participations(world)[THIDA], last(world)[0]) == ("no answer", "quarantined")


def test_a_yes_for_this_once_is_not_remembered(world: World) -> None:
    world.invited()
    poll(world, for_tan(world))
    world.quarantine.accept(*waiting(world), caller=COORDINATOR, trust=Trust(remembered=False))
    assert (participations(world)[TAN], world.known_senders.all()) == ("declined", [])
    poll(world, for_tan(world, "ACCEPTED", sequence=0))
    assert last(world)[0] == "quarantined"


def test_a_proposal_and_a_question_are_taken_as_what_they_are(world: World) -> None:
    world.invited()
    poll(world, counter(world, sender=SECRETARY))
    world.quarantine.accept(*waiting(world), caller=COORDINATOR)
    (found,) = responses(world)
    assert (found.kind, found.state, found.by, nobody_answered(world)) == (
        "proposal",
        "open",
        SECRETARY,
        True,
    )
    world.known_senders.withdraw(world.known_senders.all()[0].id, caller=COORDINATOR)
    asked = exchange(SECRETARY, calendar(uid_of(world), f"ATTENDEE:mailto:{TAN}", method="REFRESH"))
    poll(world, asked)
    world.quarantine.accept(*waiting(world), caller=COORDINATOR)
    world.run()
    assert [mail.subject.partition(":")[0] for mail in world.mailer.to(TAN)] == ["Invitation"] * 2


def test_what_a_believed_mail_says_still_has_to_hold(world: World) -> None:
    """It is taken like any other: an answer to an earlier time does not become one to the new."""
    world.invited()
    poll(world, for_tan(world))
    change(world, start="2026-12-04 14:00")
    view = world.quarantine.accept(*waiting(world), caller=COORDINATOR)
    assert (view.fate, nobody_answered(world)) == ("ignored", True)
    assert [item.sender for item in world.known_senders.all()] == [SECRETARY]


def test_an_alias_that_names_itself_is_taken_once_it_is_known(world: World) -> None:
    world.invited()
    alias = "tan@mfa.sg.example.org"
    poll(world, reply(world, alias, "ACCEPTED"))
    (number,) = waiting(world)
    with pytest.raises(Conflict, match="Assign it to an attendee"):
        world.quarantine.accept(number, caller=COORDINATOR)
    world.quarantine.assign(number, "SOM-2026", TAN, caller=COORDINATOR, remember=Relation.ALIAS)
    assert participations(world)[TAN] == "accepted"
    world.clock.move(minutes=1)
    poll(world, reply(world, alias, "DECLINED"))
    assert (participations(world)[TAN], last(world)[0]) == ("declined", "applied")


def test_an_attendee_whose_calendar_writes_another_address_is_known_by_it_afterwards(world: World) -> None:
    world.invited()
    poll(world, reply(world, "tan.primary@sg.example.org", "ACCEPTED", sender=TAN))
    world.quarantine.assign(*waiting(world), "SOM-2026", TAN, caller=COORDINATOR, remember=Relation.ALIAS)
    world.clock.move(minutes=1)
    poll(world, reply(world, "tan.primary@sg.example.org", "DECLINED", sender=TAN))
    assert (participations(world)[TAN], last(world)[0]) == ("declined", "applied")


def test_an_address_of_somebody_invited_becomes_nobodys_alias(world: World) -> None:
    world.invited()
    poll(world, reply(world, THIDA, "ACCEPTED", sender=TAN))
    world.quarantine.assign(*waiting(world), "SOM-2026", TAN, caller=COORDINATOR, remember=Relation.ALIAS)
    assert world.known_senders.all() == []


# --- who is told


def told(world: World, email: str = TAN) -> list[str]:
    """What an attendee is told of answers that somebody else gave."""
    world.run()
    return [words_of(mail) for mail in world.mailer.to(email) if mail.subject.startswith("Answered for you")]


@pytest.mark.both_databases
@pytest.mark.parametrize("participation", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_the_attendee_is_told_at_once_who_answered_for_them(world: World, participation: str) -> None:
    world.invited()
    world.known_senders.confirm(TAN, SECRETARY, Relation.DEPUTY, caller=COORDINATOR)
    poll(world, for_tan(world, participation))
    (said,) = told(world)
    words = {"ACCEPTED": "will take part", "TENTATIVE": "not certain yet", "DECLINED": "will not take part"}
    assert f"came in your name from {SECRETARY}: {words[participation]}." in said
    assert "/a/" in said, "they can answer otherwise"
    assert told(world, THIDA) == []
    (notice,) = (mail for mail in world.mailer.to(TAN) if mail.subject.startswith("Answered for you"))
    assert notice.method == "no calendar"
    world.run()
    assert len(told(world)) == 1, "once"


def test_each_answer_by_another_is_told(world: World) -> None:
    world.invited()
    world.known_senders.confirm(TAN, SECRETARY, Relation.DEPUTY, caller=COORDINATOR)
    for number, participation in enumerate(("DECLINED", "ACCEPTED"), start=1):
        poll(world, for_tan(world, participation))
        assert len(told(world)) == number
        world.clock.move(minutes=5)


@pytest.mark.parametrize("way", ["accepted", "assigned"])
def test_the_attendee_is_told_also_when_a_coordinator_let_it_through(world: World, way: str) -> None:
    world.invited()
    poll(world, for_tan(world))
    assert told(world) == [], "nothing has been recorded yet"
    if way == "accepted":
        world.quarantine.accept(*waiting(world), caller=COORDINATOR)
    else:
        world.quarantine.assign(*waiting(world), "SOM-2026", TAN, caller=COORDINATOR)
    (said,) = told(world)
    assert SECRETARY in said


def test_who_answers_themselves_is_told_nothing(world: World) -> None:
    world.invited()
    poll(world, reply(world, TAN, "ACCEPTED"))
    poll(world, letter(THIDA, "I accept."))
    world.quarantine.assign(
        *waiting(world), "SOM-2026", THIDA, caller=COORDINATOR, participation=Participation.ACCEPTED
    )
    assert told(world) == told(world, THIDA) == []


def test_who_has_answered_themselves_before_the_mail_left_is_told_nothing(world: World) -> None:
    world.invited()
    world.known_senders.confirm(TAN, SECRETARY, Relation.DEPUTY, caller=COORDINATOR)
    poll(world, for_tan(world))
    world.clock.move(seconds=10)
    poll(world, reply(world, TAN, "ACCEPTED"))
    assert (participations(world)[TAN], told(world)) == ("accepted", [])


def test_the_digest_names_who_really_sent_it(world: World) -> None:
    world.invited()
    world.known_senders.confirm(TAN, SECRETARY, Relation.DEPUTY, caller=COORDINATOR)
    poll(world, for_tan(world), reply(world, THIDA, "ACCEPTED"))
    next_morning(world)
    said = english(news(world)[0])
    assert f"Tan Hui Shan: will not take part (sent by {SECRETARY})" in said
    assert "Thida Aye: will take part" in said
    assert f"sent by {THIDA}" not in said


# --- confirmed and withdrawn without a mail


def test_a_deputy_is_confirmed_before_the_first_mail_and_withdrawn(world: World) -> None:
    world.invited()
    world.known_senders.confirm(TAN.upper(), SECRETARY.upper(), Relation.DEPUTY, caller=COORDINATOR)
    world.known_senders.confirm(TAN, SECRETARY, Relation.DEPUTY, caller=COORDINATOR)
    (known,) = world.known_senders.all()
    poll(world, for_tan(world))
    assert participations(world)[TAN] == "declined"
    world.known_senders.withdraw(known.id, caller=COORDINATOR)
    assert world.known_senders.all() == []
    world.clock.move(minutes=1)
    poll(world, for_tan(world, "ACCEPTED"))
    assert (participations(world)[TAN], last(world)[0]) == ("declined", "quarantined")
    with pytest.raises(NotFound, match="no known sender"):
        world.known_senders.withdraw(known.id, caller=COORDINATOR)
    world.known_senders.confirm(TAN, SECRETARY, Relation.DEPUTY, caller=COORDINATOR)
    assert len(world.known_senders.all()) == 1, "it may be confirmed once more"


def test_the_newer_word_on_what_an_address_is_counts(world: World) -> None:
    world.invited()
    for relation in Relation:
        world.known_senders.confirm(TAN, SECRETARY, relation, caller=COORDINATOR)
        assert [item.relation for item in world.known_senders.all()] == [relation]


def test_who_cannot_be_a_known_sender_is_refused_by_name(world: World) -> None:
    world.invited()
    with pytest.raises(InvalidInput, match="nobody who was ever invited"):
        world.known_senders.confirm("nobody@sg.example.org", SECRETARY, Relation.DEPUTY, caller=COORDINATOR)
    with pytest.raises(Conflict, match="for themselves already"):
        world.known_senders.confirm(TAN, TAN.upper(), Relation.ALIAS, caller=COORDINATOR)
    for own in ("meetings@accsm.example", "Meetings+1-tag@ACCSM.example"):
        with pytest.raises(InvalidInput, match="own mailbox"):
            world.known_senders.confirm(TAN, own, Relation.DEPUTY, caller=COORDINATOR)
    for wrong in ("", "secretary", "a@b, c@d", f"S <{SECRETARY}>"):
        with pytest.raises(InvalidInput, match="sender"):
            world.known_senders.confirm(TAN, wrong, Relation.DEPUTY, caller=COORDINATOR)


# --- what is not in question


def test_a_mail_beside_nobody_or_dealt_with_cannot_be_believed(world: World) -> None:
    world.invited()
    poll(world, letter(OUTSIDER))
    (number,) = waiting(world)
    with pytest.raises(Conflict, match="does not say for sure"):
        world.quarantine.accept(number, caller=COORDINATOR)
    poll(world, for_tan(world))
    number = waiting(world)[-1]
    world.quarantine.accept(number, caller=COORDINATOR)
    with pytest.raises(Conflict, match="is assigned"):
        world.quarantine.accept(number, caller=COORDINATOR)
    with pytest.raises(NotFound):
        world.quarantine.accept(999, caller=COORDINATOR)


def test_a_mail_that_failed_dmarc_waits_although_it_is_from_the_attendee(world: World) -> None:
    world.settings = world.settings.model_copy(update={"authserv_id": "mx.accsm.example"})
    world.invited()
    results = b"Authentication-Results: mx.accsm.example; dmarc=fail header.from=sg.example.org\r\n"
    poll(world, results + reply(world, TAN, "DECLINED"))
    assert (nobody_answered(world), last(world)[0]) == (True, "quarantined")
    assert "failed DMARC" in last(world)[1]
    poll(world, results.replace(b"mx.accsm", b"mx.else") + reply(world, THIDA, "DECLINED"))
    assert participations(world)[THIDA] == "declined"
    world.quarantine.accept(waiting(world)[0], caller=COORDINATOR)
    assert (participations(world)[TAN], world.known_senders.all()) == ("declined", [])


def passed_on(sender: str, inner: bytes) -> bytes:
    """A mail that somebody forwards as an attachment."""
    kind = 'Content-Type: multipart/mixed; boundary="fwd"'
    head = headers(sender, kind, subject="FW: What is this?")
    text = "--fwd\r\nContent-Type: text/plain\r\n\r\nWhat is this?\r\n"
    return (
        f"{head}\r\n{text}--fwd\r\nContent-Type: message/rfc822\r\n\r\n".encode() + inner + b"\r\n--fwd--\r\n"
    )


@pytest.mark.parametrize("author", [OUTSIDER, TAN])
def test_an_answer_inside_a_mail_that_the_attendee_passes_on_is_not_their_answer(
    world: World, author: str
) -> None:
    world.invited()
    poll(world, passed_on(TAN, reply(world, TAN, "DECLINED", sender=author)))
    assert (nobody_answered(world), last(world)[0]) == (True, "quarantined")
    assert last(world)[1] == "the answer lies in another mail, which its sender passed on"
    world.quarantine.accept(*waiting(world), caller=COORDINATOR)
    assert (participations(world)[TAN], world.known_senders.all()) == ("declined", [])


def test_the_services_own_mailbox_is_remembered_as_nobodys_sender(world: World) -> None:
    world.invited()
    poll(world, for_tan(world, sender="meetings@accsm.example"))
    for number in waiting(world):
        world.quarantine.accept(number, caller=COORDINATOR)
    assert world.known_senders.all() == []
