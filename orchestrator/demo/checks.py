"""Holding what came of a demo against what its timeline and its attendees' answers call for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.sandbox.attendees import Reply
from integrations.sandbox.writing import Says
from orchestrator.demo.outbox import CaughtLine
from orchestrator.domain.answers.responses import URGENT_BEFORE, ResponseKind
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.letters.wording import Wording
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.meetings.titles import short_title
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.steps import Step
from orchestrator.services.letters.languages import Languages
from orchestrator.services.letters.subjects import SUBJECTS
from orchestrator.services.meetings.views import AttendeeView, MeetingView

_IN_TIME = timedelta(minutes=1)
_ABOUT_THEN = timedelta(minutes=5)
"""What follows an answer counts from when it was read, which is a little after it was sent."""
_DIGESTS = ("Status ", "Today ", "Tình hình ", "Hôm nay ")
_ALERTS = ("Needs you: ", "Cần xử lý: ")
_ANSWERS = (Says.ACCEPTED, Says.TENTATIVE, Says.DECLINED, Says.DELEGATED)
_SILENT = Participation.NEEDS_ACTION.words


@dataclass(frozen=True, slots=True)
class Expected:
    """A mail that must have come, once: what, for whom, and from which instant on if one is fixed.

    ``subject`` is what its subject begins with, and ``title`` stands somewhere behind that.
    """

    what: str
    recipient: str
    subject: str
    title: str
    at: datetime | None = None
    within: timedelta = _IN_TIME

    def matches(self, mail: CaughtLine) -> bool:
        """Whether a mail is this one."""
        named = mail.subject.startswith(self.subject) and self.title in mail.subject[len(self.subject) :]
        if mail.recipient != self.recipient or not named:
            return False
        # The time of receipt stands in a mail header, which knows no parts of a second.
        return self.at is None or self.at.replace(microsecond=0) <= mail.received_at < self.at + self.within


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said last until they say something else, in person or through their focal point."""

    at: datetime
    email: str
    words: str


@dataclass(frozen=True, slots=True)
class Case:
    """A meeting that was lived through, and every answer that attendees gave to it and that may count.

    ``published_at`` is when it was published: what was due before that is not called for.
    """

    meeting: MeetingView
    steps: Sequence[Step]
    calendars: Calendars
    languages: Languages
    published_at: datetime
    replies: Sequence[Reply]

    def sayings(self) -> Iterator[Said]:
        """Yield what people said, oldest first."""
        emails = {item.id: item.email for item in self.meeting.attendees}
        for reply in self.replies:
            if reply.says in _ANSWERS and not reply.problem:
                for email in (reply.recipient, *(emails[number] for number in reply.also)):
                    yield Said(reply.at, email, reply.says.value)

    def last_said(self, email: str, before: datetime | None = None) -> str:
        """Return a person's answer at the end, or as it was before an instant."""
        words = _SILENT
        for said in self.sayings():
            if said.email == email and (before is None or said.at < before):
                words = said.words
        return words


def expected_mails(case: Case) -> Iterator[Expected]:
    """Yield every mail that the meeting calls for, computed again from its timeline and the answers."""
    title = short_title(case.meeting)
    for person in case.meeting.attendees:
        wording = _wording(case, person)
        own = short_title(case.meeting, wording.code)
        yield Expected("Invitation", person.email, _beginning(wording, SUBJECTS["invitation"]), own)
        yield Expected("Minutes", person.email, "Minutes: ", title)
        yield from _reminders(case, person)
    for reply in case.replies:
        if reply.says is Says.PROPOSED:
            person = next(item for item in case.meeting.attendees if item.email == reply.recipient)
            wording = _wording(case, person)
            begins = _beginning(wording, SUBJECTS["refusal"])
            own = short_title(case.meeting, wording.code)
            yield Expected("Refusal", reply.recipient, begins, own, reply.at, _ABOUT_THEN)


def _reminders(case: Case, person: AttendeeView) -> Iterator[Expected]:
    """Who has declined gets no reminder until they accept again."""
    meeting = case.meeting
    for step in case.steps:
        if step.do is not ActionKind.REMIND or step.first is None:
            continue
        at = step.first.due(meeting.starts_at, case.calendars.of(person.delegation)).instant
        declined = case.last_said(person.email, at) == Says.DECLINED
        if case.published_at <= at < meeting.starts_at and not declined:
            wording = _wording(case, person)
            begins = _beginning(wording, SUBJECTS["reminder"])
            title = short_title(case.meeting, wording.code)
            yield Expected(f"Reminder {step.id}", person.email, begins, title, at)


