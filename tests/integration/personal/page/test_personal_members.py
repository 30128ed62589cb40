"""Naming members on the personal page."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from tests.integration.conftest import World, contents
from tests.integration.personal.page.reading import (
    HEAD,
    HOSTILE,
    LAN,
    MEMBER,
    MINH,
    PRESENT,
    SUBSTITUTE,
    answers,
    buttons,
    path,
    typed_rows,
    words,
)
from tests.integration.serving import TestClient


def hidden_rows(response: Any) -> dict[str, list[str]]:
    """The fields that the confirm page sends back."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', response.text):
        found.setdefault(name, []).append(unescape(value))
    return found


def test_naming_members_is_looked_at_then_done(client: TestClient, world: World) -> None:
    here, before = path(world, LAN), contents(world.database)
    form = client.get(f"{here}/delegation")
    assert form.status_code == 200
    assert form.text.count('<fieldset class="member">') == 6
    rows = (
        PRESENT[0],
        PRESENT[1],
        ("Đỗ Quang Minh", MINH, "removed"),
        ("Vũ Thị Hạnh", "hanh@vn.example.org", SUBSTITUTE),
        (HOSTILE, "x@vn.example.org", MEMBER),
        ("", "", MEMBER),
    )
    mark = hidden_rows(form)["mark"][0]
    preview = client.post(f"{here}/delegation", data=typed_rows(*rows, mark=mark))
    assert preview.status_code == 200
    assert "Nothing has been done yet." in words(preview)
    assert "2 people get an invitation" in words(preview)
    assert "1 person gets a withdrawal" in words(preview)
    assert buttons(preview)[0] == "Save: invite 2, withdraw 1"
    assert "<script>alert" not in preview.text
    assert contents(world.database) == before
    edit = client.post(f"{here}/delegation", data={**hidden_rows(preview), "edit": "yes"})
    assert 'value="hanh@vn.example.org"' in edit.text
    assert '<option value="removed" selected>' in edit.text
    sent = len(world.mailer.accepted)
    done = client.post(f"{here}/delegation", data={**hidden_rows(preview), "confirmed": "yes"})
    assert done.headers["location"] == f"{here}?done=named&count=3"
    assert "The list is saved. 3 people are told now." in words(client.get(done.headers["location"]))
    world.run()
    assert sorted((mail.recipient, mail.method) for mail in world.mailer.accepted[sent:]) == [
        ("hanh@vn.example.org", "REQUEST"),
        (MINH, "CANCEL"),
        ("x@vn.example.org", "REQUEST"),
    ]
    # Sent once more, it changes nothing and says so.
    twice = client.post(f"{here}/delegation", data={**hidden_rows(preview), "confirmed": "yes"})
    assert "Nobody had to be told." in words(client.get(twice.headers["location"]))
    assert client.get(path(world, MINH)).status_code == 410


def test_more_rows_without_javascript(client: TestClient, world: World) -> None:
    rows = (*PRESENT, ("Half", "", SUBSTITUTE), ("", "", MEMBER))
    form = client.post(f"{path(world, LAN)}/delegation", data=typed_rows(*rows, mark="m", more="yes"))
    assert form.status_code == 200
    assert form.text.count('<fieldset class="member">') == 3 + 1 + 3
    assert 'value="Half"' in form.text
    assert hidden_rows(form)["mark"] == ["m"]


def test_wrong_rows_are_marked_and_what_was_typed_stays(client: TestClient, world: World) -> None:
    rows = (*PRESENT, ("Hạnh", "hanh(at)vn", MEMBER), ("", "x@vn.example.org", HEAD))
    page = client.post(f"{path(world, LAN)}/delegation", data=typed_rows(*rows))
    assert page.status_code == 422
    assert "2 things are not right; nothing was saved." in words(page)
    assert "“hanh(at)vn” is not an e-mail address. Write it like name@ministry.example." in words(page)
    marked = re.findall(r'<(?:input|select) id="([\w-]+)"[^>]*aria-invalid="true"', page.text)
    assert marked == ["email-3", "name-4"]
    assert 'value="hanh(at)vn"' in page.text and 'value="x@vn.example.org"' in page.text
    heads = client.post(
        f"{path(world, LAN)}/delegation", data=typed_rows(*PRESENT, ("Hạnh", "hanh@vn.example.org", HEAD))
    )
    assert "“Hạnh” is head of delegation, and so is somebody else." in words(heads)
    twice = client.post(f"{path(world, LAN)}/delegation", data=typed_rows(*PRESENT, ("Minh", MINH, MEMBER)))
    assert re.findall(r'<input id="([\w-]+)"[^>]*aria-invalid="true"', twice.text) == ["email-3"]


