"""Writes the mails: what one recipient is told about one meeting, as text, HTML and calendar."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from textwrap import wrap

from jinja2 import Environment, Template
from markupsafe import escape

from orchestrator.domain.actions import ActionKind
from orchestrator.domain.changes import REINSTATED, Difference, What
from orchestrator.domain.delegation import Directory
from orchestrator.domain.durations import duration_words
from orchestrator.domain.invitation import (
    CalendarFacts,
    CalendarTemplate,
    EventStatus,
    Method,
    description,
    lead_words,
)
from orchestrator.domain.meeting import Attendee, Meeting, News
from orchestrator.domain.message import (
    TEXT_WIDTH,
    Attachment,
    CalendarCopy,
    Form,
    Letter,
    NamedAddress,
    message_id,
)
from orchestrator.domain.revision import Notice, cancel_to, request_to
from orchestrator.domain.zones import LocalTime, local_time
from orchestrator.services.links import Links


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a mail is written: the action behind it and what the recipient was told before.

    ``number`` makes the Message-ID of repeated occasions differ: the revision for an invitation, the
    SEQUENCE for a cancellation, the version for minutes, the newest response for a digest. ``sequence``
    is the SEQUENCE of the calendar object, ``subject`` an update's subject, which leads with what changed.
    ``asked_at`` is when the recipient asked for the invitation again; ``report`` is what a coordinator is
    told, ``proposed`` the time that cannot be had.
    """

    kind: ActionKind
    step: str
    number: int
    sequence: int
    first_message_id: str | None = field(default=None, compare=False)
    differences: tuple[Difference, ...] = ()
    subject: str = ""
    attachment: Attachment | None = None
    tentative: bool = False
    report: Report | None = None
    proposed: str | None = None
    comment: str | None = None
    asked_at: datetime | None = None

    @property
    def purpose(self) -> str:
        """What the mail is, in delivery records and template names."""
        if self.kind is not ActionKind.INVITE:
            return _PURPOSES[self.kind]
        if self.first_message_id:
            return "update"
        return "save-the-date" if self.tentative else "invitation"


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One thing that came back, as the coordinator reads it."""

    delegation: str
    who: str
    what: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """What came back since the last report, and how the meeting stands now."""

    lines: tuple[ReportLine, ...]
    tally: tuple[tuple[str, int], ...]
    silent: tuple[str, ...]


_PURPOSES = {
    ActionKind.REMIND: "reminder",
    ActionKind.CANCEL: "cancellation",
    ActionKind.MINUTES: "minutes",
    ActionKind.RESEND: "again",
    ActionKind.REFUSAL: "refusal",
    ActionKind.LINK_ALERT: "alert",
    ActionKind.DIGEST: "digest",
    ActionKind.DECLINE_ALERT: "decline-alert",
}
# Stands for the reader's name in a rendered page: private use, so no text of anybody's holds it.
_NAME = "\ue000reader\ue000"
_PAGE = "\ue000page\ue000"
_SUBJECTS = {
    "invitation": "Invitation: {title}",
    "save-the-date": "Save the date: {title}",
    "update": "Updated: {title}",
    "again": "Invitation: {title}",
    "refusal": "Time unchanged: {title}",
    "reminder": "Reminder: {title}",
    "cancellation": "Cancelled: {title}",
    "minutes": "Minutes: {title}",
    "alert": "No join link yet: {title}",
    "digest": "Answers: {title}",
    "decline-alert": "Head of delegation declined: {title}",
}
_DATED = ("reminder", "save-the-date")


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
    status: EventStatus
    sequence: int
    stamp: datetime
    edition: Edition

    @classmethod
    def of(cls, notice: Notice, edition: Edition, asked_at: datetime | None) -> CalendarKey:
        """Return the key of a notice. What was asked for again is newer than what was there."""
        stamp = notice.stamp if asked_at is None else max(notice.stamp, asked_at)
        return cls(notice.method, notice.status, notice.sequence, stamp, edition)


@dataclass(frozen=True, slots=True)
class Reader:
    """What a mail's words depend on beside the meeting: whose clock, and what was answered."""

    delegation: str
    answered: bool = False
    removed: bool = False


@dataclass(frozen=True, slots=True)
class PageKey:
    """What the mails to the people of one delegation have in common."""

    edition: Edition
    reader: Reader
    occasion: Occasion
    purpose: str


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered mail that lacks only its reader's name and page."""

    subject: str
    text: Form
    html: Form


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """A meeting without what differs from recipient to recipient; compared by identity, for speed."""

    meeting: Meeting
    sender: NamedAddress
    reply_to: NamedAddress


def _greeting(name: str) -> str:
    line = f"Dear {name},"
    # Most names fit, and wrapping costs as much as encoding the mail.
    return line if len(line) <= TEXT_WIDTH else "\n".join(wrap(line, TEXT_WIDTH))


