"""Delivering, with the network faked and the database real: what is sent, recorded, repeated and left out."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import PermanentFailure, TransientFailure
from orchestrator.facts import plain
from orchestrator.ports import ConferenceRequest
from orchestrator.services.delivery.scheduling import Policy, Scheduling
from orchestrator.services.letters.letters import Letters
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.meetings import HistoryRow
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.store.timelines import actions
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    ENDS,
    LEASE,
    NHUNG,
    NOW,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    CountedWakeUp,
    Mail,
    World,
    crowd,
    until,
    waiting_for_a_lock,
)

K = ActionKind
LATE = "it could not be done in time, and doing it late would mislead"
COORDINATOR = "coordinator@vn.example.org"


def failing(error: BaseException, *, to: str | None = None, times: int = 1) -> Callable[[str], None]:
    """Raise ``error`` for the first ``times`` messages to ``to`` (or to anybody)."""
    left = [times]

    def raise_it(recipient: str) -> None:
        if to in (None, recipient) and left[0]:
            left[0] -= 1
            raise error

    return raise_it


class Killed(BaseException):
    """The process is gone in the middle of the work."""


def invitations_due(world: World, **changes: Any) -> list[int]:
    """The claimed invitations of a published meeting that has its link."""
    world.published(**changes)
    world.run_conference()
    return world.claimed()


def reminders_due(world: World, before: timedelta = timedelta(hours=1)) -> list[int]:
    """The claimed reminders of an hour before the start."""
    world.invited()
    world.clock.at = STARTS - before
    with world.database.transaction() as session:
        session.execute(update(ActionRow).where(ActionRow.step == "remind:P7D").values(state="missed"))
        session.execute(update(ActionRow).where(ActionRow.step == "remind:P1D").values(state="missed"))
    world.mailer.accepted.clear()
    return world.claimed()


def back_after_the_lease(world: World) -> None:
    world.lease_clock.at += 2 * LEASE
    world.run()


def change(world: World, version: int = 2, **fields: Any) -> None:
    update = MeetingUpdate.model_validate(fields)
    world.meetings.update("SOM-2026", update, caller=caller("coordinator"), version=version)


# --- what is sent, and what is known about it afterwards


@pytest.mark.both_databases
def test_a_published_meeting_gets_its_link_and_everybody_an_invitation(world: World) -> None:
    world.invited()
    assert world.conferences.calls == [
        ("ensure", ConferenceRequest(ANY_ID(world), "Senior Officials Meeting", STARTS, ENDS))
    ]
    assert [mail.recipient for mail in world.mailer.accepted] == [THIDA, TAN, NHUNG], "protocol order"
    assert {mail.method for mail in world.mailer.accepted} == {"REQUEST"}
    assert all("https://teams.example.org/join/1" in mail.calendar for mail in world.mailer.accepted)
    assert world.states(K.INVITE) == ["succeeded"] * 3
    assert world.states(K.CONFERENCE) == ["succeeded"]
    assert world.states(K.LINK_ALERT) == ["cancelled"]


def ANY_ID(world: World) -> str:  # noqa: N802 - reads as the value it stands for.
    return next(iter(world.conferences.made))


def test_each_delivery_explains_itself(world: World) -> None:
    world.clock.move(minutes=7)
    world.invited()
    found = {item.recipient: item for item in world.reading.deliveries("SOM-2026")}
    first = found[THIDA]
    assert (first.state, first.purpose, first.channel) == ("sent", "invitation", "smtp")
    assert maybe(first.why) == "at once, once the link is there"
    assert words.say(first.local_time) == "Sunday, 1 November 2026, 08:37 Nay Pyi Taw (UTC+06:30)"
    assert (first.sequence, first.revision, first.tries, first.repeated) == (0, 1, 1, False)
    assert words.maybe(first.answer) == "250 2.0.0 queued as 1"
    assert first.subject == "Invitation: Senior Officials Meeting"
    assert (first.started_at, first.ended_at) == (NOW + timedelta(minutes=7),) * 2
    assert first.message_id == world.mailer.to(THIDA)[0].message["Message-ID"]
    assert (first.recipient_name, first.delegation) == ("Thida Aye", "MM")


def test_a_task_that_comes_twice_does_nothing_the_second_time(world: World) -> None:
    batch = invitations_due(world)
    assert world.delivering.deliver(batch) == 3
    assert world.delivering.deliver(batch) == 0
    assert world.worker().deliver(batch) == 0
    assert len(world.mailer.accepted) == 3


def test_workers_wake_beat_once_they_have_done_something(world: World) -> None:
    batch = invitations_due(world)
    before = world.wake_up.notified
    world.delivering.deliver(batch)
    world.delivering.deliver(batch)
    assert world.wake_up.notified == before + 1


# --- failures


@pytest.mark.parametrize(("retry_after", "wait"), [(None, 10), (5, 10), (90, 90)])
def test_what_may_pass_is_tried_again_after_backoff_or_as_asked(
    world: World, retry_after: float | None, wait: float
) -> None:
    batch = invitations_due(world)
    busy = TransientFailure("The server is busy.", answer="421 busy", retry_after=retry_after)
    world.mailer.before = failing(busy, to=TAN)
    world.delivering.deliver(batch)
    waiting = next(row for row in world.rows(K.INVITE) if row.state == "scheduled")
    assert (waiting.due_at, waiting.attempt) == (world.clock.now() + timedelta(seconds=wait), 1)
    assert (maybe(waiting.reason), waiting.finished_at) == ("The server is busy.", None)
    delivery = next(item for item in world.deliveries() if item.recipient == TAN)
    assert (delivery.state, words.maybe(delivery.answer)) == ("deferred", "421 busy")
    world.clock.move(seconds=wait - 1)
    assert world.scheduling.claim() == []
    world.clock.move(seconds=1)
    world.run()
    delivery = next(item for item in world.deliveries() if item.recipient == TAN)
    assert (delivery.state, delivery.tries, delivery.repeated) == ("sent", 2, False)
    assert [maybe(row.reason) for row in world.rows(K.INVITE)] == [None] * 3
    assert len(world.mailer.to(TAN)) == 1


def test_backoff_doubles_with_each_attempt(world: World) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.before = failing(TransientFailure("busy"), times=4)
    waits = []
    for _ in range(4):
        world.delivering.deliver(batch)
        (row,) = world.rows(K.INVITE)
        waits.append((row.due_at - world.clock.now()).total_seconds())
        world.clock.at = row.due_at
        batch = world.claimed()
    assert waits == [10, 20, 40, 80]
    world.delivering.deliver(batch)
    assert (world.rows(K.INVITE)[0].state, world.rows(K.INVITE)[0].attempt) == ("succeeded", 5)


def test_a_refusal_for_good_fails_and_says_why(world: World) -> None:
    batch = invitations_due(world)
    world.mailer.before = failing(PermanentFailure("No such user.", answer="550 5.1.1 no"), to=TAN)
    world.delivering.deliver(batch)
    failed = next(row for row in world.rows(K.INVITE) if row.state == "failed")
    assert (maybe(failed.reason), failed.finished_at) == ("No such user.", world.clock.now())
    delivery = next(item for item in world.deliveries() if item.recipient == TAN)
    assert (delivery.state, words.maybe(delivery.answer), delivery.ended_at) == (
        "failed",
        "550 5.1.1 no",
        world.clock.now(),
    )
    world.run()
    assert len(world.mailer.accepted) == 2, "it is not tried again by itself"


def test_a_retry_that_would_come_too_late_is_missed_at_once(world: World) -> None:
    batch = reminders_due(world)
    world.mailer.before = failing(TransientFailure("busy", retry_after=1800.0), to=TAN)
    world.delivering.deliver(batch)
    missed = next(row for row in world.rows(K.REMIND) if row.step == "remind:PT1H" and row.state == "missed")
    assert maybe(missed.reason) == "busy"
    assert len(world.mailer.accepted) == 2


def test_an_unknown_outcome_is_sent_again_as_the_same_message_and_flagged(world: World) -> None:
    batch = invitations_due(world)
    world.mailer.after = failing(TransientFailure("The connection broke.", unknown=True), to=TAN)
    world.delivering.deliver(batch)
    unknown = next(item for item in world.deliveries() if item.recipient == TAN)
    assert (unknown.state, unknown.ended_at, unknown.repeated) == ("sending", None, False)
    world.clock.move(seconds=10)
    world.run()
    known = next(item for item in world.deliveries() if item.recipient == TAN)
    assert (known.id, known.state, known.tries, known.repeated) == (unknown.id, "sent", 2, True)
    first, again = world.mailer.to(TAN)
    assert first.message["Message-ID"] == again.message["Message-ID"] == known.message_id
    assert first.calendar == again.calendar
    assert [item.repeated for item in world.deliveries() if item.recipient != TAN] == [False, False]


@pytest.mark.parametrize("then", [PermanentFailure("no"), TransientFailure("busy")])
def test_whoever_an_invitation_may_have_reached_is_told_of_the_cancellation(
    world: World, then: Exception
) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.after = failing(TransientFailure("broke", unknown=True))
    world.delivering.deliver(batch)
    world.clock.move(seconds=10)
    world.mailer.before = failing(then)
    world.run()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
    world.run()
    assert [mail.method for mail in world.mailer.to(TAN)] == ["REQUEST", "CANCEL"]


@pytest.mark.both_databases
def test_a_worker_that_dies_between_accepting_and_recording_sends_again_and_flags_it(world: World) -> None:
    batch = invitations_due(world)
    world.mailer.after = failing(Killed(), to=TAN)
    with pytest.raises(Killed):
        world.delivering.deliver(batch)
    states = {item.recipient: item.state for item in world.deliveries()}
    assert states == {THIDA: "sent", TAN: "sending"}
    assert world.scheduling.claim() == [], "the lease still runs"
    back_after_the_lease(world)
    assert Counter(mail.recipient for mail in world.mailer.accepted) == {THIDA: 1, TAN: 2, NHUNG: 1}
    assert {item.recipient: (item.state, item.repeated) for item in world.deliveries()} == {
        THIDA: ("sent", False),
        TAN: ("sent", True),
        NHUNG: ("sent", False),
    }
    assert len({mail.message["Message-ID"] for mail in world.mailer.to(TAN)}) == 1
    assert world.states(K.INVITE) == ["succeeded"] * 3


def test_a_worker_that_dies_before_sending_sends_once(world: World) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.before = failing(Killed())
    with pytest.raises(Killed):
        world.delivering.deliver(batch)
    back_after_the_lease(world)
    assert len(world.mailer.to(TAN)) == 1
    assert [(item.state, item.repeated) for item in world.deliveries()] == [("sent", True)]


def test_one_that_fails_in_a_batch_of_fifty_delays_nobody_else(world: World) -> None:
    batch = invitations_due(world, attendees=crowd(50))
    assert len(batch) == 50
    refused = "person17@sg.example.org"
    world.mailer.before = failing(PermanentFailure("no"), to=refused)
    assert world.delivering.deliver(batch) == 50
    assert Counter(world.states(K.INVITE)) == {"succeeded": 49, "failed": 1}
    assert Counter(item.state for item in world.deliveries()) == {"sent": 49, "failed": 1}
    assert {item["email"] for item in crowd(50)} - {mail.recipient for mail in world.mailer.accepted} == {
        refused
    }


@pytest.fixture
def unwritable(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A function after which letters to somebody cannot be written."""
    write = Letters.to_attendee

    def break_for(email: str) -> None:
        def written(self: Letters, meeting: Any, attendee: Any, *rest: Any) -> Any:
            if attendee.email == email:
                raise KeyError(f"secret of {email}")
            return write(self, meeting, attendee, *rest)

        monkeypatch.setattr(Letters, "to_attendee", written)

    return break_for


