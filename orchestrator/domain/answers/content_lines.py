"""A tolerant reader of iCalendar text (RFC 5545), as it really comes by mail.

Calendar programs send wrong charsets, broken folds and missing ends, which a strict reader refuses. This
one takes what is there, in time linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from orchestrator.errors import Unfit
from orchestrator.facts import Fact

LARGEST = 1 << 20
"""Bytes of a calendar that is read."""
MOST_LINES = 20_000
_DEEPEST = 10
_LONGEST_ADDRESS = 320
_LONGEST_TORN = 8_192


class Unusable(Unfit):
    """Something that cannot be used; ``fact`` says why."""


# --- text


def _codecs() -> dict[str, str]:
    """The charsets that mail uses, by every usual name, and Python's codec for each.

    Only these: Python's full list holds slow ones (idna) and ones that are no charsets (rot13), and it
    remembers every unknown name for ever. Where a charset is commonly understated, the larger one is
    meant: windows-1252 for Latin-1, GB 18030 for GB 2312.
    """
    names = {
        "utf-8": "utf-8 utf8 unicode-1-1-utf-8",
        "utf-16": "utf-16 utf16 ucs-2",
        "utf-16-le": "utf-16le utf-16-le",
        "utf-16-be": "utf-16be utf-16-be",
        "utf-7": "utf-7 unicode-1-1-utf-7",
        "cp1252": "us-ascii ascii iso-8859-1 iso8859-1 latin1 latin-1 windows-1252 cp1252 ansi",
        "iso8859-15": "iso-8859-15 latin-9",
        "cp874": "tis-620 windows-874 cp874 iso-8859-11",
        "gb18030": "gb2312 gbk gb18030 cp936 x-gbk euc-cn",
        "hz": "hz-gb-2312 hz",
        "big5hkscs": "big5 big5-hkscs cp950",
        "cp932": "shift-jis sjis x-sjis cp932 windows-31j",
        "euc-jp": "euc-jp",
        "iso2022_jp_2": "iso-2022-jp iso-2022-jp-2",
        "cp949": "euc-kr ks-c-5601-1987 ks-c-5601 cp949 windows-949",
        "iso2022_kr": "iso-2022-kr",
        "koi8-r": "koi8-r",
        "koi8-u": "koi8-u",
        "mac-roman": "macintosh x-mac-roman",
    }
    known = {alias: codec for codec, aliases in names.items() for alias in aliases.split()}
    for page in (1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258):
        known[f"windows-{page}"] = known[f"cp{page}"] = f"cp{page}"
    for part in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 16):
        known[f"iso-8859-{part}"] = known[f"iso8859-{part}"] = f"iso8859-{part}"
    return known


_CODECS: Final = _codecs()
_SEVEN_BIT: Final = frozenset({"utf-7", "hz", "iso2022_jp_2", "iso2022_kr"})
"""These look like ASCII, so that only their name tells them."""
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_BREAKS: Final = re.compile("[\t-\r\x1c-\x1e\x85\u2028\u2029]+")
# Overrides and isolates of writing direction can make a text look like another. Joiners and the
# zero-width space stay, for Khmer, Burmese and emoji need them; so do the plain direction marks.
_HIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")


def decode(content: bytes, charset: str | None) -> str:
    """Return the text of ``content``; never fails, whatever ``charset`` claims.

    Bytes that are valid UTF-8 are UTF-8: other charsets hardly ever look like it, and the claim is
    often wrong.
    """
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(codec, "replace")
    wide = _wide(content)
    if wide:
        return content.decode(wide, "replace")
    claimed = _CODECS.get((charset or "").strip(" \"'").lower().replace("_", "-"), "cp1252")
    if claimed in _SEVEN_BIT:
        return content.decode(claimed, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(claimed, "replace")


def _wide(content: bytes) -> str | None:
    """Return the codec of UTF-16 that has no mark: every other byte of its beginning is zero."""
    head = content[:8]
    if len(head) == 8 and not any(head[1::2]) and all(head[0::2]):
        return "utf-16-le"
    if len(head) == 8 and not any(head[0::2]) and all(head[1::2]):
        return "utf-16-be"
    return None


def clean(text: str, longest: int = 2_000) -> str:
    """Return ``text`` fit to be shown: on one line, without control characters, cut to ``longest``."""
    one_line = _BREAKS.sub(" ", text[: 8 * longest])
    return _HIDDEN.sub("", one_line).strip()[:longest].rstrip()


_ADDRESS: Final = re.compile(r"""[^\s<>()\[\],;:"@\\]+@[^\s<>()\[\],;:"@\\]+""")

_MAILTO: Final = re.compile("mailto:", re.IGNORECASE | re.ASCII)


def plain_address(text: str) -> str | None:
    """Return ``text`` when it is an address and nothing else, as it is written; else None."""
    found = text.strip()
    if len(found) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(found) or _HIDDEN.search(found):
        return None
    return found


def mailto_address(uri: str) -> str | None:
    """Return the address in a ``mailto:`` URI, or one that stands bare; None for any other URI."""
    text = uri[: 4 * _LONGEST_ADDRESS]
    schemes = list(_MAILTO.finditer(text))
    if schemes:
        # The last one: a name that is not quoted may stand before it and hold another.
        text = text[schemes[-1].end() :].partition("?")[0]
    text = text.strip()
    if text.endswith(">"):
        text = text[text.rfind("<") + 1 : -1]
    return plain_address(unquote(text.strip(" \t\"'"), errors="replace"))


# --- lines


@dataclass(frozen=True, slots=True)
class Property:
    """One content line. ``params`` and ``value`` are as written, quotes and escapes included."""

    name: str
    params: Mapping[str, str]
    value: str

    def param(self, name: str) -> str:
        """Return a parameter without its quotes and the escapes of RFC 6868; empty when absent."""
        return _unquoted(self.params.get(name, ""))

    def addresses(self, name: str) -> tuple[str, ...]:
        """Return the addresses in a parameter that lists calendar users, such as DELEGATED-TO."""
        listed = _LISTED.findall(self.params.get(name, ""))
        found = (mailto_address(_unquoted(item)) for item in listed[:20])
        return tuple(dict.fromkeys(address for address in found if address))

    @property
    def text(self) -> str:
        """The value with the escapes of RFC 5545 section 3.3.11 undone."""
        return _ESCAPED.sub(_unescaped, self.value) if "\\" in self.value else self.value

    @property
    def address(self) -> str | None:
        """The calendar user's address; in parameter EMAIL where the value is an internal name."""
        return mailto_address(self.value) or plain_address(self.param("EMAIL"))


