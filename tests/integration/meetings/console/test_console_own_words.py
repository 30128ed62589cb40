"""Notes and letters of coordinators in the console: nothing typed is lost, nothing is sent unseen."""

from __future__ import annotations

import html
import re
from typing import Any

from orchestrator.domain.definitions.edits import MeetingUpdate, Remove
from tests.callers import caller
from tests.integration.conftest import NHUNG, TAN, THIDA, World
from tests.integration.serving import TestClient, application

REF = "SOM-2026"
BY = caller("coordinator")
PAGE = f"/meetings/{REF}/words"
TYPED = {"subject": "Parking", "text": "Use gate 3.\nThanks <b>", "text_vi": "Cổng số 3.", "circles": ["SOM"]}


def client_of(world: World) -> TestClient:
    return TestClient(application(world), base_url="http://localhost")


def words(page: Any) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page.text).split()))


def form(page: Any, button: str) -> dict[str, list[str]]:
    """What the form with a button sends without being typed."""
    found: dict[str, list[str]] = {}
    (part,) = [item for item in page.text.split("<form")[1:] if button in item.split("</form>")[0]]
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', part):
        found.setdefault(name, []).append(html.unescape(value))
    return found


def test_a_note_is_written_changed_and_removed(world: World) -> None:
    world.create()
    client = client_of(world)
    page = client.get(PAGE)
    assert "No message has a note." in words(page)
    version = form(page, "Save the note")["version"]
    typed = {"version": version, "message": "invitation", "text": "Bring <it>.", "text_vi": "Xin mang theo."}
    assert "The note is saved." in words(client.post(f"{PAGE}/note", data=typed))
    late = client.post(f"{PAGE}/note", data=typed | {"text": "Mine & nobody's"})
    assert late.status_code == 409
    assert "Mine &amp; nobody" in late.text
    assert "Xin mang theo." in late.text
    page = client.get(PAGE)
    assert "Bring &lt;it&gt;." in page.text
    gone = client.post(f"{PAGE}/note", data=form(page, "Remove this note") | {"remove": "yes"})
    assert "The note is removed." in words(gone)
    assert world.notes.listed(REF) == ()


def test_a_note_that_is_wrong_stays_as_typed_and_says_what_is_wrong(world: World) -> None:
    world.create()
    typed = {"version": "1", "message": "minutes", "text": " ", "text_vi": "Chào"}
    page = client_of(world).post(f"{PAGE}/note", data=typed)
    assert page.status_code == 422
    assert 'id="note-text-wrong"' in page.text
    assert "Chào" in page.text
    assert re.search(r'<option value="minutes" selected', page.text)


def test_a_letter_is_shown_to_whom_and_as_each_reads_it_and_then_sent(world: World) -> None:
    world.invited()
    client = client_of(world)
    page = client.post(f"{PAGE}/letter", data=TYPED | {"at_once": "yes"})
    assert page.status_code == 200
    assert "Send this letter to 2 people?" in words(page)
    assert "Cổng số 3." in page.text, "the first recipient reads Vietnamese"
    thida = next(item for item in world.reading.meeting(REF).attendees if item.email == THIDA)
    other = client.post(f"{PAGE}/letter", data=form(page, "Show it as another") | {"who": str(thida.id)})
    assert "As Thida Aye reads it" in words(other)
    assert "Cổng số 3." not in words(other).partition("Who gets it")[0].partition("Subject:")[2]
    shown = client.post(f"{PAGE}/letter/html", data=form(other, "See it as HTML"))
    assert "Thanks &lt;b&gt;" in shown.text
    assert shown.headers["content-security-policy"].startswith("sandbox")
    assert world.coordinator_letters.listed(REF) == ()
    done = client.post(f"{PAGE}/letter", data=form(other, "Send it to"))
    assert "The letter goes to 2 people." in words(done)
    before = len(world.mailer.accepted)
    world.run()
    assert {mail.recipient for mail in world.mailer.accepted[before:]} == {NHUNG, THIDA}
    assert "Parking, to 2 people" in words(client.get(PAGE))


def test_a_letter_is_not_sent_unseen_nor_to_others_than_were_shown(world: World) -> None:
    world.invited()
    client = client_of(world)
    unseen = client.post(f"{PAGE}/letter", data=TYPED | {"confirmed": "yes"})
    assert unseen.status_code == 422
    assert "Look at the letter first." in words(unseen)
    page = client.post(f"{PAGE}/letter", data=TYPED)
    world.meetings.edit(REF, Remove(THIDA), caller=BY, reason="She has retired.")
    late = client.post(f"{PAGE}/letter", data=form(page, "Send it to"))
    assert late.status_code == 409
    assert "Use gate 3." in late.text
    again = client.post(f"{PAGE}/letter", data=TYPED)
    client.post(f"{PAGE}/letter", data=form(again, "Send it to"))
    (letter,) = world.coordinator_letters.listed(REF)
    assert [item.recipient.email for item in letter.recipients] == [NHUNG]


def test_what_is_wrong_with_a_letter_is_said_and_everything_stays(world: World) -> None:
    world.invited()
    wrong = TYPED | {"subject": "x" * 121, "people": "nobody@example.org", "lacking": ["paper"]}
    page = client_of(world).post(f"{PAGE}/letter", data=wrong)
    assert page.status_code == 422
    assert 'id="letter-subject-wrong"' in page.text
    assert "Use gate 3." in page.text
    assert "nobody@example.org" in page.text
    assert re.search(r'value="SOM" checked', page.text)
    assert re.search(r'value="paper" checked', page.text)
    fixed = client_of(world).post(f"{PAGE}/letter", data=wrong | {"subject": "Parking"})
    assert "names nobody who is invited" in words(fixed)


def test_a_draft_has_no_letters_and_a_title_may_change_between(world: World) -> None:
    world.create()
    assert "once the meeting is published" in words(client_of(world).get(PAGE))
    refused = client_of(world).post(f"{PAGE}/letter", data=TYPED)
    assert refused.status_code == 409
    change = MeetingUpdate.model_validate({"title": "Another"})
    world.meetings.update(REF, change, caller=BY, version=1)
    assert TAN not in {mail.recipient for mail in world.mailer.accepted}
