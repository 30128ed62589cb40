"""The example, what operators do, and planning twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.answers.responses import ProposalState, ResponseKind
from orchestrator.errors import Conflict, PermanentFailure
from orchestrator.facts import Said
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.store.answers import responses
from orchestrator.store.answers.responses import NewResponse
from orchestrator.store.meetings import meetings as store
from orchestrator.store.timelines import actions
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    ENDS,
    NOW,
    PEOPLE,
    STARTS,
    TAN,
    World,
    contents,
    definition,
    without_date,
)
from tests.integration.meetings.changes import (
    LINK,
    K,
    P,
    announced,
    answer,
    attach,
    cancelled,
    change,
    draft,
    moved,
    refuse,
)

# --- the example


def test_the_example_moves_by_whole_weeks_to_at_least_two_weeks_ahead(world: World) -> None:
    text = ACCSM21.read_text("utf-8")
    created = world.examples.load(text, None, caller=caller("coordinator")).drafts
    assert [item.left_out for item in created] == [(), ()]
    preparatory, som = (world.reading.meeting(item.reference) for item in created)
    assert preparatory.start == "2026-11-18 14:00", "a Wednesday, as written, two weeks and three days ahead"
    assert (som.start, som.invited) == ("2026-11-19 14:00", 23)
    assert (preparatory.feeds, som.fed_by) == (som.reference, (preparatory.reference,))


def test_before_its_accession_the_example_leaves_timor_leste_out_by_name(world: World) -> None:
    created = world.examples.load(
        ACCSM21.read_text("utf-8"), date(2025, 10, 25), caller=caller("coordinator")
    ).drafts
    officials = ("Filomena da Conceição Ximenes (TL)", "Domingos Araújo Guterres (TL)")
    assert [item.left_out for item in created] == [officials, ()], "the second one is on the day itself"
    preparatory, som = (world.reading.meeting(item.reference) for item in created)
    assert {item.delegation for item in som.attendees} - {
        item.delegation for item in preparatory.attendees
    } == {"TL"}
    assert (preparatory.start, som.start) == ("2025-10-25 14:00", "2025-10-26 14:00")


def test_the_example_is_loaded_once(world: World) -> None:
    world.examples.load(ACCSM21.read_text("utf-8"), None, caller=caller("coordinator"))
    before = contents(world.database)
    with pytest.raises(Conflict):
        world.examples.load(ACCSM21.read_text("utf-8"), date(2027, 1, 5), caller=caller("coordinator"))
    assert contents(world.database) == before


# --- ops


def failed_invitation(world: World) -> int:
    def no(recipient: str) -> None:
        if recipient == TAN:
            raise PermanentFailure("No such user.")

    world.mailer.before = no
    world.invited()
    world.mailer.before = lambda _: None
    return next(row.id for row in world.rows(K.INVITE) if row.state == "failed")


def test_a_failed_action_is_retried_on_demand(world: World) -> None:
    number = failed_invitation(world)
    world.operations.retry(number, caller=caller("ops"))
    world.run()
    assert len(world.mailer.to(TAN)) == 1
    history = world.reading.meeting("SOM-2026").history
    assert (history[0].actor, words.say(history[0].what)) == ("ops", "retried")


def test_a_failed_action_that_was_discarded_stays_so(world: World) -> None:
    number = failed_invitation(world)
    world.operations.discard(number, caller=caller("ops"), reason="the address is gone")
    row = next(item for item in world.rows() if item.id == number)
    assert (row.state, row.cancel_code) == ("cancelled", "discarded")
    assert maybe(row.reason) == "discarded by ops: the address is gone"
    answer(world, TAN, P.ACCEPTED)
    world.run()
    assert world.mailer.to(TAN) == []
    change(world, 2, title="News for all")
    world.run()
    assert [without_date(mail.subject) for mail in world.mailer.to(TAN)] == ["Invitation: News for all"]


def test_a_missed_reminder_is_not_retried_past_its_grace(world: World) -> None:
    world.invited()
    world.clock.at = STARTS
    world.run()
    missed = world.rows(K.REMIND)[0]
    assert missed.state == "missed"
    with pytest.raises(Conflict, match="past its grace"):
        world.operations.retry(missed.id, caller=caller("ops"))
    world.operations.discard(missed.id, caller=caller("ops"))
    assert world.rows(K.REMIND)[0].state == "cancelled"


def test_what_is_in_hand_is_neither_retried_nor_discarded(world: World) -> None:
    world.published()
    (number,) = world.claimed()
    for refused in (world.operations.retry, world.operations.discard):
        with pytest.raises(Conflict, match="is claimed"):
            refused(number, caller=caller("ops"))


# --- planning twice


def removed(world: World) -> None:
    world.invited()
    change(world, 2, attendees=[PEOPLE[TAN]])


def declined(world: World) -> None:
    world.invited()
    answer(world, TAN, P.DECLINED)


def linked_by_hand(world: World) -> None:
    world.conferences.during = refuse
    world.invited()
    world.meetings.enter_join_link("SOM-2026", LINK, caller=caller("coordinator"))


def with_minutes(world: World) -> None:
    world.concluded()
    attach(world)


def in_hand(world: World) -> None:
    world.published()
    world.claimed()
    change(world, 2, title="Other")


def reinstated(world: World) -> None:
    cancelled(world)
    world.meetings.reinstate("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")


def sent_again(world: World) -> None:
    world.invited()
    world.answers.send_again("SOM-2026", TAN, caller=caller("coordinator"))


def refused(world: World) -> None:
    """Somebody proposed another time, which is news, and was refused."""
    world.invited()
    with world.database.transaction() as session:
        attendee = store.load(session, 1).attendees[0].id
        proposed = NewResponse(
            meeting_id=1,
            attendee_id=attendee,
            kind=ResponseKind.PROPOSAL,
            state=ProposalState.OPEN,
            channel="mail",
            starts_at=STARTS,
            ends_at=ENDS,
            by=TAN,
            at=NOW,
        )
        responses.add(session, [proposed])
    world.answers.refuse_proposal("SOM-2026", 1, caller=caller("coordinator"))


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "life",
    [
        draft,
        World.published,
        World.invited,
        removed,
        declined,
        moved,
        linked_by_hand,
        cancelled,
        with_minutes,
        in_hand,
        announced,
        reinstated,
        sent_again,
        refused,
    ],
    ids=lambda life: life.__name__,
)
def test_planning_again_changes_nothing(world: World, life: Callable[[World], None]) -> None:
    life(world)
    before = contents(world.database)
    world.clock.move(seconds=1)
    for _ in range(2):
        with world.database.transaction() as session:
            meeting = store.load(session, store.find_id(session, "SOM-2026"), lock=True)
            result = world.planner.replan(session, meeting, world.clock.now())
        assert result.changes_nothing
        assert contents(world.database) == before


def test_planning_locks_what_it_looks_at(world: World) -> None:
    world.published()
    with world.database.transaction() as session:
        assert len(actions.stored(session, 1)) == len(world.rows())


def test_two_who_create_the_same_meeting_at_once_get_one_and_a_plain_answer(world: World) -> None:
    start = Barrier(2)

    def create(name: str) -> str:
        start.wait(10)
        try:
            return world.meetings.create([definition()], caller=caller(name))[0].reference
        except Conflict as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(create, ("first", "second")))
    assert found[0] == "SOM-2026"
    assert found[1] in ("conflict", "simultaneous-change")
    assert len(world.reading.meetings()) == 1


# For whom the time is no good.


def test_whoever_decides_about_a_time_is_told_for_whom_it_is_a_day_off_or_night(world: World) -> None:
    """Friday, 4 December 2026 is National Day in Myanmar, and 14:00 in Ha Noi is 02:00 in Ottawa."""
    when = "Friday, 4 December 2026, 13:30 Nay Pyi Taw (UTC+06:30)"
    myanmar = f"SOM-2026: Myanmar, {when}: public holiday (National Day)."

    def about(warnings: Iterable[Said]) -> tuple[str | None, ...]:
        """What is said of this time, without the days that would suit."""
        return tuple(said for said in map(maybe, warnings) if said and "is off on" not in said)

    ottawa = "SOM-2026: Canada, Friday, 4 December 2026, 02:00 Ottawa (UTC-05:00): night, 2 h 30 min."
    (created,) = world.meetings.create([definition(start="2026-12-04 14:00")], caller=caller("K"))
    assert about(created.warnings) == (myanmar,)
    shown = world.meetings.publish("SOM-2026", caller=caller("K"), dry_run=True)
    done = world.meetings.publish("SOM-2026", caller=caller("K"))
    assert [about(item.warnings) for item in (shown, done)] == [(myanmar,)] * 2

    def changed(**fields: Any) -> tuple[str | None, ...]:
        done = change(world, world.reading.meeting("SOM-2026").version, **fields)
        return about(done.warnings)

    assert changed(title="Another title") == ()
    guest = {"group": "DP4", "delegation": "CA", "name": "A. Tremblay", "email": "a@ca.example.org"}
    assert changed(attendees=[*PEOPLE.values(), guest]) == (myanmar, ottawa)
    assert changed(start="2026-12-03 08:00", attendees=list(PEOPLE.values())) == ()
