"""What becomes of meetings that are linked: asked when one moves, said when the order turns absurd.

Everything here runs inside the caller's transaction. Who changes more than one meeting locks them all
first, by ``store.meetings.linked.lock_chain``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.meetings.decisions import Decision
from orchestrator.domain.meetings.linked import (
    Feed,
    HasAgenda,
    Linked,
    is_coming,
    reached,
    reporting,
    shift_of,
    way_back,
)
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.people.caller import SERVICE
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.errors import Conflict, Problem
from orchestrator.facts import Fact, chained, lined
from orchestrator.services.meetings.neighbours import (
    near_disorders,
    neighbours,
    still_open,
    unfit_reports,
    unrecorded,
    unreported,
)
from orchestrator.services.meetings.surroundings import Answer, Companion, Surroundings
from orchestrator.services.meetings.views import LinkedView
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.meetings import decisions as decision_store
from orchestrator.store.meetings import history, saving
from orchestrator.store.meetings import linked as linked_store

QUESTION = "linked-meetings"
"""The code of the error that asks what becomes of linked meetings."""


class Linking:
    """The rules around linked meetings, inside the transaction that changes one."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    # Moving

    def answer(
        self, session: Session, before: Meeting, after: Meeting, linked: Linked | None, now: datetime
    ) -> Answer:
        """Return what becomes of the linked meetings when one was moved from ``before`` to ``after``.

        Raises ``Conflict`` with the code ``linked-meetings`` when nobody has said it and there are some.
        """
        shift = shift_of(before, after)
        if shift is None:
            return Answer()
        around = self._around(session, after)
        companions = around.companions(shift, now)
        if not companions:
            return Answer()
        if linked is None:
            raise Conflict(self._question(around, companions, now), code=QUESTION)
        if linked is Linked.KEEP:
            stays = (
                Fact.of(
                    "meetings.stays",
                    meeting=around.named(item.meeting.reference),
                    when=self._local(item.meeting),
                )
                for item in companions
            )
            return Answer((), tuple(stays))
        goes = (
            Fact.of(
                "meetings.goes-along",
                meeting=around.named(item.meeting.reference),
                when=self._local(item.meeting),
                moved=self._local(item.moved),
            )
            for item in companions
        )
        return Answer(companions, tuple(goes))

    def _question(self, around: Surroundings, companions: Sequence[Companion], now: datetime) -> Fact:
        coming = around.coming(now)
        all_moved = {item.meeting.reference: item.moved for item in companions}
        kept, moved = around.disorders(coming), around.disorders(coming, all_moved)
        asked = Fact.of("meetings.linked-question", reference=around.meeting.reference, count=len(companions))
        choices = (
            Fact.of(
                "meetings.keep-or-move",
                meeting=around.named(item.meeting.reference),
                when=self._local(item.meeting),
                moved=self._local(item.moved),
                if_kept=_then(item.meeting.reference, kept),
                if_moved=_then(item.meeting.reference, moved),
            )
            for item in companions
        )
        return lined([asked, *choices])

    # Saying

    def warnings(
        self,
        session: Session,
        before: Meeting | None,
        after: Meeting,
        now: datetime,
        moved: Mapping[str, Meeting] | None = None,
    ) -> tuple[Fact, ...]:
        """Return what the coordinator who changes a meeting from ``before`` to ``after`` should know.

        ``moved`` are linked meetings that go along, as they are going to be.
        """
        around = self._around(session, after)
        around = replace(around, others={**around.others, **(moved or {})})
        if after.status is MeetingStatus.CANCELLED:
            return tuple(self._standing(around, now, "meetings.still-stands-so-cancel-it"))
        if not is_coming(after, now):
            return ()
        reinstated = before is not None and before.status is MeetingStatus.CANCELLED
        return (
            *(self._standing(around, now, "meetings.still-stands-as-it-was") if reinstated else ()),
            *(Fact.of("list.sentence", said=item) for item in around.disorders(around.coming(now)).values()),
            *unfit_reports(after, neighbours(session, [after])),
        )

    def attention(
        self, session: Session, meetings: Iterable[HasAgenda], now: datetime
    ) -> Mapping[str, tuple[Fact, ...]]:
        """Return by reference what needs the coordinator before those of ``meetings`` that are still to come.

        That is an absurd order, open decisions, or an unfit agenda.
        """
        coming = [item for item in meetings if is_coming(item, now)]
        around = neighbours(session, coming)
        return {
            item.reference: (*near_disorders(item, around, now), *unfit_reports(item, around))
            for item in coming
        }

    def near(self, session: Session, meeting: Meeting, now: datetime) -> tuple[LinkedView, ...]:
        """Return the meetings that have to be thought of when ``meeting`` moves, nearest first."""
        around = self._around(session, meeting)
        names = reached(around.feeds, meeting.reference, lambda name: around.movable(name, now))
        return tuple(
            LinkedView(
                name,
                around.relation(name),
                around.others[name].status.value,
                self._local(around.others[name]),
            )
            for name in names
        )

    def _standing(self, around: Surroundings, now: datetime, key: str) -> Iterator[Fact]:
        for item in around.near:
            named = around.named(item.reference)
            if is_coming(item, now):
                yield Fact.of(key, meeting=named, when=self._local(item))
            elif item.status is MeetingStatus.CANCELLED and is_coming(around.meeting, now):
                yield Fact.of("meetings.linked-is-cancelled", meeting=named)

    # Decisions

    def with_points(self, session: Session, meeting: Meeting, now: datetime) -> Meeting:
        """Return ``meeting`` with the decisions of the concluded meetings that prepare it on its agenda."""
        if not any(item.input_from for item in meeting.agenda):
            return meeting
        _, sources = linked_store.feeds(session, meeting.reference)
        points = {
            reference: tuple(item.point for item in decision_store.of_meeting(session, number))
            for reference, number in linked_store.concluded(session, sources).items()
        }
        return lifecycle.with_points(meeting, points, now)

    def carry_over(self, session: Session, source: Meeting, now: datetime) -> None:
        """Put the decisions of a concluded meeting on the agenda of what it prepares.

        Nobody is told by this alone. What is over keeps the agenda it had.
        """
        for target in self.coming_targets(session, source, now):
            self._carry(session, source, target, now)

    def coming_targets(self, session: Session, source: Meeting, now: datetime) -> list[Meeting]:
        """Return what a meeting prepares and is still to come."""
        return [item for item in self._around(session, source).targets if is_coming(item, now)]

    def left_to_do(
        self, session: Session, source: Meeting, found: Sequence[Decision], now: datetime
    ) -> tuple[Fact, ...]:
        """Say what is left to do about the decisions of a concluded meeting, and where they are reported."""
        targets = self.coming_targets(session, source, now)
        return (
            *unrecorded(source.reference, targets if not found else ()),
            *still_open(source.reference, found),
            *(
                unreported(source.reference, item.reference)
                for item in targets
                if not reporting(item, source.reference)
            ),
        )

    def _carry(self, session: Session, source: Meeting, target: Meeting, now: datetime) -> None:
        new = self.with_points(session, target, now)
        if new.agenda == target.agenda:
            return
        # A coordinator who has the meeting open for editing has not been overtaken by anybody.
        saved = saving.save(session, new, now, by_person=False)
        history.note(
            session,
            saved.id,
            SERVICE,
            Fact.of("meetings.history.decisions-carried-over"),
            now,
            Fact.of("meetings.from", reference=source.reference),
        )
        self._planner.replan(session, saved, now)

    # Creating

    def circles(
        self, session: Session, definitions: Iterable[tuple[str, MeetingDefinition]]
    ) -> list[Problem]:
        """Return a problem for each link with which meetings would prepare each other in a circle.

        Each definition comes with what stands before the names of its fields.
        """
        given = [link for prefix, item in definitions for link in _links(prefix, item)]
        references = {name for _, _, feed in given for name in feed}
        known = set(linked_store.chain(session, references))
        problems = []
        for name, value, feed in given:
            circle = way_back(known, feed)
            if circle:
                way = " → ".join(circle)
                problems.append(
                    Problem(
                        name,
                        value,
                        Fact.of("meetings.closes-a-circle", way=way),
                        Fact.of("meetings.closes-a-circle.remedy"),
                    )
                )
            else:
                known.add(feed)
        return problems

    # Words

    def _around(self, session: Session, meeting: Meeting) -> Surroundings:
        feeds = linked_store.chain(session, [meeting.reference])
        names = {name for feed in feeds for name in feed} - {meeting.reference}
        return Surroundings(meeting, feeds, linked_store.called(session, names))

    def _local(self, meeting: Meeting) -> LocalTime:
        place = host_place(meeting, self._planner.directory, meeting.starts_at)
        return local_time(meeting.starts_at, place)


def _then(name: str, disorders: Mapping[Feed, Fact]) -> Fact | None:
    """What becomes absurd around a meeting, to be put behind what would be done with it."""
    found = [item for feed, item in disorders.items() if name in feed]
    return Fact.of("meetings.though-then", disorders=chained(found)) if found else None


def _links(prefix: str, definition: MeetingDefinition) -> Iterator[tuple[str, str, Feed]]:
    """The links of a definition, each with the field that says it and the reference given there."""
    own = definition.reference
    if definition.feeds:
        yield f"{prefix}feeds", definition.feeds, (own, definition.feeds)
    for index, source in enumerate(definition.fed_by):
        yield f"{prefix}fed_by[{index}]", source, (source, own)
