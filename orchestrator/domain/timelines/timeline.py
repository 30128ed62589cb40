"""Timelines: which step happens at which offset, to whom. Data files, read and checked here.

Grammar of ``at``::

    immediately
    -P7D [at 09:00 local]     calendar days before the date of the start where the recipient is
    -5WD [at 09:00 local]     working days of the recipient before that date
    -PT1H                     that long before the start, exactly
    +1WD, +P3D, +PT0S         the same, after the end

What counts whole days lands between 09:00 and 16:00 in the recipient's office hours: on the wanted day or
the nearest working day before it, after the end the nearest one after it. What counts hours is exact.
``from`` names another step as the moment to count from.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import combinations
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.delegations.working_calendar import (
    EARLIEST,
    LATEST,
    NoWorkingDayError,
    WorkingCalendar,
)
from orchestrator.domain.meetings.meeting import Need
from orchestrator.domain.problems import problems_of
from orchestrator.domain.time.durations import duration_text, duration_words, parse_duration
from orchestrator.domain.time.zones import long_date
from orchestrator.domain.timelines.audience import COORDINATOR, KNOWN, Audience
from orchestrator.domain.timelines.kinds import STEP_RULES, ActionKind, StepTime
from orchestrator.domain.timelines.needs import Condition
from orchestrator.errors import ConfigurationError, Problem

_K = ActionKind
_OFFSET = re.compile(
    r"(?P<sign>[+-])(?:(?P<working>\d{1,4})WD|(?P<length>P\S+))(?:\s+at\s+(?P<clock>\d\d:\d\d)\s+local)?",
    re.ASCII,
)
_NO_OFFSET = "is not an offset; write 'immediately', '-P7D at 09:00 local', '-5WD', '-PT1H' or '+1WD'"
_FORMER = re.compile(r"(?P<length>P\S+)\s+(?P<side>before|after)(?P<clock>\s+at\s+\S+\s+local)?")
"""How offsets were written in version 0.1; nobody whose file still has one must look the new way up."""
_FORMER_STEPS = {"rehearse": _K.CONNECTION_TEST}
_MORNING = EARLIEST
_ONE_DAY = timedelta(days=1)
_MOST_WORKING_DAYS = 260  # A year of them.
_MOST_STEPS, _MOST_RUNGS = 100, 20
_LONGEST_CHAIN = 10
_LONGEST_ID = 40
"""What a timeline may hold: far more than those that ship, and never more than can be planned and stored."""


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due (UTC), and in words why that is not the day or hour that was wanted."""

    instant: datetime
    moved: str = ""


