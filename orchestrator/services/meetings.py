"""Creating, publishing, changing and ending meetings.

Each public method is one transaction: the meeting, its plan and its history commit together or not
at all. Whatever sends something can be previewed: the same code runs and is rolled back, so the
preview shows exactly what would happen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from orchestrator.domain import lifecycle
from orchestrator.domain.definition import (
    AgendaItem,
    Coordinator,
    Invitee,
    MeetingDefinition,
    MeetingKind,
    MeetingLength,
    Text,
    WallTime,
    check,
)
from orchestrator.domain.lifecycle import Change
from orchestrator.domain.meeting import (
    AgendaEntry,
    Attendee,
    Conference,
    Meeting,
    MeetingStatus,
    Participation,
)
from orchestrator.errors import Conflict, InvalidInput, NotFound, Problem
from orchestrator.ports import Clock, WakeUp
from orchestrator.services.answering import Given, cut, record
from orchestrator.services.consequences import Explainer
from orchestrator.services.planner import Planner
from orchestrator.services.views import Created, Outcome
from orchestrator.store import meetings as store
from orchestrator.store import responses
from orchestrator.store.engine import Database

_LINK = re.compile(r"https://[^\s<>\"]{3,2000}")


class MeetingUpdate(BaseModel):
    """The fields an update may set; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Text | None = None
    coordinator: Coordinator | None = None
    start: WallTime | None = None
    zone: str | None = None
    duration: MeetingLength | None = None
    end: WallTime | None = None
    agenda: tuple[AgendaItem, ...] | None = None
    attendees: tuple[Invitee, ...] | None = None


