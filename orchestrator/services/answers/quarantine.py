"""Mails that no program could apply: assigning them by hand, and letting them go."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.answers.incoming import Received, read
from orchestrator.domain.answers.responses import Fate, participation_of
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus, Participation
from orchestrator.domain.people.caller import Caller, Channel
from orchestrator.domain.people.caller import attendee as attendee_caller
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.facts import Fact
from orchestrator.services.answers.by_hand import invited
from orchestrator.services.answers.incoming import IncomingMails
from orchestrator.services.answers.recording import GivenAnswer, record, recorded
from orchestrator.services.answers.views import IncomingView
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.store.answers import incoming
from orchestrator.store.engine import Database
from orchestrator.store.rows.answers import IncomingRow

_FATES = {
    Fate.APPLIED: "answers.fate.applied",
    Fate.IGNORED: "answers.fate.ignored",
    Fate.QUARANTINED: "answers.fate.quarantined",
    Fate.ASSIGNED: "answers.fate.assigned",
    Fate.DISCARDED: "answers.fate.discarded",
}


class Quarantine:
    """What a coordinator decides about a mail that no program could apply."""

    def __init__(
        self,
        database: Database,
        changing: Changing,
        incoming: IncomingMails,
    ) -> None:
        self._database = database
        self._changing = changing
        self._incoming = incoming

    def assign(
        self,
        incoming_id: int,
        name: str,
        email: str,
        *,
        caller: Caller,
        participation: Participation | None = None,
    ) -> IncomingView:
        """Take a quarantined mail for the answer of an attendee of a meeting, because a coordinator says so.

        ``participation`` is needed when the mail itself does not say yes or no. Raises ``Conflict`` for a
        mail that is not in quarantine or a meeting that is not published, ``NotFound`` for a mail, a meeting
        or an address that is not known, and ``InvalidInput`` where no answer is known.
        """
        received = read(self._incoming.content(incoming_id))
        answer = participation or _said(received)
        if answer is None:
            raise InvalidInput.of(
                "participation",
                None,
                Fact.of("answers.answer-missing"),
                Fact.of("answers.answer-missing.remedy"),
            )

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            lifecycle.require_status(meeting, Fact.of("answers.doing.answered"), MeetingStatus.PUBLISHED)
            attendee = invited(meeting, email)
            row = _waiting(session, incoming_id)
            calendar = received.calendar
            given = GivenAnswer(
                attendee.id,
                answer,
                caller=attendee_caller(attendee.name, attendee.id, Channel.MAIL),
                by=f"{row.sender or 'unknown'}, assigned by {caller.name}",
                stamp=now,
                comment=(calendar.comment if calendar else "") or received.text,
                delegate=next(iter(calendar.delegated_to), None) if calendar else None,
                incoming_id=row.id,
            )
            change = recorded(meeting, [given])

            def write(session: Session, stored: Meeting, now: datetime) -> None:
                record(session, stored, [given], now)
                row.fate, row.meeting_id, row.attendee_id = Fate.ASSIGNED, stored.id, attendee.id
                row.reason = Fact.of("answers.assigned", attendee=attendee.name, caller=caller.name)

            return replace(change, write=write)

        self._changing.change(name, command, caller=caller)
        return self._incoming.mail(incoming_id)

    def discard(self, incoming_id: int, *, caller: Caller) -> None:
        """Let a quarantined mail go without effect.

        Raises ``NotFound``, and ``Conflict`` for a mail that is not in quarantine.
        """
        with self._database.transaction() as session:
            row = _waiting(session, incoming_id)
            row.fate = Fate.DISCARDED
            row.reason = Fact.of("answers.discarded", caller=caller.name, reason=row.reason)


def _said(received: Received) -> Participation | None:
    found = participation_of(received.calendar) if received.calendar else None
    return None if found is Participation.NEEDS_ACTION else found


def _waiting(session: Session, incoming_id: int) -> IncomingRow:
    row = incoming.get(session, incoming_id, lock=True)
    if row.fate != Fate.QUARANTINED:
        fate = Fact.of(_FATES[Fate(row.fate)])
        raise Conflict(Fact.of("answers.not-in-quarantine", mail=incoming_id, fate=fate))
    return row
