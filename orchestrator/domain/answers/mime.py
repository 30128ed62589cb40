"""The parts of a mail: MIME (RFC 2045 and 2046) over the format of RFC 5322.

All of it takes the bytes of any mail, however damaged, and does work linear in their number. The standard
library's parser is not used: its cost grows with lines times depth and with the square of some header
values, and what it raises on damaged mail differs between releases.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from orchestrator.domain.answers.content_lines import Unusable, clean, decode
from orchestrator.domain.answers.headers import Headers, decoded_words, from_base64, params_of, read_headers
from orchestrator.domain.answers.smime import signed_content
from orchestrator.facts import Fact

MOST_PARTS = 100
DEEPEST = 10
LONGEST_TEXT = 100_000
"""Bytes of a part's text, as transferred, that are read."""

LOCKED: Final = {
    "application/pkcs7-mime": Fact.of("answers.encrypted-smime"),
    "application/x-pkcs7-mime": Fact.of("answers.encrypted-smime"),
    "multipart/encrypted": Fact.of("answers.encrypted"),
}
"""Kinds of parts whose content is not open, and why a mail with one cannot be read."""
INNER_MAILS: Final = frozenset({"message/rfc822", "message/global"})
"""Kinds of parts that are a mail themselves (RFC 2046 section 5.2.1, RFC 6532)."""


@dataclass(slots=True)
class MailPart:
    """A part of a mail (RFC 2046). ``body`` is as transferred; ``kind`` is its type, such as ``text/plain``.

    ``params`` are those of the type. ``forwarded`` says that the part lies in an inner mail;
    ``ended`` is False when no delimiter follows.
    """

    headers: Headers
    body: bytes
    kind: str = "text/plain"
    params: dict[str, str] = field(default_factory=dict)
    forwarded: bool = False
    ended: bool = True

    def header(self, name: str) -> str:
        """Return the first header ``name``, which is in lower case; empty when absent."""
        found = self.headers.get(name)
        return found[0] if found else ""

    @property
    def filename(self) -> str:
        """The name of the file, in lower case; empty when it has none (RFC 2183 section 2.3)."""
        shown = self.header("content-disposition")
        name = params_of(shown).get("filename") if shown else None
        return clean(decoded_words(name or self.params.get("name", "")), 300).lower()

    @property
    def attached(self) -> bool:
        """Whether it is a file beside the text, and not the text itself (RFC 2183 section 2.2)."""
        return self.header("content-disposition").strip().lower().startswith("attachment")

    def content(self, most: int | None = None) -> bytes:
        """Return the body with its transfer encoding undone (RFC 2045 section 6), damaged as it may be.

        ``most`` limits the bytes of the body that are looked at.
        """
        body = self.body[:most]
        encoding = self.header("content-transfer-encoding").partition(";")[0].strip(" \t\"'").lower()
        if encoding == "base64":
            return from_base64(body)
        return binascii.a2b_qp(body) if encoding == "quoted-printable" else body

    def text(self) -> str:
        """Return the beginning of the body as text."""
        return decode(self.content(LONGEST_TEXT), self.params.get("charset"))


class Mail:
    """The parts of a mail, outermost first; ``problem`` says why not all of them were looked at.

    ``content`` has plain line ends. Of inner mails and of S/MIME signatures the parts are taken too.
    """

    def __init__(self, content: bytes) -> None:
        self.parts: list[MailPart] = []
        self.problem: Fact | None = None
        self.root = _part(content)
        try:
            self._add(self.root, 0)
        except Unusable as why:
            self.problem = why.fact

    def _add(self, part: MailPart, depth: int) -> None:
        if depth > DEEPEST:
            raise Unusable(Fact.of("answers.nested-too-deeply"))
        if len(self.parts) >= MOST_PARTS:
            raise Unusable(Fact.of("answers.too-many-parts"))
        self.parts.append(part)
        # What a report returns is our own mail; its headers are read where the report is.
        if part.kind in INNER_MAILS and self.root.kind != "multipart/report":
            self._add(_part(part.content(), forwarded=True), depth + 1)
        for child in _children(part):
            self._add(child, depth + 1)


def _children(part: MailPart) -> Iterator[MailPart]:
    """Yield what lies in a multipart, or in an S/MIME signature that wraps the mail."""
    if part.kind.startswith("multipart/"):
        default = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
        for body, ended in _split(part.body, part.params.get("boundary", "")):
            yield _part(body, forwarded=part.forwarded, default=default, ended=ended)
    elif part.kind in LOCKED:
        signed = signed_content(part.content())
        if signed:
            part.kind = "multipart/signed"  # It is open now.
            yield _part(with_plain_line_ends(signed), forwarded=part.forwarded)


def with_plain_line_ends(content: bytes) -> bytes:
    """Return ``content`` with LF at the end of each line, whatever stood there."""
    return content.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _part(
    content: bytes, *, forwarded: bool = False, default: str = "text/plain", ended: bool = True
) -> MailPart:
    head, body = divided(content)
    headers = read_headers(head)
    part = MailPart(headers, body, default, forwarded=forwarded, ended=ended)
    declared = part.header("content-type")
    kind = declared.partition(";")[0].strip(" \t\"'").lower().partition(" ")[0]
    if kind.count("/") == 1:
        part.kind = kind
    part.params = params_of(declared)
    if part.kind == "application/octet-stream" and part.filename.endswith(".p7m"):
        part.kind = "application/pkcs7-mime"
    return part


def divided(content: bytes) -> tuple[bytes, bytes]:
    """Return the head and the body of a mail or part with plain line ends (RFC 5322 section 2.1)."""
    if content.startswith(b"\n"):
        return b"", content[1:]
    head, _, body = content.partition(b"\n\n")
    return head, body


def _split(body: bytes, boundary: str) -> Iterator[tuple[bytes, bool]]:
    """Yield the parts between delimiter lines, and whether a delimiter ends them (RFC 2046 section 5.1)."""
    if not boundary.strip():
        return
    delimiter = b"--" + boundary.rstrip().encode("utf-8", "replace")
    start: int | None = None
    for begin, end, closing in _delimiters(body, delimiter):
        if start is not None:
            yield body[start : max(start, begin - 1)], True
        start = None if closing else end
        if closing:
            return
    if start is not None:
        yield body[start:], False


def _delimiters(body: bytes, delimiter: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield where each delimiter line begins and ends, and whether it is the closing one."""
    line_end = re.compile(rb"(--)?[ \t]*(?:\n|\Z)")
    at = body.find(delimiter)
    for _ in range(100 * MOST_PARTS):
        if at < 0:
            return
        after = at + len(delimiter)
        found = line_end.match(body, after) if at == 0 or body[at - 1] == 0x0A else None
        if found:
            yield at, found.end(), bool(found[1])
            after = found.end()
        at = body.find(delimiter, after)
    raise Unusable(Fact.of("answers.too-many-parts"))
