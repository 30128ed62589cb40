"""What an incoming mail says: an answer to an invitation, a delivery report, or something else.

``read`` takes the bytes of any mail, never fails, and does work linear in their number. The standard
library's parser is not used: its cost grows with lines times depth and with the square of some header
values, and what it raises on damaged mail differs between releases.

The calendar in a mail is believed, not the MIME headers around it. A report of a failed delivery is
known by its form before any calendar is looked for, because it carries our own invitation along.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from html import unescape
from typing import Final
from urllib.parse import unquote_to_bytes

from orchestrator.domain.contentlines import LARGEST as LARGEST_CALENDAR
from orchestrator.domain.contentlines import (
    Component,
    Property,
    Unusable,
    clean,
    decode,
    instant,
    plain_address,
    read_calendars,
    zone_definitions,
)
from orchestrator.domain.durations import parse_duration
from orchestrator.domain.tnef import Tnef, read_tnef

LARGEST = 10 << 20
"""Bytes of a mail that are read; of a larger one only its headers and its delivery report count."""
MOST_PARTS = 100
DEEPEST = 10
_MOST_ADDRESSES = 100
_LONGEST_HEADER = 10_000
_MOST_HEADERS = 2_000
_LONGEST_HEAD = 1 << 18
_LONGEST_TEXT = 100_000


class Sort(StrEnum):
    """What a mail is."""

    ANSWER = "answer"
    """A calendar object was found."""
    REPORT = "delivery-report"
    AUTOMATIC = "automatic-reply"
    LETTER = "letter"
    """Somebody wrote, without a calendar."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class CalendarMessage:
    """One iTIP object as found. Instants are aware UTC; addresses are as written, without ``mailto:``.

    ``method`` is that of the calendar itself, and only when it has none that of the MIME part.
    ``attendees`` lists everybody it names; ``attendee`` is the one that it is about, and None when that
    is not one. ``recurrence`` says that it is about one occurrence of a series.
    """

    method: str
    uid: str
    attendee: str | None = None
    attendee_name: str = ""
    participation: str | None = None
    sequence: int | None = None
    stamp: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    summary: str = ""
    comment: str = ""
    sent_by: str | None = None
    delegated_to: tuple[str, ...] = ()
    delegated_from: tuple[str, ...] = ()
    organizer: str | None = None
    request_status: tuple[str, ...] = ()
    attendees: tuple[str, ...] = ()
    recurrence: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a mail system says of one recipient (RFC 3464).

    ``failed`` is False when delivery is only delayed, or succeeded; ``action`` says which. ``recipients``
    is empty when a report of no standard form names only the message.
    """

    failed: bool
    action: str
    recipients: tuple[str, ...]
    status: str
    diagnostic: str
    original_message_id: str | None
    envelope_id: str | None


@dataclass(frozen=True, slots=True)
class Received:
    """What a mail says. Addresses are casefolded, texts are free of control characters.

    ``problem`` says in plain words why the mail cannot be used; when it is set, nothing of the mail may
    be applied. ``forwarded`` says that the calendar lay in another mail inside this one.
    """

    sort: Sort
    sender: str | None = None
    sender_header: str | None = None
    sender_name: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    message_id: str | None = None
    references: tuple[str, ...] = ()
    automatic: bool = False
    calendar: CalendarMessage | None = None
    reports: tuple[DeliveryReport, ...] = ()
    text: str = ""
    problem: str | None = None
    forwarded: bool = False


READER_FAILED: Final = "could not be read, because of an error in the reader"


def read(content: bytes, *, complete: bool = True) -> Received:
    """Return what the mail ``content`` says; ``complete`` is False when only its beginning is given."""
    try:
        return _read(content[:LARGEST], complete=complete and len(content) <= LARGEST)
    except Exception:  # noqa: BLE001 - one mail must not stop those after it, whatever is wrong with it.
        return Received(Sort.UNREADABLE, problem=READER_FAILED)


def _read(content: bytes, *, complete: bool) -> Received:
    mail = _Mail(_with_plain_line_ends(content))
    received = _envelope(mail)
    if not complete:
        return _beginning_only(received, mail)
    if mail.problem:
        return replace(received, sort=Sort.UNREADABLE, problem=mail.problem)
    reports = _standard_reports(mail)
    if reports:
        return replace(received, sort=Sort.REPORT, reports=reports)
    try:
        found = _calendar_of(mail, received)
    except Unusable as why:
        return replace(received, sort=Sort.ANSWER, problem=str(why))
    return found or _without_calendar(received, mail)


def _beginning_only(received: Received, mail: _Mail) -> Received:
    """Of a mail that was cut off only a delivery report counts: it stands before what it returns."""
    reports = _standard_reports(mail, complete=False)
    if reports:
        return replace(received, sort=Sort.REPORT, reports=reports)
    why = f"is too large: only its beginning was read, at most {LARGEST >> 20} MB"
    return replace(received, sort=Sort.UNREADABLE, problem=why)


def _calendar_of(mail: _Mail, received: Received) -> Received | None:
    """Return the mail as an answer if it holds a calendar, or as the report of no standard form it is."""
    for part in _calendar_parts(part for part in mail.parts if not part.forwarded):
        found = _calendar_in(part, received.sender)
        if found:
            return _answer(received, *found)
    reports = _loose_reports(mail, received)
    if reports:
        return replace(received, sort=Sort.REPORT, reports=reports)
    for part in _calendar_parts(part for part in mail.parts if part.forwarded):
        found = _calendar_in(part, received.sender)
        if found:
            return replace(_answer(received, *found), forwarded=True)
    return None


def _answer(received: Received, calendar: CalendarMessage, problem: str | None) -> Received:
    return replace(received, sort=Sort.ANSWER, calendar=calendar, problem=problem)


def _without_calendar(received: Received, mail: _Mail) -> Received:
    locked = next((part for part in mail.parts if part.kind in _LOCKED), None)
    if locked is not None:
        return replace(received, sort=Sort.UNREADABLE, problem=_LOCKED[locked.kind])
    if not mail.root.headers and not received.text:
        return replace(received, sort=Sort.UNREADABLE, problem="holds nothing that can be read")
    automatic = received.automatic or mail.root.kind == "multipart/report"
    return replace(received, sort=Sort.AUTOMATIC if automatic else Sort.LETTER)


# --- MIME


_LOCKED: Final = {
    "application/pkcs7-mime": "is encrypted with S/MIME, or signed in a form that cannot be opened",
    "application/x-pkcs7-mime": "is encrypted with S/MIME, or signed in a form that cannot be opened",
    "multipart/encrypted": "is encrypted",
}
_MESSAGES: Final = frozenset({"message/rfc822", "message/global"})
_RECIPIENTS: Final = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
_AUTOMATIC: Final = (
    "x-autoreply", "x-autorespond", "x-auto-reply", "x-autoreply-from", "x-auto-response-suppress",
)  # fmt: skip
_WANTED: Final = frozenset(
    (
        *_RECIPIENTS, *_AUTOMATIC, "from", "sender", "subject", "date", "message-id", "in-reply-to",
        "references", "return-path", "auto-submitted", "precedence", "x-failed-recipients", "content-type",
        "content-transfer-encoding", "content-disposition", "original-envelope-id", "original-recipient",
        "final-recipient", "action", "status", "diagnostic-code",
    )
)  # fmt: skip
"""Other headers are not kept: a mail may have a hundred thousand."""
_FOLD = re.compile(rb"\n[ \t]+")
# What an unclosed quote begins is taken to the end, so that no quote is looked for twice.
_PARAM = re.compile(r';\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*\\?(?:"|\Z)|[^;]*)', re.DOTALL)
_PIECE = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?", re.ASCII)

_Headers = dict[str, list[str]]


@dataclass(slots=True)
class _Part:
    """A part of a mail. ``body`` is as transferred.

    ``forwarded`` says that the part lies in an inner mail; ``ended`` is False when no delimiter follows.
    """

    headers: _Headers
    body: bytes
    kind: str = "text/plain"
    params: dict[str, str] = field(default_factory=dict)
    forwarded: bool = False
    ended: bool = True

    def header(self, name: str) -> str:
        found = self.headers.get(name)
        return found[0] if found else ""

    @property
    def filename(self) -> str:
        shown = self.header("content-disposition")
        name = _params(shown).get("filename") if shown else None
        return clean(_decoded_words(name or self.params.get("name", "")), 300).lower()

    @property
    def attached(self) -> bool:
        return self.header("content-disposition").strip().lower().startswith("attachment")

    def content(self, most: int | None = None) -> bytes:
        """The body with its transfer encoding undone; what is damaged is taken as far as it goes."""
        body = self.body[:most]
        encoding = self.header("content-transfer-encoding").partition(";")[0].strip(" \t\"'").lower()
        if encoding == "base64":
            return _from_base64(body)
        return binascii.a2b_qp(body) if encoding == "quoted-printable" else body

    def text(self) -> str:
        """The beginning of the body as text."""
        return decode(self.content(_LONGEST_TEXT), self.params.get("charset"))


class _Mail:
    """The parts of a mail, outermost first; ``problem`` says why not all of them were looked at."""

    def __init__(self, content: bytes) -> None:
        self.parts: list[_Part] = []
        self.problem: str | None = None
        self.root = _part(content)
        try:
            self._add(self.root, 0)
        except Unusable as why:
            self.problem = str(why)

    def _add(self, part: _Part, depth: int) -> None:
        if depth > DEEPEST:
            raise Unusable("is nested too deeply")
        if len(self.parts) >= MOST_PARTS:
            raise Unusable("holds too many parts")
        self.parts.append(part)
        # What a report returns is our own mail; its headers are read where the report is.
        if part.kind in _MESSAGES and self.root.kind != "multipart/report":
            self._add(_part(part.content(), forwarded=True), depth + 1)
        for child in _children(part):
            self._add(child, depth + 1)


def _children(part: _Part) -> Iterator[_Part]:
    """Yield what lies in a multipart, or in an S/MIME signature that wraps the mail."""
    if part.kind.startswith("multipart/"):
        default = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
        for body, ended in _split(part.body, part.params.get("boundary", "")):
            yield _part(body, forwarded=part.forwarded, default=default, ended=ended)
    elif part.kind in _LOCKED:
        signed = _signed_content(part.content())
        if signed:
            part.kind = "multipart/signed"  # It is open now.
            yield _part(_with_plain_line_ends(signed), forwarded=part.forwarded)


def _with_plain_line_ends(content: bytes) -> bytes:
    return content.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _part(
    content: bytes, *, forwarded: bool = False, default: str = "text/plain", ended: bool = True
) -> _Part:
    head, body = _divided(content)
    headers = _headers(head)
    part = _Part(headers, body, default, forwarded=forwarded, ended=ended)
    declared = part.header("content-type")
    kind = declared.partition(";")[0].strip(" \t\"'").lower().partition(" ")[0]
    if kind.count("/") == 1:
        part.kind = kind
    part.params = _params(declared)
    if part.kind == "application/octet-stream" and part.filename.endswith(".p7m"):
        part.kind = "application/pkcs7-mime"
    return part


def _divided(content: bytes) -> tuple[bytes, bytes]:
    if content.startswith(b"\n"):
        return b"", content[1:]
    head, _, body = content.partition(b"\n\n")
    return head, body


def _headers(head: bytes) -> _Headers:
    """Return the wanted headers by lower-case name, unfolded and cut; encoded words stay encoded."""
    found: _Headers = {}
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
    raise Unusable("holds too many parts")


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


# --- headers


_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(?<=\?=)\s+(?==\?)")
_ID = re.compile(r"<[^<>\s]{1,990}>")
_BULK: Final = frozenset({"auto_reply", "auto-reply", "bulk", "junk"})
_ADDRESS_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*\\?(?:"|\Z)|<[^<>]*>|[(),;]|[^",;<()]+|.', re.DOTALL)


def _envelope(mail: _Mail) -> Received:
    root = mail.root
    authors = [author for value in root.headers.get("from", [])[:5] for author in _mailboxes(value)]
    addresses = {address for _, address in authors}
    return Received(
        sort=Sort.LETTER,
        # Who wrote must be beyond doubt: with two names in From, mail programs differ on which one to show.
        sender=addresses.pop() if len(addresses) == 1 else None,
        sender_header=next((address for _, address in _mailboxes(root.header("sender"))), None),
        sender_name=next((name for name, _ in authors if name), ""),
        recipients=_recipients(root.headers),
        subject=clean(_decoded_words(root.header("subject")[:4_000]), 500),
        date=_date(root.header("date")),
        message_id=_message_id(root.header("message-id")),
        references=_references(root),
        automatic=_is_automatic(root),
        text=_shown_text(mail.parts),
    )


def _mailboxes(value: str) -> list[tuple[str, str]]:
    """Return the (name, address) pairs in a header, addresses casefolded; groups are taken apart."""
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
    return found[:_MOST_ADDRESSES]


def _mailbox(words: list[str], address: str | None) -> list[tuple[str, str]]:
    """Return the mailbox, if its address is one; a bare address may follow a group's name."""
    text = "".join(words)
    plain = plain_address(address if address is not None else text.rpartition(":")[2])
    if plain is None:
        return []
    name = "" if address is None else " ".join(_unquoted(word.strip()) for word in words)
    return [(clean(_decoded_words(name), 200), plain.casefold())]


