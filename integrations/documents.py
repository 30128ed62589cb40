"""Documents in a folder, named by the SHA-256 of their content."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from orchestrator.errors import NotFound
from orchestrator.facts import Fact

_DIGEST = re.compile(r"[0-9a-f]{64}")


class FolderDocumentStore:
    """``ports.DocumentStore`` in ``root``, which is made when first needed.

    A document lies at ``root/ab/abcd…`` and is readable by its owner only. It appears whole or not
    at all, whatever happens to the process or the machine while it is written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, content: bytes) -> str:
        """Keep ``content`` and return its lower-case hex SHA-256."""
        digest = _digest(content)
        path = self._path(digest)
        # A damaged copy is not trusted but written again: the caller holds the true content.
        if not (path.is_file() and _digest(path.read_bytes()) == digest):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_durably(path, content)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the content; raises ``NotFound`` when there is none or the stored copy is damaged."""
        # The pattern also keeps a made-up digest such as ``../x`` from leaving the folder.
        if _DIGEST.fullmatch(digest) is None:
            raise NotFound(Fact.of("outside.document.not-a-digest", digest=repr(digest)))
        try:
            content = self._path(digest).read_bytes()
        except FileNotFoundError:
            raise NotFound(Fact.of("outside.document.missing", digest=digest)) from None
        if _digest(content) != digest:
            raise NotFound(
                Fact.of("outside.document.damaged", digest=digest),
                code="document-damaged",
            )
        return content

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest


class FolderQuarantineStore(FolderDocumentStore):
    """``ports.QuarantineStore`` in ``root``, apart from what is kept for good.

    Version 0.1 kept such mails among the documents, in ``before``; they are found there, and deleted there.
    """

    def __init__(self, root: Path, before: Path) -> None:
        super().__init__(root)
        self._before = FolderDocumentStore(before)

    def get(self, digest: str) -> bytes:
        """Return the content; raises ``NotFound`` when there is none or the stored copy is damaged."""
        try:
            return super().get(digest)
        except NotFound:
            return self._before.get(digest)

    def remove(self, digest: str) -> None:
        """Delete the content; succeeds when there is none."""
        if _DIGEST.fullmatch(digest) is None:
            return
        for store in (self, self._before):
            store._path(digest).unlink(missing_ok=True)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write_durably(path: Path, content: bytes) -> None:
    """Write ``path`` (mode 0600) so that it survives a power cut once this returns."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # The new name itself is durable only once the folder is on disk too.
        os.fsync(folder)
    finally:
        os.close(folder)
