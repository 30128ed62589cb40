"""Timelines: which step happens at which offset, to whom. Data files, read and checked here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
)

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.problems import problems_of
from orchestrator.domain.timelines.kinds import STEP_RULES, ActionKind
from orchestrator.domain.timelines.offsets import Offset
from orchestrator.domain.timelines.steps import Step, comes_before
from orchestrator.errors import ConfigurationError, Problem
from orchestrator.facts import Fact

_K = ActionKind


MOST_STEPS = 100
_LONGEST_CHAIN = 10


class Timeline(BaseModel):
    """A named policy: the steps of a meeting's life."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9-]+$", max_length=64)
    title: str = Field(min_length=1, max_length=250)
    steps: tuple[Step, ...]
    _left_out: tuple[Step, ...] = PrivateAttr(default=())

    @classmethod
    def of(cls, data: Any) -> Timeline:
        """Read a timeline from parsed YAML; raises ``ConfigurationError`` naming each field."""
        try:
            found = cls.model_validate(data)
        except ValidationError as error:
            raise ConfigurationError(problems_of(error)) from error
        problems = [*_how_many(found.steps)]
        problems = problems or [*_own_names(found.steps), *_single_steps(found.steps), *_sources(found)]
        if problems:
            raise ConfigurationError(problems)
        return found

    def document(self) -> dict[str, Any]:
        """Return the timeline as it is written; ``of`` reads it back."""
        found = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        found["steps"] = [_plain(step) for step in found["steps"]]
        return found

    def problems(self, directory: Directory, texts: Collection[str]) -> list[Problem]:
        """Return which groups, delegations and notices it names that are not there."""
        found: list[Problem | None] = []
        for index, step in enumerate(self.steps):
            where = f"steps[{index}]"
            found += [item.problem(f"{where}.to", directory) for item in step.to]
            for rung, added in step.escalate.items():
                found += [item.problem(f"{where}.escalate[{rung}]", directory) for item in added]
            if step.about is not None and step.about not in texts:
                known = Fact.of("timelines.known", known=sorted(texts))
                found.append(Problem(f"{where}.about", step.about, Fact.of("timelines.no-text"), known))
        return [item for item in found if item is not None]

    def step(self, kind: ActionKind) -> Step | None:
        """Return the first step of that kind, if there is one."""
        return next((step for step in self.steps if step.do is kind), None)

    def invitation(self, *, tentative: bool) -> Step | None:
        """Return the step that invites, or the one that announces; one step may do both."""
        found = [step for step in self.steps if step.do is ActionKind.INVITE]
        return next((step for step in found if step.tentative is tentative), found[0] if found else None)

    def named(self, name: str) -> Step | None:
        """Return the step called ``name``; an action's step may also name a rung, as ``chase:list/2``.

        It may be one that is left out in person: others count from it, and what it called for is explained.
        """
        plain = name.partition("/")[0]
        return next((step for step in (*self.steps, *self._left_out) if step.name == plain), None)

    def in_person(self, joining: Collection[str]) -> Timeline:
        """Return it without the steps that are about joining over the internet.

        ``joining`` are the keys of the notices that say how to join.
        """
        left_out = tuple(step for step in self.steps if step.is_for_joining or step.about in joining)
        found = self.model_copy(update={"steps": tuple(step for step in self.steps if step not in left_out)})
        found._left_out = left_out
        return found

    def leaves_out(self, step: Step) -> bool:
        """Whether a step is only remembered, because the meeting is one in person."""
        return step in self._left_out

    def deadline_of(self, step: Step) -> Offset | None:
        """Return by when a step wants something; a chaser that does not say it, as the notice that asked."""
        if step.deadline is not None or step.do is not _K.CHASE:
            return step.deadline
        asked = (item.deadline for item in self.steps if item.ask is not None and item.ask is step.need)
        return next((deadline for deadline in asked if deadline is not None), None)

    def is_after(self, step: Step) -> bool:
        """Whether a step belongs to the time after the meeting, or counts from one that does."""
        while step.source is not None:
            source = self.named(step.source)
            if source is None:
                break
            step = source
        return any(at is not None and at.after for at in step.at)


def _plain(step: dict[str, Any]) -> dict[str, Any]:
    """Write what is one thing without a list, and the numbers of rungs as numbers."""
    for field in ("at", "to"):
        if len(step.get(field, ())) == 1:
            (step[field],) = step[field]
    if "escalate" in step:
        step["escalate"] = {int(rung): added for rung, added in step["escalate"].items()}
    return step


