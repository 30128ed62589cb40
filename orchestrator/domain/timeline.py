"""Timelines: which step happens at which offset. Data files, read and checked here.

Grammar of ``at``::

    immediately
    P7D before at 09:00 local     the date so many days before the meeting's date where the
                                  recipient is, at that local time
    PT1H before                   that long before the start, exactly
    P3D after [at 09:00 local]    the same, after the end
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from orchestrator.domain.actions import ActionKind
from orchestrator.domain.durations import duration_words, parse_duration
from orchestrator.domain.problems import problems_of
from orchestrator.domain.zones import at_local, local_date, zone
from orchestrator.errors import ConfigurationError

_OFFSET = re.compile(r"(?P<length>P\S+)\s+(?P<side>before|after)(?:\s+at\s+(?P<clock>\d\d:\d\d)\s+local)?")


@dataclass(frozen=True, slots=True)
class Offset:
    """A moment relative to a meeting.

    ``length`` is negative before the start and positive after the end; ``clock`` is the local wall
    time at the recipient's, or ``None`` for an exact instant.
    """

    length: timedelta
    after_end: bool
    clock: time | None

    @classmethod
    def parse(cls, text: str) -> Offset | None:
        """Read an offset; ``None`` means ``immediately``. Raises ``ValueError``."""
        if text.strip() == "immediately":
            return None
        found = _OFFSET.fullmatch(text.strip())
        if not found:
            raise ValueError(
                "is not an offset; write 'immediately', 'P7D before at 09:00 local', "
                "'PT1H before' or 'P3D after'"
            )
        length = parse_duration(found["length"])
        clock = time.fromisoformat(found["clock"]) if found["clock"] else None
        if clock is not None and length % timedelta(days=1):
            raise ValueError("counts hours and names a local time; a local time goes with whole days")
        after_end = found["side"] == "after"
        return cls(length if after_end else -length, after_end, clock)

    def instant(self, starts_at: datetime, ends_at: datetime, recipient_zone: str) -> datetime:
        """Return the instant (UTC) for a meeting of those instants and a recipient in that zone."""
        anchor = ends_at if self.after_end else starts_at
        if self.clock is None:
            return anchor + self.length
        there = zone(recipient_zone)
        return at_local(local_date(anchor, there) + self.length, self.clock, there)

    def words(self) -> str:
        """Return the offset in words, such as ``7 days before, at 09:00 their time``."""
        if not self.length:
            anchor = "end" if self.after_end else "start"
            return (
                f"on the day of the {anchor}, at {self.clock:%H:%M} their time"
                if self.clock
                else f"at the {anchor}"
            )
        side = "after the end" if self.after_end else "before"
        clock = f", at {self.clock:%H:%M} their time" if self.clock else ""
        return f"{duration_words(abs(self.length))} {side}{clock}"


def _offset(value: object) -> object:
    return Offset.parse(value) if isinstance(value, str) else value


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


Length = Annotated[timedelta, BeforeValidator(_duration)]

_STEP_KINDS = frozenset(
    {ActionKind.CONFERENCE, ActionKind.INVITE, ActionKind.REMIND, ActionKind.CONCLUDE, ActionKind.MINUTES}
)
_ONLY_AT_ONCE = frozenset({ActionKind.CONFERENCE, ActionKind.INVITE, ActionKind.MINUTES})


class Step(BaseModel):
    """One step of a timeline.

    ``grace`` is how late the step may still be done; ``alert_after`` is how long invitations may
    wait for the conference link before the coordinator is told.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    do: ActionKind
    id: str = Field("", pattern=r"^[A-Za-z0-9-]*$")
    at: Annotated[Offset | None, BeforeValidator(_offset)]
    grace: Length | None = None
    alert_after: Length | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Step:
        if self.do not in _STEP_KINDS:
            raise ValueError(f"'{self.do}' is not a step; write one of {', '.join(sorted(_STEP_KINDS))}")
        if (self.do in _ONLY_AT_ONCE) != (self.at is None):
            wanted = "immediately" if self.do in _ONLY_AT_ONCE else "an offset"
            raise ValueError(f"a step '{self.do}' needs 'at: {wanted}'")
        if self.do is ActionKind.REMIND and (self.at is None or self.at.after_end):
            raise ValueError("a reminder comes before the meeting")
        if self.grace == timedelta(0):
            raise ValueError("'grace' of zero would never let the step be done; leave it out, or write PT30M")
        if self.do is ActionKind.CONCLUDE and self.at is not None and not self.at.after_end:
            raise ValueError("a meeting is concluded after its end; write for example 'PT0S after'")
        if self.grace is not None and self.do not in (ActionKind.REMIND, ActionKind.MINUTES):
            raise ValueError(
                "'grace' belongs to reminders and minutes; other steps last as long as they make sense"
            )
        if self.alert_after is not None and self.do is not ActionKind.CONFERENCE:
            raise ValueError("'alert_after' belongs to the step 'conference'")
        return self

    @property
    def name(self) -> str:
        """The stable name from which keys of actions are built, such as ``remind:P7D``."""
        return f"{self.do}:{self.id}" if self.id else str(self.do)

    def words(self) -> str:
        """Return when it happens, in words."""
        return "at once" if self.at is None else self.at.words()


def _some(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    if not steps:
        raise ValueError("holds no step")
    return steps


class Timeline(BaseModel):
    """A named policy: the steps of a meeting's life."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    steps: Annotated[tuple[Step, ...], AfterValidator(_some)]

    @model_validator(mode="after")
    def _unique_names(self) -> Timeline:
        names = [step.name for step in self.steps]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"step {', '.join(twice)} is there twice; give each an 'id' of its own")
        return self

    @model_validator(mode="after")
    def _link_before_invitations(self) -> Timeline:
        kinds = [step.do for step in self.steps]
        link, invite = ActionKind.CONFERENCE, ActionKind.INVITE
        if link in kinds and invite in kinds and kinds.index(link) > kinds.index(invite):
            raise ValueError("'conference' must come before 'invite', for invitations carry the link")
        return self

    @classmethod
    def of(cls, data: Any) -> Timeline:
        """Read a timeline from parsed YAML; raises ``ConfigurationError`` naming each field."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ConfigurationError(problems_of(error)) from error

    def step(self, kind: ActionKind) -> Step | None:
        """Return the first step of that kind, if there is one."""
        return next((step for step in self.steps if step.do is kind), None)


Timelines = Mapping[str, Timeline]
