"""Date polls: asking the delegations of a draft which of several starts suit them.

Opening a poll tells people something before the meeting is published, so it is previewed like publishing:
the same code runs and is rolled back. Each public method is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from orchestrator.domain.dates.date_poll import (
    ASKED_AGAIN_AFTER,
    MOST_OPTIONS,
    Ballot,
    DatePoll,
    DatePollState,
    Option,
    Vote,
    closing_problem,
    start_problems,
)
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.definitions.written import WallTime
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.problems import problems_of
from orchestrator.domain.time.wall import WallClock, WallDate
from orchestrator.domain.time.zones import exists, instant_of, local_time, zone
from orchestrator.errors import Conflict, InvalidInput, NotFound, Problem
from orchestrator.facts import Fact
from orchestrator.ports import Clock, WakeUp
from orchestrator.services.dates.date_poll_views import DatePollEffect, DatePollView, DatePollViewer
from orchestrator.services.dates.fair_starts import FairStartQuery, FairStarts, Words
from orchestrator.services.dates.votes import over, record
from orchestrator.services.meetings.meetings import Meetings
from orchestrator.services.timelines.changing import Changing
from orchestrator.services.timelines.explaining import Explainer
from orchestrator.services.timelines.moves import only_elsewhere
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.views import Effect
from orchestrator.store.dates import date_polls
from orchestrator.store.engine import Database
from orchestrator.store.meetings import history, saving
from orchestrator.store.meetings import linked as linked_store
from orchestrator.store.meetings import meetings as store
from orchestrator.store.timelines import actions


class DatePollRequest(BaseModel):
    """What is asked in a poll: starts given by hand, the best ones of the fair-start finder, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    starts: tuple[WallTime, ...] = Field((), max_length=100, description="Wall times in the meeting's zone.")
    top: int | None = Field(
        None, ge=1, le=MOST_OPTIONS, description="So many of the best starts that the fair-start finder has."
    )
    first: WallDate | None = Field(
        None, alias="from", description="First date the finder looks at; the day after the poll closes."
    )
    last: WallDate | None = Field(None, alias="to", description="Last date; by default eight weeks on.")
    earliest: WallClock | None = Field(None, description="Earliest start that the finder looks at.")
    latest: WallClock | None = Field(None, description="Latest end that the finder looks at.")
    hard: Words = Field(
        default_factory=list, max_length=200, description="What the finder must keep to, such as VN:hours."
    )
    soft: Words = Field(default_factory=list, max_length=200, description="What it need not keep to.")
    closes: WallTime = Field(
        description="Until when delegations can answer: wall time in the meeting's zone."
    )

    @property
    def sought(self) -> dict[str, Any]:
        """What is said to the fair-start finder beside how many starts it shall propose."""
        fields = {"first", "last", "earliest", "latest", "hard", "soft"}
        values = self.model_dump(include=fields, by_alias=True, exclude_none=True)
        return {name: value for name, value in values.items() if value}

    @classmethod
    def of(cls, data: Any) -> DatePollRequest:
        """Read what was given; raises ``InvalidInput`` naming each field."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error


@dataclass(frozen=True, slots=True)
class _Held:
    """A meeting that is ours until the transaction ends, its open poll, and the moment it became ours."""

    meeting: Meeting
    poll: DatePoll
    now: datetime


class DatePolls:
    """The use cases around a date poll.

    Those of a coordinator raise ``NotFound`` for an unknown meeting and ``Conflict`` where the meeting or
    its poll is not in the state for it.
    """

    def __init__(
        self,
        database: Database,
        planner: Planner,
        meetings: Meetings,
        changing: Changing,
        fair_starts: FairStarts,
        clock: Clock,
        wake_up: WakeUp,
    ) -> None:
        """``meetings`` holds a start against the rules of an update, ``fair_starts`` proposes starts."""
        self._database = database
        self._planner = planner
        self._meetings = meetings
        self._changing = changing
        self._fair_starts = fair_starts
        self._clock = clock
        self._wake_up = wake_up
        self._explainer = Explainer(planner)

    def open(
        self,
        name: str,
        request: DatePollRequest,
        *,
        caller: Caller,
        version: int | None = None,
        preview: bool = False,
    ) -> DatePollEffect:
        """Open a poll and ask those who speak for each delegation of a draft.

        Raises ``InvalidInput`` naming ``starts[n]``, ``starts``, ``closes`` or what the finder says is
        wrong, and ``Conflict`` for anything but a draft that is to come, has somebody to ask and no open
        poll, and for a meeting that is not at ``version`` any more.
        """
        found = self._found(name, request)

        def apply(session: Session) -> tuple[Meeting, datetime]:
            meeting = store.load(session, store.find_id(session, name), lock=True)
            now = self._clock.now()
            _require_version(meeting, version)
            _require_askable(meeting, now)
            options = _options(meeting, request.starts, found)
            closes_at = self._checked(meeting, options, request.closes, now)
            in_time = _in_order_of_time(options)
            date_polls.add(session, meeting.id, in_time, closes_at=closes_at, by=caller.name, now=now)
            detail = f"{len(options)} dates, until {request.closes:%Y-%m-%d %H:%M} {meeting.zone}"
            history.note(session, meeting.id, caller, Fact.of("dates.history.poll-opened"), now, detail)
            return meeting, now

        return self._done(apply, preview=preview)

    def extend(self, name: str, closes: datetime, *, caller: Caller, preview: bool = False) -> DatePollEffect:
        """Let a poll close at another time, given as wall time in the meeting's zone."""

        def apply(session: Session) -> tuple[Meeting, datetime]:
            held = self._held(session, name)
            closes_at = _closing(held.meeting, closes, held.now, held.poll.options)
            date_polls.move_closing(session, held.poll.id, closes_at)
            detail = f"until {closes:%Y-%m-%d %H:%M} {held.meeting.zone}"
            history.note(
                session, held.meeting.id, caller, Fact.of("dates.history.poll-extended"), held.now, detail
            )
            return held.meeting, held.now

        return self._done(apply, preview=preview)

    def remind(self, name: str, *, caller: Caller, preview: bool = False) -> DatePollEffect:
        """Ask those who have not answered again, at most once a day."""

        def apply(session: Session) -> tuple[Meeting, datetime]:
            held = self._held(session, name)
            self._require_reminder(held)
            date_polls.ask_again(session, held.poll.id, held.now)
            history.note(
                session, held.meeting.id, caller, Fact.of("dates.history.poll-asked-again"), held.now
            )
            return held.meeting, held.now

        return self._done(apply, preview=preview)

    def withdraw(self, name: str, *, caller: Caller, preview: bool = False) -> DatePollEffect:
        """End a poll without a result; mails that have not left yet do not leave any more."""

        def apply(session: Session) -> tuple[Meeting, datetime]:
            held = self._held(session, name)
            date_polls.end(session, held.poll.id, DatePollState.WITHDRAWN)
            history.note(session, held.meeting.id, caller, Fact.of("dates.history.poll-withdrawn"), held.now)
            return held.meeting, held.now

        return self._done(apply, preview=preview)

    def close(
        self,
        name: str,
        option: int,
        *,
        caller: Caller,
        version: int | None = None,
        preview: bool = False,
        linked: Linked | None = None,
    ) -> DatePollEffect:
        """Make an option the time of the draft, under the rules of an update, and end the poll.

        ``linked`` says what becomes of the meetings it is linked to. Raises ``InvalidInput`` for an unknown
        option and as an update does, and ``Conflict`` for one that is in the past, for a meeting that is
        not at ``version`` any more, or, with the code ``linked-meetings``, where nobody has said what
        becomes of linked meetings.
        """

        def apply(session: Session) -> tuple[Effect, datetime]:
            linked_store.lock_chain(session, store.find_id(session, name))
            held = self._held(session, name)
            meeting, chosen = held.meeting, held.poll.option(option)
            _require_version(meeting, version)
            if chosen.starts_at <= held.now:
                raise Conflict(Fact.of("dates.option-in-the-past", number=option))
            change = self._meetings.checked_change(meeting, MeetingUpdate(start=chosen.wall_start))
            date_polls.end(session, held.poll.id, DatePollState.CLOSED, option)

            def decide(_: Session, meeting: Meeting, now: datetime) -> Meeting:
                return replace(lifecycle.revise(meeting, change, now), date_poll=None)

            detail = f"option {option}: {chosen.wall_start:%Y-%m-%d %H:%M} {meeting.zone}"
            command = self._meetings.command(
                decide, Fact.of("dates.history.date-chosen"), detail=detail, linked=linked
            )
            outcome = self._changing.changed(session, meeting, command, caller=caller)
            return replace(outcome, previewed=preview), held.now

        return self._shown(apply, preview=preview)

    def vote_for(
        self, name: str, delegation: str, votes: Mapping[int, Vote], *, caller: Caller, preview: bool = False
    ) -> DatePollEffect:
        """Enter what a delegation has said, for example by telephone, in place of what it had said.

        Raises ``InvalidInput`` naming ``delegation`` or ``votes[n]``: there is one for each option.
        """

        def apply(session: Session) -> tuple[Meeting, datetime]:
            held = self._held(session, name)
            refusal = over(held.meeting, held.poll, held.now)
            if refusal:
                raise Conflict(Fact.of("dates.over-extend", refusal=refusal), code="poll-over")
            code = self._asked_delegation(held.meeting, delegation)
            ballot = Ballot(code, held.poll.checked(votes), caller.name, held.now)
            record(session, held.meeting, held.poll, ballot, caller, held.now)
            return held.meeting, held.now

        return self._done(apply, preview=preview)

    def newest(self, name: str) -> DatePollView | None:
        """Return the newest poll of a meeting, open or not; ``None`` when it never had one."""
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, name))
            poll = date_polls.newest(session, meeting.id)
            return self._viewer(session, meeting, poll).view() if poll else None

    def show(self, name: str) -> DatePollView:
        """Return the newest poll of a meeting, open or not; raises ``NotFound``."""
        found = self.newest(name)
        if found is None:
            raise NotFound(Fact.of("dates.no-poll", meeting=name))
        return found

    # Pieces

    def _done(self, apply: Callable[[Session], tuple[Meeting, datetime]], *, preview: bool) -> DatePollEffect:
        """Do something to a poll, replan its draft, and say what follows; or only say so."""

        def replanned(session: Session) -> tuple[Effect, datetime]:
            before, now = apply(session)
            stored = actions.stored(session, before.id)
            meeting, result = self._planner.replan_stored(session, before, now)
            consequences = self._explainer.explain(session, meeting, only_elsewhere(result, stored))
            return Effect(meeting.reference, meeting.version, preview, consequences), now

        return self._shown(replanned, preview=preview)

    def _shown(
        self, use_case: Callable[[Session], tuple[Effect, datetime]], *, preview: bool
    ) -> DatePollEffect:
        """Run a use case that says what follows, and show the poll after it; or only look ahead."""
        with self._database.rehearsal() if preview else self._database.transaction() as session:
            outcome, now = use_case(session)
            meeting = store.load(session, store.find_id(session, outcome.reference))
            poll = date_polls.newest(session, meeting.id)
            if poll is None:
                raise ValueError(f"{meeting.reference} has lost its date poll")
            view = self._viewer(session, meeting, poll, now).view()
        if not preview:
            self._wake_up.notify()
        return DatePollEffect(
            outcome.reference, outcome.version, preview, outcome.consequences, view, warnings=outcome.warnings
        )

    def _viewer(
        self, session: Session, meeting: Meeting, poll: DatePoll, now: datetime | None = None
    ) -> DatePollViewer:
        return DatePollViewer(meeting, poll, self._planner.calendars(session), now or self._clock.now())

    def _held(self, session: Session, name: str) -> _Held:
        """Take a meeting and its open poll; raises ``Conflict`` when it has none."""
        meeting = store.load(session, store.find_id(session, name), lock=True)
        # Read once the meeting is ours, so that votes rise in the order in which they came.
        now = self._clock.now()
        lifecycle.require_status(
            meeting, Fact.of("dates.doing.asked-about-in-a-date-poll"), MeetingStatus.DRAFT
        )
        poll = date_polls.newest(session, meeting.id)
        if poll is None or poll.state is not DatePollState.OPEN:
            raise Conflict(
                Fact.of("dates.no-open-poll", reference=meeting.reference), code="no-open-date-poll"
            )
        return _Held(meeting, poll, now)

    def _found(self, name: str, request: DatePollRequest) -> Sequence[datetime]:
        """The instants that the fair-start finder proposes, where it is asked."""
        if request.top is None:
            if request.sought:
                wrong, advice = Fact.of("dates.top-missing"), Fact.of("dates.top-missing.remedy")
                raise InvalidInput.of("top", None, wrong, advice)
            return ()
        first = request.closes.date() + timedelta(days=1)
        query = FairStartQuery.of({"meeting": name, "top": request.top, "from": first} | request.sought)
        return [item.starts_at for item in self._fair_starts.find(query).findings.slots]

    def _checked(
        self, meeting: Meeting, options: Sequence[Option], closes: datetime, now: datetime
    ) -> datetime:
        """Return the instant at which the poll closes; raises ``InvalidInput`` with all that is wrong."""
        gap = _gap(meeting, "closes", closes)
        closes_at = _instant(meeting, closes)
        wrong_closing = gap or closing_problem(_text(closes), closes_at, now)
        problems = [
            *start_problems(options, now, closes_at),
            *(problem for index, item in enumerate(options) for problem in self._unfit(meeting, index, item)),
            *([wrong_closing] if wrong_closing else []),
        ]
        if problems:
            raise InvalidInput(problems)
        return closes_at

    def _unfit(self, meeting: Meeting, index: int, option: Option) -> Sequence[Problem]:
        """What an update to this start would be refused for."""
        try:
            self._meetings.checked_change(meeting, MeetingUpdate(start=option.wall_start))
        except InvalidInput as error:
            return [
                Problem(f"starts[{index}]", _text(option.wall_start), item.wrong, item.advice)
                for item in error.problems
            ]
        return ()

    def _require_reminder(self, held: _Held) -> None:
        refusal = over(held.meeting, held.poll, held.now)
        if refusal:
            raise Conflict(Fact.of("dates.over-extend-then-ask", refusal=refusal), code="poll-over")
        if not set(held.meeting.delegations) - {item.delegation for item in held.poll.ballots}:
            raise Conflict(Fact.of("dates.all-answered"))
        again = held.poll.asked_at + ASKED_AGAIN_AFTER
        if held.now < again:
            place = self._planner.directory.host_place(held.meeting.host, held.meeting.zone, again)
            when = local_time(again, place)
            raise Conflict(Fact.of("dates.asked-today", when=when), code="asked-today")

    def _asked_delegation(self, meeting: Meeting, delegation: str) -> str:
        code = delegation.strip().upper()
        if code in meeting.delegations:
            return code
        codes = sorted(meeting.delegations, key=self._planner.directory.rank)
        wrong, advice = Fact.of("dates.not-invited"), Fact.of("dates.invited-are", codes=codes)
        raise InvalidInput.of("delegation", delegation, wrong, advice)


