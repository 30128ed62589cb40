"""What came back from attendees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from orchestrator.domain.answers.responses import Fate, ProposalState, ResponseKind
from orchestrator.domain.meetings.alerts import AlertKind, NewAlert
from orchestrator.domain.meetings.meeting import Attendee, Participation
from orchestrator.domain.timelines.kinds import REQUESTS
from orchestrator.errors import NotFound
from orchestrator.facts import Fact
from orchestrator.store.meetings import alerts
from orchestrator.store.meetings.news import TOLD_CHANNELS
from orchestrator.store.rows.answers import IncomingRow, ResponseRow
from orchestrator.store.rows.base import Instant, table_of, values_of
from orchestrator.store.rows.delivery import DeliveryRow
from orchestrator.store.rows.meetings import AttendeeRow
from orchestrator.store.rows.people import PersonRow


@dataclass(frozen=True, slots=True)
class NewResponse:
    """Something that came back and is to be written."""

    meeting_id: int
    attendee_id: int | None
    kind: ResponseKind
    channel: str
    by: str
    at: datetime
    by_other: bool = False
    participation: Participation | None = None
    urgent: bool = False
    delegate: str | None = None
    behind: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    state: ProposalState | None = None
    comment: str | None = None
    what: Fact | None = None
    assigned_by: str | None = None
    incoming_id: int | None = None


def add(session: Session, rows: Sequence[NewResponse]) -> None:
    """Write responses, and what must not wait among them as alerts."""
    if rows:
        session.connection().execute(insert(_RESPONSE), [values_of(row) for row in rows])
        alerts.note(session, list(_urgent(session, rows)))


def _urgent(session: Session, rows: Sequence[NewResponse]) -> Iterator[NewAlert]:
    """Yield what a coordinator must know at once: late declines, bounces and proposed times."""
    for row in rows:
        if row.attendee_id is None or row.channel not in TOLD_CHANNELS:
            continue
        params = {"attendee": str(row.attendee_id), "comment": row.comment or ""}
        if row.urgent:
            key = f"head-declined:{row.attendee_id}:{row.at.isoformat()}"
            yield _alert(row, AlertKind.HEAD_DECLINED, key, params)
        elif row.kind == ResponseKind.BOUNCE:
            address = attendee_row(session, row.attendee_id).address
            key = f"bounced:{row.attendee_id}:{address[:40]}:{(row.behind or '')[:40]}"
            kind = AlertKind.BOUNCED_BEHIND if row.behind else AlertKind.BOUNCED
            yield _alert(row, kind, key, {**params, "address": address, "behind": row.behind or ""})
        elif row.kind == ResponseKind.PROPOSAL and row.starts_at is not None:
            starts = row.starts_at.isoformat()
            key = f"new-time:{row.attendee_id}:{starts}"
            yield _alert(row, AlertKind.NEW_TIME, key, {**params, "starts": starts})


def _alert(row: NewResponse, kind: AlertKind, key: str, params: Mapping[str, str]) -> NewAlert:
    return NewAlert(row.meeting_id, kind, key, row.at, tuple(sorted(params.items())))


_RESPONSE = table_of(ResponseRow)


_ANSWER = (
    update(table_of(AttendeeRow))
    .where(AttendeeRow.id == bindparam("wanted"))
    .values(
        participation=bindparam("said"),
        answer_stamp=bindparam("stamp", type_=Instant()),
        comment=bindparam("words"),
        delegated_to=bindparam("delegate"),
        answered_at=bindparam("at", type_=Instant()),
        answered_via=bindparam("via"),
    )
)


def write_answers(session: Session, attendees: Sequence[Attendee], via: str, now: datetime) -> None:
    """Store the present answers of attendees, with when and through which channel they came."""
    rows = [
        {
            "wanted": item.id,
            "said": item.participation.value,
            "stamp": item.answer_stamp,
            "words": item.comment,
            "delegate": item.delegated_to,
            "at": now,
            "via": via,
        }
        for item in attendees
    ]
    if rows:
        session.connection().execute(_ANSWER, rows)


def ask_again(session: Session, attendee_id: int, now: datetime) -> None:
    """Count an attendee's wish for the invitation to be sent again."""
    session.execute(
        update(AttendeeRow)
        .where(AttendeeRow.id == attendee_id)
        .values(resends=AttendeeRow.resends + 1, resend_asked_at=now)
        .execution_options(synchronize_session=False)
    )


def was_written_to(session: Session, attendee_id: int) -> bool:
    """Whether an invitation to an attendee was ever sent, or tried, also if it bounced."""
    found = exists().where(DeliveryRow.attendee_id == attendee_id, DeliveryRow.purpose.in_(REQUESTS))
    return bool(session.scalar(select(found)))


