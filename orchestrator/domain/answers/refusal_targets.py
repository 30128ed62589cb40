"""What a mail system refuses: one table for relays that answer and for reports that come back.

A refusal is read by its enhanced status code (RFC 3463, RFC 7372 and the register of IANA; the ones of
Exchange Online and Gmail) and its text, and only where neither says enough by the command it answers:
Postfix holds its complaints about client, sender and relaying back until RCPT, so the command proves little.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from orchestrator.domain.answers.refusal_table import CERTAIN, GENERIC, GENERIC_DETAILS, RANGES, TEXTS, Target

__all__ = ["Command", "Target", "target_of"]


class Command(StrEnum):
    """What a refusal answered, as far as that is known."""

    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"


_LOGIN_REPLIES = frozenset({530, 534, 535, 538})
"""Replies that complain about the login (RFC 4954 section 6), whatever command they answer."""

_LONGEST = 2_000
"""How much of a text is read, in characters."""
_STATUS = re.compile(r"(?<![\w.])([245]\.[0-7]\.\d{1,3})(?![\w.]*\d)", re.ASCII)
_REPLY = re.compile(r"(?<![\w.])([45]\d\d)[ -]", re.ASCII)
_REPLIED = re.compile(r"in reply to (?:end of )?(mail|rcpt|data)\b", re.IGNORECASE)
# Names of people and machines may hold any word, so they are no part of what is read.
_NAMES = re.compile(r"<[^<>]*>|\S+@\S+|https?://\S+|\bhost \S+ said:?|\bfor \S+\.\S+(?=\s|$)", re.IGNORECASE)

_PATTERNS: Final = tuple((target, re.compile("|".join(patterns))) for target, patterns in TEXTS)
_FAULTS: Final = frozenset({451, 452, 455, 500, 501, 502, 503, 504, 555})
"""Replies about the server's state, or about what was said and not about whom (RFC 5321 section 4.2.3)."""


def target_of(
    text: str, *, reply: int | None = None, status: str = "", command: Command | None = None
) -> Target:
    """Return what a refusal refuses.

    ``text`` is what the system said, with or without its codes; ``reply`` the three digits of SMTP (RFC 5321
    section 4.2), ``status`` an enhanced code that stands apart, as in a report (RFC 3464); ``command`` what
    was answered. Any text is read.
    """
    text = text[:_LONGEST]
    reply = reply or _reply_in(text)
    detail = (status if _says(status) else _status_in(text, reply)).partition(".")[2]
    said = _NAMES.sub(" ", text).lower()
    replied = _REPLIED.search(text)
    stage = command or (Command(replied[1].lower()) if replied else None)
    return (
        _of_login(reply, said)
        or _of_certain(detail)
        or _special(detail, said)
        or next((target for target, pattern in _PATTERNS if pattern.search(said)), None)
        or _of_code(detail, stage)
        or _of_command(reply, stage)
    )


def _says(status: str) -> bool:
    """Whether a status says more than that something failed (RFC 3463 section 3.1)."""
    return bool(_STATUS.fullmatch(status)) and not status.endswith(".0.0")


def _reply_in(text: str) -> int | None:
    found = _REPLY.search(text)
    return int(found[1]) if found else None


def _status_in(text: str, reply: int | None) -> str:
    """Return the enhanced code in a text; one of another class than the reply is something else."""
    codes: list[str] = _STATUS.findall(_NAMES.sub(" ", text))
    wanted = str(reply)[0] if reply is not None else None
    return next((code for code in codes if wanted in (None, code[0])), codes[0] if codes else "")


def _of_login(reply: int | None, said: str) -> Target | None:
    if reply not in _LOGIN_REPLIES:
        return None
    return Target.PROTECTION if "starttls" in said or "encryption" in said else Target.LOGIN


def _certain() -> dict[str, Target]:
    return {code: target for target, codes in CERTAIN.items() for code in codes.split()}


_CERTAINLY: Final = _certain()


def _of_certain(detail: str) -> Target | None:
    if detail in _CERTAINLY:
        return _CERTAINLY[detail]
    subject, _, number = detail.partition(".")
    if subject != "7" or not number.isdecimal():
        return None
    return next((target for numbers, target in RANGES if int(number) in numbers), None)


def _special(detail: str, said: str) -> Target | None:
    """Exchange Online calls an address that nobody has "Recipient address rejected: Access denied"."""
    return Target.ADDRESS if detail == "4.1" and "recipient address rejected" in said else None


def _of_code(detail: str, command: Command | None) -> Target | None:
    if detail == "0.0" or (detail == "1.0" and command is Command.MAIL):
        return None
    return GENERIC_DETAILS.get(detail) or GENERIC.get(detail.partition(".")[0])


def _of_command(reply: int | None, command: Command | None) -> Target:
    """Return what is meant by a refusal that says nothing (RFC 5321 section 4.2.3)."""
    if reply == 552:
        return Target.SIZE if command in (Command.MAIL, Command.DATA) else Target.MAILBOX
    if reply is not None and (400 <= reply < 450 or reply in _FAULTS):
        return Target.SYSTEM
    if command is None or (reply == 554 and command is not Command.DATA):
        return Target.UNSAID
    return {Command.MAIL: Target.SENDER, Command.RCPT: Target.ADDRESS, Command.DATA: Target.CONTENT}[command]
