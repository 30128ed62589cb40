"""The contract of ``ports.DocumentStore``."""

from __future__ import annotations

import hashlib
import stat
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