class Meetings:
    """The use cases around one meeting."""

    def __init__(
        self, database: Database, planner: Planner, clock: Clock, wake_up: WakeUp, organizer: str
    ) -> None:
        """``organizer`` is the address that attendees of meetings published from now on answer to."""
        self._database = database
        self._planner = planner
        self._clock = clock
        self._wake_up = wake_up
        self._organizer = organizer
        self._explainer = Explainer(planner)

    def create(self, definitions: Sequence[MeetingDefinition], *, actor: str) -> list[Created]:
        """Store new drafts, all or none; nothing is sent.

        Raises ``InvalidInput`` with every problem of every definition, and ``Conflict`` when a
        reference is taken.
        """
        self._require_valid(definitions)
        now = self._clock.now()
        created = []
        with self._unit() as session:
            for definition in definitions:
                new_id = store.add(session, self._draft(definition), _feeds(definition), now)
                store.note(session, new_id, actor, "created", now)
                created.append(Created(new_id, definition.reference))
        return created

    def publish(
        self,
        name: str,
        *,
        actor: str,
        version: int | None = None,
        save_the_date: bool = False,
        preview: bool = False,
    ) -> Outcome:
        """Publish a draft: from here on everything goes out by itself.

        With ``save_the_date`` only the date is announced; publishing again without it confirms the
        meeting under the same UID.
        """

        def apply(meeting: Meeting, now: datetime) -> Meeting:
            uid = f"{uuid4()}@accsm-meetings"
            return lifecycle.publish(
                meeting, uid, now, organizer=self._organizer, save_the_date=save_the_date
            )

        what = "announced" if save_the_date else "published"
        return self._change(name, apply, what, actor=actor, version=version, preview=preview)

    def update(
        self,
        name: str,
        update: MeetingUpdate,
        *,
        actor: str,
        version: int,
        notify: bool = True,
        preview: bool = False,
    ) -> Outcome:
        """Change a draft or published meeting that is still at ``version``.

        A new time asks everybody again; a new text is told unless ``notify`` is false. Raises
        ``InvalidInput`` as creating does, and ``Conflict`` for a version that is not the newest.
        """

        def apply(meeting: Meeting, now: datetime) -> Meeting:
            change = self._checked_change(meeting, update)
            return lifecycle.revise(meeting, change, now, notify=notify)

        return self._change(name, apply, "updated", actor=actor, version=version, preview=preview)

    def cancel(
        self,
        name: str,
        *,
        actor: str,
        reason: str | None = None,
        version: int | None = None,
        preview: bool = False,
    ) -> Outcome:
        """Cancel: pending actions end, whoever was invited is told, the Teams meeting is removed."""
        return self._change(
            name, lifecycle.cancel, "cancelled", actor=actor, version=version, preview=preview, detail=reason
        )

    def reinstate(
        self, name: str, *, actor: str, version: int | None = None, preview: bool = False
    ) -> Outcome:
        """Let a cancelled meeting take place after all; everybody is told, and asked again."""
        return self._change(
            name, lifecycle.reinstate, "reinstated", actor=actor, version=version, preview=preview
        )

    def conclude(self, name: str, *, actor: str, preview: bool = False) -> Outcome:
        """Conclude a meeting that has begun; after that, minutes may be attached."""
        return self._change(name, lifecycle.conclude, "concluded", actor=actor, preview=preview)

    def move_mailbox(self, name: str, *, actor: str, preview: bool = False) -> Outcome:
        """Let attendees answer to the mailbox that is set now, when the meeting went out from another."""

        def apply(meeting: Meeting, now: datetime) -> Meeting:
            return lifecycle.with_organizer(meeting, self._organizer, now)

        return self._change(name, apply, "moved to another mailbox", actor=actor, preview=preview)

    def answer(
        self, name: str, email: str, participation: Participation, *, actor: str, comment: str | None = None
    ) -> Outcome:
        """Record an attendee's answer, for example one given by telephone.

        Who declines gets no more reminders; who accepts again gets the coming ones.
        """
        now = self._clock.now()
        with self._database.transaction() as session:
            meeting = store.load(session, store.find_id(session, name), lock=True)
            lifecycle.require_status(meeting, "answered", MeetingStatus.DRAFT, MeetingStatus.PUBLISHED)
            attendee = _find_attendee(meeting, email)
            given = Given(attendee.id, participation, channel=actor, by=actor, stamp=now, comment=comment)
            record(session, meeting, [given], now)
            outcome = self._replanned(session, store.load(session, meeting.id), now)
        self._wake_up.notify()
        return outcome

    def send_again(self, name: str, email: str, *, actor: str) -> Outcome:
        """Send somebody the current invitation once more."""
        now = self._clock.now()
        with self._database.transaction() as session:
            meeting = store.load(session, store.find_id(session, name), lock=True)
            lifecycle.require_status(meeting, "sent again", MeetingStatus.PUBLISHED)
            attendee = _find_attendee(meeting, email)
            if not responses.was_written_to(session, attendee.id):
                raise Conflict(f"{attendee.name} has not been sent an invitation yet; it goes out by itself.")
            responses.ask_again(session, attendee.id, now)
            store.note(session, meeting.id, actor, "sent again", now, attendee.name)
            outcome = self._replanned(session, store.load(session, meeting.id), now)
        self._wake_up.notify()
        return outcome

    def refuse_proposal(
        self, name: str, response_id: int, *, actor: str, reply: str | None = None
    ) -> Outcome:
        """Refuse a proposed time: its author gets a mail with ``reply`` and the invitation as it stands.

        Raises ``NotFound`` for a proposal that is not open, or not of this meeting.
        """
        now = self._clock.now()
        with self._database.transaction() as session:
            meeting = store.load(session, store.find_id(session, name), lock=True)
            lifecycle.require_status(meeting, "kept at its time", MeetingStatus.PUBLISHED)
            if responses.get(session, response_id).meeting_id != meeting.id or not responses.refuse(
                session, response_id, cut(reply)
            ):
                raise NotFound(f"{meeting.reference} has no open proposal {response_id}.")
            store.note(session, meeting.id, actor, "proposal refused", now, cut(reply))
            outcome = self._replanned(session, store.load(session, meeting.id), now)
        self._wake_up.notify()
        return outcome

    def enter_link(self, name: str, join_url: str, *, actor: str, preview: bool = False) -> Outcome:
        """Set a join link by hand, when Teams cannot make one; waiting invitations go out at once."""
        url = join_url.strip()
        if not _LINK.fullmatch(url):
            raise InvalidInput.of(
                "join_url", url[:80], "is not a web address", "Enter the whole link, beginning with https://."
            )

        def apply(meeting: Meeting, now: datetime) -> Meeting:
            lifecycle.require_status(meeting, "given a link", MeetingStatus.PUBLISHED)
            conference = replace(meeting.conference, join_url=url, by_hand=True)
            return lifecycle.with_link(meeting, conference, now)

        return self._change(name, apply, "link entered", actor=actor, preview=preview)

    def _change(
        self,
        name: str,
        apply: Callable[[Meeting, datetime], Meeting],
        what: str,
        *,
        actor: str,
        version: int | None = None,
        preview: bool = False,
        detail: str | None = None,
    ) -> Outcome:
        """Load, check the version, apply, save, replan, and say what follows; then wake the beats."""
        with self._unit(preview=preview) as session:
            meeting = store.load(session, store.find_id(session, name), lock=True)
            # Read once the meeting is ours, so that stamps rise in the order of the changes.
            now = self._clock.now()
            if version is not None and version != meeting.version:
                raise store.changed_meanwhile(meeting.reference)
            changed = store.save(session, apply(meeting, now), now)
            if changed.time_revision != meeting.time_revision:
                responses.settle_proposals(session, changed.id)
            store.note(session, changed.id, actor, what, now, detail)
            outcome = self._replanned(session, changed, now, previewed=preview)
        if not preview:
            self._wake_up.notify()
        return outcome

    def _replanned(
        self, session: Session, meeting: Meeting, now: datetime, *, previewed: bool = False
    ) -> Outcome:
        result = self._planner.replan(session, meeting, now)
        consequences = self._explainer.explain(session, meeting, result)
        return Outcome(meeting.reference, meeting.version, previewed, consequences)

    @contextmanager
    def _unit(self, *, preview: bool = False) -> Iterator[Session]:
        """A transaction, or a look at what it would do; raises ``Conflict`` for simultaneous changes."""
        try:
            with self._database.rehearsal() if preview else self._database.transaction() as session:
                yield session
        except IntegrityError as error:
            raise Conflict(
                "Somebody else saved the same thing at this very moment. Repeat your change.",
                code="simultaneous-change",
            ) from error

    def _require_valid(self, definitions: Sequence[MeetingDefinition]) -> None:
        several = len(definitions) > 1
        problems = [
            Problem(
                f"meetings[{index}].{item.field}" if several else item.field,
                item.value,
                item.message,
                item.remedy,
            )
            for index, definition in enumerate(definitions)
            for item in check(definition, self._planner.directory, self._planner.timelines)
        ]
        if problems:
            raise InvalidInput(problems)

    def _draft(self, definition: MeetingDefinition) -> Meeting:
        return Meeting(
            id=0,
            reference=definition.reference,
            programme=definition.programme,
            kind=definition.kind.value,
            title_en=definition.title.en,
            title_vi=definition.title.vi,
            host=definition.host,
            coordinator_name=definition.coordinator.name,
            coordinator_email=definition.coordinator.email,
            wall_start=definition.start,
            zone=definition.zone,
            duration=definition.length,
            timeline=definition.timeline,
            conference=Conference(external_id=str(uuid4())),
            agenda=_agenda(definition.agenda),
            attendees=self._attendees(definition.attendees),
        )

    def _attendees(self, invitees: Sequence[Invitee]) -> tuple[Attendee, ...]:
        directory = self._planner.directory
        ordered = sorted(invitees, key=lambda item: directory.rank(item.delegation))
        return tuple(
            Attendee(
                name=item.name,
                email=item.email,
                delegation=item.delegation,
                group=item.group,
                role=item.role or directory.group(item.group).role,
                seat=item.seat,
            )
            for item in ordered
        )

    def _checked_change(self, meeting: Meeting, update: MeetingUpdate) -> Change:
        """Hold the update against the same checks as a new definition."""
        merged = _merged(meeting, update)
        problems = check(merged, self._planner.directory, self._planner.timelines)
        if problems:
            raise InvalidInput(problems)
        retimed = update.model_fields_set & {"start", "zone", "duration", "end"}
        return Change(
            title_en=update.title.en if update.title else None,
            title_vi=_vietnamese(update.title) if update.title else None,
            coordinator_name=update.coordinator.name if update.coordinator else None,
            coordinator_email=update.coordinator.email if update.coordinator else None,
            wall_start=merged.start if retimed else None,
            zone=merged.zone if retimed else None,
            duration=merged.length if retimed else None,
            agenda=None if update.agenda is None else _agenda(update.agenda),
            attendees=None if update.attendees is None else self._attendees(update.attendees),
        )