def _recipients(headers: _Headers) -> tuple[str, ...]:
    values = [value for name in _RECIPIENTS for value in headers.get(name, [])[:10]]
    found = dict.fromkeys(address for value in values for _, address in _mailboxes(value))
    return tuple(found)[:_MOST_ADDRESSES]


def _decoded_words(text: str) -> str:
    """Undo RFC 2047. Bytes of neighbouring words are joined first: many programs cut inside a character."""
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


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value[:100])
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def _message_id(value: str) -> str | None:
    found = _ID.search(value)
    return clean(found[0], 1_000) if found else None


def _references(part: _Part) -> tuple[str, ...]:
    ids = _ID.findall(part.header("in-reply-to")) + _ID.findall(part.header("references"))
    return tuple(dict.fromkeys(clean(found, 1_000) for found in ids[:100]))


def _is_automatic(root: _Part) -> bool:
    submitted = root.header("auto-submitted").partition(";")[0].strip().lower()
    return (
        submitted not in ("", "no")
        or root.header("precedence").strip().lower() in _BULK
        or any(name in root.headers for name in _AUTOMATIC)
        or root.header("return-path").replace(" ", "") == "<>"
    )


def _shown_text(parts: list[_Part]) -> str:
    """Return the beginning of what a person reads first in the mail."""
    inner = [part for part in parts if not part.forwarded and not part.attached]
    plain = next((part.text() for part in inner if part.kind == "text/plain"), "")
    if not plain.strip():
        plain = next((_without_tags(part.text()) for part in inner if part.kind == "text/html"), "")
    return clean(" ".join(plain[:20_000].split()))


