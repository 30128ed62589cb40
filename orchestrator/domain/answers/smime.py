"""Opening S/MIME signatures that wrap a mail (RFC 8551); they are not checked."""

from __future__ import annotations

from typing import Final

_MOST_PIECES = 50_000
_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")
_DATA: Final = bytes.fromhex("06092a864886f70d010701")


def signed_content(wrapped: bytes) -> bytes | None:
    """Return the mail inside a CMS signature (RFC 5652), which is not checked; None if it is encrypted.

    Who sent a mail is not judged by signatures here, so this is as good as the same mail unsigned.
    """
    if _SIGNED_DATA not in wrapped[:40]:
        return None
    at = wrapped.find(_DATA)
    explicit = _element(wrapped, at + len(_DATA)) if at >= 0 else None
    if explicit is None or explicit[0] != 0xA0:
        return None
    return _octets(wrapped, explicit[1])


def _octets(data: bytes, at: int) -> bytes | None:
    """Return the OCTET STRING at ``at``: in one piece, or in pieces as Outlook writes it (BER)."""
    whole = _element(data, at)
    if whole is None or whole[0] not in (0x04, 0x24):
        return None
    if whole[0] == 0x04:
        return data[whole[1] : whole[2]]
    pieces: list[bytes] = []
    at = whole[1]
    for _ in range(_MOST_PIECES):
        piece = _element(data, at)
        if piece is None or piece[0] != 0x04:
            break  # The end of the contents, or a form that nobody sends.
        pieces.append(data[piece[1] : piece[2]])
        at = piece[2]
    return b"".join(pieces)


def _element(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Return the tag, and where the content begins and ends, of the BER element at ``at``."""
    if at + 2 > len(data):
        return None
    tag, length, at = data[at], data[at + 1], at + 2
    if length == 0x80:  # Not said: it ends with the data or an end mark.
        return tag, at, len(data)
    if length > 0x80:
        size = length & 0x7F
        length = int.from_bytes(data[at : at + size], "big") if size <= 8 else len(data) + 1
        at += size
    return (tag, at, at + length) if at + length <= len(data) else None
