"""No input gives a 500: arbitrary bytes to every route that the application has, found by walking it."""

from __future__ import annotations

import json
import re
from urllib.parse import quote_from_bytes

import pytest
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.web.openapi import Application
from tests.effort import examples
from tests.integration.asking import Answer, ask
from tests.integration.conftest import NHUNG, World
from tests.integration.personal.personal_pages import attendee
from tests.integration.serving import application

pytestmark = pytest.mark.both_databases  # PostgreSQL refuses more than SQLite does.


def routes_of(app: Application) -> set[tuple[str, str]]:
    """Every method and path that the application answers, also of what is included or mounted."""
    found = {("GET", "/static/{name:path}"), ("POST", "/static/{name:path}")}
    for route in iter_route_contexts(app.routes):
        path = str(getattr(route, "path", ""))
        found |= {(method, path) for method in getattr(route, "methods", None) or ()}
    return found


class Target:
    """A service with a meeting in each state, and the addresses and links that lead somewhere."""

    def __init__(self, world: World) -> None:
        world.invited()
        world.create(reference="DRAFT", start="2027-01-14 14:00")
        world.create(reference="OVER")
        self.app = application(world)
        self.token = world.api_token
        someone = attendee(world, NHUNG)
        self.link = world.links.page_token(someone)
        self.values = {
            "meeting": ["SOM-2026", "DRAFT", "1", "OVER"],
            "reference": ["SOM-2026", "DRAFT", "1"],
            "token": [self.link],
            "code": ["VN", "SG"],
            "version": ["1"],
            "attendee": [NHUNG, str(someone.id)],
        }


ODD = st.one_of(
    st.sampled_from(
        [
            *(
                "0",
                "-1",
                "1",
                "2147483648",
                "9223372036854775808",
                "9" * 30,
                "9" * 5000,
                "1e999",
                "NaN",
                "٣",
                "1_0",
            ),
            *(
                "",
                " ",
                ".",
                "..",
                "%00",
                "%ff",
                "'",
                '"',
                "\\",
                "\u202e",
                "\ufeff",
                "𝟙",
                "é",
                "İ",
                "null",
                "a" * 3000,
            ),
            *(
                "SOM-2026",
                "VN",
                "2026-02-30",
                "2026-12-03 14:00",
                "Asia/Ho_Chi_Minh",
                "\ud800",
                "\x00",
                "\r\n",
            ),
        ]
    ),
    st.text(st.characters(exclude_categories=()), max_size=12),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ODD),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ODD, inner, max_size=3)),
    max_leaves=8,
)
TYPES = st.sampled_from(
    [
        *("application/json", "application/json; charset=utf-16", "application/x-www-form-urlencoded"),
        *("multipart/form-data; boundary=x", "multipart/form-data; boundary=x; charset=punycode"),
        *("multipart/form-data", "text/plain", "", "application/merge-patch+json", "é/ü", "a" * 500),
    ]
)
NAMES = [
    *(
        "version",
        "confirmed",
        "answer",
        "comment",
        "also",
        "myself",
        "need",
        "state",
        "mark",
        "name",
        "email",
        "seat",
    ),
    *(
        "participation",
        "join_url",
        "option",
        "closes",
        "vote-1",
        "vote-99",
        "token",
        "to",
        "reason",
        "back",
        "file",
    ),
    *(
        "definition",
        "text",
        "attendee",
        "digest",
        "filename",
        "linked",
        "limit",
        "after",
        "preview",
        "done",
        "count",
    ),
    *(
        "from",
        "for",
        "why_not",
        "step",
        "top",
        "title",
        "start",
        "agenda",
        "attendees",
        "body",
        "timeline",
        "votes",
    ),
]
FIELD_NAMES = st.one_of(st.sampled_from(NAMES), ODD)
PAIRS = st.lists(st.tuples(FIELD_NAMES, ODD), max_size=6)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *(b"cookie", b"origin", b"if-none-match", b"range", b"accept-encoding", b"x-forwarded-for"),
                *(
                    b"user-agent",
                    b"content-length",
                    b"accept",
                    b"sec-fetch-site",
                    b"authorization",
                    b"referer",
                ),
            ]
        ),
        st.binary(max_size=40),
    ),
    max_size=3,
)


