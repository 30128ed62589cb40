"""Mails that wait for a person: believing their sender, assigning them by hand, and letting them go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.answers.answered_time import DISPUTES
from orchestrator.domain.answers.incoming import Received, read
from orchestrator.domain.answers.responses import Fate, participation_of
from orchestrator.domain.answers.speakers import KnownSender, Relation, is_own, told_of
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation
from orchestrator.domain.people.addresses import OwnMailbox, compared
from orchestrator.domain.people.caller import Caller, Channel
from orchestrator.domain.people.caller import attendee as attendee_caller
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.facts import Fact
from orchestrator.ports import Clock, IncomingMail
from orchestrator.services.answers.applying import held_against, write
from orchestrator.services.answers.by_hand import invited
from orchestrator.services.answers.in_hand import MailInHand, MeetingInHand
from orchestrator.services.answers.incoming import IncomingMails
from orchestrator.services.answers.recording import GivenAnswer, record, recorded
from orchestrator.services.answers.views import IncomingView
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.answers import incoming, known_senders, responses
from orchestrator.store.answers.known_senders import NewSender
from orchestrator.store.meetings import history
from orchestrator.store.rows.answers import IncomingRow

_FATES = {
    Fate.APPLIED: "answers.fate.applied",
    Fate.IGNORED: "answers.fate.ignored",
    Fate.QUARANTINED: "answers.fate.quarantined",
    Fate.ASSIGNED: "answers.fate.assigned",
    Fate.DISCARDED: "answers.fate.discarded",
}


@dataclass(frozen=True, slots=True)
class Trust:
    """How far a sender is believed: as what, and whether that is remembered for their next mails.

    Unless a person says otherwise it is a deputy, of whose every answer the attendee is told.
    """

    relation: Relation = Relation.DEPUTY
    remembered: bool = True


BELIEVED = Trust()


class Quarantine:
    """What a person decides about a mail that no program could apply."""

    def __init__(
        self,
        changing: Changing,
        planner: Planner,
        incoming: IncomingMails,
        clock: Clock,
        own: OwnMailbox,
    ) -> None:
        """``own`` is the service's mailbox, which is remembered as nobody's sender."""
        self._own = own
        self._changing = changing
        self._planner = planner
        self._incoming = incoming
        self._clock = clock

    def accept(self, incoming_id: int, *, caller: Caller, trust: Trust = BELIEVED) -> IncomingView:
        """Believe the sender of a quarantined mail, take it like any other, and return what became of it.

        The sender then speaks for the attendee whom the mail is filed beside, from now on where ``trust`` is
        remembered. What the mail says still has to hold: an answer to an earlier time is ignored, and one
        that says neither yes nor no, or leaves open which time it is to, waits on, for its own reason;
        accepting one that waits for the latter says that it is to the present time. Raises ``NotFound`` for a
        mail that is not known or whose bytes are not kept any more, and ``Conflict`` for one that is not in
        quarantine, or is beside no attendee, or whose sender is not known.
        """
        received = read(self._incoming.content(incoming_id))
        with self._changing.transaction() as session:
            self._accepted(session, incoming_id, received, caller, trust)
        self._changing.wake()
        return self._incoming.mail(incoming_id)

    def _accepted(
        self, session: Session, incoming_id: int, received: Received, caller: Caller, trust: Trust
    ) -> None:
        now = self._clock.now()
        found = incoming.get(session, incoming_id)
        if found.meeting_id is None or found.attendee_id is None or received.sender is None:
            raise Conflict(Fact.of("answers.beside-nobody", mail=incoming_id), code="beside-nobody")
        item = _in_hand_again(found, received)
        person = known_senders.address_of_attendee(session, found.attendee_id)
        relation = trust.relation
        vouched = KnownSender(person, received.sender, relation, long_known=False)
        about = held_against(session, found.meeting_id, [item], now, [vouched])
        row = _waiting(session, incoming_id)
        responses.drop_waiting(session, incoming_id)
        if trust.remembered and received.sender != person:
            self._remember(session, row, received.sender, relation, caller, now)
        _note_acceptance(session, about, received.sender, caller)
        write(session, self._planner, about, {item.digest: row.id})
        row.attendee_id = item.attendee_id
        row.fate = Fate.ASSIGNED if item.fate is Fate.APPLIED else item.fate
        row.reason = item.reason or row.reason
        if row.fate == Fate.ASSIGNED:
            row.reason = Fact.of("answers.accepted", what=row.reason, caller=caller.name)

    def assign(
        self,
        incoming_id: int,
        name: str,
        email: str,
        *,
        caller: Caller,
        participation: Participation | None = None,
        remember: Relation | None = None,
    ) -> IncomingView:
        """Take a quarantined mail for the answer of an attendee of a meeting, because a coordinator says so.

        ``participation`` is needed when the mail itself does not say yes or no. With ``remember`` its sender
        speaks for that person from now on. Raises ``Conflict`` for a mail that is not in quarantine or a
        meeting that is not published, ``NotFound`` for a mail, a meeting or an address that is not known, and
        ``InvalidInput`` where no answer is known.
        """
        received = self._received(incoming_id)
        said = participation_of(received.calendar) if received and received.calendar else None

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            lifecycle.require_status(meeting, Fact.of("answers.doing.answered"), MeetingStatus.PUBLISHED)
            attendee = invited(meeting, email)
            row = _waiting(session, incoming_id)
            answer = _required(participation or said or row.participation, received)
            given = _given_by_hand(row, attendee, answer, received, caller, now)
            change = recorded(meeting, [given])

            def write(session: Session, stored: Meeting, now: datetime) -> None:
                record(session, stored, [given], now)
                responses.drop_waiting(session, row.id)
                row.fate, row.meeting_id, row.attendee_id = Fate.ASSIGNED, stored.id, attendee.id
                row.reason = Fact.of("answers.assigned", attendee=attendee.name, caller=caller.name)
                if remember is not None:
                    for address, relation in _learnt(row, attendee, stored, remember):
                        self._remember(session, row, address, relation, caller, now)

            return replace(change, write=write)

        self._changing.change(name, command, caller=caller)
        return self._incoming.mail(incoming_id)

    def discard(self, incoming_id: int, *, caller: Caller) -> None:
        """Let a quarantined mail go without effect; its bytes and its text are deleted here.

        Who sent it, when and why it waited stay in the record. Raises ``NotFound``, and ``Conflict`` for a
        mail that is not in quarantine.
        """
        meeting = self._incoming.mail(incoming_id).meeting

        def let_go(session: Session) -> None:
            row = _waiting(session, incoming_id)
            row.fate, row.text, row.body_kept = Fate.DISCARDED, "", False
            row.reason = Fact.of("answers.discarded", caller=caller.name, reason=row.reason)
            responses.drop_waiting(session, incoming_id)

        def command(_: Session, found: Meeting, __: datetime) -> MeetingChange:
            return MeetingChange(found, write=lambda session, *_: let_go(session), saves=False)

        if meeting is None:
            with self._changing.transaction() as session:
                let_go(session)
        else:
            # What its coordinator was to be told of it is planned without it.
            self._changing.change(meeting, command, caller=caller)
        self._incoming.forget(incoming_id)

    def _received(self, incoming_id: int) -> Received | None:
        """Return what a mail says; None when its bytes are not kept any more, and its record has to do."""
        found = self._incoming.mail(incoming_id)
        return read(self._incoming.content(incoming_id)) if found.body_kept else None

    def _remember(
        self,
        session: Session,
        row: IncomingRow,
        address: str,
        relation: Relation,
        caller: Caller,
        now: datetime,
    ) -> None:
        if self._own.holds(address):
            return
        person = known_senders.person_of_attendee(session, row.attendee_id or 0)
        known_senders.confirm(session, NewSender(person, address, relation, row.id), caller, now)


def _in_hand_again(row: IncomingRow, received: Received) -> MailInHand:
    """Return a quarantined mail as it is in hand while it is read, but for what a person now settles."""
    mail = IncomingMail(key="", content=b"", received_at=row.received_at, size=row.size)
    return MailInHand(
        mail,
        row.digest,
        received,
        meeting_id=row.meeting_id,
        token_id=row.attendee_id,
        time_settled=row.reason.key in DISPUTES,
    )


def _note_acceptance(session: Session, about: MeetingInHand, sender: str, caller: Caller) -> None:
    history.note(session, about.meeting.id, caller, Fact.of("answers.history.accepted"), about.now, sender)


def _required(found: Participation | str | None, received: Received | None) -> Participation:
    """Return an answer, if it says anything; a delegation must still name to whom it is."""
    answer = Participation(found) if found else None
    lacks_delegate = answer is Participation.DELEGATED and not (received and received.calendar)
    if answer in (None, Participation.NEEDS_ACTION) or lacks_delegate:
        raise InvalidInput.of(
            "participation",
            None,
            Fact.of("answers.answer-missing"),
            Fact.of("answers.answer-missing.remedy"),
        )
    return answer


def _given_by_hand(
    row: IncomingRow,
    attendee: Attendee,
    answer: Participation,
    received: Received | None,
    caller: Caller,
    now: datetime,
) -> GivenAnswer:
    calendar = received.calendar if received else None
    return GivenAnswer(
        attendee.id,
        answer,
        caller=attendee_caller(attendee.name, attendee.id, Channel.MAIL),
        by=row.sender or "",
        assigned_by=caller.name,
        by_other=told_of(attendee, row.sender, None),
        stamp=now,
        comment=(calendar.comment if calendar else "") or row.text,
        delegate=next(iter(calendar.delegated_to), None) if calendar else None,
        incoming_id=row.id,
    )


def _learnt(
    row: IncomingRow, attendee: Attendee, meeting: Meeting, relation: Relation
) -> Iterator[tuple[str, Relation]]:
    """Yield the addresses that stand for an attendee, if a mail is theirs, and as what.

    That is its sender; and where the attendee sent it themselves, the address that their mail system put
    into the calendar instead.
    """
    taken = {compared(item.email) for item in meeting.invited}
    if row.sender and not is_own(row.sender, attendee):
        yield row.sender, relation
    elif row.sender and row.named and row.named not in taken:
        yield row.named, Relation.ALIAS


def _waiting(session: Session, incoming_id: int) -> IncomingRow:
    row = incoming.get(session, incoming_id, lock=True)
    if row.fate != Fate.QUARANTINED:
        fate = Fact.of(_FATES[Fate(row.fate)])
        raise Conflict(Fact.of("answers.not-in-quarantine", mail=incoming_id, fate=fate))
    return row
