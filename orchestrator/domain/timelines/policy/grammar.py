"""Reads the timeline of an event, as parsed YAML, into the rules of its letters.

``extended`` first replaces what a timeline takes over from another one; ``read`` then holds every step
against its model, and names what was written in the grammar of before with its new form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import ValidationError

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.delegations.working_calendar import EARLIEST
from orchestrator.domain.problems import problems_of
from orchestrator.domain.timelines.audience import Audience
from orchestrator.domain.timelines.policy import event_steps as steps
from orchestrator.domain.timelines.policy.former import new_form
from orchestrator.domain.timelines.policy.rules import (
    AskRule,
    Bounded,
    ChaseRule,
    ConnectionTestRule,
    Counted,
    Covers,
    DayRule,
    DeadlineRule,
    DocumentsRule,
    EventPolicy,
    MinutesRule,
)
from orchestrator.errors import ConfigurationError, Problem
from orchestrator.facts import Fact

S = TypeVar("S", bound=steps.StepPart)
Document = Mapping[str, Any]
_LONGEST_CHAIN = 10
_FOCAL_POINTS = (Audience.parse(Role.FOCAL_POINT),)


@dataclass(frozen=True, slots=True)
class EventTimeline:
    """What a timeline says: the rules of the letters, and what is done for each session.

    ``alert_after`` is how long the link may take, ``hour`` how long before the start the last mail leaves;
    both are ``None`` where a session has none. ``concludes`` says whether a session ends by itself.
    """

    policy: EventPolicy
    has_link: bool
    alert_after: timedelta | None
    hour: timedelta | None
    concludes: bool


def name_of(step: Document) -> tuple[str, str]:
    """Return by what a step is known: what it does, and its id."""
    return str(step.get("do", "")), str(step.get("id", ""))


def _steps_of(document: Document) -> list[Any]:
    """Return the steps as they were meant: YAML 1.1 reads the word ``on`` as true, also where it is a key."""
    return [
        {"on" if key is True else key: value for key, value in step.items()}
        if isinstance(step, Mapping)
        else step
        for step in document.get("steps") or ()
    ]


# Taking over


def extended(document: Document, others: Mapping[str, Document]) -> dict[str, Any]:
    """Return a timeline with all that it takes over from the one it extends, itself without ``extends``.

    A step of the same name replaces its step, ``without`` leaves steps out, and everything else of the other
    timeline holds that this one does not say. Raises ``ConfigurationError`` for an unknown one, for a circle,
    and for a step that is not there to be left out.
    """
    return _extended(document, others, ())


def _extended(document: Document, others: Mapping[str, Document], path: tuple[str, ...]) -> dict[str, Any]:
    base_name = document.get("extends")
    own = {key: value for key, value in document.items() if key not in ("extends", "without")}
    if base_name is None:
        if "without" in document:
            raise ConfigurationError([_nothing_to_leave_out()])
        return {**own, "steps": _steps_of(document)}
    path = (*path, str(document.get("name", "")))
    if base_name in path or len(path) > _LONGEST_CHAIN:
        around = Fact.of("timelines.extends-itself", path=" → ".join((*path, str(base_name))))
        raise ConfigurationError(
            [Problem("extends", str(base_name), around, Fact.of("timelines.extend-other"))]
        )
    base = others.get(base_name) if isinstance(base_name, str) else None
    if base is None:
        known = Fact.of("timelines.known", known=sorted(others))
        raise ConfigurationError(
            [Problem("extends", str(base_name), Fact.of("timelines.no-timeline"), known)]
        )
    whole = _extended(base, others, path)
    return {**whole, **own, "steps": [*_merged(whole.get("steps", []), document)]}


def _nothing_to_leave_out() -> Problem:
    return Problem("without", "", Fact.of("timelines.without-nothing"), Fact.of("timelines.without-extends"))


def _merged(inherited: Sequence[Document], document: Document) -> Iterator[Document]:
    own = {name_of(step): step for step in _steps_of(document) if isinstance(step, Mapping)}
    known = [name_of(step) for step in inherited]
    left_out = {_written_name(item, known) for item in document.get("without", ())}
    for step in inherited:
        if name_of(step) not in left_out:
            yield own.pop(name_of(step), step)
    yield from own.values()


def _written_name(text: object, known: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Read ``remind hour``; raises ``ConfigurationError`` where the other timeline has no such step."""
    do, _, own = str(text).partition(" ")
    if (do, own) not in known:
        names = sorted(" ".join(filter(None, item)) for item in known)
        wrong, advice = Fact.of("timelines.not-a-step"), Fact.of("timelines.the-steps-are", known=names)
        raise ConfigurationError([Problem("without", str(text), wrong, advice)])
    return do, own


