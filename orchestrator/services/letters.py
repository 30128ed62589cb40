"""Writes the mails: what one recipient is told about one meeting, as text, HTML and calendar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from textwrap import wrap

from jinja2 import Environment
from markupsafe import escape

from orchestrator.domain.actions import ActionKind
from orchestrator.domain.changes import Difference
from orchestrator.domain.delegation import Directory
from orchestrator.domain.durations import duration_words
from orchestrator.domain.invitation import CalendarFacts, CalendarTemplate, Method
from orchestrator.domain.meeting import Attendee, Meeting
from orchestrator.domain.message import TEXT_WIDTH, Attachment, CalendarCopy, Letter, Mailbox, message_id
from orchestrator.domain.zones import LocalTime, local_time


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a mail is written: the action behind it and what the recipient was told before.

    ``number`` makes the Message-ID of repeated occasions differ: the revision for an invitation,
    the SEQUENCE for a cancellation, the version for minutes.
    """

    kind: ActionKind
    step: str
    number: int
    sequence: int
    first_message_id: str | None = None
    differences: tuple[Difference, ...] = ()
    attachment: Attachment | None = None

    @property
    def purpose(self) -> str:
        """What the mail is, in delivery records and template names."""
        if self.kind is ActionKind.INVITE:
            return "update" if self.first_message_id else "invitation"
        return _PURPOSES[self.kind]


_PURPOSES = {
    ActionKind.REMIND: "reminder",
    ActionKind.CANCEL: "cancellation",
    ActionKind.MINUTES: "minutes",
    ActionKind.LINK_ALERT: "alert",
}
# Stands for the reader's name in a rendered page: private use, so no text of anybody's holds it.
_NAME = "\ue000reader\ue000"
_SUBJECTS = {
    "invitation": "Invitation: {title}",
    "update": "Updated: {title}",
    "reminder": "Reminder: {title}",
    "cancellation": "Cancelled: {title}",
    "minutes": "Minutes: {title}",
    "alert": "No join link yet: {title}",
}


@dataclass(frozen=True, slots=True)
class AgendaLine:
    """One item of the agenda as the recipient reads it."""

    number: int
    text: str
    lead: str | None


@dataclass(frozen=True, slots=True)
class CalendarKey:
    """What the calendar copies of one revision have in common."""

    method: Method
    sequence: int
    meeting: Meeting


@dataclass(frozen=True, slots=True)
class Reader:
    """What a mail's words depend on beside the meeting: whose clock, and what was answered."""

    delegation: str
    answered: bool = False
    removed: bool = False


@dataclass(frozen=True, slots=True)
class PageKey:
    """What the mails to the people of one delegation have in common."""

    meeting: Meeting
    reader: Reader
    occasion: Occasion
    purpose: str


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered mail that lacks only its reader's name."""

    subject: str
    text: str
    html: str


