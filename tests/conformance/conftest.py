"""The parsers that judge our mail, and the mails judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.readers import READERS, Libical, Reader, Unavailable

MAILS = {file.stem: file.read_bytes() for file in (Path(__file__).parents[1] / "golden").glob("*.eml")}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for ``golden`` once for every golden mail, also for those yet to come.

    ``invitation`` is a golden mail with a calendar, whichever method it has.
    """
    for argument, part in (("golden", b""), ("invitation", b"\r\nContent-Type: text/calendar")):
        if argument in metafunc.fixturenames:
            names = sorted(name for name, content in MAILS.items() if part in content)
            metafunc.parametrize(argument, [MAILS[name] for name in names], ids=names)


@pytest.fixture(scope="session", params=READERS)
def reader(request: pytest.FixtureRequest) -> Iterator[Reader]:
    """Each parser in turn."""
    yield from _opened(READERS[request.param])


@pytest.fixture(scope="session")
def libical() -> Iterator[Reader]:
    """The parser that also knows the restrictions of iTIP."""
    yield from _opened(Libical)


def _opened(kind: type[Reader]) -> Iterator[Reader]:
    try:
        found = kind()
    except Unavailable as reason:
        pytest.skip(str(reason))
    yield found
    found.close()
