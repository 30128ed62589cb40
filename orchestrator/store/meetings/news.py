"""What has come back from attendees: what is news to their coordinators, and what they are told of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import case, func, literal, select, union_all
from sqlalchemy.orm import Session

from orchestrator.domain.answers.responses import ProposalState, ResponseKind
from orchestrator.domain.meetings.meeting import (
    AnswerByOther,
    Meeting,
    News,
    Refusal,
)
from orchestrator.domain.timelines.actions import ENDED_BADLY, ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.store.by_meeting import WANTED, by_meeting
from orchestrator.store.meetings import alerts
from orchestrator.store.rows.answers import ResponseRow
from orchestrator.store.rows.base import table_of
from orchestrator.store.rows.timelines import ActionRow

TOLD_CHANNELS = ("mail", "web")
"""Responses that came through these are news to the coordinator; a coordinator entered the rest."""

_R, _ACTION = table_of(ResponseRow).c, table_of(ActionRow).c

# A digest in hand counts as gone out, so that what comes meanwhile waits for the next one.
_IS_OUT = _ACTION.state.in_((ActionState.SUCCEEDED, ActionState.CLAIMED, ActionState.RUNNING))
_DIGESTS = (
    select(
        _ACTION.meeting_id,
        func.max(_ACTION.planned_at).label("digest_at"),
        func.max(case((_IS_OUT, _ACTION.planned_at))).label("told_until"),
    )
    .where(_ACTION.meeting_id.in_(WANTED), _ACTION.kind == ActionKind.DIGEST)
    .where(_IS_OUT | _ACTION.state.in_(ENDED_BADLY))
    .group_by(_ACTION.meeting_id)
)
_TOLD = (
    select(_ACTION.meeting_id, func.max(_ACTION.planned_at).label("until"))
    .where(_ACTION.meeting_id.in_(WANTED), _ACTION.kind == ActionKind.DIGEST, _IS_OUT)
    .group_by(_ACTION.meeting_id)
    .subquery()
)

_NEWS = (
    select(
        _R.meeting_id,
        func.max(_R.id).label("latest"),
        func.min(case((_TOLD.c.until.is_(None) | (_R.at >= _TOLD.c.until), _R.at))).label("first_at"),
    )
    .outerjoin(_TOLD, _TOLD.c.meeting_id == _R.meeting_id)
    .where(_R.meeting_id.in_(WANTED), _R.channel.in_(TOLD_CHANNELS))
    .group_by(_R.meeting_id)
)

NO_NEWS = News()


def of_meetings(session: Session, meeting_ids: Collection[int]) -> dict[int, News]:
    """Return what has come back and was told; meetings of which there is neither are left out."""
    wanted = {WANTED.key: meeting_ids}
    connection = session.connection()
    digests = {row.meeting_id: row for row in connection.execute(_DIGESTS, wanted)}
    found = {row.meeting_id: row for row in connection.execute(_NEWS, wanted)}
    return {number: _news(found.get(number), digests.get(number)) for number in {*digests, *found}}


def _news(found: Any | None, digests: Any | None) -> News:
    return News(
        latest=found.latest if found else 0,
        first_at=found.first_at if found else None,
        digest_at=digests.digest_at if digests else None,
        told_until=digests.told_until if digests else None,
    )


@dataclass(frozen=True, slots=True)
class Notices:
    """The responses of a meeting of which the attendees concerned are told themselves."""

    refusals: tuple[Refusal, ...] = ()
    answers_by_others: tuple[AnswerByOther, ...] = ()


NO_NOTICES = Notices()


def with_news(session: Session, meeting: Meeting) -> Meeting:
    """Return a meeting with what has come back in this transaction."""
    own = [meeting.id]
    untold = alerts.untold(session, own).get(meeting.id, ())
    notices = notices_of(session, own).get(meeting.id, NO_NOTICES)
    return replace(
        meeting,
        news=of_meetings(session, own).get(meeting.id, NO_NEWS),
        alerts=untold,
        refusals=notices.refusals,
        answers_by_others=notices.answers_by_others,
    )


_LATEST = (
    select(
        _R.meeting_id,
        _R.attendee_id,
        func.max(_R.id).label("latest"),
        func.max(case((_R.by_other, _R.id), else_=0)).label("by_other"),
    )
    .where(_R.meeting_id.in_(WANTED), _R.kind == ResponseKind.ANSWER)
    .group_by(_R.meeting_id, _R.attendee_id)
    .subquery()
)
# Who has answered themselves since knows how they stand.
_BY_OTHERS = select(
    _LATEST.c.meeting_id, _LATEST.c.latest.label("id"), _LATEST.c.attendee_id, literal(1).label("by_other")
).where(_LATEST.c.latest == _LATEST.c.by_other, _LATEST.c.attendee_id.is_not(None))
_REFUSED = select(_R.meeting_id, _R.id, _R.attendee_id, literal(0).label("by_other")).where(
    _R.meeting_id.in_(WANTED), _R.kind == ResponseKind.PROPOSAL, _R.state == ProposalState.REFUSED
)
_BOTH = union_all(_REFUSED, _BY_OTHERS).subquery()
_NOTICES = select(_BOTH).order_by(_BOTH.c.id)


def notices_of(session: Session, meeting_ids: Collection[int]) -> dict[int, Notices]:
    """Return what attendees are told of, by the ids of the meetings; meetings without any are left out.

    It is the proposals that coordinators have refused, and the answers that count and that somebody else
    gave.
    """
    found = by_meeting(session, _NOTICES, meeting_ids, _notice)
    return {
        number: Notices(
            tuple(item for item in items if isinstance(item, Refusal)),
            tuple(item for item in items if isinstance(item, AnswerByOther)),
        )
        for number, items in found.items()
    }


def _notice(row: Any) -> Refusal | AnswerByOther:
    return (AnswerByOther if row.by_other else Refusal)(row.id, row.attendee_id)
