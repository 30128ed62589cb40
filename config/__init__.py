"""Settings, logging, and the data files a ministry may edit."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).parent
"""The folder that holds the data files shipped with the package."""
