"""A date poll on its way: at night, again, extended, withdrawn, and whom it needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.services.dates.proposals import DatePollRequest
from orchestrator.services.personal.followed_link import LinkClosedError
from orchestrator.words import maybe, say
from tests.callers import caller
from tests.integration.conftest import (
    NHUNG,
    PEOPLE,
    TAN,
    THIDA,
    World,
)
from tests.integration.dates.polling import (
    ASKED,
    CLOSES,
    CLOSING,
    LAN,
    MONDAY,
    NO,
    STAFF,
    STARTS_GIVEN,
    YES,
    opened,
    polled,
    recipients,
    token,
)

pytestmark = pytest.mark.usefixtures("in_office_hours")


# Asking again, extending, withdrawing


def test_a_poll_opened_at_night_reaches_each_at_a_sane_hour_and_extending_it_moves_no_mail(
    world: World,
) -> None:
    """Saturday evening in Ha Noi; nobody of the three works before Monday."""
    world.create(attendees=STAFF)
    world.clock.at = datetime(2026, 10, 31, 13, tzinfo=UTC)
    preview = opened(world, dry_run=True)
    planned = {item.recipient_email: str(item.when) for item in preview.consequences}
    assert planned == {
        LAN: "Monday, 2 November 2026, 09:00 Ha Noi (UTC+07:00)",
        THIDA: "Monday, 2 November 2026, 09:30 Nay Pyi Taw (UTC+06:30)",
        TAN: "Monday, 2 November 2026, 09:00 Singapore (UTC+08:00)",
    }
    assert {maybe(item.reason) for item in preview.consequences} == {
        "offices are closed when it is asked, so it goes out in the next working hours"
    }
    opened(world)
    world.run()
    assert recipients(world) == []
    longer = world.date_polls.extend("SOM-2026", datetime(2026, 11, 16, 17), caller=caller("coordinator"))  # noqa: DTZ001
    assert longer.consequences == ()
    world.clock.at = MONDAY
    world.run()
    assert sorted(recipients(world)) == ASKED


def test_only_who_has_not_answered_is_asked_again_and_once_a_day(world: World) -> None:
    polled(world)
    world.personal_date_polls.vote(token(world, LAN), {1: YES, 2: YES})
    with pytest.raises(Conflict, match="at most once a day; ask again from Tuesday, 3 November 2026, 10:00"):
        world.date_polls.remind("SOM-2026", caller=caller("coordinator"))
    world.clock.move(days=1)
    seen = world.date_polls.remind("SOM-2026", caller=caller("coordinator"), dry_run=True)
    assert sorted(str(item.recipient_email) for item in seen.consequences) == sorted([THIDA, TAN])
    world.date_polls.remind("SOM-2026", caller=caller("coordinator"))
    world.run()
    assert recipients(world) == sorted([*ASKED, THIDA, TAN])
    assert len({str(mail.message["Message-ID"]) for mail in world.mailer.accepted}) == 5
    with pytest.raises(Conflict, match="at most once a day"):
        world.date_polls.remind("SOM-2026", caller=caller("coordinator"))
    for email in (THIDA, TAN):
        world.personal_date_polls.vote(token(world, email), {1: YES, 2: YES})
    world.clock.move(days=1)
    with pytest.raises(Conflict, match="Every delegation has answered"):
        world.date_polls.remind("SOM-2026", caller=caller("coordinator"))


def test_withdrawing_ends_what_has_not_left_and_another_poll_may_begin(world: World) -> None:
    world.create(attendees=STAFF)
    opened(world)
    link = token(world, LAN)
    done = world.date_polls.withdraw("SOM-2026", caller=caller("coordinator"))
    assert {(item.effect, maybe(item.reason)) for item in done.consequences} == {
        ("cancelled", "the date poll is over, or the delegation has voted")
    }
    world.run()
    assert recipients(world) == []
    assert world.date_polls.show("SOM-2026").state == "withdrawn"
    page = world.personal_date_polls.page(link)
    assert page is not None
    assert maybe(page.refusal) == "This date poll was withdrawn."
    with pytest.raises(Conflict, match="has no open date poll"):
        world.date_polls.withdraw("SOM-2026", caller=caller("coordinator"))
    opened(world)
    world.run()
    assert recipients(world) == ASKED


def test_mails_of_two_polls_are_told_apart(world: World) -> None:
    polled(world)
    world.date_polls.withdraw("SOM-2026", caller=caller("coordinator"))
    opened(world)
    world.run()
    assert len({str(mail.message["Message-ID"]) for mail in world.mailer.accepted}) == 6


def test_extending_keeps_the_votes_and_the_rules_of_closing(world: World) -> None:
    polled(world)
    world.personal_date_polls.vote(token(world, LAN), {1: YES, 2: YES})
    for wrong in (datetime(2026, 10, 1, 9), datetime(2026, 12, 9, 9)):  # noqa: DTZ001
        with pytest.raises(InvalidInput, match="closes: "):
            world.date_polls.extend("SOM-2026", wrong, caller=caller("coordinator"))
    done = world.date_polls.extend("SOM-2026", datetime(2026, 11, 30, 17), caller=caller("coordinator"))  # noqa: DTZ001
    assert str(done.date_poll.closes) == "Monday, 30 November 2026, 17:00 Ha Noi (UTC+07:00)"
    assert done.date_poll.answered == 1


# A poll that has closed without a choice


def test_a_poll_that_has_closed_without_a_choice_needs_somebody(world: World) -> None:
    polled(world)
    needs = "The date poll has closed; choose a date, or extend it."

    def attention() -> list[tuple[str, ...]]:
        seen = (world.reading.meeting("SOM-2026"), world.reading.meetings()[0])
        return [tuple(map(say, item.attention)) for item in seen]

    assert attention() == [(), ()]
    world.clock.at = CLOSING
    assert attention() == [(needs,), (needs,)]
    world.date_polls.extend("SOM-2026", datetime(2026, 11, 20, 17), caller=caller("coordinator"))  # noqa: DTZ001
    assert attention() == [(), ()]
    world.clock.at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert attention() == [(needs,), (needs,)]
    world.date_polls.close("SOM-2026", 2, caller=caller("coordinator"))
    assert attention() == [(), ()]


def test_a_withdrawn_poll_or_a_cancelled_draft_needs_nobody(world: World) -> None:
    polled(world)
    world.date_polls.withdraw("SOM-2026", caller=caller("coordinator"))
    world.clock.at = CLOSING
    assert world.reading.meeting("SOM-2026").attention == ()
    world.clock.at = MONDAY
    opened(world)
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.clock.at = CLOSING
    assert world.reading.meeting("SOM-2026").attention == ()


def test_opening_is_refused_for_another_version_than_was_looked_at(world: World) -> None:
    world.create(attendees=STAFF)
    request = DatePollRequest.of({"starts": STARTS_GIVEN, "closes": CLOSES})
    with pytest.raises(Conflict, match="changed by somebody else meanwhile"):
        world.date_polls.open("SOM-2026", request, caller=caller("coordinator"), version=2)
    assert world.date_polls.open("SOM-2026", request, caller=caller("coordinator"), version=1).date_poll.open


# Attendees that change while a poll is open


def test_somebody_who_was_asked_and_voted_can_be_taken_out_and_the_vote_stands(world: World) -> None:
    polled(world)
    link = token(world, LAN)
    world.personal_date_polls.vote(link, {1: YES, 2: NO})
    update = MeetingUpdate.model_validate({"attendees": [PEOPLE[NHUNG], PEOPLE[THIDA], PEOPLE[TAN]]})
    world.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=1, reason="The Chair is ill."
    )
    with pytest.raises(LinkClosedError, match="no longer invited"):
        world.personal_date_polls.page(link)
    poll = world.date_polls.show("SOM-2026")
    assert [item.by for item in poll.voters if item.delegation == "VN"] == [f"Phạm Thu Lan <{LAN}>"]
    assert poll.options[0].yes == 1


def test_a_delegation_that_is_taken_out_does_not_count_and_a_new_one_is_asked(world: World) -> None:
    polled(world)
    world.personal_date_polls.vote(token(world, TAN), {1: NO, 2: YES})
    bn = {"group": "ACCSM_FP", "delegation": "BN", "name": "Nur Aisyah", "email": "nur@bn.example.org"}
    update = MeetingUpdate.model_validate({"attendees": [PEOPLE[NHUNG], STAFF[1], PEOPLE[THIDA], bn]})
    world.meetings.update(
        "SOM-2026", update, caller=caller("coordinator"), version=1, reason="The Chair is ill."
    )
    world.run()
    assert recipients(world) == sorted([*ASKED, "nur@bn.example.org"])
    poll = world.date_polls.show("SOM-2026")
    assert [item.delegation for item in poll.voters] == ["BN", "MM", "VN"]
    assert [item.no for item in poll.options] == [0, 0]


def test_a_poll_that_never_was_is_not_found(world: World) -> None:
    world.create(attendees=STAFF)
    assert world.date_polls.newest("SOM-2026") is None
    with pytest.raises(NotFound, match="SOM-2026 has no date poll"):
        world.date_polls.show("SOM-2026")
    with pytest.raises(Conflict, match="has no open date poll"):
        world.date_polls.close("SOM-2026", 1, caller=caller("coordinator"))


def test_what_nobody_was_asked_in_time_is_missed_and_shown(world: World) -> None:
    world.create(attendees=STAFF)
    opened(world)
    world.clock.at = CLOSING + timedelta(minutes=1)
    world.run()
    # Only the coordinator hears, of the letters that did not go out and of the poll that is closed.
    assert set(recipients(world)) == {"coordinator@vn.example.org"}
    assert set(world.states(ActionKind.DATE_POLL)) == {"missed"}
    assert MONDAY < CLOSING
