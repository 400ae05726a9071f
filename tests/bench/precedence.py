"""Who goes first on a machine that stands for several: what plays other machines gives way, what is measured does not.

Priorities alone do not do it: Linux shares the processors out among sessions first (`sched_autogroup_enabled`), and
each connection of an `sshd` is a session of its own.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]

FIRST = -15
"""The priority of what is measured."""
LAST = 5
"""The niceness of what gives way, where there are no groups of which the kernel knows that they do."""

_GROUPS = Path("/sys/fs/cgroup/cpu")
"""Where control groups of processors are, in the first version of their interface."""


def goes_first(pid: int) -> None:
    """Have a process, and what it starts from now on, wait for no other, where that is allowed."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, pid, FIRST)
        with contextlib.suppress(FileNotFoundError):
            Path(f"/proc/{pid}/autogroup").write_text(f"{FIRST}\n")


@contextlib.contextmanager
def at_once() -> Iterator[None]:
    """Have who takes the time wait for no processor in the block, where that is allowed; what it starts waits.

    Nor do the kernel's workers that carry a terminal's bytes: else who goes first goes before its own bytes, and what
    it wrote is read up to 15 ms later, when it has nothing to do.
    """
    others = [(pid, os.SCHED_OTHER) for pid in _carriers()]
    before = [(0, os.sched_getscheduler(0)), *others]
    for pid, _ in before:
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.sched_setscheduler(pid, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    try:
        yield
    finally:
        for pid, policy in before:
            with contextlib.suppress(PermissionError, ProcessLookupError):
                os.sched_setscheduler(pid, policy, os.sched_param(0))


def _carriers() -> list[int]:
    """Return the kernel's workers that are bound to no processor: one of them takes each terminal's bytes on."""
    found = []
    with contextlib.suppress(OSError):
        for number in Path("/proc/2/task/2/children").read_text().split():
            with contextlib.suppress(OSError):
                if Path(f"/proc/{number}/comm").read_text().startswith("kworker/u"):
                    found.append(int(number))
    return found


@contextlib.contextmanager
def giving_way() -> Iterator[GivesWay]:
    """Make a group of processes that run only while nobody else wants a processor, for the time of the block."""
    group = _GROUPS / f"cockpit-bench-{os.getpid()}"
    try:
        group.mkdir()
        (group / "cpu.idle").write_text("1")
    except OSError:
        with contextlib.suppress(OSError):
            group.rmdir()
        yield GivesWay(None)
        return
    try:
        yield GivesWay(group)
    finally:
        for pid in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):
                (_GROUPS / "cgroup.procs").write_text(pid)
        with contextlib.suppress(OSError):
            group.rmdir()


class GivesWay:
    """A group of processes that let all others go first."""

    def __init__(self, group: Path | None) -> None:
        self._group = group

    def take(self, pid: int) -> None:
        """Take a process in, and what it starts from now on."""
        if self._group is not None:
            (self._group / "cgroup.procs").write_text(str(pid))
        else:
            psutil.Process(pid).nice(LAST)