@dataclass(frozen=True, slots=True)
class Offset:
    """A moment relative to another: ``after`` it or before.

    Counted in ``days`` (``working`` days of the recipient, or calendar days) at the local wall time
    ``clock``; or, where ``clock`` is ``None``, exactly the length ``exact``.
    """

    after: bool
    days: int = 0
    working: bool = False
    clock: time | None = None
    exact: timedelta = timedelta(0)

    @classmethod
    def parse(cls, text: str) -> Offset | None:
        """Read an offset; ``None`` means ``immediately``. Raises ``ValueError``."""
        if text.strip() == "immediately":
            return None
        found = _OFFSET.fullmatch(text.strip())
        if not found:
            raise ValueError(_no_offset(text.strip()))
        after, clock = found["sign"] == "+", _clock(found["clock"])
        if found["working"]:
            if int(found["working"]) > _MOST_WORKING_DAYS:
                raise ValueError(f"counts more than {_MOST_WORKING_DAYS} working days")
            return cls(after, int(found["working"]), True, clock or _MORNING)
        length = parse_duration(found["length"])
        if "T" not in found["length"]:
            return cls(after, length.days, False, clock or _MORNING)
        if clock is not None:
            raise ValueError("counts hours and names a local time; a local time goes with whole days")
        return cls(after, exact=length)

    def __str__(self) -> str:
        """Return the offset as a timeline writes it; ``parse`` reads it back."""
        sign = "+" if self.after else "-"
        if self.clock is None:
            return f"{sign}{duration_text(self.exact)}"
        length = f"{self.days}WD" if self.working else f"P{self.days}D"
        return f"{sign}{length} at {self.clock:%H:%M} local"

    @property
    def distance(self) -> tuple[str, timedelta]:
        """Its unit, and how far it lies after the anchor; only those of one unit can be compared."""
        if self.clock is None:
            return "hours", self.exact if self.after else -self.exact
        days = self.days if self.after else -self.days
        length = timedelta(days=days, hours=self.clock.hour, minutes=self.clock.minute)
        return "working days" if self.working else "days", length

    def due(self, anchor: datetime, calendar: WorkingCalendar) -> Due:
        """Return the moment for a recipient with that calendar, counted from ``anchor`` (UTC).

        Where the recipient has no working day anywhere near, it is the wanted day all the same, and
        ``moved`` says so.
        """
        if self.clock is None:
            return Due(anchor + self.exact if self.after else anchor - self.exact)
        try:
            return self._landed(self.day(anchor, calendar), self.clock, anchor, calendar)
        except NoWorkingDayError as error:
            day = calendar.local_date(anchor) + (self.days if self.after else -self.days) * _ONE_DAY
            moved = f"{error}, so it goes out on {long_date(day)} at {self.clock:%H:%M} all the same"
            return Due(calendar.instant(day, self.clock), moved)

    def _landed(self, wanted: date, clock: time, anchor: datetime, calendar: WorkingCalendar) -> Due:
        landing = calendar.land(wanted, clock, forward=self.after)
        if not self.after or landing.instant >= anchor:
            return Due(landing.instant, landing.moved)
        landing = calendar.land(wanted + _ONE_DAY, clock, forward=True)
        late = f"{long_date(wanted)} at {clock:%H:%M} is too early, so it goes out on"
        return Due(landing.instant, f"{late} {long_date(landing.day)} at {landing.clock:%H:%M}")

    def day(self, anchor: datetime, calendar: WorkingCalendar) -> date:
        """Return the wanted day, whether it is a working day or not; raises ``NoWorkingDayError``."""
        day = calendar.local_date(anchor)
        count = self.days if self.after else -self.days
        return calendar.add(day, count) if self.working else day + count * _ONE_DAY

    def words(self, anchor: str = "") -> str:
        """Return the offset in words, such as ``7 days before, at 09:00 their time``.

        ``anchor`` names the step it counts from, where that is not the meeting.
        """
        point = anchor or ("the end" if self.after else "")
        side = " ".join(filter(None, ("after" if self.after else "before", point)))
        if self.clock is None:
            return f"{duration_words(self.exact)} {side}" if self.exact else f"at {point or 'the start'}"
        if not self.days:
            return f"on the day of {point or 'the start'}, at {self.clock:%H:%M} their time"
        kind = "working day" if self.working else "day"
        return f"{self.days} {kind}{'s' if self.days != 1 else ''} {side}, at {self.clock:%H:%M} their time"


def _no_offset(text: str) -> str:
    former = _FORMER.fullmatch(text)
    if former:
        sign = "-" if former["side"] == "before" else "+"
        return f"is not an offset any more; write '{sign}{former['length']}{former['clock'] or ''}'"
    return _NO_OFFSET


def _clock(text: str | None) -> time | None:
    if text is None:
        return None
    clock = time.fromisoformat(text)
    if not EARLIEST <= clock <= LATEST:
        raise ValueError(
            f"names {text}, and what counts days goes out between {EARLIEST:%H:%M} and {LATEST:%H:%M}"
        )
    return clock


def _offset(value: object) -> Offset | None:
    """Read an offset; only text, and what has been read already, is one."""
    if isinstance(value, str):
        return Offset.parse(value)
    if not isinstance(value, Offset):
        raise ValueError(_NO_OFFSET)
    return value


def _ladder(value: object) -> object:
    """Read one offset; the items of a list are read one by one, so that a wrong one is named."""
    if value is None:
        raise PydanticCustomError("missing", "is missing")
    return value if isinstance(value, list | tuple) else (_offset(value),)


