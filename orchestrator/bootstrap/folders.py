"""Where things lie in the data folder."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from config.settings import Settings
from orchestrator.errors import ConfigurationError

_OURS = ("orchestrator.db*", "api-token", "link-key", "documents", "outbox", "inbox", "run")
"""What lies right in the data folder."""


def endpoints_file(settings: Settings) -> Path:
    """Return where a running sandbox says how to reach it."""
    return settings.data_dir / "run" / "sandbox.json"


def outbox_folder(settings: Settings) -> Path:
    """Return the Maildir in which the sandbox keeps every mail."""
    return settings.data_dir / "outbox"


def inbox_folder(settings: Settings) -> Path:
    """Return the Maildir in which the sandbox keeps what is sent to the organizer."""
    return settings.data_dir / "inbox"


def make_private(folder: Path) -> Path:
    """Make the data folder where it is missing; what is in it names people, so it is for its owner only.

    What an older version left open is tightened: the folder, and what we keep right in it, which bars the way
    to the rest. Raises ``ConfigurationError`` when that cannot be done, or when others use the folder too.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ours = (path for name in _OURS for path in folder.glob(name) if not path.is_symlink())
    _tighten(folder, *ours)
    return folder


def make_database_private(file: Path) -> None:
    """Tighten the file of a SQLite database and what SQLite and we keep beside it; as ``make_private``."""
    _tighten(*file.parent.glob(f"{file.name}*"))


def keep_private() -> None:
    """Let this process and those it starts make files for their owner only, whatever else they leave out."""
    os.umask(0o077)


def _tighten(*paths: Path) -> None:
    refused = [str(path) for path in _open_to_others(paths)]
    if refused:
        raise ConfigurationError.of(
            "ORCHESTRATOR_DATA_DIR",
            ", ".join(refused[:3]),
            "can be read by others on this machine, and the service may not change that",
            "Let it belong to the user that the service runs as, on a file system that keeps permissions; "
            "then chmod -R go= it.",
        )


def _open_to_others(paths: tuple[Path, ...]) -> Iterator[Path]:
    """Take from others what they may do with these files and folders; yield those where that failed."""
    for path in paths:
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077 == 0:
                continue
            if not mode & stat.S_ISVTX:
                # A folder such as /tmp is everybody's, and must stay so.
                path.chmod(mode & 0o700)
            left = path.stat().st_mode & 0o077
        except FileNotFoundError:
            # Another process was faster, or it is a link to nowhere.
            continue
        except OSError:
            left = 1
        if left:
            yield path


def token_in(file: Path) -> str:
    """Read the token, or make one that only the owner can read; two processes get the same."""
    make_private(file.parent)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text("ascii").strip()
    token = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w", encoding="ascii") as output:
        output.write(token + "\n")
    return token
