"""The letters of one person around an event: each on its day, at most one a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property

from orchestrator.domain.delegations.working_calendar import Calendars, Landing, WorkingCalendar
from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.domain.timelines.audience import Audience, admitted
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.policy.afterwards import afterwards, sees_drafts
from orchestrator.domain.timelines.policy.asking import EventAsking
from orchestrator.domain.timelines.policy.candidates import Candidate, LetterMaker, LetterRank
from orchestrator.domain.timelines.policy.context import AskingReach, Deadline, EventContext
from orchestrator.domain.timelines.policy.days import DayReminders
from orchestrator.domain.timelines.policy.folding import folded
from orchestrator.domain.timelines.policy.rounding import (
    ONE_DAY,
    Rounded,
    back,
    first_hour,
    forward,
    next_morning_after,
    within,
)
from orchestrator.domain.timelines.policy.rules import ChaseRule
from orchestrator.domain.timelines.policy.wanted import WantedDays
from orchestrator.facts import Fact

_OFFICE_DAY = timedelta(hours=7)
"""How late a letter of a morning may still leave: never after 16:00."""
_MOST_LATE = 3
_NOT_AFTER_INVITATION = 1
_INVITED_SOON = 5
"""A save-the-date is left out where the invitation follows within so many own working days."""
LINK_AGAIN = timedelta(hours=3)
"""No mail of the last hour leaves sooner after another one with the link."""


class EventLetters:
    """What the letters of all persons of one event share."""

    def __init__(
        self, event: EventContext, calendars: Calendars, deadline: Deadline, asking: EventAsking
    ) -> None:
        self.event = event
        self.calendars = calendars
        self.deadline = deadline
        self.asking = asking
        self.wanted = WantedDays(event, calendars)
        self._admitted: dict[tuple[int, tuple[Audience, ...]], frozenset[int]] = {}

    @property
    def alone(self) -> bool:
        """Whether only the invitation and the mail of the last hour leave before the first session."""
        return self.deadline.reach is AskingReach.INVITATION_ALONE

    def is_in(self, audiences: tuple[Audience, ...], meeting: Meeting, attendee: Attendee) -> bool:
        """Whether an attendee of a session is in one of the circles."""
        found = self._admitted.get((meeting.id, audiences))
        if found is None:
            people = admitted(audiences, meeting, self.calendars.directory)
            found = self._admitted[meeting.id, audiences] = frozenset(item.id for item in people)
        return attendee.id in found

    @cached_property
    def someone_silent(self) -> bool:
        """Whether anything is awaited from any delegation."""
        return bool(self.asking.silent())

    def chaser_days(self, rule: ChaseRule) -> Sequence[date]:
        """Return the wanted day of each chaser; none without a deadline that can be named."""
        reach, at = self.deadline.reach, self.deadline.at
        if at is None or reach not in (AskingReach.FULL, AskingReach.WITHOUT_PAPERS):
            return ()
        return [item.day(at, self.wanted.host) for item in rule.at]


class PersonLetters:
    """What one person, known by the address, is due around an event."""

    def __init__(self, letters: EventLetters, address: str) -> None:
        self._all = letters
        self._event = letters.event
        self.sessions = letters.event.invited_to(address)
        home = letters.event.letters_of(address)
        self._home = home or self.sessions[0][0]
        self._person = next(item for meeting, item in self.sessions if meeting.id == self._home.id)
        self._calendar: WorkingCalendar = letters.calendars.of(self._person.delegation)
        self._own = self._maker(self._home, self._person)

    def _maker(self, meeting: Meeting, attendee: Attendee) -> LetterMaker:
        return LetterMaker(meeting, attendee, self._calendar)

    # Invitations

    def invitation(self, meeting: Meeting, attendee: Attendee) -> Landing | None:
        """Return when a person is first invited to a session; ``None`` is at once.

        Who is added late, or what is published late, waits for the next office hour.
        """
        found: Rounded = back(self._all.wanted.invitation, self._calendar)
        since = joined_since(meeting, attendee)
        if since is not None and (isinstance(found, Fact) or found.instant < since):
            found = first_hour(since, self._calendar)
        if isinstance(found, Fact) or found.instant >= meeting.starts_at:
            return None
        return found

    def invited_to(self, meeting: Meeting) -> datetime | None:
        """Return the moment of the invitation to a session (UTC); ``None`` is at once."""
        attendee = next(item for other, item in self.sessions if other.id == meeting.id)
        found = self.invitation(meeting, attendee)
        return found.instant if found else None

    def save_the_date(self) -> Rounded | None:
        """Return when the date is announced to the person, before the invitation; ``None`` is at once."""
        rule = self._event.policy.save_the_date
        if rule is None:
            return None
        found = back(self._all.wanted.bounded(rule), self._calendar)
        since = joined_since(self._home, self._person)
        if since is not None and (isinstance(found, Fact) or found.instant < since):
            found = first_hour(since, self._calendar)
        return found

    def is_invited_soon(self, announced: Landing) -> bool:
        """Whether the invitation is due so soon after an announcement that this is left out (catalogue)."""
        invited = self._invited_day(self._home, self._person)
        return invited <= announced.day or within(announced.day, invited, _INVITED_SOON, self._calendar)

    @cached_property
    def _invited_days(self) -> tuple[date, ...]:
        """The person's own days on which an invitation reaches them."""
        return tuple(self._invited_day(meeting, attendee) for meeting, attendee in self.sessions)

    @property
    def _invited_on(self) -> date:
        return max(self._invited_days)

    # Letters

    @cached_property
    def candidates(self) -> list[Candidate]:
        """Every letter, also those left out or folded into another, with the reason."""
        if self._home.tentative:
            return []
        found = [
            *self._request(),
            *self._chasers(),
            *self._week(),
            *self._days(),
            *self._documents(),
            *self._afterwards(),
        ]
        chase, documents = self._event.policy.chase, self._event.policy.documents
        return folded(
            [self._in_time(item) for item in found],
            frozenset(self._invited_days),
            self._calendar,
            spacing=chase.spacing if chase else 0,
            waits=documents.fold if documents else 0,
        )

    def _in_time(self, item: Candidate) -> Candidate:
        """Leave out what had its day before the person was in the session, or the session was public."""
        since = joined_since(item.meeting, item.attendee)
        passed = since is not None and since > item.at and not item.late
        return item.without(Fact.of("timelines.time-passed")) if passed else item

    @property
    def _speaks(self) -> bool:
        return self._all.asking.speaks(self._home, self._person)

    @property
    def _awaited(self) -> bool:
        return bool(self._all.asking.missing(self._person.delegation))

    @property
    def _first_start(self) -> datetime:
        return self.sessions[0][0].starts_at

    def _request(self) -> Iterator[Candidate]:
        wanted = self._all.wanted.request
        if wanted is None or self._all.alone or not (self._speaks and self._awaited):
            return
        landed = forward(max(wanted, self._invited_on + ONE_DAY), self._calendar)
        until = min(self._all.deadline.at or self._first_start, self._first_start)
        yield self._own.letter(LetterRank.REQUEST, ActionKind.NOTICE, "ask", landed, until=until)

    def _chasers(self) -> Iterator[Candidate]:
        rule = self._event.policy.chase
        if rule is None or self._home.starts_at <= (self._all.deadline.at or self._home.starts_at):
            return
        for rung, wanted in enumerate(self._all.chaser_days(rule), 1):
            if self._chased(rule, rung):
                after = rule.at[rung - 1].after
                landed = (
                    forward(wanted, self._calendar, _MOST_LATE) if after else back(wanted, self._calendar)
                )
                yield self._of_a_morning(LetterRank.CHASER, ActionKind.CHASE, f"chase/{rung}", landed)

    def _chased(self, rule: ChaseRule, rung: int) -> bool:
        """Whether a rung is for this person: who speaks for a silent delegation, and whom it is taken to."""
        if self._speaks and self._awaited:
            return True
        beside = tuple(item for number, some in rule.escalate.items() if number <= rung for item in some)
        if not beside or not self._all.is_in(beside, self._home, self._person):
            return False
        overseeing = tuple(item for item in beside if item.oversees)
        if overseeing and self._all.is_in(overseeing, self._home, self._person):
            return self._all.someone_silent
        return self._awaited

    def _of_a_morning(self, rank: LetterRank, kind: ActionKind, step: str, landed: Rounded) -> Candidate:
        """Return a letter that leaves on its morning or not at all, and not after the sessions have begun."""
        last = self.sessions[-1][0].starts_at
        return self._own.letter(rank, kind, step, landed, until=last, grace=_OFFICE_DAY)

    def _week(self) -> Iterator[Candidate]:
        rule = self._event.policy.week
        if rule is None or self._all.alone or self._stays_away or not self._something_new:
            return
        landed = back(self._all.wanted.day(rule), self._calendar)
        yield self._of_a_morning(LetterRank.WEEK, ActionKind.REMIND, "remind:week", landed)

    @property
    def _stays_away(self) -> bool:
        return all(item.declined for _, item in self.sessions)

    @property
    def _something_new(self) -> bool:
        """Whether a week before there is anything to say to a person who knows the date."""
        if self._event.policy.week_to_all:
            return True
        return not self._all.asking.answered(self.sessions) or (self._speaks and self._awaited)

    # The day

    def _days(self) -> Iterator[Candidate]:
        rule = self._event.policy.day
        if rule is None or self._all.alone:
            return
        days = DayReminders(rule, self._all.wanted.host, self._calendar)
        for meeting, attendee in days.firsts(self.sessions):
            landed = days.landed(meeting)
            found = self._maker(meeting, attendee).letter(
                LetterRank.DAY,
                ActionKind.REMIND,
                "remind:day",
                landed,
                until=meeting.starts_at,
                grace=_OFFICE_DAY,
                revision=meeting.time_revision,
            )
            invited = self._invited_day(meeting, attendee)
            soon = found.day <= invited or within(invited, found.day, _NOT_AFTER_INVITATION, self._calendar)
            yield found.without(Fact.of("timelines.invited-then")) if soon else found

    def _invited_day(self, meeting: Meeting, attendee: Attendee) -> date:
        found = self.invitation(meeting, attendee)
        return self._calendar.local_date(
            found.instant if found else joined_since(meeting, attendee) or meeting.starts_at
        )

    # What has happened

    def _afterwards(self) -> Iterator[Candidate]:
        for pair in self.sessions:
            yield from afterwards(
                self._event, self._all.wanted, self._maker(*pair), self._all.calendars.directory
            )

    def _documents(self) -> Iterator[Candidate]:
        rule = self._event.policy.documents
        if rule is None or self._stays_away:
            return
        put_up = self._documents_at(rule.to)
        if put_up is None:
            return
        landed = next_morning_after(put_up, self._calendar)
        found = self._own.letter(
            LetterRank.DOCUMENTS,
            ActionKind.NOTICE,
            "notice:documents",
            landed,
            until=self.sessions[-1][0].ends_at,
            revision=int(put_up.timestamp() // 60),
            late=True,
        )
        yield replace(found, part_of=self._asking_keys)

    @property
    def _asking_keys(self) -> tuple[str, ...]:
        """The keys of letters that end once all has been given, and may have told the documents before."""
        rungs = range(1, len(self._event.policy.chase.at) + 1) if self._event.policy.chase else ()
        steps = ("ask", *(f"chase/{rung}" for rung in rungs))
        return tuple(f"{step}:attendee-{self._person.id}" for step in steps)

    def _documents_at(self, to: tuple[Audience, ...]) -> datetime | None:
        """When the newest file was put up that this person may see."""
        inside = self._all.is_in(to, self._home, self._person)
        if not inside and sees_drafts(self._person, self._all.calendars.directory):
            return None
        records = [self._event.records_of(meeting) for meeting, _ in self.sessions]
        seen = [item.documents_at if inside else item.open_documents_at for item in records]
        return max((item for item in seen if item is not None), default=None)


def joined_since(meeting: Meeting, attendee: Attendee) -> datetime | None:
    """Return from when on an attendee is in a session that is public."""
    return max(
        (item for item in (meeting.published_at, attendee.joined_at) if item is not None), default=None
    )
