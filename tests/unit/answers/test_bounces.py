"""Delivery reports, in the manner of the mail systems that send them."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from orchestrator.domain.answers.bounces import DeliveryReport
from orchestrator.domain.answers.incoming import Sort, read
from tests.unit.mails import INNER, REPLY, US, mail, multipart, part, sample

FAILED = DeliveryReport(True, "failed", (), "5.1.1", "", "<aa11@accsm.example.org>", None)


@pytest.mark.parametrize(
    ("name", "recipients", "status"),
    [
        ("dsn_postfix", ["lan@vn.example.org", "khoi@vn.example.org"], ["5.1.1", "5.2.2"]),
        ("dsn_exchange", ["lan@vn.example.org"], ["5.1.10"]),
        ("dsn_gmail", ["maria@ph.example.org"], ["5.1.1"]),
        ("dsn_qmail", ["dara@kh.example.org"], ["5.1.1"]),
        ("dsn_exim_old", ["siti@id.example.org", "budi@id.example.org"], ["", ""]),
        ("dsn_old_exchange", ["ahmad@my.example.org"], [""]),
    ],
)
def test_a_failed_delivery_is_told_for_each_recipient(
    name: str, recipients: list[str], status: list[str]
) -> None:
    received = read(sample(name))
    assert received.sort is Sort.REPORT
    assert received.calendar is None
    assert [report.recipients for report in received.reports] == [(each,) for each in recipients]
    assert [report.status for report in received.reports] == status
    for report in received.reports:
        assert (report.failed, report.action) == (True, "failed")
        assert report.original_message_id == "<aa11@accsm.example.org>"
        assert report.diagnostic


def test_the_details_of_a_report() -> None:
    first, _ = read(sample("dsn_postfix")).reports
    assert first.envelope_id == "delivery-77"
    assert first.diagnostic == "550 5.1.1 <lan@vn.example.org>: Recipient address rejected: User unknown"


def test_a_delayed_delivery_has_not_failed() -> None:
    (report,) = read(sample("dsn_postfix_delayed")).reports
    assert (report.failed, report.action, report.status) == (False, "delayed", "4.4.1")
    assert report.original_message_id == "<aa11@accsm.example.org>"


def status(*lines: str, returned: str = "Message-ID: <aa11@accsm.example.org>") -> bytes:
    block = "\n".join(["Reporting-MTA: dns; mx", "", *lines])
    return multipart(
        part("It failed.", "text/plain"),
        part(block, "message/delivery-status"),
        part(returned, "text/rfc822-headers"),
        kind="report; report-type=delivery-status",
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ["Final-Recipient: rfc822; A@B.example", "Action: delivered", "Status: 2.0.0"],
            (False, "delivered", "2.0.0"),
        ),
        (
            ["Final-Recipient: rfc822; a@b.example", "Action: relayed", "Status: 2.0.0"],
            (False, "relayed", "2.0.0"),
        ),
        (
            ["Final-Recipient: rfc822; a@b.example", "Action: Failed (bad)", "Status: 5.0.0"],
            (True, "failed", "5.0.0"),
        ),
        (
            ["Final-Recipient: RFC822;<a@b.example>", "Action: FAILED; really", "Status: 5"],
            (True, "failed", ""),
        ),
        (["Final-Recipient: a@b.example", "Status: 5.7.1"], (True, "failed", "5.7.1")),
        (
            ["Original-Recipient: rfc822;", "Final-Recipient: LOCAL; a@b.example", "Status: 4.0.0"],
            (False, "delayed", "4.0.0"),
        ),
    ],
)
def test_a_report_is_read_also_where_fields_are_missing(
    lines: list[str], expected: tuple[bool, str, str]
) -> None:
    (report,) = read(status(*lines)).reports
    assert (report.failed, report.action, report.status) == expected
    assert report.recipients == ("a@b.example",)
    assert report.original_message_id == "<aa11@accsm.example.org>"


def test_a_report_in_one_block_and_in_base64_is_read() -> None:
    block = "Reporting-MTA: dns; mx\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\n"
    content = multipart(
        part(
            base64.encodebytes(block.encode()), "message/delivery-status", Content_Transfer_Encoding="base64"
        ),
        part(
            base64.encodebytes(b"Message-ID: <x@y>\r\n\r\n"),
            "message/rfc822",
            Content_Transfer_Encoding="base64",
        ),
        kind="report",
        In_Reply_To="<other@y>",
    )
    assert read(content).reports == (
        replace(
            FAILED,
            recipients=("a@b.example",),
            status="",
            original_message_id="<x@y>",
            final="a@b.example",
        ),
    )


def test_a_report_without_a_copy_is_known_by_the_thread() -> None:
    content = status("Final-Recipient: rfc822; a@b.example", "Action: failed", returned="Subject: x")
    content = content.replace(b"To: ", b"In-Reply-To: <aa11@accsm.example.org>\nTo: ", 1)
    assert read(content).reports[0].original_message_id == "<aa11@accsm.example.org>"


def test_a_report_that_names_nobody_is_automatic_and_the_invitation_in_it_is_no_answer() -> None:
    content = multipart(
        part("Reporting-MTA: dns; mx\n", "message/delivery-status"),
        part(mail(REPLY), "message/rfc822"),
        kind="report",
    )
    assert read(content).sort is Sort.AUTOMATIC


def test_a_complaint_that_returns_our_invitation_is_no_answer() -> None:
    content = multipart(
        part("Feedback-Type: abuse\n", "message/feedback-report"),
        part(mail(REPLY), "message/rfc822"),
        kind="report",
    )
    assert read(content).sort is Sort.AUTOMATIC


def test_somebody_who_forwards_a_report_reports_nothing() -> None:
    received = read(multipart(part(sample("dsn_postfix").replace(b"\r\n", b"\n"), "message/rfc822")))
    assert received.sort is not Sort.REPORT


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("<a@b.example>:\nUser unknown", Sort.REPORT),
        ("  a@b.example\n    mailbox is full", Sort.REPORT),
        ("Could not be delivered.\nMessage-ID: <aa11@accsm.example.org>", Sort.REPORT),
        ("Could not be delivered.", Sort.AUTOMATIC),
        (f"{US}\nYour mail was rejected", Sort.AUTOMATIC),  # That is us.
        ("a@b.example\nThank you for writing to us", Sort.AUTOMATIC),
    ],
)
def test_a_report_of_no_standard_form_needs_a_recipient_or_a_message(text: str, sort: Sort) -> None:
    received = read(mail(text, "text/plain", From="Postmaster@b.example", Return_Path="<>"))
    assert received.sort is sort
    assert [report.failed for report in received.reports] == [True] * (sort is Sort.REPORT)


def test_a_report_of_exchange_with_odd_parts_is_known_by_its_words_and_its_copy() -> None:
    content = multipart(
        part("Delivery has failed to these recipients:\n\nLan Le\nThe address was not found.", "text/plain"),
        part(b"Message-ID: <aa11@accsm.example.org>\n" + INNER, "message/rfc822"),
        kind="report",
        From="MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@vn.example.org",
        Return_Path="<>",
    )
    (report,) = read(content).reports
    assert (report.failed, report.recipients) == (True, ())
    assert report.original_message_id == "<aa11@accsm.example.org>"


def test_a_report_of_qmail_is_known_by_its_first_line_whoever_sends_it() -> None:
    content = sample("dsn_qmail").replace(b"MAILER-DAEMON@", b"anybody@")
    assert read(content).reports[0].recipients == ("dara@kh.example.org",)


def test_a_message_id_that_is_copied_into_a_text_is_cleaned() -> None:
    text = "user unknown\nMessage-ID: <a\0b@\u202ec>\n"
    (report,) = read(mail(text, "text/plain", From="mailer-daemon@b.example")).reports
    assert report.original_message_id == "<ab@c>"


def test_a_warning_of_no_standard_form_is_not_a_failure() -> None:
    text = "Your message could not be delivered yet, and will be retried.\n\na@b.example\n"
    (report,) = read(
        mail(text, "text/plain", From="MAILER-DAEMON", Subject="Warning: message delayed")
    ).reports
    assert (report.failed, report.action, report.recipients) == (False, "delayed", ("a@b.example",))


def test_a_person_who_writes_about_a_bounce_reports_nothing() -> None:
    assert read(mail("<a@b.example>:\nUser unknown", "text/plain")).sort is Sort.LETTER
