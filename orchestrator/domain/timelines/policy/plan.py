"""The plan of one session of an event by the policy: invitations, letters, the mail of the last hour."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property

from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus
from orchestrator.domain.timelines import session_work
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.policy.asking import EventAsking
from orchestrator.domain.timelines.policy.context import Deadline, EventContext
from orchestrator.domain.timelines.policy.deadline import decide, reach_of
from orchestrator.domain.timelines.policy.person import LINK_AGAIN, EventLetters, PersonLetters, joined_since
from orchestrator.facts import Fact

SAVE_THE_DATE, INVITE, CONFIRM = "invite:save-the-date", "invite", "confirm"


def deadline_of(event: EventContext, calendars: Calendars) -> Deadline:
    """Return the deadline as it is stored, else as it would be decided now."""
    if event.deadline is not None:
        return event.deadline
    asking = EventAsking(event, calendars.directory, reach_of(event, calendars))
    return decide(event, calendars, asking.codes)


class SessionPlan:
    """What one session of an event calls for by the policy, beside what is done for its link."""

    def __init__(
        self,
        meeting: Meeting,
        event: EventContext,
        calendars: Calendars,
        hour: timedelta | None,
        waits_for: str | None,
        only: Collection[int] | None = None,
    ) -> None:
        """``hour`` is how long before the start the mail of the last hour leaves, ``waits_for`` the link."""
        self._meeting = meeting
        self._event = event
        self._hour = hour
        self._waits_for = waits_for
        deadline = deadline_of(event, calendars)
        self._asking = EventAsking(event, calendars.directory, deadline.reach)
        self._letters = EventLetters(event, calendars, deadline, self._asking)
        self._invited = [item for item in meeting.invited if only is None or item.id in only]
        self._known: dict[str, PersonLetters] = {}

    def obligations(self) -> Iterator[Obligation]:
        """Yield what the session calls for, past or future."""
        if self._meeting.status is MeetingStatus.PUBLISHED:
            yield from self._invitations()
            yield from self._confirmation()
            yield from session_work.nudges(self._meeting, self._invited, self._asking.missing)
        for attendee in self._invited:
            person = self._person(attendee)
            found = [item for item in person.candidates if item.meeting.id == self._meeting.id]
            yield from (item.obligation() for item in found if item.attendee.id == attendee.id)
            yield from self._last_hour(person, attendee)
            yield from self._programme(attendee)

    def _person(self, attendee: Attendee) -> PersonLetters:
        found = self._known.get(attendee.address)
        if found is None:
            found = self._known[attendee.address] = PersonLetters(self._letters, attendee.address)
        return found

    # Invitations

    def _invitations(self) -> Iterator[Obligation]:
        for attendee in self._invited:
            if not attendee.declined:
                person = self._person(attendee)
                if not self._meeting.tentative:
                    yield self._invitation(person, attendee)
                elif self._stands_here(attendee):
                    yield self._save_the_date(person, attendee)

    def _stands_here(self, attendee: Attendee) -> bool:
        """Whether the letters of a person stand in the plan of this session."""
        home = self._event.letters_of(attendee.address)
        return home is not None and home.id == self._meeting.id

    def _invitation(self, person: PersonLetters, attendee: Attendee) -> Obligation:
        landed = person.invitation(self._meeting, attendee)
        found = self._calendar_entry(INVITE, attendee)
        return replace(found, due=landed.instant, note=landed.moved) if landed else found

    def _save_the_date(self, person: PersonLetters, attendee: Attendee) -> Obligation:
        landed = person.save_the_date()
        found = self._calendar_entry(SAVE_THE_DATE, attendee)
        if landed is None or isinstance(landed, Fact) or landed.instant >= self._meeting.starts_at:
            return found
        soon = person.is_invited_soon(landed) and not self._announced_by_hand
        reason = Fact.of("timelines.invited-soon") if soon else None
        return replace(found, due=landed.instant, note=landed.moved, left_out=reason)

    def _calendar_entry(self, step: str, attendee: Attendee) -> Obligation:
        return Obligation(
            key=f"{step}:attendee-{attendee.id}",
            kind=ActionKind.INVITE,
            step=step,
            attendee_id=attendee.id,
            revision=self._meeting.revision,
            due=None,
            expires=self._meeting.ends_at,
            waits_for=self._waits_for,
            late=True,
        )

    def _confirmation(self) -> Iterator[Obligation]:
        """The first invitation confirms what was only announced."""
        meeting = self._meeting
        if not meeting.tentative:
            return
        yield Obligation(
            CONFIRM,
            ActionKind.CONFIRM,
            CONFIRM,
            None,
            meeting.time_revision,
            self._confirmed_at,
            meeting.starts_at,
            late=True,
            left_out=Fact.of("timelines.announced-late") if self._announced_by_hand else None,
        )

    @cached_property
    def _confirmed_at(self) -> datetime:
        """When the first invitation leaves (UTC), which confirms an announced date."""
        moments = (self._person(item).invited_to(self._meeting) for item in self._meeting.invited)
        return min((item for item in moments if item is not None), default=self._letters.wanted.invited_at)

    @property
    def _announced_by_hand(self) -> bool:
        """Whether a coordinator announced the date when the invitations would have left.

        Where the date has moved since, the timeline decides again.
        """
        since = self._meeting.published_at
        return self._meeting.time_revision == 1 and since is not None and since > self._confirmed_at

    # Letters of this session alone

    def _last_hour(self, person: PersonLetters, attendee: Attendee) -> Iterator[Obligation]:
        meeting = self._meeting
        if self._hour is None or meeting.tentative or attendee.declined or not meeting.mode.has_link:
            return
        due = meeting.starts_at - self._hour
        wanted = Obligation(
            f"remind:hour:attendee-{attendee.id}",
            ActionKind.REMIND,
            "remind:hour",
            attendee.id,
            meeting.time_revision,
            due,
            min(due + self._hour / 2, meeting.starts_at),
        )
        yield replace(wanted, left_out=self._told_link(person, attendee, wanted))

    def _told_link(self, person: PersonLetters, attendee: Attendee, wanted: Obligation) -> Fact | None:
        """Return why the mail of the last hour is left out: another one has just told the link."""
        due = wanted.due
        if due is None:
            return None
        before = [
            item[0].starts_at
            for item in person.sessions
            if not item[1].declined and item[0].mode.has_link and item[0].starts_at < self._meeting.starts_at
        ]
        if any(self._meeting.starts_at - start < LINK_AGAIN for start in before):
            return Fact.of("timelines.one-mail-of-the-hour")
        since = joined_since(self._meeting, attendee)
        if since is not None and since > due:
            return Fact.of("timelines.time-passed")
        invited = person.invitation(self._meeting, attendee)
        told = [item.at for item in person.candidates if item.kept and item.step == "remind:day"]
        told += [invited.instant] if invited else [self._meeting.published_at or due]
        return Fact.of("timelines.link-just-told") if any(_near(at, due) for at in told) else None

    def _programme(self, attendee: Attendee) -> Iterator[Obligation]:
        """The programme of the day, at the venue's hour, for who takes part in person."""
        clock, meeting = self._event.policy.programme, self._meeting
        if clock is None or meeting.tentative or attendee.declined or not meeting.mode.has_venue:
            return
        host = self._letters.wanted.host
        day = host.local_date(meeting.starts_at)
        if any(self._is_earlier_that_day(other, attendee, day) for other in self._event.sessions):
            return
        due = host.instant(day, clock)
        yield Obligation(
            f"remind:programme:attendee-{attendee.id}",
            ActionKind.REMIND,
            "remind:programme",
            attendee.id,
            meeting.time_revision,
            due,
            meeting.starts_at,
        )

    def _is_earlier_that_day(self, other: Meeting, attendee: Attendee, day: date) -> bool:
        earlier = other.starts_at < self._meeting.starts_at
        same_day = self._letters.wanted.host.local_date(other.starts_at) == day
        return earlier and same_day and any(item.address == attendee.address for item in other.invited)


def _near(at: datetime, due: datetime) -> bool:
    return due - LINK_AGAIN < at <= due
