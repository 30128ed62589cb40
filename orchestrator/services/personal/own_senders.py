"""Who may answer for a person, on that person's own page: saying yes or no to a sender, and taking it back.

The page names senders only and shows nothing that they wrote. It never makes an address somebody's own other
one: whoever was passed the page could then answer in silence, while of a deputy's every answer the attendee
is told under the invited address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.answers.speakers import Relation
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.meeting import Meeting, Participation
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.errors import NotFound
from orchestrator.facts import Fact
from orchestrator.ports import Clock
from orchestrator.services.answers.quarantine import Quarantine
from orchestrator.services.people.links import Links
from orchestrator.services.personal.by_link import ByLink
from orchestrator.services.personal.followed_link import FollowedLink, follow_announced, require_open
from orchestrator.services.timelines.changing import MeetingChange
from orchestrator.store.answers import incoming, known_senders
from orchestrator.store.engine import Database
from orchestrator.store.rows.answers import IncomingRow


@dataclass(frozen=True, slots=True)
class WaitingSender:
    """An address that answered in the reader's name and is not known; ``said`` is the answer, if any."""

    mail: int
    sender: str
    said: Fact | None
    at: LocalTime


@dataclass(frozen=True, slots=True)
class OwnSender:
    """An address whose answers are taken for the reader's."""

    id: int
    sender: str
    relation: Relation


@dataclass(frozen=True, slots=True)
class OwnSendersView:
    """Who has answered in the reader's name, and who may."""

    waiting: tuple[WaitingSender, ...]
    known: tuple[OwnSender, ...]


class OwnSenders:
    """The use cases of an attendee around who may answer for them.

    Every method raises what ``ByLink.change`` raises.
    """

    def __init__(
        self,
        database: Database,
        directory: Directory,
        links: Links,
        by_link: ByLink,
        quarantine: Quarantine,
        clock: Clock,
    ) -> None:
        self._database = database
        self._directory = directory
        self._links = links
        self._by_link = by_link
        self._quarantine = quarantine
        self._clock = clock

    def view(self, token: str) -> OwnSendersView:
        """Return who waits and who is known; changes nothing."""
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            link = follow_announced(session, signed, now)
            place = self._directory.place_of(link.attendee.delegation, now)
            waiting = tuple(
                _waiting(row, local_time(row.received_at, place))
                for row in incoming.waiting_for(session, _rows_of(link))
            )
            known = known_senders.listed(session, link.person_id)
        return OwnSendersView(
            waiting, tuple(OwnSender(row.id, row.address, row.relation) for row, _ in known)
        )

    def decide(self, token: str, mail: int, *, yes: bool) -> None:
        """Let the sender of a mail answer for the reader from now on and take the mail, or let it go.

        Raises ``NotFound`` for a mail that does not wait for the reader, and ``Conflict`` once the meeting
        has begun or when somebody else has decided meanwhile.
        """
        callers: list[Caller] = []

        def command(session: Session, link: FollowedLink, now: datetime) -> MeetingChange:
            require_open(link.meeting, now)
            if mail not in {row.id for row in incoming.waiting_for(session, _rows_of(link))}:
                raise NotFound(Fact.of("personal.no-such-sender"))
            callers.append(link.caller)
            # What comes of it is written with the mail; here it is only counted for the link.
            return MeetingChange(link.meeting, saves=False)

        self._by_link.change(token, command)
        if yes:
            self._quarantine.accept(mail, caller=callers[-1])
        else:
            self._quarantine.discard(mail, caller=callers[-1])

    def withdraw(self, token: str, sender: int) -> None:
        """Take no answers of an address for the reader's any more; raises ``NotFound`` for another's."""

        def command(session: Session, link: FollowedLink, _: datetime) -> MeetingChange:
            own = {row.id for row, _ in known_senders.listed(session, link.person_id)}
            if sender not in own:
                raise NotFound(Fact.of("personal.no-such-sender"))
            row = known_senders.present(session, sender, lock=True)
            address = row.address

            def write(session: Session, _: Meeting, now: datetime) -> None:
                known_senders.withdraw(session, row, link.caller, now)

            withdrawn = Fact.of("personal.history.sender-withdrawn")
            return MeetingChange(link.meeting, withdrawn, address, write=write, saves=False)

        self._by_link.change(token, command)


def _rows_of(link: FollowedLink) -> list[int]:
    """Return the ids of the attendee's rows; a mail may be filed beside an earlier one."""
    return [item.id for item in link.meeting.called(link.attendee.email)]


def _waiting(row: IncomingRow, at: LocalTime) -> WaitingSender:
    answer = Participation(row.participation) if row.participation else Participation.NEEDS_ACTION
    said = None if answer is Participation.NEEDS_ACTION else answer.fact
    return WaitingSender(row.id, row.sender or "", said, at)
