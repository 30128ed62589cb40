"""Reads meeting files: YAML or JSON text, of one meeting or of several."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import yaml

from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.meetings.place import Mode
from orchestrator.errors import InvalidInput, Problem
from orchestrator.facts import Fact

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


def read_definitions(text: str) -> list[MeetingDefinition]:
    """Read one meeting, or several under ``meetings:``, from YAML or JSON text.

    Raises ``InvalidInput`` listing the problems of all of them; the fields of several meetings are
    prefixed with ``meetings[n]``.
    """
    data = read_yaml(text)
    if not isinstance(data, dict):
        raise InvalidInput.of(
            "document",
            None,
            Fact.of("definitions.no-meeting"),
            Fact.of("definitions.no-meeting.remedy"),
        )
    if "meetings" not in data:
        return [MeetingDefinition.of(data)]
    shared = {
        key: value for key, value in data.items() if key != "meetings" and not str(key).startswith("x-")
    }
    entries = data["meetings"]
    if not isinstance(entries, list) or not entries or not all(isinstance(item, dict) for item in entries):
        raise InvalidInput.of(
            "meetings",
            None,
            Fact.of("definitions.not-a-list"),
            Fact.of("definitions.not-a-list.remedy"),
        )
    if len(entries) > MOST_MEETINGS:
        raise InvalidInput.of(
            "meetings",
            len(entries),
            Fact.of("definitions.too-many-meetings", most=MOST_MEETINGS),
            Fact.of("definitions.too-many-meetings.remedy"),
        )
    return _read_all([_sharing(shared, item) for item in entries])


def _sharing(shared: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """Return a meeting with what it shares with others; one over the internet shares no venue with them."""
    own = shared | entry
    if entry.get("mode") == Mode.ONLINE:
        own = {key: value for key, value in own.items() if key in entry or key not in ("venue", "room")}
    return own


def _read_all(entries: list[dict[str, Any]]) -> list[MeetingDefinition]:
    found: list[MeetingDefinition] = []
    problems: list[Problem] = []
    for index, entry in enumerate(entries):
        try:
            found.append(MeetingDefinition.of(entry))
        except InvalidInput as error:
            problems += [replace(item, field=f"meetings[{index}].{item.field}") for item in error.problems]
    if problems:
        raise InvalidInput(problems)
    return found