def _without_tags(html: str) -> str:
    """Return what is left of HTML without its tags and what is not shown."""
    kept, hidden = [], ""
    first, *pieces = html.split("<")
    for piece in pieces:
        tag, _, text = piece.partition(">")
        name = tag[:10].lower()
        if not hidden:
            hidden = next((unseen for unseen in ("style", "script", "title") if name.startswith(unseen)), "")
        elif name.startswith(f"/{hidden}"):
            hidden = ""
        kept.append("" if hidden else text)
    shown = " ".join([first, *kept])
    try:
        return unescape(shown)
    except ValueError:  # A character reference of more digits than int() takes.
        return shown


# --- calendars


_CALENDAR_KINDS: Final = ("text/calendar", "text/x-vcalendar", "application/ics", "application/calendar")
_TNEF_KINDS: Final = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_ONE_ATTENDEE: Final = frozenset({"REPLY", ""})
"""Methods in which two attendees are an error; a message without method is no better than a REPLY."""
_OTHERS: Final = frozenset({"VTODO", "VJOURNAL", "VFREEBUSY"})

# With zero bytes between the letters it is UTF-16.
_BEGIN = re.compile(b"\0?".join(bytes([letter]) for letter in b"BEGIN:VCALENDAR"), re.IGNORECASE)