def escaped(pairs: list[tuple[str, str]]) -> bytes:
    def one(text: str) -> str:
        return quote_from_bytes(text.encode("utf-8", "surrogatepass"))

    return "&".join(f"{one(name)}={one(value)}" for name, value in pairs).encode()


def parts(pairs: list[tuple[str, str]], content: bytes) -> bytes:
    fields = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        % (
            name.encode("utf-8", "surrogatepass").replace(b"\r\n", b""),
            value.encode("utf-8", "surrogatepass"),
        )
        for name, value in pairs
    )
    file = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n%b\r\n' % content
    return fields + file + b"--x--\r\n"


BODIES = st.one_of(
    st.binary(max_size=60),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(FIELD_NAMES, JSON, max_size=4).map(lambda value: json.dumps(value).encode()),
    PAIRS.map(escaped),
    st.builds(parts, PAIRS, st.binary(max_size=40)),
)


@pytest.fixture
def target(world: World) -> Target:
    return Target(world)


def filled(data: st.DataObject, target: Target, path: str) -> str:
    """The path with something in each of its places: often what leads somewhere, often not."""

    def value(found: re.Match[str]) -> str:
        known = target.values.get(found[1].partition(":")[0], [])
        chosen = data.draw(st.one_of(st.sampled_from(known), ODD) if known else ODD)
        return chosen.replace("/", "") if ":" not in found[1] else chosen

    return re.sub(r"{([^}]+)}", value, path)


def require_answer(answer: Answer, method: str, path: str) -> None:
    assert answer.status != 0, (method, path)
    assert answer.status < 500, (method, path, answer.text[:300])
    assert answer.headers["x-content-type-options"] == "nosniff"
    if path.startswith("/api/") and answer.status >= 400:
        assert answer.headers["content-type"] == "application/problem+json", (method, path, answer.status)
        document = json.loads(answer.body)
        assert document["status"] == answer.status
        assert document["detail"]


def test_the_walk_finds_the_routes(target: Target) -> None:
    found = routes_of(target.app)
    assert len(found) > 120
    assert ("POST", "/api/v1/meetings") in found
    assert ("POST", "/a/{token}/answer") in found
    assert ("POST", "/sign-in") in found
    assert ("POST", "/meetings/{reference}/join-link") in found


@settings(
    max_examples=examples(500), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.data())
def test_no_input_gives_a_fault_of_ours(target: Target, data: st.DataObject) -> None:
    routes = sorted(routes_of(target.app))
    method, pattern = data.draw(st.sampled_from(routes))
    if pattern == "/events":
        return  # It goes on for ever; whoever may not see it is tested with the sign-in.
    path = filled(data, target, pattern)
    kind = data.draw(TYPES)
    headers = [
        *data.draw(HEADERS),
        (b"authorization", f"Bearer {target.token}".encode()),
        *([(b"content-type", kind.encode())] if kind else []),
    ]
    query = data.draw(st.one_of(st.just(b""), st.binary(max_size=30), PAIRS.map(escaped)))
    answer = ask(
        target.app, method, path, headers=headers, query=query, body=[data.draw(BODIES)], client="192.0.2.7"
    )
    require_answer(answer, method, path)


@pytest.mark.parametrize("value", ["9" * 5000, "2147483648", "9223372036854775808", "0", "-1", "1e5", "٣"])
def test_a_number_that_no_column_holds_is_nobodys(target: Target, value: str) -> None:
    headers = {"Authorization": f"Bearer {target.token}", "Content-Type": "application/x-www-form-urlencoded"}
    for method, pattern in sorted(routes_of(target.app)):
        if "{" not in pattern or pattern.startswith("/static"):
            continue
        for first in (pattern, re.sub(r"{(meeting|reference)}", "SOM-2026", pattern)):
            path = re.sub(r"{[^}]+}", value, first.replace("{token}", target.link))
            answer = ask(target.app, method, path, headers=headers, body=[f"version={value}".encode()])
            require_answer(answer, method, path[:80])
