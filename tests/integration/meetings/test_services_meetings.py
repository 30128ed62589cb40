"""The use cases around a meeting: all or nothing, previews that tell the truth, and plans that follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from orchestrator import words
from orchestrator.domain.answers.responses import ProposalState, ResponseKind
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict, InvalidInput, NotFound, PermanentFailure
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.services.meetings.meetings import Meetings
from orchestrator.services.timelines.views import ActionView, Consequence, Effect
from orchestrator.store.answers import responses
from orchestrator.store.answers.responses import NewResponse
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.meetings import FeedRow
from orchestrator.store.timelines import actions
from orchestrator.words import maybe
from tests.callers import caller
from tests.integration.conftest import (
    ENDS,
    NHUNG,
    NOW,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    World,
    contents,
    definition,
)

K, P = ActionKind, Participation
RATIH = {"group": "ASEC", "delegation": "ASEC", "name": "Ratih", "email": "ratih@asean.example.org"}
LINK = "https://video.vn.example.org/som"


def change(
    world: World, version: int, *, preview: bool = False, notify: bool = True, **fields: Any
) -> Effect:
    return world.meetings.update(
        "SOM-2026",
        MeetingUpdate.model_validate(fields),
        caller=caller("coordinator"),
        version=version,
        notify=notify,
        preview=preview,
    )


def answer(world: World, email: str, participation: Participation) -> Effect:
    return world.answers.answer("SOM-2026", email, participation, caller=caller("telephone"))


def attach(world: World, text: str = "Adopted.", **how: Any) -> Effect:
    return world.minutes.attach("SOM-2026", "Minutes.md", text.encode(), caller=caller("coordinator"), **how)


def told(outcome: Effect) -> Counter[tuple[str, str]]:
    return Counter((item.effect, maybe(item.what)) for item in outcome.consequences)


def of(world: World, email: str) -> dict[str, str]:
    """The state of every action of somebody, by its key without the number of the attendee."""
    return {
        item.key.partition(":attendee-")[0]: item.state
        for item in world.reading.plan("SOM-2026")
        if item.recipient_email == email
    }


REMINDERS = ("remind:P7D", "remind:P1D", "remind:PT1H")


# --- creating


def test_a_draft_plans_and_sends_nothing(world: World) -> None:
    (created,) = world.meetings.create([definition()], caller=caller("coordinator"))
    assert (created.reference, created.left_out) == ("SOM-2026", ())
    assert world.rows() == []
    view = world.reading.meeting("SOM-2026")
    assert (view.status, view.uid, view.version, view.sequence) == ("draft", None, 1, 0)
    assert [item.delegation for item in view.attendees] == ["MM", "SG", "VN"], "protocol order"
    assert [item.role for item in view.attendees] == ["senior official", "focal point", "senior official"]
    assert [(item.actor, words.say(item.what), item.at) for item in view.history] == [
        ("coordinator", "created", NOW)
    ]


def test_several_meetings_are_created_together(world: World) -> None:
    preparatory = definition("PREP", kind="preparatory", feeds="SOM-2026")
    world.meetings.create([preparatory, definition(fed_by=["PREP"])], caller=caller("coordinator"))
    assert world.reading.meeting("PREP").feeds == "SOM-2026"
    assert world.reading.meeting("SOM-2026").fed_by == ("PREP",)
    with world.database.reading() as session:
        assert len(session.scalars(select(FeedRow)).all()) == 1


def test_of_several_meetings_none_is_created_when_one_is_wrong(world: World) -> None:
    before = contents(world.database)
    wrong = definition("WRONG", zone="Asia/Hanoi", attendees=[{**PEOPLE[TAN], "delegation": "XX"}])
    with pytest.raises(InvalidInput) as caught:
        world.meetings.create([definition(), wrong], caller=caller("coordinator"))
    fields = [item.field for item in caught.value.problems]
    assert fields == ["meetings[1].zone", "meetings[1].attendees[0].delegation"]
    assert contents(world.database) == before


def test_of_several_meetings_none_is_created_when_a_reference_is_taken(world: World) -> None:
    world.create()
    before = contents(world.database)
    for second in (definition("SOM-2026"), definition("NEW")):
        with pytest.raises(Conflict, match="already"):
            world.meetings.create([definition("NEW"), second], caller=caller("coordinator"))
    assert contents(world.database) == before


# --- publishing


def test_publishing_does_exactly_what_its_preview_said_and_the_preview_leaves_no_trace(world: World) -> None:
    world.create()
    before = contents(world.database)
    preview = world.meetings.publish("SOM-2026", caller=caller("coordinator"), preview=True)
    assert contents(world.database) == before
    assert world.wake_up.notified == 0
    done = world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    assert preview.previewed
    assert not done.previewed
    assert (preview.version, preview.consequences) == (done.version, done.consequences)
    assert told(done) == {
        ("new", "Teams meeting"): 1,
        ("new", "Alert: no link"): 1,
        ("new", "Invitation"): 3,
        ("new", "Reminder, 7 days before"): 3,
        ("new", "Reminder, 1 day before"): 3,
        ("new", "Reminder, 1 h before"): 3,
        ("new", "Conclude"): 1,
    }
    planned = Counter(item.kind for item in world.reading.plan("SOM-2026"))
    assert planned == Counter(item.kind for item in done.consequences)
    assert world.wake_up.notified == 1


def test_reminders_are_due_at_the_local_hour_of_each_recipient(world: World) -> None:
    world.published()
    due = {
        (item.delegation, item.key.partition(":attendee")[0]): str(item.due)
        for item in world.reading.plan("SOM-2026")
        if item.kind == "remind"
    }
    assert due["MM", "remind:P7D"] == "Thursday, 26 November 2026, 09:30 Nay Pyi Taw (UTC+06:30)"
    assert due["SG", "remind:P1D"] == "Wednesday, 2 December 2026, 09:00 Singapore (UTC+08:00)"
    assert due["VN", "remind:PT1H"] == "Thursday, 3 December 2026, 13:00 Ha Noi (UTC+07:00)"


def test_what_is_too_late_already_is_said_and_not_planned(world: World) -> None:
    world.clock.at = STARTS - timedelta(days=3)
    world.create()
    outcome = world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    assert told(outcome)["skipped", "Reminder, 7 days before"] == 3
    assert {item.step for item in world.rows(K.REMIND)} == {"remind:P1D", "remind:PT1H"}


def left_out(outcome: Effect) -> Counter[str | None]:
    return Counter(item.recipient_email for item in outcome.consequences if item.effect == "skipped")


def test_what_is_left_out_is_said_once_and_again_only_for_a_new_time(world: World) -> None:
    world.clock.at = STARTS - timedelta(days=3)
    world.create()
    preview = world.meetings.publish("SOM-2026", caller=caller("coordinator"), preview=True)
    assert left_out(preview) == dict.fromkeys(PEOPLE, 1)
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    world.run()
    assert answer(world, TAN, P.TENTATIVE).consequences == ()
    assert left_out(world.answers.send_again("SOM-2026", TAN, caller=caller("coordinator"))) == {}
    assert left_out(world.meetings.enter_join_link("SOM-2026", LINK, caller=caller("coordinator"))) == {}
    version = world.reading.meeting("SOM-2026").version
    assert left_out(change(world, version, title="Another")) == {}
    added = change(world, version + 1, attendees=[*PEOPLE.values(), RATIH])
    assert left_out(added) == {RATIH["email"]: 1}
    for moved in (True, False):
        outcome = change(world, version + 2, start="2026-12-04 14:00", preview=moved)
        assert left_out(outcome) == dict.fromkeys([*PEOPLE, RATIH["email"]], 1)


def test_confirming_a_date_says_all_that_is_left_out(world: World) -> None:
    world.clock.at = STARTS - timedelta(days=3)
    world.create()
    world.meetings.publish("SOM-2026", caller=caller("coordinator"), save_the_date=True)
    world.run()
    for preview in (True, False):
        confirmed = world.meetings.publish("SOM-2026", caller=caller("coordinator"), preview=preview)
        assert left_out(confirmed) == dict.fromkeys(PEOPLE, 1)


@pytest.mark.parametrize("moment", [timedelta(0), timedelta(days=1)])
def test_a_meeting_in_the_past_is_not_published(world: World, moment: timedelta) -> None:
    world.create()
    world.clock.at = STARTS + moment
    before = contents(world.database)
    with pytest.raises(Conflict, match="starts in the past"):
        world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    assert contents(world.database) == before


# --- what is refused leaves the database as it was


def published_and_invited(world: World) -> None:
    world.invited()


REFUSALS: dict[str, tuple[Callable[[World], Any], type[Exception], str]] = {
    "unknown meeting": (
        lambda w: w.meetings.publish("NONE", caller=caller("x")),
        NotFound,
        "no meeting NONE",
    ),
    "published twice": (
        lambda w: w.meetings.publish("SOM-2026", caller=caller("x")),
        Conflict,
        "only a draft",
    ),
    "stale version": (lambda w: change(w, 1, title="New"), Conflict, "changed by somebody else"),
    "version of the future": (lambda w: change(w, 3, title="New"), Conflict, "changed by somebody else"),
    "stale version of a cancellation": (
        lambda w: w.meetings.cancel("SOM-2026", caller=caller("x"), version=1),
        Conflict,
        "changed by somebody else",
    ),
    "no such zone": (lambda w: change(w, 2, zone="Asia/Hanoi"), InvalidInput, "zone"),
    "an end before the start": (lambda w: change(w, 2, end="2026-12-03 13:00"), InvalidInput, "end"),
    "an end and a duration": (
        lambda w: change(w, 2, end="2026-12-03 16:00", duration="PT1H"),
        InvalidInput,
        "duration",
    ),
    "no length": (lambda w: change(w, 2, duration="PT0S"), InvalidInput, "duration"),
    "a start in the past": (lambda w: change(w, 2, start="2026-10-01 14:00"), Conflict, "in the past"),
    "an unknown delegation": (
        lambda w: change(w, 2, attendees=[{**PEOPLE[TAN], "delegation": "XX"}]),
        InvalidInput,
        "delegation",
    ),
    "somebody twice": (lambda w: change(w, 2, attendees=[PEOPLE[TAN]] * 2), InvalidInput, "twice"),
    "a group of others": (
        lambda w: change(w, 2, attendees=[{**PEOPLE[TAN], "group": "PLUS3"}]),
        InvalidInput,
        "group",
    ),
    "an unknown lead": (lambda w: change(w, 2, agenda=[{"en": "A", "lead": "XX"}]), InvalidInput, "lead"),
    "a link that is none": (
        lambda w: w.meetings.enter_join_link("SOM-2026", "javascript:x", caller=caller("x")),
        InvalidInput,
        "join_url",
    ),
    "an answer of a stranger": (lambda w: answer(w, "who@example.org", P.ACCEPTED), NotFound, "not invited"),
    "a seat that is none": (
        lambda w: change(w, 2, attendees=[{**PEOPLE[TAN], "seat": "guest"}]),
        ValueError,
        "seat",
    ),
    "announced after it was published": (
        lambda w: w.meetings.publish("SOM-2026", caller=caller("x"), save_the_date=True),
        Conflict,
        "only a draft",
    ),
    "reinstated without being cancelled": (
        lambda w: w.meetings.reinstate("SOM-2026", caller=caller("x")),
        Conflict,
        "only a cancelled meeting",
    ),
    "sent again to a stranger": (
        lambda w: w.answers.send_again("SOM-2026", "who@example.org", caller=caller("x")),
        NotFound,
        "not invited",
    ),
    "a proposal that nobody made": (
        lambda w: w.answers.refuse_proposal("SOM-2026", 99, caller=caller("x")),
        NotFound,
        "no response 99",
    ),
    "concluded too early": (
        lambda w: w.meetings.conclude("SOM-2026", caller=caller("x")),
        Conflict,
        "not begun",
    ),
    "minutes too early": (attach, Conflict, "only a concluded meeting"),
    "minutes of no meeting": (
        lambda w: w.minutes.attach("NONE", "m.md", b"text", caller=caller("x")),
        NotFound,
        "no meeting NONE",
    ),
    "minutes of no kind": (
        lambda w: w.minutes.attach("SOM-2026", "m.exe", b"text", caller=caller("x")),
        InvalidInput,
        "file",
    ),
    "minutes that are no PDF": (
        lambda w: w.minutes.attach("SOM-2026", "m.pdf", b"text", caller=caller("x")),
        InvalidInput,
        "file",
    ),
    "empty minutes": (lambda w: attach(w, ""), InvalidInput, "empty"),
    "retrying what is done": (lambda w: w.operations.retry(1, caller=caller("x")), Conflict, "is succeeded"),
    "discarding what is done": (
        lambda w: w.operations.discard(1, caller=caller("x")),
        Conflict,
        "is succeeded",
    ),
    "retrying nothing": (lambda w: w.operations.retry(999, caller=caller("x")), NotFound, "no action 999"),
    "discarding nothing": (
        lambda w: w.operations.discard(999, caller=caller("x")),
        NotFound,
        "no action 999",
    ),
}


def test_what_is_refused_leaves_the_database_as_it_was(world: World) -> None:
    world.invited()
    before, woken = contents(world.database), world.wake_up.notified
    for what, (use_case, error, said) in REFUSALS.items():
        with pytest.raises(error) as caught:
            use_case(world)
        assert said in str(caught.value), what
        assert contents(world.database) == before, what
    assert world.wake_up.notified == woken


# --- changing


def test_a_moved_meeting_asks_everybody_again_and_moves_its_reminders(world: World) -> None:
    world.invited()
    answer(world, TAN, P.ACCEPTED)
    preview = change(world, 2, start="2026-12-10 15:00", preview=True)
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
    assert {mail.subject for mail in world.mailer.accepted} == {"Invitation: Other"}


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
    for preview in (True, False):
        outcome = change(world, 3, attendees=wanted, preview=preview)
        assert invitations(outcome.consequences) == {RATIH["email"]: ("Invitation",)}
    again = change(world, 4, start="2026-12-04 14:00", preview=True)
    assert invitations(again.consequences) == {
        **dict.fromkeys(PEOPLE, ("Updated invitation",)),
        RATIH["email"]: ("Invitation",),
    }, "it has not left yet"
    world.run()
    assert {mail.subject for mail in world.mailer.to(RATIH["email"])} == {"Invitation: Another"}
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
    for preview in (True, False):
        confirmed = world.meetings.publish("SOM-2026", caller=caller("coordinator"), preview=preview)
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
    assert (again.subject, again.method) == ("Invitation: Senior Officials Meeting", "REQUEST")
    assert again.message["Message-ID"] != first.message["Message-ID"]
    assert again.message["References"] == first.message["Message-ID"]
    assert len(world.mailer.accepted) == 4, "nobody else hears of it"
    assert world.reading.meeting("SOM-2026").sequence == 0


def test_nobody_is_sent_again_what_has_not_been_sent(world: World) -> None:
    world.published()
    with pytest.raises(Conflict, match="goes out by itself"):
        world.answers.send_again("SOM-2026", TAN, caller=caller("coordinator"))


# --- the life of a meeting beyond being published


def test_a_date_is_announced_first_and_confirmed_later_under_the_same_uid(world: World) -> None:
    world.create()
    preview = world.meetings.publish(
        "SOM-2026", caller=caller("coordinator"), save_the_date=True, preview=True
    )
    announced = world.meetings.publish("SOM-2026", caller=caller("coordinator"), save_the_date=True)
    assert preview.consequences == announced.consequences
    assert told(announced) == {("new", "Save-the-date"): 3}, "there is nothing to join, nothing to remind of"
    world.run()
    assert {mail.subject.partition(":")[0] for mail in world.mailer.accepted} == {"Save the date"}
    assert all("STATUS:TENTATIVE" in mail.calendar for mail in world.mailer.accepted)
    assert world.conferences.calls == []
    answer(world, TAN, P.ACCEPTED)
    confirmed = world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    assert told(confirmed)["new", "Reminder, 1 day before"] == 3
    world.run()
    first, second = world.mailer.to(TAN)
    assert second.subject == "Confirmed: Senior Officials Meeting"
    uids = {line for mail in (first, second) for line in mail.calendar.splitlines() if line[:4] == "UID:"}
    assert len(uids) == 1
    assert "STATUS:CONFIRMED" in second.calendar
    assert ("SEQUENCE:0" in first.calendar, "SEQUENCE:0" in second.calendar) == (True, False)
    assert "PARTSTAT=ACCEPTED" in second.calendar, "the time is the same, so the answer stays"
    assert world.reading.meeting("SOM-2026").join_url is not None


def test_a_cancelled_meeting_takes_place_after_all_and_everybody_is_asked_again(world: World) -> None:
    world.invited()
    answer(world, TAN, P.DECLINED)
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))
    world.run()
    world.mailer.accepted.clear()
    preview = world.meetings.reinstate("SOM-2026", caller=caller("coordinator"), preview=True)
    outcome = world.meetings.reinstate("SOM-2026", caller=caller("coordinator"))
    assert preview.consequences == outcome.consequences
    world.run()
    assert {mail.recipient for mail in world.mailer.accepted} == {*PEOPLE}
    assert {mail.subject for mail in world.mailer.accepted} == {"Reinstated: Senior Officials Meeting"}
    assert all("PARTSTAT=NEEDS-ACTION" in mail.calendar for mail in world.mailer.accepted)
    view = world.reading.meeting("SOM-2026")
    assert (view.status, view.answers) == ("published", {"no answer": 3})
    assert view.join_url is not None
    assert of(world, TAN) | dict.fromkeys(REMINDERS, "scheduled") == of(world, TAN)


def test_a_meeting_moves_to_another_mailbox_and_everybody_is_told(world: World) -> None:
    world.invited()
    assert world.meetings.move_mailbox("SOM-2026", caller=caller("coordinator")).consequences == (), (
        "it is there"
    )
    texts = world.preparatory_texts
    other = Meetings(world.database, world.planner, world.clock, world.changing, "new@accsm.example", texts)
    preview = other.move_mailbox("SOM-2026", caller=caller("coordinator"), preview=True)
    outcome = other.move_mailbox("SOM-2026", caller=caller("coordinator"))
    assert preview.consequences == outcome.consequences
    assert told(outcome)["new", "Updated invitation"] == 3
    world.run()
    for email in PEOPLE:
        latest = world.mailer.to(email)[-1]
        assert "new@accsm.example" in latest.calendar
        assert "SEQUENCE:1" in latest.calendar


# --- the link


def test_a_link_typed_in_lets_the_waiting_invitations_go(world: World) -> None:
    world.conferences.during = refuse
    world.published()
    world.run()
    assert world.states(K.INVITE) == ["blocked"] * 3
    preview = world.meetings.enter_join_link("SOM-2026", LINK, caller=caller("coordinator"), preview=True)
    assert world.states(K.INVITE) == ["blocked"] * 3
    outcome = world.meetings.enter_join_link("SOM-2026", f"  {LINK}\n", caller=caller("coordinator"))
    assert preview.consequences == outcome.consequences
    assert told(outcome) == {
        ("moved", "Invitation"): 3,
        ("cancelled", "Alert: no link"): 1,
        ("cancelled", "Teams meeting"): 1,
    }
    world.run()
    assert all(f"LOCATION:{LINK}" in mail.calendar for mail in world.mailer.accepted)
    view = world.reading.meeting("SOM-2026")
    assert (view.join_url, view.link_by_hand, len(world.mailer.accepted)) == (LINK, True, 3)


def refuse(_: object) -> None:
    raise PermanentFailure("The sign-in was refused.")


def test_another_link_after_the_invitations_is_told_to_all(world: World) -> None:
    world.invited()
    outcome = world.meetings.enter_join_link("SOM-2026", LINK, caller=caller("coordinator"))
    assert told(outcome) == {("new", "Updated invitation"): 3}
    assert world.reading.meeting("SOM-2026").sequence == 1


# --- the end


def test_cancelling_tells_whoever_was_invited_and_removes_the_video_meeting(world: World) -> None:
    world.invited()
    preview = world.meetings.cancel("SOM-2026", caller=caller("coordinator"), preview=True)
    outcome = world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The chair is ill")
    assert preview.consequences == outcome.consequences
    assert {(item.effect, item.kind, maybe(item.reason)) for item in outcome.consequences} == {
        ("new", "cancel", None),
        ("new", "conference-delete", None),
        ("cancelled", "remind", "the meeting was cancelled"),
        ("cancelled", "conclude", "the meeting was cancelled"),
    }
    assert (outcome.count("cancel"), outcome.count("remind", "cancelled")) == (3, 9)
    world.run()
    assert [mail.method for mail in world.mailer.accepted[3:]] == ["CANCEL"] * 3
    assert world.conferences.made == {}
    history = world.reading.meeting("SOM-2026").history
    assert ("cancelled", "The chair is ill") in [
        (words.say(item.what), words.maybe(item.detail)) for item in history
    ]
    with pytest.raises(Conflict, match="is cancelled"):
        world.meetings.cancel("SOM-2026", caller=caller("coordinator"))


def test_a_cancelled_draft_tells_nobody(world: World) -> None:
    world.create()
    assert world.meetings.cancel("SOM-2026", caller=caller("coordinator")).consequences == ()
    assert world.reading.meeting("SOM-2026").status == "cancelled"


def test_a_meeting_concludes_by_itself_at_its_end(world: World) -> None:
    world.invited()
    world.clock.at = ENDS - timedelta(seconds=1)
    world.run()
    assert world.reading.meeting("SOM-2026").status == "published"
    world.clock.at = ENDS
    world.run()
    view = world.reading.meeting("SOM-2026")
    assert (view.status, view.version) == ("concluded", 2)
    assert world.states(K.CONCLUDE) == ["succeeded"]


def test_a_meeting_can_be_concluded_once_it_has_begun(world: World) -> None:
    world.invited()
    world.clock.at = STARTS
    outcome = world.meetings.conclude("SOM-2026", caller=caller("coordinator"))
    assert {(item.effect, maybe(item.reason)) for item in outcome.consequences} == {
        ("cancelled", "the meeting is over")
    }
    assert world.states(K.CONCLUDE) == ["cancelled"]


# --- minutes


def test_minutes_go_to_all_who_were_invited_also_to_who_declined(world: World) -> None:
    world.invited()
    answer(world, TAN, P.DECLINED)
    world.clock.at = ENDS
    world.run()
    world.mailer.accepted.clear()
    before = contents(world.database)
    preview = attach(world, preview=True)
    assert contents(world.database) == before
    outcome = attach(world)
    assert preview.consequences == outcome.consequences
    assert told(outcome) == {("new", "Minutes"): 3}
    world.run()
    assert Counter(mail.recipient for mail in world.mailer.accepted) == {NHUNG: 1, THIDA: 1, TAN: 1}
    (attached,) = world.mailer.accepted[0].message.iter_attachments()
    assert attached.get_filename() == "Minutes.md"
    assert world.minutes.content("SOM-2026", 1) == ("Minutes.md", "text/markdown; charset=utf-8", b"Adopted.")


def test_a_second_version_of_the_minutes_goes_to_all_again(world: World) -> None:
    world.concluded()
    world.mailer.accepted.clear()
    attach(world)
    world.run()
    outcome = attach(world, "Adopted as amended.")
    assert told(outcome) == {("new", "Minutes"): 3}
    world.run()
    assert Counter(mail.recipient for mail in world.mailer.accepted) == {NHUNG: 2, THIDA: 2, TAN: 2}
    assert len({mail.message["Message-ID"] for mail in world.mailer.to(TAN)}) == 2
    versions = world.reading.meeting("SOM-2026").minutes
    assert [(item.version, item.size) for item in versions] == [(1, 8), (2, 19)]
    assert world.minutes.content("SOM-2026", 1)[2] == b"Adopted."


def test_a_second_version_before_the_first_has_left_goes_alone(world: World) -> None:
    world.concluded()
    attach(world)
    outcome = attach(world, "Adopted as amended.")
    assert told(outcome) == {("moved", "Minutes"): 3}
    world.mailer.accepted.clear()
    world.run()
    assert len(world.mailer.accepted) == 3
    assert {item.revision for item in world.deliveries() if item.purpose == "minutes"} == {2}


# --- the example


def test_the_example_moves_by_whole_weeks_to_at_least_two_weeks_ahead(world: World) -> None:
    text = ACCSM21.read_text("utf-8")
    created = world.examples.load(text, None, caller=caller("coordinator"))
    assert [item.left_out for item in created] == [(), ()]
    preparatory, som = (world.reading.meeting(item.reference) for item in created)
    assert preparatory.start == "2026-11-18 14:00", "a Wednesday, as written, two weeks and three days ahead"
    assert (som.start, som.invited) == ("2026-11-19 14:00", 23)
    assert (preparatory.feeds, som.fed_by) == (som.reference, (preparatory.reference,))


def test_before_its_accession_the_example_leaves_timor_leste_out_by_name(world: World) -> None:
    created = world.examples.load(
        ACCSM21.read_text("utf-8"), date(2025, 10, 25), caller=caller("coordinator")
    )
    officials = ("Filomena da Conceição Ximenes (TL)", "Domingos Araújo Guterres (TL)")
    assert [item.left_out for item in created] == [officials, ()], "the second one is on the day itself"
    preparatory, som = (world.reading.meeting(item.reference) for item in created)
    assert {item.delegation for item in som.attendees} - {
        item.delegation for item in preparatory.attendees
    } == {"TL"}
    assert (preparatory.start, som.start) == ("2025-10-25 14:00", "2025-10-26 14:00")


def test_the_example_is_loaded_once(world: World) -> None:
    world.examples.load(ACCSM21.read_text("utf-8"), None, caller=caller("coordinator"))
    before = contents(world.database)
    with pytest.raises(Conflict):
        world.examples.load(ACCSM21.read_text("utf-8"), date(2027, 1, 5), caller=caller("coordinator"))
    assert contents(world.database) == before


# --- ops


def failed_invitation(world: World) -> int:
    def no(recipient: str) -> None:
        if recipient == TAN:
            raise PermanentFailure("No such user.")

    world.mailer.before = no
    world.invited()
    world.mailer.before = lambda _: None
    return next(row.id for row in world.rows(K.INVITE) if row.state == "failed")


def test_a_failed_action_is_retried_on_demand(world: World) -> None:
    number = failed_invitation(world)
    world.operations.retry(number, caller=caller("ops"))
    world.run()
    assert len(world.mailer.to(TAN)) == 1
    history = world.reading.meeting("SOM-2026").history
    assert (history[0].actor, words.say(history[0].what)) == ("ops", "retried")


def test_a_failed_action_that_was_discarded_stays_so(world: World) -> None:
    number = failed_invitation(world)
    world.operations.discard(number, caller=caller("ops"), reason="the address is gone")
    row = next(item for item in world.rows() if item.id == number)
    assert (row.state, row.cancel_code) == ("cancelled", "discarded")
    assert maybe(row.reason) == "discarded by ops: the address is gone"
    answer(world, TAN, P.ACCEPTED)
    world.run()
    assert world.mailer.to(TAN) == []
    change(world, 2, title="News for all")
    world.run()
    assert [mail.subject for mail in world.mailer.to(TAN)] == ["Invitation: News for all"]


def test_a_missed_reminder_is_not_retried_past_its_grace(world: World) -> None:
    world.invited()
    world.clock.at = STARTS
    world.run()
    missed = world.rows(K.REMIND)[0]
    assert missed.state == "missed"
    with pytest.raises(Conflict, match="past its grace"):
        world.operations.retry(missed.id, caller=caller("ops"))
    world.operations.discard(missed.id, caller=caller("ops"))
    assert world.rows(K.REMIND)[0].state == "cancelled"


def test_what_is_in_hand_is_neither_retried_nor_discarded(world: World) -> None:
    world.published()
    (number,) = world.claimed()
    for refused in (world.operations.retry, world.operations.discard):
        with pytest.raises(Conflict, match="is claimed"):
            refused(number, caller=caller("ops"))


# --- planning twice


def draft(world: World) -> None:
    world.create()


def removed(world: World) -> None:
    world.invited()
    change(world, 2, attendees=[PEOPLE[TAN]])


def declined(world: World) -> None:
    world.invited()
    answer(world, TAN, P.DECLINED)


def moved(world: World) -> None:
    world.invited()
    change(world, 2, start="2026-12-10 14:00")


def linked_by_hand(world: World) -> None:
    world.conferences.during = refuse
    world.invited()
    world.meetings.enter_join_link("SOM-2026", LINK, caller=caller("coordinator"))


def cancelled(world: World) -> None:
    world.invited()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"))


def with_minutes(world: World) -> None:
    world.concluded()
    attach(world)


def in_hand(world: World) -> None:
    world.published()
    world.claimed()
    change(world, 2, title="Other")


def announced(world: World) -> None:
    world.create()
    world.meetings.publish("SOM-2026", caller=caller("coordinator"), save_the_date=True)


def reinstated(world: World) -> None:
    cancelled(world)
    world.meetings.reinstate("SOM-2026", caller=caller("coordinator"))


def sent_again(world: World) -> None:
    world.invited()
    world.answers.send_again("SOM-2026", TAN, caller=caller("coordinator"))


def refused(world: World) -> None:
    """Somebody proposed another time, which is news, and was refused."""
    world.invited()
    with world.database.transaction() as session:
        attendee = store.load(session, 1).attendees[0].id
        proposed = NewResponse(
            meeting_id=1,
            attendee_id=attendee,
            kind=ResponseKind.PROPOSAL,
            state=ProposalState.OPEN,
            channel="mail",
            starts_at=STARTS,
            ends_at=ENDS,
            by=TAN,
            at=NOW,
        )
        responses.add(session, [proposed])
    world.answers.refuse_proposal("SOM-2026", 1, caller=caller("coordinator"))


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "life",
    [
        draft,
        World.published,
        World.invited,
        removed,
        declined,
        moved,
        linked_by_hand,
        cancelled,
        with_minutes,
        in_hand,
        announced,
        reinstated,
        sent_again,
        refused,
    ],
    ids=lambda life: life.__name__,
)
def test_planning_again_changes_nothing(world: World, life: Callable[[World], None]) -> None:
    life(world)
    before = contents(world.database)
    world.clock.move(seconds=1)
    for _ in range(2):
        with world.database.transaction() as session:
            meeting = store.load(session, store.find_id(session, "SOM-2026"), lock=True)
            result = world.planner.replan(session, meeting, world.clock.now())
        assert result.changes_nothing
        assert contents(world.database) == before


def test_planning_locks_what_it_looks_at(world: World) -> None:
    world.published()
    with world.database.transaction() as session:
        assert len(actions.stored(session, 1)) == len(world.rows())


def test_two_who_create_the_same_meeting_at_once_get_one_and_a_plain_answer(world: World) -> None:
    start = Barrier(2)

    def create(name: str) -> str:
        start.wait(10)
        try:
            return world.meetings.create([definition()], caller=caller(name))[0].reference
        except Conflict as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(create, ("first", "second")))
    assert found[0] == "SOM-2026"
    assert found[1] in ("conflict", "simultaneous-change")
    assert len(world.reading.meetings()) == 1


# For whom the time is no good.


def test_whoever_decides_about_a_time_is_told_for_whom_it_is_a_day_off_or_night(world: World) -> None:
    """Friday, 4 December 2026 is National Day in Myanmar, and 14:00 in Ha Noi is 02:00 in Ottawa."""
    myanmar = (
        "Myanmar, Friday, 4 December 2026, 13:30 Nay Pyi Taw (UTC+06:30): public holiday (National Day)."
    )
    ottawa = "Canada, Friday, 4 December 2026, 02:00 Ottawa (UTC-05:00): night, 2 h 30 min."
    (created,) = world.meetings.create([definition(start="2026-12-04 14:00")], caller=caller("K"))
    assert tuple(map(maybe, created.warnings)) == (myanmar,)
    shown = world.meetings.publish("SOM-2026", caller=caller("K"), preview=True)
    done = world.meetings.publish("SOM-2026", caller=caller("K"))
    assert [tuple(map(maybe, item.warnings)) for item in (shown, done)] == [(myanmar,)] * 2

    def changed(**fields: Any) -> tuple[str, ...]:
        done = change(world, world.reading.meeting("SOM-2026").version, **fields)
        return tuple(map(maybe, done.warnings))

    assert changed(title="Another title") == ()
    guest = {"group": "DP4", "delegation": "CA", "name": "A. Tremblay", "email": "a@ca.example.org"}
    assert changed(attendees=[*PEOPLE.values(), guest]) == (myanmar, ottawa)
    assert changed(start="2026-12-03 08:00", attendees=list(PEOPLE.values())) == ()
