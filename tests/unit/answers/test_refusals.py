"""What a refusal is about, by its code and by its words."""

from __future__ import annotations

import pytest

from orchestrator import words
from orchestrator.domain.answers.refusals import MailRefusal, refusal_of


@pytest.mark.parametrize(
    ("status", "text", "refusal"),
    [
        ("5.1.1", "550 5.1.1 User unknown", MailRefusal.ADDRESS),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", MailRefusal.ADDRESS),
        ("5.1.2", "", MailRefusal.ADDRESS),
        ("5.2.1", "", MailRefusal.ADDRESS),
        ("5.4.4", "Host or domain name not found", MailRefusal.ADDRESS),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", MailRefusal.ADDRESS),
        ("5.2.2", "552 5.2.2 Over quota", MailRefusal.FULL),
        ("4.2.2", "452 4.2.2 Mailbox full", MailRefusal.FULL),
        ("5.2.3", "", MailRefusal.TOO_LARGE),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", MailRefusal.TOO_LARGE),
        ("5.7.1", "550 5.7.1 Message rejected as spam", MailRefusal.POLICY),
        ("5.7.606", "", MailRefusal.SENDER),
        ("5.7.26", "unauthenticated email from our domain is not accepted", MailRefusal.SENDER),
        ("5.1.8", "sender address rejected", MailRefusal.SENDER),
        ("5.4.5", "daily sending quota exceeded", MailRefusal.SENDER),
        ("4.4.7", "delivery time expired", MailRefusal.GIVEN_UP),
        ("5.4.7", "", MailRefusal.GIVEN_UP),
        ("4.7.1", "greylisted", MailRefusal.GIVEN_UP),
        ("4.4.5", "", MailRefusal.GIVEN_UP),
        ("4.0.0", "", MailRefusal.GIVEN_UP),
        ("5.3.0", "", MailRefusal.SYSTEM),
        ("5.6.1", "", MailRefusal.SYSTEM),
        ("5.0.0", "550 5.2.2 mailbox full", MailRefusal.FULL),
        ("5.0.0", "smtp; 550 5.7.1 blocked", MailRefusal.POLICY),
        ("5.0.0", "the mailbox is full", MailRefusal.FULL),
        ("5.2.0", "552 mailbox quota", MailRefusal.FULL),
        ("", "552 Requested action aborted", MailRefusal.FULL),
        ("", "451 try later", MailRefusal.GIVEN_UP),
        ("", "550 no such user here", MailRefusal.ADDRESS),
        ("5.0.0", "", MailRefusal.UNKNOWN),
        ("5.2.2", "550 5.2.2 User unknown", MailRefusal.FULL),
        ("5.3.4", "550 5.3.4 User unknown", MailRefusal.TOO_LARGE),
        ("5.7.1", "550 5.7.1 User unknown", MailRefusal.POLICY),
        ("4.1.1", "450 4.1.1 User unknown", MailRefusal.GIVEN_UP),
        ("", "", MailRefusal.UNKNOWN),
        ("2.0.0", "", MailRefusal.UNKNOWN),
        ("nonsense", "10.5.1.1.5", MailRefusal.UNKNOWN),
    ],
)
def test_a_refusal_is_about_what_its_code_or_else_its_text_says(
    status: str, text: str, refusal: MailRefusal
) -> None:
    assert refusal_of(status, text) is refusal


@pytest.mark.parametrize("refusal", sorted({*MailRefusal} - {MailRefusal.ADDRESS, MailRefusal.UNKNOWN}))
def test_only_a_wrong_address_is_to_be_corrected(refusal: MailRefusal) -> None:
    assert "correct" not in words.say(refusal.remedy).lower()
    assert "correct" in words.say(MailRefusal.ADDRESS.remedy).lower()


def test_a_text_of_any_length_costs_little() -> None:
    assert refusal_of("", "exceeds " * 200_000) is MailRefusal.UNKNOWN
