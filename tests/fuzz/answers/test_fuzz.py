"""Runs the fuzzer for a while; ``python tests/fuzz/answers/fuzz_incoming.py FOLDER`` runs it for ever."""

from __future__ import annotations

import base64
import importlib.util
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "unit" / "incoming"
SECONDS = 15
HAS_WHEEL = (
    sys.platform == "linux"
    and platform.machine() == "x86_64"
    and sys.version_info[:2] in ((3, 11), (3, 12), (3, 13))
)


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """The sample mails, and what lies in them behind Base64."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    for path in SAMPLES.glob("*.eml"):
        content = path.read_bytes()
        (folder / path.stem).write_bytes(content)
        begins = content.find(b"BEGIN:VCALENDAR")
        if begins >= 0:
            (folder / f"{path.stem}-calendar").write_bytes(b"\0" + content[begins:].partition(b"\n--")[0])
        status = content.partition(b"Content-Type: message/delivery-status\n\n")[2]
        if status:
            (folder / f"{path.stem}-status").write_bytes(b"\2" + status.partition(b"\n--")[0])
    (folder / "tnef").write_bytes(
        b"\1\x78\x9f\x3e\x22\1\0\1\x08\x80\7\0\x1e\0\0\0IPM.Schedule.Meeting.Resp.Pos\0"
    )
    (folder / "signed").write_bytes(
        b"\3" + base64.b64decode("MIAGCSqGSIb3DQEHAqCAMIAGCSqGSIb3DQEHAaCAJIAEAWE=")
    )
    (folder / "bounce").write_bytes(b"\4<a@b.example>:\nuser unknown\n--- a copy of it\nMessage-ID: <a@b>\n")
    return folder


def test_no_mail_breaks_the_reader(seeds: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        assert not (HAS_WHEEL and "CI" in os.environ), "atheris is not installed, though it could be"
        pytest.skip("atheris is not installed: it has wheels for Linux on x86-64 only")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    command = [sys.executable, str(HERE / "fuzz_incoming.py"), str(corpus), str(seeds)]
    limits = [f"-max_total_time={SECONDS}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=16384"]
    done = subprocess.run(
        [*command, *limits, f"-artifact_prefix={tmp_path}/"],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS + 100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    assert "Done" in done.stderr