def _how_many(steps: Sequence[Step]) -> Iterator[Problem]:
    if not steps:
        yield Problem("steps", "", Fact.of("timelines.holds-no-step"), Fact.of("timelines.write-one"))
    if len(steps) > MOST_STEPS:
        most = Fact.of("timelines.write-at-most", count=MOST_STEPS)
        yield Problem("steps", f"{len(steps)} steps", Fact.of("timelines.too-long"), most)


def _own_names(steps: Sequence[Step]) -> Iterator[Problem]:
    """Actions of two steps of one name could not be told apart."""
    names = [step.name for step in steps]
    for index, name in enumerate(names):
        if name in names[:index]:
            twice = Fact.of("timelines.step-twice", step=name)
            yield Problem(f"steps[{index}].id", steps[index].id, twice, Fact.of("timelines.own-id"))


def _single_steps(steps: Sequence[Step]) -> Iterator[Problem]:
    """What a meeting does once stands once, and what needs another step has it, in the right order."""
    seen: dict[tuple[ActionKind, bool], int] = {}
    for index, step in enumerate(steps):
        single = STEP_RULES[step.do].once or step.do is _K.INVITE
        if single and seen.setdefault((step.do, step.tentative), index) != index:
            yield Problem(
                f"steps[{index}].do",
                step.do,
                Fact.of("timelines.done-once"),
                Fact.of("timelines.keep-one"),
            )
    link, invite = seen.get((_K.CONFERENCE, False)), seen.get((_K.INVITE, False))
    if link is not None and invite is not None and link > invite:
        yield Problem(
            f"steps[{link}].do",
            _K.CONFERENCE,
            Fact.of("timelines.link-after-invite"),
            Fact.of("timelines.put-it-before"),
        )
    announces, confirms = seen.get((_K.INVITE, True)), seen.get((_K.CONFIRM, False))
    if announces is not None and confirms is None:
        yield Problem(
            f"steps[{announces}].tentative",
            "true",
            Fact.of("timelines.never-confirmed"),
            Fact.of("timelines.add-a-step", step="{do: confirm, at: -P29D}"),
        )
    if confirms is not None and announces is None:
        yield Problem(
            f"steps[{confirms}].do",
            _K.CONFIRM,
            Fact.of("timelines.never-announced"),
            Fact.of(
                "timelines.add-a-step", step="{do: invite, id: save-the-date, tentative: true, at: -P45D}"
            ),
        )


def _sources(timeline: Timeline) -> Iterator[Problem]:
    """Every step counts from one that is there and has a moment, and none in the end from itself."""
    by_name = {step.name: step for step in timeline.steps}
    for index, step in enumerate(timeline.steps):
        wrong = _wrong_source(step, by_name)
        if wrong is None and comes_before(step.do) and step.source and timeline.is_after(step):
            wrong = Fact.of("timelines.source-too-late", kind=step.do), Fact.of("timelines.count-earlier")
        if wrong is not None:
            yield Problem(f"steps[{index}].from", step.source or "", *wrong)


def _wrong_source(step: Step, by_name: Mapping[str, Step]) -> tuple[Fact, Fact] | None:
    path = [step.name]
    while (source := by_name[path[-1]].source) is not None:
        if source not in by_name:
            known = Fact.of("timelines.the-steps-are", known=tuple(by_name))
            return (Fact.of("timelines.not-a-step"), known) if len(path) == 1 else None
        if by_name[source].do is _K.MINUTES:
            return Fact.of("timelines.nobody-knows-when"), Fact.of("timelines.name-another")
        if source in path:
            return Fact.of("timelines.cycle", path=_counting(*path, source)), Fact.of("timelines.count-one")
        path.append(source)
    if len(path) > _LONGEST_CHAIN:
        through = Fact.of("timelines.long-chain", count=len(path) - 1)
        return through, Fact.of("timelines.count-through-fewer", most=_LONGEST_CHAIN)
    return None


def _counting(step: str, *sources: str) -> Fact:
    first = Fact.of("text", text=step)
    return Fact.of("timelines.counts-from", step=first, source=_counting(*sources)) if sources else first


Timelines = Mapping[str, Timeline]


def checked(data: Any, directory: Directory, texts: Collection[str]) -> Timeline:
    """Read a timeline and hold it against the delegations, the groups and the keys of the notices.

    Raises ``ConfigurationError`` naming each field.
    """
    found = Timeline.of(data)
    problems = found.problems(directory, texts)
    if problems:
        raise ConfigurationError(problems)
    return found
