"""Reads meeting files: YAML or JSON text, of one event or meeting, or of several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import yaml

from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.definitions.events import EventDefinition
from orchestrator.domain.meetings.place import Mode
from orchestrator.errors import InvalidInput, Problem
from orchestrator.facts import Fact

D = TypeVar("D", EventDefinition, MeetingDefinition)

_LISTS = frozenset({"events", "meetings"})
LARGEST_FILE = 1_000_000
MOST_MEETINGS = 50
"""Of one file."""
_MOST_VALUES = 60_000
"""More than a meeting of all people that it may have; a value counts as often as it is referred to."""
_DEEPEST = 32
_LONGEST_NUMBER = 40
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class _TooMuchError(Exception):
    """A document would cost more than any of ours; ``what`` says what of it is too much."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, where plain YAML would silently keep the last.

    Dates stay text, so that what is wrong with one is said at its field and as it was written.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML looks for this very name on the class.
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    _depth = 0
    _values = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Read one value, while there are not too many, and none too deep."""
        self._depth += 1
        self._values += 1
        if self._depth > _DEEPEST:
            raise _TooMuchError("definitions.nested-too-deep")
        if self._values > _MOST_VALUES:
            raise _TooMuchError("definitions.too-many-values")
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def get_single_node(self) -> yaml.Node | None:
        """Return the document, after looking at how large it is with every reference written out."""
        found: yaml.Node | None = super().get_single_node()
        if found is not None:
            _Expanded().measure(found)
        return found

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                continue
            if (key.tag, key.value) in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"'{key.value}' is there twice", key.start_mark
                )
            seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


class _Expanded:
    """How large nodes are when every reference is written out, each node looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, int]] = {}
        self._open = 0

    def measure(self, node: yaml.Node) -> tuple[int, int]:
        """Return how many values a node holds, and how deep; raises ``_TooMuchError`` where that is too much.

        A value that holds itself is deeper than any.
        """
        known = self._known.get(id(node))
        if known is not None:
            return known
        self._open += 1
        if self._open > _DEEPEST:
            raise _TooMuchError("definitions.nested-too-deep")
        inside = [self.measure(child) for child in _children(node)]
        values = 1 + sum(count for count, _ in inside)
        deep = 1 + max((depth for _, depth in inside), default=0)
        if values > _MOST_VALUES:
            raise _TooMuchError("definitions.too-many-values")
        if deep > _DEEPEST:
            raise _TooMuchError("definitions.nested-too-deep")
        self._open -= 1
        self._known[id(node)] = values, deep
        return values, deep


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if node.tag in _NUMBERS and len(node.value) > _LONGEST_NUMBER:
        raise _TooMuchError("definitions.number-too-long")
    return []


def read_yaml(text: str) -> Any:
    """Parse YAML or JSON text; raises ``InvalidInput`` with line and column when it is broken."""
    if len(text) > LARGEST_FILE:
        raise InvalidInput.of(
            "document",
            f"{len(text)} characters",
            Fact.of("definitions.too-large"),
            Fact.of("definitions.too-large.remedy"),
        )
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - the loader derives from SafeLoader.
    except _TooMuchError as error:
        raise InvalidInput.of(
            "document", None, Fact.of(error.what), Fact.of("definitions.too-much.remedy")
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "document"
        raise InvalidInput.of(
            where,
            None,
            Fact.of("definitions.not-yaml-because", error=error.problem or error.context),
            Fact.of("definitions.not-yaml-because.remedy"),
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidInput.of(
            "document", None, Fact.of("definitions.not-yaml"), Fact.of("definitions.not-yaml.remedy")
        ) from error


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What a file holds: events, and meetings that are events of their own."""

    events: tuple[EventDefinition, ...] = ()
    meetings: tuple[MeetingDefinition, ...] = ()
    alone: bool = False
    """Whether it is one meeting, or one event, so that nothing stands before the names of its fields."""

    def prefix_of_event(self, place: int) -> str:
        """Return what stands before the names of the fields of an event, in problems with it."""
        return "" if self.alone else f"events[{place}]."

    def prefix_of_meeting(self, place: int) -> str:
        """Return the same of a meeting."""
        return "" if self.alone else f"meetings[{place}]."


def read_file(text: str) -> WrittenFile:
    """Read an event or a meeting, several under ``events:`` and ``meetings:``, or a list, from YAML or JSON.

    Raises ``InvalidInput`` listing the problems of all of them; the fields of several are prefixed with
    ``events[n]`` or ``meetings[n]``, counted among their own kind.
    """
    data = read_yaml(text)
    if isinstance(data, list) and data and all(isinstance(item, dict) for item in data):
        data = _sorted_out(data)
    if not isinstance(data, dict):
        raise InvalidInput.of(
            "document",
            None,
            Fact.of("definitions.no-meeting"),
            Fact.of("definitions.no-meeting.remedy"),
        )
    if not data.keys() & _LISTS:
        one = (EventDefinition.of(data),) if "event" in data else ()
        return WrittenFile(one, () if one else (MeetingDefinition.of(data),), alone=True)
    shared = {
        key: value for key, value in data.items() if key not in _LISTS and not str(key).startswith("x-")
    }
    events = _entries("events", data, shared)
    meetings = _entries("meetings", data, shared)
    problems: list[Problem] = []
    found = WrittenFile(
        tuple(_read_all("events", events, EventDefinition.of, problems)),
        tuple(_read_all("meetings", meetings, MeetingDefinition.of, problems)),
    )
    if problems:
        raise InvalidInput(problems)
    return found


def read_definitions(text: str) -> list[MeetingDefinition]:
    """Read a file of meetings alone; raises ``InvalidInput`` as ``read_file`` does, and for events."""
    found = read_file(text)
    if found.events:
        raise InvalidInput.of(
            "events", None, Fact.of("definitions.events-here"), Fact.of("definitions.events-here.remedy")
        )
    return list(found.meetings)


def _sorted_out(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a list of events and meetings as they stand under names; an event says that it is one."""
    sorts = {
        "events": [item for item in entries if "event" in item],
        "meetings": [item for item in entries if "event" not in item],
    }
    return {name: found for name, found in sorts.items() if found}


def _entries(name: str, data: dict[str, Any], shared: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the entries of a list of the file, each with what holds for all; raises ``InvalidInput``."""
    if name not in data:
        return []
    entries = data[name]
    if not isinstance(entries, list) or not entries or not all(isinstance(item, dict) for item in entries):
        raise InvalidInput.of(
            name,
            None,
            Fact.of("definitions.not-a-list"),
            Fact.of("definitions.not-a-list.remedy"),
        )
    if len(entries) > MOST_MEETINGS:
        raise InvalidInput.of(
            name,
            len(entries),
            Fact.of("definitions.too-many-meetings", most=MOST_MEETINGS),
            Fact.of("definitions.too-many-meetings.remedy"),
        )
    return [_sharing(shared, item) for item in entries]


def _sharing(shared: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry with what it shares with others; one over the internet shares no venue with them."""
    own = shared | entry
    if entry.get("mode") == Mode.ONLINE:
        own = {key: value for key, value in own.items() if key in entry or key not in ("venue", "room")}
    return own


def _read_all(
    name: str, entries: list[dict[str, Any]], read: Callable[[Any], D], problems: list[Problem]
) -> Iterator[D]:
    for index, entry in enumerate(entries):
        try:
            yield read(entry)
        except InvalidInput as error:
            problems += [replace(item, field=f"{name}[{index}].{item.field}") for item in error.problems]
