"""Every error the orchestrator raises on purpose.

An error carries a stable ``code`` (for programs), a fact with its words (for people) and whether a
retry can help. The command line turns the code's family into an exit code, the REST API into an
HTTP status; nothing above this module invents errors of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator import words
from orchestrator.facts import Fact, Said, plain


class OrchestratorError(Exception):
    """Base of all deliberate errors.

    ``code`` is stable and machine readable, ``fact`` says what is the case, and ``retryable`` says
    whether the same call may succeed later without anybody changing anything.
    """

    code = "error"
    retryable = False

    def __init__(self, said: Said, *, code: str | None = None) -> None:
        super().__init__(said)
        self.fact = said if isinstance(said, Fact) else plain(said)
        if code is not None:
            self.code = code

    @property
    def message(self) -> str:
        """What is the case, in English; an edge that knows its reader's language says ``fact`` in it."""
        return words.say(self.fact)

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with what was given.

    ``field`` is a path such as ``attendees[3].delegation``; ``value`` is what was given, as text;
    ``wrong`` says what is wrong and ``advice`` what would be right.
    """

    field: str
    value: str
    wrong: Said
    advice: Said

    @property
    def message(self) -> str:
        """What is wrong, in English."""
        return words.say(self.wrong)

    @property
    def remedy(self) -> str:
        """What would be right, in English."""
        return words.say(self.advice)

    def __str__(self) -> str:
        given = f" (given: {self.value})" if self.value else ""
        return f"{self.field}: {self.message}{given}. {self.remedy}"


class InvalidInput(OrchestratorError):
    """What was given cannot be accepted; all problems found are listed, nothing was saved."""

    code = "invalid-input"

    def __init__(self, problems: Sequence[Problem], *, code: str | None = None) -> None:
        self.problems = tuple(problems)
        super().__init__(Fact.of("problems", count=len(self.problems)), code=code)

    @property
    def message(self) -> str:
        """Every problem on a line of its own, in English."""
        return "\n".join(str(problem) for problem in self.problems)

    @classmethod
    def of(cls, field: str, value: object, wrong: Said, advice: Said) -> InvalidInput:
        """Build the error for a single problem."""
        return cls([Problem(field, "" if value is None else str(value), wrong, advice)])


class ConfigurationError(InvalidInput):
    """A setting is missing, wrong, or contradicts another one."""

    code = "configuration"


class NotFound(OrchestratorError):
    """There is no such meeting, action or document."""

    code = "not-found"


class Forbidden(OrchestratorError):
    """The caller may not do this."""

    code = "forbidden"


class TooMany(OrchestratorError):
    """The caller has done this too often; ``retry_after`` is the number of seconds to wait."""

    code = "too-many"

    def __init__(self, said: Said, *, retry_after: float) -> None:
        super().__init__(said)
        self.retry_after = retry_after


class Conflict(OrchestratorError):
    """The thing is not in a state that allows this, or another caller changed it in the meantime."""

    code = "conflict"


class DeliveryError(OrchestratorError):
    """Something outside refused or did not answer.

    ``answer`` is what the other side said, kept for the delivery record. ``needs_person`` says that it will
    not work until a person changes something, so that one is told at once.
    """

    code = "delivery"
    needs_person = True

    def __init__(self, said: Said, *, code: str | None = None, answer: str = "") -> None:
        super().__init__(said, code=code)
        self.answer = answer


class TransientFailure(DeliveryError):
    """It may work later. ``retry_after`` is the least number of seconds to wait (Retry-After).

    ``unknown`` is true when the other side may have acted although no answer came back. ``needs_person`` is
    true where a person has to mend something elsewhere, and it is tried again because nobody tells us when
    that is done.
    """

    code = "transient"
    retryable = True

    def __init__(
        self,
        said: Said,
        *,
        code: str | None = None,
        answer: str = "",
        retry_after: float | None = None,
        unknown: bool = False,
        needs_person: bool = False,
    ) -> None:
        super().__init__(said, code=code, answer=answer)
        self.retry_after = retry_after
        self.unknown = unknown
        self.needs_person = needs_person


class Silent(TransientFailure):
    """The other side did not answer: the connection broke, or the time was over.

    Nobody knows whether it was about this one thing or about the server. Twice running is taken for the
    server: the lane pauses then.
    """


class Unavailable(Silent):
    """The other side takes nothing from us now, whatever it is: not reached, not greeted, not signed in.

    So nothing else that is for it needs to be tried: the rest of a batch is given back, and the lane pauses,
    at least for ``retry_after``.
    """

    @classmethod
    def of(cls, failure: TransientFailure) -> Unavailable:
        """Return a failure that turned out to be about the server as a whole."""
        return cls(
            failure.fact,
            code=failure.code,
            answer=failure.answer,
            retry_after=failure.retry_after,
            unknown=failure.unknown,
            needs_person=failure.needs_person,
        )


class PermanentFailure(DeliveryError):
    """It will not work until a person changes something; the message says what."""

    code = "permanent"


class Unfit(ValueError):
    """A value that cannot be used, such as one that a rule of a pydantic model refuses; ``fact`` says why."""

    def __init__(self, said: Fact) -> None:
        super().__init__(said)
        self.fact = said

    def __str__(self) -> str:
        return words.say(self.fact)
