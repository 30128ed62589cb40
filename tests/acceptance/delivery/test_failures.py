"""What people get when machines die: nothing lost, nothing sent twice unnoticed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from integrations.sandbox.endpoints import SandboxEndpoints
from tests.acceptance.conftest import (
    PEOPLE,
    Mail,
    Service,
    coming,
    definition,
    running_service,
    start_service,
    until,
)

MANY = 120


@pytest.fixture(scope="module")
def quick_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose claims run out after fourteen seconds, so that a death is mended within the test."""
    settings = {
        "smtp_timeout": "1",
        "graph_timeout": "1",
        "imap_timeout": "1",
        "lease_seconds": "14",
        "batch_size": "10",
    }
    with running_service(tmp_path_factory.mktemp("failures"), **settings) as found:
        yield found


def many(service: Service, reference: str) -> dict[str, object]:
    people = [
        {"group": "SOM", "delegation": "SG", "name": f"Person {n}", "email": f"person{n}@sg.example.org"}
        for n in range(MANY)
    ]
    return definition(reference, coming(service, 20), attendees=people)


def assert_everybody_was_invited_once(service: Service, reference: str) -> None:
    """Everybody has the invitation; whoever has it twice has it flagged and under one Message-ID."""
    mails = service.mails(reference)
    count = Counter(mail.recipient for mail in mails)
    assert len(count) == MANY
    deliveries = service.api("GET", f"/meetings/{reference}/deliveries")
    assert Counter(item["state"] for item in deliveries) == {"sent": MANY}
    flagged = {item["recipient"] for item in deliveries if item["repeated"]}
    assert {address for address, times in count.items() if times > 1} <= flagged
    assert len({mail.message["Message-ID"] for mail in mails}) == MANY


def all_sent(service: Service, reference: str) -> bool:
    deliveries = service.api("GET", f"/meetings/{reference}/deliveries")
    return len(deliveries) == MANY and all(item["state"] == "sent" for item in deliveries)


def test_workers_killed_in_the_middle_lose_nothing(quick_service: Service) -> None:
    service = quick_service
    service.api("POST", "/meetings", 201, json=many(service, "KILLED"))
    service.api("POST", "/meetings/KILLED/publish")
    until(lambda: len(service.mails("KILLED")) > 5, "the first mails")
    for pid in service.pids("tasks.app --quiet worker"):
        os.kill(pid, signal.SIGKILL)
    until(lambda: all_sent(service, "KILLED"), "all invitations")
    assert_everybody_was_invited_once(service, "KILLED")


def test_a_broker_killed_or_emptied_loses_nothing(quick_service: Service) -> None:
    service = quick_service
    service.api("POST", "/meetings", 201, json=many(service, "EMPTIED"))
    service.api("POST", "/meetings/EMPTIED/publish")
    until(lambda: len(service.mails("EMPTIED")) > 5, "the first mails")
    endpoints = SandboxEndpoints.load(service.folder / "run" / "sandbox.json")
    assert endpoints is not None
    with redis.Redis.from_url(endpoints.broker_url) as client:
        client.flushall()
    for pid in service.pids("valkey-server") + service.pids("redis-server"):
        os.kill(pid, signal.SIGKILL)
    until(lambda: all_sent(service, "EMPTIED"), "all invitations")
    assert_everybody_was_invited_once(service, "EMPTIED")


def test_a_second_beat_and_worker_send_nothing_twice(quick_service: Service) -> None:
    service = quick_service
    with extra(service, "beat", "--pidfile="), extra(service, "worker", "--concurrency", "2", "-n", "second"):
        service.api("POST", "/meetings", 201, json=many(service, "DOUBLE"))
        service.api("POST", "/meetings/DOUBLE/publish")
        until(lambda: all_sent(service, "DOUBLE"), "all invitations")
        assert_everybody_was_invited_once(service, "DOUBLE")
        assert len(service.mails("DOUBLE")) == MANY


