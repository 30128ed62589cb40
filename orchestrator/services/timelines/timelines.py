"""Timelines as people read them, and the copy of one that a meeting may have of its own.

A meeting names a timeline. A coordinator may give it a copy that is adjusted to it, and take that back;
what follows from either can be looked at first, and is planned in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import yaml
from sqlalchemy.orm import Session

from orchestrator.domain.definitions.definition import MeetingKind, timeline_of_kind
from orchestrator.domain.meetings.lifecycle import require_status
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.meetings.needs import NEEDS
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.timelines.steps import Step, former_names
from orchestrator.domain.timelines.timeline import Timeline, checked
from orchestrator.errors import ConfigurationError, InvalidInput, NotFound
from orchestrator.facts import Fact, Said, chained
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.services.timelines.explaining import about_of
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.views import Effect
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store

LARGEST_TIMELINE = 100_000
"""The most characters of a timeline of a meeting's own; the longest that ships has 5,000."""


@dataclass(frozen=True, slots=True)
class StepView:
    """One step: what it is, when (one entry a rung), for whom, and under which condition."""

    name: str
    what: Fact
    when: tuple[Fact, ...]
    to: tuple[Said, ...]
    condition: str | None


@dataclass(frozen=True, slots=True)
class TimelineView:
    """A timeline as people read it, and the document that it is written as.

    ``kinds`` are the kinds of meetings that get it when they name none.
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    steps: tuple[StepView, ...]
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MeetingTimelineView:
    """The timeline of a meeting. ``named`` is the one it names, ``own`` whether it has its own copy."""

    reference: str
    version: int
    named: str
    own: bool
    timeline: TimelineView


class MeetingTimelines:
    """The use cases around timelines."""

    def __init__(
        self, database: Database, planner: Planner, changing: Changing, texts: Collection[str]
    ) -> None:
        """``texts`` are the keys of the notices that a timeline may name."""
        self._database = database
        self._planner = planner
        self._changing = changing
        self._texts = texts

    def all(self) -> list[TimelineView]:
        """Return the timelines that meetings can name, by name."""
        return [self._view(item) for _, item in sorted(self._planner.timelines.items())]

    def one(self, name: str) -> TimelineView:
        """Return the timeline called ``name``; raises ``NotFound``."""
        found = self._planner.timelines.get(name)
        if found is None:
            known = sorted(self._planner.timelines)
            raise NotFound(Fact.of("timelines.not-found", name=name, known=known))
        return self._view(found)

    def of(self, name: str) -> MeetingTimelineView:
        """Return the timeline of the meeting called ``name``; raises ``NotFound``."""
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, name))
        view = self._view(self._planner.written_timeline(meeting))
        own = meeting.own_timeline is not None
        return MeetingTimelineView(meeting.reference, meeting.version, meeting.timeline, own, view)

    def adjust(
        self, name: str, document: Any, *, caller: Caller, version: int | None = None, dry_run: bool = False
    ) -> Effect:
        """Give a draft or published meeting a timeline of its own, as parsed YAML or JSON, and replan it.

        Raises ``InvalidInput`` naming each field that is wrong, ``NotFound``, and ``Conflict`` for a meeting
        that is over or not at ``version``.
        """
        wanted = self._checked(document)
        text = json.dumps(wanted.document(), ensure_ascii=False)
        if len(text) > LARGEST_TIMELINE:
            most = Fact.of("timelines.at-most-characters", count=LARGEST_TIMELINE)
            raise InvalidInput.of("document", f"{len(text)} characters", Fact.of("timelines.too-long"), most)

        def detail(meeting: Meeting) -> Said:
            return _differences(self._planner.written_timeline(meeting), wanted)

        done = self._change(
            name, text, Fact.of("timelines.history.adjusted"), detail, caller, version, dry_run=dry_run
        )
        return replace(done, warnings=(*done.warnings, *former_names(document)))

    def reset(
        self, name: str, *, caller: Caller, version: int | None = None, dry_run: bool = False
    ) -> Effect:
        """Take a meeting's own timeline back: the one it names counts again, and it is replanned.

        Raises ``NotFound``, and ``Conflict`` as ``adjust`` does.
        """

        def detail(meeting: Meeting) -> str:
            return meeting.timeline

        return self._change(
            name, None, Fact.of("timelines.history.reset"), detail, caller, version, dry_run=dry_run
        )

    def _checked(self, document: Any) -> Timeline:
        try:
            return checked(document, self._planner.directory, self._texts)
        except ConfigurationError as error:
            # It is what the caller has sent, and no setting of the service.
            raise InvalidInput(error.problems) from error

    def _change(
        self,
        name: str,
        own: str | None,
        what: Fact,
        detail: Callable[[Meeting], Said],
        caller: Caller,
        version: int | None,
        *,
        dry_run: bool,
    ) -> Effect:
        def command(_: Session, meeting: Meeting, __: datetime) -> MeetingChange | None:
            require_status(
                meeting,
                Fact.of("timelines.doing.given-a-timeline"),
                MeetingStatus.DRAFT,
                MeetingStatus.PUBLISHED,
            )
            if own == meeting.own_timeline:
                return None
            return MeetingChange(replace(meeting, own_timeline=own), what, detail(meeting))

        return self._changing.change(name, command, caller=caller, version=version, dry_run=dry_run)

    def _view(self, timeline: Timeline) -> TimelineView:
        known = self._planner.timelines
        kinds = (kind for kind in MeetingKind if known.get(timeline_of_kind(kind, known)) == timeline)
        return TimelineView(
            timeline.name,
            timeline.title,
            tuple(kind.value for kind in kinds),
            tuple(_step_view(step) for step in timeline.steps),
            timeline.document(),
        )


def _step_view(step: Step) -> StepView:
    about = about_of(step)
    what = Fact.of("timelines.save-the-date") if step.tentative else step.do.rules.words
    added = (
        Fact.of("timelines.from-rung", rung=rung, audience=item.words)
        for rung, items in step.escalate.items()
        for item in items
    )
    return StepView(
        name=step.name,
        what=Fact.of("timelines.what-about", what=what, about=about) if about else what,
        when=tuple(step.said(rung) for rung in range(1, len(step.at) + 1)),
        to=(*(item.words for item in step.audiences), *added),
        condition=NEEDS[step.when].missing if step.when else None,
    )


def _differences(old: Timeline, new: Timeline) -> Said:
    """Name the steps that are not the same, for the history."""
    before, after = ({step.name: step for step in item.steps} for item in (old, new))
    found = {
        "timelines.steps-added": [name for name in after if name not in before],
        "timelines.steps-left-out": [name for name in before if name not in after],
        "timelines.steps-changed": [name for name in after if name in before and after[name] != before[name]],
    }
    said = [Fact.of(key, steps=names) for key, names in found.items() if names]
    return chained(said) if said else ""


def timeline_text(document: dict[str, Any]) -> str:
    """Return a timeline's document as YAML, one step a line."""
    head = {name: value for name, value in document.items() if name != "steps"}
    steps = (_one_line(step) for step in document["steps"])
    return _yaml(head) + "steps:\n" + "".join(f"  - {step}\n" for step in steps)


def _one_line(step: dict[str, Any]) -> str:
    return _yaml(step, default_flow_style=True, width=10_000).strip()


def _yaml(data: dict[str, Any], **options: Any) -> str:
    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, **options))