@dataclass(slots=True)
class Component:
    """What stands between BEGIN and END. ``ended`` is False when the text stops inside it."""

    name: str
    properties: dict[str, list[Property]] = field(default_factory=dict)
    components: list[Component] = field(default_factory=list)
    ended: bool = False

    def all(self, name: str) -> list[Property]:
        """Return every property ``name``, in order."""
        return self.properties.get(name, [])

    def first(self, name: str) -> Property | None:
        """Return the first property ``name``, if any."""
        found = self.properties.get(name)
        return found[0] if found else None

    def value(self, name: str) -> str:
        """Return the text of the first property ``name``, cleaned; empty when absent."""
        found = self.first(name)
        return clean(found.text) if found else ""

    def named(self, name: str) -> list[Component]:
        """Return the components ``name`` directly inside."""
        return [component for component in self.components if component.name == name]


_NAME = re.compile(r"[ \t]*([A-Za-z0-9_.-]+)[ \t]*(?=[;:])")
# A quote that nothing closes counts as a letter. Nothing follows the repeated group, so that there is
# nothing to backtrack for.
_PARAMETER = re.compile(r';[ \t]*([A-Za-z0-9_.-]*)[ \t]*=?((?:"[^"]*"|[^";:]|")*)')
_LISTED = re.compile(r'"[^"]*"|[^",]+')
_ESCAPED = re.compile(r"\\([\\;,nN])")
_CARET = re.compile(r"\^([n'^])")
_CARETS = {"n": "\n", "'": '"', "^": "^"}


