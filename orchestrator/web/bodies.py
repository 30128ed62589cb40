"""Reads what a request carries: no more than its route takes, no slower than anybody would send it.

What was read is then looked at before any parser has it. Text is UTF-8, whatever the client names; a key
stands once in an object; no number is longer, no value nested deeper, and no form has more fields than
anything of ours. So no route has to expect a text that cannot be stored, or a document that is small and
costs much.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from orchestrator.errors import InvalidInput

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

DEEPEST = 32
MOST_FIELDS = 5000
_LARGEST_NUMBER = 2**63 - 1
_BYTES_A_SECOND = 32 * 1024
_LONGEST_BOUNDARY = 70  # RFC 2046, section 5.1.1.
_HALF_CHARACTER = re.compile("[\ud800-\udfff\x00]")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


class ClientLeftError(Exception):
    """The client closed the connection before it had sent everything; nobody waits for an answer."""


@dataclass(frozen=True, slots=True)
class BodyPatience:
    """How many seconds a body may take: between two pieces of it, and as a whole.

    Beside ``whole`` a body has the time in which a line that carries ``rate`` bytes a second brings it.
    """

    silence: float = 15.0
    whole: float = 30.0
    rate: float = _BYTES_A_SECOND

    def for_body(self, largest: int) -> float:
        """Return how long a body of at most ``largest`` bytes may take, also over a slow line."""
        return self.whole + largest / self.rate


async def read_body(receive: Receive, largest: int, patience: BodyPatience) -> bytes:
    """Return the body; raises 413 as soon as it is larger, 408 when it is slow, ``ClientLeftError``."""
    body = bytearray()
    try:
        async with asyncio.timeout(patience.for_body(largest)):
            more = True
            while more:
                async with asyncio.timeout(patience.silence):
                    message = await receive()
                if message["type"] != "http.request":
                    raise ClientLeftError
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > largest:
                    raise too_large(largest)
    except TimeoutError:
        raise _too_slow() from None
    return bytes(body)


def bounded(receive: Receive, largest: int, patience: BodyPatience) -> Receive:
    """Return what gives a body as it comes, as ``read_body`` would take it and raising the same."""
    loop, count, ended = asyncio.get_running_loop(), 0, False
    until = loop.time() + patience.for_body(largest)

    async def next_piece() -> Message:
        nonlocal count, ended
        if ended:
            return await receive()
        try:
            async with asyncio.timeout(min(patience.silence, max(0.0, until - loop.time()))):
                message = await receive()
        except TimeoutError:
            raise _too_slow() from None
        if message["type"] != "http.request":
            raise ClientLeftError
        count += len(message.get("body", b""))
        ended = not message.get("more_body", False)
        if count > largest:
            raise too_large(largest)
        return message

    return next_piece


def _too_slow() -> HTTPException:
    slow = "What was to be sent came too slowly, so it was not read. Nothing was done. Send it again."
    return HTTPException(408, slow, {"Connection": "close"})


def too_large(largest: int) -> HTTPException:
    """Return the refusal of a body that is larger than its route takes."""
    most = f"{largest:,} bytes" if largest else "nothing"
    return HTTPException(413, f"This is more than can be taken here ({most}). Shorten it. Nothing was done.")


@dataclass(frozen=True, slots=True)
class Content:
    """A body and the name of its type, as parsers get them."""

    body: bytes
    kind: bytes


def checked(body: bytes, content_type: bytes) -> Content:
    """Return a body whose text can be read, and its type without a charset.

    Raises ``InvalidInput`` for what no route could store, and 400 for a form that cannot be read.
    """
    kind, options = parse_options_header(content_type)
    if kind == b"multipart/form-data":
        return _multipart(body, options.get(b"boundary", b""))
    if kind == b"application/x-www-form-urlencoded":
        return Content(_form(body), kind)
    if kind == b"application/json" or kind.endswith(b"+json"):
        _check_json(body)
        return Content(body, kind)
    return Content(body, content_type)


# Forms


def _form(body: bytes) -> bytes:
    if body.count(b"&") >= MOST_FIELDS:
        _too_many_fields()
    # Browsers escape everything that is not ASCII; other clients send it as it is.
    escaped = _NOT_ASCII.sub(lambda found: b"%%%02X" % ord(found[0]), body)
    _require_text(unquote_to_bytes(escaped.replace(b"+", b" ")))
    return escaped


def _multipart(body: bytes, boundary: bytes) -> Content:
    if not boundary or len(boundary) > _LONGEST_BOUNDARY:
        raise HTTPException(400, "The form does not say where its fields begin. Nothing was done.")
    for text in _Texts.of(body, boundary):
        _require_text(text)
    quoted = boundary.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return Content(body, b'multipart/form-data; boundary="' + quoted + b'"')


class _Texts:
    """Collects what is text in a form of several parts: the heads of all, and the parts that are no files."""

    def __init__(self) -> None:
        self.found: list[bytes] = []
        self._part = bytearray()
        self._name = bytearray()
        self._value = bytearray()
        self._is_file = False

    @classmethod
    def of(cls, body: bytes, boundary: bytes) -> list[bytes]:
        """Return the texts; raises 400 for a form that cannot be read."""
        made = cls()
        callbacks: MultipartCallbacks = {
            "on_part_begin": made._begin,
            "on_header_field": made._name_of_header,
            "on_header_value": made._value_of_header,
            "on_header_end": made._end_of_header,
            "on_part_data": made._data,
            "on_part_end": made._end,
        }
        try:
            parser = MultipartParser(boundary, callbacks)
            parser.write(body)
            parser.finalize()
        except FormParserError as error:
            raise HTTPException(400, "The form cannot be read. Nothing was done.") from error
        return made.found

    def _begin(self) -> None:
        if len(self.found) > 2 * MOST_FIELDS:
            _too_many_fields()
        self._is_file = False

    def _name_of_header(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _value_of_header(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_of_header(self) -> None:
        value = bytes(self._value)
        if self._name.lower() == b"content-disposition":
            self._is_file = b"filename" in parse_options_header(value)[1]
        self.found.append(value)
        self._name.clear()
        self._value.clear()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._is_file:
            self._part += data[start:end]

    def _end(self) -> None:
        self.found.append(bytes(self._part))
        self._part.clear()


def _require_text(content: bytes) -> None:
    try:
        unreadable = "\x00" in content.decode("utf-8")
    except UnicodeDecodeError:
        unreadable = True
    if unreadable:
        raise HTTPException(400, "The form holds text that is not UTF-8, or a NUL. Nothing was done.")


def _too_many_fields() -> NoReturn:
    raise HTTPException(413, "This form has more fields than any of ours. Nothing was done.")


# JSON


def _check_json(body: bytes) -> None:
    """Refuse what is JSON and yet not to be taken; what is no JSON at all is left to its parser to say."""
    try:
        # With a NUL the parser would guess another encoding.
        text = body.decode("utf-8-sig")
        value = json.loads(
            text,
            object_pairs_hook=_each_once,
            parse_int=_integer,
            parse_float=_finite,
            parse_constant=lambda name: _refuse(name, "is not a number", "Write a number, or leave it out."),
        )
    except UnicodeDecodeError:
        _refuse("", "is not UTF-8 text", "Send JSON as UTF-8.")
    except RecursionError:
        _too_deep()
    except json.JSONDecodeError:
        if b"\x00" in body:
            _refuse("", "holds a NUL", "Send JSON as UTF-8, without NUL.")
        return
    _check_value(value)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        _refuse(twice, "is there twice", "Give each field once.")
    return found


def _integer(digits: str) -> int:
    number = int(digits) if len(digits) < 25 else _LARGEST_NUMBER + 1
    if abs(number) > _LARGEST_NUMBER:
        _refuse(digits, "is a number too large for anything", "Write a smaller number.")
    return number


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        _refuse(digits, "is a number too large for anything", "Write a smaller number.")
    return number


def _check_value(value: Any) -> None:
    """Look at every text and every level, without recursion."""
    level: list[Any] = [value]
    for _ in range(DEEPEST + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                if _HALF_CHARACTER.search(item):
                    _refuse("", "holds a NUL, or half a character", "Write whole characters, without NUL.")
            elif isinstance(item, dict):
                below += item.keys()
                below += item.values()
            elif isinstance(item, list):
                below += item
        if not below:
            return
        level = below
    _too_deep()


def _too_deep() -> NoReturn:
    _refuse("", f"is nested deeper than {DEEPEST} levels", "Send the fields as the description shows them.")


def _refuse(value: str, wrong: str, remedy: str) -> NoReturn:
    shown = value.encode("ascii", "backslashreplace").decode()[:40]
    raise InvalidInput.of("document", shown, wrong, remedy)