def _vietnamese(title: Text) -> str | None:
    """Return what an update says of the Vietnamese title; empty takes it out, ``None`` leaves it."""
    return title.vi or "" if "vi" in title.model_fields_set else None


def _agenda(items: Sequence[AgendaItem]) -> tuple[AgendaEntry, ...]:
    return tuple(AgendaEntry(number, item.en, item.vi, item.lead) for number, item in enumerate(items, 1))


def _feeds(definition: MeetingDefinition) -> list[tuple[str, str]]:
    forward = [(definition.reference, definition.feeds)] if definition.feeds else []
    return forward + [(source, definition.reference) for source in definition.fed_by]


def _find_attendee(meeting: Meeting, email: str) -> Attendee:
    for item in meeting.invited:
        if item.email.casefold() == email.strip().casefold():
            return item
    raise NotFound(f"{email} is not invited to {meeting.reference}.")


def _merged(meeting: Meeting, update: MeetingUpdate) -> MeetingDefinition:
    """The definition that the meeting would have after the update."""
    kept = update.end is None and update.duration is None
    return MeetingDefinition(
        reference=meeting.reference,
        kind=MeetingKind(meeting.kind),
        title=update.title or Text(en=meeting.title_en, vi=meeting.title_vi),
        host=meeting.host,
        coordinator=update.coordinator
        or Coordinator(name=meeting.coordinator_name, email=meeting.coordinator_email),
        start=update.start or meeting.wall_start,
        zone=update.zone or meeting.zone,
        duration=meeting.duration if kept else update.duration,
        end=update.end,
        timeline=meeting.timeline,
        agenda=update.agenda or (),
        attendees=_invitees(meeting) if update.attendees is None else update.attendees,
    )


def _invitees(meeting: Meeting) -> tuple[Invitee, ...]:
    return tuple(
        Invitee(
            group=item.group,
            delegation=item.delegation,
            name=item.name,
            email=item.email,
            role=item.role,
            seat=item.seat,
        )
        for item in meeting.invited
    )
