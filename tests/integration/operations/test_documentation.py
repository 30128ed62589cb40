"""What README and docs say is held against the code, so that they cannot drift apart.

This file is longer than others, because all of it reads the same pages.

To write the table of settings again: ``.venv/bin/python tests/integration/operations/test_documentation.py``.
"""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
import pytest
import yaml
from pydantic.fields import FieldInfo

from config.settings import Settings
from orchestrator import __version__
from orchestrator import cli as command_line
from orchestrator.bootstrap import Container
from orchestrator.commands.spellings import present_spelling
from orchestrator.domain.definitions.checking import check
from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.definitions.files import read_definitions
from orchestrator.domain.definitions.written import AgendaItem, Invitee
from orchestrator.domain.meetings.needs import CONDITIONS
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.audience import KNOWN
from orchestrator.domain.timelines.steps import Step
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.store.rows.delivery import DeliveryState
from orchestrator.web.app import create_app

ROOT = Path(__file__).resolve().parents[3]
README = ROOT / "README.md"
API = ROOT / "docs" / "api.md"
SETTINGS = ROOT / "docs" / "settings.md"
MEETING_FILE = ROOT / "docs" / "meeting-file.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
OPERATIONS = ROOT / "docs" / "operations.md"
DECISIONS = ROOT / "docs" / "decisions"
PAGES = sorted([README, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])
_SETTINGS = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- /settings -->)", re.DOTALL)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


# --- reading pages


@dataclass(frozen=True)
class Block:
    """A fenced block: the words after the fence, and what is in it."""

    info: str
    text: str


_FENCE = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def blocks_of(page: Path, info: str | None = None) -> list[Block]:
    found = [Block(item[2].strip(), item[3]) for item in _FENCE.finditer(page.read_text("utf-8"))]
    return [item for item in found if info is None or item.info == info]


def prose_of(page: Path) -> str:
    return _FENCE.sub("", page.read_text("utf-8"))


def code_of(page: Path) -> Iterator[tuple[str, bool]]:
    """Return everything written as code, and whether it is in a block and so meant to be typed whole."""
    for block in blocks_of(page):
        yield from ((line, True) for line in block.text.splitlines())
    for span in re.findall(r"`([^`\n]+(?:\n[^`\n]+)?)`", prose_of(page)):
        yield " ".join(span.split()), False


# --- settings


def settings_table() -> str:
    """Return the table of settings as its page has it, written from the model."""
    rows = [
        f"| `ORCHESTRATOR_{name.upper()}` | {_default(item)} | {item.description}{_choices(item)} |"
        for name, item in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _default(item: FieldInfo) -> str:
    value = item.default
    if value is None or value == "":
        return ""
    if isinstance(value, Path) and value.is_absolute():
        value = value.relative_to(ROOT)
    return f"`{value}`"


def _choices(item: FieldInfo) -> str:
    if get_origin(item.annotation) is not Literal:
        return ""
    named = [f"`{value}`" for value in get_args(item.annotation)]
    # What the description names already need not be said twice.
    if all(name in (item.description or "") for name in named):
        return ""
    return f" One of {', '.join(named)}."


def test_the_table_of_settings_is_what_the_model_says() -> None:
    (table,) = _SETTINGS.findall(SETTINGS.read_text("utf-8"))
    assert table == settings_table(), "write it again, as the first lines of this file say"


@each_page
def test_every_variable_that_is_mentioned_is_a_setting(page: Path) -> None:
    known = {f"ORCHESTRATOR_{name.upper()}" for name in Settings.model_fields} | {"ORCHESTRATOR_SECRETS_DIR"}
    assert set(re.findall(r"ORCHESTRATOR_[A-Z_]+[A-Z]", page.read_text("utf-8"))) <= known


# --- commands


def commands_of(page: Path) -> Iterator[tuple[str, bool]]:
    """Return what stands behind each ``orchestrator`` that is meant as the command."""
    for text, whole in code_of(page):
        for found in re.finditer(r"(^|[\s/'])orchestrator ([a-z][^|&>;#]*)", text):
            # Inside an error message the command stands in quotes.
            rest = found[2].partition("'")[0] if found[1] == "'" else found[2]
            yield rest, whole and found[1] != "'"


def resolve(text: str, *, whole: bool) -> None:
    """Parse a command as click would, without running it; raises ``click.UsageError``."""
    words = shlex.split(text)
    command: click.Command = command_line.cli
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in command.commands:
            raise click.UsageError(f"There is no command '{name}'.")
        command = command.commands[name]
    if isinstance(command, click.Group) or "--help" in words:
        return  # Only named, or asked what it can do.
    try:
        command.make_context(command.name, words)
    except click.MissingParameter:
        if whole:
            raise


@each_page
def test_every_command_that_is_mentioned_exists(page: Path) -> None:
    for text, whole in commands_of(page):
        try:
            # The changelog tells what was true when it was written, so old spellings may stand there.
            words = present_spelling(text.split(" ")) if page.name == "CHANGELOG.md" else [text]
            resolve(" ".join(words), whole=whole)
        except (click.UsageError, ValueError) as error:
            pytest.fail(f"orchestrator {text.strip()}: {error}")


def test_commands_are_found_at_all() -> None:
    found = [text for page in PAGES for text, _ in commands_of(page)]
    assert len(found) > 30
    for wrong in ("meeting vanish X", "sandbox advance --backwards", "actions list --state lost"):
        with pytest.raises(click.UsageError):
            resolve(wrong, whole=True)


@each_page
def test_every_make_target_that_is_mentioned_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    mentioned = {
        name for text, _ in code_of(page) for name in re.findall(r"(?:^|[\s;&])make ([a-z-]+)", text)
    }
    assert mentioned <= targets


# --- links and files


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    prose = prose_of(page)
    targets = re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r"^\[[^\]]+\]: (\S+)$", prose, re.MULTILINE)
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), target
        assert not anchor or anchor in anchors_of(there), target


