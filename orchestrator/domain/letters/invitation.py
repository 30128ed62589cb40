"""The calendar object in a mail: iTIP REQUEST and CANCEL for one recipient.

What is common to a revision is built once with ``icalendar``; a recipient's copy differs in its
ORGANIZER and ATTENDEE lines only, which are spliced in, so that three hundred copies cost little more
than one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from icalendar import Calendar, Event, vText, vUri

from orchestrator.domain.delegations.delegation import Directory, Role
from orchestrator.domain.letters.wording import marked
from orchestrator.domain.meetings.itip import EventStatus, Method
from orchestrator.domain.meetings.meeting import AgendaEntry, Attendee, Meeting, Participation
from orchestrator.domain.time.zones import local_time

PRODID = "-//ACCSM//Meeting Orchestrator//EN"
_END = b"END:VEVENT\r\n"
# With the categories Cc, Cs, Zl and Zp: controls, halves of surrogate pairs, line separators.
_UNWANTED_IN_NAME = re.compile(r"[\";\\^\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
_QUOTABLE = re.compile(r"[,;:’' ]")
_LINE = 74
_SAFE_IN_LOCAL_PART = "!$&'*+-./=^_`{|}~"


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """What the copies of one revision have in common. Instants are aware UTC.

    ``counter`` says whether recipients may propose another time.
    """

    method: Method
    status: EventStatus
    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    organizer_name: str
    organizer_address: str
    join_url: str | None
    counter: bool = True


@dataclass(frozen=True, slots=True)
class CalendarTemplate:
    """The bytes of a revision's calendar before and after the lines that name people."""

    facts: CalendarFacts
    before: bytes
    after: bytes

    @classmethod
    def of(cls, facts: CalendarFacts) -> CalendarTemplate:
        """Build the common part: CRLF line ends, folded at 75 octets (RFC 5545 section 3.1)."""
        calendar = Calendar()
        calendar.add("prodid", PRODID)
        calendar.add("version", "2.0")
        calendar.add("calscale", "GREGORIAN")
        calendar.add("method", facts.method.value)
        calendar.add_component(event_of(facts))
        # A text can hold the mark only behind a fold's space or its property's name, never at the start
        # of a line; and the event is the only component, so its end is the last one.
        before, _, after = calendar.to_ical().rpartition(_END)
        return cls(facts, before, _END + after)

    def copy_for(self, attendee: Attendee, organizer: str | None = None) -> bytes:
        """Return the whole calendar for one recipient, naming the organizer and nobody else.

        ``organizer`` is the address this recipient answers to, when each has one of their own.
        """
        facts = self.facts
        lines = organizer_lines(facts.organizer_name, organizer or facts.organizer_address, facts.method)
        return self.before + lines + attendee_line(attendee, facts.method) + self.after


def event_of(facts: CalendarFacts) -> Event:
    """Return the event, without the lines that name people."""
    event = Event()
    event.add("uid", facts.uid)
    event.add("dtstamp", facts.stamp)
    event.add("dtstart", facts.starts_at)
    event.add("dtend", facts.ends_at)
    event.add("sequence", facts.sequence)
    event.add("status", facts.status.value)
    event.add("summary", CalendarText(facts.summary), encode=False)
    event.add("description", CalendarText(facts.description), encode=False)
    event.add("class", "PUBLIC")
    event.add("transp", "OPAQUE")
    busy = "TENTATIVE" if facts.status is EventStatus.TENTATIVE else "BUSY"
    event.add("x-microsoft-cdo-busystatus", vText(busy))
    event.add("x-microsoft-disallow-counter", vText("FALSE" if facts.counter else "TRUE"))
    if facts.join_url:
        event.add("location", facts.join_url)
        event.add("conference", _conference(facts.join_url), encode=False)
    return event


class CalendarText(vText):
    """A text escaped by RFC 5545 section 3.3.11 and nothing more.

    ``icalendar`` takes a backslash before a capital N for a line break, also in a text.
    """

    def to_ical(self) -> bytes:
        """Return the escaped text."""
        text = str(self).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n").encode()


