"""Who may speak for an attendee: nothing that the sender wrote says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.domain.answers.incoming import read
from orchestrator.domain.answers.responses import Treatment
from orchestrator.domain.answers.speakers import KnownSender, Relation, told_of
from orchestrator.facts import Fact
from tests.unit.answers.answering import (
    CRASHER,
    LAN,
    SOK,
    STARTS,
    Verdict,
    found_by,
    judged,
    meeting,
    person,
    said,
)

SECRETARY, OFFICE = "secretary@vn.example.org", "lan@mofa.vn.example.org"
DEPUTY = KnownSender(LAN, SECRETARY, Relation.DEPUTY)
ALIAS = KnownSender(LAN, OFFICE, Relation.ALIAS)
MESSAGES: dict[str, dict[str, Any]] = {
    "an answer": {},
    "a delegation": {"participation": "DELEGATED", "delegated_to": (CRASHER,)},
    "a proposal": {"method": "COUNTER", "starts_at": STARTS + timedelta(hours=1)},
    "a question": {"method": "REFRESH", "participation": None},
}


@pytest.mark.parametrize("fields", MESSAGES.values(), ids=MESSAGES)
@pytest.mark.parametrize("token", [None, 1], ids=["by the text", "by the reply address"])
@pytest.mark.parametrize("sent_by", [None, CRASHER, CRASHER.upper(), LAN])
def test_nobody_speaks_for_an_attendee_because_the_mail_says_so(
    sent_by: str | None, token: int | None, fields: dict[str, Any]
) -> None:
    message = said(**({"sent_by": sent_by, "organizer": CRASHER} | fields))
    assert judged(message, sender=CRASHER, token=token) == Verdict(
        Treatment.QUARANTINE,
        f"it answers for {LAN}, but was sent by {CRASHER}, who is not known to answer for them",
    )


@pytest.mark.parametrize("sender", [SOK, CRASHER])
def test_another_attendee_is_a_stranger_too(sender: str) -> None:
    assert judged(said(sent_by=sender), sender=sender).treatment is Treatment.QUARANTINE


@pytest.mark.parametrize("nobody", [None, ""])
@pytest.mark.parametrize("token", [None, 1])
def test_a_mail_without_one_sender_is_nobodys_answer(nobody: str | None, token: int | None) -> None:
    assert judged(said(sent_by=CRASHER), sender=nobody, token=token) == Verdict(
        Treatment.QUARANTINE, f"it answers for {LAN}, but its From does not name exactly one sender"
    )


@pytest.mark.parametrize("fields", MESSAGES.values(), ids=MESSAGES)
@pytest.mark.parametrize("known", [DEPUTY, ALIAS])
def test_a_known_address_speaks_for_its_person(known: KnownSender, fields: dict[str, Any]) -> None:
    verdict = judged(said(**fields), sender=known.address, senders=[known])
    assert verdict.treatment not in (Treatment.QUARANTINE, Treatment.IGNORE)


def test_a_known_address_speaks_for_nobody_else() -> None:
    message = said(attendee=SOK, sent_by=SECRETARY)
    assert judged(message, sender=SECRETARY, senders=[DEPUTY, ALIAS]).treatment is Treatment.QUARANTINE


def test_the_attendee_answers_also_while_a_deputy_is_known() -> None:
    assert judged(said(sent_by=SECRETARY), senders=[DEPUTY]).treatment is Treatment.ANSWER


def test_an_alias_may_stand_as_the_attendee_and_a_deputys_own_name_may_not() -> None:
    assert found_by(said(attendee=OFFICE), sender=OFFICE, senders=[ALIAS]) is not None
    assert judged(said(attendee=OFFICE), sender=OFFICE, senders=[ALIAS]).reason == "Lan: accepted"
    assert judged(said(attendee=SECRETARY), sender=SECRETARY, senders=[DEPUTY]) == Verdict(
        Treatment.QUARANTINE, f"{SECRETARY} is not invited to SOM-2026"
    )


def test_an_alias_of_two_attendees_names_neither() -> None:
    """A shared mailbox, such as that of an office."""
    shared = [KnownSender(LAN, OFFICE, Relation.ALIAS), KnownSender(SOK, OFFICE, Relation.ALIAS)]
    assert found_by(said(attendee=OFFICE), sender=OFFICE, senders=shared) is None
    assert judged(said(attendee=SOK), sender=OFFICE, senders=shared).reason == "Sok: accepted"


def test_the_alias_of_another_is_not_believed_in_somebody_elses_mail() -> None:
    assert judged(said(attendee=OFFICE), sender=CRASHER, senders=[ALIAS]).treatment is Treatment.QUARANTINE


def test_who_is_known_for_somebody_removed_and_invited_again_is_known_still() -> None:
    known = meeting(person(1, LAN, removed_sequence=1), person(3, LAN))
    assert judged(said(), known, sender=SECRETARY, senders=[DEPUTY]).treatment is Treatment.ANSWER


@pytest.mark.parametrize("token", [None, 1])
def test_a_doubt_about_the_sender_comes_before_everything(token: int | None) -> None:
    doubt = Fact.of("answers.names-no-attendee")
    for message in (said(), said(attendee=CRASHER), said(method="COUNTER"), said(method="REFRESH")):
        assert judged(message, token=token, doubt=doubt).treatment is Treatment.QUARANTINE
        assert judged(message, token=token, doubt=doubt).reason.startswith("it names no attendee")


@pytest.mark.parametrize(
    ("sender", "known", "told"),
    [
        (LAN, None, False),
        (SECRETARY, DEPUTY, True),
        (OFFICE, ALIAS, False),
        (OFFICE, KnownSender(LAN, OFFICE, Relation.ALIAS, long_known=False), True),
        (CRASHER, None, True),
        (None, None, True),
    ],
)
def test_an_attendee_is_told_of_what_somebody_else_answered(
    sender: str | None, known: KnownSender | None, told: bool
) -> None:
    assert told_of(person(1, LAN), sender, known) is told


@pytest.mark.parametrize("invited", ["lan@bộ.example", "Lan@BỘ.example", "lan@xn--b-8xm.example"])
@pytest.mark.parametrize("sender", ["lan@bộ.example", "lan@xn--b-8xm.example", "LAN@XN--B-8XM.example"])
def test_both_spellings_of_a_domain_are_the_same_sender(invited: str, sender: str) -> None:
    known = meeting(person(1, invited))
    found = read(f"From: <{sender}>\r\n\r\n".encode()).sender
    for named in ("lan@bộ.example", "lan@xn--b-8xm.example"):
        assert judged(said(attendee=named), known, sender=found).treatment is Treatment.ANSWER
    assert told_of(known.attendees[0], found, None) is False


@pytest.mark.parametrize(
    ("invited", "sender"),
    [("lan@straße.example", "lan@strasse.example"), ("lan@vn.example", "lan@vn.example.org")],
)
def test_a_domain_that_looks_alike_is_another(invited: str, sender: str) -> None:
    found = read(f"From: <{sender}>\r\n\r\n".encode()).sender
    known = meeting(person(1, invited))
    assert judged(said(attendee=invited), known, sender=found).treatment is Treatment.QUARANTINE
