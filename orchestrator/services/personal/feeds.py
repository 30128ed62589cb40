"""Calendar feeds: all meetings of one person, for a calendar that subscribes to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.letters import feed as calendars
from orchestrator.domain.letters.message import NamedAddress
from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.errors import Conflict
from orchestrator.facts import Fact
from orchestrator.ports import Clock
from orchestrator.services.letters.calendars import own_answer
from orchestrator.services.people.links import FEED_VALID_AFTER_THE_LAST, VALID_AFTER_THE_END, Links
from orchestrator.services.personal.followed_link import told_of_all
from orchestrator.store.answers import responses
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.personal import feeds


@dataclass(frozen=True, slots=True)
class Feed:
    """A person's calendar, and how a client knows whether it has changed."""

    content: bytes
    tag: str
    modified: datetime


class CalendarFeeds:
    """The use cases of calendar feeds."""

    def __init__(
        self, database: Database, directory: Directory, links: Links, clock: Clock, *, organizer_name: str
    ) -> None:
        """``organizer_name`` is what the mails call the service's mailbox."""
        self._organizer_name = organizer_name
        self._database = database
        self._directory = directory
        self._links = links
        self._clock = clock

    def feed(self, token: str) -> Feed:
        """Return the calendar of all meetings that a person is or was invited to, and of nobody else's.

        It holds no personal link and no reply address: calendars are shared, and who sees one must not be
        able to answer in its owner's name. Raises ``NotFound`` for a token that was never given out, and
        ``Conflict`` for one that was revoked, or whose person has nothing to do with meetings any more.
        """
        signed, now = self._links.read_feed(token), self._clock.now()
        with self._database.reading() as session:
            person = responses.person(session, signed.id)
            if person.feed_version != signed.version:
                raise Conflict(Fact.of("personal.feed-revoked"), code="link-revoked")
            meetings = store.load_many(session, feeds.meetings_of(session, person.email))
            if not any(_concerns(meeting, person.email, now) for meeting in meetings):
                raise Conflict(Fact.of("personal.feed-expired"), code="link-expired")
            entries = list(self._entries(session, meetings, person.email))
            modified = feeds.last_change(session, [item.id for item in meetings])
        content = calendars.feed(f"ACCSM meetings: {person.name}", entries)
        return Feed(content, hashlib.sha256(content).hexdigest()[:32], modified or now)

    def _entries(
        self, session: Session, meetings: Sequence[Meeting], address: str
    ) -> Iterator[calendars.FeedEntry]:
        shown = [(meeting, item) for meeting in meetings for item in _shown(meeting, address)]
        told = told_of_all(session, shown)
        for meeting, attendee in shown:
            organizer = NamedAddress(self._organizer_name, meeting.organizer or "")
            known = told.get(meeting.id)
            facts = calendars.facts_of(meeting, attendee, self._directory, organizer, known)
            yield calendars.entry_of(facts, attendee.participation, own_answer(attendee.participation))


def _concerns(meeting: Meeting, address: str, now: datetime) -> bool:
    """Whether a meeting keeps the feed of an address open.

    For one who was removed it does so for as long as calendars may need to see that.
    """
    newest = [item for item in meeting.attendees if item.address == address][-1]
    if newest.removed_at is not None:
        return now <= newest.removed_at + VALID_AFTER_THE_END
    return now <= meeting.ends_at + FEED_VALID_AFTER_THE_LAST


def _shown(meeting: Meeting, address: str) -> list[Attendee]:
    """The newest row of an address, unless it was removed before having been told anything."""
    rows = [item for item in meeting.attendees if item.address == address]
    told = rows[-1].invited or any(item.notified for item in rows)
    return rows[-1:] if told else []
