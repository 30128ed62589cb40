"""Recording what delegations have done of what they owe a meeting, and who has joined it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import (
    Contribution,
    ContributionState,
    Meeting,
    MeetingStatus,
    Need,
)
from orchestrator.domain.meetings.needs import NEEDS
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.facts import Fact
from orchestrator.services.answers.recording import cut
from orchestrator.services.readiness.views import at_host, said_by
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.services.timelines.views import Effect
from orchestrator.store.readiness import contributions

_JOIN_FROM = timedelta(hours=2)
"""How long before the start a delegation can be in the meeting already."""
STATES: Mapping[str, ContributionState | None] = {
    **{item.value: item for item in ContributionState},
    "missing": None,
}
"""How it can stand; ``missing`` takes back what was recorded."""


class Contributions:
    """Recording what comes in. The meeting is planned again, so that what has come in is not asked for."""

    def __init__(self, directory: Directory, changing: Changing) -> None:
        self._directory = directory
        self._changing = changing

    def record(
        self,
        name: str,
        delegation: str,
        need: Need,
        state: ContributionState | None,
        *,
        caller: Caller,
        note: str | None = None,
    ) -> Effect:
        """Record that something came in, is waived or failed, or take that back with no state.

        Chasers for it end at once, or come again. Raises ``InvalidInput`` for what cannot be so,
        ``NotFound`` for a delegation that is not invited, and ``Conflict`` for a meeting that is over.
        """
        _check_state(need, state)

        def command(_: Session, meeting: Meeting, now: datetime) -> MeetingChange | None:
            lifecycle.require_status(
                meeting,
                Fact.of("readiness.doing.given-what-it-waits-for"),
                MeetingStatus.DRAFT,
                MeetingStatus.PUBLISHED,
            )
            code = invited(meeting, delegation)
            wanted = Contribution(code, need, state, caller.name, now, cut(note)) if state else None
            return contribution_change(meeting, code, need, wanted, caller=caller)

        return self._changing.change(name, command, caller=caller)

    def joined(self, name: str, delegation: str, *, caller: Caller) -> bool:
        """Record that a delegation is in the meeting; false when that was known.

        Raises ``Conflict`` long before the start and for a meeting that was not published, and ``NotFound``
        for a delegation that is not invited.
        """
        is_new: list[bool] = []

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange | None:
            lifecycle.require_status(
                meeting, Fact.of("readiness.doing.joined"), MeetingStatus.PUBLISHED, MeetingStatus.CONCLUDED
            )
            code = invited(meeting, delegation)
            if now < meeting.starts_at - _JOIN_FROM:
                starts = at_host(meeting, meeting.starts_at, self._directory)
                raise Conflict(
                    Fact.of("readiness.cannot-have-joined", reference=meeting.reference, starts=starts)
                )
            if code in contributions.joined(session, meeting.id):
                return None
            is_new.append(True)

            def write(session: Session, stored: Meeting, now: datetime) -> None:
                contributions.record_joined(session, stored.id, code, caller.name, now)

            what = Fact.of("readiness.history.joined")
            return MeetingChange(meeting, what, code, write=write, saves=False)

        self._changing.change(name, command, caller=caller)
        return any(is_new)


def contribution_change(
    meeting: Meeting, delegation: str, need: Need, wanted: Contribution | None, *, caller: Caller
) -> MeetingChange | None:
    """Return the change by which a delegation has done ``wanted`` of a need, or nothing of it.

    ``None`` when that stood already.
    """
    known = meeting.contribution(delegation, need)
    if wanted is None and known is None:
        return None
    if wanted and known and (known.state, known.note) == (wanted.state, wanted.note):
        return None

    def write(session: Session, stored: Meeting, _: datetime) -> None:
        if wanted is None:
            contributions.take_back(session, stored.id, delegation, need)
        else:
            contributions.record(session, stored.id, wanted)

    others = tuple(item for item in meeting.contributions if item is not known)
    return MeetingChange(
        replace(meeting, contributions=(*others, *([wanted] if wanted else []))),
        Fact.of(NEEDS[need].history[wanted.state if wanted else None]),
        _detail(delegation, wanted, caller),
        write=write,
        saves=False,
        caller=caller,
    )


def _detail(delegation: str, wanted: Contribution | None, caller: Caller) -> Fact | str:
    """What history says beside what was done: by whom, unless the caller did it, and what was noted."""
    if wanted is None:
        return delegation
    is_own = wanted.by == caller.name
    who = (
        delegation
        if is_own
        else Fact.of("readiness.by-another", delegation=delegation, by=said_by(wanted.by))
    )
    return Fact.of("readiness.noted", who=who, note=wanted.note) if wanted.note else who


def _check_state(need: Need, state: ContributionState | None) -> None:
    if need is Need.ANSWER:
        wrong, advice = Fact.of("readiness.given-by-people"), Fact.of("readiness.given-by-people.remedy")
        raise InvalidInput.of("need", need, wrong, advice)
    if state is ContributionState.FAILED and need is not Need.TEST:
        wrong = Fact.of("readiness.cannot-be-so", need=NEEDS[need].said)
        raise InvalidInput.of("state", state, wrong, Fact.of("readiness.cannot-be-so.remedy"))


def invited(meeting: Meeting, delegation: str) -> str:
    """Return the code of a delegation that is invited; raises ``NotFound`` for another."""
    code = delegation.strip().upper()
    if code not in meeting.delegations:
        raise NotFound(
            Fact.of("readiness.delegation-not-invited", given=delegation, reference=meeting.reference)
        )
    return code
