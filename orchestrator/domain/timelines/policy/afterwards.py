"""What is said once a session is over: thanks, the draft of its minutes, and those that were adopted.

Nothing of it leaves because of a date: attendance has been noted, or minutes are there.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain.delegations.delegation import Directory, Kind
from orchestrator.domain.delegations.working_calendar import Landing
from orchestrator.domain.meetings.meeting import Attendee
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.obligations import AFTERWARDS
from orchestrator.domain.timelines.policy.candidates import Candidate, LetterMaker, LetterRank
from orchestrator.domain.timelines.policy.context import EventContext, Records
from orchestrator.domain.timelines.policy.rounding import Rounded, forward, next_morning_after
from orchestrator.domain.timelines.policy.wanted import WantedDays

_INSIDE = frozenset({Kind.MEMBER, Kind.SECRETARIAT})


def sees_drafts(attendee: Attendee, directory: Directory) -> bool:
    """Whether drafts and closed papers are for this person: members and the Secretariat see them."""
    return directory.get(attendee.delegation).kind in _INSIDE


def afterwards(
    event: EventContext, wanted: WantedDays, maker: LetterMaker, directory: Directory
) -> Iterator[Candidate]:
    """Yield what a person is sent of one session after it."""
    meeting, rule, records = maker.meeting, event.policy.minutes, event.records_of(maker.meeting)
    draft = next_morning_after(records.draft_at, maker.calendar) if records.draft_at else None
    final = next_morning_after(records.final_at, maker.calendar) if records.final_at else None
    alone = _thanks(wanted, maker, records, draft)
    if alone is not None:
        yield maker.letter(LetterRank.THANK, ActionKind.NOTICE, "thank", alone, grace=AFTERWARDS)
    found = []
    if rule.draft and draft is not None and sees_drafts(maker.attendee, directory):
        found.append((LetterRank.DRAFT, "minutes:draft", draft))
    if rule.final and final is not None:
        found.append((LetterRank.FINAL, "minutes:final", final))
    for rank, step, landed in found:
        yield maker.letter(
            rank, ActionKind.MINUTES, step, landed, grace=AFTERWARDS, revision=meeting.minutes_version
        )


def _thanks(
    wanted: WantedDays, maker: LetterMaker, records: Records, draft: Rounded | None
) -> Rounded | None:
    """Return when a person is thanked by a letter of its own, because no draft came in time."""
    rule = wanted.policy.minutes
    if rule.thank_by is None or records.attendance_at is None:
        return None
    if maker.attendee.delegation not in records.present:
        return None
    found = forward(rule.thank_by.day(maker.meeting.ends_at, wanted.host), maker.calendar)
    if isinstance(found, Landing) and found.instant < records.attendance_at:
        found = next_morning_after(records.attendance_at, maker.calendar)
    in_time = isinstance(draft, Landing) and isinstance(found, Landing) and draft.day <= found.day
    return None if in_time else found
