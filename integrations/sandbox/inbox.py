"""The mailbox of the sandbox: a Maildir that the catcher, a test or a mail program delivers into."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote_from_bytes

from orchestrator.errors import PermanentFailure, TransientFailure
from orchestrator.facts import Fact
from orchestrator.ports import IncomingMail, Tray

_Result = TypeVar("_Result")

_SUBFOLDERS = {Tray.PROCESSED: ".Processed", Tray.QUARANTINE: ".Quarantine"}
"""Maildir++ writes a subfolder as a Maildir of its own whose name begins with a dot."""
_LOOK_SECONDS = 0.1
_SECONDS_DIGITS = 10
"""A time in seconds has ten digits from 2001 to 2286; a name with more digits counts parts of seconds."""
_SAFE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


class MaildirMailbox:
    """``ports.Mailbox`` over the Maildir ``path``, with the Maildirs of the trays inside it.

    A mail may lie in ``new`` or, once a mail program has shown it, in ``cur``. Its key is its file
    name without the flags; bytes that are not plain ASCII are written as ``%XX``, so that every key
    is text that can be stored, and no two files share one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stop = threading.Event()
        self._known: set[bytes] = set()

    @property
    def name(self) -> str:
        """What the mailbox is called in records."""
        return f"maildir:{self._path.name}"

    @contextmanager
    def session(self) -> Iterator[MaildirSession]:
        """Open the mailbox, making its folders where they are missing."""
        with _naming(self._path):
            for folder in (self._path, *(self._path / name for name in _SUBFOLDERS.values())):
                _make_maildir(folder)
        yield MaildirSession(self._path)

    def wait(self, seconds: float) -> bool:
        """Return True once mail lies there that did not at the last call, False after ``seconds``.

        The first call counts every mail as new. Trouble with the folder is waited out.
        """
        deadline = time.monotonic() + seconds
        while not self._new_mail():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if self._stop.wait(min(left, _LOOK_SECONDS)):
                self._stop.clear()
                return False
        return True

    def close(self) -> None:
        """End the call of ``wait`` that runs, or else make the next one end at once."""
        self._stop.set()

    def trouble(self) -> Fact | None:
        """Return ``None``: a folder of this machine can always be watched."""
        return None

    def check(self) -> str:
        """Make and read the folders; return what was found."""
        with self.session() as session:
            waiting = session.count()
        return f"The Maildir {self._path} holds {waiting} {'mail' if waiting == 1 else 'mails'}."

    def _new_mail(self) -> bool:
        try:
            present = _bases(self._path)
        except OSError:
            return False
        arrived = not present <= self._known
        self._known = present
        return arrived


class MaildirSession:
    """``ports.MailboxSession`` over a Maildir: remembers where it saw each mail and holds nothing open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: dict[str, _File] = {}

    def count(self) -> int:
        """Return how many mails lie in the inbox."""
        with _naming(self._path):
            self._look()
        return len(self._seen)

    def waiting(self, limit: int) -> list[str]:
        """Return the keys of up to ``limit`` mails, oldest first by the time in their names."""
        with _naming(self._path):
            self._look()
            ages = {key: _age(file) for key, file in self._seen.items()}
        return sorted(ages, key=lambda key: (ages[key], key))[:limit]

    def read(self, keys: Sequence[str], largest: int) -> Iterator[IncomingMail]:
        """Read mails as they lie there, each at most its first ``largest`` bytes."""
        for key in self._known(keys):
            with _naming(self._path):
                mail = self._find(key, lambda file: _read(file, largest))
            if mail is not None:
                yield mail

    def put_away(self, keys: Sequence[str], tray: Tray) -> None:
        """Move mails to a tray, where they are marked as seen."""
        target = os.fsencode(self._path / _SUBFOLDERS[tray] / "cur")
        for key in self._known(keys):
            with _naming(self._path):
                self._find(key, lambda file: _rename(file, target))
            self._seen.pop(key, None)

    def _look(self) -> None:
        self._seen = {file.key: file for file in _files(self._path)}

    def _known(self, keys: Sequence[str]) -> Sequence[str]:
        """Look into the folders when keys are asked for that were not seen there."""
        with _naming(self._path):
            if not self._seen.keys() >= set(keys):
                self._look()
        return keys

    def _find(self, key: str, act: Callable[[_File], _Result | None]) -> _Result | None:
        """Act upon a mail's file; once more where it lies now, for a mail program may have renamed it."""
        for _ in range(2):
            file = self._seen.get(key)
            if file is None:
                return None
            result = act(file)
            if result is not None:
                return result
            self._look()
        return None


