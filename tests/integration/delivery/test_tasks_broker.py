"""A real worker on a real broker that does what brokers do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from orchestrator.domain.timelines.kinds import Work
from orchestrator.store.engine import Database
from orchestrator.supervisor import broker_binary, free_ports
from tests.integration.conftest import until

QUEUE = Work.MAIL.value
pytestmark = [pytest.mark.xdist_group("broker"), pytest.mark.thorough]


@dataclass
class Lane:
    """A worker of the mail lane, its log and its broker."""

    log: Path
    client: redis.Redis
    process: subprocess.Popen[bytes]
    environment: dict[str, str]

    def says(self, words: str) -> bool:
        return words in self.log.read_text("utf-8", errors="replace")

    def settled(self) -> bool:
        """Whether nothing waits and nothing is in hand."""
        return not self.client.llen(QUEUE) and not self.client.hlen("unacked")

    def works(self) -> bool:
        """Whether a task is taken and done; the worker must be the one that was started."""
        script = "from tasks.lanes import send_mails; send_mails.apply_async(([],))"
        subprocess.run([sys.executable, "-c", script], env=self.environment, check=True, timeout=60)
        until(self.settled, "the task to be done")
        return self.process.poll() is None


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    folder = tmp_path_factory.mktemp("lane")
    (port,) = free_ports(1)
    Database(f"sqlite:///{folder / 'orchestrator.db'}").upgrade()
    environment = {
        **os.environ,
        "ORCHESTRATOR_DATA_DIR": str(folder),
        "ORCHESTRATOR_BROKER_URL": f"redis://127.0.0.1:{port}/0",
    }
    broker = subprocess.Popen(
        [broker_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    client = redis.Redis(port=port)
    until(lambda: _answers(client), "the broker")
    with (folder / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tasks.app", "--quiet", "worker", "-Q", QUEUE, "-c", "1"],
            env=environment,
            stdout=log,
            stderr=log,
        )
    found = Lane(folder / "worker.log", client, worker, environment)
    try:
        assert found.works()
        yield found
    finally:
        for process in (worker, broker):
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        client.close()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def message(**changes: Any) -> bytes:
    """A message as Celery makes it, but for what is changed."""
    whole: dict[str, Any] = {
        "body": json.dumps([[[]], {}, {}]),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"id": "1", "task": QUEUE, "lang": "py"},
        "properties": {
            "delivery_tag": "tag",
            "delivery_info": {"exchange": "", "routing_key": QUEUE},
            "correlation_id": "1",
        },
    }
    return json.dumps(whole | changes).encode()


GARBAGE = {
    "no JSON": b"hello",
    "no UTF-8": b"\xff\xfe\x00",
    "nothing": b"",
    "a number": b"7",
    "a list": b"[1, 2]",
    "null": b"null",
    "an empty object": b"{}",
    "an object of another program": b'{"job": "resize", "args": [1]}',
    "properties that are none": message(properties=[]),
    "properties without a tag": message(properties={"delivery_info": {}}),
    "a tag that is a list": message(properties={"delivery_tag": [], "delivery_info": {}}),
    "headers that are none": message(headers="x"),
    "no body": message(body=None),
    "a body that is no JSON": message(body="hello"),
    "a body that is no base64": message(
        body="!", properties={"delivery_tag": "t2", "delivery_info": {}, "body_encoding": "base64"}
    ),
    "an unknown task": message(headers={"id": "2", "task": "mail.sent", "lang": "py"}),
    "an unknown type of content": message(**{"content-type": "application/x-python-serialize"}),
    "arguments that are none": message(body=json.dumps([[7], {"x": 1}, {}])),
    "deep nesting": b"[" * 100_000,
    "a body of deep nesting": message(body="[" * 100_000),
}


@pytest.mark.parametrize("item", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_is_no_message_ends_no_worker_and_keeps_no_other_message(lane: Lane, item: bytes) -> None:
    lane.client.lpush(QUEUE, item)
    until(lambda: not lane.client.llen(QUEUE), "the worker to take it")
    assert lane.process.poll() is None, lane.log.read_text()[-3000:]


def test_after_all_that_the_worker_works(lane: Lane) -> None:
    assert lane.works(), lane.log.read_text()[-3000:]
    assert lane.says("that is no JSON")
    assert lane.says("that is no message")


def test_a_worker_outlives_a_broker_that_becomes_a_replica(lane: Lane) -> None:
    """BRPOP is answered with UNBLOCKED then, and with READONLY from there on."""
    lane.client.execute_command("REPLICAOF", "127.0.0.1", str(free_ports(1)[0]))
    until(
        lambda: lane.says("READONLY") or lane.says("read only replica") or lane.says("UNBLOCKED"), "trouble"
    )
    lane.client.execute_command("REPLICAOF", "NO", "ONE")
    assert lane.works(), lane.log.read_text()[-3000:]


def test_a_worker_outlives_clients_that_are_cut_off(lane: Lane) -> None:
    lane.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert lane.works(), lane.log.read_text()[-3000:]
