"""What one person will be sent around an event: when nothing is answered, and when all is given in time.

A draft is looked at as if it were published now. Nothing is written or locked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import (
    Attendee,
    Contribution,
    ContributionState,
    Meeting,
    MeetingStatus,
    Participation,
)
from orchestrator.domain.meetings.needs import RECORDED
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.domain.timelines.actions import ActionState, StoredAction
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.needs import spokespeople
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

MOST_MAILS = 14
"""What one person is sent around an event, to the final minutes, at most; more is warned of."""
_A_DAY_TO_ANSWER = timedelta(days=1)
"""Who gives all in time is taken to do so a day after the invitation."""


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


@dataclass(frozen=True, slots=True)
class _Found:
    """A mail to an attendee, with the meeting that it belongs to, as that would be then."""

    meeting: Meeting
    wanted: Obligation


_ByAddress = dict[str, list[_Found]]


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
            person = _person(meetings, to)
            silent, in_time = self._both(session, meetings, {person.address}, {person.delegation}, now)
        own = person.address
        return MailsAhead(
            person.name,
            own,
            person.delegation,
            self._views(silent[own], person),
            self._views(in_time[own], person),
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
            silent, in_time = self._both(session, meetings, people, codes, now)
        found = []
        for role in dict.fromkeys(item.role for item in people.values()):
            own = [address for address, item in people.items() if item.role is role]
            most = max(own, key=lambda address: len(silent[address]))
            in_time_most = max(len(in_time[address]) for address in own)
            found.append(RoleBudget(role.value, len(own), len(silent[most]), in_time_most, most))
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
        given = [_all_given(item, codes, now) for item in meetings]
        after = self._mails(session, given, addresses, rows, now)
        return silent, {own: _in_time(silent[own], after[own], now) for own in addresses}

    def _event_of(self, session: Session, name: str) -> list[Meeting]:
        """Return the meetings of an event that are still planned, by start, drafts as if published now."""
        meeting = store.load(session, store.find_id(session, name))
        ids = [item.meeting_id for item in events.load(session, meeting.event_id).dated]
        found = [store.load(session, number) for number in ids if number is not None]
        coming = [item for item in found if item.status is not MeetingStatus.CANCELLED]
        return sorted(coming or [meeting], key=lambda item: (item.starts_at, item.id))

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
            ahead = _Ahead(rows[meeting.id], now)
            for item in self._wanted(session, meeting, people.keys(), rows[meeting.id], now):
                if item.wanted.kind.is_mail and not item.wanted.left_out and ahead.holds(item.wanted):
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
    ) -> Iterator[_Found]:
        """Yield what one meeting calls for, each once; an announced date is confirmed by itself."""
        seen: set[str] = set()
        for state in self._states(session, meeting, now) if ids else ():
            for item in self._planned(session, state, rows, ids, now):
                if item.key not in seen and item.attendee_id in ids:
                    seen.add(item.key)
                    yield _Found(state, item)

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

    def _views(self, found: Iterable[_Found], person: Attendee) -> tuple[MailAhead, ...]:
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
                1,
                timeline.named(wanted.step),
                told=False,
                name=wanted.step,
                tentative=meeting.tentative,
            ),
            why=why_of(wanted.step, timeline, tentative=meeting.tentative),
            when=local_time(wanted.due, place) if wanted.due else None,
            at=wanted.due,
            note=wanted.note,
        )


def _person(meetings: Sequence[Meeting], to: str) -> Attendee:
    """Return the person with an address, or who speaks for a delegation by its code."""
    people = [(meeting, item) for meeting in meetings for item in meeting.invited]
    for _, item in people:
        if item.address == to.strip().lower():
            return item
    code = to.strip().upper()
    # The last session is what the others prepare, and has those who answer for their delegation.
    for meeting in reversed(meetings):
        if code in meeting.delegations:
            return spokespeople(meeting, code)[0]
    known = list(dict.fromkeys(item.delegation for _, item in people))
    raise InvalidInput.of(
        "to", to, Fact.of("timelines.nobody-there"), Fact.of("timelines.nobody-there.remedy", known=known)
    )


class _Ahead:
    """What of a meeting's plan is still to be done: not done for its revision, and not past."""

    def __init__(self, rows: Iterable[StoredAction], now: datetime) -> None:
        self._now = now
        self._ended: dict[str, int] = {}
        for row in rows:
            if row.state in (ActionState.SUCCEEDED, ActionState.FAILED, ActionState.MISSED):
                self._ended[row.obligation] = max(row.revision, self._ended.get(row.obligation, 0))

    def holds(self, wanted: Obligation) -> bool:
        """Whether it is still to be done."""
        if self._ended.get(wanted.key, 0) >= wanted.revision:
            return False
        if wanted.due is None or wanted.late:
            return wanted.expires > self._now
        return wanted.due >= self._now


def _all_given(meeting: Meeting, codes: Collection[str], now: datetime) -> Meeting:
    """Return a meeting to which delegations have answered yes and given all that can be recorded."""
    people = [
        replace(item, participation=Participation.ACCEPTED, answer_stamp=now)
        if item.delegation in codes and item.invited and not item.answered
        else item
        for item in meeting.attendees
    ]
    known = {(item.delegation, item.need) for item in meeting.contributions}
    given = [
        Contribution(code, need, ContributionState.IN, "", now)
        for code in meeting.delegations
        for need in RECORDED.values()
        if code in codes and (code, need) not in known
    ]
    return replace(meeting, attendees=tuple(people), contributions=(*meeting.contributions, *given))


def _in_time(silent: Sequence[_Found], given: Sequence[_Found], now: datetime) -> list[_Found]:
    """Return what is sent until a delegation has given all, a day after it was invited, and from then on."""
    invited = [item.wanted.due or now for item in silent if item.wanted.kind is ActionKind.INVITE]
    answered_at = max(invited, default=now) + (_A_DAY_TO_ANSWER if invited else timedelta(0))
    before = [item for item in silent if (item.wanted.due or now) < answered_at]
    return [*before, *(item for item in given if (item.wanted.due or now) >= answered_at)]
