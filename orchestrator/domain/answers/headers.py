"""What headers of a mail say: names and addresses, encoded words, parameters, dates and identifiers.

RFC 5322 section 2.2 and 3, RFC 2047 and RFC 2231; damaged headers are read as far as they go.
"""

from __future__ import annotations

import binascii
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import unquote_to_bytes

from orchestrator.domain.answers.content_lines import clean, decode, plain_address

MOST_ADDRESSES = 100
"""Addresses that are kept of one list."""
_LONGEST_HEADER = 10_000
_LONGEST_AUTHOR = 2_000
_MOST_HEADERS = 2_000
_LONGEST_HEAD = 1 << 18

_RECIPIENTS: Final = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
AUTOMATIC_HEADERS: Final = (
    "x-autoreply",
    "x-autorespond",
    "x-auto-reply",
    "x-autoreply-from",
    "x-auto-response-suppress",
)
"""Headers that only programs write, whatever their value."""
_WANTED: Final = frozenset(
    (
        *_RECIPIENTS,
        *AUTOMATIC_HEADERS,
        "from",
        "sender",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "return-path",
        "auto-submitted",
        "authentication-results",
        "precedence",
        "x-failed-recipients",
        "content-type",
        "content-transfer-encoding",
        "content-disposition",
        "original-envelope-id",
        "original-recipient",
        "final-recipient",
        "action",
        "status",
        "diagnostic-code",
    )
)
"""Other headers are not kept: a mail may have a hundred thousand."""
_FOLD = re.compile(rb"\n[ \t]+")
# What an unclosed quote begins is taken to the end, so that no quote is looked for twice.
_PARAM = re.compile(r';\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*\\?(?:"|\Z)|[^;]*)', re.DOTALL)
_PIECE = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?", re.ASCII)

Headers = dict[str, list[str]]
"""The values of each header, by its name in lower case."""


def read_headers(head: bytes) -> Headers:
    """Return the wanted headers of ``head``, unfolded and cut (RFC 5322 section 2.2).

    Encoded words stay encoded.
    """
    found: Headers = {}
    for line in _FOLD.sub(b" ", head[:_LONGEST_HEAD]).split(b"\n", _MOST_HEADERS)[:_MOST_HEADERS]:
        name, colon, value = line.partition(b":")
        if not colon or len(name) > 100:
            continue
        key = name.decode("latin-1").strip().lower()
        if key in _WANTED:
            found.setdefault(key, []).append(decode(value[:_LONGEST_HEADER], None).strip())
    return found


def params_of(header: str) -> dict[str, str]:
    """Return the parameters of a header, those of RFC 2231 put together; the first of a name counts."""
    found: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, raw in _PARAM.findall(header):
        value = _unquoted(raw.strip())
        piece = _PIECE.fullmatch(name.lower())
        if piece and (piece[2] or piece[3]):
            pieces.setdefault(piece[1], {}).setdefault(int(piece[2] or 0), (value, bool(piece[3])))
        else:
            found.setdefault(name.lower(), value)
    for name, numbered in pieces.items():
        found[name] = _joined([numbered[number] for number in sorted(numbered)])
    return found


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    return re.sub(r"\\(.)", r"\1", value.strip('"'), flags=re.DOTALL)


def _joined(pieces: list[tuple[str, bool]]) -> str:
    """Undo RFC 2231: ``charset'language'%41...`` in the first piece, if that is marked."""
    charset = None
    if pieces[0][1] and pieces[0][0].count("'") >= 2:
        charset, _, first = pieces[0][0].split("'", 2)
        pieces = [(first, True), *pieces[1:]]
    raw = b"".join(unquote_to_bytes(text) if marked else text.encode() for text, marked in pieces)
    return decode(raw, charset)


_NOT_BASE64: Final = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)


def from_base64(body: bytes) -> bytes:
    """Return what is encoded in Base64 (RFC 4648), whatever else stands between; damaged as it may be."""
    kept = body.translate(None, _NOT_BASE64)
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(?<=\?=)\s+(?==\?)")
_ID = re.compile(r"<[^<>\s]{1,990}>")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*\\?(?:"|\Z)', re.DOTALL)
_UNSEEN_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@\\]+@[^\s<>()\[\],;:\"@\\]+")
_ADDRESS_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*\\?(?:"|\Z)|<[^<>]*>|[(),;]|[^",;<()]+|.', re.DOTALL)