def description(meeting: Meeting, directory: Directory, join_url: str | None) -> str:
    """Return the text of a calendar entry; the same for everybody, so it names the host's time."""
    start = local_time(meeting.starts_at, directory.host_place(meeting.host, meeting.zone, meeting.starts_at))
    agenda = [line for item in meeting.agenda for line in _agenda_lines(item, directory)]
    blocks = [
        meeting.title_en,
        f"Join the meeting:\n{join_url}" if join_url else "",
        f"Host time: {start}",
        "Agenda:\n" + "\n".join(agenda) if agenda else "",
        f"Contact: {meeting.coordinator_name}, {meeting.coordinator_email}",
    ]
    return "\n\n".join(block for block in blocks if block)


def _agenda_lines(item: AgendaEntry, directory: Directory) -> Iterator[str]:
    lead = f" ({lead_words(item.lead, directory)})" if item.lead else ""
    yield f"{item.number}. {item.en}{lead}"
    yield from (f"   – {point}" for point in item.points)


def lead_words(code: str, directory: Directory) -> str:
    """Return who leads an item of the agenda, in words."""
    return marked("all delegations") if code == "all" else directory.get(code).name


def _conference(join_url: str) -> vUri:
    """RFC 7986 section 5.11; clients that know it show a join button."""
    uri = vUri(join_url)
    uri.params["VALUE"] = "URI"
    uri.params["FEATURE"] = ["AUDIO", "VIDEO"]
    uri.params["LABEL"] = "Join the meeting"
    return uri


def organizer_lines(name: str, address: str, method: Method) -> bytes:
    """Return the ORGANIZER line, and in a REQUEST the organizer's own ATTENDEE line, each with its end.

    Several calendars show an organizer only who is among the attendees; both lines hold the same address.
    """
    cn, value = _cn(name, address), mailto(address)
    lines = _folded(f"ORGANIZER;CN={cn}:{value}")
    if method is Method.REQUEST:
        lines += _folded(f"ATTENDEE;CN={cn};CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;ROLE=CHAIR:{value}")
    return lines


def attendee_line(attendee: Attendee, method: Method) -> bytes:
    """Return the folded ATTENDEE content line, with its line end."""
    status = ""
    if method is Method.REQUEST:
        # RFC 5545 section 3.2.5 wants to know to whom, where an attendee has delegated.
        to = f';DELEGATED-TO="{mailto(attendee.delegated_to)}"' if attendee.delegated_to else ""
        status = f"{to};PARTSTAT={attendee.participation.value}"
    role = "OPT-PARTICIPANT" if attendee.role is Role.OBSERVER else "REQ-PARTICIPANT"
    asks = method is Method.REQUEST and attendee.participation is Participation.NEEDS_ACTION
    rsvp = ";RSVP=TRUE" if asks else ""
    params = f"CN={_cn(attendee.name, attendee.email)};CUTYPE=INDIVIDUAL{status};ROLE={role}{rsvp}"
    return _folded(f"ATTENDEE;{params}:{mailto(attendee.email)}")


def _cn(name: str, address: str) -> str:
    cleaned = common_name(name) or common_name(address)
    return f'"{cleaned}"' if _QUOTABLE.search(cleaned) else cleaned


def _folded(line: str) -> bytes:
    """Fold where ``icalendar`` does: every 74 octets, never within a character."""
    octets, pieces, start = line.encode(), [], 0
    while len(octets) - start > _LINE:
        end = start + _LINE
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(octets[start:end])
        start = end
    return b"\r\n ".join([*pieces, octets[start:]]) + b"\r\n"


def mailto(address: str) -> str:
    """Return the bare ``mailto:`` URI of an address (RFC 6047 section 2.3, RFC 6068)."""
    local, _, domain = address.rpartition("@")
    return f"mailto:{quote(local, safe=_SAFE_IN_LOCAL_PART)}@{domain}"


def common_name(name: str) -> str:
    """Return ``name`` fit for a CN parameter.

    Quotes, semicolons and control characters go: several clients show the escapes of RFC 6868
    literally, and one cuts a quoted CN at a semicolon. Joiners stay, for Khmer and Burmese need them.
    """
    return " ".join(_UNWANTED_IN_NAME.sub(" ", name).split())
