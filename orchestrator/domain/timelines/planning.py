"""Planning: what must happen for a meeting, to whom and when.

``plan`` turns meeting + timeline + working calendars into obligations, and is pure. How they differ from
what is stored already stands in ``reconciling``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orchestrator.domain.delegations.delegation import Directory, Role
from orchestrator.domain.delegations.working_calendar import (
    EARLIEST,
    Calendars,
    NoWorkingDayError,
    WorkingCalendar,
)
from orchestrator.domain.meetings.meeting import (
    Attendee,
    Meeting,
    MeetingStatus,
    Need,
    OpenPoll,
    RehearsalSlot,
)
from orchestrator.domain.meetings.revision import cancel_to, to_cancel
from orchestrator.domain.time.zones import local_time, long_date
from orchestrator.domain.timelines.audience import admitted
from orchestrator.domain.timelines.kinds import STEP_RULES, ActionKind
from orchestrator.domain.timelines.needs import is_missing, missing_from, spokespeople
from orchestrator.domain.timelines.timeline import Due, Offset, Step, Timeline

_AFTERWARDS = timedelta(days=7)
_DIGEST_EVERY = timedelta(hours=1)
NUDGE = "nudge"
"""The step of what is sent because a coordinator asks for what is missing."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """One thing that must happen once for a revision.

    ``key`` is built from stable ids only. ``due`` is the planned instant (UTC), or ``None`` for as
    soon as possible. After ``expires`` it must not be done any more. An action done for an older
    ``revision`` does not fulfil it. ``waits_for`` is the key of an obligation that comes first.
    ``late`` marks what may be planned although its time has passed, and is then due at once.
    ``note`` says in words why it is not due on the day or at the hour that the timeline wants, ``left_out``
    why it is not to be done at all.
    """

    key: str
    kind: ActionKind
    step: str
    attendee_id: int | None
    revision: int
    due: datetime | None
    expires: datetime
    waits_for: str | None = None
    late: bool = False
    note: str = ""
    left_out: str = ""


def plan(
    meeting: Meeting, timeline: Timeline, calendars: Calendars, only: Collection[int] | None = None
) -> list[Obligation]:
    """Return everything the meeting calls for in its present state, past or future.

    ``calendars`` give each recipient's zone, working days and hours. With ``only`` it is what these
    attendees (by id) are due, and what belongs to nobody.
    """
    match meeting.status:
        case MeetingStatus.DRAFT:
            wanted = date_poll(meeting, calendars)
        case MeetingStatus.PUBLISHED:
            wanted = _Published(meeting, timeline, calendars, only).obligations()
        case MeetingStatus.CANCELLED:
            wanted = _called_off(meeting)
        case MeetingStatus.CONCLUDED:
            wanted = [
                *_minutes(meeting, timeline),
                *_Published(meeting, timeline, calendars, only).afterwards(),
            ]
    if meeting.uid is not None:
        wanted += [*_cancellations(meeting), *_news(meeting)]
    if only is None:
        return wanted
    return [item for item in wanted if item.attendee_id is None or item.attendee_id in only]


class _Published:
    """What a published meeting calls for, step by step."""

    def __init__(
        self, meeting: Meeting, timeline: Timeline, calendars: Calendars, only: Collection[int] | None
    ) -> None:
        self._meeting = meeting
        self._timeline = timeline
        self._calendars = calendars
        self._starts, self._ends = meeting.starts_at, meeting.ends_at
        self._invited = [item for item in meeting.invited if only is None or item.id in only]
        self._ids = {item.id for item in self._invited}
        self._waits_for: str | None = None

    def obligations(self) -> list[Obligation]:
        """Return all of it but what comes after a meeting that is over."""
        wanted: list[Obligation] = []
        for step in self._steps():
            wanted += self._of(step)
        return _without_doubles([*wanted, *_asked_for(self._meeting, self._waits_for), *self._nudges()])

    def afterwards(self) -> list[Obligation]:
        """Return what is still to be said once the meeting is over, such as thanks."""
        steps = [item for item in self._timeline.steps if item.do is ActionKind.NOTICE]
        return [found for step in steps if self._timeline.is_after(step) for found in self._notices(step)]

    def _steps(self) -> Sequence[Step]:
        """The steps that apply: a save-the-date has nothing to join and nothing to remind of yet."""
        invitation = self._timeline.invitation(tentative=self._meeting.tentative)
        return [
            step
            for step in self._timeline.steps
            if (step is invitation if step.do is ActionKind.INVITE else self._applies(step))
        ]

    def _applies(self, step: Step) -> bool:
        return (step.do is ActionKind.CONFIRM) == self._meeting.tentative

    def _of(self, step: Step) -> list[Obligation]:
        match step.do:
            case ActionKind.CONFERENCE:
                return self._conference(step)
            case ActionKind.INVITE:
                return [self._invitation(step, item) for item in self._invited if not item.declined]
            case ActionKind.REMIND:
                return self._reminders(step)
            case ActionKind.NOTICE:
                return self._notices(step)
            case ActionKind.CHASE:
                return [*self._chasers(step)]
            case ActionKind.CONNECTION_TEST:
                return [*self._connection_tests(step)]
            case ActionKind.CONFIRM | ActionKind.CONCLUDE:
                return [self._own_work(step)]
        return []

    def _conference(self, step: Step) -> list[Obligation]:
        """The link, made or kept up to date; and the alert while there is none."""
        meeting = self._meeting
        if meeting.conference.by_hand:
            return []
        self._waits_for = None if meeting.conference.join_url else step.name
        wanted = [
            Obligation(step.name, ActionKind.CONFERENCE, step.name, None, meeting.revision, None, self._ends)
        ]
        if step.alert_after is not None and meeting.published_at and not meeting.conference.join_url:
            due = meeting.published_at + step.alert_after
            wanted.append(
                Obligation("link-alert", ActionKind.LINK_ALERT, "link-alert", None, 1, due, self._ends)
            )
        return wanted

    def _invitation(self, step: Step, attendee: Attendee) -> Obligation:
        due = self._invited_at(step, attendee)
        return Obligation(
            key=f"{step.name}:attendee-{attendee.id}",
            kind=ActionKind.INVITE,
            step=step.name,
            attendee_id=attendee.id,
            revision=self._meeting.revision,
            due=due.instant if due else None,
            # Somebody added, or a link replaced, while the meeting goes on is told; after it nobody is.
            expires=self._ends,
            waits_for=self._waits_for,
            late=True,
            note=due.moved if due else "",
        )

    def _invited_at(self, step: Step, attendee: Attendee) -> Due | None:
        """When somebody is first invited; ``None`` is at once. Whoever comes late waits for their morning.

        A date that is announced by hand, where the timeline does not do so, is announced at once.
        """
        if step.first is None or (self._meeting.tentative and not step.tentative):
            return None
        due = step.first.due(self._starts, self._calendars.of(attendee.delegation))
        return self._not_before_publishing(due, attendee)

    def _not_before_publishing(self, due: Due, attendee: Attendee) -> Due | None:
        since = self._since(attendee)
        if since is None or since <= due.instant:
            return due
        try:
            soonest = self._calendars.of(attendee.delegation).soonest(since).instant
        except NoWorkingDayError:
            return None
        return Due(soonest, _OVERDUE) if soonest < self._starts else None

    def _since(self, attendee: Attendee | None) -> datetime | None:
        """From when on somebody is in the meeting, and the meeting is public."""
        moments = (self._meeting.published_at, attendee.joined_at if attendee else None)
        return max((item for item in moments if item is not None), default=None)

    def _reminders(self, step: Step) -> list[Obligation]:
        found = [
            self._after_invitation(self._mail(step, step.first, step.name, item), item)
            for item in self._admitted(step)
            if not item.declined and self._condition_holds(step, item.delegation)
        ]
        return [*found, *self._for_coordinator(step, 1)]

    def _after_invitation(self, wanted: Obligation, attendee: Attendee) -> Obligation:
        """Leave out a reminder of what somebody is only invited to then, as where it is published late."""
        inviting = self._timeline.invitation(tentative=False)
        due = self._invited_at(inviting, attendee) if inviting else None
        if due is None or wanted.due is None or wanted.left_out or wanted.due > due.instant:
            return wanted
        return replace(wanted, left_out="the invitation goes out at that moment, or later")

    def _notices(self, step: Step) -> list[Obligation]:
        found = [
            self._mail(step, step.first, step.name, item)
            for item in (self._spoken_to(step, self._owing(step)) if step.ask else self._admitted(step))
            if not item.declined and self._condition_holds(step, item.delegation)
        ]
        return [*found, *self._for_coordinator(step, 1)]

    def _for_coordinator(self, step: Step, rung: int) -> list[Obligation]:
        if not step.tells_coordinator(rung):
            return []
        name = f"{step.name}/{rung}" if step.do is ActionKind.CHASE else step.name
        return [self._mail(step, step.at[rung - 1], name, None)]

    def _chasers(self, step: Step) -> Iterator[Obligation]:
        """One mail a rung to whoever can mend what is missing, and to those the matter is taken to."""
        lacking = [code for code in self._owing(step) if self._condition_holds(step, code)]
        if not lacking:
            return
        asked, first_asked = self._spoken_to(step, lacking), self.first_asked(step, lacking)
        for rung, at in enumerate(step.at, 1):
            people = {item.id: item for item in (*asked, *self._added(step, rung, lacking))}
            for attendee in people.values():
                own = first_asked.get(attendee.delegation)
                wanted = self._mail(step, at, f"{step.name}/{rung}", attendee)
                yield self._after_asking(wanted, step, at, attendee.delegation, own or _first(first_asked))
            for wanted in self._for_coordinator(step, rung):
                yield self._after_asking(wanted, step, at, self._meeting.host, _first(first_asked))

    def first_asked(self, step: Step, lacking: Iterable[str]) -> dict[str, datetime]:
        """When each delegation is first asked for what a chaser is about, where something asks for it.

        It does not depend on whom the plan is made for, as whom else a rung tells does not either.
        """
        found: dict[str, datetime] = {}
        for asking in self._timeline.steps:
            if not _asks_for(asking, step):
                continue
            people = voices(self._meeting, asking if asking.ask else step, self._calendars.directory)
            for code in lacking:
                moments = [self._asked_at(asking, item) for item in people.get(code, ())]
                known = [item for item in (found.get(code), *moments) if item is not None]
                if known:
                    found[code] = min(known)
        return found

    def _asked_at(self, asking: Step, attendee: Attendee) -> datetime | None:
        """When a step that asks for something does so; an invitation asks for an answer."""
        if asking.do is ActionKind.INVITE:
            due = self._invited_at(asking, attendee)
            return due.instant if due else self._since(attendee)
        return self._mail(asking, asking.first, asking.name, attendee).due

    def _after_asking(
        self, wanted: Obligation, step: Step, at: Offset | None, delegation: str, asked: datetime | None
    ) -> Obligation:
        """Leave a rung out that comes before what it chases is asked for, or within the same day.

        So it is where holidays push the two together, and where a meeting is published late.
        """
        if asked is None or wanted.due is None or at is None or wanted.left_out:
            return wanted
        calendar = self._calendars.of(delegation)
        day = calendar.local_date(asked)
        if wanted.due > asked and (at.clock is None or calendar.local_date(wanted.due) > day):
            return wanted
        return replace(wanted, left_out=f"the {step.need} is first asked for on {long_date(day)}")

    def _owing(self, step: Step) -> list[str]:
        return owing(self._meeting, step, self._calendars.directory)

    def _spoken_to(self, step: Step, codes: Iterable[str]) -> list[Attendee]:
        """Who speaks for each of these delegations in what a step is about."""
        found = voices(self._meeting, step, self._calendars.directory)
        return [item for code in codes for item in found.get(code, ()) if item.id in self._ids]

    def _added(self, step: Step, rung: int, lacking: Collection[str]) -> list[Attendee]:
        """Whom a rung adds: those who hear of all delegations that lack something, or of their own."""
        directory, added = self._calendars.directory, step.escalated(rung)
        overseeing = [item for item in added if item.oversees]
        found = [
            *admitted(overseeing, self._meeting, directory),
            *(item for item in admitted(added, self._meeting, directory) if item.delegation in lacking),
        ]
        return [item for item in found if item.id in self._ids]

    def _connection_tests(self, step: Step) -> Iterator[Obligation]:
        """Tell each delegation its slot, and at once again when it was moved after that."""
        slots = {slot.delegation: slot for slot in self._meeting.slots}
        lacking = [code for code in self._owing(step) if self._lacks(code, Need.TEST)]
        for item in self._spoken_to(step, lacking):
            wanted = self._mail(step, step.first, step.name, item)
            slot = slots.get(item.delegation)
            if slot is None:
                wanted = replace(wanted, left_out="no slot for a test is free on that day")
            else:
                wanted = self._in_time_for(wanted, step, slot)
            yield wanted
            if slot is not None and slot.moves:
                name = f"{step.name}/{slot.moves + 1}"
                yield replace(
                    wanted,
                    key=f"{name}:attendee-{item.id}",
                    step=name,
                    due=None,
                    expires=slot.starts_at,
                    note=_SLOT_MOVED,
                    left_out="",
                )

    def _in_time_for(self, wanted: Obligation, step: Step, slot: RehearsalSlot) -> Obligation:
        """Let a mail that tells of a slot go out before it, also when its day has passed, never after it."""
        if wanted.due is not None and wanted.due >= slot.starts_at:
            clock = step.first.clock if step.first else None
            day_before = Offset(after=False, days=1, clock=clock or EARLIEST)
            calendar = self._calendars.of(slot.delegation)
            due = day_before.due(slot.starts_at, calendar).instant
            there = local_time(due, calendar.place(calendar.local_date(due)))
            note = f"the test is before the usual day of this mail, so it goes out on {there}"
            wanted = replace(wanted, due=due, expires=self._expiry(step, due), note=note, left_out="")
        return replace(wanted, expires=min(wanted.expires, slot.starts_at), late=True)

    def _nudges(self) -> list[Obligation]:
        """Ask now for what is missing, because a coordinator wants it."""
        if not any(item.nudges for item in self._invited):
            return []
        meeting = self._meeting
        due = owed(meeting, self._timeline, self._calendars.directory)
        return [
            Obligation(
                f"{NUDGE}:attendee-{item.id}",
                ActionKind.CHASE,
                NUDGE,
                item.id,
                item.nudges,
                None,
                self._starts,
            )
            for item in self._invited
            if item.nudges and missing_from(meeting, item, due[item.delegation])
        ]

    def _own_work(self, step: Step) -> Obligation:
        """What the service does by itself, at the host's hour."""
        due, confirms = self._due(step, step.first, self._meeting.host, None), step.do is ActionKind.CONFIRM
        return Obligation(
            step.name,
            step.do,
            step.name,
            None,
            self._meeting.time_revision,
            due.instant,
            self._starts if confirms else due.instant + timedelta(days=365),
            late=confirms,
            note=due.moved,
            left_out=_ANNOUNCED_LATE if confirms and self._announced_after(due.instant) else "",
        )

    def _announced_after(self, moment: datetime) -> bool:
        """Whether somebody announced the date by hand when the timeline would have confirmed it.

        Where the date has moved since, the timeline decides again.
        """
        announced = self._meeting.published_at
        return self._meeting.time_revision == 1 and announced is not None and announced > moment

    def _mail(self, step: Step, at: Offset | None, name: str, attendee: Attendee | None) -> Obligation:
        """One mail to somebody, or to the coordinator, who is where the host is."""
        delegation = attendee.delegation if attendee else self._meeting.host
        due = self._due(step, at, delegation, attendee)
        if (step.ask or step.do is ActionKind.CONNECTION_TEST) and attendee and at and at.clock:
            # What is asked for is still wanted when the meeting is published late.
            due = self._not_before_publishing(due, attendee) or due
        return Obligation(
            key=f"{name}:attendee-{attendee.id}" if attendee else f"{name}:coordinator",
            kind=step.do,
            step=name,
            attendee_id=attendee.id if attendee else None,
            revision=self._meeting.time_revision,
            due=due.instant,
            expires=self._expiry(step, due.instant),
            note=due.moved,
            left_out=self._left_out(step, due, delegation),
        )

    def _due(self, step: Step, at: Offset | None, delegation: str, attendee: Attendee | None) -> Due:
        """When a step is due for a recipient of ``delegation``."""
        if at is None:
            raise ValueError(f"step {step.name} has no offset")
        calendar = self._calendars.of(delegation)
        due = at.due(self._anchor(step, at, delegation, attendee), calendar)
        bound = step.not_before
        if bound is None:
            return due
        return put_off(due, at, bound, self._end_of(bound), calendar)

    def _anchor(self, step: Step, at: Offset, delegation: str, attendee: Attendee | None) -> datetime:
        source = self._timeline.named(step.source) if step.source else None
        if source is None:
            return self._end_of(at)
        if source.first is None:
            return self._since(attendee) or self._starts
        due = self._due(source, source.first, delegation, attendee)
        if source.do is ActionKind.INVITE and attendee is not None:
            due = self._not_before_publishing(due, attendee) or due
        return due.instant

    def _end_of(self, at: Offset) -> datetime:
        """The end of the meeting for what comes after it, else its start."""
        return self._ends if at.after else self._starts

    def _expiry(self, step: Step, due: datetime) -> datetime:
        """Until when a step makes sense: for its grace, and before the meeting not past the start."""
        if self._timeline.is_after(step):
            return due + (step.grace or _AFTERWARDS)
        return min(due + step.grace, self._starts) if step.grace else self._starts

    def _left_out(self, step: Step, due: Due, delegation: str) -> str:
        """Why a step cannot be met for somebody; empty when it can."""
        if not self._timeline.is_after(step) and due.instant >= self._starts:
            return "it would come after the start"
        bound = step.not_after
        if bound is None or not beyond(due, bound, self._end_of(bound), self._calendars.of(delegation)):
            return ""
        return "it would come later than the timeline allows"

    def _admitted(self, step: Step) -> list[Attendee]:
        people = admitted(step.audiences, self._meeting, self._calendars.directory)
        return [item for item in people if item.id in self._ids]

    def _condition_holds(self, step: Step, delegation: str) -> bool:
        return step.when is None or self._lacks(delegation, step.when.need)

    def _lacks(self, delegation: str, need: Need) -> bool:
        return is_missing(self._meeting, delegation, need)