def test_a_letter_that_cannot_be_written_undoes_no_record_and_stops_nobody(
    world: World, unwritable: Callable[[str], None]
) -> None:
    batch = invitations_due(world)
    unwritable(TAN)
    world.delivering.deliver(batch)
    assert [mail.recipient for mail in world.mailer.accepted] == [THIDA, NHUNG]
    assert {item.recipient: item.state for item in world.deliveries()} == {THIDA: "sent", NHUNG: "sent"}
    assert Counter(world.states(K.INVITE)) == {"succeeded": 2, "scheduled": 1}
    back_after_the_lease(world)
    assert len(world.mailer.accepted) == 2, "whoever has it does not get it again"


def test_a_defect_of_ours_is_tried_five_times_and_then_left_to_a_person(
    world: World, unwritable: Callable[[str], None]
) -> None:
    world.published(attendees=[PEOPLE[TAN]])
    unwritable(TAN)
    for _ in range(5):
        world.run()
        world.clock.move(minutes=15)
    (row,) = world.rows(K.INVITE)
    assert (row.state, row.attempt) == ("failed", 5)
    assert maybe(row.reason) == "an unexpected error (KeyError); the worker's log has the details"


def test_a_delivery_that_cannot_be_announced_undoes_no_record_and_stops_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = invitations_due(world)
    begin = actions_begin()

    def begun(connection: Any, new: Any, *rest: Any) -> int:
        if new.recipient == TAN:
            raise RuntimeError("on purpose")
        return begin(connection, new, *rest)

    monkeypatch.setattr("orchestrator.store.delivery.deliveries.begin", begun)
    world.delivering.deliver(batch)
    assert {item.recipient: item.state for item in world.deliveries()} == {THIDA: "sent", NHUNG: "sent"}
    assert Counter(world.states(K.INVITE)) == {"succeeded": 2, "scheduled": 1}