def mailboxes(value: str) -> list[tuple[str, str]]:
    """Return the (name, address) pairs in a header (RFC 5322 section 3.4).

    Addresses are casefolded, names decoded; groups are taken apart.
    """
    found: list[tuple[str, str]] = []
    words: list[str] = []
    address: str | None = None
    comments = 0
    for piece in [*_ADDRESS_TOKEN.findall(value[:_LONGEST_HEADER]), ","]:
        if piece in ("(", ")") or comments:
            comments += (piece == "(") - (piece == ")" and comments > 0)
        elif piece in (",", ";"):
            found += _mailbox(words, address)
            words, address = [], None
        elif piece.startswith("<") and len(piece) > 1:
            address = piece[1:-1]
        else:
            words.append(piece)
    return found[:MOST_ADDRESSES]


def sole_author(values: list[str]) -> str | None:
    """Return the one address in From; None where it is not beyond doubt who that is.

    ``values`` are those of every From header. RFC 5322 section 3.6 wants exactly one; with two of them, with
    two addresses, or with an address in a comment or before the one in angle brackets, programs differ on
    which one they show and servers on which one they check.
    """
    if len(values) != 1 or len(values[0]) > _LONGEST_AUTHOR:
        return None
    # A comma in a name that is not quoted leaves pieces without an address.
    segments = [item for item in _segments(values[0]) or () if "@" in "".join(item)]
    if len(segments) != 1:
        return None
    found = _author(segments[0])
    beside = _UNSEEN_ADDRESS.findall(_QUOTED.sub("", values[0]))
    return found if found and all(address.casefold() == found for address in beside) else None


def _segments(value: str) -> list[list[str]] | None:
    """Return the tokens of each mailbox in a header, without comments; None when a comment is unclear."""
    found: list[list[str]] = [[]]
    comments = 0
    for piece in _ADDRESS_TOKEN.findall(value):
        if piece in ("(", ")"):
            comments += 1 if piece == "(" else -1
            if comments < 0:
                return None
        elif comments and "\\" in piece:
            return None
        elif not comments and piece in (",", ";"):
            found.append([])
        elif not comments and piece.strip():
            found[-1].append(piece)
    return None if comments else [tokens for tokens in found if tokens]


def _author(tokens: list[str]) -> str | None:
    angles = [piece for piece in tokens if piece.startswith("<")]
    if not angles:
        plain = plain_address("".join(tokens))
    elif len(angles) == 1 and tokens[-1] is angles[0]:
        plain = plain_address(angles[0][1:-1])
    else:
        return None
    return plain.casefold() if plain else None


def _mailbox(words: list[str], address: str | None) -> list[tuple[str, str]]:
    """Return the mailbox, if its address is one; a bare address may follow a group's name."""
    text = "".join(words)
    plain = plain_address(address if address is not None else text.rpartition(":")[2])
    if plain is None:
        return []
    name = "" if address is None else " ".join(_unquoted(word.strip()) for word in words)
    return [(clean(decoded_words(name), 200), plain.casefold())]


def recipients(headers: Headers) -> tuple[str, ...]:
    """Return the addresses that a mail went to, casefolded, by every header that tells them."""
    values = [value for name in _RECIPIENTS for value in headers.get(name, [])[:10]]
    found = dict.fromkeys(address for value in values for _, address in mailboxes(value))
    return tuple(found)[:MOST_ADDRESSES]


def decoded_words(text: str) -> str:
    """Return a header's text with its encoded words decoded (RFC 2047).

    Bytes of neighbouring words are joined first: many programs cut inside a character.
    """
    if "=?" not in text:
        return text
    decoded: list[str] = []
    raw, charset, at = b"", "", 0
    text = _BETWEEN_WORDS.sub("", text)
    for word in _WORD.finditer(text):
        between = text[at : word.start()]
        named = word[1].partition("*")[0].lower()
        if between or named != charset:
            decoded += [decode(raw, charset), between]
            raw, charset = b"", named
        raw += _word_bytes(word[2], word[3])
        at = word.end()
    return "".join([*decoded, decode(raw, charset), text[at:]])


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    return from_base64(raw) if encoding in "bB" else binascii.a2b_qp(raw, header=True)


def sent_at(value: str) -> datetime | None:
    """Return the UTC instant in a Date header (RFC 5322 section 3.3); None when it tells none."""
    try:
        found = parsedate_to_datetime(value[:100])
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def message_id(value: str) -> str | None:
    """Return the first message identifier in a header, with its brackets (RFC 5322 section 3.6.4)."""
    found = _ID.search(value)
    return clean(found[0], 1_000) if found else None


def references(headers: Headers) -> tuple[str, ...]:
    """Return the identifiers of the mails that a mail follows, what it answers first (RFC 5322 3.6.4)."""
    named = (headers.get(name, [""])[0] for name in ("in-reply-to", "references"))
    ids = [found for value in named for found in _ID.findall(value)]
    return tuple(dict.fromkeys(clean(found, 1_000) for found in ids[:100]))