@contextmanager
def extra(service: Service, *arguments: str) -> Iterator[None]:
    """One more Celery process beside those of `up`."""
    with (service.folder / f"extra-{arguments[0]}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tasks.app", "--quiet", *arguments],
            env=service.environment,
            cwd=service.folder,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def test_without_a_link_invitations_wait_and_the_coordinator_is_told(quick_service: Service) -> None:
    service = quick_service
    service.sandbox("POST", "faults", json={"match": "createOrGet", "status": 503, "times": 10_000})
    try:
        service.api("POST", "/meetings", 201, json=definition("NOLINK", coming(service, 15)))
        service.api("POST", "/meetings/NOLINK/publish")
        until(lambda: state_of(service, "NOLINK", "conference") == "scheduled", "a first try that failed")
        service.cli("sandbox", "advance", "--by", "PT31M")
        (alert,) = service.mails("NOLINK")
        assert alert.recipient == "coordinator@vn.example.org"
        assert alert.subject == "Cần xử lý: chưa có đường dẫn họp – Hội nghị NOLINK"
        assert any("no join link" in item for item in service.api("GET", "/meetings/NOLINK")["attention"])
        assert state_of(service, "NOLINK", "invite") == "blocked"

        service.cli("meeting", "join-link", "NOLINK", "nonsense", code=2)
        service.cli("meeting", "join-link", "NOLINK", "https://video.vn.example.org/som")
        mails = until(lambda: len(service.mails("NOLINK")) == 6 and service.mails("NOLINK"), "invitations")
        assert {mail.recipient for mail in mails[1:]} == {email for _, _, email in PEOPLE.values()}
        assert all(re.search(r"\nhttps?://\S+/join\n", mail.text) for mail in mails[1:])
        assert all("https://video.vn.example.org/som" in mail.calendar for mail in mails[1:])
        assert state_of(service, "NOLINK", "conference") == "cancelled"
    finally:
        service.sandbox("DELETE", "faults")


def state_of(service: Service, reference: str, kind: str) -> str:
    plan = service.api("GET", f"/meetings/{reference}/plan")
    states = {item["state"] for item in plan if item["kind"] == kind}
    return states.pop() if len(states) == 1 else f"{states}"


def test_a_refused_address_fails_alone_and_can_be_retried(quick_service: Service) -> None:
    service = quick_service
    refused = {"recipient": "thida@mm.example.org", "code": 550, "text": "5.1.1 no such user", "times": 1}
    service.sandbox("POST", "smtp-faults", json=refused)
    service.api("POST", "/meetings", 201, json=definition("REFUSED", coming(service, 15)))
    service.api("POST", "/meetings/REFUSED/publish")
    until(lambda: len(_to_attendees(service)) == 4, "the other four")
    (failed,) = until(lambda: service.api("GET", "/actions", params={"state": "failed"}), "the failure")
    assert failed["recipient_email"] == "thida@mm.example.org"
    assert "5.1.1 no such user" in failed["reason"]
    assert "× failed" in service.cli("actions", "list", "--state", "failed")
    service.cli("actions", "retry", str(failed["id"]))
    until(lambda: len(_to_attendees(service)) == 5, "the fifth")
    service.cli("actions", "retry", str(failed["id"]), code=4)


def _to_attendees(service: Service) -> list[Mail]:
    """The mails about the meeting but those to the coordinator, who is told of what failed."""
    return [mail for mail in service.mails("REFUSED") if mail.recipient != "coordinator@vn.example.org"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends processes with their parent")
def test_a_killed_supervisor_leaves_no_process_behind(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    service.http.close()
    children = [pid for program in ("celery", "orchestrator", "server") for pid in service.pids(program)]
    assert len(children) > 4
    service.process.kill()
    service.process.wait()
    until(lambda: not service.pids("celery") and not service.pids("server"), "the others to end")
    until(lambda: not service.pids("orchestrator"), "the web process and the sandbox to end")


def test_up_refuses_to_start_beside_production_settings(quick_service: Service) -> None:
    environment = {**quick_service.environment, "ORCHESTRATOR_SMTP_HOST": "mail.ministry.example"}
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", "up"],
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 2
    assert "ORCHESTRATOR_SMTP_HOST" in done.stderr
