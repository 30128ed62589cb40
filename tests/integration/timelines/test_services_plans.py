"""What becomes of a plan while a meeting is moved, confirmed, added to and worked on, on both databases.

This file is longer than others, because each test goes on with what becomes of the same plan.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import ContributionState, Meeting, Need, Participation
from orchestrator.domain.people.caller import Channel, attendee
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import PermanentFailure
from orchestrator.services.answers.recording import GivenAnswer, record
from orchestrator.services.readiness.connection_tests import ConnectionTestMove
from orchestrator.store.meetings import meetings as store
from orchestrator.store.meetings import news
from orchestrator.store.rows.meetings import MeetingRow
from orchestrator.store.rows.timelines import ActionRow
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import NHUNG, PEOPLE, TAN, THIDA, World

K, S = ActionKind, ActionState
LAN = "lan@vn.example.org"
STAFF = [
    PEOPLE[NHUNG],
    {"group": "ACCSM_FP", "delegation": "VN", "name": "Phạm Thu Lan", "email": LAN},
    PEOPLE[THIDA],
    PEOPLE[TAN],
]


def meeting(world: World) -> Meeting:
    with world.database.reading() as session:
        return store.load(session, store.find_id(session, "SOM-2026"))


def move(world: World, start: str) -> None:
    update = MeetingUpdate.model_validate({"start": start})
    version = meeting(world).version
    world.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=version, reason="The Chair is ill."
    )


def at(world: World, *parts: int) -> None:
    """Let everything happen that is due until then."""
    world.clock.at = datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]
    world.run()


def som(world: World, *, invited: bool = True) -> None:
    """A SOM on 24 June 2027 whose date is announced, and that is confirmed and invited to by its timeline."""
    world.published(timeline="som", attendees=STAFF, start="2027-06-24 14:00")
    at(world, 2027, 5, 12, 4)
    if invited:
        at(world, 2027, 5, 26, 4)
        at(world, 2027, 5, 28, 4)


def chaser(world: World, step: str) -> ActionRow:
    """The first chaser of a step to the focal point of Viet Nam."""
    (lan,) = [item.id for item in meeting(world).invited if item.email == LAN]
    return next(row for row in world.rows(K.CHASE) if row.step == step and row.attendee_id == lan)


def purposes(world: World, email: str) -> list[str]:
    return [item.purpose for item in world.deliveries() if item.recipient == email]


# Updates are told at once, whatever the hour at which somebody is first invited.


def test_who_has_the_invitation_is_told_of_a_later_date_at_once_and_not_weeks_later(world: World) -> None:
    som(world)
    assert purposes(world, NHUNG)[:2] == ["save-the-date", "update"]
    before = len(world.mailer.to(NHUNG))
    move(world, "2027-09-23 14:00")
    world.run()
    (mail,) = world.mailer.to(NHUNG)[before:]
    assert mail.subject.startswith("Giờ họp mới")


def test_who_knows_only_the_announced_date_is_told_of_a_later_one_at_once(world: World) -> None:
    som(world, invited=False)
    assert purposes(world, NHUNG) == ["save-the-date"]
    move(world, "2027-09-23 14:00")
    world.run()
    assert purposes(world, NHUNG) == ["save-the-date", "update"]


def test_who_waits_for_the_invitation_is_told_at_once_that_the_announced_date_has_moved(world: World) -> None:
    som(world, invited=False)
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    world.run()
    assert purposes(world, NHUNG) == ["save-the-date"]
    move(world, "2027-06-25 14:00")
    world.run()
    assert purposes(world, NHUNG) == ["save-the-date", "update"]
    with world.database.transaction() as session:
        again = world.planner.replan(session, store.load(session, 1), world.clock.now())
    assert again.changes_nothing


def test_a_text_changed_before_the_invitation_waits_with_it(world: World) -> None:
    som(world, invited=False)
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    update = MeetingUpdate.model_validate({"title": {"en": "Another title"}})
    world.meetings.update(
        "SOM-2026",
        update,
        caller=caller("coordinator"),
        version=meeting(world).version,
        reason="The Chair is ill.",
    )
    world.run()
    assert purposes(world, NHUNG) == ["save-the-date"]
    at(world, 2027, 5, 28, 4)
    assert purposes(world, NHUNG)[:2] == ["save-the-date", "update"]


def test_a_new_text_is_told_at_once_to_who_was_invited_before_the_meeting_moved(world: World) -> None:
    som(world)
    move(world, "2027-09-23 14:00")
    world.run()
    before = len(world.mailer.to(NHUNG))
    update = MeetingUpdate.model_validate({"title": {"en": "Another title"}})
    world.meetings.update(
        "SOM-2026",
        update,
        caller=caller("coordinator"),
        version=meeting(world).version,
        reason="The Chair is ill.",
    )
    world.run()
    assert len(world.mailer.to(NHUNG)) == before + 1


def test_a_link_that_comes_after_the_planned_hour_lets_the_invitations_go_at_once(world: World) -> None:
    def refuses(_: object) -> None:
        raise PermanentFailure("the provider refuses")

    som(world, invited=False)
    world.conferences.during = refuses
    at(world, 2027, 5, 26, 4)
    at(world, 2027, 5, 28, 4)
    assert "update" not in purposes(world, NHUNG)
    assert {row.state for row in world.rows(K.INVITE) if row.step == "invite"} == {S.BLOCKED}
    world.meetings.enter_join_link("SOM-2026", "https://meet.example.org/2", caller=caller("x"))
    world.run()
    assert purposes(world, NHUNG).count("update") == 1


@pytest.mark.both_databases
def test_who_is_added_between_confirming_and_inviting_is_invited_with_the_others(world: World) -> None:
    som(world, invited=False)
    at(world, 2027, 5, 26, 4)
    added = {"group": "ACCSM_OFF", "delegation": "VN", "name": "Minh", "email": "minh@vn.example.org"}
    update = MeetingUpdate.model_validate({"attendees": [*STAFF, added]})
    world.meetings.update(
        "SOM-2026", update, caller=caller("x"), version=meeting(world).version, reason="The Chair is ill."
    )
    world.run()
    assert purposes(world, "minh@vn.example.org") == []
    at(world, 2027, 5, 28, 4)
    assert purposes(world, "minh@vn.example.org") == ["invitation"]


# Confirming.


def test_a_confirmation_in_hand_finds_that_a_coordinator_was_faster(world: World) -> None:
    som(world, invited=False)
    world.clock.at = datetime(2027, 5, 26, 4, tzinfo=UTC)
    batches = [ids for ids in world.scheduling.claim() if any(r.id in ids for r in world.rows(K.CONFIRM))]
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    for ids in batches:
        world.delivering.deliver(ids)
    (row,) = world.rows(K.CONFIRM)
    assert (row.state, maybe(row.reason)) == (S.CANCELLED, "the meeting is confirmed already")
    assert not meeting(world).tentative


def test_a_confirmation_in_hand_finds_that_the_meeting_was_cancelled(world: World) -> None:
    som(world, invited=False)
    world.clock.at = datetime(2027, 5, 26, 4, tzinfo=UTC)
    batches = [ids for ids in world.scheduling.claim() if any(r.id in ids for r in world.rows(K.CONFIRM))]
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    for ids in batches:
        world.delivering.deliver(ids)
    assert world.states(K.CONFIRM) == [S.CANCELLED]
    assert meeting(world).status == "cancelled"


def test_who_announces_only_late_is_not_overruled_by_the_timeline(world: World) -> None:
    world.create(timeline="som", attendees=STAFF)
    world.clock.at = datetime(2026, 11, 20, 3, tzinfo=UTC)
    preview = world.meetings.publish("SOM-2026", caller=caller("x"), save_the_date=True, dry_run=True)
    assert [(item.effect, item.kind) for item in preview.consequences if item.kind == K.CONFIRM] == [
        ("skipped", K.CONFIRM)
    ]
    world.meetings.publish("SOM-2026", caller=caller("x"), save_the_date=True)
    world.run()
    assert meeting(world).tentative
    assert purposes(world, NHUNG) == ["save-the-date"]


def test_announcing_by_hand_does_not_wait_for_the_hour_of_the_invitation(world: World) -> None:
    world.create(timeline="preparatory", kind="preparatory", attendees=STAFF, start="2027-03-03 14:00")
    world.meetings.publish("SOM-2026", caller=caller("x"), save_the_date=True)
    world.run()
    assert purposes(world, NHUNG) == ["save-the-date"]


# Chasers.


def test_nobody_is_chased_twice_for_one_rung_because_the_meeting_moved_by_a_day(world: World) -> None:
    som(world)
    assert purposes(world, LAN).count("chaser") == 0
    first = chaser(world, "chase:delegation-list/1")
    assert first.planned_at is not None
    world.clock.at = first.planned_at
    world.run()
    assert purposes(world, LAN).count("chaser") == 1
    world.clock.move(hours=2)
    move(world, "2027-06-25 14:00")
    world.run()
    keys = [r.key for r in world.rows(K.CHASE) if r.obligation == first.obligation]
    assert keys == [first.key]
    # A meeting that moves by weeks has a ladder of its own.
    move(world, "2027-07-29 14:00")
    keys = [r.key for r in world.rows(K.CHASE) if r.obligation == first.obligation]
    assert keys == [first.key, f"{first.key}#2"]


def test_chasers_come_back_when_a_move_resets_the_answer_but_never_for_rungs_gone_by(world: World) -> None:
    som(world)
    world.answers.answer("SOM-2026", NHUNG, Participation.ACCEPTED, caller=caller("telephone"))
    rungs = [chaser(world, f"chase:answer/{number}") for number in (1, 2, 3)]
    assert [r.state for r in rungs] == [S.CANCELLED] * 3
    world.clock.at = datetime(2027, 6, 10, 3, tzinfo=UTC)
    move(world, "2027-06-25 14:00")
    rungs = [chaser(world, f"chase:answer/{number}") for number in (1, 2, 3)]
    assert [r.state for r in rungs] == [S.CANCELLED, S.SCHEDULED, S.SCHEDULED]
    assert all(r.due_at > world.clock.now() for r in rungs if r.state == S.SCHEDULED)


# Tests of the connection.


def test_who_is_published_or_moved_to_days_before_the_start_still_hears_of_the_test(world: World) -> None:
    world.create(timeline="som", attendees=STAFF)
    world.clock.at = datetime(2026, 12, 1, 2, tzinfo=UTC)
    world.meetings.publish("SOM-2026", caller=caller("x"))
    world.run()
    at(world, 2026, 12, 1, 4)
    assert purposes(world, LAN).count("connection-test") == 1
    # The slots move with the meeting, and so does what was told of them.
    move(world, "2026-12-04 14:00")
    world.run()
    assert purposes(world, LAN).count("connection-test") == 2
    slot = next(item for item in meeting(world).connection_tests if item.delegation == "VN")
    assert slot.starts_at.date() == datetime(2026, 12, 3, tzinfo=UTC).date()


def test_nobody_hears_of_a_slot_that_has_gone_by(world: World) -> None:
    world.create(timeline="som", attendees=STAFF)
    world.clock.at = datetime(2026, 12, 3, 1, tzinfo=UTC)
    world.meetings.publish("SOM-2026", caller=caller("x"))
    world.run()
    at(world, 2026, 12, 3, 6)
    assert "connection-test" not in purposes(world, LAN)


def test_a_slot_moved_to_before_the_mail_that_tells_of_it_is_told_the_working_day_before(
    world: World,
) -> None:
    som(world)
    assert "connection-test" not in purposes(world, LAN)
    move = ConnectionTestMove.of("2027-06-10 10:00")
    outcome = world.connection_tests.move("SOM-2026", "VN", move, caller=caller("console"))
    assert {str(item.when) for item in outcome.consequences} == {
        "Wednesday, 9 June 2027, 09:00 Ha Noi (UTC+07:00)"
    }
    world.run()
    assert "connection-test" not in purposes(world, LAN)
    at(world, 2027, 6, 9, 4)
    assert purposes(world, LAN).count("connection-test") == 1


def test_a_slot_that_fits_the_new_time_stays_as_the_coordinator_has_set_it(world: World) -> None:
    som(world)
    world.connection_tests.move(
        "SOM-2026", "VN", ConnectionTestMove.of("2027-06-23 15:00"), caller=caller("console")
    )
    move(world, "2027-06-24 15:00")
    (own,) = [item for item in meeting(world).connection_tests if item.delegation == "VN"]
    assert own.starts_at == datetime(2027, 6, 23, 8, tzinfo=UTC)
    move(world, "2027-07-01 15:00")
    (own,) = [item for item in meeting(world).connection_tests if item.delegation == "VN"]
    assert own.starts_at.date() == datetime(2027, 6, 30, tzinfo=UTC).date()


def test_replanning_a_meeting_that_nobody_tries_changes_nothing(world: World) -> None:
    partner = {"group": "DP4", "delegation": "CA", "name": "A", "email": "a@ca.example.org"}
    world.published(timeline="som", attendees=[partner])
    with world.database.transaction() as session:
        world.planner.replan(session, store.load(session, 1), world.clock.now())
        before = session.scalar(select(MeetingRow.saves))
        world.planner.replan(session, store.load(session, 1), world.clock.now())
        assert session.scalar(select(MeetingRow.saves)) == before


def test_what_is_in_stays_in_when_the_meeting_moves_by_a_month(world: World) -> None:
    som(world)
    for need in (Need.LIST, Need.PAPER, Need.TEST):
        world.contributions.record("SOM-2026", "VN", need, ContributionState.IN, caller=caller("console"))
    move(world, "2027-07-29 14:00")
    row = next(item for item in world.readiness.board("SOM-2026").delegations if item.code == "VN")
    assert tuple(map(maybe, row.missing)) == ("answer",)


# Deadlines.


def test_a_deadline_that_has_gone_by_is_not_told(world: World) -> None:
    world.create(timeline="som", attendees=STAFF)
    world.clock.at = datetime(2026, 12, 1, 2, tzinfo=UTC)
    world.meetings.publish("SOM-2026", caller=caller("x"))
    world.run()
    at(world, 2026, 12, 1, 8)
    papers = [mail for mail in world.mailer.to(TAN) if mail.subject.startswith("Call for papers")]
    body = papers[0].message.get_body(("plain",))
    assert body is not None
    assert "Deadline" not in body.get_content()


# Which mail is which.


def test_no_two_mails_of_a_meeting_share_a_message_id_and_a_retry_keeps_it(world: World) -> None:
    """The coordinator is also somebody's focal point, and somebody is removed and invited again."""
    escalated = {
        "name": "own",
        "title": "Own",
        "steps": [
            {"do": "conference", "at": "immediately"},
            {"do": "invite", "at": "immediately"},
            {
                "do": "notice",
                "id": "papers",
                "about": "papers",
                "ask": "paper",
                "at": "-P25D",
                "to": ["coordinator", "everyone"],
            },
            {
                "do": "chase",
                "id": "list",
                "when": "list missing",
                "at": ["-P20D", "-P10D"],
                "escalate": {1: ["coordinator", "head of delegation"]},
            },
            {"do": "connection-test", "at": "-P3D", "day": "-P1D", "slot": "PT15M"},
            {"do": "remind", "id": "P1D", "at": "-P1D"},
            {"do": "notice", "id": "room", "about": "room-open", "to": "everyone", "at": "-PT30M"},
        ],
    }
    coordinator = {"name": "Phạm Thu Lan", "email": LAN}
    world.create(attendees=STAFF, coordinator=coordinator)
    world.meeting_timelines.adjust("SOM-2026", escalated, caller=caller("x"))
    world.meetings.publish("SOM-2026", caller=caller("x"))
    at(world, 2026, 11, 13, 4)
    others = [item for item in STAFF if item["email"] != TAN]
    for people in (others, STAFF):
        update = MeetingUpdate.model_validate({"attendees": people})
        world.meetings.update(
            "SOM-2026", update, caller=caller("x"), version=meeting(world).version, reason="The Chair is ill."
        )
        world.run()
    world.nudges.nudge("SOM-2026", caller=caller("x"))
    at(world, 2026, 12, 1, 4)
    world.nudges.nudge("SOM-2026", caller=caller("x"))
    world.connection_tests.move(
        "SOM-2026", "VN", ConnectionTestMove.of("2026-12-02 16:00"), caller=caller("x")
    )
    world.run()
    move(world, "2026-12-08 14:00")
    for day in range(1, 9):
        for hour in (2, 4, 6, 7, 12):
            at(world, 2026, 12, day, hour)
    rows = world.deliveries()
    told = Counter(item.purpose for item in rows)
    assert min(told[name] for name in ("notice", "chaser", "connection-test", "reminder", "invitation")) > 1
    twice = [name for name, count in Counter(item.message_id for item in rows).items() if count > 1]
    assert [(item.purpose, item.recipient) for item in rows if item.message_id in twice] == []
    sent = Counter(str(mail.message["Message-ID"]) for mail in world.mailer.accepted)
    assert max(sent.values()) == 1


