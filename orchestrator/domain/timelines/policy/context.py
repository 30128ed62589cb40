"""What the letters of one session rest on beside the session itself: the event around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.domain.timelines.policy.rules import EventPolicy


class AskingReach(StrEnum):
    """What can still be asked before the first session; what cannot be met is not asked.

    It follows from how many working days of the host lie between the request letter and the first session:
    8 or more, 5 to 7, 2 to 4, fewer.
    """

    FULL = "full"
    WITHOUT_PAPERS = "without papers"
    SHORT = "short"
    INVITATION_ALONE = "invitation alone"


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when replies, lists, papers and comments are asked for, one instant for a whole event.

    ``at`` (UTC) is ``None`` where no day can be named any more ("as soon as you can"). It is decided once,
    when the event is published or one of its sessions is moved, and stored: what becomes a day off later
    does not change it. ``short`` are the delegations (codes) that have fewer working days of their own until
    then than the timeline gives, ``shared`` says whether all who are asked work on its day.
    """

    at: datetime | None
    reach: AskingReach
    shared: bool = True
    short: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What is on record for a session, without which nothing is said of it. Instants are aware UTC.

    ``documents_at`` is when the newest file that members may see was put up, ``open_documents_at`` the same
    for partners; ``draft_at`` and ``final_at`` when minutes were attached as a draft, and adopted;
    ``attendance_at`` when attendance was noted, ``present`` the delegations (codes) that were there.
    """

    documents_at: datetime | None = None
    open_documents_at: datetime | None = None
    draft_at: datetime | None = None
    final_at: datetime | None = None
    attendance_at: datetime | None = None
    present: frozenset[str] = frozenset()


NOTHING = Records()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContext:
    """A whole event, as the letters of each of its sessions see it.

    ``sessions`` are those that are published or over, in the order of their starts, the lead session among
    them if it is; drafts and cancelled sessions are not. ``lead_id`` is the number of the lead session, and
    ``policy`` what its timeline says, which holds for the whole event; of the other sessions' own timelines
    only what makes the link, the mail of the last hour and the end count. ``records`` are by the
    number of the session.
    """

    lead_id: int
    sessions: tuple[Meeting, ...]
    policy: EventPolicy
    deadline: Deadline | None = None
    records: Mapping[int, Records] = field(default_factory=dict)

    @property
    def lead(self) -> Meeting:
        """The lead session; where that is not published, the first of those that are."""
        return next((item for item in self.sessions if item.id == self.lead_id), self.sessions[0])

    @property
    def first(self) -> Meeting:
        """The session that begins first."""
        return self.sessions[0]

    def records_of(self, meeting: Meeting) -> Records:
        """Return what is on record for a session."""
        return self.records.get(meeting.id, NOTHING)

    def invited_to(self, address: str) -> tuple[tuple[Meeting, Attendee], ...]:
        """Return the sessions that a person, known by the address, is invited to, in the order of starts."""
        return tuple(
            (meeting, item)
            for meeting in self.sessions
            for item in meeting.invited
            if item.address == address
        )

    def letters_of(self, address: str) -> Meeting | None:
        """Return the session whose plan holds a person's letters: the lead session, else their first one."""
        own = [meeting for meeting, _ in self.invited_to(address)]
        return next((item for item in own if item.id == self.lead_id), own[0] if own else None)
