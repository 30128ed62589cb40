"""A page of the console or of personal links is a module, a template and one line in a list."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from fastapi import APIRouter

from orchestrator.web import console, pages, personal
from orchestrator.web.pages import HERE

TEMPLATES = HERE / "templates"
SOURCES = [*HERE.rglob("*.py"), *TEMPLATES.rglob("*.j2")]


def modules_with_pages(package: ModuleType) -> set[str]:
    """The names of the package's modules that have a router."""
    folder = Path(str(package.__file__)).parent
    names = {
        ".".join([package.__name__, *file.relative_to(folder).with_suffix("").parts])
        for file in folder.rglob("*.py")
        if file.name != "__init__.py"
    }
    return {name for name in names if isinstance(getattr(import_module(name), "router", None), APIRouter)}


@pytest.mark.parametrize("package", [console, personal])
def test_every_module_with_pages_is_registered_once(package: ModuleType) -> None:
    registered = [page.__name__ for page in package.PAGES]
    assert sorted(registered) == sorted(modules_with_pages(package))


def test_every_template_is_used_and_every_used_one_is_there() -> None:
    there = {str(file.relative_to(TEMPLATES)) for file in TEMPLATES.rglob("*.j2")}
    used = {name for file in SOURCES for name in re.findall(r'"([\w/]+\.html\.j2)"', file.read_text())}
    assert used == there


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"),
        (9_999, "9,999 bytes"),
        (10_240, "10 KB"),
        (1024**2, "1 MB"),
        (1_600_000, "1.53 MB"),
        (26_214_400, "25 MB"),
    ],
)
def test_a_size_is_said_in_the_unit_that_is_read_at_a_glance(count: int, said: str) -> None:
    assert pages._size(count) == said
