"""What answers of all rooms are made of: models read off the services' views, and facts beside sentences."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Annotated, Any, Self, get_type_hints

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
)

from orchestrator import words
from orchestrator.domain.meetings.fields import WRITTEN_AS
from orchestrator.facts import Fact, plain
from orchestrator.web.openapi import FactDocument

Day = date  # Some models have a field named ``date``, which would hide the type.


def _document(value: object) -> object:
    if isinstance(value, str):
        return plain(value).to_json()
    return value.to_json() if isinstance(value, Fact) else value


Sentence = str
"""What a fact says, in English."""
_BESIDE = ("_fact", "_facts")
FactOf = Annotated[FactDocument, BeforeValidator(_document)]
"""The same as key and parameters; which field it stands beside is said by ``beside``."""


def beside(name: str) -> Any:
    """Return the field that holds as facts what the field ``name`` says in English."""
    return Field(validation_alias=name, description=f"What `{name}` says, for programs.")


class AnswerModel(BaseModel):
    """An answer, read off what a service returns: each field from the attribute of the same name."""

    model_config = ConfigDict(from_attributes=True)

    @field_validator("*", mode="before")
    @classmethod
    def _in_words(cls, value: object, info: ValidationInfo) -> object:
        """Say facts in English, but where they stand beside a sentence."""
        if (info.field_name or "").endswith(_BESIDE):
            return value
        if isinstance(value, tuple):
            return [words.say(item) if isinstance(item, Fact) else item for item in value]
        return words.say(value) if isinstance(value, Fact) else value

    @classmethod
    def showing(cls, view: object) -> Self:
        """Return the answer that shows ``view``."""
        return cls.model_validate(view)


def model_of(declared: type[Any]) -> type[AnswerModel]:
    """Return a model with the fields of a dataclass, for answers whose fields are written down there."""
    hints = get_type_hints(declared)
    own: dict[str, Any] = {
        item.name: (hints[item.name], Field(serialization_alias=item.metadata.get(WRITTEN_AS)))
        for item in fields(declared)
    }
    return create_model(declared.__name__, __base__=AnswerModel, __doc__=declared.__doc__, **own)


class LocalTimeModel(AnswerModel):
    """A moment as people at a place read it."""

    date: str
    clock: str
    city: str
    offset: str
    day: Day

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "date": "Thursday, 3 December 2026",
                    "clock": "14:00",
                    "city": "Ha Noi",
                    "offset": "UTC+07:00",
                    "day": "2026-12-03",
                }
            ]
        },
    )


class ContactModel(AnswerModel):
    """Whom to write to."""

    name: str
    email: str
