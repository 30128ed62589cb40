"""What one person will be sent around an event: when nothing is answered, and when all is given in time.

A draft is looked at as if it were published now. Nothing is written or locked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.domain.timelines.actions import StoredAction
from orchestrator.domain.timelines.foreseeing import (
    MOST_MAILS,
    ForeseenMail,
    StillAhead,
    all_given,
    in_time,
    meant,
)
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.planning import plan
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact
from orchestrator.ports import Clock
from orchestrator.services.timelines import connection_tests
from orchestrator.services.timelines.explaining import what_of, why_of
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.engine import Database
from orchestrator.store.meetings import events
from orchestrator.store.meetings import meetings as store
from orchestrator.store.timelines import actions


@dataclass(frozen=True, slots=True)
class MailAhead:
    """One mail: of which meeting, what it is, and when it leaves, in the reader's time and as UTC.

    Both are ``None`` for what leaves at once.
    """

    meeting: str
    kind: str
    what: Fact
    why: Fact
    when: LocalTime | None
    at: datetime | None
    note: Fact | None


@dataclass(frozen=True, slots=True)
class MailsAhead:
    """What one person will be sent: while their delegation is silent, and when it gives all in time."""

    name: str
    address: str
    delegation: str
    silent: tuple[MailAhead, ...]
    in_time: tuple[MailAhead, ...]


@dataclass(frozen=True, slots=True)
class RoleBudget:
    """The most mails that one person in a role will be sent, silent and giving all in time.

    ``people`` is how many have the role, ``address`` one who gets most while nothing is answered.
    """

    role: str
    people: int
    silent: int
    in_time: int
    address: str

    @property
    def is_much(self) -> bool:
        """Whether it is more than a reader can be expected to bear for one event."""
        return max(self.silent, self.in_time) > MOST_MAILS


_ByAddress = dict[str, list[ForeseenMail]]


class ForeseeingMails:
    """Looks ahead; it blocks no writer."""

    def __init__(self, database: Database, planner: Planner, clock: Clock) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock

    def of(self, name: str, to: str) -> MailsAhead:
        """Return what a person is still to be sent of the event of the meeting called ``name``.

        ``to`` is their e-mail address, or the code of a delegation for whoever speaks for it. Raises
        ``NotFound`` for an unknown meeting, ``InvalidInput`` where nobody of the event is meant by ``to``.
        """
        now = self._clock.now()
        with self._database.reading() as session:
            meetings = self._event_of(session, name)
            person = _required(meetings, to)
            silent, given = self._both(session, meetings, {person.address}, {person.delegation}, now)
        own = person.address
        return MailsAhead(
            person.name,
            own,
            person.delegation,
            self._views(silent[own], person),
            self._views(given[own], person),
        )

    def budget(self, name: str) -> tuple[RoleBudget, ...]:
        """Return for each role how many mails one person of it will be sent at most, most first.

        Raises ``NotFound`` for an unknown meeting.
        """
        now = self._clock.now()
        with self._database.reading() as session:
            meetings = self._event_of(session, name)
            people = {item.address: item for meeting in meetings for item in meeting.invited}
            codes = {item.delegation for item in people.values()}
            silent, given = self._both(session, meetings, people, codes, now)
        found = []
        for role in dict.fromkeys(item.role for item in people.values()):
            own = [address for address, item in people.items() if item.role is role]
            most = max(own, key=lambda address: len(silent[address]))
            most_given = max(len(given[address]) for address in own)
            found.append(RoleBudget(role.value, len(own), len(silent[most]), most_given, most))
        return tuple(sorted(found, key=lambda item: (-item.silent, item.role)))

    def _both(
        self,
        session: Session,
        meetings: Sequence[Meeting],
        addresses: Collection[str],
        codes: Collection[str],
        now: datetime,
    ) -> tuple[_ByAddress, _ByAddress]:
        """Return the mails of these people, silent, and when the delegations give all in time."""
        rows = {item.id: actions.stored(session, item.id, lock=False) for item in meetings}
        silent = self._mails(session, meetings, addresses, rows, now)
        given = [all_given(item, codes, now) for item in meetings]
        after = self._mails(session, given, addresses, rows, now)
        return silent, {own: in_time(silent[own], after[own], now) for own in addresses}

    def _event_of(self, session: Session, name: str) -> list[Meeting]:
        """Return the meetings of an event that are still planned, by start, drafts as if published now."""
        (meeting,) = store.load_many(session, [store.find_id(session, name)])
        dated = events.load(session, meeting.event_id).dated
        found = store.load_many(session, [item.meeting_id for item in dated if item.meeting_id is not None])
        coming = [item for item in found if item.status is not MeetingStatus.CANCELLED]
        return sorted(coming or found, key=lambda item: (item.starts_at, item.id))

    def _mails(
        self,
        session: Session,
        meetings: Iterable[Meeting],
        addresses: Collection[str],
        rows: dict[int, list[StoredAction]],
        now: datetime,
    ) -> _ByAddress:
        found: _ByAddress = {own: [] for own in addresses}
        for meeting in meetings:
            people = {item.id: item.address for item in meeting.invited if item.address in found}
            ahead = StillAhead(rows[meeting.id], now)
            for item in self._wanted(session, meeting, people.keys(), rows[meeting.id], now):
                if ahead.holds(item.wanted):
                    found[people[item.wanted.attendee_id or 0]].append(item)
        for mails in found.values():
            mails.sort(key=lambda item: (item.wanted.due or now, item.meeting.starts_at))
        return found

    def _wanted(
        self,
        session: Session,
        meeting: Meeting,
        ids: Collection[int],
        rows: Sequence[StoredAction],
        now: datetime,
    ) -> Iterator[ForeseenMail]:
        """Yield what one meeting calls for, each once; an announced date is confirmed by itself."""
        seen: set[str] = set()
        for state in self._states(session, meeting, now) if ids else ():
            for item in self._planned(session, state, rows, ids, now):
                if item.key not in seen and item.attendee_id in ids:
                    seen.add(item.key)
                    yield ForeseenMail(state, item)

    def _states(self, session: Session, meeting: Meeting, now: datetime) -> Iterator[Meeting]:
        """The meeting as it is, or as published now; then as it is once its date is confirmed."""
        if meeting.status is MeetingStatus.DRAFT:
            if meeting.starts_at <= now:
                return
            announced = self._planner.announces_first(session, meeting, now)
            bare = replace(meeting, date_poll=None)
            meeting = lifecycle.publish(bare, "", now, organizer="", save_the_date=announced)
        yield meeting
        confirms_at = self._planner.confirms_at(session, meeting) if meeting.tentative else None
        if confirms_at is not None and now < confirms_at < meeting.starts_at:
            yield lifecycle.confirm(meeting, confirms_at)

    def _planned(
        self,
        session: Session,
        meeting: Meeting,
        rows: Sequence[StoredAction],
        ids: Collection[int],
        now: datetime,
    ) -> list[Obligation]:
        timeline, calendars = self._planner.timeline(meeting), self._planner.calendars(session)
        tests, _ = connection_tests.allotted(session, meeting, timeline, calendars, rows, now)
        return plan(replace(meeting, connection_tests=tests), timeline, calendars, ids)

    def _views(self, found: Iterable[ForeseenMail], person: Attendee) -> tuple[MailAhead, ...]:
        return tuple(self._view(item.meeting, item.wanted, person) for item in found)

    def _view(self, meeting: Meeting, wanted: Obligation, person: Attendee) -> MailAhead:
        timeline = self._planner.timeline(meeting)
        moment = wanted.due or meeting.starts_at
        place = self._planner.directory.place_of(person.delegation, moment)
        return MailAhead(
            meeting=meeting.reference,
            kind=wanted.kind.value,
            what=what_of(
                wanted.kind,
                wanted.revision,
                timeline.named(wanted.step),
                told=wanted.attendee_id is not None and meeting.attendee(wanted.attendee_id).notified,
                name=wanted.step,
                tentative=meeting.tentative,
            ),
            why=why_of(wanted.step, timeline, tentative=meeting.tentative),
            when=local_time(wanted.due, place) if wanted.due else None,
            at=wanted.due,
            note=wanted.note,
        )


def _required(meetings: Sequence[Meeting], to: str) -> Attendee:
    """Return who is meant by an address or a code; raises ``InvalidInput`` naming the delegations."""
    found = meant(meetings, to)
    if found is None:
        known = list(dict.fromkeys(code for meeting in meetings for code in meeting.delegations))
        advice = Fact.of("timelines.nobody-there.remedy", known=known)
        raise InvalidInput.of("to", to, Fact.of("timelines.nobody-there"), advice)
    return found