_Found = tuple[CalendarMessage, str | None]


def _calendar_parts(parts: Iterable[_Part]) -> list[_Part]:
    """Return the parts that may hold a calendar: first those that say so, TNEF last."""
    ranked = [(rank, part) for part in parts if (rank := _rank(part)) is not None]
    return [part for _, part in sorted(ranked, key=lambda pair: pair[0])]


def _rank(part: _Part) -> int | None:
    if part.kind in _CALENDAR_KINDS:
        return 0 if part.kind == "text/calendar" else 1
    if part.kind.startswith("multipart/") or part.kind in _MESSAGES:
        return None
    name = part.filename
    if part.kind in _TNEF_KINDS or name == "winmail.dat":
        return 3
    named = name.endswith((".ics", ".vcs", ".ical")) or name in ("invite", "calendar")
    return 2 if named or part.kind == "application/octet-stream" else None


def _calendar_in(part: _Part, sender: str | None) -> _Found | None:
    """Return the calendar object in a part and why it cannot be used, if so; None when it holds none.

    Raises ``Unusable`` when what it holds is not even an object.
    """
    if len(part.body) > 2 * LARGEST_CALENDAR:
        if _rank(part) in (0, 1):
            raise Unusable(f"holds a calendar larger than {LARGEST_CALENDAR >> 20} MB")
        return None
    content = part.content()
    if _rank(part) == 3:
        return _from_tnef(content, sender)
    return _from_calendar(content, part.params, sender) if _BEGIN.search(content, 0, 1 << 16) else None