def read_calendars(content: bytes, charset: str | None = None) -> list[Component]:
    """Return the VCALENDAR objects in ``content``, whatever stands before and after them.

    Raises ``Unusable`` when there is more than a calendar of a meeting can need.
    """
    if len(content) > LARGEST:
        raise Unusable(too_large())
    lines = _unfolded(content, charset).split("\n", MOST_LINES)
    if len(lines) > MOST_LINES:
        raise Unusable(Fact.of("answers.calendar-too-long", lines=MOST_LINES))
    return _tree(lines)


def too_large() -> Fact:
    """Return why a calendar of more than ``LARGEST`` bytes is not read."""
    return Fact.of("answers.calendar-too-large", megabytes=LARGEST >> 20)


def _unfolded(content: bytes, charset: str | None) -> str:
    """Return the text with LF between whole lines.

    Folds are undone before decoding, for many programs fold inside a character.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or _wide(content):
        content = decode(content, charset).encode("utf-8", "replace")
    raw = content.replace(b"\0", b"").replace(b"\r", b"\n")
    while b"\n\n" in raw:
        raw = raw.replace(b"\n\n", b"\n")
    return decode(raw.replace(b"\n ", b"").replace(b"\n\t", b""), charset).replace("\ufeff", "")


def _tree(lines: list[str]) -> list[Component]:
    reader = _Reader()
    for line in lines:
        found = _property(line)
        if found is None:
            reader.go_on(line)
        elif found.name == "BEGIN":
            reader.begin(found.value.strip().upper())
        elif found.name == "END":
            reader.end(found.value.strip().upper())
        else:
            reader.add(found)
    return reader.calendars


class _Reader:
    """Builds the components; forgives a missing END, and what stands outside a calendar."""

    def __init__(self) -> None:
        self.calendars: list[Component] = []
        self._open: list[Component] = []
        self._last: list[Property] = []

    def begin(self, name: str) -> None:
        component = Component(name)
        self._last = []
        if name == "VCALENDAR":
            self.calendars.append(component)
            self._open = [component]
            return
        if not self._open:
            return
        self.end(name)  # No component that matters here can lie in one of its own kind.
        if len(self._open) >= _DEEPEST:
            raise Unusable(Fact.of("answers.calendar-too-deep"))
        self._open[-1].components.append(component)
        self._open.append(component)

    def end(self, name: str) -> None:
        self._last = []
        for depth, component in enumerate(self._open):
            if component.name == name:
                for closed in self._open[depth:]:
                    closed.ended = True
                del self._open[depth:]
                return

    def add(self, found: Property) -> None:
        if self._open:
            self._last = self._open[-1].properties.setdefault(found.name, [])
            self._last.append(found)

    def go_on(self, line: str) -> None:
        """Keep a line that is none of its own: a raw line break inside the value before it.

        With the break kept, an address that was torn apart is not mistaken for a shorter one.
        """
        # Each further line copies the value, so that it must stay short.
        if self._last and len(self._last[-1].value) < _LONGEST_TORN and line.strip():
            last = self._last[-1]
            self._last[-1] = Property(last.name, last.params, f"{last.value}\n{line}")


def _property(line: str) -> Property | None:
    named = _NAME.match(line)
    if named is None:
        return None
    at = named.end()
    params: dict[str, str] = {}
    while line[at : at + 1] == ";":
        found = _PARAMETER.match(line, at)
        if found is None:
            break
        params.setdefault(found[1].upper(), found[2])
        at = found.end()
    return Property(named[1].upper(), params, line[at + 1 :])


def _unquoted(raw: str) -> str:
    text = raw.strip().replace('"', "")
    return _CARET.sub(lambda found: _CARETS[found[1]], text) if "^" in text else text


def _unescaped(found: re.Match[str]) -> str:
    return "\n" if found[1] in "nN" else found[1]
