"""The real processes: `orchestrator up` in a folder of its own, driven through CLI and API."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from orchestrator.supervisor import free_ports

ZONES = {
    "VN": "Asia/Ho_Chi_Minh",
    "MM": "Asia/Yangon",
    "SG": "Asia/Singapore",
    "TL": "Asia/Dili",
    "ASEC": "Asia/Jakarta",
}
PEOPLE = {
    "VN": ("Lê Thị Hồng Nhung", "SOM", "nhung@vn.example.org"),
    "MM": ("Thida Aye", "SOM", "thida@mm.example.org"),
    "SG": ("Tan Hui Shan", "ACCSM_FP", "tan@sg.example.org"),
    "TL": ("Domingos Araújo", "SOM", "domingos@tl.example.org"),
    "ASEC": ("Ratih Lestari", "ASEC", "ratih@asean.example.org"),
}


@dataclass(frozen=True)
class Mail:
    """A mail that arrived: its envelope recipient, when by the sandbox clock, and its content."""

    recipient: str
    received_at: datetime
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")

    @property
    def calendar(self) -> str | None:
        """The unfolded text/calendar part, if there is one."""
        for part in self.message.walk():
            if part.get_content_type() == "text/calendar":
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                return content.decode().replace("\r\n ", "")
        return None


@dataclass
class Service:
    """A running service."""

    folder: Path
    port: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    http: requests.Session = field(default_factory=requests.Session)

    def cli(self, *arguments: str, code: int = 0) -> str:
        """Run `orchestrator` and return what it prints; fails on another exit code than ``code``."""
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def api(self, method: str, path: str, status: int = 200, **arguments: Any) -> Any:
        """Call the API with the local token and return the JSON; fails on another status."""
        token = (self.folder / "api-token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        url = f"http://127.0.0.1:{self.port}/api/v1{path}"
        answer = self.http.request(method, url, headers=headers, timeout=30, **arguments)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code}\n{answer.text}"
        return answer.json() if answer.content else None

    def sandbox(self, method: str, path: str, **arguments: Any) -> Any:
        """Call the sandbox's own routes."""
        endpoints = json.loads((self.folder / "run" / "sandbox.json").read_text())
        url = f"{endpoints['authority_url']}/sandbox/{path}"
        answer = self.http.request(method, url, verify=endpoints["ca_file"], timeout=10, **arguments)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def now(self) -> datetime:
        """The sandbox clock."""
        from integrations.sandbox.clock import SandboxClock

        return SandboxClock(self.folder / "run" / "clock.json").now()

    def mails(self, title: str | None = None) -> list[Mail]:
        """The mails that arrived about the meeting of that title, oldest first, in any language."""
        folder = self.folder / "outbox" / "new"
        files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns) if folder.is_dir() else []
        found = [_mail(file) for file in files]
        return [mail for mail in found if title is None or title.rpartition(" ")[2] in mail.subject]

    def pids(self, program: str) -> list[int]:
        """The process ids of one of the programs, parents before children."""
        found = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
        folder = str(self.folder)
        return [
            int(line.split()[0])
            for line in found.stdout.splitlines()
            if program in line and self._is_ours(int(line.split()[0]), folder)
        ]

    @staticmethod
    def _is_ours(pid: int, folder: str) -> bool:
        try:
            return f"ORCHESTRATOR_DATA_DIR={folder}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False


def _mail(file: Path) -> Mail:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    received = str(message["Received"]).rpartition(";")[2]
    assert isinstance(message, EmailMessage)
    return Mail(str(message["Delivered-To"]), parsedate_to_datetime(received.strip()), message)


def until(condition: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Wait until ``condition`` is true and return its value; fails naming ``what``."""
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        pause.wait(0.1)


def start_service(folder: Path, **settings: str) -> Service:
    """Start the whole service with further settings and wait until it is up."""
    port = free_ports(1)[0]
    environment = {
        **os.environ,
        "ORCHESTRATOR_DATA_DIR": str(folder),
        "ORCHESTRATOR_PORT": str(port),
        **{f"ORCHESTRATOR_{name.upper()}": value for name, value in settings.items()},
    }
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator", "up"],
            env=environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    service = Service(folder, port, environment, process)
    try:
        until(lambda: _is_up(service), "the service to start")
    except BaseException:
        process.kill()
        process.wait()
        raise
    return service


@contextmanager
def running_service(folder: Path, **settings: str) -> Iterator[Service]:
    """A running service with further settings, stopped in the end as Ctrl-C would."""
    service = start_service(folder, **settings)
    try:
        yield service
    finally:
        service.http.close()
        service.process.send_signal(signal.SIGINT)
        code = service.process.wait(60)
    assert code == 0, (folder / "up.log").read_text()
    assert not service.pids("celery"), "a process was left behind"


def _is_up(service: Service) -> bool:
    assert service.process.poll() is None, (service.folder / "up.log").read_text()
    return "Stop with Ctrl-C" in (service.folder / "up.log").read_text()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service on its embedded default, SQLite; shared by the tests of a module."""
    with running_service(tmp_path_factory.mktemp("embedded")) as found:
        yield found


def definition(reference: str, start: datetime, **changes: Any) -> dict[str, Any]:
    """A meeting of five delegations in five zones; ``start`` is a naive wall time in Ha Noi."""
    return {
        "reference": reference,
        "kind": "som",
        "timeline": "standard",
        "title": {"en": f"Meeting {reference}", "vi": f"Hội nghị {reference}"},
        "host": "VN",
        "coordinator": {"name": "Trần Minh Khôi", "email": "coordinator@vn.example.org"},
        "start": f"{start:%Y-%m-%d %H:%M}",
        "zone": "Asia/Ho_Chi_Minh",
        "duration": "PT2H30M",
        "agenda": [{"en": "Adoption of the agenda", "vi": "Thông qua chương trình nghị sự", "lead": "VN"}],
        "attendees": [
            {"group": group, "delegation": code, "name": name, "email": email}
            for code, (name, group, email) in PEOPLE.items()
        ],
        **changes,
    }


def coming(service: Service, days: int) -> datetime:
    """14:00 in Ha Noi, so many days after the sandbox clock's today."""
    day = (service.now() + timedelta(days=days)).date()
    return datetime(day.year, day.month, day.day, 14, 0)  # noqa: DTZ001 - a wall time.
