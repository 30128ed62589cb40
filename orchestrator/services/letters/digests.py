"""What a coordinator is told each morning: what needs them, what came, how it stands, what goes out next.

On the day of a session it says who comes instead of what goes out. One letter tells of all sessions of an
event that have the same coordinator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from orchestrator.domain.answers.responses import ProposalState, ResponseKind
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.alerts import Alert, AlertKind
from orchestrator.domain.meetings.meeting import (
    Attendee,
    ContributionState,
    Meeting,
    MeetingStatus,
    Need,
    Participation,
)
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.timelines.alerting import is_still_so
from orchestrator.domain.timelines.needs import has_answered, is_missing, stays_away
from orchestrator.facts import Fact
from orchestrator.services.letters.alerts import alert_line, letter_of
from orchestrator.services.letters.status import (
    Named,
    Section,
    ShortTitles,
    StatusReport,
    SubjectDay,
    ToldLine,
    at_host,
    named,
    page_of,
)
from orchestrator.store.meetings.digests import Chased, Upcoming
from orchestrator.store.rows.answers import ResponseRow
from orchestrator.words import say

_MOST_LINES = 40
_SAID = {
    Participation.ACCEPTED: "letters.digest.accepted",
    Participation.TENTATIVE: "letters.digest.tentative",
    Participation.DELEGATED: "letters.digest.delegated",
    Participation.DECLINED: "letters.digest.declined",
    Participation.NEEDS_ACTION: "letters.digest.took-back",
}
_STATE = {
    Need.ANSWER: "letters.digest.replies",
    Need.LIST: "letters.digest.lists",
    Need.PAPER: "letters.digest.papers",
    Need.TEST: "letters.digest.tests",
}
_CAME = {
    Need.ANSWER: "letters.digest.answer-came",
    Need.LIST: "letters.digest.list-came",
    Need.PAPER: "letters.digest.paper-came",
    Need.TEST: "letters.digest.test-passed",
}
_LONG_AGO = frozenset({AlertKind.LETTERS_DROPPED, AlertKind.LETTER_FAILED})
"""What cannot be mended any more once it was told."""
_MENDED_ELSEWHERE = frozenset({AlertKind.NEW_TIME})


@dataclass(frozen=True, slots=True)
class SessionNews:
    """A session of the event, and what is on record of it for the digest."""

    meeting: Meeting
    owed: Mapping[str, frozenset[Need]]
    since: datetime | None
    until: datetime
    came: Sequence[ResponseRow] = ()
    waiting: Sequence[ResponseRow] = ()
    alerts: Sequence[Alert] = ()
    chased: Sequence[Chased] = ()
    upcoming: Sequence[Upcoming] = ()


def digest_report(sessions: Sequence[SessionNews], day: date, directory: Directory) -> StatusReport:
    """Return the letter of ``day`` (the host's date) about the sessions of an event, the lead first."""
    lead = sessions[0].meeting
    writer = _Writer(directory, several=len(sessions) > 1)
    today = [item for item in sessions if writer.takes_place(item.meeting, day)]
    needs = [line for item in sessions for line in writer.needs(item, day)]
    sections = [
        Section(Fact.of("letters.digest.needs-you"), _cut(needs), numbered=True),
        *(section for item in today for section in writer.who_comes(item)),
        Section(writer.since(sessions), _cut([line for item in sessions for line in writer.came(item)])),
        Section(
            Fact.of("letters.digest.state"), tuple(line for item in sessions for line in writer.state(item))
        ),
        Section(Fact.of("letters.digest.next"), _cut(writer.upcoming(sessions))),
    ]
    return StatusReport(
        subject=_subject(sessions, today, day, len(needs)),
        label=Fact.of("letters.digest.label-today" if today else "letters.digest.label"),
        sections=tuple(item for item in sections if item.lines),
        path=page_of(lead),
    )


def _subject(sessions: Sequence[SessionNews], today: Sequence[SessionNews], day: date, needs: int) -> Fact:
    params: dict[str, object] = {"day": SubjectDay(day), "title": ShortTitles.of(sessions[0].meeting)}
    if today:
        asked = today[0].meeting.delegations
        coming = [code for code in asked if _comes(today[0].meeting, code)]
        params |= {"coming": len(coming), "asked": len(asked)}
        keys = "letters.digest.subject-today", "letters.digest.subject-today-needs"
    else:
        asked = tuple({code: None for item in sessions for code in item.meeting.delegations})
        replied = [code for code in asked if all(_has_replied(item.meeting, code) for item in sessions)]
        params |= {"replied": len(replied), "asked": len(asked)}
        keys = "letters.digest.subject", "letters.digest.subject-needs"
    return Fact.of(keys[1], **params, count=needs) if needs else Fact.of(keys[0], **params)


def _has_replied(meeting: Meeting, code: str) -> bool:
    return code not in meeting.delegations or has_answered(meeting, code)


def _comes(meeting: Meeting, code: str) -> bool:
    return any(_is_coming(item) for item in meeting.people_of(code))


def _is_coming(attendee: Attendee) -> bool:
    return attendee.participation in (
        Participation.ACCEPTED,
        Participation.TENTATIVE,
        Participation.DELEGATED,
    )


def _cut(lines: Sequence[ToldLine]) -> tuple[ToldLine, ...]:
    """Return as many lines as can be read, and say how many there are beside them."""
    if len(lines) <= _MOST_LINES:
        return tuple(lines)
    more = ToldLine(Fact.of("letters.digest.more", count=len(lines) - _MOST_LINES))
    return (*lines[:_MOST_LINES], more)


class _Writer:
    """Writes the lines; where there are several sessions each says of which it is."""

    def __init__(self, directory: Directory, *, several: bool) -> None:
        self._directory = directory
        self._several = several

    def _line(
        self, meeting: Meeting, said: Fact, path: str | None = None, quoted: str | None = None
    ) -> ToldLine:
        if self._several:
            said = Fact.of("letters.digest.of-session", title=ShortTitles.of(meeting), said=said)
        return ToldLine(said, path, quoted)

    def takes_place(self, meeting: Meeting, day: date) -> bool:
        """Whether a session takes place on ``day`` by the host's calendar."""
        if meeting.status is not MeetingStatus.PUBLISHED:
            return False
        first = at_host(meeting.starts_at, meeting, self._directory).day
        last = at_host(meeting.ends_at - timedelta(seconds=1), meeting, self._directory).day
        return first <= day <= last

    def needs(self, item: SessionNews, day: date) -> Iterator[ToldLine]:
        """Yield what only the coordinator can see to."""
        meeting = item.meeting
        chased = {found.delegation: found for found in item.chased}
        last = {alert.get("delegation") for alert in item.alerts if alert.kind is AlertKind.LAST_CHASER}
        for alert in item.alerts:
            if self._is_open(item, alert):
                line = alert_line(meeting, alert, self._directory)
                yield self._line(meeting, line.said, line.path)
        for code in self._silent(meeting):
            found = chased.get(code)
            if found is not None and found.count > 1 and code not in last:
                sent = at_host(found.at, meeting, self._directory).day
                said = Fact.of("letters.digest.silent-after-two", delegation=self._named(code), day=sent)
                yield self._line(meeting, said, page_of(meeting, "#attendees"))
            elif self.takes_place(meeting, day):
                said = Fact.of("letters.digest.silent-today", delegation=self._named(code))
                yield self._line(meeting, said, page_of(meeting, "#attendees"))
        if self.takes_place(meeting, day):
            for code in self._failed_tests(meeting):
                said = Fact.of("letters.digest.test-failed", delegation=self._named(code))
                yield self._line(meeting, said, page_of(meeting, "#answers"))
        yield from self._waiting(item)

    def _is_open(self, item: SessionNews, alert: Alert) -> bool:
        if alert.kind in _MENDED_ELSEWHERE or not is_still_so(item.meeting, alert):
            return False
        new = item.since is None or alert.since >= item.since
        return new or alert.kind not in _LONG_AGO

    def _waiting(self, item: SessionNews) -> Iterator[ToldLine]:
        """Yield proposed times that are not decided about, and mails that no program could apply."""
        meeting = item.meeting
        for row in item.waiting:
            if row.state == ProposalState.OPEN:
                yield self._line(
                    meeting, self._proposed(meeting, row, item.until), page_of(meeting, "#came-back")
                )
            elif row.incoming_id is not None:
                yield self._line(meeting, self._mail(meeting, row), f"/mailbox/{row.incoming_id}")

    def _proposed(self, meeting: Meeting, row: ResponseRow, now: datetime) -> Fact:
        who = self._who(meeting, row)
        if row.starts_at is None:
            return Fact.of("letters.digest.proposes-something", who=who)
        proposed = at_host(row.starts_at, meeting, self._directory)
        key = "letters.digest.proposed-past" if row.starts_at <= now else "letters.digest.proposed"
        return Fact.of(key, who=who, proposed=proposed)

    def _mail(self, meeting: Meeting, row: ResponseRow) -> Fact:
        """Return what waits: an answer in another's name, that of somebody not invited, or a letter."""
        if row.kind == ResponseKind.LETTER:
            return Fact.of("letters.digest.wrote", who=self._who(meeting, row))
        known = row.attendee_id is not None or row.by in {compared(item.email) for item in meeting.invited}
        if known:
            return Fact.of("letters.digest.answer-waits", who=self._who(meeting, row), sender=row.by)
        return Fact.of("letters.digest.stranger-waits", sender=row.by)

    def since(self, sessions: Sequence[SessionNews]) -> Fact:
        """Return from when on is told what came."""
        known = [item.since for item in sessions if item.since is not None]
        if not known:
            return Fact.of("letters.digest.so-far")
        return Fact.of("letters.digest.since", when=at_host(max(known), sessions[0].meeting, self._directory))

    def came(self, item: SessionNews) -> Iterator[ToldLine]:
        """Yield what came, delegations in protocol order; of several answers of one person the last."""
        meeting, rank = item.meeting, self._directory.rank
        lines = [(self._code(meeting, row), self._came(item, row)) for row in _newest(item)]
        for found in meeting.contributions:
            new = (item.since is None or found.at >= item.since) and found.at < item.until
            if new and found.state is ContributionState.IN:
                said = Fact.of(_CAME[found.need], delegation=self._named(found.delegation))
                lines.append((found.delegation, self._line(meeting, said)))
        yield from (line for _, line in sorted(lines, key=lambda pair: rank(pair[0])))

    def _came(self, item: SessionNews, row: ResponseRow) -> ToldLine:
        meeting, who = item.meeting, self._who(item.meeting, row)
        match ResponseKind(row.kind):
            case ResponseKind.ANSWER:
                said = _answer(row, who)
            case ResponseKind.PROPOSAL:
                said = self._proposed(meeting, row, item.until)
            case ResponseKind.COMPOSITION:
                said = Fact.of("letters.digest.named-people", who=who)
            case _:
                said = self._mail(meeting, row)
        return self._line(meeting, said, quoted=say(row.said) if row.said else None)

    def state(self, item: SessionNews) -> Iterator[ToldLine]:
        """Yield how many have given what is asked of them, and who has not replied."""
        meeting = item.meeting
        asked = [need for need in Need if any(need in needs for needs in item.owed.values())]
        counts = [_counted(meeting, item.owed, need) for need in asked]
        yield self._line(meeting, Fact.of("letters.digest.counts", counts=tuple(counts)))
        silent = tuple(self._named(code) for code in self._silent(meeting))
        said = Fact.of("letters.digest.no-reply", delegations=silent) if silent else _ALL_REPLIED
        yield self._line(meeting, said)

    def who_comes(self, item: SessionNews) -> Iterator[Section]:
        """Yield who is expected at a session of today, delegations in protocol order."""
        meeting = item.meeting
        codes = sorted(meeting.delegations, key=self._directory.rank)
        lines = tuple(ToldLine(self._expected(meeting, code)) for code in codes if _comes(meeting, code))
        starts = at_host(meeting.starts_at, meeting, self._directory)
        yield Section(Fact.of("letters.digest.who-comes", title=ShortTitles.of(meeting), when=starts), lines)

    def _expected(self, meeting: Meeting, code: str) -> Fact:
        coming = [item for item in meeting.people_of(code) if _is_coming(item)]
        head = meeting.head_of(code)
        leads = head if head is not None and head in coming else None
        others = len(coming) - (leads is not None)
        name = leads.name if leads is not None else Fact.of("letters.digest.head-not-named")
        if not others:
            return Fact.of("letters.digest.expected-alone", delegation=self._named(code), head=name)
        return Fact.of("letters.digest.expected", delegation=self._named(code), head=name, count=others)

    def upcoming(self, sessions: Sequence[SessionNews]) -> list[ToldLine]:
        """Return what goes out and happens next, in the order of time."""
        found: list[tuple[datetime, ToldLine]] = []
        for item in sessions:
            meeting = item.meeting
            for mail in item.upcoming:
                when = at_host(mail.at, meeting, self._directory)
                said = Fact.of(
                    "letters.digest.goes-out", when=when, what=letter_of(mail.kind), count=mail.count
                )
                found.append((mail.at, self._line(meeting, said)))
            if meeting.status is MeetingStatus.PUBLISHED and meeting.starts_at > item.until:
                when = at_host(meeting.starts_at, meeting, self._directory)
                said = Fact.of("letters.digest.begins", when=when, title=ShortTitles.of(meeting))
                found.append((meeting.starts_at, ToldLine(said)))
        return [line for _, line in sorted(found, key=lambda pair: pair[0])]

    def _silent(self, meeting: Meeting) -> list[str]:
        silent = [code for code in meeting.delegations if not has_answered(meeting, code)]
        return sorted(silent, key=self._directory.rank)

    def _failed_tests(self, meeting: Meeting) -> list[str]:
        failed = [
            code
            for code in meeting.delegations
            if (found := meeting.contribution(code, Need.TEST)) and found.state is ContributionState.FAILED
        ]
        return sorted(failed, key=self._directory.rank)

    def _named(self, code: str) -> Named:
        return named(code, self._directory)

    def _code(self, meeting: Meeting, row: ResponseRow) -> str:
        attendee = _attendee(meeting, row)
        return attendee.delegation if attendee else meeting.host

    def _who(self, meeting: Meeting, row: ResponseRow) -> Fact:
        attendee = _attendee(meeting, row)
        if attendee is None:
            return Fact.of("text", text=row.giver)
        return Fact.of(
            "letters.digest.person", delegation=self._named(attendee.delegation), name=attendee.name
        )


_ALL_REPLIED = Fact.of("letters.digest.all-replied")


def _counted(meeting: Meeting, owed: Mapping[str, frozenset[Need]], need: Need) -> Fact:
    asked = [code for code, needs in owed.items() if need in needs]
    if need is not Need.ANSWER:
        asked = [code for code in asked if not stays_away(meeting, code)]
    given = sum(not is_missing(meeting, code, need) for code in asked)
    return Fact.of(_STATE[need], given=given, asked=len(asked))


def _newest(item: SessionNews) -> list[ResponseRow]:
    """Leave out answers that the same person has replaced since, and what waits, for that stands above."""
    waiting = {row.id for row in item.waiting}
    # So does what could not be delivered.
    rows = [row for row in item.came if row.id not in waiting and row.kind != ResponseKind.BOUNCE]
    last = {row.attendee_id: row.id for row in rows if row.kind == ResponseKind.ANSWER}
    return [row for row in rows if row.kind != ResponseKind.ANSWER or last[row.attendee_id] == row.id]


def _answer(row: ResponseRow, who: Fact) -> Fact:
    """Return what was answered, who comes instead, and who gave it where that was not the attendee."""
    if row.delegate:
        said = Fact.of("letters.digest.delegated-to", who=who, delegate=row.delegate)
    else:
        said = Fact.of(_SAID[Participation(row.participation or "NEEDS-ACTION")], who=who)
    return Fact.of("letters.digest.by-other", said=said, sender=row.giver) if row.by_other else said


def _attendee(meeting: Meeting, row: ResponseRow) -> Attendee | None:
    return next((item for item in meeting.attendees if item.id == row.attendee_id), None)
