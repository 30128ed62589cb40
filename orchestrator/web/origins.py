"""Where requests come from: the page that sent a form, the host that was asked, the network it came from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.types import Scope

_ALWAYS_ALLOWED = ("127.0.0.1", "localhost", "[::1]")
_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_.])?)(?::([0-9]{1,5}))?")
_PORTS = {"http": 80, "https": 443}
Origin = tuple[str, str, int]
"""Scheme, host and port (RFC 6454, section 4)."""


def origin_of(address: str) -> Origin | None:
    """Return scheme, host and port of an address; ``None`` for one without, such as ``null``."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or parts.scheme not in _PORTS:
        return None
    return parts.scheme, host.rstrip("."), port or _PORTS[parts.scheme]


def own_origins(scheme: str, host: str, public_url: str | None) -> Sequence[Origin]:
    """Return whose forms are ours: those of the public address, and those of the one that was asked.

    A proxy may change ``Host`` and speak plain HTTP, so the public address counts by itself. Under the name
    of that one, plain HTTP does not count beside HTTPS: a page that came over it may be anybody's.
    """
    public = origin_of(public_url or "")
    asked = origin_of(f"{scheme}://{host}")
    if public is None:
        return [asked] if asked else []
    if asked is None or (asked[1] == public[1] and asked[0] != public[0]):
        return [public]
    return [public, asked]


def allowed_hosts(public_url: str | None, further: str) -> frozenset[str]:
    """Return the names that the service answers to; any other could be a page pointed at this machine."""
    public = origin_of(public_url or "")
    given = {_in_header(item.strip().lower()) for item in further.split(",")} - {""}
    own = {_in_header(public[1])} if public else set()
    return frozenset({*_ALWAYS_ALLOWED, *own, *given})


def _in_header(host: str) -> str:
    """Return a host as a Host header has it: an IPv6 address in brackets (RFC 9110 section 7.2)."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def host_allowed(host: str, allowed: frozenset[str]) -> bool:
    """Whether a Host header names one of them; ``*.example.org`` among them stands for all names below."""
    found = _HOST.fullmatch(host.lower())
    if found is None or int(found[2] or 0) > 65535:
        return False
    name = found[1].rstrip(".")
    return (
        name in allowed
        or "*" in allowed
        or any(name.endswith(item[1:]) for item in allowed if item[:2] == "*.")
    )


def source_of(scope: Scope) -> str:
    """Return the network that a request comes from: an IPv4 address, or the /64 of one IPv6 customer."""
    host = (scope.get("client") or ("unknown", 0))[0]
    try:
        address = ip_address(host)
    except ValueError:
        return str(host)[:64]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)
