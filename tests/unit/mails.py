"""Mails to be read, whole and made of parts, and what holds of any that was read."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestrator.domain.answers.incoming import READER_FAILED, Received, Sort, read
from orchestrator.domain.answers.itip import CalendarMessage

SAMPLES = Path(__file__).parent / "incoming"
GOLDEN = Path(__file__).parents[1] / "golden"
UID = "4f8c2d@accsm.example.org"
STAMP = datetime(2026, 11, 2, 2, 3, 4, tzinfo=UTC)
STARTS, ENDS = datetime(2026, 12, 3, 7, tzinfo=UTC), datetime(2026, 12, 3, 10, tzinfo=UTC)
US = "meetings@accsm.example.org"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n")


ALL_SAMPLES = sorted(path.stem for path in SAMPLES.glob("*.eml"))

REPLY = f"""BEGIN:VCALENDAR
METHOD:REPLY
VERSION:2.0
BEGIN:VEVENT
UID:{UID}
DTSTAMP:20261102T020304Z
DTSTART:20261203T070000Z
DTEND:20261203T100000Z
SEQUENCE:3
ORGANIZER:mailto:{US}
ATTENDEE;CN=Lan;PARTSTAT=ACCEPTED:mailto:lan@vn.example.org
END:VEVENT
END:VCALENDAR
"""


def with_lines(*lines: str, without: str = "?") -> str:
    """REPLY with further lines in its event, and without the line that begins like ``without``."""
    kept = "\n".join(line for line in REPLY.split("\n") if not line.startswith(without))
    return kept.replace("END:VEVENT", "\n".join([*lines, "END:VEVENT"]))


def mail(
    body: str | bytes, kind: str = "text/calendar; charset=utf-8; method=REPLY", **headers: str
) -> bytes:
    lines = {"From": "Lan <lan@vn.example.org>", "To": US, "Content-Type": kind}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\n" for name, value in lines.items()).encode()
    return head + b"\n" + (body.encode() if isinstance(body, str) else body)


def part(body: str | bytes, kind: str, **headers: str) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    more = "".join(f"\n{name.replace('_', '-')}: {value}" for name, value in headers.items())
    return f"Content-Type: {kind}{more}\n\n".encode() + content


def multipart(*parts: bytes, kind: str = "mixed", **headers: str) -> bytes:
    body = b"".join(b"--b\n" + each + b"\n" for each in parts) + b"--b--\n"
    return mail(body, f'multipart/{kind}; boundary="b"', **headers)


def calendar_of(content: bytes) -> CalendarMessage:
    received = read(content)
    assert received.problem is None
    assert received.sort is Sort.ANSWER
    assert received.calendar is not None
    return received.calendar


HIDDEN = frozenset(map(chr, [*range(32), *range(127, 160), 0x2028, 0x2029, *range(0x202A, 0x202F), 0xFEFF]))


def assert_sound(received: Received) -> None:
    """What holds of any mail whatever."""
    assert received.problem != READER_FAILED
    assert (received.sort is Sort.REPORT) == bool(received.reports)
    assert received.calendar is None or received.sort is Sort.ANSWER
    assert received.problem or received.calendar or received.sort is not Sort.ANSWER
    assert received.problem or received.sort is not Sort.UNREADABLE
    if received.calendar and not received.problem:
        assert received.calendar.uid
        assert received.calendar.attendee is None or "@" in received.calendar.attendee
    for value in [received, received.calendar, *received.reports]:
        for field in fields(value) if value else ():
            assert_bounded(getattr(value, field.name))


def assert_bounded(value: object) -> None:
    if isinstance(value, str):
        assert len(value) <= 2_000
        assert not HIDDEN & set(value)
        value.encode("utf-8")
    elif isinstance(value, datetime):
        assert value.utcoffset() == timedelta(0)
    elif isinstance(value, tuple):
        assert len(value) <= 200
        for each in value:
            assert_bounded(each)


INNER = part("Yes\n", "text/plain")
INNER_MAIL = multipart(INNER, part(REPLY, "text/calendar")).partition(b"Content-Type")[2]
INNER_ENTITY = b"Content-Type" + INNER_MAIL


def nested(depth: int, inner: bytes) -> bytes:
    content = inner
    for level in range(depth):
        content = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n%s\n--b%d--\n" % (
            level,
            level,
            content,
            level,
        )
    return b"From: lan@vn.example.org\n" + content


LETTERS = "aZ09 -_.'\";:,()<>@\\ộữđĐẦ ไทยสวัสดี ភាសាខ្មែរ မြန်မာ ລາວ עברית العربية 日本 한국 👩\u200d💻🇻🇳é\u0301"
