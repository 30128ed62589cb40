"""What mail systems say of our mails: delivery reports, of the standard form (RFC 3464) or of none."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from orchestrator.domain.answers.content_lines import clean, plain_address
from orchestrator.domain.answers.headers import Headers, mailboxes, message_id, read_headers, references
from orchestrator.domain.answers.mime import (
    INNER_MAILS,
    LONGEST_TEXT,
    Mail,
    MailPart,
    divided,
    with_plain_line_ends,
)
from orchestrator.domain.people.addresses import compared

_STATUS_KINDS: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED_HEADERS: Final = frozenset(
    {"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}
)
_MAIL_SYSTEMS: Final = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "mdaemon"})
_QMAIL: Final = "This is the qmail-send program"
_MOST_REPORTS = 100
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b", re.ASCII)
# The repeats are bounded, so that a text made of their beginnings costs no more than others.
_NOT_DELIVERED = re.compile(
    r"undeliver|not (?:be |been )?deliver|deliver\w{0,5}(?: has)? fail|fail\w{0,3}(?: \w{1,9}){0,2} deliver"
    r"|not (?:be )?reach|unable to deliver|returned mail|returned to sender|permanent (?:fatal )?error"
    r"|failure notice|user unknown|mailbox (?:is )?(?:full|unavailable)|rejected",
    re.IGNORECASE,
)
_DELAYED = re.compile(r"delayed|still trying|will (?:be retried|keep trying|continue to)", re.IGNORECASE)
_COPY_BEGINS = re.compile(
    r"^(?:--.*(?:copy of|original message|returned)|Return-Path:|Received:)", re.IGNORECASE | re.MULTILINE
)
_COPIED_ID = re.compile(r"^[ \t>]*Message-ID:\s*(<[^<>\s]{1,990}>)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a mail system says of one recipient (RFC 3464).

    ``failed`` is False when delivery is only delayed, or succeeded; ``action`` says which. ``recipients``
    is empty when a report of no standard form names only the message. ``final`` is the address that it was
    last meant for, which may be one behind the address that we wrote to. ``standard`` says that the report
    has the form of RFC 3464.
    """

    failed: bool
    action: str
    recipients: tuple[str, ...]
    status: str
    diagnostic: str
    original_message_id: str | None
    envelope_id: str | None
    final: str | None = None
    standard: bool = True


def standard_reports(mail: Mail, *, complete: bool = True) -> tuple[DeliveryReport, ...]:
    """Return the reports in a mail, one for each recipient (RFC 3464).

    One in an inner mail is not about us. Without ``complete`` the mail is cut off, and counts only when a
    delimiter ends what is said of the recipients.
    """
    status = next((part for part in mail.parts if part.kind in _STATUS_KINDS and not part.forwarded), None)
    if status is None or not (status.ended or complete):
        return ()
    text = with_plain_line_ends(status.content(LONGEST_TEXT)).strip(b"\n")
    blocks = [read_headers(block) for block in text.split(b"\n\n", _MOST_REPORTS + 1)]
    envelope = next((value for block in blocks for value in block.get("original-envelope-id", [])), "")
    original = _original_id(mail)
    reports = (_report(block, original, clean(envelope, 300) or None) for block in blocks)
    return tuple(report for report in reports if report is not None)[:_MOST_REPORTS]


def _report(block: Headers, original: str | None, envelope: str | None) -> DeliveryReport | None:
    """Return what one block says; None for the block that is about the whole message."""
    if not block.keys() & {"action", "final-recipient", "original-recipient"}:
        return None
    original_recipient, final = (_recipient(block, f"{name}-recipient") for name in ("original", "final"))
    recipient = original_recipient or final
    status = _STATUS.search(block.get("status", [""])[0])
    code = status[1] if status else ""
    said = re.split(r"[;(\s]", block.get("action", [""])[0].strip(), maxsplit=1)[0]
    action = clean(said, 40).lower() or _action_of(code)
    return DeliveryReport(
        failed=action == "failed",
        action=action,
        recipients=(recipient,) if recipient else (),
        status=code,
        diagnostic=clean(_after_type(block.get("diagnostic-code", [""])[0]), 500),
        original_message_id=original,
        envelope_id=envelope,
        final=final,
    )


