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
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.meetings.itip import EventStatus, Method
from orchestrator.domain.meetings.meeting import AgendaEntry, Attendee, Meeting, MeetingStatus
from orchestrator.domain.meetings.place import Where
from orchestrator.domain.meetings.points import Point
from orchestrator.domain.people.addresses import in_a_labels
from orchestrator.domain.time.zones import local_time

PRODID = "-//ACCSM//Meeting Orchestrator//EN"
_END = b"END:VEVENT\r\n"
# With the categories Cc, Cs, Zl and Zp: controls, halves of surrogate pairs, line separators.
_UNWANTED_IN_NAME = re.compile(r"[\";\\^\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
_QUOTABLE = re.compile(r"[,;:’' ]")
_LINE = 74
_SAVE_THE_DATE = "Save the date: no reply is needed now."
_CANCELLED = "This meeting is cancelled and will not take place."
NO_LONGER_INVITED = "The list of participants has been changed, and your name is not on it any more."
_TAKES_PLACE = "The meeting itself takes place as planned."
# RFC 6068 section 2: of what an address of ours may hold, "/" and "?" are general delimiters, "&", "=" and
# ";" have a meaning in a mailto URI, and "^", "`", "{", "|" and "}" are no characters of a URI at all.
_SAFE_IN_LOCAL_PART = "!$'*+-._~"


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """What the copies of one revision have in common. Instants are aware UTC.

    ``status`` is ``None`` in the CANCEL to one person who was removed from a meeting that goes on: nothing
    is cancelled but their part in it (RFC 5546 section 3.2.5). The organizer is who owns the address, for
    mail programs remember the name beside it; ``contact`` is whom to ask. ``counter`` says whether
    recipients may propose another time. ``location`` is the venue; without one, people meet at ``join_url``.
    """

    method: Method
    status: EventStatus | None
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
    contact: str = ""
    location: str = ""

    @property
    def takes_place(self) -> bool:
        """Whether the recipient has something to come to."""
        return self.method is not Method.CANCEL and self.status is not EventStatus.CANCELLED

    @property
    def asks(self) -> bool:
        """Whether an answer is wanted: of everybody in a confirmed REQUEST, answered already or not.

        Outlook reads a missing RSVP as "no response requested" and sends no later change of mind (MS-OXOCAL
        section 2.2.2.43, RFC 5545 section 3.2.17). A save-the-date asks for no answer.
        """
        return self.method is Method.REQUEST and self.status is EventStatus.CONFIRMED


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
        address = organizer or self.facts.organizer_address
        lines = _organizer_lines(self.facts, address) + _attendee_line(attendee, self.facts)
        return self.before + lines + self.after


def event_of(facts: CalendarFacts) -> Event:
    """Return the event, without the lines that name people."""
    event = Event()
    event.add("uid", facts.uid)
    event.add("dtstamp", facts.stamp)
    event.add("dtstart", facts.starts_at)
    event.add("dtend", facts.ends_at)
    event.add("sequence", facts.sequence)
    if facts.status is not None:
        event.add("status", facts.status.value)
    event.add("summary", CalendarText(facts.summary), encode=False)
    event.add("description", CalendarText(facts.description), encode=False)
    if facts.contact:
        event.add("contact", CalendarText(facts.contact), encode=False)
    event.add("class", "PUBLIC")
    _add_busy_time(event, facts)
    if facts.takes_place:
        event.add("x-microsoft-disallow-counter", vText("FALSE" if facts.counter else "TRUE"))
        if facts.location:
            event.add("location", CalendarText(facts.location), encode=False)
        elif facts.join_url:
            event.add("location", facts.join_url)
        if facts.join_url:
            event.add("conference", _conference(facts.join_url), encode=False)
    return event


def _add_busy_time(event: Event, facts: CalendarFacts) -> None:
    """Say what the event does to its owner's time; what is cancelled frees it (MS-OXOCAL 3.1.4.9.1).

    Exchange shows BUSYSTATUS until the recipient has answered, and INTENDEDSTATUS from then on.
    """
    busy = "TENTATIVE" if facts.status is EventStatus.TENTATIVE else "BUSY"
    if not facts.takes_place:
        busy = "FREE"
    event.add("transp", "OPAQUE" if facts.takes_place else "TRANSPARENT")
    event.add("x-microsoft-cdo-busystatus", vText(busy))
    event.add("x-microsoft-cdo-intendedstatus", vText(busy))


class CalendarText(vText):
    """A text escaped by RFC 5545 section 3.3.11 and nothing more.

    ``icalendar`` takes a backslash before a capital N for a line break, also in a text.
    """

    def to_ical(self) -> bytes:
        """Return the escaped text."""
        text = str(self).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n").encode()


def summary(meeting: Meeting) -> str:
    """Return the title of a calendar entry.

    No client's card shows STATUS, so that a save-the-date has to say in words what it is.
    """
    announced = meeting.tentative and meeting.status is not MeetingStatus.CANCELLED
    return f"Save the date: {meeting.title_en}" if announced else meeting.title_en


def description(meeting: Meeting, directory: Directory, join_url: str | None) -> str:
    """Return the text of a calendar entry; the same for everybody, so it names the host's time."""
    agenda = [line for item in meeting.agenda for line in _agenda_lines(item, directory)]
    return _blocks(
        _SAVE_THE_DATE if meeting.tentative else "",
        _titles(meeting, directory),
        *_venue(meeting.where),
        f"Join the meeting:\n{join_url}" if join_url else "",
        _host_time(meeting, directory),
        "Agenda:\n" + "\n".join(agenda) if agenda else "",
        f"Contact: {contact(meeting)}",
    )


def cancelled_description(meeting: Meeting, directory: Directory) -> str:
    """Return the text of an entry whose meeting does not take place.

    It holds nothing that goes on changing after the cancellation: no link, which is taken down at the same
    time, and no agenda.
    """
    return _blocks(
        _CANCELLED,
        _titles(meeting, directory),
        _host_time(meeting, directory),
        f"Contact: {contact(meeting)}",
    )


def removed_description(meeting: Meeting) -> str:
    """Return the text of an entry whose owner has been removed; of the meeting it says no more than is so."""
    goes_on = _TAKES_PLACE if meeting.status is MeetingStatus.PUBLISHED else ""
    return _blocks(NO_LONGER_INVITED, goes_on, f"Contact: {contact(meeting)}")


def _titles(meeting: Meeting, directory: Directory) -> str:
    """Return the title in English and, below it, in the language of the host, where it is known in that."""
    own = meeting.title_vi if directory.get(meeting.host).locale.startswith("vi") else None
    return f"{meeting.title_en}\n{own}" if own else meeting.title_en


def contact(meeting: Meeting) -> str:
    """Return whom to ask about a meeting (CONTACT, RFC 5545 section 3.8.4.2)."""
    return f"{meeting.coordinator_name}, {meeting.coordinator_email}"


def _venue(where: Where) -> Iterator[str]:
    """Where to come to, how to get there, and whom to call; nothing of a meeting over the internet."""
    if where.venue is None:
        return
    yield "Venue:\n" + "\n".join(where.lines)
    if where.venue.arrivals:
        yield f"Arrivals: {where.venue.arrivals}"
    if where.venue.emergency:
        yield f"Emergency number: {where.venue.emergency}"


def _blocks(*blocks: str) -> str:
    return "\n\n".join(block for block in blocks if block)


def _host_time(meeting: Meeting, directory: Directory) -> str:
    place = host_place(meeting, directory, meeting.starts_at)
    clock = "Time at the venue" if meeting.where.clock else "Host time"
    return f"{clock}: {local_time(meeting.starts_at, place)}"


def _agenda_lines(item: AgendaEntry, directory: Directory) -> Iterator[str]:
    lead = f" ({lead_words(item.lead, directory)})" if item.lead else ""
    yield f"{item.number}. {item.en}{lead}"
    yield from (f"   – {_point(point)}" for point in item.points)


def _point(point: Point) -> str:
    return f"{point.text} (open)" if point.is_open else point.text


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


def _organizer_lines(facts: CalendarFacts, address: str) -> bytes:
    """Return the ORGANIZER line, and the organizer's own ATTENDEE line, each with its end.

    Several calendars show an organizer only who is among the attendees; both lines hold the same address.
    The CANCEL to one who was removed names only them.
    """
    cn, value = _cn(facts.organizer_name, address), mailto(address)
    lines = _folded(f"ORGANIZER;CN={cn}:{value}")
    if facts.status is not None:
        lines += _folded(f"ATTENDEE;CN={cn};CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;ROLE=CHAIR:{value}")
    return lines


def _attendee_line(attendee: Attendee, facts: CalendarFacts) -> bytes:
    """Return the recipient's folded ATTENDEE line with its end; PARTSTAT is the stored answer."""
    # RFC 5545 section 3.2.5 wants to know to whom, where an attendee has delegated.
    to = f';DELEGATED-TO="{mailto(attendee.delegated_to)}"' if attendee.delegated_to else ""
    role = "OPT-PARTICIPANT" if attendee.role is Role.OBSERVER else "REQ-PARTICIPANT"
    rsvp = f";RSVP={'TRUE' if facts.asks else 'FALSE'}" if facts.method is Method.REQUEST else ""
    answer = f"{to};PARTSTAT={attendee.participation.value}"
    params = f"CN={_cn(attendee.name, attendee.email)};CUTYPE=INDIVIDUAL{answer};ROLE={role}{rsvp}"
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
    """Return the bare ``mailto:`` URI of an address (RFC 6047 section 2.3, RFC 6068 section 2).

    A domain in another script stands in A-labels, which every program understands. What is no domain is
    percent-encoded, for a page shows addresses that others have written.
    """
    local, _, domain = address.rpartition("@")
    return f"mailto:{quote(local, safe=_SAFE_IN_LOCAL_PART)}@{quote(in_a_labels(domain) or domain)}"


def common_name(name: str) -> str:
    """Return ``name`` fit for a CN parameter.

    Quotes, semicolons and control characters go: several clients show the escapes of RFC 6868
    literally, and one cuts a quoted CN at a semicolon. Joiners stay, for Khmer and Burmese need them.
    """
    return " ".join(_UNWANTED_IN_NAME.sub(" ", name).split())
