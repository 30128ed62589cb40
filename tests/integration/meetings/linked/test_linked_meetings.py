"""Moving a meeting asks what becomes of those linked to it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from threading import Thread
from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.meetings.linking import QUESTION
from orchestrator.services.timelines.views import Effect
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.answers import ResponseRow
from orchestrator.words import maybe
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
from tests.integration.meetings.linked.linking import (
    BY,
    HEADS,
    PREP,
    SOM,
    attention,
    begun,
    change,
    sentences,
    view,
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
    assert (
        words.maybe(view(published, SOM).history[0].detail)
        == f"The Chair is ill. {words.say(done.warnings[0])}"
    )


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
    preview = change(published, dry_run=True, **wanted)
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
    assert subjects == {"New time": 4, "Giờ họp mới": 2}
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
    published.meetings.cancel(PREP, caller=BY, reason="The Chair is ill.")
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
    cancelled = published.meetings.cancel(SOM, caller=BY, reason="The Chair is ill.")
    assert sentences(cancelled.warnings) == (f"{stands} Cancel it too, if it is not wanted alone.",)
    assert view(published, PREP).status == "published"
    assert sentences(published.meetings.reinstate(SOM, caller=BY, reason="The Chair is ill.").warnings) == (
        f"{stands} It was left as it is.",
    )
    other_way = sentences(published.meetings.cancel(PREP, caller=BY, reason="The Chair is ill.").warnings)
    assert other_way[0].startswith(f"{SOM}, which it prepares, still stands on Thursday, 3 December 2026")
    published.meetings.cancel(SOM, caller=BY, reason="The Chair is ill.")
    assert sentences(published.meetings.reinstate(SOM, caller=BY, reason="The Chair is ill.").warnings) == (
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
