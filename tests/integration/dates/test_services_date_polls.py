"""Date polls on both databases: asked once, answered for a delegation, and the result becomes the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.dates.date_poll import Vote
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.services.dates.date_poll_views import DatePollEffect
from orchestrator.services.dates.fair_starts import FairStartQuery
from orchestrator.services.dates.proposals import DatePollRequest
from orchestrator.services.meetings.linking import QUESTION
from orchestrator.services.personal.followed_link import LinkClosedError
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.words import maybe, say
from tests.callers import caller
from tests.integration.conftest import (
    NHUNG,
    PEOPLE,
    TAN,
    THIDA,
    World,
    contents,
    definition,
    until,
    waiting_for_a_lock,
)

pytestmark = pytest.mark.usefixtures("in_office_hours")

LAN, MINH = "lan@vn.example.org", "minh@vn.example.org"
# A focal point and a head of Viet Nam, a delegate; a head of Myanmar; a focal point of Singapore.
STAFF = [
    PEOPLE[NHUNG],
    {"group": "ACCSM_FP", "delegation": "VN", "name": "Phạm Thu Lan", "email": LAN},
    {"group": "ACCSM_OFF", "delegation": "VN", "name": "Đỗ Quang Minh", "email": MINH},
    PEOPLE[THIDA],
    PEOPLE[TAN],
]
ASKED = sorted([LAN, THIDA, TAN])
STARTS_GIVEN = ["2026-12-10 14:00", "2026-12-08 09:00"]
CLOSES = "2026-11-13 17:00"
CLOSING = datetime(2026, 11, 13, 10, tzinfo=UTC)
YES, IF_NEEDED, NO = Vote.YES, Vote.IF_NEEDED, Vote.NO
MONDAY = datetime(2026, 11, 2, 3, tzinfo=UTC)
"""An hour at which offices are open from Nay Pyi Taw to Singapore, so that everybody is asked at once."""


@pytest.fixture
def in_office_hours(world: World) -> None:
    world.clock.at = MONDAY


def opened(world: World, *, preview: bool = False, **given: Any) -> DatePollEffect:
    """Open a poll of two dates: option 1 on the 8th at 09:00, option 2 on the 10th at 14:00."""
    request = DatePollRequest.of({"starts": STARTS_GIVEN, "closes": CLOSES} | given)
    return world.date_polls.open("SOM-2026", request, caller=caller("coordinator"), preview=preview)


def polled(world: World, **given: Any) -> World:
    """A draft whose poll is open and whose mails have left."""
    world.create(attendees=STAFF)
    opened(world, **given)
    world.run()
    return world


def token(world: World, email: str) -> str:
    return world.personal_links.link_of("SOM-2026", email).rpartition("/")[2]


def recipients(world: World) -> list[str]:
    return sorted(item.recipient for item in world.mailer.accepted)


def last_notes(world: World, count: int) -> list[tuple[str, str, str | None]]:
    found = world.reading.meeting("SOM-2026").history[:count]
    return [(words.say(item.what), item.actor, words.maybe(item.detail)) for item in found]


# Opening


def test_the_preview_shows_who_is_asked_and_each_option_in_each_capital_and_changes_nothing(
    world: World,
) -> None:
    world.create(attendees=STAFF)
    before = contents(world.database)
    seen = opened(world, preview=True)
    assert seen.previewed
    assert sorted(str(item.recipient_email) for item in seen.consequences) == ASKED
    assert {(item.effect, item.kind, maybe(item.what), item.when) for item in seen.consequences} == {
        ("new", "date-poll", "Date poll", None)
    }
    assert [[str(said.starts) for said in item.votes] for item in seen.poll.options] == [
        [
            "Tuesday, 8 December 2026, 08:30 Nay Pyi Taw (UTC+06:30)",
            "Tuesday, 8 December 2026, 10:00 Singapore (UTC+08:00)",
            "Tuesday, 8 December 2026, 09:00 Ha Noi (UTC+07:00)",
        ],
        [
            "Thursday, 10 December 2026, 13:30 Nay Pyi Taw (UTC+06:30)",
            "Thursday, 10 December 2026, 15:00 Singapore (UTC+08:00)",
            "Thursday, 10 December 2026, 14:00 Ha Noi (UTC+07:00)",
        ],
    ]
    assert contents(world.database) == before
    assert world.wake_up.notified == 0


def test_opening_asks_those_who_speak_for_each_delegation_once(world: World) -> None:
    polled(world)
    assert recipients(world) == ASKED
    assert {mail.recipient: mail.subject for mail in world.mailer.accepted} == {
        LAN: "Chọn ngày họp: Hội nghị quan chức cấp cao",
        THIDA: "Choice of a date: Senior Officials Meeting",
        TAN: "Choice of a date: Senior Officials Meeting",
    }
    assert all("09:00" in mail.message.get_body(("plain",)).get_content() for mail in world.mailer.to(LAN))  # type: ignore[union-attr]
    with pytest.raises(Conflict, match="has an open date poll already; extend it, or withdraw it first"):
        opened(world)
    world.run()
    assert recipients(world) == ASKED
    assert last_notes(world, 1) == [
        ("date poll opened", "coordinator", "2 dates, until 2026-11-13 17:00 Asia/Ho_Chi_Minh")
    ]
    assert world.reading.meeting("SOM-2026").version == 1


def test_a_mail_names_the_dates_in_the_readers_own_time_and_leads_to_the_page(world: World) -> None:
    polled(world)
    (mail,) = world.mailer.to(THIDA)
    body = mail.message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "8 December 2026" in text
    assert "08:30" in text
    assert f"/a/{token(world, THIDA)}/dates" in text


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({"starts": ["2026-12-10 14:00"]}, [("starts", "1")]),
        ({"starts": ["2026-12-10 14:00", "2026-12-10 14:00"]}, [("starts[1]", "2026-12-10 14:00")]),
        ({"starts": [*STARTS_GIVEN, "2026-10-01 09:00"]}, [("starts[2]", "2026-10-01 09:00")]),
        ({"closes": "2026-10-31 17:00"}, [("closes", "2026-10-31 17:00")]),
        ({"closes": "2026-12-09 17:00"}, [("starts[1]", "2026-12-08 09:00")]),
        ({"starts": [f"2026-12-{day:02} 09:00" for day in range(1, 12)]}, [("starts", "11")]),
    ],
)
def test_what_is_wrong_with_a_poll_is_said_at_its_field(
    world: World, given: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    world.create(attendees=STAFF)
    with pytest.raises(InvalidInput) as caught:
        opened(world, **given)
    assert [(item.field, item.value) for item in caught.value.problems] == problems
    assert world.rows() == []


def test_a_start_is_held_against_the_rules_of_an_update(world: World) -> None:
    world.create(attendees=STAFF, zone="Australia/Sydney", start="2027-09-01 14:00")
    with pytest.raises(InvalidInput) as caught:
        opened(world, starts=["2027-10-03 02:30", "2027-10-04 09:00"])
    (problem,) = caught.value.problems
    assert problem.field == "starts[0]"
    assert problem.message.startswith("does not exist in Australia/Sydney")
    with pytest.raises(InvalidInput, match=r"closes: does not exist in Australia/Sydney"):
        opened(world, closes="2027-10-03 02:30", starts=["2027-11-03 09:00", "2027-11-04 09:00"])


def test_only_a_coming_draft_with_somebody_to_ask_gets_a_poll(world: World) -> None:
    world.create(attendees=[])
    with pytest.raises(Conflict, match="has no attendees, so there is nobody to ask"):
        opened(world)
    world.create(reference="PAST", start="2026-10-01 09:00")
    request = DatePollRequest.of({"starts": STARTS_GIVEN, "closes": CLOSES})
    with pytest.raises(Conflict, match="PAST would be over already; move it to a coming date"):
        world.date_polls.open("PAST", request, caller=caller("coordinator"))
    with pytest.raises(NotFound, match="There is no meeting NONE"):
        world.date_polls.open("NONE", request, caller=caller("coordinator"))


def test_a_published_meeting_gets_no_poll(world: World) -> None:
    world.published(attendees=STAFF)
    with pytest.raises(Conflict, match="only a draft meeting can be asked about in a date poll"):
        opened(world)


def test_the_best_starts_of_the_finder_are_proposed_after_the_closing(world: World) -> None:
    world.create(attendees=STAFF)
    seen = opened(world, starts=[], top=3, preview=True)
    assert len(seen.poll.options) == 3
    assert all(item.starts.day > CLOSING.date() for item in seen.poll.options)
    # Nothing costs anybody anything among three delegations an hour and a half apart.
    assert [item.cost for item in seen.poll.options] == [0, 0, 0]
    assert all(said.comfortable and say(said.why) == "in office hours" for said in seen.poll.options[0].votes)
    both = opened(world, starts=["2026-12-05 06:00"], top=2, to="2026-11-30", preview=True)
    assert [item.starts.clock for item in both.poll.options][-1] == "06:00"
    assert not both.poll.options[-1].votes[0].comfortable
    assert both.poll.options[-1].cost > 0
    with pytest.raises(InvalidInput, match="top: is missing"):
        opened(world, **{"from": "2026-12-01"})


def test_a_poll_proposes_what_the_finder_shows_for_the_same_wishes(world: World) -> None:
    world.create(attendees=STAFF)
    wishes = {"from": "2026-12-01", "to": "2026-12-04", "earliest": "16:00", "latest": "21:00"}
    wishes |= {"hard": ["SG:hours"], "soft": ["weekend"]}
    found = world.fair_starts.find(FairStartQuery.of({"meeting": "SOM-2026", "top": 3} | wishes)).findings
    seen = opened(world, starts=[], top=3, preview=True, **wishes)
    in_time = sorted(found.slots, key=lambda slot: slot.starts_at)
    assert [item.starts for item in seen.poll.options] == [item.host_time for item in in_time]
    assert all(item.starts.clock >= "16:00" for item in seen.poll.options)
    with pytest.raises(InvalidInput, match="hard: is not a constraint"):
        opened(world, starts=[], top=3, hard=["night"])
    with pytest.raises(InvalidInput, match="top: is missing"):
        opened(world, earliest="09:00")


# Voting


def test_one_answer_counts_for_the_delegation_and_its_newest_word_stands(world: World) -> None:
    polled(world, starts=STARTS_GIVEN)
    world.personal_date_polls.vote(token(world, LAN), {1: NO, 2: YES})
    world.clock.move(hours=1)
    world.personal_date_polls.vote(token(world, LAN), {1: IF_NEEDED, 2: YES})
    world.personal_date_polls.vote(token(world, THIDA), {1: YES, 2: YES})
    poll = world.date_polls.show("SOM-2026")
    assert [[said.vote for said in item.votes] for item in poll.options] == [
        ["yes", "no answer", "if needed"],
        ["yes", "no answer", "yes"],
    ]
    assert [item.delegation for item in poll.voters] == ["MM", "SG", "VN"]
    assert [(item.by, str(item.at)) for item in poll.voters if item.delegation == "VN"] == [
        (f"Phạm Thu Lan <{LAN}>", "Monday, 2 November 2026, 11:00 Ha Noi (UTC+07:00)")
    ]
    assert (poll.leading, poll.silent, poll.answered) == (2, ("Singapore",), 2)
    assert (
        say(poll.verdict) == "Nobody says no. One delegation has not answered, which is not counted as a yes."
    )
    assert last_notes(world, 2)[1] == (
        "date poll answered",
        "web",
        f"VN: 1 if needed, 2 yes; by Phạm Thu Lan <{LAN}>",
    )


def test_the_page_says_what_was_said_before_in_the_readers_time(world: World) -> None:
    polled(world)
    before = contents(world.database)
    first = world.personal_date_polls.page(token(world, LAN))
    assert first is not None
    assert (first.at, first.by, first.refusal) == (None, None, None)
    assert [item.vote for item in first.options] == ["no answer", "no answer"]
    assert contents(world.database) == before
    world.personal_date_polls.vote(token(world, LAN), {1: NO, 2: YES})
    again = world.personal_date_polls.page(token(world, LAN))
    assert again is not None
    assert [item.vote for item in again.options] == ["no", "yes"]
    assert (again.by, str(again.at)) == ("Phạm Thu Lan", "Monday, 2 November 2026, 10:00 Ha Noi (UTC+07:00)")
    elsewhere = world.personal_date_polls.page(token(world, THIDA))
    assert elsewhere is not None
    assert [str(item.host) for item in elsewhere.options] == [
        "Tuesday, 8 December 2026, 09:00 Ha Noi (UTC+07:00)",
        "Thursday, 10 December 2026, 14:00 Ha Noi (UTC+07:00)",
    ]
    # Myanmar's offices open at 09:30, and there it is 08:30.
    assert say(elsewhere.options[0].why) == "early, up to 1 h before 09:30"


def test_a_vote_says_something_of_every_option(world: World) -> None:
    polled(world)
    with pytest.raises(InvalidInput) as caught:
        world.personal_date_polls.vote(token(world, LAN), {1: YES, 9: NO})
    assert [item.field for item in caught.value.problems] == ["votes[9]", "votes[2]"]
    assert world.date_polls.show("SOM-2026").answered == 0


def test_a_vote_before_the_mail_has_left_keeps_it_back(world: World) -> None:
    world.create(attendees=STAFF)
    opened(world)
    batch = world.claimed()
    world.personal_date_polls.vote(token(world, LAN), {1: YES, 2: YES})
    world.delivering.deliver(batch)
    assert recipients(world) == sorted([THIDA, TAN])
    assert sorted(world.states(ActionKind.DATE_POLL)) == ["cancelled", "succeeded", "succeeded"]


def test_the_coordinator_enters_what_was_said_by_telephone(world: World) -> None:
    polled(world)
    done = world.date_polls.vote_for("SOM-2026", "sg", {1: YES, 2: NO}, caller=caller("console"))
    assert [item.by for item in done.poll.voters] == [None, "console", None]
    page = world.personal_date_polls.page(token(world, TAN))
    assert page is not None
    assert (page.by, [item.vote for item in page.options]) == ("the coordinator", ["yes", "no"])
    with pytest.raises(InvalidInput, match=r"delegation: is not invited.*Invited are: MM, SG, VN"):
        world.date_polls.vote_for("SOM-2026", "BN", {1: YES, 2: NO}, caller=caller("console"))


def test_only_who_speaks_for_the_delegation_votes(world: World) -> None:
    polled(world)
    with pytest.raises(Conflict, match="For Viet Nam, Phạm Thu Lan answers this date poll"):
        world.personal_date_polls.vote(token(world, MINH), {1: YES, 2: YES})


def test_after_the_closing_a_vote_is_refused_and_says_whom_to_write_to(world: World) -> None:
    polled(world)
    world.clock.at = CLOSING
    with pytest.raises(Conflict) as caught:
        world.personal_date_polls.vote(token(world, LAN), {1: YES, 2: YES})
    assert caught.value.message == (
        "This date poll has closed; answers are not taken any more. "
        "Write to Trần Minh Khôi, coordinator@vn.example.org."
    )
    with pytest.raises(Conflict, match="Extend the poll first"):
        world.date_polls.vote_for("SOM-2026", "VN", {1: YES, 2: YES}, caller=caller("console"))
    world.date_polls.extend("SOM-2026", datetime(2026, 11, 20, 17), caller=caller("coordinator"))  # noqa: DTZ001
    world.personal_date_polls.vote(token(world, LAN), {1: YES, 2: YES})
    assert world.date_polls.show("SOM-2026").answered == 1


def test_a_link_of_a_draft_without_a_poll_opens_nothing(world: World) -> None:
    world.create(attendees=STAFF)
    with pytest.raises(Conflict, match="personal links begin with the invitations, or with a date poll"):
        token(world, LAN)
    with world.database.reading() as session:
        meeting = store.load(session, store.find_id(session, "SOM-2026"))
    link = world.links.page_token(meeting.attendees[0])
    with pytest.raises(NotFound, match="nobody is asked for a date"):
        world.personal_date_polls.page(link)
    with pytest.raises(NotFound, match="nobody is asked for a date"):
        world.personal_date_polls.vote(link, {})
    with pytest.raises(NotFound, match="not been announced"):
        world.personal_pages.page(link)


# Asking again, extending, withdrawing


def test_a_poll_opened_at_night_reaches_each_at_a_sane_hour_and_extending_it_moves_no_mail(
    world: World,
) -> None:
    """Saturday evening in Ha Noi; nobody of the three works before Monday."""
    world.create(attendees=STAFF)
    world.clock.at = datetime(2026, 10, 31, 13, tzinfo=UTC)
    preview = opened(world, preview=True)
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
    seen = world.date_polls.remind("SOM-2026", caller=caller("coordinator"), preview=True)
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
    assert str(done.poll.closes) == "Monday, 30 November 2026, 17:00 Ha Noi (UTC+07:00)"
    assert done.poll.answered == 1


# Choosing


@pytest.mark.both_databases
def test_the_chosen_option_becomes_the_time_and_ends_the_poll(world: World) -> None:
    polled(world)
    seen = world.date_polls.close("SOM-2026", 1, caller=caller("coordinator"), preview=True)
    assert (seen.previewed, seen.poll.state, seen.poll.chosen) == (True, "closed", 1)
    assert world.date_polls.show("SOM-2026").state == "open"
    done = world.date_polls.close("SOM-2026", 1, caller=caller("coordinator"), version=1)
    assert (done.version, done.poll.chosen) == (2, 1)
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
    world.meetings.update("SOM-2026", update, caller=caller("coordinator"), version=1)
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
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
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
    for preview in (True, False):
        with pytest.raises(Conflict) as caught:
            world.date_polls.close("SOM-2026", 2, caller=caller("coordinator"), preview=preview)
        assert caught.value.code == QUESTION
        assert "move: it goes to Wednesday, 9 December 2026, 09:00" in caught.value.message
    assert contents(world.database) == before
    assert world.date_polls.show("SOM-2026").state == "open"


def test_a_linked_meeting_goes_along_in_the_same_transaction(world: World) -> None:
    linked_poll(world)
    choice = {"caller": caller("coordinator"), "linked": Linked.MOVE}
    seen = world.date_polls.close("SOM-2026", 2, preview=True, **choice)
    assert world.reading.meeting(PREP).start == "2026-12-02 09:00"
    done = world.date_polls.close("SOM-2026", 2, **choice)
    assert (done.consequences, done.warnings) == (seen.consequences, seen.warnings)
    assert [item.meeting for item in done.consequences if item.kind == ActionKind.INVITE] == [PREP] * 3
    (sentence,) = map(words.say, done.warnings)
    assert sentence == (
        f"{PREP}, which prepares it, goes along: from Wednesday, 2 December 2026, 09:00 Ha Noi (UTC+07:00) "
        "to Wednesday, 9 December 2026, 09:00 Ha Noi (UTC+07:00)."
    )
    assert (done.version, done.poll.state, done.poll.chosen) == (2, "closed", 2)
    assert world.reading.meeting("SOM-2026").start == "2026-12-10 14:00"
    assert world.reading.meeting(PREP).start == "2026-12-09 09:00"
    ((what, _, detail),) = last_notes(world, 1)
    assert what == "date chosen from the poll"
    assert detail == f"option 2: 2026-12-10 14:00 Asia/Ho_Chi_Minh. {sentence}"


def test_a_linked_meeting_that_is_kept_is_named_and_an_absurd_order_said(world: World) -> None:
    linked_poll(world)
    update = MeetingUpdate.model_validate({"start": "2026-12-09 09:00"})
    version = world.reading.meeting(PREP).version
    world.meetings.update(PREP, update, caller=caller("coordinator"), version=version, linked=Linked.KEEP)
    done = world.date_polls.close("SOM-2026", 1, caller=caller("coordinator"), linked=Linked.KEEP)
    assert tuple(map(words.say, done.warnings)) == (
        f"{PREP}, which prepares it, stays on Wednesday, 9 December 2026, 09:00 Ha Noi (UTC+07:00).",
        f"{PREP} comes after the meeting it prepares, SOM-2026.",
    )
    assert world.reading.meeting(PREP).start == "2026-12-09 09:00"


def test_an_option_at_the_time_that_stands_asks_nothing(world: World) -> None:
    linked_poll(world)
    update = MeetingUpdate.model_validate({"start": "2026-12-08 09:00"})
    world.meetings.update("SOM-2026", update, caller=caller("coordinator"), version=1, linked=Linked.KEEP)
    assert world.date_polls.close("SOM-2026", 1, caller=caller("coordinator")).poll.chosen == 1


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
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
    world.clock.at = CLOSING
    assert world.reading.meeting("SOM-2026").attention == ()


def test_opening_is_refused_for_another_version_than_was_looked_at(world: World) -> None:
    world.create(attendees=STAFF)
    request = DatePollRequest.of({"starts": STARTS_GIVEN, "closes": CLOSES})
    with pytest.raises(Conflict, match="changed by somebody else meanwhile"):
        world.date_polls.open("SOM-2026", request, caller=caller("coordinator"), version=2)
    assert world.date_polls.open("SOM-2026", request, caller=caller("coordinator"), version=1).poll.open


# Attendees that change while a poll is open


def test_somebody_who_was_asked_and_voted_can_be_taken_out_and_the_vote_stands(world: World) -> None:
    polled(world)
    link = token(world, LAN)
    world.personal_date_polls.vote(link, {1: YES, 2: NO})
    update = MeetingUpdate.model_validate({"attendees": [PEOPLE[NHUNG], PEOPLE[THIDA], PEOPLE[TAN]]})
    world.meetings.update("SOM-2026", update, caller=caller("coordinator"), version=1)
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
    world.meetings.update("SOM-2026", update, caller=caller("coordinator"), version=1)
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
    assert recipients(world) == []
    assert set(world.states(ActionKind.DATE_POLL)) == {"missed"}
    assert MONDAY < CLOSING
