"""How different software writes an answer.

Outlook on Exchange: no ORGANIZER, no thread, its own properties, the answer before the title. Gmail: looks
automatic, brings the calendar twice, and calls every answer a REPLY in its headers. Apple Mail: nothing but
the calendar, and lines folded where the octets are, not the characters.
"""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage

from integrations.sandbox.writing import (
    Says,
    Writing,
    add_calendar,
    author,
    escaped,
    folded,
    headers,
    partstat,
    plain,
    times,
    utc,
    with_thread,
)
from orchestrator.domain.letters.invitation import mailto

_OUTLOOK_SUBJECTS = {
    Says.ACCEPTED: "Accepted",
    Says.TENTATIVE: "Tentative",
    Says.DECLINED: "Declined",
    Says.DELEGATED: "Delegated",
    Says.PROPOSED: "New Time Proposed",
}
_BUSY = {Says.ACCEPTED: "BUSY", Says.TENTATIVE: "TENTATIVE", Says.PROPOSED: "TENTATIVE"}


def outlook(writing: Writing) -> EmailMessage:
    """Write the answer as Outlook on Exchange does."""
    subject = f"{_OUTLOOK_SUBJECTS[writing.answer.says]}: {writing.request.summary}"
    message = headers(writing, subject)
    message["Thread-Topic"] = writing.request.summary
    message["Thread-Index"] = "Ad" + writing.digest("thread")[:28]
    message["X-MS-Has-Attach"] = message["X-MS-TNEF-Correlator"] = ""
    message["Accept-Language"] = message["Content-Language"] = "en-US"
    said = writing.answer.comment
    message.set_content(f"{said}\n")
    message.add_alternative(f"<html><head></head><body><p>{said}</p></body></html>\n", subtype="html")
    add_calendar(message, folded(_outlook_calendar(writing, subject)), writing.method)
    return message


