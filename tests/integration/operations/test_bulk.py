"""Many actions are mended at once, by state, kind, reason and meeting, after a look at what would be done."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from integrations.smtp.answers import Refused
from orchestrator.domain.answers.refusal_targets import Command
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind, Work
from orchestrator.errors import InvalidInput, PermanentFailure
from orchestrator.facts import Fact
from orchestrator.services.operations.bulk import Bulk
from orchestrator.store.operations.selecting import Selection
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import STARTS, World, contents, crowd
from tests.integration.delivery.failing import refusing_attendees

K, S = ActionKind, ActionState
pytestmark = pytest.mark.both_databases
QUOTA = Refused(Command.DATA, 550, b"5.4.5 Daily user sending limit exceeded").failure("m:25", "s@x", "r@x")
WRONG = PermanentFailure(Fact.of("outside.smtp.address-refused", recipient="r@x", answer="550 no"))
OPS = caller("ops")


def bulk(world: World) -> Bulk:
    return Bulk(world.database, world.clock, world.clock, world.wake_up)


def invited(world: World, error: Exception, count: int = 5) -> None:
    """Invitations of two meetings, each of which met with ``error``."""
    world.mailbox = None  # type: ignore[assignment]
    for reference in ("SOM-2026", "OTHER"):
        world.create(reference=reference, attendees=crowd(count))
        world.meetings.publish(reference, caller=caller("coordinator"))
    refusing_attendees(world, error)
    for _ in range(4):
        for batch in world.scheduling.claim():
            world.delivering.deliver(batch, batch.lane)
    world.mailer.before = lambda _: None


def states(world: World) -> Counter[str]:
    return Counter(row.state for row in world.rows(K.INVITE))


def test_a_preview_shows_what_retrying_does_and_changes_nothing(world: World) -> None:
    invited(world, WRONG)
    before = contents(world.database)
    shown = bulk(world).retry(Selection(), caller=OPS, dry_run=True)
    assert contents(world.database) == before
    assert (shown.previewed, shown.count, shown.too_late, shown.more) == (True, 10, 0, False)
    assert {(item.meeting, item.kind, item.state, item.count) for item in shown.groups} == {
        ("SOM-2026", "invite", "failed", 5),
        ("OTHER", "invite", "failed", 5),
    }
    assert "Correct the address" in (maybe(shown.groups[0].reason) or "")
    done = bulk(world).retry(Selection(), caller=OPS)
    assert (done.previewed, done.count, done.groups) == (False, 10, shown.groups)
    assert states(world) == {"scheduled": 10}
    world.run()
    assert states(world) == {"succeeded": 10}


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        (Selection(meeting="OTHER"), 5),
        (Selection(meeting="NONE"), 0),
        (Selection(kind=K.INVITE), 10),
        (Selection(kind=K.REMIND), 0),
        (Selection(reason="outside.smtp"), 10),
        (Selection(reason="outside.smtp.address-refused"), 10),
        (Selection(reason="outside.smtp.address"), 0),
        (Selection(reason="outside.s%"), 0),
        (Selection(states=(S.MISSED,)), 0),
        (Selection(states=(S.FAILED,), kind=K.INVITE, reason="outside", meeting="SOM-2026"), 5),
    ],
)
def test_what_is_chosen(world: World, selection: Selection, count: int) -> None:
    invited(world, WRONG)
    assert bulk(world).retry(selection, caller=OPS, dry_run=True).count == count
    assert bulk(world).retry(selection, caller=OPS).count == count
    assert states(world)["scheduled"] == count


def test_mail_that_waits_for_trouble_of_ours_is_tried_as_soon_as_that_is_mended(world: World) -> None:
    invited(world, QUOTA)
    assert states(world) == {"scheduled": 10}
    assert world.scheduling.claim() == [], "each waits for its quarter of an hour"
    chosen = Selection((S.SCHEDULED,), reason="outside.smtp.quota-refused")
    assert bulk(world).retry(chosen, caller=OPS).count == 10
    world.run()
    assert states(world) == {"succeeded": 10}


def test_what_is_still_to_come_is_never_tried_early(world: World) -> None:
    invited(world, WRONG)
    assert bulk(world).retry(Selection((S.SCHEDULED,)), caller=OPS).count == 0


def test_what_is_past_its_grace_is_never_sent_late(world: World) -> None:
    invited(world, WRONG)
    world.clock.at = STARTS + timedelta(days=2)
    done = bulk(world).retry(Selection(), caller=OPS)
    assert (done.count, done.too_late) == (0, 10)
    assert states(world) == {"failed": 10}


def test_discarding_many_needs_a_state_and_is_told_in_the_history(world: World) -> None:
    invited(world, WRONG)
    with pytest.raises(InvalidInput, match="state: is missing"):
        bulk(world).discard(Selection(meeting="OTHER"), caller=OPS)
    chosen = Selection((S.FAILED,), meeting="OTHER")
    assert bulk(world).discard(chosen, caller=OPS, dry_run=True).count == 5
    assert states(world) == {"failed": 10}
    assert bulk(world).discard(chosen, caller=OPS, reason="told by telephone").count == 5
    assert states(world) == {"failed": 5, "cancelled": 5}
    said = [maybe(line.detail) for line in world.reading.meeting("OTHER").history]
    assert "5 actions: told by telephone" in said
    world.run()
    assert states(world) == {"failed": 5, "cancelled": 5}, "replanning does not bring them back"


@pytest.mark.parametrize("state", [S.SUCCEEDED, S.CANCELLED, S.CLAIMED, S.RUNNING])
def test_what_is_done_or_in_hand_cannot_be_mended(world: World, state: ActionState) -> None:
    for mend in (bulk(world).retry, bulk(world).discard):
        with pytest.raises(InvalidInput, match="state: is a state that nothing can be mended in"):
            mend(Selection((state,)), caller=OPS)


def test_a_lane_that_pauses_is_tried_at_once(world: World) -> None:
    from orchestrator.errors import Unavailable

    invited(world, Unavailable("refused the login", retry_after=1800))
    assert world.scheduling.claim() == []
    bulk(world).retry(Selection((S.SCHEDULED,)), caller=OPS)
    assert [batch.lane for batch in world.scheduling.claim()] == [Work.MAIL]
