"""People whom personal links have named and who wait for the coordinator's yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.lifecycle import Change
from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.personal.naming import NamingState
from orchestrator.errors import NotFound
from orchestrator.facts import Fact
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.services.timelines.views import Effect
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.personal import named
from orchestrator.store.rows.personal import NamedPersonRow


@dataclass(frozen=True, slots=True)
class NamedPersonView:
    """A person who waits for the coordinator's yes; ``by`` says whose link named them."""

    id: int
    name: str
    email: str
    delegation: str
    seat: str
    by: str
    asked_at: datetime


class NamedPeople:
    """The use cases of a coordinator around people whom focal points have named."""

    def __init__(self, database: Database, changing: Changing) -> None:
        self._database = database
        self._changing = changing

    def waiting(self, name: str) -> tuple[NamedPersonView, ...]:
        """Return who waits for a yes in a meeting, in the order of asking; raises ``NotFound``."""
        with self._database.reading() as session:
            return waiting_views(session, store.load(session, store.find_id(session, name)))

    def accept(self, name: str, number: int, *, caller: Caller, dry_run: bool = False) -> Effect:
        """Invite a person who waits, by number, as any other.

        Raises ``NotFound`` for one who does not wait (any more), and ``Conflict`` for a meeting that takes no
        more people.
        """

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            row = _of(session, meeting, number)
            there = any(item.address == row.address for item in meeting.invited)
            people = meeting.invited if there else (*meeting.invited, _attendee(meeting, row))
            changed = lifecycle.revise(meeting, Change(attendees=people), now)
            accepted = Fact.of("personal.history.person-accepted")
            return _settled(changed, row, NamingState.ACCEPTED, accepted, caller)

        return self._changing.change(name, command, caller=caller, dry_run=dry_run)

    def refuse(self, name: str, number: int, *, caller: Caller) -> Effect:
        """Say no to a person who waits, by number; nobody is told. Raises ``NotFound`` as ``accept`` does."""

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            row = _of(session, meeting, number)
            refused = Fact.of("personal.history.person-refused")
            return replace(_settled(meeting, row, NamingState.REFUSED, refused, caller), saves=False)

        return self._changing.change(name, command, caller=caller)


def waiting_views(
    session: Session, meeting: Meeting, delegation: str | None = None
) -> tuple[NamedPersonView, ...]:
    """Return who waits for a yes, of one delegation or of all; whom the coordinator has invited does not."""
    invited = {item.address for item in meeting.invited}
    rows: Sequence[NamedPersonRow] = named.waiting(session, meeting.id, delegation)
    return tuple(
        NamedPersonView(
            id=row.id,
            name=row.name,
            email=row.email,
            delegation=row.delegation,
            seat=(row.seat or Seat.MEMBER).value,
            by=row.by,
            asked_at=row.asked_at,
        )
        for row in rows
        if row.address not in invited
    )


def _of(session: Session, meeting: Meeting, number: int) -> NamedPersonRow:
    row = named.get(session, meeting.id, number)
    if row is None:
        raise NotFound(Fact.of("personal.nobody-waits", number=number, reference=meeting.reference))
    return row


def _attendee(meeting: Meeting, row: NamedPersonRow) -> Attendee:
    """The person as an attendee; where another leads the delegation by now, as a member of it."""
    led = any(item.seat is Seat.HEAD for item in meeting.people_of(row.delegation))
    is_second = led and row.seat is Seat.HEAD
    return Attendee(
        name=row.name,
        email=row.email,
        delegation=row.delegation,
        group=row.group,
        role=Role.DELEGATE if is_second else row.role,
        seat=Seat.MEMBER if is_second else row.seat,
        form=row.form,
        position=row.position,
    )


def _settled(
    meeting: Meeting, row: NamedPersonRow, state: NamingState, what: Fact, caller: Caller
) -> MeetingChange:
    number = row.id
    detail = Fact.of("personal.named-person", delegation=row.delegation, name=row.name, email=row.email)

    def write(session: Session, stored: Meeting, now: datetime) -> None:
        named.settle(session, [number], state, caller.name, now)

    return MeetingChange(meeting, what, detail, write=write)