def actions_begin() -> Callable[..., int]:
    from orchestrator.store.delivery import deliveries

    return deliveries.begin


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


# --- looking again just before sending


def test_nothing_is_sent_for_a_meeting_cancelled_since_the_claim(world: World) -> None:
    batch = invitations_due(world)
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
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
    assert world.mailer.sent() == [(NHUNG, "Nhắc")]
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
    assert all("10 December 2026" in mail.subject for mail in reminders)
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
    titles = {mail.recipient: mail.subject for mail in world.mailer.accepted}
    assert titles == {
        THIDA: "Updated title: Senior Officials Meeting → Moved to another title",
        TAN: "Invitation: Moved to another title",
        NHUNG: "Invitation: Moved to another title",
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
        world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
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
        world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
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
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
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
        world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
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
        world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
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


# --- order: what one person is sent leaves in the order of the revisions


def number_of(mail: Mail) -> int:
    return int(property_of(mail, "SEQUENCE"))


def property_of(mail: Mail, name: str) -> str:
    return next(line for line in mail.calendar.splitlines() if line.startswith(f"{name}:")).partition(":")[2]


def story(world: World, email: str) -> list[tuple[str, int]]:
    """The methods and SEQUENCEs of what somebody's calendar was sent, as it left."""
    return [(mail.method, number_of(mail)) for mail in world.mailer.to(email) if mail.calendar]


def assert_in_order(world: World, emails: Iterable[str]) -> None:
    """No calendar is told something older after something newer (RFC 5546 section 2.1.5)."""
    for email in emails:
        mails = [mail for mail in world.mailer.to(email) if mail.calendar]
        ages = [(number_of(mail), property_of(mail, "DTSTAMP")) for mail in mails]
        assert ages == sorted(ages), (email, ages)


class Workers:
    """Several workers that claim and deliver until they are told to come to an end."""

    def __init__(self, world: World, count: int) -> None:
        self._world, self._done = world, Event()
        self._pool = ThreadPoolExecutor(count)
        self._running = [self._pool.submit(self._work) for _ in range(count)]

    def _work(self) -> None:
        own, pause = self._world.worker(), Event()
        scheduling = Scheduling(
            self._world.database,
            self._world.clock,
            self._world.lease_clock,
            CountedWakeUp(),
            Policy(batch_size=4, most_claimed=500, lease=LEASE),
        )
        while not self._done.is_set():
            for batch in scheduling.claim():
                own.deliver(batch)
            pause.wait(0.001)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for item in self._running:
            item.result(30)
        self._pool.shutdown()


def sent(world: World, count: int) -> None:
    until(lambda: len(world.mailer.accepted) >= count, f"{count} mails")


def test_many_changes_at_full_speed_reach_everybody_in_order(postgres: Database, tmp_path: Path) -> None:
    world = World(postgres, tmp_path)
    people = crowd(10)
    world.published(attendees=people)
    with Workers(world, 4):
        sent(world, 3)
        for turn, fields in enumerate(
            (
                {"title": "A"},
                {"start": "2026-12-04 14:00"},
                {"attendees": people[:-2]},
                {"title": "B"},
                {"attendees": people},
                {"start": "2026-12-05 14:00"},
                {"title": "C"},
            )
        ):
            world.clock.move(seconds=1)
            change(world, turn + 2, **fields)
            sent(world, 4 + 3 * turn)
    world.run()
    assert_in_order(world, (item["email"] for item in people))
    for item in people:
        latest = world.mailer.to(item["email"])[-1]
        assert (latest.method, number_of(latest)) == ("REQUEST", latest_number(world, item["email"]))
        assert "SUMMARY:C" in latest.calendar
        assert "DTSTART:20261205T070000Z" in latest.calendar
    assert {row.state for row in world.rows(K.INVITE)} <= {"succeeded", "cancelled"}


def latest_number(world: World, email: str) -> int:
    """The SEQUENCE that somebody's calendar must have come to."""
    with world.database.reading() as session:
        meeting = store.load(session, 1)
    own = next(item for item in reversed(meeting.attendees) if item.email == email)
    return max(meeting.revised_sequence, own.joined_sequence)


def test_cancelling_and_reinstating_at_full_speed_reach_everybody_in_order(
    postgres: Database, tmp_path: Path
) -> None:
    world = World(postgres, tmp_path)
    people = crowd(10)
    world.published(attendees=people)
    with Workers(world, 4):
        sent(world, 3)
        for _ in range(4):
            world.clock.move(seconds=1)
            world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
            before = len(world.mailer.accepted)
            world.clock.move(seconds=1)
            world.meetings.reinstate("SOM-2026", caller=caller("coordinator"))
            sent(world, before + 2)
    world.run()
    assert_in_order(world, (item["email"] for item in people))
    for item in people:
        latest = ("REQUEST", latest_number(world, item["email"]))
        assert story(world, item["email"])[-1] == latest, "the meeting takes place after all"
    assert not {"blocked", "claimed", "running", "failed"} & {row.state for row in world.rows()}
    assert len(world.conferences.made) == 1


@pytest.mark.parametrize("unknown", [False, True], ids=["not accepted", "perhaps accepted"])
def test_a_retry_never_brings_an_old_revision_after_a_new_one(world: World, unknown: bool) -> None:
    batch = invitations_due(world)
    broke = failing(TransientFailure("broke", unknown=unknown), to=TAN)
    if unknown:
        world.mailer.after = broke
    else:
        world.mailer.before = broke
    world.delivering.deliver(batch)
    world.clock.move(seconds=1)
    change(world, start="2026-12-04 14:00")
    world.run()
    world.clock.move(minutes=20)
    world.run()
    assert story(world, TAN) == [("REQUEST", 0)] * unknown + [("REQUEST", 1)]
    assert story(world, THIDA) == [("REQUEST", 0), ("REQUEST", 1)]
    assert_in_order(world, PEOPLE)


def test_the_next_revision_waits_for_a_worker_that_died(world: World) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.after = failing(Killed())
    with pytest.raises(Killed):
        world.delivering.deliver(batch)
    world.clock.move(seconds=1)
    change(world, start="2026-12-04 14:00")
    world.run()
    assert story(world, TAN) == [("REQUEST", 0)], "whether it has left is not known before the lease is over"
    assert Counter(world.states(K.INVITE)) == {"running": 1, "blocked": 1}
    back_after_the_lease(world)
    assert story(world, TAN) == [("REQUEST", 0), ("REQUEST", 1)]
    assert Counter(world.states(K.INVITE)) == {"cancelled": 1, "succeeded": 1}


def test_a_third_revision_follows_the_second_that_waits(world: World) -> None:
    """Two changes while the invitation is on its way: one update follows, with both."""
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])

    def twice(_: str) -> None:
        world.mailer.before = lambda _: None
        world.clock.move(seconds=1)
        change(world, 2, start="2026-12-04 14:00")
        world.run()
        world.clock.move(seconds=1)
        change(world, 3, title="Third")
        world.run()
        assert Counter(world.states(K.INVITE)) == {"running": 1, "blocked": 1}

    world.mailer.before = twice
    world.delivering.deliver(batch)
    world.run()
    assert story(world, TAN) == [("REQUEST", 0), ("REQUEST", 1)]
    assert "SUMMARY:Third" in world.mailer.to(TAN)[-1].calendar


