"""The console where answers come back: what waits for a decision, and the mails no program could read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import TransientFailure
from orchestrator.services.meetings.views import AttendeeView
from orchestrator.web.app import create_app
from tests.callers import caller
from tests.integration.conftest import NHUNG, PEOPLE, TAN, THIDA, World, statements
from tests.integration.serving import TestClient, application

SOM = "SOM-2026"
PAGE = f"/meetings/{SOM}"
HOSTILE = "<script>alert('1')</script> & \"quotes\""
LAN = "lan@vn.example.org"


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    world.scheduling.begin()
    with TestClient(application(world), base_url="http://localhost") as made:
        yield made


def words(response: Any) -> str:
    """The text of a page as it is read, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def button(response: Any) -> str:
    """The label of the button that does it."""
    return re.findall(r"<button[^>]*>([^<]*)</button>", response.text)[-1]


def hidden(response: Any) -> dict[str, str]:
    """The fields that a confirm page sends back."""
    form = response.text.partition('class="confirm"')[2]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form)
    return {name: unescape(value) for name, value in found}


def section(response: Any, name: str) -> str:
    """One section of a page, as HTML."""
    found: str = response.text.partition(f'<section id="{name}"')[2].partition("</section>")[0]
    assert found, name
    return unescape(found)


def person(world: World, email: str) -> AttendeeView:
    return next(item for item in world.reading.meeting(SOM).attendees if item.email == email)


def calendar_mail(world: World, email: str, *lines: str, method: str = "REPLY", uid: str = "") -> bytes:
    """What a calendar sends; ``lines`` come into the event."""
    meeting = world.reading.meeting(SOM)
    event = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Example//EN",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{uid or meeting.uid}",
        f"SEQUENCE:{meeting.sequence}",
        f"DTSTAMP:{world.clock.now():%Y%m%dT%H%M%SZ}",
        *lines,
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    head = [
        f"From: {email}",
        "To: meetings@accsm.example",
        f"Subject: {method}: Senior Officials Meeting",
        "MIME-Version: 1.0",
        f"Content-Type: text/calendar; charset=utf-8; method={method}",
        "",
    ]
    return "\r\n".join([*head, *event]).encode()


def reply(world: World, email: str, answer: str, *lines: str, parameters: str = "") -> bytes:
    return calendar_mail(world, email, f"ATTENDEE;PARTSTAT={answer}{parameters}:mailto:{email}", *lines)


def proposal(world: World, email: str, *, day: str = "20261204", comment: str = "Friday?") -> bytes:
    times = f"DTSTART:{day}T020000Z", f"DTEND:{day}T043000Z", f"COMMENT:{comment}"
    return calendar_mail(world, email, f"ATTENDEE:mailto:{email}", *times, method="COUNTER")


def letter(sender: str = TAN, subject: str = "About the meeting", text: str = "I shall be there.") -> bytes:
    return f"From: {sender}\r\nTo: meetings@accsm.example\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode()


def bounce(world: World, email: str) -> bytes:
    """The report of a server further on that could not deliver the last mail to somebody."""
    last = next(item for item in world.reading.deliveries(SOM) if item.recipient == email)
    return "\r\n".join(
        [
            "From: MAILER-DAEMON@mx.example.org",
            "To: meetings@accsm.example",
            "Subject: Undelivered Mail",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
            "",
            "--b",
            "Content-Type: text/plain",
            "",
            "Your mail could not be delivered.",
            "--b",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.example.org",
            "",
            f"Final-Recipient: rfc822; {email}",
            "Action: failed",
            "Status: 5.1.1",
            "Diagnostic-Code: smtp; 550 5.1.1 User unknown",
            "",
            "--b",
            "Content-Type: message/rfc822",
            "",
            f"Message-ID: {last.message_id}",
            "Subject: Invitation",
            "",
            "",
            "--b--",
            "",
        ]
    ).encode()


def arrive(world: World, *contents: bytes) -> None:
    """Let mails arrive and be read."""
    world.mailbox.arrive(*contents)
    world.clock.move(seconds=world.settings.poll_seconds)
    world.run()


