"""What a coordinator is told of answers: what came since the last report, and how the meeting stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from orchestrator.domain.answers.responses import ResponseKind
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.meetings.meeting import Attendee, Meeting, Participation
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.time.zones import local_time
from orchestrator.facts import Fact, Said
from orchestrator.services.letters.content import Report, ReportLine
from orchestrator.store.rows.answers import ResponseRow

_MOST_LINES = 100
_ORDER = (
    Participation.ACCEPTED,
    Participation.TENTATIVE,
    Participation.DELEGATED,
    Participation.DECLINED,
    Participation.NEEDS_ACTION,
)


def report_of(meeting: Meeting, found: Sequence[ResponseRow], directory: Directory, now: datetime) -> Report:
    """Return the report about responses, delegations in protocol order; the newest answer of each counts."""
    ordered = sorted(_newest(found), key=lambda row: (directory.rank(_delegation(meeting, row)), row.id))
    tally = Counter(item.participation for item in meeting.invited)
    silent = {item.delegation for item in meeting.invited} - {
        item.delegation for item in meeting.invited if item.answered
    }
    lines = [_line(meeting, row, directory, now) for row in ordered[:_MOST_LINES]]
    if len(ordered) > _MOST_LINES:
        more = Fact.of("letters.more", number=len(ordered) - _MOST_LINES)
        lines.append(ReportLine(Fact.of("letters.others"), more, Fact.of("letters.counted-below"), None))
    return Report(
        lines=tuple(lines),
        tally=tuple((item.fact, tally[item]) for item in _ORDER if tally[item]),
        silent=tuple(directory.get(code).name for code in sorted(silent, key=directory.rank)),
    )


def _newest(found: Iterable[ResponseRow]) -> list[ResponseRow]:
    """Leave out answers that the same person has replaced since."""
    last = {row.attendee_id: row.id for row in found if row.kind == ResponseKind.ANSWER}
    return [row for row in found if row.kind != ResponseKind.ANSWER or last[row.attendee_id] == row.id]


def _attendee(meeting: Meeting, row: ResponseRow) -> Attendee | None:
    return next((item for item in meeting.attendees if item.id == row.attendee_id), None)


def _delegation(meeting: Meeting, row: ResponseRow) -> str:
    attendee = _attendee(meeting, row)
    return attendee.delegation if attendee else meeting.host


def _line(meeting: Meeting, row: ResponseRow, directory: Directory, now: datetime) -> ReportLine:
    attendee, code = _attendee(meeting, row), _delegation(meeting, row)
    return ReportLine(
        delegation=directory.get(code).name,
        who=attendee.name if attendee else row.giver,
        what=_what(meeting, row, directory, now),
        detail=row.said,
    )


def _what(meeting: Meeting, row: ResponseRow, directory: Directory, now: datetime) -> Said:
    match ResponseKind(row.kind):
        case ResponseKind.ANSWER:
            return _answer(row)
        case ResponseKind.WAITING:
            return _waiting(meeting, row)
        case ResponseKind.PROPOSAL if row.starts_at is not None:
            place = host_place(meeting, directory, row.starts_at)
            proposed = local_time(row.starts_at, place)
            if row.starts_at <= now:
                return Fact.of("letters.proposes-past", time=proposed)
            return Fact.of("letters.proposes", time=proposed)
        case ResponseKind.BOUNCE:
            return _bounced(row)
        case ResponseKind.COMPOSITION:
            return Fact.of("letters.named-who-comes")
        case ResponseKind.LETTER:
            return Fact.of("letters.wrote-a-mail")
    return row.kind


def _answer(row: ResponseRow) -> Fact:
    """Return what was answered, and by whom where that was not the attendee."""
    answer = Participation(row.participation or "NEEDS-ACTION").fact
    if row.delegate:
        answer = Fact.of("letters.answer-to", answer=answer, delegate=row.delegate)
    return Fact.of("letters.answer-by", answer=answer, sender=row.giver) if row.by_other else answer


def _bounced(row: ResponseRow) -> Fact:
    if row.behind is not None:
        return Fact.of("letters.mail-bounced-behind", address=row.behind)
    return Fact.of("letters.mail-bounced")


def _waiting(meeting: Meeting, row: ResponseRow) -> Fact:
    """Return what waits: an answer in somebody's name, or that of a person who could be invited."""
    known = row.attendee_id is not None or row.by in {compared(item.email) for item in meeting.invited}
    return Fact.of("letters.answer-waits", sender=row.by) if known else Fact.of("letters.stranger-waits")
