"""Looking things up: meetings, their plan and deliveries, and the whole queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation
from orchestrator.domain.people.caller import ActorKind
from orchestrator.domain.time.durations import duration_text
from orchestrator.domain.time.zones import local_time
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.facts import Fact, Said
from orchestrator.ports import Clock
from orchestrator.services.meetings.decisions import views_of
from orchestrator.services.meetings.linking import Linking
from orchestrator.services.meetings.views import (
    AgendaView,
    AttendeeView,
    DeliveryView,
    HistoryView,
    LinkedView,
    MeetingSummary,
    MeetingView,
    MinutesView,
    ResponseView,
)
from orchestrator.services.timelines.explaining import view_of_action, why_of
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.views import ActionView
from orchestrator.store.answers import responses
from orchestrator.store.delivery import claims, deliveries
from orchestrator.store.engine import Database
from orchestrator.store.meetings import decisions as outcomes
from orchestrator.store.meetings import history
from orchestrator.store.meetings import meetings as store
from orchestrator.store.meetings import summaries as glances
from orchestrator.store.meetings.summaries import Glance
from orchestrator.store.operations import queue
from orchestrator.store.operations.queue import ListedAction
from orchestrator.store.rows.answers import IncomingOutcome, IncomingRow, ResponseRow
from orchestrator.store.rows.delivery import DeliveryRow, DeliveryState
from orchestrator.store.rows.meetings import HistoryRow, MeetingRow
from orchestrator.store.rows.minutes import MinutesRow
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.store.timelines import actions

_OVERDUE = timedelta(minutes=1)

_ENDED = {"failed": "meetings.some-failed", "missed": "meetings.some-missed"}


class Reading:
    """Read-only use cases; none of them blocks a writer."""

    def __init__(self, database: Database, planner: Planner, clock: Clock) -> None:
        self._database = database
        self._planner = planner
        self._linking = Linking(planner)
        self._clock = clock

    def meetings(self) -> list[MeetingSummary]:
        """Return all meetings: coming ones first, by start; then those that are over, latest first."""
        now = self._clock.now()
        with self._database.reading() as session:
            summaries = self._summaries(session, store.load_all(session), now)
        coming = [item for item in summaries if item.ends_at >= now]
        return coming + [item for item in reversed(summaries) if item.ends_at < now]

    def meeting(self, name: str) -> MeetingView:
        """Return one meeting whole; raises ``NotFound``."""
        now = self._clock.now()
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, name))
            return self._view(session, meeting, now)

    def linked(self, name: str) -> tuple[LinkedView, ...]:
        """Return the meetings that have to be thought of when this one moves; raises ``NotFound``."""
        now = self._clock.now()
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, name))
            return self._linking.near(session, meeting, now)

    def plan(self, name: str) -> list[ActionView]:
        """Return the actions of a meeting in the order they are due; raises ``NotFound``."""
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, name))
            return [self._action(row) for row in session.execute(queue.listing(meeting_id=meeting.id))]

    def actions(self, state: ActionState | None = None, limit: int = 500) -> list[ActionView]:
        """Return actions of all meetings, optionally of one state, in the order they are due."""
        with self._database.reading() as session:
            rows = session.execute(queue.listing(state=state).limit(limit)).all()
            return [self._action(row) for row in rows]

    def deliveries(self, name: str) -> list[DeliveryView]:
        """Return the deliveries of a meeting, newest first; raises ``NotFound``."""
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, name))
            rows = deliveries.of_meeting(session, meeting.id)
            steps = {
                row.id: row.step
                for row in session.execute(
                    select(ActionRow.id, ActionRow.step).where(ActionRow.meeting_id == meeting.id)
                )
            }
            people = {item.id: item for item in meeting.attendees}
            timeline = self._planner.known_timeline(meeting.timeline, meeting.own_timeline)
            return [
                _delivery(
                    row,
                    people.get(row.attendee_id or 0),
                    why_of(steps[row.action_id], timeline, tentative=row.purpose == "save-the-date"),
                )
                for row in rows
            ]

    def sent_between(self, after: datetime, until: datetime) -> dict[tuple[str, str], int]:
        """Count what was sent after one instant and up to another, by meeting and purpose."""
        with self._database.reading() as session:
            rows = session.execute(
                select(MeetingRow.reference, DeliveryRow.purpose, func.count())
                .join(MeetingRow, MeetingRow.id == DeliveryRow.meeting_id)
                .where(DeliveryRow.state == DeliveryState.SENT)
                .where(DeliveryRow.ended_at > after, DeliveryRow.ended_at <= until)
                .group_by(MeetingRow.reference, DeliveryRow.purpose)
            )
            return {(reference, purpose): count for reference, purpose, count in rows}

    def next_due(self) -> datetime | None:
        """Return when the next action is due, over all meetings; reading the mailbox does not count."""
        with self._database.reading() as session:
            return claims.next_due(session, routine=False)

    def busy(self) -> int:
        """Count the actions that are due now or being worked on; zero means quiet."""
        with self._database.reading() as session:
            return queue.overdue_or_in_flight(session, self._clock.now())

    def counts(self) -> dict[str, int]:
        """Return how many actions stand in each state."""
        with self._database.reading() as session:
            return queue.counts(session)

    def late(self) -> int:
        """Count what has been due for a minute or more and is not done, claimed or not.

        An action to be tried again later is not late: it is due later. One whose worker died is.
        """
        with self._database.reading() as session:
            unfinished = (ActionState.SCHEDULED, *actions.IN_FLIGHT)
            waiting = select(func.count()).where(
                ActionRow.state.in_(unfinished), ActionRow.due_at < self._clock.now() - _OVERDUE
            )
            return session.scalar(waiting) or 0

    def _action(self, row: ListedAction) -> ActionView:
        timeline = self._planner.known_timeline(row.timeline, row.own_timeline)
        return view_of_action(row, self._planner.directory, timeline)

    def without_minutes(self) -> frozenset[str]:
        """Return the references of concluded meetings that have no minutes yet."""
        attached = exists().where(MinutesRow.meeting_id == MeetingRow.id)
        wanted = select(MeetingRow.reference).where(MeetingRow.status == MeetingStatus.CONCLUDED, ~attached)
        with self._database.reading() as session:
            return frozenset(session.scalars(wanted))

    def pulse(self) -> str:
        """Return a value that changes whenever a page may have something new to show."""
        with self._database.reading() as session:
            sent = session.execute(select(DeliveryRow.state, func.count()).group_by(DeliveryRow.state))
            meetings = session.execute(select(func.count(), func.sum(MeetingRow.saves))).one()
            history = session.scalar(select(func.max(HistoryRow.id)))
            counted = sorted(queue.counts(session).items())
            mails = session.execute(
                select(func.max(IncomingRow.id), func.count()).where(
                    IncomingRow.outcome == IncomingOutcome.QUARANTINED
                )
            ).one()
            return repr((counted, sorted(map(tuple, sent)), tuple(meetings), history, tuple(mails)))

    def _summaries(
        self, session: Session, meetings: Sequence[Meeting], now: datetime
    ) -> list[MeetingSummary]:
        """Return a line for each meeting; hundreds take no more statements than one."""
        beside = glances.of_meetings(session, [item.id for item in meetings])
        linked = self._linking.attention(session, meetings, now)
        return [
            self._summary(item, beside[item.id], linked.get(item.reference, ()), now) for item in meetings
        ]

    def _summary(
        self, meeting: Meeting, beside: Glance, linked: Sequence[str], now: datetime
    ) -> MeetingSummary:
        place = self._planner.directory.host_place(meeting.host, meeting.zone, meeting.starts_at)
        following = beside.following
        answers = Counter(item.participation.words for item in meeting.invited)
        return MeetingSummary(
            id=meeting.id,
            reference=meeting.reference,
            kind=meeting.kind,
            title_en=meeting.title_en,
            title_vi=meeting.title_vi,
            status=meeting.status.value,
            tentative=meeting.tentative,
            starts_at=meeting.starts_at,
            ends_at=meeting.ends_at,
            host_time=local_time(meeting.starts_at, place),
            host_end=local_time(meeting.ends_at, place),
            invited=len(meeting.invited),
            answers=dict(answers),
            next_action=following.kind if following else None,
            next_due_at=following.due_at if following else None,
            next_due=local_time(following.due_at, place) if following else None,
            attention=self._attention(meeting, beside, linked, now),
        )

    def _attention(
        self, meeting: Meeting, beside: Glance, linked: Sequence[str], now: datetime
    ) -> tuple[Said, ...]:
        """What needs the coordinator; empty when all is well."""
        return (
            *self._link_attention(meeting, now),
            *_poll_attention(meeting, now),
            *(
                Fact.of(_ENDED[item.state], count=item.count, what=item.kind.rules.words, reason=item.reason)
                for item in beside.ended_badly
            ),
            *linked,
            *(_open_questions(meeting, beside) if meeting.status is MeetingStatus.PUBLISHED else ()),
        )

    def _link_attention(self, meeting: Meeting, now: datetime) -> tuple[str, ...]:
        if meeting.status is not MeetingStatus.PUBLISHED or meeting.conference.join_url:
            return ()
        timeline = self._planner.known_timeline(meeting.timeline, meeting.own_timeline)
        step = timeline.step(ActionKind.CONFERENCE) if timeline else None
        if step is None or step.alert_after is None or meeting.published_at is None or meeting.tentative:
            return ()
        if now < meeting.published_at + step.alert_after:
            return ()
        return ("There is still no join link, so the invitations wait. Enter a link by hand.",)

    def _view(self, session: Session, meeting: Meeting, now: datetime) -> MeetingView:
        directory = self._planner.directory
        answered = store.answers(session, meeting.id)
        target, sources = store.feeds(session, meeting.reference)
        ordered = sorted(meeting.invited, key=lambda item: directory.rank(item.delegation))
        (summary,) = self._summaries(session, [meeting], now)
        return MeetingView(
            **{item.name: getattr(summary, item.name) for item in fields(summary)},
            programme=meeting.programme,
            host=meeting.host,
            host_name=directory.get(meeting.host).name,
            coordinator_name=meeting.coordinator_name,
            coordinator_email=meeting.coordinator_email,
            start=f"{meeting.wall_start:%Y-%m-%d %H:%M}",
            zone=meeting.zone,
            duration=duration_text(meeting.duration),
            timeline=meeting.timeline,
            version=meeting.version,
            uid=meeting.uid,
            sequence=meeting.sequence,
            revision=meeting.revision,
            join_url=meeting.conference.join_url,
            link_by_hand=meeting.conference.by_hand,
            feeds=target,
            fed_by=sources,
            agenda=tuple(
                AgendaView(item.number, item.en, item.vi, item.lead, item.points) for item in meeting.agenda
            ),
            attendees=tuple(self._attendee(item, *answered[item.id]) for item in ordered),
            responses=tuple(
                self._response(meeting, row) for row in responses.of_meeting(session, meeting.id)
            ),
            minutes=tuple(
                MinutesView(
                    row.version,
                    row.document.filename,
                    row.document.media_type,
                    row.document.size,
                    row.document.digest,
                    row.attached_at,
                )
                for row in store.minutes(session, meeting.id)
            ),
            history=tuple(
                HistoryView(row.at, _who(row), row.said, row.detail)
                for row in history.of_meeting(session, meeting.id)
            ),
            outcomes=views_of(outcomes.of_meeting(session, meeting.id)),
        )

    def _attendee(self, item: Attendee, at: datetime | None, via: str | None) -> AttendeeView:
        return AttendeeView(
            id=item.id,
            name=item.name,
            email=item.email,
            delegation=item.delegation,
            delegation_name=self._planner.directory.get(item.delegation).name,
            group=item.group,
            role=item.role.value,
            seat=item.seat.value if item.seat else None,
            participation=item.participation.words,
            comment=item.comment,
            delegated_to=item.delegated_to,
            answered_at=at,
            answered_via=via,
        )

    def _response(self, meeting: Meeting, row: ResponseRow) -> ResponseView:
        person = next((item for item in meeting.attendees if item.id == row.attendee_id), None)
        place = self._planner.directory.host_place(meeting.host, meeting.zone, meeting.starts_at)
        answer = Participation(row.participation).words if row.participation else None
        return ResponseView(
            id=row.id,
            kind=row.kind,
            name=person.name if person else None,
            delegation=person.delegation if person else None,
            participation=answer,
            delegate=row.delegate,
            proposed=local_time(row.starts_at, place) if row.starts_at else None,
            state=row.state,
            comment=row.comment,
            reply=row.reply,
            channel=row.channel,
            by=row.by,
            at=row.at,
            incoming_id=row.incoming_id,
        )


def _delivery(row: DeliveryRow, person: Attendee | None, why: Fact) -> DeliveryView:
    return DeliveryView(
        id=row.id,
        action_id=row.action_id,
        recipient=row.recipient,
        recipient_name=person.name if person else None,
        delegation=person.delegation if person else None,
        channel=row.channel,
        purpose=row.purpose,
        state=row.state,
        subject=row.subject,
        message_id=row.message_id,
        sequence=row.sequence,
        revision=row.revision,
        started_at=row.started_at,
        ended_at=row.ended_at,
        local_time=row.local_time,
        answer=row.answer,
        tries=row.tries,
        repeated=row.repeated,
        why=why,
    )


def _poll_attention(meeting: Meeting, now: datetime) -> tuple[str, ...]:
    poll = meeting.date_poll
    if poll is None or now < poll.closes_at:
        return ()
    return ("The date poll has closed; choose a date, or extend it.",)


def _open_questions(meeting: Meeting, beside: Glance) -> Iterator[str]:
    """What came back and waits for the coordinator to decide."""
    if beside.open_proposals:
        yield f"{beside.open_proposals} × another time was proposed; move the meeting, or refuse."
    addresses = {item.address for item in meeting.invited}
    for address in beside.bouncing:
        if address.casefold() in addresses:
            yield f"Mail to {address} could not be delivered; correct the address."
    for item in meeting.invited:
        if item.delegated_to and item.delegated_to.casefold() not in addresses:
            yield f"{item.name} delegated to {item.delegated_to}, who is not invited yet."


def _who(row: HistoryRow) -> str:
    """Return who did something: of an attendee, who may have answered for others, the door says more."""
    return row.channel if row.actor_kind == ActorKind.ATTENDEE else row.actor
