"""What recipients' software makes of our mails: reading an invitation, and writing an answer to it.

The patterns are of our own making, after the ways of real programs that a service has to live with.
Nothing is left to chance: the same answer to the same mail at the same time is the same bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from typing import Any

from icalendar import Calendar

from orchestrator.ports import CaughtMail


class Software(StrEnum):
    """What an answer is given with; the name is what people call it."""

    OUTLOOK = "Outlook"
    GMAIL = "Gmail"
    APPLE = "Apple Mail"
    PAGE = "personal page"
    SERVER = "mail server"


class Says(StrEnum):
    """What comes back."""

    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"
    DELEGATED = "delegated"
    PROPOSED = "another time proposed"
    ABSENT = "out of office"
    BOUNCED = "mail bounced"


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


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody wants to say, whatever the software. ``by`` is the address it is sent from."""

    says: Says
    by: str
    comment: str = ""
    delegate: str | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail ready for SMTP; a bounce has no ``sender``."""

    sender: str
    recipient: str
    content: bytes


# Reading

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
    return re.sub("^mailto:", "", str(value), flags=re.IGNORECASE)


# Writing


@dataclass(frozen=True, slots=True)
class Draft:
    """What a composer writes from."""

    letter: Letter
    request: Request
    answer: Answer
    now: datetime

    @property
    def method(self) -> str:
        """METHOD of the calendar."""
        return "COUNTER" if self.answer.says is Says.PROPOSED else "REPLY"

    @property
    def domain(self) -> str:
        """Where the answer comes from."""
        return self.answer.by.rpartition("@")[2]

    def digest(self, what: str) -> str:
        """Return a name for one part of the answer, always the same for the same answer."""
        parts = (self.letter.message_id, self.answer.by, self.answer.says.value, what)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def compose(through: Software, letter: Letter, request: Request, answer: Answer, now: datetime) -> Outgoing:
    """Write the mail that ``through`` sends for ``answer``, to the ORGANIZER of ``request``.

    The mail is dated ``now``. A bounce and an out-of-office answer are the same from all software.
    """
    draft = Draft(letter, request, answer, now.replace(microsecond=0))
    if answer.says is Says.BOUNCED:
        return Outgoing("", request.organizer, _bounce(draft))
    message = _out_of_office(draft) if answer.says is Says.ABSENT else _COMPOSERS[through](draft)
    return Outgoing(answer.by, request.organizer, _bytes(message, draft))


def _bytes(message: EmailMessage, draft: Draft) -> bytes:
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"_{number:03d}_{draft.digest('boundary')}_")
    return message.as_bytes()


def _headers(draft: Draft, subject: str) -> EmailMessage:
    message = EmailMessage(policy.SMTP)
    message["From"] = Address(draft.letter.name, addr_spec=draft.answer.by)
    message["To"] = Address(draft.request.organizer_name, addr_spec=draft.request.organizer)
    message["Subject"] = subject
    message["Date"] = format_datetime(draft.now)
    message["Message-ID"] = f"<{draft.digest('message')}@{draft.domain}>"
    return message


def _with_thread(message: EmailMessage, draft: Draft) -> EmailMessage:
    message["In-Reply-To"] = message["References"] = draft.letter.message_id
    return message


# Like Outlook on Exchange: no ORGANIZER, no thread, its own properties, the answer before the title.

_OUTLOOK_SUBJECTS = {
    Says.ACCEPTED: "Accepted",
    Says.TENTATIVE: "Tentative",
    Says.DECLINED: "Declined",
    Says.DELEGATED: "Delegated",
    Says.PROPOSED: "New Time Proposed",
}
_BUSY = {Says.ACCEPTED: "BUSY", Says.TENTATIVE: "TENTATIVE", Says.PROPOSED: "TENTATIVE"}


def _outlook(draft: Draft) -> EmailMessage:
    subject = f"{_OUTLOOK_SUBJECTS[draft.answer.says]}: {draft.request.summary}"
    message = _headers(draft, subject)
    message["Thread-Topic"] = draft.request.summary
    message["Thread-Index"] = "Ad" + draft.digest("thread")[:28]
    message["X-MS-Has-Attach"] = message["X-MS-TNEF-Correlator"] = ""
    message["Accept-Language"] = message["Content-Language"] = "en-US"
    said = draft.answer.comment
    message.set_content(f"{said}\n")
    message.add_alternative(f"<html><head></head><body><p>{said}</p></body></html>\n", subtype="html")
    _add_calendar(message, _folded(_outlook_calendar(draft, subject)), draft.method)
    return message


def _outlook_calendar(draft: Draft, subject: str) -> list[str]:
    request = draft.request
    starts_at, ends_at = _times(draft)
    busy = _BUSY.get(draft.answer.says, "FREE")
    return [
        "BEGIN:VCALENDAR",
        f"METHOD:{draft.method}",
        "PRODID:Microsoft Exchange Server 2010",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        f"ATTENDEE;PARTSTAT={_partstat(draft)};CN={_name(draft)}:MAILTO:{draft.answer.by}",
        f"COMMENT;LANGUAGE=en-US:{_escaped(draft.answer.comment)}\\n",
        f"UID:{request.uid}",
        f"SUMMARY;LANGUAGE=en-US:{_escaped(subject)}",
        f"DTSTART:{_utc(starts_at)}",
        f"DTEND:{_utc(ends_at)}",
        "CLASS:PUBLIC",
        "PRIORITY:5",
        f"DTSTAMP:{_utc(draft.now)}",
        "TRANSP:OPAQUE",
        "STATUS:CONFIRMED",
        f"SEQUENCE:{request.sequence}",
        "LOCATION;LANGUAGE=en-US:",
        f"X-MICROSOFT-CDO-APPT-SEQUENCE:{request.sequence}",
        f"X-MICROSOFT-CDO-OWNERAPPTID:{int(draft.digest('appointment')[:7], 16)}",
        f"X-MICROSOFT-CDO-BUSYSTATUS:{busy}",
        f"X-MICROSOFT-CDO-INTENDEDSTATUS:{busy}",
        "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE",
        "X-MICROSOFT-CDO-IMPORTANCE:1",
        "X-MICROSOFT-CDO-INSTTYPE:0",
        "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


# Like Gmail: looks automatic, brings the calendar twice, and calls every answer a REPLY in its headers.

_GMAIL_SUBJECTS = {
    Says.ACCEPTED: "Accepted",
    Says.TENTATIVE: "Tentatively Accepted",
    Says.DECLINED: "Declined",
    Says.DELEGATED: "Delegated",
    Says.PROPOSED: "Proposed new time",
}


def _gmail(draft: Draft) -> EmailMessage:
    starts_at, ends_at = _times(draft)
    when = f"{starts_at:%a %d %b %Y %H:%M} - {ends_at:%H:%M} (UTC)"
    what = _GMAIL_SUBJECTS[draft.answer.says]
    message = _headers(draft, f"{what}: {draft.request.summary} @ {when} ({draft.answer.by})")
    message["Reply-To"] = Address(draft.letter.name, addr_spec=draft.answer.by)
    message["Sender"] = Address("Google Calendar", addr_spec="calendar-notification@mail.example")
    message["Auto-Submitted"] = "auto-generated"
    said = f"{draft.letter.name} has answered: {what}\n{draft.answer.comment}\n"
    message.set_content(said)
    message.add_alternative(f"<html><body><p>{said}</p></body></html>\n", subtype="html")
    calendar = _folded(_gmail_calendar(draft))
    _add_calendar(message, calendar, "REPLY")
    message.add_attachment(calendar, maintype="application", subtype="ics", filename="invite.ics")
    return message


def _gmail_calendar(draft: Draft) -> list[str]:
    request = draft.request
    starts_at, ends_at = _times(draft)
    answer = f"ROLE=REQ-PARTICIPANT;PARTSTAT={_partstat(draft)};CN={_name(draft)}"
    comment = f';X-RESPONSE-COMMENT="{_plain(draft.answer.comment)}"' if draft.answer.comment else ""
    return [
        "BEGIN:VCALENDAR",
        "PRODID:-//Google Inc//Google Calendar 70.9054//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        f"METHOD:{draft.method}",
        "BEGIN:VEVENT",
        f"DTSTART:{_utc(starts_at)}",
        f"DTEND:{_utc(ends_at)}",
        f"DTSTAMP:{_utc(draft.now)}",
        f"ORGANIZER;CN={_plain(request.organizer_name)}:mailto:{request.organizer}",
        f"UID:{request.uid}",
        f"ATTENDEE;CUTYPE=INDIVIDUAL;{answer};X-NUM-GUESTS=0{comment}:mailto:{draft.answer.by}",
        f"CREATED:{_utc(draft.letter.received_at)}",
        "DESCRIPTION:",
        f"LAST-MODIFIED:{_utc(draft.now)}",
        "LOCATION:",
        f"SEQUENCE:{request.sequence}",
        "STATUS:CONFIRMED",
        f"SUMMARY:{_escaped(request.summary)}",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


# Like Apple Mail: nothing but the calendar, and lines folded where the octets are, not the characters.


def _apple(draft: Draft) -> EmailMessage:
    message = _headers(draft, f"{_OUTLOOK_SUBJECTS[draft.answer.says]}: {draft.request.summary}")
    calendar = _folded(_apple_calendar(draft), width=70, blind=True)
    params = {"method": draft.method, "charset": "utf-8"}
    message.set_content(calendar, maintype="text", subtype="calendar", cte="quoted-printable", params=params)
    return _with_thread(message, draft)


def _apple_calendar(draft: Draft) -> list[str]:
    request = draft.request
    starts_at, ends_at = _times(draft)
    person = f'CN="{_name(draft)}";CUTYPE=INDIVIDUAL;EMAIL="{draft.answer.by}"'
    comment = [f"COMMENT:{_escaped(draft.answer.comment)}"] if draft.answer.comment else []
    return [
        "BEGIN:VCALENDAR",
        "CALSCALE:GREGORIAN",
        "VERSION:2.0",
        f"METHOD:{draft.method}",
        "PRODID:-//Apple Inc.//macOS 14.5//EN",
        "BEGIN:VEVENT",
        f"UID:{request.uid}",
        *comment,
        f"SEQUENCE:{request.sequence}",
        f"DTSTAMP:{_utc(draft.now)}",
        f"ATTENDEE;{person};PARTSTAT={_partstat(draft)}:mailto:{draft.answer.by}",
        f'ORGANIZER;CN="{_plain(request.organizer_name)}":mailto:{request.organizer}',
        f"DTSTART:{_utc(starts_at)}",
        f"DTEND:{_utc(ends_at)}",
        f"SUMMARY:{_escaped(request.summary)}",
        f"LAST-MODIFIED:{_utc(draft.now)}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


_COMPOSERS: dict[Software, Callable[[Draft], EmailMessage]] = {
    Software.OUTLOOK: _outlook,
    Software.GMAIL: _gmail,
    Software.APPLE: _apple,
}

# What no person wrote


def _out_of_office(draft: Draft) -> EmailMessage:
    message = _headers(draft, f"Automatic reply: {draft.letter.subject}")
    message["Auto-Submitted"] = "auto-replied"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(draft.answer.comment + "\n")
    return _with_thread(message, draft)


_BOUNCE = """\
From: MAILER-DAEMON@{host} (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {sender}
Date: {date}
Message-ID: <{message}@{host}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="{boundary}"
Content-Transfer-Encoding: 8bit

This is a MIME-encapsulated message.

--{boundary}
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host {host}.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<{recipient}>: {diagnostic}

--{boundary}
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; {host}
X-Postfix-Queue-ID: {queue}
X-Postfix-Sender: rfc822; {sender}
Arrival-Date: {date}

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; {diagnostic}

--{boundary}
Content-Description: Undelivered Message
Content-Type: message/rfc822
Content-Transfer-Encoding: 8bit

"""


def _bounce(draft: Draft) -> bytes:
    """Write the report of RFC 3464 as Postfix does: with the whole mail, invitation and all, behind it."""
    boundary = f"{draft.digest('queue')[:10].upper()}.{int(draft.now.timestamp())}/mx.{draft.domain}"
    head = _BOUNCE.format(
        host=f"mx.{draft.domain}",
        sender=draft.request.organizer,
        recipient=draft.letter.recipient,
        date=format_datetime(draft.now),
        message=draft.digest("message"),
        queue=draft.digest("queue")[:10].upper(),
        boundary=boundary,
        diagnostic=draft.answer.comment,
    )
    return head.replace("\n", "\r\n").encode() + draft.letter.content + f"\r\n--{boundary}--\r\n".encode()


# Content lines


def _add_calendar(message: EmailMessage, calendar: bytes, method: str) -> None:
    params = {"charset": "utf-8", "method": method}
    message.add_alternative(calendar, maintype="text", subtype="calendar", cte="base64", params=params)


def _times(draft: Draft) -> tuple[datetime, datetime]:
    """Return start and end; who proposes another time means the same hours of the next day."""
    later = timedelta(days=1) if draft.answer.says is Says.PROPOSED else timedelta()
    return draft.request.starts_at + later, draft.request.ends_at + later


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _partstat(draft: Draft) -> str:
    """Return the answer, and to whom it is delegated; who proposes another time might come to this one."""
    if draft.answer.says is Says.PROPOSED:
        return "TENTATIVE"
    to = f';DELEGATED-TO="mailto:{draft.answer.delegate}"' if draft.answer.delegate else ""
    return draft.answer.says.value.upper() + to


def _name(draft: Draft) -> str:
    return _plain(draft.letter.name)


def _escaped(text: str) -> str:
    """Escape as RFC 5545 section 3.3.11 wants it."""
    return re.sub(r"([\\;,])", r"\\\1", text).replace("\n", "\\n")


def _plain(text: str) -> str:
    """Return a text as the value of a parameter, where some characters cannot stand."""
    return re.sub(r'[";:,\x00-\x1f]', " ", text)


def _folded(lines: list[str], width: int = 75, *, blind: bool = False) -> bytes:
    """Fold lines at ``width`` octets; ``blind`` cuts through characters, as RFC 5545 section 3.1 warns."""
    return b"".join(_fold(line.encode(), width, blind=blind) for line in lines)


def _fold(line: bytes, width: int, *, blind: bool) -> bytes:
    pieces, room = [], width
    while len(line) > room:
        cut = room
        while not blind and line[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(line[:cut])
        line, room = line[cut:], width - 1
    return b"\r\n ".join([*pieces, line]) + b"\r\n"
