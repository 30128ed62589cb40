"""Changing a meeting and its people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.timelines.views import ActionView, Consequence
from orchestrator.store.rows.meetings import MeetingRow
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    NHUNG,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    World,
    contents,
    without_date,
)
from tests.integration.meetings.changes import (
    RATIH,
    REMINDERS,
    K,
    P,
    answer,
    change,
    of,
    told,
)

# --- changing


def test_a_moved_meeting_asks_everybody_again_and_moves_its_reminders(world: World) -> None:
    world.invited()
    answer(world, TAN, P.ACCEPTED)
    preview = change(world, 2, start="2026-12-10 15:00", dry_run=True)
    before = contents(world.database)
    outcome = change(world, 2, start="2026-12-10 15:00")
    assert preview.consequences == outcome.consequences
    assert before != contents(world.database)
    assert told(outcome) == {
        ("new", "Teams meeting, update"): 1,
        ("new", "Updated invitation"): 3,
        ("moved", "Reminder, 7 days before"): 3,
        ("moved", "Reminder, 1 day before"): 3,
        ("moved", "Reminder, 1 h before"): 3,
        ("moved", "Conclude"): 1,
    }
    view = world.reading.meeting("SOM-2026")
    assert (view.version, view.sequence, view.revision, view.answers) == (3, 1, 2, {"no answer": 3})
    due = {
        row.due_at - (STARTS + timedelta(days=7, hours=1)) for row in world.rows(K.REMIND) if "1H" in row.step
    }
    assert due == {timedelta(hours=-1)}


def test_a_time_that_stands_is_not_asked_about_again(world: World) -> None:
    """What was stored before the rule stays, and so does what new zone data has made ambiguous."""
    world.create(zone="Australia/Sydney", start="2027-04-04 05:00")
    ambiguous = datetime.fromisoformat("2027-04-04 02:30")
    with world.database.transaction() as session:
        session.execute(update(MeetingRow).values(zone="EST", wall_start=ambiguous))
    change(world, 1, title="A new title", start="2027-04-04 02:30", zone="EST")
    with pytest.raises(InvalidInput, match="zone: is an abbreviation or an offset"):
        change(world, 2, start="2027-04-04 03:30")
    with pytest.raises(InvalidInput, match="start: comes twice in Australia/Sydney"):
        change(world, 2, zone="Australia/Sydney")
    change(world, 2, zone="Australia/Sydney", start="2027-04-04 03:30")


def test_a_new_text_is_told_unless_it_is_saved_quietly(world: World) -> None:
    world.invited()
    quiet = change(world, 2, title="Quiet", notify=False)
    assert quiet.consequences == ()
    loud = change(world, 3, title="Loud")
    assert told(loud) == {("new", "Updated invitation"): 3, ("new", "Teams meeting, update"): 1}
    view = world.reading.meeting("SOM-2026")
    assert (view.sequence, view.revision, view.version) == (0, 2, 4)


def test_a_change_before_anything_left_moves_what_is_planned(world: World) -> None:
    world.published()
    outcome = change(world, 2, title="Other")
    assert told(outcome) == {("moved", "Invitation"): 3, ("moved", "Teams meeting, update"): 1}
    world.run()
    assert {without_date(mail.subject) for mail in world.mailer.accepted} == {
        "Invitation: Other",
        "Thư mời: Hội nghị quan chức cấp cao",
    }


def test_saving_without_a_change_changes_nothing_but_the_version(world: World) -> None:
    world.invited()
    view = world.reading.meeting("SOM-2026")
    outcome = change(world, 2, title=view.title_en, start=view.start, attendees=list(PEOPLE.values()))
    assert outcome.consequences == ()
    assert outcome.version == 3


# --- people


def test_who_declines_gets_no_reminders_until_accepting_again(world: World) -> None:
    world.invited()
    outcome = answer(world, TAN, P.DECLINED)
    assert {(item.effect, item.recipient_email, maybe(item.reason)) for item in outcome.consequences} == {
        ("cancelled", TAN, "Tan Hui Shan has declined")
    }
    assert of(world, TAN) == {"invite": "succeeded", **dict.fromkeys(REMINDERS, "cancelled")}
    assert of(world, THIDA) == {"invite": "succeeded", **dict.fromkeys(REMINDERS, "scheduled")}
    outcome = answer(world, TAN, P.ACCEPTED)
    assert {(item.effect, item.recipient_email) for item in outcome.consequences} == {("moved", TAN)}
    assert of(world, TAN) == {"invite": "succeeded", **dict.fromkeys(REMINDERS, "scheduled")}
    assert world.reading.meeting("SOM-2026").version == 2, "an answer is no change of the meeting"


def test_who_accepts_again_gets_only_the_reminders_still_to_come(world: World) -> None:
    world.invited()
    answer(world, TAN, P.DECLINED)
    world.clock.at = STARTS - timedelta(days=3)
    outcome = answer(world, TAN, P.ACCEPTED)
    assert told(outcome) == {
        ("skipped", "Reminder, 7 days before"): 1,
        ("moved", "Reminder, 1 day before"): 1,
        ("moved", "Reminder, 1 h before"): 1,
    }
    assert of(world, TAN)["remind:P7D"] == "cancelled"


def test_only_who_is_removed_gets_a_cancellation(world: World) -> None:
    world.invited()
    world.mailer.accepted.clear()
    outcome = change(world, 2, attendees=[PEOPLE[NHUNG], PEOPLE[TAN]])
    assert {item.recipient_email for item in outcome.consequences} == {THIDA}
    world.run()
    assert [(mail.recipient, mail.method) for mail in world.mailer.accepted] == [(THIDA, "CANCEL")]
    assert "SEQUENCE:1" in world.mailer.accepted[0].calendar
    assert of(world, THIDA) == {
        "invite": "succeeded",
        **dict.fromkeys(REMINDERS, "cancelled"),
        "cancel": "succeeded",
    }


def test_who_is_invited_again_gets_a_new_request_above_the_cancellation(world: World) -> None:
    world.invited()
    change(world, 2, attendees=[PEOPLE[NHUNG], PEOPLE[TAN]])
    world.run()
    change(world, 3, attendees=list(PEOPLE.values()))
    world.run()
    mails = world.mailer.to(THIDA)
    assert [mail.method for mail in mails] == ["REQUEST", "CANCEL", "REQUEST"]
    numbers = [
        next(line for line in mail.calendar.splitlines() if line.startswith("SEQUENCE")) for mail in mails
    ]
    assert numbers == ["SEQUENCE:0", "SEQUENCE:1", "SEQUENCE:2"]
    assert len({mail.message["Message-ID"] for mail in mails}) == 3
    assert len(world.mailer.to(TAN)) == 1


def test_who_is_removed_before_being_invited_hears_nothing(world: World) -> None:
    world.published()
    change(world, 2, attendees=[PEOPLE[NHUNG], PEOPLE[TAN]])
    world.run()
    assert world.mailer.to(THIDA) == []


def test_who_is_added_gets_an_invitation_and_nobody_else_anything(world: World) -> None:
    world.invited()
    outcome = change(world, 2, attendees=[*PEOPLE.values(), RATIH])
    assert {item.recipient_email for item in outcome.consequences} == {RATIH["email"]}
    world.run()
    assert [mail.recipient for mail in world.mailer.accepted[3:]] == [RATIH["email"]]


def invitations(items: Iterable[Consequence | ActionView]) -> dict[str | None, tuple[str, ...]]:
    """What each is sent to have the meeting in the calendar, in the words of a preview or a plan."""
    found: dict[str | None, tuple[str, ...]] = {}
    for item in items:
        if item.kind == K.INVITE:
            found[item.recipient_email] = (*found.get(item.recipient_email, ()), maybe(item.what))
    return found


def test_what_somebody_added_late_gets_first_is_an_invitation(world: World) -> None:
    world.invited()
    change(world, 2, title="Another")
    world.run()
    wanted = [*PEOPLE.values(), RATIH]
    for dry_run in (True, False):
        outcome = change(world, 3, attendees=wanted, dry_run=dry_run)
        assert invitations(outcome.consequences) == {RATIH["email"]: ("Invitation",)}
    again = change(world, 4, start="2026-12-04 14:00", dry_run=True)
    assert invitations(again.consequences) == {
        **dict.fromkeys(PEOPLE, ("Updated invitation",)),
        RATIH["email"]: ("Invitation",),
    }, "it has not left yet"
    world.run()
    assert {without_date(mail.subject) for mail in world.mailer.to(RATIH["email"])} == {"Invitation: Another"}
    outcome = change(world, 4, start="2026-12-04 14:00")
    assert invitations(outcome.consequences) == dict.fromkeys(
        [*PEOPLE, RATIH["email"]], ("Updated invitation",)
    )
    assert invitations(world.reading.plan("SOM-2026")) == {
        **dict.fromkeys(PEOPLE, ("Invitation", "Updated invitation", "Updated invitation")),
        RATIH["email"]: ("Invitation", "Updated invitation"),
    }


def test_a_save_the_date_is_followed_by_an_update_for_those_who_had_it(world: World) -> None:
    world.create()
    world.meetings.publish("SOM-2026", caller=caller("coordinator"), save_the_date=True)
    world.run()
    added = change(world, 2, attendees=[*PEOPLE.values(), RATIH])
    assert invitations(added.consequences) == {RATIH["email"]: ("Save-the-date",)}
    for dry_run in (True, False):
        confirmed = world.meetings.publish("SOM-2026", caller=caller("coordinator"), dry_run=dry_run)
        assert invitations(confirmed.consequences) == {
            **dict.fromkeys(PEOPLE, ("Updated invitation",)),
            RATIH["email"]: ("Invitation",),
        }, "the announcement to who was added last has not left yet"


def test_an_invitation_is_sent_again_on_demand_as_it_stands_now(world: World) -> None:
    world.invited()
    world.clock.move(hours=1)
    outcome = world.answers.send_again("SOM-2026", TAN.upper(), caller=caller("coordinator"))
    assert [(item.effect, maybe(item.what), item.recipient_email) for item in outcome.consequences] == [
        ("new", "Invitation, again", TAN)
    ]
    world.run()
    first, again = world.mailer.to(TAN)
    assert (without_date(again.subject), again.method) == ("Invitation: Senior Officials Meeting", "REQUEST")
    assert again.message["Message-ID"] != first.message["Message-ID"]
    assert again.message["References"] == first.message["Message-ID"]
    assert len(world.mailer.accepted) == 4, "nobody else hears of it"
    assert world.reading.meeting("SOM-2026").sequence == 0


def test_nobody_is_sent_again_what_has_not_been_sent(world: World) -> None:
    world.published()
    with pytest.raises(Conflict, match="goes out by itself"):
        world.answers.send_again("SOM-2026", TAN, caller=caller("coordinator"))