def test_whoever_is_removed_and_invited_again_at_once_is_sent_no_cancellation(world: World) -> None:
    world.invited()
    change(world, 2, attendees=[PEOPLE[NHUNG], PEOPLE[THIDA]])
    change(world, 3, attendees=list(PEOPLE.values()))
    world.run()
    assert story(world, TAN) == [("REQUEST", 0), ("REQUEST", 2)]
    assert len(world.mailer.to(THIDA)) == 1
    assert world.states(K.CANCEL) == ["cancelled"]


@pytest.mark.parametrize("moment", ["claimed", "sending"])
def test_whoever_is_invited_again_while_the_cancellation_leaves(world: World, moment: str) -> None:
    """Before it is announced it is not sent any more; after that, the new REQUEST waits for it."""
    world.invited()
    change(world, 2, attendees=[PEOPLE[NHUNG], PEOPLE[THIDA]])
    batch = world.claimed()

    def again(_: str) -> None:
        world.mailer.before = lambda _: None
        change(world, 3, attendees=list(PEOPLE.values()))
        world.run()

    if moment == "claimed":
        again("")
    else:
        world.mailer.before = again
    world.delivering.deliver(batch)
    world.run()
    cancelled = [("CANCEL", 1)] if moment == "sending" else []
    assert story(world, TAN) == [("REQUEST", 0), *cancelled, ("REQUEST", 2)]