def first_asked(
    meeting: Meeting, timeline: Timeline, calendars: Calendars, step: Step, code: str
) -> datetime | None:
    """Return when a delegation of a published meeting is first asked for what ``step`` is about (UTC).

    ``None`` where no step of the timeline asks for it.
    """
    return _Published(meeting, timeline, calendars, None).first_asked(step, [code]).get(code)


def _asks_for(asking: Step, chaser: Step) -> bool:
    """Whether a step asks for what a chaser is about."""
    if chaser.need is Need.ANSWER:
        return asking.do is ActionKind.INVITE and not asking.tentative
    return asking.ask is not None and asking.ask is chaser.need


def _first(moments: Mapping[str, datetime]) -> datetime | None:
    return min(moments.values(), default=None)


_OVERDUE = "its day had passed already, so it goes out in the next working hours"
_NEXT_WORKING_HOURS = "offices are closed when it is asked, so it goes out in the next working hours"
_ANNOUNCED_LATE = "its day had passed when the date was announced; publish the meeting to confirm it"
_SLOT_MOVED = "the slot was moved after it had been told, so the new one goes out at once"


def put_off(due: Due, at: Offset, bound: Offset, anchor: datetime, calendar: WorkingCalendar) -> Due:
    """Return ``due``, or the first moment that ``bound`` lets something at ``at`` go out.

    ``anchor`` (UTC) is what the bound counts from. What counts whole days keeps to working hours.
    """
    try:
        if bound.clock is None:
            earliest = bound.due(anchor, calendar).instant
            if due.instant >= earliest:
                return due
            moment = earliest if at.clock is None else calendar.soonest(earliest).instant
        else:
            day = bound.day(anchor, calendar)
            if calendar.local_date(due.instant) >= day:
                return due
            moment = calendar.land(day, at.clock or EARLIEST, forward=True).instant
    except NoWorkingDayError:
        return due
    place = calendar.place(calendar.local_date(moment))
    return Due(moment, f"it is not to go out earlier, so it goes out on {local_time(moment, place)}")


