"""A whole meeting in person, and a hybrid one: every mail, page and calendar object of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict
from orchestrator.store.engine import Database
from tests.callers import caller
from tests.integration.conftest import NHUNG, NOW, PEOPLE, STARTS, TAN, THIDA, Mail, World, emptied
from tests.integration.meetings.changes import K, answer, change, told
from tests.integration.personal.personal_pages import token
from tests.integration.serving import TestClient, application

VENUE = {
    "city": "Ha Noi",
    "zone": "Asia/Ho_Chi_Minh",
    "name": "Guest House",
    "address": "12 Ngo Quyen Street",
    "arrivals": "Cars wait at terminal 2.",
    "emergency": "+84 24 5550 0100",
}
HALL = {"mode": "in person", "venue": VENUE, "room": "Hall 2"}
LINE = "Guest House, Hall 2, 12 Ngo Quyen Street, Ha Noi"
LINK = "https://teams.example.org/join/1"
FOCAL = {"group": "ACCSM_FP", "delegation": "VN", "name": "Lê Ngọc Diễm Quỳnh", "email": "fp@vn.example.org"}
EVERYBODY = [*PEOPLE.values(), FOCAL]
ONLINE = re.compile(r"join|teams|online|trực tuyến|video|meetup", re.IGNORECASE)
"""What nothing that a meeting in person sends or shows may hold."""


@pytest.fixture
def world(sqlite_of_session: Database, tmp_path: Path) -> World:
    made = World(emptied(sqlite_of_session), tmp_path / "data")
    made.clock.at = NOW - timedelta(days=90)
    return made


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with TestClient(application(world), base_url="http://localhost", follow_redirects=False) as made:
        yield made


def told_by(mail: Mail) -> str:
    """Subject, texts and calendar of a mail, as they are read."""
    parts = [mail.subject, mail.calendar]
    for part in mail.message.walk():
        if part.get_content_type() in ("text/plain", "text/html"):
            parts.append(part.get_content())
    # The service's own addresses and the HTML of the layout are not what is looked at here.
    return "\n".join(parts)


def live(world: World, timeline: str, **fields: Any) -> None:
    """Take a meeting through its whole life, with an answer and a change on the way."""
    world.create(timeline=timeline, attendees=EVERYBODY, **fields)
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    world.run()
    to_change = STARTS - timedelta(days=20)
    while due := [row.due_at for row in world.rows() if row.state == "scheduled" and row.due_at]:
        if world.clock.at < to_change <= min(due):
            world.clock.at = to_change
            world.personal_answers.answer(token(world, TAN), Participation.ACCEPTED)
            changed = {"room": "Hall 3"} if fields else {"title": "Another title"}
            change(world, world.reading.meeting("SOM-2026").version, **changed)
        else:
            world.clock.at = max(world.clock.at, min(due))
        world.run()


@pytest.mark.parametrize("timeline", ["standard", "som"])
def test_nothing_of_a_meeting_in_person_says_how_to_join(world: World, timeline: str) -> None:
    live(world, timeline, **HALL)
    assert world.conferences.calls == []
    purposes = {row.purpose for row in world.deliveries()}
    assert {"reminder", "update", "digest"} <= purposes
    assert "connection-test" not in purposes
    for mail in world.mailer.accepted:
        text = told_by(mail)
        found = ONLINE.search(text)
        assert found is None, f"{mail.subject}: {text[max(0, found.start() - 60) : found.end() + 60]}"
    invitations = [mail for mail in world.mailer.to(NHUNG) if mail.method == "REQUEST"]
    assert all("LOCATION:Guest House\\, Hall" in mail.calendar for mail in invitations)
    assert not any("CONFERENCE" in mail.calendar for mail in invitations)
    reminders = [mail for mail in world.mailer.to(FOCAL["email"]) if "Nhắc" in mail.subject]
    assert reminders
    assert all("Địa điểm" in told_by(mail) for mail in reminders)
    assert all("Hall 3" in told_by(mail) for mail in reminders)


def test_a_hybrid_meeting_has_both(world: World) -> None:
    live(world, "standard", **(HALL | {"mode": "hybrid"}))
    assert [what for what, _ in world.conferences.calls][:1] == ["ensure"]
    for purpose in ("invitation", "update", "reminder"):
        recipients = [row.recipient for row in world.deliveries() if row.purpose == purpose]
        assert recipients, purpose
    calendars = [mail.calendar for mail in world.mailer.to(NHUNG) if "STATUS:CONFIRMED" in mail.calendar]
    assert all("LOCATION:Guest House" in item and f":{LINK}" in item for item in calendars)
    last = [mail for mail in world.mailer.to(NHUNG) if "Nhắc" in mail.subject][-1]
    assert "/join" in told_by(last)
    assert "Guest House" in told_by(last)


def test_an_online_meeting_has_no_venue(world: World) -> None:
    live(world, "standard")
    assert all("Venue" not in told_by(mail) for mail in world.mailer.accepted)
    assert any(f"LOCATION:{LINK}" in mail.calendar for mail in world.mailer.accepted)


def test_in_person_the_time_at_the_venue_comes_first_and_the_own_one_where_it_differs(world: World) -> None:
    world.published(**HALL)
    world.run()
    (invitation,) = world.mailer.to(THIDA)
    plain = invitation.message.get_body(("plain",))
    assert plain is not None
    text = plain.get_content()
    assert "14:00–16:30 Ha Noi (UTC+07:00)" in text
    assert "13:30–16:00 Nay Pyi Taw (UTC+06:30)" in text
    assert text.index("Ha Noi (") < text.index("Nay Pyi Taw (")
    assert "Host" not in text
    (host,) = world.mailer.to(NHUNG)
    assert "Your time" not in told_by(host)
    assert f"Venue:\\n{LINE.split(', ')[0]}" in invitation.calendar
    assert "Time at the venue: Thursday\\, 3 December 2026\\, 14:00 Ha Noi" in invitation.calendar


def test_pages_and_feeds_of_a_meeting_in_person_name_the_venue(world: World, client: TestClient) -> None:
    world.invited(attendees=EVERYBODY, **HALL)
    link = world.personal_links.link_of("SOM-2026", THIDA)
    path = "/a/" + link.rpartition("/")[2]
    page = client.get(path)
    assert (page.status_code, "Guest House" in page.text) == (200, True)
    shown = re.sub(r"<[^>]+>", " ", page.text)
    assert ONLINE.search(shown) is None
    joined = client.get(f"{path}/join")
    assert joined.status_code == 200
    assert "takes place in person" in joined.text
    entry = client.get(f"{path}/meeting.ics").text.replace("\r\n ", "")
    feed_path = re.search(r"webcal:(//[^/]+)(/[^\"]+)", page.text)
    assert feed_path is not None
    feed = client.get(feed_path[2]).text.replace("\r\n ", "")
    for calendar in (entry, feed):
        assert "LOCATION:Guest House\\, Hall 2" in calendar
        assert ONLINE.search(calendar) is None


def test_a_meeting_that_goes_over_to_in_person_loses_its_link_and_gets_it_back(world: World) -> None:
    world.clock.at = NOW
    world.invited()
    answer(world, TAN, Participation.ACCEPTED)
    version = world.reading.meeting("SOM-2026").version
    preview = change(world, version, **HALL, dry_run=True)
    outcome = change(world, version, **HALL)
    assert preview.consequences == outcome.consequences
    assert told(outcome)["new", "Updated invitation"] == 3
    assert told(outcome)["new", "Remove Teams meeting"] == 1
    assert told(outcome)["cancelled", "Reminder, 1 h before"] == 3
    world.run()
    assert [what for what, _ in world.conferences.calls] == ["ensure", "delete"]
    view = world.reading.meeting("SOM-2026")
    assert (view.sequence, view.join_url, view.answers) == (1, None, {"no answer": 2, "accepted": 1})
    update = world.mailer.to(TAN)[-1]
    assert "LOCATION:" + LINE.replace(", ", "\\, ") in update.calendar
    assert LINK not in told_by(update)
    world.clock.move(minutes=5)
    change(world, world.reading.meeting("SOM-2026").version, mode="hybrid")
    # The updates wait for the new link.
    assert {row.state for row in world.rows(K.INVITE) if row.revision >= 3} == {"blocked"}
    world.run()
    assert [what for what, _ in world.conferences.calls][:3] == ["ensure", "delete", "ensure"]
    again = world.mailer.to(TAN)[-1]
    assert f":{LINK}" in again.calendar
    assert LINE.replace(", ", "\\, ") in again.calendar
    assert len(world.mailer.to(TAN)) == 3
    assert world.reading.meeting("SOM-2026").answers == {"no answer": 2, "accepted": 1}


def test_a_meeting_that_is_online_again_before_its_link_has_gone_keeps_it(world: World) -> None:
    world.clock.at = NOW
    world.invited()
    change(world, world.reading.meeting("SOM-2026").version, **HALL)
    change(world, world.reading.meeting("SOM-2026").version, mode="online")
    world.run()
    assert {what for what, _ in world.conferences.calls} == {"ensure"}
    view = world.reading.meeting("SOM-2026")
    assert (view.join_url, view.venue, view.room) == (LINK, None, None)
    assert world.rows(ActionKind.CONFERENCE_DELETE)[0].state == "cancelled"


def test_no_link_is_entered_for_a_meeting_in_person_and_one_by_hand_is_kept(world: World) -> None:
    world.clock.at = NOW
    by_hand = "https://video.vn.example.org/som"
    world.published()
    world.meetings.enter_join_link("SOM-2026", by_hand, caller=caller("coordinator"))
    world.run()
    change(world, world.reading.meeting("SOM-2026").version, **HALL)
    world.run()
    with pytest.raises(Conflict, match="takes place in person, so it has no link"):
        world.meetings.enter_join_link("SOM-2026", LINK, caller=caller("coordinator"))
    assert world.reading.meeting("SOM-2026").join_url is None
    change(world, world.reading.meeting("SOM-2026").version, mode="hybrid")
    world.run()
    assert world.reading.meeting("SOM-2026").join_url == by_hand


def test_a_meeting_in_person_needs_nobody_because_of_a_link(world: World) -> None:
    world.published(**HALL)
    world.clock.move(days=2)
    world.run()
    assert world.reading.meeting("SOM-2026").attention == ()
    board = world.readiness.board("SOM-2026")
    counts = {name: (item.settled, item.of) for name, item in board.tally.items()}
    assert (counts["joined"], counts["link"], counts["tested"]) == ((0, 0), (3, 3), (0, 0))
