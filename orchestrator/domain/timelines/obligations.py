"""What a meeting calls for: one thing that must happen, once for a revision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.facts import Fact

AFTERWARDS = timedelta(days=7)
NUDGE = "nudge"
"""The step of what is sent because a coordinator asks for what is missing."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """One thing that must happen once for a revision.

    ``key`` is built from stable ids only. ``due`` is the planned instant (UTC), or ``None`` for as
    soon as possible. After ``expires`` it must not be done any more. An action done for an older
    ``revision`` does not fulfil it. ``waits_for`` is the key of an obligation that comes first.
    ``late`` marks what may be planned although its time has passed, and is then due at once.
    ``note`` says why it is not due on the day or at the hour that the timeline wants, ``left_out``
    why it is not to be done at all. ``told_by`` are the keys of obligations that say the same along: once
    one of them has been done at its time or later, this one is fulfilled.
    """

    key: str
    kind: ActionKind
    step: str
    attendee_id: int | None
    revision: int
    due: datetime | None
    expires: datetime
    waits_for: str | None = None
    late: bool = False
    note: Fact | None = None
    left_out: Fact | None = None
    told_by: tuple[str, ...] = ()
