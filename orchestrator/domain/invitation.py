"""The calendar object in a mail: iTIP REQUEST and CANCEL for one recipient.

What is common to a revision is built once with ``icalendar``; a recipient's copy differs in its
ATTENDEE line only, which is spliced in, so that three hundred copies cost little more than one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from unicodedata import category
from urllib.parse import quote

from icalendar import Calendar, Event, vCalAddress, vText, vUri
from icalendar.parser import Contentline

from orchestrator.domain.delegation import Role
from orchestrator.domain.meeting import Attendee, Participation

PRODID = "-//ACCSM//Meeting Orchestrator//EN"
_MARK = "mailto:recipient@invalid"
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_SAFE_IN_LOCAL_PART = "!$&'*+-./=^_`{|}~"


class Method(StrEnum):
    """The iTIP method, in the calendar and in the MIME type alike (RFC 6047 section 2.4)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """What the copies of one revision have in common. Instants are aware UTC."""

    method: Method
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


@dataclass(frozen=True, slots=True)
class CalendarTemplate:
    """The bytes of a revision's calendar before and after the recipient's ATTENDEE line."""

    method: Method
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
        calendar.add_component(_event(facts))
        # With the line end before it, the mark cannot be met inside a text, not even at a fold.
        before, mark, after = calendar.to_ical().partition(f"\r\nATTENDEE:{_MARK}\r\n".encode())
        if not mark:
            raise ValueError("the calendar has no place for the recipient")
        return cls(facts.method, before + b"\r\n", after)

    def copy_for(self, attendee: Attendee) -> bytes:
        """Return the whole calendar for one recipient, naming the organizer and nobody else."""
        return self.before + attendee_line(attendee, self.method) + b"\r\n" + self.after


def _event(facts: CalendarFacts) -> Event:
    event = Event()
    event.add("uid", facts.uid)
    event.add("dtstamp", facts.stamp)
    event.add("dtstart", facts.starts_at)
    event.add("dtend", facts.ends_at)
    event.add("sequence", facts.sequence)
    event.add("status", "CANCELLED" if facts.method is Method.CANCEL else "CONFIRMED")
    event.add("summary", facts.summary)
    event.add("description", facts.description)
    event.add("class", "PUBLIC")
    event.add("transp", "OPAQUE")
    event.add("x-microsoft-cdo-busystatus", vText("BUSY"))
    organizer = vCalAddress(mailto(facts.organizer_address))
    organizer.params["CN"] = common_name(facts.organizer_name)
    event.add("organizer", organizer, encode=False)
    event.add("attendee", vCalAddress(_MARK), encode=False)
    if facts.join_url:
        event.add("location", facts.join_url)
        event.add("conference", _conference(facts.join_url), encode=False)
    return event


def _conference(join_url: str) -> vUri:
    """RFC 7986 section 5.11; clients that know it show a join button."""
    uri = vUri(join_url)
    uri.params["VALUE"] = "URI"
    uri.params["FEATURE"] = ["AUDIO", "VIDEO"]
    uri.params["LABEL"] = "Join the meeting"
    return uri


def attendee_line(attendee: Attendee, method: Method) -> bytes:
    """Return the folded ATTENDEE content line, without its line end."""
    address = vCalAddress(mailto(attendee.email))
    params = address.params
    params["CN"] = common_name(attendee.name)
    params["CUTYPE"] = "INDIVIDUAL"
    params["ROLE"] = "OPT-PARTICIPANT" if attendee.role is Role.OBSERVER else "REQ-PARTICIPANT"
    if method is Method.REQUEST:
        params["PARTSTAT"] = attendee.participation.value
        if attendee.participation is Participation.NEEDS_ACTION:
            params["RSVP"] = "TRUE"
    return bytes(Contentline.from_parts("ATTENDEE", params, address).to_ical())


def mailto(address: str) -> str:
    """Return the bare ``mailto:`` URI of an address (RFC 6047 section 2.3, RFC 6068)."""
    local, _, domain = address.rpartition("@")
    return f"mailto:{quote(local, safe=_SAFE_IN_LOCAL_PART)}@{domain}"


def common_name(name: str) -> str:
    """Return ``name`` fit for a CN parameter.

    Quotes, semicolons and control characters go: several clients show the escapes of RFC 6868
    literally, and one cuts a quoted CN at a semicolon. Joiners stay, for Khmer and Burmese need them.
    """
    kept = "".join(" " if char in '";\\^' or category(char) in _CONTROLS else char for char in name)
    return " ".join(kept.split())
