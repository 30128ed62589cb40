"""Looking things up: meetings, their plan and deliveries, and the whole queue."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.meetings.fields import AgendaFields, AttendeeFields, values
from orchestrator.domain.meetings.meeting import Attendee, Meeting, Participation
from orchestrator.domain.people.caller import ActorKind
from orchestrator.domain.time.durations import duration_text
from orchestrator.domain.time.zones import local_time
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.ports import Clock
from orchestrator.services.meetings.decisions import views_of
from orchestrator.services.meetings.linking import Linking
from orchestrator.services.meetings.listing import Listing
from orchestrator.services.meetings.views import (
    AgendaView,
    AttendeeView,
    DeliveryView,
    HistoryView,
    LinkedView,
    MeetingPage,
    MeetingSummary,
    MeetingView,
    MinutesView,
    ResponseView,
)
from orchestrator.services.timelines.explaining import view_of_action, why_of
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.views import ActionView
from orchestrator.store.answers import responses
from orchestrator.store.delivery import deliveries, due, held_up
from orchestrator.store.delivery.deliveries import ListedDelivery
from orchestrator.store.delivery.held_up import HeldUp
from orchestrator.store.engine import Database
from orchestrator.store.meetings import attendees, history, summaries
from orchestrator.store.meetings import decisions as decision_store
from orchestrator.store.meetings import events as event_store
from orchestrator.store.meetings import linked as linked_store
from orchestrator.store.meetings import meetings as store
from orchestrator.store.minutes import minutes as minutes_store
from orchestrator.store.operations import queue
from orchestrator.store.operations.queue import ListedAction
from orchestrator.store.rows.answers import ResponseRow
from orchestrator.store.rows.meetings import HistoryRow

_OVERDUE = timedelta(minutes=1)


class Reading:
    """Read-only use cases; none of them blocks a writer."""

    def __init__(self, database: Database, planner: Planner, clock: Clock) -> None:
        self._database = database
        self._planner = planner
        self._linking = Linking(planner)
        self._listing = Listing(planner)
        self._clock = clock

    def meetings(self) -> list[MeetingSummary]:
        """Return all meetings: coming ones first, by start; then those that are over, latest first."""
        return list(self.page().meetings)

    def page(self, limit: int | None = None, after: str | None = None) -> MeetingPage:
        """Return at most ``limit`` meetings in that order, and where those behind them begin.

        ``after`` is what the page before said of where the next one begins. Raises ``InvalidInput`` for
        text that no page said.
        """
        with self._database.reading() as session:
            return self._listing.page(session, self._clock.now(), limit, after)

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
            meeting_id = store.find_id(session, name)
            return [self._action(row) for row in session.execute(queue.listing(meeting_id=meeting_id))]

    def actions(self, state: ActionState | None = None, limit: int = 500) -> list[ActionView]:
        """Return actions of all meetings, optionally of one state, in the order they are due."""
        with self._database.reading() as session:
            rows = session.execute(queue.listing(state=state).limit(limit)).all()
            return [self._action(row) for row in rows]

    def deliveries(self, name: str) -> list[DeliveryView]:
        """Return the deliveries of a meeting, newest first; raises ``NotFound``."""
        with self._database.reading() as session:
            found = deliveries.listed(session, store.find_id(session, name))
            return [self._delivery(item) for item in found]

    def sent_between(self, after: datetime, until: datetime) -> dict[tuple[str, str], int]:
        """Count what was sent after one instant and up to another, by meeting and purpose."""
        with self._database.reading() as session:
            return deliveries.sent_between(session, after, until)

    def next_due(self) -> datetime | None:
        """Return when the next action is due, over all meetings; reading the mailbox does not count."""
        with self._database.reading() as session:
            return due.next_due(session)

    def busy(self) -> int:
        """Count the actions that are due now or being worked on; zero means quiet."""
        with self._database.reading() as session:
            return queue.overdue_or_in_flight(session, self._clock.now())

    def counts(self) -> dict[str, int]:
        """Return how many actions stand in each state."""
        with self._database.reading() as session:
            return queue.counts(session)

    def held_up(self) -> list[HeldUp]:
        """Return for what trouble of ours mails wait, and how many, most first."""
        with self._database.reading() as session:
            return held_up.all_of(session)

    def late(self) -> int:
        """Count what has been due for a minute or more and is not done, claimed or not.

        An action to be tried again later is not late: it is due later. One whose worker died is.
        """
        with self._database.reading() as session:
            return queue.unfinished(session, self._clock.now() - _OVERDUE)

    def _action(self, row: ListedAction) -> ActionView:
        timeline = self._planner.known_timeline(row.timeline, row.own_timeline)
        return view_of_action(row, self._planner.directory, timeline)

    def _delivery(self, listed: ListedDelivery) -> DeliveryView:
        row, step, own, named, name, delegation = listed
        timeline = self._planner.known_timeline(named, own)
        return DeliveryView(
            id=row.id,
            action_id=row.action_id,
            recipient=row.recipient,
            recipient_name=name,
            delegation=delegation,
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
            report=row.report,
            tries=row.tries,
            repeated=row.repeated,
            why=why_of(step, timeline, tentative=row.purpose == "save-the-date"),
        )

    def without_minutes(self) -> frozenset[str]:
        """Return the references of concluded meetings that have no minutes yet."""
        with self._database.reading() as session:
            return summaries.without_minutes(session)

    def pulse(self) -> str:
        """Return a value that changes whenever a page may have something new to show."""
        return self._database.pulse()

    def _view(self, session: Session, meeting: Meeting, now: datetime) -> MeetingView:
        directory = self._planner.directory
        answered = attendees.answers(session, meeting.id)
        target, sources = linked_store.feeds(session, meeting.reference)
        ordered = sorted(meeting.invited, key=lambda item: directory.rank(item.delegation))
        summary = self._listing.one(session, meeting.id, now)
        return MeetingView(
            **{item.name: getattr(summary, item.name) for item in fields(summary)},
            event=event_store.reference_of(session, meeting.event_id),
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
            join_url=meeting.join_url,
            link_by_hand=meeting.conference.by_hand and meeting.mode.has_link,
            feeds=target,
            fed_by=sources,
            agenda=tuple(
                AgendaView(
                    **values(AgendaFields, item),
                    number=item.number,
                    points=tuple(point.said for point in item.points),
                )
                for item in meeting.agenda
            ),
            attendees=tuple(self._attendee(item, *answered[item.id]) for item in ordered),
            responses=tuple(
                self._response(meeting, row) for row in responses.of_meeting(session, meeting.id)
            ),
            minutes=tuple(MinutesView.of(row) for row in minutes_store.of_meeting(session, meeting.id)),
            history=tuple(
                HistoryView(row.at, _who(row), row.said, row.detail, row.remark)
                for row in history.of_meeting(session, meeting.id)
            ),
            decisions=views_of(decision_store.of_meeting(session, meeting.id)),
        )

    def _attendee(self, item: Attendee, at: datetime | None, via: str | None) -> AttendeeView:
        return AttendeeView(
            **values(AttendeeFields, item),
            id=item.id,
            delegation_name=self._planner.directory.get(item.delegation).name,
            participation=item.participation.words,
            comment=item.comment,
            delegated_to=item.delegated_to,
            answered_at=at,
            answered_via=via,
        )

    def _response(self, meeting: Meeting, row: ResponseRow) -> ResponseView:
        person = next((item for item in meeting.attendees if item.id == row.attendee_id), None)
        place = host_place(meeting, self._planner.directory, meeting.starts_at)
        answer = Participation(row.participation).words if row.participation else None
        return ResponseView(
            id=row.id,
            kind=row.kind,
            name=person.name if person else None,
            delegation=person.delegation if person else None,
            participation=answer,
            delegate=row.delegate,
            behind=row.behind,
            proposed=local_time(row.starts_at, place) if row.starts_at else None,
            past=row.starts_at is not None and row.starts_at <= self._clock.now(),
            state=row.state,
            comment=row.said,
            reply=row.reply,
            channel=row.channel,
            by=row.giver,
            at=row.at,
            incoming_id=row.incoming_id,
        )


def _who(row: HistoryRow) -> str:
    """Return who did something: of an attendee, who may have answered for others, the door says more."""
    return row.channel if row.actor_kind == ActorKind.ATTENDEE else row.actor
