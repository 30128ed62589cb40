"""What one person is sent leaves in the order of the revisions.

This file is longer than others, because the order of mails is one subject with one set of crossings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from orchestrator.errors import PermanentFailure, TransientFailure
from orchestrator.services.delivery.scheduling import Policy, Scheduling
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from tests.callers import caller
from tests.integration.conftest import (
    LEASE,
    NHUNG,
    PEOPLE,
    TAN,
    THIDA,
    CountedWakeUp,
    Mail,
    World,
    crowd,
)
from tests.integration.delivery.failing import (
    K,
    Killed,
    back_after_the_lease,
    change,
    failing,
    invitations_due,
    sent,
)


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
            world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
            before = len(world.mailer.accepted)
            world.clock.move(seconds=1)
            world.meetings.reinstate("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
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
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.clock.move(seconds=1)
    world.meetings.reinstate("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.run()
    for email in PEOPLE:
        assert [method for method, _ in story(world, email)] == ["REQUEST", "REQUEST"]
        assert number_of(world.mailer.to(email)[-1]) == latest_number(world, email) >= 2
    assert set(world.states(K.CANCEL)) == {"cancelled"}
    assert len(world.conferences.made) == 1, "its video meeting is there"


def test_a_meeting_reinstated_while_its_cancellations_leave(world: World) -> None:
    world.invited()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    cancels, *others = sorted(world.scheduling.claim(), key=len, reverse=True)

    def reinstate(recipient: str) -> None:
        if recipient == TAN:  # The second of three.
            world.mailer.before = lambda _: None
            world.clock.move(seconds=1)
            world.meetings.reinstate("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
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
    assert world.mailer.to(TAN)[-1].subject.startswith("Held after all: ")


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
        "New time",
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
        world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
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
