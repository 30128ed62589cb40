"""The parts and headers of a mail: MIME (RFC 2045 to 2047, 2231) over the format of RFC 5322.

All of it takes the bytes of any mail, however damaged, and does work linear in their number. The standard
library's parser is not used: its cost grows with lines times depth and with the square of some header
values, and what it raises on damaged mail differs between releases.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import unquote_to_bytes

from orchestrator.domain.answers.content_lines import Unusable, clean, decode, plain_address
from orchestrator.facts import Fact

MOST_PARTS = 100
DEEPEST = 10
MOST_ADDRESSES = 100
"""Addresses that are kept of one list."""
LONGEST_TEXT = 100_000
"""Bytes of a part's text, as transferred, that are read."""
_LONGEST_HEADER = 10_000
_MOST_HEADERS = 2_000
_LONGEST_HEAD = 1 << 18

LOCKED: Final = {
    "application/pkcs7-mime": Fact.of("answers.encrypted-smime"),
    "application/x-pkcs7-mime": Fact.of("answers.encrypted-smime"),
    "multipart/encrypted": Fact.of("answers.encrypted"),
}
"""Kinds of parts whose content is not open, and why a mail with one cannot be read."""
INNER_MAILS: Final = frozenset({"message/rfc822", "message/global"})
"""Kinds of parts that are a mail themselves (RFC 2046 section 5.2.1, RFC 6532)."""
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


@dataclass(slots=True)
class MailPart:
    """A part of a mail (RFC 2046). ``body`` is as transferred; ``kind`` is its type, such as ``text/plain``.

    ``params`` are those of the type. ``forwarded`` says that the part lies in an inner mail;
    ``ended`` is False when no delimiter follows.
    """

    headers: Headers
    body: bytes
    kind: str = "text/plain"
    params: dict[str, str] = field(default_factory=dict)
    forwarded: bool = False
    ended: bool = True

    def header(self, name: str) -> str:
        """Return the first header ``name``, which is in lower case; empty when absent."""
        found = self.headers.get(name)
        return found[0] if found else ""

    @property
    def filename(self) -> str:
        """The name of the file, in lower case; empty when it has none (RFC 2183 section 2.3)."""
        shown = self.header("content-disposition")
        name = _params(shown).get("filename") if shown else None
        return clean(decoded_words(name or self.params.get("name", "")), 300).lower()

    @property
    def attached(self) -> bool:
        """Whether it is a file beside the text, and not the text itself (RFC 2183 section 2.2)."""
        return self.header("content-disposition").strip().lower().startswith("attachment")

    def content(self, most: int | None = None) -> bytes:
        """Return the body with its transfer encoding undone (RFC 2045 section 6), damaged as it may be.

        ``most`` limits the bytes of the body that are looked at.
        """
        body = self.body[:most]
        encoding = self.header("content-transfer-encoding").partition(";")[0].strip(" \t\"'").lower()
        if encoding == "base64":
            return _from_base64(body)
        return binascii.a2b_qp(body) if encoding == "quoted-printable" else body

    def text(self) -> str:
        """Return the beginning of the body as text."""
        return decode(self.content(LONGEST_TEXT), self.params.get("charset"))


class Mail:
    """The parts of a mail, outermost first; ``problem`` says why not all of them were looked at.

    ``content`` has plain line ends. Of inner mails and of S/MIME signatures the parts are taken too.
    """

    def __init__(self, content: bytes) -> None:
        self.parts: list[MailPart] = []
        self.problem: Fact | None = None
        self.root = _part(content)
        try:
            self._add(self.root, 0)
        except Unusable as why:
            self.problem = why.fact

    def _add(self, part: MailPart, depth: int) -> None:
        if depth > DEEPEST:
            raise Unusable(Fact.of("answers.nested-too-deeply"))
        if len(self.parts) >= MOST_PARTS:
            raise Unusable(Fact.of("answers.too-many-parts"))
        self.parts.append(part)
        # What a report returns is our own mail; its headers are read where the report is.
        if part.kind in INNER_MAILS and self.root.kind != "multipart/report":
            self._add(_part(part.content(), forwarded=True), depth + 1)
        for child in _children(part):
            self._add(child, depth + 1)


