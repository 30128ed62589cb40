"""The mail around a letter: RFC 5322 headers and MIME parts, as bytes with CRLF line ends.

The structure is the one that Outlook, Gmail and Apple Mail all take for an invitation:
``multipart/mixed`` > [``multipart/alternative`` > plain, HTML, calendar last] + the calendar as a
file. Bodies are encoded once and joined; the standard library's message policy folds each header
once more for each recipient and costs more than sending does.
"""

from __future__ import annotations

import binascii
import hashlib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import base64mime, quoprimime
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache
from urllib.parse import quote

from orchestrator.domain.meetings.itip import Method

CRLF = b"\r\n"
TEXT_WIDTH = 72
"""Columns of a plain text mail."""
_LONGEST_ENCODED_LINE = 76  # RFC 2047 section 2.
_LONGEST_WORD, _LONGEST_PIECE = 48, 54  # With what stands around them, lines of at most 76 characters.
_LONGEST_PLAIN_NAME = 60
_NOT_IN_FILE_NAMES = frozenset('"/\\<>:|?*')
_JOINERS = frozenset("\u200c\u200d")
_NAMELESS = "file"


@dataclass(frozen=True, slots=True)
class NamedAddress:
    """A display name and an address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class CalendarCopy:
    """A recipient's calendar object and its method."""

    method: Method
    content: bytes


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to attach; its Base64 is made once, however many recipients it has."""

    filename: str
    media_type: str
    content: bytes = field(repr=False)
    encoded: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "encoded", _base64(self.content))


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text as it stands in the mail, in quoted-printable."""

    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    """A text that is the same for many but for some marks.

    Quoted-printable knows no more than a line, so lines without a mark are encoded once.
    """

    pieces: tuple[bytes | str, ...]

    @classmethod
    def of(cls, text: str, *marks: str) -> Form:
        """Encode what holds none of ``marks``."""
        pieces: list[bytes | str] = []
        for line in _lines(text):
            if any(mark in line for mark in marks):
                pieces.append(f"{line}\r\n")
            elif pieces and isinstance(pieces[-1], bytes):
                pieces[-1] += _quoted_lines(f"{line}\r\n")
            else:
                pieces.append(_quoted_lines(f"{line}\r\n"))
        return cls(tuple(pieces))

    def __add__(self, other: Form) -> Form:
        """Return the text with another one below it."""
        return Form((*self.pieces, *other.pieces))

    def filled(self, *values: tuple[str, str]) -> Encoded:
        """Return the text with each mark replaced by its value."""
        return Encoded(
            b"".join([item if isinstance(item, bytes) else _filled(item, values) for item in self.pieces])
        )


