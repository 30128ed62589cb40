"""Feeds ``read`` with mutations of mails; run as a script with the options of libFuzzer.

The first byte says what the rest is, so that the fuzzer gets past Base64: below the letters it is
put into a mail of one part, else it is a mail itself.
"""

from __future__ import annotations

import base64
import sys
from dataclasses import fields
from datetime import timedelta

import atheris

with atheris.instrument_imports(include=["orchestrator.domain"]):
    from orchestrator.domain.answers.incoming import READER_FAILED, Sort, read

KINDS = [
    b"text/calendar; charset=utf-8",
    b"application/ms-tnef",
    b"message/delivery-status",
    b"application/pkcs7-mime",
    b"text/plain; charset=utf-8",
]
HIDDEN = frozenset(map(chr, [*range(32), *range(127, 160), 0x2028, 0x2029, *range(0x202A, 0x202F), 0xFEFF]))


def wrapped(data: bytes) -> bytes:
    """Return the mail that ``data`` stands for."""
    if not data or data[0] >= len(KINDS):
        return data
    sender = b"mailer-daemon@b.example" if data[0] == 4 else b"lan@vn.example.org"
    head = b"From: " + sender + b"\nContent-Transfer-Encoding: base64\nContent-Type: " + KINDS[data[0]]
    return head + b"\n\n" + base64.encodebytes(data[1:])


def check(value: object) -> None:
    """Look through a value that was read: bounded, and fit to be shown."""
    if isinstance(value, str):
        assert len(value) <= 2_000
        assert not HIDDEN & set(value)
        value.encode("utf-8")
    elif isinstance(value, tuple):
        assert len(value) <= 200
        for each in value:
            check(each)
    elif hasattr(value, "__dataclass_fields__"):
        for field in fields(value):  # type: ignore[arg-type]
            check(getattr(value, field.name))
    elif hasattr(value, "utcoffset"):
        assert value.utcoffset() == timedelta(0)


def fuzz(data: bytes) -> None:
    received = read(wrapped(data))
    assert received.problem != READER_FAILED
    assert (received.sort is Sort.REPORT) == bool(received.reports)
    if received.calendar is not None and received.problem is None:
        assert received.calendar.uid
    check(received)


if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz)
    atheris.Fuzz()
