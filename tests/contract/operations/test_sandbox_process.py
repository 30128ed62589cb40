"""The sandbox as a process, and the files it shares with the others."""

from __future__ import annotations

import signal
import socket
import ssl
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from integrations.sandbox.certificate import certificate_file, ensure_certificate, key_file
from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.endpoints import SandboxEndpoints
from integrations.sandbox.meetings import MeetingBook
from integrations.sandbox.server import serve
from orchestrator.errors import Conflict

PROGRAM = """
import sys
from pathlib import Path
from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.server import serve
folder = Path(sys.argv[1])
serve(folder=folder, outbox=folder / "outbox", clock=SandboxClock(folder / "clock.json"), graph_port=0,
      smtp_port=0, tenant_id="t", client_id="c", client_secret="s", organizer_id="o",
      ready=lambda graph, smtp: print(graph, smtp, flush=True))
"""


@pytest.fixture
def endpoints(tmp_path: Path) -> SandboxEndpoints:
    return SandboxEndpoints(
        broker_url="redis://:secret@127.0.0.1:6379/0",
        graph_url="https://localhost:1/v1.0",
        authority_url="https://localhost:1",
        tenant_id="t",
        client_id="c",
        client_secret="hidden",
        organizer_id="o",
        ca_file=tmp_path / "ca.pem",
        smtp_host="127.0.0.1",
        smtp_port=2525,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-W", "error", "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        graph, smtp = (int(port) for port in process.stdout.readline().split())
        with requests.Session() as http:
            http.trust_env = False
            url = f"https://127.0.0.1:{graph}/sandbox/meetings"
            assert http.get(url, verify=str(certificate_file(tmp_path)), timeout=5).json() == []
            # An SMTP session and an HTTP connection that are still open do not hold the process up.
            with socket.create_connection(("127.0.0.1", smtp), timeout=5) as idle:
                assert idle.recv(100).startswith(b"220 sandbox")
                process.send_signal(number)
                assert process.wait(timeout=10) == 0
        assert process.stderr.read() == ""


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Conflict, match=f"port {port}"):
            serve(
                folder=tmp_path,
                outbox=tmp_path / "outbox",
                clock=SandboxClock(tmp_path / "clock.json"),
                graph_port=0,
                smtp_port=port,
                tenant_id="t",
                client_id="c",
                client_secret="s",
                organizer_id="o",
                ready=lambda graph, smtp: None,
            )


def test_endpoints_come_back_as_they_were_saved(endpoints: SandboxEndpoints, tmp_path: Path) -> None:
    path = tmp_path / "run" / "sandbox.json"
    endpoints.save(path)
    assert SandboxEndpoints.load(path) == endpoints
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    replace(endpoints, smtp_port=1).save(path)
    assert SandboxEndpoints.load(path) != endpoints


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"{}", b"\xff"])
def test_endpoints_that_are_not_there_yet_are_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "sandbox.json").write_bytes(content)
    assert SandboxEndpoints.load(tmp_path / "sandbox.json") is None


def test_secrets_are_not_in_the_representation(endpoints: SandboxEndpoints) -> None:
    assert "hidden" not in repr(endpoints) and "secret@" not in repr(endpoints)


def test_the_certificate_is_kept_until_it_nears_its_end(tmp_path: Path) -> None:
    now = SandboxClock(tmp_path / "clock.json").system_now()
    ensure_certificate(tmp_path, now)
    first = certificate_file(tmp_path).read_bytes()
    ensure_certificate(tmp_path, now + timedelta(days=300))
    assert certificate_file(tmp_path).read_bytes() == first
    ensure_certificate(tmp_path, now + timedelta(days=340))
    assert certificate_file(tmp_path).read_bytes() != first
    assert stat.S_IMODE(key_file(tmp_path).stat().st_mode) == 0o600


def test_a_key_that_is_not_the_certificates_is_replaced(tmp_path: Path) -> None:
    now = SandboxClock(tmp_path / "clock.json").system_now()
    ensure_certificate(tmp_path, now)
    lost = certificate_file(tmp_path).read_bytes()
    key_file(tmp_path).unlink()
    ensure_certificate(tmp_path, now)
    assert certificate_file(tmp_path).read_bytes() != lost


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_certificate_passes_strict_checks(tmp_path: Path, host: str) -> None:
    ensure_certificate(tmp_path, SandboxClock(tmp_path / "clock.json").system_now())
    client = ssl.create_default_context(cafile=certificate_file(tmp_path))
    # The default of ``create_default_context`` since Python 3.13.
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate_file(tmp_path), key_file(tmp_path))
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=host)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (ours, theirs, ours, theirs):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert ours.getpeercert()


def test_meetings_outlive_the_process(tmp_path: Path) -> None:
    file = tmp_path / "online-meetings.json"
    made = MeetingBook(file, "o").create({"externalId": "e"}, "2026-12-01T07:00:00.0000000Z")
    again = MeetingBook(file, "o")
    assert again.by_external_id("e") == made
    again.remove(made)
    assert MeetingBook(file, "o").all() == []