def _children(part: MailPart) -> Iterator[MailPart]:
    """Yield what lies in a multipart, or in an S/MIME signature that wraps the mail."""
    if part.kind.startswith("multipart/"):
        default = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
        for body, ended in _split(part.body, part.params.get("boundary", "")):
            yield _part(body, forwarded=part.forwarded, default=default, ended=ended)
    elif part.kind in LOCKED:
        signed = _signed_content(part.content())
        if signed:
            part.kind = "multipart/signed"  # It is open now.
            yield _part(with_plain_line_ends(signed), forwarded=part.forwarded)


def with_plain_line_ends(content: bytes) -> bytes:
    """Return ``content`` with LF at the end of each line, whatever stood there."""
    return content.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _part(
    content: bytes, *, forwarded: bool = False, default: str = "text/plain", ended: bool = True
) -> MailPart:
    head, body = divided(content)
    headers = read_headers(head)
    part = MailPart(headers, body, default, forwarded=forwarded, ended=ended)
    declared = part.header("content-type")
    kind = declared.partition(";")[0].strip(" \t\"'").lower().partition(" ")[0]
    if kind.count("/") == 1:
        part.kind = kind
    part.params = _params(declared)
    if part.kind == "application/octet-stream" and part.filename.endswith(".p7m"):
        part.kind = "application/pkcs7-mime"
    return part


def divided(content: bytes) -> tuple[bytes, bytes]:
    """Return the head and the body of a mail or part with plain line ends (RFC 5322 section 2.1)."""
    if content.startswith(b"\n"):
        return b"", content[1:]
    head, _, body = content.partition(b"\n\n")
    return head, body


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


def _split(body: bytes, boundary: str) -> Iterator[tuple[bytes, bool]]:
    """Yield the parts between delimiter lines, and whether a delimiter ends them (RFC 2046 section 5.1)."""
    if not boundary.strip():
        return
    delimiter = b"--" + boundary.rstrip().encode("utf-8", "replace")
    start: int | None = None
    for begin, end, closing in _delimiters(body, delimiter):
        if start is not None:
            yield body[start : max(start, begin - 1)], True
        start = None if closing else end
        if closing:
            return
    if start is not None:
        yield body[start:], False


def _delimiters(body: bytes, delimiter: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield where each delimiter line begins and ends, and whether it is the closing one."""
    line_end = re.compile(rb"(--)?[ \t]*(?:\n|\Z)")
    at = body.find(delimiter)
    for _ in range(100 * MOST_PARTS):
        if at < 0:
            return
        after = at + len(delimiter)
        found = line_end.match(body, after) if at == 0 or body[at - 1] == 0x0A else None
        if found:
            yield at, found.end(), bool(found[1])
            after = found.end()
        at = body.find(delimiter, after)
    raise Unusable(Fact.of("answers.too-many-parts"))


# --- parameters and transfer encodings


def _params(header: str) -> dict[str, str]:
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


def _from_base64(body: bytes) -> bytes:
    kept = body.translate(None, _NOT_BASE64)
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


# --- S/MIME


_MOST_PIECES = 50_000
_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")
_DATA: Final = bytes.fromhex("06092a864886f70d010701")


def _signed_content(wrapped: bytes) -> bytes | None:
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


# --- what headers say


_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(?<=\?=)\s+(?==\?)")
_ID = re.compile(r"<[^<>\s]{1,990}>")
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
    return _from_base64(raw) if encoding in "bB" else binascii.a2b_qp(raw, header=True)


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


def references(part: MailPart) -> tuple[str, ...]:
    """Return the identifiers of the mails that a mail follows, what it answers first (RFC 5322 3.6.4)."""
    ids = _ID.findall(part.header("in-reply-to")) + _ID.findall(part.header("references"))
    return tuple(dict.fromkeys(clean(found, 1_000) for found in ids[:100]))
