"""What becomes of meetings that are linked: asked when one moves, said when the order turns absurd.

Everything here runs inside the caller's transaction. Who changes more than one meeting locks them all
first, by ``store.meetings.lock_chain``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.decisions import KeyOutcome
from orchestrator.domain.meetings.linked import (
    Feed,
    HasAgenda,
    HasTiming,
    Linked,
    Shift,
    Timing,
    can_move,
    disorder,
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
from orchestrator.facts import Fact
from orchestrator.services.meetings.views import LinkedView
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.meetings import decisions as outcomes
from orchestrator.store.meetings import history, saving
from orchestrator.store.meetings import linked as linked_store

QUESTION = "linked-meetings"
"""The code of the error that asks what becomes of linked meetings."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A linked meeting that goes with the one that is moved, and when it then starts."""

    meeting: Meeting
    wall_start: datetime
    zone: str

    @property
    def moved(self) -> Meeting:
        """The meeting at its new time, before anything else follows from that."""
        return replace(self.meeting, wall_start=self.wall_start, zone=self.zone)


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of the linked meetings: who goes along, and what is to be said about all of them."""

    companions: tuple[Companion, ...] = ()
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Disorder:
    """An order that makes no sense: ``source`` should come before ``target``, which it prepares."""

    source: str
    target: str
    what: str

    def __str__(self) -> str:
        return f"{self.source} {self.what}, {self.target}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A meeting among those it is linked to, directly or through others, as far as they exist."""

    meeting: Meeting
    feeds: frozenset[Feed]
    others: Mapping[str, Meeting] = field(repr=False)

    @property
    def near(self) -> tuple[Meeting, ...]:
        """What prepares the meeting, then what it prepares."""
        own = self.meeting.reference
        names = [source for source, target in sorted(self.feeds) if target == own]
        names += [target for source, target in sorted(self.feeds) if source == own]
        return tuple(self.others[name] for name in names if name in self.others)

    @property
    def targets(self) -> tuple[Meeting, ...]:
        """What the meeting prepares."""
        return tuple(item for item in self.near if (self.meeting.reference, item.reference) in self.feeds)

    def relation(self, other: str) -> str:
        """Return in words what ``other`` is to the meeting."""
        own = self.meeting.reference
        if (other, own) in self.feeds:
            return "which prepares it"
        if (own, other) in self.feeds:
            return "which it prepares"
        return "which is linked to it through another meeting"

    def disorders(
        self, coming: Collection[str], instead: Mapping[str, Meeting] | None = None
    ) -> list[Disorder]:
        """Return what is absurd about the order of those ``coming``, some of them as they are ``instead``."""
        known = {**self.others, self.meeting.reference: self.meeting, **(instead or {})}
        found = [
            Disorder(source, target, disorder(known[source], known[target]))
            for source, target in sorted(self.feeds)
            if source in coming and target in coming
        ]
        return [item for item in found if item.what]


