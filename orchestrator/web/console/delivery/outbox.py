"""The sandbox's caught mails, as their recipients would read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from orchestrator.errors import NotFound
from orchestrator.ports import CaughtMail, Outbox
from orchestrator.web.container import OutboxDep
from orchestrator.web.pages import PagesDep
from orchestrator.web.security import MAIL_POLICY

_MOST_SHOWN = 500
_NO_TEXT = "(This part is missing.)"


def _outbox(outbox: OutboxDep) -> Outbox:
    if outbox is None:
        raise NotFound("Mails are caught in the sandbox only; here they have left.")
    return outbox


Caught = Annotated[Outbox, Depends(_outbox)]
router = APIRouter(prefix="/sandbox/outbox")


@dataclass(frozen=True, slots=True)
class MailLine:
    """One line in the list of caught mails."""

    key: str
    received_at: datetime
    recipient: str
    subject: str


@dataclass(frozen=True, slots=True)
class MailView:
    """One mail with its parts."""

    key: str
    received_at: datetime
    recipient: str
    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str | None
    has_html: bool
    calendar: str | None
    attachments: tuple[str, ...]


@router.get("")
def caught_mails(request: Request, outbox: Caught, pages: PagesDep) -> Response:
    """List the caught mails, newest first."""
    mails = outbox.all()
    newest = [_line(item) for item in reversed(mails[-_MOST_SHOWN:])]
    return pages.render(request, "delivery/outbox.html.j2", mails=newest, total=len(mails))


@router.get("/{key}")
def caught_mail(request: Request, key: str, outbox: Caught, pages: PagesDep) -> Response:
    """Show one mail."""
    return pages.render(request, "delivery/mail.html.j2", mail=_view(outbox.get(key)))


@router.get("/{key}/html")
def html_part(key: str, outbox: Caught) -> Response:
    """Return the HTML part, for a frame in which it can do nothing."""
    body = _parsed(outbox.get(key)).get_body(("html",))
    text = _content(body) if isinstance(body, EmailMessage) else None
    return HTMLResponse(
        text or _NO_TEXT, headers={"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    )


@router.get("/{key}/mail.eml")
def raw_mail(key: str, outbox: Caught) -> Response:
    """Return the mail as it was handed over, byte for byte."""
    return _download(outbox.get(key).content, "message/rfc822", "mail.eml")


@router.get("/{key}/invite.ics")
def calendar_part(key: str, outbox: Caught) -> Response:
    """Return the calendar object as a file."""
    part = _calendar(_parsed(outbox.get(key)))
    if part is None:
        raise NotFound("This mail has no calendar part.")
    content = part.get_payload(decode=True)
    return _download(
        content if isinstance(content, bytes) else b"", "text/calendar; charset=utf-8", "invite.ics"
    )


def _download(content: bytes, media_type: str, filename: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response(content, media_type=media_type, headers=headers)


def _line(mail: CaughtMail) -> MailLine:
    headers = BytesHeaderParser(policy=default).parsebytes(mail.content)
    return MailLine(mail.key, mail.received_at, mail.recipient, str(headers.get("Subject", "")))


def _view(mail: CaughtMail) -> MailView:
    message = _parsed(mail)
    text = message.get_body(("plain",))
    calendar = _calendar(message)
    return MailView(
        key=mail.key,
        received_at=mail.received_at,
        recipient=mail.recipient,
        subject=str(message.get("Subject", "")),
        headers=tuple((name, str(value)) for name, value in message.items()),
        text=_content(text) if isinstance(text, EmailMessage) else None,
        has_html=message.get_body(("html",)) is not None,
        calendar=_content(calendar) if calendar else None,
        attachments=tuple(
            part.get_filename() or part.get_content_type() for part in message.iter_attachments()
        ),
    )


def _parsed(mail: CaughtMail) -> EmailMessage:
    return message_from_bytes(mail.content, policy=default)


def _calendar(message: EmailMessage) -> EmailMessage | None:
    for part in message.walk():
        if part.get_content_type() == "text/calendar" and isinstance(part, EmailMessage):
            return part
    return None


def _content(part: EmailMessage) -> str:
    content = part.get_content()
    return content if isinstance(content, str) else content.decode("utf-8", "replace")