def beyond(due: Due, bound: Offset, anchor: datetime, calendar: WorkingCalendar) -> bool:
    """Whether ``due`` is later than ``bound`` allows, which counts from ``anchor`` (UTC)."""
    if bound.clock is None:
        return due.instant > bound.due(anchor, calendar).instant
    try:
        return calendar.local_date(due.instant) > bound.day(anchor, calendar)
    except NoWorkingDayError:
        return False


def owing(meeting: Meeting, step: Step, directory: Directory) -> list[str]:
    """Return the delegations that a step asks, or chases, for something, in protocol order.

    They are those with somebody in its audience. Where that is the focal points, a delegation that should
    have one and sends none owes the same, and all of them owe an answer.
    """
    codes = {item.delegation for item in admitted(step.audiences, meeting, directory)}
    if any(item.value == Role.FOCAL_POINT for item in step.audiences):
        codes |= {
            code
            for code in meeting.delegations
            if step.need is Need.ANSWER or directory.has_focal_points(code)
        }
    return sorted(codes, key=directory.rank)


def oversees(meeting: Meeting, step: Step, rung: int, attendee: Attendee, directory: Directory) -> bool:
    """Whether a rung tells ``attendee`` of all delegations that lack something, not of their own only."""
    circles = (item for item in step.escalated(rung) if item.oversees)
    return any(item.admits(attendee, meeting, directory) for item in circles)


