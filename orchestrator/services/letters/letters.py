"""Writes the mails: what one recipient is told about one meeting, as text, HTML and calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from jinja2 import Environment

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.letters.addressing import Addressee, you
from orchestrator.domain.letters.display_name import display_name
from orchestrator.domain.letters.message import CalendarCopy, Letter, NamedAddress, message_id
from orchestrator.domain.letters.wording import ENGLISH, Wording
from orchestrator.domain.meetings.meeting import Attendee, Meeting, News
from orchestrator.domain.own_words import language_of
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.timelines.kinds import ActionKind, Tells
from orchestrator.domain.timelines.needs import may_speak
from orchestrator.services.letters.calendars import CalendarCopies
from orchestrator.services.letters.content import LetterContent
from orchestrator.services.letters.languages import Languages
from orchestrator.services.letters.page_key import Edition, PageKey, Reader
from orchestrator.services.letters.pages import PageWriter
from orchestrator.services.letters.status_page import VIETNAMESE
from orchestrator.services.people.links import Links


def _waits_for_head(meeting: Meeting, attendee: Attendee) -> bool:
    """Whether the attendee speaks for a delegation whose head, another person, has not answered."""
    head = meeting.head_of(attendee.delegation)
    if head is None or head.address == attendee.address or head.answered:
        return False
    return may_speak(meeting, attendee)


def _in_place_of(meeting: Meeting, attendee: Attendee) -> str | None:
    """Return the name of who has delegated to the attendee, as they have told us."""
    for item in meeting.attendees:
        if item.delegated_to and compared(item.delegated_to) == attendee.address != item.address:
            return item.name
    return None


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
        languages: Languages | None = None,
    ) -> None:
        """Take the Jinja environment with ``<purpose>.txt.j2`` and ``.html.j2`` and the service's mailbox.

        ``counter`` says whether calendars may offer to propose another time. Without ``languages``
        everything is in English.
        """
        self._directory = directory
        self._organizer = organizer
        self._links = links
        self._languages = languages or Languages()
        self._domain = organizer.address.rpartition("@")[2]
        self._pages = PageWriter(templates, directory, links.console)
        self._calendars = CalendarCopies(directory, organizer, counter=counter)
        self._seen: tuple[Meeting | None, Edition | None] = (None, None)

    def to_attendee(
        self, meeting: Meeting, attendee: Attendee, content: LetterContent, now: datetime
    ) -> Letter:
        """Write the mail of ``content`` to ``attendee``, dated ``now`` (aware UTC).

        Raises ``ValueError`` for a calendar object of a meeting that was never published.
        """
        edition = self._edition(meeting)
        recipient = NamedAddress(attendee.name, attendee.email)
        addressee = Addressee(attendee.name, attendee.form, attendee.position)
        reader = Reader(
            attendee.delegation,
            self._wording(attendee.delegation, attendee.language).speaking_to(you(addressee)),
            self._language(attendee.delegation, attendee.language),
            answered=attendee.answered,
            removed=not attendee.invited,
            head_silent=content.kind.rules.tells is Tells.NEEDS and _waits_for_head(meeting, attendee),
            participation=attendee.participation,
            speaks=may_speak(meeting, attendee),
            in_place_of=_in_place_of(meeting, attendee),
        )
        address = self._links.reply_address(meeting, attendee)
        calendar = self._calendars.copy_for(edition, meeting, attendee, content, address)
        page = self._links.page(attendee)
        shown = display_name(attendee, meeting, self._directory)
        return self._letter(
            edition, recipient, addressee, reader, content, now, page, address, calendar, shown, attendee.id
        )

    def to_coordinator(self, meeting: Meeting, content: LetterContent, now: datetime) -> Letter:
        """Write the mail of ``content`` to the coordinator."""
        recipient = NamedAddress(meeting.coordinator_name, meeting.coordinator_email)
        wording = self._wording(meeting.host)
        if content.status is not None and wording.code != VIETNAMESE:
            wording = ENGLISH
        addressee = Addressee(meeting.coordinator_name)
        wording = wording.speaking_to(you(addressee))
        reader = Reader(meeting.host, wording, self._language(meeting.host), has_page=False)
        return self._letter(self._edition(meeting), recipient, addressee, reader, content, now)

    def _wording(self, delegation: str, language: str | None = None) -> Wording:
        return self._languages.wording(language or self._directory.get(delegation).locale)

    def _language(self, delegation: str, language: str | None = None) -> str:
        return language_of(language or self._directory.get(delegation).locale)

    def _edition(self, meeting: Meeting) -> Edition:
        """Return what the mails of a meeting have in common; the same while answers and papers come in."""
        seen, edition = self._seen
        if seen is meeting and edition is not None:
            return edition
        common = replace(
            meeting,
            attendees=(),
            news=News(),
            alerts=(),
            refusals=(),
            answers_by_others=(),
            contributions=(),
            connection_tests=(),
            date_poll=None,
            notes=(),
            letters=(),
        )
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
        addressee: Addressee,
        reader: Reader,
        content: LetterContent,
        now: datetime,
        page_url: str = "",
        return_path: str | None = None,
        calendar: CalendarCopy | None = None,
        shown: str = "",
        attendee_id: int = 0,
    ) -> Letter:
        purpose, meeting = content.purpose, edition.meeting
        page = self._pages.page(PageKey(edition, reader, content, purpose))
        text, html = page.filled(addressee, reader.wording, page_url, shown)
        own_id = message_id(
            self._domain,
            meeting.uid or meeting.reference,
            *_as_numbered(purpose, content.step),
            content.sequence if content.kind.carries_calendar else attendee_id,
            content.number,
            recipient.address.casefold(),
        )
        return Letter(
            sender=edition.sender,
            recipient=recipient,
            reply_to=edition.reply_to,
            subject=page.subject,
            date=now,
            message_id=own_id,
            text=text,
            html=html,
            references=content.first_message_id,
            calendar=calendar,
            attachments=(content.attachment,) if content.attachment else (),
            return_path=self._links.envelope_sender(meeting, own_id) or return_path,
        )


def _as_numbered(purpose: str, step: str) -> tuple[str, str]:
    """Return purpose and step as Message-IDs are made from them.

    A mail that is sent again after an upgrade carries the id of the first one, so former names live on here.
    """
    if purpose == ActionKind.CONNECTION_TEST:
        return "rehearsal", step.replace(ActionKind.CONNECTION_TEST, "rehearse", 1)
    return purpose, step
