"""Leases and fences, the look just before sending, and cancelling on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from orchestrator.domain.meetings.meeting import Participation
from orchestrator.errors import PermanentFailure, TransientFailure
from orchestrator.services.letters.letters import Letters
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.timelines import actions
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    ENDS,
    LEASE,
    NHUNG,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    World,
    crowd,
    until,
    waiting_for_a_lock,
    without_date,
)
from tests.integration.delivery.failing import (
    K,
    Killed,
    back_after_the_lease,
    change,
    failing,
    invitations_due,
    reminders_due,
)

LATE = "it could not be done in time, and doing it late would mislead"


# --- leases and fences


def test_the_lease_is_renewed_while_a_long_batch_runs(world: World) -> None:
    batch = invitations_due(world, attendees=crowd(6))
    other = world.worker()

    def slow(_: str) -> None:
        world.lease_clock.at += LEASE / 2
        assert world.scheduling.claim() == [], "nobody else may take what is in hand"
        assert other.deliver(batch) == 0

    world.mailer.before = slow
    world.delivering.deliver(batch)
    assert Counter(mail.recipient for mail in world.mailer.accepted) == {
        item["email"]: 1 for item in crowd(6)
    }
    assert {row.attempt for row in world.rows(K.INVITE)} == {1}
    assert not any(item.repeated for item in world.deliveries())


@pytest.mark.parametrize("late", [PermanentFailure("no"), TransientFailure("busy"), None])
def test_a_late_worker_overwrites_nothing_of_a_newer_attempt(world: World, late: Exception | None) -> None:
    """It hung in the network for longer than its lease; meanwhile another worker has sent the message."""
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])

    def hang(_: str) -> None:
        world.mailer.before = lambda _: None
        world.lease_clock.at += 2 * LEASE
        assert world.worker().deliver(world.claimed()) == 1
        if late is not None:
            raise late

    world.mailer.before = hang
    world.delivering.deliver(batch)
    (row,), (delivery,) = world.rows(K.INVITE), world.deliveries()
    assert (row.state, row.attempt, maybe(row.reason)) == ("succeeded", 2, None)
    assert (delivery.state, delivery.tries, delivery.repeated) == ("sent", 2, True)


def test_what_a_late_worker_has_recorded_as_sent_is_not_sent_again(world: World) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    again: list[int] = []

    def hang(_: str) -> None:
        world.lease_clock.at += 2 * LEASE
        again.extend(world.claimed())

    world.mailer.after = hang
    world.delivering.deliver(batch)
    assert [(item.state, item.purpose) for item in world.deliveries()] == [("sent", "invitation")]
    assert world.states(K.INVITE) == ["claimed"]
    world.worker().deliver(again)
    assert len(world.mailer.to(TAN)) == 1
    (row,) = world.rows(K.INVITE)
    assert (row.state, maybe(row.reason)) == ("succeeded", "it had been sent already")


def test_an_older_revision_that_a_late_worker_has_sent_does_not_stand_for_the_newer(world: World) -> None:
    """What is sent again tells the revision that is current, so that one action may send two of them."""
    world.invited(attendees=[PEOPLE[TAN]])
    world.answers.send_again("SOM-2026", TAN, caller=caller("coordinator"))
    again: list[list[int]] = []

    def hang(_: str) -> None:
        world.mailer.after = lambda _: None
        change(world, title="Another title")
        world.lease_clock.at += 2 * LEASE
        again.extend(world.scheduling.claim())

    world.mailer.after = hang
    world.delivering.deliver(world.claimed())
    for batch in again:
        world.worker().deliver(batch)
    assert [without_date(mail.subject) for mail in world.mailer.to(TAN)] == [
        "Invitation: Senior Officials Meeting",
        "Invitation: Senior Officials Meeting",
        "Invitation: Another title",
    ]


# --- looking again just before sending


def test_a_letter_that_a_change_has_overtaken_is_written_once_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = reminders_due(world)
    write = Letters.to_attendee

    def overtaken(self: Letters, *arguments: Any) -> Any:
        letter = write(self, *arguments)
        monkeypatch.undo()
        change(world, title="Another title")
        return letter

    monkeypatch.setattr(Letters, "to_attendee", overtaken)
    world.delivering.deliver(batch)
    reminders = [mail.subject for mail in world.mailer.accepted if mail.subject.startswith("Reminder")]
    assert len(reminders) == 2, "the third is in Vietnamese"
    assert all("Another title" in subject for subject in reminders), reminders


def test_nothing_is_sent_for_a_meeting_cancelled_since_the_claim(world: World) -> None:
    batch = invitations_due(world)
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.delivering.deliver(batch)
    world.run()
    assert world.mailer.accepted == []
    assert {(row.state, row.cancel_code, maybe(row.reason)) for row in world.rows(K.INVITE)} == {
        ("cancelled", "meeting-cancelled", "the meeting was cancelled")
    }
    assert world.rows(K.CANCEL) == []
    assert world.deliveries() == []


def test_nothing_is_sent_to_who_declined_or_was_removed_since_the_claim(world: World) -> None:
    batch = reminders_due(world)
    world.answers.answer("SOM-2026", TAN, Participation.DECLINED, caller=caller("telephone"))
    change(world, attendees=[PEOPLE[NHUNG], PEOPLE[TAN]])
    world.delivering.deliver(batch)
    assert world.mailer.sent() == [(NHUNG, "Nhắc lịch họp")]
    ended = {
        maybe(row.reason): (row.state, row.cancel_code) for row in world.rows(K.REMIND) if row.id in batch
    }
    assert ended == {
        None: ("succeeded", None),
        "Tan Hui Shan has declined": ("cancelled", "attendee-declined"),
        "Thida Aye was removed from the meeting": ("cancelled", "attendee-removed"),
    }


def test_a_reminder_of_the_old_time_is_not_sent(world: World) -> None:
    batch = reminders_due(world)
    change(world, start="2026-12-10 14:00")
    world.delivering.deliver(batch)
    assert world.mailer.accepted == []
    assert {
        (row.state, row.cancel_code, maybe(row.reason)) for row in world.rows(K.REMIND) if row.id in batch
    } == {("cancelled", "superseded", "the meeting was changed in the meantime")}
    world.run()
    world.clock.at = STARTS + timedelta(days=6)
    world.run()
    reminders = [mail for mail in world.mailer.accepted if mail.subject.startswith("Reminder")]
    assert all("10 Dec 2026" in mail.subject for mail in reminders)
    assert reminders


def test_a_reminder_past_its_grace_between_claim_and_sending_is_missed(world: World) -> None:
    batch = reminders_due(world)
    world.clock.move(minutes=30)
    world.delivering.deliver(batch)
    assert world.mailer.accepted == []
    assert {(row.state, maybe(row.reason)) for row in world.rows(K.REMIND) if row.id in batch} == {
        ("missed", LATE)
    }


def test_a_change_during_a_batch_holds_for_the_rest_of_it(world: World) -> None:
    batch = invitations_due(world)

    def retitle(_: str) -> None:
        world.mailer.after = lambda _: None
        change(world, title="Moved to another title")

    world.mailer.after = retitle
    world.delivering.deliver(batch)
    assert world.mailer.sent() == [(THIDA, "Invitation")]
    assert Counter(world.states(K.INVITE)) == {"succeeded": 1, "cancelled": 2, "scheduled": 3}
    world.run()
    titles = {mail.recipient: without_date(mail.subject) for mail in world.mailer.accepted}
    assert titles == {
        THIDA: "Updated title: Moved to another title",
        TAN: "Invitation: Moved to another title",
        NHUNG: "Thư mời: Hội nghị quan chức cấp cao",
    }


def test_an_answer_during_a_batch_is_in_the_calendar_that_follows(world: World) -> None:
    batch = invitations_due(world)

    def answer(recipient: str) -> None:
        world.mailer.after = lambda _: None
        world.answers.answer("SOM-2026", NHUNG, Participation.ACCEPTED, caller=caller("telephone"))

    world.mailer.after = answer
    world.delivering.deliver(batch)
    (late,) = world.mailer.to(NHUNG)
    assert "PARTSTAT=ACCEPTED" in late.calendar


# --- cancelling while invitations are on their way


def test_a_cancellation_waits_for_the_invitation_in_flight_and_then_goes(world: World) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    seen: list[tuple[str, list[str]]] = []

    def cancel(_: str) -> None:
        world.mailer.after = lambda _: None
        world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
        seen.append((world.rows(K.CANCEL)[0].state, world.states(K.INVITE)))
        assert not any(row.kind == K.CANCEL and row.state == "claimed" for row in world.rows())

    world.mailer.after = cancel
    world.delivering.deliver(batch)
    assert seen == [("blocked", ["running"])]
    world.run()
    assert [mail.method for mail in world.mailer.to(TAN)] == ["REQUEST", "CANCEL"]
    assert ["SEQUENCE:0" in mail.calendar for mail in world.mailer.to(TAN)] == [True, False]


def test_a_cancellation_goes_also_when_the_invitation_in_flight_fails(world: World) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])

    def cancel(_: str) -> None:
        world.mailer.after = lambda _: None
        world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
        raise TransientFailure("broke", unknown=True)

    world.mailer.after = cancel
    world.delivering.deliver(batch)
    world.clock.move(seconds=10)
    world.run()
    assert [mail.method for mail in world.mailer.to(TAN)] == ["REQUEST", "CANCEL"]
    assert world.states(K.INVITE) == ["cancelled"]


def test_a_cancellation_goes_also_when_the_worker_of_the_invitation_dies_until_it_is_too_late(
    world: World,
) -> None:
    """The end comes while the dead worker's claim runs, so that its invitation ends as missed."""
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.after = failing(Killed())
    world.clock.at = ENDS - timedelta(minutes=1)
    with pytest.raises(Killed):
        world.delivering.deliver(batch)
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.clock.move(minutes=2)
    back_after_the_lease(world)
    assert world.states(K.INVITE) == ["missed"]
    assert [mail.method for mail in world.mailer.to(TAN)] == ["REQUEST", "CANCEL"]


