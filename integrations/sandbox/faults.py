"""Failures to act out on purpose, for tests and drills."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field


class GraphFault(BaseModel):
    """Spoil the next ``times`` requests whose "METHOD path" contains ``match``.

    ``status`` is answered instead of doing the work; with ``drop`` the work is done first, as when
    an answer gets lost. ``retry_after`` becomes the header (seconds or an HTTP date). ``code`` and
    ``message`` fill a Graph error; ``body`` replaces it as a whole (a string is sent as text).
    """

    model_config = ConfigDict(extra="forbid")

    match: str
    status: int = Field(504, ge=200, le=599)
    times: int = Field(1, ge=1)
    retry_after: float | str | None = None
    drop: bool = False
    code: str = "sandboxFault"
    message: str = "This failure was ordered through /sandbox/faults."
    body: Any = None

    def applies(self, request: str) -> bool:
        """Tell whether ``request``, such as ``POST /v1.0/users/…``, is to be spoilt."""
        return self.match in request


class SmtpFault(BaseModel):
    """Spoil the next ``times`` messages to ``recipient``.

    ``code`` and ``text`` answer the recipient or, with ``stage`` "data", the content. With
    ``hang_up`` the message is kept and the connection closed without an answer, so that the sender
    cannot know.
    """

    model_config = ConfigDict(extra="forbid")

    recipient: str
    code: int = Field(550, ge=400, le=599)
    text: str = "5.1.1 no such user"
    times: int = Field(1, ge=1)
    stage: Literal["recipient", "data"] = "recipient"
    hang_up: bool = False

    def applies(self, stage: str, recipient: str) -> bool:
        """Tell whether this recipient is to be refused at this stage of the dialogue."""
        due = "data" if self.hang_up else self.stage
        return stage == due and recipient.lower() == self.recipient.lower()

    @property
    def answer(self) -> str:
        """The SMTP answer, such as ``550 5.1.1 no such user``."""
        return f"{self.code} {self.text}"


AnyFault = TypeVar("AnyFault", GraphFault, SmtpFault)


class Faults(Generic[AnyFault]):
    """The failures still to be acted out, oldest first."""

    def __init__(self) -> None:
        self._left: list[AnyFault] = []

    def add(self, fault: AnyFault) -> None:
        """Order a failure."""
        self._left.append(fault)

    def clear(self) -> None:
        """Forget the failures still to come."""
        self._left.clear()

    def take(self, applies: Callable[[AnyFault], bool]) -> AnyFault | None:
        """Return the oldest failure that ``applies``, if any, and count it as used once."""
        fault = next((each for each in self._left if applies(each)), None)
        if fault is not None:
            fault.times -= 1
            self._left = [each for each in self._left if each.times > 0]
        return fault
