"""Fixtures of the tests in this room."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

import pytest

from orchestrator.domain.time.zones import ZoneData


@pytest.fixture(scope="module")
def moved_zone(tmp_path_factory: pytest.TempPathFactory) -> ZoneData:
    """The pinned zone data, but that Viet Nam keeps UTC+08:00, as Singapore does."""
    folder = tmp_path_factory.mktemp("zones") / "tzdata"
    shutil.copytree(Path(str(resources.files("tzdata"))), folder)
    zones = folder / "zoneinfo" / "Asia"
    shutil.copy(zones / "Singapore", zones / "Ho_Chi_Minh")
    return ZoneData(folder, "2027.1")
