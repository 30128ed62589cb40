"""Where things lie in the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from config.settings import Settings


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
    """Make the data folder where it is missing; what is in it names people, so it is for its owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


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
