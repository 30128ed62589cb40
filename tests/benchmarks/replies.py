"""Measures how fast replies are taken from a Maildir of 5,000, beside only parsing them.

The whole way of a reply: read from disk, parse, judge, record, replan the meeting, move to the folder of
processed mails. Beside it, on the same bytes in memory: reading them with our own parser, and with
``email`` and ``icalendar``.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from icalendar import Calendar

from config.settings import Settings
from integrations.sandbox.inbox import MaildirMailbox
from orchestrator.bootstrap import Container, inbox_folder
from orchestrator.domain.answers.incoming import read
from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.services.meetings.views import MeetingView
from tests.callers import caller

REPLIES = 5000
ATTENDEES = 500
ROUNDS = 3
ANSWERS = ("ACCEPTED", "TENTATIVE", "DECLINED", "ACCEPTED")


def definition(number: int, size: int) -> MeetingDefinition:
    start = datetime.now(UTC) + timedelta(days=40)
    return MeetingDefinition.of(
        {
            "reference": f"REPLIES-{number}",
            "kind": "som",
            "timeline": "standard",
            "title": "Senior Officials Meeting of many",
            "host": "VN",
            "coordinator": {"name": "Trần Minh Khôi", "email": "coordinator@vn.example.org"},
            "start": f"{start:%Y-%m-%d} 14:00",
            "zone": "Asia/Ho_Chi_Minh",
            "duration": "PT3H",
            "attendees": [
                {
                    "group": "SOM",
                    "delegation": "VN",
                    "name": f"Nguyễn Văn {index}",
                    "email": f"person{number}x{index}@bench.example.org",
                }
                for index in range(size)
            ],
        }
    )


def reply(meeting: MeetingView, email: str, answer: str, number: int) -> bytes:
    """A reply as Outlook and Exchange write it, with text and HTML beside the calendar."""
    calendar = "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "METHOD:REPLY",
            "PRODID:Microsoft Exchange Server 2010",
            "VERSION:2.0",
            "BEGIN:VEVENT",
            f"ATTENDEE;PARTSTAT={answer};CN={email}:MAILTO:{email}",
            "COMMENT;LANGUAGE=en-US:\\n",
            f"UID:{meeting.uid}",
            f"SUMMARY;LANGUAGE=en-US:{answer.title()}: {meeting.title_en}",
            f"DTSTART:{meeting.starts_at:%Y%m%dT%H%M%SZ}",
            f"DTEND:{meeting.ends_at:%Y%m%dT%H%M%SZ}",
            "CLASS:PUBLIC",
            "PRIORITY:5",
            f"DTSTAMP:{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
            "TRANSP:OPAQUE",
            "STATUS:CONFIRMED",
            f"SEQUENCE:{meeting.sequence}",
            "LOCATION;LANGUAGE=en-US:",
            "X-MICROSOFT-CDO-APPT-SEQUENCE:0",
            "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
            "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
            "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE",
            "X-MICROSOFT-CDO-IMPORTANCE:1",
            "X-MICROSOFT-CDO-INSTTYPE:0",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )
    html = "<html><body>" + "<p>&nbsp;</p>" * 40 + "</body></html>"
    return (
        f"Received: from mail{number} by relay; {datetime.now(UTC):%a, %d %b %Y %H:%M:%S} +0000\r\n"
        * 6
        + f"From: Nguyen <{email}>\r\nTo: <meetings@accsm.example>\r\n"
        f"Subject: {answer.title()}: {meeting.title_en}\r\nMessage-ID: <{number}@bench.example.org>\r\n"
        f"Date: {datetime.now(UTC):%a, %d %b %Y %H:%M:%S} +0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="_000_part_"\r\n\r\n'
        '--_000_part_\r\nContent-Type: text/plain; charset="us-ascii"\r\n\r\n\r\n'
        f'--_000_part_\r\nContent-Type: text/html; charset="us-ascii"\r\n\r\n{html}\r\n'
        '--_000_part_\r\nContent-Type: text/calendar; charset="utf-8"; method=REPLY\r\n'
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{calendar}\r\n--_000_part_--\r\n"
    ).encode()


def prepared(container: Container, number: int) -> list[bytes]:
    """Publish enough meetings for 5,000 attendees and return a reply of each."""
    made = []
    for part in range(REPLIES // ATTENDEES):
        wanted = definition(number * 100 + part, ATTENDEES)
        container.meetings.create([wanted], caller=caller("bench"))
        container.meetings.publish(wanted.reference, caller=caller("bench"))
        view = container.reading.meeting(wanted.reference)
        made += [
            reply(view, person.email, ANSWERS[index % 4], len(made) + index)
            for index, person in enumerate(view.attendees)
        ]
    return made


def whole_way(container: Container, mails: list[bytes]) -> float:
    """Return replies per second from the Maildir to all answers recorded."""
    folder = inbox_folder(container.settings)
    MaildirMailbox(folder).check()
    (folder / "new").mkdir(parents=True, exist_ok=True)
    now = int(time.time())
    for index, content in enumerate(mails):
        (folder / "new" / f"{now}.M{index:06d}P1.bench").write_bytes(content)
    inbox = container.inbox
    if inbox is None:
        raise SystemExit("there is no mailbox")
    begun = time.perf_counter()
    count = inbox.read_mailbox()
    seconds = time.perf_counter() - begun
    applied = len(container.incoming.mails()) and count
    if applied != len(mails):
        raise SystemExit(f"only {applied} of {len(mails)} replies were read")
    return len(mails) / seconds


def parsing(mails: list[bytes]) -> float:
    begun = time.perf_counter()
    for content in mails:
        read(content)
    return len(mails) / (time.perf_counter() - begun)


def parsing_with_libraries(mails: list[bytes]) -> float:
    begun = time.perf_counter()
    for content in mails:
        for part in message_from_bytes(content, policy=policy.default).walk():
            if part.get_content_type() == "text/calendar":
                Calendar.from_ical(part.get_payload(decode=True))
    return len(mails) / (time.perf_counter() - begun)


def main() -> None:
    ours: list[float] = []
    parsed: list[float] = []
    library: list[float] = []
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            container = Container(Settings(data_dir=Path(folder)))
            mails = prepared(container, number)
            ours.append(whole_way(container, mails))
            parsed.append(parsing(mails))
            library.append(parsing_with_libraries(mails[::10]))
            container.database.dispose()
    report(*(statistics.median(found) for found in (ours, parsed, library)))


def report(ours: float, parsed: float, library: float) -> None:
    print(f"{REPLIES} replies in a Maildir, one process, SQLite, median of {ROUNDS} rounds")
    print(f"  whole way, read to recorded        {ours:6.0f} replies/s")
    print(f"  only parsing, our own parser       {parsed:6.0f} replies/s, whole way = {ours / parsed:.2f} x")
    print(
        f"  only parsing, email and icalendar  {library:6.0f} replies/s, whole way = {ours / library:.2f} x"
    )


if __name__ == "__main__":
    main()