# Reading


def read(document: Document) -> EventTimeline:
    """Read a timeline that takes over nothing any more; raises ``ConfigurationError`` naming each field."""
    problems: list[Problem] = []
    found: dict[tuple[str, str], steps.StepPart] = {}
    for index, step in enumerate(_steps_of(document)):
        problems += _taken(step, f"steps[{index}]", found)
    deadline = _deadline(document, problems)
    speaks = _speaks(document, problems)
    if deadline is not None and ("invite", "") not in found and not problems:
        problems.append(
            Problem("steps", "", Fact.of("timelines.invites-nobody"), Fact.of("timelines.add-an-invitation"))
        )
    if problems or deadline is None:
        raise ConfigurationError(problems)
    return _timeline(_Steps(found), deadline, speaks)


def _taken(step: object, where: str, found: dict[tuple[str, str], steps.StepPart]) -> list[Problem]:
    """Read one step into ``found``, or return what is wrong with it."""
    if not isinstance(step, Mapping):
        known = sorted({do for do, _ in steps.STEP_MODELS})
        return [Problem(where, "", Fact.of("timelines.no-step", known=known), Fact.of("timelines.write-one"))]
    former = new_form(step)
    if former is not None:
        advice = Fact.of("timelines.write-instead", step=former)
        return [Problem(where, str(step.get("do", "")), Fact.of("timelines.former-grammar"), advice)]
    name = name_of(step)
    model = steps.STEP_MODELS.get(name)
    if model is None:
        return [_unknown(where, *name)]
    if name in found:
        twice = Fact.of("timelines.step-twice", step=" ".join(filter(None, name)))
        return [Problem(where, step.get("do", ""), twice, Fact.of("timelines.keep-one"))]
    try:
        found[name] = model.model_validate(step)
    except ValidationError as error:
        return [_inside(where, item) for item in problems_of(error)]
    return []


def _inside(where: str, problem: Problem) -> Problem:
    return Problem(f"{where}.{problem.field}", problem.value, problem.wrong, problem.advice)


def _unknown(where: str, do: str, own: str) -> Problem:
    ids = sorted(known or "-" for kind, known in steps.STEP_MODELS if kind == do)
    if ids:
        return Problem(
            f"{where}.id",
            own,
            Fact.of("timelines.no-such-id", kind=do),
            Fact.of("timelines.known", known=ids),
        )
    known = Fact.of("timelines.no-step", known=sorted({kind for kind, _ in steps.STEP_MODELS}))
    return Problem(f"{where}.do", do, known, Fact.of("timelines.write-one"))


def _deadline(document: Document, problems: list[Problem]) -> DeadlineRule | None:
    if "deadline" not in document:
        example = Fact.of("timelines.deadline-missing.remedy")
        problems.append(Problem("deadline", "", Fact.of("problem.missing"), example))
        return None
    try:
        found = steps.DeadlinePart.model_validate(document["deadline"])
    except ValidationError as error:
        problems += [_inside("deadline", item) for item in problems_of(error)]
        return None
    bound = found.no_later_than
    day = Bounded(
        Counted(found.at.offset, found.source),
        Counted(bound.at.offset, bound.source) if bound is not None else None,
    )
    return DeadlineRule(day, found.at.clock or EARLIEST, found.shared, found.give, found.latest)