def last_asked(session: Session, meeting_id: int) -> dict[int, datetime]:
    """Return when attendees of a meeting last asked for the invitation."""
    wanted = select(AttendeeRow.id, AttendeeRow.resend_asked_at).where(
        AttendeeRow.meeting_id == meeting_id, AttendeeRow.resend_asked_at.is_not(None)
    )
    return {number: at for number, at in session.execute(wanted).all() if at is not None}


def get(session: Session, response_id: int) -> ResponseRow:
    """Return one response; raises ``NotFound``."""
    row = session.get(ResponseRow, response_id)
    if row is None:
        raise NotFound(Fact.of("answers.no-such-response", response=response_id))
    return row


def of_meeting(session: Session, meeting_id: int) -> Sequence[ResponseRow]:
    """Return everything that came back for a meeting, newest first."""
    return session.scalars(
        select(ResponseRow).where(ResponseRow.meeting_id == meeting_id).order_by(ResponseRow.id.desc())
    ).all()


def between(
    session: Session, meeting_id: int, since: datetime | None, until: datetime
) -> Sequence[ResponseRow]:
    """Return what came from ``since`` on and before ``until`` that is news to the coordinator, in order."""
    wanted = select(ResponseRow).where(
        ResponseRow.meeting_id == meeting_id,
        ResponseRow.channel.in_(TOLD_CHANNELS),
        ResponseRow.at < until,
    )
    if since is not None:
        wanted = wanted.where(ResponseRow.at >= since)
    return session.scalars(wanted.order_by(ResponseRow.id)).all()


def open_requests(session: Session, meeting_id: int) -> Sequence[ResponseRow]:
    """Return what waits for the coordinator: proposed times, and mails that no program could apply."""
    return session.scalars(
        select(ResponseRow)
        .outerjoin(IncomingRow, IncomingRow.id == ResponseRow.incoming_id)
        .where(
            ResponseRow.meeting_id == meeting_id,
            or_(
                ResponseRow.state == ProposalState.OPEN,
                and_(
                    ResponseRow.kind.in_((ResponseKind.WAITING, ResponseKind.LETTER)),
                    IncomingRow.fate == Fate.QUARANTINED,
                ),
            ),
        )
        .order_by(ResponseRow.id)
    ).all()


def refuse(session: Session, response_id: int, reply: str | None) -> bool:
    """Mark an open proposal as refused, with what is said to its author; false when it is not open."""
    row = session.scalars(
        select(ResponseRow).where(ResponseRow.id == response_id).with_for_update()
    ).one_or_none()
    if row is None or row.state != ProposalState.OPEN:
        return False
    row.state, row.reply = ProposalState.REFUSED, reply
    session.flush()
    return True


def open_proposals(
    session: Session, meeting_id: int
) -> set[tuple[int | None, datetime | None, datetime | None]]:
    """Return by whom and for when other times are proposed that are not decided about."""
    rows = session.execute(
        select(ResponseRow.attendee_id, ResponseRow.starts_at, ResponseRow.ends_at).where(
            ResponseRow.meeting_id == meeting_id, ResponseRow.state == ProposalState.OPEN
        )
    )
    return {(number, starts_at, ends_at) for number, starts_at, ends_at in rows.all()}


def settle_proposals(session: Session, meeting_id: int) -> None:
    """Close the open proposals of a meeting whose time has changed."""
    session.execute(
        update(ResponseRow)
        .where(
            ResponseRow.meeting_id == meeting_id,
            ResponseRow.kind == ResponseKind.PROPOSAL,
            ResponseRow.state == ProposalState.OPEN,
        )
        .values(state=ProposalState.SETTLED)
        .execution_options(synchronize_session=False)
    )


def drop_waiting(session: Session, incoming_id: int) -> None:
    """Forget that an answer waits in quarantine; the mail's own record says what became of it."""
    session.execute(
        delete(ResponseRow)
        .where(ResponseRow.incoming_id == incoming_id, ResponseRow.kind == ResponseKind.WAITING)
        .execution_options(synchronize_session=False)
    )


# Personal links


def attendee_row(session: Session, attendee_id: int) -> AttendeeRow:
    """Return an attendee's row; raises ``NotFound``."""
    row = session.get(AttendeeRow, attendee_id)
    if row is None:
        raise NotFound(Fact.of("people.link-of-nobody"))
    return row


def person(session: Session, person_id: int) -> PersonRow:
    """Return a person; raises ``NotFound``."""
    row = session.get(PersonRow, person_id)
    if row is None:
        raise NotFound(Fact.of("people.link-of-nobody"))
    return row