def test_a_list_changed_meanwhile_is_told_kindly(client: TestClient, world: World) -> None:
    here = path(world, LAN)
    mark = hidden_rows(client.get(f"{here}/delegation"))["mark"][0]
    world.delegation_lists.compose(here[3:], [world_member("Dũng", "dung@vn.example.org")])
    rows = (*PRESENT, ("Vũ Thị Hạnh", "hanh@vn.example.org", MEMBER))
    page = client.post(f"{here}/delegation", data=typed_rows(*rows, mark=mark))
    assert page.status_code == 409
    text = words(page)
    assert "Somebody else has changed the list of your delegation meanwhile." in text
    assert "Dũng, member" in text
    assert 'value="hanh@vn.example.org"' in page.text
    again = client.post(f"{here}/delegation", data=typed_rows(*rows, mark=hidden_rows(page)["mark"][0]))
    assert buttons(again)[0] == "Save: invite 1"
    assert "dung@vn.example.org" in str(answers(world))


def world_member(name: str, email: str) -> Any:
    from orchestrator.domain.meetings.fields import Seat
    from orchestrator.services.personal.delegation_list import Member

    return Member(name, email, Seat.MEMBER)


def test_the_same_list_says_so_and_seats_alone_tell_nobody(client: TestClient, world: World) -> None:
    here = path(world, LAN)
    assert "The list is just so already." in words(
        client.post(f"{here}/delegation", data=typed_rows(*PRESENT))
    )
    rows = (*PRESENT[:2], ("Đỗ Quang Minh", MINH, SUBSTITUTE))
    page = client.post(
        f"{here}/delegation", data=typed_rows(*rows, mark=world.personal_pages.page(here[3:]).mark)
    )
    assert buttons(page)[0] == "Save without telling anybody"
    assert "Đỗ Quang Minh comes as substitute, not as member" in words(page)


def test_only_who_answers_for_the_delegation_gets_the_form(client: TestClient, world: World) -> None:
    here = path(world, MINH)
    assert client.get(f"{here}/delegation").status_code == 404
    assert client.post(f"{here}/delegation", data=typed_rows(*PRESENT)).status_code == 404
    assert "/delegation" not in client.get(here).text


def test_rows_without_end_are_bounded(client: TestClient, world: World) -> None:
    rows = [(f"P{n}", f"p{n}@vn.example.org", MEMBER) for n in range(300)]
    page = client.post(f"{path(world, LAN)}/delegation", data=typed_rows(*rows))
    assert page.status_code == 422
    assert "people are more than a delegation can have" in words(page)


def test_a_focal_point_says_how_the_members_are_addressed(client: TestClient, world: World) -> None:
    here = path(world, LAN)
    rows = typed_rows(*PRESENT, mark=hidden_rows(client.get(f"{here}/delegation"))["mark"][0])
    told = {**rows, "address": ["Ngài", "Bà", ""], "position": ["Thứ trưởng", "", ""]}
    preview = client.post(f"{here}/delegation", data=told)
    assert "Lê Thị Hồng Nhung is addressed another way" in words(preview)
    client.post(f"{here}/delegation", data={**hidden_rows(preview), "confirmed": "yes"})
    people = {item.name: item for item in world.reading.meeting("SOM-2026").attendees}
    nhung, lan = people["Lê Thị Hồng Nhung"], people["Phạm Thu Lan"]
    assert (nhung.form, nhung.position, lan.form, lan.position) == ("Ngài", "Thứ trưởng", "Bà", None)
    form = client.get(f"{here}/delegation")
    assert 'value="Ngài"' in form.text and 'value="Thứ trưởng"' in form.text
    wrong = client.post(
        f"{here}/delegation",
        data={**told, "mark": hidden_rows(form)["mark"][0], "address": ["x" * 31, "", ""]},
    )
    assert wrong.status_code == 422
    assert 'id="address-0-wrong"' in wrong.text


def test_a_form_without_the_fields_leaves_how_members_are_addressed(client: TestClient, world: World) -> None:
    here = path(world, LAN)
    mark = hidden_rows(client.get(f"{here}/delegation"))["mark"][0]
    rows = typed_rows(*PRESENT, mark=mark)
    client.post(
        f"{here}/delegation", data={**rows, "address": ["Bà"] * 3, "position": [""] * 3, "confirmed": "yes"}
    )
    mark = hidden_rows(client.get(f"{here}/delegation"))["mark"][0]
    renamed = (("Lê Thị Nhung", PRESENT[0][1], PRESENT[0][2]), *PRESENT[1:])
    client.post(f"{here}/delegation", data=typed_rows(*renamed, mark=mark, confirmed="yes"))
    people = {item.name: item.form for item in world.reading.meeting("SOM-2026").attendees}
    assert people["Lê Thị Nhung"] == "Bà"