def _recipient(block: Headers, name: str) -> str | None:
    """Return an address in a report, in the spelling in which addresses are compared."""
    address = plain_address(_after_type(block.get(name, [""])[0]).strip(" <>"))
    return compared(address) if address else None


def _after_type(value: str) -> str:
    """Return a value without the type before it, as in ``rfc822; lan@example.org``."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and re.fullmatch(r"\s*[\w.-]+\s*", kind) else value


def _action_of(code: str) -> str:
    return {"5": "failed", "4": "delayed", "2": "delivered"}.get(code[:1], "")


def _original_id(mail: Mail) -> str | None:
    """Return the Message-ID of the mail that is reported, from the copy or else from the thread."""
    for part in mail.parts:
        if part.kind in _RETURNED_HEADERS or part.kind in INNER_MAILS:
            content = part.content() if part.kind in INNER_MAILS else with_plain_line_ends(part.content())
            head = divided(content.lstrip(b"\n"))[0]
            found = message_id(read_headers(head).get("message-id", [""])[0])
            if found:
                return found
    return next(iter(references(mail.root.headers)), None)


def loose_reports(
    mail: Mail, *, sender: str | None, recipients: tuple[str, ...], subject: str, shown: str
) -> tuple[DeliveryReport, ...]:
    """Return what a report of no standard form says; nothing where that is not certain enough.

    ``sender``, ``recipients`` and ``subject`` are those of the mail; ``shown`` is the text that people see.
    """
    failed = mail.root.headers.get("x-failed-recipients", [])[:10]
    text = next((part.text() for part in mail.parts if part.kind == "text/plain" and not part.forwarded), "")
    copy = _COPY_BEGINS.search(text)
    said = text[: copy.start()] if copy else text
    about = f"{subject}\n{said}"[:20_000]
    by_system = _QMAIL in shown or sent_by_mail_system(mail.root, sender)
    if not failed and not (by_system and _NOT_DELIVERED.search(about)):
        return ()
    named = [address for value in failed for _, address in mailboxes(value)]
    return _loose(named or _failed_in(said, {sender, *recipients}), about, _copied_id(mail, text))


def sent_by_mail_system(root: MailPart, sender: str | None) -> bool:
    """Whether a mail says that a mail system sent it; some give their name without a domain."""
    local = (sender or "").partition("@")[0]
    named = local in _MAIL_SYSTEMS or local.startswith("microsoftexchange")
    return named or "mailer-daemon" in root.header("from").lower()


def _loose(recipients: list[str], about: str, original: str | None) -> tuple[DeliveryReport, ...]:
    if not recipients and original is None:
        return ()
    action = "delayed" if _DELAYED.search(about) else "failed"
    # With several recipients it is not certain whose code stands in the text.
    status = _STATUS.search(about) if len(recipients) <= 1 else None
    code = status[1] if status else ""
    diagnostic = clean(" ".join(about.partition("\n")[2].split()), 500)
    report = DeliveryReport(action == "failed", action, (), code, diagnostic, original, None, standard=False)
    named = [
        replace(report, recipients=(recipient,), final=recipient) for recipient in recipients[:_MOST_REPORTS]
    ]
    return tuple(named) or (report,)


def _failed_in(said: str, ours: set[str | None]) -> list[str]:
    """Return the addresses that have a line to themselves, as qmail, Exim and old Exchange write them."""
    found: dict[str, None] = {}
    for line in said.split("\n", 1_000)[:1_000]:
        first, _, rest = line[:400].strip(" \t>*").partition(" ")
        found_address = plain_address(first.rstrip(":").strip("<>'\"").removeprefix("mailto:"))
        address = compared(found_address) if found_address else None
        if address and address not in ours and (not rest or first.endswith(":") or rest.startswith("on ")):
            found[address] = None
    return list(found)


def _copied_id(mail: Mail, text: str) -> str | None:
    """Return the Message-ID of the original, which may only be copied into the text."""
    copied = _COPIED_ID.search(text)
    return clean(copied[1], 1_000) if copied else _original_id(mail)
