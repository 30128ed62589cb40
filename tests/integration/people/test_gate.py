"""Strangers cost little: nothing of a request is read before it is known who asks, and how much comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.message import Message
from math import inf
from typing import Any

import pytest

from orchestrator.web.bodies import BodyPatience
from orchestrator.web.gate import FrontGate
from orchestrator.web.openapi import Application
from tests.integration.asking import Answer, ask
from tests.integration.people.conftest import BEARER, HOSTNAME

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MEETINGS = "/api/v1/meetings"


def endless(size: int = 64 * 1024) -> Iterator[bytes]:
    """A body that never ends, sent in chunks; reading far into it is the fault."""
    for _ in range(2000):
        yield b"x" * size
    pytest.fail("the body was read to its end")


def asked(app: Application, method: str, path: str, **more: Any) -> Answer:
    return ask(app, method, path, host=HOSTNAME, **more)


@pytest.mark.parametrize("body", [b"{ broken", b'{"a": 1}', b"\xff\xfe", b"["])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YTpi"}])
def test_without_the_token_nothing_of_a_body_is_read(
    app: Application, body: bytes, headers: dict[str, str]
) -> None:
    answer = asked(app, "POST", MEETINGS, body=[body], headers=JSON | headers)
    assert (answer.status, answer.pieces_read) == (401, 0)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "path", [MEETINGS, f"{MEETINGS}/SOM/minutes", "/api/v1/nothing", "/api", "/api/", "/api/v1/meetings/"]
)
def test_whatever_the_address_the_api_wants_the_token_first(app: Application, path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "GET", "BREW"):
        answer = asked(app, method, path, body=endless())
        assert (answer.status, answer.pieces_read) == (401, 0), (method, path)


@pytest.mark.parametrize("path", ["/meetings/new", "/meetings/SOM/minutes", "/mailbox/read", "/nothing"])
def test_without_a_session_no_form_of_the_console_is_read(app: Application, path: str) -> None:
    answer = asked(app, "POST", path, body=endless(), headers=FORM | {"Cookie": "orchestrator_session=guess"})
    assert (answer.status, answer.pieces_read) == (303, 0)
    assert answer.headers["location"] == "/sign-in"


LIMITED = {
    "/sign-in": 8 * 1024,
    "/sign-out": 8 * 1024,
    "/a/some-token/answer": 200_000,
    "/feed/some-token.ics": 0,
    "/readyz": 0,
    MEETINGS: 1024 * 1024,
    f"{MEETINGS}/SOM/minutes": 100_000 + 64 * 1024,
    f"{MEETINGS}/SOM/cancel": 1024 * 1024,
}


@pytest.mark.parametrize(("path", "largest"), LIMITED.items())
def test_no_route_reads_more_than_it_takes(app: Application, path: str, largest: int) -> None:
    told = asked(
        app, "POST", path, body=endless(), headers=FORM | BEARER | {"Content-Length": str(largest + 1)}
    )
    assert (told.status, told.pieces_read) == (413, 0)
    for size in ("9" * 400, "10000000000000000000"):
        assert asked(app, "POST", path, headers=BEARER | {"Content-Length": size}).status == 413
    chunked = asked(app, "POST", path, body=endless(), headers=FORM | BEARER)
    assert chunked.status == 413
    assert chunked.pieces_read == largest // (64 * 1024) + 1
    lied = asked(app, "POST", path, body=endless(), headers=FORM | BEARER | {"Content-Length": "0"})
    assert lied.status == 413


def test_the_refusal_of_a_body_is_read_by_whoever_sent_it(app: Application) -> None:
    by_program = asked(app, "POST", MEETINGS, body=endless(), headers=BEARER)
    assert json.loads(by_program.body)["code"] == "http-413"
    by_link = asked(app, "POST", "/a/some-token/answer", body=endless())
    assert "Nothing was done." in by_link.text
    assert by_link.headers["content-type"].startswith("text/html")
    assert 'href="/actions"' not in by_link.text


@pytest.mark.parametrize(("path", "headers"), [("/a/some-token/answer", FORM), (MEETINGS, JSON | BEARER)])
def test_a_body_that_does_not_come_is_not_waited_for(
    app: Application, path: str, headers: dict[str, str]
) -> None:
    for patience in (BodyPatience(silence=0.01), BodyPatience(silence=60, whole=0.01, rate=inf)):
        (gate,) = [item for item in app.user_middleware if item.cls is FrontGate]
        gate.kwargs["patience"] = patience
        app.middleware_stack = None
        answer = asked(app, "POST", path, body=[b"{"], headers=headers, silent=True)
        assert (answer.status, answer.headers["connection"]) == (408, "close")
    del gate.kwargs["patience"]
    app.middleware_stack = None


def test_the_time_of_a_whole_body_is_limited_however_it_drips() -> None:
    patience = BodyPatience(silence=15, whole=30)
    assert patience.for_body(0) == 30
    assert patience.for_body(200_000) < 40
    assert 5 * 60 < patience.for_body(10 * 1024 * 1024) < 10 * 60


def test_a_get_reads_no_body_at_all(app: Application) -> None:
    for path in (MEETINGS, "/", "/a/token", "/livez", "/static/console.css"):
        answer = asked(app, "GET", path, body=[b"x" * 1000], headers=BEARER)
        assert answer.status in (200, 303, 404), path
        assert asked(app, "GET", path, body=endless(), headers=BEARER).pieces_read < 10, path


def test_who_may_is_served(app: Application) -> None:
    answer = asked(
        app, "GET", MEETINGS, headers={"Authorization": BEARER["Authorization"].replace("B", "b", 1)}
    )
    assert (answer.status, answer.body) == (200, b"[]")
    assert asked(app, "GET", "/api/v1/openapi.json").status == 200


# Hosts


@pytest.mark.parametrize(
    "host",
    [
        *("", "elsewhere.example", "[", "[::1", "localhost:abc", "localhost:99999", "a b", "localhost/", "é"),
        *("meetings.asean.example.elsewhere.example", "x@localhost", "localhost:80:80", "127.0.0.1.nip.io"),
    ],
)
def test_another_host_is_refused_without_a_traceback(app: Application, host: str) -> None:
    for path in ("/", MEETINGS, "/a/token", "/livez"):
        answer = ask(app, "GET", path, host=host, headers=BEARER)
        assert answer.status == 400, path
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "host", [HOSTNAME, f"{HOSTNAME}:443", "LOCALHOST:8000", "127.0.0.1", "[::1]:8000", f"{HOSTNAME}."]
)
def test_its_own_names_are_answered(app: Application, host: str) -> None:
    assert ask(app, "GET", "/livez", host=host).status == 200


# Text


def multipart(charset: str, filename: bytes, field: bytes = b"1") -> tuple[bytes, dict[str, str]]:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n\r\nhello\r\n'
        b'--x\r\nContent-Disposition: form-data; name="version"\r\n\r\n%b\r\n--x--\r\n' % (filename, field)
    )
    kind = Message()
    kind.add_header("Content-Type", "multipart/form-data", boundary="x", charset=charset)
    return body, {"Content-Type": str(kind["Content-Type"])}


@pytest.mark.parametrize(
    "charset", ["punycode", "utf-16", "utf-7", "idna", "zlib", "rot13", "unicode_escape"]
)
def test_text_is_utf_8_whatever_the_client_names(app: Application, charset: str) -> None:
    body, headers = multipart(charset, "Biên bản.txt".encode())
    named = asked(app, "POST", f"{MEETINGS}/SOM/minutes", body=[body], headers=headers | BEARER)
    assert named.status == 404, named.text
    # What it would be in that charset is not looked at: it is decoded as UTF-8, in no time.
    body, headers = multipart(charset, b"a.txt", b"9" * 100_000 + b"-" + b"a" * 50_000)
    assert asked(app, "POST", f"{MEETINGS}/SOM/minutes", body=[body], headers=headers | BEARER).status == 404


@pytest.mark.parametrize("bad", [b"\xff", b"\xed\xa0\x80", b"\x00", b"\xc0\x80"])
def test_a_form_whose_text_is_not_utf_8_is_refused(app: Application, bad: bytes) -> None:
    path = "/sign-in"
    escaped = b"token=" + b"".join(b"%%%02X" % byte for byte in bad)
    for body in (escaped, b"token=" + bad):
        answer = asked(app, "POST", path, body=[body], headers=FORM)
        assert answer.status == 400, body
    for filename, field in ((bad, b"1"), (b"a.txt", bad)):
        body, headers = multipart("utf-8", filename, field)
        assert asked(app, "POST", path, body=[body], headers=headers).status == 400


def test_a_form_that_is_none_is_refused(app: Application) -> None:
    for kind in (
        "multipart/form-data",
        "multipart/form-data; boundary=",
        f"multipart/form-data; boundary={'x' * 99}",
    ):
        assert asked(app, "POST", "/sign-in", body=[b"x"], headers={"Content-Type": kind}).status == 400
    many = b"&".join([b"a=1"] * 6000)
    assert asked(app, "POST", "/a/t/answer", body=[many], headers=FORM).status == 413


DEEP = b"[" * 100_000 + b"]" * 100_000
REFUSED = {
    "a key twice": b'{"title": "a", "title": "b"}',
    "a key twice, further down": b'{"agenda": [{"en": "a", "en": "b"}]}',
    "nested deeply": DEEP,
    "nested a little too deeply": b"[" * 40 + b"]" * 40,
    "objects nested deeply": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "a long number": b'{"version": ' + b"9" * 5000 + b"}",
    "a number no column holds": b'{"version": 9223372036854775808}',
    "a negative one": b'{"version": -9223372036854775809}',
    "a huge exponent": b'{"version": 1e999999}',
    "not a number": b'{"version": NaN}',
    "infinity": b'{"version": -Infinity}',
    "a NUL": b'{"title": "a\\u0000b"}',
    "half a character": b'{"title": "a\\ud800b"}',
    "half a character as a key": b'{"a\\udfffb": 1}',
    "not UTF-8": b'{"title": "\xff"}',
    "UTF-16": '{"title": "a"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"title": "a"}'.encode("utf-16-le"),
    "UTF-32": '{"title": "a"}'.encode("utf-32-be"),
    "no JSON": b"{ broken",
    "nothing but a quote": b'"',
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-16", "application/a+json"]
)
def test_json_that_nobody_should_take_is_refused_with_a_reason(
    app: Application, body: bytes, kind: str
) -> None:
    answer = asked(app, "POST", MEETINGS, body=[body], headers=BEARER | {"Content-Type": kind})
    assert answer.status == 422, answer.text
    (found,) = json.loads(answer.body)["problems"]
    assert found["field"] == "document"
    assert found["message"]
    assert found["remedy"]


def test_json_within_its_bounds_is_read_as_before(app: Application) -> None:
    body = '\ufeff{"titel": "Hội nghị 😀", "version": 9223372036854775807, "x": 1.5e10}'.encode()
    answer = asked(app, "POST", MEETINGS, body=[body], headers=BEARER | JSON)
    assert answer.status == 422
    assert "titel" in {item["field"] for item in json.loads(answer.body)["problems"]}
