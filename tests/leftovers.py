"""A run of the tests that leaves a process or a directory behind has failed.

The process that distributes the tests adopts every orphan (prctl(2), PR_SET_CHILD_SUBREAPER), so whatever a test starts
remains its descendant, even what cleared its environment and left session and parents. That needs workers of its own:
with `-n 0` only directories are looked at.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

PR_SET_CHILD_SUBREAPER = 36
VARIABLE = "CKT_RUN_DIRECTORY"
REAP_INTERVAL = 0.05
"""Seconds between two looks for orphans that ended: who waits for one to be gone must not wait for us."""
PATIENCE = float(os.environ.get("CKT_PATIENCE", "50"))
"""Seconds a process may take to end after the tests: a reading script whose link was cut ends by itself after 45."""

BEGAN_HERE = pytest.StashKey[Path]()
"""The directory of a run that this process began."""

_workers: set[int] = set()
_finished = threading.Event()


def short_directory(prefix: str) -> Path:
    """Return a new directory of this run whose path is short enough for sockets; its maker removes it."""
    parent = os.environ.get(VARIABLE) or "/tmp"
    return Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir=parent))


def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch, in the process that the run began with."""
    if hasattr(config, "workerinput") or VARIABLE in os.environ:
        return
    directory = config.stash[BEGAN_HERE] = Path(tempfile.mkdtemp(prefix="ckt-", dir="/tmp"))
    os.environ[VARIABLE] = str(directory)
    if config.getoption("numprocesses", None) and ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0:
        threading.Thread(target=_reap, daemon=True).start()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodeready() -> None:
    """Note which children are workers, by execnet's command line: xdist waits for those itself."""
    for child in _children(recursive=False):
        # One that was killed is still listed when another takes its place.
        with contextlib.suppress(psutil.NoSuchProcess):
            if any("stdin.readline()" in word for word in child.cmdline()):
                _workers.add(child.pid)


def _reap() -> None:
    """Take leave of orphans that ended, as the first process of a machine does; a worker is left to xdist."""
    while not _finished.wait(REAP_INTERVAL):
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
                if not _workers or ended.si_pid in _workers:
                    break
                os.waitpid(ended.si_pid, os.WNOHANG)


def _children(*, recursive: bool) -> list[Any]:
    found = []
    for child in psutil.Process().children(recursive=recursive):
        try:
            child.status()
        except psutil.NoSuchProcess:
            continue
        found.append(child)
    return found


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run for what it left, name it and tidy up."""
    if session.config.stash.get(BEGAN_HERE, None) is None:
        return
    left = [*_left_processes(), *_left_directories(session.config.stash[BEGAN_HERE])]
    _finished.set()
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line("")
            for line in left:
                reporter.write_line(f"left behind: {line}", red=True)


def _left_processes() -> list[str]:
    if not _workers:
        return []
    strangers = [child for child in _children(recursive=True) if child.pid not in _workers]
    _gone, alive = psutil.wait_procs(strangers, timeout=PATIENCE)
    left = []
    for process in alive:
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                left.append(f"process {process.pid}: {' '.join(process.cmdline())[:200]}")
                process.kill()
        except psutil.NoSuchProcess:
            continue
    return left


def _left_directories(directory: Path) -> list[str]:
    os.environ.pop(VARIABLE, None)
    left = [f"directory {path}" for path in directory.iterdir()]
    shutil.rmtree(directory, ignore_errors=True)
    return left
