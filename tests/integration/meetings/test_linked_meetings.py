"""Linked meetings on each database: moving asks, outcomes are carried over, pairs are made in one step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from threading import Thread
from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.decisions import Edit
from orchestrator.domain.meetings.fields import AgendaFields, values
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.facts import Said
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.services.meetings.linking import QUESTION
from orchestrator.services.meetings.views import MeetingView
from orchestrator.services.timelines.views import Effect
from orchestrator.store.engine import Database
from orchestrator.store.meetings import linked as linked_store
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.answers import ResponseRow
from orchestrator.words import maybe, say
from tests.callers import caller
from tests.integration.conftest import (
    NHUNG,
    PEOPLE,
    STARTS,
    World,
    contents,
    definition,
    until,
    waiting_for_a_lock,
)

PREP, SOM, HEADS = "PREP-2026", "SOM-2026", "HEADS-2026"
BY = caller("coordinator")
REPORT = {"en": "Report on the key outcomes", "input_from": PREP}


@pytest.fixture
def pair(world: World) -> World:
    """A preparatory meeting on 2 December at 09:00 in Ha Noi for the SOM on the 3rd at 14:00; drafts."""
    prep = definition(PREP, kind="preparatory", start="2026-12-02 09:00", duration="PT2H", feeds=SOM)
    som = definition(fed_by=[PREP], agenda=["Opening", REPORT])
    world.meetings.create([prep, som], caller=BY)
    return world


@pytest.fixture
def published(pair: World) -> World:
    """The same, published, with everybody invited."""
    for reference in (PREP, SOM):
        pair.meetings.publish(reference, caller=BY)
    pair.run()
    return pair


def view(world: World, reference: str) -> MeetingView:
    return world.reading.meeting(reference)


def change(
    world: World, reference: str = SOM, *, linked: Linked | None = None, preview: bool = False, **fields: Any
) -> Effect:
    return world.meetings.update(
        reference,
        MeetingUpdate.model_validate(fields),
        caller=BY,
        version=view(world, reference).version,
        linked=linked,
        preview=preview,
    )


def told(outcome: Effect) -> Counter[tuple[str | None, str]]:
    return Counter((item.meeting, maybe(item.what)) for item in outcome.consequences if item.kind == "invite")


def question(world: World, reference: str = SOM, **fields: Any) -> list[str]:
    before = contents(world.database)
    with pytest.raises(Conflict) as caught:
        change(world, reference, **fields)
    assert caught.value.code == QUESTION
    assert contents(world.database) == before, "nothing has moved"
    return caught.value.message.splitlines()


def sentences(found: Sequence[Said]) -> tuple[str, ...]:
    return tuple(map(words.say, found))


def attention(world: World, reference: str = SOM) -> tuple[str, ...]:
    """What needs somebody, but for the reminders that these tests let go by with the clock."""
    said = map(say, view(world, reference).attention)
    return tuple(line for line in said if " missed: " not in line)


def begun(world: World, reference: str = PREP) -> None:
    world.clock.at = view(world, reference).starts_at


def concluded(world: World) -> None:
    """The preparatory meeting ends by itself."""
    world.clock.at = view(world, PREP).ends_at
    world.run()
    assert view(world, PREP).status == "concluded"


def points(world: World, reference: str = SOM) -> list[tuple[str, ...]]:
    return [item.points for item in view(world, reference).agenda]


# --- moving asks


def test_moving_asks_with_what_either_choice_would_do(pair: World) -> None:
    first, second = question(pair, start="2026-12-01 10:00")
    assert first == (
        f"{SOM} is linked to a meeting still to take place. Say what becomes of it: keep or move."
    )
    assert second == (
        f"{PREP}, which prepares it, is on Wednesday, 2 December 2026, 09:00 Ha Noi (UTC+07:00). "
        f"keep: it stays there, though then {PREP} comes after the meeting it prepares, {SOM}. "
        "move: it goes to Monday, 30 November 2026, 05:00 Ha Noi (UTC+07:00)."
    )


def test_the_preparatory_meeting_asks_about_what_it_prepares(pair: World) -> None:
    _, line = question(pair, PREP, start="2026-12-04 09:00")
    assert line.startswith(f"{SOM}, which it prepares, is on Thursday, 3 December 2026, 14:00 Ha Noi")
    assert "move: it goes to Saturday, 5 December 2026, 14:00" in line


def test_keep_leaves_it_and_says_so(published: World) -> None:
    done = change(published, start="2026-12-08 14:00", linked=Linked.KEEP)
    assert sentences(done.warnings) == (
        f"{PREP}, which prepares it, stays on Wednesday, 2 December 2026, 09:00 Ha Noi (UTC+07:00).",
    )
    assert told(done) == {(None, "Updated invitation"): 3}
    assert (view(published, PREP).start, view(published, PREP).version) == ("2026-12-02 09:00", 2)
    assert words.maybe(view(published, SOM).history[0].detail) == words.say(done.warnings[0])


def test_an_absurd_order_is_never_refused_and_always_said(published: World) -> None:
    done = change(published, start="2026-12-01 14:00", linked=Linked.KEEP)
    absurd = f"{PREP} comes after the meeting it prepares, {SOM}."
    assert sentences(done.warnings[1:]) == (absurd,)
    for reference in (PREP, SOM):
        assert attention(published, reference) == (absurd,)
    assert absurd in sentences(change(published, title="Another title").warnings)
    change(published, PREP, start="2026-11-30 14:00", linked=Linked.KEEP)
    assert attention(published) == ()


@pytest.mark.both_databases
def test_move_takes_it_along_in_one_transaction_and_everybody_is_asked_again(published: World) -> None:
    for reference in (PREP, SOM):
        published.answers.answer(reference, NHUNG, Participation.ACCEPTED, caller=caller("telephone"))
    before = contents(published.database)
    wanted: dict[str, Any] = {"start": "2026-12-08 15:00", "linked": Linked.MOVE}
    preview = change(published, preview=True, **wanted)
    assert contents(published.database) == before
    done = change(published, **wanted)
    assert (preview.consequences, preview.warnings) == (done.consequences, done.warnings)
    (said,) = sentences(done.warnings)
    assert said == (
        f"{PREP}, which prepares it, goes along: from Wednesday, 2 December 2026, 09:00 Ha Noi (UTC+07:00) "
        "to Monday, 7 December 2026, 10:00 Ha Noi (UTC+07:00)."
    )
    assert told(done) == {(None, "Updated invitation"): 3, (PREP, "Updated invitation"): 3}
    prep = view(published, PREP)
    assert (prep.start, prep.version, prep.sequence, prep.revision) == ("2026-12-07 10:00", 3, 1, 2)
    assert prep.answers == {"no answer": 3}
    latest = prep.history[0]
    assert (words.say(latest.what), words.maybe(latest.detail), latest.actor) == (
        "moved along",
        f"with {SOM}",
        BY.name,
    )
    mails = len(published.mailer.accepted)
    published.run()
    subjects = Counter(mail.subject.split(":")[0] for mail in published.mailer.accepted[mails:])
    assert subjects == {"Updated time": 6}
    due = {item.due_at for item in published.reading.plan(PREP) if item.kind == "conclude"}
    assert due == {prep.ends_at}


def test_a_proposed_time_is_settled_by_being_moved_along(published: World) -> None:
    with published.database.transaction() as session:
        person = next(item for item in view(published, PREP).attendees if item.email == NHUNG)
        session.add(_proposal(published, person.id))
    assert any("another time was proposed" in line for line in attention(published, PREP))
    change(published, start="2026-12-08 14:00", linked=Linked.MOVE)
    assert attention(published, PREP) == ()


def _proposal(world: World, attendee_id: int) -> Any:
    return ResponseRow(
        meeting_id=view(world, PREP).id,
        attendee_id=attendee_id,
        kind="proposal",
        state="open",
        starts_at=STARTS,
        ends_at=STARTS,
        channel="mail",
        by="x",
        at=world.clock.now(),
    )


def test_a_draft_goes_along_and_nobody_hears_of_it(pair: World) -> None:
    pair.meetings.publish(SOM, caller=BY)
    pair.run()
    done = change(pair, start="2026-12-10 14:00", linked=Linked.MOVE)
    assert told(done) == {(None, "Updated invitation"): 3}
    assert (view(pair, PREP).start, view(pair, PREP).status) == ("2026-12-09 09:00", "draft")


def test_the_whole_chain_moves_together(published: World) -> None:
    heads = definition(HEADS, kind="heads", start="2026-12-04 09:00", fed_by=[SOM])
    published.meetings.create([heads], caller=BY)
    lines = question(published, PREP, start="2026-12-03 09:00")
    assert lines[0].startswith(f"{PREP} is linked to 2 meetings still to take place.")
    assert [line.split(" is on ")[0] for line in lines[1:]] == [
        f"{SOM}, which it prepares,",
        f"{HEADS}, which is linked to it through another meeting,",
    ]
    change(published, PREP, start="2026-12-03 09:00", linked=Linked.MOVE)
    assert [view(published, name).start for name in (PREP, SOM, HEADS)] == [
        "2026-12-03 09:00",
        "2026-12-04 14:00",
        "2026-12-05 09:00",
    ]


def test_another_zone_or_duration_asks_too(published: World) -> None:
    assert (
        "move: it goes to Wednesday, 2 December 2026, 09:00 Tokyo"
        in question(published, zone="Asia/Tokyo")[1]
    )
    _, line = question(published, PREP, duration="PT30H")
    assert f"though then {PREP} is not over when the meeting it prepares begins, {SOM}" in line
    change(published, PREP, duration="PT30H", linked=Linked.MOVE)
    assert view(published, SOM).start == "2026-12-04 18:00"


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Another title"},
        {"attendees": list(PEOPLE.values())[:2]},
        {"duration": "PT3H"},
        {"start": "2026-12-03 15:00", "zone": "Asia/Singapore"},
    ],
)
def test_what_moves_nothing_asks_nothing(published: World, fields: dict[str, Any]) -> None:
    """Nothing comes after the SOM that a longer one could push, and 15:00 in Singapore is 14:00 in Ha Noi."""
    change(published, **fields)


def test_what_is_over_or_cancelled_or_not_there_asks_nothing(published: World) -> None:
    published.meetings.create([definition("ALONE", feeds="NOT-YET")], caller=BY)
    change(published, "ALONE", start="2026-12-09 14:00")
    published.meetings.cancel(PREP, caller=BY)
    change(published, start="2026-12-08 14:00")


def test_what_has_begun_stays_without_a_question(published: World) -> None:
    begun(published)
    done = change(published, start="2026-12-08 14:00")
    assert done.warnings == ()
    assert view(published, PREP).start == "2026-12-02 09:00"


def test_a_move_that_one_of_them_cannot_make_moves_none(published: World) -> None:
    published.clock.move(days=30)  # 1 December, 09:00 in Ha Noi.
    before = contents(published.database)
    with pytest.raises(Conflict, match=f"{PREP} would start in the past"):
        change(published, start="2026-12-02 08:00", linked=Linked.MOVE)
    assert contents(published.database) == before


def test_a_clock_that_does_not_exist_is_named_with_its_meeting(world: World) -> None:
    """Sydney puts its clocks forward over 02:30 on 4 October 2026; another year does so on the 3rd."""
    night = {"zone": "Australia/Sydney", "duration": "PT1H"}
    prep = definition(PREP, start="2027-10-02 02:30", **night)
    world.meetings.create([prep, definition(start="2027-10-03 14:00", fed_by=[PREP], **night)], caller=BY)
    with pytest.raises(InvalidInput) as caught:
        change(world, start="2027-10-04 14:00", linked=Linked.MOVE)
    (problem,) = caught.value.problems
    assert (problem.field, problem.value) == (f"{PREP}: start", "2027-10-03 02:30")


def test_cancelling_and_reinstating_say_what_still_stands(published: World) -> None:
    stands = (
        f"{PREP}, which prepares it, still stands on Wednesday, 2 December 2026, 09:00 Ha Noi (UTC+07:00)."
    )
    cancelled = published.meetings.cancel(SOM, caller=BY)
    assert sentences(cancelled.warnings) == (f"{stands} Cancel it too, if it is not wanted alone.",)
    assert view(published, PREP).status == "published"
    assert sentences(published.meetings.reinstate(SOM, caller=BY).warnings) == (
        f"{stands} It was left as it is.",
    )
    other_way = sentences(published.meetings.cancel(PREP, caller=BY).warnings)
    assert other_way[0].startswith(f"{SOM}, which it prepares, still stands on Thursday, 3 December 2026")
    published.meetings.cancel(SOM, caller=BY)
    assert sentences(published.meetings.reinstate(SOM, caller=BY).warnings) == (
        f"{PREP}, which prepares it, is cancelled.",
    )


def test_two_moves_at_once_wait_for_each_other(postgres: Database, tmp_path: Any) -> None:
    """Each moves both; locked in the order of the change, each would wait for the other for ever."""
    world = World(postgres, tmp_path / "data")
    prep = definition(PREP, start="2026-12-02 09:00", feeds=SOM)
    world.meetings.create([prep, definition()], caller=BY)
    errors: list[Exception] = []

    def move(reference: str) -> None:
        try:
            change(world, reference, start="2026-12-10 14:00", linked=Linked.MOVE)
        except Conflict as error:
            errors.append(error)

    with postgres.transaction() as session:
        # Whoever comes has to wait for the first of the two, whichever of them it is about.
        store.load(session, view(world, PREP).id, lock=True)
        threads = [Thread(target=move, args=(reference,)) for reference in (SOM, PREP)]
        for thread in threads:
            thread.start()
        until(lambda: waiting_for_a_lock(postgres), "somebody to wait")
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert all(error.code == "version-conflict" for error in errors), errors
    moved = datetime.fromisoformat(view(world, SOM).start) - datetime.fromisoformat(view(world, PREP).start)
    assert moved == datetime(2026, 12, 3, 14) - datetime(2026, 12, 2, 9)  # noqa: DTZ001 - wall times.


# --- outcomes


def test_outcomes_begin_with_the_meeting(published: World) -> None:
    with pytest.raises(Conflict, match="has not begun"):
        published.decisions.add(PREP, "Too early", caller=BY)
    with pytest.raises(NotFound):
        published.decisions.of("NONE")
    begun(published)
    published.decisions.add(PREP, "Agenda agreed", caller=BY)
    published.decisions.add(PREP, "Venue", is_open=True, caller=caller("console"))
    published.decisions.add(PREP, "Theme", caller=BY)
    published.decisions.change(PREP, 3, Edit(number=1), caller=BY)
    published.decisions.remove(PREP, 2, caller=BY)
    found = published.decisions.agree(PREP, 2, caller=BY)
    assert [(item.number, item.text, item.is_open, item.by) for item in found.outcomes] == [
        (1, "Theme", False, BY.name),
        (2, "Venue", False, BY.name),
    ]
    assert found.outcomes == published.decisions.of(PREP) == view(published, PREP).outcomes
    assert [words.say(item.what) for item in view(published, PREP).history[:6]] == [
        "outcome 2 changed",
        "outcome 2 removed",
        "outcome 3 changed",
        "outcome added",
        "outcome added",
        "outcome added",
    ]
    assert words.maybe(view(published, PREP).history[0].detail) == "was: Venue (open); is: Venue"
    assert points(published) == [(), ()], "nothing is carried over before the end"


def test_the_end_carries_outcomes_into_the_item_that_reports_them(published: World) -> None:
    begun(published)
    published.decisions.add(PREP, "Agenda agreed", caller=BY)
    published.decisions.add(PREP, "Venue", is_open=True, caller=BY)
    mails, before = len(published.mailer.accepted), view(published, SOM)
    concluded(published)
    assert points(published) == [(), ("Agenda agreed", "Venue (open)")]
    after = view(published, SOM)
    assert (after.version, after.revision, after.sequence) == (
        before.version,
        before.revision,
        before.sequence,
    )
    assert words.say(after.history[0].what) == "outcomes carried over"
    assert words.maybe(after.history[0].detail) == f"from {PREP}"
    assert not any(mail.subject.startswith("Updated") for mail in published.mailer.accepted[mails:])
    assert attention(published) == (f"1 outcome of {PREP} is still open: 2. Venue",)


def test_an_agenda_that_is_written_back_keeps_what_it_reports(published: World) -> None:
    begun(published)
    published.decisions.add(PREP, "Agenda agreed", caller=BY)
    concluded(published)
    before = view(published, SOM)
    agenda = [values(AgendaFields, item) for item in before.agenda]
    update = MeetingUpdate.model_validate({"agenda": agenda})
    published.meetings.update(SOM, update, caller=BY, version=before.version)
    after = view(published, SOM)
    assert (after.agenda, after.revision) == (before.agenda, before.revision)


def test_later_changes_carry_again_and_the_next_mails_have_them(published: World) -> None:
    concluded(published)
    assert published.decisions.add(PREP, "Agenda agreed", caller=BY).warnings == ()
    published.decisions.add(PREP, "Venue", is_open=True, caller=BY)
    published.decisions.agree(PREP, 2, caller=BY)
    assert points(published) == [(), ("Agenda agreed", "Venue")]
    assert attention(published) == ()
    before = len(published.mailer.accepted)
    published.answers.send_again(SOM, NHUNG, caller=BY)
    published.run()
    (mail,) = [item for item in published.mailer.accepted[before:] if item.recipient == NHUNG]
    assert "\\n   – Agenda agreed\\n   – Venue" in mail.calendar
    published.decisions.remove(PREP, 1, caller=BY)
    assert points(published) == [(), ("Venue",)]


def test_concluding_by_hand_carries_and_says_what_is_left(published: World) -> None:
    begun(published)
    nothing = published.meetings.conclude(PREP, caller=BY, preview=True)
    assert sentences(nothing.warnings) == (f"{PREP} has no outcome yet that {SOM} could report.",)
    published.decisions.add(PREP, "Venue", is_open=True, caller=BY)
    done = published.meetings.conclude(PREP, caller=BY)
    open_one = f"1 outcome of {PREP} is still open: 1. Venue"
    assert sentences(done.warnings) == (open_one,)
    assert points(published) == [(), ("Venue (open)",)]
    assert sentences(change(published, title="Another title").warnings) == (open_one,)


def test_an_agenda_that_reports_nothing_is_said(published: World) -> None:
    change(published, agenda=["Opening"])
    begun(published)
    missing = (
        f"No item of the agenda of {SOM} reports the outcomes of {PREP}; "
        f"give the item that does 'input_from: {PREP}'."
    )
    assert attention(published) == (), "there is time until the end"
    published.decisions.add(PREP, "Agenda agreed", caller=BY)
    assert sentences(published.meetings.conclude(PREP, caller=BY).warnings) == (missing,)
    assert attention(published) == (missing,)
    done = change(published, agenda=["Opening", REPORT, "Other matters"])
    assert done.warnings == ()
    assert points(published) == [(), ("Agenda agreed",), ()], "an item given later is filled at once"


def test_an_open_outcome_is_said_when_the_next_meeting_is_published(pair: World) -> None:
    pair.meetings.publish(PREP, caller=BY)
    pair.run()
    begun(pair)
    pair.decisions.add(PREP, "Venue", is_open=True, caller=BY)
    concluded(pair)
    assert points(pair) == [(), ("Venue (open)",)], "a draft has it too"
    done = pair.meetings.publish(SOM, caller=BY, preview=True)
    assert sentences(done.warnings) == (f"1 outcome of {PREP} is still open: 1. Venue",)


def test_a_meeting_made_later_has_what_was_decided_before(published: World) -> None:
    begun(published, SOM)
    published.run()
    published.decisions.add(SOM, "Work plan adopted", caller=BY)
    published.meetings.conclude(SOM, caller=BY)
    agenda = [{"en": "Report of the SOM", "input_from": SOM}]
    heads = definition(HEADS, kind="heads", start="2026-12-04 09:00", fed_by=[SOM], agenda=agenda)
    published.meetings.create([heads], caller=BY)
    assert points(published, HEADS) == [("Work plan adopted",)]
    assert view(published, HEADS).version == 1


def test_what_is_over_keeps_the_agenda_it_had(published: World) -> None:
    concluded(published)
    begun(published, SOM)
    published.run()
    published.meetings.conclude(SOM, caller=BY)
    published.decisions.add(PREP, "Too late for that agenda", caller=BY)
    assert points(published) == [(), ()]


# --- creating


def test_a_pair_is_made_in_one_step(world: World) -> None:
    som, prep = world.meetings.create([definition(preparatory=True)], caller=BY)
    assert (som.reference, prep.reference, som.warnings, prep.warnings) == (SOM, f"{SOM}-PREP", (), ())
    made = view(world, f"{SOM}-PREP")
    assert (made.feeds, view(world, SOM).fed_by) == (SOM, (f"{SOM}-PREP",))
    assert (made.kind, made.status, made.start, made.duration) == (
        "preparatory",
        "draft",
        "2026-12-02 14:00",
        "PT2H",
    )
    assert [item.email for item in made.attendees] == [item.email for item in view(world, SOM).attendees]
    assert view(world, SOM).agenda[1].en == "Report on the key outcomes of the Preparatory Meeting"
    for reference in (SOM, f"{SOM}-PREP"):
        assert world.meetings.publish(reference, caller=BY).warnings == ()


def test_a_pair_is_made_whole_or_not_at_all(world: World) -> None:
    before = contents(world.database)
    block = {"start": "2026-12-02 25:00"}
    with pytest.raises(InvalidInput):
        definition(preparatory=block)
    for own, field in (
        ({"duration": "PT400H"}, "preparatory.duration"),
        ({"agenda": [{"en": "x", "lead": "XX"}]}, "preparatory.agenda[0].lead"),
    ):
        with pytest.raises(InvalidInput) as caught:
            world.meetings.create([definition(preparatory=own)], caller=BY)
        assert [item.field for item in caught.value.problems] == [field]
        with pytest.raises(InvalidInput) as caught:
            world.meetings.create([definition("OTHER"), definition(preparatory=own)], caller=BY)
        assert [item.field for item in caught.value.problems] == [f"meetings[1].{field}"]
    assert contents(world.database) == before
    world.create(reference="TAKEN")
    with pytest.raises(Conflict, match="TAKEN already"):
        world.meetings.create([definition(preparatory={"reference": "TAKEN"})], caller=BY)
    with pytest.raises(NotFound):
        view(world, SOM)


def test_an_absurd_pair_is_made_and_said(world: World) -> None:
    som, prep = world.meetings.create([definition(preparatory={"start": "2026-12-09 09:00"})], caller=BY)
    absurd = f"{SOM}-PREP comes after the meeting it prepares, {SOM}."
    assert sentences(som.warnings) == sentences(prep.warnings) == (absurd,)
    assert sentences(world.meetings.publish(SOM, caller=BY, preview=True).warnings) == (absurd,)


CIRCLES = {
    "two of one file": (
        [("A", {"feeds": "B"}), ("B", {"feeds": "A"})],
        "meetings[1].feeds",
        "B → A → B",
    ),
    "said from the other side": (
        [("A", {"fed_by": ["X", "B"]}), ("B", {"fed_by": ["A"]})],
        "meetings[1].fed_by[0]",
        "A → B → A",
    ),
    "in one meeting": ([("A", {"feeds": "B", "fed_by": ["B"]})], "fed_by[0]", "B → A → B"),
    "with stored ones": (
        [("C", {"feeds": PREP, "fed_by": [SOM]})],
        "fed_by[0]",
        f"{SOM} → C → {PREP} → {SOM}",
    ),
}


@pytest.mark.parametrize(("given", "field", "circle"), CIRCLES.values(), ids=CIRCLES)
def test_meetings_that_prepare_each_other_are_refused(
    pair: World, given: list[tuple[str, dict[str, Any]]], field: str, circle: str
) -> None:
    before = contents(pair.database)
    with pytest.raises(InvalidInput) as caught:
        pair.meetings.create([definition(name, **links) for name, links in given], caller=BY)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert problem.message == f"closes a circle of meetings that prepare each other: {circle}"
    assert contents(pair.database) == before


def test_a_link_to_what_does_not_exist_yet_is_fine_and_a_stray_report_is_said(world: World) -> None:
    (alone,) = world.meetings.create([definition(fed_by=["LATER"], agenda=[REPORT])], caller=BY)
    stray = (
        f"Item 1 of the agenda is to report the outcomes of {PREP}, which does not prepare {SOM}, "
        "so none are carried over."
    )
    assert sentences(alone.warnings) == (stray,)
    assert tuple(map(say, view(world, SOM).attention)) == (stray,)
    assert sentences(world.meetings.publish(SOM, caller=BY, preview=True).warnings) == (stray,)


def test_the_example_reports_its_preparatory_meeting(world: World) -> None:
    world.examples.load(ACCSM21.read_text("utf-8"), None, caller=BY)
    with world.database.reading() as session:
        som = linked_store.called(session, ["ACCSM21-SOM-2021-04"])["ACCSM21-SOM-2021-04"]
    assert [item.number for item in som.agenda if item.input_from == "ACCSM21-PREP-2021-04"] == [2]


def test_nothing_of_this_sends_anything_by_itself(published: World) -> None:
    concluded(published)
    before = len(published.mailer.accepted)
    published.decisions.add(PREP, "Agenda agreed", caller=BY)
    published.run()
    assert len(published.mailer.accepted) == before
    assert published.states(ActionKind.INVITE) == ["succeeded"] * 6
