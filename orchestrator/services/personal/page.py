"""The page behind the link in each mail: look, join, download.

The holder of the link acts for the attendee it was made for; there is no login. Looking changes nothing,
however often it is done, because mail scanners and previews open every link they see. Nothing of another
delegation is seen or changed.
"""

from __future__ import annotations

from orchestrator.domain.letters import feed as calendars
from orchestrator.domain.letters.message import NamedAddress
from orchestrator.errors import NotFound
from orchestrator.facts import Fact
from orchestrator.ports import Clock, DocumentStore
from orchestrator.services.people.links import Links
from orchestrator.services.personal.followed_link import follow_announced
from orchestrator.services.personal.page_view import PageView, PersonalView, join_url_of
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.engine import Database
from orchestrator.store.minutes import minutes as minutes_store


class PersonalPages:
    """What a personal link shows.

    Every method raises ``NotFound`` for a token that was never given out, at the cost of a signature alone,
    ``LinkClosedError`` for one that opens nothing any more, and ``NotAnnouncedError`` before the meeting is
    announced.
    """

    def __init__(
        self,
        database: Database,
        planner: Planner,
        links: Links,
        documents: DocumentStore,
        clock: Clock,
        *,
        organizer_name: str,
    ) -> None:
        """``organizer_name`` is what the mails call the service's mailbox."""
        self._organizer_name = organizer_name
        self._database = database
        self._planner = planner
        self._links = links
        self._documents = documents
        self._clock = clock
        self._view = PageView(planner, links)

    def page(self, token: str) -> PersonalView:
        """Return all that the page shows; changes nothing."""
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            return self._view.of(session, follow_announced(session, signed, now), now)

    def join_url(self, token: str) -> str | None:
        """Return the join link as it is now; ``None`` when there is nothing to join yet, or any more."""
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            return join_url_of(follow_announced(session, signed, now).meeting, now)

    def invitation(self, token: str) -> bytes:
        """Return the current revision as a calendar file, METHOD:PUBLISH (see ``domain.letters.feed``).

        Its ORGANIZER is the one that the mails to this person name, so that a calendar that holds the
        invitation already knows the event again.
        """
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            link = follow_announced(session, signed, now)
        address = self._links.reply_address(link.meeting, link.attendee)
        organizer = NamedAddress(self._organizer_name, address)
        return calendars.meeting_file(
            calendars.facts_of(link.meeting, link.attendee, self._planner.directory, organizer)
        )

    def minutes(self, token: str, version: int) -> tuple[str, str, bytes]:
        """Return file name, media type and content of one version of the minutes; raises ``NotFound``."""
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            link = follow_announced(session, signed, now)
            if not 0 < version <= link.meeting.minutes_version:
                raise NotFound(Fact.of("personal.no-such-minutes", version=version))
            document = minutes_store.document_of(session, link.meeting.id, version)
        return document.filename, document.media_type, self._documents.get(document.digest)
