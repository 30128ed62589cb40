"""Mails that no program could apply: assigning them by hand, and letting them go."""

from __future__ import annotations

from sqlalchemy.orm import Session

from orchestrator.domain.answers.incoming import Received, read
from orchestrator.domain.answers.responses import participation_of
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import MeetingStatus, Participation
from orchestrator.domain.people.caller import Caller, Channel
from orchestrator.domain.people.caller import attendee as attendee_caller
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.ports import Clock, WakeUp
from orchestrator.services.answers.by_hand import invited
from orchestrator.services.answers.incoming import IncomingMails
from orchestrator.services.answers.recording import Given, record
from orchestrator.services.answers.views import IncomingView
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.answers import responses
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.answers import IncomingOutcome, IncomingRow


class Quarantine:
    """What a coordinator decides about a mail that no program could apply."""

    def __init__(
        self,
        database: Database,
        planner: Planner,
        incoming: IncomingMails,
        clock: Clock,
        wake_up: WakeUp,
    ) -> None:
        self._database = database
        self._planner = planner
        self._incoming = incoming
        self._clock = clock
        self._wake_up = wake_up

    def assign(
        self,
        incoming_id: int,
        name: str,
        email: str,
        *,
        caller: Caller,
        participation: Participation | None = None,
    ) -> IncomingView:
        """Take a quarantined mail for the answer of an attendee of a meeting, because a person says so.

        ``participation`` is needed when the mail itself does not say yes or no. Raises ``Conflict`` for a
        mail that is not in quarantine, ``NotFound`` and ``InvalidInput``.
        """
        received = read(self._incoming.content(incoming_id))
        answer = participation or _said(received)
        if answer is None:
            raise InvalidInput.of(
                "participation", None, "is missing, and the mail does not say it", "Choose the answer."
            )
        now = self._clock.now()
        with self._database.transaction() as session:
            meeting = store.load(session, store.find_id(session, name), lock=True)
            lifecycle.require_status(meeting, "answered", MeetingStatus.PUBLISHED)
            attendee = invited(meeting, email)
            row = _waiting(session, incoming_id)
            calendar = received.calendar
            given = Given(
                attendee.id,
                answer,
                caller=attendee_caller(attendee.name, attendee.id, Channel.MAIL),
                by=f"{row.sender or 'unknown'}, assigned by {caller.name}",
                stamp=now,
                comment=(calendar.comment if calendar else "") or received.text,
                delegate=next(iter(calendar.delegated_to), None) if calendar else None,
                incoming_id=row.id,
            )
            record(session, meeting, [given], now)
            row.outcome, row.meeting_id, row.attendee_id = IncomingOutcome.ASSIGNED, meeting.id, attendee.id
            row.reason = f"assigned to {attendee.name} by {caller.name}"
            session.flush()
            self._planner.replan(session, store.load(session, meeting.id), now)
        self._wake_up.notify()
        return self._incoming.mail(incoming_id)

    def discard(self, incoming_id: int, *, caller: Caller) -> None:
        """Let a quarantined mail go without effect; raises ``Conflict`` when it is not in quarantine."""
        with self._database.transaction() as session:
            row = _waiting(session, incoming_id)
            row.outcome, row.reason = IncomingOutcome.DISCARDED, f"discarded by {caller.name}: {row.reason}"


def _said(received: Received) -> Participation | None:
    found = participation_of(received.calendar) if received.calendar else None
    return None if found is Participation.NEEDS_ACTION else found


def _waiting(session: Session, incoming_id: int) -> IncomingRow:
    row = responses.incoming(session, incoming_id, lock=True)
    if row.outcome != IncomingOutcome.QUARANTINED:
        raise Conflict(f"Mail {incoming_id} is {row.outcome}; only a quarantined one can be dealt with.")
    return row
