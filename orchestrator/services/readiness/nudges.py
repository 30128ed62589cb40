"""Asking delegations now for what is missing from them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Need
from orchestrator.domain.meetings.needs import NEEDS
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.time.durations import duration_fact
from orchestrator.domain.timelines.needs import missing, missing_from, spokespeople, stays_away
from orchestrator.domain.timelines.obligations import NUDGE
from orchestrator.domain.timelines.reconciling import Reconciliation
from orchestrator.errors import Conflict, NotFound
from orchestrator.facts import Fact, chained
from orchestrator.services.readiness.contributions import invited
from orchestrator.services.readiness.readiness import Readiness
from orchestrator.services.readiness.views import at_host
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.services.timelines.moves import only_meant
from orchestrator.services.timelines.views import Effect
from orchestrator.store.meetings import history
from orchestrator.store.readiness import contributions

AGAIN_AFTER = timedelta(minutes=10)
"""How long after a nudge the same person is not nudged again."""
_Due = Mapping[str, Collection[Need]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who is to be nudged, by id, and why others are not."""

    people: dict[int, Attendee]
    passed_over: tuple[Fact, ...]


class Nudges:
    """Asking for what is missing, one mail each."""

    def __init__(self, directory: Directory, readiness: Readiness, changing: Changing) -> None:
        self._directory = directory
        self._readiness = readiness
        self._changing = changing

    def nudge(self, name: str, who: Sequence[str] = (), *, caller: Caller, dry_run: bool = False) -> Effect:
        """Ask now for all that is missing, in one mail each.

        ``who`` are delegations by code, whose spokespeople are asked, and attendees by address; without
        any, all delegations that something is missing from. Raises ``Conflict`` when none is left to ask or
        the meeting is not one to be asked about, and ``NotFound`` for who is not invited.
        """

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            _require_nudgeable(meeting, now)
            due = self._readiness.owed(meeting)
            asked = self._asked(meeting, who, due, contributions.last_nudged(session, meeting.id), now)
            lines = [(caller, _line(meeting, item, due)) for item in asked.people.values()]

            def write(session: Session, stored: Meeting, now: datetime) -> None:
                contributions.nudge(session, asked.people, now)
                history.notes(session, stored.id, Fact.of("readiness.history.nudged"), now, lines)

            return MeetingChange(
                _nudged(meeting, asked.people),
                write=write,
                saves=False,
                warnings=tuple(Fact.of("readiness.not-asked", why=why) for why in asked.passed_over),
                narrow=_only_nudges,
            )

        return self._changing.change(name, command, caller=caller, dry_run=dry_run)

    def _asked(
        self, meeting: Meeting, who: Sequence[str], due: _Due, nudged: Mapping[int, datetime], now: datetime
    ) -> _Asked:
        people: dict[int, Attendee] = {}
        passed: dict[Fact, None] = {}
        codes = sorted(meeting.delegations, key=self._directory.rank)
        for word in who or [code for code in codes if missing(meeting, code, due[code])]:
            for item, why in self._candidates(meeting, word, due):
                reason = why or self._asked_lately(meeting, item, nudged.get(item.id), now)
                if reason:
                    passed[reason] = None
                else:
                    people[item.id] = item
        if not people:
            why = chained([*passed]) if passed else Fact.of("readiness.nothing-missing")
            raise Conflict(Fact.of("readiness.nobody-asked", why=why), code="nobody-to-ask")
        return _Asked(people, tuple(passed))

    def _asked_lately(
        self, meeting: Meeting, item: Attendee, at: datetime | None, now: datetime
    ) -> Fact | None:
        if at is None or now >= at + AGAIN_AFTER:
            return None
        when = at_host(meeting, at, self._directory)
        again = duration_fact(AGAIN_AFTER)
        return Fact.of("readiness.asked-already", name=item.name, when=when, again=again)

    def _candidates(self, meeting: Meeting, word: str, due: _Due) -> Sequence[tuple[Attendee, Fact | None]]:
        """Return whom a word names, each with why they are not asked, where they are not."""
        if "@" in word:
            item = _attendee(meeting, word)
            return [(item, _why_not(meeting, item, due))]
        code = invited(meeting, word)
        people, name = spokespeople(meeting, code), self._directory.get(code).name
        if stays_away(meeting, code):
            return [(item, Fact.of("readiness.has-declined", name=name)) for item in people]
        if not missing(meeting, code, due[code]):
            return [(item, Fact.of("readiness.nothing-missing-from", name=name)) for item in people]
        able = [item for item in people if _lacks(meeting, item, due)]
        nobody = Fact.of("readiness.no-speaker", name=name)
        return [(item, None) for item in able] or [(item, nobody) for item in people]


def _why_not(meeting: Meeting, item: Attendee, due: _Due) -> Fact | None:
    if item.declined:
        return Fact.of("readiness.has-declined", name=item.name)
    if not _lacks(meeting, item, due):
        return Fact.of("readiness.nothing-missing-from", name=item.name)
    return None


def _lacks(meeting: Meeting, attendee: Attendee, due: _Due) -> Sequence[Need]:
    return missing_from(meeting, attendee, due[attendee.delegation])


def _line(meeting: Meeting, item: Attendee, due: _Due) -> Fact:
    """The line of history about one person who is asked."""
    needs = tuple(NEEDS[need].said for need in _lacks(meeting, item, due))
    return Fact.of("readiness.asked-for", delegation=item.delegation, name=item.name, needs=needs)


def _nudged(meeting: Meeting, people: Collection[int]) -> Meeting:
    counted = (
        replace(item, nudges=item.nudges + 1) if item.id in people else item for item in meeting.attendees
    )
    return replace(meeting, attendees=tuple(counted))


def _only_nudges(result: Reconciliation) -> Reconciliation:
    return only_meant(result, lambda item: item.step == NUDGE)


def _require_nudgeable(meeting: Meeting, now: datetime) -> None:
    lifecycle.require_status(meeting, Fact.of("readiness.doing.asked-about"), MeetingStatus.PUBLISHED)
    if meeting.tentative:
        raise Conflict(Fact.of("readiness.only-save-the-date", reference=meeting.reference))
    if meeting.starts_at <= now:
        raise Conflict(Fact.of("readiness.has-begun", reference=meeting.reference))


def _attendee(meeting: Meeting, email: str) -> Attendee:
    found = (item for item in meeting.invited if item.address == compared(email))
    item = next(found, None)
    if item is None:
        raise NotFound(Fact.of("readiness.person-not-invited", given=email, reference=meeting.reference))
    return item
