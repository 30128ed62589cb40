"""A server that is away stops its own lane only, and what was not tried is given back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from integrations.smtp.answers import Refused, login_refused
from orchestrator.doctor import _looked, _waiting_mail
from orchestrator.domain.answers.refusal_targets import Command
from orchestrator.domain.delivery.breaker import Breaker
from orchestrator.domain.timelines.kinds import ActionKind, Work
from orchestrator.errors import DeliveryError, PermanentFailure, Silent, TransientFailure, Unavailable
from orchestrator.facts import plain
from orchestrator.store.delivery import breakers
from orchestrator.store.engine import Database
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import LEASE, NOW, STARTS, World, crowd
from tests.integration.delivery.failing import failing

K = ActionKind
pytestmark = pytest.mark.both_databases
AWAY = Unavailable(plain("mail.example.org does not answer"))
SILENT = Silent(plain("timed out"))


def due(world: World, count: int = 60) -> list[Any]:
    """The claimed invitations of a meeting that has its link, in batches."""
    world.mailbox = None
    world.published(attendees=crowd(count))
    world.run_conference()
    return world.scheduling.claim()


def attempts(world: World) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for row in world.rows(K.INVITE):
        found[row.state, row.attempt] = found.get((row.state, row.attempt), 0) + 1
    return found


def tries(world: World, error: BaseException, times: int = 10_000) -> list[str]:
    """Let every message fail, and return to whom one was tried."""
    tried: list[str] = []
    fail = failing(error, times=times)

    def before(recipient: str) -> None:
        tried.append(recipient)
        fail(recipient)

    world.mailer.before = before
    return tried


def test_after_one_failed_connect_the_rest_of_the_batch_is_given_back(world: World) -> None:
    first, second = due(world)
    tried = tries(world, AWAY)
    world.delivering.deliver(first, Work.MAIL)
    assert len(tried) == 1
    assert attempts(world) == {("scheduled", 1): 1, ("scheduled", 0): 49, ("claimed", 1): 10}
    reasons = {maybe(row.reason) for row in world.rows(K.INVITE)}
    assert reasons == {
        None,
        "mail.example.org does not answer",
        "not tried yet, because another one just before it was not: mail.example.org does not answer",
    }
    world.delivering.deliver(second, Work.MAIL)
    assert len(tried) == 1, "what waited in the broker meanwhile is not tried either"
    assert attempts(world) == {("scheduled", 1): 1, ("scheduled", 0): 59}


def test_while_a_lane_pauses_nothing_is_claimed_and_the_other_lanes_go_on(world: World) -> None:
    for batch in due(world):
        tries(world, AWAY)
        world.delivering.deliver(batch, Work.MAIL)
    assert world.scheduling.claim() == []
    assert world.scheduling.seconds_until_due(60) == 10, "beat sleeps until the lane is probed"
    world.create(reference="OTHER")
    world.meetings.publish("OTHER", caller=caller("coordinator"))
    (batch,) = world.scheduling.claim()
    assert batch.lane is Work.CONFERENCE


def test_one_action_probes_and_when_it_goes_through_all_do(world: World) -> None:
    batches = due(world)
    tried = tries(world, AWAY, times=2)
    for batch in batches:
        world.delivering.deliver(batch, Work.MAIL)
    later(world, 10)
    (probe,) = world.scheduling.claim()
    assert len(probe) == 1
    assert world.scheduling.claim() == [], "one at a time"
    world.delivering.deliver(probe, Work.MAIL)
    assert len(tried) == 2
    assert world.scheduling.claim() == []
    later(world, 20)
    (probe,) = world.scheduling.claim()
    world.delivering.deliver(probe, Work.MAIL)
    assert gates(world) == {}
    later(world, 60)
    world.run()
    assert world.states(K.INVITE) == ["succeeded"] * 60
    assert len(world.mailer.accepted) == 60, "each once"


def test_a_probe_whose_worker_died_is_followed_by_another(world: World) -> None:
    batches = due(world)
    tries(world, AWAY, times=1)
    for batch in batches:
        world.delivering.deliver(batch, Work.MAIL)
    later(world, 10)
    assert len(world.scheduling.claim()) == 1
    later(world, LEASE.total_seconds() - 1)
    assert world.scheduling.claim() == []
    later(world, 2)
    (again,) = world.scheduling.claim()
    assert len(again) == 1
    world.delivering.deliver(again, Work.MAIL)
    assert gates(world) == {}


def test_two_silences_running_pause_the_lane_and_one_does_not(world: World) -> None:
    first, second = due(world)
    tried = tries(world, SILENT, times=1)
    world.delivering.deliver(second, Work.MAIL)
    assert len(tried) == 10, "one message that the server hangs over keeps no other"
    assert gates(world) == {}
    tried = tries(world, SILENT)
    world.delivering.deliver(first, Work.MAIL)
    assert len(tried) == 2
    assert gates(world)[Work.MAIL].is_open


@pytest.mark.parametrize("answer", [TransientFailure(plain("450 later")), PermanentFailure(plain("550 no"))])
def test_a_server_that_answers_is_there_whatever_it_says(world: World, answer: Exception) -> None:
    first, _ = due(world)
    tried = tries(world, answer)
    world.delivering.deliver(first, Work.MAIL)
    assert len(tried) == 50
    assert gates(world) == {}


def test_silences_of_several_workers_count_together(world: World) -> None:
    """A batch of the conference lane is one meeting, so no batch sees two of them."""
    world.mailbox = None
    for reference in ("A", "B", "C"):
        world.create(reference=reference)
        world.meetings.publish(reference, caller=caller("coordinator"))
    batches = world.scheduling.claim()
    asked: list[object] = []

    def during(request: object) -> None:
        asked.append(request)
        raise SILENT

    world.conferences.during = during
    for batch in batches:
        world.worker().deliver(batch, Work.CONFERENCE)
    assert len(asked) == 2
    assert world.states(K.CONFERENCE) == ["scheduled"] * 3
    assert [row.attempt for row in world.rows(K.CONFERENCE)] == [1, 1, 0]


def test_a_probe_that_has_lost_its_point_lets_another_one_probe(world: World) -> None:
    for batch in due(world, 2):
        tries(world, AWAY, times=1)
        world.delivering.deliver(batch, Work.MAIL)
    later(world, 10)
    (probe,) = world.scheduling.claim()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.delivering.deliver(probe, Work.MAIL)
    assert gates(world)[Work.MAIL].probe is None
    (batch,) = world.scheduling.claim() or [None]
    assert batch is None or len(batch) == 1


def test_the_mailbox_that_hangs_pauses_and_is_read_again_after_its_interval_at_the_earliest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.scheduling.begin()
    (batch,) = world.scheduling.claim()

    def away() -> Any:
        raise Unavailable(plain("imap.example.org does not answer"), retry_after=900)

    monkeypatch.setattr(world.mailbox, "session", away)
    world.delivering.deliver(batch, Work.MAILBOX)
    (row,) = world.rows(K.READ_MAILBOX)
    assert (row.state, row.due_at) == ("scheduled", NOW + timedelta(minutes=15))
    assert gates(world)[Work.MAILBOX].retry_at == NOW + timedelta(minutes=15)


def test_a_lane_that_pauses_is_tried_at_once_when_a_beat_begins(world: World) -> None:
    for batch in due(world):
        tries(world, AWAY, times=1)
        world.delivering.deliver(batch, Work.MAIL)
    assert world.scheduling.claim() == []
    world.scheduling.begin()
    (probe,) = world.scheduling.claim()
    assert len(probe) == 1


def test_what_expires_while_a_lane_pauses_is_missed_as_ever(world: World) -> None:
    for batch in due(world):
        tries(world, AWAY)
        world.delivering.deliver(batch, Work.MAIL)
    world.clock.at = STARTS + timedelta(days=1)
    world.scheduling.claim()
    assert set(world.states(K.INVITE)) == {"missed"}


# --- trouble of ours


def refused(answer: str, command: Command = Command.RCPT) -> DeliveryError:
    return Refused(command, int(answer[:3]), answer[4:].encode()).failure(
        "mail.example.org:25", "meetings@accsm.example", "somebody@example.org"
    )


def test_a_refused_login_is_tried_again_so_seldom_that_no_account_is_locked(world: World) -> None:
    batches = due(world)
    tried = tries(world, login_refused("mail.example.org:587", "535 5.7.8 authentication failed"))
    for batch in batches:
        world.delivering.deliver(batch, Work.MAIL)
    assert len(tried) == 1, "the login ends the batch, and those that wait in the broker"
    for _ in range(4 * 60):
        later(world, 15)
        for batch in world.scheduling.claim():
            world.delivering.deliver(batch, batch.lane)
    assert len(tried) <= 1 + 2, "in an hour, whatever number of workers"
    assert "correct the address" not in str({maybe(row.reason) for row in world.rows(K.INVITE)}).lower()


@pytest.mark.parametrize(
    "answer",
    [
        "550 5.4.5 Daily user sending limit exceeded",
        "553 5.7.1 <meetings@accsm.example>: Sender address rejected: not owned by user relay",
        "554 5.7.1 <unknown[192.0.2.7]>: Client host rejected: Access denied",
        "554 5.7.1 <somebody@example.org>: Relay access denied",
    ],
)
def test_trouble_of_ours_waits_within_its_grace_and_is_told_once(
    world: World, caplog: pytest.LogCaptureFixture, answer: str
) -> None:
    batches = due(world)
    error = refused(answer)
    tries(world, error, times=180)
    caplog.set_level(logging.DEBUG, "orchestrator.services.delivery.endings")
    for batch in batches:
        world.delivering.deliver(batch, Work.MAIL)
    assert attempts(world) == {("scheduled", 1): 60}, "nobody's mail is given up, and no lane pauses"
    assert [record.levelname for record in caplog.records].count("ERROR") == 1
    (held,) = world.reading.held_up()
    assert (held.count, held.reason) == (60, error.fact)
    finding = _looked("waiting mail", _waiting_mail, world)
    assert not finding.well
    assert "60 mail(s) wait" in finding.message and answer[:12] in finding.message
    for _ in range(40):
        later(world, 900)
        for batch in world.scheduling.claim():
            world.delivering.deliver(batch, batch.lane)
    assert [record.levelname for record in caplog.records].count("ERROR") == 1
    assert {state for state, _ in attempts(world)} == {"succeeded"}, "once it is mended all leave"
    assert world.reading.held_up() == []
    assert _looked("waiting mail", _waiting_mail, world).well


# --- a database that is away


def away_for(world: World, monkeypatch: pytest.MonkeyPatch, times: int, name: str = "statements") -> None:
    """Let the next transactions fail as those of a database that restarts."""
    real: Callable[[Database], Any] = getattr(Database, name)
    left = [times]

    def away(database: Database) -> Any:
        if left[0]:
            left[0] -= 1
            raise OperationalError("SELECT", {}, Exception("the database system is shutting down"))
        return real(database)

    monkeypatch.setattr(Database, name, away)


def test_a_worker_that_loses_the_database_gives_its_batch_back_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = due(world)
    away_for(world, monkeypatch, 1)
    world.delivering.deliver(first, Work.MAIL)
    assert attempts(world) == {("scheduled", 1): 1, ("scheduled", 0): 49, ("claimed", 1): 10}
    later(world, 60)
    world.run()
    assert len(world.mailer.accepted) == 60 - 10, "those of the other batch wait for their worker"


def test_what_the_server_has_accepted_is_recorded_however_long_the_database_takes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = due(world)
    world.mailer.after = lambda _: (
        away_for(world, monkeypatch, 4) if len(world.mailer.accepted) == 1 else None
    )
    world.delivering.deliver(first, Work.MAIL)
    assert world.pauses == [0.2, 0.4, 0.8, 1.6]
    assert len(world.mailer.accepted) == 50
    assert world.states(K.INVITE).count("succeeded") == 50


def test_a_database_that_is_away_when_a_task_begins_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = due(world)
    away_for(world, monkeypatch, 3, "transaction")
    world.delivering.deliver(first, Work.MAIL)
    assert len(world.mailer.accepted) == 50


def test_a_database_that_stays_away_is_not_waited_for_beyond_the_claim(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = due(world)
    away_for(world, monkeypatch, 10_000, "transaction")
    with pytest.raises(OperationalError):
        world.delivering.deliver(first, Work.MAIL)
    assert LEASE.total_seconds() / 3 <= sum(world.pauses) < LEASE.total_seconds() / 2


def later(world: World, seconds: float) -> None:
    world.clock.move(seconds=seconds)
    world.lease_clock.move(seconds=seconds)


def gates(world: World) -> dict[Work, Breaker]:
    with world.database.reading() as session:
        return breakers.all_of(session)
