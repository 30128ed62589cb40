"""The mailbox in the console: what waits for a person and what became of the rest."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import TransientFailure
from orchestrator.web.app import create_app
from tests.callers import caller
from tests.integration.answers.console.console_mails import (
    HOSTILE,
    LAN,
    PAGE,
    SOM,
    arrive,
    bounce,
    person,
    proposal,
    reply,
    section,
    words,
)
from tests.integration.conftest import NHUNG, TAN, THIDA, World, statements
from tests.integration.serving import TestClient


def letter(sender: str = TAN, subject: str = "About the meeting", text: str = "I shall be there.") -> bytes:
    return f"From: {sender}\r\nTo: meetings@accsm.example\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode()


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
    assert world.incoming.mail(mail.id).fate == "quarantined"


def test_a_mail_is_let_go(client: TestClient, world: World) -> None:
    world.run()
    arrive(world, letter())
    (mail,) = world.incoming.mails()
    assert "There is no published meeting" in words(client.get("/mailbox"))
    done = client.post(f"/mailbox/{mail.id}/discard")
    assert "Discarded. The mail has no effect." in words(done)
    assert world.incoming.mail(mail.id).fate == "discarded"
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
    assert "Status report SOM-2026 the coordinator" in words(page)
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
