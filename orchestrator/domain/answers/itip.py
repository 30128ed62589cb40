"""The calendar in a mail: an iTIP message (RFC 5546), carried by iMIP (RFC 6047) or by TNEF.

The calendar is believed, not the MIME headers around it, and looked for in every part that may hold one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from orchestrator.domain.answers.calendar_times import instant, is_certain, zone_definitions
from orchestrator.domain.answers.content_lines import (
    LARGEST,
    Component,
    Property,
    Unusable,
    clean,
    read_calendars,
    too_large,
)
from orchestrator.domain.answers.headers import MOST_ADDRESSES
from orchestrator.domain.answers.mime import INNER_MAILS, MailPart
from orchestrator.domain.answers.tnef import Tnef, read_tnef
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.time.durations import parse_duration
from orchestrator.facts import Fact

_CALENDAR_KINDS: Final = ("text/calendar", "text/x-vcalendar", "application/ics", "application/calendar")
_TNEF_KINDS: Final = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_ONE_ATTENDEE: Final = frozenset({"REPLY", ""})
"""Methods in which two attendees are an error; a message without method is no better than a REPLY."""
ANSWERS: Final = frozenset({"REPLY", "COUNTER", "REFRESH"})
"""Methods of what an attendee sends to an organizer."""
_OTHERS: Final = frozenset({"VTODO", "VJOURNAL", "VFREEBUSY"})
_NO_UID: Final = Fact.of("answers.no-uid")

_APPLE_COMMENT: Final = "X-CALENDARSERVER-PRIVATE-COMMENT"
_PROPOSED_START = re.compile(
    r"(?:DTSTART(?:;TZID=([^:;]+))?(?:;VALUE=DATE-TIME)?:|^)(\d{8}T\d{6}Z?)", re.IGNORECASE | re.ASCII
)

# With zero bytes between the letters it is UTF-16.
_BEGIN = re.compile(b"\0?".join(bytes([letter]) for letter in b"BEGIN:VCALENDAR"), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CalendarMessage:
    """One iTIP object as found. Instants are aware UTC; addresses are as written, without ``mailto:``.

    ``method`` is that of the calendar itself, and only when it has none that of the MIME part.
    ``attendees`` lists everybody it names; ``attendee`` is the one that it is about, and None when that
    is not one. ``recurrence`` says that it is about one occurrence of a series. ``start_is_certain`` is False
    for a start in a zone of the program's own. ``proposed_start`` is another time proposed in a REPLY.
    """

    method: str
    uid: str
    attendee: str | None = None
    attendee_name: str = ""
    participation: str | None = None
    sequence: int | None = None
    stamp: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    summary: str = ""
    comment: str = ""
    sent_by: str | None = None
    delegated_to: tuple[str, ...] = ()
    delegated_from: tuple[str, ...] = ()
    organizer: str | None = None
    request_status: tuple[str, ...] = ()
    attendees: tuple[str, ...] = ()
    recurrence: bool = False
    start_is_certain: bool = True
    proposed_start: datetime | None = None


Found = tuple[CalendarMessage, Fact | None]
"""A calendar object, and why it cannot be used, if so."""


def find_calendar(parts: Iterable[MailPart], sender: str | None) -> Found | None:
    """Return the calendar object in ``parts`` that counts, and why it cannot be used, if so; None if none.

    That is the answer of an attendee, wherever it stands among other calendars, such as our own invitation
    returned with it; else the first. ``sender`` is the address of the author, as it is compared. Raises
    ``Unusable`` when there is a calendar that no object can be taken from, and no answer.
    """
    found: list[tuple[int, Found]] = []
    unusable: Unusable | None = None
    for rank, part in _calendar_parts(parts):
        try:
            one = _calendar_in(part, sender)
        except Unusable as why:
            unusable = unusable or (None if found else why)
            continue
        if one is not None:
            found.append((rank, one))
    answers = [(rank, one) for rank, one in found if is_answer(one)]
    if answers:
        return _the_answer(answers)
    if unusable is not None:
        raise unusable
    return found[0][1] if found else None


def is_answer(found: Found) -> bool:
    """Whether a calendar object is what an attendee sends to an organizer."""
    return found[0].method in ANSWERS


def _the_answer(answers: list[tuple[int, Found]]) -> Found:
    """Return the first answer that can be used; one that a part of the same kind contradicts cannot."""
    usable = [(rank, one[0]) for rank, one in answers if one[1] is None]
    if not usable:
        return answers[0][1]
    best, message = usable[0]
    who, what = _said(message)
    others = [_said(other) for rank, other in usable if rank == best and other.uid == message.uid]
    contradicted = any(other[0] == who and other[1] != what for other in others)
    return message, Fact.of("answers.two-answers") if contradicted else None


def _said(message: CalendarMessage) -> tuple[str, str | None]:
    return compared(message.attendee or ""), message.participation


def _calendar_parts(parts: Iterable[MailPart]) -> list[tuple[int, MailPart]]:
    """Return the parts that may hold a calendar with their rank: first those that say so, TNEF last."""
    ranked = [(rank, part) for part in parts if (rank := _rank(part)) is not None]
    return sorted(ranked, key=lambda pair: pair[0])


def _rank(part: MailPart) -> int | None:
    if part.kind in _CALENDAR_KINDS:
        return 0 if part.kind == "text/calendar" else 1
    if part.kind.startswith("multipart/") or part.kind in INNER_MAILS:
        return None
    name = part.filename
    if part.kind in _TNEF_KINDS or name == "winmail.dat":
        return 3
    named = name.endswith((".ics", ".vcs", ".ical")) or name in ("invite", "calendar")
    return 2 if named or part.kind == "application/octet-stream" else None


def _calendar_in(part: MailPart, sender: str | None) -> Found | None:
    if len(part.body) > 2 * LARGEST:
        if _rank(part) in (0, 1):
            raise Unusable(too_large())
        return None
    content = part.content()
    if _rank(part) == 3:
        return _from_tnef(content, sender)
    return _from_calendar(content, part.params, sender) if _BEGIN.search(content, 0, 1 << 16) else None


def _from_calendar(content: bytes, params: dict[str, str], sender: str | None) -> Found | None:
    calendars = read_calendars(content, params.get("charset"))
    if not calendars:
        return None
    if len(calendars) > 1:
        raise Unusable(Fact.of("answers.two-calendars"))
    (calendar,) = calendars
    method = calendar.value("METHOD") or clean(params.get("method", ""))
    return _message(calendar, method.upper(), sender)


def _message(calendar: Component, method: str, sender: str | None) -> Found:
    event = _event(calendar)
    people = [person for each in calendar.named("VEVENT") for person in _attendees(each)]
    named = tuple(dict.fromkeys(address for person in people if (address := person.address)))
    person = _answering(event, {_key(person) for person in people}, method, sender)
    definitions = zone_definitions(calendar)
    starts_at = instant(event.first("DTSTART"), definitions)
    organizer = event.first("ORGANIZER")
    message = CalendarMessage(
        method=method,
        uid=event.value("UID"),
        sequence=_sequence(event.value("SEQUENCE")),
        stamp=instant(event.first("DTSTAMP"), definitions),
        starts_at=starts_at,
        ends_at=instant(event.first("DTEND"), definitions) or _after(starts_at, event.value("DURATION")),
        summary=event.value("SUMMARY"),
        comment=_comment(event, person),
        organizer=organizer.address if organizer else None,
        request_status=tuple(clean(found.text, 300) for found in event.all("REQUEST-STATUS")[:10]),
        attendees=named[:MOST_ADDRESSES],
        recurrence=event.first("RECURRENCE-ID") is not None,
        start_is_certain=is_certain(event.first("DTSTART")),
    )
    if person is not None:
        message = replace(_answered_by(message, person), proposed_start=_proposed(person, definitions))
    return message, _why_unusable(calendar, event, people, method)


def _event(calendar: Component) -> Component:
    """Return the meeting itself, before its single occurrences."""
    events = calendar.named("VEVENT")
    if not events:
        others = any(component.name in _OTHERS for component in calendar.components)
        raise Unusable(
            Fact.of("answers.no-meeting") if others else Fact.of("answers.calendar-without-meeting")
        )
    if len({event.value("UID") for event in events}) > 1:
        raise Unusable(Fact.of("answers.two-meetings"))
    whole = [event for event in events if event.first("RECURRENCE-ID") is None]
    if len(whole) > 1:
        raise Unusable(Fact.of("answers.meeting-twice"))
    return whole[0] if whole else events[0]


def _attendees(event: Component) -> list[Property]:
    """Return the attendees but for the organizer, whom our invitations list and some replies repeat."""
    organizer = event.first("ORGANIZER")
    found = event.all("ATTENDEE")
    others = [
        person
        for person in found
        if person.param("ROLE").upper() != "CHAIR" and not (organizer and _key(person) == _key(organizer))
    ]
    return others or found


def _key(person: Property) -> str:
    return compared(person.address or person.value)


def _answering(event: Component, keys: set[str], method: str, sender: str | None) -> Property | None:
    """Return who the message is about: the only attendee, or in a proposal the one who sent it."""
    if len(keys) == 1:
        return next(iter(_attendees(event)), None)
    if method not in _ONE_ATTENDEE and sender:
        return next((person for person in event.all("ATTENDEE") if _key(person) == sender), None)
    return None


def _answered_by(message: CalendarMessage, person: Property) -> CalendarMessage:
    sent_by = person.addresses("SENT-BY")
    return replace(
        message,
        attendee=person.address,
        attendee_name=clean(person.param("CN"), 200),
        participation=clean(person.param("PARTSTAT"), 40).upper() or None,
        sent_by=sent_by[0] if sent_by else None,
        delegated_to=person.addresses("DELEGATED-TO"),
        delegated_from=person.addresses("DELEGATED-FROM"),
    )


def _why_unusable(calendar: Component, event: Component, people: list[Property], method: str) -> Fact | None:
    if not all(found.ended for found in calendar.named("VEVENT")):
        return Fact.of("answers.calendar-cut-off")
    if not event.value("UID"):
        return _NO_UID
    if method not in _ONE_ATTENDEE:
        return None
    if len({_key(person) for person in people}) > 1:
        return Fact.of("answers.two-attendees")
    answers = {person.param("PARTSTAT").upper() for person in _attendees(event)}
    return Fact.of("answers.two-answers") if len(answers) > 1 else None


def _comment(event: Component, person: Property | None) -> str:
    """Return what the person wrote; Google keeps it beside the name, Apple in a property of its own."""
    comments = [found.text[:8_000] for found in event.all("COMMENT")[:20]]
    comments += [found.text[:8_000] for found in event.all(_APPLE_COMMENT)[:20]]
    if not any(map(str.strip, comments)) and person is not None:
        comments = [person.param("X-RESPONSE-COMMENT") or person.param(_APPLE_COMMENT)]
    return clean("\n".join(dict.fromkeys(comments)))


def _proposed(person: Property, definitions: Mapping[str, Component]) -> datetime | None:
    """Return the time that Apple's calendars propose inside a REPLY, beside the name of the attendee.

    It stands there as ``"DTSTART:20261204T070000Z;STATUS:PENDING"``; one that the organizer has declined
    already, which they go on sending, is no proposal.
    """
    written = person.param("TO-ALL-PROPOSED-NEW-TIME")[:500]
    found = _PROPOSED_START.search(written)
    if found is None or "STATUS:DECLINED" in written.upper():
        return None
    params = {"TZID": found[1]} if found[1] else {}
    return instant(Property("DTSTART", params, found[2]), definitions)


def _sequence(value: str) -> int | None:
    return int(value) if re.fullmatch(r"\d{1,9}", value, re.ASCII) else None


def _after(starts_at: datetime | None, duration: str) -> datetime | None:
    if starts_at is None or not duration:
        return None
    try:
        return starts_at + parse_duration(duration.removeprefix("+").upper())
    except (ValueError, OverflowError):
        return None


def _from_tnef(content: bytes, sender: str | None) -> Found | None:
    found = read_tnef(content)
    if found is None:
        return None
    for calendar in found.calendars:
        message = _from_calendar(calendar, {}, sender)
        if message:
            return message
    return _meeting_of(found, sender) if found.method else None


def _meeting_of(found: Tnef, sender: str | None) -> Found:
    attendee = found.attendee or sender
    message = CalendarMessage(
        method=found.method,
        uid=found.uid,
        attendee=attendee if found.participation else None,
        attendee_name=found.attendee_name,
        participation=found.participation,
        sequence=found.sequence,
        stamp=found.stamp,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        comment=found.comment,
        sent_by=found.sent_by,
        attendees=(attendee,) if attendee and found.participation else (),
        recurrence=found.recurrence,
    )
    return message, None if found.uid else _NO_UID
