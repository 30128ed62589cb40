"""The contract of ``ports.DocumentStore``."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integrations.documents import FolderDocumentStore
from orchestrator.errors import NotFound
from orchestrator.ports import DocumentStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "documents"


@pytest.fixture
def store(root: Path) -> DocumentStore:
    return FolderDocumentStore(root)


@pytest.mark.parametrize("content", [b"", b"minutes\r\n", bytes(range(256)) * 1000])
def test_what_is_put_comes_back_by_its_digest(store: DocumentStore, content: bytes) -> None:
    digest = store.put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert store.get(digest) == content


def test_putting_again_is_harmless(store: DocumentStore, root: Path) -> None:
    assert store.put(b"same") == store.put(b"same")
    assert len([file for file in root.rglob("*") if file.is_file()]) == 1


@pytest.mark.parametrize("digest", ["0" * 64, "", "../secret", "A" * 64, "0" * 63 + "\n"])
def test_an_unknown_document_is_not_found(store: DocumentStore, digest: str) -> None:
    with pytest.raises(NotFound):
        store.get(digest)


def test_files_are_private(store: DocumentStore, root: Path) -> None:
    digest = store.put(b"secret")
    assert stat.S_IMODE((root / digest[:2] / digest).stat().st_mode) == 0o600


def test_a_damaged_copy_is_reported_and_mended_by_putting_again(store: DocumentStore, root: Path) -> None:
    digest = store.put(b"true")
    (root / digest[:2] / digest).write_bytes(b"false")
    with pytest.raises(NotFound, match="damaged"):
        store.get(digest)
    store.put(b"true")
    assert store.get(digest) == b"true"


def test_a_document_that_comes_in_pieces_is_one(store: DocumentStore) -> None:
    with store.receive() as arriving:
        for piece in (b"first ", b"second ", b"third"):
            arriving.write(piece)
        arriving.file.seek(0)
        assert arriving.file.read(5) == b"first"
        arriving.write(b".")
        assert arriving.size == 19
        digest = arriving.keep()
    with store.open(digest) as file:
        assert (file.read(6), file.read()) == (b"first ", b"second third.")
    assert digest == hashlib.sha256(b"first second third.").hexdigest()


def test_what_was_not_kept_is_gone(store: DocumentStore, root: Path) -> None:
    with suppress(ValueError), store.receive() as arriving:
        arriving.write(b"half of it")
        raise ValueError
    assert [file for file in root.rglob("*") if file.is_file()] == []


def test_two_that_come_at_once_do_not_meet(store: DocumentStore) -> None:
    with store.receive() as one, store.receive() as other:
        one.write(b"a")
        other.write(b"b")
        one.write(b"a")
        digests = {one.keep(), other.keep()}
    assert {store.get(digest) for digest in digests} == {b"aa", b"b"}


def test_one_read_while_it_is_replaced_is_read_to_its_end(store: DocumentStore, root: Path) -> None:
    digest = store.put(b"true")
    with store.open(digest) as file:
        (root / digest[:2] / digest).unlink()
        assert file.read() == b"true"


def test_everything_kept_is_listed_and_only_what_is_old_is_discarded(store: DocumentStore) -> None:
    old, new = store.put(b"old"), store.put(b"new")
    kept = {item.digest: item.kept_at for item in store.kept()}
    assert set(kept) == {old, new}
    assert not store.discard(old, min(kept.values()) - timedelta(seconds=1))
    assert store.discard(old, max(kept.values()) + timedelta(seconds=1))
    assert not store.discard(old, max(kept.values()) + timedelta(seconds=1))
    assert (store.holds(old), store.holds(new), store.holds("../x")) == (False, True, False)


def test_keeping_again_makes_a_document_new(store: DocumentStore, root: Path) -> None:
    digest = store.put(b"x")
    os.utime(root / digest[:2] / digest, (0, 0))
    store.put(b"x")
    assert not store.discard(digest, datetime.now(UTC) - timedelta(hours=1))


def test_what_was_begun_and_never_kept_is_discarded_in_time(store: DocumentStore, root: Path) -> None:
    store.put(b"whole")
    (root / ".new-half").write_bytes(b"half")
    assert store.discard_unfinished(datetime.now(UTC) - timedelta(hours=1)) == 0
    os.utime(root / ".new-half", (0, 0))
    assert store.discard_unfinished(datetime.now(UTC) - timedelta(hours=1)) == 1
    assert len(list(store.kept())) == 1
