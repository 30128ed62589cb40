"""Takes a form with a file, piece by piece: the file goes to the disk as it comes, never whole into memory.

The gate lets such a form through unread, so that who asks and whether it can be taken at all is known before
a byte is. What it lets through it counts and times. The rest is checked here: one file, few and short fields,
short headers, text in UTF-8.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from orchestrator.domain.minutes.files import FileAudience
from orchestrator.errors import InvalidInput
from orchestrator.services.minutes.receiving import ArrivingFile

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_FILE = "file"
_MOST_PARTS, _LONGEST_FIELD, _LONGEST_BOUNDARY = 12, 2000, 70
_PIECE = 256 * 1024
_MOST_AT_ONCE, _MOST_OF_ONE = 24, 2
_NOTHING = "Nothing was done."


@dataclass(slots=True)
class UploadForm:
    """The fields beside the file, as they came."""

    fields: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a field, trimmed; empty where it did not come."""
        return self.fields.get(name, "").strip()

    def number(self, name: str) -> int | None:
        """Return a number, ``None`` where it is empty; raises ``InvalidInput`` for anything else."""
        given = self.text(name)
        if not given:
            return None
        if not (given.isascii() and given.isdigit() and len(given) < 6 and int(given)):
            raise InvalidInput.of(name, given, "is not a number of an item", "Give its number, such as 3.")
        return int(given)

    @property
    def audience(self) -> FileAudience:
        """Return who may see the file, members where nothing is said; raises ``InvalidInput``."""
        given = self.text("audience") or FileAudience.MEMBERS
        if given not in frozenset(FileAudience):
            raise InvalidInput.of("audience", given, "is no audience", "Say members or partners.")
        return FileAudience(given)


class Uploads:
    """How many files are on their way at a time, of each source and in all."""

    def __init__(self) -> None:
        self._coming: Counter[str] = Counter()

    @contextmanager
    def one(self, source: str) -> Iterator[None]:
        """Count one while it comes; raises 503 where there are too many, so that no one fills the disk."""
        if self._coming[source] >= _MOST_OF_ONE or self._coming.total() >= _MOST_AT_ONCE:
            busy = f"Other files are coming in just now. {_NOTHING} Send it again in a minute."
            raise HTTPException(503, busy, {"Retry-After": "60"})
        self._coming[source] += 1
        try:
            yield
        finally:
            self._coming[source] -= 1
            if not self._coming[source]:
                del self._coming[source]


def _uploads(request: Request) -> Uploads:
    found: Uploads = request.app.state.uploads
    return found


UploadsDep = Annotated[Uploads, Depends(_uploads)]


async def receive_form(request: Request, arriving: ArrivingFile) -> UploadForm:
    """Read the form of a request, its file into ``arriving``; return its fields.

    Raises 400 for what is no such form, and ``InvalidInput`` for a file that is too large or is missing.
    """
    reader = _FormReader(arriving, _boundary(request))
    async for piece in request.stream():
        for start in range(0, len(piece), _PIECE):
            # Writing waits for the disk, which must not keep others waiting.
            await run_in_threadpool(reader.feed, piece[start : start + _PIECE])
    return reader.end()


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", "").encode("latin-1"))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary or len(boundary) > _LONGEST_BOUNDARY:
        raise HTTPException(400, f"Send the file as a form (multipart/form-data). {_NOTHING}")
    return boundary


class _FormReader:
    """Sorts the parts of a form as they come."""

    def __init__(self, arriving: ArrivingFile, boundary: bytes) -> None:
        self._arriving = arriving
        self._form = UploadForm()
        self._header, self._value = bytearray(), bytearray()
        self._name: str | None = None
        self._is_file = False
        self._text = bytearray()
        self._parts = 0
        self._has_file = False
        self._complete = False
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._name_of_header,
            "on_header_value": self._value_of_header,
            "on_header_end": self._end_of_header,
            "on_headers_finished": self._end_of_headers,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._end_of_form,
        }
        self._parser = MultipartParser(boundary, callbacks)

    def feed(self, piece: bytes) -> None:
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise HTTPException(400, f"The form cannot be read. {_NOTHING}") from error

    def end(self) -> UploadForm:
        # Without its last line the form was cut off, and nobody knows how much of the file is missing.
        if not self._complete:
            raise HTTPException(400, f"The form ends in the middle. {_NOTHING} Send it again.")
        if not self._has_file:
            raise InvalidInput.of(_FILE, "", "is missing", "Choose a file and send it again.")
        return self._form

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise HTTPException(413, f"This form has more fields than any of ours. {_NOTHING}")
        self._name, self._is_file = None, False

    def _name_of_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _value_of_header(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_of_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            self._name = _readable(options.get(b"name", b""))
            filename = options.get(b"filename")
            self._is_file = filename is not None
            if filename is not None:
                self._take_name(_readable(filename))
        self._header.clear()
        self._value.clear()

    def _take_name(self, filename: str) -> None:
        if self._has_file or self._name != _FILE:
            raise HTTPException(400, f"Send one file, in the field {_FILE!r}. {_NOTHING}")
        self._has_file = True
        # A browser sends an empty name where no file was chosen.
        if not filename:
            raise InvalidInput.of(_FILE, "", "is missing", "Choose a file and send it again.")
        # Browsers write these three so, for they would end the header or the name (HTML standard).
        for written, meant in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n")):
            filename = filename.replace(written, meant)
        self._arriving.name(filename)

    def _end_of_headers(self) -> None:
        if self._name is None:
            raise HTTPException(400, f"A field of the form has no name. {_NOTHING}")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._arriving.write(data[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > _LONGEST_FIELD:
            raise HTTPException(413, f"A field of this form is longer than any of ours. {_NOTHING}")

    def _end(self) -> None:
        if not self._is_file and self._name is not None:
            self._form.fields[self._name] = _readable(bytes(self._text))
        self._text.clear()

    def _end_of_form(self) -> None:
        self._complete = True


def _readable(content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\x00"
    if "\x00" in text:
        raise HTTPException(400, f"The form holds text that is not UTF-8, or a NUL. {_NOTHING}")
    return text
