"""Minutes: which files are accepted, and how they are named."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from orchestrator.domain.text import visible
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact

_TYPES = {
    "pdf": ("application/pdf", b"%PDF-"),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04"),
    "md": ("text/markdown; charset=utf-8", b""),
    "txt": ("text/plain; charset=utf-8", b""),
}
_LONGEST_NAME = 150
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])(?=\s*(?:\.|$))", re.I
)
"""Names that are devices to Windows, whatever ending they have."""
_TEXTS_AND_HEADERS = 96 * 1024


def media_type_of(filename: str, content: bytes, largest: int) -> str:
    """Return the media type of a minutes file.

    Raises ``InvalidInput`` naming ``file`` when its type is unknown, its content is not of that
    type, it is empty, or it is larger than ``largest`` bytes.
    """
    ending = filename.rpartition(".")[2].lower() if "." in filename else ""
    if ending not in _TYPES:
        raise InvalidInput.of(
            "file",
            filename,
            Fact.of("minutes.unknown-type"),
            Fact.of("minutes.unknown-type.remedy"),
        )
    if not content:
        raise InvalidInput.of("file", filename, Fact.of("minutes.empty"), Fact.of("minutes.empty.remedy"))
    if len(content) > largest:
        raise InvalidInput.of(
            "file",
            filename,
            Fact.of("minutes.too-large", limit=largest),
            Fact.of("minutes.too-large.remedy"),
        )
    media_type, signature = _TYPES[ending]
    if not content.startswith(signature) or (not signature and not _is_text(content)):
        raise InvalidInput.of(
            "file",
            filename,
            Fact.of("minutes.another-format", ending=ending),
            Fact.of("minutes.another-format.remedy"),
        )
    return media_type


def as_mail(size: int) -> int:
    """Return how many bytes a mail has that carries a file of ``size`` bytes.

    Base64 makes lines of 76 characters and a line end out of 57 bytes (RFC 2045 section 6.8); the text, twice
    in as many languages, and the headers come on top.
    """
    return -(-size // 57) * 78 + _TEXTS_AND_HEADERS


def largest_file(limit: int) -> int:
    """Return the size of the largest file that fits into a mail of ``limit`` bytes."""
    return max(0, (limit - _TEXTS_AND_HEADERS) // 78 * 57)


def fits_a_mail(filename: str, size: int, limit: int | None) -> None:
    """Raise ``InvalidInput`` for a file that no mail could carry; ``limit`` is that of the mail server."""
    if limit is None or as_mail(size) <= limit:
        return
    raise InvalidInput.of(
        "file",
        filename,
        Fact.of("minutes.too-large-for-mail", encoded=as_mail(size), limit=limit),
        Fact.of("minutes.too-large-for-mail.remedy", largest=largest_file(limit)),
    )


def require_day_of_adoption(on: date, first: date, today: date) -> None:
    """Raise ``InvalidInput`` for a day on which no minutes can have been adopted: before, or to come."""
    if not first <= on <= today:
        wrong = Fact.of("minutes.adopted-too-early" if on < first else "minutes.adopted-to-come")
        advice = Fact.of("minutes.adopted-on.remedy", first=first, today=today)
        raise InvalidInput.of("adopted_on", on.isoformat(), wrong, advice)


def safe_filename(filename: str) -> str:
    """Return the last part of a path, without quotes and what hides; a long name keeps its ending.

    It is composed (NFC). Some systems hand names over decomposed, which others show as letters with
    their marks beside them. A name that Windows keeps for a device gets an underscore before it.
    """
    last = visible(filename.replace("\\", "/").rpartition("/")[2])
    kept = "".join(char for char in last if char.isprintable() and char not in '"<>:|?*')
    name = unicodedata.normalize("NFC", kept).strip(" .")
    if _RESERVED.match(name):
        name = f"_{name}"
    if len(name) <= _LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        return name[:_LONGEST_NAME].rstrip(" .")
    return stem[: _LONGEST_NAME - len(ending) - 1].rstrip(" .") + dot + ending


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False
