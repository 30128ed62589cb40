"""The service in its production profile: the processes of docker-compose.yml, as that file starts them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
import yaml

COMPOSE = Path(__file__).parents[3] / "docker-compose.yml"
TOKEN = "the-token-of-a-test-of-production-0123456789"
_PROGRAMS = {"orchestrator": ["-m", "orchestrator"], "celery": ["-m", "celery"]}


def commands() -> dict[str, list[str]]:
    """The commands of the processes by the names of their services, without what runs once."""
    services = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
    return {
        name: _command(service["command"])
        for name, service in services.items()
        if service.get("command") and service["command"][0] in _PROGRAMS and service.get("restart") != "no"
    }


def redis_users(password: str) -> list[str]:
    """The users of the broker as docker-compose.yml declares them, all with one password."""
    script = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]["redis"]["command"][-1]
    declared = re.findall(r"""['"](user [^'"]+)['"]""", script)
    return [re.sub(r"\$\$REDIS_\w+_PASSWORD", password, line) for line in declared]


def _own(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What docker-compose.yml gives to the service of that name alone, or takes from it."""
    declared = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"][name]["environment"]
    own = {key: value for key, value in declared.items() if value == "" or key == "ORCHESTRATOR_PART"}
    (user,) = re.findall(r"redis://(\w+):", declared["ORCHESTRATOR_BROKER_URL"])
    broker = re.sub(r"//\w+:", f"//{user}:", environment["ORCHESTRATOR_BROKER_URL"])
    return own | {"ORCHESTRATOR_BROKER_URL": broker}


def _command(words: list[str]) -> list[str]:
    words = [re.sub(r"\$\{[^:}]+:-([^}]*)\}", r"\1", word) for word in words]
    return [sys.executable, *_PROGRAMS[words[0]], *words[1:]]


class Production:
    """Its processes, each with a log of its own in ``folder``."""

    def __init__(self, folder: Path, settings: Mapping[str, str], *, base: str, ca_file: Path) -> None:
        """``base`` is where nginx serves it; ``settings`` are the variables without their prefix."""
        self.folder, self._base = folder, base
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ORCHESTRATOR_")},
            **{f"ORCHESTRATOR_{name.upper()}": value for name, value in settings.items()},
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = str(ca_file)

    def cli(self, *arguments: str, code: int = 0) -> str:
        """Run ``orchestrator`` and return what it prints; fails on another exit code than ``code``."""
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator", *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def api(self, method: str, path: str, status: int = 200, **arguments: Any) -> Any:
        """Call the API through nginx; fails on another status."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = self._http.request(
            method, f"{self._base}/api/v1{path}", headers=headers, timeout=30, **arguments
        )
        assert answer.status_code == status, f"{method} {path}: {answer.status_code}\n{answer.text}"
        return answer.json() if answer.content else None

    def get(self, path: str) -> requests.Response:
        """Ask for a page through nginx."""
        return self._http.get(f"{self._base}{path}", timeout=30, allow_redirects=False)

    def start(self, *names: str) -> None:
        """Start the processes called so, or all of them."""
        for name, command in commands().items():
            if names and name not in names:
                continue
            with (self.folder / f"{name}.log").open("ab") as log:
                self._processes[name] = subprocess.Popen(
                    command,
                    env=self.environment
                    | _own(name, self.environment)
                    | {"ORCHESTRATOR_HEARTBEAT_FILE": str(self.folder / f"{name}.alive")},
                    cwd=self.folder,
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )

    def kill(self, name: str) -> None:
        """Let a process die at once, with those it has started, as when a machine loses its power."""
        process = self._processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)

    def stop(self) -> None:
        """Stop all of them as Docker would; those that do not end are killed."""
        for process in self._processes.values():
            process.terminate()
        for name in list(self._processes):
            try:
                self._processes[name].wait(60)
            except subprocess.TimeoutExpired:
                self.kill(name)
                raise
        self._processes.clear()

    def close(self) -> None:
        """Stop everything, whatever the test has done."""
        self._http.close()
        self.stop()

    def logs(self) -> str:
        """The last lines of each log."""
        return "\n".join(
            f"== {file.name}\n" + "\n".join(file.read_text("utf-8", "replace").splitlines()[-15:])
            for file in sorted(self.folder.glob("*.log"))
        )
