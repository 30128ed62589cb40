"""TNEF attachments, as Outlook makes them of answers to meetings."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.answers.tnef import Tnef, read_tnef

MEETING = UUID("6ed8da90-450b-101b-98da-00aa003f1305").bytes_le
APPOINTMENT = UUID("00062002-0000-0000-c000-000000000046").bytes_le
ID_CLASS = bytes.fromhex("040000008200E00074C5B7101A82E008")
UID = "4f8c2d@accsm.example.org"

Property = bytes


def padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def tagged(kind: int, number: int, value: bytes, group: bytes | str = b"") -> Property:
    """A property; with ``group``, ``number`` is that of the set, or ``group`` is its name."""
    if not group:
        return struct.pack("<HH", kind, number) + value
    if isinstance(group, str):
        name = group.encode("utf-16-le") + b"\0\0"
        return (
            struct.pack("<HH", kind, 0x8001)
            + MEETING
            + struct.pack("<II", 1, len(name))
            + padded(name)
            + value
        )
    return struct.pack("<HH", kind, 0x8000) + group + struct.pack("<II", 0, number) + value


def sized(*values: bytes) -> bytes:
    return struct.pack("<I", len(values)) + b"".join(struct.pack("<I", len(v)) + padded(v) for v in values)


def text(value: str) -> bytes:
    return sized(value.encode("utf-16-le") + b"\0\0")


def filetime(moment: datetime) -> bytes:
    return struct.pack("<Q", round((moment - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds() * 10**7))


def global_id(uid: bytes | None, date: bytes = bytes(4)) -> bytes:
    data = b"vCal-Uid\x01\0\0\0" + uid + b"\0" if uid is not None else bytes(range(16))
    return ID_CLASS + date + bytes(8) + bytes(8) + struct.pack("<I", len(data)) + data


def attribute(level: int, name: int, kind: int, data: bytes) -> bytes:
    checksum = sum(data) & 0xFFFF
    return struct.pack("<BHHI", level, name, kind, len(data)) + data + struct.pack("<H", checksum)


def tnef(message_class: str, properties: Iterable[Property] = (), *more: bytes) -> bytes:
    listed = list(properties)
    return b"".join(
        [
            struct.pack("<IH", 0x223E9F78, 1),
            attribute(1, 0x9006, 8, struct.pack("<I", 0x10000)),
            attribute(1, 0x9007, 6, struct.pack("<II", 1258, 0)),
            attribute(1, 0x8008, 7, message_class.encode() + b"\0"),
            attribute(1, 0x9003, 6, struct.pack("<I", len(listed)) + b"".join(listed)),
            *more,
        ]
    )


def answer(message_class: str = "IPM.Schedule.Meeting.Resp.Pos") -> bytes:
    """What Outlook sends when somebody answers, with properties that nobody needs between the others."""
    return tnef(
        message_class,
        [
            tagged(0x0B, 0x0029, struct.pack("<HH", 1, 0)),
            tagged(0x02, 0x6001, struct.pack("<hH", -7, 0)),
            tagged(0x1003, 0x6002, struct.pack("<III", 2, 5, 6)),
            tagged(0x101F, 0x6003, sized(b"a\0b\0", b"c\0")),
            tagged(0x48, 0x6004, bytes(16)),
            tagged(0x05, 0x6005, bytes(8)),
            tagged(0x0D, 0x6006, sized(bytes(21))),
            tagged(0x1F, 0, text("named"), "x-header"),
            tagged(0x102, 0x0003, sized(global_id(UID.encode())), MEETING),
            tagged(0x102, 0x0023, sized(global_id(UID.encode())), MEETING),
            tagged(0x40, 0x0001, filetime(datetime(2026, 11, 2, 2, 3, 4, tzinfo=UTC)), MEETING),
            tagged(0x03, 0x8201, struct.pack("<i", 3), APPOINTMENT),
            tagged(0x40, 0x820D, filetime(datetime(2026, 12, 3, 7, tzinfo=UTC)), APPOINTMENT),
            tagged(0x40, 0x820E, filetime(datetime(2026, 12, 3, 10, tzinfo=UTC)), APPOINTMENT),
            tagged(0x1F, 0x0065, text("/o=VN/ou=First/cn=lan")),
            tagged(0x1F, 0x5D02, text("lan@vn.example.org")),
            tagged(0x1F, 0x0042, text("Lê Thị Lan")),
            tagged(0x1F, 0x5D01, text("secretary@vn.example.org")),
            tagged(0x1E, 0x1000, sized("Tôi dự họp\r\n".encode("cp1258", "replace") + b"\0")),
        ],
    )


def read(content: bytes) -> Tnef:
    found = read_tnef(content)
    assert found is not None
    return found


def test_an_answer_says_who_answered_what_about_which_meeting() -> None:
    found = read(answer())
    assert (found.method, found.participation) == ("REPLY", "ACCEPTED")
    assert found.uid == UID
    assert found.sequence == 3
    assert found.stamp == datetime(2026, 11, 2, 2, 3, 4, tzinfo=UTC)
    assert found.starts_at == datetime(2026, 12, 3, 7, tzinfo=UTC)
    assert found.ends_at == datetime(2026, 12, 3, 10, tzinfo=UTC)
    assert (found.attendee, found.attendee_name) == ("lan@vn.example.org", "Lê Thị Lan")
    assert found.sent_by == "secretary@vn.example.org"
    assert found.comment.startswith("Tôi d")
    assert not found.recurrence
    assert found.calendars == ()


@pytest.mark.parametrize(
    ("message_class", "method", "participation"),
    [
        ("IPM.Schedule.Meeting.Resp.Neg", "REPLY", "DECLINED"),
        ("ipm.schedule.meeting.resp.tent", "REPLY", "TENTATIVE"),
        ("IPM.Microsoft Schedule.MtgRespP", "REPLY", "ACCEPTED"),
        ("IPM.Microsoft Schedule.MtgRespN", "REPLY", "DECLINED"),
        ("Microsoft Mail v3.0 IPM.Microsoft Schedule.MtgRespA", "REPLY", "TENTATIVE"),
        ("IPM.Schedule.Meeting.Request", "REQUEST", None),
        ("IPM.Schedule.Meeting.Canceled", "CANCEL", None),
        ("IPM.Note", "", None),
    ],
)
def test_the_class_of_the_message_is_the_answer(
    message_class: str, method: str, participation: str | None
) -> None:
    found = read(answer(message_class))
    assert (found.method, found.participation) == (method, participation)


def test_a_proposal_of_another_time_is_a_counter() -> None:
    found = read(
        tnef(
            "IPM.Schedule.Meeting.Resp.Tent",
            [
                tagged(0x0B, 0x8257, struct.pack("<HH", 1, 0), APPOINTMENT),
                tagged(0x40, 0x820D, filetime(datetime(2026, 12, 3, 7, tzinfo=UTC)), APPOINTMENT),
                tagged(0x40, 0x8250, filetime(datetime(2026, 12, 4, 1, tzinfo=UTC)), APPOINTMENT),
                tagged(0x40, 0x8251, filetime(datetime(2026, 12, 4, 4, tzinfo=UTC)), APPOINTMENT),
            ],
        )
    )
    assert (found.method, found.participation, found.uid) == ("COUNTER", "TENTATIVE", "")
    assert found.starts_at == datetime(2026, 12, 4, 1, tzinfo=UTC)
    assert found.ends_at == datetime(2026, 12, 4, 4, tzinfo=UTC)


def test_a_meeting_that_outlook_made_is_known_by_the_whole_id_without_the_date() -> None:
    blob = global_id(None, b"\x07\xea\x0c\x03")
    found = read(tnef("IPM.Schedule.Meeting.Resp.Pos", [tagged(0x102, 3, sized(blob), MEETING)]))
    assert found.uid == global_id(None).hex().upper()
    assert found.recurrence


def test_the_class_may_stand_among_the_properties_and_a_calendar_among_the_attachments() -> None:
    calendar = b"begin:vcalendar\r\n"
    found = read(
        tnef(
            "",
            [tagged(0x1E, 0x001A, sized(b"IPM.Schedule.Meeting.Resp.Pos\0"))],
            attribute(2, 0x9002, 6, bytes(14)),
            attribute(2, 0x8010, 1, b"invite.ics\0"),
            attribute(2, 0x800F, 6, calendar),
            attribute(2, 0x800F, 6, b"%PDF"),
        )
    )
    assert found.participation == "ACCEPTED"
    assert found.calendars == (calendar,)


@pytest.mark.parametrize("content", [b"", b"x\x9f\x3e", b"PK\3\4" + bytes(100)])
def test_what_is_no_tnef_is_none(content: bytes) -> None:
    assert read_tnef(content) is None


@pytest.mark.parametrize(
    "properties",
    [
        [tagged(0x102, 3, sized(b"short"), MEETING)],
        [tagged(0x1F, 3, text("not binary"), MEETING)],
        [tagged(0x40, 0x820D, struct.pack("<Q", 2**64 - 1), APPOINTMENT)],
        [tagged(0x03, 0x8201, struct.pack("<i", -1), APPOINTMENT)],
        [tagged(0x102, 3, struct.pack("<I", 2**32 - 1), MEETING)],
        [tagged(0x1003, 3, struct.pack("<I", 2**32 - 1), MEETING)],
        [tagged(0x102, 3, struct.pack("<II", 1, 2**32 - 1), MEETING)],
        [tagged(0x77, 3, b"", MEETING)],
    ],
)
def test_what_is_damaged_counts_as_absent(properties: list[Property]) -> None:
    found = read(tnef("IPM.Schedule.Meeting.Resp.Pos", properties))
    assert (found.participation, found.uid) == ("ACCEPTED", "")
    assert (found.sequence, found.starts_at) == (None, None)


def test_every_beginning_of_an_answer_is_read() -> None:
    whole = answer()
    for length in range(6, len(whole)):
        read(whole[:length])


@given(st.binary(max_size=300), st.data())
def test_any_bytes_are_read(content: bytes, data: st.DataObject) -> None:
    read_tnef(b"\x78\x9f\x3e\x22\1\0" + content)
    whole = bytearray(answer())
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(6, len(whole) - 1))] = data.draw(st.integers(0, 255))
    read_tnef(bytes(whole))
