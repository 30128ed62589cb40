"""A strict reader of MIME, by the letter of its RFCs and without the standard library's leniency.

What it does not accept, some mail system somewhere does not accept either.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any

_FIELD = re.compile(rb"([!-9;-~]+): ([\t -~]*)")  # RFC 5322 section 2.2: printable, without a colon.
_PARAMETER = re.compile(r'; *([!#$&+.^_`|~0-9A-Za-z*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))')
_ENCODED_WORD = re.compile(r"=\?utf-8\?([bqBQ])\?([!->@-~]*)\?=")
_ATOM = r"[0-9A-Za-z!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = rf"{_ATOM}(?:\.{_ATOM})*@[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_MAILBOX = re.compile(
    rf'(?:(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<phrase>{_ATOM}(?:[ \t]+{_ATOM})*)) +)?'
    rf"<(?P<address>{_ADDRESS})>|(?P<bare>{_ADDRESS})"
)
_BASE64_LINES = re.compile(rb"(?:[A-Za-z0-9+/]{4}){1,19}")
_QUOTED = re.compile(rb"=([0-9A-F]{2})")
_QUOTED_LINE = re.compile(rb"(?:[\t !-<>-~]|=[0-9A-F]{2})*=?")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message: its header fields in order, unfolded, and its body as sent."""

    fields: tuple[tuple[str, str], ...]
    body: bytes
    parts: tuple[Part, ...] = ()

    def all(self, name: str) -> list[str]:
        """Return the values of the fields of that name."""
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def field(self, name: str) -> str:
        """Return the value of the only field of that name."""
        (found,) = self.all(name)
        return found

    @property
    def content_type(self) -> str:
        """The media type, without its parameters."""
        return self.field("Content-Type").partition(";")[0]

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the media type."""
        return parameters(self.field("Content-Type"))

    def walk(self) -> list[Part]:
        """Return this part and all within, from outside in and from first to last."""
        return [self, *(found for part in self.parts for found in part.walk())]

    def content(self) -> bytes:
        """Return the body without its transfer encoding (RFC 2045 section 6)."""
        encoding = self.field("Content-Transfer-Encoding")
        return {"base64": _from_base64, "quoted-printable": _from_quoted_printable}[encoding](self.body)


def parameters(value: str) -> dict[str, str]:
    """Return the parameters of a structured field (RFC 2045 section 5.1)."""
    rest = value.partition(";")
    text = rest[1] + rest[2]
    found = list(_PARAMETER.finditer(text))
    assert "".join(match[0] for match in found) == text, f"not a list of parameters: {text}"
    return {match[1].lower(): match[2] if match[2] is not None else match[3] for match in found}


def read(raw: bytes) -> Part:
    """Return a message or part with everything in it."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    assert gap, "no empty line between header and body (RFC 5322 section 2.1)"
    part = Part(_fields(head), body)
    if part.content_type.startswith("multipart/"):
        return Part(part.fields, body, tuple(map(read, _inner(body, part.parameters["boundary"]))))
    return part


def decoded(text: str) -> str:
    """Return an unstructured field or a phrase without its encoded words (RFC 2047 sections 4 and 6.2)."""
    # Between two encoded words, white space only separates them.
    joined = re.sub(r"(?<=\?=)[ \t]+(?==\?)", "", text)
    return _ENCODED_WORD.sub(lambda match: _word(match[1].lower(), match[2]), joined)


def _word(encoding: str, text: str) -> str:
    if encoding == "b":
        return base64.b64decode(text, validate=True).decode("utf-8")
    return _QUOTED.sub(
        lambda match: bytes.fromhex(match[1].decode()), text.replace("_", " ").encode()
    ).decode()


def mailbox(text: str) -> tuple[str, str]:
    """Return the display name and the address of a field that holds one mailbox (RFC 5322 section 3.4)."""
    match = _MAILBOX.fullmatch(text)
    assert match, f"not one mailbox: {text!r}"
    quoted, phrase, address = match["quoted"], match["phrase"] or "", match["address"] or match["bare"]
    name = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else decoded(phrase).rstrip(" ")
    return name, address


_AS_PROGRAMS_READ_IT = {
    "encoded word inside quoted string",
    "missing trailing whitespace after encoded-word",
}


def defects_of(name: str, value: Any) -> list[object]:
    """Return the defects that the standard library finds in a field.

    Those of the encoded words of a file's name are left out:
    RFC 2047 section 5 would not have them there, but many programs read names in no other way. The
    others find the name in Content-Disposition (RFC 2231).
    """
    allowed = _AS_PROGRAMS_READ_IT if name == "Content-Type" else set()
    return [item for item in value.defects if str(item) not in allowed]


def _fields(head: bytes) -> tuple[tuple[str, str], ...]:
    """Unfold (RFC 5322 section 2.2.3) and split the header fields."""
    fields = []
    for line in re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n"):
        match = _FIELD.fullmatch(line)
        assert match, f"not a header field: {line!r}"
        fields.append((match[1].decode(), match[2].decode()))
    return tuple(fields)


def _inner(body: bytes, boundary: str) -> list[bytes]:
    """Split a multipart body at its delimiter lines (RFC 2046 section 5.1.1)."""
    assert re.fullmatch(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]", boundary)
    delimiter = b"\r\n--" + boundary.encode()
    preamble, *inner, last = (b"\r\n" + body).split(delimiter)
    assert preamble == b"", "text before the first part"
    # The line end before an outer delimiter belongs to that one.
    assert last in (b"--", b"--\r\n"), "the last delimiter does not close the parts"
    assert all(part.startswith(b"\r\n") for part in inner), "a part holds the delimiter"
    return [part.removeprefix(b"\r\n") for part in inner]


def _from_base64(body: bytes) -> bytes:
    """RFC 2045 section 6.8: whole quartets, at most 76 characters in a line, padding at the end only."""
    *lines, last = body.removesuffix(b"\r\n").split(b"\r\n")
    assert all(_BASE64_LINES.fullmatch(line) for line in lines), "a line of Base64 is not whole quartets"
    assert len(last) <= 76
    return base64.b64decode(b"".join([*lines, last]), validate=True)


def _from_quoted_printable(body: bytes) -> bytes:
    """RFC 2045 section 6.7: at most 76 characters in a line, and none ends in white space."""
    for line in body.split(b"\r\n"):
        assert len(line) <= 76, f"longer than 76: {line!r}"
        assert _QUOTED_LINE.fullmatch(line), f"not quoted-printable: {line!r}"
        assert not line.endswith((b" ", b"\t")), f"ends in white space: {line!r}"
    joined = body.replace(b"=\r\n", b"")
    return _QUOTED.sub(lambda match: bytes.fromhex(match[1].decode()), joined)