def _rung(value: object) -> object:
    return None if value is None else _offset(value)


def _moment(value: object) -> Offset:
    """Read an offset that is not ``immediately``."""
    found = _offset(value)
    if found is None:
        raise ValueError("is no moment; write for example '-P7D at 09:00 local', '-5WD' or '-PT1H'")
    return found


def _deadline(value: object) -> object:
    """Read a deadline. Whoever names a day means the whole of it, as long as mails go out."""
    found = _moment(value)
    if isinstance(value, str) and found.clock is not None and " at " not in value:
        return replace(found, clock=LATEST)
    return found


def _whole_days_or_hours(value: object) -> object:
    """Read a bound. It has no clock, for a day that is early enough is so from its first hour on."""
    if isinstance(value, str) and " at " in value:
        raise ValueError("names a local time; a bound counts whole days, or exact hours")
    return _moment(value)


def _duration(value: object) -> object:
    if isinstance(value, str):
        return parse_duration(value)
    if not isinstance(value, timedelta):
        # A bare number would be read as seconds.
        raise ValueError("is not an ISO 8601 duration such as PT2H30M, P7D or P1W")
    return value


def _audience(value: object) -> object:
    if isinstance(value, str):
        return Audience.parse(value)
    if not isinstance(value, Audience):
        raise ValueError(f"is not an audience; known are {', '.join(KNOWN)}")
    return value


def _audiences(value: object) -> object:
    return value if isinstance(value, list | tuple) else (_audience(value),)


def _step_kind(value: object) -> object:
    value = _renamed(value)
    if value not in STEP_RULES:
        raise ValueError(f"is not a step; the steps are {', '.join(sorted(STEP_RULES))}")
    return value


def _renamed(value: object) -> object:
    """Return the name of a kind or step; what it was called before is read for one version more."""
    plain, colon, own = value.partition(":") if isinstance(value, str) else (value, "", "")
    return f"{_FORMER_STEPS[plain]}{colon}{own}" if plain in _FORMER_STEPS else value


def _offset_text(value: Offset | None) -> str:
    return "immediately" if value is None else str(value)


def _bound_text(value: Offset | None) -> str | None:
    return None if value is None else str(value).partition(" at ")[0]


def _length_text(value: timedelta | None) -> str | None:
    return None if value is None else duration_text(value, days=True)


Length = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(_length_text)]
Circle = Annotated[Audience, BeforeValidator(_audience), PlainSerializer(lambda value: value.words)]
Audiences = Annotated[tuple[Circle, ...], BeforeValidator(_audiences)]
Rung = Annotated[Offset | None, BeforeValidator(_rung), PlainSerializer(_offset_text)]
Moment = Annotated[Offset, BeforeValidator(_moment), PlainSerializer(_offset_text)]
Until = Annotated[Offset, BeforeValidator(_deadline), PlainSerializer(_offset_text)]
Bound = Annotated[Offset, BeforeValidator(_whole_days_or_hours), PlainSerializer(_bound_text)]

_FIELDS = frozenset(field for rules in STEP_RULES.values() for field in rules.fields)
_SHORTEST_SLOT, _LONGEST_SLOT = timedelta(minutes=5), timedelta(hours=4)


