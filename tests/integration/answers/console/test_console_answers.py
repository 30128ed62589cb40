"""Answers, proposals and delegates on the console's page of a meeting."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from orchestrator.domain.answers.speakers import Relation
from orchestrator.domain.meetings.meeting import Participation
from tests.callers import caller
from tests.integration.answers.console.console_mails import (
    HOSTILE,
    LAN,
    PAGE,
    SOM,
    arrive,
    bounce,
    calendar_mail,
    hidden,
    person,
    proposal,
    reply,
    section,
    words,
)
from tests.integration.conftest import NHUNG, PEOPLE, TAN, THIDA, World
from tests.integration.serving import TestClient


def button(response: Any) -> str:
    """The label of the button that does it."""
    return re.findall(r"<button[^>]*>([^<]*)</button>", response.text)[-1]


@pytest.mark.both_databases
def test_a_draft_is_announced_then_confirmed(client: TestClient, world: World) -> None:
    world.create()
    page = client.get(PAGE)
    assert "Publish and send 3 invitations" in words(page)
    assert "Send save-the-date to 3" in words(page)
    asked = client.get(f"{PAGE}/publish", params={"save_the_date": "yes"})
    assert button(asked) == "Send save-the-date to 3"
    assert "Reminder" not in words(asked)
    done = client.post(f"{PAGE}/publish", data=hidden(asked))
    assert "Announced. 3 people are told the date now." in words(done)
    assert "A save-the-date." in words(done)
    assert 'id="link"' not in done.text
    world.run()
    kinds = {mail.subject.partition(":")[0] for mail in world.mailer.accepted}
    assert kinds == {"Save the date", "Dự kiến lịch họp"}
    listed = client.get("/")
    assert "save-the-date" in words(listed)

    asked = client.get(f"{PAGE}/publish")
    assert button(asked) == "Confirm and send 3 invitations"
    assert asked.text.count("Reminder, 7 days before") == 1
    done = client.post(f"{PAGE}/publish", data=hidden(asked))
    assert "Confirmed. 3 invitations go out as soon as the join link is there." in words(done)
    assert not world.reading.meeting(SOM).tentative


def test_a_cancelled_meeting_is_reinstated(client: TestClient, world: World) -> None:
    world.invited()
    world.meetings.cancel(SOM, caller=caller("test"), reason="The Chair is ill.")
    world.run()
    assert "Reinstate and tell 3" in words(client.get(PAGE))
    asked = client.get(f"{PAGE}/reinstate")
    assert button(asked) == "Reinstate and tell 3"
    done = client.post(f"{PAGE}/reinstate", data=hidden(asked) | {"reason": "She is well."})
    assert "Reinstated. 3 people are told and asked again." in words(done)
    assert world.reading.meeting(SOM).status == "published"
    assert client.get(f"{PAGE}/reinstate").status_code == 409


def test_a_cancelled_draft_is_a_draft_again_and_nobody_is_told(client: TestClient, world: World) -> None:
    world.create()
    world.meetings.cancel(SOM, caller=caller("test"), reason="The Chair is ill.")
    assert "Reinstate; nobody is told" in words(client.get(PAGE))
    asked = client.get(f"{PAGE}/reinstate")
    assert button(asked) == "Reinstate; nobody is told"
    done = client.post(f"{PAGE}/reinstate", data=hidden(asked) | {"reason": "She is well."})
    assert "so nobody is told now" in words(done)
    assert world.reading.meeting(SOM).status == "draft"


def test_what_would_have_started_already_says_why_it_is_not_reinstated(
    client: TestClient, world: World
) -> None:
    world.invited()
    world.meetings.cancel(SOM, caller=caller("test"), reason="The Chair is ill.")
    world.clock.move(days=60)
    page = client.get(PAGE)
    assert "would have started already" in words(page)
    assert f"{PAGE}/reinstate" not in page.text


@pytest.mark.parametrize(
    ("changes", "label", "told"),
    [
        ({"title_en": "Another title", "notify": "yes"}, "Save and notify 3", 3),
        ({"title_en": "Another title"}, "Save without notifying", 0),
        # A new time is told whatever was ticked.
        ({"start": "2026-12-04 14:00"}, "Move and notify 3", 3),
    ],
)
def test_the_button_says_who_is_told_of_a_change(
    client: TestClient, world: World, changes: dict[str, str], label: str, told: int
) -> None:
    world.invited()
    before = len(world.mailer.accepted)
    meeting = world.reading.meeting(SOM)
    form = {
        "version": str(meeting.version),
        "start": meeting.start,
        "zone": meeting.zone,
        "duration": meeting.duration,
        "title_en": meeting.title_en,
        "title_vi": meeting.title_vi or "",
        "reason": "The Chair is ill.",
        **changes,
    }
    asked = client.post(f"{PAGE}/change", data=form)
    assert button(asked) == label
    client.post(f"{PAGE}/change", data=hidden(asked))
    world.run()
    assert len(world.mailer.accepted) - before == told


# What came back


def test_answers_tell_who_said_what_when_and_how(client: TestClient, world: World) -> None:
    world.invited()
    assert "Nothing has come back yet." in words(client.get(PAGE))
    arrive(
        world,
        reply(world, TAN, "ACCEPTED", "COMMENT:With two advisers"),
        reply(world, NHUNG, "DELEGATED", parameters=f';DELEGATED-TO="mailto:{LAN}"'),
    )
    world.answers.answer(
        SOM, THIDA, Participation.DECLINED, caller=caller("console"), comment="Ill, she says"
    )
    page = client.get(PAGE)
    came = section(page, "came-back")
    assert came.index("Ill, she says") < came.index("With two advisers")
    people = section(page, "attendees")
    for said in ("With two advisers", "by e-mail", "Ill, she says", "entered in the console", f"to {LAN}"):
        assert said in people, said
    assert people.count("#mark-handed") == 1
    assert "1 delegated" in words(page)
    assert "1 delegated" in words(client.get("/"))
    strip = section(page, "answers")
    assert "is-handed" in strip


def test_an_answer_through_somebody_else_names_them(client: TestClient, world: World) -> None:
    world.invited()
    world.known_senders.confirm(TAN, LAN, Relation.DEPUTY, caller=caller("coordinator"))
    mail = reply(world, TAN, "ACCEPTED", parameters=f';SENT-BY="mailto:{LAN}"')
    arrive(world, mail.replace(f"From: {TAN}".encode(), f"From: {LAN}".encode()))
    page = client.get(PAGE)
    assert person(world, TAN).participation == "accepted"
    assert f"by e-mail , by {LAN}" in words(page)


def test_a_seat_is_shown(client: TestClient, world: World) -> None:
    world.invited(
        attendees=[
            {
                "group": "SOM",
                "delegation": "VN",
                "name": "Nhung",
                "email": NHUNG,
                "seat": "head of delegation",
            }
        ]
    )
    assert "Head of delegation" in section(client.get(PAGE), "attendees")


def test_a_telephone_answer_is_recorded(client: TestClient, world: World) -> None:
    world.invited()
    path = f"{PAGE}/attendees/{person(world, TAN).id}/answer"
    done = client.post(path, data={"participation": "DECLINED", "comment": "He is abroad."})
    assert "The answer is recorded." in words(done)
    found = person(world, TAN)
    assert (found.participation, found.comment, found.answered_via) == (
        "declined",
        "He is abroad.",
        "console",
    )
    client.post(path, data={"participation": "NEEDS-ACTION"})
    assert person(world, TAN).participation == "no answer"
    assert client.post(f"{PAGE}/attendees/999999/answer", data={}).status_code == 404


@pytest.mark.parametrize("typed", ["", "DELEGATED", "perhaps"])
def test_a_missing_answer_is_said_at_its_field_and_the_comment_stays(
    client: TestClient, world: World, typed: str
) -> None:
    world.create()
    number = person(world, TAN).id
    page = client.post(f"{PAGE}/attendees/{number}/answer", data={"participation": typed, "comment": HOSTILE})
    assert page.status_code == 422
    entry = re.search(rf'<select id="answer-{number}"[^>]*>', page.text)
    assert entry
    assert 'aria-invalid="true"' in entry[0]
    assert f'<details id="person-{number}" open>' in page.text
    assert f'href="#person-{number}"' in page.text
    assert HOSTILE in unescape(page.text)
    assert "<script>alert" not in page.text
    assert person(world, TAN).participation == "no answer"


def test_the_invitation_is_sent_again_once_it_has_been_sent(client: TestClient, world: World) -> None:
    world.published()
    path = f"{PAGE}/attendees/{person(world, TAN).id}/send-again"
    assert path not in client.get(PAGE).text
    assert client.post(path).status_code == 409
    world.run()
    assert "Send the invitation to Tan Hui Shan again" in words(client.get(PAGE))
    assert "once more now" in words(client.post(path))
    world.run()
    assert len(world.mailer.to(TAN)) == 2


def test_a_proposed_time_leads_to_the_change_filled_in(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, proposal(world, THIDA, comment=HOSTILE), proposal(world, TAN, comment="Better so"))
    page = client.get(PAGE)
    came = section(page, "came-back")
    assert came.count("<h3>Proposed:") == 1
    assert "Friday, 4 December 2026, 09:00" in came
    assert "Thida Aye" in came
    assert "Tan Hui Shan" in came
    assert "<script>alert" not in page.text
    (link,) = re.findall(r'href="([^"]*/change[^"]*start[^"]*)"', page.text)
    form = client.get(unescape(link))
    assert 'value="2026-12-04 09:00"' in form.text
    assert "It is now: 2026-12-03 14:00." in words(form)


def test_another_end_is_told_as_that(client: TestClient, world: World) -> None:
    world.invited()
    times = "DTSTART:20261203T070000Z", "DTEND:20261203T080000Z"
    arrive(world, calendar_mail(world, TAN, f"ATTENDEE:mailto:{TAN}", *times, method="COUNTER"))
    came = section(client.get(PAGE), "came-back")
    assert "another end than 16:30" in came
    assert f'href="{PAGE}/change"' in came


def test_a_proposed_time_is_refused_and_its_author_told(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, proposal(world, THIDA))
    (response,) = (item for item in world.reading.meeting(SOM).responses if item.kind == "proposal")
    assert "Refuse and tell Thida Aye" in words(client.get(PAGE))
    path = f"{PAGE}/proposals/{response.id}/refuse"
    done = client.post(path, data={"reply": "The hall is taken on Friday."})
    assert "Refused." in words(done)
    assert "We said: The hall is taken on Friday." in words(done)
    assert "<h3>Proposed:" not in done.text
    world.run()
    assert "The hall is taken on Friday." in str(world.mailer.to(THIDA)[-1].message)
    assert client.post(path).status_code == 404


def test_moving_settles_what_was_proposed(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, proposal(world, THIDA))
    meeting = world.reading.meeting(SOM)
    form = {
        "version": str(meeting.version),
        "start": "2026-12-04 09:00",
        "zone": meeting.zone,
        "duration": meeting.duration,
        "title_en": meeting.title_en,
        "title_vi": meeting.title_vi or "",
    }
    said = {"confirmed": "yes", "reason": "As was proposed."}
    done = client.post(f"{PAGE}/change", data=form | said)
    assert "settled by a new time" in words(done)
    assert "<h3>Proposed:" not in done.text


def test_a_delegate_is_invited_after_a_look(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, reply(world, NHUNG, "DELEGATED", parameters=f';DELEGATED-TO="mailto:{LAN}"'))
    page = client.get(PAGE)
    assert "Invite the delegate" in words(page)
    assert f'value="{LAN}"' in section(page, "came-back")
    path = f"{PAGE}/attendees/{person(world, NHUNG).id}/invite"
    version = str(world.reading.meeting(SOM).version)
    asked = client.post(path, data={"version": version, "name": "Nguyễn Thị Lan", "email": LAN})
    assert asked.status_code == 200
    assert button(asked) == "Invite and send 1 invitation"
    assert len(world.reading.meeting(SOM).attendees) == 3
    done = client.post(path, data=hidden(asked))
    assert "Added. 1 invitation goes out." in words(done)
    assert "Invite the delegate" not in words(done)
    world.run()
    assert [mail.method for mail in world.mailer.to(LAN)] == ["REQUEST"]
    assert len(world.mailer.to(TAN)) == 1
    assert person(world, NHUNG).delegated_to == LAN


@pytest.mark.parametrize("instead", [False, True])
def test_inviting_or_correcting_one_person_leaves_everything_about_the_others(
    client: TestClient, world: World, instead: bool
) -> None:
    people = [item | {"language": "fil_PH", "seat": "member"} for item in PEOPLE.values()]
    world.invited(attendees=people)
    before = {item.email: item for item in world.reading.meeting(SOM).attendees}
    version = str(world.reading.meeting(SOM).version)
    form = {"version": version, "name": "Nguyễn Thị Lan", "email": LAN, "confirmed": "yes"}
    done = client.post(
        f"{PAGE}/attendees/{person(world, TAN).id}/invite",
        data=form | ({"instead": "yes"} if instead else {}),
    )
    assert [item.status_code for item in done.history] == [303]
    after = {item.email: item for item in world.reading.meeting(SOM).attendees}
    new = after.pop(LAN)
    if instead:
        tan = before.pop(TAN)
        assert (new.language, new.seat, new.group, new.role) == (tan.language, tan.seat, tan.group, tan.role)
    assert after == before


@pytest.mark.parametrize(
    ("name", "email", "field", "said"),
    [
        ("", LAN, "name", "empty"),
        ("Lan", "nobody", "email", "is not an e-mail address"),
        ("Lan", TAN, "email", "is there twice"),
    ],
)
def test_a_delegate_that_cannot_be_invited_is_said_at_the_field(
    client: TestClient, world: World, name: str, email: str, field: str, said: str
) -> None:
    world.invited()
    arrive(world, reply(world, NHUNG, "DELEGATED", parameters=f';DELEGATED-TO="mailto:{LAN}"'))
    number, version = person(world, NHUNG).id, str(world.reading.meeting(SOM).version)
    form = {"version": version, "name": name, "email": email}
    page = client.post(f"{PAGE}/attendees/{number}/invite", data=form)
    assert page.status_code == 422
    entry = re.search(rf'<input id="invite-{field}-{number}"[^>]*>', page.text)
    assert entry
    assert 'aria-invalid="true"' in entry[0]
    assert said in words(page)
    assert f'value="{email}"' in section(page, "came-back")


def test_a_delegate_and_another_change_meanwhile(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, reply(world, NHUNG, "DELEGATED", parameters=f';DELEGATED-TO="mailto:{LAN}"'))
    form = {"version": "1", "name": "Nguyễn Thị Lan", "email": LAN, "confirmed": "yes"}
    page = client.post(f"{PAGE}/attendees/{person(world, NHUNG).id}/invite", data=form)
    assert page.status_code == 409
    assert "was changed by somebody else meanwhile" in words(page)
    assert 'value="Nguyễn Thị Lan"' in page.text


def test_a_bounced_mail_is_shown_and_its_address_corrected(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, bounce(world, TAN))
    page = client.get(PAGE)
    assert "550 5.1.1 User unknown" in section(page, "attendees")
    came = section(page, "came-back")
    assert "did not arrive" in came
    assert "#mark-failed" in came
    assert "bounced" in section(page, "deliveries")
    path = f"{PAGE}/attendees/{person(world, TAN).id}/invite"
    version = str(world.reading.meeting(SOM).version)
    right = "tan.hs@sg.example.org"
    asked = client.post(
        path, data={"version": version, "instead": "yes", "name": "Tan Hui Shan", "email": right}
    )
    told = int(re.findall(r"Correct and send (\d+) mail", button(asked))[0])
    assert words(asked).count(right) >= 2
    done = client.post(path, data=hidden(asked))
    assert f"Corrected. {told} mail" in words(done)
    before = len(world.mailer.accepted)
    world.run()
    assert len(world.mailer.accepted) - before == told
    assert [item.email for item in world.reading.meeting(SOM).attendees if item.delegation == "SG"] == [right]
    assert "did not arrive" not in section(client.get(PAGE), "came-back")


def test_a_personal_link_is_revoked(client: TestClient, world: World) -> None:
    world.invited()
    before = world.personal_links.link_of(SOM, TAN)
    assert "Revoke the personal link of Tan Hui Shan" in words(client.get(PAGE))
    assert before.rpartition("/")[2] not in client.get(PAGE).text
    done = client.post(f"{PAGE}/attendees/{person(world, TAN).id}/revoke-link")
    assert "opens nothing any more" in words(done)
    assert world.personal_links.link_of(SOM, TAN) != before
