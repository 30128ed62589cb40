"""Checks of the settings for Microsoft Graph and for the way to it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from config.settings import Settings
from orchestrator.errors import Problem

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def graph_problems(settings: Settings) -> list[Problem]:
    """Return what is wrong with the settings for Graph, without addresses that may hold a password."""
    return [
        *_tenant_problems(settings.graph_tenant_id),
        *_endpoint_problems(settings),
        *_proxy_problems(settings),
    ]


def _tenant_problems(tenant_id: str | None) -> list[Problem]:
    if not tenant_id or _GUID.fullmatch(tenant_id):
        return []
    return [
        Problem(
            "ORCHESTRATOR_GRAPH_TENANT_ID",
            tenant_id,
            "is not a GUID",
            "Copy the Directory (tenant) ID from the Entra admin centre.",
        )
    ]


def _endpoint_problems(settings: Settings) -> list[Problem]:
    """The client secret goes to these addresses, so only an explicit yes leads it away from Microsoft."""
    given = {
        "ORCHESTRATOR_GRAPH_BASE_URL": settings.graph_base_url,
        "ORCHESTRATOR_GRAPH_AUTHORITY_URL": settings.graph_authority_url,
    }
    problems = []
    for name, url in given.items():
        if url is None:
            continue
        if not settings.graph_other_endpoint:
            problems.append(
                Problem(
                    name,
                    "",
                    "would send the client secret or the token elsewhere than to Microsoft",
                    "Unset it, or say that this is meant with ORCHESTRATOR_GRAPH_OTHER_ENDPOINT=true.",
                )
            )
        elif not _is_address(url, ("https",)):
            problems.append(
                Problem(
                    name,
                    "",
                    "is not an https address without user name and query",
                    "Write it like https://graph.example:8443/v1.0.",
                )
            )
    return problems


def _proxy_problems(settings: Settings) -> list[Problem]:
    proxy = settings.https_proxy.get_secret_value() if settings.https_proxy else None
    if proxy is None or _is_address(proxy, ("http", "https"), may_sign_in=True):
        return []
    return [
        Problem(
            "ORCHESTRATOR_HTTPS_PROXY",
            "",
            "is not the address of a proxy",
            "Write it like http://proxy.ministry.example:3128, or http://name:password@proxy.ministry.example:3128.",
        )
    ]


def _is_address(url: str, schemes: tuple[str, ...], *, may_sign_in: bool = False) -> bool:
    if any(sign.isspace() or not sign.isprintable() for sign in url):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    plain = not parts.query and not parts.fragment and (may_sign_in or "@" not in parts.netloc)
    return parts.scheme in schemes and bool(parts.hostname) and plain
