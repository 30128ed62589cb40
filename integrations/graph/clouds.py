"""Microsoft's clouds and their addresses.

Source: Graph documentation, "National cloud deployments". The cloud in China has no online meetings
and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cloud:
    """The base URL of Graph, with its version, and that of the sign-in authority."""

    graph_url: str
    authority_url: str


GLOBAL = Cloud("https://graph.microsoft.com/v1.0", "https://login.microsoftonline.com")
GCC_HIGH = Cloud("https://graph.microsoft.us/v1.0", "https://login.microsoftonline.us")
DOD = Cloud("https://dod-graph.microsoft.us/v1.0", "https://login.microsoftonline.us")

CLOUDS = {"global": GLOBAL, "gcc-high": GCC_HIGH, "dod": DOD}
"""The clouds by the names that the settings use."""