def _speaks(document: Document, problems: list[Problem]) -> tuple[Audience, ...]:
    written = document.get("speaks")
    if written is None:
        return _FOCAL_POINTS
    try:
        return tuple(Audience.parse(item) for item in ([written] if isinstance(written, str) else written))
    except (ValueError, TypeError, AttributeError) as error:
        wrong = getattr(error, "fact", Fact.of("timelines.not-a-list-of-circles"))
        problems.append(Problem("speaks", str(written), wrong, Fact.of("problem.correct-value")))
        return _FOCAL_POINTS


class _Steps:
    """The steps of a timeline that were read, each asked for by its model."""

    def __init__(self, found: Mapping[tuple[str, str], steps.StepPart]) -> None:
        self._found = found

    def get(self, model: type[S], do: str, own: str = "") -> S | None:
        """Return a step, if the timeline has it."""
        found = self._found.get((do, own))
        return found if isinstance(found, model) else None


def _timeline(found: _Steps, deadline: DeadlineRule, speaks: tuple[Audience, ...]) -> EventTimeline:
    conference = found.get(steps.ConferenceStep, "conference")
    hour = found.get(steps.HourStep, "remind", "hour")
    week = found.get(steps.WeekStep, "remind", "week")
    programme = found.get(steps.ProgrammeStep, "remind", "programme")
    policy = EventPolicy(
        deadline=deadline,
        invite=_bounded(found.get(steps.InviteStep, "invite")),
        save_the_date=_announced(found.get(steps.InviteStep, "invite", "save-the-date")),
        ask=_ask(found.get(steps.AskStep, "ask"), speaks),
        chase=_chase(found.get(steps.ChaseStep, "chase")),
        week=Counted(week.at, week.source) if week else None,
        week_to_all=week is not None and week.when is None,
        documents=_documents(found.get(steps.DocumentsStep, "notice", "documents")),
        day=_day(found.get(steps.DayStep, "remind", "day")),
        programme=programme.at.clock if programme else None,
        minutes=_minutes(found),
    )
    return EventTimeline(
        policy,
        has_link=conference is not None,
        alert_after=conference.alert_after if conference else None,
        hour=hour.at if hour else None,
        concludes=found.get(steps.ConcludeStep, "conclude") is not None,
    )


def _bounded(step: steps.InviteStep | None) -> Bounded:
    if step is None:
        raise ValueError("a timeline without an invitation was let through")
    bound = step.no_later_than
    return Bounded(Counted(step.at, step.source), Counted(bound.at, bound.source) if bound else None)


def _announced(step: steps.InviteStep | None) -> Bounded | None:
    return None if step is None else _bounded(step)


def _ask(step: steps.AskStep | None, speaks: tuple[Audience, ...]) -> AskRule | None:
    if step is None:
        return None
    test = ConnectionTestRule(step.test.at, step.test.slot, step.test.back) if step.test else None
    return AskRule(step.at.days, step.items, step.to or speaks, test)


def _chase(step: steps.ChaseStep | None) -> ChaseRule | None:
    return None if step is None else ChaseRule(step.at, step.spacing, dict(step.escalate))


def _documents(step: steps.DocumentsStep | None) -> DocumentsRule | None:
    return None if step is None else DocumentsRule(step.to, step.fold, step.missing)


def _day(step: steps.DayStep | None) -> DayRule | None:
    if step is None:
        return None
    covers = step.covers or Covers.EACH
    return DayRule(step.at.offset, step.at.clock or EARLIEST, step.at.whose, covers)


def _minutes(found: _Steps) -> MinutesRule:
    thank, draft = found.get(steps.ThankStep, "thank"), found.get(steps.DraftStep, "minutes", "draft")
    return MinutesRule(
        thank_by=thank.no_later_than if thank else None,
        draft=draft is not None,
        comments=draft.comments.days if draft else 0,
        final=found.get(steps.FinalStep, "minutes", "final") is not None,
    )
