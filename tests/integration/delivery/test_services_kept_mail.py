"""One Message-ID always stands for the same bytes, whatever happens between two attempts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from jinja2 import DictLoader
from sqlalchemy import select, update

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.errors import PermanentFailure, TransientFailure
from orchestrator.services.letters.languages import Languages
from orchestrator.store.rows.delivery import DeliveryRow
from orchestrator.store.rows.meetings import ConferenceRow, MeetingRow
from tests.callers import caller
from tests.integration.conftest import PEOPLE, STARTS, TAN, THIDA, Mail, World
from tests.integration.delivery.failing import (
    K,
    Killed,
    back_after_the_lease,
    change,
    failing,
    invitations_due,
)
from tests.integration.meetings.changes import answer

NEW_LINK = "https://video.vn.example.org/other"
UNKNOWN = TransientFailure("The connection broke.", unknown=True)
REFUSED = TransientFailure("Try again later.", answer="451 4.7.1 greylisted")


def attempts(world: World, recipient: str = TAN) -> list[Mail]:
    """Every attempt at a mail to somebody; the server has seen the bytes of those that failed, too."""
    return world.mailer.to(recipient)


def kept(world: World, recipient: str = TAN) -> list[bytes | None]:
    with world.database.reading() as session:
        wanted = (
            select(DeliveryRow.content).where(DeliveryRow.recipient == recipient).order_by(DeliveryRow.id)
        )
        return list(session.scalars(wanted))


def assert_same_mail_twice(world: World, recipient: str = TAN) -> None:
    first, again = attempts(world, recipient)[-2:]
    assert first.message_id == again.message_id
    assert first.content == again.content


def nothing(world: World) -> None:
    """Time goes by, and nothing else."""


def answered(world: World) -> None:
    answer(world, TAN, Participation.ACCEPTED)


def other_templates(world: World) -> None:
    """An upgrade comes between, with other templates, and the worker is another process."""
    templates = {
        "invitation.txt.j2": "{{ greeting }}\nOther words.\n",
        "invitation.html.j2": "<p>Other words for {{ name }}.</p>",
        "cancellation.txt.j2": "{{ greeting }}\nOther words.\n",
        "cancellation.html.j2": "<p>Other words for {{ name }}.</p>",
    }
    world._templates = world._templates.overlay(loader=DictLoader(templates))
    world.delivering = world.worker()


def other_catalogues(world: World) -> None:
    world.languages = Languages()
    world.delivering = world.worker()


def somebody_else_removed(world: World) -> None:
    change(world, attendees=[PEOPLE[TAN]])


def link_taken_down(world: World) -> None:
    with world.database.transaction() as session:
        session.execute(update(ConferenceRow).values(join_url=None))
        session.execute(update(MeetingRow).values(saves=MeetingRow.saves + 1))


@pytest.mark.parametrize("error", [UNKNOWN, REFUSED], ids=["perhaps accepted", "not accepted"])
@pytest.mark.parametrize(
    "between",
    [nothing, answered, other_templates, other_catalogues, somebody_else_removed, link_taken_down],
)
def test_a_retry_sends_the_same_bytes_under_the_same_message_id(
    world: World, between: Callable[[World], None], error: TransientFailure
) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN], PEOPLE[THIDA]])
    world.mailer.after = failing(error, to=TAN)
    world.delivering.deliver(batch)
    between(world)
    world.clock.move(minutes=7)
    world.run()
    assert len(attempts(world)) == 2
    assert_same_mail_twice(world)


@pytest.mark.both_databases
def test_a_worker_that_died_is_followed_by_the_same_bytes(world: World) -> None:
    batch = invitations_due(world)
    world.mailer.after = failing(Killed(), to=TAN)
    with pytest.raises(Killed):
        world.delivering.deliver(batch)
    other_templates(world)
    world.clock.move(minutes=7)
    back_after_the_lease(world)
    assert_same_mail_twice(world)


@pytest.mark.parametrize("error", [UNKNOWN, REFUSED], ids=["perhaps accepted", "not accepted"])
@pytest.mark.parametrize("between", [nothing, other_templates])
def test_a_cancellation_is_the_same_while_the_link_is_taken_down(
    world: World, between: Callable[[World], None], error: TransientFailure
) -> None:
    world.invited()
    world.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    world.mailer.after = failing(error, to=TAN)
    world.run()
    assert world.states(K.CONFERENCE_DELETE) == ["succeeded"]
    between(world)
    world.clock.move(minutes=7)
    world.run()
    assert [mail.method for mail in attempts(world)] == ["REQUEST", "CANCEL", "CANCEL"]
    assert_same_mail_twice(world)
    for mail in attempts(world)[1:]:
        assert "teams.example.org" not in mail.calendar
    calendars = {
        mail.calendar.partition("ORGANIZER")[0] for mail in world.mailer.accepted if mail.method == "CANCEL"
    }
    assert len(calendars) == 1, "everybody is told the same"


def test_what_was_asked_for_again_keeps_its_stamp(world: World) -> None:
    world.invited()
    world.answers.send_again("SOM-2026", TAN, caller=caller("coordinator"))
    world.mailer.after = failing(REFUSED, to=TAN)
    world.run()
    world.clock.move(minutes=7)
    world.run()
    assert len(attempts(world)) == 3
    assert_same_mail_twice(world)


def test_minutes_are_the_same_with_their_file_which_is_not_kept_twice(world: World) -> None:
    world.concluded()
    text = "# Minutes\n" + "Adopted. " * 40_000
    world.minutes.attach("SOM-2026", "Biên bản.md", text.encode(), caller=caller("coordinator"))
    world.mailer.after = failing(REFUSED, to=TAN)
    world.run()
    (content,) = [item for item in kept(world) if item is not None]
    assert len(content) < 10_000
    world.clock.move(minutes=7)
    world.run()
    assert_same_mail_twice(world)
    (file,) = attempts(world)[-1].message.iter_attachments()
    assert file.get_payload(decode=True) == text.encode()


@pytest.mark.parametrize("error", [UNKNOWN, REFUSED], ids=["perhaps accepted", "not accepted"])
def test_a_link_that_was_replaced_is_told_under_another_message_id(
    world: World, error: TransientFailure
) -> None:
    """Nobody holds the old one for certain, so no update follows that would tell the new one."""
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.after = failing(error)
    world.delivering.deliver(batch)
    world.meetings.enter_join_link("SOM-2026", NEW_LINK, caller=caller("coordinator"))
    world.clock.move(minutes=7)
    world.run()
    first, again = attempts(world)
    assert NEW_LINK not in first.calendar and NEW_LINK in again.calendar
    assert first.message_id != again.message_id
    assert [(item.state, item.tries, item.message_id) for item in world.deliveries()] == [
        ("sent", 2, again.message_id)
    ]


@pytest.mark.parametrize("error", [UNKNOWN, REFUSED], ids=["perhaps accepted", "not accepted"])
def test_a_personal_link_that_was_revoked_is_not_sent_again(world: World, error: TransientFailure) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.after = failing(error)
    world.delivering.deliver(batch)
    world.personal_links.revoke("SOM-2026", TAN, caller=caller("coordinator"))
    world.clock.move(minutes=7)
    world.run()
    first, again = attempts(world)
    assert first.message_id != again.message_id
    (old,), (new,) = (page_links(mail) for mail in (first, again))
    assert old != new
    world.personal_pages.page(new.rpartition("/")[2])


def page_links(mail: Mail) -> set[str]:
    body = mail.message.get_body(("plain",))
    assert body is not None
    return set(re.findall(r"https?://\S+/a/[^\s/?]+", body.get_content()))


def test_each_message_id_stands_for_one_mail_however_often_the_link_is_replaced(world: World) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.after = failing(REFUSED, times=5)
    world.delivering.deliver(batch)
    for link in (NEW_LINK, "https://video.vn.example.org/third", NEW_LINK, NEW_LINK):
        world.meetings.enter_join_link("SOM-2026", link, caller=caller("coordinator"))
        world.clock.move(minutes=20)
        world.run()
    assert len({mail.content for mail in attempts(world)}) == len(
        {mail.message_id for mail in attempts(world)}
    )
    contents = [mail.content for mail in attempts(world)]
    assert contents[-1] == contents[-2], "the last link stayed"


def test_a_text_saved_without_telling_anybody_reaches_who_has_not_been_told(world: World) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.after = failing(REFUSED)
    world.delivering.deliver(batch)
    update_quietly(world, "Senior Officials Meeting, corrected")
    world.clock.move(minutes=7)
    world.run()
    first, again = attempts(world)
    assert "corrected" not in first.calendar and "corrected" in again.calendar
    assert first.message_id != again.message_id


def test_what_may_have_arrived_stays_as_it_is_also_after_a_quiet_correction(world: World) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.after = failing(UNKNOWN)
    world.delivering.deliver(batch)
    update_quietly(world, "Senior Officials Meeting, corrected")
    world.clock.move(minutes=7)
    world.run()
    assert_same_mail_twice(world)


def update_quietly(world: World, title: str) -> None:
    fields = MeetingUpdate.model_validate({"title": title})
    world.meetings.update(
        "SOM-2026", fields, caller=caller("coordinator"), version=2, notify=False, reason="The Chair is ill."
    )


@pytest.mark.parametrize(("hours", "same"), [(11, True), (13, False)])
def test_a_mail_that_no_server_took_is_not_sent_with_an_old_date(
    world: World, hours: int, same: bool
) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.after = failing(REFUSED)
    world.delivering.deliver(batch)
    world.clock.move(hours=hours)
    world.run()
    first, again = attempts(world)
    assert (first.content == again.content) is (first.message_id == again.message_id) is same
    assert (first.message["Date"] == again.message["Date"]) is same


def test_a_mail_that_may_have_arrived_keeps_its_date(world: World) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.after = failing(UNKNOWN)
    world.delivering.deliver(batch)
    world.clock.move(hours=30)
    world.run()
    assert_same_mail_twice(world)


def test_a_mail_that_a_person_lets_go_again_is_the_same(world: World) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.after = failing(PermanentFailure("The mailbox is full.", answer="552 5.2.2"))
    world.delivering.deliver(batch)
    (failed,) = world.rows(K.INVITE)
    assert failed.state == "failed"
    world.clock.move(minutes=30)
    world.operations.retry(failed.id, caller=caller("ops"))
    world.run()
    assert_same_mail_twice(world)


def test_a_new_time_is_another_mail(world: World) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.after = failing(UNKNOWN)
    world.delivering.deliver(batch)
    change(world, start="2026-12-04 14:00")
    world.clock.move(minutes=7)
    world.run()
    first, again = attempts(world)
    assert first.message_id != again.message_id
    assert "20261204T070000Z" in again.calendar


@pytest.mark.both_databases
def test_a_mail_is_kept_until_it_is_accepted_and_no_longer(world: World) -> None:
    batch = invitations_due(world)
    world.mailer.after = failing(REFUSED, to=TAN)
    world.delivering.deliver(batch)
    assert kept(world, THIDA) == [None] and kept(world) != [None]
    world.clock.move(minutes=7)
    world.run()
    assert kept(world) == [None]


@pytest.mark.both_databases
def test_a_mail_that_nobody_ever_accepted_is_forgotten_after_a_month(world: World) -> None:
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.after = failing(PermanentFailure("no"))
    world.delivering.deliver(batch)
    (failed,) = world.rows(K.INVITE)
    world.clock.move(days=29)
    world.run()
    assert kept(world)[0] is not None
    world.clock.move(days=2)
    assert world.clock.now() < STARTS
    world.scheduling.claim()
    assert kept(world)[0] is None
    world.operations.retry(failed.id, caller=caller("ops"))
    world.run()
    first, again = [mail for mail in attempts(world) if mail.method == "REQUEST"]
    assert first.message_id != again.message_id


def test_what_an_older_version_left_is_written_under_its_own_message_id(world: World) -> None:
    """Its bytes were not kept, so nothing better can be done."""
    batch = invitations_due(world, attendees=[PEOPLE[TAN]])
    world.mailer.after = failing(UNKNOWN)
    world.delivering.deliver(batch)
    with world.database.transaction() as session:
        session.execute(update(DeliveryRow).values(content=None, written_from=None))
    world.clock.move(minutes=7)
    world.run()
    first, again = attempts(world)
    assert first.message_id == again.message_id
    assert (first.calendar, first.subject) == (again.calendar, again.subject)
