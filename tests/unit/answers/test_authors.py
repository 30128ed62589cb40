"""Whom a mail is from: one address in one From, and what the mailbox's own server says of it."""

from __future__ import annotations

import pytest

from orchestrator import words
from orchestrator.domain.answers.authentication import doubt_about
from orchestrator.domain.answers.incoming import read

TAN, EVIL = "tan@sg.example.org", "evil@else.example.org"


def sender_of(*lines: str) -> str | None:
    return read("\r\n".join([*lines, "Subject: S", "", "Hello"]).encode()).sender


@pytest.mark.parametrize(
    "value",
    [
        TAN,
        f"<{TAN}>",
        f"Tan Hui Shan <{TAN}>",
        f'"Tan, Hui Shan" <{TAN}>',
        f"=?utf-8?Q?Tan=2C_Hui?= Shan <{TAN.upper()}>",
        f"{TAN} (Tan Hui Shan)",
        f"(Tan (Hui) Shan) {TAN}",
        f"{TAN} <{TAN}>",
        f'"{TAN}" <{TAN}>',
        f'"{EVIL} via a list" <{TAN}>',
        f"Tan\r\n <{TAN}>",
        f"{TAN},",
        f"Tan, Hui Shan <{TAN}>",
    ],
)
def test_one_address_is_the_sender(value: str) -> None:
    assert sender_of(f"From: {value}") == TAN


@pytest.mark.parametrize(
    "value",
    [
        f"{TAN}, {EVIL}",
        f"{EVIL}, {TAN}",
        f"Tan <{TAN}>, <{EVIL}>",
        f"<{EVIL}> <{TAN}>",
        f"{EVIL} <{TAN}>",
        f"Tan {EVIL}, <{TAN}>",
        f"<{TAN}> ({EVIL})",
        f"({EVIL}) {TAN}",
        f"{TAN} (a \\) , {EVIL}) b",
        rf"(\) <{TAN}>) <{EVIL}>",
        f"{TAN}) ({EVIL}",
        f"Group:{TAN};",
        f"Group: {TAN}, {EVIL};",
        f'{TAN}, "no address"@@x',
        f"{TAN}" + ", " * 1_500 + EVIL,
        ", ".join([TAN] * 120 + [EVIL]),
        f"{TAN}\x00{EVIL}",
        f"<{TAN}> {EVIL}",
        f"<{TAN}",
        f"@{TAN}",
        "",
    ],
)
def test_whom_a_mail_is_from_is_beyond_doubt_or_unknown(value: str) -> None:
    assert sender_of(f"From: {value}") in (None, EVIL)


@pytest.mark.parametrize("second", [f"From: {EVIL}", f"From: {TAN}", f"FROM : {EVIL}", "From:"])
def test_two_from_headers_name_nobody(second: str) -> None:
    assert sender_of(f"From: {TAN}", second) is None
    assert sender_of(second, f"From: {TAN}") is None
    assert sender_of(*[f"From: {TAN}"] * 6, second) is None


@pytest.mark.parametrize("name", ["Sender", "Reply-To", "Return-Path", "X-Original-From", "Resent-From"])
def test_no_other_header_says_whom_a_mail_is_from(name: str) -> None:
    assert sender_of(f"{name}: {TAN}", f"From: {EVIL}", f"{name}: {TAN}") == EVIL
    assert sender_of(f"{name}: {TAN}") is None


# --- Authentication-Results

OURS = "mx.accsm.example"
PASS = f"{OURS}; spf=pass smtp.mailfrom=sg.example.org; dmarc=pass header.from=sg.example.org"


def doubt(*results: str, authserv_id: str | None = OURS) -> str:
    found = doubt_about(TAN, results, authserv_id)
    return words.say(found) if found else ""


@pytest.mark.parametrize(
    "value",
    [
        f"{OURS}; dmarc=fail header.from=sg.example.org",
        f"{OURS}; dmarc=fail (p=NONE sp=NONE dis=NONE) header.from=sg.example.org",
        f"{OURS.upper()} 1; spf=pass; DMARC = Fail",
        f'"{OURS}"; dmarc/1=fail',
        f"(a comment; x) {OURS} (b) ; spf=pass (dmarc=pass) ; (c) dmarc=fail",
        f"{OURS};\r\n\tdkim=pass header.d=else.example.org;\r\n\tdmarc=fail",
    ],
)
def test_a_dmarc_fail_of_our_own_server_is_a_doubt(value: str) -> None:
    assert doubt(value).startswith(f"it names {TAN} as its sender, and the mailbox's server says that")
    assert doubt(PASS, value), "a pass beside it, which the sender may have written, helps nothing"
    assert doubt(value, PASS)


@pytest.mark.parametrize(
    "value",
    [
        PASS,
        f"{OURS}; none",
        f"{OURS}; dmarc=none header.from=sg.example.org",
        f"{OURS}; dmarc=temperror",
        f"{OURS}; spf=fail; dkim=fail",
        f"{OURS}; spf=pass (dmarc=fail)",
        f"{OURS}; xdmarc=fail",
        "mx.else.example; dmarc=fail",
        f"mx.{OURS}; dmarc=fail",
        f"mx.else.example; {OURS}; dmarc=fail",
        f"dmarc=fail; {OURS}",
        "",
        "((((",
    ],
)
def test_everything_else_is_none(value: str) -> None:
    assert doubt(value) == ""


@pytest.mark.parametrize("authserv_id", [None, "", "mx.else.example"])
def test_without_the_name_of_the_server_nothing_counts(authserv_id: str | None) -> None:
    assert doubt(f"{OURS}; dmarc=fail", authserv_id=authserv_id) == ""


def test_a_pass_for_another_domain_proves_nothing_of_this_one() -> None:
    said = doubt(f"{OURS}; dmarc=pass header.from=else.example.org")
    assert said.endswith("the mailbox's server has checked another: else.example.org")


def test_the_header_is_read_from_the_mail_unfolded_and_above_others() -> None:
    mail = (
        f"Authentication-Results: {OURS};\r\n dmarc=fail\r\nFrom: {TAN}\r\n"
        f"Authentication-Results: {PASS}\r\n\r\nHello"
    )
    received = read(mail.encode())
    assert doubt_about(received.sender, received.authentication, OURS)