def _from_calendar(content: bytes, params: dict[str, str], sender: str | None) -> _Found | None:
    calendars = read_calendars(content, params.get("charset"))
    if not calendars:
        return None
    if len(calendars) > 1:
        raise Unusable("holds two calendar objects in one part")
    (calendar,) = calendars
    method = calendar.value("METHOD") or clean(params.get("method", ""))
    return _message(calendar, method.upper(), sender)


def _message(calendar: Component, method: str, sender: str | None) -> _Found:
    event = _event(calendar)
    people = [person for each in calendar.named("VEVENT") for person in each.all("ATTENDEE")]
    named = tuple(dict.fromkeys(address for person in people if (address := person.address)))
    person = _answering(event, {_key(person) for person in people}, method, sender)
    definitions = zone_definitions(calendar)
    starts_at = instant(event.first("DTSTART"), definitions)
    organizer = event.first("ORGANIZER")
    message = CalendarMessage(
        method=method,
        uid=event.value("UID"),
        sequence=_sequence(event.value("SEQUENCE")),
        stamp=instant(event.first("DTSTAMP"), definitions),
        starts_at=starts_at,
        ends_at=instant(event.first("DTEND"), definitions) or _after(starts_at, event.value("DURATION")),
        summary=event.value("SUMMARY"),
        comment=_comment(event, person),
        organizer=organizer.address if organizer else None,
        request_status=tuple(clean(found.text, 300) for found in event.all("REQUEST-STATUS")[:10]),
        attendees=named[:_MOST_ADDRESSES],
        recurrence=event.first("RECURRENCE-ID") is not None,
    )
    if person is not None:
        message = _answered_by(message, person)
    return message, _why_unusable(calendar, event, people, method)


def _event(calendar: Component) -> Component:
    """Return the meeting itself, before its single occurrences."""
    events = calendar.named("VEVENT")
    if not events:
        others = any(component.name in _OTHERS for component in calendar.components)
        raise Unusable("is not about a meeting" if others else "holds a calendar without a meeting")
    if len({event.value("UID") for event in events}) > 1:
        raise Unusable("names two meetings")
    whole = [event for event in events if event.first("RECURRENCE-ID") is None]
    if len(whole) > 1:
        raise Unusable("describes the same meeting twice")
    return whole[0] if whole else events[0]


def _key(person: Property) -> str:
    return (person.address or person.value).casefold()


def _answering(event: Component, keys: set[str], method: str, sender: str | None) -> Property | None:
    """Return who the message is about: the only attendee, or in a proposal the one who sent it."""
    if len(keys) == 1:
        return event.first("ATTENDEE")
    if method not in _ONE_ATTENDEE and sender:
        return next((person for person in event.all("ATTENDEE") if _key(person) == sender), None)
    return None


def _answered_by(message: CalendarMessage, person: Property) -> CalendarMessage:
    sent_by = person.addresses("SENT-BY")
    return replace(
        message,
        attendee=person.address,
        attendee_name=clean(person.param("CN"), 200),
        participation=clean(person.param("PARTSTAT"), 40).upper() or None,
        sent_by=sent_by[0] if sent_by else None,
        delegated_to=person.addresses("DELEGATED-TO"),
        delegated_from=person.addresses("DELEGATED-FROM"),
    )


