"""Minutes: which files are accepted, and how they are named."""

from __future__ import annotations

from orchestrator.errors import InvalidInput

_TYPES = {
    "pdf": ("application/pdf", b"%PDF-"),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04"),
    "md": ("text/markdown; charset=utf-8", b""),
    "txt": ("text/plain; charset=utf-8", b""),
}
_LONGEST_NAME = 150


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
            "is not a type that minutes can have",
            "Attach a .pdf, .docx, .md or .txt file.",
        )
    if not content:
        raise InvalidInput.of("file", filename, "is empty", "Attach the file with its text.")
    if len(content) > largest:
        raise InvalidInput.of(
            "file",
            filename,
            f"is larger than the limit of {largest:,} bytes",
            "Make it smaller, or have ops raise ORCHESTRATOR_ATTACHMENT_MAX_BYTES.",
        )
    media_type, signature = _TYPES[ending]
    if not content.startswith(signature) or (not signature and not _is_text(content)):
        raise InvalidInput.of(
            "file",
            filename,
            f"does not contain what its ending .{ending} says",
            "Save it again in that format.",
        )
    return media_type


def safe_filename(filename: str) -> str:
    """Return the last part of a path, without control characters and quotes; a long name keeps its ending."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    name = "".join(char for char in last if char.isprintable() and char not in '"<>:|?*').strip(" .")
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