class Step(BaseModel):
    """One step of a timeline.

    ``at`` holds one offset, or several for the rungs of a chaser's ladder; ``source`` (written ``from``) is
    the step to count from. A ``tentative`` invitation is a save-the-date, which a step ``confirm`` makes
    a meeting. ``grace`` is how late the step may still be done; ``alert_after`` is how long
    invitations may wait for the conference link before the coordinator is told. ``escalate`` adds
    recipients from a rung on. ``ask`` is what a notice asks of the delegations, ``deadline`` by when.
    ``day`` is the day of the connection tests, ``slot`` how long each delegation's takes. What would come
    earlier than ``not_before`` is put off, what would come later than ``not_after`` is left out.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, validate_default=True
    )

    do: Annotated[ActionKind, BeforeValidator(_step_kind)]
    id: str = Field("", pattern=r"^[A-Za-z0-9-]*$", max_length=_LONGEST_ID)
    source: Annotated[str | None, BeforeValidator(_renamed)] = Field(None, alias="from")
    at: Annotated[tuple[Rung, ...], BeforeValidator(_ladder)]
    tentative: bool = False
    to: Audiences = ()
    when: Condition | None = None
    escalate: Mapping[int, Audiences] = {}
    about: str | None = Field(None, pattern=r"^[a-z0-9-]+$")
    ask: Need | None = None
    deadline: Until | None = None
    day: Moment | None = None
    slot: Length | None = None
    grace: Length | None = None
    alert_after: Length | None = None
    not_before: Bound | None = None
    not_after: Bound | None = None

    @field_validator(*_FIELDS)
    @classmethod
    def _belongs(cls, value: object, info: ValidationInfo) -> object:
        kind, field = info.data.get("do"), info.field_name or ""
        if kind is None:
            return value
        given = value not in (None, (), {}, False)
        if given and field not in STEP_RULES[kind].fields:
            raise ValueError(f"belongs to {_listed(_with_field(field))}, not to '{kind}'")
        if not given and field in STEP_RULES[kind].needs:
            raise PydanticCustomError("missing", "is missing")
        return value

    @field_validator("at")
    @classmethod
    def _fits(cls, at: tuple[Offset | None, ...], info: ValidationInfo) -> tuple[Offset | None, ...]:
        kind = info.data.get("do")
        if not at:
            raise ValueError("holds no offset")
        if kind is None:
            return at
        if len(at) > 1 and kind is not _K.CHASE:
            raise ValueError("holds several offsets, a ladder, which belongs to 'chase'")
        for item in at:
            _check_moment(kind, item, counts_from_meeting=info.data.get("source") is None)
        if len(at) > _MOST_RUNGS:
            raise ValueError(f"holds {len(at)} rungs; a ladder has at most {_MOST_RUNGS}")
        for one, following in combinations(at, 2):
            if one and following and not _rises(one, following):
                raise ValueError(f"holds '{following}' after '{one}'; the rungs of a ladder follow in time")
        return at

    @field_validator("to")
    @classmethod
    def _holds_delegations(cls, to: Audiences, info: ValidationInfo) -> Audiences:
        kind = info.data.get("do")
        if (
            kind
            and STEP_RULES[kind].asks_delegations
            and to
            and all(item.words == COORDINATOR for item in to)
        ):
            raise ValueError(f"names the coordinator alone, and '{kind}' asks delegations")
        if kind is _K.CONNECTION_TEST and any(item.words == COORDINATOR for item in to):
            raise ValueError(
                "names the coordinator, who has no slot and finds all of them on the meeting's page"
            )
        return to

    @field_validator("escalate")
    @classmethod
    def _rungs(cls, escalate: Mapping[int, Audiences], info: ValidationInfo) -> Mapping[int, Audiences]:
        rungs = len(info.data.get("at", ()))
        for number in escalate:
            if rungs and not 1 <= number <= rungs:
                raise ValueError(f"names rung {number}, and the ladder has {rungs}")
        return escalate

    @field_validator("deadline")
    @classmethod
    def _can_be_met(cls, value: Offset | None, info: ValidationInfo) -> Offset | None:
        """A chaser may name a deadline that has gone by; what asks for the first time may not."""
        at: tuple[Offset | None, ...] = info.data.get("at", ())
        counts = info.data.get("do") is _K.NOTICE and info.data.get("source") is None
        if counts and value is not None and any(item and not _rises(item, value) for item in at):
            raise ValueError("is over before the notice goes out, so nobody could meet it")
        return value

    @field_validator("day")
    @classmethod
    def _earlier_day(cls, value: Offset | None) -> Offset | None:
        if value is not None and (value.after or value.clock is None):
            raise ValueError("is not a day before the meeting, such as -1WD")
        return value

    @field_validator("slot")
    @classmethod
    def _of_some_length(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and not _SHORTEST_SLOT <= value <= _LONGEST_SLOT:
            raise ValueError("is not between 5 minutes and 4 hours")
        return value

    @field_validator("grace")
    @classmethod
    def _lets_it_be_done(cls, value: timedelta | None) -> timedelta | None:
        if value == timedelta(0):
            raise ValueError("of zero would never let the step be done; leave it out, or write PT30M")
        return value

    @field_validator("not_after")
    @classmethod
    def _leaves_time(cls, value: Offset | None, info: ValidationInfo) -> Offset | None:
        earliest = info.data.get("not_before")
        if value is not None and earliest is not None and not _rises(earliest, value, or_same=True):
            raise ValueError("comes before 'not_before', so the step could never be done")
        return value

    @property
    def name(self) -> str:
        """The stable name from which keys of actions are built, such as ``remind:P7D``."""
        return f"{self.do}:{self.id}" if self.id else str(self.do)

    @property
    def first(self) -> Offset | None:
        """The offset of a step that has one; ``None`` means immediately."""
        return self.at[0]

    @property
    def audiences(self) -> tuple[Audience, ...]:
        """Who it is for, from the first rung on."""
        usual = STEP_RULES[self.do].audience
        return self.to or ((Audience.parse(usual),) if usual else ())

    def escalated(self, rung: int) -> tuple[Audience, ...]:
        """Who is told beside the audience at ``rung`` (1 is the first)."""
        return tuple(item for number, added in self.escalate.items() if number <= rung for item in added)

    def tells_coordinator(self, rung: int = 1) -> bool:
        """Whether the coordinator is told at ``rung``."""
        return any(item.words == COORDINATOR for item in (*self.to, *self.escalated(rung)))

    @property
    def need(self) -> Need | None:
        """What it is about: what it asks for, or what is missing while it is done."""
        if self.do is ActionKind.CONNECTION_TEST:
            return Need.TEST
        return self.when.need if self.when else self.ask

    def words(self, rung: int = 1) -> str:
        """Return when it happens, in words."""
        at = self.at[min(rung, len(self.at)) - 1]
        return "at once" if at is None else at.words(self.source or "")


def _check_moment(kind: ActionKind, at: Offset | None, *, counts_from_meeting: bool) -> None:
    moment = STEP_RULES[kind].moment
    if at is None:
        if moment not in (StepTime.AT_ONCE, StepTime.FIRST_AT_ONCE):
            raise ValueError(f"is at once, and a step '{kind}' needs an offset")
        return
    if moment is StepTime.AT_ONCE:
        raise ValueError(f"is an offset, and a step '{kind}' happens 'immediately'")
    if at.after and _comes_before(kind) and counts_from_meeting:
        raise ValueError(f"is after the meeting, and '{kind}' comes before it; write for example '-P7D'")
    if not at.after and moment is StepTime.AFTER:
        raise ValueError("is before the end of the meeting; write for example '+PT0S'")


def _rises(one: Offset, following: Offset, *, or_same: bool = False) -> bool:
    """Whether one offset is followed by another, as far as that can be known without a calendar.

    So many working days are at least as many days.
    """
    (unit, length), (other_unit, other_length) = one.distance, following.distance
    farther = ("working days", "days") if one.after and following.after else ("days", "working days")
    known = unit == other_unit or ((unit, other_unit) == farther and one.after is following.after)
    return not known or length < other_length or (or_same and length == other_length)


def _comes_before(kind: ActionKind) -> bool:
    return STEP_RULES[kind].moment in (StepTime.BEFORE, StepTime.FIRST_AT_ONCE)


def _with_field(field: str) -> frozenset[ActionKind]:
    return frozenset(kind for kind, rules in STEP_RULES.items() if field in rules.fields)


def _listed(kinds: frozenset[ActionKind]) -> str:
    return ", ".join(f"'{kind}'" for kind in sorted(kinds))


class Timeline(BaseModel):
    """A named policy: the steps of a meeting's life."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9-]+$", max_length=64)
    title: str = Field(min_length=1, max_length=250)
    steps: tuple[Step, ...]

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
                known = f"Known are: {', '.join(sorted(texts))}."
                found.append(Problem(f"{where}.about", step.about, "is not a text of notices.yaml", known))
        return [item for item in found if item is not None]

    def step(self, kind: ActionKind) -> Step | None:
        """Return the first step of that kind, if there is one."""
        return next((step for step in self.steps if step.do is kind), None)

    def invitation(self, *, tentative: bool) -> Step | None:
        """Return the step that invites, or the one that announces; one step may do both."""
        found = [step for step in self.steps if step.do is ActionKind.INVITE]
        return next((step for step in found if step.tentative is tentative), found[0] if found else None)

    def named(self, name: str) -> Step | None:
        """Return the step called ``name``; an action's step may also name a rung, as ``chase:list/2``."""
        plain = name.partition("/")[0]
        return next((step for step in self.steps if step.name == plain), None)

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
        yield Problem("steps", "", "holds no step", "Write at least one.")
    if len(steps) > _MOST_STEPS:
        yield Problem("steps", f"{len(steps)} steps", "is too long", f"Write at most {_MOST_STEPS} steps.")


