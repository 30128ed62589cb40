"""Running processes tell that they live and whom they cannot work with, and doctor asks them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.doctor import _lanes, _looked, _processes, _queue
from orchestrator.domain.timelines.kinds import ActionKind, Work
from orchestrator.errors import PermanentFailure, TransientFailure, Unavailable
from orchestrator.facts import plain
from orchestrator.services.operations.processes import BEAT, WATCHER, WEB, Life
from tests.integration.conftest import World, crowd
from tests.integration.delivery.failing import failing

ROLES = (BEAT, WEB, WATCHER, *Work)


def everybody_lives(world: World, *, but: str = "") -> None:
    for role in ROLES:
        if role != but:
            world.life(role).tell()


def test_all_is_well_while_every_process_tells_that_it_lives(world: World) -> None:
    everybody_lives(world)
    finding = _looked("processes", _processes, world)
    assert finding.well, finding.message
    assert finding.message.startswith("7 run: beat, ")


@pytest.mark.parametrize("role", ROLES)
def test_a_process_that_does_not_run_is_named_with_what_to_restart(world: World, role: str) -> None:
    everybody_lives(world, but=role)
    finding = _looked("processes", _processes, world)
    assert not finding.well
    assert finding.message.startswith(f"{role}: is not running")
    name = f"worker-{Work(role).name.lower()}" if role in set(Work) else role
    assert f"restart {name}." in finding.message


def test_a_watcher_that_died_is_missed_after_a_while(world: World) -> None:
    everybody_lives(world)
    world.lease_clock.move(seconds=101)
    everybody_lives(world, but=WATCHER)
    finding = _looked("processes", _processes, world)
    assert not finding.well
    assert "mailbox: was seen last at 2026-11-01 02:00:00 UTC" in finding.message


def test_a_process_that_ends_is_gone_at_once_and_a_killed_one_is_forgotten_after_a_day(world: World) -> None:
    everybody_lives(world)
    world.life(WEB).end()
    assert WEB not in {item.role for item in world.processes.all()}
    world.lease_clock.at += timedelta(days=1, seconds=1)
    world.processes.forget_old()
    assert world.processes.all() == []


def test_a_password_that_was_changed_under_a_running_worker_is_seen_and_the_remedy_is_a_restart(
    world: World,
) -> None:
    """The look of doctor itself goes well: it has the new password."""
    world.mailbox = None
    everybody_lives(world)
    world.published(attendees=crowd(5))
    world.run_conference()
    refused = Unavailable(plain("mail.example.org does not accept name and password"), code="smtp-login")
    world.mailer.before = failing(refused, times=1)
    worker = world.worker()
    worker._life = world.life
    (batch,) = world.scheduling.claim()
    worker.deliver(batch, Work.MAIL)
    world.life(Work.MAIL).tell()
    finding = _looked("processes", _processes, world)
    assert not finding.well
    assert "mail.send (process " in finding.message
    assert "server of mail.send since 2026-11-01 02:00:00 UTC" in finding.message
    assert "does not accept name and password" in finding.message
    assert "restart worker-mail" in finding.message
    pausing = _looked("lanes", _lanes, world)
    assert not pausing.well
    assert "mail.send: pauses since" in pausing.message

    world.clock.move(minutes=1)
    world.lease_clock.move(seconds=30)
    for each in world.scheduling.claim():
        worker.deliver(each, Work.MAIL)
    everybody_lives(world)
    assert _looked("processes", _processes, world).well
    assert _looked("lanes", _lanes, world).well


@pytest.mark.parametrize(
    ("failure", "is_trouble"),
    [
        (None, False),
        (TransientFailure(plain("450 later")), False),
        (TransientFailure(plain("sender not owned"), needs_person=True), True),
        (PermanentFailure(plain("the secret is wrong")), True),
        (Unavailable(plain("refused")), True),
    ],
)
def test_what_is_a_trouble_of_a_neighbour(world: World, failure: Any, is_trouble: bool) -> None:
    life = world.life(Work.CONFERENCE)
    life.met("Graph", failure)
    life.tell()
    (found,) = world.processes.all()
    assert bool(found.troubles) is is_trouble


def test_an_address_that_is_refused_is_no_trouble_of_the_relay(world: World) -> None:
    world.mailbox = None
    world.published(attendees=crowd(16))
    world.run_conference()
    world.mailer.before = failing(PermanentFailure(plain("550 no such user")), times=16)
    worker = world.worker()
    worker._life = world.life
    worker.deliver(world.claimed(), Work.MAIL)
    everybody_lives(world)
    assert _looked("processes", _processes, world).well
    finding = _looked("queue", _queue, world)
    assert world.states(ActionKind.INVITE) == ["failed"] * 16
    assert not finding.well
    assert finding.message.startswith("queue: action(s) failed")
    assert "(given: 16)" in finding.message


def test_signs_of_life_are_written_seldom_and_a_change_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    real = Life.write
    monkeypatch.setattr(Life, "write", lambda life: (written.append(life.id), real(life)))
    life = world.life(BEAT)
    for _ in range(60):
        life.tell()
        world.lease_clock.move(seconds=1)
    assert len(written) == 2
    life.fails("broker", plain("away"))
    life.tell()
    life.fails("broker", plain("away still"))
    life.tell()
    assert len(written) == 3
    life.works("broker")
    life.tell()
    assert len(written) == 4


def test_what_is_claimed_and_not_done_is_late(world: World) -> None:
    world.mailbox = None
    world.published()
    world.scheduling.claim()
    world.clock.move(seconds=61)
    assert world.states(ActionKind.CONFERENCE) == ["claimed"]
    assert world.reading.late() == 1