def test_whoever_is_removed_and_invited_again_while_the_invitation_leaves(world: World) -> None:
    """The new invitation is of another attendee, yet it waits for the first: both go to one calendar."""
    batch = invitations_due(world, attendees=[PEOPLE[TAN], PEOPLE[THIDA]])

    def out_and_in(recipient: str) -> None:
        if recipient == TAN:
            world.mailer.before = lambda _: None
            change(world, 2, attendees=[PEOPLE[THIDA]])
            change(world, 3, attendees=[PEOPLE[THIDA], PEOPLE[TAN]])
            world.run()
            assert story(world, TAN) == []

    world.mailer.before = out_and_in
    world.delivering.deliver(batch)
    world.run()
    assert story(world, TAN) == [("REQUEST", 0), ("REQUEST", 2)]


def test_a_meeting_cancelled_and_reinstated_at_once_is_never_cancelled_in_any_calendar(world: World) -> None:
    world.invited()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
    world.clock.move(seconds=1)
    world.meetings.reinstate("SOM-2026", caller=caller("coordinator"))
    world.run()
    for email in PEOPLE:
        assert [method for method, _ in story(world, email)] == ["REQUEST", "REQUEST"]
        assert number_of(world.mailer.to(email)[-1]) == latest_number(world, email) >= 2
    assert set(world.states(K.CANCEL)) == {"cancelled"}
    assert len(world.conferences.made) == 1, "its video meeting is there"


