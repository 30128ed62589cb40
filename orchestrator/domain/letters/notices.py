"""The texts of notices: what a timeline tells people beside invitations, reminders and chasers.

They are data, ``config/notices.yaml``, written in English; the catalogues translate them sentence by
sentence. A timeline names a text by its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestrator.domain.meetings.place import Mode
from orchestrator.domain.problems import problems_of
from orchestrator.errors import ConfigurationError, Unfit
from orchestrator.facts import Fact


def _without_places(text: str) -> str:
    if "{" in text or "}" in text:
        raise Unfit(Fact.of("letters.brace"))
    return " ".join(text.split())


def _some(items: tuple[Any, ...]) -> tuple[Any, ...]:
    if not items:
        raise Unfit(Fact.of("letters.none-written"))
    return items


_Text = Annotated[str, Field(min_length=1), AfterValidator(_without_places)]


class _NoticeModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoticeText(_NoticeModel):
    """One text. ``join`` adds the personal join link and ``agenda`` the agenda to the mail.

    ``in_person`` are the paragraphs of a meeting in person, where they differ; one with ``join`` is not
    sent of such a meeting.
    """

    key: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    subject: _Text
    paragraphs: Annotated[tuple[_Text, ...], AfterValidator(_some)]
    join: bool = False
    agenda: bool = False
    in_person: tuple[_Text, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that the catalogues translate."""
        return (self.subject, *self.paragraphs, *self.in_person)

    def of(self, mode: Mode) -> NoticeText:
        """Return the text of a meeting that takes place so."""
        if mode.has_link or not self.in_person:
            return self
        return self.model_copy(update={"paragraphs": self.in_person})


class _File(_NoticeModel):
    notices: Annotated[tuple[NoticeText, ...], AfterValidator(_some)]

    @model_validator(mode="after")
    def _unique(self) -> _File:
        keys = [item.key for item in self.notices]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise Unfit(Fact.of("letters.key-twice", keys=tuple(twice)))
        return self


NoticeTexts = Mapping[str, NoticeText]


def notice_texts(data: Any) -> NoticeTexts:
    """Read all texts by key from parsed YAML; raises ``ConfigurationError`` naming each field."""
    try:
        return {item.key: item for item in _File.model_validate(data).notices}
    except ValidationError as error:
        raise ConfigurationError(problems_of(error)) from error
