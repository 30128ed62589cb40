"""What ``ports.ConferenceProvider`` does when Graph, its sign-in or the network misbehaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from integrations.graph.client import GraphClient
from integrations.graph.conferences import TeamsConferences
from integrations.graph.token import TokenSource
from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure
from orchestrator.ports import ConferenceProvider, ConferenceRequest

START = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
SECRET_WORDS = "a-secret-that-stays-here"


@pytest.fixture
def clients(sandbox: Any) -> Iterator[Callable[..., GraphClient]]:
    with ExitStack() as stack:

        def make(**changes: Any) -> GraphClient:
            client: GraphClient = sandbox.client(**changes)
            stack.callback(client.close)
            return client

        yield make
        sandbox.forget_faults()


@pytest.fixture
def provider(clients: Callable[..., GraphClient], sandbox: Any) -> ConferenceProvider:
    return TeamsConferences(clients(), sandbox.plan.organizer_id)


@pytest.fixture
def wanted() -> ConferenceRequest:
    return ConferenceRequest(str(uuid4()), "SOM", START, START + timedelta(hours=2))


# --- which failures pass


@pytest.mark.parametrize(
    "status", [408, 409, 423, 425, 429, 500, 501, 502, 503, 504, 505, 507, 509, 520, 599]
)
def test_what_may_pass_is_tried_again(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any, status: int
) -> None:
    sandbox.fault(match="createOrGet", status=status)
    with pytest.raises(TransientFailure) as caught:
        provider.ensure(wanted)
    assert not caught.value.needs_person
    assert provider.ensure(wanted).join_url


def test_a_token_refused_twice_passes(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any
) -> None:
    sandbox.fault(match="createOrGet", status=401, times=2, code="InvalidAuthenticationToken")
    with pytest.raises(TransientFailure, match="This passes at times") as caught:
        provider.ensure(wanted)
    assert not caught.value.unknown
    assert provider.ensure(wanted).join_url


@pytest.mark.parametrize("status", [400, 404, 405, 410, 412, 413, 415, 422])
def test_what_will_not_pass_needs_a_person(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any, status: int
) -> None:
    sandbox.fault(match="createOrGet", status=status)
    with pytest.raises(PermanentFailure) as caught:
        provider.ensure(wanted)
    assert caught.value.needs_person


# --- Retry-After


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("12.5", 12.5),
        ("0", 0.0),
        ("3601", 3600.0),
        ("9" * 400, 3600.0),
        ("99999999999", 3600.0),
        ("Fri, 31 Dec 2100 23:59:59 GMT", 3600.0),
        ("Fri, 31 Dec 2100 23:59:59 -0000", 3600.0),
        ("Sat, 01 Jan 2000 00:00:00 GMT", None),
        ("inf", None),
        ("Infinity", None),
        ("nan", None),
        ("-5", None),
        ("+5", None),
        ("1e9", None),
        ("1_000", None),
        ("³", None),
        ("soon", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("Fri, 99 Dec 2100 23:59:59 GMT", None),
    ],
)
def test_retry_after_is_finite_and_at_most_an_hour(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any, header: str, seconds: float | None
) -> None:
    sandbox.fault(match="createOrGet", status=429, retry_after=header)
    with pytest.raises(TransientFailure) as caught:
        provider.ensure(wanted)
    assert caught.value.retry_after == seconds


# --- sign-in


@pytest.mark.parametrize("match", ["openid-configuration", "oauth2/v2.0/token"])
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize(
    "body",
    [
        {"error": "invalid_client", "error_description": "AADSTS7000215: not really."},
        {"error": "invalid_request"},
        {"error": None},
        {},
        [],
        "<html>busy</html>",
        "",
    ],
)
def test_a_throttled_or_broken_sign_in_passes_whatever_it_says(
    clients: Callable[..., GraphClient],
    wanted: ConferenceRequest,
    sandbox: Any,
    match: str,
    status: int,
    body: Any,
) -> None:
    sandbox.fault(match=match, status=status, body=body, retry_after=30)
    with pytest.raises(TransientFailure) as caught:
        TeamsConferences(clients(), sandbox.plan.organizer_id).ensure(wanted)
    assert caught.value.retry_after == 30.0
    assert not caught.value.needs_person


def tokens(sandbox: Any, **changes: Any) -> TokenSource:
    values: dict[str, Any] = {
        "tenant_id": sandbox.plan.tenant_id,
        "client_id": sandbox.plan.client_id,
        "client_secret": sandbox.plan.client_secret,
        "graph_url": f"{sandbox.base}/v1.0",
        "authority_url": sandbox.base,
        "ca_file": sandbox.ca_file,
        "timeout": 5.0,
    }
    return TokenSource(**(values | changes))


def test_a_throttled_sign_in_is_left_alone_until_its_time_and_then_works(sandbox: Any) -> None:
    clock = [100.0]
    source = tokens(sandbox, now=lambda: clock[0])
    sandbox.fault(match="oauth2/v2.0/token", status=429, retry_after=60, body={"error": "x"})
    with pytest.raises(TransientFailure):
        source.token()
    clock[0] += 20
    with pytest.raises(TransientFailure) as caught:
        source.token()
    assert caught.value.retry_after == 40.0
    clock[0] += 41
    assert source.token()
    source.close()


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
def test_one_failed_sign_in_does_not_fail_the_next(sandbox: Any, status: int) -> None:
    source = tokens(sandbox)
    sandbox.fault(match="oauth2/v2.0/token", status=status, body={"error": "invalid_request"})
    with pytest.raises(DeliveryError):
        source.token()
    assert source.token()
    source.close()


# --- a missing access policy


POLICIES = [
    (403, "Forbidden", "No application access policy found for this app: please contact your administrator."),
    (403, "General", "No application access policy found for this app."),
    (403, "Unauthorized", "App a1b2 is not authorized to Create meeting on behalf of user c3d4"),
    (401, "Unauthorized", "App a1b2 is not authorised to Update meeting on behalf of user c3d4."),
    (
        403,
        "Forbidden",
        (
            "Application is not allowed to perform operations on the user 'c3d4', neither is allowed access "
            "through RSC permission evaluation."
        ),
    ),
]


@pytest.mark.parametrize(("status", "code", "message"), POLICIES)
def test_every_text_of_a_missing_policy_gives_the_commands_and_is_tried_again(
    provider: ConferenceProvider,
    wanted: ConferenceRequest,
    sandbox: Any,
    status: int,
    code: str,
    message: str,
) -> None:
    sandbox.fault(match="createOrGet", status=status, code=code, message=message, times=2)
    with pytest.raises(TransientFailure) as caught:
        provider.ensure(wanted)
    assert caught.value.retry_after == 1800.0
    assert caught.value.needs_person
    text = caught.value.message
    assert f'-AppIds "{sandbox.plan.client_id}"' in text
    assert f'-Identity "{sandbox.plan.organizer_id}"' in text


def test_a_missing_permission_is_not_taken_for_a_missing_policy(
    provider: ConferenceProvider, wanted: ConferenceRequest, sandbox: Any
) -> None:
    sandbox.fault(match="createOrGet", status=403, code="Forbidden", message="Missing role permissions")
    with pytest.raises(PermanentFailure, match=r"OnlineMeetings\.ReadWrite\.All") as caught:
        provider.ensure(wanted)
    assert "CsApplicationAccessPolicy" not in caught.value.message


# --- what doctor finds


@pytest.mark.parametrize(("status", "code", "message"), POLICIES)
def test_the_check_sees_a_missing_policy(
    provider: ConferenceProvider, sandbox: Any, status: int, code: str, message: str
) -> None:
    sandbox.fault(
        match=f"GET /v1.0/users/{sandbox.plan.organizer_id}/onlineMeetings",
        status=status,
        code=code,
        message=message,
        times=2,
    )
    with pytest.raises(DeliveryError, match="Grant-CsApplicationAccessPolicy"):
        provider.check()


@pytest.mark.parametrize("where", ["/onlineMeetings", ""])
@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 409, 429, 500, 503])
def test_the_check_is_not_green(provider: ConferenceProvider, sandbox: Any, where: str, status: int) -> None:
    sandbox.fault(match=f"GET /v1.0/users/{sandbox.plan.organizer_id}{where}", status=status, times=2)
    with pytest.raises(DeliveryError):
        provider.check()


def test_the_check_is_not_green_on_a_page_of_html(provider: ConferenceProvider, sandbox: Any) -> None:
    sandbox.fault(match="/onlineMeetings", status=200, body="<html>Welcome to the hotel</html>")
    with pytest.raises(DeliveryError, match="not a JSON object"):
        provider.check()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"accountEnabled": False}, "is disabled"),
        ({"userType": "Guest"}, "is a guest"),
        ({"assignedPlans": []}, "no licence for Microsoft Teams"),
        (
            {"assignedPlans": [{"service": "exchange", "capabilityStatus": "Enabled"}]},
            "no licence for Microsoft Teams",
        ),
        (
            {"assignedPlans": [{"service": "TeamspaceAPI", "capabilityStatus": "Suspended"}]},
            "no licence for Microsoft Teams",
        ),
    ],
)
def test_the_check_tells_what_is_wrong_with_the_organizer(
    provider: ConferenceProvider, sandbox: Any, changes: dict[str, Any], words: str
) -> None:
    user = {"id": sandbox.plan.organizer_id, "userPrincipalName": "o@x.example", **changes}
    sandbox.fault(match="GET /v1.0/users", status=200, body=user)
    with pytest.raises(PermanentFailure, match=words) as caught:
        provider.check()
    assert "ORCHESTRATOR_GRAPH_ORGANIZER" in caught.value.message


def test_the_check_tells_a_missing_permission(provider: ConferenceProvider, sandbox: Any) -> None:
    sandbox.fault(match="/onlineMeetings", status=403, code="Forbidden", message="Missing role")
    with pytest.raises(PermanentFailure, match=r"OnlineMeetings\.ReadWrite\.All"):
        provider.check()


def test_the_check_changes_nothing(provider: ConferenceProvider, sandbox: Any) -> None:
    before = len(sandbox.get("requests"))
    assert "can be read" in provider.check()
    assert {each["method"] for each in sandbox.get("requests")[before:]} == {"GET"}
