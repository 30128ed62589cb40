"""Creating, publishing, changing and ending meetings.

Each public method is one transaction: the meeting, its plan and its history commit together or not
at all. Whatever sends something can be previewed: the same command is planned from what was read, so the
preview shows exactly what would happen.

The class is longer than others, for each use case stands here with what it takes and what it raises.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.definitions.edits import Correct, Intent, MeetingUpdate
from orchestrator.domain.definitions.preparatory import PreparatoryTexts
from orchestrator.domain.letters.wording import languages_of
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.fields import AttendeeFields, values
from orchestrator.domain.meetings.join_links import join_link
from orchestrator.domain.meetings.lifecycle import Change
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.meetings.meeting import (
    Attendee,
    Meeting,
    MeetingStatus,
)
from orchestrator.domain.meetings.reasons import checked_reason, checked_remark
from orchestrator.domain.own_words import OwnWords
from orchestrator.domain.people.addresses import OwnMailbox, compared
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.text import visible
from orchestrator.errors import Conflict, InvalidInput, NotFound, Unfit
from orchestrator.facts import Fact
from orchestrator.ports import Clock
from orchestrator.services.meetings.along import Applied, Explained, command
from orchestrator.services.meetings.drafting import Drafting
from orchestrator.services.meetings.linking import Linking
from orchestrator.services.meetings.publishing import Publishing, publishing
from orchestrator.services.meetings.revising import NOTHING, checked_change, require_others
from orchestrator.services.meetings.views import Created
from orchestrator.services.timelines.changing import Changing
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.views import Effect
from orchestrator.store.engine import Database

ReasonGiven = OwnWords | str | Mapping[str, str | None] | None
"""A reason for people: in English alone, or in English and other languages by their codes."""


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
        own: OwnMailbox,
    ) -> None:
        """``organizer`` is the address that attendees of meetings published from now on answer to.

        ``own`` are the addresses of the service, under which nobody can be named. ``preparatory`` are
        the texts of preparatory meetings that are made together with another.
        """
        self._database = database
        self._planner = planner
        self._clock = clock
        self._organizer = organizer
        self._own = own
        self._drafting = Drafting(planner, preparatory, own)
        self._publishing = Publishing(planner, organizer, own)
        self._changing = changing
        self._linking = Linking(planner)

    def create(self, definitions: Sequence[MeetingDefinition], *, caller: Caller) -> list[Created]:
        """Store new drafts, all or none, each with the preparatory meeting it asks for; nothing is sent.

        Raises ``InvalidInput`` with every problem of every definition, and ``Conflict`` when a
        reference is taken.
        """
        with self._changing.transaction() as session:
            return self._drafting.create(session, definitions, caller, self._clock.now())

    def publish(
        self,
        name: str,
        *,
        caller: Caller,
        version: int | None = None,
        save_the_date: bool | None = None,
        dry_run: bool = False,
    ) -> Effect:
        """Publish a draft: from here on everything goes out by itself.

        With ``save_the_date`` only the date is announced; publishing again without it confirms the
        meeting under the same UID. Where it is not said, the timeline decides for a draft, and the meeting
        is then confirmed by itself. Raises ``NotFound``, and ``Conflict`` for a meeting that cannot be
        published, or is at another version.
        """

        def apply(session: Session, meeting: Meeting, now: datetime) -> Meeting:
            return self._publishing.published(session, meeting, now, save_the_date)

        return self._change(
            name, apply, publishing(save_the_date), caller=caller, version=version, dry_run=dry_run
        )

    def update(
        self,
        name: str,
        update: MeetingUpdate,
        *,
        caller: Caller,
        version: int,
        notify: bool = True,
        dry_run: bool = False,
        linked: Linked | None = None,
        reason: ReasonGiven = None,
        remark: str | None = None,
    ) -> Effect:
        """Change a draft or published meeting that is still at ``version``.

        A new time asks everybody again; a new text is told unless ``notify`` is false. ``reason`` is told
        with it, and must be given for a new time of a published meeting, and where a person is removed;
        ``remark`` stays in the history. ``linked`` says what becomes of the meetings it is linked to when its
        time changes. Raises ``InvalidInput`` as creating does, ``NotFound``, and ``Conflict`` for a version
        that is not the newest, or with the code ``linked-meetings`` where there are linked meetings and it
        has not been said what becomes of them.
        """
        return self._change(
            name,
            self._revised(update, (), notify=notify),
            Fact.of("meetings.history.updated"),
            caller=caller,
            version=version,
            dry_run=dry_run,
            linked=linked,
            touches_linked=True,
            reason=reason,
            remark=remark,
        )

    def edit(
        self,
        name: str,
        *intents: Intent,
        caller: Caller,
        version: int | None = None,
        notify: bool = True,
        dry_run: bool = False,
        reason: ReasonGiven = None,
        remark: str | None = None,
    ) -> Effect:
        """Invite, correct or remove people, and add, change, remove or reorder items of the agenda.

        All intents together are one change; what none of them names stays. Everybody invited and removed is
        told, with the ``reason``, which must be given where a person is removed from a published meeting; a
        new agenda is told unless ``notify`` is false. Raises ``InvalidInput`` as creating does,
        ``NotFound`` for a person or an item that is not there, and ``Conflict`` for a version that is not the
        newest.
        """
        return self._change(
            name,
            self._revised(NOTHING, intents, notify=notify),
            Fact.of("meetings.history.updated"),
            caller=caller,
            version=version,
            dry_run=dry_run,
            reason=reason,
            remark=remark,
            corrected={compared(item.email) for item in intents if isinstance(item, Correct)},
        )

    def invite_again(
        self, name: str, who: str, *, caller: Caller, version: int | None = None, dry_run: bool = False
    ) -> Effect:
        """Invite a person again who was removed, as they were, by address or by the id of an attendee.

        They get the invitation as for the first time, under a SEQUENCE above that of their cancellation.
        Raises ``NotFound`` for who was never in the meeting, and ``Conflict`` for who is in it, for a meeting
        that is over or cancelled, or at another version.
        """

        def apply(_: Session, meeting: Meeting, now: datetime) -> Meeting:
            rows = meeting.called(who)
            if not rows:
                raise NotFound(Fact.of("definitions.not-invited", email=visible(who)[:80]))
            if rows[-1].invited:
                raise Conflict(Fact.of("meetings.invited-already", name=rows[-1].name))
            again = Attendee(**values(AttendeeFields, rows[-1]))
            return lifecycle.revise(meeting, Change(attendees=(*meeting.invited, again)), now)

        return self._change(
            name,
            apply,
            Fact.of("meetings.history.invited-again", name=visible(who)[:80]),
            caller=caller,
            version=version,
            dry_run=dry_run,
        )

    def _revised(self, update: MeetingUpdate, intents: Sequence[Intent], *, notify: bool) -> Applied:
        def apply(session: Session, meeting: Meeting, now: datetime) -> Meeting:
            change = self.checked_change(meeting, update, intents)
            revised = lifecycle.revise(meeting, change, now, notify=notify)
            return revised if change.agenda is None else self._linking.with_points(session, revised, now)

        return apply

    def cancel(
        self,
        name: str,
        *,
        caller: Caller,
        reason: ReasonGiven = None,
        remark: str | None = None,
        version: int | None = None,
        dry_run: bool = False,
    ) -> Effect:
        """Cancel: pending actions end, everybody invited is told, with the ``reason``; Teams' meeting goes.

        Raises ``InvalidInput`` for a published meeting without a reason, or one that is too long or no line
        of text, ``NotFound``, and ``Conflict`` for a meeting that is over, cancelled, or at another version.
        """
        return self._change(
            name,
            _alone(lifecycle.cancel),
            Fact.of("meetings.history.cancelled"),
            caller=caller,
            version=version,
            dry_run=dry_run,
            reason=reason,
            remark=remark,
        )

    def reinstate(
        self,
        name: str,
        *,
        caller: Caller,
        reason: ReasonGiven = None,
        remark: str | None = None,
        version: int | None = None,
        dry_run: bool = False,
    ) -> Effect:
        """Let a cancelled meeting take place after all; everybody is told the ``reason``, and asked again.

        Raises ``InvalidInput`` and ``NotFound`` as cancelling does, and ``Conflict`` for a meeting that is
        not cancelled, whose time has gone by, or that is at another version.
        """
        return self._change(
            name,
            _alone(lifecycle.reinstate),
            Fact.of("meetings.history.reinstated"),
            caller=caller,
            version=version,
            dry_run=dry_run,
            reason=reason,
            remark=remark,
        )

    def conclude(self, name: str, *, caller: Caller, dry_run: bool = False) -> Effect:
        """Conclude a meeting that has begun; after that, minutes may be attached.

        Raises ``NotFound``, and ``Conflict`` for a meeting that is not published or has not begun.
        """
        return self._change(
            name,
            _alone(lifecycle.conclude),
            Fact.of("meetings.history.concluded"),
            caller=caller,
            dry_run=dry_run,
            touches_linked=True,
        )

    def move_mailbox(self, name: str, *, caller: Caller, dry_run: bool = False) -> Effect:
        """Let attendees answer to the mailbox that is set now, when the meeting went out from another.

        Raises ``NotFound``, and ``Conflict`` for a meeting that is not published.
        """

        def apply(_: Session, meeting: Meeting, now: datetime) -> Meeting:
            require_others(meeting, self._own)
            return lifecycle.with_organizer(meeting, self._organizer, now)

        return self._change(
            name, apply, Fact.of("meetings.history.mailbox-moved"), caller=caller, dry_run=dry_run
        )

    def enter_join_link(self, name: str, join_url: str, *, caller: Caller, dry_run: bool = False) -> Effect:
        """Set a join link by hand, when Teams cannot make one; waiting invitations go out at once.

        Raises ``InvalidInput`` for what is no web address, ``NotFound``, and ``Conflict`` for a meeting that
        is not published.
        """
        try:
            url = join_link(join_url)
        except Unfit as error:
            remedy = Fact.of("meetings.not-a-web-address.remedy")
            raise InvalidInput.of("join_url", visible(join_url.strip())[:80], error.fact, remedy) from error

        def apply(_: Session, meeting: Meeting, now: datetime) -> Meeting:
            lifecycle.require_status(meeting, Fact.of("meetings.doing.given-a-link"), MeetingStatus.PUBLISHED)
            lifecycle.require_link(meeting)
            conference = replace(meeting.conference, join_url=url, by_hand=True, trouble=None)
            return lifecycle.with_link(meeting, conference, now)

        return self._change(
            name, apply, Fact.of("meetings.history.link-entered"), caller=caller, dry_run=dry_run
        )

    def _change(
        self,
        name: str,
        apply: Applied,
        what: Fact,
        *,
        caller: Caller,
        version: int | None = None,
        dry_run: bool = False,
        reason: ReasonGiven = None,
        remark: str | None = None,
        corrected: Collection[str] = (),
        linked: Linked | None = None,
        touches_linked: bool = False,
    ) -> Effect:
        """Change a meeting by ``apply``; the linked ones are locked too where it ``touches_linked`` ones.

        Raises ``InvalidInput`` for a reason or a remark that is too long or no text.
        """
        why = Explained(
            checked_reason(reason, languages_of(self._planner.directory)),
            checked_remark(remark),
            optional=dry_run,
            corrected=corrected,
        )
        return self._changing.change(
            name,
            command(self._planner, apply, what, why=why, linked=linked),
            caller=caller,
            version=version,
            dry_run=dry_run,
            with_linked=touches_linked,
        )

    def checked_change(
        self, meeting: Meeting, update: MeetingUpdate = NOTHING, intents: Sequence[Intent] = ()
    ) -> Change:
        """Hold an update and intents against the same checks as a new definition.

        Raises ``InvalidInput`` with all problems, and ``NotFound`` for what an intent names and is not there.
        """
        planner = self._planner
        return checked_change(meeting, planner.directory, planner.timelines, update, intents, self._own)


def _alone(apply: Callable[[Meeting, datetime], Meeting]) -> Applied:
    """A change that needs nothing but the meeting."""
    return lambda _, meeting, now: apply(meeting, now)
