"""What a TNEF attachment (``winmail.dat``) says about a meeting: MS-OXTNEF, as far as it matters here.

Outlook wraps answers to meetings in it when it takes the receiver for another Outlook. Read are the
class of the message, the properties that identify the meeting, and a calendar that is attached.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from orchestrator.domain.answers.content_lines import clean, decode, plain_address
from orchestrator.domain.people.addresses import compared

_SIGNATURE: Final = 0x223E9F78
_MOST_ATTRIBUTES = 2_000
_MOST_PROPERTIES = 2_000

_MESSAGE_CLASS, _MESSAGE_PROPERTIES, _ATTACHED_DATA, _CODEPAGE = 0x8008, 0x9003, 0x800F, 0x9007

_CLASSES: Final = {
    "ipm.schedule.meeting.resp.pos": ("REPLY", "ACCEPTED"),
    "ipm.schedule.meeting.resp.neg": ("REPLY", "DECLINED"),
    "ipm.schedule.meeting.resp.tent": ("REPLY", "TENTATIVE"),
    "ipm.schedule.meeting.request": ("REQUEST", None),
    "ipm.schedule.meeting.canceled": ("CANCEL", None),
    # Microsoft Mail called them so, and TNEF keeps the old names (MS-OXTNEF 2.3.3.4).
    "ipm.microsoft schedule.mtgrespp": ("REPLY", "ACCEPTED"),
    "ipm.microsoft schedule.mtgrespn": ("REPLY", "DECLINED"),
    "ipm.microsoft schedule.mtgrespa": ("REPLY", "TENTATIVE"),
    "ipm.microsoft schedule.mtgreq": ("REQUEST", None),
    "ipm.microsoft schedule.mtgcncl": ("CANCEL", None),
}

_APPOINTMENT = bytes.fromhex("0220060000000000c000000000000046")
_MEETING = bytes.fromhex("90da d86e 0b45 1b10 98da 00aa 003f 1305".replace(" ", ""))
_CLEAN_ID, _GLOBAL_ID = (_MEETING, 0x0023), (_MEETING, 0x0003)
_ANSWERED_AT = (_MEETING, 0x0001)
_SEQUENCE = (_APPOINTMENT, 0x8201)
_STARTS, _ENDS = (_APPOINTMENT, 0x820D), (_APPOINTMENT, 0x820E)
_PROPOSED, _PROPOSED_START, _PROPOSED_END = (
    (_APPOINTMENT, 0x8257),
    (_APPOINTMENT, 0x8250),
    (_APPOINTMENT, 0x8251),
)
_BODY = (b"", 0x1000)
_CLASS = (b"", 0x001A)
_REPRESENTED: Final = ((b"", 0x5D02), (b"", 0x0065))
_SENDERS: Final = ((b"", 0x5D01), (b"", 0x0C1F))
_REPRESENTED_NAME = (b"", 0x0042)
_OLD_PREFIX = "microsoft mail v3.0 "
_FOREIGN_UID: Final = b"vCal-Uid\x01\x00\x00\x00"
"""Stands in a global object id before the UID of a meeting that another calendar program made."""

_Key = tuple[bytes, int]
_Value = bytes | int | str


@dataclass(frozen=True, slots=True)
class Tnef:
    """What is known of a meeting message. ``method`` is empty when it is not about a meeting."""

    method: str
    participation: str | None
    uid: str
    sequence: int | None
    stamp: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    attendee: str | None
    attendee_name: str
    sent_by: str | None
    comment: str
    recurrence: bool
    calendars: tuple[bytes, ...]


def read_tnef(content: bytes) -> Tnef | None:
    """Return what ``content`` says; None when it is no TNEF. What is damaged counts as absent."""
    if len(content) < 6 or struct.unpack_from("<I", content)[0] != _SIGNATURE:
        return None
    name, calendars, found, codepage = "", [], {}, "cp1252"
    for attribute, data in _attributes(content):
        if attribute == _CODEPAGE and len(data) >= 4:
            codepage = f"cp{struct.unpack_from('<I', data)[0]}"
        elif attribute == _MESSAGE_CLASS:
            name = decode(data.rstrip(b"\0"), None)
        elif attribute == _MESSAGE_PROPERTIES:
            found = dict(_properties(data, codepage))
        elif attribute == _ATTACHED_DATA and b"BEGIN:VCALENDAR" in data[:4_096].upper():
            calendars.append(data)
    return _meeting(name or _text(found, _CLASS), found, tuple(calendars[:10]))


def _meeting(name: str, found: dict[_Key, _Value], calendars: tuple[bytes, ...]) -> Tnef:
    method, participation = _CLASSES.get(name.strip().lower().removeprefix(_OLD_PREFIX), ("", None))
    start, end = _STARTS, _ENDS
    if method == "REPLY" and found.get(_PROPOSED):
        method, start, end = "COUNTER", _PROPOSED_START, _PROPOSED_END
    uid, recurrence = _identity(found)
    sequence = found.get(_SEQUENCE)
    represented = _address(found, _REPRESENTED)
    sender = _address(found, _SENDERS)
    attendee = represented or sender
    return Tnef(
        method=method,
        participation=participation,
        uid=uid,
        sequence=sequence if isinstance(sequence, int) and sequence >= 0 else None,
        stamp=_moment(found, _ANSWERED_AT),
        starts_at=_moment(found, start),
        ends_at=_moment(found, end),
        attendee=attendee,
        attendee_name=clean(_text(found, _REPRESENTED_NAME), 200),
        sent_by=sender if sender and attendee and compared(sender) != compared(attendee) else None,
        comment=clean(_text(found, _BODY)),
        recurrence=recurrence,
        calendars=calendars,
    )


def _identity(found: dict[_Key, _Value]) -> tuple[str, bool]:
    """Return the UID, and whether one occurrence of a series is meant (MS-OXOCAL 2.2.1.27)."""
    whole, without_date = found.get(_GLOBAL_ID), found.get(_CLEAN_ID)
    blob = without_date or whole
    if not isinstance(blob, bytes) or len(blob) < 40:
        return "", False
    recurrence = isinstance(whole, bytes) and any(whole[16:20])
    at = blob.find(_FOREIGN_UID)
    if at >= 0:
        uid = blob[at + len(_FOREIGN_UID) :].partition(b"\0")[0]
        return clean(decode(uid, None)), recurrence
    return (blob[:16] + bytes(4) + blob[20:]).hex().upper()[:2_000], recurrence


def _address(found: dict[_Key, _Value], keys: tuple[_Key, ...]) -> str | None:
    """Return the first that is an Internet address; Exchange also writes names of its directory."""
    addresses = (plain_address(_text(found, key)) for key in keys)
    return next((address for address in addresses if address), None)


def _text(found: dict[_Key, _Value], key: _Key) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""


def _moment(found: dict[_Key, _Value], key: _Key) -> datetime | None:
    """Return a FILETIME: units of 100 ns since 1601."""
    value = found.get(key)
    if not isinstance(value, int) or value <= 0:
        return None
    try:
        return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=value // 10)
    except OverflowError:
        return None


def _attributes(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each attribute's name and data; stop where the structure breaks.

    The checksums are not looked at: programs are known to write wrong ones.
    """
    at = 6
    for _ in range(_MOST_ATTRIBUTES):
        if at + 9 > len(content) or content[at] not in (1, 2):
            return
        name, length = struct.unpack_from("<HxxI", content, at + 1)
        data = content[at + 9 : at + 9 + length]
        if len(data) < length:
            return
        yield name, data
        at += 9 + length + 2


