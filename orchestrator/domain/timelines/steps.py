"""The steps of a timeline: which fields each may have, and what they may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from orchestrator.domain.delegations.working_calendar import (
    LATEST,
)
from orchestrator.domain.meetings.meeting import Need
from orchestrator.domain.meetings.needs import CONDITIONS, NEEDS
from orchestrator.domain.time.durations import duration_text, parse_duration
from orchestrator.domain.timelines.audience import COORDINATOR, KNOWN, Audience
from orchestrator.domain.timelines.kinds import STEP_RULES, ActionKind, StepTime
from orchestrator.domain.timelines.offsets import NO_OFFSET, Offset
from orchestrator.errors import Unfit
from orchestrator.facts import Fact

_K = ActionKind


_FORMER_STEPS = {"rehearse": _K.CONNECTION_TEST}
MOST_RUNGS = 20
LONGEST_ID = 40
"""What a timeline may hold: far more than those that ship, and never more than can be planned and stored."""


def _offset(value: object) -> Offset | None:
    """Read an offset; only text, and what has been read already, is one."""
    if isinstance(value, str):
        return Offset.parse(value)
    if not isinstance(value, Offset):
        raise Unfit(NO_OFFSET)
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
        raise Unfit(Fact.of("timelines.no-moment"))
    return found


def _deadline(value: object) -> object:
    """Read a deadline. A deadline that names a day means the whole of it, as long as mails go out."""
    found = _moment(value)
    if isinstance(value, str) and found.clock is not None and " at " not in value:
        return replace(found, clock=LATEST)
    return found


def _whole_days_or_hours(value: object) -> object:
    """Read a bound. It has no clock, for a day that is early enough is so from its first hour on."""
    if isinstance(value, str) and " at " in value:
        raise Unfit(Fact.of("timelines.bound-with-clock"))
    return _moment(value)


def _duration(value: object) -> object:
    if isinstance(value, str):
        return parse_duration(value)
    if not isinstance(value, timedelta):
        # A bare number would be read as seconds.
        raise Unfit(Fact.of("timelines.no-duration"))
    return value


def _audience(value: object) -> object:
    if isinstance(value, str):
        return Audience.parse(value)
    if not isinstance(value, Audience):
        raise Unfit(Fact.of("timelines.no-audience", known=KNOWN))
    return value


def _audiences(value: object) -> object:
    return value if isinstance(value, list | tuple) else (_audience(value),)


def _condition(value: object) -> object:
    """Read the condition that something is missing, as a timeline writes it."""
    if isinstance(value, Need):
        return value
    if not isinstance(value, str) or value not in CONDITIONS:
        *others, last = (f"'{item}'" for item in CONDITIONS)
        raise PydanticCustomError(
            "enum", "Input should be {known}", {"known": f"{', '.join(others)} or {last}"}
        )
    return CONDITIONS[value]


def _step_kind(value: object) -> object:
    value = _renamed(value)
    if not isinstance(value, str) or value not in STEP_RULES:
        raise Unfit(Fact.of("timelines.no-step", known=sorted(STEP_RULES)))
    return value


def _renamed(value: object) -> object:
    """Return the name of a kind or step; what it was called before is read for one version more."""
    if not isinstance(value, str):
        return value
    plain, colon, own = value.partition(":")
    return f"{_FORMER_STEPS[plain]}{colon}{own}" if plain in _FORMER_STEPS else value


def former_names(document: object) -> tuple[Fact, ...]:
    """Return what to tell the author of a timeline, as parsed YAML or JSON, of each old name that it uses."""
    steps = document.get("steps") if isinstance(document, dict) else None
    written = [step.get(field) for step in steps or () if isinstance(step, dict) for field in ("do", "from")]
    return tuple(
        Fact.of("timelines.former-step", old=old, new=new.value)
        for old, new in _FORMER_STEPS.items()
        if any(str(value).partition(":")[0] == old for value in written)
    )


def _offset_text(value: Offset | None) -> str:
    return "immediately" if value is None else str(value)


def _bound_text(value: Offset | None) -> str | None:
    return None if value is None else str(value).partition(" at ")[0]


def _length_text(value: timedelta | None) -> str | None:
    return None if value is None else duration_text(value, days=True)


When = Annotated[Need, BeforeValidator(_condition), PlainSerializer(lambda need: NEEDS[need].missing)]
Length = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(_length_text)]
Circle = Annotated[Audience, BeforeValidator(_audience), PlainSerializer(lambda value: value.words)]
Audiences = Annotated[tuple[Circle, ...], BeforeValidator(_audiences)]
Rung = Annotated[Offset | None, BeforeValidator(_rung), PlainSerializer(_offset_text)]
Moment = Annotated[Offset, BeforeValidator(_moment), PlainSerializer(_offset_text)]
Until = Annotated[Offset, BeforeValidator(_deadline), PlainSerializer(_offset_text)]
Bound = Annotated[Offset, BeforeValidator(_whole_days_or_hours), PlainSerializer(_bound_text)]
_FIELDS = frozenset(field for rules in STEP_RULES.values() for field in rules.fields)
_ONE_DAY = timedelta(days=1)
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
    id: str = Field("", pattern=r"^[A-Za-z0-9-]*$", max_length=LONGEST_ID)
    source: Annotated[str | None, BeforeValidator(_renamed)] = Field(None, alias="from")
    at: Annotated[tuple[Rung, ...], BeforeValidator(_ladder)]
    tentative: bool = False
    to: Audiences = ()
    when: When | None = None
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
            raise Unfit(Fact.of("timelines.field-of-others", kinds=_quoted(_with_field(field)), kind=kind))
        if not given and field in STEP_RULES[kind].needs:
            raise PydanticCustomError("missing", "is missing")
        return value

    @field_validator("at")
    @classmethod
    def _fits(cls, at: tuple[Offset | None, ...], info: ValidationInfo) -> tuple[Offset | None, ...]:
        kind = info.data.get("do")
        if not at:
            raise Unfit(Fact.of("timelines.holds-no-offset"))
        if kind is None:
            return at
        if len(at) > 1 and kind is not _K.CHASE:
            raise Unfit(Fact.of("timelines.ladder-of-another"))
        for item in at:
            _check_moment(kind, item, counts_from_meeting=info.data.get("source") is None)
        if len(at) > MOST_RUNGS:
            raise Unfit(Fact.of("timelines.too-many-rungs", count=len(at), most=MOST_RUNGS))
        for one, following in combinations(at, 2):
            if one and following and not _rises(one, following):
                raise Unfit(Fact.of("timelines.rungs-out-of-order", one=str(one), following=str(following)))
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
            raise Unfit(Fact.of("timelines.coordinator-alone", kind=kind))
        if kind is _K.CONNECTION_TEST and any(item.words == COORDINATOR for item in to):
            raise Unfit(Fact.of("timelines.coordinator-has-no-slot"))
        return to

    @field_validator("escalate")
    @classmethod
    def _rungs(cls, escalate: Mapping[int, Audiences], info: ValidationInfo) -> Mapping[int, Audiences]:
        rungs = len(info.data.get("at", ()))
        for number in escalate:
            if rungs and not 1 <= number <= rungs:
                raise Unfit(Fact.of("timelines.no-such-rung", number=number, rungs=rungs))
        return escalate

    @field_validator("deadline")
    @classmethod
    def _can_be_met(cls, value: Offset | None, info: ValidationInfo) -> Offset | None:
        """A chaser may name a deadline that has gone by; what asks for the first time may not."""
        at: tuple[Offset | None, ...] = info.data.get("at", ())
        counts = info.data.get("do") is _K.NOTICE and info.data.get("source") is None
        if counts and value is not None and any(item and not _rises(item, value) for item in at):
            raise Unfit(Fact.of("timelines.deadline-too-early"))
        return value

    @field_validator("day")
    @classmethod
    def _earlier_day(cls, value: Offset | None) -> Offset | None:
        if value is not None and (value.after or value.clock is None):
            raise Unfit(Fact.of("timelines.no-earlier-day"))
        return value

    @field_validator("slot")
    @classmethod
    def _of_some_length(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and not _SHORTEST_SLOT <= value <= _LONGEST_SLOT:
            raise Unfit(Fact.of("timelines.no-length-of-a-test"))
        return value

    @field_validator("grace")
    @classmethod
    def _lets_it_be_done(cls, value: timedelta | None) -> timedelta | None:
        if value == timedelta(0):
            raise Unfit(Fact.of("timelines.no-grace"))
        return value

    @field_validator("not_after")
    @classmethod
    def _leaves_time(cls, value: Offset | None, info: ValidationInfo) -> Offset | None:
        earliest = info.data.get("not_before")
        if value is not None and earliest is not None and not _rises(earliest, value, or_same=True):
            raise Unfit(Fact.of("timelines.bounds-crossed"))
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
        return self.when or self.ask

    @property
    def is_for_joining(self) -> bool:
        """Whether it is about joining over the internet: the link, tests of it, the mail of the hour."""
        if self.do is ActionKind.REMIND:
            return self.first is not None and self.first.clock is None and self.first.exact < _ONE_DAY
        return self.do is ActionKind.CONFERENCE or self.need is Need.TEST

    def said(self, rung: int = 1, *, with_clock: bool = True) -> Fact:
        """Return when it happens, with the hour or without."""
        at = self.at[min(rung, len(self.at)) - 1]
        if at is None:
            return Fact.of("timelines.at-once")
        return at.said(self.source or "") if with_clock else at.distance_said(self.source or "")


def _check_moment(kind: ActionKind, at: Offset | None, *, counts_from_meeting: bool) -> None:
    moment = STEP_RULES[kind].moment
    if at is None:
        if moment not in (StepTime.AT_ONCE, StepTime.FIRST_AT_ONCE):
            raise Unfit(Fact.of("timelines.needs-an-offset", kind=kind))
        return
    if moment is StepTime.AT_ONCE:
        raise Unfit(Fact.of("timelines.happens-at-once", kind=kind))
    if at.after and comes_before(kind) and counts_from_meeting:
        raise Unfit(Fact.of("timelines.comes-before", kind=kind))
    if not at.after and moment is StepTime.AFTER:
        raise Unfit(Fact.of("timelines.before-the-end"))


def _rises(one: Offset, following: Offset, *, or_same: bool = False) -> bool:
    """Whether one offset is followed by another, as far as that can be known without a calendar.

    So many working days are at least as many days.
    """
    (unit, length), (other_unit, other_length) = one.distance, following.distance
    farther = ("working days", "days") if one.after and following.after else ("days", "working days")
    known = unit == other_unit or ((unit, other_unit) == farther and one.after is following.after)
    return not known or length < other_length or (or_same and length == other_length)


def comes_before(kind: ActionKind) -> bool:
    """Whether steps of a kind come before the meeting."""
    return STEP_RULES[kind].moment in (StepTime.BEFORE, StepTime.FIRST_AT_ONCE)


def _with_field(field: str) -> frozenset[ActionKind]:
    return frozenset(kind for kind, rules in STEP_RULES.items() if field in rules.fields)


def _quoted(kinds: frozenset[ActionKind]) -> list[str]:
    return [f"'{kind}'" for kind in sorted(kinds)]
