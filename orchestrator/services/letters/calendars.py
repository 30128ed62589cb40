"""The calendar objects of mails: one for each revision, copied for each attendee."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.letters.invitation import (
    CalendarFacts,
    CalendarTemplate,
    cancelled_description,
    contact,
    description,
    removed_description,
    summary,
)
from orchestrator.domain.letters.message import CalendarCopy, NamedAddress
from orchestrator.domain.meetings.itip import EventStatus, Method
from orchestrator.domain.meetings.meeting import Attendee, Meeting, Participation
from orchestrator.domain.meetings.revision import RevisionMessage, cancel_to, request_to
from orchestrator.facts import Fact
from orchestrator.services.letters.content import LetterContent
from orchestrator.services.letters.page_key import Edition
from orchestrator.words import say


def own_answer(answer: Participation) -> str:
    """Return what the entry in a person's feed says of their own answer."""
    return say(Fact.of("letters.feed.your-answer", answer=answer.words))


@dataclass(frozen=True, slots=True)
class CalendarKey:
    """What the calendar copies of one revision have in common; without a status, one person is removed."""

    method: Method
    status: EventStatus | None
    sequence: int
    stamp: datetime
    edition: Edition

    @classmethod
    def of(cls, message: RevisionMessage, edition: Edition, asked_at: datetime | None) -> CalendarKey:
        """Return the key of a message. What was asked for again is newer than what was there."""
        stamp = message.stamp if asked_at is None else max(message.stamp, asked_at)
        status = None if message.removes else message.status
        return cls(message.method, status, message.sequence, stamp, edition)


class CalendarCopies:
    """Copies the calendar object of a revision for each attendee; the object itself is made once."""

    def __init__(self, directory: Directory, organizer: NamedAddress, *, counter: bool) -> None:
        """``organizer`` is whom answers go to; ``counter`` says whether times may be proposed."""
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
                summary=summary(meeting) if key.method is Method.REQUEST else meeting.title_en,
                description=self._description(key, meeting),
                organizer_name=self._organizer.name,
                organizer_address=self._organizer.address,
                join_url=meeting.join_url,
                location=meeting.where.line,
                counter=self._counter,
                contact=contact(meeting),
            )
        )

    def _description(self, key: CalendarKey, meeting: Meeting) -> str:
        if key.method is Method.REQUEST:
            return description(meeting, self._directory, meeting.join_url)
        if key.status is None:
            return removed_description(meeting)
        return cancelled_description(meeting, self._directory)