_ENDINGS = ("py", "md", "yaml", "yml", "toml", "lock", "j2", "png", "json", "css", "js")
_IN_EXAMPLES = {"meeting.yaml", "meeting.json", "minutes.md", "minutes.pdf", "attendees.yaml"}


@each_page
def test_every_file_that_is_mentioned_exists(page: Path) -> None:
    here = {item.name for item in ROOT.iterdir() if item.is_dir() and not item.name.startswith(".")}
    folders = here - {"var", "secrets"}
    for text, _ in code_of(page):
        for word in re.findall(r"(?:^|(?<=\s))[\w.*][\w.*/-]*(?=$|\s)", text):
            stem, _, ending = word.rpartition(".")
            of_ours = "/" in word and word.partition("/")[0] in folders
            if word in _IN_EXAMPLES or not (of_ours or (stem and ending in _ENDINGS)):
                continue
            assert any(ROOT.glob(word)), word


# --- meetings and timelines


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    found = Container(Settings(data_dir=tmp_path_factory.mktemp("data")))
    yield found
    found.database.dispose()


@each_page
def test_every_meeting_in_a_page_is_valid(page: Path, container: Container) -> None:
    for block in blocks_of(page, "yaml meeting"):
        for definition in read_definitions(block.text):
            assert check(definition, container.directory, container.timelines) == []


def test_the_meeting_in_the_page_of_the_meeting_file_shows_every_field() -> None:
    (block,) = blocks_of(MEETING_FILE, "yaml meeting")
    shown = set(re.findall(r"(?:^|[\s{])#? ?-? ?([a-z_]+):", block.text))
    people = {item.alias or name for name, item in Invitee.model_fields.items()}
    assert {*MeetingDefinition.model_fields, *AgendaItem.model_fields, *people} <= shown


@each_page
def test_every_timeline_in_a_page_is_valid(page: Path) -> None:
    for block in [*blocks_of(page, "yaml timeline"), *blocks_of(page, "yaml timeline standard")]:
        Timeline.of(yaml.safe_load(block.text))


def test_the_standard_timeline_is_shown_as_it_is() -> None:
    (block,) = blocks_of(ROOT / "docs" / "timelines.md", "yaml timeline standard")
    standard = (ROOT / "config" / "timelines" / "standard.yaml").read_text("utf-8")
    assert yaml.safe_load(block.text) == yaml.safe_load(standard)


def test_the_page_on_timelines_names_every_field() -> None:
    text = (ROOT / "docs" / "timelines.md").read_text("utf-8")
    fields = {**Timeline.model_fields, **Step.model_fields}
    for name in (item.alias or name for name, item in fields.items()):
        assert f"| `{name}` |" in text, name


def test_the_page_on_timelines_names_every_condition_audience_and_timeline() -> None:
    text = (ROOT / "docs" / "timelines.md").read_text("utf-8")
    shipped = [file.stem for file in (ROOT / "config" / "timelines").glob("*.yaml")]
    for name in (*CONDITIONS, *KNOWN, *shipped):
        assert f"`{name}`" in text, name


# --- tables


def rows_of(page: Path, *heading: str) -> list[list[str]]:
    """Return the rows of the table with that heading, without the marks of code."""
    lines = page.read_text("utf-8").splitlines()
    (start,) = [number for number, line in enumerate(lines) if _cells(line) == list(heading)]
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(_cells(line))
    return rows


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]


def test_the_exit_codes_are_those_of_the_command_line() -> None:
    documented = {int(code): meaning for code, meaning in rows_of(OPERATIONS, "code", "meaning")}
    (sentence,) = re.findall(r"Exit codes: (.*?)\.\n", command_line.__doc__ or "", re.DOTALL)
    said = [" ".join(item.split()).partition(" ") for item in sentence.split(";")]
    assert documented == {int(code): meaning for code, _, meaning in said}
    assert {code for _, code in command_line._EXIT_CODES} <= documented.keys()


