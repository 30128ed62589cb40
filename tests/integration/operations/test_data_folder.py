"""A data folder belongs to one service."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.settings import Settings
from orchestrator.errors import ConfigurationError
from orchestrator.supervisor import own_folder


def test_a_second_service_is_told_who_has_the_folder(tmp_path: Path) -> None:
    first, second = Settings(data_dir=tmp_path, port=8001), Settings(data_dir=tmp_path, port=8002)
    with own_folder(first):
        for _ in range(2):
            with pytest.raises(ConfigurationError) as refused, own_folder(second):
                raise AssertionError("it must not get here")
            (problem,) = refused.value.problems
            assert problem.field == "ORCHESTRATOR_DATA_DIR"
            assert f"process {os.getpid()} at http://127.0.0.1:8001/" in problem.message
            assert "folder of its own" in problem.remedy
    with own_folder(second):
        pass


def test_folders_of_their_own_are_in_nobodys_way(tmp_path: Path) -> None:
    with own_folder(Settings(data_dir=tmp_path / "a")), own_folder(Settings(data_dir=tmp_path / "b")):
        pass


def test_what_a_killed_service_left_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "up.lock").write_text("1 http://127.0.0.1:8000/\n")
    with own_folder(Settings(data_dir=tmp_path)):
        assert str(os.getpid()) in (tmp_path / "up.lock").read_text()