def _own_names(steps: Sequence[Step]) -> Iterator[Problem]:
    """Actions of two steps of one name could not be told apart."""
    names = [step.name for step in steps]
    for index, name in enumerate(names):
        if name in names[:index]:
            remedy = "Give each an 'id' of its own."
            yield Problem(f"steps[{index}].id", steps[index].id, f"step {name} is there twice", remedy)


def _single_steps(steps: Sequence[Step]) -> Iterator[Problem]:
    """What a meeting does once stands once, and what needs another step has it, in the right order."""
    seen: dict[tuple[ActionKind, bool], int] = {}
    for index, step in enumerate(steps):
        single = STEP_RULES[step.do].once or step.do is _K.INVITE
        if single and seen.setdefault((step.do, step.tentative), index) != index:
            yield Problem(
                f"steps[{index}].do",
                step.do,
                "is there twice, and a meeting does it once",
                "Keep one of the two.",
            )
    link, invite = seen.get((_K.CONFERENCE, False)), seen.get((_K.INVITE, False))
    if link is not None and invite is not None and link > invite:
        yield Problem(
            f"steps[{link}].do",
            _K.CONFERENCE,
            "comes after 'invite', and invitations carry the link",
            "Put it before.",
        )
    announces, confirms = seen.get((_K.INVITE, True)), seen.get((_K.CONFIRM, False))
    if announces is not None and confirms is None:
        yield Problem(
            f"steps[{announces}].tentative",
            "true",
            "announces the date, and no step 'confirm' ends that",
            "Add for example {do: confirm, at: -P29D}.",
        )
    if confirms is not None and announces is None:
        yield Problem(
            f"steps[{confirms}].do",
            _K.CONFIRM,
            "confirms a date that no step announces",
            "Add for example {do: invite, id: save-the-date, tentative: true, at: -P45D}.",
        )