def test_a_meeting_reinstated_while_its_cancellations_leave(world: World) -> None:
    world.invited()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
    cancels, *others = sorted(world.scheduling.claim(), key=len, reverse=True)

    def reinstate(recipient: str) -> None:
        if recipient == TAN:  # The second of three.
            world.mailer.before = lambda _: None
            world.clock.move(seconds=1)
            world.meetings.reinstate("SOM-2026", caller=caller("coordinator"))
            world.run()

    world.mailer.before = reinstate
    world.delivering.deliver(cancels)
    for batch in others:
        world.delivering.deliver(batch)
    world.run()
    assert_in_order(world, PEOPLE)
    methods = {email: [method for method, _ in story(world, email)] for email in PEOPLE}
    assert methods[THIDA] == methods[TAN] == ["REQUEST", "CANCEL", "REQUEST"]
    assert methods[NHUNG] == ["REQUEST", "REQUEST"]
    assert {number_of(world.mailer.to(email)[-1]) for email in PEOPLE} == {latest_number(world, TAN)}
    assert world.mailer.to(TAN)[-1].subject == "Reinstated: Senior Officials Meeting"


@pytest.mark.parametrize("what", ["removed", "added"])
def test_a_repeated_message_is_the_same_although_somebody_else_came_or_went(world: World, what: str) -> None:
    """A removal uses up a SEQUENCE; who stays must not see it, least of all in a repeated message."""
    batch = invitations_due(world, attendees=[PEOPLE[TAN], PEOPLE[THIDA]])
    world.mailer.after = failing(TransientFailure("broke", unknown=True), to=TAN)
    world.delivering.deliver(batch)
    people = [PEOPLE[TAN]] if what == "removed" else [*PEOPLE.values()]
    world.clock.move(seconds=5)
    change(world, attendees=people)
    world.clock.move(seconds=5)
    world.run()
    first, again = world.mailer.to(TAN)
    assert first.message["Message-ID"] == again.message["Message-ID"]
    assert first.calendar == again.calendar
    assert number_of(again) == 0
    (delivery,) = (item for item in world.deliveries() if item.recipient == TAN)
    assert (delivery.state, delivery.repeated, delivery.sequence) == ("sent", True, 0)
    if what == "removed":
        assert story(world, THIDA) == [("REQUEST", 0), ("CANCEL", 1)]
        assert world.reading.meeting("SOM-2026").sequence == 1


def test_a_repeated_cancellation_is_the_same_although_somebody_else_was_removed(world: World) -> None:
    world.invited()
    change(world, 2, attendees=[PEOPLE[NHUNG], PEOPLE[TAN]])
    world.mailer.after = failing(TransientFailure("broke", unknown=True), to=THIDA)
    world.run()
    change(world, 3, attendees=[PEOPLE[NHUNG]])
    world.clock.move(seconds=10)
    world.run()
    _, first, again = world.mailer.to(THIDA)
    assert (first.method, number_of(first)) == ("CANCEL", 1)
    assert first.message["Message-ID"] == again.message["Message-ID"]
    assert first.calendar == again.calendar
    assert story(world, TAN) == [("REQUEST", 0), ("CANCEL", 2)]


def test_a_removal_is_told_to_nobody_else(world: World) -> None:
    world.invited()
    before = world.reading.meeting("SOM-2026")
    change(world, attendees=[PEOPLE[NHUNG], PEOPLE[TAN]])
    world.run()
    after = world.reading.meeting("SOM-2026")
    assert (after.sequence, after.revision) == (before.sequence + 1, before.revision)
    assert (len(world.mailer.to(TAN)), len(world.mailer.to(NHUNG))) == (1, 1)
    change(world, 3, title="News")
    world.run()
    assert story(world, TAN) == [("REQUEST", 0), ("REQUEST", 0)], "a text keeps the number of the revision"
    change(world, 4, start="2026-12-04 14:00")
    world.run()
    assert story(world, TAN)[-1] == ("REQUEST", 2), "a number that was used up is not used again"
    assert_in_order(world, PEOPLE)


