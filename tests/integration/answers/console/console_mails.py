"""Mails that come back, and what a page of the console says of them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from orchestrator.services.meetings.views import AttendeeView
from tests.integration.conftest import World

SOM = "SOM-2026"
PAGE = f"/meetings/{SOM}"
HOSTILE = "<script>alert('1')</script> & \"quotes\""
LAN = "lan@vn.example.org"


def words(response: Any) -> str:
    """The text of a page as it is read, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def hidden(response: Any) -> dict[str, str]:
    """The fields that a confirm page sends back."""
    form = response.text.partition('class="confirm"')[2]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form)
    return {name: unescape(value) for name, value in found}


def section(response: Any, name: str) -> str:
    """One section of a page, as HTML."""
    found: str = response.text.partition(f'<section id="{name}"')[2].partition("</section>")[0]
    assert found, name
    return unescape(found)


def person(world: World, email: str) -> AttendeeView:
    return next(item for item in world.reading.meeting(SOM).attendees if item.email == email)


def calendar_mail(world: World, email: str, *lines: str, method: str = "REPLY", uid: str = "") -> bytes:
    """What a calendar sends; ``lines`` come into the event."""
    meeting = world.reading.meeting(SOM)
    event = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Example//EN",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{uid or meeting.uid}",
        f"SEQUENCE:{meeting.sequence}",
        f"DTSTAMP:{world.clock.now():%Y%m%dT%H%M%SZ}",
        *lines,
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    head = [
        f"From: {email}",
        "To: meetings@accsm.example",
        f"Subject: {method}: Senior Officials Meeting",
        "MIME-Version: 1.0",
        f"Content-Type: text/calendar; charset=utf-8; method={method}",
        "",
    ]
    return "\r\n".join([*head, *event]).encode()


def reply(world: World, email: str, answer: str, *lines: str, parameters: str = "") -> bytes:
    return calendar_mail(world, email, f"ATTENDEE;PARTSTAT={answer}{parameters}:mailto:{email}", *lines)


def proposal(world: World, email: str, *, day: str = "20261204", comment: str = "Friday?") -> bytes:
    times = f"DTSTART:{day}T020000Z", f"DTEND:{day}T043000Z", f"COMMENT:{comment}"
    return calendar_mail(world, email, f"ATTENDEE:mailto:{email}", *times, method="COUNTER")


def bounce(
    world: World, email: str, *, final: str | None = None, status: str = "5.1.1", action: str = "failed"
) -> bytes:
    """The report of a server further on about the last mail to somebody, or to ``final`` behind them."""
    last = next(item for item in world.reading.deliveries(SOM) if item.recipient == email)
    return "\r\n".join(
        [
            "From: MAILER-DAEMON@mx.example.org",
            "To: meetings@accsm.example",
            "Subject: Undelivered Mail",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
            "",
            "--b",
            "Content-Type: text/plain",
            "",
            "Your mail could not be delivered.",
            "--b",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.example.org",
            "",
            f"Final-Recipient: rfc822; {final or email}",
            f"Action: {action}",
            f"Status: {status}",
            f"Diagnostic-Code: smtp; 550 {status} User unknown",
            "",
            "--b",
            "Content-Type: message/rfc822",
            "",
            f"Message-ID: {last.message_id}",
            "Subject: Invitation",
            "",
            "",
            "--b--",
            "",
        ]
    ).encode()


def arrive(world: World, *contents: bytes) -> None:
    """Let mails arrive and be read."""
    world.mailbox.arrive(*contents)
    world.clock.move(seconds=world.settings.poll_seconds)
    world.run()
