"""Writes the mails: what one recipient is told about one meeting, as text, HTML and calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from jinja2 import Environment

from orchestrator.domain.actions import ActionKind
from orchestrator.domain.changes import Difference
from orchestrator.domain.delegation import Delegation, Directory
from orchestrator.domain.durations import duration_words
from orchestrator.domain.invitation import CalendarFacts, CalendarTemplate, Method
from orchestrator.domain.meeting import Attendee, Meeting
from orchestrator.domain.message import Attachment, CalendarCopy, Letter, Mailbox, message_id
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


class Letters:
    """Composes letters from templates; keeps the calendar of the last revision at hand."""

    def __init__(self, templates: Environment, directory: Directory, organizer: Mailbox) -> None:
        """Take the Jinja environment with ``<purpose>.txt.j2`` and ``.html.j2`` and the service's mailbox."""
        self._templates = templates
        self._directory = directory
        self._organizer = organizer
        self._domain = organizer.address.rpartition("@")[2]
        self._calendar = lru_cache(maxsize=16)(self._build_calendar)

    @property
    def sender(self) -> str:
        """The envelope sender."""
        return self._organizer.address

    def to_attendee(self, meeting: Meeting, attendee: Attendee, occasion: Occasion, now: datetime) -> Letter:
        """Write the mail of ``occasion`` to ``attendee``, dated ``now`` (aware UTC)."""
        delegation = self._directory.get(attendee.delegation)
        recipient = Mailbox(attendee.name, attendee.email)
        answer = {"answered": attendee.answered, "removed": not attendee.invited}
        letter = self._letter(meeting, recipient, delegation, occasion, now, answer)
        method = {ActionKind.INVITE: Method.REQUEST, ActionKind.CANCEL: Method.CANCEL}.get(occasion.kind)
        if method is None:
            return letter
        template = self._calendar(CalendarKey(method, occasion.sequence, _common(meeting)))
        return replace(letter, calendar=CalendarCopy(method, template.copy_for(attendee)))

    def to_coordinator(self, meeting: Meeting, occasion: Occasion, now: datetime) -> Letter:
        """Write the mail of ``occasion`` to the coordinator."""
        recipient = Mailbox(meeting.coordinator_name, meeting.coordinator_email)
        return self._letter(meeting, recipient, self._directory.get(meeting.host), occasion, now, {})

    def _letter(
        self,
        meeting: Meeting,
        recipient: Mailbox,
        delegation: Delegation,
        occasion: Occasion,
        now: datetime,
        answer: Mapping[str, bool],
    ) -> Letter:
        purpose = occasion.purpose
        when = local_time(meeting.starts_at, delegation.place)
        facts = {**self._facts(meeting, recipient, delegation, occasion, when), **answer}
        return Letter(
            sender=Mailbox(f"{meeting.coordinator_name} via {self._organizer.name}", self._organizer.address),
            recipient=recipient,
            reply_to=Mailbox(meeting.coordinator_name, meeting.coordinator_email),
            subject=self._subject(meeting, purpose, when, occasion),
            date=now,
            message_id=message_id(
                self._domain, meeting.uid or meeting.reference, purpose, occasion.step,
                occasion.sequence, occasion.number, recipient.address.casefold(),
            ),
            text=self._templates.get_template(f"{purpose}.txt.j2").render(facts),
            html=self._templates.get_template(f"{purpose}.html.j2").render(facts),
            references=occasion.first_message_id,
            attachments=(occasion.attachment,) if occasion.attachment else (),
        )  # fmt: skip

    def _subject(self, meeting: Meeting, purpose: str, when: LocalTime, occasion: Occasion) -> str:
        subject = _SUBJECTS[purpose].format(title=meeting.title_en)
        moved = any(item.what == "Time" for item in occasion.differences)
        if purpose == "reminder" or moved:
            now = "now " if moved else ""
            subject += f" – {now}{when.date}, {when.clock} {when.city} ({when.offset})"
        return subject

    def _facts(
        self,
        meeting: Meeting,
        recipient: Mailbox,
        delegation: Delegation,
        occasion: Occasion,
        when: LocalTime,
    ) -> dict[str, object]:
        place = delegation.place
        end = local_time(meeting.ends_at, place)
        host = self._directory.host_place(meeting.host, meeting.zone)
        host_when = local_time(meeting.starts_at, host)
        return {
            "purpose": occasion.purpose,
            "name": recipient.name,
            "delegation": delegation.name,
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


@dataclass(frozen=True, slots=True)
class CalendarKey:
    """What the calendar copies of one revision have in common."""

    method: Method
    sequence: int
    meeting: Meeting


def _common(meeting: Meeting) -> Meeting:
    """The meeting without its attendees, so that an answer does not make a new calendar."""
    return replace(meeting, attendees=())
