"""Papers sent from the personal page, and which files its holder may see."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.meeting import ContributionState, Need
from orchestrator.domain.minutes.files import FileAudience, MeetingFile
from orchestrator.services.minutes.filing import NewFile
from orchestrator.store.meetings import meetings as store
from tests import made_files as made
from tests.callers import caller
from tests.integration.conftest import NHUNG, PEOPLE, TAN, World
from tests.integration.personal.page.reading import LAN, MINH, STAFF, path, words
from tests.integration.serving import TestClient

JP = "sato@jp.example.org"
ORIGIN = {"Origin": "http://localhost"}


def paper(world: World, delegation: str = "SG") -> ContributionState | None:
    with world.database.reading() as session:
        meeting = store.load(session, store.find_id(session, "SOM-2026"))
    found = meeting.contribution(delegation, Need.PAPER)
    return found.state if found else None


def send(client: TestClient, world: World, email: str, name: str, content: bytes, **fields: str) -> Any:
    data = {"item": "1", **fields}
    return client.post(
        f"{path(world, email)}/papers", files={"file": (name, content)}, data=data, headers=ORIGIN
    )


def put_up(world: World, name: str, content: bytes = made.PDF, **said: Any) -> MeetingFile:
    with world.meeting_files.receiving() as arriving:
        arriving.name(name)
        arriving.write(content)
        return world.meeting_files.put_up("SOM-2026", NewFile(name, **said), arriving, caller=caller("Khoi"))


def invite(world: World, people: list[Any]) -> None:
    """Let exactly these be invited."""
    update = MeetingUpdate.model_validate({"attendees": people})
    version = world.reading.meeting("SOM-2026").version
    world.meetings.update(
        "SOM-2026", update, caller=caller("Khoi"), version=version, reason="The list changed."
    )


def everything(world: World) -> list[MeetingFile]:
    return list(world.meeting_files.all("SOM-2026"))


def test_a_paper_is_sent_to_its_item_and_is_owed_no_more(client: TestClient, world: World) -> None:
    assert paper(world) is None
    answer = send(client, world, TAN, "Biên bản.pdf", made.PDF, item="2")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path(world, TAN)}?done=paper-sent")
    (file,) = everything(world)
    assert (file.filename, file.version, file.delegation, file.item, file.audience) == (
        *("Biên bản.pdf", 1, "SG", 2),
        FileAudience.MEMBERS,
    )
    assert (file.actor, file.channel, file.at) == ("Tan Hui Shan", "web", world.clock.now())
    assert paper(world) is ContributionState.IN
    newest = world.reading.meeting("SOM-2026").history[0]
    assert (newest.what.key, newest.actor) == ("minutes.history.file-put-up", "web")
    page = words(client.get(path(world, TAN)))
    assert "Biên bản.pdf" in page
    assert "Agenda item 2, paper of Singapore, version 1" in page


def test_it_is_downloaded_to_be_kept_and_never_shown(client: TestClient, world: World) -> None:
    send(client, world, TAN, 'Đề "án".txt', made.TEXT)
    (file,) = everything(world)
    answer = client.get(f"{path(world, NHUNG)}/files/{file.id}")
    assert (answer.status_code, answer.content) == (200, made.TEXT)
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"De an.txt\"; filename*=UTF-8''%C4%90%E1%BB%81%20%C3%A1n.txt"
    )
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert client.head(f"{path(world, NHUNG)}/files/{file.id}").status_code == 200


def test_a_second_click_is_no_second_version_and_a_change_is(client: TestClient, world: World) -> None:
    send(client, world, TAN, "a.txt", b"one")
    assert send(client, world, TAN, "a.txt", b"one").headers["location"].endswith("done=same")
    send(client, world, TAN, "A.TXT", b"two")
    assert [(item.filename, item.version) for item in everything(world)] == [("a.txt", 1), ("A.TXT", 2)]
    one, two = everything(world)
    assert client.get(f"{path(world, TAN)}/files/{one.id}").content == b"one"
    assert client.get(f"{path(world, TAN)}/files/{two.id}").content == b"two"


def test_two_delegations_have_files_of_one_name(client: TestClient, world: World) -> None:
    for email in (TAN, LAN):
        send(client, world, email, "paper.txt", email.encode())
    assert [(item.delegation, item.version) for item in everything(world)] == [("SG", 1), ("VN", 1)]


def test_taking_the_last_paper_back_makes_it_owed_again(client: TestClient, world: World) -> None:
    for name in ("a.txt", "b.txt"):
        send(client, world, TAN, name, name.encode())
    a, b = everything(world)
    for file, left in ((a, ContributionState.IN), (b, None)):
        answer = client.post(f"{path(world, TAN)}/files/{file.id}/withdraw", headers=ORIGIN)
        assert answer.headers["location"].endswith("done=paper-withdrawn")
        assert paper(world) is left
    assert client.get(f"{path(world, TAN)}/files/{a.id}").status_code == 404
    assert all(item.withdrawn and item.withdrawn_by == "Tan Hui Shan" for item in everything(world))
    send(client, world, TAN, "a.txt", b"again")
    assert [item.version for item in everything(world) if not item.withdrawn] == [2]


def test_nothing_of_another_delegation_is_taken_back(client: TestClient, world: World) -> None:
    send(client, world, TAN, "a.txt", b"x")
    (file,) = everything(world)
    answer = client.post(f"{path(world, LAN)}/files/{file.id}/withdraw", headers=ORIGIN)
    assert answer.status_code == 404
    assert not everything(world)[0].withdrawn


def test_only_who_speaks_for_a_delegation_sends(client: TestClient, world: World) -> None:
    answer = send(client, world, MINH, "a.txt", b"x")
    assert answer.status_code == 409
    assert "Send a paper of" not in words(client.get(path(world, MINH)))
    assert everything(world) == []


@pytest.mark.parametrize(
    ("name", "content", "fields", "said"),
    [
        ("a.docx", made.archive({"x": b"y"}), {}, "does not contain what the ending of its name says"),
        ("a.exe", b"MZ", {}, "is not of a type that is taken"),
        ("a.txt", b"", {}, "is empty"),
        ("a.txt", b"x", {"item": ""}, "say to which item of the agenda the paper belongs"),
        ("a.txt", b"x", {"item": "9"}, "is no item of the agenda"),
        ("a.txt", b"x", {"item": "-1"}, "is not a number of an item"),
        ("see www.evil.example.txt", b"x", {}, "mail programs show as a link"),
        ("\u202e\u200b", b"x", {}, "has no name that could be kept"),
    ],
)
def test_what_is_not_taken_is_said_on_the_page(
    client: TestClient, world: World, name: str, content: bytes, fields: dict[str, str], said: str
) -> None:
    answer = send(client, world, TAN, name, content, **fields)
    assert answer.status_code == 422
    assert said.lower() in words(answer).lower()
    assert everything(world) == []
    assert list(world.documents.kept()) == []


def test_names_are_made_safe(client: TestClient, world: World) -> None:
    for name in ("../../etc/cron.d/a.txt", "C:\\temp\\con.txt", "a\u202etxt.exe.txt"):
        send(client, world, TAN, name, name.encode())
    assert [item.filename for item in everything(world)] == ["a.txt", "_con.txt", "atxt.exe.txt"]


def test_members_files_are_not_for_partners(world: World, client: TestClient) -> None:
    partner = {"group": "PLUS3", "delegation": "JP", "name": "Sato Yuki", "email": JP}
    invite(world, [*STAFF, partner])
    mine, all_of_us = put_up(world, "mine.pdf"), put_up(world, "all.pdf", audience=FileAudience.PARTNERS)
    replaced = put_up(world, "replaced.pdf", audience=FileAudience.PARTNERS)
    put_up(world, "replaced.pdf", made.PDF + b"\n", audience=FileAudience.MEMBERS)
    page = words(client.get(path(world, JP)))
    assert ("all.pdf" in page, "mine.pdf" in page, "replaced.pdf" in page) == (True, False, False)
    for file, status in ((mine, 404), (all_of_us, 200), (replaced, 404)):
        assert client.get(f"{path(world, JP)}/files/{file.id}").status_code == status
        assert client.get(f"{path(world, NHUNG)}/files/{file.id}").status_code == 200


def test_a_withdrawn_file_is_hidden_with_all_its_versions(world: World, client: TestClient) -> None:
    first = put_up(world, "a.pdf")
    second = put_up(world, "a.pdf", made.PDF + b"\n")
    world.meeting_files.withdraw("SOM-2026", first.id, "It names people.", caller=caller("Khoi"))
    for file in (first, second):
        assert client.get(f"{path(world, NHUNG)}/files/{file.id}").status_code == 404
    assert "a.pdf" not in client.get(path(world, NHUNG)).text
    assert [item.withdrawn_reason for item in everything(world)] == ["It names people."] * 2


def test_files_of_another_meeting_are_not_found(world: World, client: TestClient) -> None:
    world.create(reference="OTHER")
    with world.meeting_files.receiving() as arriving:
        arriving.name("other.pdf")
        arriving.write(made.PDF)
        other = world.meeting_files.put_up("OTHER", NewFile(""), arriving, caller=caller("Khoi"))
    assert client.get(f"{path(world, NHUNG)}/files/{other.id}").status_code == 404


def test_a_link_that_is_closed_opens_no_file_and_takes_none(world: World, client: TestClient) -> None:
    address, file = path(world, TAN), put_up(world, "a.pdf")
    left = [item for item in STAFF if item["email"] != TAN]
    invite(world, left)
    assert client.get(f"{address}/files/{file.id}").status_code == 410
    answer = client.post(f"{address}/papers", files={"file": ("a.txt", b"x")}, headers=ORIGIN)
    assert answer.status_code == 410
    assert client.get(f"/a/made-up/files/{file.id}").status_code == 404
    assert client.post("/a/made-up/papers", files={"file": ("a.txt", b"x")}).status_code == 404


def test_a_cancelled_meeting_and_one_that_has_begun_take_no_paper(world: World, client: TestClient) -> None:
    world.clock.move(days=40)
    assert send(client, world, TAN, "a.txt", b"x").status_code == 409
    world.clock.move(days=-40)
    world.meetings.cancel("SOM-2026", caller=caller("Khoi"), reason="A typhoon.")
    answer = send(client, world, TAN, "a.txt", b"x")
    assert answer.status_code == 409
    assert "Send a paper of" not in answer.text
    assert everything(world) == []


def test_another_site_sends_nothing(world: World, client: TestClient) -> None:
    answer = client.post(
        f"{path(world, TAN)}/papers",
        files={"file": ("a.txt", b"x")},
        data={"item": "1"},
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert everything(world) == []


def test_a_delegation_sends_only_so_much(world: World, client: TestClient) -> None:
    for number in range(30):
        with world.papers.receiving() as arriving:
            arriving.name(f"{number}.txt")
            arriving.write(b"x")
            if number == 29:
                break
            assert world.papers.send(path(world, TAN)[3:], arriving, 1, to_partners=False)
        world.clock.move(hours=1)
    world.clock.move(days=1)
    assert send(client, world, TAN, "last.txt", b"x").status_code == 303
    answer = send(client, world, TAN, "more.txt", b"x")
    assert (answer.status_code, len(everything(world))) == (409, 30)
    assert "which is the most" in words(answer)


def test_a_file_whose_content_is_damaged_is_not_given_out(world: World, client: TestClient) -> None:
    file = put_up(world, "a.pdf")
    at = world.settings.data_dir / "documents" / file.digest[:2] / file.digest
    at.write_bytes(b"%PDF-another")
    assert client.get(f"{path(world, NHUNG)}/files/{file.id}").status_code == 404
    at.unlink()
    assert client.get(f"{path(world, NHUNG)}/files/{file.id}").status_code == 404
    put_up(world, "copy.pdf")
    assert client.get(f"{path(world, NHUNG)}/files/{file.id}").content == made.PDF


def test_everybody_else_still_sees_the_other_peoples_meeting(world: World, client: TestClient) -> None:
    put_up(world, "a.pdf")
    assert [email for email in PEOPLE if "a.pdf" not in client.get(path(world, email)).text] == []
