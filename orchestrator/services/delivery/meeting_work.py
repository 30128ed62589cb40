"""What is done for a meeting as a whole: its conference, and going over into another status by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.people.caller import SERVICE
from orchestrator.domain.timelines import alerting
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import DeliveryError
from orchestrator.facts import Fact
from orchestrator.ports import Clock, ConferenceInfo, ConferenceProvider, ConferenceRequest
from orchestrator.services.delivery.endings import Endings
from orchestrator.services.delivery.in_hand import Attempt, Looking
from orchestrator.services.meetings.linking import Linking
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.store.delivery import claims
from orchestrator.store.delivery.claims import Taken
from orchestrator.store.engine import Database
from orchestrator.store.meetings import alerts, linked
from orchestrator.store.meetings import meetings as store


class MeetingWork:
    """Makes and removes conferences, and lets meetings go over into another status."""

    def __init__(
        self,
        database: Database,
        changing: Changing,
        linking: Linking,
        looking: Looking,
        endings: Endings,
        conferences: ConferenceProvider,
        clock: Clock,
    ) -> None:
        self._database = database
        self._changing = changing
        self._linking = linking
        self._looking = looking
        self._endings = endings
        self._conferences = conferences
        self._clock = clock

    def confer(self, item: Taken) -> Attempt:
        """Make, change or remove the conference of a meeting; raises what the provider raises."""
        with self._database.transaction() as session:
            meeting = self._looking.meeting(session, item.of_meeting)
            seen = self._looking.still_wanted(session, item, meeting, self._clock.now())
            if seen is None:
                return Attempt(asked=False)
            request = _request(seen.meeting)
        try:
            if item.kind is ActionKind.CONFERENCE_DELETE:
                self._conferences.delete(request)
                info = None
            else:
                info = self._conferences.ensure(request)
        except DeliveryError as error:
            self._note_trouble(item, error)
            raise
        known_url = seen.meeting.conference.join_url
        ready = Fact.of("delivery.history.link-ready")

        def command(_: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            changed = lifecycle.with_link(meeting, _conference_with(meeting, info), now)
            if info is None or info.join_url == known_url:
                return MeetingChange(changed, by_person=False)
            return MeetingChange(changed, ready, info.join_url, by_person=False)

        with self._changing.transaction() as session:
            # The meeting is locked before its action, in the same order as everywhere else.
            meeting = store.load(session, item.of_meeting, lock=True)
            if self._endings.finish(session, item, ActionState.SUCCEEDED, self._clock.now()):
                self._changing.changed(session, meeting, command, caller=SERVICE)
        return Attempt(asked=True)

    def _note_trouble(self, item: Taken, error: DeliveryError) -> None:
        """Keep why the provider failed with the meeting, so that its coordinator is told when it is time."""

        def command(_: Session, meeting: Meeting, now: datetime) -> MeetingChange | None:
            known = meeting.conference
            troubled = known.failed(error.fact, now, needs_person=error.needs_person)
            changed = replace(meeting, conference=troubled)
            return None if troubled is known else MeetingChange(changed, by_person=False)

        with self._changing.transaction() as session:
            meeting = store.load(session, item.of_meeting, lock=True)
            if claims.held(session, item) is not None:
                self._changing.changed(session, meeting, command, caller=SERVICE)

    def by_itself(self, item: Taken) -> Attempt:
        """Do what needs nobody outside: look whether something is done, or turn the meeting."""
        return self.look(item) if item.kind is ActionKind.LOOK else self.turn(item)

    def look(self, item: Taken) -> Attempt:
        """Look whether something has happened by now, and note what its coordinator must know if not."""
        with self._database.transaction() as session:
            meeting = store.load(session, item.of_meeting, lock=True)
            now = self._clock.now()
            seen = self._looking.still_wanted(session, item, meeting, now)
            if seen is not None:
                alerts.note(session, alerting.seen(meeting, seen.held.action.obligation))
                self._endings.finish(session, item, ActionState.SUCCEEDED, now)
        return Attempt(asked=False)

    def turn(self, item: Taken) -> Attempt:
        """Conclude the meeting, or make a save-the-date a meeting.

        Raises ``ValueError`` for an action that is of another kind.
        """
        turn = item.kind.rules.turn
        if turn is None:
            raise ValueError(f"no meeting is turned by '{item.kind}'")

        def command(_: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            changed = turn.changed(meeting, now)
            carries = changed.status is MeetingStatus.CONCLUDED
            write = self._linking.carry_over if carries else None
            return MeetingChange(changed, turn.history, write=write, by_person=False)

        with self._changing.transaction() as session:
            # What it prepares is written to as well, so all of them are locked, in the order of everybody.
            linked.lock_chain(session, item.of_meeting)
            # What this worker remembers of the meeting may lack answers that came since.
            meeting = store.load(session, item.of_meeting, lock=True)
            now = self._clock.now()
            if self._looking.still_wanted(session, item, meeting, now) is not None:
                self._endings.finish(session, item, ActionState.SUCCEEDED, now)
                self._changing.changed(session, meeting, command, caller=SERVICE)
        return Attempt(asked=False)


def _request(meeting: Meeting) -> ConferenceRequest:
    return ConferenceRequest(
        external_id=meeting.conference.external_id,
        subject=meeting.title_en,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        provider_id=meeting.conference.provider_id,
    )


def _conference_with(meeting: Meeting, info: ConferenceInfo | None) -> Conference:
    """The conference as known after the provider answered; ``None`` means it was removed.

    A link entered by hand meanwhile stays; the provider's meeting is remembered so that it can go.
    """
    known = meeting.conference
    provider_id, offered = (info.provider_id, info.join_url) if info else (None, None)
    join_url = known.join_url if known.by_hand else offered
    return replace(known, provider_id=provider_id, join_url=join_url, attempted=True, trouble=None)
