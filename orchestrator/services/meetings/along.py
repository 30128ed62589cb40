"""Commands that change a meeting and take care of those it is linked to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.meetings.reasons import Deed, Why, reason_missing, reason_needed, said_of
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact, Said, ended, listed, spaced
from orchestrator.services.meetings.advice import advice
from orchestrator.services.meetings.linking import Linking
from orchestrator.services.meetings.revising import checked_change, prefixed
from orchestrator.services.meetings.surroundings import Companion
from orchestrator.services.timelines.changing import Along, Command, MeetingChange
from orchestrator.services.timelines.planner import Planner

Applied = Callable[[Session, Meeting, datetime], Meeting]
"""How a use case changes a meeting, inside the transaction."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a change is made: the ``reason`` for people, and a ``remark`` that stays in the history.

    ``optional`` says that it is only looked at, so that a missing reason is named and not refused.
    ``corrected`` are the compared addresses of people who stay under another address.
    """

    reason: Why | None = None
    remark: str | None = None
    optional: bool = False
    corrected: Collection[str] = ()


NOT_EXPLAINED = Explained()


def command(
    planner: Planner,
    apply: Applied,
    what: Fact,
    *,
    detail: Fact | None = None,
    why: Explained = NOT_EXPLAINED,
    linked: Linked | None = None,
) -> Command:
    """Return the command that changes a meeting by ``apply``, and the linked ones as ``linked`` says.

    The reason is told to everybody whom the change is told, also of the meetings that go along; it stands
    in the history, as does ``detail``. The command raises ``Conflict`` with the code ``linked-meetings``
    where the time changes and it is not said what becomes of linked meetings, ``InvalidInput`` where one
    cannot go along, or where people are owed a reason and there is none, and as ``apply`` does.
    """
    linking = Linking(planner)

    def taken(session: Session, meeting: Meeting, now: datetime) -> MeetingChange:
        changed = lifecycle.because(meeting, apply(session, meeting, now), why.reason)
        answer = linking.answer(session, meeting, changed, linked, now)
        along = [_moved_along(planner, item, meeting.reference, why, now) for item in answer.companions]
        unexplained = _unexplained(meeting, changed, along, why)
        moved = {item.before.reference: item.change.meeting for item in along}
        return MeetingChange(
            changed,
            what,
            detail=_told(detail or (said_of(why.reason) if why.reason else None), answer.sentences),
            write=linking.carry_over if changed.status is MeetingStatus.CONCLUDED else None,
            along=along,
            warnings=(
                *unexplained,
                *answer.sentences,
                *advice(session, planner, meeting, changed, now, moved),
            ),
            remark=why.remark,
        )

    return taken


def _moved_along(
    planner: Planner, companion: Companion, reference: str, why: Explained, now: datetime
) -> Along:
    """Move a linked meeting with the one called ``reference``; its fields are named with its own."""
    meeting = companion.meeting
    try:
        wanted = MeetingUpdate(start=companion.wall_start, zone=companion.zone)
        change = checked_change(meeting, planner.directory, planner.timelines, wanted)
        changed = lifecycle.because(meeting, lifecycle.revise(meeting, change, now), why.reason)
    except InvalidInput as error:
        raise InvalidInput([prefixed(f"{meeting.reference}: ", item) for item in error.problems]) from error
    return Along(
        meeting,
        MeetingChange(
            changed,
            Fact.of("meetings.history.moved-along"),
            Fact.of("meetings.with", reference=reference),
            remark=why.remark,
        ),
    )


def _unexplained(before: Meeting, after: Meeting, along: Sequence[Along], why: Explained) -> tuple[Fact, ...]:
    """Return what a look says of a missing reason; raises ``InvalidInput`` where it is not only a look."""
    if why.reason is not None:
        return ()
    own = [item.fact for item in lifecycle.deeds(before, after, why.corrected)]
    theirs = [
        Fact.of("meetings.deed.of-other", reference=item.before.reference)
        for item in along
        if Deed.MOVE in lifecycle.deeds(item.before, item.change.meeting)
    ]
    if not own and not theirs:
        return ()
    if not why.optional:
        raise reason_missing(listed((*own, *theirs)))
    return (reason_needed((*own, *theirs)),)


def _told(reason: Said | None, sentences: Sequence[Fact]) -> Said | None:
    """What history says of a change: the reason given for it, and what becomes of linked meetings."""
    if not sentences:
        return reason
    own = [ended(reason)] if reason else []
    return spaced([*own, *sentences])