# Buttons that say what will happen


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
    assert {mail.subject.partition(":")[0] for mail in world.mailer.accepted} == {"Save the date"}
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
    world.meetings.cancel(SOM, caller=caller("test"))
    world.run()
    assert "Reinstate and tell 3" in words(client.get(PAGE))
    asked = client.get(f"{PAGE}/reinstate")
    assert button(asked) == "Reinstate and tell 3"
    done = client.post(f"{PAGE}/reinstate", data=hidden(asked))
    assert "Reinstated. 3 people are told and asked again." in words(done)
    assert world.reading.meeting(SOM).status == "published"
    assert client.get(f"{PAGE}/reinstate").status_code == 409


def test_a_cancelled_draft_is_a_draft_again_and_nobody_is_told(client: TestClient, world: World) -> None:
    world.create()
    world.meetings.cancel(SOM, caller=caller("test"))
    assert "Reinstate; nobody is told" in words(client.get(PAGE))
    asked = client.get(f"{PAGE}/reinstate")
    assert button(asked) == "Reinstate; nobody is told"
    done = client.post(f"{PAGE}/reinstate", data=hidden(asked))
    assert "so nobody is told now" in words(done)
    assert world.reading.meeting(SOM).status == "draft"


def test_what_would_have_started_already_says_why_it_is_not_reinstated(
    client: TestClient, world: World
) -> None:
    world.invited()
    world.meetings.cancel(SOM, caller=caller("test"))
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
        "confirmed": "yes",
    }
    done = client.post(f"{PAGE}/change", data=form)
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


def test_a_letter_leads_to_its_mail(client: TestClient, world: World) -> None:
    world.invited()
    thread = world.mailer.to(TAN)[0].message["Message-ID"]
    arrive(world, letter().replace(b"Subject:", f"In-Reply-To: {thread}\r\nSubject:".encode()))
    (mail,) = world.incoming.mails()
    assert f'href="/mailbox/{mail.id}"' in section(client.get(PAGE), "came-back")


# The mailbox


def test_an_empty_mailbox_says_so(client: TestClient, world: World) -> None:
    page = client.get("/mailbox")
    assert "No mail needs you." in words(page)
    world.run()
    page = client.get("/mailbox")
    assert re.search(r"The mailbox is read next \w+, 1 November 2026, 02:01 UTC", words(page))
    assert "No mail has come in yet." in words(page)


def test_without_a_mailbox_the_page_says_how_to_set_one(client: TestClient, world: World) -> None:
    world.mailbox = None  # type: ignore[assignment]
    page = client.get("/mailbox")
    assert "ORCHESTRATOR_IMAP_HOST" in page.text
    assert client.post("/mailbox/read").status_code == 404


def test_the_mailbox_is_read_at_once_when_asked(client: TestClient, world: World) -> None:
    world.run()
    world.clock.move(seconds=5)
    assert world.incoming.mailbox().next_at > world.clock.now()  # type: ignore[union-attr]
    assert "The mailbox is read now." in words(client.post("/mailbox/read"))
    assert world.incoming.mailbox().next_at == world.clock.now()  # type: ignore[union-attr]


def test_trouble_with_the_mailbox_is_told_everywhere(client: TestClient, world: World) -> None:
    world.invited()

    def refuse(_: int) -> list[str]:
        raise TransientFailure("the server refuses the password; correct ORCHESTRATOR_IMAP_PASSWORD")

    world.mailbox.waiting = refuse  # type: ignore[method-assign]
    arrive(world)
    page = client.get("/mailbox")
    assert "could not be read the last time: the server refuses the password" in words(page)
    home = client.get("/")
    assert "The mailbox needs you." in words(home)
    assert "the server refuses the password" in words(home)


def test_a_mail_that_no_program_can_read_needs_somebody(client: TestClient, world: World) -> None:
    world.invited()
    arrive(
        world, letter(subject=HOSTILE, text=f"{HOSTILE} and so on. " + "word " * 500), letter("x@y.example")
    )
    home = client.get("/")
    assert "2 mails need you." in words(home)
    assert "Mailbox 2 mails need you" in words(home)
    page = client.get("/mailbox")
    assert "2 mails need you." in words(page)
    assert "a person wrote it" in words(page)
    assert HOSTILE in unescape(page.text)
    assert "<script>alert" not in page.text
    assert "word " * 200 not in page.text
    mail = world.incoming.mails()[-1]
    whole = client.get(f"/mailbox/{mail.id}")
    assert words(whole).count("word") > 300
    file = client.get(f"/mailbox/{mail.id}/mail.eml")
    assert file.headers["content-type"] == "message/rfc822"
    assert file.headers["content-disposition"] == f'attachment; filename="mail-{mail.id}.eml"'
    assert file.content.startswith(b"From: tan@")


