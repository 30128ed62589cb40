"""Date polls: options and votes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import BindParameter, Row, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from orchestrator.domain.dates.date_poll import Ballot, DatePoll, DatePollState, Option, Vote
from orchestrator.domain.meetings.meeting import OpenDatePoll
from orchestrator.domain.time.zones import instant_of, zone
from orchestrator.store.by_meeting import WANTED, by_meeting
from orchestrator.store.rows.base import table_of
from orchestrator.store.rows.dates import DateOptionRow, DatePollRow, DateVoteRow
from orchestrator.store.rows.meetings import MeetingRow

_P, _O, _V, _M = (table_of(model).c for model in (DatePollRow, DateOptionRow, DateVoteRow, MeetingRow))
_OPEN = (
    select(_P.meeting_id, _P.id, _P.closes_at, _P.asked, _P.asked_at, _M.zone)
    .join(table_of(MeetingRow), _M.id == _P.meeting_id)
    .where(_P.meeting_id.in_(WANTED), _P.state == DatePollState.OPEN)
)
_POLLS: BindParameter[int] = bindparam("polls", expanding=True)
_OPTIONS = (
    select(_O.poll_id, _O.number, _O.wall_start, _O.starts_at)
    .where(_O.poll_id.in_(_POLLS))
    .order_by(_O.number)
)
_VOTED = select(_V.poll_id, _V.delegation).where(_V.poll_id.in_(_POLLS)).distinct()


def open_polls(session: Session, meeting_ids: Collection[int]) -> dict[int, OpenDatePoll]:
    """Return the polls that are open, by the id of their meeting, with the delegations that have voted."""
    rows = [row for (row,) in by_meeting(session, _OPEN, meeting_ids, lambda row: row).values()]
    if not rows:
        return {}
    options = _options(session, {row.id: row.zone for row in rows})
    voted: dict[int, set[str]] = {row.id: set() for row in rows}
    for poll_id, delegation in session.connection().execute(_VOTED, {_POLLS.key: [*voted]}):
        voted[poll_id].add(delegation)
    return {
        row.meeting_id: OpenDatePoll(
            row.id,
            row.asked_at,
            row.closes_at,
            tuple(item.starts_at for item in options[row.id]),
            frozenset(voted[row.id]),
            row.asked,
        )
        for row in rows
    }


def _options(session: Session, zones: Mapping[int, str | None]) -> dict[int, tuple[Option, ...]]:
    """The options of polls in the order of their numbers, by poll; ``zones`` are those of their meetings.

    While a poll is open, wall time is the truth, in the zone of its meeting; of one that has ended, and
    has no zone here, the record says which instants were meant.
    """
    found: dict[int, list[Option]] = {poll_id: [] for poll_id in zones}
    for row in session.connection().execute(_OPTIONS, {_POLLS.key: [*zones]}):
        name = zones[row.poll_id]
        starts_at = instant_of(row.wall_start, zone(name)) if name else row.starts_at
        found[row.poll_id].append(Option(row.number, row.wall_start, starts_at))
    return {poll_id: tuple(items) for poll_id, items in found.items()}


def newest(session: Session, meeting_id: int) -> DatePoll | None:
    """Return the newest poll of a meeting whole; one that is open is always the newest."""
    row = session.execute(
        select(DatePollRow, MeetingRow.zone)
        .join(MeetingRow, MeetingRow.id == DatePollRow.meeting_id)
        .where(DatePollRow.meeting_id == meeting_id)
        .order_by(DatePollRow.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    poll, zone_name = row
    return DatePoll(
        id=poll.id,
        state=DatePollState(poll.state),
        opened_at=poll.opened_at,
        closes_at=poll.closes_at,
        by=poll.by,
        asked=poll.asked,
        asked_at=poll.asked_at,
        chosen=poll.chosen,
        options=_options(session, {poll.id: zone_name if poll.state == DatePollState.OPEN else None})[
            poll.id
        ],
        ballots=_ballots(session, poll.id),
    )


def _ballots(session: Session, poll_id: int) -> tuple[Ballot, ...]:
    rows = session.execute(
        select(DateVoteRow.delegation, DateVoteRow.number, DateVoteRow.vote, DateVoteRow.by, DateVoteRow.at)
        .where(DateVoteRow.poll_id == poll_id)
        .order_by(DateVoteRow.delegation, DateVoteRow.number)
    )
    return tuple(_ballot(list(together)) for _, together in groupby(rows, key=lambda row: row.delegation))


def _ballot(rows: Sequence[Row[str, int, str, str, datetime]]) -> Ballot:
    delegation, _, _, by, at = rows[0]
    return Ballot(delegation, {number: Vote(vote) for _, number, vote, _, _ in rows}, by, at)


def add(
    session: Session,
    meeting_id: int,
    options: Iterable[Option],
    *,
    closes_at: datetime,
    by: str,
    now: datetime,
) -> None:
    """Store a new poll that is open, and whose delegations are asked for the first time."""
    asked = session.scalar(select(func.max(DatePollRow.asked)).where(DatePollRow.meeting_id == meeting_id))
    row = DatePollRow(
        meeting_id=meeting_id,
        state=DatePollState.OPEN,
        opened_at=now,
        closes_at=closes_at,
        by=by,
        asked=(asked or 0) + 1,
        asked_at=now,
    )
    session.add(row)
    session.flush()
    session.add_all(
        DateOptionRow(
            poll_id=row.id, number=item.number, wall_start=item.wall_start, starts_at=item.starts_at
        )
        for item in options
    )
    session.flush()


def move_closing(session: Session, poll_id: int, closes_at: datetime) -> None:
    """Let a poll close at another moment."""
    session.execute(update(DatePollRow).where(DatePollRow.id == poll_id).values(closes_at=closes_at))


def ask_again(session: Session, poll_id: int, now: datetime) -> None:
    """Count one more asking."""
    values = {"asked": DatePollRow.asked + 1, "asked_at": now}
    session.execute(update(DatePollRow).where(DatePollRow.id == poll_id).values(values))


def derive_instants(session: Session, poll_id: int) -> int:
    """Store the instants that the options stand for by the zone rules in use; return how many are others."""
    rows = session.execute(
        select(DateOptionRow, _M.zone)
        .join(DatePollRow, DatePollRow.id == DateOptionRow.poll_id)
        .join(table_of(MeetingRow), _M.id == DatePollRow.meeting_id)
        .where(DateOptionRow.poll_id == poll_id)
    )
    others = 0
    for option, zone_name in rows:
        starts_at = instant_of(option.wall_start, zone(zone_name))
        others += starts_at != option.starts_at
        option.starts_at = starts_at
    session.flush()
    return others


def end(session: Session, poll_id: int, state: DatePollState, chosen: int | None = None) -> None:
    """Close a poll with the option that was ``chosen``, or withdraw it; its instants then stay."""
    derive_instants(session, poll_id)
    values = {"state": state, "chosen": chosen}
    session.execute(update(DatePollRow).where(DatePollRow.id == poll_id).values(values))


def write(session: Session, poll_id: int, ballot: Ballot, attendee_id: int | None) -> None:
    """Store what a delegation says in place of what it said; ``attendee_id`` is who said so, if known."""
    session.execute(
        delete(DateVoteRow).where(DateVoteRow.poll_id == poll_id, DateVoteRow.delegation == ballot.delegation)
    )
    session.add_all(
        DateVoteRow(
            poll_id=poll_id,
            number=number,
            delegation=ballot.delegation,
            vote=vote.value,
            attendee_id=attendee_id,
            by=ballot.by,
            at=ballot.at,
        )
        for number, vote in ballot.votes.items()
    )
    session.flush()
