"""Which tests are slow, and which may be run a second time: the one place for both rules.

A test is slow if it stands in one of the folders or files below, or says so with `@pytest.mark.slow`: it starts a
fleet, a server, an agent or a terminal of its own, or takes seconds. `pytest -m "not slow"` leaves them out.

A test that races a clock by its nature says why: `@pytest.mark.races_the_clock("reason")`. It alone is run once more
when it failed, and the run names at its end what was run twice. Nothing else is ever rerun.
"""

from __future__ import annotations

from functools import cache
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
    "real_claude": "starts agents of other makers",
    "real_pi": "starts agents of other makers",
    "remote": "starts SSH servers",
    "security": "starts agents of other makers",
    "wire_filter": "starts each interpreter of a VM, again and again",
}
"""Folders below `tests` whose tests are slow, with the reason."""

SLOW_FILES: dict[str, str] = {
    "agents/reporting/test_board.py": "starts each shell and each program that asks a server, again and again",
    "agents/scaffold/test_health.py": "starts a terminal and each shell, again and again",
    "agents/scaffold/test_remains.py": "starts git and each shell, again and again",
    "agents/scaffold/test_scripts.py": "starts a terminal and each shell, again and again",
    "agents/workspace/test_scripts.py": "starts git and shells over thousands of files",
    "store/test_faults.py": "kills processes, again and again",
    "store/test_lease.py": "kills processes, again and again",
    "ui/terminal/test_replica_of_the_screen.py": "draws whatever is done, again and again",
    "ui/test_agent_commands.py": "opens every dialog of an agent, and types into some",
    "ui/test_board_screen.py": "opens the board again and again",
    "ui/test_crowd.py": "draws a large fleet at every size",
    "ui/test_hostile.py": "draws every screen again and again",
    "ui/test_key_gate.py": "opens every dialog again and again",
    "ui/test_one_read.py": "opens every dialog again and again",
    "ui/test_read_only.py": "opens every dialog that only looks, and presses its keys",
    "ui/test_scroll_back.py": "reads long transcripts up and down",
    "ui/test_stuck_screens.py": "waits for screens that never settle",
    "ui/test_typed_data.py": "types into every field, again and again",
    "ui/test_typed_together.py": "types into every field, again and again",
}
"""Files elsewhere whose tests are slow, with the reason; `tests/ui/test_home.py` presses each key once."""

QUICK_FOLDERS = ("engine/unit",)
"""Folders within those whose tests are not."""

REASON = "races the clock"
"""The name of the property of a report that holds a test's reason."""


@cache
def is_slow(path: Path) -> bool:
    """Say whether a test file is slow because of its folder."""
    if not path.is_relative_to(TESTS):
        return False
    folders = {parent.as_posix() for parent in path.relative_to(TESTS).parents}
    if path.relative_to(TESTS).as_posix() in SLOW_FILES:
        return True
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