def test_the_table_of_the_api_is_the_api(container: Container) -> None:
    documented = {(method, path) for method, path, _ in rows_of(API, "method", "path", "does")}
    paths: dict[str, Any] = create_app(container).openapi()["paths"]
    operations = [
        (method, path, found) for path, methods in paths.items() for method, found in methods.items()
    ]
    assert documented == {
        (method.upper(), path) for method, path, found in operations if not found.get("deprecated")
    }
    assert {(old, new) for old, new in rows_of(API, "was", "is now")} == {
        (path.removeprefix("/api/v1"), found["x-successor"].removeprefix("/api/v1"))
        for _, path, found in operations
        if found.get("deprecated")
    }


def test_the_states_are_those_of_the_code() -> None:
    states = [item.value for item in ActionState]
    assert [row[0] for row in rows_of(ARCHITECTURE, "state", "meaning", "goes on by itself")] == states
    assert [row[0] for row in rows_of(OPERATIONS, "state", "look", "do")] == states
    deliveries = [row[0].split()[0] for row in rows_of(OPERATIONS, "state", "meaning")]
    assert deliveries == [item.value for item in DeliveryState]


# --- error texts


_NOT_OURS = re.compile(
    r"""
      :[ ]\d{3}[ ](?:\d\.\d\.\d[ ])?[^.]*  # what a server said
    | \S*[@\d]\S*                        # an address or a number
    | \(KeyError\)
    | [.:](?:[ ]|$)                      # the end of a sentence
    """,
    re.VERBOSE,
)


def test_the_errors_in_the_runbook_are_those_of_the_code() -> None:
    files = [
        *ROOT.glob("orchestrator/**/*.py"),
        *ROOT.glob("integrations/**/*.py"),
        *ROOT.glob("config/locales/en/**/*.po"),
    ]
    sources = "\n".join(file.read_text("utf-8") for file in files)
    # A message may be written over several lines of a program.
    sources = re.sub(r'"\s*\n\s*f?"', "", sources)
    quoted = blocks_of(ROOT / "docs" / "operations.md", "text")
    assert len(quoted) > 10
    for block in quoted:
        pieces = [piece.strip() for piece in _NOT_OURS.split(block.text.strip())]
        assert any(len(piece) > 12 for piece in pieces), block.text
        for piece in pieces:
            assert piece in sources, piece


# --- the house


def test_the_readme_is_short() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 150


def test_the_rooms_are_those_of_the_house() -> None:
    """Every folder of a layer is a room of the page, which lists them in the order of the domain."""
    listed = [row[0] for row in rows_of(ARCHITECTURE, "room", "holds")]
    for layer in ("domain", "services", "store", "commands"):
        folders = {file.parent.name for file in (ROOT / "orchestrator" / layer).glob("*/__init__.py")}
        assert folders - {"rows", "migrations"} <= set(listed), layer
    for tier in ("unit", "integration", "contract", "browser", "acceptance"):
        folders = {item.parent.name for item in (ROOT / "tests" / tier).glob("*/test_*.py")}
        assert folders <= set(listed), tier
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (domain,) = [item for item in contracts if item["name"] == "Rooms of the domain"]
    assert [name.strip("()") for name in reversed(domain["layers"])] == listed


def test_what_is_long_says_why() -> None:
    """No file has over 400 lines, and no class over 250, unless the top of the file says why."""
    silent = []
    for folder in ("orchestrator", "integrations", "tasks", "config", "tests"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            text = file.read_text("utf-8")
            tree = ast.parse(text)
            classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
            is_long = text.count("\n") > 400 or any(len(_lines_of(node)) > 250 for node in classes)
            if is_long and "longer than others" not in " ".join((ast.get_docstring(tree) or "").split()):
                silent.append(str(file.relative_to(ROOT)))
    assert silent == []


def _lines_of(node: ast.ClassDef) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def test_no_class_is_defined_twice() -> None:
    names = Counter(
        node.name
        for file in (ROOT / "orchestrator").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_every_word_of_the_glossary_stands_there_once_and_in_order() -> None:
    words = [row[0] for row in rows_of(ROOT / "docs" / "glossary.md", "word", "meaning")]
    assert words == sorted(set(words))


# --- decisions and changes


def test_every_decision_is_listed() -> None:
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (DECISIONS / "README.md").read_text("utf-8"))
    assert listed == sorted(item.name for item in DECISIONS.glob("[0-9]*.md"))
    assert [name[:4] for name in listed] == [f"{number:04}" for number in range(1, len(listed) + 1)]


@pytest.mark.parametrize("name", sorted(item.name for item in DECISIONS.glob("[0-9]*.md")))
def test_a_decision_is_short_and_has_all_its_parts(name: str) -> None:
    text = (DECISIONS / name).read_text("utf-8")
    assert text.startswith(f"# {name[:4]} ")
    parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences", "Considered"]
    assert len(text.split()) < 450


def test_the_changelog_has_this_version() -> None:
    assert f"## [{__version__}] - " in (ROOT / "CHANGELOG.md").read_text("utf-8")


if __name__ == "__main__":
    _text = SETTINGS.read_text("utf-8")
    SETTINGS.write_text(_SETTINGS.sub(lambda _: settings_table(), _text), "utf-8")
