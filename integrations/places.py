"""Host and port as people and addresses write them."""

from __future__ import annotations


def place_of(host: str, port: int) -> str:
    """Return ``host:port``; an IPv6 address stands in brackets (RFC 3986 section 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
