"""Files come in piece by piece: none is read before it can be taken, and never more than is taken."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from orchestrator.bootstrap import Container
from orchestrator.web.bodies import BodyPatience, ClientLeftError
from orchestrator.web.gate import FrontGate
from orchestrator.web.openapi import Application
from tests import made_files as made
from tests.callers import caller
from tests.integration.asking import Answer, ask
from tests.integration.conftest import definition
from tests.integration.people.conftest import BEARER, HOSTNAME

FILES = "/api/v1/meetings/SOM-2026/files"
FORM = {"Content-Type": "multipart/form-data; boundary=x"}
LARGEST = 25 * 1024 * 1024
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
END = b"\r\n--x--\r\n"


@pytest.fixture
def meeting(production: Container) -> None:
    production.database.upgrade()
    production.meetings.create([definition()], caller=caller("Khoi"))


def field(name: str, value: str) -> bytes:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def send(app: Application, *pieces: bytes, path: str = FILES, **more: str) -> Answer:
    return ask(app, "POST", path, body=pieces, headers=FORM | BEARER | more, host=HOSTNAME)


def left(production: Container) -> list[Path]:
    """Everything that lies in the store of documents."""
    folder = production.settings.data_dir / "documents"
    return [item for item in folder.rglob("*") if item.is_file()]


def endless(size: int = 20_000) -> Iterator[bytes]:
    """A file that never ends; reading far into it is the fault."""
    yield HEAD
    for _ in range(2 * LARGEST // size):
        yield b"x" * size
    pytest.fail("the body was read to its end")


@pytest.mark.usefixtures("meeting")
def test_a_file_is_put_up_listed_and_downloaded(app: Application) -> None:
    said = field("item", "2") + field("audience", "partners") + field("delegation", "sg")
    body = said + HEAD.replace(b"a.txt", "Đề án.pdf".encode()) + made.PDF + END
    answer = send(app, *(body[at : at + 7] for at in range(0, len(body), 7)))
    assert answer.status == 201
    made_file = json.loads(answer.body)
    shown = [made_file[name] for name in ("filename", "version", "delegation", "item", "audience", "actor")]
    assert shown == ["Đề án.pdf", 1, "SG", 2, "partners", "api"]
    assert json.loads(ask(app, "GET", FILES, headers=BEARER, host=HOSTNAME).body) == [made_file]
    content = ask(app, "GET", f"{FILES}/{made_file['id']}", headers=BEARER, host=HOSTNAME)
    assert (content.body, content.headers["content-length"]) == (made.PDF, str(len(made.PDF)))
    assert content.headers["content-disposition"].startswith('attachment; filename="De an.pdf"')


@pytest.mark.usefixtures("meeting")
def test_a_file_is_withdrawn_with_a_reason(app: Application, production: Container) -> None:
    number = json.loads(send(app, HEAD + b"text" + END).body)["id"]
    path, sent = f"{FILES}/{number}/withdraw", BEARER | {"Content-Type": "application/json"}
    for reason, status in (("", 422), ("x" * 501, 422), ("Wrong file.", 204), ("Again.", 204)):
        body = [json.dumps({"reason": reason}).encode()]
        assert ask(app, "POST", path, body=body, headers=sent, host=HOSTNAME).status == status
    (file,) = production.meeting_files.all("SOM-2026")
    assert (file.withdrawn_by, file.withdrawn_reason) == ("api", "Wrong file.")
    assert ask(app, "GET", f"{FILES}/{number}", headers=BEARER, host=HOSTNAME).body == b"text"
    missing = ask(app, "GET", f"{FILES}/999", headers=BEARER, host=HOSTNAME)
    assert (missing.status, json.loads(missing.body)["code"]) == (404, "not-found")


@pytest.mark.usefixtures("meeting")
@pytest.mark.parametrize("path", [FILES, "/meetings/SOM-2026/files", "/a/made-up/papers"])
def test_nothing_is_read_of_what_cannot_be_taken(app: Application, path: str) -> None:
    answer = ask(app, "POST", path, body=endless(), headers=FORM, host=HOSTNAME)
    assert (answer.status, answer.pieces_read) == ({FILES: 401, "/a/made-up/papers": 404}.get(path, 303), 0)
    unknown = ask(
        app, "POST", FILES.replace("SOM", "NONE"), body=endless(), headers=FORM | BEARER, host=HOSTNAME
    )
    assert (unknown.status, unknown.pieces_read) == (404, 0)


@pytest.mark.usefixtures("meeting")
def test_no_more_is_read_than_a_file_may_have(app: Application, production: Container) -> None:
    told = send(app, HEAD, **{"Content-Length": str(LARGEST + 64 * 1024 + 1)})
    assert (told.status, told.pieces_read) == (413, 0)
    tracemalloc.start()
    chunked = ask(app, "POST", FILES, body=endless(), headers=FORM | BEARER, host=HOSTNAME)
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()
    assert chunked.status == 422
    assert json.loads(chunked.body)["problems"][0]["field"] == "file"
    assert "is larger than the limit of 26,214,400 bytes" in chunked.text
    assert chunked.pieces_read <= LARGEST // 20_000 + 3
    assert left(production) == []


@pytest.mark.usefixtures("meeting")
def test_a_cancelled_meeting_takes_no_file(app: Application, production: Container) -> None:
    production.meetings.cancel("SOM-2026", caller=caller("Khoi"), reason="A typhoon.")
    answer = ask(app, "POST", FILES, body=endless(), headers=FORM | BEARER, host=HOSTNAME)
    assert (answer.status, answer.pieces_read) == (409, 0)


@pytest.mark.usefixtures("meeting")
def test_an_upload_that_breaks_off_leaves_nothing(app: Application, production: Container) -> None:
    def broken() -> Iterable[bytes]:
        yield HEAD
        yield b"half of it"
        raise ClientLeftError

    answer = ask(app, "POST", FILES, body=broken(), headers=FORM | BEARER, host=HOSTNAME)
    assert answer.status == 0
    assert send(app, HEAD, b"half of it").status == 400
    assert left(production) == []
    assert production.meeting_files.all("SOM-2026") == []


@pytest.mark.usefixtures("meeting")
def test_one_that_does_not_come_on_is_not_waited_for(app: Application, production: Container) -> None:
    (gate,) = [item for item in app.user_middleware if item.cls is FrontGate]
    gate.kwargs["patience"] = BodyPatience(silence=0.01)
    answer = ask(app, "POST", FILES, body=[HEAD], headers=FORM | BEARER, host=HOSTNAME, silent=True)
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert left(production) == []


BAD = {
    "no form": ({"Content-Type": "application/pdf"}, made.PDF, 400),
    "no boundary": ({"Content-Type": "multipart/form-data"}, HEAD + END, 400),
    "a long boundary": ({"Content-Type": f"multipart/form-data; boundary={'b' * 71}"}, HEAD + END, 400),
    "no file": ({}, field("item", "1") + b"--x--\r\n", 422),
    "a file without a name": ({}, HEAD.replace(b"a.txt", b"") + END, 422),
    "a file in another field": ({}, HEAD.replace(b'"file"', b'"minutes"') + b"text" + END, 400),
    "two files": ({}, HEAD + b"one\r\n" + HEAD + b"two" + END, 400),
    "a text where the file goes": ({}, field("file", "text") + b"--x--\r\n", 422),
    "many fields": ({}, field("item", "1") * 13 + HEAD + b"text" + END, 413),
    "a long field": ({}, field("item", "1" * 2001) + HEAD + b"text" + END, 413),
    "a long header": ({}, b"--x\r\nX-Long: " + b"a" * 70_000 + b"\r\n\r\n" + END, 400),
    "many headers": ({}, b"--x\r\n" + b"X-A: b\r\n" * 500 + b"\r\n" + END, 400),
    "a field without a name": ({}, b"--x\r\nContent-Type: text/plain\r\n\r\nx" + END, 400),
    "no UTF-8": ({}, HEAD.replace(b"a.txt", b"\xff.txt") + b"text" + END, 400),
    "a NUL": ({}, field("item", "\x00") + HEAD + b"text" + END, 400),
    "what is no form at all": ({}, b"GET / HTTP/1.1\r\n\r\n", 400),
    "an item that is no number": ({}, field("item", "first") + HEAD + b"text" + END, 422),
    "a huge item": ({}, field("item", "9" * 30) + HEAD + b"text" + END, 422),
    "an audience of its own": ({}, field("audience", "world") + HEAD + b"text" + END, 422),
    "a delegation that is not invited": ({}, field("delegation", "JP") + HEAD + b"text" + END, 404),
    "a bomb": ({}, HEAD.replace(b".txt", b".docx") + made.archive({"x": b"\x00" * 10_000_000}) + END, 422),
}


@pytest.mark.usefixtures("meeting")
@pytest.mark.parametrize("what", BAD)
def test_what_no_form_of_ours_would_send_is_refused(
    app: Application, production: Container, what: str
) -> None:
    headers, body, status = BAD[what]
    answer = send(app, body, **headers)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert production.meeting_files.all("SOM-2026") == []


@pytest.mark.usefixtures("meeting")
def test_not_more_than_a_few_come_at_a_time(app: Application) -> None:
    uploads = app.state.uploads
    with uploads.one("api SOM-2026"), uploads.one("api SOM-2026"):
        answer = ask(app, "POST", FILES, body=endless(), headers=FORM | BEARER, host=HOSTNAME)
        assert (answer.status, answer.pieces_read, answer.headers["retry-after"]) == (503, 0, "60")
        with uploads.one("link another"):
            pass
    assert send(app, HEAD + b"text" + END).status == 201


@pytest.mark.usefixtures("meeting")
def test_a_full_meeting_takes_no_more(app: Application, production: Container) -> None:
    production.meeting_files._limits = type(production.meeting_files._limits)(
        file=100, meeting=10, papers=100
    )
    assert send(app, HEAD + b"123456" + END).status == 201
    answer = send(app, HEAD + b"12345" + END)
    assert (answer.status, "6 of 10 bytes are taken" in answer.text) == (422, True)
    assert len(left(production)) == 1
