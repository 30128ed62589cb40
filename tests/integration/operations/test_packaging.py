"""What is built, installed and deployed: wheel, lock files, Makefile, Dockerfile and docker-compose.yml.

There is no Docker engine here, so the image's steps are judged by their text, while the commands and
health checks of docker-compose.yml are run as they stand, against a service that runs.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from config.settings import Settings
from orchestrator.bootstrap import parse_settings, settings_problems
from orchestrator.supervisor import free_ports
from tasks.app import app as celery_app

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("config", "integrations", "orchestrator", "tasks")
BIN = Path(sys.executable).parent
_LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def run(*command: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"} | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


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
    assert {part for part, well in findings.items() if not well} == {"broker", "mail", "Microsoft Graph"}
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


def instructions() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text_of("Dockerfile"), flags=re.MULTILINE))
    parts = [line.partition(" ") for line in joined.splitlines() if line.strip()]
    return [(word, rest.strip()) for word, _, rest in parts]


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


# --- docker-compose.yml


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text_of("docker-compose.yml"))
    return loaded


PROCESSES = ("migrate", "web", "worker", "beat", "mailbox")


def test_compose_follows_the_specification(compose: dict[str, Any]) -> None:
    schema = json.loads((Path(__file__).parents[1] / "compose-spec.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(compose)


def test_compose_starts_everything_in_order_and_again_when_it_dies(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {*PROCESSES, "postgres", "redis", "mailpit"}
    for name in PROCESSES[1:]:
        wanted = {item: how["condition"] for item, how in services[name]["depends_on"].items()}
        assert wanted == {
            "migrate": "service_completed_successfully",
            "postgres": "service_healthy",
            "redis": "service_healthy",
        }
    for name, service in services.items():
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped"), name
        if name != "migrate":
            assert service["healthcheck"]["test"], name
    assert {name for name in services if "ports" in services[name]} == {"web", "mailpit"}
    assert {name for name in services if "profiles" in services[name]} == {"mailpit"}
    for name in PROCESSES:
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]


def test_compose_gives_each_process_the_time_it_takes_to_stop(compose: dict[str, Any]) -> None:
    grace = {
        name: int(compose["services"][name]["stop_grace_period"].removesuffix("s")) for name in PROCESSES[1:]
    }
    assert grace["worker"] >= celery_app.conf.worker_soft_shutdown_timeout + 10
    assert grace["web"] >= 10
    assert grace["beat"] >= 10
    assert grace["mailbox"] >= 10


def test_compose_declares_the_volumes_it_mounts(compose: dict[str, Any]) -> None:
    mounts = [
        item.split(":")[0] for service in compose["services"].values() for item in service.get("volumes", [])
    ]
    assert {item for item in mounts if not item.startswith(".")} == set(compose["volumes"])
    (folder,) = [rest for word, rest in instructions() if word == "VOLUME"]
    for name in ("web", "worker"):  # One takes the minutes in, the other sends them.
        assert f"data:{folder}" in compose["services"][name]["volumes"]


# --- variables


def env_example() -> tuple[dict[str, str], set[str]]:
    """Return the variables that .env.example sets, and the names of those it only shows."""
    found = re.findall(r"^(#?)([A-Z][A-Z_]+)=(.*)$", text_of(".env.example"), re.MULTILINE)
    given = {name: value.strip("'") for hidden, name, value in found if not hidden}
    return given, {name for hidden, name, _ in found if hidden}


def interpolated(text: str, variables: dict[str, str]) -> str:
    """Fill in ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?error}`` as Compose does, and ``$$``."""
    pattern = re.compile(r"\$\{(\w+)(?::([-?])([^${}]*))?\}")
    while pattern.search(text):
        text = pattern.sub(
            lambda found: variables.get(found[1]) or (found[3] if found[2] == "-" else ""), text
        )
    return text.replace("$$", "$")


def test_every_variable_is_a_setting_and_every_needed_one_is_there(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given, shown = env_example()
    named = set(
        re.findall(r"ORCHESTRATOR_[A-Z_]+", "".join(map(text_of, ("docker-compose.yml", "Dockerfile"))))
    )
    known = {f"ORCHESTRATOR_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in named | {*given} | shown if name.startswith("ORCHESTRATOR_")} <= known
    others = set(re.findall(r"\$\{([A-Z_]+)", text_of("docker-compose.yml")))
    assert others <= {*given} | shown

    # Filled in as the file says, nothing is missing and nothing contradicts anything.
    filled = {name: value or "a1b2c3d4" for name, value in given.items()}
    for name in PROCESSES:
        service = {
            key: interpolated(value, filled)
            for key, value in compose["services"][name]["environment"].items()
        }
        with monkeypatch.context() as patch:
            patch.setenv("ORCHESTRATOR_SECRETS_DIR", str(tmp_path))
            for key, value in (filled | service).items():
                patch.setenv(key, value)
            settings = parse_settings()
        assert settings.profile == "production"
        assert settings_problems(settings) == []
        assert settings.database_url is not None
        assert settings.database_url.get_secret_value().startswith(
            "postgresql://orchestrator:a1b2c3d4@postgres"
        )


def test_the_settings_for_trying_it_with_mailpit_agree(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The comment at the head of docker-compose.yml says what to put into .env."""
    shown = dict(
        re.findall(r"^#   (ORCHESTRATOR_SMTP_\w+)=(\S+)$", text_of("docker-compose.yml"), re.MULTILINE)
    )
    assert shown["ORCHESTRATOR_SMTP_HOST"] == "mailpit"
    monkeypatch.setenv("ORCHESTRATOR_SECRETS_DIR", str(tmp_path))
    urls = {
        "ORCHESTRATOR_DATABASE_URL": "postgresql://postgres/x",
        "ORCHESTRATOR_BROKER_URL": "redis://redis",
    }
    for key, value in ({"ORCHESTRATOR_PROFILE": "production"} | urls | env_example()[0] | shown).items():
        monkeypatch.setenv(key, value or "a1b2c3d4")
    assert settings_problems(parse_settings()) == []


