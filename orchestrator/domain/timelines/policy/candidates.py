"""A letter that one person may get, before it is known whether it is folded into another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import IntEnum

from orchestrator.domain.delegations.working_calendar import WorkingCalendar
from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.policy.rounding import Rounded
from orchestrator.facts import Fact


class LetterRank(IntEnum):
    """The order of parts inside a letter: what is asked, the programme, documents, the rest.

    Final minutes come before a draft, which says less of the same.
    """

    REQUEST = 1
    CHASER = 2
    DAY = 3
    WEEK = 4
    DOCUMENTS = 5
    THANK = 6
    FINAL = 7
    DRAFT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One letter to one person: ``meeting`` is the session in whose plan it stands.

    ``at`` and ``day`` are where it lands (UTC, and the recipient's day), ``reason`` is why it is left out.
    ``part_of`` are the keys of the letters that tell the same, if they have gone out since.
    """

    rank: LetterRank
    meeting: Meeting
    attendee: Attendee
    kind: ActionKind
    step: str
    revision: int
    at: datetime
    day: date
    expires: datetime
    note: Fact | None = None
    reason: Fact | None = None
    late: bool = False
    part_of: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key of its obligation."""
        return f"{self.step}:attendee-{self.attendee.id}"

    @property
    def kept(self) -> bool:
        """Whether it is to be sent."""
        return self.reason is None

    def without(self, reason: Fact) -> Candidate:
        """Return it left out for a reason, unless it was left out before."""
        return self if self.reason is not None else replace(self, reason=reason)

    def folded_into(self, other: Candidate) -> Candidate:
        """Return it left out, because another letter tells the same."""
        return self.without(Fact.of("timelines.folded", what=other.kind.rules.words, day=other.day))

    def moved_to(self, landed: Rounded) -> Candidate:
        """Return it on another day, or left out where there is none."""
        if isinstance(landed, Fact):
            return self.without(landed)
        return replace(self, at=landed.instant, day=landed.day, note=self.note or landed.moved)

    def obligation(self) -> Obligation:
        """Return what the plan holds of it."""
        return Obligation(
            key=self.key,
            kind=self.kind,
            step=self.step,
            attendee_id=self.attendee.id,
            revision=self.revision,
            due=self.at,
            expires=self.expires,
            late=self.late,
            note=self.note,
            left_out=self.reason,
            told_by=self.part_of,
        )


@dataclass(frozen=True, slots=True)
class LetterMaker:
    """Makes letters to a person, whose calendar it is, about one session or in its plan."""

    meeting: Meeting
    attendee: Attendee
    calendar: WorkingCalendar

    def letter(
        self,
        rank: LetterRank,
        kind: ActionKind,
        step: str,
        landed: Rounded,
        *,
        until: datetime | None = None,
        grace: timedelta | None = None,
        revision: int = 1,
        late: bool = False,
    ) -> Candidate:
        """Return a letter; it may still leave until ``until`` and for ``grace``, whichever ends first."""
        at, day, note, reason = self._placed(landed)
        ends = [*([until] if until else []), *([at + grace] if grace else [])]
        return Candidate(
            rank=rank,
            meeting=self.meeting,
            attendee=self.attendee,
            kind=kind,
            step=step,
            revision=revision,
            at=at,
            day=day,
            expires=min(ends),
            note=note,
            reason=reason,
            late=late,
        )

    def _placed(self, landed: Rounded) -> tuple[datetime, date, Fact | None, Fact | None]:
        """Return moment, day and note of a letter, and why it is left out; it then stands at the start."""
        if isinstance(landed, Fact):
            start = self.meeting.starts_at
            return start, self.calendar.local_date(start), None, landed
        return landed.instant, landed.day, landed.moved, None
