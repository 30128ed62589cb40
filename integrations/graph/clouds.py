"""Microsoft's clouds and their addresses.

Source: Graph documentation, "National cloud deployments". The cloud in China has no online meetings
and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cloud:
    """The base URL of Graph, with its version, those of the sign-in authority and of Exchange Online."""

    graph_url: str
    authority_url: str
    outlook_url: str


GLOBAL = Cloud(
    "https://graph.microsoft.com/v1.0",
    "https://login.microsoftonline.com",
    "https://outlook.office365.com",
)
GCC_HIGH = Cloud(
    "https://graph.microsoft.us/v1.0", "https://login.microsoftonline.us", "https://outlook.office365.us"
)
DOD = Cloud(
    "https://dod-graph.microsoft.us/v1.0", "https://login.microsoftonline.us", "https://webmail.apps.mil"
)

CLOUDS = {"global": GLOBAL, "gcc-high": GCC_HIGH, "dod": DOD}
"""The clouds by the names that the settings use."""
