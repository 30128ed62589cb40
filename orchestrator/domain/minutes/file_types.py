"""Which types of files are taken, known by their content and not by what their sender says of them.

A file has to be wholly of the one type that its name says: what is two types at once, or carries more behind
its end, is refused, and so is what a program would ask a password for or run as a macro. The tables are
strict and small on purpose: a type that is not here is not taken.
"""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from orchestrator.domain.minutes.archives import end_of_archive, office_problem, open_document_problem
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact, either

_CHUNK = 256 * 1024
_HEAD, _TAIL = 1024, 2048
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF, _PNG = b"%PDF-", b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS, _MOST_PIXELS = 50_000, 150_000_000
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MARKUP = re.compile(r"\s*<(?:!doctype|html|script|svg|\?xml|\?php)", re.IGNORECASE)
_ENCRYPTED_PDF = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
_OVERLAP = 64

Check = Callable[[BinaryIO, int], Fact | None]
"""Looks at a file of some size, and says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class FileType:
    """A type of files: what it is called where files travel, and how its content is known."""

    media_type: str
    check: Check


def media_type_of(filename: str, file: BinaryIO, size: int) -> str:
    """Return the media type of a file, whose content is read in pieces.

    Raises ``InvalidInput`` naming ``file`` when its type is not taken, its content is not of the type that
    its name says, or cannot be opened by everybody.
    """
    ending = filename.rpartition(".")[2].lower() if "." in filename else ""
    known = TYPES.get(ending)
    if known is None:
        types = either([f".{item}" for item in TYPES])
        raise refusal(filename, Fact.of("minutes.file.unknown-type"), types=types)
    if not size:
        raise refusal(filename, Fact.of("minutes.empty"))
    wrong = _foreign(file, size, ending) or known.check(file, size)
    if wrong is not None:
        raise refusal(filename, wrong)
    return known.media_type


_REMEDIES = {
    "minutes.empty": "minutes.file.empty.remedy",
    "minutes.file.unknown-type": "minutes.file.unknown-type.remedy",
    "minutes.file.too-large": "minutes.file.too-large.remedy",
    "minutes.file.link-in-name": "minutes.file.link-in-name.remedy",
    "minutes.file.old-office": "minutes.file.old-office.remedy",
    "minutes.file.encrypted": "minutes.file.encrypted.remedy",
    "minutes.file.macros": "minutes.file.macros.remedy",
    "minutes.file.another-format": "minutes.file.another-format.remedy",
    "minutes.file.not-its-type": "minutes.file.not-its-type.remedy",
    "minutes.file.two-in-one": "minutes.file.two-in-one.remedy",
    "minutes.file.something-behind": "minutes.file.something-behind.remedy",
    "minutes.file.damaged": "minutes.file.damaged.remedy",
    "minutes.file.bomb": "minutes.file.bomb.remedy",
    "minutes.file.too-many-pixels": "minutes.file.too-many-pixels.remedy",
    "minutes.file.no-text": "minutes.file.no-text.remedy",
    "minutes.file.no-utf8": "minutes.file.no-utf8.remedy",
    "minutes.file.no-room": "minutes.file.no-room.remedy",
}
"""How to mend what is wrong with a file, by the key of what that is."""


def refusal(filename: str, wrong: Fact, **params: object) -> InvalidInput:
    """Return the refusal of a file, with its remedy; ``params`` are what the words of that say."""
    return InvalidInput.of("file", filename, wrong, Fact.of(_REMEDIES[wrong.key], **params))


def _foreign(file: BinaryIO, size: int, ending: str) -> Fact | None:
    """Return what a file is beside, or in place of, what its name says."""
    head = _read(file, 0, _HEAD)
    if head.startswith(_OLE):
        is_encrypted = any(_holds(file, "EncryptedPackage".encode("utf-16-le")))
        return Fact.of("minutes.file.encrypted" if is_encrypted else "minutes.file.old-office")
    # Readers of PDF look for its beginning in the first kilobyte, those of archives for the end at the end.
    if ending != "pdf" and _PDF in head:
        return _another(ending)
    if ending not in _ARCHIVES and end_of_archive(file, size) is not None:
        return Fact.of("minutes.file.two-in-one")
    return None


def _another(ending: str) -> Fact:
    return Fact.of("minutes.file.another-format", ending=ending)


def _pdf(file: BinaryIO, size: int) -> Fact | None:
    if re.match(rb"%PDF-[12]\.\d", _read(file, 0, 8)) is None:
        return _another("pdf")
    end = _read(file, max(0, size - _TAIL), _TAIL)
    before, mark, behind = end.rpartition(b"%%EOF")
    if not mark or not before:
        return Fact.of("minutes.file.damaged")
    if behind.strip(b"\x00 \t\r\n\x0c"):
        return Fact.of("minutes.file.something-behind")
    if any(_ENCRYPTED_PDF.search(piece) for piece in _pieces(file)):
        return Fact.of("minutes.file.encrypted")
    return None


def _png(file: BinaryIO, size: int) -> Fact | None:
    if _read(file, 0, 8) != _PNG:
        return _another("png")
    at, names = 8, 0
    while at + 12 <= size and names < _MOST_CHUNKS:
        length, name = struct.unpack(">I4s", _read(file, at, 8))
        names += 1
        if (names == 1) != (name == b"IHDR"):
            return Fact.of("minutes.file.damaged")
        if name == b"IHDR":
            wide, high = struct.unpack(">II", _read(file, at + 8, 8).ljust(8, b"\x00"))
            if wide * high > _MOST_PIXELS:
                return Fact.of("minutes.file.too-many-pixels")
        at += 12 + length
        if name == b"IEND":
            return None if at == size else Fact.of("minutes.file.something-behind")
    return Fact.of("minutes.file.damaged")


def _jpeg(file: BinaryIO, size: int) -> Fact | None:
    if _read(file, 0, 3) != b"\xff\xd8\xff":
        return _another("jpg")
    end = _read(file, max(0, size - _TAIL), _TAIL).rstrip(b"\x00 \r\n")
    if end.endswith(b"\xff\xd9"):
        return None
    return Fact.of("minutes.file.something-behind" if b"\xff\xd9" in end else "minutes.file.damaged")


def _text(file: BinaryIO, size: int) -> Fact | None:
    """Text is UTF-8 without control characters, and no page that a browser would show."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    file.seek(0)
    is_first = True
    try:
        while piece := file.read(_CHUNK):
            text = decoder.decode(piece)
            if _NO_TEXT.search(text) or (is_first and _MARKUP.match(text)):
                return Fact.of("minutes.file.no-text")
            is_first = False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return Fact.of("minutes.file.no-utf8")
    return None


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield the content in pieces that overlap, so that nothing short is cut in two."""
    file.seek(0)
    before = b""
    while piece := file.read(_CHUNK):
        yield before + piece
        before = piece[-_OVERLAP:]


def _holds(file: BinaryIO, wanted: bytes) -> Iterator[bool]:
    return (wanted in piece for piece in _pieces(file))


_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"


def _office(part: str, name: str) -> FileType:
    main = f"{_OFFICE}.{part}.main+xml"
    return FileType(f"{_OFFICE}.{name}", lambda file, size: office_problem(file, size, main))


def _open_document(name: str) -> FileType:
    media_type = f"{_OPEN}.{name}"
    return FileType(media_type, lambda file, size: open_document_problem(file, size, media_type))


_ARCHIVES = frozenset({"docx", "xlsx", "pptx", "odt", "ods", "odp"})
TYPES: Mapping[str, FileType] = {
    "pdf": FileType("application/pdf", _pdf),
    "docx": _office("wordprocessingml.document", "wordprocessingml.document"),
    "xlsx": _office("spreadsheetml.sheet", "spreadsheetml.sheet"),
    "pptx": _office("presentationml.presentation", "presentationml.presentation"),
    "odt": _open_document("text"),
    "ods": _open_document("spreadsheet"),
    "odp": _open_document("presentation"),
    "png": FileType("image/png", _png),
    "jpg": FileType("image/jpeg", _jpeg),
    "jpeg": FileType("image/jpeg", _jpeg),
    "txt": FileType("text/plain; charset=utf-8", _text),
}
"""What is taken, by the ending of its name."""