# --- MAPI properties (MS-OXTNEF 2.1.3.4)

_FIXED: Final = {
    2: "<h",
    3: "<i",
    4: "<4x",
    5: "<8x",
    6: "<8x",
    7: "<8x",
    10: "<4x",
    11: "<H",
    20: "<q",
    64: "<Q",
}
_FIXED_SIZES: Final = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16}
_ASCII, _UNICODE, _BINARY, _OBJECT = 0x1E, 0x1F, 0x102, 0x0D
_MANY = 0x1000


class _Cursor:
    """Reads little-endian fields one after the other; ``struct.error`` at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, form: str) -> int:
        (value,) = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return int(value)

    def take(self, length: int) -> bytes:
        """Return ``length`` bytes and skip their padding to a multiple of four."""
        taken = self._data[self._at : self._at + length]
        if len(taken) < length:
            raise struct.error("ends inside a property")
        self._at += length + -length % 4
        return taken


def _properties(data: bytes, codepage: str) -> Iterator[tuple[_Key, _Value]]:
    """Yield the properties of a message by set and number; stop where the structure breaks."""
    cursor = _Cursor(data)
    try:
        for _ in range(min(cursor.number("<I"), _MOST_PROPERTIES)):
            kind, number = cursor.number("<H"), cursor.number("<H")
            key = _named(cursor) if number >= 0x8000 else (b"", number)
            value = _value(cursor, kind, codepage)
            if value is not None and key is not None:
                yield key, value
    except struct.error:
        return


def _named(cursor: _Cursor) -> _Key | None:
    """Return the set and number of a named property; None when its name is a text."""
    group = cursor.take(16)
    if cursor.number("<I") == 0:
        return group, cursor.number("<I")
    cursor.take(cursor.number("<I"))
    return None


def _value(cursor: _Cursor, kind: int, codepage: str) -> _Value | None:
    many, kind = bool(kind & _MANY), kind & ~_MANY
    if kind in _FIXED_SIZES:
        found = [cursor.take(_FIXED_SIZES[kind]) for _ in range(_count(cursor) if many else 1)]
        return _fixed(found[0], kind) if len(found) == 1 else None
    if kind not in (_ASCII, _UNICODE, _BINARY, _OBJECT):
        raise struct.error("is of an unknown type, whose length cannot be known")
    found = [cursor.take(cursor.number("<I")) for _ in range(_count(cursor))]
    return _variable(found[0], kind, codepage) if len(found) == 1 else None


def _count(cursor: _Cursor) -> int:
    count = cursor.number("<I")
    if count > _MOST_PROPERTIES:
        raise struct.error("claims more values than a message has")
    return count


def _fixed(data: bytes, kind: int) -> int | None:
    found = struct.unpack_from(_FIXED.get(kind, "<16x"), data)
    return int(found[0]) if found else None


def _variable(data: bytes, kind: int, codepage: str) -> _Value:
    if kind == _UNICODE:
        return data[: 1 << 16].decode("utf-16-le", "replace").partition("\0")[0]
    if kind == _ASCII:
        return decode(data[: 1 << 16].partition(b"\0")[0], codepage)
    return data