def test_an_invitation_sent_again_waits_for_the_update_in_hand(world: World) -> None:
    world.invited(attendees=[PEOPLE[TAN]])
    world.clock.move(seconds=1)
    change(world, start="2026-12-04 14:00")
    kinds = {row.id: row.kind for row in world.rows()}
    (batch,) = (ids for ids in world.scheduling.claim() if kinds[ids[0]] == K.INVITE)

    def ask(_: str) -> None:
        world.mailer.before = lambda _: None
        world.answers.send_again("SOM-2026", TAN, caller=caller("coordinator"))
        assert world.states(K.RESEND) == ["blocked"]
        world.run()

    world.mailer.before = ask
    world.delivering.deliver(batch)
    world.clock.move(seconds=1)
    world.run()
    assert [mail.subject.partition(":")[0] for mail in world.mailer.to(TAN)] == [
        "Invitation",
        "Updated time",
        "Invitation",
    ]
    assert_in_order(world, [TAN])


@pytest.mark.parametrize("first", ["update", "resend"])
def test_calendar_mails_to_one_person_are_never_in_two_hands_at_once(world: World, first: str) -> None:
    """Else a CANCEL could wait for the end of one of them only, and overtake the other."""
    world.invited(attendees=[PEOPLE[TAN]])
    steps = [
        lambda: world.meetings.enter_join_link(
            "SOM-2026", "https://video.vn.example.org/som", caller=caller("coordinator")
        ),
        lambda: world.answers.send_again("SOM-2026", TAN, caller=caller("coordinator")),
    ]
    for step in steps if first == "update" else steps[::-1]:
        step()
    (batch,) = world.scheduling.claim()
    world.clock.move(seconds=1)

    def meanwhile(_: str) -> None:
        world.mailer.before = lambda _: None
        world.run()
        assert len(world.mailer.to(TAN)) == 1
        world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
        world.run()
        assert len(world.mailer.to(TAN)) == 1, "the cancellation waits"

    world.mailer.before = meanwhile
    world.delivering.deliver(batch)
    world.run()
    assert [method for method, _ in story(world, TAN)] == ["REQUEST", "REQUEST", "CANCEL"]
    assert_in_order(world, [TAN])


@pytest.mark.parametrize("outcome", ["busy", "refused", "dies"])
def test_what_waits_for_a_message_goes_however_that_one_ends(world: World, outcome: str) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    error: BaseException = {
        "busy": TransientFailure("busy"),
        "refused": PermanentFailure("no"),
        "dies": Killed(),
    }[outcome]

    def moved(_: str) -> None:
        world.mailer.before = lambda _: None
        world.clock.move(seconds=1)
        change(world, start="2026-12-04 14:00")
        world.run_conference()
        raise error

    world.mailer.before = moved
    if outcome == "dies":
        with pytest.raises(Killed):
            world.delivering.deliver(batch)
    else:
        world.delivering.deliver(batch)
    world.clock.move(minutes=20)
    back_after_the_lease(world)
    assert story(world, TAN) == [("REQUEST", 1)]
    assert not {"blocked", "claimed", "running"} & {row.state for row in world.rows(K.INVITE)}


# --- the conference


def test_a_provider_that_fails_is_asked_again_and_then_invitations_go(world: World) -> None:
    world.conferences.during = failing_once(TransientFailure("Graph is busy", retry_after=40.0))
    world.published()
    world.run()
    assert world.states(K.CONFERENCE) == ["scheduled"]
    assert world.rows(K.CONFERENCE)[0].due_at == NOW + timedelta(seconds=40)
    assert world.states(K.INVITE) == ["blocked"] * 3
    world.clock.move(seconds=40)
    world.run()
    assert world.states(K.INVITE) == ["succeeded"] * 3
    assert len({request.external_id for _, request in world.conferences.calls}) == 1


def failing_once(error: Exception) -> Callable[[ConferenceRequest], None]:
    left = [error]

    def during(_: ConferenceRequest) -> None:
        if left:
            raise left.pop()

    return during


def test_while_there_is_no_link_the_coordinator_is_told_and_nobody_is_invited(world: World) -> None:
    world.conferences.during = failing_once(PermanentFailure("Sign-in was refused."))
    world.published()
    world.run()
    world.clock.move(minutes=30)
    world.run()
    assert world.mailer.sent() == [(COORDINATOR, "No join link yet")]
    assert world.states(K.INVITE) == ["blocked"] * 3
    (failed,) = world.rows(K.CONFERENCE)
    assert (failed.state, maybe(failed.reason)) == ("failed", "Sign-in was refused.")
    world.operations.retry(failed.id, caller=caller("ops"))
    world.run()
    assert world.states(K.INVITE) == ["succeeded"] * 3


