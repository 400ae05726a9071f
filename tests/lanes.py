"""Which tests are slow, and which may be run a second time: the one place for both rules.

A test is slow if it stands in one of the folders below, or says so with `@pytest.mark.slow`: it starts a fleet, a
server, an agent or a terminal of its own. `pytest -m "not slow"` leaves them out.

A test that races a clock by its nature says why: `@pytest.mark.races_the_clock("reason")`. It alone is run once more
when it failed, and the run names at its end what was run twice. Nothing else is ever rerun.
"""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent

SLOW_FOLDERS: dict[str, str] = {
    "bench": "measures",
    "cli": "starts fleets and verbs",
    "demo": "starts the demo",
    "embedded": "starts fleets",
    "engine": "starts fleets and cockpits",
    "faults": "breaks links and processes, again and again",
    "packaging": "builds and installs the product",
    "real_pi": "starts agents of other makers",
    "remote": "starts SSH servers",
    "security": "starts agents of other makers",
}
"""Folders below `tests` whose tests are slow, with the reason."""

QUICK_FOLDERS = ("engine/unit",)
"""Folders within those whose tests are not."""

REASON = "races the clock"
"""The name of the property of a report that holds a test's reason."""


def is_slow(path: Path) -> bool:
    """Say whether a test file is slow because of its folder."""
    if not path.is_relative_to(TESTS):
        return False
    folders = {parent.as_posix() for parent in path.relative_to(TESTS).parents}
    return bool(folders & SLOW_FOLDERS.keys()) and not folders & set(QUICK_FOLDERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put each test into its lane."""
    for item in items:
        if is_slow(item.path):
            item.add_marker("slow")
        mark = item.get_closest_marker("races_the_clock")
        if mark is None:
            continue
        if len(mark.args) != 1 or mark.kwargs or not isinstance(mark.args[0], str) or not mark.args[0].strip():
            raise pytest.UsageError(f"{item.nodeid}: races_the_clock needs its reason, and nothing else")
        item.add_marker(pytest.mark.flaky(reruns=1))
        item.user_properties.append((REASON, mark.args[0]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that were run twice, each with its reason."""
    twice = {report.nodeid: dict(report.user_properties) for report in terminalreporter.stats.get("rerun", ())}
    for name, properties in twice.items():
        terminalreporter.write_line(f"run twice: {name} ({properties.get(REASON, 'without a mark: this must not be')})")
