"""How different software writes an answer.

Outlook on Exchange: no ORGANIZER, no thread, its own properties, the answer before the title. Gmail: looks
automatic, brings the calendar twice, and calls every answer a REPLY in its headers. Apple Mail: nothing but
the calendar, and lines folded where the octets are, not the characters.
"""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage

from integrations.sandbox.drafts import (
    Draft,
    Says,
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

_OUTLOOK_SUBJECTS = {
    Says.ACCEPTED: "Accepted",
    Says.TENTATIVE: "Tentative",
    Says.DECLINED: "Declined",
    Says.DELEGATED: "Delegated",
    Says.PROPOSED: "New Time Proposed",
}
_BUSY = {Says.ACCEPTED: "BUSY", Says.TENTATIVE: "TENTATIVE", Says.PROPOSED: "TENTATIVE"}


def outlook(draft: Draft) -> EmailMessage:
    """Write the answer as Outlook on Exchange does."""
    subject = f"{_OUTLOOK_SUBJECTS[draft.answer.says]}: {draft.request.summary}"
    message = headers(draft, subject)
    message["Thread-Topic"] = draft.request.summary
    message["Thread-Index"] = "Ad" + draft.digest("thread")[:28]
    message["X-MS-Has-Attach"] = message["X-MS-TNEF-Correlator"] = ""
    message["Accept-Language"] = message["Content-Language"] = "en-US"
    said = draft.answer.comment
    message.set_content(f"{said}\n")
    message.add_alternative(f"<html><head></head><body><p>{said}</p></body></html>\n", subtype="html")
    add_calendar(message, folded(_outlook_calendar(draft, subject)), draft.method)
    return message


def _outlook_calendar(draft: Draft, subject: str) -> list[str]:
    request = draft.request
    starts_at, ends_at = times(draft)
    busy = _BUSY.get(draft.answer.says, "FREE")
    return [
        "BEGIN:VCALENDAR",
        f"METHOD:{draft.method}",
        "PRODID:Microsoft Exchange Server 2010",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        f"ATTENDEE;PARTSTAT={partstat(draft)};CN={author(draft)}:MAILTO:{draft.answer.by}",
        f"COMMENT;LANGUAGE=en-US:{escaped(draft.answer.comment)}\\n",
        f"UID:{request.uid}",
        f"SUMMARY;LANGUAGE=en-US:{escaped(subject)}",
        f"DTSTART:{utc(starts_at)}",
        f"DTEND:{utc(ends_at)}",
        "CLASS:PUBLIC",
        "PRIORITY:5",
        f"DTSTAMP:{utc(draft.now)}",
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


_GMAIL_SUBJECTS = {
    Says.ACCEPTED: "Accepted",
    Says.TENTATIVE: "Tentatively Accepted",
    Says.DECLINED: "Declined",
    Says.DELEGATED: "Delegated",
    Says.PROPOSED: "Proposed new time",
}


def gmail(draft: Draft) -> EmailMessage:
    """Write the answer as Gmail does."""
    starts_at, ends_at = times(draft)
    when = f"{starts_at:%a %d %b %Y %H:%M} - {ends_at:%H:%M} (UTC)"
    what = _GMAIL_SUBJECTS[draft.answer.says]
    message = headers(draft, f"{what}: {draft.request.summary} @ {when} ({draft.answer.by})")
    message["Reply-To"] = Address(draft.letter.name, addr_spec=draft.answer.by)
    message["Sender"] = Address("Google Calendar", addr_spec="calendar-notification@mail.example")
    message["Auto-Submitted"] = "auto-generated"
    said = f"{draft.letter.name} has answered: {what}\n{draft.answer.comment}\n"
    message.set_content(said)
    message.add_alternative(f"<html><body><p>{said}</p></body></html>\n", subtype="html")
    calendar = folded(_gmail_calendar(draft))
    add_calendar(message, calendar, "REPLY")
    message.add_attachment(calendar, maintype="application", subtype="ics", filename="invite.ics")
    return message


def _gmail_calendar(draft: Draft) -> list[str]:
    request = draft.request
    starts_at, ends_at = times(draft)
    answer = f"ROLE=REQ-PARTICIPANT;PARTSTAT={partstat(draft)};CN={author(draft)}"
    comment = f';X-RESPONSE-COMMENT="{plain(draft.answer.comment)}"' if draft.answer.comment else ""
    return [
        "BEGIN:VCALENDAR",
        "PRODID:-//Google Inc//Google Calendar 70.9054//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        f"METHOD:{draft.method}",
        "BEGIN:VEVENT",
        f"DTSTART:{utc(starts_at)}",
        f"DTEND:{utc(ends_at)}",
        f"DTSTAMP:{utc(draft.now)}",
        f"ORGANIZER;CN={plain(request.organizer_name)}:mailto:{request.organizer}",
        f"UID:{request.uid}",
        f"ATTENDEE;CUTYPE=INDIVIDUAL;{answer};X-NUM-GUESTS=0{comment}:mailto:{draft.answer.by}",
        f"CREATED:{utc(draft.letter.received_at)}",
        "DESCRIPTION:",
        f"LAST-MODIFIED:{utc(draft.now)}",
        "LOCATION:",
        f"SEQUENCE:{request.sequence}",
        "STATUS:CONFIRMED",
        f"SUMMARY:{escaped(request.summary)}",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def apple(draft: Draft) -> EmailMessage:
    """Write the answer as Apple Mail does."""
    message = headers(draft, f"{_OUTLOOK_SUBJECTS[draft.answer.says]}: {draft.request.summary}")
    calendar = folded(_apple_calendar(draft), width=70, blind=True)
    params = {"method": draft.method, "charset": "utf-8"}
    message.set_content(calendar, maintype="text", subtype="calendar", cte="quoted-printable", params=params)
    return with_thread(message, draft)


def _apple_calendar(draft: Draft) -> list[str]:
    request = draft.request
    starts_at, ends_at = times(draft)
    person = f'CN="{author(draft)}";CUTYPE=INDIVIDUAL;EMAIL="{draft.answer.by}"'
    comment = [f"COMMENT:{escaped(draft.answer.comment)}"] if draft.answer.comment else []
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
        f"DTSTAMP:{utc(draft.now)}",
        f"ATTENDEE;{person};PARTSTAT={partstat(draft)}:mailto:{draft.answer.by}",
        f'ORGANIZER;CN="{plain(request.organizer_name)}":mailto:{request.organizer}',
        f"DTSTART:{utc(starts_at)}",
        f"DTEND:{utc(ends_at)}",
        f"SUMMARY:{escaped(request.summary)}",
        f"LAST-MODIFIED:{utc(draft.now)}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
