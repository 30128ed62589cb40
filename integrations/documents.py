"""Documents in a folder, named by the SHA-256 of their content."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from orchestrator.errors import NotFound
from orchestrator.facts import Fact
from orchestrator.ports import ArrivingDocument, KeptDocument

_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNFINISHED, _GOING = ".new-", ".going-"
_CHUNK = 256 * 1024


class FolderDocumentStore:
    """``ports.DocumentStore`` in ``root``, which is made when first needed.

    A document lies at ``root/ab/abcd…`` and is readable by its owner only. It appears whole or not
    at all, whatever happens to the process or the machine while it is written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, content: bytes) -> str:
        """Keep ``content`` and return its lower-case hex SHA-256."""
        with self.receive() as arriving:
            arriving.write(content)
            return arriving.keep()

    @contextmanager
    def receive(self) -> Iterator[ArrivingDocument]:
        """Begin to take a document in pieces; what was not kept when this ends is gone."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._root, prefix=_UNFINISHED)
        try:
            with os.fdopen(handle, "w+b") as file:
                yield _Arriving(file, Path(name), self._path)
        finally:
            Path(name).unlink(missing_ok=True)

    def get(self, digest: str) -> bytes:
        """Return the content; raises ``NotFound`` when there is none or the stored copy is damaged."""
        with self.open(digest) as file:
            return file.read()

    def open(self, digest: str) -> BinaryIO:
        """Open a document at its beginning; raises ``NotFound`` for none and for a damaged one.

        It is read to its end before, so that nobody gets the first half of a damaged one.
        """
        # The pattern also keeps a made-up digest such as ``../x`` from leaving the folder.
        if _DIGEST.fullmatch(digest) is None:
            raise NotFound(Fact.of("outside.document.not-a-digest", digest=repr(digest)))
        try:
            file = self._path(digest).open("rb")
        except FileNotFoundError:
            raise NotFound(Fact.of("outside.document.missing", digest=digest)) from None
        try:
            if _digest_of(file) != digest:
                raise NotFound(Fact.of("outside.document.damaged", digest=digest), code="document-damaged")
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    def holds(self, digest: str) -> bool:
        """Whether a document is there."""
        return _DIGEST.fullmatch(digest) is not None and self._path(digest).is_file()

    def kept(self) -> Iterator[KeptDocument]:
        """Return every document that is there; one that goes meanwhile is left out."""
        for path in sorted(self._root.glob("[0-9a-f][0-9a-f]/*")):
            with suppress(FileNotFoundError):
                if _DIGEST.fullmatch(path.name):
                    yield KeptDocument(path.name, _changed_at(path))

    def discard(self, digest: str, before: datetime) -> bool:
        """Delete a document that was last kept before an instant, and say whether it was.

        It is put aside first and then looked at. Who keeps the same content meanwhile has touched it before,
        and then it goes back; or finds none, and writes it anew.
        """
        path = self._path(digest)
        aside = path.with_name(_GOING + digest)
        try:
            os.rename(path, aside)
            is_old = _changed_at(aside) < before
        except FileNotFoundError:
            return False
        if is_old:
            aside.unlink(missing_ok=True)
        else:
            os.replace(aside, path)
        return is_old

    def discard_unfinished(self, before: datetime) -> int:
        """Delete what was begun before an instant and never kept; return how many."""
        gone = 0
        for pattern in (f"{_UNFINISHED}*", f"*/{_UNFINISHED}*", f"*/{_GOING}*"):
            for path in self._root.glob(pattern):
                with suppress(FileNotFoundError):
                    if _changed_at(path) < before:
                        path.unlink()
                        gone += 1
        return gone

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest


class _Arriving:
    """``ports.ArrivingDocument``: a file without a name that anybody looks for."""

    def __init__(self, file: BinaryIO, path: Path, home: Callable[[str], Path]) -> None:
        self._file = file
        self._path = path
        self._home = home
        self._made = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        """The SHA-256 of what has come."""
        return self._made.hexdigest()

    @property
    def file(self) -> BinaryIO:
        """What has come."""
        self._file.flush()
        return self._file

    def write(self, piece: bytes) -> None:
        """Add what came next, behind all that came before, wherever the file was read."""
        self._file.seek(0, os.SEEK_END)
        self._file.write(piece)
        self._made.update(piece)
        self.size += len(piece)

    def keep(self) -> str:
        """Make it a document, durably; a copy that is there already is kept if it is whole."""
        digest = self.digest
        home = self._home(digest)
        if _touched(home, digest):
            return digest
        home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        os.replace(self._path, home)
        # The new name itself is durable only once the folder is on disk too.
        _write_through(home.parent)
        return digest


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


def _digest_of(file: BinaryIO) -> str:
    made = hashlib.sha256()
    while piece := file.read(_CHUNK):
        made.update(piece)
    return made.hexdigest()


def _touched(path: Path, digest: str) -> bool:
    """Say that a document is kept again; false where there is none, or a damaged copy.

    A damaged copy is not trusted but written again: the caller holds the true content.
    """
    try:
        os.utime(path)
        with path.open("rb") as file:
            return _digest_of(file) == digest
    except FileNotFoundError:
        return False


def _changed_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _write_through(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