def _outlook_calendar(writing: Writing, subject: str) -> list[str]:
    request = writing.request
    starts_at, ends_at = times(writing)
    busy = _BUSY.get(writing.answer.says, "FREE")
    return [
        "BEGIN:VCALENDAR",
        f"METHOD:{writing.method}",
        "PRODID:Microsoft Exchange Server 2010",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        f"ATTENDEE;PARTSTAT={partstat(writing)};CN={author(writing)}:MAILTO:{writing.answer.by}",
        f"COMMENT;LANGUAGE=en-US:{escaped(writing.answer.comment)}\\n",
        f"UID:{request.uid}",
        f"SUMMARY;LANGUAGE=en-US:{escaped(subject)}",
        f"DTSTART:{utc(starts_at)}",
        f"DTEND:{utc(ends_at)}",
        "CLASS:PUBLIC",
        "PRIORITY:5",
        f"DTSTAMP:{utc(writing.now)}",
        "TRANSP:OPAQUE",
        "STATUS:CONFIRMED",
        f"SEQUENCE:{request.sequence}",
        "LOCATION;LANGUAGE=en-US:",
        f"X-MICROSOFT-CDO-APPT-SEQUENCE:{request.sequence}",
        f"X-MICROSOFT-CDO-OWNERAPPTID:{int(writing.digest('appointment')[:7], 16)}",
        f"X-MICROSOFT-CDO-BUSYSTATUS:{busy}",
        f"X-MICROSOFT-CDO-INTENDEDSTATUS:{busy}",
        "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE",
        "X-MICROSOFT-CDO-IMPORTANCE:1",
        "X-MICROSOFT-CDO-INSTTYPE:0",
        "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


_GMAIL_SUBJECTS = {
    Says.ACCEPTED: "Accepted",
    Says.TENTATIVE: "Tentatively Accepted",
    Says.DECLINED: "Declined",
    Says.DELEGATED: "Delegated",
    Says.PROPOSED: "Proposed new time",
}


def gmail(writing: Writing) -> EmailMessage:
    """Write the answer as Gmail does."""
    starts_at, ends_at = times(writing)
    when = f"{starts_at:%a %d %b %Y %H:%M} - {ends_at:%H:%M} (UTC)"
    what = _GMAIL_SUBJECTS[writing.answer.says]
    message = headers(writing, f"{what}: {writing.request.summary} @ {when} ({writing.answer.by})")
    message["Reply-To"] = Address(writing.letter.name, addr_spec=writing.answer.by)
    message["Sender"] = Address("Google Calendar", addr_spec="calendar-notification@mail.example")
    message["Auto-Submitted"] = "auto-generated"
    said = f"{writing.letter.name} has answered: {what}\n{writing.answer.comment}\n"
    message.set_content(said)
    message.add_alternative(f"<html><body><p>{said}</p></body></html>\n", subtype="html")
    calendar = folded(_gmail_calendar(writing))
    add_calendar(message, calendar, "REPLY")
    message.add_attachment(calendar, maintype="application", subtype="ics", filename="invite.ics")
    return message


def _gmail_calendar(writing: Writing) -> list[str]:
    request = writing.request
    starts_at, ends_at = times(writing)
    answer = f"ROLE=REQ-PARTICIPANT;PARTSTAT={partstat(writing)};CN={author(writing)}"
    comment = f';X-RESPONSE-COMMENT="{plain(writing.answer.comment)}"' if writing.answer.comment else ""
    return [
        "BEGIN:VCALENDAR",
        "PRODID:-//Google Inc//Google Calendar 70.9054//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        f"METHOD:{writing.method}",
        "BEGIN:VEVENT",
        f"DTSTART:{utc(starts_at)}",
        f"DTEND:{utc(ends_at)}",
        f"DTSTAMP:{utc(writing.now)}",
        f"ORGANIZER;CN={plain(request.organizer_name)}:{mailto(request.organizer)}",
        f"UID:{request.uid}",
        f"ATTENDEE;CUTYPE=INDIVIDUAL;{answer};X-NUM-GUESTS=0{comment}:{mailto(writing.answer.by)}",
        f"CREATED:{utc(writing.letter.received_at)}",
        "DESCRIPTION:",
        f"LAST-MODIFIED:{utc(writing.now)}",
        "LOCATION:",
        f"SEQUENCE:{request.sequence}",
        "STATUS:CONFIRMED",
        f"SUMMARY:{escaped(request.summary)}",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def apple(writing: Writing) -> EmailMessage:
    """Write the answer as Apple Mail does."""
    message = headers(writing, f"{_OUTLOOK_SUBJECTS[writing.answer.says]}: {writing.request.summary}")
    calendar = folded(_apple_calendar(writing), width=70, blind=True)
    params = {"method": writing.method, "charset": "utf-8"}
    message.set_content(calendar, maintype="text", subtype="calendar", cte="quoted-printable", params=params)
    return with_thread(message, writing)


def _apple_calendar(writing: Writing) -> list[str]:
    request = writing.request
    starts_at, ends_at = times(writing)
    person = f'CN="{author(writing)}";CUTYPE=INDIVIDUAL;EMAIL="{writing.answer.by}"'
    comment = [f"COMMENT:{escaped(writing.answer.comment)}"] if writing.answer.comment else []
    return [
        "BEGIN:VCALENDAR",
        "CALSCALE:GREGORIAN",
        "VERSION:2.0",
        f"METHOD:{writing.method}",
        "PRODID:-//Apple Inc.//macOS 14.5//EN",
        "BEGIN:VEVENT",
        f"UID:{request.uid}",
        *comment,
        f"SEQUENCE:{request.sequence}",
        f"DTSTAMP:{utc(writing.now)}",
        f"ATTENDEE;{person};PARTSTAT={partstat(writing)}:{mailto(writing.answer.by)}",
        f'ORGANIZER;CN="{plain(request.organizer_name)}":{mailto(request.organizer)}',
        f"DTSTART:{utc(starts_at)}",
        f"DTEND:{utc(ends_at)}",
        f"SUMMARY:{escaped(request.summary)}",
        f"LAST-MODIFIED:{utc(writing.now)}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