class Linking:
    """The rules around linked meetings, inside the transaction of whoever changes one."""

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
        companions = _companions(around, shift, now)
        if not companions:
            return Answer()
        if linked is None:
            raise Conflict(self._question(around, companions, now), code=QUESTION)
        if linked is Linked.KEEP:
            stays = (
                f"{self._named(around, item.meeting)} stays on {self._when(item.meeting)}."
                for item in companions
            )
            return Answer((), tuple(stays))
        goes = (
            f"{self._named(around, item.meeting)} goes along: from {self._when(item.meeting)} "
            f"to {self._when(item.moved)}."
            for item in companions
        )
        return Answer(companions, tuple(goes))

    def _question(self, around: Surroundings, companions: Sequence[Companion], now: datetime) -> str:
        coming = _coming(around, now)
        all_moved = {item.meeting.reference: item.moved for item in companions}
        what = "a meeting" if len(companions) == 1 else f"{len(companions)} meetings"
        asked = "Say what becomes of it: keep or move."
        lines = [f"{around.meeting.reference} is linked to {what} still to take place. {asked}"]
        for item in companions:
            name = item.meeting.reference
            kept = _then(name, around.disorders(coming))
            moved = _then(name, around.disorders(coming, all_moved))
            lines.append(
                f"{self._named(around, item.meeting)} is on {self._when(item.meeting)}. "
                f"keep: it stays there{kept}. move: it goes to {self._when(item.moved)}{moved}."
            )
        return "\n".join(lines)

    # Saying

    def warnings(
        self,
        session: Session,
        before: Meeting | None,
        after: Meeting,
        now: datetime,
        moved: Mapping[str, Meeting] | None = None,
    ) -> tuple[str, ...]:
        """Return what the coordinator who changes a meeting from ``before`` to ``after`` should know.

        ``moved`` are linked meetings that go along, as they are going to be.
        """
        around = self._around(session, after)
        around = replace(around, others={**around.others, **(moved or {})})
        if after.status is MeetingStatus.CANCELLED:
            return tuple(self._standing(around, now, "Cancel it too, if it is not wanted alone."))
        if not is_coming(after, now):
            return ()
        reinstated = before is not None and before.status is MeetingStatus.CANCELLED
        return (
            *(self._standing(around, now, "It was left as it is.") if reinstated else ()),
            *(f"{item}." for item in around.disorders(_coming(around, now))),
            *_unfit_reports(after, _neighbours(session, [after])),
        )

    def attention(
        self, session: Session, meetings: Iterable[HasAgenda], now: datetime
    ) -> Mapping[str, tuple[str, ...]]:
        """Return by reference what needs somebody before those of ``meetings`` that are still to come.

        That is an absurd order, open outcomes, or an unfit agenda.
        """
        coming = [item for item in meetings if is_coming(item, now)]
        around = _neighbours(session, coming)
        return {
            item.reference: (*_near_disorders(item, around, now), *_unfit_reports(item, around))
            for item in coming
        }

    def near(self, session: Session, meeting: Meeting, now: datetime) -> tuple[LinkedView, ...]:
        """Return the meetings that have to be thought of when ``meeting`` moves, nearest first."""
        around = self._around(session, meeting)
        names = reached(around.feeds, meeting.reference, lambda name: _movable(around, name, now))
        return tuple(
            LinkedView(
                name,
                around.relation(name),
                around.others[name].status.value,
                self._local(around.others[name]),
            )
            for name in names
        )

    def _standing(self, around: Surroundings, now: datetime, remedy: str) -> Iterator[str]:
        for item in around.near:
            if is_coming(item, now):
                yield f"{self._named(around, item)} still stands on {self._when(item)}. {remedy}"
            elif item.status is MeetingStatus.CANCELLED and is_coming(around.meeting, now):
                yield f"{self._named(around, item)} is cancelled."

    # Outcomes

    def with_points(self, session: Session, meeting: Meeting, now: datetime) -> Meeting:
        """Return ``meeting`` with the outcomes of the concluded meetings that prepare it on its agenda."""
        if not any(item.input_from for item in meeting.agenda):
            return meeting
        _, sources = linked_store.feeds(session, meeting.reference)
        points = {
            reference: tuple(item.point for item in outcomes.of_meeting(session, number))
            for reference, number in linked_store.concluded(session, sources).items()
        }
        return lifecycle.with_points(meeting, points, now)

    def carry_over(self, session: Session, source: Meeting, now: datetime) -> None:
        """Put the outcomes of a concluded meeting on the agenda of what it prepares.

        Nobody is told by this alone. What is over keeps the agenda it had.
        """
        for target in self._coming_targets(session, source, now):
            self._carry(session, source, target, now)

    def _coming_targets(self, session: Session, source: Meeting, now: datetime) -> list[Meeting]:
        return [item for item in self._around(session, source).targets if is_coming(item, now)]

    def left_to_do(self, session: Session, source: Meeting, now: datetime) -> tuple[str, ...]:
        """Say what is left to do about the outcomes of a concluded meeting, and where they are reported."""
        found = outcomes.of_meeting(session, source.id)
        targets = self._coming_targets(session, source, now)
        return (
            *_unrecorded(source.reference, targets if not found else ()),
            *_open_words(source.reference, found),
            *(
                _unreported(source.reference, item.reference)
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
            f"from {source.reference}",
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
                        f"closes a circle of meetings that prepare each other: {way}",
                        "Take one of these links out; a meeting prepares only what comes after it.",
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

    def _named(self, around: Surroundings, other: Meeting) -> str:
        return f"{other.reference}, {around.relation(other.reference)},"

    def _local(self, meeting: Meeting) -> LocalTime:
        place = self._planner.directory.host_place(meeting.host, meeting.zone, meeting.starts_at)
        return local_time(meeting.starts_at, place)

    def _when(self, meeting: Meeting) -> str:
        return str(self._local(meeting))


def _companions(around: Surroundings, shift: Shift, now: datetime) -> tuple[Companion, ...]:
    names = reached(
        around.feeds,
        around.meeting.reference,
        lambda name: _movable(around, name, now),
        only_after=shift.only_after,
    )
    others = (around.others[name] for name in names)
    return tuple(Companion(item, *shift.applied(item)) for item in others)


def _movable(around: Surroundings, name: str, now: datetime) -> bool:
    found = around.others.get(name)
    return found is not None and can_move(found, now)


def _coming(around: Surroundings, now: datetime) -> set[str]:
    found = {name for name, item in around.others.items() if is_coming(item, now)}
    return found | {around.meeting.reference}


def _then(name: str, disorders: Iterable[Disorder]) -> str:
    """What becomes absurd around a meeting, to be put behind what would be done with it."""
    found = [str(item) for item in disorders if name in (item.source, item.target)]
    return f", though then {'; '.join(found)}" if found else ""


@dataclass(frozen=True, slots=True)
class _Neighbours:
    """What some meetings are linked to directly, both ways.

    ``feeds`` are the links of each by its reference, in order; ``timings`` tell where both ends of a link
    stand in time, ``decided`` the outcomes of what is concluded, as far as these meetings exist.
    """

    feeds: Mapping[str, Sequence[Feed]]
    timings: Mapping[str, Timing]
    decided: Mapping[str, Sequence[KeyOutcome]]

    def sources(self, reference: str) -> list[str]:
        """Return what prepares a meeting."""
        return [source for source, target in self.feeds[reference] if target == reference]


def _neighbours(session: Session, meetings: Sequence[HasAgenda]) -> _Neighbours:
    """Look around several meetings with as many statements as around one."""
    feeds: dict[str, list[Feed]] = {item.reference: [] for item in meetings}
    for feed in sorted(linked_store.links(session, feeds)):
        for end in feed:
            if end in feeds:
                feeds[end].append(feed)
    names = {name for own in feeds.values() for feed in own for name in feed}
    numbers = linked_store.concluded(session, names)
    decided = outcomes.of_meetings(session, numbers.values())
    return _Neighbours(
        feeds,
        linked_store.timings(session, names),
        {reference: decided[number] for reference, number in numbers.items()},
    )


def _near_disorders(meeting: HasAgenda, around: _Neighbours, now: datetime) -> Iterator[str]:
    """What is absurd about the order of a meeting and what it is linked to directly."""
    own = meeting.reference
    for source, target in around.feeds[own]:
        known: Mapping[str, HasTiming] = {**around.timings, own: meeting}
        first, second = known.get(source), known.get(target)
        if first and second and is_coming(first, now) and is_coming(second, now):
            what = disorder(first, second)
            if what:
                yield f"{Disorder(source, target, what)}."


def _unfit_reports(meeting: HasAgenda, around: _Neighbours) -> Iterator[str]:
    """What keeps the agenda of a meeting from reporting all that was decided before it."""
    sources = around.sources(meeting.reference)
    for reference in sources:
        if reference in around.decided:
            yield from _open_words(reference, around.decided[reference])
            if not reporting(meeting, reference):
                yield _unreported(reference, meeting.reference)
    for item in meeting.agenda:
        if item.input_from and item.input_from not in sources:
            yield (
                f"Item {item.number} of the agenda is to report the outcomes of {item.input_from}, "
                f"which does not prepare {meeting.reference}, so none are carried over."
            )


def _unrecorded(source: str, targets: Sequence[Meeting]) -> tuple[str, ...]:
    names = ", ".join(item.reference for item in targets)
    return (f"{source} has no outcome yet that {names} could report.",) if names else ()


def _open_words(reference: str, found: Sequence[KeyOutcome]) -> tuple[str, ...]:
    open_ones = [item for item in found if item.is_open]
    if not open_ones:
        return ()
    listed = "; ".join(f"{item.number}. {item.text}" for item in open_ones)
    what = "1 outcome" if len(open_ones) == 1 else f"{len(open_ones)} outcomes"
    return (f"{what} of {reference} {'is' if len(open_ones) == 1 else 'are'} still open: {listed}",)


def _unreported(source: str, target: str) -> str:
    return (
        f"No item of the agenda of {target} reports the outcomes of {source}; "
        f"give the item that does 'input_from: {source}'."
    )


def _links(prefix: str, definition: MeetingDefinition) -> Iterator[tuple[str, str, Feed]]:
    """The links of a definition, each with the field that says it and the reference given there."""
    own = definition.reference
    if definition.feeds:
        yield f"{prefix}feeds", definition.feeds, (own, definition.feeds)
    for index, source in enumerate(definition.fed_by):
        yield f"{prefix}fed_by[{index}]", source, (source, own)