def _sources(timeline: Timeline) -> Iterator[Problem]:
    """Every step counts from one that is there and has a moment, and none in the end from itself."""
    by_name = {step.name: step for step in timeline.steps}
    for index, step in enumerate(timeline.steps):
        wrong = _wrong_source(step, by_name)
        if wrong is None and _comes_before(step.do) and step.source and timeline.is_after(step):
            wrong = f"is after the meeting, and '{step.do}' comes before it", "Count from an earlier step."
        if wrong is not None:
            yield Problem(f"steps[{index}].from", step.source or "", *wrong)


def _wrong_source(step: Step, by_name: Mapping[str, Step]) -> tuple[str, str] | None:
    path = [step.name]
    while (source := by_name[path[-1]].source) is not None:
        if source not in by_name:
            known = f"The steps are {', '.join(by_name)}."
            return ("is not a step", known) if len(path) == 1 else None
        if by_name[source].do is _K.MINUTES:
            return "happens whenever minutes are attached, which nobody knows beforehand", "Name another."
        if source in path:
            return f"is a cycle: {' counts from '.join([*path, source])}", "Count one from the meeting."
        path.append(source)
    if len(path) > _LONGEST_CHAIN:
        return f"counts through {len(path) - 1} other steps", f"Count through fewer than {_LONGEST_CHAIN}."
    return None


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
