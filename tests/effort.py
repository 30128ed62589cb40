"""How much the tests do: enough for every change in ``make test``, everything in ``make test-all``.

A plain run leaves out what seldom finds more than the rest: the second database where a service only uses
what the store's own tests hold on both, and most examples of property tests. ``--all`` runs everything;
``--rest`` runs what a plain run left out, and the property tests once more with all their examples.
"""

from __future__ import annotations

import hypothesis
import pytest

_SHARE = 5
_FEWEST = 20
_FULL = 100


def add_options(parser: pytest.Parser) -> None:
    """Add ``--all`` and ``--rest``."""
    group = parser.getgroup("effort")
    group.addoption("--all", action="store_true", help="Run everything, as `make test-all` does in the end")
    group.addoption("--rest", action="store_true", help="Run what a plain run leaves out")


def choose(config: pytest.Config, *, ci: bool) -> None:
    """Load the profile of property tests that the options ask for; in CI each run takes the same examples."""
    config.addinivalue_line("markers", "both_databases: runs on SQLite and PostgreSQL every time")
    config.addinivalue_line("markers", "real_servers: needs servers and minutes, so it runs with --rest")
    config.addinivalue_line("markers", "thorough: waits for whole processes, so it runs with --rest")
    config.addinivalue_line("markers", "longer: finds more the longer it runs, so it runs longer with --all")
    for name, number in (("some", _FULL // _SHARE), ("all", _FULL)):
        hypothesis.settings.register_profile(
            name, deadline=None, derandomize=ci, print_blob=ci, max_examples=number
        )
    hypothesis.settings.load_profile("all" if wants_everything(config) else "some")


def wants_everything(config: pytest.Config) -> bool:
    """Whether this run spares nothing of what it runs."""
    return bool(config.getoption("--all") or config.getoption("--rest"))


def examples(full: int) -> int:
    """How many examples a property test takes that takes ``full`` of them with ``--all``."""
    if hypothesis.settings.get_current_profile_name() == "all":
        return full
    return min(full, max(full // _SHARE, _FEWEST))


def leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out of ``items`` what is not for this run."""
    if config.getoption("--all"):
        return
    wanted = _only_with_everything if config.getoption("--rest") else _every_time
    chosen = [item for item in items if wanted(item)]
    config.hook.pytest_deselected(items=[item for item in items if not wanted(item)])
    items[:] = chosen


def _every_time(item: pytest.Item) -> bool:
    if any(item.get_closest_marker(name) for name in ("real_servers", "thorough")):
        return False
    return not _on_postgresql(item) or item.get_closest_marker("both_databases") is not None


def _only_with_everything(item: pytest.Item) -> bool:
    more = any(item.get_closest_marker(name) for name in ("hypothesis", "longer"))
    return more or not _every_time(item)


def _on_postgresql(item: pytest.Item) -> bool:
    """Whether the test runs once for each database, and this is PostgreSQL's turn."""
    callspec = getattr(item, "callspec", None)
    return callspec is not None and "postgresql" in callspec.params.values()
