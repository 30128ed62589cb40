"""Calendars to look at and not to answer: one meeting as a file, and all meetings of a person as a feed.

Both are METHOD:PUBLISH (RFC 5546 section 3.2.1), which posts events without asking anything: a REQUEST
imported from a file makes several calendars send replies, at times from an address that was never
invited, or take the organizer's part. PUBLISH names its ORGANIZER and must name no ATTENDEE, so neither
says who else is invited. The event itself is made by the same function as that of the mails.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from icalendar import Calendar, Event, vCalAddress, vText

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.letters.invitation import (
    NO_LONGER_INVITED,
    PRODID,
    CalendarFacts,
    CalendarText,
    cancelled_description,
    common_name,
    contact,
    description,
    event_of,
    mailto,
    summary,
)
from orchestrator.domain.letters.message import NamedAddress
from orchestrator.domain.meetings.itip import EventStatus, Method
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation
from orchestrator.domain.meetings.revision import cancel_to, request_to

REFRESH = timedelta(hours=1)
"""How often a subscribed calendar is asked to look again."""


class Busy(StrEnum):
    """What an event does to its owner's time, in the words of X-MICROSOFT-CDO-BUSYSTATUS."""

    FREE = "FREE"
    TENTATIVE = "TENTATIVE"
    BUSY = "BUSY"


@dataclass(frozen=True, slots=True)
class LastTold:
    """What a person who is no longer invited had been told last. Instants are aware UTC."""

    title: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One event of a feed: what it says, and what it does to its owner's time."""

    facts: CalendarFacts
    busy: Busy


def meeting_file(facts: CalendarFacts) -> bytes:
    """Return one meeting as a calendar to import: CRLF line ends, folded at 75 octets."""
    calendar = _calendar()
    calendar.add_component(_event(facts))
    return bytes(calendar.to_ical())


def feed(name: str, entries: Iterable[FeedEntry]) -> bytes:
    """Return a calendar called ``name`` to subscribe to (RFC 7986 sections 5.1 and 5.7)."""
    calendar = _calendar()
    calendar.add("name", CalendarText(name), encode=False)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    # Outlook and Apple read the older names of the same two things.
    calendar.add("x-wr-calname", CalendarText(name), encode=False)
    calendar.add("x-published-ttl", vText("PT1H"))
    for entry in entries:
        event = _event(entry.facts)
        event["TRANSP"] = vText("TRANSPARENT" if entry.busy is Busy.FREE else "OPAQUE")
        event["X-MICROSOFT-CDO-BUSYSTATUS"] = vText(entry.busy.value)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def facts_of(
    meeting: Meeting,
    attendee: Attendee,
    directory: Directory,
    organizer: NamedAddress,
    told: LastTold | None = None,
) -> CalendarFacts:
    """Return what an attendee's calendar should say of a meeting, numbered as the mails to them are.

    ``organizer`` is the ORGANIZER, the same as in the mails. Of a meeting that a person was removed from, no
    more is said than they were ``told`` before.
    """
    over = meeting.status is MeetingStatus.CANCELLED or not attendee.invited
    message = cancel_to(meeting, attendee) if over else request_to(meeting, attendee)
    removed = told if not attendee.invited else None
    join_url = None if over else meeting.join_url
    return CalendarFacts(
        method=Method.REQUEST,
        status=message.status,
        uid=meeting.uid or "",
        sequence=message.sequence,
        stamp=message.stamp,
        starts_at=removed.starts_at if removed else meeting.starts_at,
        ends_at=removed.ends_at if removed else meeting.ends_at,
        summary=removed.title if removed else summary(meeting),
        description=_description(meeting, attendee, directory, join_url),
        organizer_name=organizer.name,
        organizer_address=organizer.address,
        join_url=join_url,
        location=meeting.where.line,
        contact=contact(meeting),
    )


def _description(meeting: Meeting, attendee: Attendee, directory: Directory, join_url: str | None) -> str:
    if not attendee.invited:
        return NO_LONGER_INVITED
    if meeting.status is MeetingStatus.CANCELLED:
        return cancelled_description(meeting, directory)
    return description(meeting, directory, join_url)


def entry_of(facts: CalendarFacts, answer: Participation, told: str) -> FeedEntry:
    """Return a feed's event that shows its owner's ``answer``, which ``told`` says in words.

    PUBLISH has no ATTENDEE and so no PARTSTAT: the answer is told by STATUS, by the time that the event
    takes up, and in words. Who declined, or sends another person, keeps the time free.
    """
    if facts.status is EventStatus.CANCELLED:
        return FeedEntry(facts, Busy.FREE)
    status = EventStatus.TENTATIVE if answer is Participation.TENTATIVE else facts.status
    said = f"{facts.description}\n\n{told}"
    return FeedEntry(replace(facts, status=status, description=said), _BUSY.get(answer, Busy.TENTATIVE))


_BUSY = {
    Participation.ACCEPTED: Busy.BUSY,
    Participation.DECLINED: Busy.FREE,
    Participation.DELEGATED: Busy.FREE,
}


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    return calendar


def _event(facts: CalendarFacts) -> Event:
    found = event_of(facts)
    # Nobody answers what only shows a time: neither with another one, nor with how it is to be shown then.
    found.pop("X-MICROSOFT-DISALLOW-COUNTER", None)
    found.pop("X-MICROSOFT-CDO-INTENDEDSTATUS", None)
    organizer = vCalAddress(mailto(facts.organizer_address))
    organizer.params["CN"] = common_name(facts.organizer_name)
    found.add("organizer", organizer)
    return found
