"""Reading a caught mail as its recipient sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote

from icalendar import Calendar

from orchestrator.ports import CaughtMail


@dataclass(frozen=True, slots=True)
class Request:
    """A meeting as a recipient's calendar gets it. ``asks`` says that this very recipient has to answer."""

    method: str
    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    organizer: str
    organizer_name: str
    asks: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """A caught mail as its recipient sees it. ``page`` is the path of the personal page it links to."""

    recipient: str
    name: str
    received_at: datetime
    message_id: str
    subject: str
    sender: str
    page: str | None
    request: Request | None
    content: bytes


_PAGE = re.compile(r"https?://[^\s/]+[^\s]*?(/a/[\w.~%-]+)")


def read_letter(mail: CaughtMail) -> Letter:
    """Return a caught mail as its recipient sees it."""
    message = message_from_bytes(mail.content, policy=policy.default)
    text = message.get_body(("plain",))
    link = _PAGE.search(str(text.get_content())) if text is not None else None
    addressed = message["To"].addresses if message["To"] else ()
    written_by = message["From"].addresses if message["From"] else ()
    return Letter(
        recipient=mail.recipient,
        name=addressed[0].display_name if addressed else mail.recipient,
        received_at=mail.received_at,
        message_id=str(message["Message-ID"] or mail.key).strip(),
        subject=str(message["Subject"] or ""),
        sender=written_by[0].addr_spec if written_by else "",
        page=link[1] if link else None,
        request=_request(message, mail.recipient),
        content=mail.content,
    )


def _request(message: EmailMessage, recipient: str) -> Request | None:
    part = next((item for item in message.walk() if item.get_content_type() == "text/calendar"), None)
    if part is None:
        return None
    calendar: Any = Calendar.from_ical(_body(part))
    (event,) = calendar.walk("VEVENT")
    organizer, method = event["ORGANIZER"], str(calendar["METHOD"])
    return Request(
        method=method,
        uid=str(event["UID"]),
        sequence=int(event.get("SEQUENCE", 0)),
        starts_at=event["DTSTART"].dt.astimezone(UTC),
        ends_at=event["DTEND"].dt.astimezone(UTC),
        summary=str(event["SUMMARY"]),
        organizer=_address(organizer),
        organizer_name=str(organizer.params.get("CN", "")),
        asks=method == "REQUEST" and _asked(event, recipient),
    )


def _body(part: EmailMessage) -> bytes:
    body = part.get_payload(decode=True)
    return body if isinstance(body, bytes) else b""


def _asked(event: Any, recipient: str) -> bool:
    """Whether the recipient is among the attendees, has not answered, and is asked to."""
    people = event.get("ATTENDEE", [])
    for person in people if isinstance(people, list) else [people]:
        if _address(person).casefold() == recipient.casefold():
            return bool(
                person.params.get("RSVP") == "TRUE" and person.params.get("PARTSTAT") == "NEEDS-ACTION"
            )
    return False


def _address(value: Any) -> str:
    return unquote(re.sub("^mailto:", "", str(value), flags=re.IGNORECASE))
