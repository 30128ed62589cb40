"""Puts together what one letter has to tell its recipient beside the meeting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from orchestrator.domain.letters.message import Attachment
from orchestrator.domain.letters.notices import NoticeText, NoticeTexts
from orchestrator.domain.meetings import reasons
from orchestrator.domain.meetings.by_hand import NEXT_UPDATE, Note, note_on
from orchestrator.domain.meetings.changes import REINSTATED, Difference, Snapshot, differences
from orchestrator.domain.meetings.clocks import place_for
from orchestrator.domain.meetings.itip import Method
from orchestrator.domain.meetings.meeting import Attendee, Meeting, Need, Participation
from orchestrator.domain.meetings.revision import cancel_to, request_to
from orchestrator.domain.timelines.alerting import untold
from orchestrator.domain.timelines.asking import asked_delegations, oversees, owed
from orchestrator.domain.timelines.kinds import ActionKind, Tells
from orchestrator.domain.timelines.ladders import first_asked
from orchestrator.domain.timelines.needs import is_missing, missing_from
from orchestrator.domain.timelines.steps import Step
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.errors import NotFound
from orchestrator.facts import Fact
from orchestrator.ports import Clock, DocumentStore
from orchestrator.services.letters.alerts import alert_report
from orchestrator.services.letters.content import LetterContent, OtherSession, WrittenWords
from orchestrator.services.letters.digests import digest_report
from orchestrator.services.letters.event_news import event_news
from orchestrator.services.letters.status import StatusReport
from orchestrator.services.timelines.explaining import rung_of
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.answers import responses
from orchestrator.store.delivery.claims import Held
from orchestrator.store.delivery.deliveries import SentBefore
from orchestrator.store.engine import Database
from orchestrator.store.meetings import events, revisions
from orchestrator.store.meetings import letters as letters_store
from orchestrator.store.meetings.letters import Carried
from orchestrator.store.minutes import minutes as minutes_store

_NAMED = timedelta(days=1)
"""A deadline that is nearer is not named: the letter asks for an answer as soon as it can be given."""
_Owed = Mapping[str, frozenset[Need]]


class ContentFinder:
    """Finds what each action's letter tells; what many letters have in common is read once."""

    def __init__(
        self,
        database: Database,
        planner: Planner,
        documents: DocumentStore,
        notices: NoticeTexts,
        clock: Clock,
    ) -> None:
        self._database = database
        self._planner = planner
        self._documents = documents
        self._notices = notices
        self._clock = clock
        self._attachments: dict[tuple[int, int], Attachment] = {}
        self._snapshots: dict[tuple[int, int], Snapshot | None] = {}
        self._owed: tuple[Meeting | None, _Owed] = (None, {})

    def of(self, held: Held, meeting: Meeting, told: SentBefore | None) -> LetterContent:
        """Return what the letter of an action tells; ``told`` is what its attendee has been sent before.

        Raises ``NotFound`` when a text or document that it needs has gone.
        """
        content = self._told(held, meeting, told)
        return replace(content, note=self._note(content, meeting)) if held.attendee else content

    def _note(self, content: LetterContent, meeting: Meeting) -> Note | None:
        """What the coordinator wants to stand first; on the next update it is that of one revision only."""
        if content.purpose != NEXT_UPDATE:
            return note_on(meeting.notes, content.step, content.purpose)
        notes = [item for item in meeting.notes if item.message == NEXT_UPDATE]
        if not notes:
            return None
        with self._database.reading() as session:
            carried = letters_store.carried(session, meeting.id)
        return next((item for item in notes if _is_of_this_update(item, meeting, carried)), None)

    def _told(self, held: Held, meeting: Meeting, told: SentBefore | None) -> LetterContent:
        """Return what the letter of an action tells, as far as the service has to tell it."""
        kind, attendee, number = held.action.kind, held.attendee, held.action.revision
        content = LetterContent(
            kind=kind,
            step=held.step,
            number=number,
            sequence=_sequence(kind, meeting, attendee),
            first_message_id=told.first_message_id if told else None,
            attachment=self._minutes(meeting, number) if kind.rules.tells is Tells.DOCUMENT else None,
            tentative=meeting.tentative,
            reasons=_reasons(kind, meeting, attendee),
        )
        if attendee is not None and kind.carries_calendar:
            content = self._with_dates(content, meeting, attendee)
        if kind.rules.tells is Tells.CHANGES and told is not None and attendee is not None:
            return self._with_changes(content, meeting, attendee, told.latest_revision)
        return self._with_details(content, held, meeting)

    def _with_dates(self, content: LetterContent, meeting: Meeting, attendee: Attendee) -> LetterContent:
        """Add by when a reply is asked, or an invitation will come, and the other sessions of the event."""
        timeline = self._planner.timeline(meeting)
        if meeting.tentative:
            by = self._confirmed_at(meeting, timeline)
            content = replace(content, invitation_by=by)
        elif content.kind.rules.calendar is Method.REQUEST:
            content = replace(content, deadline=self._reply_by(meeting, timeline, attendee.delegation))
        with self._database.reading() as session:
            others = events.sessions_beside(session, meeting.id, attendee.address)
        return replace(content, sessions=tuple(OtherSession(*item) for item in others))

    def _confirmed_at(self, meeting: Meeting, timeline: Timeline) -> datetime | None:
        """When an announced meeting becomes an invitation by itself; ``None`` where none is planned."""
        step = timeline.step(ActionKind.CONFIRM)
        if step is None or step.first is None:
            return None
        with self._database.reading() as session:
            calendar = self._planner.calendars(session).of(meeting.host)
        at = step.first.due(meeting.starts_at, calendar).instant
        return at if at > self._clock.now() else None

    def _reply_by(self, meeting: Meeting, timeline: Timeline, code: str) -> datetime | None:
        """Until when a delegation's answer is wanted; ``None`` where that is less than a day from now."""
        steps = [step for step in timeline.steps if step.do is ActionKind.CHASE and step.need is Need.ANSWER]
        found = self._deadline(steps[0], meeting, timeline, code) if steps else None
        return found if found is not None and found - self._clock.now() >= _NAMED else None

    def _with_details(self, content: LetterContent, held: Held, meeting: Meeting) -> LetterContent:
        """Add what only some letters tell."""
        match content.kind.rules.tells:
            case Tells.REQUEST:
                return self._with_request(content, held, meeting)
            case Tells.ALERTS:
                told = untold(meeting, content.number)
                return replace(content, status=alert_report(meeting, told, self._planner.directory))
            case Tells.REPORT:
                return replace(content, status=self._digest(held, meeting))
            case Tells.LETTER:
                return self._with_letter(content)
            case Tells.ANSWER:
                return self._with_answer(content)
            case Tells.NEEDS:
                return self._with_needs(content, held.attendee, meeting)
            case Tells.OPTIONS if meeting.date_poll is not None:
                poll = meeting.date_poll
                return replace(content, options=poll.options, deadline=poll.closes_at)
        return content

    def _with_request(self, content: LetterContent, held: Held, meeting: Meeting) -> LetterContent:
        """The current revision once more; its DTSTAMP says that it is newer than what was there."""
        content = replace(content, asked_at=self._clock.now())
        if content.kind is ActionKind.RESEND or held.attendee is None:
            return content
        with self._database.reading() as session:
            proposal = responses.get(session, int(held.action.obligation.rpartition("-")[2]))
        return replace(content, proposed=proposal.starts_at, comment=proposal.reply)

    def _with_letter(self, content: LetterContent) -> LetterContent:
        """Add what the coordinator wrote."""
        with self._database.reading() as session:
            subject, text = letters_store.words(session, content.number)
        return replace(content, letter=WrittenWords(subject, text))

    def _with_answer(self, content: LetterContent) -> LetterContent:
        """Add what was answered for the recipient, and by whom."""
        with self._database.reading() as session:
            found = responses.get(session, content.number)
        given = Participation(found.participation or Participation.NEEDS_ACTION)
        return replace(content, given_by=found.giver, given=given)

    def _digest(self, held: Held, meeting: Meeting) -> StatusReport:
        at, day = held.action.planned_at or self._clock.now(), date.fromordinal(held.action.revision)
        with self._database.reading() as session:
            return digest_report(
                event_news(session, self._planner, meeting, at), day, self._planner.directory
            )

    def _with_changes(
        self, content: LetterContent, meeting: Meeting, attendee: Attendee, known_revision: int
    ) -> LetterContent:
        """Add what is new to an attendee who has been told ``known_revision``."""
        old, new = self._snapshot(meeting.id, known_revision), Snapshot.of(meeting)
        place = place_for(meeting, self._planner.directory, attendee.delegation, meeting.starts_at)
        found: tuple[Difference, ...] = tuple(differences(old, new, place)) if old else ()
        if meeting.attendee(attendee.id).withdrawn:
            found = (REINSTATED, *found)
        why = reasons.of_changes_since(meeting.reasons, known_revision)
        return replace(content, differences=found, before=old, reasons=why)

    def _snapshot(self, meeting_id: int, revision: int) -> Snapshot | None:
        """What was told in a revision; never rewritten once told, so the last ones are kept."""
        key = (meeting_id, revision)
        if key not in self._snapshots:
            with self._database.reading() as session:
                found = revisions.snapshot(session, *key)
            self._snapshots = {**dict(list(self._snapshots.items())[-7:]), key: found}
        return self._snapshots[key]

    def _with_needs(
        self, content: LetterContent, attendee: Attendee | None, meeting: Meeting
    ) -> LetterContent:
        """Add what is asked of the recipient, by when, and what they still owe."""
        timeline = self._planner.timeline(meeting)
        step = timeline.named(content.step)
        code = attendee.delegation if attendee else meeting.host
        deadline = self._deadline(step, meeting, timeline, code) if step else None
        overdue = deadline is not None and deadline <= self._clock.now()
        # Who is asked late, because the meeting was published late, cannot give it by a day gone by.
        named = not (overdue and content.kind is ActionKind.NOTICE)
        content = replace(
            content,
            deadline=deadline if named else None,
            overdue=overdue and named,
            notice=self._notice(step, meeting),
            slot=next((slot for slot in meeting.connection_tests if slot.delegation == code), None)
            if content.kind is ActionKind.CONNECTION_TEST
            else None,
        )
        if step is not None and content.kind is ActionKind.CHASE:
            return self._with_silence(content, step, attendee, meeting)
        missing = missing_from(meeting, attendee, self._owes(meeting)[code]) if attendee else ()
        if content.kind is ActionKind.NOTICE:
            # What it asks for, and by when; a reminder says the rest. Thanks ask for nothing.
            missing = tuple(need for need in missing if step is not None and need is step.ask)
        return replace(content, missing=missing)

    def _with_silence(
        self, content: LetterContent, step: Step, attendee: Attendee | None, meeting: Meeting
    ) -> LetterContent:
        """Name what is missing: one's own delegation's, or to those it is reported to, all of them."""
        need, directory = step.need, self._planner.directory
        if need is None:
            return content
        codes = asked_delegations(meeting, step, directory)
        rung = rung_of(content.step)
        if attendee is not None and not oversees(meeting, step, rung, attendee, directory):
            return replace(content, missing=(need,))
        silent = tuple(
            (directory.get(code).name, (need,)) for code in codes if is_missing(meeting, code, need)
        )
        # The deadline of each delegation is by its own calendar; the reader's would be wrong for most.
        return replace(content, silent=silent, deadline=None, overdue=False)

    def _deadline(self, step: Step, meeting: Meeting, timeline: Timeline, code: str) -> datetime | None:
        """Until when a step wants something; nobody is held to a moment before they were first asked."""
        wanted = timeline.deadline_of(step)
        if wanted is None:
            return None
        with self._database.reading() as session:
            calendars = self._planner.calendars(session)
        anchor = meeting.ends_at if wanted.after else meeting.starts_at
        deadline = wanted.due(anchor, calendars.of(code)).instant
        asked = first_asked(meeting, timeline, calendars, step, code)
        return None if asked is not None and deadline <= asked else deadline

    def _notice(self, step: Step | None, meeting: Meeting) -> NoticeText | None:
        if step is None or step.about is None:
            return None
        if step.about not in self._notices:
            raise NotFound(Fact.of("letters.no-such-notice", notice=step.about))
        return self._notices[step.about].of(meeting.mode)

    def _owes(self, meeting: Meeting) -> _Owed:
        if self._owed[0] is not meeting:
            timeline = self._planner.timeline(meeting)
            self._owed = (meeting, owed(meeting, timeline, self._planner.directory))
        return self._owed[1]

    def _minutes(self, meeting: Meeting, version: int) -> Attachment:
        """The minutes as an attachment; versions never change, so the last one is kept encoded."""
        key = (meeting.id, version)
        if key not in self._attachments:
            with self._database.reading() as session:
                document = minutes_store.document_of(session, *key)
            content = self._documents.get(document.digest)
            self._attachments = {key: Attachment(document.filename, document.media_type, content)}
        return self._attachments[key]


def _reasons(kind: ActionKind, meeting: Meeting, attendee: Attendee | None) -> tuple[reasons.Why, ...]:
    """Why the meeting was cancelled, or the recipient removed, where that is what the letter tells."""
    if attendee is None or kind.rules.calendar is not Method.CANCEL:
        return ()
    if attendee.removed_sequence is not None:
        return reasons.of_removing(meeting.reasons, attendee.removed_sequence)
    return reasons.of_cancelling(meeting.reasons, meeting.revision)


def _sequence(kind: ActionKind, meeting: Meeting, attendee: Attendee | None) -> int:
    # Before a meeting is published there is a date poll at most, and no calendar object to be numbered.
    if attendee is None or meeting.uid is None:
        return meeting.revised_sequence
    cancels = kind.rules.calendar is Method.CANCEL
    return (cancel_to(meeting, attendee) if cancels else request_to(meeting, attendee)).sequence


def _is_of_this_update(note: Note, meeting: Meeting, carried: Mapping[int, Carried]) -> bool:
    """Whether a note is on the update that is told now: it came after the note, and none before it did."""
    told = carried.get(note.number)
    return meeting.revision > note.revision and (told is None or meeting.revision in told.revisions)
