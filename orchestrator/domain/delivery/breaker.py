"""The breaker of a lane: when its server is away, nothing is tried but one action from time to time.

Each lane has one server. A breaker is there from the first failure until something succeeds; it opens when
the server refuses whatever it would be asked, or was silent twice running. While it is open the lane hands
out nothing, until ``retry_at``; then one action is tried, the probe, and how that ends decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orchestrator.domain.timelines.kinds import Work
from orchestrator.facts import Fact

_SILENCES = 2
"""After so many silences running a breaker opens; one may be about a single message."""
_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Breaker:
    """How a lane stands whose server failed last.

    ``since`` is when it began to fail, ``retry_at`` when it is probed, ``None`` while the breaker has not
    opened. ``probe`` is the action that is tried just now, until ``probe_until`` at the latest. All instants
    are of the machine's clock.
    """

    lane: Work
    failures: int
    since: datetime
    reason: Fact
    retry_at: datetime | None = None
    probe: int | None = None
    probe_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing but a probe may be tried."""
        return self.retry_at is not None

    def probe_at(self) -> datetime | None:
        """Return when the next probe may begin; ``None`` while the breaker is not open."""
        if self.retry_at is None or self.probe_until is None:
            return self.retry_at
        return max(self.retry_at, self.probe_until)

    def admits(self, action_id: int) -> bool:
        """Whether an action that was handed out may be tried."""
        return not self.is_open or self.probe == action_id

    def probing(self, action_id: int, until: datetime) -> Breaker:
        """Return the breaker while an action probes the server."""
        return replace(self, probe=action_id, probe_until=until)


@dataclass(frozen=True, slots=True)
class Outage:
    """What an attempt met with: ``total`` when whatever else is for that server would fail alike.

    ``retry_after`` is the least number of seconds to wait, if the server said so.
    """

    reason: Fact
    total: bool
    retry_after: float | None = None


def after_outage(
    known: Breaker | None, lane: Work, met: Outage, now: datetime, jitter: float, *, by_probe: bool
) -> Breaker:
    """Return the breaker after an attempt that the server did not answer.

    The pause doubles from 10 seconds up to 5 minutes; ``jitter`` in [0, 1] spreads it over the upper half.
    What was under way when the breaker opened says nothing new about the server, so it lengthens no pause.
    """
    if known is not None and known.is_open and not by_probe:
        return known
    failures = (known.failures if known else 0) + 1
    if met.total:
        failures = max(failures, _SILENCES)
    since = known.since if known else now
    if failures < _SILENCES:
        return Breaker(lane, failures, since, met.reason)
    doublings: int = 2 ** min(failures - _SILENCES, 10)
    pause = min(_FIRST_PAUSE * doublings, _LONGEST_PAUSE) * (0.5 + jitter / 2)
    pause = max(pause, timedelta(seconds=met.retry_after or 0))
    return Breaker(lane, failures, since, met.reason, now + pause)
