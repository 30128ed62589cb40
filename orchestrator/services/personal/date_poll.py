"""The focal point's side of a date poll: what its page shows, and voting for a delegation.

The coordinator's side is ``services.dates.date_polls``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.dates.costs import cost_of, pieces_of, why_of
from orchestrator.domain.dates.date_poll import Ballot, DatePoll, Option, Vote
from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.time.durations import duration_fact
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.domain.timelines.events import asked_for_a_date
from orchestrator.errors import Conflict
from orchestrator.facts import Fact, plain
from orchestrator.ports import Clock
from orchestrator.services.dates.date_poll_views import SILENT
from orchestrator.services.dates.votes import over, written
from orchestrator.services.people.contacts import Contact
from orchestrator.services.people.links import Links
from orchestrator.services.personal.by_link import ByLink
from orchestrator.services.personal.followed_link import FollowedLink, NotAnnouncedError, contact_of, follow
from orchestrator.services.timelines.changing import MeetingChange
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.dates import date_polls
from orchestrator.store.engine import Database


@dataclass(frozen=True, slots=True)
class PersonalOption:
    """An option as the reader has it; ``host`` is ``None`` where that is the same clock."""

    number: int
    starts: LocalTime
    ends: LocalTime
    host: LocalTime | None
    comfortable: bool
    why: Fact
    vote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalPoll:
    """All that the page of a poll shows; times are the reader's own but the host's.

    ``poll`` is its number, which an answer names. ``refusal`` says why nothing can be said any more, where
    it cannot. ``by`` and
    ``at`` are who spoke for the delegation last, and when.
    """

    poll: int
    name: str
    delegation: str
    delegation_name: str
    title: str
    title_vi: str | None
    reference: str
    host_name: str
    duration: Fact
    closes: LocalTime
    options: tuple[PersonalOption, ...]
    by: str | None
    at: LocalTime | None
    refusal: Fact | None
    chosen: LocalTime | None
    contact: Contact


class PersonalDatePolls:
    """The use cases of the page of a date poll."""

    def __init__(
        self, database: Database, planner: Planner, by_link: ByLink, links: Links, clock: Clock
    ) -> None:
        self._database = database
        self._planner = planner
        self._by_link = by_link
        self._links = links
        self._clock = clock

    def page(self, token: str) -> PersonalPoll | None:
        """Return what the page of a poll shows; ``None`` once the meeting is announced. Changes nothing.

        Raises ``NotFound`` for a link that was never given out or a meeting that has no poll, and
        ``LinkClosedError`` for a link that opens nothing any more.
        """
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            link = follow(session, signed, now)
            if link.meeting.uid is not None:
                return None
            poll = _poll_of(session, link.meeting)
            return _view(link, poll, self._planner.calendars(session), self._refusal(link, poll, now))

    def vote(self, token: str, votes: Mapping[int, Vote], *, poll: int | None = None) -> None:
        """Record what a delegation says of each option, in place of what it had said.

        ``poll`` is the number of the poll whose options were shown; those of another one are other dates.
        Raises ``InvalidInput`` naming ``votes[n]``, ``Conflict`` for another poll, or, naming whom to write
        to, once the poll is over, and what ``ByLink.change`` raises.
        """

        def command(session: Session, link: FollowedLink, now: datetime) -> MeetingChange:
            newest = _poll_of(session, link.meeting)
            refusal = self._refusal(link, newest, now)
            if refusal:
                contact = contact_of(link.meeting)
                raise Conflict(
                    Fact.of("dates.over-write-to", refusal=refusal, name=contact.name, email=contact.email),
                    code="poll-over",
                )
            if poll is not None and poll != newest.id:
                raise Conflict(Fact.of("dates.another-poll"), code="another-poll")
            own = link.attendee
            ballot = Ballot(own.delegation, newest.checked(votes), link.signature, now)
            return replace(written(link.meeting, newest, ballot, own.id), caller=link.caller)

        self._by_link.change(token, command, announced=False)

    def _refusal(self, link: FollowedLink, poll: DatePoll, now: datetime) -> Fact | None:
        """Why nothing can be said by this reader (any more); ``None`` as long as it can."""
        refusal = over(link.meeting, poll, now)
        if refusal or link.attendee.id in {item.id for item in asked_for_a_date(link.meeting)}:
            return refusal
        own = self._planner.directory.get(link.attendee.delegation)
        asked = [item.name for item in asked_for_a_date(link.meeting) if item.delegation == own.code]
        return Fact.of("dates.others-answer", delegation=own.name, speaker=_one_of(asked))


def _one_of(names: Sequence[str]) -> Fact:
    first, *others = names
    return Fact.of("dates.one-or", first=first, others=_one_of(others)) if others else plain(first)


def _poll_of(session: Session, meeting: Meeting) -> DatePoll:
    """The newest poll of a meeting; raises ``NotAnnouncedError`` where it never had one."""
    poll = date_polls.newest(session, meeting.id)
    if poll is None:
        raise NotAnnouncedError(Fact.of("personal.no-date-poll"))
    return poll


def _view(link: FollowedLink, poll: DatePoll, calendars: Calendars, refusal: Fact | None) -> PersonalPoll:
    """Return the poll as the reader, of one delegation, sees it."""
    meeting, directory = link.meeting, calendars.directory
    own, ballot = directory.get(link.attendee.delegation), poll.ballot(link.attendee.delegation)
    chosen = poll.option(poll.chosen).starts_at if poll.chosen else None

    def local(moment: datetime) -> LocalTime:
        return local_time(moment, directory.place_of(own.code, moment))

    return PersonalPoll(
        poll=poll.id,
        name=link.attendee.name,
        delegation=own.code,
        delegation_name=own.name,
        title=meeting.title_en,
        title_vi=meeting.title_vi if own.locale.startswith("vi") else None,
        reference=meeting.reference,
        host_name=directory.get(meeting.host).name,
        duration=duration_fact(meeting.duration),
        closes=local(poll.closes_at),
        options=tuple(_option(meeting, item, own.code, ballot, calendars) for item in poll.options),
        by=_giver(ballot) if ballot else None,
        at=local(ballot.at) if ballot else None,
        refusal=refusal,
        chosen=local(chosen) if chosen else None,
        contact=contact_of(meeting),
    )


def _option(
    meeting: Meeting, option: Option, code: str, ballot: Ballot | None, calendars: Calendars
) -> PersonalOption:
    starts_at, ends_at = option.starts_at, option.starts_at + meeting.duration
    pieces = pieces_of(calendars.of(code), starts_at, ends_at)
    own = calendars.directory.place_of(code, starts_at)
    host = host_place(meeting, calendars.directory, starts_at)
    vote = ballot.votes.get(option.number) if ballot else None
    return PersonalOption(
        number=option.number,
        starts=local_time(starts_at, own),
        ends=local_time(ends_at, own),
        host=None if own == host else local_time(starts_at, host),
        comfortable=not cost_of(pieces),
        why=why_of(pieces),
        vote=vote.value if vote else SILENT,
    )


def _giver(ballot: Ballot) -> str:
    """Who spoke for a delegation, by name; a coordinator's own channel names no person."""
    name, bracket, _ = ballot.by.partition(" <")
    return name if bracket else "the coordinator"