def _require_version(meeting: Meeting, version: int | None) -> None:
    if version is not None and version != meeting.version:
        raise saving.changed_meanwhile(meeting.reference)


def _require_askable(meeting: Meeting, now: datetime) -> None:
    lifecycle.require_status(meeting, Fact.of("dates.doing.asked-about-in-a-date-poll"), MeetingStatus.DRAFT)
    if meeting.date_poll is not None:
        raise Conflict(Fact.of("dates.has-open-poll", reference=meeting.reference), code="open-date-poll")
    if meeting.ends_at <= now:
        raise Conflict(Fact.of("dates.would-be-over", reference=meeting.reference))
    if not meeting.invited:
        raise Conflict(Fact.of("dates.nobody-to-ask", reference=meeting.reference))


def _options(meeting: Meeting, given: Sequence[datetime], found: Sequence[datetime]) -> list[Option]:
    """The wall times given by hand, then what the finder found and nobody gave, in the meeting's zone."""
    walls = [item.astimezone(zone(meeting.zone)).replace(tzinfo=None) for item in found]
    starts = [*given, *(wall for wall in walls if wall not in given)]
    return [Option(number, wall, _instant(meeting, wall)) for number, wall in enumerate(starts, 1)]


def _in_order_of_time(options: Sequence[Option]) -> list[Option]:
    """The options numbered as they are shown."""
    ordered = sorted(options, key=lambda item: item.starts_at)
    return [replace(item, number=number) for number, item in enumerate(ordered, 1)]


def _instant(meeting: Meeting, wall: datetime) -> datetime:
    return instant_of(wall, zone(meeting.zone))


def _text(wall: datetime) -> str:
    return f"{wall:%Y-%m-%d %H:%M}"


def _gap(meeting: Meeting, field: str, wall: datetime) -> Problem | None:
    if exists(wall, zone(meeting.zone)):
        return None
    return Problem(
        field,
        _text(wall),
        Fact.of("dates.gap", zone=meeting.zone),
        Fact.of("dates.gap.remedy"),
    )


def _closing(meeting: Meeting, closes: datetime, now: datetime, options: Sequence[Option]) -> datetime:
    closes_at = _instant(meeting, closes)
    problem = _gap(meeting, "closes", closes) or closing_problem(_text(closes), closes_at, now, options)
    if problem:
        raise InvalidInput([problem])
    return closes_at
