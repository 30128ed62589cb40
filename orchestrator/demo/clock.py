"""Moving the sandbox clock, so that everything due on the way is done at its time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from orchestrator.bootstrap import Container
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.errors import Conflict

QUIET_TIMEOUT = 180.0


def advance(container: Container, length: timedelta | None) -> Iterator[str]:
    """Move the sandbox clock to the next due action, or by ``length``, and say what happened.

    Everything that falls due on the way is done at its time, as if the time had passed. Raises
    ``ConfigurationError`` when no sandbox is running and ``Conflict`` when the queue does not move.
    """
    _ = container.endpoints  # Without workers nothing would be done on the way.
    clock = container.sandbox_clock
    wait_until_quiet(container)
    end = clock.now() + length if length is not None else None
    while True:
        due = next_due(container)
        if due is None and end is None:
            yield "Nothing is planned; the clock stays where it is."
            return
        target = end if due is None or (end is not None and due > end) else due
        if target is None:
            return
        before = Counter(container.reading.counts())
        move_to(container, target)
        yield _what_happened(target, before, Counter(container.reading.counts()))
        if end is None or target == end:
            return


def next_due(container: Container) -> datetime | None:
    """Return when the next action is due; nothing is in hand then that the clock could leave behind."""
    while True:
        wait_until_quiet(container)
        due = container.reading.next_due()
        # What fell due by itself meanwhile is no longer among what waits, and is not done yet.
        if not container.reading.busy():
            return due


def move_to(container: Container, moment: datetime) -> None:
    """Move the clock and wait until everything due then is done."""
    with suppress(Conflict):  # The moment may have come by itself meanwhile.
        container.sandbox_clock.move_to(moment)
    container.wake_up.notify()
    wait_until_quiet(container)


def _what_happened(at: datetime, before: Counter[str], after: Counter[str]) -> str:
    ended = {
        state: after[state] - before[state]
        for state in (ActionState.SUCCEEDED, ActionState.MISSED, ActionState.FAILED)
        if after[state] > before[state]
    }
    done = ", ".join(f"{count} {state}" for state, count in ended.items()) or "nothing was due"
    return f"{at:%Y-%m-%d %H:%M} UTC: {done}"


def wait_until_quiet(container: Container) -> None:
    """Wait until nothing is due or in hand; raises ``Conflict`` when the queue does not move."""
    pause = threading.Event()
    waited = 0.0
    while container.reading.busy():
        if waited > QUIET_TIMEOUT:
            raise Conflict("The queue does not move. Look into run/worker-*.log and run/beat.log.")
        pause.wait(0.05)
        waited += 0.05
