"""A letter with a calendar, and the message that it becomes, read back with the standard library."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from orchestrator.domain.letters.message import CalendarCopy, Letter, NamedAddress, assemble
from orchestrator.domain.meetings.itip import Method
from tests.conformance.mime import defects_of

CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Hội nghị\r\nEND:VCALENDAR\r\n".encode()
LETTER = Letter(
    sender=NamedAddress("ACCSM meetings", "meetings@accsm.example.org"),
    recipient=NamedAddress("Lê Thị Lan", "lan@vn.example.org"),
    reply_to=NamedAddress("Trần Minh Khôi", "coordinator@vn.example.org"),
    subject="Invitation: Senior Officials Meeting",
    date=datetime(2026, 11, 1, 2, 3, 4, tzinfo=UTC),
    message_id="<abc@accsm.example.org>",
    text="Dear Lan,\n\nYou are invited.\n",
    html="<p>Dear Lan,</p>\n<p>You are invited.</p>\n",
    calendar=CalendarCopy(Method.REQUEST, CALENDAR),
)


def parse(letter: Letter) -> EmailMessage:
    raw = assemble(letter)
    assert_transportable(raw)
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert part.defects == []
        for name, value in part.items():
            assert defects_of(name, value) == [], value
    return message


def assert_transportable(raw: bytes) -> None:
    """CRLF only, ASCII only, and no line above the limit of SMTP (RFC 5321 section 4.5.3.1.6)."""
    assert raw.isascii()
    assert b"\0" not in raw
    assert raw.endswith(b"\r\n")
    rest = raw.replace(b"\r\n", b"")
    assert not {b"\r"[0], b"\n"[0]} & set(rest)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