def test_a_result_that_comes_after_the_cancellation_is_recorded_and_then_deleted(world: World) -> None:
    def cancel(_: ConferenceRequest) -> None:
        world.conferences.during = lambda _: None
        world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
        (delete,) = world.rows(K.CONFERENCE_DELETE)
        assert delete.state == "blocked"

    world.conferences.during = cancel
    world.published()
    world.delivering.deliver(world.claimed())
    assert world.reading.meeting("SOM-2026").join_url == "https://teams.example.org/join/1"
    world.run()
    assert [(what, request.provider_id) for what, request in world.conferences.calls] == [
        ("ensure", None),
        ("delete", "provider-1"),
    ]
    assert world.conferences.made == {}
    assert world.reading.meeting("SOM-2026").join_url is None
    assert world.mailer.accepted == []


def test_a_result_that_never_came_back_is_deleted_all_the_same(world: World) -> None:
    world.conferences.during = failing_once(TransientFailure("timeout", unknown=True))
    world.published()
    world.run()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
    world.run()
    assert [what for what, _ in world.conferences.calls] == ["ensure", "delete"]


def test_a_link_that_the_provider_changes_is_told_to_everybody(world: World) -> None:
    world.invited()
    world.conferences.link = "https://teams.example.org/join/2"
    change(world, agenda=["Another agenda"])
    world.run()
    assert world.reading.meeting("SOM-2026").join_url == "https://teams.example.org/join/2"
    for email in PEOPLE:
        latest = world.mailer.to(email)[-1]
        assert latest.subject == "Updated join link, agenda: Senior Officials Meeting"
        assert "https://teams.example.org/join/2" in latest.calendar
        assert latest.message["References"] == world.mailer.to(email)[0].message["Message-ID"]
    assert world.reading.meeting("SOM-2026").sequence == 1
    assert not {"blocked", "failed"} & {row.state for row in world.rows()}


def test_a_link_typed_in_while_the_provider_is_asked_stays(world: World) -> None:
    def enter(_: ConferenceRequest) -> None:
        world.meetings.enter_join_link(
            "SOM-2026", "https://video.vn.example.org/som", caller=caller("coordinator")
        )

    world.conferences.during = enter
    world.invited()
    assert world.reading.meeting("SOM-2026").join_url == "https://video.vn.example.org/som"
    assert all("video.vn.example.org" in mail.calendar for mail in world.mailer.accepted)


# --- the end


def test_concluding_keeps_answers_that_came_since_this_worker_last_looked(world: World) -> None:
    world.delivering.deliver(reminders_due(world))
    world.answers.answer("SOM-2026", TAN, Participation.ACCEPTED, caller=caller("telephone"))
    world.clock.at = ENDS
    world.run()
    view = world.reading.meeting("SOM-2026")
    assert view.status == "concluded"
    assert view.answers == {"accepted": 1, "no answer": 2}


# --- what must not be written anywhere


SECRETS = ("hunter2", TAN, "Tan Hui Shan", "Senior Officials", "secret of", "teams.example.org/join")


def logged(caplog: pytest.LogCaptureFixture) -> str:
    formatted = [
        record.getMessage() + "".join(traceback.format_exception(*record.exc_info) if record.exc_info else [])
        for record in caplog.records
    ]
    return "\n".join(formatted)


@pytest.mark.parametrize(
    "error",
    [
        TransientFailure(f"Busy with {TAN} (password hunter2)", answer=f"421 {TAN}"),
        PermanentFailure(f"No such user {TAN}, Tan Hui Shan", answer=f"550 {TAN}"),
    ],
)
def test_failures_name_neither_people_nor_content_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    with caplog.at_level(logging.DEBUG, "orchestrator"):
        batch = invitations_due(world)
        world.mailer.before = failing(error, to=TAN)
        world.delivering.deliver(batch)
    found = logged(caplog)
    assert "action" in found
    assert [secret for secret in SECRETS if secret in found] == []


def test_an_error_of_the_database_names_no_values(world: World) -> None:
    world.create()
    values = {
        "meeting_id": 99,
        "at": NOW,
        "actor": TAN,
        "actor_kind": "person",
        "channel": "mail",
        "what": "answers.history.answered",
        "params": {},
        "detail": plain("hunter2"),
    }
    with world.database.rehearsal() as session, pytest.raises(IntegrityError) as caught:
        session.execute(insert(HistoryRow), [values])
    assert [secret for secret in SECRETS if secret in str(caught.value)] == []
