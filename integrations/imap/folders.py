"""Folders of a server: their names, and making those that are missing."""

from __future__ import annotations

import imaplib
from contextlib import suppress
from typing import Any

from integrations.imap.answers import LOST


def namespaces(client: Any) -> tuple[str, str, list[str]]:
    """Return the delimiter, the prefix of one's own folders, and those of others' folders (RFC 2342)."""
    if client.has_capability("NAMESPACE"):
        spaces = client.namespace()
        foreign = [prefix for prefix, _ in (*(spaces.other or ()), *(spaces.shared or ())) if prefix]
        for prefix, delimiter in spaces.personal or ():
            return delimiter or "/", prefix, foreign
    for _, delimiter, _ in client.list_folders("", ""):
        return delimiter.decode("ascii") if delimiter else "/", "", []
    return "/", "", []


def exists(client: Any, path: str) -> bool:
    """Whether the server has a folder; raises what the client raises when the connection is lost."""
    try:
        client.folder_status(path, ["UIDVALIDITY"])
    except LOST:
        raise
    except imaplib.IMAP4.error:
        return False
    return True


def make(client: Any, path: str) -> None:
    """Make a folder and subscribe to it; raises what the client raises when the server refuses."""
    try:
        client.create_folder(path)
    except imaplib.IMAP4.error as error:
        if "[ALREADYEXISTS]" not in str(error).upper():
            raise
    # Mail programs show only what is subscribed to; a server without subscriptions loses nothing.
    with suppress(imaplib.IMAP4.error):
        client.subscribe_folder(path)
