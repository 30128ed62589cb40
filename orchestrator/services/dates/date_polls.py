"""Date polls: asking the delegations of a draft which of several starts suit them.

Opening a poll tells people something before the meeting is published, so it is previewed like publishing.
The focal point's side is ``services.personal.date_poll``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.dates.date_poll import (
    ASKED_AGAIN_AFTER,
    Ballot,
    DatePoll,
    DatePollState,
    Vote,
)
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.time.zones import local_time
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.facts import Fact
from orchestrator.ports import Clock
from orchestrator.services.dates.date_poll_views import DatePollEffect, DatePollView, DatePollViewer
from orchestrator.services.dates.proposals import DatePollRequest, Proposals, closing
from orchestrator.services.dates.votes import over, with_ballot, with_poll, written
from orchestrator.services.meetings import along
from orchestrator.services.meetings.meetings import Meetings
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.services.timelines.moves import only_elsewhere
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.dates import date_polls
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.timelines import actions

Command = Callable[[Session, Meeting, datetime], "PollChange"]
"""Returns what is to become of a poll; it may raise any error."""


@dataclass(frozen=True, slots=True)
class PollChange:
    """What a command makes of a meeting, and its poll after that."""

    change: MeetingChange
    poll: DatePoll


@dataclass(frozen=True, slots=True)
class _Seen:
    """The meeting and its poll as a command leaves them, and when that was."""

    meeting: Meeting
    poll: DatePoll
    now: datetime


_CHOSEN = along.Explained(Fact.of("meetings.reason.date-chosen"))
"""Why meetings move that are linked to one whose date the delegations have chosen."""


class DatePolls:
    """The use cases around a date poll.

    They raise ``NotFound`` for an unknown meeting and ``Conflict`` where the meeting or its poll is not in
    the state for it.
    """

    def __init__(
        self,
        database: Database,
        planner: Planner,
        meetings: Meetings,
        changing: Changing,
        proposals: Proposals,
        clock: Clock,
    ) -> None:
        self._database = database
        self._planner = planner
        self._meetings = meetings
        self._changing = changing
        self._proposals = proposals
        self._clock = clock

    def open(
        self,
        name: str,
        request: DatePollRequest,
        *,
        caller: Caller,
        version: int | None = None,
        dry_run: bool = False,
    ) -> DatePollEffect:
        """Open a poll and ask those who speak for each delegation of a draft.

        Raises ``InvalidInput`` naming ``starts[n]``, ``starts``, ``closes`` or what the finder says is
        wrong, and ``Conflict`` for anything but a draft that is to come, has a person to ask and no open
        poll, and for a meeting that is not at ``version`` any more.
        """
        found = self._proposals.found(name, request)

        def command(session: Session, meeting: Meeting, now: datetime) -> PollChange:
            _require_askable(meeting, now)
            options, closes_at = self._proposals.checked(meeting, request, found, now)
            before = date_polls.newest(session, meeting.id)
            poll = DatePoll(
                id=0,
                state=DatePollState.OPEN,
                opened_at=now,
                closes_at=closes_at,
                by=caller.name,
                asked=(before.asked if before else 0) + 1,
                asked_at=now,
                chosen=None,
                options=options,
            )

            def write(session: Session, stored: Meeting, now: datetime) -> None:
                date_polls.add(session, stored.id, options, closes_at=closes_at, by=caller.name, now=now)

            detail = Fact.of(
                "dates.opened-with",
                count=len(options),
                wall=f"{request.closes:%Y-%m-%d %H:%M}",
                zone=meeting.zone,
            )
            what = Fact.of("dates.history.poll-opened")
            change = MeetingChange(with_poll(meeting, poll), what, detail, write=write, saves=False)
            return PollChange(change, poll)

        return self._changed(name, command, caller=caller, version=version, dry_run=dry_run)

    def extend(self, name: str, closes: datetime, *, caller: Caller, dry_run: bool = False) -> DatePollEffect:
        """Let a poll close at another time, given as wall time in the meeting's zone.

        Raises ``InvalidInput`` naming ``closes``, and ``Conflict`` where no poll is open.
        """

        def command(session: Session, meeting: Meeting, now: datetime) -> PollChange:
            before = _open_poll(session, meeting)
            poll = replace(before, closes_at=closing(meeting, closes, now, before.options))

            def write(session: Session, _: Meeting, __: datetime) -> None:
                date_polls.move_closing(session, poll.id, poll.closes_at)

            detail = Fact.of("dates.until", wall=f"{closes:%Y-%m-%d %H:%M}", zone=meeting.zone)
            what = Fact.of("dates.history.poll-extended")
            change = MeetingChange(with_poll(meeting, poll), what, detail, write=write, saves=False)
            return PollChange(change, poll)

        return self._changed(name, command, caller=caller, dry_run=dry_run)

    def remind(self, name: str, *, caller: Caller, dry_run: bool = False) -> DatePollEffect:
        """Ask those who have not answered again, at most once a day.

        Raises ``Conflict`` where no poll is open, all have answered, or they were asked today.
        """

        def command(session: Session, meeting: Meeting, now: datetime) -> PollChange:
            before = _open_poll(session, meeting)
            _require_reminder(meeting, before, now, self._planner.directory)
            poll = replace(before, asked=before.asked + 1, asked_at=now)

            def write(session: Session, _: Meeting, now: datetime) -> None:
                date_polls.ask_again(session, poll.id, now)

            what = Fact.of("dates.history.poll-asked-again")
            change = MeetingChange(with_poll(meeting, poll), what, write=write, saves=False)
            return PollChange(change, poll)

        return self._changed(name, command, caller=caller, dry_run=dry_run)

    def withdraw(self, name: str, *, caller: Caller, dry_run: bool = False) -> DatePollEffect:
        """End a poll without a result; mails that have not left yet do not leave any more.

        Raises ``Conflict`` where no poll is open.
        """

        def command(session: Session, meeting: Meeting, _: datetime) -> PollChange:
            poll = replace(_open_poll(session, meeting), state=DatePollState.WITHDRAWN)

            def write(session: Session, _: Meeting, __: datetime) -> None:
                date_polls.end(session, poll.id, DatePollState.WITHDRAWN)

            what = Fact.of("dates.history.poll-withdrawn")
            change = MeetingChange(replace(meeting, date_poll=None), what, write=write, saves=False)
            return PollChange(change, poll)

        return self._changed(name, command, caller=caller, dry_run=dry_run)

    def close(
        self,
        name: str,
        option: int,
        *,
        caller: Caller,
        version: int | None = None,
        dry_run: bool = False,
        linked: Linked | None = None,
    ) -> DatePollEffect:
        """Make an option the time of the draft, under the rules of an update, and end the poll.

        ``linked`` says what becomes of the meetings it is linked to. Raises ``InvalidInput`` for an unknown
        option and as an update does, and ``Conflict`` for one that is in the past, for a meeting that is
        not at ``version`` any more, or, with the code ``linked-meetings``, where it was not said what
        becomes of linked meetings.
        """

        def command(session: Session, meeting: Meeting, now: datetime) -> PollChange:
            before = _open_poll(session, meeting)
            chosen = before.option(option)
            if chosen.starts_at <= now:
                raise Conflict(Fact.of("dates.option-in-the-past", number=option))
            update = self._meetings.checked_change(meeting, MeetingUpdate(start=chosen.wall_start))

            def decide(_: Session, meeting: Meeting, now: datetime) -> Meeting:
                return replace(lifecycle.revise(meeting, update, now), date_poll=None)

            detail = Fact.of(
                "dates.chosen", number=option, start=f"{chosen.wall_start:%Y-%m-%d %H:%M}", zone=meeting.zone
            )
            what = Fact.of("dates.history.date-chosen")
            decided = along.command(self._planner, decide, what, detail=detail, why=_CHOSEN, linked=linked)(
                session, meeting, now
            )
            if decided is None:
                raise ValueError("a decision about the date always changes the meeting")

            def write(session: Session, _: Meeting, __: datetime) -> None:
                date_polls.end(session, before.id, DatePollState.CLOSED, option)

            poll = replace(before, state=DatePollState.CLOSED, chosen=option)
            return PollChange(replace(decided, write=write), poll)

        return self._changed(
            name, command, caller=caller, version=version, dry_run=dry_run, with_linked=True, meant=False
        )

    def vote_for(
        self, name: str, delegation: str, votes: Mapping[int, Vote], *, caller: Caller, dry_run: bool = False
    ) -> DatePollEffect:
        """Enter what a delegation has said, for example by telephone, in place of what it had said.

        Raises ``InvalidInput`` naming ``delegation`` or ``votes[n]``: there is one for each option. Raises
        ``Conflict`` where no poll is open, or it takes no votes any more.
        """

        def command(session: Session, meeting: Meeting, now: datetime) -> PollChange:
            before = _open_poll(session, meeting)
            refusal = over(meeting, before, now)
            if refusal:
                raise Conflict(Fact.of("dates.over-extend", refusal=refusal), code="poll-over")
            code = _asked_delegation(meeting, delegation, self._planner.directory)
            ballot = Ballot(code, before.checked(votes), caller.name, now)
            return PollChange(written(meeting, before, ballot), with_ballot(before, ballot))

        return self._changed(name, command, caller=caller, dry_run=dry_run)

    def newest(self, name: str) -> DatePollView | None:
        """Return the newest poll of a meeting, open or not; ``None`` when it never had one."""
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, name))
            poll = date_polls.newest(session, meeting.id)
            calendars = self._planner.calendars(session)
        return DatePollViewer(meeting, poll, calendars, self._clock.now()).view() if poll else None

    def show(self, name: str) -> DatePollView:
        """Return the newest poll of a meeting, open or not; raises ``NotFound``."""
        found = self.newest(name)
        if found is None:
            raise NotFound(Fact.of("dates.no-poll", meeting=name))
        return found

    def _changed(
        self,
        name: str,
        command: Command,
        *,
        caller: Caller,
        version: int | None = None,
        dry_run: bool,
        with_linked: bool = False,
        meant: bool = True,
    ) -> DatePollEffect:
        """Change a poll, or look what that would do, and show the poll after it.

        With ``meant`` only what happens at another moment than before is shown.
        """
        seen: list[_Seen] = []

        def watched(session: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            made = command(session, meeting, now)
            seen.append(_Seen(made.change.meeting, made.poll, now))
            if not meant:
                return made.change
            before = actions.stored(session, meeting.id, lock=False)
            return replace(made.change, narrow=lambda result: only_elsewhere(result, before))

        effect = self._changing.change(
            name, watched, caller=caller, version=version, dry_run=dry_run, with_linked=with_linked
        )
        found = seen[-1]
        with self._database.reading() as session:
            calendars = self._planner.calendars(session)
        view = DatePollViewer(found.meeting, found.poll, calendars, found.now).view()
        return DatePollEffect(
            effect.reference, effect.version, dry_run, effect.consequences, view, warnings=effect.warnings
        )


def _open_poll(session: Session, meeting: Meeting) -> DatePoll:
    """The open poll of a draft; raises ``Conflict`` when it has none."""
    lifecycle.require_status(meeting, Fact.of("dates.doing.asked-about-in-a-date-poll"), MeetingStatus.DRAFT)
    poll = date_polls.newest(session, meeting.id)
    if poll is None or poll.state is not DatePollState.OPEN:
        raise Conflict(Fact.of("dates.no-open-poll", reference=meeting.reference), code="no-open-date-poll")
    return poll


def _require_askable(meeting: Meeting, now: datetime) -> None:
    lifecycle.require_status(meeting, Fact.of("dates.doing.asked-about-in-a-date-poll"), MeetingStatus.DRAFT)
    if meeting.date_poll is not None:
        raise Conflict(Fact.of("dates.has-open-poll", reference=meeting.reference), code="open-date-poll")
    if meeting.ends_at <= now:
        raise Conflict(Fact.of("dates.would-be-over", reference=meeting.reference))
    if not meeting.invited:
        raise Conflict(Fact.of("dates.nobody-to-ask", reference=meeting.reference))


def _require_reminder(meeting: Meeting, poll: DatePoll, now: datetime, directory: Directory) -> None:
    refusal = over(meeting, poll, now)
    if refusal:
        raise Conflict(Fact.of("dates.over-extend-then-ask", refusal=refusal), code="poll-over")
    if not set(meeting.delegations) - {item.delegation for item in poll.ballots}:
        raise Conflict(Fact.of("dates.all-answered"))
    again = poll.asked_at + ASKED_AGAIN_AFTER
    if now < again:
        place = host_place(meeting, directory, again)
        when = local_time(again, place)
        raise Conflict(Fact.of("dates.asked-today", when=when), code="asked-today")


def _asked_delegation(meeting: Meeting, delegation: str, directory: Directory) -> str:
    code = delegation.strip().upper()
    if code in meeting.delegations:
        return code
    codes = sorted(meeting.delegations, key=directory.rank)
    wrong, advice = Fact.of("dates.not-invited"), Fact.of("dates.invited-are", codes=codes)
    raise InvalidInput.of("delegation", delegation, wrong, advice)
