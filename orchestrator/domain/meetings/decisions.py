"""The decisions of a meeting: short numbered statements, agreed or still open, in the order of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.meetings.points import Point
from orchestrator.domain.text import single_line
from orchestrator.errors import Conflict, InvalidInput, NotFound, Unfit
from orchestrator.facts import Fact

LONGEST_DECISION = 1000
MOST_DECISIONS = 100


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision; ``is_open`` says that it is not agreed yet.

    ``by`` and ``at`` are those of its last change, ``id`` is 0 until stored.
    """

    number: int
    text: str
    is_open: bool
    by: str
    at: datetime
    id: int = 0

    @property
    def point(self) -> Point:
        """The decision as the agenda of another meeting reports it."""
        return Point(self.text, self.is_open)


@dataclass(frozen=True, slots=True)
class Edit:
    """What is changed about a decision; ``None`` leaves it as it is. ``number`` is its new place."""

    text: str | None = None
    is_open: bool | None = None
    number: int | None = None


def require_begun(meeting: Meeting, now: datetime) -> None:
    """Raise ``Conflict`` unless the meeting has begun, or is concluded: before that it has no decisions."""
    if meeting.status is MeetingStatus.CONCLUDED:
        return
    if meeting.status is not MeetingStatus.PUBLISHED or meeting.tentative:
        state = Fact.of("meetings.only-a-save-the-date") if meeting.tentative else meeting.status.fact
        raise Conflict(Fact.of("meetings.takes-no-place", reference=meeting.reference, state=state))
    if now < meeting.starts_at:
        raise Conflict(Fact.of("meetings.no-decisions-before-it-begins", reference=meeting.reference))


def added(
    items: Sequence[Decision], text: str, *, is_open: bool, by: str, at: datetime
) -> tuple[Decision, ...]:
    """Return ``items`` with one more at the end.

    Raises ``InvalidInput`` for a text that cannot be one, or when there are too many.
    """
    if len(items) >= MOST_DECISIONS:
        raise InvalidInput.of(
            "text",
            None,
            Fact.of("meetings.one-decision-too-many", number=len(items) + 1),
            Fact.of("meetings.one-decision-too-many.remedy", most=MOST_DECISIONS),
        )
    return (*items, Decision(len(items) + 1, _statement(text), is_open, by, at))


def changed(
    items: Sequence[Decision], number: int, edit: Edit, *, by: str, at: datetime, seen: str | None = None
) -> tuple[Decision, ...]:
    """Return ``items`` with number ``number`` changed; what it passes on its way gets a new number.

    ``seen`` is the text that the caller has before them. Raises ``NotFound`` for a number that is
    not there, ``Conflict`` when another decision has it by now, and ``InvalidInput`` for an unfit edit.
    """
    old = _found(items, number, seen)
    text = old.text if edit.text is None else _statement(edit.text)
    new = replace(old, text=text, is_open=old.is_open if edit.is_open is None else edit.is_open)
    place = number if edit.number is None else edit.number
    if not 1 <= place <= len(items):
        raise InvalidInput.of(
            "number",
            place,
            Fact.of("meetings.no-place-in-the-list"),
            Fact.of("meetings.no-place-in-the-list.remedy", count=len(items)),
        )
    if (new, place) == (old, number):
        return tuple(items)
    rest = [item for item in items if item is not old]
    return _numbered([*rest[: place - 1], replace(new, by=by, at=at), *rest[place - 1 :]])


def removed(items: Sequence[Decision], number: int, seen: str | None = None) -> tuple[Decision, ...]:
    """Return ``items`` without number ``number``, those after it moved up.

    Raises ``NotFound`` and, with ``seen``, ``Conflict`` as ``changed`` does.
    """
    gone = _found(items, number, seen)
    return _numbered([item for item in items if item is not gone])


def _found(items: Sequence[Decision], number: int, seen: str | None) -> Decision:
    for item in items:
        if item.number == number:
            if seen is not None and seen != item.text:
                raise Conflict(
                    Fact.of("meetings.list-changed", number=number, text=item.text),
                    code="list-changed",
                )
            return item
    missing = "meetings.no-such-decision" if items else "meetings.no-decisions"
    raise NotFound(Fact.of(missing, number=number, count=len(items)))


def _numbered(items: Sequence[Decision]) -> tuple[Decision, ...]:
    return tuple(replace(item, number=number) for number, item in enumerate(items, 1))


def _statement(text: str) -> str:
    try:
        found = single_line(text)
    except Unfit as error:
        raise InvalidInput.of("text", text[:80], error.fact, Fact.of("meetings.write-one-line")) from error
    if len(found) > LONGEST_DECISION:
        raise InvalidInput.of(
            "text",
            f"{len(found)} characters",
            Fact.of("meetings.decision-too-long"),
            Fact.of("meetings.decision-too-long.remedy", most=LONGEST_DECISION),
        )
    return found