def test_the_mailbox_takes_as_many_statements_for_one_meeting_as_for_six(
    client: TestClient, world: World
) -> None:
    world.invited()
    arrive(world, letter("x@y.example"))
    with statements(world.database) as one:
        assert f'<option value="{SOM}"' in client.get("/mailbox").text
    for number in range(5):
        world.create(reference=f"PREP-{number}", start=f"2026-11-2{number} 09:00")
        world.meetings.publish(f"PREP-{number}", caller=caller("coordinator"))
    with statements(world.database) as six:
        page = client.get("/mailbox")
    assert all(f'<option value="PREP-{number}"' in page.text for number in range(5))
    assert len(six) == len(one)


def test_a_mail_is_assigned_by_hand(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, letter())
    (mail,) = world.incoming.mails()
    page = client.get("/mailbox")
    # The sender is invited to one meeting only, so both suggest themselves.
    assert f'<option value="{SOM}" selected>' in page.text
    assert f'list="people" autocomplete="off" value="{TAN}"' in page.text
    assert f'<option value="{THIDA}">Thida Aye, MM</option>' in page.text
    form = {"meeting": SOM, "email": TAN, "participation": "ACCEPTED"}
    done = client.post(f"/mailbox/{mail.id}/assign", data=form)
    assert "The mail is taken for the answer." in words(done)
    assert "No mail needs you." in words(done)
    assert "assigned by hand" in section(done, "recent")
    assert person(world, TAN).participation == "accepted"
    assert client.post(f"/mailbox/{mail.id}/assign", data=form).status_code == 409
    assert "Whose answer is it?" not in words(client.get(f"/mailbox/{mail.id}"))


def test_a_mail_that_says_its_answer_needs_none_chosen(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, reply(world, TAN, "DECLINED").replace(f"From: {TAN}".encode(), b"From: x@y.example"))
    (mail,) = world.incoming.mails()
    assert "what the mail says: declined" in words(client.get("/mailbox"))
    client.post(f"/mailbox/{mail.id}/assign", data={"meeting": SOM, "email": TAN})
    assert person(world, TAN).participation == "declined"


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"meeting": "", "email": TAN, "participation": "ACCEPTED"}, "meeting", "is missing"),
        ({"meeting": SOM, "email": "", "participation": "ACCEPTED"}, "email", "Is missing"),
        ({"meeting": SOM, "email": LAN, "participation": "ACCEPTED"}, "email", "is not invited to"),
        ({"meeting": SOM, "email": TAN, "participation": ""}, "participation", "Choose one."),
        ({"meeting": SOM, "email": TAN, "participation": "DELEGATED"}, "participation", "is not an answer"),
    ],
)
def test_what_a_mail_cannot_be_assigned_to_is_said_at_the_field(
    client: TestClient, world: World, typed: dict[str, str], field: str, said: str
) -> None:
    world.invited()
    arrive(world, letter())
    (mail,) = world.incoming.mails()
    page = client.post(f"/mailbox/{mail.id}/assign", data=typed)
    assert page.status_code == 422
    entry = re.search(rf'<(?:input|select) id="{field}-{mail.id}"[^>]*>', page.text)
    assert entry
    assert 'aria-invalid="true"' in entry[0]
    assert said.casefold() in words(page).casefold()
    assert page.text.count("aria-invalid") == 1
    assert f'value="{typed["email"]}"' in page.text
    assert world.incoming.mail(mail.id).outcome == "quarantined"


def test_a_mail_is_let_go(client: TestClient, world: World) -> None:
    world.run()
    arrive(world, letter())
    (mail,) = world.incoming.mails()
    assert "There is no published meeting" in words(client.get("/mailbox"))
    done = client.post(f"/mailbox/{mail.id}/discard")
    assert "Discarded. The mail has no effect." in words(done)
    assert world.incoming.mail(mail.id).outcome == "discarded"
    assert client.post(f"/mailbox/{mail.id}/discard").status_code == 409
    for path in ("/mailbox/999", "/mailbox/999/mail.eml"):
        assert client.get(path).status_code == 404
    assert client.get("/mailbox/99999999999999").status_code == 422


