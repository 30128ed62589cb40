"""Calendar objects as parsers read them that are not the one which wrote them, in one common form.

``vobject`` and ``ical`` are Python packages that share no code with ``icalendar``. ``libical`` is the
C library beneath Evolution, GNOME Calendar and KOrganizer. ``Data::ICal`` is the Perl parser of
Request Tracker; it is from before RFC 7986, as much software is that reads our mail.
"""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import vobject
from ical.calendar_stream import IcsCalendarStream
from ical.parsing.component import ParsedComponent, parse_content
from ical.types.text import TextEncoder

TEXTS = frozenset({"UID", "SUMMARY", "DESCRIPTION", "LOCATION", "CONTACT"})
"""Our properties of the type TEXT, which stands escaped in the file (RFC 5545 section 3.3.11)."""


class Unavailable(Exception):
    """A parser is not installed on this machine; says how to install it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A content line; the values of a list parameter are joined by commas."""

    name: str
    value: str
    params: dict[str, str]


@dataclass(frozen=True, slots=True)
class Component:
    """A component with its properties and the components within."""

    name: str
    lines: tuple[Line, ...]
    components: tuple[Component, ...]

    def all(self, name: str) -> list[Line]:
        """Return the properties of that name."""
        return [line for line in self.lines if line.name == name]

    def one(self, name: str) -> Line:
        """Return the only property of that name."""
        (found,) = self.all(name)
        return found

    def text(self, name: str) -> str | None:
        """Return the value of a property that occurs at most once."""
        found = self.all(name)
        assert len(found) <= 1, f"{name} occurs {len(found)} times"
        return found[0].value if found else None


def event_of(calendar: Component) -> Component:
    """Return the only event of a calendar."""
    assert calendar.name == "VCALENDAR"
    (event,) = calendar.components
    assert event.name == "VEVENT"
    return event


class Reader(Protocol):
    """Reads a calendar object; fails on one that its parser does not accept."""

    name: str

    def read(self, content: bytes) -> Component: ...

    def close(self) -> None:
        """Give back what the parser holds."""


class Vobject(Reader):
    """https://pypi.org/project/vobject/."""

    name = "vobject"

    def read(self, content: bytes) -> Component:
        """Read without the change to native values, which would drop parameters, but validate."""
        text = content.decode("utf-8")
        found = vobject.base.readOne(text, validate=True, transform=False)
        vobject.base.readOne(text, validate=True, transform=True)
        return self._component(found)

    def _component(self, found: Any) -> Component:
        children = list(found.getChildren())
        return Component(
            found.name,
            tuple(
                Line(item.name, item.value, {name: ",".join(value) for name, value in item.params.items()})
                for item in children
                if isinstance(item, vobject.base.ContentLine)
            ),
            tuple(self._component(item) for item in children if isinstance(item, vobject.base.Component)),
        )


class Ical(Reader):
    """https://pypi.org/project/ical/, the calendar library of Home Assistant."""

    name = "ical"

    def read(self, content: bytes) -> Component:
        """Read the lines, and let the typed model check each value."""
        text = content.decode("utf-8")
        (found,) = parse_content(text)
        calendar = self._component(found)
        (event,) = IcsCalendarStream.calendar_from_ics(text).events
        typed = (event.uid, event.summary, event.description, event.location)
        assert typed == tuple(map(event_of(calendar).text, ("UID", "SUMMARY", "DESCRIPTION", "LOCATION")))
        return calendar

    def _component(self, found: ParsedComponent) -> Component:
        lines = []
        for item in found.properties:
            name = item.name.upper()
            value = TextEncoder.__parse_property_value__(item) if name in TEXTS else item.value
            params = {param.name: ",".join(map(str, param.values)) for param in item.params or ()}
            lines.append(Line(name, value, params))
        return Component(found.name.upper(), tuple(lines), tuple(map(self._component, found.components)))


