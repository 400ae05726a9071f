"""Shared set-up: an isolated home for every test, no animation, and nothing left behind."""

from __future__ import annotations

import gc
import itertools
import os
import signal

os.environ["TEXTUAL_ANIMATIONS"] = "none"
# Hundreds of programs are started: without compiled modules each of them takes nearly twice the time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.idle import pytest_collection_finish
from tests.lanes import pytest_collection_modifyitems, pytest_terminal_summary
from tests.leftovers import pytest_configure, pytest_sessionfinish, pytest_testnodeready
from tests.parsed import parse_once
from tests.watch import pytest_timeout_set_timer

__all__ = [
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodeready",
    "pytest_timeout_set_timer",
]

# A shell starts what it runs in the background with these ignored, and every program of a test would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
# So does `nohup` with this one.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# All tests and what they import are made first, and none of it becomes garbage: to look for some takes a third of that.
gc.disable()


LOOKS_FOR_GARBAGE = (10_000, 10, 20)
"""New objects before a look at them, and looks at the young before one at what is older: by the interpreter's own
numbers a test of the screens spent a seventh of its time with looks at objects that go by themselves a moment later."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Look for garbage from here on, in what the tests make alone: not again and again in all that stands by now."""
    parse_once()
    gc.freeze()
    gc.set_threshold(*LOOKS_FOR_GARBAGE)
    gc.enable()


# How long an example takes says how busy the machine is; what is slow by itself is found by `tests/bench`.
# Other examples each time find more; where a change is judged by them the same change must have the same answer twice.
settings.register_profile(
    "suite",
    deadline=None,
    derandomize=os.environ.get("COCKPIT_SAME_EXAMPLES") == "1",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")


_NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def isolated_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give each test its own HOME and XDG directories and no credentials."""
    # Numbered here: `mktemp` reads the whole directory for each new name, and there are thousands.
    home = tmp_path_factory.getbasetemp() / "homes" / str(next(_NUMBERS))
    home.mkdir(parents=True)
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("HOME", str(home))
    for name in list(os.environ):
        if name.startswith(("VERS_", "ANTHROPIC_", "COCKPIT_")) and name != "COCKPIT_REQUIRE_REAL":
            monkeypatch.delenv(name)
    yield home
