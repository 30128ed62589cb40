"""Creating, publishing, changing and ending meetings.

Each public method is one transaction: the meeting, its plan and its history commit together or not
at all. Whatever sends something can be previewed: the same code runs and is rolled back, so the
preview shows exactly what would happen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from orchestrator.domain.dates.costs import hardships
from orchestrator.domain.definitions.checking import check
from orchestrator.domain.definitions.definition import MeetingDefinition, MeetingKind
from orchestrator.domain.definitions.preparatory import PREPARATORY, PreparatoryTexts, pair
from orchestrator.domain.definitions.written import (
    AgendaItem,
    Coordinator,
    Invitee,
    MeetingLength,
    Text,
    WallTime,
)
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.lifecycle import Change
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.meetings.meeting import (
    AgendaEntry,
    Attendee,
    Conference,
    Meeting,
    MeetingStatus,
)
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.timelines.needs import stays_away
from orchestrator.errors import InvalidInput, Problem
from orchestrator.facts import Fact, Said
from orchestrator.ports import Clock
from orchestrator.services.meetings.linking import Companion, Linking
from orchestrator.services.meetings.views import Created
from orchestrator.services.timelines.changing import Along, Changing, Command, MeetingChange
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.views import Outcome
from orchestrator.store.engine import Database
from orchestrator.store.meetings import history
from orchestrator.store.meetings import meetings as store

Applied = Callable[[Session, Meeting, datetime], Meeting]
"""How a use case changes a meeting, inside the transaction."""
Placed = tuple[str, MeetingDefinition]
"""A definition, and what stands before the names of its fields where problems with them are told."""
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
        self,
        database: Database,
        planner: Planner,
        clock: Clock,
        changing: Changing,
        organizer: str,
        preparatory: PreparatoryTexts,
    ) -> None:
        """``organizer`` is the address that attendees of meetings published from now on answer to.

        ``preparatory`` are the texts of preparatory meetings that are made together with another.
        """
        self._database = database
        self._planner = planner
        self._clock = clock
        self._organizer = organizer
        self._preparatory = preparatory
        self._changing = changing
        self._linking = Linking(planner)

    def create(self, definitions: Sequence[MeetingDefinition], *, caller: Caller) -> list[Created]:
        """Store new drafts, all or none, each with the preparatory meeting it asks for; nothing is sent.

        Raises ``InvalidInput`` with every problem of every definition, and ``Conflict`` when a
        reference is taken.
        """
        several = len(definitions) > 1
        placed = [(f"meetings[{index}]." if several else "", item) for index, item in enumerate(definitions)]
        now = self._clock.now()
        with self._changing.transaction() as session:
            self._require_valid(session, placed)
            created = [self._add(session, item, caller, now) for item in self._pairs(session, placed)]
            # Only now are all of them there, so that each can be held against the others.
            return [self._with_warnings(session, item, now) for item in created]

    def _pairs(self, session: Session, placed: Iterable[Placed]) -> list[MeetingDefinition]:
        """Return the definitions with the preparatory meetings they ask for, as valid as they are."""
        calendars = self._planner.calendars(session)
        found: list[MeetingDefinition] = []
        preparing: list[Placed] = []
        for prefix, definition in placed:
            try:
                own, *more = pair(definition, self._preparatory, calendars)
            except InvalidInput as error:
                raise InvalidInput([_prefixed(prefix, item) for item in error.problems]) from error
            found += [own, *more]
            preparing += [(f"{prefix}{PREPARATORY}.", item) for item in more]
        self._require_valid(session, preparing)
        return found

    def _add(self, session: Session, definition: MeetingDefinition, caller: Caller, now: datetime) -> Created:
        new_id = store.add(session, self._draft(definition), _feeds(definition), now)
        history.note(session, new_id, caller, Fact.of("meetings.history.created"), now)
        return Created(new_id, definition.reference)

    def _with_warnings(self, session: Session, created: Created, now: datetime) -> Created:
        """Put what meetings before it have decided on a new agenda, and say what is amiss with its links."""
        stored = store.load(session, created.id)
        meeting = self._linking.with_points(session, stored, now)
        if meeting != stored:
            meeting = store.save(session, meeting, now, by_person=False)
        return replace(created, warnings=self._warnings(session, None, meeting, now))

    def publish(
        self,
        name: str,
        *,
        caller: Caller,
        version: int | None = None,
        save_the_date: bool | None = None,
        preview: bool = False,
    ) -> Outcome:
        """Publish a draft: from here on everything goes out by itself.

        With ``save_the_date`` only the date is announced; publishing again without it confirms the
        meeting under the same UID. Where it is not said, the timeline decides for a draft, and the meeting
        is then confirmed by itself.
        """

        def apply(session: Session, meeting: Meeting, now: datetime) -> Meeting:
            announce = save_the_date
            if announce is None and meeting.status is MeetingStatus.DRAFT:
                announce = self._planner.announces_first(session, meeting, now)
            uid = f"{uuid4()}@accsm-meetings"
            return lifecycle.publish(
                meeting, uid, now, organizer=self._organizer, save_the_date=bool(announce)
            )

        what = "meetings.history.announced" if save_the_date else "meetings.history.published"
        return self._change(name, apply, Fact.of(what), caller=caller, version=version, preview=preview)

    def update(
        self,
        name: str,
        update: MeetingUpdate,
        *,
        caller: Caller,
        version: int,
        notify: bool = True,
        preview: bool = False,
        linked: Linked | None = None,
    ) -> Outcome:
        """Change a draft or published meeting that is still at ``version``.

        A new time asks everybody again; a new text is told unless ``notify`` is false. ``linked`` says what
        becomes of the meetings it is linked to when its time changes. Raises ``InvalidInput`` as creating
        does, and ``Conflict`` for a version that is not the newest, or with the code ``linked-meetings``
        where there are linked meetings and nobody has said what becomes of them.
        """

        def apply(session: Session, meeting: Meeting, now: datetime) -> Meeting:
            change = self.checked_change(meeting, update)
            revised = lifecycle.revise(meeting, change, now, notify=notify)
            return revised if update.agenda is None else self._linking.with_points(session, revised, now)

        return self._change(
            name,
            apply,
            Fact.of("meetings.history.updated"),
            caller=caller,
            version=version,
            preview=preview,
            linked=linked,
            touches_linked=True,
        )

    def cancel(
        self,
        name: str,
        *,
        caller: Caller,
        reason: str | None = None,
        version: int | None = None,
        preview: bool = False,
    ) -> Outcome:
        """Cancel: pending actions end, whoever was invited is told, the Teams meeting is removed."""
        return self._change(
            name,
            _alone(lifecycle.cancel),
            Fact.of("meetings.history.cancelled"),
            caller=caller,
            version=version,
            preview=preview,
            detail=reason,
        )

    def reinstate(
        self, name: str, *, caller: Caller, version: int | None = None, preview: bool = False
    ) -> Outcome:
        """Let a cancelled meeting take place after all; everybody is told, and asked again."""
        return self._change(
            name,
            _alone(lifecycle.reinstate),
            Fact.of("meetings.history.reinstated"),
            caller=caller,
            version=version,
            preview=preview,
        )

    def conclude(self, name: str, *, caller: Caller, preview: bool = False) -> Outcome:
        """Conclude a meeting that has begun; after that, minutes may be attached."""
        return self._change(
            name,
            _alone(lifecycle.conclude),
            Fact.of("meetings.history.concluded"),
            caller=caller,
            preview=preview,
            touches_linked=True,
        )

    def move_mailbox(self, name: str, *, caller: Caller, preview: bool = False) -> Outcome:
        """Let attendees answer to the mailbox that is set now, when the meeting went out from another."""

        def apply(_: Session, meeting: Meeting, now: datetime) -> Meeting:
            return lifecycle.with_organizer(meeting, self._organizer, now)

        return self._change(
            name, apply, Fact.of("meetings.history.mailbox-moved"), caller=caller, preview=preview
        )

    def enter_link(self, name: str, join_url: str, *, caller: Caller, preview: bool = False) -> Outcome:
        """Set a join link by hand, when Teams cannot make one; waiting invitations go out at once."""
        url = join_url.strip()
        if not _LINK.fullmatch(url):
            raise InvalidInput.of(
                "join_url", url[:80], "is not a web address", "Enter the whole link, beginning with https://."
            )

        def apply(_: Session, meeting: Meeting, now: datetime) -> Meeting:
            lifecycle.require_status(meeting, "given a link", MeetingStatus.PUBLISHED)
            conference = replace(meeting.conference, join_url=url, by_hand=True)
            return lifecycle.with_link(meeting, conference, now)

        return self._change(
            name, apply, Fact.of("meetings.history.link-entered"), caller=caller, preview=preview
        )

    def _change(
        self,
        name: str,
        apply: Applied,
        what: Fact,
        *,
        caller: Caller,
        version: int | None = None,
        preview: bool = False,
        detail: str | None = None,
        linked: Linked | None = None,
        touches_linked: bool = False,
    ) -> Outcome:
        """Change a meeting by ``apply``; the linked ones are locked too where it ``touches_linked`` ones."""
        return self._changing.change(
            name,
            self.command(apply, what, detail=detail, linked=linked),
            caller=caller,
            version=version,
            dry_run=preview,
            with_linked=touches_linked,
        )

    def command(
        self, apply: Applied, what: Fact, *, detail: str | None = None, linked: Linked | None = None
    ) -> Command:
        """Return the command that changes a meeting by ``apply`` and takes care of those it is linked to.

        ``linked`` says what becomes of them where the time changes. The command raises as ``update`` does.
        """

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            changed = apply(session, meeting, now)
            answer = self._linking.answer(session, meeting, changed, linked, now)
            along = [self._moved_along(item, meeting.reference, now) for item in answer.companions]
            moved = {item.before.reference: item.change.meeting for item in along}
            reason = f"{detail}." if detail and answer.sentences else detail
            return MeetingChange(
                changed,
                what,
                detail=" ".join(filter(None, [reason, *answer.sentences])) or None,
                write=self._carry_over if changed.status is MeetingStatus.CONCLUDED else None,
                along=along,
                warnings=(*answer.sentences, *self._warnings(session, meeting, changed, now, moved)),
            )

        return command

    def _carry_over(self, session: Session, meeting: Meeting, now: datetime) -> None:
        self._linking.carry_over(session, meeting, now)

    def _moved_along(self, companion: Companion, reference: str, now: datetime) -> Along:
        """Move a linked meeting with the one called ``reference``; its fields are named with its own."""
        meeting = companion.meeting
        try:
            wanted = MeetingUpdate(start=companion.wall_start, zone=companion.zone)
            changed = lifecycle.revise(meeting, self.checked_change(meeting, wanted), now)
        except InvalidInput as error:
            raise InvalidInput(
                [_prefixed(f"{meeting.reference}: ", item) for item in error.problems]
            ) from error
        return Along(
            meeting, MeetingChange(changed, Fact.of("meetings.history.moved-along"), f"with {reference}")
        )

    def _warnings(
        self,
        session: Session,
        before: Meeting | None,
        after: Meeting,
        now: datetime,
        moved: Mapping[str, Meeting] | None = None,
    ) -> tuple[Said, ...]:
        """Say what the caller should know; ``moved`` are linked meetings as they are going to be."""
        if after.status is MeetingStatus.CONCLUDED:
            return self._linking.left_to_do(session, after, now)
        return (
            *self._linking.warnings(session, before, after, now, moved),
            *self._hardships(session, before, after, now),
        )

    def _hardships(
        self, session: Session, before: Meeting | None, after: Meeting, now: datetime
    ) -> Iterator[Fact]:
        """Say for whom it is a day off or night, where the time or the guests are decided about."""
        if after.status is MeetingStatus.CANCELLED or after.starts_at <= now:
            return
        if before is not None and _what_decides(before) == _what_decides(after):
            return
        coming = [code for code in after.delegations if not stays_away(after, code)]
        yield from hardships(coming, after.starts_at, after.ends_at, self._planner.calendars(session))

    def _require_valid(self, session: Session, placed: Sequence[Placed]) -> None:
        problems = [
            _prefixed(prefix, item)
            for prefix, definition in placed
            for item in check(definition, self._planner.directory, self._planner.timelines)
        ]
        # A meeting that is linked to itself has been found by the check already.
        problems += [] if problems else self._linking.circles(session, placed)
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
            timeline=definition.timeline_of(self._planner.timelines),
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
                language=item.language,
            )
            for item in ordered
        )

    def checked_change(self, meeting: Meeting, update: MeetingUpdate) -> Change:
        """Hold the update against the same checks as a new definition; raises ``InvalidInput``."""
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


def _prefixed(prefix: str, item: Problem) -> Problem:
    return replace(item, field=f"{prefix}{item.field}")


def _what_decides(meeting: Meeting) -> tuple[object, ...]:
    """What makes somebody think about the time of a meeting: its status, when it is, and for whom."""
    return meeting.status, meeting.starts_at, meeting.ends_at, frozenset(meeting.delegations)


def _alone(apply: Callable[[Meeting, datetime], Meeting]) -> Applied:
    """A change that needs nothing but the meeting."""
    return lambda _, meeting, now: apply(meeting, now)


def _vietnamese(title: Text) -> str | None:
    """Return what an update says of the Vietnamese title; empty takes it out, ``None`` leaves it."""
    return title.vi or "" if "vi" in title.model_fields_set else None


def _agenda(items: Sequence[AgendaItem]) -> tuple[AgendaEntry, ...]:
    return tuple(
        AgendaEntry(item.en, item.vi, item.lead, item.input_from, number=number)
        for number, item in enumerate(items, 1)
    )


def _feeds(definition: MeetingDefinition) -> list[tuple[str, str]]:
    forward = [(definition.reference, definition.feeds)] if definition.feeds else []
    return forward + [(source, definition.reference) for source in definition.fed_by]


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
            language=item.language,
        )
        for item in meeting.invited
    )
