"""The readiness of delegations on both databases: the board, what comes in, nudges, rehearsal slots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import ContributionState, Meeting, Need, Participation
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.errors import Conflict, InvalidInput, NotFound, PermanentFailure, TransientFailure
from orchestrator.facts import Said
from orchestrator.ports import ConferenceRequest
from orchestrator.services.delegations.overrides import NewOverride
from orchestrator.services.delegations.views import CalendarChange
from orchestrator.services.personal.delegation_list import Member
from orchestrator.services.personal.still_missing import StillMissingView
from orchestrator.services.readiness.connection_tests import ConnectionTestMove
from orchestrator.services.readiness.nudges import AGAIN_AFTER
from orchestrator.services.readiness.views import DelegationReadiness
from orchestrator.store.answers import incoming
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.delivery import DeliveryRow
from orchestrator.store.rows.meetings import HistoryRow
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import NHUNG, NOW, PEOPLE, STARTS, TAN, THIDA, World, contents

K, P, C = ActionKind, Participation, ContributionState
LAN, MINH, DARA = "lan@vn.example.org", "minh@vn.example.org", "dara@kh.example.org"
# Viet Nam has a head, a focal point and a delegate; Myanmar only a head; Singapore only a focal point.
STAFF = [
    PEOPLE[NHUNG],
    {"group": "ACCSM_FP", "delegation": "VN", "name": "Phạm Thu Lan", "email": LAN},
    {"group": "ACCSM_OFF", "delegation": "VN", "name": "Đỗ Quang Minh", "email": MINH},
    PEOPLE[THIDA],
    PEOPLE[TAN],
]
CHASING = Timeline.of(
    {
        "name": "chasing",
        "title": "A meeting that asks for everything",
        "steps": [
            {"do": "conference", "at": "immediately", "alert_after": "PT30M"},
            {"do": "invite", "at": "immediately"},
            {"do": "remind", "id": "P7D", "at": "-P7D at 09:00 local", "grace": "PT7H"},
            {"do": "chase", "id": "answer", "when": "no answer", "at": ["-P21D", "-P14D"]},
            {"do": "chase", "id": "list", "when": "list missing", "at": ["-P20D", "-P10D"]},
            {"do": "chase", "id": "paper", "when": "paper missing", "at": "-P12D"},
            {
                "do": "connection-test",
                "at": "-P3D",
                "day": "-P1D",
                "slot": "PT15M",
                "to": ["focal point", "head of delegation"],
            },
            {"do": "conclude", "at": "+PT0S"},
            {"do": "minutes", "at": "immediately", "grace": "P7D"},
        ],
    }
)


@pytest.fixture
def published(world: World) -> World:
    """A published meeting that asks for everything, its invitations out, an hour later."""
    world.timelines = {**world.timelines, "chasing": CHASING}
    world.invited(attendees=STAFF, timeline="chasing")
    world.clock.move(hours=1)
    return world


def told(facts: Iterable[Said]) -> tuple[str, ...]:
    """What facts say."""
    return tuple(map(words.say, facts))


def meeting(world: World) -> Meeting:
    with world.database.reading() as session:
        return store.load(session, store.find_id(session, "SOM-2026"))


def token(world: World, email: str) -> str:
    return world.links.page_token(next(item for item in meeting(world).invited if item.email == email))


def row(world: World, code: str) -> DelegationReadiness:
    board = world.readiness.board("SOM-2026")
    return next(item for item in board.delegations if item.code == code)


def state(world: World, code: str, aspect: str) -> str:
    return row(world, code).cells[aspect].state


def record(
    world: World, code: str, need: Need, how: ContributionState | None, note: str | None = None
) -> None:
    world.contributions.record("SOM-2026", code, need, how, caller=caller("console"), note=note)


def answer(world: World, email: str, participation: Participation) -> None:
    world.answers.answer("SOM-2026", email, participation, caller=caller("console"))


def history(world: World, what: str) -> list[tuple[str, str | None]]:
    with world.database.reading() as session:
        rows = session.scalars(select(HistoryRow).order_by(HistoryRow.id))
        return [
            (item.channel if item.actor_kind == "attendee" else item.actor, words.maybe(item.detail))
            for item in rows
            if words.say(item.said) == what
        ]


def chasers(world: World, need: str) -> dict[str, list[str]]:
    """The states of the chasers for something, by whom they go to."""
    people = {item.id: item.email for item in meeting(world).attendees}
    found: dict[str, list[str]] = {}
    for item in world.rows(K.CHASE):
        if item.step.startswith(f"chase:{need}") and item.attendee_id is not None:
            found.setdefault(people[item.attendee_id], []).append(item.state)
    return found


def nudged(world: World) -> list[str]:
    return recipients(world, "chaser")


def recipients(world: World, purpose: str) -> list[str]:
    return [item.recipient for item in world.deliveries() if item.purpose == purpose]


def mails(world: World, purpose: str, email: str) -> list[EmailMessage]:
    ids = {item.message_id for item in world.deliveries() if item.purpose == purpose}
    return [mail.message for mail in world.mailer.to(email) if mail.message["Message-ID"] in ids]


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
        "SOM-2026", change, caller=caller("console"), version=meeting(published).version
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
    published.meetings.cancel("SOM-2026", caller=caller("console"))
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


# Nudging


def test_a_nudge_asks_whoever_speaks_for_each_delegation_once(published: World) -> None:
    before = contents(published.database)
    planned = published.nudges.nudge("SOM-2026", caller=caller("console"), preview=True)
    assert contents(published.database) == before
    assert [(item.recipient_email, maybe(item.what), item.when) for item in planned.consequences] == [
        (THIDA, "Nudge: what is missing", None),
        (TAN, "Nudge: what is missing", None),
        (LAN, "Nudge: what is missing", None),
    ]
    done = published.nudges.nudge("SOM-2026", caller=caller("console"))
    assert (done.consequences, done.count("chase")) == (planned.consequences, 3)
    published.run()
    assert sorted(nudged(published)) == sorted([THIDA, TAN, LAN])
    assert history(published, "nudged") == [
        ("console", f"{who}: answer, delegation list, paper, connectivity test")
        for who in ("MM, Thida Aye", "SG, Tan Hui Shan", "VN, Phạm Thu Lan")
    ]
    assert str(row(published, "VN").nudged_at) == "Sunday, 1 November 2026, 10:00 Ha Noi (UTC+07:00)"


def test_two_clicks_send_one_mail(published: World) -> None:
    published.nudges.nudge("SOM-2026", ["VN"], caller=caller("console"))
    published.run()
    published.clock.move(minutes=9)
    with pytest.raises(Conflict, match="Phạm Thu Lan was asked on Sunday, 1 November 2026, 10:00") as refused:
        published.nudges.nudge("SOM-2026", ["VN"], caller=caller("console"))
    assert refused.value.code == "nobody-to-ask"
    again = published.nudges.nudge("SOM-2026", ["VN", "MM"], caller=caller("console"))
    assert [item.recipient_email for item in again.consequences] == [THIDA]
    when = "Sunday, 1 November 2026, 10:00 Ha Noi (UTC+07:00)"
    assert told(again.warnings) == (
        f"Not asked: Phạm Thu Lan was asked on {when} already; ask again 10 min later.",
    )
    published.run()
    assert nudged(published) == [LAN, THIDA]
    published.clock.at = NOW + timedelta(hours=1) + AGAIN_AFTER
    published.nudges.nudge("SOM-2026", ["VN"], caller=caller("console"))
    published.run()
    assert nudged(published) == [LAN, THIDA, LAN]


def test_a_nudge_that_was_overtaken_by_the_answer_is_not_sent(published: World) -> None:
    published.nudges.nudge("SOM-2026", ["SG"], caller=caller("console"))
    answer(published, TAN, P.ACCEPTED)
    for need in (Need.LIST, Need.PAPER, Need.TEST):
        record(published, "SG", need, C.IN)
    published.run()
    assert nudged(published) == []
    with pytest.raises(Conflict, match="Nobody is asked: nothing is missing from Singapore"):
        published.nudges.nudge("SOM-2026", ["SG"], caller=caller("console"))


def test_people_are_picked_by_address(published: World) -> None:
    published.nudges.nudge("SOM-2026", [MINH.upper()], caller=caller("console"))
    assert history(published, "nudged") == [("console", "VN, Đỗ Quang Minh: answer")]
    answer(published, MINH, P.ACCEPTED)
    with pytest.raises(Conflict, match="nothing is missing from Đỗ Quang Minh"):
        published.nudges.nudge("SOM-2026", [MINH], caller=caller("console"))
    answer(published, MINH, P.DECLINED)
    with pytest.raises(Conflict, match="Đỗ Quang Minh has declined"):
        published.nudges.nudge("SOM-2026", [MINH], caller=caller("console"))


def test_nobody_is_asked_who_has_declined_or_is_not_there(published: World) -> None:
    answer(published, THIDA, P.DECLINED)
    with pytest.raises(Conflict, match="Nobody is asked: Myanmar has declined"):
        published.nudges.nudge("SOM-2026", ["MM"], caller=caller("console"))
    answer(published, LAN, P.DECLINED)
    done = published.nudges.nudge("SOM-2026", ["VN"], caller=caller("console"))
    assert [item.recipient_email for item in done.consequences] == [NHUNG]
    for unknown in ("KH", "nobody@vn.example.org"):
        with pytest.raises(NotFound, match="is not"):
            published.nudges.nudge("SOM-2026", [unknown], caller=caller("console"))


@pytest.mark.parametrize("group", ["ACCSM_OFF"])
def test_a_delegation_that_nobody_speaks_for_cannot_be_asked_for_more_than_an_answer(
    world: World, group: str
) -> None:
    world.timelines = {**world.timelines, "chasing": CHASING}
    lone = {"group": group, "delegation": "VN", "name": "Đỗ Quang Minh", "email": MINH}
    world.invited(attendees=[lone, PEOPLE[TAN]], timeline="chasing")
    world.nudges.nudge("SOM-2026", ["VN"], caller=caller("console"))
    answer(world, MINH, P.ACCEPTED)
    world.clock.move(hours=1)
    with pytest.raises(Conflict, match="Viet Nam has neither a focal point nor a head of delegation"):
        world.nudges.nudge("SOM-2026", ["VN"], caller=caller("console"))


def test_there_is_a_time_for_nudging(world: World) -> None:
    world.timelines = {**world.timelines, "chasing": CHASING}
    world.create(attendees=STAFF, timeline="chasing")
    with pytest.raises(Conflict, match="draft"):
        world.nudges.nudge("SOM-2026", caller=caller("console"))
    world.meetings.publish("SOM-2026", caller=caller("console"), save_the_date=True)
    with pytest.raises(Conflict, match="only a save-the-date"):
        world.nudges.nudge("SOM-2026", caller=caller("console"))
    world.meetings.publish("SOM-2026", caller=caller("console"))
    world.clock.at = STARTS
    with pytest.raises(Conflict, match="has begun"):
        world.nudges.nudge("SOM-2026", caller=caller("console"))


# Rehearsal slots


def moved(world: World, code: str, start: str, *, preview: bool = False) -> Sequence[Any]:
    move = ConnectionTestMove.of(start)
    return world.connection_tests.move(
        "SOM-2026", code, move, caller=caller("console"), preview=preview
    ).consequences


def rehearsals(world: World) -> list[str]:
    return recipients(world, "connection-test")


def test_each_delegation_has_a_slot_in_its_own_time(published: World) -> None:
    slots = {item.delegation: item for item in published.readiness.connection_tests("SOM-2026")}
    assert set(slots) == {"MM", "SG", "VN"}
    starts = [item.host_starts.clock for item in published.readiness.connection_tests("SOM-2026")]
    assert starts == sorted(starts)
    yangon = slots["MM"]
    assert (yangon.starts.city, yangon.starts.offset) == ("Nay Pyi Taw", "UTC+06:30")
    assert row(published, "MM").slot == yangon


def test_a_slot_that_nobody_knows_yet_moves_in_silence(published: World) -> None:
    before = contents(published.database)
    assert moved(published, "VN", "2026-12-02 15:00", preview=True) == ()
    assert contents(published.database) == before
    assert moved(published, "vn", "2026-12-02 15:00") == ()
    slot = row(published, "VN").slot
    assert slot is not None
    assert (slot.starts.clock, slot.ends.clock, maybe(slot.note)) == ("15:00", "15:15", None)
    published.clock.at = datetime(2026, 11, 30, 5, tzinfo=UTC)
    published.run()
    assert sorted(rehearsals(published)) == sorted([THIDA, TAN, LAN, NHUNG])
    body = mails(published, "connection-test", LAN)[0].get_body(("plain",))
    assert body is not None
    assert "15:00" in body.get_content()
    detail = "Viet Nam: Wednesday, 2 December 2026, 15:00 Ha Noi (UTC+07:00)"
    assert history(published, "connectivity test moved") == [("console", detail)]


def test_a_slot_that_was_told_is_told_again_at_once_each_time(published: World) -> None:
    published.clock.at = datetime(2026, 11, 30, 5, tzinfo=UTC)
    published.run()
    told = len(rehearsals(published))
    for clock in ("15:00", "15:30"):
        expected = moved(published, "VN", f"2026-12-02 {clock}", preview=True)
        assert [item.recipient_email for item in expected] == [NHUNG, LAN]
        assert moved(published, "VN", f"2026-12-02 {clock}") == expected
        published.run()
    assert sorted(rehearsals(published)[told:]) == sorted([LAN, NHUNG] * 2)
    again = mails(published, "connection-test", LAN)
    assert len({message["Message-ID"] for message in again}) == 3
    body = again[-1].get_body(("plain",))
    assert body is not None
    assert "15:30" in body.get_content()
    # Moved twice before anybody could be told, it is told once.
    moved(published, "VN", "2026-12-02 16:00")
    moved(published, "VN", "2026-12-02 16:15")
    published.run()
    assert len(rehearsals(published)) == told + 6
    assert moved(published, "VN", "2026-12-02 16:15") == ()


def test_planning_again_changes_nothing_about_a_moved_slot(published: World) -> None:
    published.clock.at = datetime(2026, 11, 30, 5, tzinfo=UTC)
    published.run()
    moved(published, "VN", "2026-12-02 15:00")
    published.run()
    before = contents(published.database)
    with published.database.transaction() as session:
        result = published.planner.replan(session, meeting(published), published.clock.now())
    assert result.changes_nothing
    assert contents(published.database) == before


def test_a_slot_that_was_moved_goes_with_the_time_of_the_meeting(published: World) -> None:
    published.clock.at = datetime(2026, 11, 30, 5, tzinfo=UTC)
    published.run()
    moved(published, "VN", "2026-12-02 15:00")
    change = MeetingUpdate.model_validate({"start": "2026-12-10 14:00"})
    published.meetings.update(
        "SOM-2026", change, caller=caller("console"), version=meeting(published).version
    )
    assert {item.starts_at.day for item in meeting(published).connection_tests} == {9}
    published.clock.at = datetime(2026, 12, 7, 5, tzinfo=UTC)
    published.run()
    count = len(rehearsals(published))
    moved(published, "VN", "2026-12-09 15:00")
    published.run()
    assert sorted(rehearsals(published)[count:]) == sorted([LAN, NHUNG])


def test_a_slot_outside_office_hours_says_so(published: World) -> None:
    moved(published, "SG", "2026-12-02 19:00")
    slot = row(published, "SG").slot
    assert slot is not None
    assert maybe(slot.note) == "outside the office hours of Singapore and Viet Nam"


def close(world: World, code: str, day: str, *, preview: bool = False) -> CalendarChange:
    off = NewOverride.of({"kind": "closed", "first": day, "name": "Mourning", "why": "Announced"})
    return world.calendars.enter(code, off, caller=caller("console"), preview=preview)


def moved_tests(change: CalendarChange) -> dict[str, str]:
    """When the tests of delegations are by now that were at another time before, in their own time."""
    return {
        item.delegation: f"{item.when.day} {item.when.clock}"
        for one in change.meetings
        for item in one.shifts
        if item.effect == "moved" and item.recipient_email is None and item.delegation and item.when
    }


def test_a_day_off_of_the_host_moves_all_tests_to_its_day_before(published: World) -> None:
    """Nobody had been told the old slots, so nobody is told that they have moved."""
    assert {item.starts_at.day for item in meeting(published).connection_tests} == {2}
    before = contents(published.database)
    expected = close(published, "VN", "2026-12-02", preview=True)
    assert contents(published.database) == before
    done = close(published, "VN", "2026-12-02")
    assert moved_tests(done) == moved_tests(expected)
    assert set(moved_tests(done)) == {"MM", "SG", "VN"}
    assert {item.starts_at.day for item in meeting(published).connection_tests} == {1}
    assert {maybe(item.note) for item in meeting(published).connection_tests} == {None}
    published.run()
    assert rehearsals(published) == []
    (_, detail), *_ = history(published, "calendar changed")
    assert detail is not None
    assert "Time of the connectivity test of MM: Wednesday, 2 December 2026" in detail


def test_whoever_was_told_a_slot_that_other_hours_move_is_told_the_new_one_at_once(published: World) -> None:
    published.clock.at = datetime(2026, 11, 30, 5, tzinfo=UTC)
    published.run()
    told = len(rehearsals(published))
    afternoon = {
        "kind": "hours",
        "first": "2026-12-02",
        "hours": ["15:00-17:00"],
        "name": "Power cut",
        "why": "Said",
    }
    published.calendars.enter("SG", NewOverride.of(afternoon), caller=caller("console"))
    published.run()
    assert rehearsals(published)[told:] == [TAN]
    slot = row(published, "SG").slot
    assert slot is not None
    assert (slot.starts.clock, maybe(slot.note)) == ("15:00", None)
    before = contents(published.database)
    with published.database.transaction() as session:
        assert published.planner.replan(session, meeting(published), published.clock.now()).changes_nothing
    assert contents(published.database) == before


def test_a_slot_that_stays_where_it_was_on_a_day_off_is_not_told_again(published: World) -> None:
    """Where offices of one side are closed all day, the best that is left may be the same quarter."""
    published.clock.at = datetime(2026, 11, 30, 5, tzinfo=UTC)
    published.run()
    told, before = len(rehearsals(published)), row(published, "SG").slot
    close(published, "SG", "2026-12-02")
    published.run()
    assert rehearsals(published)[told:] == []
    slot = row(published, "SG").slot
    assert before is not None
    assert slot is not None
    assert slot.starts == before.starts
    assert maybe(slot.note) == "Singapore and Viet Nam share no free office hour on that day"


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ("2026-12-03 13:50", "leaves no time before the meeting"),
        ("2026-10-30 10:00", "has gone by"),
        ("tomorrow", "is not a wall time"),
    ],
)
def test_a_slot_that_cannot_be_is_refused(published: World, start: str, message: str) -> None:
    before = contents(published.database)
    with pytest.raises(InvalidInput, match=message):
        moved(published, "VN", start)
    assert contents(published.database) == before


def test_two_slots_never_overlap(published: World) -> None:
    moved(published, "SG", "2026-12-02 15:00")
    for start in ("14:50", "15:00", "15:14"):
        with pytest.raises(InvalidInput, match="overlaps the slot of Singapore, 15:00–15:15"):
            moved(published, "VN", f"2026-12-02 {start}")
    moved(published, "VN", "2026-12-02 15:15")


def test_a_meeting_without_a_test_has_no_slot_to_move(world: World) -> None:
    world.invited(attendees=STAFF)
    with pytest.raises(Conflict, match="has no connectivity test of VN"):
        moved(world, "VN", "2026-12-02 15:00")


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
    assert found.slot == row(published, "VN").slot
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
    published.delegation_lists.compose(lan, new, preview=True)
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
