"""The contract of ``ports.ConferenceProvider``, over real HTTPS with real MSAL.

This file is longer than others, because a contract is one suite that every adapter runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID, uuid4

import pytest
from jsonschema import Draft202012Validator

from integrations.graph.client import GraphClient
from integrations.graph.clouds import CLOUDS
from integrations.graph.conferences import TeamsConferences
from orchestrator.errors import PermanentFailure, TransientFailure
from orchestrator.ports import ConferenceProvider, ConferenceRequest

START = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)


@pytest.fixture
def clients(sandbox: Any) -> Iterator[Callable[..., GraphClient]]:
    made: list[GraphClient] = []

    def make(**changes: Any) -> GraphClient:
        made.append(sandbox.client(**changes))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def provider(clients: Callable[..., GraphClient], sandbox: Any) -> ConferenceProvider:
    return TeamsConferences(clients(), sandbox.plan.organizer_id)


@pytest.fixture
def wanted() -> ConferenceRequest:
    return ConferenceRequest(str(uuid4()), "SOM — Hà Nội", START, START + timedelta(hours=2))


def meetings(sandbox: Any, request: ConferenceRequest) -> list[dict[str, Any]]:
    return [each for each in sandbox.get("meetings") if each["externalId"] == request.external_id]


def moved(request: ConferenceRequest, provider_id: str | None = None) -> ConferenceRequest:
    later = timedelta(days=7)
    return replace(
        request,
        subject="SOM (moved)",
        starts_at=request.starts_at + later,
        ends_at=request.ends_at + later,
        provider_id=provider_id,
    )


def test_a_meeting_is_made_with_subject_and_time(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any
) -> None:
    info = provider.ensure(wanted)
    (meeting,) = meetings(sandbox, wanted)
    assert (meeting["id"], meeting["joinWebUrl"]) == (info.provider_id, info.join_url)
    assert info.join_url.startswith("https://teams.example/l/meetup-join/")
    assert meeting["subject"] == wanted.subject
    assert datetime.fromisoformat(meeting["startDateTime"]) == wanted.starts_at
    assert datetime.fromisoformat(meeting["endDateTime"]) == wanted.ends_at


def test_ensuring_again_changes_nothing(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any
) -> None:
    first = provider.ensure(wanted)
    assert provider.ensure(wanted) == first
    assert provider.ensure(replace(wanted, provider_id=first.provider_id)) == first
    assert len(meetings(sandbox, wanted)) == 1


def test_an_agreeing_meeting_is_not_patched(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any
) -> None:
    provider.ensure(wanted)
    before = len(sandbox.get("requests"))
    provider.ensure(wanted)
    assert [each["method"] for each in sandbox.get("requests")[before:]] == ["POST"]


@pytest.mark.parametrize("id_known", [True, False])
def test_a_move_keeps_the_link(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any, id_known: bool
) -> None:
    first = provider.ensure(wanted)
    change = moved(wanted, first.provider_id if id_known else None)
    assert provider.ensure(change) == first
    (meeting,) = meetings(sandbox, wanted)
    assert meeting["subject"] == "SOM (moved)"
    assert datetime.fromisoformat(meeting["startDateTime"]) == change.starts_at


def test_a_meeting_that_vanished_is_made_anew(
    provider: ConferenceProvider, wanted: ConferenceRequest
) -> None:
    first = provider.ensure(wanted)
    known = replace(wanted, provider_id=first.provider_id)
    provider.delete(known)
    assert provider.ensure(known).provider_id != first.provider_id


def test_deleting_twice_is_fine(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any
) -> None:
    known = replace(wanted, provider_id=provider.ensure(wanted).provider_id)
    provider.delete(known)
    provider.delete(known)
    assert meetings(sandbox, wanted) == []


def test_a_meeting_whose_id_got_lost_is_deleted_too(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any
) -> None:
    provider.ensure(wanted)
    provider.delete(wanted)
    assert meetings(sandbox, wanted) == []


def test_a_lost_answer_and_a_repeat_make_one_meeting(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any
) -> None:
    sandbox.fault(match="createOrGet", drop=True)
    with pytest.raises(TransientFailure) as caught:
        provider.ensure(wanted)
    assert caught.value.unknown
    provider.ensure(wanted)
    assert len(meetings(sandbox, wanted)) == 1


def test_the_organizer_may_be_named_by_address(
    clients: Callable[..., GraphClient], wanted: ConferenceRequest, sandbox: Any
) -> None:
    provider = TeamsConferences(clients(), sandbox.plan.organizer_upn)
    before = len(sandbox.get("requests"))
    provider.ensure(wanted)
    provider.delete(wanted)
    paths = [each["path"] for each in sandbox.get("requests")[before:]]
    assert paths.count(f"/v1.0/users/{sandbox.plan.organizer_upn}") == 1
    assert all(sandbox.plan.organizer_id in path for path in paths[1:])


def test_check_names_the_organizer(clients: Callable[..., GraphClient], sandbox: Any) -> None:
    for organizer in (sandbox.plan.organizer_id, sandbox.plan.organizer_upn):
        assert sandbox.plan.organizer_upn in TeamsConferences(clients(), organizer).check()


def test_check_does_without_permission_to_read_users(provider: ConferenceProvider, sandbox: Any) -> None:
    sandbox.fault(match="GET /v1.0/users", status=403, code="Authorization_RequestDenied")
    assert sandbox.plan.organizer_id in provider.check()


@pytest.mark.parametrize("organizer", ["nobody@accsm.example", "11111111-2222-4333-8444-555555555555"])
def test_an_unknown_organizer_is_named(clients: Callable[..., GraphClient], organizer: str) -> None:
    with pytest.raises(PermanentFailure, match=f"no account {organizer}.*ORCHESTRATOR_GRAPH_ORGANIZER"):
        TeamsConferences(clients(), organizer).check()


# --- trouble


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (7, 7.0),
        ("Fri, 31 Dec 2100 23:59:59 GMT", 3600.0),
        ("Sat, 01 Jan 2000 00:00:00 GMT", None),
        (None, None),
        ("soon", None),
    ],
)
def test_throttling_says_how_long_to_wait(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any, header: Any, seconds: float | None
) -> None:
    sandbox.fault(match="createOrGet", status=429, retry_after=header, code="TooManyRequests")
    with pytest.raises(TransientFailure, match="429 TooManyRequests") as caught:
        provider.ensure(wanted)
    assert not caught.value.unknown
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_trouble_of_the_service_passes(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any, status: int
) -> None:
    sandbox.fault(match="createOrGet", status=status)
    with pytest.raises(TransientFailure):
        provider.ensure(wanted)
    assert provider.ensure(wanted).join_url


def test_after_a_503_a_new_connection_is_used(clients: Callable[..., GraphClient], sandbox: Any) -> None:
    client = clients()
    TeamsConferences(client, sandbox.plan.organizer_id).check()
    before = client._session
    sandbox.fault(match="GET /v1.0/users", status=503)
    with pytest.raises(TransientFailure):
        TeamsConferences(client, sandbox.plan.organizer_id).check()
    TeamsConferences(client, sandbox.plan.organizer_id).check()
    assert client._session is not before


def test_500_of_a_request_that_must_not_be_repeated_is_permanent(
    clients: Callable[..., GraphClient], sandbox: Any
) -> None:
    sandbox.fault(match="onlineMeetings", status=500)
    with pytest.raises(PermanentFailure, match="may have acted"):
        clients().request(
            "POST", f"/users/{sandbox.plan.organizer_id}/onlineMeetings", body={}, idempotent=False
        )


def test_a_missing_policy_prints_the_commands(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any
) -> None:
    sandbox.fault(
        match="createOrGet",
        status=403,
        code="Forbidden",
        message="No application access policy found for this app: please contact your administrator.",
    )
    with pytest.raises(TransientFailure) as caught:
        provider.ensure(wanted)
    lines = caught.value.message.splitlines()
    (new,) = [line for line in lines if line.startswith("New-CsApplicationAccessPolicy")]
    (grant,) = [line for line in lines if line.startswith("Grant-CsApplicationAccessPolicy")]
    assert sandbox.plan.client_id in new
    assert sandbox.plan.organizer_id in grant


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"code": "", "message": "empty code"}}, "400 empty code"),
        (
            {"error": {"code": "", "message": "outer", "innererror": {"code": "Inner", "request-id": "r-1"}}},
            "400 Inner outer",
        ),
        ({"error": {"code": "C", "message": "", "innerError": {"message": "deep"}}}, "400 C deep"),
        ({"error": {"error": {"code": "Nested", "message": "m"}}}, "400 Nested m"),
        ({"error": "text"}, "400 Bad Request"),
        (["a list"], "400 Bad Request"),
        ("<html>gateway</html>", "400 Bad Request"),
    ],
)
def test_every_shape_of_error_is_read(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any, body: Any, words: str
) -> None:
    sandbox.fault(match="createOrGet", status=400, body=body)
    with pytest.raises(PermanentFailure, match=words):
        provider.ensure(wanted)


@pytest.mark.parametrize(
    ("body", "words"),
    [({"id": "x", "joinWebUrl": None}, "without a join link"), ("<html>", "not a JSON object")],
)
def test_a_success_without_a_link_is_none(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any, body: Any, words: str
) -> None:
    sandbox.fault(match="createOrGet", status=201, body=body)
    with pytest.raises(TransientFailure, match=words):
        provider.ensure(wanted)


@pytest.mark.parametrize(
    "link",
    ["http://teams.example/1", "https://teams.example@evil.example/1", "https://teams\u200b.example/1"],
)
def test_a_link_that_hides_where_it_leads_is_not_taken(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any, link: str
) -> None:
    sandbox.fault(match="createOrGet", status=201, body={"id": "x", "joinWebUrl": link})
    with pytest.raises(PermanentFailure, match="with a join link that"):
        provider.ensure(wanted)


def test_a_token_that_ended_early_is_renewed(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any
) -> None:
    provider.ensure(wanted)
    sandbox.fault(match="createOrGet", status=401, code="InvalidAuthenticationToken")
    assert provider.ensure(wanted).join_url
    sandbox.fault(match="createOrGet", status=401, times=2)
    with pytest.raises(TransientFailure, match="ORCHESTRATOR_GRAPH_TENANT_ID"):
        provider.ensure(wanted)


def test_a_wrong_secret_names_the_setting_and_not_the_secret(
    clients: Callable[..., GraphClient], sandbox: Any
) -> None:
    provider = TeamsConferences(clients(client_secret="wrong-secret"), sandbox.plan.organizer_id)
    with pytest.raises(PermanentFailure, match="ORCHESTRATOR_GRAPH_CLIENT_SECRET") as caught:
        provider.check()
    assert "wrong-secret" not in repr(caught.value) + str(vars(caught.value))


def test_a_wrong_tenant_names_the_setting(clients: Callable[..., GraphClient], sandbox: Any) -> None:
    provider = TeamsConferences(clients(tenant_id=str(uuid4())), sandbox.plan.organizer_id)
    with pytest.raises(PermanentFailure, match="ORCHESTRATOR_GRAPH_TENANT_ID"):
        provider.check()


def test_a_sign_in_that_is_throttled_or_down_passes(
    clients: Callable[..., GraphClient], wanted: ConferenceRequest, sandbox: Any
) -> None:
    for match, status in (("openid-configuration", 429), ("openid-configuration", 503), ("token", 503)):
        sandbox.fault(match=match, status=status, body="<html>busy</html>")
        with pytest.raises(TransientFailure) as caught:
            TeamsConferences(clients(), sandbox.plan.organizer_id).ensure(wanted)
        assert not caught.value.unknown


def test_a_service_that_is_away_is_transient(
    clients: Callable[..., GraphClient], wanted: ConferenceRequest, sandbox: Any
) -> None:
    client = clients(graph_url="https://localhost:1/v1.0")
    with pytest.raises(TransientFailure) as caught:
        TeamsConferences(client, sandbox.plan.organizer_id).ensure(wanted)
    assert not caught.value.unknown
    with pytest.raises(TransientFailure):
        TeamsConferences(clients(authority_url="https://localhost:1"), "x@y.example").check()


def test_an_unknown_certificate_is_not_trusted(
    clients: Callable[..., GraphClient], sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nor does the environment change what is trusted.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sandbox.ca_file))
    with pytest.raises(TransientFailure):
        TeamsConferences(clients(ca_file=None), sandbox.plan.organizer_id).check()


def test_many_threads_sign_in_once(clients: Callable[..., GraphClient]) -> None:
    client = clients()
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: client._tokens.token(), range(16)))
    assert len(tokens) == 1


# --- what was sent


def test_requests_have_their_documented_form(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any
) -> None:
    before = len(sandbox.get("requests"))
    info = provider.ensure(wanted)
    provider.ensure(moved(wanted, info.provider_id))
    provider.delete(replace(wanted, provider_id=info.provider_id))
    create, patch, delete = sandbox.get("requests")[before:]
    assert create["body"]["startDateTime"] == "2026-12-01T07:00:00Z"
    assert_valid("req.onlineMeeting.createOrGet", create["body"])
    assert_valid("req.onlineMeeting.patch", patch["body"])
    assert (delete["method"], delete["body"], delete["status"]) == ("DELETE", None, 204)
    attempts = [UUID(each["client-request-id"]) for each in (create, patch, delete)]
    assert len(set(attempts)) == 3


def test_all_recorded_requests_and_meetings_agree_with_the_schema(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any
) -> None:
    provider.ensure(wanted)
    definitions = {"POST": "req.onlineMeeting.createOrGet", "PATCH": "req.onlineMeeting.patch"}
    # The sandbox is the whole session's, and another test makes a plain meeting, as our client never does.
    bodies = [
        (definitions[each["method"]], each["body"])
        for each in sandbox.get("requests")
        if each["body"] is not None
        and each["status"] in (200, 201)
        and not each["path"].endswith("/onlineMeetings")
    ]
    assert bodies
    for definition, body in bodies:
        assert_valid(definition, body)
    for meeting in sandbox.get("meetings"):
        assert_valid("onlineMeeting", meeting)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("onlineMeetings/createOrGet", {"subject": "no external id"}),
        ("onlineMeetings/createOrGet", {"externalId": "e", "allowedPresenters": "everyone"}),
        ("onlineMeetings/createOrGet", {"externalId": "e", "startDateTime": "2026-12-01T07:00:00"}),
        ("onlineMeetings", {"externalId": "e"}),
    ],
)
def test_the_sandbox_refuses_what_graph_would_refuse(
    clients: Callable[..., GraphClient], sandbox: Any, path: str, body: Any
) -> None:
    with pytest.raises(PermanentFailure, match="400 BadRequest"):
        clients().request("POST", f"/users/{sandbox.plan.organizer_id}/{path}", body=body)


def test_the_sandbox_makes_and_shows_plain_meetings(
    clients: Callable[..., GraphClient], sandbox: Any
) -> None:
    base = f"/users/{sandbox.plan.organizer_id}/onlineMeetings"
    client = clients()
    made = client.request("POST", base, body={"subject": "plain"}, idempotent=False)
    assert made.status == 201
    assert client.request("GET", f"{base}/{made.body['id']}").body == made.body
    with pytest.raises(PermanentFailure, match="404"):
        client.request("POST", f"/users/{sandbox.plan.organizer_upn}/onlineMeetings", body={})


def test_all_clouds_have_both_addresses() -> None:
    assert set(CLOUDS) == {"global", "gcc-high", "dod"}
    assert all(
        address.startswith("https://")
        for cloud in CLOUDS.values()
        for address in (cloud.graph_url, cloud.authority_url)
    )


def assert_valid(definition: str, body: Any) -> None:
    Draft202012Validator({**schema(), "$ref": f"#/$defs/{definition}"}).validate(body)


@cache
def schema() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        files("integrations.sandbox").joinpath("graph.schema.json").read_bytes()
    )
    Draft202012Validator.check_schema(content)
    return content
