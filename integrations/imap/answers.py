"""What the client raises and the server answers, as words and codes."""

from __future__ import annotations

import imaplib
import re
from contextlib import suppress
from typing import Any

TROUBLE = (imaplib.IMAP4.error, OSError, ValueError, LookupError, TypeError, AttributeError)
"""What the client raises: its own errors, those of the network, and whatever a broken answer leads to."""
LOST = (imaplib.IMAP4.abort, OSError)
"""Those after which the connection is of no more use."""
LATER = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"})
"""Response codes (RFC 5530) of a refusal that passes by itself."""
NEVER = frozenset({"NOPERM", "NONEXISTENT", "CANNOT"})
"""Response codes of a refusal that lasts until a person changes something."""
_LONGEST_ANSWER = 500


def hang_up(client: Any) -> None:
    """Close a connection, whatever state it is in."""
    with suppress(*TROUBLE):
        client.shutdown()


def reason_of(error: BaseException) -> str:
    """Return what an error says, without the client's wrapping around it."""
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if "EOF" in text or "unterminated line" in text:
        return "the server closed the connection"
    text = re.sub(r"^command: \S+ => |^\w+ failed: ", "", text)
    return re.sub(r"\bb(['\"])(.*)\1", r"\2", text) or type(error).__name__


def one_line(words: str) -> str:
    """Return words as one line that is safe to print and store."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:_LONGEST_ANSWER]


def code_of(answer: str) -> str:
    """Return the response code of an answer (RFC 3501 §7.1), or nothing."""
    found = re.search(r"\[([A-Z-]+)[\] ]", answer.upper())
    return found[1] if found else ""
