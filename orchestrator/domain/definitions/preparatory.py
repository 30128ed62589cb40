"""A meeting and its preparatory meeting, made in one step.

What the preparatory meeting says by default is data, ``config/preparatory.yaml``; everything else follows
from the meeting that it prepares.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from orchestrator.domain.definitions.definition import MeetingDefinition, MeetingKind, Preparatory
from orchestrator.domain.definitions.written import (
    AgendaItem,
    Invitee,
    MeetingLength,
    MeetingTitle,
    Text,
    WrittenVenue,
)
from orchestrator.domain.delegations.delegation import Directory, Kind
from orchestrator.domain.delegations.working_calendar import Calendars, NoWorkingDayError
from orchestrator.domain.meetings.suiting_days import preparatory_day
from orchestrator.domain.problems import problems_of
from orchestrator.errors import ConfigurationError, InvalidInput, Problem, Unfit
from orchestrator.facts import Fact

PREPARATORY = "preparatory"
"""The field of a definition that asks for a preparatory meeting."""
_TAKES_PART = (Kind.MEMBER, Kind.SECRETARIAT)


class PreparatoryTexts(BaseModel):
    """The texts of preparatory meetings; ``title`` holds ``{title}`` once in each language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Text
    duration: MeetingLength
    agenda: tuple[AgendaItem, ...] = Field(min_length=1)
    report: AgendaItem

    @field_validator("title")
    @classmethod
    def _with_place(cls, value: Text) -> Text:
        for text in filter(None, (value.en, value.vi)):
            if text.count("{") != 1 or "{title}" not in text:
                raise Unfit(Fact.of("definitions.needs-title-once"))
        return value

    @classmethod
    def of(cls, data: Any) -> PreparatoryTexts:
        """Read the texts from parsed YAML; raises ``ConfigurationError`` naming each field."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ConfigurationError(problems_of(error)) from error

    def title_for(self, title: Text) -> dict[str, str]:
        """Return the title of what prepares a meeting called ``title``, in the languages that has."""
        made = {"en": self.title.en.format(title=title.en)}
        if title.vi and self.title.vi:
            made["vi"] = self.title.vi.format(title=title.vi)
        return made


def asking_for_one(definition: MeetingDefinition) -> MeetingDefinition:
    """Return ``definition`` with a preparatory meeting, unless it is one, has one, or asks for one."""
    if definition.preparatory or definition.fed_by or definition.kind is MeetingKind.PREPARATORY:
        return definition
    return definition.model_copy(update={"preparatory": Preparatory()})


def pair(
    definition: MeetingDefinition, texts: PreparatoryTexts, calendars: Calendars
) -> tuple[MeetingDefinition, ...]:
    """Return the meeting and, where it asks for one, its preparatory meeting, each linked to the other.

    The people are those of the members and the Secretariat; partners join only the meeting itself. Raises
    ``InvalidInput`` whose fields begin with ``preparatory``.
    """
    wanted = definition.preparatory
    if wanted is None:
        return (definition,)
    reference = wanted.reference or f"{definition.reference}-PREP"
    title = wanted.title.model_dump(exclude_unset=True) if wanted.title else texts.title_for(definition.title)
    people = _of_members(definition.attendees, calendars.directory)
    duration = wanted.duration or texts.duration
    start = wanted.start or _day_that_suits(definition, duration, people, calendars)
    try:
        preparing = MeetingDefinition(
            reference=reference,
            programme=definition.programme,
            kind=MeetingKind.PREPARATORY,
            title=MeetingTitle.model_validate(title),
            host=definition.host,
            coordinator=definition.coordinator,
            start=start,
            zone=definition.zone,
            duration=duration,
            agenda=wanted.agenda or texts.agenda,
            attendees=people,
            feeds=definition.reference,
            mode=wanted.mode or definition.mode,
            venue=_venue_of(wanted, definition),
            room=wanted.room,
        )
    except ValidationError as error:
        raise InvalidInput([_within(item) for item in problems_of(error)]) from error
    return _reporting(definition, reference, texts), preparing


def _venue_of(wanted: Preparatory, definition: MeetingDefinition) -> WrittenVenue | None:
    mode = wanted.mode or definition.mode
    return wanted.venue or (definition.venue if mode.has_venue else None)


def _within(problem: Problem) -> Problem:
    # The title is checked by itself, so its problem names only the language.
    field = f"title.{problem.field}" if problem.field in ("en", "vi") else problem.field
    remedy = Fact.of("definitions.give-under-preparatory", field=field.partition(".")[0])
    return Problem(f"{PREPARATORY}.{field}", problem.value, problem.wrong, remedy)


def _day_that_suits(
    definition: MeetingDefinition, duration: timedelta, people: Iterable[Invitee], calendars: Calendars
) -> datetime:
    """Return the wall time of the start on the day that is proposed: the nearest on which nobody is off."""
    codes = [*dict.fromkeys([definition.host, *(item.delegation for item in people)])]
    try:
        found = preparatory_day(
            definition.start, definition.zone, duration, definition.host, codes, calendars
        )
    except NoWorkingDayError as error:
        raise InvalidInput.of(
            f"{PREPARATORY}.start",
            None,
            error.fact,
            Fact.of("definitions.give-under-preparatory", field="start"),
        ) from error
    return found.proposed.wall_start


def _of_members(people: tuple[Invitee, ...], directory: Directory) -> tuple[Invitee, ...]:
    return tuple(item for item in people if directory.get(item.delegation).kind in _TAKES_PART)


def _reporting(definition: MeetingDefinition, reference: str, texts: PreparatoryTexts) -> MeetingDefinition:
    """Return the prepared meeting, with an item of its agenda that reports what the other one decides."""
    agenda = definition.agenda
    if not any(item.input_from == reference for item in agenda):
        report = texts.report.model_copy(update={"input_from": reference})
        agenda = (*agenda[:1], report, *agenda[1:])
    fed_by = (*definition.fed_by, reference)
    return definition.model_copy(
        update={"agenda": agenda, "fed_by": tuple(dict.fromkeys(fed_by)), "preparatory": None}
    )
