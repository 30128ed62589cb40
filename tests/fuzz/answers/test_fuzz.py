"""Runs the fuzzer for a while; ``python tests/fuzz/answers/fuzz_incoming.py FOLDER`` runs it for ever."""

from __future__ import annotations

import base64
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.effort import wants_everything
from tests.unit.mails import ALL_SAMPLES, SAMPLES

ROOT = Path(__file__).resolve().parents[3]
FUZZER = Path(__file__).with_name("fuzz_incoming.py")


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """The sample mails, and what lies in them behind Base64."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    for name in ALL_SAMPLES:
        content = (SAMPLES / f"{name}.eml").read_bytes()
        (folder / name).write_bytes(content)
        begins = content.find(b"BEGIN:VCALENDAR")
        if begins >= 0:
            (folder / f"{name}-calendar").write_bytes(b"\0" + content[begins:].partition(b"\n--")[0])
        status = content.partition(b"Content-Type: message/delivery-status\n\n")[2]
        if status:
            (folder / f"{name}-status").write_bytes(b"\2" + status.partition(b"\n--")[0])
    (folder / "tnef").write_bytes(
        b"\1\x78\x9f\x3e\x22\1\0\1\x08\x80\7\0\x1e\0\0\0IPM.Schedule.Meeting.Resp.Pos\0"
    )
    (folder / "signed").write_bytes(
        b"\3" + base64.b64decode("MIAGCSqGSIb3DQEHAqCAMIAGCSqGSIb3DQEHAaCAJIAEAWE=")
    )
    (folder / "bounce").write_bytes(b"\4<a@b.example>:\nuser unknown\n--- a copy of it\nMessage-ID: <a@b>\n")
    return folder


@pytest.mark.longer
def test_no_mail_breaks_the_reader(seeds: Path, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    seconds = 15 if wants_everything(pytestconfig) else 5
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed: it has wheels for Linux on x86-64 only")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    command = [sys.executable, str(FUZZER), str(corpus), str(seeds)]
    limits = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=16384"]
    done = subprocess.run(
        [*command, *limits, f"-artifact_prefix={tmp_path}/"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds + 100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    assert "Done" in done.stderr
