"""Creating and publishing meetings; what is refused leaves the database as it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from orchestrator import words
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.services.timelines.views import Effect
from orchestrator.store.rows.meetings import FeedRow
from tests.callers import caller
from tests.integration.conftest import (
    NOW,
    PEOPLE,
    STARTS,
    TAN,
    World,
    contents,
    definition,
)
from tests.integration.meetings.changes import LINK, RATIH, K, P, answer, attach, change, told

# --- creating


def test_a_draft_plans_and_sends_nothing(world: World) -> None:
    (created,) = world.meetings.create([definition()], caller=caller("coordinator"))
    assert (created.reference, created.left_out) == ("SOM-2026", ())
    assert world.rows() == []
    view = world.reading.meeting("SOM-2026")
    assert (view.status, view.uid, view.version, view.sequence) == ("draft", None, 1, 0)
    assert [item.delegation for item in view.attendees] == ["MM", "SG", "VN"], "protocol order"
    assert [item.role for item in view.attendees] == ["senior official", "focal point", "senior official"]
    assert [(item.actor, words.say(item.what), item.at) for item in view.history] == [
        ("coordinator", "created", NOW)
    ]


def test_several_meetings_are_created_together(world: World) -> None:
    preparatory = definition("PREP", kind="preparatory", feeds="SOM-2026")
    world.meetings.create([preparatory, definition(fed_by=["PREP"])], caller=caller("coordinator"))
    assert world.reading.meeting("PREP").feeds == "SOM-2026"
    assert world.reading.meeting("SOM-2026").fed_by == ("PREP",)
    with world.database.reading() as session:
        assert len(session.scalars(select(FeedRow)).all()) == 1


def test_of_several_meetings_none_is_created_when_one_is_wrong(world: World) -> None:
    before = contents(world.database)
    wrong = definition("WRONG", zone="Asia/Hanoi", attendees=[{**PEOPLE[TAN], "delegation": "XX"}])
    with pytest.raises(InvalidInput) as caught:
        world.meetings.create([definition(), wrong], caller=caller("coordinator"))
    fields = [item.field for item in caught.value.problems]
    assert fields == ["meetings[1].zone", "meetings[1].attendees[0].delegation"]
    assert contents(world.database) == before


def test_of_several_meetings_none_is_created_when_a_reference_is_taken(world: World) -> None:
    world.create()
    before = contents(world.database)
    for second in (definition("SOM-2026"), definition("NEW")):
        with pytest.raises(Conflict, match="already"):
            world.meetings.create([definition("NEW"), second], caller=caller("coordinator"))
    assert contents(world.database) == before


# --- publishing


def test_publishing_does_exactly_what_its_preview_said_and_the_preview_leaves_no_trace(world: World) -> None:
    world.create()
    before = contents(world.database)
    preview = world.meetings.publish("SOM-2026", caller=caller("coordinator"), dry_run=True)
    assert contents(world.database) == before
    assert world.wake_up.notified == 0
    done = world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    assert preview.previewed
    assert not done.previewed
    assert (preview.version, preview.consequences) == (done.version, done.consequences)
    assert told(done) == {
        ("new", "Teams meeting"): 1,
        ("new", "Invitation"): 3,
        ("new", "Reminder, 7 days before"): 3,
        ("new", "Reminder, 1 day before"): 3,
        ("new", "Reminder, 1 h before"): 3,
        ("new", "Conclude"): 1,
    }
    planned = Counter(item.kind for item in world.reading.plan("SOM-2026"))
    aside = {ActionKind.DIGEST: 1, ActionKind.LOOK: 1}
    assert planned == Counter(item.kind for item in done.consequences) + Counter(aside)
    assert world.wake_up.notified == 1


def test_reminders_are_due_at_the_local_hour_of_each_recipient(world: World) -> None:
    world.published()
    due = {
        (item.delegation, item.key.partition(":attendee")[0]): str(item.due)
        for item in world.reading.plan("SOM-2026")
        if item.kind == "remind"
    }
    assert due["MM", "remind:P7D"] == "Thursday, 26 November 2026, 09:30 Nay Pyi Taw (UTC+06:30)"
    assert due["SG", "remind:P1D"] == "Wednesday, 2 December 2026, 09:00 Singapore (UTC+08:00)"
    assert due["VN", "remind:PT1H"] == "Thursday, 3 December 2026, 13:00 Ha Noi (UTC+07:00)"


def test_what_is_too_late_already_is_said_and_not_planned(world: World) -> None:
    world.clock.at = STARTS - timedelta(days=3)
    world.create()
    outcome = world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    assert told(outcome)["skipped", "Reminder, 7 days before"] == 3
    assert {item.step for item in world.rows(K.REMIND)} == {"remind:P1D", "remind:PT1H"}


def left_out(outcome: Effect) -> Counter[str | None]:
    return Counter(item.recipient_email for item in outcome.consequences if item.effect == "skipped")


def test_what_is_left_out_is_said_once_and_again_only_for_a_new_time(world: World) -> None:
    world.clock.at = STARTS - timedelta(days=3)
    world.create()
    preview = world.meetings.publish("SOM-2026", caller=caller("coordinator"), dry_run=True)
    assert left_out(preview) == dict.fromkeys(PEOPLE, 1)
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    world.run()
    assert answer(world, TAN, P.TENTATIVE).consequences == ()
    assert left_out(world.answers.send_again("SOM-2026", TAN, caller=caller("coordinator"))) == {}
    assert left_out(world.meetings.enter_join_link("SOM-2026", LINK, caller=caller("coordinator"))) == {}
    version = world.reading.meeting("SOM-2026").version
    assert left_out(change(world, version, title="Another")) == {}
    added = change(world, version + 1, attendees=[*PEOPLE.values(), RATIH])
    assert left_out(added) == {RATIH["email"]: 1}
    for moved in (True, False):
        outcome = change(world, version + 2, start="2026-12-04 14:00", dry_run=moved)
        assert left_out(outcome) == dict.fromkeys([*PEOPLE, RATIH["email"]], 1)


def test_confirming_a_date_says_all_that_is_left_out(world: World) -> None:
    world.clock.at = STARTS - timedelta(days=3)
    world.create()
    world.meetings.publish("SOM-2026", caller=caller("coordinator"), save_the_date=True)
    world.run()
    for dry_run in (True, False):
        confirmed = world.meetings.publish("SOM-2026", caller=caller("coordinator"), dry_run=dry_run)
        assert left_out(confirmed) == dict.fromkeys(PEOPLE, 1)


@pytest.mark.parametrize("moment", [timedelta(0), timedelta(days=1)])
def test_a_meeting_in_the_past_is_not_published(world: World, moment: timedelta) -> None:
    world.create()
    world.clock.at = STARTS + moment
    before = contents(world.database)
    with pytest.raises(Conflict, match="starts in the past"):
        world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    assert contents(world.database) == before


# --- what is refused leaves the database as it was


REFUSALS: dict[str, tuple[Callable[[World], Any], type[Exception], str]] = {
    "unknown meeting": (
        lambda w: w.meetings.publish("NONE", caller=caller("x")),
        NotFound,
        "no meeting NONE",
    ),
    "published twice": (
        lambda w: w.meetings.publish("SOM-2026", caller=caller("x")),
        Conflict,
        "only a draft",
    ),
    "stale version": (lambda w: change(w, 1, title="New"), Conflict, "changed by somebody else"),
    "version of the future": (lambda w: change(w, 3, title="New"), Conflict, "changed by somebody else"),
    "stale version of a cancellation": (
        lambda w: w.meetings.cancel("SOM-2026", caller=caller("x"), version=1, reason="The Chair is ill."),
        Conflict,
        "changed by somebody else",
    ),
    "no such zone": (lambda w: change(w, 2, zone="Asia/Hanoi"), InvalidInput, "zone"),
    "an end before the start": (lambda w: change(w, 2, end="2026-12-03 13:00"), InvalidInput, "end"),
    "an end and a duration": (
        lambda w: change(w, 2, end="2026-12-03 16:00", duration="PT1H"),
        InvalidInput,
        "duration",
    ),
    "no length": (lambda w: change(w, 2, duration="PT0S"), InvalidInput, "duration"),
    "a start in the past": (lambda w: change(w, 2, start="2026-10-01 14:00"), Conflict, "in the past"),
    "an unknown delegation": (
        lambda w: change(w, 2, attendees=[{**PEOPLE[TAN], "delegation": "XX"}]),
        InvalidInput,
        "delegation",
    ),
    "somebody twice": (lambda w: change(w, 2, attendees=[PEOPLE[TAN]] * 2), InvalidInput, "twice"),
    "a group of others": (
        lambda w: change(w, 2, attendees=[{**PEOPLE[TAN], "group": "PLUS3"}]),
        InvalidInput,
        "group",
    ),
    "an unknown lead": (lambda w: change(w, 2, agenda=[{"en": "A", "lead": "XX"}]), InvalidInput, "lead"),
    "a link that is none": (
        lambda w: w.meetings.enter_join_link("SOM-2026", "javascript:x", caller=caller("x")),
        InvalidInput,
        "join_url",
    ),
    "an answer of a stranger": (lambda w: answer(w, "who@example.org", P.ACCEPTED), NotFound, "not invited"),
    "a seat that is none": (
        lambda w: change(w, 2, attendees=[{**PEOPLE[TAN], "seat": "guest"}]),
        ValueError,
        "seat",
    ),
    "announced after it was published": (
        lambda w: w.meetings.publish("SOM-2026", caller=caller("x"), save_the_date=True),
        Conflict,
        "only a draft",
    ),
    "reinstated without being cancelled": (
        lambda w: w.meetings.reinstate("SOM-2026", caller=caller("x"), reason="The Chair is ill."),
        Conflict,
        "only a cancelled meeting",
    ),
    "sent again to a stranger": (
        lambda w: w.answers.send_again("SOM-2026", "who@example.org", caller=caller("x")),
        NotFound,
        "not invited",
    ),
    "a proposal that nobody made": (
        lambda w: w.answers.refuse_proposal("SOM-2026", 99, caller=caller("x")),
        NotFound,
        "no response 99",
    ),
    "concluded too early": (
        lambda w: w.meetings.conclude("SOM-2026", caller=caller("x")),
        Conflict,
        "not begun",
    ),
    "minutes too early": (attach, Conflict, "only a concluded meeting"),
    "minutes of no meeting": (
        lambda w: w.minutes.attach("NONE", "m.md", b"text", caller=caller("x")),
        NotFound,
        "no meeting NONE",
    ),
    "minutes that no mail can carry": (
        lambda w: w.minutes.attach("SOM-2026", "m.md", b"x" * 900_000, caller=caller("x")),
        InvalidInput,
        "bytes as a mail, and the mail server takes 1,000,000 at most",
    ),
    "minutes of no kind": (
        lambda w: w.minutes.attach("SOM-2026", "m.exe", b"text", caller=caller("x")),
        InvalidInput,
        "file",
    ),
    "minutes that are no PDF": (
        lambda w: w.minutes.attach("SOM-2026", "m.pdf", b"text", caller=caller("x")),
        InvalidInput,
        "file",
    ),
    "empty minutes": (lambda w: attach(w, ""), InvalidInput, "empty"),
    "retrying what is done": (lambda w: w.operations.retry(1, caller=caller("x")), Conflict, "is succeeded"),
    "discarding what is done": (
        lambda w: w.operations.discard(1, caller=caller("x")),
        Conflict,
        "is succeeded",
    ),
    "retrying nothing": (lambda w: w.operations.retry(999, caller=caller("x")), NotFound, "no action 999"),
    "discarding nothing": (
        lambda w: w.operations.discard(999, caller=caller("x")),
        NotFound,
        "no action 999",
    ),
}


def test_what_is_refused_leaves_the_database_as_it_was(world: World) -> None:
    world.invited()
    world.mailer.limit = 1_000_000
    before, woken = contents(world.database), world.wake_up.notified
    for what, (use_case, error, said) in REFUSALS.items():
        with pytest.raises(error) as caught:
            use_case(world)
        assert said in str(caught.value), what
        assert contents(world.database) == before, what
    assert world.wake_up.notified == woken