def test_a_chaser_sent_again_after_a_new_link_is_still_the_same_mail(world: World) -> None:
    som(world)
    first = chaser(world, "chase:delegation-list/1")
    assert first.planned_at is not None

    def dies(recipient: str) -> None:
        if recipient == LAN:
            raise KeyboardInterrupt

    world.clock.at = first.planned_at
    world.mailer.after = dies
    batch = next(ids for ids in world.scheduling.claim() if first.id in ids)
    try:
        world.delivering.deliver(batch)
    except KeyboardInterrupt:
        world.mailer.after = lambda _: None
    world.meetings.enter_join_link("SOM-2026", "https://meet.example.org/2", caller=caller("x"))
    world.lease_clock.move(hours=1)
    world.run()
    (delivery,) = [item for item in world.deliveries() if item.action_id == first.id]
    assert (delivery.state, delivery.repeated, delivery.tries) == ("sent", True, 2)
    ids = [mail.message["Message-ID"] for mail in world.mailer.to(LAN)]
    assert ids.count(delivery.message_id) == 2


# What people read of a plan.


def test_the_mail_that_tells_of_a_moved_slot_is_explained_by_the_move(world: World) -> None:
    world.create(timeline="som", attendees=STAFF)
    world.clock.at = datetime(2026, 11, 27, 3, tzinfo=UTC)
    world.meetings.publish("SOM-2026", caller=caller("x"))
    world.run()
    at(world, 2026, 11, 30, 9)
    world.connection_tests.move(
        "SOM-2026", "VN", ConnectionTestMove.of("2026-12-02 16:00"), caller=caller("console")
    )
    found = {item.key: maybe(item.why) for item in world.reading.plan("SOM-2026")}
    (lan,) = [item.id for item in meeting(world).invited if item.email == LAN]
    assert found[f"connection-test/2:attendee-{lan}"] == "at once, because the test was moved"
    assert found[f"connection-test:attendee-{lan}"].startswith("3 working days before")