def _filled(line: str, values: tuple[tuple[str, str], ...]) -> bytes:
    for mark, value in values:
        # A value may be several lines, such as a greeting to a long name; each ends as all do.
        if mark in line:
            line = line.replace(mark, "\r\n".join(_lines(value)))
    return _quoted_lines(line)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one recipient. ``date`` is an aware instant; ids are in angle brackets.

    ``return_path`` is the envelope's sender, where it is not the header's.
    """

    sender: NamedAddress
    recipient: NamedAddress
    reply_to: NamedAddress
    subject: str
    date: datetime
    message_id: str
    text: str | Encoded
    html: str | Encoded
    references: str | None = None
    calendar: CalendarCopy | None = None
    attachments: tuple[Attachment, ...] = ()
    return_path: str | None = None

    @property
    def envelope_sender(self) -> str:
        """The address that a delivery status notification goes to."""
        return self.return_path or self.sender.address


def message_id(domain: str, uid: str, *what: object) -> str:
    """Return a Message-ID that is always the same for the same meeting and ``what``.

    A message sent again after a crash thus carries the id of the first one, by which mail systems
    and people can tell that it is the same.
    """
    digest = hashlib.sha256("\x1f".join([uid, *map(str, what)]).encode()).hexdigest()
    return f"<{digest[:40]}@{domain}>"


def assemble(letter: Letter) -> bytes:
    """Return the whole message, ready for SMTP."""
    return completed(shell(letter), letter)


def shell(letter: Letter) -> bytes:
    """Return the message with a mark where the content of each attachment belongs.

    It is all that has to be kept for sending the very same message once more: attachments never change.
    """
    boundary = hashlib.sha256(letter.message_id.encode()).hexdigest()[:24]
    calendar = _base64(letter.calendar.content) if letter.calendar is not None else b""
    # "=_" cannot occur in quoted-printable or Base64, so the boundary never meets the content.
    body = _alternative(letter, f"=_{boundary}_alternative", calendar)
    files = [_file_part(item, _mark(number)) for number, item in enumerate(letter.attachments)]
    if letter.calendar is not None:
        files.append(_calendar_file(calendar))
    if files:
        body = _multipart("mixed", f"=_{boundary}_mixed", [body, *files])
    return _headers(letter) + body


def completed(shell_of_letter: bytes, letter: Letter) -> bytes:
    """Return a shell with the attachments of ``letter``, which are those that it was made with."""
    for number, item in enumerate(letter.attachments):
        shell_of_letter = shell_of_letter.replace(_mark(number), item.encoded, 1)
    return shell_of_letter


def _mark(number: int) -> bytes:
    # NUL stands in no message: bodies are encoded, and headers are printable.
    return b"\0%d\0" % number


def _headers(letter: Letter) -> bytes:
    lines = [
        ("From", address_header("From", letter.sender)),
        ("To", address_header("To", letter.recipient)),
        ("Reply-To", address_header("Reply-To", letter.reply_to)),
        ("Subject", text_header("Subject", letter.subject)),
        ("Date", format_datetime(letter.date)),
        ("Message-ID", letter.message_id),
        *(
            [("In-Reply-To", letter.references), ("References", letter.references)]
            if letter.references
            else []
        ),
        # RFC 3834 section 5: tells well-behaved responders to stay silent; Exchange wants its own.
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("MIME-Version", "1.0"),
    ]
    return "".join(f"{name}: {value}\r\n" for name, value in lines).encode("ascii")


@lru_cache(maxsize=256)
def text_header(name: str, text: str) -> str:
    """Return ``text`` encoded and folded for the header ``name`` (RFC 2047), free of its own breaks."""
    plain = " ".join(text.split())
    charset = "us-ascii" if _needs_no_encoding(plain) else "utf-8"
    header = Header(plain, charset, maxlinelen=_LONGEST_ENCODED_LINE, header_name=name)
    return header.encode(linesep="\r\n")


def _needs_no_encoding(text: str) -> bool:
    """Whether a header can carry ``text`` as it is: not if a reader would decode a part of it."""
    return text.isascii() and text.isprintable() and "=?" not in text


@lru_cache(maxsize=256)
def address_header(name: str, mailbox: NamedAddress) -> str:
    """Return ``Name <address>`` for the header ``name``."""
    display = " ".join(mailbox.name.split())
    if not display:
        return mailbox.address
    if _needs_no_encoding(display):
        return formataddr((display, mailbox.address))
    return f"{_phrase(name, display)}\r\n <{mailbox.address}>"


def _phrase(name: str, text: str) -> str:
    """Encode ``text`` as the standard library does, only faster where one encoded word is enough."""
    octets = text.encode()
    base64, quoted = base64mime.header_length(octets), quoprimime.header_length(octets)
    if min(base64, quoted) + len("=?utf-8?q??=") + len(name) + len(": ") > _LONGEST_ENCODED_LINE:
        header = Header(text, "utf-8", maxlinelen=_LONGEST_ENCODED_LINE, header_name=name)
        return header.encode(linesep="\r\n")
    return str((base64mime if base64 < quoted else quoprimime).header_encode(octets, "utf-8"))


def _alternative(letter: Letter, boundary: str, calendar: bytes) -> bytes:
    parts = [
        _part("text/plain; charset=utf-8", "quoted-printable", _quoted(letter.text)),
        _part("text/html; charset=utf-8", "quoted-printable", _quoted(letter.html)),
    ]
    if letter.calendar is not None:
        kind = f"text/calendar; charset=UTF-8; method={letter.calendar.method}"
        parts.append(_part(kind, "base64", calendar))
    return _multipart("alternative", boundary, parts)


def _calendar_file(calendar: bytes) -> bytes:
    """The same bytes again as a file, for clients that show no buttons."""
    return _part(
        'application/ics; name="invite.ics"',
        "base64",
        calendar,
        'attachment; filename="invite.ics"',
    )


def _file_part(item: Attachment, content: bytes) -> bytes:
    named, filed = _names(file_name(item.filename))
    return _part(f"{item.media_type};\r\n {named}", "base64", content, f"attachment;\r\n {filed}")


def file_name(name: str) -> str:
    """Return the name that a file is sent under: composed letters (NFC), and nothing that is no name.

    What a file system takes for a path, or a program for the end of the name, becomes an underscore, and so
    does what hides or turns text around. Joiners stay, for scripts of the region and emoji need them.
    """
    text = "".join(_in_file_name(char) for char in unicodedata.normalize("NFC", name))
    return text if text.strip(" ._") else _NAMELESS


def _in_file_name(char: str) -> str:
    fits = char in _JOINERS or (char.isprintable() and char not in _NOT_IN_FILE_NAMES)
    return char if fits else "_"


def _names(name: str) -> tuple[str, str]:
    """Return the parameters of Content-Type and Content-Disposition that name a file.

    The standard is RFC 2231. Outlook and others do not read it, and take the encoded words that stand beside
    it in ``name``, where RFC 2047 section 5 would not have them.
    """
    if _needs_no_encoding(name) and len(name) <= _LONGEST_PLAIN_NAME:
        return f'name="{name}"', f'filename="{name}"'
    words = [f"=?utf-8?b?{word}?=" for word in _packed(name, _base64_of, _LONGEST_WORD)]
    pieces = _packed(name, lambda text: quote(text, safe=""), _LONGEST_PIECE)
    pieces[0] = f"utf-8''{pieces[0]}"
    filed = [f"filename*{number}*={piece}" for number, piece in enumerate(pieces)]
    if len(filed) == 1:
        filed = [f"filename*={pieces[0]}"]
    joined = "\r\n ".join(words)
    return f'name="{joined}"', ";\r\n ".join(filed)


def _base64_of(text: str) -> str:
    return binascii.b2a_base64(text.encode(), newline=False).decode()


def _packed(text: str, encode: Callable[[str], str], longest: int) -> list[str]:
    """Return a text encoded in pieces of at most ``longest`` characters, each of whole characters."""
    pieces, start = [], 0
    for end in range(1, len(text) + 1):
        if len(encode(text[start:end])) > longest:
            pieces.append(encode(text[start : end - 1]))
            start = end - 1
    return [*pieces, encode(text[start:])]


def _part(content_type: str, encoding: str, body: bytes, disposition: str | None = None) -> bytes:
    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n"
    if disposition:
        head += f"Content-Disposition: {disposition}\r\n"
    return head.encode("ascii") + CRLF + body


def _multipart(subtype: str, boundary: str, parts: list[bytes]) -> bytes:
    delimiter = b"--" + boundary.encode()
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    return head + b"".join(delimiter + CRLF + part for part in parts) + delimiter + b"--" + CRLF


def _quoted(text: str | Encoded) -> bytes:
    return text.octets if isinstance(text, Encoded) else _quoted_lines("\r\n".join([*_lines(text), ""]))


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


def _quoted_lines(lines: str) -> bytes:
    # The encoder takes its soft line break from the first line end it meets, so there must be one.
    return binascii.b2a_qp(lines.encode(), istext=True)


def _base64(content: bytes) -> bytes:
    text = binascii.b2a_base64(content, newline=False)
    return CRLF.join([*(text[at : at + 76] for at in range(0, len(text), 76)), b""])
