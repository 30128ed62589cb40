"""Every error the orchestrator raises on purpose.

An error carries a stable ``code`` (for programs), a plain message (for people) and whether a
retry can help. The command line turns the code's family into an exit code, the REST API into an
HTTP status; nothing above this module invents errors of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class OrchestratorError(Exception):
    """Base of all deliberate errors.

    ``code`` is stable and machine readable, ``message`` is one sentence for a person, and
    ``retryable`` says whether the same call may succeed later without anybody changing anything.
    """

    code = "error"
    retryable = False

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with what somebody gave us.

    ``field`` is a path such as ``attendees[3].delegation``; ``value`` is what was given, as text;
    ``message`` says what is wrong and ``remedy`` what would be right.
    """

    field: str
    value: str
    message: str
    remedy: str

    def __str__(self) -> str:
        given = f" (given: {self.value})" if self.value else ""
        return f"{self.field}: {self.message}{given}. {self.remedy}"


class InvalidInput(OrchestratorError):
    """What was given cannot be accepted; all problems found are listed, nothing was saved."""

    code = "invalid-input"

    def __init__(self, problems: Sequence[Problem], *, code: str | None = None) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems), code=code)

    @classmethod
    def of(cls, field: str, value: object, message: str, remedy: str) -> InvalidInput:
        """Build the error for a single problem."""
        return cls([Problem(field, "" if value is None else str(value), message, remedy)])


class ConfigurationError(InvalidInput):
    """A setting is missing, wrong, or contradicts another one."""

    code = "configuration"


class NotFound(OrchestratorError):
    """There is no such meeting, action or document."""

    code = "not-found"


class Conflict(OrchestratorError):
    """The thing is not in a state that allows this, or somebody changed it in the meantime."""

    code = "conflict"


class DeliveryError(OrchestratorError):
    """Something outside refused or did not answer.

    ``answer`` is what the other side said, kept for the delivery record.
    """

    code = "delivery"

    def __init__(self, message: str, *, code: str | None = None, answer: str = "") -> None:
        super().__init__(message, code=code)
        self.answer = answer


class TransientFailure(DeliveryError):
    """It may work later. ``retry_after`` is the least number of seconds to wait (Retry-After).

    ``unknown`` is true when the other side may have acted although no answer came back.
    """

    code = "transient"
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        answer: str = "",
        retry_after: float | None = None,
        unknown: bool = False,
    ) -> None:
        super().__init__(message, code=code, answer=answer)
        self.retry_after = retry_after
        self.unknown = unknown


class PermanentFailure(DeliveryError):
    """It will not work until a person changes something; the message says what."""

    code = "permanent"