def voices(meeting: Meeting, step: Step, directory: Directory) -> dict[str, list[Attendee]]:
    """Return who of each delegation a step speaks to: its audience, else its head, else whoever comes."""
    found: dict[str, list[Attendee]] = {}
    for item in admitted(step.audiences, meeting, directory):
        found.setdefault(item.delegation, []).append(item)
    for code in meeting.delegations:
        if code not in found:
            found[code] = [meeting.head_of(code) or meeting.people_of(code)[0]]
    return found


def owed(meeting: Meeting, timeline: Timeline, directory: Directory) -> dict[str, frozenset[Need]]:
    """Return what each delegation owes a meeting: an answer, and what its timeline asks for."""
    found: dict[str, set[Need]] = {code: {Need.ANSWER} for code in meeting.delegations}
    for step in timeline.steps:
        if step.need is not None:
            for code in owing(meeting, step, directory):
                found[code].add(step.need)
    return {code: frozenset(found[code]) for code in sorted(found, key=directory.rank)}


def why_dropped(
    meeting: Meeting, timeline: Timeline, directory: Directory, obligation: str, attendee_id: int | None
) -> str:
    """Return why the plan does not hold an obligation (by its key) that it held before.

    Empty where neither the timeline nor who is asked explains it.
    """
    name = obligation.rpartition(":")[0] if _OF_ONE.search(obligation) else obligation
    step, rung = timeline.named(name), name.partition("/")[2]
    if name == NUDGE:
        return ""
    if step is None or (step.do is ActionKind.CHASE and int(rung or 1) > len(step.at)):
        return "the timeline has no such step any more"
    if not STEP_RULES[step.do].asks_delegations or step.need is None:
        return ""
    codes = {meeting.attendee(attendee_id).delegation} if attendee_id is not None else {*meeting.delegations}
    still = [code for code in owing(meeting, step, directory) if is_missing(meeting, code, step.need)]
    return "somebody else is told of it now" if codes.intersection(still) else ""