@pytest.mark.parametrize("moment", ["before announcing", "while sending"])
def test_a_cancellation_racing_with_invitations_never_leaves_one_standing(
    postgres: Database, tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(postgres, tmp_path)
    batch = invitations_due(world, attendees=crowd(12))
    at_work, go = Event(), Event()

    def pause(recipient: str) -> None:
        if recipient == "person5@sg.example.org":
            at_work.set()
            assert go.wait(20)

    if moment == "while sending":
        world.mailer.before = pause
    else:
        write = Letters.to_attendee

        def written(self: Letters, meeting: Any, attendee: Any, *rest: Any) -> Any:
            letter = write(self, meeting, attendee, *rest)
            pause(attendee.email)
            return letter

        monkeypatch.setattr(Letters, "to_attendee", written)
    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(world.delivering.deliver, batch)
        assert at_work.wait(20)
        world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
        go.set()
        worker.result(20)
    world.run()
    methods = {item["email"]: [mail.method for mail in world.mailer.to(item["email"])] for item in crowd(12)}
    assert all(found in ([], ["REQUEST", "CANCEL"]) for found in methods.values()), methods
    told = 6 if moment == "while sending" else 5
    assert Counter(map(len, methods.values())) == {2: told, 0: 12 - told}


def test_cancelling_at_full_speed_leaves_no_invitation_standing(postgres: Database, tmp_path: Path) -> None:
    world = World(postgres, tmp_path)
    batch = invitations_due(world, attendees=crowd(30))
    begun = Event()
    world.mailer.before = lambda recipient: begun.set() if recipient.startswith("person3@") else None
    with ThreadPoolExecutor(2) as pool:
        workers = [pool.submit(world.worker().deliver, part) for part in (batch[:15], batch[15:])]
        assert begun.wait(20)
        world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
        assert sum(worker.result(20) for worker in workers) == 30
    world.run()
    for item in crowd(30):
        methods = [mail.method for mail in world.mailer.to(item["email"])]
        assert methods in ([], ["REQUEST", "CANCEL"])
    assert not {"blocked", "claimed", "running"} & {row.state for row in world.rows()}


def holding_the_meeting(world: World, work: Callable[[], Any]) -> Any:
    """Begin ``work`` while a change of the meeting is half done, then finish the change."""
    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as session:
            store.load(session, 1, lock=True)
            other = pool.submit(work)
            until(lambda: waiting_for_a_lock(world.database), "the other transaction to meet this one")
            actions.stored(session, 1)
        return other.result(20)


def test_a_worker_and_a_change_of_the_meeting_never_wait_for_each_other(
    postgres: Database, tmp_path: Path
) -> None:
    world = World(postgres, tmp_path)
    batch = invitations_due(world)
    assert holding_the_meeting(world, lambda: world.delivering.deliver(batch)) == 3
    assert world.states(K.INVITE) == ["succeeded"] * 3


def test_recording_a_message_and_a_change_of_the_meeting_never_wait_for_each_other(
    postgres: Database, tmp_path: Path
) -> None:
    world = World(postgres, tmp_path)
    batch = invitations_due(world)
    accepted, go = Event(), Event()

    def pause(_: str) -> None:
        world.mailer.after = lambda _: None
        accepted.set()
        assert go.wait(20)

    world.mailer.after = pause
    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(world.delivering.deliver, batch)
        assert accepted.wait(20)
        holding_the_meeting(world, go.set)
        assert worker.result(20) == 3
    assert world.states(K.INVITE) == ["succeeded"] * 3
    assert not any(item.repeated for item in world.deliveries())


def test_ops_and_a_change_of_the_meeting_never_wait_for_each_other(
    postgres: Database, tmp_path: Path
) -> None:
    world = World(postgres, tmp_path)
    world.published()
    number = world.rows(K.REMIND)[0].id
    holding_the_meeting(world, lambda: world.operations.discard(number, caller=caller("ops")))
    assert world.rows(K.REMIND)[0].state == "cancelled"
