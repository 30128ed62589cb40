"""What an incoming mail says: an answer to an invitation, a delivery report, or something else.

``read`` takes the bytes of any mail, never fails, and does work linear in their number. A report of a
failed delivery is known by its form before any calendar is looked for, because it carries our own
invitation along.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from html import unescape
from typing import Final

from orchestrator.domain.answers.bounces import (
    DeliveryReport,
    loose_reports,
    sent_by_mail_system,
    standard_reports,
)
from orchestrator.domain.answers.content_lines import Unusable, clean
from orchestrator.domain.answers.headers import (
    AUTOMATIC_HEADERS,
    decoded_words,
    mailboxes,
    message_id,
    recipients,
    references,
    sent_at,
    sole_author,
)
from orchestrator.domain.answers.itip import CalendarMessage, find_calendar, is_answer
from orchestrator.domain.answers.mime import DEEPEST, LOCKED, MOST_PARTS, Mail, MailPart, with_plain_line_ends
from orchestrator.facts import Fact

__all__ = [
    "DEEPEST",
    "LARGEST",
    "MOST_PARTS",
    "READER_FAILED",
    "CalendarMessage",
    "DeliveryReport",
    "Received",
    "Sort",
    "read",
]

LARGEST = 10 << 20
"""Bytes of a mail that are read; of a larger one only its headers and its delivery report count."""


class Sort(StrEnum):
    """What a mail is."""

    ANSWER = "answer"
    """A calendar object was found."""
    REPORT = "delivery-report"
    AUTOMATIC = "automatic-reply"
    LETTER = "letter"
    """A person wrote, without a calendar."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Received:
    """What a mail says. Addresses are casefolded, texts are free of control characters.

    ``sender`` is the one address in From, ``authentication`` the values of Authentication-Results, which
    anybody can have written. ``problem`` says why the mail cannot be used; when it is set, nothing of the
    mail may be applied. ``forwarded`` says that the calendar lay in another mail inside this one.
    """

    sort: Sort
    sender: str | None = None
    sender_header: str | None = None
    sender_name: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    message_id: str | None = None
    references: tuple[str, ...] = ()
    automatic: bool = False
    calendar: CalendarMessage | None = None
    reports: tuple[DeliveryReport, ...] = ()
    text: str = ""
    problem: Fact | None = None
    forwarded: bool = False
    authentication: tuple[str, ...] = ()


READER_FAILED: Final = Fact.of("answers.reader-failed")


def read(content: bytes, *, complete: bool = True) -> Received:
    """Return what the mail ``content`` says; ``complete`` is False when only its beginning is given."""
    try:
        return _read(content[:LARGEST], complete=complete and len(content) <= LARGEST)
    except Exception:  # noqa: BLE001 - one mail must not stop those after it, whatever is wrong with it.
        return Received(Sort.UNREADABLE, problem=READER_FAILED)


def _read(content: bytes, *, complete: bool) -> Received:
    mail = Mail(with_plain_line_ends(content))
    received = _envelope(mail)
    if not complete:
        return _beginning_only(received, mail)
    if mail.problem:
        return replace(received, sort=Sort.UNREADABLE, problem=mail.problem)
    reports = standard_reports(mail)
    if reports:
        return replace(received, sort=Sort.REPORT, reports=reports)
    try:
        found = _calendar_of(mail, received)
    except Unusable as why:
        return replace(received, sort=Sort.ANSWER, problem=why.fact)
    return found or _without_calendar(received, mail)


def _beginning_only(received: Received, mail: Mail) -> Received:
    """Of a mail that was cut off only what is complete counts: a delivery report, or an attendee's answer."""
    reports = standard_reports(mail, complete=False)
    if reports:
        return replace(received, sort=Sort.REPORT, reports=reports)
    whole = [part for part in mail.parts[1:] if part.ended and not part.forwarded]
    with suppress(Unusable):
        found = find_calendar(whole, received.sender)
        if found is not None and is_answer(found) and found[1] is None:
            return _answer(received, *found)
    why = Fact.of("answers.too-large", megabytes=LARGEST >> 20)
    return replace(received, sort=Sort.UNREADABLE, problem=why)


