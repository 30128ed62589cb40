"""Calendar feeds: all meetings of one person, for a calendar that subscribes to them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.letters import feed as calendars
from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import Conflict, NotFound
from orchestrator.facts import Fact
from orchestrator.ports import Clock
from orchestrator.services.people.links import Links
from orchestrator.services.personal.followed_link import told_of_all
from orchestrator.store.answers import responses
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.personal import feeds

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Feed:
    """A person's calendar, and how a client knows whether it has changed."""

    content: bytes
    tag: str
    modified: datetime


class CalendarFeeds:
    """The use cases of calendar feeds."""

    def __init__(self, database: Database, directory: Directory, links: Links, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._links = links
        self._clock = clock

    def feed(self, token: str) -> Feed:
        """Return the calendar of all meetings that a person is or was invited to, and of nobody else's.

        It holds no personal link and no reply address: calendars are shared, and who sees one must not be
        able to answer in its owner's name. Raises ``NotFound`` for a token that was never given out, and
        ``Conflict`` for one that was revoked.
        """
        signed = self._links.read_feed(token)
        with self._database.reading() as session:
            person = responses.person(session, signed.id)
            if person.feed_version != signed.version:
                raise Conflict(Fact.of("personal.feed-revoked"), code="link-revoked")
            meetings = store.load_many(session, feeds.meetings_of(session, person.email))
            entries = list(self._entries(session, meetings, person.email))
            modified = feeds.last_change(session, [item.id for item in meetings])
        content = calendars.feed(f"ACCSM meetings: {person.name}", entries)
        return Feed(content, hashlib.sha256(content).hexdigest()[:32], modified or self._clock.now())

    def revoke(self, email: str, *, caller: Caller) -> str:
        """Close a person's calendar feed and return its new address; raises ``NotFound``."""
        with self._database.transaction() as session:
            person = feeds.close(session, email)
            if person is None:
                raise NotFound(Fact.of("personal.never-invited", email=email))
        _LOG.info("the calendar feed of person %s was revoked by %s", person.id, caller.name)
        return self._links.feed(person.id, person.feed_version)

    def _entries(
        self, session: Session, meetings: Sequence[Meeting], address: str
    ) -> Iterator[calendars.FeedEntry]:
        shown = [(meeting, item) for meeting in meetings for item in _shown(meeting, address)]
        told = told_of_all(session, shown)
        for meeting, attendee in shown:
            organizer = meeting.organizer or ""
            known = told.get(meeting.id)
            facts = calendars.facts_of(meeting, attendee, self._directory, organizer, known)
            yield calendars.entry_of(facts, attendee.participation)


def _shown(meeting: Meeting, address: str) -> list[Attendee]:
    """The newest row of an address, unless it was removed before having been told anything."""
    rows = [item for item in meeting.attendees if item.address == address]
    told = rows[-1].invited or any(item.notified for item in rows)
    return rows[-1:] if told else []
