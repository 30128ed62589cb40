"""When a lane pauses, for how long, and what ends that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.domain.delivery.breaker import Breaker, Outage, after_outage
from orchestrator.domain.timelines.kinds import Work
from orchestrator.facts import Fact, plain

NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
SILENCE = Outage(plain("timed out"), total=False)
REFUSED = Outage(plain("refused"), total=True)


def met(known: Breaker | None, outage: Outage, *, now: datetime = NOW, by_probe: bool = False) -> Breaker:
    return after_outage(known, Work.MAIL, outage, now, 1.0, by_probe=by_probe)


def test_one_silence_may_be_about_one_message_and_the_second_is_about_the_server() -> None:
    first = met(None, SILENCE)
    assert not first.is_open
    assert first.admits(7)
    second = met(first, SILENCE, now=NOW + timedelta(seconds=10))
    assert second.is_open
    assert not second.admits(7)
    assert (second.since, second.retry_at) == (NOW, NOW + timedelta(seconds=20))


def test_a_server_that_refuses_everything_pauses_the_lane_at_once() -> None:
    assert met(None, REFUSED).retry_at == NOW + timedelta(seconds=10)


def test_the_pause_doubles_with_every_probe_that_fails_up_to_five_minutes() -> None:
    breaker, pauses = met(None, REFUSED), []
    for _ in range(8):
        assert breaker.retry_at is not None
        now = breaker.retry_at
        breaker = met(breaker.probing(7, now + timedelta(minutes=1)), REFUSED, now=now, by_probe=True)
        assert breaker.retry_at is not None
        pauses.append((breaker.retry_at - now).total_seconds())
    assert pauses == [20, 40, 80, 160, 300, 300, 300, 300]
    assert breaker.since == NOW


def test_the_server_may_ask_for_a_longer_pause() -> None:
    asked = Outage(plain("too many logins"), total=True, retry_after=900)
    assert met(None, asked).retry_at == NOW + timedelta(minutes=15)


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_a_pause_is_spread_over_its_upper_half(jitter: float) -> None:
    found = after_outage(None, Work.MAIL, REFUSED, NOW, jitter, by_probe=False).retry_at
    assert found == NOW + timedelta(seconds=5 + 5 * jitter)


def test_what_was_under_way_when_the_breaker_opened_lengthens_no_pause() -> None:
    breaker = met(None, REFUSED)
    assert met(breaker, Outage(Fact.of("text", text="another"), total=True)) == breaker


def test_only_one_action_probes_and_another_once_that_has_had_its_time() -> None:
    breaker = met(None, REFUSED)
    assert breaker.probe_at() == NOW + timedelta(seconds=10)
    probed = breaker.probing(7, NOW + timedelta(minutes=2))
    assert probed.admits(7)
    assert not probed.admits(8)
    assert probed.probe_at() == NOW + timedelta(minutes=2)
