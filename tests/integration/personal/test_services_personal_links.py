"""Personal links, files and feeds: what they open, for whom and until when."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.letters.invitation import description
from orchestrator.domain.meetings.meeting import Need
from orchestrator.errors import Conflict, NotFound
from orchestrator.services.people.links import VALID_AFTER_THE_END
from orchestrator.services.personal.followed_link import LinkClosedError
from tests.callers import caller
from tests.integration.conftest import (
    ENDS,
    NOW,
    PEOPLE,
    STARTS,
    TAN,
    THIDA,
    World,
    statements,
)
from tests.integration.personal.personal_pages import (
    LAN,
    LINK,
    MINH,
    STAFF,
    P,
    answers,
    attendee,
    feed_token,
    history,
    meeting,
    records,
    removed,
    token,
)


def events(content: bytes) -> dict[str, Any]:
    """The events of a calendar by summary."""
    return {str(item["SUMMARY"]): item for item in Calendar.from_ical(content).walk("VEVENT")}


# Links that open nothing


class Untouchable:
    """A database that must not be asked."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the database was asked: {name}")


def test_a_token_never_given_out_costs_a_signature_alone(tmp_path: Path) -> None:
    untouchable: Any = Untouchable()
    alone = World(untouchable, tmp_path)
    for forged in ("", "x", "WzEsMV0.x", "WzEsMV0" * 2000, "ổ", "[1,1]", "%00"):
        for call in (
            alone.personal_pages.page,
            alone.personal_pages.join_url,
            alone.personal_pages.invitation,
            alone.calendar_feeds.feed,
            lambda it: alone.personal_answers.answer(it, P.ACCEPTED),
            lambda it: alone.delegation_lists.compose(it, []),
            lambda it: alone.personal_pages.minutes(it, 1),
            alone.personal_date_polls.page,
            lambda it: alone.personal_date_polls.vote(it, {}),
            alone.still_missing.view,
            lambda it: alone.still_missing.settle(it, Need.PAPER, None),
        ):
            with pytest.raises(NotFound):
                call(forged)


def test_a_token_opens_only_what_it_was_made_for(invited: World) -> None:
    with pytest.raises(NotFound):
        invited.calendar_feeds.feed(token(invited, LAN))
    with pytest.raises(NotFound):
        invited.personal_pages.page(feed_token(invited, LAN))


def test_a_withdrawn_link_opens_nothing_and_the_next_mail_carries_the_new_one(invited: World) -> None:
    old = token(invited, MINH)
    new = invited.personal_links.revoke("SOM-2026", MINH.upper(), caller=caller("coordinator"))
    assert new == invited.personal_links.link_of("SOM-2026", MINH)
    for call in (
        lambda: invited.personal_pages.page(old),
        lambda: invited.personal_answers.answer(old, P.ACCEPTED),
        lambda: invited.personal_pages.invitation(old),
        lambda: invited.personal_pages.minutes(old, 1),
        lambda: invited.delegation_lists.compose(old, []),
    ):
        with pytest.raises(LinkClosedError) as closed:
            call()
        assert (closed.value.code, closed.value.contact.email) == (
            "link-revoked",
            "coordinator@vn.example.org",
        )
    assert invited.personal_pages.page(new.rpartition("/")[2]).email == MINH
    assert [row.actor for row in history(invited, "personal link revoked")] == ["coordinator"]
    invited.answers.send_again("SOM-2026", MINH, caller=caller("coordinator"))
    invited.run()
    text = str(invited.mailer.to(MINH)[-1].message.get_body(("plain",)))
    assert new.rpartition("/")[2] in text.replace("=\n", "").replace("=3D", "=")
    # Everybody else's link stays.
    assert invited.personal_pages.page(token(invited, LAN)).email == LAN


def test_links_of_drafts_and_strangers_cannot_be_had(world: World) -> None:
    world.create(attendees=STAFF)
    for call in (
        lambda: world.personal_links.link_of("SOM-2026", LAN),
        lambda: world.personal_links.revoke("SOM-2026", LAN, caller=caller("coordinator")),
    ):
        with pytest.raises(Conflict, match="is not published"):
            call()
    with pytest.raises(NotFound, match="has not been announced"):
        world.personal_pages.page(token(world, LAN))
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    with pytest.raises(NotFound, match=r"nobody@example\.org is not invited"):
        world.personal_links.link_of("SOM-2026", "nobody@example.org")


def test_a_page_closes_some_time_after_the_end(invited: World) -> None:
    opened = token(invited, MINH)
    invited.clock.at = ENDS + VALID_AFTER_THE_END
    invited.personal_pages.page(opened)
    invited.clock.move(seconds=1)
    with pytest.raises(LinkClosedError) as closed:
        invited.personal_pages.page(opened)
    assert closed.value.code == "link-expired"