# --- commands and health checks, against a service that runs


@dataclass(frozen=True)
class Service:
    folder: Path
    port: int

    def check(self, test: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run the test of a health check as Docker would, but for the port."""
        kind, *words = [interpolated(word, {}).replace("8000", str(self.port)) for word in test]
        command = words if kind == "CMD" else ["sh", "-c", *words]
        return run(*command, cwd=self.folder, ORCHESTRATOR_DATA_DIR=str(self.folder / "var"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Everything that ``orchestrator up`` starts; when it is told to stop, it ends with 0."""
    folder = tmp_path_factory.mktemp("service")
    (port,) = free_ports(1)
    with subprocess.Popen(
        [BIN / "orchestrator", "up"],
        cwd=folder,
        env=os.environ | {"ORCHESTRATOR_PORT": str(port), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert any("Stop with Ctrl-C" in line for line in process.stdout), "it did not start"
        yield Service(folder, port)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    assert process.returncode == 0


@pytest.fixture(scope="module")
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A place where nothing runs."""
    (port,) = free_ports(1)
    return Service(tmp_path_factory.mktemp("nobody"), port)


@pytest.mark.xdist_group("service")
def test_the_web_process_is_healthy_when_it_is_ready(
    compose: dict[str, Any], service: Service, nobody: Service
) -> None:
    test = compose["services"]["web"]["healthcheck"]["test"]
    healthy = service.check(test)
    assert healthy.returncode == 0, healthy.stderr
    assert nobody.check(test).returncode != 0


@pytest.mark.xdist_group("service")
def test_the_worker_is_healthy_when_it_answers(compose: dict[str, Any], service: Service) -> None:
    test = compose["services"]["worker"]["healthcheck"]["test"]
    quick = [word.replace("--timeout=10", "--timeout=1") for word in test]
    answer = service.check(quick)
    for _ in range(20):  # It may still be starting; each ping waits for a second.
        if answer.returncode == 0:
            break
        answer = service.check(quick)
    assert answer.returncode == 0, answer.stderr
    assert "pong" in answer.stdout
    elsewhere = [word.replace("$$(hostname)", "elsewhere") for word in quick]
    assert elsewhere != quick
    assert service.check(elsewhere).returncode != 0


@pytest.mark.parametrize("name", PROCESSES)
def test_every_command_is_one_that_its_program_understands(
    compose: dict[str, Any], tmp_path: Path, name: str
) -> None:
    """``--help`` at the end makes the program read all options before it, and run nothing."""
    command = [interpolated(word, {}) for word in compose["services"][name]["command"]]
    ended = run(*command, "--help", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "Usage:" in ended.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_command_with_an_unknown_option_would_be_found(tmp_path: Path) -> None:
    """What the test above relies on."""
    ended = run("orchestrator", "web", "--no-such-option", "--help", cwd=tmp_path)
    assert ended.returncode == 2
    assert "No such option" in ended.stderr


def test_shell_commands_are_well_formed(compose: dict[str, Any], tmp_path: Path) -> None:
    for name, item in compose["services"].items():
        kind, *words = item.get("healthcheck", {}).get("test", ["CMD"])
        command = item.get("command", [])
        scripts = words if kind == "CMD-SHELL" else []
        scripts += command[2:] if command[:2] == ["sh", "-c"] else []
        for script in scripts:
            ended = run("sh", "-n", "-c", interpolated(script, {}), cwd=tmp_path)
            assert ended.returncode == 0, f"{name}: {ended.stderr}"
            assert shlex.split(interpolated(script, {}))


def test_continuous_integration_runs_the_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert run("bash", "-n", script, cwd=ROOT).returncode == 0
    assert text_of(".ci/run").rstrip().endswith("exec make test test-all")