class Letters:
    """Composes letters; what the recipients of a revision have in common is made once."""

    def __init__(self, templates: Environment, directory: Directory, organizer: Mailbox) -> None:
        """Take the Jinja environment with ``<purpose>.txt.j2`` and ``.html.j2`` and the service's mailbox."""
        self._templates = templates
        self._directory = directory
        self._organizer = organizer
        self._domain = organizer.address.rpartition("@")[2]
        self._calendar = lru_cache(maxsize=16)(self._build_calendar)
        self._page = lru_cache(maxsize=128)(self._render)

    @property
    def sender(self) -> str:
        """The envelope sender."""
        return self._organizer.address

    def to_attendee(self, meeting: Meeting, attendee: Attendee, occasion: Occasion, now: datetime) -> Letter:
        """Write the mail of ``occasion`` to ``attendee``, dated ``now`` (aware UTC)."""
        common = replace(meeting, attendees=())
        recipient = Mailbox(attendee.name, attendee.email)
        reader = Reader(attendee.delegation, answered=attendee.answered, removed=not attendee.invited)
        letter = self._letter(common, recipient, reader, occasion, now)
        method = {ActionKind.INVITE: Method.REQUEST, ActionKind.CANCEL: Method.CANCEL}.get(occasion.kind)
        if method is None:
            return letter
        template = self._calendar(CalendarKey(method, occasion.sequence, common))
        return replace(letter, calendar=CalendarCopy(method, template.copy_for(attendee)))

    def to_coordinator(self, meeting: Meeting, occasion: Occasion, now: datetime) -> Letter:
        """Write the mail of ``occasion`` to the coordinator."""
        recipient = Mailbox(meeting.coordinator_name, meeting.coordinator_email)
        return self._letter(replace(meeting, attendees=()), recipient, Reader(meeting.host), occasion, now)

    def _letter(
        self, meeting: Meeting, recipient: Mailbox, reader: Reader, occasion: Occasion, now: datetime
    ) -> Letter:
        purpose = occasion.purpose
        page = self._page(PageKey(meeting, reader, replace(occasion, first_message_id=None), purpose))
        greeting = "\n".join(wrap(f"Dear {recipient.name},", TEXT_WIDTH))
        return Letter(
            sender=Mailbox(f"{meeting.coordinator_name} via {self._organizer.name}", self._organizer.address),
            recipient=recipient,
            reply_to=Mailbox(meeting.coordinator_name, meeting.coordinator_email),
            subject=page.subject,
            date=now,
            message_id=message_id(
                self._domain, meeting.uid or meeting.reference, purpose, occasion.step,
                occasion.sequence, occasion.number, recipient.address.casefold(),
            ),
            text=page.text.replace(_NAME, greeting),
            html=page.html.replace(_NAME, str(escape(recipient.name))),
            references=occasion.first_message_id,
            attachments=(occasion.attachment,) if occasion.attachment else (),
        )  # fmt: skip

    def _render(self, key: PageKey) -> Page:
        """Render what all recipients of one delegation have in common; a name is put in afterwards."""
        place = self._directory.get(key.reader.delegation).place
        when = local_time(key.meeting.starts_at, place)
        facts = self._facts(key, when)
        return Page(
            subject=self._subject(key.meeting, key.purpose, when, key.occasion),
            text=self._templates.get_template(f"{key.purpose}.txt.j2").render(facts, greeting=_NAME),
            html=self._templates.get_template(f"{key.purpose}.html.j2").render(facts, name=_NAME),
        )

    def _subject(self, meeting: Meeting, purpose: str, when: LocalTime, occasion: Occasion) -> str:
        subject = _SUBJECTS[purpose].format(title=meeting.title_en)
        moved = any(item.what == "Time" for item in occasion.differences)
        if purpose == "reminder" or moved:
            now = "now " if moved else ""
            subject += f" – {now}{when.date}, {when.clock} {when.city} ({when.offset})"
        return subject

    def _facts(self, key: PageKey, when: LocalTime) -> dict[str, object]:
        meeting, occasion = key.meeting, key.occasion
        delegation = self._directory.get(key.reader.delegation)
        place = delegation.place
        end = local_time(meeting.ends_at, place)
        host = self._directory.host_place(meeting.host, meeting.zone)
        host_when = local_time(meeting.starts_at, host)
        return {
            "delegation": delegation.name,
            "answered": key.reader.answered,
            "removed": key.reader.removed,
            "title": meeting.title_en,
            "title_vi": meeting.title_vi if delegation.locale.startswith("vi") else None,
            "when": when,
            "end": end,
            "end_days": end.days_after(when),
            "host_when": None if place == host else host_when,
            "host_days": host_when.days_after(when),
            "duration": duration_words(meeting.duration),
            "join_url": meeting.conference.join_url,
            "agenda": self._agenda(meeting),
            "coordinator": meeting.coordinator_name,
            "coordinator_email": meeting.coordinator_email,
            "host_name": self._directory.get(meeting.host).name,
            "differences": occasion.differences,
            "asked_again": any(item.what == "Time" for item in occasion.differences),
            "attachment": occasion.attachment.filename if occasion.attachment else None,
            "version": occasion.number,
            "reference": meeting.reference,
        }

    def _agenda(self, meeting: Meeting) -> tuple[AgendaLine, ...]:
        return tuple(AgendaLine(item.number, item.en, self._lead(item.lead)) for item in meeting.agenda)

    def _lead(self, code: str | None) -> str | None:
        if code is None:
            return None
        return "all delegations" if code == "all" else self._directory.get(code).name

    def _build_calendar(self, key: CalendarKey) -> CalendarTemplate:
        meeting = key.meeting
        if meeting.uid is None or meeting.revised_at is None:
            raise ValueError(
                f"{meeting.reference} has no UID; only a published meeting has a calendar object"
            )
        return CalendarTemplate.of(
            CalendarFacts(
                method=key.method,
                uid=meeting.uid,
                sequence=key.sequence,
                stamp=meeting.revised_at,
                starts_at=meeting.starts_at,
                ends_at=meeting.ends_at,
                summary=meeting.title_en,
                description=self._description(meeting),
                organizer_name=meeting.coordinator_name,
                organizer_address=self._organizer.address,
                join_url=meeting.conference.join_url,
            )
        )

    def _description(self, meeting: Meeting) -> str:
        """The calendar entry's text; common to all recipients, so it names the host's time."""
        start = local_time(meeting.starts_at, self._directory.host_place(meeting.host, meeting.zone))
        agenda = [
            f"{item.number}. {item.text}" + (f" ({item.lead})" if item.lead else "")
            for item in self._agenda(meeting)
        ]
        blocks = [
            meeting.title_en,
            f"Join the meeting:\n{meeting.conference.join_url}" if meeting.conference.join_url else "",
            f"Host time: {start}",
            "Agenda:\n" + "\n".join(agenda) if agenda else "",
            f"Contact: {meeting.coordinator_name}, {meeting.coordinator_email}",
        ]
        return "\n\n".join(block for block in blocks if block)
