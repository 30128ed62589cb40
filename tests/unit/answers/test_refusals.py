"""What a refusal is about, by its code and by its words."""

from __future__ import annotations

import pytest

from orchestrator import words
from orchestrator.domain.answers.refusals import Refusal, refusal_of


@pytest.mark.parametrize(
    ("status", "text", "refusal"),
    [
        ("5.1.1", "550 5.1.1 User unknown", Refusal.ADDRESS),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", Refusal.ADDRESS),
        ("5.1.2", "", Refusal.ADDRESS),
        ("5.2.1", "", Refusal.ADDRESS),
        ("5.4.4", "Host or domain name not found", Refusal.ADDRESS),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", Refusal.ADDRESS),
        ("5.2.2", "552 5.2.2 Over quota", Refusal.FULL),
        ("4.2.2", "452 4.2.2 Mailbox full", Refusal.FULL),
        ("5.2.3", "", Refusal.TOO_LARGE),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", Refusal.TOO_LARGE),
        ("5.7.1", "550 5.7.1 Message rejected as spam", Refusal.POLICY),
        ("5.7.606", "", Refusal.SENDER),
        ("5.7.26", "unauthenticated email from our domain is not accepted", Refusal.SENDER),
        ("5.1.8", "sender address rejected", Refusal.SENDER),
        ("5.4.5", "daily sending quota exceeded", Refusal.SENDER),
        ("4.4.7", "delivery time expired", Refusal.GIVEN_UP),
        ("5.4.7", "", Refusal.GIVEN_UP),
        ("4.7.1", "greylisted", Refusal.GIVEN_UP),
        ("4.4.5", "", Refusal.GIVEN_UP),
        ("4.0.0", "", Refusal.GIVEN_UP),
        ("5.3.0", "", Refusal.SYSTEM),
        ("5.6.1", "", Refusal.SYSTEM),
        ("5.0.0", "550 5.2.2 mailbox full", Refusal.FULL),
        ("5.0.0", "smtp; 550 5.7.1 blocked", Refusal.POLICY),
        ("5.0.0", "the mailbox is full", Refusal.FULL),
        ("5.2.0", "552 mailbox quota", Refusal.FULL),
        ("", "552 Requested action aborted", Refusal.FULL),
        ("", "451 try later", Refusal.GIVEN_UP),
        ("", "550 no such user here", Refusal.ADDRESS),
        ("5.0.0", "", Refusal.UNKNOWN),
        ("", "", Refusal.UNKNOWN),
        ("2.0.0", "", Refusal.UNKNOWN),
        ("nonsense", "10.5.1.1.5", Refusal.UNKNOWN),
    ],
)
def test_a_refusal_is_about_what_its_code_or_else_its_text_says(
    status: str, text: str, refusal: Refusal
) -> None:
    assert refusal_of(status, text) is refusal


@pytest.mark.parametrize("refusal", set(Refusal) - {Refusal.ADDRESS, Refusal.UNKNOWN})
def test_only_a_wrong_address_is_to_be_corrected(refusal: Refusal) -> None:
    assert "correct" not in words.say(refusal.remedy).lower()
    assert "correct" in words.say(Refusal.ADDRESS.remedy).lower()


def test_a_text_of_any_length_costs_little() -> None:
    assert refusal_of("", "exceeds " * 200_000) is Refusal.UNKNOWN
