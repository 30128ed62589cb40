"""Asking once more by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.domain.meetings.meeting import Need
from orchestrator.errors import Conflict, NotFound
from orchestrator.services.readiness.nudges import AGAIN_AFTER
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import NHUNG, NOW, PEOPLE, STARTS, TAN, THIDA, World, contents
from tests.integration.readiness.board import (
    CHASING,
    LAN,
    MINH,
    STAFF,
    C,
    P,
    answer,
    history,
    recipients,
    record,
    row,
    told,
)


def nudged(world: World) -> list[str]:
    return recipients(world, "chaser")


# Nudging


def test_a_nudge_asks_whoever_speaks_for_each_delegation_once(published: World) -> None:
    before = contents(published.database)
    planned = published.nudges.nudge("SOM-2026", caller=caller("console"), dry_run=True)
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
