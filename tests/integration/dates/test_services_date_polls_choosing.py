"""Choosing a time, also where other meetings are linked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.meetings.linking import QUESTION
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    World,
    contents,
    definition,
    until,
    waiting_for_a_lock,
)
from tests.integration.dates.polling import LAN, STAFF, YES, last_notes, opened, polled, recipients, token

pytestmark = pytest.mark.usefixtures("in_office_hours")


# Choosing


@pytest.mark.both_databases
def test_the_chosen_option_becomes_the_time_and_ends_the_poll(world: World) -> None:
    polled(world)
    seen = world.date_polls.close("SOM-2026", 1, caller=caller("coordinator"), dry_run=True)
    assert (seen.previewed, seen.date_poll.state, seen.date_poll.chosen) == (True, "closed", 1)
    assert world.date_polls.show("SOM-2026").state == "open"
    done = world.date_polls.close("SOM-2026", 1, caller=caller("coordinator"), version=1)
    assert (done.version, done.date_poll.chosen) == (2, 1)
    meeting = world.reading.meeting("SOM-2026")
    assert (meeting.start, meeting.status, meeting.version) == ("2026-12-08 09:00", "draft", 2)
    assert last_notes(world, 1) == [
        ("date chosen from the poll", "coordinator", "option 1: 2026-12-08 09:00 Asia/Ho_Chi_Minh")
    ]
    page = world.personal_date_polls.page(token_of(world, LAN))
    assert page is not None
    assert str(page.chosen) == "Tuesday, 8 December 2026, 09:00 Ha Noi (UTC+07:00)"
    assert maybe(page.refusal) == "This date poll is over; a date was chosen."


def token_of(world: World, email: str) -> str:
    """The link from the mail, also when the poll is over and no link is handed over any more."""
    (mail, *_) = world.mailer.to(email)
    body = mail.message.get_body(("plain",))
    assert body is not None
    return str(body.get_content().partition("/a/")[2].partition("/dates")[0])


def test_choosing_cancels_mails_that_have_not_left(world: World) -> None:
    world.create(attendees=STAFF)
    opened(world)
    done = world.date_polls.close("SOM-2026", 2, caller=caller("coordinator"))
    assert [item.effect for item in done.consequences] == ["cancelled"] * 3
    world.run()
    assert recipients(world) == []


def test_choosing_is_refused_for_another_version_an_unknown_or_a_past_option(world: World) -> None:
    polled(world)
    with pytest.raises(Conflict, match="changed by somebody else meanwhile"):
        world.date_polls.close("SOM-2026", 1, caller=caller("coordinator"), version=9)
    with pytest.raises(InvalidInput, match="option: is not an option"):
        world.date_polls.close("SOM-2026", 3, caller=caller("coordinator"))
    world.clock.at = datetime(2026, 12, 9, tzinfo=UTC)
    update = MeetingUpdate.model_validate({"start": "2026-12-20 14:00"})
    world.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=1, reason="The Chair is ill."
    )
    with pytest.raises(Conflict, match="Option 1 is in the past"):
        world.date_polls.close("SOM-2026", 1, caller=caller("coordinator"))
    assert world.date_polls.close("SOM-2026", 2, caller=caller("coordinator")).version == 3


def test_a_draft_is_published_only_once_its_poll_is_over(world: World) -> None:
    polled(world)
    link = token(world, LAN)
    with pytest.raises(Conflict, match="has an open date poll"):
        world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    world.date_polls.close("SOM-2026", 2, caller=caller("coordinator"))
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    assert world.personal_date_polls.page(link) is None
    assert world.personal_pages.page(link).times.starts.clock == "14:00"
    with pytest.raises(Conflict, match="This date poll is over; a date was chosen"):
        world.personal_date_polls.vote(link, {1: YES, 2: YES})


def test_cancelling_a_draft_keeps_its_mails_back_and_refuses_votes(world: World) -> None:
    world.create(attendees=STAFF)
    opened(world)
    link = token(world, LAN)
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.run()
    assert recipients(world) == []
    with pytest.raises(Conflict, match="The meeting was cancelled, so no date is needed any more"):
        world.personal_date_polls.vote(link, {1: YES, 2: YES})


# Choosing the time of a meeting that is linked

PREP = "PREP-2026"


def linked_poll(world: World) -> World:
    """A poll for a SOM on 3 December at 14:00; its preparatory meeting, the day before, is published."""
    prep = definition(PREP, kind="preparatory", start="2026-12-02 09:00", duration="PT2H", feeds="SOM-2026")
    world.meetings.create([prep, definition(attendees=STAFF)], caller=caller("coordinator"))
    world.meetings.publish(PREP, caller=caller("coordinator"))
    opened(world)
    world.run()
    return world


def test_choosing_a_time_asks_what_becomes_of_linked_meetings(world: World) -> None:
    linked_poll(world)
    before = contents(world.database)
    for dry_run in (True, False):
        with pytest.raises(Conflict) as caught:
            world.date_polls.close("SOM-2026", 2, caller=caller("coordinator"), dry_run=dry_run)
        assert caught.value.code == QUESTION
        assert "move: it goes to Wednesday, 9 December 2026, 09:00" in caught.value.message
    assert contents(world.database) == before
    assert world.date_polls.show("SOM-2026").state == "open"


def test_a_linked_meeting_goes_along_in_the_same_transaction(world: World) -> None:
    linked_poll(world)
    choice = {"caller": caller("coordinator"), "linked": Linked.MOVE}
    seen = world.date_polls.close("SOM-2026", 2, dry_run=True, **choice)
    assert world.reading.meeting(PREP).start == "2026-12-02 09:00"
    done = world.date_polls.close("SOM-2026", 2, **choice)
    assert (done.consequences, done.warnings) == (seen.consequences, seen.warnings)
    assert [item.meeting for item in done.consequences if item.kind == ActionKind.INVITE] == [PREP] * 3
    (sentence,) = map(words.say, done.warnings)
    assert sentence == (
        f"{PREP}, which prepares it, goes along: from Wednesday, 2 December 2026, 09:00 Ha Noi (UTC+07:00) "
        "to Wednesday, 9 December 2026, 09:00 Ha Noi (UTC+07:00)."
    )
    assert (done.version, done.date_poll.state, done.date_poll.chosen) == (2, "closed", 2)
    assert world.reading.meeting("SOM-2026").start == "2026-12-10 14:00"
    assert world.reading.meeting(PREP).start == "2026-12-09 09:00"
    ((what, _, detail),) = last_notes(world, 1)
    assert what == "date chosen from the poll"
    assert detail == f"option 2: 2026-12-10 14:00 Asia/Ho_Chi_Minh. {sentence}"


def test_a_linked_meeting_that_is_kept_is_named_and_an_absurd_order_said(world: World) -> None:
    linked_poll(world)
    update = MeetingUpdate.model_validate({"start": "2026-12-09 09:00"})
    version = world.reading.meeting(PREP).version
    world.meetings.update(
        PREP,
        update,
        caller=caller("coordinator"),
        version=version,
        linked=Linked.KEEP,
        reason="The Chair is ill.",
    )
    done = world.date_polls.close("SOM-2026", 1, caller=caller("coordinator"), linked=Linked.KEEP)
    assert tuple(map(words.say, done.warnings)) == (
        f"{PREP}, which prepares it, stays on Wednesday, 9 December 2026, 09:00 Ha Noi (UTC+07:00).",
        f"{PREP} comes after the meeting it prepares, SOM-2026.",
    )
    assert world.reading.meeting(PREP).start == "2026-12-09 09:00"


def test_an_option_at_the_time_that_stands_asks_nothing(world: World) -> None:
    linked_poll(world)
    update = MeetingUpdate.model_validate({"start": "2026-12-08 09:00"})
    world.meetings.update(
        "SOM-2026",
        update,
        caller=caller("coordinator"),
        version=1,
        linked=Linked.KEEP,
        reason="The Chair is ill.",
    )
    assert world.date_polls.close("SOM-2026", 1, caller=caller("coordinator")).date_poll.chosen == 1


def test_choosing_waits_for_the_linked_meeting_before_it_takes_its_own(
    postgres: Database, tmp_path: Path
) -> None:
    """Taken in the order of the change, each of two changes would wait for the other for ever."""
    world = linked_poll(World(postgres, tmp_path))
    with postgres.transaction() as session:
        prep, som = (store.find_id(session, name) for name in (PREP, "SOM-2026"))
        store.load(session, prep, lock=True)
        choosing = Thread(
            target=world.date_polls.close,
            args=("SOM-2026", 2),
            kwargs={"caller": caller("coordinator"), "linked": Linked.MOVE},
        )
        choosing.start()
        until(lambda: waiting_for_a_lock(postgres), "the choice to wait")
        store.load(session, som, lock=True)
    choosing.join(30)
    assert not choosing.is_alive()
    assert world.reading.meeting(PREP).start == "2026-12-09 09:00"
