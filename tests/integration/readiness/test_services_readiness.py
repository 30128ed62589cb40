"""The board of what is missing from whom, and what settles it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Need
from orchestrator.errors import Conflict, InvalidInput, NotFound, PermanentFailure, TransientFailure
from orchestrator.ports import ConferenceRequest
from orchestrator.services.personal.delegation_list import Member
from orchestrator.services.personal.still_missing import StillMissingView
from orchestrator.store.answers import incoming
from orchestrator.store.rows.delivery import DeliveryRow
from tests.callers import caller
from tests.integration.conftest import NHUNG, STARTS, TAN, THIDA, World, contents
from tests.integration.readiness.board import (
    CHASING,
    LAN,
    MINH,
    STAFF,
    C,
    K,
    P,
    answer,
    history,
    meeting,
    record,
    row,
    told,
)


def token(world: World, email: str) -> str:
    return world.links.page_token(next(item for item in meeting(world).invited if item.email == email))


def state(world: World, code: str, aspect: str) -> str:
    return row(world, code).cells[aspect].state


def chasers(world: World, need: str) -> dict[str, list[str]]:
    """The states of the chasers for something, by whom they go to."""
    people = {item.id: item.email for item in meeting(world).attendees}
    found: dict[str, list[str]] = {}
    for item in world.rows(K.CHASE):
        if item.step.startswith(f"chase:{need}") and item.attendee_id is not None:
            found.setdefault(people[item.attendee_id], []).append(item.state)
    return found


# The board


def test_the_board_begins_with_everything_missing_in_protocol_order(published: World) -> None:
    board = published.readiness.board("SOM-2026")
    assert [item.code for item in board.delegations] == ["MM", "SG", "VN"]
    assert {name: (item.settled, item.of) for name, item in board.tally.items()} == {
        "answered": (0, 3),
        "list": (0, 3),
        "paper": (0, 3),
        "tested": (0, 3),
        "link": (3, 3),
        "joined": (0, 0),
    }
    found = row(published, "VN")
    assert {name: item.state for name, item in found.cells.items()} == {
        "answered": "missing",
        "list": "missing",
        "paper": "missing",
        "tested": "missing",
        "link": "in",
        "joined": "not yet",
    }
    assert told(found.missing) == ("answer", "delegation list", "paper", "connectivity test")
    assert told(found.cells["answered"].details) == (
        "no answer: Lê Thị Hồng Nhung, Phạm Thu Lan, Đỗ Quang Minh",
    )
    assert [item.email for item in found.nudge_to] == [LAN]
    assert [item.email for item in row(published, "MM").nudge_to] == [THIDA]


def test_the_answer_of_the_head_counts_where_there_is_one(published: World) -> None:
    answer(published, LAN, P.ACCEPTED)
    assert state(published, "VN", "answered") == "missing"
    answer(published, NHUNG, P.TENTATIVE)
    cell = row(published, "VN").cells["answered"]
    assert (cell.state, cell.settled, cell.by) == ("tentative", True, "console")
    assert str(cell.since) == "Sunday, 1 November 2026, 10:00 Ha Noi (UTC+07:00)"
    assert told(cell.details) == ("no answer: Đỗ Quang Minh",)
    answer(published, TAN, P.ACCEPTED)
    assert state(published, "SG", "answered") == "accepted"
    assert published.readiness.board("SOM-2026").tally["answered"].settled == 2


def test_nothing_but_an_answer_is_wanted_of_a_delegation_that_stays_away(published: World) -> None:
    record(published, "MM", Need.TEST, C.FAILED)
    answer(published, THIDA, P.DECLINED)
    found = row(published, "MM")
    assert {name: item.state for name, item in found.cells.items()} == {
        "answered": "declined",
        "list": "declined",
        "paper": "declined",
        "tested": "declined",
        "link": "declined",
        "joined": "declined",
    }
    assert (told(found.missing), found.nudge_to) == ((), ())
    assert (published.readiness.board("SOM-2026").tally["list"].of) == 2


def test_only_what_the_timeline_asks_for_is_owed(world: World) -> None:
    world.invited(attendees=STAFF)
    assert told(row(world, "VN").missing) == ("answer",)
    assert state(world, "VN", "paper") == "not asked for"
    assert world.readiness.board("SOM-2026").tally["paper"].of == 0
    record(world, "VN", Need.PAPER, C.IN)
    assert state(world, "VN", "paper") == "in"


def test_a_draft_has_no_link_to_deliver_and_nobody_to_ask(world: World) -> None:
    world.create(attendees=STAFF)
    found = row(world, "VN")
    assert (found.cells["link"].state, found.nudge_to) == ("not yet", ())


# The link


def test_the_link_is_delivered_once_everybody_who_may_come_has_it(world: World) -> None:
    world.timelines = {**world.timelines, "chasing": CHASING}
    world.published(attendees=STAFF, timeline="chasing")
    cell = row(world, "VN").cells["link"]
    assert (cell.state, cell.settled, told(cell.details)) == (
        "missing",
        False,
        ("there is no join link yet",),
    )
    refused = iter([PermanentFailure("no such person")])

    def refuse(recipient: str) -> None:
        if recipient == MINH:
            raise next(refused)

    world.mailer.before = refuse
    world.run()
    cell = row(world, "VN").cells["link"]
    assert (cell.state, told(cell.details)) == (
        "failed",
        ("did not arrive: Đỗ Quang Minh", "with the invitation"),
    )
    answer(world, MINH, P.DECLINED)
    cell = row(world, "VN").cells["link"]
    assert (cell.state, told(cell.details), str(cell.since)) == (
        "in",
        ("with the invitation",),
        "Sunday, 1 November 2026, 09:00 Ha Noi (UTC+07:00)",
    )


def test_a_bounce_takes_the_link_back_and_a_reminder_brings_it(published: World) -> None:
    bounce(published, TAN)
    assert state(published, "SG", "link") == "failed"
    published.clock.at = datetime(2026, 11, 26, 2, tzinfo=UTC)
    published.run()
    cell = row(published, "SG").cells["link"]
    assert (cell.state, told(cell.details)) == ("in", ("with the reminder",))


def bounce(world: World, email: str) -> None:
    with world.database.transaction() as session:
        wanted = select(DeliveryRow).where(DeliveryRow.recipient == email, DeliveryRow.state == "sent")
        for delivery in session.scalars(wanted):
            incoming.bounced(session, delivery, "no such mailbox", world.clock.now())


def test_a_new_revision_has_to_reach_them_again(published: World) -> None:
    change = MeetingUpdate.model_validate({"title": {"en": "Senior Officials Meeting, second session"}})
    published.meetings.update(
        "SOM-2026",
        change,
        caller=caller("console"),
        version=meeting(published).version,
        reason="The Chair is ill.",
    )
    cell = row(published, "SG").cells["link"]
    assert (cell.state, told(cell.details)) == ("missing", ("not yet: Tan Hui Shan",))
    published.run()
    assert told(row(published, "SG").cells["link"].details) == ("with the update",)


def test_a_reminder_that_left_without_a_link_does_not_count(world: World) -> None:
    def away(_: ConferenceRequest) -> None:
        raise TransientFailure("Teams does not answer")

    world.conferences.during = away
    world.published(attendees=STAFF)
    world.clock.at = datetime(2026, 11, 26, 2, tzinfo=UTC)
    world.run()
    assert {mail.subject.partition(":")[0] for mail in world.mailer.to(TAN)} == {"Reminder"}
    world.meetings.enter_join_link("SOM-2026", "https://meet.example/room", caller=caller("console"))
    assert state(world, "SG", "link") == "missing"
    world.run()
    assert told(row(world, "SG").cells["link"].details) == ("with the invitation",)


# What comes in


@pytest.mark.both_databases
def test_chasers_end_with_what_comes_in_and_come_again_when_it_is_taken_back(published: World) -> None:
    assert chasers(published, "paper") == {THIDA: ["scheduled"], TAN: ["scheduled"], LAN: ["scheduled"]}
    record(published, "VN", Need.PAPER, C.WAIVED, "nothing to report")
    assert chasers(published, "paper")[LAN] == ["cancelled"]
    assert chasers(published, "paper")[TAN] == ["scheduled"]
    cell = row(published, "VN").cells["paper"]
    assert (cell.state, cell.settled, cell.by, told(cell.details)) == (
        "waived",
        True,
        "console",
        ("nothing to report",),
    )
    record(published, "VN", Need.PAPER, None)
    assert chasers(published, "paper")[LAN] == ["scheduled"]
    assert state(published, "VN", "paper") == "missing"
    assert history(published, "paper waived") == [("console", "VN: nothing to report")]
    assert history(published, "paper missing again") == [("console", "VN")]


def test_a_failed_test_is_still_missing(published: World) -> None:
    record(published, "VN", Need.TEST, C.FAILED, "no sound")
    found = row(published, "VN")
    assert (found.cells["tested"].state, found.cells["tested"].settled) == ("failed", False)
    assert "connectivity test" in told(found.missing)
    record(published, "VN", Need.TEST, C.IN)
    assert "connectivity test" not in told(row(published, "VN").missing)
    assert {item.state for item in published.rows(K.CONNECTION_TEST)} == {"scheduled", "cancelled"}


def test_recording_what_stands_already_changes_nothing(published: World) -> None:
    record(published, "VN", Need.LIST, C.IN)
    before = contents(published.database)
    record(published, "VN", Need.LIST, C.IN)
    record(published, "MM", Need.LIST, None)
    assert contents(published.database) == before


def test_what_cannot_be_recorded_is_refused(published: World) -> None:
    before = contents(published.database)
    with pytest.raises(InvalidInput, match="is nothing that a paper can be"):
        record(published, "VN", Need.PAPER, C.FAILED)
    with pytest.raises(InvalidInput, match="is given by people"):
        record(published, "VN", Need.ANSWER, C.IN)
    with pytest.raises(NotFound, match="KH is not a delegation invited to SOM-2026"):
        record(published, "KH", Need.PAPER, C.IN)
    assert contents(published.database) == before
    published.meetings.cancel("SOM-2026", caller=caller("console"), reason="The Chair is ill.")
    with pytest.raises(Conflict, match="cancelled"):
        record(published, "VN", Need.PAPER, C.IN)


def test_a_chaser_in_hand_is_not_sent_any_more(published: World) -> None:
    published.clock.at = max(item.due_at for item in published.rows(K.CHASE) if item.step == "chase:paper/1")
    batches = published.scheduling.claim()
    record(published, "VN", Need.PAPER, C.IN)
    for batch in batches:
        published.delivering.deliver(batch)
    assert chasers(published, "paper") == {LAN: ["cancelled"], TAN: ["succeeded"], THIDA: ["succeeded"]}


# Who is there


def test_a_delegation_joins_once_and_not_long_before_the_start(published: World) -> None:
    with pytest.raises(Conflict, match="nobody can have joined yet"):
        published.contributions.joined("SOM-2026", "VN", caller=caller("console"))
    published.clock.at = STARTS - timedelta(minutes=20)
    assert published.contributions.joined("SOM-2026", "vn", caller=caller("console"))
    published.clock.at = STARTS
    assert not published.contributions.joined("SOM-2026", "VN", caller=caller("api"))
    cell = row(published, "VN").cells["joined"]
    assert (cell.state, cell.by) == ("in", "console")
    assert str(cell.since) == "Thursday, 3 December 2026, 13:40 Ha Noi (UTC+07:00)"
    assert state(published, "SG", "joined") == "missing"
    assert history(published, "joined") == [("console", "VN")]
    with pytest.raises(NotFound):
        published.contributions.joined("SOM-2026", "KH", caller=caller("console"))


# The personal page


def still_missing(world: World, email: str) -> StillMissingView:
    found = world.still_missing.view(token(world, email))
    assert found is not None
    return found


def test_whoever_speaks_for_a_delegation_sees_what_it_owes(published: World) -> None:
    before = contents(published.database)
    found = still_missing(published, LAN)
    assert [item.need for item in found.missing] == [
        "answer",
        "delegation list",
        "paper",
        "connectivity test",
    ]
    assert found.settled == ()
    assert found.connection_test == row(published, "VN").connection_test
    assert still_missing(published, NHUNG) == found
    assert published.still_missing.view(token(published, MINH)) is None
    assert contents(published.database) == before


def test_one_click_settles_what_a_person_can_and_can_be_taken_back(published: World) -> None:
    lan, view = token(published, LAN), published.personal_pages.page(token(published, LAN))
    assert published.still_missing.settle(lan, Need.LIST, C.IN, mark=view.mark)
    assert published.still_missing.settle(lan, Need.PAPER, C.WAIVED)
    assert not published.still_missing.settle(lan, Need.PAPER, C.WAIVED)
    assert [item.need for item in still_missing(published, LAN).missing] == ["answer", "connectivity test"]
    assert [
        (item.need, item.state, item.by, item.is_own) for item in still_missing(published, LAN).settled
    ] == [
        ("delegation list", "in", "Phạm Thu Lan", True),
        ("paper", "waived", "Phạm Thu Lan", True),
    ]
    assert chasers(published, "list")[LAN] == ["cancelled", "cancelled"]
    assert history(published, "paper waived") == [("web", "VN, by Phạm Thu Lan")]
    assert row(published, "VN").cells["paper"].by == "Phạm Thu Lan"
    assert published.still_missing.settle(token(published, NHUNG), Need.PAPER, None)
    assert state(published, "VN", "paper") == "missing"
    assert published.still_missing.settle(lan, Need.PAPER, C.IN)


def test_what_one_click_may_not_do(published: World) -> None:
    lan, mark = token(published, LAN), published.personal_pages.page(token(published, LAN)).mark
    record(published, "VN", Need.PAPER, C.WAIVED)
    before = contents(published.database)
    with pytest.raises(Conflict, match="Only the focal point and the head"):
        published.still_missing.settle(token(published, MINH), Need.PAPER, C.IN)
    with pytest.raises(Conflict, match="The coordinator has recorded this"):
        published.still_missing.settle(lan, Need.PAPER, None)
    with pytest.raises(InvalidInput, match="cannot be said of a connectivity test here"):
        published.still_missing.settle(lan, Need.TEST, C.IN)
    with pytest.raises(InvalidInput, match="cannot be said of a delegation list here"):
        published.still_missing.settle(lan, Need.LIST, C.WAIVED, mark=mark)
    with pytest.raises(Conflict, match="changed the list") as refused:
        published.still_missing.settle(lan, Need.LIST, C.IN, mark="older")
    assert refused.value.code == "list-changed"
    assert contents(published.database) == before
    published.clock.at = STARTS
    assert published.still_missing.view(lan) is None
    with pytest.raises(Conflict, match="has begun"):
        published.still_missing.settle(lan, Need.PAPER, C.IN)


def test_naming_who_comes_puts_the_list_in(published: World) -> None:
    lan = token(published, LAN)
    new = [Member("Vũ Thị Mai", "mai@vn.example.org")]
    published.delegation_lists.compose(lan, new, dry_run=True)
    assert state(published, "VN", "list") == "missing"
    published.delegation_lists.compose(lan, new)
    cell = row(published, "VN").cells["list"]
    assert (cell.state, cell.by) == ("in", "Phạm Thu Lan")
    assert chasers(published, "list")[LAN] == ["cancelled", "cancelled"]
    assert chasers(published, "list")[TAN] == ["scheduled", "scheduled"]


def test_nothing_is_asked_of_a_page_before_the_meeting_is_confirmed(world: World) -> None:
    world.timelines = {**world.timelines, "chasing": CHASING}
    world.create(attendees=STAFF, timeline="chasing")
    world.meetings.publish("SOM-2026", caller=caller("console"), save_the_date=True)
    assert world.still_missing.view(token(world, LAN)) is None
    assert state(world, "VN", "link") == "not yet"
