"""A plan by its steps, and what happens next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.domain.definitions.written import MOST_ATTENDEES
from orchestrator.domain.time.zones import Place
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.facts import Fact
from orchestrator.services.timelines.views import ActionView
from orchestrator.web.presentation.marks import StateCount, states_of
from orchestrator.web.presentation.time import Others, Span, usual_span

PENDING = frozenset({ActionState.BLOCKED, ActionState.SCHEDULED, ActionState.CLAIMED, ActionState.RUNNING})


_OVER = frozenset({ActionState.SUCCEEDED, ActionState.CANCELLED})


# More than one meeting can have attendees, so that what goes out next is always counted whole.
MOST_READ = MOST_ATTENDEES + 500
_UTC = Place("UTC", "UTC")


@dataclass(frozen=True, slots=True)
class ActionGroup:
    """Actions that do the same thing to different people: one step of the plan.

    ``others`` of them are due at another day or hour than most, of whose times ``span`` speaks.
    """

    key: str
    kind: str
    what: Fact
    why: Fact
    meeting: str
    actions: tuple[ActionView, ...]
    states: tuple[StateCount, ...]
    span: Span
    waits: bool
    others: Others

    @property
    def recipients(self) -> int:
        """How many people it goes to; zero for what the service does by itself."""
        return sum(item.recipient_email is not None for item in self.actions)

    @property
    def over(self) -> bool:
        """Whether nothing of it is still to come, and nothing of it went wrong."""
        return all(item.state in _OVER for item in self.actions)


def plan_groups(actions: Iterable[ActionView], host: Place) -> list[ActionGroup]:
    """Group actions by what they are, in the order in which the first of each is due."""
    grouped: dict[tuple[object, ...], list[ActionView]] = {}
    for item in actions:
        grouped.setdefault((item.meeting, item.kind, item.what, item.why, str(item.revision)), []).append(
            item
        )
    return [_action_group(items, host) for items in grouped.values()]


def _action_group(items: Sequence[ActionView], host: Place) -> ActionGroup:
    first = items[0]
    states = states_of(item.state for item in items)
    waits = all(item.state == ActionState.BLOCKED for item in items)
    span, others = usual_span([(item.due, item.note) for item in items], host)
    return ActionGroup(
        f"{first.meeting}-{first.key.replace(':', '-')}",
        first.kind,
        first.what,
        first.why,
        first.meeting,
        tuple(items),
        states,
        span,
        waits,
        others,
    )


def next_group(actions: Iterable[ActionView], host: Place) -> ActionGroup | None:
    """Return what happens next: the earliest pending step with those of its actions still to come."""
    pending = [item for item in actions if item.state in PENDING]
    return next(iter(plan_groups(pending, host)), None)


def waves(actions: Sequence[ActionView], *, cut: bool) -> list[ActionGroup]:
    """Group actions of all meetings that do the same thing at the same moment, in the order given.

    With ``cut``, there were more actions than were read, so the last group is not whole and is left out.
    """
    grouped: dict[tuple[object, ...], list[ActionView]] = {}
    for item in actions:
        grouped.setdefault((item.meeting, item.kind, item.due_at), []).append(item)
    found = [_action_group(items, _UTC) for items in grouped.values()]
    return found[:-1] if cut and len(found) > 1 else found