def _why_unusable(calendar: Component, event: Component, people: list[Property], method: str) -> str | None:
    if not all(found.ended for found in calendar.named("VEVENT")):
        return "holds a calendar that is cut off"
    if not event.value("UID"):
        return "does not say which meeting it is about: it has no UID"
    if method not in _ONE_ATTENDEE:
        return None
    if len({_key(person) for person in people}) > 1:
        return "names two attendees"
    answers = {person.param("PARTSTAT").upper() for person in event.all("ATTENDEE")}
    return "gives two answers" if len(answers) > 1 else None


def _comment(event: Component, person: Property | None) -> str:
    """Return what the person wrote; Google keeps it beside the name."""
    comments = [found.text[:8_000] for found in event.all("COMMENT")[:20]]
    if not comments and person is not None:
        comments = [person.param("X-RESPONSE-COMMENT")]
    return clean("\n".join(comments))


def _sequence(value: str) -> int | None:
    return int(value) if re.fullmatch(r"\d{1,9}", value, re.ASCII) else None


def _after(starts_at: datetime | None, duration: str) -> datetime | None:
    if starts_at is None or not duration:
        return None
    try:
        return starts_at + parse_duration(duration.removeprefix("+").upper())
    except (ValueError, OverflowError):
        return None


def _from_tnef(content: bytes, sender: str | None) -> _Found | None:
    found = read_tnef(content)
    if found is None:
        return None
    for calendar in found.calendars:
        message = _from_calendar(calendar, {}, sender)
        if message:
            return message
    return _meeting_of(found, sender) if found.method else None


def _meeting_of(found: Tnef, sender: str | None) -> _Found:
    attendee = found.attendee or sender
    message = CalendarMessage(
        method=found.method,
        uid=found.uid,
        attendee=attendee if found.participation else None,
        attendee_name=found.attendee_name,
        participation=found.participation,
        sequence=found.sequence,
        stamp=found.stamp,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        comment=found.comment,
        sent_by=found.sent_by,
        attendees=(attendee,) if attendee and found.participation else (),
        recurrence=found.recurrence,
    )
    return message, None if found.uid else "does not say which meeting it is about: it has no UID"


# --- delivery reports


_STATUS_KINDS: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED_HEADERS: Final = frozenset(
    {"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}
)
_MAIL_SYSTEMS: Final = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "mdaemon"})
_QMAIL: Final = "This is the qmail-send program"
_MOST_REPORTS = 100
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b", re.ASCII)
# The repeats are bounded, so that a text made of their beginnings costs no more than others.
_NOT_DELIVERED = re.compile(
    r"undeliver|not (?:be |been )?deliver|deliver\w{0,5}(?: has)? fail|fail\w{0,3}(?: \w{1,9}){0,2} deliver"
    r"|not (?:be )?reach|unable to deliver|returned mail|returned to sender|permanent (?:fatal )?error"
    r"|failure notice|user unknown|mailbox (?:is )?(?:full|unavailable)|rejected",
    re.IGNORECASE,
)
_DELAYED = re.compile(r"delayed|still trying|will (?:be retried|keep trying|continue to)", re.IGNORECASE)
_COPY_BEGINS = re.compile(
    r"^(?:--.*(?:copy of|original message|returned)|Return-Path:|Received:)", re.IGNORECASE | re.MULTILINE
)
_COPIED_ID = re.compile(r"^[ \t>]*Message-ID:\s*(<[^<>\s]{1,990}>)", re.IGNORECASE | re.MULTILINE)


def _standard_reports(mail: _Mail, *, complete: bool = True) -> tuple[DeliveryReport, ...]:
    """Return the report of RFC 3464 in the mail itself, one for each recipient."""
    status = next((part for part in mail.parts if part.kind in _STATUS_KINDS and not part.forwarded), None)
    if status is None or not (status.ended or complete):
        return ()
    text = _with_plain_line_ends(status.content(_LONGEST_TEXT)).strip(b"\n")
    blocks = [_headers(block) for block in text.split(b"\n\n", _MOST_REPORTS + 1)]
    envelope = next((value for block in blocks for value in block.get("original-envelope-id", [])), "")
    original = _original_id(mail)
    reports = (_report(block, original, clean(envelope, 300) or None) for block in blocks)
    return tuple(report for report in reports if report is not None)[:_MOST_REPORTS]


