"""The console's list and pages of meetings, and creating them."""

from __future__ import annotations

import re
from html import unescape
from importlib import metadata

from orchestrator.bootstrap import Container
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.timelines.actions import ActionState
from tests.callers import caller
from tests.integration.meetings.console.reading import HOSTILE, PREP, SOM, ends_badly, words
from tests.integration.serving import TestClient

DEFINITION = """
reference: REVIEW-2027
kind: workshop
title: {en: %s, vi: Hội thảo}
host: VN
coordinator: {name: Trần Minh Khôi, email: coordinator@vn.example.org}
start: "2027-04-22 14:00"
zone: %s
duration: PT3H
attendees:
  - {group: ACCSM_FP, delegation: BN, name: %s, email: focal.point@bn.example.org}
"""


# The list


def test_the_empty_list_says_what_to_do_first(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "There is no meeting yet." in words(page)
    assert "orchestrator meeting create FILE" in page.text
    assert 'href="/meetings/new"' in page.text


def test_every_page_names_the_data_that_local_times_and_holidays_come_from(client: TestClient) -> None:
    versions = (metadata.version("tzdata"), metadata.version("holidays"))
    for path in ("/", "/actions"):
        assert "zone data {}, holiday data {}".format(*versions) in words(client.get(path))


def test_the_list_says_that_drafts_need_somebody(client: TestClient, draft: str) -> None:
    page = client.get("/")
    assert "2 meetings need you." in words(page)
    assert f"{draft} is a draft: publish it to invite 23 people." in words(page)
    assert "◌" not in words(page)
    assert "23 no answer" in words(page)


def test_the_list_says_that_nothing_needs_anybody_and_what_comes_next(
    client: TestClient, container: Container, published: str
) -> None:
    container.meetings.publish(PREP, caller=caller("test"))
    page = client.get("/")
    assert "Nothing needs you." in words(page)
    assert re.search(r"Next: teams meeting, \w+, \d+ \w+ \d{4}, \d\d:\d\d Ha Noi \(UTC\+07:00\)", words(page))
    assert '<span class="second" lang="vi">Cuộc họp trù bị trực tuyến ACCSM 21</span>' in page.text


def test_the_list_tells_trouble_and_missing_minutes(
    client: TestClient, container: Container, concluded: str
) -> None:
    container.meetings.cancel(PREP, caller=caller("test"), reason="The Chair is ill.")
    assert f"{concluded} is over: attach its minutes to distribute them." in words(client.get("/"))
    container.minutes.attach(concluded, "report.txt", b"Agreed.", caller=caller("test"))
    assert "Nothing needs you." in words(client.get("/"))
    ends_badly(container, ActionState.FAILED)
    page = client.get("/")
    assert "One meeting needs you." in words(page)
    assert "the relay <refused> the address" in words(page)


# Creating


def test_a_pasted_definition_becomes_a_draft(client: TestClient, container: Container) -> None:
    assert "YAML" in words(client.get("/meetings/new"))
    text = DEFINITION % ("Review", "Asia/Ho_Chi_Minh", "Siti")
    page = client.post("/meetings/new", data={"definition": text})
    assert [item.status_code for item in page.history] == [303]
    assert "Created as a draft. Nothing goes out until it is published." in words(page)
    assert container.reading.meeting("REVIEW-2027").status == "draft"


def test_a_wrong_definition_keeps_what_was_typed_and_names_the_remedy(
    client: TestClient, container: Container
) -> None:
    text = DEFINITION % ("Review", "ICT", "Siti")
    page = client.post("/meetings/new", data={"definition": text})
    assert page.status_code == 422
    assert text.strip() in unescape(page.text)
    assert "<code>zone</code>" in page.text
    assert "Write a zone such as Asia/Ho_Chi_Minh" in words(page)
    assert container.reading.meetings() == []


def test_an_empty_definition_is_refused_at_the_field(client: TestClient) -> None:
    page = client.post("/meetings/new", data={"definition": ""})
    assert page.status_code == 422
    assert "Holds no meeting" in words(page)


def test_a_reference_that_is_taken_is_told_kindly(client: TestClient) -> None:
    text = DEFINITION % ("Review", "Asia/Ho_Chi_Minh", "Siti")
    client.post("/meetings/new", data={"definition": text})
    page = client.post("/meetings/new", data={"definition": text})
    assert page.status_code == 409
    assert "REVIEW-2027" in words(page)
    assert text.strip() in unescape(page.text)


def test_the_example_is_loaded_once(client: TestClient, container: Container) -> None:
    page = client.post("/sandbox/example")
    assert "Created as 2 drafts." in words(page)
    assert {item.reference for item in container.reading.meetings()} == {PREP, SOM}
    assert client.post("/sandbox/example").status_code == 409


# One meeting


def test_a_draft_says_what_publishing_sends(client: TestClient, draft: str) -> None:
    page = client.get(f"/meetings/{draft}")
    assert "A draft. Nothing goes out until it is published." in words(page)
    assert "Publish and send 23 invitations" in words(page)
    assert "Cancel the meeting; nobody is told" in words(page)
    assert "There is no plan yet." in words(page)


def test_a_published_meeting_shows_its_plan_in_words(client: TestClient, published: str) -> None:
    page = client.get(f"/meetings/{published}")
    text = words(page)
    assert "Published; the invitations wait for the join link." in text
    assert "7 days before, at 09:00 their time" in text
    assert "where each recipient is, from Dili (UTC+09:00) to Jakarta (UTC+07:00)" in text
    assert "2 recipients on another day or hour, for holidays or office hours" in text
    assert "Offices are open 09:30-16:30, so it goes out on" in text
    assert "23 blocked" in text
    assert "Enter a join link by hand" in text
    assert 'datetime="' in page.text
    assert '<p class="subtitle" lang="vi">' in page.text
    assert text.count("as soon as the join link is there") >= 23


def test_the_strip_follows_protocol_order_and_tells_each_answer(
    client: TestClient, container: Container, published: str
) -> None:
    for code, answer in (("th", "DECLINED"), ("bn", "ACCEPTED"), ("sg", "TENTATIVE")):
        container.answers.answer(
            published, f"focal.point@{code}.example.org", Participation(answer), caller=caller("test")
        )
    container.answers.answer(
        published, "senior.official@th.example.org", Participation.DECLINED, caller=caller("test")
    )
    strip = client.get(f"/meetings/{published}").text.partition('<ol class="strip"')[2].partition("</ol>")[0]
    codes = re.findall(r'<abbr class="code" title="[^"]+">(\w+)</abbr>', strip)
    states = re.findall(r"</svg>([\w ]+)</span>", strip)
    assert codes == ["BN", "KH", "ID", "LA", "MY", "MM", "PH", "SG", "TH", "TL", "VN", "ASEC"]
    answered = {"BN": "accepted", "SG": "tentative", "TH": "declined"}
    assert states == [answered.get(code, "no answer") for code in codes]


def test_a_meeting_can_be_addressed_by_its_number(
    client: TestClient, container: Container, draft: str
) -> None:
    number = container.reading.meeting(draft).id
    assert client.get(f"/meetings/{number}").status_code == 200


def test_hostile_names_and_titles_are_only_text(client: TestClient, container: Container) -> None:
    quoted = "'" + HOSTILE.replace("'", "''") + "'"
    text = DEFINITION % (quoted, "Asia/Ho_Chi_Minh", quoted)
    page = client.post("/meetings/new", data={"definition": text})
    pages = [page, client.get("/"), client.get("/meetings/REVIEW-2027/publish")]
    container.meetings.publish("REVIEW-2027", caller=caller("test"))
    pages += [
        client.get("/meetings/REVIEW-2027"),
        client.get("/actions"),
        client.get("/meetings/REVIEW-2027/change"),
    ]
    for item in pages:
        assert "<script>alert" not in item.text
        assert "&lt;script&gt;alert" in item.text