def _calendar_of(mail: Mail, received: Received) -> Received | None:
    """Return the mail as an answer if it holds a calendar, or as the report of no standard form it is.

    An answer counts wherever it stands; of other calendars those in the mail itself come before those in a
    mail that was forwarded with it.
    """
    own = find_calendar((part for part in mail.parts if not part.forwarded), received.sender)
    if own and is_answer(own):
        return _answer(received, *own)
    reports = loose_reports(
        mail,
        sender=received.sender,
        recipients=received.recipients,
        subject=received.subject,
        shown=received.text,
    )
    if reports:
        return replace(received, sort=Sort.REPORT, reports=reports)
    inner = find_calendar((part for part in mail.parts if part.forwarded), received.sender)
    if inner and (own is None or is_answer(inner)):
        return replace(_answer(received, *inner), forwarded=True)
    return _answer(received, *own) if own else None


def _answer(received: Received, calendar: CalendarMessage, problem: Fact | None) -> Received:
    return replace(received, sort=Sort.ANSWER, calendar=calendar, problem=problem)


def _without_calendar(received: Received, mail: Mail) -> Received:
    locked = next((part for part in mail.parts if part.kind in LOCKED), None)
    if locked is not None:
        return replace(received, sort=Sort.UNREADABLE, problem=LOCKED[locked.kind])
    if not mail.root.headers and not received.text:
        return replace(received, sort=Sort.UNREADABLE, problem=Fact.of("answers.nothing-readable"))
    automatic = received.automatic or mail.root.kind == "multipart/report"
    return replace(received, sort=Sort.AUTOMATIC if automatic else Sort.LETTER)


# --- what the headers and the text say


_AUTOMATIC_PRECEDENCE: Final = frozenset({"auto_reply", "auto-reply"})
"""Bulk and list say how many get a mail, not that no person wrote it."""


def _envelope(mail: Mail) -> Received:
    root = mail.root
    sender = sole_author(root.headers.get("from", []))
    authors = [author for value in root.headers.get("from", [])[:5] for author in mailboxes(value)]
    return Received(
        sort=Sort.LETTER,
        sender=sender,
        sender_header=next((address for _, address in mailboxes(root.header("sender"))), None),
        sender_name=next((name for name, _ in authors if name), ""),
        recipients=recipients(root.headers),
        subject=clean(decoded_words(root.header("subject")[:4_000]), 500),
        date=sent_at(root.header("date")),
        message_id=message_id(root.header("message-id")),
        references=references(root.headers),
        automatic=_is_automatic(root, sender),
        authentication=tuple(root.headers.get("authentication-results", [])),
        text=_shown_text(mail.parts),
    )


def _is_automatic(root: MailPart, sender: str | None) -> bool:
    """Whether a mail says that no person wrote it (RFC 3834 section 5); in doubt a person reads it."""
    submitted = re.split(r"[;(\s]", root.header("auto-submitted").strip(), maxsplit=1)[0].lower()
    return (
        submitted not in ("", "no")
        or root.header("precedence").strip().lower() in _AUTOMATIC_PRECEDENCE
        or any(name in root.headers for name in AUTOMATIC_HEADERS)
        or (root.header("return-path").replace(" ", "") == "<>" and sent_by_mail_system(root, sender))
    )


def _shown_text(parts: list[MailPart]) -> str:
    """Return the beginning of what a person reads first in the mail."""
    inner = [part for part in parts if not part.forwarded and not part.attached]
    plain = next((part.text() for part in inner if part.kind == "text/plain"), "")
    if not plain.strip():
        plain = next((_without_tags(part.text()) for part in inner if part.kind == "text/html"), "")
    return clean(" ".join(plain[:20_000].split()))


def _without_tags(html: str) -> str:
    """Return what is left of HTML without its tags and what is not shown."""
    kept, hidden = [], ""
    first, *pieces = html.split("<")
    for piece in pieces:
        tag, _, text = piece.partition(">")
        name = tag[:10].lower()
        if not hidden:
            hidden = next((unseen for unseen in ("style", "script", "title") if name.startswith(unseen)), "")
        elif name.startswith(f"/{hidden}"):
            hidden = ""
        kept.append("" if hidden else text)
    shown = " ".join([first, *kept])
    try:
        return unescape(shown)
    except ValueError:  # A character reference of more digits than int() takes.
        return shown
