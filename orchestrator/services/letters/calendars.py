"""The calendar objects of mails: one for each revision, copied for each attendee."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.letters.invitation import CalendarFacts, CalendarTemplate, description
from orchestrator.domain.letters.message import CalendarCopy
from orchestrator.domain.meetings.itip import EventStatus, Method
from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.domain.meetings.revision import RevisionMessage, cancel_to, request_to
from orchestrator.services.letters.content import LetterContent
from orchestrator.services.letters.pages import Edition


@dataclass(frozen=True, slots=True)
class CalendarKey:
    """What the calendar copies of one revision have in common."""

    method: Method
    status: EventStatus
    sequence: int
    stamp: datetime
    edition: Edition

    @classmethod
    def of(cls, message: RevisionMessage, edition: Edition, asked_at: datetime | None) -> CalendarKey:
        """Return the key of a message. What was asked for again is newer than what was there."""
        stamp = message.stamp if asked_at is None else max(message.stamp, asked_at)
        return cls(message.method, message.status, message.sequence, stamp, edition)


class CalendarCopies:
    """Copies the calendar object of a revision for each attendee; the object itself is made once."""

    def __init__(self, directory: Directory, organizer: str, *, counter: bool) -> None:
        """``organizer`` is the address that answers go to; ``counter`` says whether times may be proposed."""
        self._directory = directory
        self._organizer = organizer
        self._counter = counter
        self._template = lru_cache(maxsize=16)(self._build)

    def copy_for(
        self, edition: Edition, meeting: Meeting, attendee: Attendee, content: LetterContent, address: str
    ) -> CalendarCopy | None:
        """Return what goes with a letter to ``attendee``, who answers to ``address``; ``None`` for no object.

        Raises ``ValueError`` for a meeting that was never published.
        """
        if not content.kind.carries_calendar:
            return None
        cancels = content.kind.rules.calendar is Method.CANCEL
        message = cancel_to(meeting, attendee) if cancels else request_to(meeting, attendee)
        template = self._template(CalendarKey.of(message, edition, content.asked_at))
        return CalendarCopy(message.method, template.copy_for(attendee, address))

    def _build(self, key: CalendarKey) -> CalendarTemplate:
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
                organizer_address=self._organizer,
                join_url=meeting.conference.join_url,
                counter=self._counter,
            )
        )
