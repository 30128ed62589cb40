"""Reading the mails that the sandbox caught."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from orchestrator.errors import NotFound
from orchestrator.ports import CaughtMail

_TRACE = (b"return-path:", b"delivered-to:", b"received:")


class MaildirOutbox:
    """``ports.Outbox`` over a Maildir that ``smtp_catcher`` fills.

    ``key`` is the file's name without Maildir flags; ``content`` is the mail as it was handed over,
    without the three trace headers the catcher put in front.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[CaughtMail]:
        """Return all mails, oldest first by the time of receipt, then by file name."""
        mails = [mail for file in _files(self._path) if (mail := _mail(file)) is not None]
        return sorted(mails, key=lambda mail: (mail.received_at, mail.key))

    def get(self, key: str) -> CaughtMail:
        """Return one mail; raises ``NotFound``."""
        for file in _files(self._path):
            if _key(file) == key and (mail := _mail(file)) is not None:
                return mail
        raise NotFound(f"There is no caught mail {key!r}.")


def _files(path: Path) -> list[Path]:
    # A mail program that opens the Maildir moves what it has shown from ``new`` to ``cur``.
    folders = [path / "new", path / "cur"]
    files = [file for folder in folders if folder.is_dir() for file in folder.iterdir()]
    return [file for file in files if not file.name.startswith(".") and file.is_file()]


def _mail(file: Path) -> CaughtMail | None:
    """Read one file; None when it was moved or removed in the meantime.

    A file without readable trace headers is shown all the same: with the time of the file and
    without a recipient.
    """
    try:
        raw, modified = file.read_bytes(), file.stat().st_mtime
    except FileNotFoundError:
        return None
    trace, content = _split(raw)
    received = _date(trace.get(b"received:", ""))
    return CaughtMail(
        key=_key(file),
        received_at=received or datetime.fromtimestamp(modified, UTC),
        recipient=trace.get(b"delivered-to:", ""),
        content=content,
    )


def _split(raw: bytes) -> tuple[dict[bytes, str], bytes]:
    """Separate the trace headers, which come first and take one line each, from the mail itself."""
    trace: dict[bytes, str] = {}
    content = raw
    while len(trace) < len(_TRACE):
        line, _, rest = content.partition(b"\n")
        name, colon, value = line.partition(b":")
        header = name.lower() + colon
        if header not in _TRACE or header in trace:
            break
        trace[header] = value.decode("utf-8", "replace").strip()
        content = rest
    return trace, content


def _date(received: str) -> datetime | None:
    """Return the instant of a Received header, which stands after its last semicolon (RFC 5322 §3.6.7)."""
    try:
        found = parsedate_to_datetime(received.rpartition(";")[2].strip())
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _key(file: Path) -> str:
    return file.name.partition(":")[0]