_OF_ONE = re.compile(r":(attendee-\d+|coordinator)$")


def _without_doubles(wanted: list[Obligation]) -> list[Obligation]:
    """Leave out a reminder, or a rung, that lands at the very moment of a later one: one mail says both."""
    last: dict[tuple[object, ...], str] = {}
    for item in wanted:
        if item.kind.rules.merged and not item.left_out:
            last[_twin(item)] = item.key
    return [
        replace(item, left_out=f"another {item.kind.rules.purposes[0]} falls on the same moment")
        if item.kind.rules.merged and not item.left_out and last[_twin(item)] != item.key
        else item
        for item in wanted
    ]


def _twin(item: Obligation) -> tuple[object, ...]:
    """What two mails have in common of which one is enough; of a chaser also what it is about."""
    about = item.step.partition("/")[0] if item.kind is ActionKind.CHASE else ""
    return item.kind, about, item.attendee_id, item.due


def date_poll(meeting: Meeting, calendars: Calendars) -> list[Obligation]:
    """Ask those who speak for the delegations of a draft for the dates that suit them, until the poll closes.

    Each is asked in their own next working hours. Those of a delegation that has voted are not asked (again).
    """
    poll = meeting.date_poll
    if poll is None:
        return []
    return [
        _question(poll, item, calendars.of(item.delegation))
        for item in asked_for_a_date(meeting)
        if item.delegation not in poll.voted
    ]


