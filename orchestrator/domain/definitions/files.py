"""Reads meeting files: YAML or JSON text, of one meeting or of several."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import yaml

from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.errors import InvalidInput, Problem
from orchestrator.facts import Fact

LARGEST_FILE = 1_000_000


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, where plain YAML would silently keep the last.

    Dates stay text, so that what is wrong with one is said at its field and as it was written.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML looks for this very name on the class.
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

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
    return _read_all([shared | item for item in entries])


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
