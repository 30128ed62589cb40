"""What is sent and what is known about it afterwards; failures, and what is written nowhere."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from orchestrator import words
from orchestrator.errors import PermanentFailure, TransientFailure
from orchestrator.facts import plain
from orchestrator.ports import ConferenceRequest
from orchestrator.services.letters.letters import Letters
from orchestrator.store.rows.meetings import HistoryRow
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    ENDS,
    NHUNG,
    NOW,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    World,
    crowd,
    without_date,
)
from tests.integration.delivery.failing import (
    K,
    Killed,
    back_after_the_lease,
    failing,
    invitations_due,
    reminders_due,
)

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
    assert world.states(K.LOOK) == ["cancelled"]


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
    assert without_date(first.subject) == "Invitation: Senior Officials Meeting"
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
    assert len(world.mailer.accepted) == 3, "it is not tried again by itself, and its coordinator is told"


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
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
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
    with pytest.raises(IntegrityError) as caught, world.database.transaction() as session:
        session.execute(insert(HistoryRow), [values])
    assert [secret for secret in SECRETS if secret in str(caught.value)] == []