def test_who_was_removed_reads_that_and_nothing_that_came_later(invited: World) -> None:
    opened, other, subscribed = token(invited, MINH), token(invited, LAN), feed_token(invited, MINH)
    removed(invited, MINH)
    invited.clock.move(hours=1)
    update = MeetingUpdate.model_validate({"title": {"en": "A secret"}, "start": "2026-12-04 09:00"})
    invited.meetings.update(
        "SOM-2026",
        update,
        caller=caller("coordinator"),
        version=meeting(invited).version,
        reason="The Chair is ill.",
    )
    with pytest.raises(LinkClosedError) as closed:
        invited.personal_pages.page(opened)
    assert closed.value.code == "not-invited"
    assert closed.value.message == "You are no longer invited to “Senior Officials Meeting”."
    for call in (
        lambda: invited.personal_answers.answer(opened, P.ACCEPTED),
        lambda: invited.personal_pages.invitation(opened),
    ):
        with pytest.raises(LinkClosedError):
            call()
    (event,) = events(invited.calendar_feeds.feed(subscribed).content).values()
    assert (event["STATUS"], event["SUMMARY"]) == ("CANCELLED", "Senior Officials Meeting")
    assert event.start == STARTS
    assert "LOCATION" not in event and "teams.example.org" not in event["DESCRIPTION"]
    assert "Đỗ Quang Minh" not in [item.name for item in invited.personal_pages.page(other).members]


def test_an_old_link_of_somebody_invited_again_leads_to_the_newest_row(invited: World) -> None:
    old, number = token(invited, MINH), attendee(invited, MINH).id
    removed(invited, MINH)
    invited.run()
    removed(invited)
    assert attendee(invited, MINH).id != number
    assert invited.personal_pages.page(old).answer == "no answer"
    invited.personal_answers.answer(old, P.ACCEPTED)
    assert answers(invited)[MINH] is P.ACCEPTED
    assert [row.attendee_id for row in records(invited)] == [attendee(invited, MINH).id]
    invited.personal_links.revoke("SOM-2026", MINH, caller=caller("coordinator"))
    with pytest.raises(LinkClosedError):
        invited.personal_pages.page(old)


# Calendars


def test_the_file_is_the_event_of_the_mail_and_asks_nothing(invited: World) -> None:
    file = invited.personal_pages.invitation(token(invited, MINH))
    assert b"\nATTENDEE" not in file
    assert max(len(line) for line in file.split(b"\r\n")) <= 75
    (mailed,) = Calendar.from_ical(invited.mailer.to(MINH)[0].calendar).walk("VEVENT")
    calendar = Calendar.from_ical(file)
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "PUBLISH"
    for name in mailed:
        if name not in ("ATTENDEE", "X-MICROSOFT-DISALLOW-COUNTER", "X-MICROSOFT-CDO-INTENDEDSTATUS"):
            assert event[name].to_ical() == mailed[name].to_ical(), name
    assert str(mailed["DESCRIPTION"]) == description(meeting(invited), invited.directory, LINK)


