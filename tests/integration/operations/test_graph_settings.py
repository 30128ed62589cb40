"""Where Graph and its sign-in are asked, and by which way, is checked before any secret leaves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.graph.client import GraphClient
from orchestrator.bootstrap import Container, read_settings
from orchestrator.doctor import _way_out
from orchestrator.errors import ConfigurationError
from tests.integration.operations.test_settings import PRODUCTION, given

__all__ = ["given"]

ELSEWHERE = {"graph_base_url": "https://graph.test.example:8443/v1.0"}
SIGN_IN = {"graph_authority_url": "https://login.test.example"}
SECRET_PROXY = "http://clerk:proxy-password@proxy.ministry.example:3128"

Given = Callable[..., None]


@pytest.mark.parametrize("other", [ELSEWHERE, SIGN_IN])
def test_another_graph_needs_an_explicit_yes(given: Given, other: dict[str, str]) -> None:
    given(**PRODUCTION, **other)
    with pytest.raises(ConfigurationError, match="ORCHESTRATOR_GRAPH_OTHER_ENDPOINT=true"):
        read_settings()


def test_another_graph_is_asked_after_a_yes(given: Given) -> None:
    given(**PRODUCTION, **ELSEWHERE, **SIGN_IN, graph_other_endpoint="true")
    container = Container(read_settings())
    shown = _way_out(container)
    assert ELSEWHERE["graph_base_url"] in shown
    assert SIGN_IN["graph_authority_url"] in shown
    client: GraphClient = container.conferences._client  # type: ignore[attr-defined]
    assert client._base == ELSEWHERE["graph_base_url"]
    assert client._tokens._authority.startswith(SIGN_IN["graph_authority_url"])


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.test.example/v1.0",
        "https://user:secret-part@graph.test.example",
        "https://",
        "https://graph.test.example?secret-part",
        "https://graph.test.example:99999",
        "https://[::1",
        "https://graph test.example",
        "graph.test.example",
        "file:///etc/passwd",
    ],
)
def test_another_graph_is_an_https_address(given: Given, url: str) -> None:
    given(**PRODUCTION, graph_base_url=url, graph_other_endpoint="true")
    with pytest.raises(ConfigurationError, match="is not an https address") as caught:
        read_settings()
    assert "secret-part" not in str(caught.value)


def test_an_ipv6_address_is_one(given: Given) -> None:
    given(**PRODUCTION, graph_base_url="https://[2001:db8::1]:8443/v1.0", graph_other_endpoint="true")
    assert read_settings().graph_base_url == "https://[2001:db8::1]:8443/v1.0"


@pytest.mark.parametrize("url", ["p.example:3128", "socks5://p:1", "http://", "http://u:its password@p:1"])
def test_a_proxy_that_cannot_be_one_is_named_and_not_repeated(given: Given, url: str) -> None:
    given(**PRODUCTION, https_proxy=url)
    with pytest.raises(ConfigurationError, match="ORCHESTRATOR_HTTPS_PROXY") as caught:
        read_settings()
    assert "its password" not in str(caught.value)


def test_doctor_shows_the_proxy_without_its_password(given: Given) -> None:
    given(**PRODUCTION, https_proxy=SECRET_PROXY)
    container = Container(read_settings())
    shown = _way_out(container)
    assert "through proxy.ministry.example:3128" in shown
    assert "proxy-password" not in shown + repr(container.settings)
    client: GraphClient = container.conferences._client  # type: ignore[attr-defined]
    assert client._proxy == client._tokens._proxy == SECRET_PROXY
    assert client._connected().proxies["https"] == SECRET_PROXY
    client.close()


@pytest.mark.parametrize("name", ["graph_base_url", "graph_authority_url", "https_proxy"])
def test_the_sandbox_has_no_way_out(given: Given, name: str) -> None:
    given(**{name: "https://elsewhere.example"})
    with pytest.raises(ConfigurationError, match="is a production setting"):
        read_settings()
