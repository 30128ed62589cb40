"""Opening a date poll and voting in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.services.dates.fair_starts import FairStartQuery
from orchestrator.services.dates.proposals import DatePollRequest
from orchestrator.store.meetings import meetings as store
from orchestrator.words import maybe, say
from tests.callers import caller
from tests.integration.conftest import (
    TAN,
    THIDA,
    World,
    contents,
)
from tests.integration.dates.polling import (
    ASKED,
    CLOSES,
    CLOSING,
    IF_NEEDED,
    LAN,
    MINH,
    NO,
    STAFF,
    STARTS_GIVEN,
    YES,
    last_notes,
    opened,
    polled,
    recipients,
    token,
)

pytestmark = pytest.mark.usefixtures("in_office_hours")


# Opening


def test_the_preview_shows_who_is_asked_and_each_option_in_each_capital_and_changes_nothing(
    world: World,
) -> None:
    world.create(attendees=STAFF)
    before = contents(world.database)
    seen = opened(world, dry_run=True)
    assert seen.previewed
    assert sorted(str(item.recipient_email) for item in seen.consequences) == ASKED
    assert {(item.effect, item.kind, maybe(item.what), item.when) for item in seen.consequences} == {
        ("new", "date-poll", "Date poll", None)
    }
    assert [[str(said.starts) for said in item.votes] for item in seen.date_poll.options] == [
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
    with pytest.raises(InvalidInput, match=r"starts\[1\]: comes twice in Australia/Sydney"):
        opened(world, starts=["2028-03-28 09:00", "2028-04-02 02:30"])
    with pytest.raises(InvalidInput, match=r"closes: comes twice in Australia/Sydney"):
        opened(world, closes="2027-04-04 02:30", starts=["2027-11-03 09:00", "2027-11-04 09:00"])


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
    seen = opened(world, starts=[], top=3, dry_run=True)
    assert len(seen.date_poll.options) == 3
    assert all(item.starts.day > CLOSING.date() for item in seen.date_poll.options)
    # Nothing costs anybody anything among three delegations an hour and a half apart.
    assert [item.cost for item in seen.date_poll.options] == [0, 0, 0]
    assert all(
        said.comfortable and say(said.why) == "in office hours" for said in seen.date_poll.options[0].votes
    )
    both = opened(world, starts=["2026-12-05 06:00"], top=2, to="2026-11-30", dry_run=True)
    assert [item.starts.clock for item in both.date_poll.options][-1] == "06:00"
    assert not both.date_poll.options[-1].votes[0].comfortable
    assert both.date_poll.options[-1].cost > 0
    with pytest.raises(InvalidInput, match="top: is missing"):
        opened(world, **{"from": "2026-12-01"})


def test_a_poll_proposes_what_the_finder_shows_for_the_same_wishes(world: World) -> None:
    world.create(attendees=STAFF)
    wishes = {"from": "2026-12-01", "to": "2026-12-04", "earliest": "16:00", "latest": "21:00"}
    wishes |= {"hard": ["SG:hours"], "soft": ["weekend"]}
    found = world.fair_starts.find(FairStartQuery.of({"meeting": "SOM-2026", "top": 3} | wishes)).findings
    seen = opened(world, starts=[], top=3, dry_run=True, **wishes)
    in_time = sorted(found.fair_starts, key=lambda slot: slot.starts_at)
    assert [item.starts for item in seen.date_poll.options] == [item.host_time for item in in_time]
    assert all(item.starts.clock >= "16:00" for item in seen.date_poll.options)
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
    assert [item.by for item in done.date_poll.voters] == [None, "console", None]
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