def test_an_invitation_that_waits_for_the_link_shows_its_planned_hour(world: World) -> None:
    world.published(timeline="preparatory", kind="preparatory", attendees=STAFF, start="2027-03-03 14:00")
    found = {item.key: item for item in world.reading.plan("SOM-2026")}["invite:attendee-1"]
    assert found.state == "blocked"
    assert found.planned is not None
    assert (found.planned.date, found.planned.clock) == (found.due.date, found.due.clock)
    assert "2027" in found.planned.date


# Answers, which are planned for those whom they concern.


@pytest.mark.parametrize("timeline", ["standard", "som", "workshop", "heads"])
def test_planning_for_whom_an_answer_concerns_is_planning_for_all(world: World, timeline: str) -> None:
    world.published(timeline=timeline, attendees=STAFF)
    world.run()
    if meeting(world).tentative:
        world.meetings.publish("SOM-2026", caller=caller("x"))
        world.run()
    world.nudges.nudge("SOM-2026", [LAN, "MM"], caller=caller("x"))
    answers = (
        (NHUNG, Participation.DECLINED),
        (LAN, Participation.DECLINED),
        (NHUNG, Participation.ACCEPTED),
        (THIDA, Participation.TENTATIVE),
    )
    for email, participation in answers:
        with world.database.transaction() as session:
            before = store.load(session, 1, lock=True)
            (number,) = [item.id for item in before.invited if item.email == email]
            given = GivenAnswer(
                number,
                participation,
                attendee(email, number, Channel.PERSONAL_PAGE),
                email,
                world.clock.now(),
            )
            after = record(session, before, [given], world.clock.now())
            some = world.planner.replan_for(
                session, news.with_news(session, after), [number], world.clock.now()
            )
            assert not some.changes_nothing
            assert world.planner.replan(session, store.load(session, 1), world.clock.now()).changes_nothing
        world.clock.move(minutes=1)