def _question(poll: OpenPoll, attendee: Attendee, calendar: WorkingCalendar) -> Obligation:
    due = None
    with suppress(NoWorkingDayError):
        soonest = calendar.soonest(poll.asked_at).instant
        # An answer before the closing is worth more than a good night.
        due = soonest if poll.asked_at < soonest < poll.closes_at else None
    return Obligation(
        f"date-poll:{poll.id}:attendee-{attendee.id}",
        ActionKind.DATE_POLL,
        "date-poll",
        attendee.id,
        poll.asked,
        due,
        poll.closes_at,
        late=True,
        note=_NEXT_WORKING_HOURS if due else "",
    )


def asked_for_a_date(meeting: Meeting) -> list[Attendee]:
    """Return who speaks for each delegation in a date poll."""
    return [item for code in meeting.delegations for item in spokespeople(meeting, code)]


def _asked_for(meeting: Meeting, waits_for: str | None) -> list[Obligation]:
    """The invitation once more, for whoever asked for it (RFC 5546 section 3.2.6) or proposed a time."""
    again = [
        Obligation(
            f"resend:attendee-{item.id}",
            ActionKind.RESEND,
            "resend",
            item.id,
            item.resends,
            None,
            meeting.ends_at,
            waits_for,
        )
        for item in meeting.invited
        if item.resends
    ]
    invited = {item.id for item in meeting.invited}
    refused = [
        Obligation(
            f"refusal:response-{item.response_id}",
            ActionKind.REFUSAL,
            "refusal",
            item.attendee_id,
            item.response_id,
            None,
            meeting.ends_at,
            waits_for,
        )
        for item in meeting.refusals
        if item.attendee_id in invited
    ]
    return [*again, *refused]