class Letters:
    """Composes letters; what the recipients of a revision have in common is made once."""

    def __init__(
        self,
        templates: Environment,
        directory: Directory,
        organizer: NamedAddress,
        links: Links,
        *,
        counter: bool = True,
    ) -> None:
        """Take the Jinja environment with ``<purpose>.txt.j2`` and ``.html.j2`` and the service's mailbox.

        ``counter`` says whether calendars may offer to propose another time.
        """
        self._templates = templates
        self._directory = directory
        self._organizer = organizer
        self._links = links
        self._counter = counter
        self._domain = organizer.address.rpartition("@")[2]
        self._calendar = lru_cache(maxsize=16)(self._build_calendar)
        self._page = lru_cache(maxsize=128)(self._render)
        self._seen: tuple[Meeting | None, Edition | None] = (None, None)

    def to_attendee(self, meeting: Meeting, attendee: Attendee, occasion: Occasion, now: datetime) -> Letter:
        """Write the mail of ``occasion`` to ``attendee``, dated ``now`` (aware UTC)."""
        edition = self._edition(meeting)
        recipient = NamedAddress(attendee.name, attendee.email)
        reader = Reader(attendee.delegation, answered=attendee.answered, removed=not attendee.invited)
        address = self._links.reply_address(meeting, attendee)
        calendar = None
        if occasion.kind.carries_calendar:
            cancels = occasion.kind is ActionKind.CANCEL
            notice = cancel_to(meeting, attendee) if cancels else request_to(meeting, attendee)
            template = self._calendar(CalendarKey.of(notice, edition, occasion.asked_at))
            calendar = CalendarCopy(notice.method, template.copy_for(attendee, address))
        page = self._links.page(attendee)
        return self._letter(edition, recipient, reader, occasion, now, page, address, calendar)

    def to_coordinator(self, meeting: Meeting, occasion: Occasion, now: datetime) -> Letter:
        """Write the mail of ``occasion`` to the coordinator."""
        recipient = NamedAddress(meeting.coordinator_name, meeting.coordinator_email)
        return self._letter(self._edition(meeting), recipient, Reader(meeting.host), occasion, now)

    def _edition(self, meeting: Meeting) -> Edition:
        """Return what the mails of a meeting have in common; the same while answers come in."""
        seen, edition = self._seen
        if seen is meeting and edition is not None:
            return edition
        common = replace(meeting, attendees=(), news=News(), refusals=())
        if edition is None or edition.meeting != common:
            edition = Edition(
                common,
                NamedAddress(
                    f"{meeting.coordinator_name} via {self._organizer.name}", self._organizer.address
                ),
                NamedAddress(meeting.coordinator_name, meeting.coordinator_email),
            )
        self._seen = (meeting, edition)
        return edition

    def _letter(
        self,
        edition: Edition,
        recipient: NamedAddress,
        reader: Reader,
        occasion: Occasion,
        now: datetime,
        page_url: str = "",
        return_path: str | None = None,
        calendar: CalendarCopy | None = None,
    ) -> Letter:
        purpose, meeting = occasion.purpose, edition.meeting
        page = self._page(PageKey(edition, reader, occasion, purpose))
        link = (_PAGE, page_url)
        return Letter(
            sender=edition.sender,
            recipient=recipient,
            reply_to=edition.reply_to,
            subject=page.subject,
            date=now,
            message_id=message_id(
                self._domain, meeting.uid or meeting.reference, purpose, occasion.step,
                occasion.sequence, occasion.number, recipient.address.casefold(),
            ),
            text=page.text.filled((_NAME, _greeting(recipient.name)), link),
            html=page.html.filled((_NAME, str(escape(recipient.name))), link),
            references=occasion.first_message_id,
            calendar=calendar,
            attachments=(occasion.attachment,) if occasion.attachment else (),
            return_path=return_path,
        )  # fmt: skip

    def _render(self, key: PageKey) -> Page:
        """Render what all recipients of one delegation have in common; a name is put in afterwards."""
        place = self._directory.get(key.reader.delegation).place
        when = local_time(key.edition.meeting.starts_at, place)
        facts = self._facts(key, when)
        return Page(
            subject=self._subject(key.edition.meeting, key.purpose, when, key.occasion),
            text=Form.of(self._template(key, "txt").render(facts, greeting=_NAME), _NAME, _PAGE),
            html=Form.of(self._template(key, "html").render(facts, name=_NAME), _NAME, _PAGE),
        )

    def _template(self, key: PageKey, kind: str) -> Template:
        return self._templates.get_template(f"{key.purpose}.{kind}.j2")

    def _subject(self, meeting: Meeting, purpose: str, when: LocalTime, occasion: Occasion) -> str:
        title = f"{meeting.title_en} – {when}" if purpose in _DATED else meeting.title_en
        return occasion.subject or _SUBJECTS[purpose].format(title=title)

    def _facts(self, key: PageKey, when: LocalTime) -> dict[str, object]:
        meeting, occasion = key.edition.meeting, key.occasion
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
            "asked_again": any(item.what is What.TIME or item == REINSTATED for item in occasion.differences),
            "page": _PAGE,
            "report": occasion.report,
            "proposed": occasion.proposed,
            "comment": occasion.comment,
            "attachment": occasion.attachment.filename if occasion.attachment else None,
            "version": occasion.number,
            "reference": meeting.reference,
        }

    def _agenda(self, meeting: Meeting) -> tuple[AgendaLine, ...]:
        return tuple(
            AgendaLine(item.number, item.en, lead_words(item.lead, self._directory) if item.lead else None)
            for item in meeting.agenda
        )

    def _build_calendar(self, key: CalendarKey) -> CalendarTemplate:
        meeting = key.edition.meeting
        if meeting.uid is None:
            raise ValueError(
                f"{meeting.reference} has no UID; only a published meeting has a calendar object"
            )
        return CalendarTemplate.of(
            CalendarFacts(
                method=key.method,
                status=key.status,
                uid=meeting.uid,
                sequence=key.sequence,
                stamp=key.stamp,
                starts_at=meeting.starts_at,
                ends_at=meeting.ends_at,
                summary=meeting.title_en,
                description=description(meeting, self._directory, meeting.conference.join_url),
                organizer_name=meeting.coordinator_name,
                organizer_address=self._organizer.address,
                join_url=meeting.conference.join_url,
                counter=self._counter,
            )
        )
