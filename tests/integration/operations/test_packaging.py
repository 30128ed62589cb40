"""What is built and installed: wheel, lock files, Makefile and Dockerfile."""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from tests.integration.operations.sources import ROOT, instructions, run, text_of

PACKAGES = ("config", "integrations", "orchestrator", "tasks")
_LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")


# --- importing and installing


def test_the_packages_are_this_projects_from_anywhere(tmp_path: Path) -> None:
    """Their names are generic, so another distribution could bring the same."""
    code = f"import json; import {', '.join(PACKAGES)}; print(json.dumps([{', '.join(f'{name}.__file__' for name in PACKAGES)}]))"  # noqa: E501
    ended = run(sys.executable, "-c", code, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == [str(ROOT / name / "__init__.py") for name in PACKAGES]


def test_commands_start_without_what_only_a_few_of_them_need(tmp_path: Path) -> None:
    """Importing these would take half of the time in which a command answers."""
    heavy = ["fastapi", "starlette", "uvicorn", "alembic", "celery", "redis", "requests", "msal"]
    code = f"import sys; import orchestrator.cli; print([name for name in {heavy} if name in sys.modules])"
    ended = run(sys.executable, "-c", code, cwd=tmp_path)
    assert (ended.stdout.strip(), ended.stderr) == ("[]", "")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    ended = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    here = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == here
    for kind in (".yaml", ".j2", ".schema.json", "versions/0001_the_scheduling_database.py"):
        assert any(name.endswith(kind) for name in held), kind


def test_the_installed_wheel_works_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", symlinks=True)
    (installed,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    # The libraries come from here; of a folder named in a .pth file, the .pth files do not count, so
    # the editable installation of this tree stays out.
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    (installed / "libraries.pth").write_text(f"{libraries}\n", "utf-8")
    python = tmp_path / "venv" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index")
    ended = run(*pip, wheel, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    empty = tmp_path / "empty"
    empty.mkdir()
    orchestrator = tmp_path / "venv" / "bin" / "orchestrator"

    where = run(python, "-c", "import orchestrator; print(orchestrator.__file__)", cwd=empty)
    assert where.stdout.strip() == str(installed / "orchestrator" / "__init__.py")
    version = run(orchestrator, "--version", cwd=empty)
    assert version.stdout.split()[-1] == tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    upgraded = run(orchestrator, "db", "upgrade", cwd=empty)
    assert upgraded.returncode == 0, upgraded.stderr
    examined = run(orchestrator, "doctor", "--json", cwd=empty)
    findings = {item["part"]: item["well"] for item in json.loads(examined.stdout)}
    # All is well but what only a running sandbox has.
    assert examined.returncode == 5
    needs_servers = {"broker", "mail", "envelope", "Microsoft Graph", "processes"}
    assert {part for part, well in findings.items() if not well} == needs_servers
    assert [path.name for path in empty.iterdir()] == ["var"]


# --- lock files


def pins_of(lock: str) -> dict[str, str]:
    """Return the requirements of a lock file, each as one line, by name."""
    lines = text_of(lock).replace("\\\n", " ").splitlines()
    return {re.split("[=; ]", line)[0]: line for line in lines if line and not line.startswith("#")}


@pytest.mark.parametrize("lock", _LOCKS)
def test_every_requirement_is_pinned_by_hash_and_names_no_host(lock: str) -> None:
    pins = pins_of(lock)
    assert pins
    for line in pins.values():
        assert re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line
    assert "://" not in text_of(lock)
    assert "index" not in text_of(lock)


def test_the_lock_files_agree_with_each_other_and_with_the_project() -> None:
    production, development, build = (pins_of(lock) for lock in _LOCKS)
    assert production.items() <= development.items()
    assert build.items() <= development.items()
    project = tomllib.loads(text_of("pyproject.toml"))
    for pins, wanted in (
        (production, project["project"]["dependencies"]),
        (development, project["dependency-groups"]["dev"]),
        (build, project["build-system"]["requires"]),
    ):
        assert {re.split(r"[\[<>= ]", item)[0] for item in wanted} <= pins.keys()


# --- Makefile


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))


def test_every_make_target_is_described_and_phony() -> None:
    described = re.findall(r"^ +make ([a-z-]+) +\S", run("make", cwd=ROOT).stdout, re.MULTILINE)
    former = {"rehearse"}  # It works for one version more, and nothing leads to it.
    assert set(described) == targets() - former
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text_of("Makefile"), re.MULTILINE)
    assert set(phony.split()) == targets()


@pytest.mark.parametrize("name", ["README.md", ".ci/run", "docker-compose.yml", ".env.example"])
def test_every_make_target_that_is_mentioned_exists(name: str) -> None:
    mentioned = set(re.findall(r"(?:^|[`$:]) *(?:exec )?make ([a-z-]+)", text_of(name), re.MULTILINE))
    assert mentioned <= targets()


def test_make_says_so_when_python_is_too_old(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.10.4 || exit 1\n', "utf-8")
    old.chmod(0o755)
    for name in ("Makefile", "pyproject.toml", "requirements-dev.lock"):
        (tmp_path / name).write_text(text_of(name), "utf-8")
    ended = run("make", "setup", f"PYTHON={old}", cwd=tmp_path)
    assert ended.returncode == 2
    assert "This needs Python 3.11 or newer" in ended.stderr
    assert "Python 3.10.4" in ended.stderr
    assert not (tmp_path / ".venv").exists()


# --- Dockerfile


def test_the_image_copies_what_there_is_and_what_docker_may_see() -> None:
    ignored = text_of(".dockerignore").splitlines()
    assert ignored[1] == "*"
    seen = {line[1:] for line in ignored if line.startswith("!")}
    stages: set[str] = set()
    copied: set[str] = set()
    for word, rest in instructions():
        if word == "FROM" and " AS " in rest:
            stages.add(rest.split()[-1])
        if word == "COPY" and rest.startswith("--from="):
            assert rest.split()[0].removeprefix("--from=") in stages
        elif word == "COPY":
            copied.update(rest.split()[:-1])
    assert copied == seen
    assert {name for name in copied if not (ROOT / name).exists()} == set()
    assert set(PACKAGES) <= copied


def test_the_image_installs_by_hash_only_and_runs_as_nobody_special() -> None:
    for word, rest in instructions():
        if word == "RUN" and "pip install" in rest:
            assert "--require-hashes" in rest or "--no-deps --no-index" in rest
    final = instructions()[max(i for i, (word, _) in enumerate(instructions()) if word == "FROM") :]
    (user,) = [rest for word, rest in final if word == "USER"]
    uid, gid = (int(part) for part in user.split(":"))
    assert min(uid, gid) >= 10000
    (made,) = [rest for word, rest in final if word == "RUN"]
    assert f"--uid {uid} --gid {gid}" in made
    (folder,) = [rest for word, rest in final if word == "VOLUME"]
    assert f"--owner={uid} --group={gid} --mode=0750 {folder}" in made
    (environment,) = [rest for word, rest in final if word == "ENV"]
    assert f"ORCHESTRATOR_DATA_DIR={folder}" in environment.split()


# --- commands and health checks, against a service that runs


def test_continuous_integration_runs_the_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert run("bash", "-n", script, cwd=ROOT).returncode == 0
    assert text_of(".ci/run").rstrip().endswith("exec make test test-all")