def _report(block: _Headers, original: str | None, envelope: str | None) -> DeliveryReport | None:
    """Return what one block says; None for the block that is about the whole message."""
    if not block.keys() & {"action", "final-recipient", "original-recipient"}:
        return None
    named = (_after_type(block.get(name, [""])[0]) for name in ("original-recipient", "final-recipient"))
    recipient = next((address for text in named if (address := plain_address(text.strip(" <>")))), None)
    status = _STATUS.search(block.get("status", [""])[0])
    code = status[1] if status else ""
    action = clean(block.get("action", [""])[0].partition(";")[0], 40).lower() or _action_of(code)
    return DeliveryReport(
        failed=action == "failed",
        action=action,
        recipients=(recipient.casefold(),) if recipient else (),
        status=code,
        diagnostic=clean(_after_type(block.get("diagnostic-code", [""])[0]), 500),
        original_message_id=original,
        envelope_id=envelope,
    )


def _after_type(value: str) -> str:
    """Return a value without the type before it, as in ``rfc822; lan@example.org``."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and re.fullmatch(r"\s*[\w.-]+\s*", kind) else value


def _action_of(code: str) -> str:
    return {"5": "failed", "4": "delayed", "2": "delivered"}.get(code[:1], "")


def _original_id(mail: _Mail) -> str | None:
    """Return the Message-ID of the mail that is reported, from the copy or else from the thread."""
    for part in mail.parts:
        if part.kind in _RETURNED_HEADERS or part.kind in _MESSAGES:
            content = part.content() if part.kind in _MESSAGES else _with_plain_line_ends(part.content())
            head = _divided(content.lstrip(b"\n"))[0]
            found = _message_id(_headers(head).get("message-id", [""])[0])
            if found:
                return found
    return next(iter(_references(mail.root)), None)


def _loose_reports(mail: _Mail, received: Received) -> tuple[DeliveryReport, ...]:
    """Return what a report of no standard form says; nothing where that is not certain enough."""
    failed = mail.root.headers.get("x-failed-recipients", [])[:10]
    text = next((part.text() for part in mail.parts if part.kind == "text/plain" and not part.forwarded), "")
    copy = _COPY_BEGINS.search(text)
    said = text[: copy.start()] if copy else text
    about = f"{received.subject}\n{said}"[:20_000]
    if not failed and not (_from_mail_system(mail, received) and _NOT_DELIVERED.search(about)):
        return ()
    recipients = [address for value in failed for _, address in _mailboxes(value)]
    return _loose(recipients or _failed_in(said, received), about, _copied_id(mail, text))


def _from_mail_system(mail: _Mail, received: Received) -> bool:
    """Whether no person wrote it; some systems give their name without a domain."""
    local = (received.sender or "").partition("@")[0]
    named = local in _MAIL_SYSTEMS or local.startswith("microsoftexchange")
    return named or "mailer-daemon" in mail.root.header("from").lower() or _QMAIL in received.text


def _loose(recipients: list[str], about: str, original: str | None) -> tuple[DeliveryReport, ...]:
    if not recipients and original is None:
        return ()
    action = "delayed" if _DELAYED.search(about) else "failed"
    # With several recipients it is not certain whose code stands in the text.
    status = _STATUS.search(about) if len(recipients) <= 1 else None
    code = status[1] if status else ""
    diagnostic = clean(" ".join(about.partition("\n")[2].split()), 500)
    report = DeliveryReport(action == "failed", action, (), code, diagnostic, original, None)
    named = [replace(report, recipients=(recipient,)) for recipient in recipients[:_MOST_REPORTS]]
    return tuple(named) or (report,)


def _failed_in(said: str, received: Received) -> list[str]:
    """Return the addresses that have a line to themselves, as qmail, Exim and old Exchange write them."""
    ours = {received.sender, *received.recipients}
    found: dict[str, None] = {}
    for line in said.split("\n", 1_000)[:1_000]:
        first, _, rest = line[:400].strip(" \t>*").partition(" ")
        address = plain_address(first.rstrip(":").strip("<>'\"").removeprefix("mailto:").casefold())
        if address and address not in ours and (not rest or first.endswith(":") or rest.startswith("on ")):
            found[address] = None
    return list(found)


def _copied_id(mail: _Mail, text: str) -> str | None:
    """Return the Message-ID of the original, which may only be copied into the text."""
    copied = _COPIED_ID.search(text)
    return clean(copied[1], 1_000) if copied else _original_id(mail)