@dataclass(frozen=True, slots=True)
class _File:
    """A mail's file. ``base`` is its name without flags; names are bytes, for they need not be text."""

    path: bytes
    base: bytes
    flags: bytes

    @property
    def key(self) -> str:
        return quote_from_bytes(self.base, safe=_SAFE)


def _files(path: Path) -> Iterator[_File]:
    for folder in ("new", "cur"):
        try:
            entries = os.scandir(os.fsencode(path / folder))
        except FileNotFoundError:
            continue
        with entries:
            for entry in entries:
                # A link or a pipe is no mail, and reading it could do harm.
                if not entry.name.startswith(b".") and entry.is_file(follow_symlinks=False):
                    base, _, flags = entry.name.partition(b":2,")
                    yield _File(entry.path, base, flags)


def _bases(path: Path) -> set[bytes]:
    """Return the names in the folders, without flags and without a look at what they stand for."""
    names: list[bytes] = []
    for folder in ("new", "cur"):
        with suppress(FileNotFoundError):
            names += os.listdir(os.fsencode(path / folder))
    return {name.partition(b":2,")[0] for name in names if not name.startswith(b".")}


def _age(file: _File) -> tuple[float, int]:
    """Return what sorts files by time: the time their names begin with, or else that of the file.

    By convention a name is ``seconds.unique.host``, often with ``M`` and the microseconds in the
    second part; the catcher's names begin with microseconds.
    """
    stamp = re.match(rb"(\d{10,19})\.(?:M(\d{1,6})(?!\d))?", file.base)
    if stamp is not None:
        return int(stamp[1]) / 10 ** (len(stamp[1]) - _SECONDS_DIGITS), int(stamp[2] or 0)
    try:
        return os.stat(file.path, follow_symlinks=False).st_mtime, 0
    except FileNotFoundError:
        return 0.0, 0


def _read(file: _File, largest: int) -> IncomingMail | None:
    """Read one file; None when it is not there any more."""
    try:
        with open(file.path, "rb", buffering=0) as source:
            status = os.fstat(source.fileno())
            content = _first_bytes(source.fileno(), min(largest, status.st_size))
    except FileNotFoundError:
        return None
    return IncomingMail(
        key=file.key,
        received_at=datetime.fromtimestamp(status.st_mtime, UTC),
        size=status.st_size,
        content=content,
    )


def _first_bytes(source: int, wanted: int) -> bytes:
    """Read up to ``wanted`` bytes; one system call need not return them all."""
    content = os.read(source, wanted)
    while len(content) < wanted and (more := os.read(source, wanted - len(content))):
        content += more
    return content


def _rename(file: _File, folder: bytes) -> bytes | None:
    """Move a file into ``folder`` as one that was seen; return its new name, None when it has gone."""
    flags = bytes(sorted({*file.flags, *b"S"}))
    name = file.base + b":2," + flags
    try:
        os.rename(file.path, os.path.join(folder, name))
    except FileNotFoundError:
        return None
    return name


def _make_maildir(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("tmp", "new", "cur"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Report trouble with the folder in words that name it."""
    try:
        yield
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise PermanentFailure(
            f"The mailbox {path} cannot be used: {error.strerror}. Make it a folder that this service may "
            "read and write.",
            code="maildir",
        ) from error
    except OSError as error:
        raise TransientFailure(f"The mailbox {path} cannot be used now: {error.strerror}") from error
