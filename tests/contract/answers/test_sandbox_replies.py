"""What the software of simulated attendees sends."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from integrations.sandbox.letters import Request, read_letter
from integrations.sandbox.personas import alias_of
from integrations.sandbox.replies import Outgoing, compose
from integrations.sandbox.writing import Answer, Says, Software
from orchestrator.domain.answers.incoming import CalendarMessage, Received, Sort, read
from orchestrator.ports import CaughtMail
from tests.contract.answers.simulated import (
    NOW,
    ORGANIZER,
    PAGE,
    STAMP,
    STARTS,
    TITLE,
    UID,
    letter_to,
    our_mail,
)

COMMENT = "Tôi sẽ đến muộn, sau 15:00; ขอโทษครับ – về sau xin báo lại bằng điện thoại cho tiện cả đôi bên."
BY_MAIL = (Software.OUTLOOK, Software.GMAIL, Software.APPLE)


def written(through: Software, answer: Answer, email: str | None = None) -> Outgoing:
    letter = letter_to(email or answer.by)
    assert letter.request is not None
    return compose(through, letter, letter.request, answer, NOW)


def understood(mail: Outgoing) -> tuple[Received, CalendarMessage]:
    received = read(mail.content)
    assert received.problem is None
    assert received.calendar is not None
    return received, received.calendar


def plain_calendar(mail: Outgoing) -> bytes:
    for part in message_from_bytes(mail.content, policy=policy.default).walk():
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return content
    raise AssertionError("no calendar")


def test_a_letter_is_read_as_its_recipient_sees_it() -> None:
    letter = letter_to("quynh@vn.example.org")
    assert (letter.name, letter.page) == ("Lê Ngọc Diễm Quỳnh", PAGE)
    assert letter.message_id == "<0-quynh@vn.example.org>"
    assert letter.request == Request(
        "REQUEST", UID, 0, STARTS, STARTS + timedelta(hours=3), TITLE, ORGANIZER, "Trần Minh Khôi", asks=True
    )
    other = read_letter(CaughtMail("1", NOW, "dara@kh.example.org", our_mail("quynh@vn.example.org")))
    assert other.request is not None
    assert not other.request.asks, "somebody else is asked"


@pytest.mark.parametrize("through", BY_MAIL)
@pytest.mark.parametrize("says", [Says.ACCEPTED, Says.TENTATIVE, Says.DECLINED])
@pytest.mark.parametrize("comment", ["", COMMENT])
def test_an_answer_is_read_as_meant(through: Software, says: Says, comment: str) -> None:
    mail = written(through, Answer(says, "quynh@vn.example.org", comment))
    received, calendar = understood(mail)
    assert (mail.sender, mail.recipient) == ("quynh@vn.example.org", ORGANIZER)
    assert (received.sort, received.sender, received.date) == (Sort.ANSWER, mail.sender, STAMP)
    assert ORGANIZER in received.recipients
    assert says.value in received.subject.lower()
    assert (calendar.method, calendar.uid, calendar.sequence) == ("REPLY", UID, 0)
    assert (calendar.attendee, calendar.participation) == ("quynh@vn.example.org", says.value.upper())
    assert calendar.attendee_name == "Lê Ngọc Diễm Quỳnh"
    assert (calendar.stamp, calendar.starts_at) == (STAMP, STARTS)
    # A parameter's value can hold neither of these, so Gmail loses them.
    lost = str.maketrans(",;:", "   ") if through is Software.GMAIL else {}
    assert calendar.comment.strip() == comment.translate(lost)


def test_outlook_answers_without_organizer_and_without_a_thread() -> None:
    mail = written(Software.OUTLOOK, Answer(Says.ACCEPTED, "quynh@vn.example.org"))
    received, calendar = understood(mail)
    assert calendar.organizer is None
    assert received.references == ()
    assert received.subject == f"Accepted: {TITLE}"
    content = plain_calendar(mail).replace(b"\r\n ", b"")
    assert b":MAILTO:quynh@vn.example.org" in content
    assert b"COMMENT;LANGUAGE=en-US:" in content
    assert b"X-MICROSOFT-CDO-BUSYSTATUS:BUSY" in content
    assert b"TZID" not in content


def test_gmail_looks_automatic_and_calls_a_proposal_a_reply() -> None:
    mail = written(Software.GMAIL, Answer(Says.PROPOSED, "quynh@vn.example.org", "The day after, please."))
    received, calendar = understood(mail)
    assert received.automatic
    assert (calendar.method, calendar.starts_at) == ("COUNTER", STARTS + timedelta(days=1))
    assert calendar.ends_at == STARTS + timedelta(days=1, hours=3)
    message = message_from_bytes(mail.content, policy=policy.default)
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/calendar", "application/ics"]
    (part,) = (part for part in message.walk() if part.get_content_type() == "text/calendar")
    assert part.get_param("method") == "REPLY"
    assert b"METHOD:COUNTER" in plain_calendar(mail)


def test_apple_sends_nothing_but_a_calendar_and_folds_through_characters() -> None:
    mail = written(Software.APPLE, Answer(Says.DECLINED, "quynh@vn.example.org", COMMENT))
    assert message_from_bytes(mail.content).get_content_type() == "text/calendar"
    content = plain_calendar(mail)
    assert 'CN="Lê Ngọc Diễm Quỳnh"'.encode() in content.replace(b"\r\n ", b"")
    assert any(not is_text(line) for line in content.split(b"\r\n")), "no character was cut"
    assert max(map(len, content.split(b"\r\n"))) == 70
    assert understood(mail)[1].comment == COMMENT


def is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("through", BY_MAIL)
def test_a_delegation_names_the_delegate(through: Software) -> None:
    delegate = "deputy@vn.example.org"
    answer = Answer(Says.DELEGATED, "quynh@vn.example.org", delegate=delegate)
    _, calendar = understood(written(through, answer))
    assert (calendar.participation, calendar.delegated_to) == ("DELEGATED", (delegate,))


def test_an_out_of_office_answer_holds_no_calendar() -> None:
    mail = written(Software.OUTLOOK, Answer(Says.ABSENT, "quynh@vn.example.org", "I am away."))
    received = read(mail.content)
    assert (received.sort, received.automatic, received.calendar) == (Sort.AUTOMATIC, True, None)
    assert received.references == ("<0-quynh@vn.example.org>",)
    assert received.text.strip() == "I am away."


def test_a_bounce_names_recipient_and_mail_and_brings_the_invitation_back() -> None:
    mail = written(Software.SERVER, Answer(Says.BOUNCED, "quynh@vn.example.org", "550 5.1.1 User unknown"))
    assert (mail.sender, mail.recipient) == ("", ORGANIZER)
    received = read(mail.content)
    assert (received.sort, received.calendar) == (Sort.REPORT, None)
    (report,) = received.reports
    assert (report.failed, report.recipients, report.status) == (True, ("quynh@vn.example.org",), "5.1.1")
    assert report.original_message_id == "<0-quynh@vn.example.org>"
    assert report.diagnostic == "550 5.1.1 User unknown"
    assert b"text/calendar" in mail.content
    assert b"\r\r\n" not in mail.content


def test_an_alias_answers_for_an_address_that_is_not_invited() -> None:
    alias = alias_of("quynh@vn.example.org")
    mail = written(Software.OUTLOOK, Answer(Says.ACCEPTED, alias), "quynh@vn.example.org")
    received, calendar = understood(mail)
    assert received.sender == calendar.attendee == alias == "quynh@mail.vn.example.org"


@pytest.mark.parametrize("through", [*BY_MAIL, Software.SERVER])
def test_nothing_is_left_to_chance(through: Software) -> None:
    says = Says.BOUNCED if through is Software.SERVER else Says.ACCEPTED
    answer = Answer(says, "quynh@vn.example.org", COMMENT)
    assert written(through, answer) == written(through, answer)
