"""Timelines of the service and of a meeting's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.definitions.files import read_yaml
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import ConfigurationError, Conflict, InvalidInput, NotFound
from orchestrator.services.timelines.timelines import timeline_text
from orchestrator.store.readiness import connection_tests
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import NHUNG, NOW, PEOPLE, World, contents
from tests.integration.timelines.adjusted import REFERENCE, TWO_DAYS, standard


def reminders(world: World) -> dict[str, list[str]]:
    """The states of the reminders of Nhung by key."""
    found: dict[str, list[str]] = {}
    for row in world.rows(ActionKind.REMIND):
        if row.key.endswith("attendee-3"):
            found.setdefault(row.key, []).append(row.state)
    return found


# Reading.


def test_all_timelines_are_listed_with_the_kinds_that_get_them(world: World) -> None:
    found = {item.name: item.kinds for item in world.meeting_timelines.all()}
    assert found == {
        "heads": ("heads", "heads-plus-three"),
        "preparatory": ("preparatory",),
        "som": ("som",),
        "som-plus-three": ("som-plus-three",),
        "standard": ("focal-point", "forum"),
        "workshop": ("workshop",),
    }


def test_a_timeline_is_shown_in_words_and_as_it_is_written(world: World) -> None:
    found = world.meeting_timelines.one("som")
    steps = {item.name: item for item in found.steps}
    chaser = steps["chase:delegation-list"]
    assert maybe(chaser.what) == "Chaser: delegation list"
    assert tuple(map(maybe, chaser.when)) == tuple(
        f"{days} working days before, at 09:00 their time" for days in (15, 10, 7)
    )
    assert tuple(map(maybe, chaser.to)) == (
        "focal point",
        "from rung 3 also head of delegation",
        "from rung 3 also secretariat",
    )
    assert chaser.condition == "list missing"
    assert (maybe(steps["invite:save-the-date"].what), maybe(steps["invite"].what)) == (
        "Save-the-date",
        "Invitation",
    )
    assert maybe(steps["notice:room-open"].what) == "Notice: room open"
    text = timeline_text(found.document)
    assert read_yaml(text) == found.document
    assert len(text.splitlines()) == 3 + len(found.steps)
    with pytest.raises(NotFound, match=r"There is no timeline fast\. Known are: heads, preparatory, som,"):
        world.meeting_timelines.one("fast")


def test_a_meeting_shows_the_timeline_it_names_until_it_has_its_own(world: World) -> None:
    world.create()
    found = world.meeting_timelines.of(REFERENCE)
    assert (found.named, found.own, found.timeline.name, found.version) == ("standard", False, "standard", 1)
    world.meeting_timelines.adjust(REFERENCE, standard(world, remind_P2D=TWO_DAYS), caller=caller("K"))
    found = world.meeting_timelines.of(REFERENCE)
    assert (found.named, found.own, found.timeline.title, found.version) == ("standard", True, "Our own", 2)
    with pytest.raises(NotFound):
        world.meeting_timelines.of("SOM-1999")


# Setting and taking back.


def test_a_draft_is_published_with_its_own_timeline(world: World) -> None:
    world.create()
    world.meeting_timelines.adjust(
        REFERENCE, standard(world, remind_P2D=TWO_DAYS, remind_P7D=None), caller=caller("K")
    )
    assert world.rows() == []
    world.meetings.publish(REFERENCE, caller=caller("K"))
    assert sorted(reminders(world)) == [
        "remind:P1D:attendee-3",
        "remind:P2D:attendee-3",
        "remind:PT1H:attendee-3",
    ]
    (row,) = [row for row in world.rows(ActionKind.REMIND) if row.key == "remind:P2D:attendee-3"]
    assert row.due_at == datetime(2026, 12, 1, 2, tzinfo=UTC)


def test_a_look_says_what_moves_and_changes_nothing(world: World) -> None:
    world.published()
    before = contents(world.database)
    later = {"do": "remind", "id": "P7D", "at": "-P6D at 10:00 local"}
    outcome = world.meeting_timelines.adjust(
        REFERENCE,
        standard(world, remind_P7D=later, remind_P2D=TWO_DAYS, remind_P1D=None),
        caller=caller("K"),
        dry_run=True,
    )
    assert outcome.previewed
    own = [item for item in outcome.consequences if item.recipient_email == NHUNG]
    assert [
        (item.effect, maybe(item.what), item.when and f"{item.when.day} {item.when.clock}") for item in own
    ] == [
        ("moved", "Reminder, 6 days before", "2026-11-27 10:00"),
        ("new", "Reminder, 2 days before", "2026-12-01 09:00"),
        ("cancelled", "Reminder", "2026-12-02 09:00"),
    ]
    assert maybe(own[2].reason) == "the timeline has no such step any more"
    assert contents(world.database) == before
    assert world.wake_up.notified == 1  # That was publishing.


def test_a_published_meeting_is_replanned_with_its_own_timeline_and_says_so(world: World) -> None:
    world.published()
    outcome = world.meeting_timelines.adjust(
        REFERENCE, standard(world, remind_P2D=TWO_DAYS, remind_P1D=None), caller=caller("K"), version=2
    )
    assert (outcome.version, outcome.previewed) == (3, False)
    assert reminders(world) == {
        "remind:P7D:attendee-3": ["scheduled"],
        "remind:P1D:attendee-3": ["cancelled"],
        "remind:PT1H:attendee-3": ["scheduled"],
        "remind:P2D:attendee-3": ["scheduled"],
    }
    latest = world.reading.meeting(REFERENCE).history[0]
    assert (latest.actor, words.say(latest.what)) == ("K", "timeline adjusted")
    assert words.maybe(latest.detail) == "added: remind:P2D; left out: remind:P1D"
    assert world.wake_up.notified == 2


def test_nobody_is_told_anything_because_a_timeline_was_adjusted(world: World) -> None:
    world.invited()
    sent = len(world.mailer.accepted)
    world.meeting_timelines.adjust(REFERENCE, standard(world, remind_P2D=TWO_DAYS), caller=caller("K"))
    world.run()
    assert len(world.mailer.accepted) == sent
    assert world.reading.meeting(REFERENCE).revision == 1


def test_what_is_done_stays_done_and_what_the_new_timeline_wants_in_the_past_is_passed_over(
    world: World,
) -> None:
    world.invited()
    world.clock.at = datetime(2026, 11, 26, 3, tzinfo=UTC)
    world.run()
    month = {"do": "remind", "id": "P30D", "at": "-P30D"}
    outcome = world.meeting_timelines.adjust(
        REFERENCE, standard(world, remind_P30D=month), caller=caller("K")
    )
    assert {maybe(item.reason) for item in outcome.consequences if item.effect == "skipped"} == {
        "its time had already passed"
    }
    assert reminders(world)["remind:P7D:attendee-3"] == [ActionState.SUCCEEDED]
    assert "remind:P30D:attendee-3" not in reminders(world)
    more = standard(world, remind_P30D=month, remind_P2D=TWO_DAYS)
    again = world.meeting_timelines.adjust(REFERENCE, more, caller=caller("K"))
    assert {item.effect for item in again.consequences} == {"new"}, "what was passed over is known"


def test_what_a_timeline_has_lost_is_cancelled_for_that_reason_and_not_because_it_came_in(
    world: World,
) -> None:
    world.published(timeline="som", start="2026-12-18 14:00")
    world.clock.at = datetime(2026, 11, 20, 3, tzinfo=UTC)
    world.run()
    document = world.meeting_timelines.one("som").document
    kept = [step for step in document["steps"] if step["do"] not in ("connection-test", "remind")]
    kept = [step for step in kept if step.get("id") != "delegation-list" or step["do"] == "notice"]
    (answer,) = (step for step in kept if step["do"] == "chase" and step["id"] == "answer")
    answer |= {"at": answer["at"][:2], "escalate": {}, "to": ["members"]}
    shorter = document | {"steps": kept}
    outcome = world.meeting_timelines.adjust(REFERENCE, shorter, caller=caller("K"), dry_run=True)
    gone = {
        (maybe(item.what), maybe(item.why), maybe(item.reason))
        for item in outcome.consequences
        if item.effect == "cancelled"
    }
    lost = "the timeline has no such step any more"
    assert {(what, reason) for what, _, reason in gone} == {
        ("Chaser", lost),
        ("Chaser: answer", lost),
        ("Connectivity test", lost),
        ("Reminder", lost),
    }
    world.meeting_timelines.adjust(REFERENCE, shorter, caller=caller("K"))
    assert {
        maybe(row.reason)
        for row in world.rows()
        if row.state == ActionState.CANCELLED and row.kind == "chase"
    } == {lost}


@pytest.mark.both_databases
def test_back_to_the_named_one_brings_back_what_it_wants(world: World) -> None:
    world.published()
    world.meeting_timelines.adjust(
        REFERENCE, standard(world, remind_P2D=TWO_DAYS, remind_P1D=None), caller=caller("K")
    )
    look = world.meeting_timelines.reset(REFERENCE, caller=caller("K"), dry_run=True)
    outcome = world.meeting_timelines.reset(REFERENCE, caller=caller("K"))
    assert outcome.consequences == look.consequences
    assert reminders(world) == {
        "remind:P7D:attendee-3": ["scheduled"],
        "remind:P1D:attendee-3": ["scheduled"],
        "remind:PT1H:attendee-3": ["scheduled"],
        "remind:P2D:attendee-3": ["cancelled"],
    }
    assert not world.meeting_timelines.of(REFERENCE).own
    latest = world.reading.meeting(REFERENCE).history[0]
    assert (words.say(latest.what), words.maybe(latest.detail)) == ("timeline reset", "standard")


def test_the_same_again_is_no_change(world: World) -> None:
    world.published()
    assert world.meeting_timelines.reset(REFERENCE, caller=caller("K")).version == 2
    world.meeting_timelines.adjust(REFERENCE, standard(world, remind_P2D=TWO_DAYS), caller=caller("K"))
    before = contents(world.database)
    outcome = world.meeting_timelines.adjust(
        REFERENCE, standard(world, remind_P2D=TWO_DAYS), caller=caller("K")
    )
    assert (outcome.version, outcome.consequences) == (3, ())
    assert contents(world.database) == before


def test_a_meeting_keeps_its_own_timeline_when_it_moves(world: World) -> None:
    world.published()
    world.meeting_timelines.adjust(REFERENCE, standard(world, remind_P2D=TWO_DAYS), caller=caller("K"))
    found = world.reading.meeting(REFERENCE)
    week_later = MeetingUpdate.model_validate({"start": "2026-12-10 14:00"})
    world.meetings.update(
        REFERENCE, week_later, caller=caller("K"), version=found.version, reason="The Chair is ill."
    )
    (row,) = [row for row in world.rows(ActionKind.REMIND) if row.key == "remind:P2D:attendee-3"]
    assert row.due_at == datetime(2026, 12, 8, 2, tzinfo=UTC)


# What cannot be.


@pytest.mark.parametrize(
    ("step", "field", "value", "message"),
    [
        ({"do": "chase", "when": "it rains", "at": "-5WD"}, "when", "it rains", "input should be"),
        ({"do": "notice", "about": "papers", "to": "ministers", "at": "-5WD"}, "to", "ministers", "'minis"),
        ({"do": "remind", "to": "group NATO", "at": "-5WD"}, "to", "group NATO", "is not a group"),
        ({"do": "remind", "to": "delegation XX", "at": "-5WD"}, "to", "delegation XX", "is not a delegation"),
        ({"do": "notice", "about": "weather", "to": "members", "at": "-5WD"}, "about", "weather", "is not"),
        ({"do": "remind", "at": "-P1D", "from": "remind"}, "from", "remind", "is a cycle: remind"),
        ({"do": "remind", "at": "-P1D", "from": "x"}, "from", "x", "is not a step"),
        ({"do": "remind", "at": "-P1D at 22:00 local"}, "at", "-P1D at 22:00 local", "names 22:00, and what"),
        (
            {"do": "chase", "when": "no answer", "at": "-5WD", "escalate": {"3": "secretariat"}},
            "escalate",
            "",
            "names rung 3, and the ladder has 1",
        ),
        ({"do": "remind", "at": "-P1D", "colour": "red"}, "colour", "red", "is not a known field"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_half_done(
    world: World, step: dict[str, Any], field: str, value: str, message: str
) -> None:
    world.published()
    before = contents(world.database)
    document = standard(world, remind_new=step)
    for dry_run in (True, False):
        with pytest.raises(InvalidInput) as caught:
            world.meeting_timelines.adjust(REFERENCE, document, caller=caller("K"), dry_run=dry_run)
        assert not isinstance(caught.value, ConfigurationError)
        (problem,) = caught.value.problems
        assert (problem.field, problem.value) == (f"steps[{len(document['steps']) - 1}].{field}", value)
        assert problem.message.startswith(message)
        assert problem.remedy
    assert contents(world.database) == before


@pytest.mark.parametrize("document", ["remind them", [], None, {"name": "x"}])
def test_what_is_no_timeline_at_all_is_refused(world: World, document: Any) -> None:
    world.create()
    with pytest.raises(InvalidInput):
        world.meeting_timelines.adjust(REFERENCE, document, caller=caller("K"))


def test_a_timeline_as_long_as_a_book_is_refused(world: World) -> None:
    world.create()
    steps = [{"do": "remind", "id": f"n{number}", "at": f"-P{number}D"} for number in range(1, 2500)]
    with pytest.raises(InvalidInput, match="is too long"):
        world.meeting_timelines.adjust(
            REFERENCE, {"name": "x", "title": "x", "steps": steps}, caller=caller("K")
        )


def test_an_older_version_and_a_meeting_that_is_over_are_refused(world: World) -> None:
    world.published()
    document = standard(world, remind_P2D=TWO_DAYS)
    with pytest.raises(Conflict, match="was changed by somebody else meanwhile"):
        world.meeting_timelines.adjust(REFERENCE, document, caller=caller("K"), version=1)
    with pytest.raises(Conflict, match="was changed by somebody else meanwhile"):
        world.meeting_timelines.reset(REFERENCE, caller=caller("K"), version=1)
    world.meetings.cancel(REFERENCE, caller=caller("K"), reason="The Chair is ill.")
    with pytest.raises(Conflict, match="only a draft or published meeting can be given a timeline"):
        world.meeting_timelines.adjust(REFERENCE, document, caller=caller("K"))
    with pytest.raises(NotFound):
        world.meeting_timelines.adjust("SOM-1999", document, caller=caller("K"))


# The shipped timelines in a database.


def test_a_som_by_its_own_timeline_is_announced_and_planned_as_a_whole(world: World) -> None:
    start = NOW + timedelta(days=60)
    world.create(timeline=None, start=f"{start:%Y-%m-%d} 14:00")
    assert world.reading.meeting(REFERENCE).timeline == "som"
    world.meetings.publish(REFERENCE, caller=caller("K"))
    assert {row.kind for row in world.rows()} == {"invite", "confirm", "digest"}
    world.clock.at = start - timedelta(days=28, hours=12)
    world.run()
    assert not world.reading.meeting(REFERENCE).tentative
    kinds = {row.step.partition("/")[0] for row in world.rows()}
    assert {"invite", "notice:papers", "chase:delegation-list", "connection-test", "remind:P1D"} <= kinds
    codes = {item["delegation"] for item in PEOPLE.values()}
    with world.database.reading() as session:
        assert {slot.delegation for slot in connection_tests.of_meetings(session, [1])[1]} == codes


def test_an_old_name_in_a_timeline_is_read_and_its_author_is_told(world: World) -> None:
    world.create()
    step = {"do": "rehearse", "id": "try", "at": "-3WD", "day": "-1WD", "slot": "PT15M"}
    old = standard(world) | {"steps": [*standard(world)["steps"], step]}
    new = standard(world) | {"steps": [*standard(world)["steps"], step | {"do": "connection-test"}]}
    hint = "'do: rehearse' is called 'do: connection-test' now; the old name is read until the next version"
    for look in (True, False):
        done = world.meeting_timelines.adjust(REFERENCE, old, caller=caller("K"), dry_run=look)
        assert hint in map(words.say, done.warnings)
    assert world.meeting_timelines.of(REFERENCE).timeline.document["steps"][-1]["do"] == "connection-test"
    again = world.meeting_timelines.adjust(REFERENCE, new, caller=caller("K"))
    assert hint not in map(words.say, again.warnings)


def test_what_changes_nothing_wakes_no_beat(world: World) -> None:
    world.create()
    world.meeting_timelines.adjust(REFERENCE, standard(world), caller=caller("K"))
    woken = world.wake_up.notified
    world.meeting_timelines.adjust(REFERENCE, standard(world), caller=caller("K"))
    assert world.wake_up.notified == woken
    world.meeting_timelines.reset(REFERENCE, caller=caller("K"))
    assert world.wake_up.notified == woken + 1
