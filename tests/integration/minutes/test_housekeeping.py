"""What a crash or a restored backup leaves apart is found, shown and tidied."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.services.minutes.files import MeetingFiles
from orchestrator.services.minutes.filing import NewFile
from tests import made_files as made
from tests.callers import caller
from tests.integration.conftest import NHUNG, World

SOM = "SOM-2026"


def put_up(world: World, name: str, content: bytes) -> str:
    files: MeetingFiles = world.meeting_files
    with files.receiving() as arriving:
        arriving.name(name)
        arriving.write(content)
        return files.put_up(SOM, NewFile(""), arriving, caller=caller("Khoi")).digest


def at(world: World, digest: str) -> Path:
    return world.settings.data_dir / "documents" / digest[:2] / digest


def aged(world: World, digest: str, days: int) -> None:
    then = (world.lease_clock.now() - timedelta(days=days)).timestamp()
    os.utime(at(world, digest), (then, then))


@pytest.fixture
def filed(world: World) -> World:
    world.invited()
    return world


def test_content_that_nothing_names_goes_after_two_days(filed: World) -> None:
    named, orphan, fresh = (
        put_up(filed, "a.pdf", made.PDF),
        filed.documents.put(b"a crash came between"),
        filed.documents.put(b"a preview of today"),
    )
    for digest, days in ((named, 9), (orphan, 3), (fresh, 1)):
        aged(filed, digest, days)
    assert filed.document_housekeeping.look().unnamed == (orphan,)
    assert filed.documents.holds(orphan)
    filed.document_housekeeping.tidy()
    assert [filed.documents.holds(item) for item in (named, orphan, fresh)] == [True, False, True]
    assert filed.document_housekeeping.tidy().unnamed == ()


def test_what_never_arrived_whole_goes_too(filed: World) -> None:
    put_up(filed, "a.pdf", made.PDF)
    left = filed.settings.data_dir / "documents" / ".new-half"
    left.write_bytes(b"half")
    then = (filed.lease_clock.now() - timedelta(days=3)).timestamp()
    os.utime(left, (then, then))
    filed.document_housekeeping.tidy()
    assert not left.exists()


def test_a_record_without_content_is_hidden_until_it_is_back(filed: World) -> None:
    digest = put_up(filed, "a.pdf", made.PDF)
    token = filed.personal_links.link_of(SOM, NHUNG).rpartition("/")[2]
    at(filed, digest).unlink()
    assert filed.document_housekeeping.tidy().lost == (digest,)
    since = filed.meeting_files.all(SOM)[0].lost_since
    assert since is not None
    assert filed.papers.view(token).files == ()
    filed.document_housekeeping.tidy()
    assert filed.meeting_files.all(SOM)[0].lost_since == since
    filed.documents.put(made.PDF)
    assert filed.document_housekeeping.tidy().lost == ()
    assert filed.meeting_files.all(SOM)[0].lost_since is None
    assert [item.newest.filename for item in filed.papers.view(token).files] == ["a.pdf"]


def test_beat_tidies_once_a_day(filed: World) -> None:
    orphans = [filed.documents.put(text) for text in (b"one", b"two")]
    aged(filed, orphans[0], 3)
    filed.clock.move(days=1)
    filed.scheduling.claim()
    assert [filed.documents.holds(item) for item in orphans] == [False, True]
    aged(filed, orphans[1], 3)
    filed.scheduling.claim()
    assert filed.documents.holds(orphans[1])
    filed.clock.move(days=1)
    filed.scheduling.claim()
    assert not filed.documents.holds(orphans[1])


def test_a_folder_that_cannot_be_read_keeps_no_beat_from_working(
    filed: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(type(filed.documents), "kept", broken)
    filed.clock.move(days=1)
    filed.scheduling.claim()
    assert "documents are not tidied" in caplog.text


def test_two_that_put_up_one_name_at_once_make_two_versions(filed: World) -> None:
    contents = [made.PDF + b"\n" * number for number in range(1, 5)]
    with ThreadPoolExecutor(len(contents)) as pool:
        list(pool.map(lambda content: put_up(filed, "a.pdf", content), contents))
    found = filed.meeting_files.all(SOM)
    assert [item.version for item in found] == [1, 2, 3, 4]
    assert {filed.documents.get(item.digest) for item in found} == set(contents)


def test_putting_the_same_file_up_again_brings_missing_content_back(filed: World) -> None:
    digest = put_up(filed, "a.pdf", made.PDF)
    at(filed, digest).unlink()
    put_up(filed, "a.pdf", made.PDF)
    assert filed.documents.get(digest) == made.PDF
    assert [item.version for item in filed.meeting_files.all(SOM)] == [1]