class Libical(Reader):
    """https://libical.github.io/libical/, through its C interface."""

    name = "libical"
    _ANY_COMPONENT = 1
    _ANY = 0

    def __init__(self) -> None:
        try:
            self._library = ctypes.CDLL("libical.so.3")
        except OSError:
            raise Unavailable("libical is not installed; on Debian: apt-get install libical3") from None
        self._call("icalerror_set_errors_are_fatal", None, ctypes.c_int(0))

    def read(self, content: bytes) -> Component:
        """Read; what libical could not read stands in X-LIC-ERROR properties."""
        found = self._parse(content)
        try:
            return self._component(found)
        finally:
            self._call("icalcomponent_free", None, found)

    def complaints(self, content: bytes) -> list[str]:
        """Return how the object breaks the iTIP restrictions of its METHOD (RFC 5546 section 3)."""
        found = self._parse(content)
        try:
            valid = self._call("icalrestriction_check", ctypes.c_int, found)
            errors = self._errors(self._component(found))
            return errors if valid else [*errors, "icalrestriction_check says that the object is not valid"]
        finally:
            self._call("icalcomponent_free", None, found)

    def _errors(self, component: Component) -> list[str]:
        own = [f"{line.params}: {line.value}" for line in component.all("X-LIC-ERROR")]
        return own + [error for item in component.components for error in self._errors(item)]

    def _parse(self, content: bytes) -> ctypes.c_void_p:
        found = ctypes.c_void_p(self._call("icalparser_parse_string", ctypes.c_void_p, content))
        assert found, "libical finds no calendar object"
        return found

    def _component(self, found: ctypes.c_void_p) -> Component:
        kind = self._call("icalcomponent_isa", ctypes.c_int, found)
        inner = self._each("icalcomponent_get_{}_component", found, self._ANY_COMPONENT)
        return Component(
            self._text("icalcomponent_kind_to_string", kind),
            tuple(self._line(item) for item in self._each("icalcomponent_get_{}_property", found, self._ANY)),
            tuple(self._component(item) for item in inner),
        )

    def _line(self, found: ctypes.c_void_p) -> Line:
        value = ctypes.c_void_p(self._call("icalproperty_get_value", ctypes.c_void_p, found))
        kind = self._text("icalvalue_kind_to_string", self._call("icalvalue_isa", ctypes.c_int, value))
        text = "icalvalue_get_text" if kind == "TEXT" else "icalvalue_as_ical_string"
        return Line(
            self._text("icalproperty_get_property_name", found), self._text(text, value), self._params(found)
        )

    def _params(self, found: ctypes.c_void_p) -> dict[str, str]:
        kinds = (
            self._call("icalparameter_isa", ctypes.c_int, item)
            for item in self._each("icalproperty_get_{}_parameter", found, self._ANY)
        )
        names = [self._text("icalparameter_kind_to_string", kind) for kind in kinds]
        return {
            name: self._text("icalproperty_get_parameter_as_string", found, name.encode()) for name in names
        }

    def _each(self, function: str, of: ctypes.c_void_p, kind: int) -> Iterator[ctypes.c_void_p]:
        # The library keeps the place of one walk in the object, so a walk is finished before its use.
        found = []
        item = self._call(function.format("first"), ctypes.c_void_p, of, kind)
        while item:
            found.append(ctypes.c_void_p(item))
            item = self._call(function.format("next"), ctypes.c_void_p, of, kind)
        return iter(found)

    def _text(self, function: str, *arguments: Any) -> str:
        result = self._call(function, ctypes.c_char_p, *arguments)
        return str(result.decode("utf-8")) if result is not None else ""

    def _call(self, function: str, returns: Any, *arguments: Any) -> Any:
        # Without the type of its result, a pointer would be cut to 32 bits.
        called = getattr(self._library, function)
        called.restype = returns
        return called(*arguments)


class DataIcal(Reader):
    """https://metacpan.org/dist/Data-ICal, in one Perl process that reads many objects."""

    name = "Data::ICal"

    def __init__(self) -> None:
        perl, script = shutil.which("perl"), Path(__file__).with_name("data_ical.pl")
        if perl is None or subprocess.run([perl, "-MData::ICal", "-e1"], capture_output=True).returncode:
            raise Unavailable("Data::ICal is not installed; on Debian: apt-get install libdata-ical-perl")
        self._process = subprocess.Popen([perl, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def close(self) -> None:
        """End the process, which ends with its input."""
        with suppress(BrokenPipeError):
            self._process.communicate()

    def read(self, content: bytes) -> Component:
        """Read; its warnings are errors, except for what is newer than the parser."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(b"%d\n%s" % (len(content), content))
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        warnings = [item for item in answer["warnings"] if "Unknown property" not in item]
        unknown = {item.partition(": ")[2].split()[0] for item in answer["warnings"] if item not in warnings}
        assert warnings == [] and unknown <= {"conference"}, answer["warnings"]
        return self._component(answer["calendar"])

    def _component(self, found: dict[str, Any]) -> Component:
        lines = [Line(item["name"].upper(), item["value"], item["params"]) for item in found["lines"]]
        return Component(found["name"], tuple(lines), tuple(map(self._component, found["components"])))


READERS: dict[str, type[Reader]] = {kind.name: kind for kind in (Vobject, Ical, Libical, DataIcal)}