def test_what_became_of_the_others_is_shown(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, reply(world, TAN, "ACCEPTED"))
    recent = section(client.get("/mailbox"), "recent")
    assert "recorded" in recent
    assert "Tan Hui Shan: accepted" in recent
    assert f'href="{PAGE}"' in recent


# The queue


def test_reading_the_mailbox_and_the_digest_stand_in_the_queue(client: TestClient, world: World) -> None:
    world.invited()
    arrive(world, reply(world, TAN, "ACCEPTED"))
    page = client.get("/actions")
    assert "Read the mailbox All meetings" in words(page)
    assert "Digest of answers SOM-2026 the coordinator" in words(page)
    assert world.rows(ActionKind.DIGEST)


# Refusals and headers


def _everything(world: World) -> dict[str, str]:
    """Pages with something in every place."""
    world.invited()
    arrive(
        world,
        proposal(world, THIDA),
        reply(world, NHUNG, "DELEGATED", parameters=f';DELEGATED-TO="mailto:{LAN}"'),
        bounce(world, TAN),
        letter(),
        letter("x@y.example", "Another"),
    )
    waiting = world.incoming.mails()[0]
    return {"meeting": PAGE, "mailbox": "/mailbox", "mail": f"/mailbox/{waiting.id}"}


class Page(HTMLParser):
    """What the accessibility and security checks look at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_every_page_is_strict_and_labelled(client: TestClient, world: World) -> None:
    for path in _everything(world).values():
        response = client.get(path)
        assert response.status_code == 200
        assert "unsafe" not in response.headers["content-security-policy"]
        assert response.headers["cache-control"] == "no-store"
        page = Page(response.text)
        assert page.all("style") == []
        for _, attributes in page.tags:
            assert not {name for name in attributes if name == "style" or name.startswith("on")}
        assert len(page.all("h1")) == 1
        assert response.text.count("<table") == response.text.count("<caption")
        assert all("scope" in item for item in page.all("th"))
        labelled = {item.get("for") for item in page.all("label")}
        fields = [*page.all("input"), *page.all("textarea"), *page.all("select")]
        assert all(item.get("id") in labelled for item in fields if item.get("type") != "hidden")
        ids = [item["id"] for _, item in page.tags if "id" in item]
        assert len(ids) == len(set(ids))
        assert all("datetime" in item for item in page.all("time"))


def test_forms_of_other_sites_are_refused(client: TestClient, world: World) -> None:
    _everything(world)
    mail, number = world.incoming.mails()[0], person(world, TAN).id
    before = world.reading.meeting(SOM)
    for path in (
        "/mailbox/read",
        f"/mailbox/{mail.id}/assign",
        f"/mailbox/{mail.id}/discard",
        f"{PAGE}/reinstate",
        f"{PAGE}/proposals/1/refuse",
        f"{PAGE}/attendees/{number}/answer",
        f"{PAGE}/attendees/{number}/send-again",
        f"{PAGE}/attendees/{number}/revoke-link",
        f"{PAGE}/attendees/{number}/invite",
    ):
        data = {"version": str(before.version), "participation": "ACCEPTED", "confirmed": "yes"}
        page = client.post(path, data=data, headers={"Origin": "https://elsewhere.example"})
        assert page.status_code == 403, path
    assert world.reading.meeting(SOM) == before
    assert world.incoming.mail(mail.id) == mail


def test_the_mailbox_wants_a_sign_in_and_errors_tell_nobody_how_many_mails_wait(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "profile": "production",
            "data_dir": tmp_path,
            "api_token": "the-token",
            "database_url": f"sqlite:///{tmp_path / 'production.db'}",
            "organizer_address": "meetings@asean.example",
            "public_url": "https://meetings.asean.example",
        }
    )
    container = Container(settings)
    container.database.upgrade()
    with TestClient(create_app(container), base_url="https://meetings.asean.example") as client:
        for path in ("/mailbox", "/mailbox/1", "/mailbox/1/mail.eml"):
            answer = client.get(path, follow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?to={path}")
        assert client.post("/mailbox/read", follow_redirects=False).status_code == 303
        container.incoming.mailbox = lambda: pytest.fail("read for a stranger")  # type: ignore[method-assign]
        assert client.get("/nothing").status_code == 404
    container.database.dispose()
