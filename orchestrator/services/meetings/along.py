"""Commands that change a meeting and take care of those it is linked to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact, Said, spaced
from orchestrator.services.meetings.advice import advice
from orchestrator.services.meetings.linking import Linking
from orchestrator.services.meetings.revising import checked_change, prefixed
from orchestrator.services.meetings.surroundings import Companion
from orchestrator.services.timelines.changing import Along, Command, MeetingChange
from orchestrator.services.timelines.planner import Planner

Applied = Callable[[Session, Meeting, datetime], Meeting]
"""How a use case changes a meeting, inside the transaction."""


def command(
    planner: Planner,
    apply: Applied,
    what: Fact,
    *,
    detail: Fact | None = None,
    reason: str | None = None,
    linked: Linked | None = None,
) -> Command:
    """Return the command that changes a meeting by ``apply``, and the linked ones as ``linked`` says.

    The ``reason`` is told to everybody whom the change is told, also of the meetings that go along; it stands
    in the history, as does ``detail``. The command raises ``Conflict`` with the code ``linked-meetings``
    where the time changes and it is not said what becomes of linked meetings, ``InvalidInput`` where one
    cannot go along, and as ``apply`` does.
    """
    linking = Linking(planner)

    def taken(session: Session, meeting: Meeting, now: datetime) -> MeetingChange:
        changed = lifecycle.because(meeting, apply(session, meeting, now), reason)
        answer = linking.answer(session, meeting, changed, linked, now)
        along = [_moved_along(planner, item, meeting.reference, reason, now) for item in answer.companions]
        moved = {item.before.reference: item.change.meeting for item in along}
        return MeetingChange(
            changed,
            what,
            detail=_told(detail or reason, answer.sentences),
            write=linking.carry_over if changed.status is MeetingStatus.CONCLUDED else None,
            along=along,
            warnings=(*answer.sentences, *advice(session, planner, meeting, changed, now, moved)),
        )

    return taken


def _moved_along(
    planner: Planner, companion: Companion, reference: str, reason: str | None, now: datetime
) -> Along:
    """Move a linked meeting with the one called ``reference``; its fields are named with its own."""
    meeting = companion.meeting
    try:
        wanted = MeetingUpdate(start=companion.wall_start, zone=companion.zone)
        change = checked_change(meeting, planner.directory, planner.timelines, wanted)
        changed = lifecycle.because(meeting, lifecycle.revise(meeting, change, now), reason)
    except InvalidInput as error:
        raise InvalidInput([prefixed(f"{meeting.reference}: ", item) for item in error.problems]) from error
    return Along(
        meeting,
        MeetingChange(
            changed,
            Fact.of("meetings.history.moved-along"),
            Fact.of("meetings.with", reference=reference),
        ),
    )


def _told(reason: Said | None, sentences: Sequence[Fact]) -> Said | None:
    """What history says of a change: the reason given for it, and what becomes of linked meetings."""
    if not sentences:
        return reason
    own = [Fact.of("list.sentence", said=reason)] if reason else []
    return spaced([*own, *sentences])