def test_the_file_of_a_cancelled_meeting_says_so(invited: World) -> None:
    invited.meetings.cancel("SOM-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    (event,) = Calendar.from_ical(invited.personal_pages.invitation(token(invited, MINH))).walk("VEVENT")
    assert event["STATUS"] == "CANCELLED"
    assert "LOCATION" not in event and LINK not in event["DESCRIPTION"]


def test_the_feed_has_all_of_a_persons_meetings_and_nothing_of_anybody_else(invited: World) -> None:
    invited.create(reference="PREP-2026", start="2026-11-20 09:00", attendees=STAFF, title={"en": "Prep"})
    invited.create(reference="OFF-2026", start="2026-11-25 09:00", attendees=STAFF, title={"en": "Off"})
    invited.create(reference="DRAFT-2026", attendees=STAFF, title={"en": "Draft"})
    invited.create(reference="OTHER-2026", attendees=[PEOPLE[THIDA]], title={"en": "Elsewhere"})
    for reference in ("PREP-2026", "OFF-2026", "OTHER-2026"):
        invited.meetings.publish(reference, caller=caller("coordinator"))
    invited.run()
    invited.meetings.cancel("OFF-2026", caller=caller("coordinator"), reason="The Chair is ill.")
    invited.personal_answers.answer(token(invited, MINH), P.DECLINED, "A private reason")
    invited.personal_answers.answer(token(invited, LAN), P.TENTATIVE)
    found = invited.calendar_feeds.feed(feed_token(invited, LAN))
    calendar = Calendar.from_ical(found.content)
    assert (calendar["METHOD"], calendar["X-PUBLISHED-TTL"]) == ("PUBLISH", "PT1H")
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in found.content
    assert calendar["NAME"] == calendar["X-WR-CALNAME"] == "ACCSM meetings: Phạm Thu Lan"
    shown = events(found.content)
    assert list(shown) == ["Prep", "Off", "Senior Officials Meeting"]
    assert {name: (str(item["STATUS"]), str(item["TRANSP"])) for name, item in shown.items()} == {
        "Prep": ("CONFIRMED", "OPAQUE"),
        "Off": ("CANCELLED", "TRANSPARENT"),
        "Senior Officials Meeting": ("TENTATIVE", "OPAQUE"),
    }
    som = shown["Senior Officials Meeting"]
    assert (som.start, som.end, som["LOCATION"]) == (STARTS, ENDS, LINK)
    assert "CONFERENCE" in som and "Your answer: tentative" in som["DESCRIPTION"]
    text = found.content.replace(b"\r\n ", b"").decode()
    for private in ("ATTENDEE", "/a/", MINH, THIDA, TAN, "Đỗ Quang Minh", "A private reason", "Elsewhere"):
        assert private not in text
    declined = events(invited.calendar_feeds.feed(feed_token(invited, MINH)).content)[
        "Senior Officials Meeting"
    ]
    assert (declined["TRANSP"], declined["X-MICROSOFT-CDO-BUSYSTATUS"]) == ("TRANSPARENT", "FREE")


def test_the_feed_changes_its_tag_only_with_its_content(invited: World) -> None:
    opened = feed_token(invited, LAN)
    first = invited.calendar_feeds.feed(opened)
    invited.clock.move(hours=5)
    invited.personal_answers.answer(token(invited, THIDA), P.ACCEPTED)
    again = invited.calendar_feeds.feed(opened)
    assert (again.tag, again.modified) == (first.tag, first.modified)
    assert first.modified == NOW
    invited.meetings.enter_join_link(
        "SOM-2026", "https://video.vn.example.org/x", caller=caller("coordinator")
    )
    changed = invited.calendar_feeds.feed(opened)
    assert changed.tag != first.tag
    assert changed.modified == invited.clock.now()


def test_a_feed_takes_as_many_statements_for_two_meetings_as_for_twelve(invited: World) -> None:
    def also(*numbers: int) -> None:
        for number in numbers:
            reference = f"PREP-{number}"
            invited.create(reference=reference, attendees=STAFF, start=f"2026-11-{number:02} 09:00")
            invited.meetings.publish(reference, caller=caller("coordinator"))
        invited.run()
        for number in numbers:
            # What is shown of a meeting that one is removed from stands in an earlier revision.
            removed(invited, MINH, reference=f"PREP-{number}")

    opened = feed_token(invited, MINH)
    also(20)
    with statements(invited.database) as few:
        first = invited.calendar_feeds.feed(opened).content
    also(*range(10, 20))
    with statements(invited.database) as many:
        second = invited.calendar_feeds.feed(opened).content
    assert [len(Calendar.from_ical(content).walk("VEVENT")) for content in (first, second)] == [2, 12]
    assert len(many) == len(few)


def test_page_and_feed_are_revoked_together_and_the_new_page_has_the_new_feed(invited: World) -> None:
    page, old, others = token(invited, LAN), feed_token(invited, LAN), feed_token(invited, MINH)
    invited.personal_links.revoke("SOM-2026", LAN.upper(), caller=caller("coordinator"))
    with pytest.raises(LinkClosedError):
        invited.personal_pages.page(page)
    with pytest.raises(Conflict) as closed:
        invited.calendar_feeds.feed(old)
    assert closed.value.code == "link-revoked"
    view = invited.personal_pages.page(token(invited, LAN))
    assert feed_token(invited, LAN) != old
    assert events(invited.calendar_feeds.feed(feed_token(invited, LAN)).content)
    assert events(invited.calendar_feeds.feed(others).content), "that of another person stays"
    assert view.webcal_url.startswith("webcal://")
    assert view.webcal_url.endswith("/accsm-meetings.ics")


def test_a_feed_ends_with_its_person(invited: World) -> None:
    gone, stays = feed_token(invited, MINH), feed_token(invited, LAN)
    removed(invited, MINH)
    invited.run()
    invited.clock.move(days=29)
    assert [str(item["STATUS"]) for item in events(invited.calendar_feeds.feed(gone).content).values()] == [
        "CANCELLED"
    ]
    invited.clock.move(days=2)
    with pytest.raises(Conflict) as closed:
        invited.calendar_feeds.feed(gone)
    assert closed.value.code == "link-expired"
    invited.clock.at = ENDS + timedelta(days=399)
    assert events(invited.calendar_feeds.feed(stays).content)
    invited.clock.at = ENDS + timedelta(days=401)
    with pytest.raises(Conflict) as closed:
        invited.calendar_feeds.feed(stays)
    assert closed.value.code == "link-expired"


def test_somebody_removed_before_having_been_told_has_nothing_in_the_feed(world: World) -> None:
    world.published(attendees=STAFF)
    opened = feed_token(world, MINH)
    removed(world, MINH)
    assert events(world.calendar_feeds.feed(opened).content) == {}


# Documents


def test_minutes_are_there_for_whoever_is_invited(invited: World) -> None:
    opened = token(invited, MINH)
    invited.clock.at = ENDS
    invited.run()
    invited.minutes.attach("SOM-2026", "report.txt", b"Agreed.", caller=caller("coordinator"))
    assert [item.filename for item in invited.personal_pages.page(opened).documents] == ["report.txt"]
    assert invited.personal_pages.minutes(opened, 1) == (
        "report.txt",
        "text/plain; charset=utf-8",
        b"Agreed.",
    )
    for version in (0, 2, 10**30):
        with pytest.raises(NotFound):
            invited.personal_pages.minutes(opened, version)