def _wording(case: Case, person: AttendeeView) -> Wording:
    """Return the language that a person's letters begin in."""
    return case.languages.wording(person.language or case.calendars.directory.get(person.delegation).locale)


def _beginning(wording: Wording, pattern: str) -> str:
    """Return what a subject begins with, before the date; a text without a translation is in English."""
    return wording.translate(pattern).partition("{when}")[0]


def is_status(mail: CaughtLine) -> bool:
    """Whether a mail tells a coordinator how a meeting stands, or what must not wait."""
    return mail.subject.startswith(_DIGESTS + _ALERTS)


def wrong_status(case: Case, found: Iterable[CaughtLine]) -> Iterator[str]:
    """Say where the coordinator was told twice on one day, or not at once what must not wait."""
    own = [item for item in found if item.recipient == case.meeting.coordinator_email and is_status(item)]
    calendar = case.calendars.of(case.meeting.host)
    days = Counter(
        (item.subject.rpartition(" – ")[2], calendar.local_date(item.received_at))
        for item in own
        if item.subject.startswith(_DIGESTS)
    )
    for (title, day), count in days.items():
        if count > 1:
            yield f"{count} letters on {day} tell how “{title}” stands"
    if calendar.local_date(case.meeting.starts_at) not in {day for _, day in days}:
        yield f"no letter of the day tells who comes to {case.meeting.reference}"
    alerts = [item.received_at for item in own if item.subject.startswith(_ALERTS)]
    for at in _late_declines(case):
        if not any(at.replace(microsecond=0) <= told < at + _ABOUT_THEN for told in alerts):
            yield f"nothing told at once that a head of delegation declined at {at}"


def _late_declines(case: Case) -> Iterator[datetime]:
    for said in case.sayings():
        late = said.at >= case.meeting.starts_at - URGENT_BEFORE
        if late and said.words == Says.DECLINED and said.email in _heads(case.meeting.attendees):
            yield said.at


def _heads(people: Sequence[AttendeeView]) -> set[str]:
    """The addresses of those who lead a delegation: named so, or its most senior official."""
    ranks: tuple[Callable[[AttendeeView], bool], ...] = (
        lambda item: item.seat == Seat.HEAD,
        lambda item: item.role == Role.HEAD_OF_CIVIL_SERVICE,
        lambda item: item.role == Role.SENIOR_OFFICIAL,
    )
    heads: dict[str, str] = {}
    for leads in ranks:
        for item in people:
            if leads(item):
                heads.setdefault(item.delegation, item.email)
    return set(heads.values())


def wrong_mails(wanted: Sequence[Expected], found: Sequence[CaughtLine]) -> Iterator[str]:
    """Say which mails did not come exactly once, and which came although nothing called for them."""
    for item in wanted:
        count = sum(item.matches(mail) for mail in found)
        if count != 1:
            when = f" at {item.at:%Y-%m-%d %H:%M} UTC" if item.at else ""
            yield f"{item.what} to {item.recipient}{when}: came {count} times"
    for mail in found:
        if not is_status(mail) and not any(item.matches(mail) for item in wanted):
            yield f"“{mail.subject}” came to {mail.recipient}, and nothing called for it"


def wrong_answers(case: Case) -> Iterator[str]:
    """Say whose answer is not recorded as it was given last, and what else of the answers is missing."""
    for person in case.meeting.attendees:
        said = case.last_said(person.email)
        if person.participation != said:
            yield f"{person.name} said “{said}” last, and is recorded as “{person.participation}”"
    for says, kind in ((Says.PROPOSED, ResponseKind.PROPOSAL), (Says.BOUNCED, ResponseKind.BOUNCE)):
        given = sum(reply.says is says for reply in case.replies)
        recorded = sum(item.kind == kind for item in case.meeting.responses)
        if given != recorded:
            yield f"{case.meeting.reference}: {given} × {says}, and {recorded} recorded"
    for reply in case.replies:
        if reply.problem:
            yield f"{reply.name}: {reply.problem}"


def wrong_quarantine(strangers: Iterable[Reply], kept: Iterable[str | None]) -> Iterator[str]:
    """Say how the quarantine, by its mails' senders, differs from the answers nobody was invited to give."""
    wanted, found = sorted(reply.by for reply in strangers), sorted(sender or "" for sender in kept)
    if wanted != found:
        yield f"in quarantine are mails of {found}, and should be those of {wanted}"
