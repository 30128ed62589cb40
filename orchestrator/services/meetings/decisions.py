"""The decisions of a meeting: recorded once it has begun, and reported by the meeting it prepares.

Each public method is one transaction: the decisions, the agendas they are carried to, and history commit
together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.meetings import decisions as rules
from orchestrator.domain.meetings.decisions import Decision, Edit
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.people.caller import Caller
from orchestrator.facts import Fact, Said, chained
from orchestrator.services.meetings.linking import Linking
from orchestrator.services.meetings.views import DecisionList, DecisionView
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.engine import Database
from orchestrator.store.meetings import decisions as decision_store
from orchestrator.store.meetings import meetings as store

Changed = Callable[[Sequence[Decision], datetime], tuple[Decision, ...]]
"""How a use case changes the decisions of a meeting, at a moment."""


class Decisions:
    """Recording and changing the decisions of meetings."""

    def __init__(self, database: Database, planner: Planner, changing: Changing) -> None:
        self._database = database
        self._linking = Linking(planner)
        self._changing = changing

    def of(self, name: str) -> tuple[DecisionView, ...]:
        """Return the decisions of a meeting by number; raises ``NotFound``."""
        with self._database.reading() as session:
            return views_of(decision_store.of_meeting(session, store.find_id(session, name)))

    def add(self, name: str, text: str, *, caller: Caller, is_open: bool = False) -> DecisionList:
        """Record one more decision, agreed or still open.

        Raises ``Conflict`` for a meeting that has not begun, and ``InvalidInput`` for an unfit text.
        """

        def apply(items: Sequence[Decision], now: datetime) -> tuple[Decision, ...]:
            return rules.added(items, text, is_open=is_open, by=caller.name, at=now)

        return self._change(name, apply, Fact.of("meetings.history.decision-added"), caller)

    def change(
        self, name: str, number: int, edit: Edit, *, caller: Caller, seen: str | None = None
    ) -> DecisionList:
        """Change the text of a decision, whether it is open, or its place in the list.

        Numbers move when a decision goes: with ``seen``, the text that was looked at, it must still be that
        one. Raises as ``add`` does, ``NotFound`` for an unknown number, and ``Conflict`` for another one.
        """

        def apply(items: Sequence[Decision], now: datetime) -> tuple[Decision, ...]:
            return rules.changed(items, number, edit, by=caller.name, at=now, seen=seen)

        return self._change(name, apply, Fact.of("meetings.history.decision-changed", number=number), caller)

    def agree(self, name: str, number: int, *, caller: Caller, seen: str | None = None) -> DecisionList:
        """Record that an open decision is agreed; raises as ``change`` does."""
        return self.change(name, number, Edit(is_open=False), caller=caller, seen=seen)

    def remove(self, name: str, number: int, *, caller: Caller, seen: str | None = None) -> DecisionList:
        """Take a decision out; raises as ``change`` does."""
        return self._change(
            name,
            lambda items, _: rules.removed(items, number, seen),
            Fact.of("meetings.history.decision-removed", number=number),
            caller,
        )

    def _change(self, name: str, apply: Changed, what: Fact, caller: Caller) -> DecisionList:
        found: list[Decision] = []

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange | None:
            rules.require_begun(meeting, now)
            before = decision_store.of_meeting(session, meeting.id)
            found[:] = after = apply(before, now)
            if after == before:
                return None
            # They are carried over once the meeting is concluded; before that they are not final.
            final = meeting.status is MeetingStatus.CONCLUDED

            def write(session: Session, stored: Meeting, now: datetime) -> None:
                decision_store.write(session, stored.id, after)
                if final:
                    self._linking.carry_over(session, stored, now)

            return MeetingChange(
                meeting,
                what,
                _difference(before, after),
                write=write,
                saves=False,
                warnings=self._linking.left_to_do(session, meeting, after, now) if final else (),
            )

        effect = self._changing.change(name, command, caller=caller, with_linked=True)
        return DecisionList(effect.reference, views_of(found), effect.warnings)


def views_of(items: Sequence[Decision]) -> tuple[DecisionView, ...]:
    """Return decisions as people read them."""
    return tuple(DecisionView(item.number, item.text, item.is_open, item.by, item.at) for item in items)


def _difference(before: Sequence[Decision], after: Sequence[Decision]) -> Fact:
    """What was there and is not any more, and what is there now and was not, for the history."""
    old, new = [item.point for item in before], [item.point for item in after]
    gone = [Fact.of("meetings.was", text=item.said) for item in old if item not in new]
    come = [_come(item.said, alone=not gone) for item in new if item not in old]
    return chained([*gone, *come] or [Fact.of("meetings.moved-in-the-list")])


def _come(said: Said, *, alone: bool) -> Fact:
    return Fact.of("text" if alone else "meetings.is", text=said)