def _news(meeting: Meeting) -> list[Obligation]:
    """What the coordinator is told of answers: at most hourly, a late decline of a head at once."""
    news, expires = meeting.news, meeting.ends_at + _AFTERWARDS
    wanted = []
    if news.first_at is not None:
        wanted.append(
            Obligation(
                "digest",
                ActionKind.DIGEST,
                "digest",
                None,
                news.latest,
                news.first_at + _DIGEST_EVERY,
                expires,
                late=True,
            )
        )
    if news.urgent and meeting.status is MeetingStatus.PUBLISHED:
        wanted.append(
            Obligation(
                "decline-alert",
                ActionKind.DECLINE_ALERT,
                "decline-alert",
                None,
                news.urgent,
                None,
                meeting.starts_at,
            )
        )
    return wanted


def _called_off(meeting: Meeting) -> list[Obligation]:
    conference = meeting.conference
    # An attempt without an answer may have made something; with a link by hand nobody was waiting for it.
    if not conference.provider_id and (conference.by_hand or not conference.attempted):
        return []
    return [
        Obligation(
            "conference-delete",
            ActionKind.CONFERENCE_DELETE,
            "conference-delete",
            None,
            meeting.revision,
            None,
            meeting.ends_at + _AFTERWARDS,
        )
    ]


def _cancellations(meeting: Meeting) -> list[Obligation]:
    """A CANCEL for whoever has the meeting in the calendar and is not in it any more."""
    expires = meeting.ends_at + timedelta(days=1)
    return [
        Obligation(
            f"cancel:attendee-{item.id}",
            ActionKind.CANCEL,
            "cancel",
            item.id,
            cancel_to(meeting, item).sequence,
            None,
            expires,
        )
        for item in to_cancel(meeting)
    ]


def _minutes(meeting: Meeting, timeline: Timeline) -> list[Obligation]:
    step = timeline.step(ActionKind.MINUTES)
    if step is None or not meeting.minutes_version or meeting.minutes_at is None:
        return []
    expires = meeting.minutes_at + (step.grace or _AFTERWARDS)
    return [
        Obligation(
            f"{step.name}:attendee-{item.id}",
            ActionKind.MINUTES,
            step.name,
            item.id,
            meeting.minutes_version,
            None,
            expires,
        )
        for item in meeting.invited
    ]
