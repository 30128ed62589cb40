"""Office documents, which are ZIP archives: whether one is what it says, whole, and safe to unpack.

An archive is looked at before anything of it is unpacked: how many entries its directory has, how large they
say they are, and whether one lies in another. Unpacking then goes no further than that, and finds out whether
it is damaged.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from typing import BinaryIO

from orchestrator.facts import Fact

_END = b"PK\x05\x06"
_END_SIZE, _LONGEST_COMMENT = 22, 65_535
_LARGEST_DIRECTORY = 1024 * 1024
_LARGEST_UNPACKED = 300 * 1024 * 1024
_LARGEST_LIST = 2 * 1024 * 1024
_LOCAL_HEADER = 30
_CHUNK = 256 * 1024
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
_DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, ValueError, OverflowError, RuntimeError, NotImplementedError),
)
"""What reading an archive raises that is none, or none that anybody could read."""
_CONTENT_TYPE = re.compile(r"""ContentType\s*=\s*["']\s*([^"']*?)\s*["']""")
_ACTIVE_TYPES = ("macroenabled", "vbaproject", "vbadata", "macrosheet", "activex")
_ACTIVE_NAMES = re.compile(
    r"(?:^|/)(?:vbaproject[^/]*\.bin|vbadata\.xml|activex|macrosheets)(?:/|$)", re.IGNORECASE
)
Look = Callable[[zipfile.ZipFile], Fact | None]
_OPEN_SCRIPTS = re.compile(r"^(?:basic|scripts|object [^/]*/(?:basic|scripts))/", re.IGNORECASE)


def end_of_archive(file: BinaryIO, size: int) -> int | None:
    """Return where the end record of an archive begins that ends with the file; ``None`` without one.

    Programs that unpack look for it from the end (APPNOTE.TXT section 4.3.16), whatever stands before.
    """
    start = max(0, size - _END_SIZE - _LONGEST_COMMENT)
    file.seek(start)
    tail = file.read(size - start)
    at = tail.rfind(_END)
    while at >= 0:
        record = tail[at : at + _END_SIZE]
        if len(record) == _END_SIZE and at + _END_SIZE + struct.unpack("<H", record[20:])[0] == len(tail):
            return start + at
        at = tail.rfind(_END, 0, at)
    return None


def office_problem(file: BinaryIO, size: int, main: str) -> Fact | None:
    """Return what is wrong with a document of Office Open XML whose main part has the type ``main``."""
    return _problem(file, size, lambda archive: _office(archive, main))


def open_document_problem(file: BinaryIO, size: int, media_type: str) -> Fact | None:
    """Return what is wrong with an OpenDocument file (ODF 1.3 part 2) of a type."""
    return _problem(file, size, lambda archive: _open_document(archive, media_type))


def _problem(file: BinaryIO, size: int, look: Look) -> Fact | None:
    wrong = _frame(file, size)
    if wrong is not None:
        return wrong
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            return _entries(archive.infolist(), size) or look(archive) or _whole(archive)
    except _DAMAGES:
        return Fact.of("minutes.file.damaged")


def _frame(file: BinaryIO, size: int) -> Fact | None:
    """Look at the first and the last bytes: nothing stands before the archive, and nothing behind it."""
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        return Fact.of("minutes.file.not-its-type")
    at = end_of_archive(file, size)
    if at is None:
        return Fact.of("minutes.file.damaged")
    file.seek(at)
    _, disk, first, here, entries, length, start, _ = struct.unpack("<4s4H2IH", file.read(_END_SIZE))
    if disk or first or here != entries or length > _LARGEST_DIRECTORY:
        return Fact.of("minutes.file.bomb")
    return None if start + length == at else Fact.of("minutes.file.two-in-one")


def _entries(entries: Sequence[zipfile.ZipInfo], size: int) -> Fact | None:
    """Look at what the directory of an archive says, before anything is unpacked."""
    if any(item.flag_bits & _ENCRYPTED for item in entries):
        return Fact.of("minutes.file.encrypted")
    names = [item.filename.casefold() for item in entries]
    if len(set(names)) < len(names) or any(map(_leads_out, names)):
        return Fact.of("minutes.file.damaged")
    if any(item.compress_type not in _METHODS for item in entries):
        return Fact.of("minutes.file.not-its-type")
    if sum(item.file_size for item in entries) > _LARGEST_UNPACKED:
        return Fact.of("minutes.file.bomb")
    at = 0
    for item in sorted(entries, key=lambda item: item.header_offset):
        # The first one begins the file, and none lies in another.
        if item.header_offset < at or (at == 0 and item.header_offset):
            return Fact.of("minutes.file.bomb" if at else "minutes.file.two-in-one")
        at = item.header_offset + _LOCAL_HEADER + item.compress_size
    return None if at <= size else Fact.of("minutes.file.damaged")


def _leads_out(name: str) -> bool:
    """Whether unpacking an entry could write outside of where the archive is unpacked."""
    parts = name.replace("\\", "/").split("/")
    return "\\" in name or ":" in name or name.startswith("/") or ".." in parts or "\x00" in name


def _office(archive: zipfile.ZipFile, main: str) -> Fact | None:
    text = _text_of(archive, "[Content_Types].xml")
    # Such a list has neither entities nor a document type, by which another text could hide.
    if text is None or "<!" in text or "&#" in text:
        return Fact.of("minutes.file.not-its-type")
    types = [found.lower() for found in _CONTENT_TYPE.findall(text)]
    is_active = any(word in item for item in types for word in _ACTIVE_TYPES)
    if is_active or any(_ACTIVE_NAMES.search(name) for name in archive.namelist()):
        return Fact.of("minutes.file.macros")
    return None if main.lower() in types else Fact.of("minutes.file.not-its-type")


def _open_document(archive: zipfile.ZipFile, media_type: str) -> Fact | None:
    first = archive.infolist()[0]
    stored = first.filename == "mimetype" and first.compress_type == zipfile.ZIP_STORED
    if not stored or first.file_size > len(media_type) or archive.read(first) != media_type.encode():
        return Fact.of("minutes.file.not-its-type")
    manifest = _text_of(archive, "META-INF/manifest.xml")
    if manifest is None or "content.xml" not in archive.namelist():
        return Fact.of("minutes.file.not-its-type")
    if "encryption-data" in manifest:
        return Fact.of("minutes.file.encrypted")
    has_scripts = any(_OPEN_SCRIPTS.match(name) for name in archive.namelist())
    return Fact.of("minutes.file.macros") if has_scripts else None


def _text_of(archive: zipfile.ZipFile, name: str) -> str | None:
    """Return a small part of an archive as text; ``None`` where it is missing, too large or no UTF-8."""
    if name not in archive.namelist() or archive.getinfo(name).file_size > _LARGEST_LIST:
        return None
    try:
        return archive.read(name).decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _whole(archive: zipfile.ZipFile) -> Fact | None:
    """Unpack everything, to nowhere, so that what is cut off or lies about its size is found here."""
    for item in archive.infolist():
        with archive.open(item) as part:
            while part.read(_CHUNK):
                pass
    return None
