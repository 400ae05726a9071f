"""How much memory and how many processes a sandbox may have: kept by control groups, where this user may make them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.embedded.hosting import HostingError, Limits
from cockpit.embedded.sandbox.groups import (
    GROUP_TIMEOUT,
    POLL_INTERVAL,
    find_controller_base,
    group_name,
    remove_groups,
)

MEMORY, PROCESSES = "memory", "pids"
CONTROLLERS = (MEMORY, PROCESSES)
EARLIER = "it was made by an earlier version"

Bases = Mapping[str, tuple[Path, int] | str]
"""Below which directory groups of a controller are made, and their version; or why they cannot be."""


@dataclass(slots=True)
class LimitGroups:
    """What limits one sandbox."""

    limits: Limits
    groups: Mapping[str, Path]
    """The group of each controller that there is."""
    unlimited: dict[str, str] = field(default_factory=dict)
    """Why the others, or some of these, keep nothing."""
    _set: bool = False

    @property
    def members_files(self) -> tuple[Path, ...]:
        """The files a new process writes its pid to in order to be limited."""
        return tuple(dict.fromkeys(group / "cgroup.procs" for group in self.groups.values()))

    def prepare(self) -> None:
        """Make the groups that are missing, and have them keep the limits; one that does not is noted.

        Raises:
            OSError: a group is gone and cannot be made again.
        """
        missing = [group for group in dict.fromkeys(self.groups.values()) if not group.is_dir()]
        for group in missing:
            group.mkdir(exist_ok=True)
        if missing or not self._set:
            for controller, group in self.groups.items():
                self._keep(controller, group)
            self._set = True

    def _keep(self, controller: str, group: Path) -> None:
        self.unlimited.pop(controller, None)
        wanted = self.limits.memory_mib if controller == MEMORY else self.limits.processes
        if not wanted:
            self.unlimited[controller] = "none was asked for"
            return
        try:
            for name, needed in _settings(controller, group):
                if needed or (group / name).exists():
                    (group / name).write_text(str(wanted * 1024 * 1024 if controller == MEMORY else wanted))
        except OSError as error:
            self.unlimited[controller] = f"the kernel would not set it: {error.strerror or error}"

    def allow_no_more(self) -> None:
        """Let no process start another: those that are ended must not be outrun; `prepare` ends it."""
        group = self.groups.get(PROCESSES)
        if group is not None and group.is_dir():
            self._set = False
            with contextlib.suppress(OSError):
                (group / "pids.max").write_text("0")

    async def remove(self) -> None:
        """Take the groups away; they are empty.

        Raises:
            HostingError: the kernel does not let go of one.
        """
        deadline = time.monotonic() + GROUP_TIMEOUT
        for group in dict.fromkeys(self.groups.values()):
            while group.is_dir():
                try:
                    remove_groups(group)
                except OSError as error:
                    # A killed process leaves its group a moment after it left the process table.
                    if time.monotonic() > deadline:
                        raise HostingError(f"the control group {group} cannot be removed: {error}") from error
                    await asyncio.sleep(POLL_INTERVAL)

    def in_force(self) -> Limits:
        """Return the limits that the kernel keeps; 0 where it keeps none."""
        return Limits(
            0 if MEMORY in self.unlimited else self.limits.memory_mib,
            0 if PROCESSES in self.unlimited else self.limits.processes,
        )


def _settings(controller: str, group: Path) -> tuple[tuple[str, bool], ...]:
    """Return the files of a limit in the order in which they are written, and whether the limit is nothing without."""
    if controller == PROCESSES:
        return (("pids.max", True),)
    if (group / "memory.max").exists():
        return ("memory.max", True), ("memory.swap.max", False)
    # The second counts memory and swap together, and may never be below the first.
    return ("memory.limit_in_bytes", True), ("memory.memsw.limit_in_bytes", False)


def no_limits(reason: str) -> LimitGroups:
    """Return what limits nothing, and why."""
    return LimitGroups(Limits(), {}, dict.fromkeys(CONTROLLERS, reason))


def recorded_limits(limits: Limits, groups: Mapping[str, str]) -> LimitGroups | None:
    """Return the limits a sandbox was recorded with; None where a group is gone, as after a reboot."""
    found = {name: Path(group) for name, group in groups.items() if name in CONTROLLERS}
    if not found or not all(group.is_dir() for group in found.values()):
        return None
    absent = {name: "it could not be when this VM was made" for name in CONTROLLERS if name not in found}
    return LimitGroups(limits, found, absent)


class LimitsProbe:
    """Finds out, when it is first asked, what this user may limit here; a server's start does not wait for it."""

    def __init__(self, mark: str, find: Callable[[str], tuple[Path, int] | str] = find_controller_base) -> None:
        """Prepare; nothing is tried yet.

        Args:
            mark: tells this fleet's groups from those of others.
            find: tells below which directory groups of a controller are made, and their version, or why not.
        """
        self._mark = mark
        self._find = find
        self._turn = threading.Lock()
        self._bases: Bases | None = None

    def bases(self) -> Bases:
        """Return the answer; the first time it takes as long as two small programs run."""
        with self._turn:
            if self._bases is None:
                self._bases = {controller: self._find(controller) for controller in CONTROLLERS}
            return self._bases

    def reasons(self) -> dict[str, str]:
        """Return what cannot be limited, and why."""
        return {controller: base for controller, base in self.bases().items() if isinstance(base, str)}

    def make(self, vm_id: str, limits: Limits, shared: Path | None = None) -> LimitGroups:
        """Return what limits a new sandbox.

        Args:
            vm_id: whose.
            limits: what it may have.
            shared: its group of version 2, if it has one: a process can be in no other of that version.
        """
        groups: dict[str, Path] = {}
        absent = self.reasons()
        for controller, base in self.bases().items():
            if isinstance(base, str):
                continue
            directory, version = base
            group = directory / group_name(self._mark, vm_id)
            if version == 2 and shared is not None and shared != group:
                absent[controller] = f"{shared.parent} does not pass it on"
                continue
            groups[controller] = group
        return LimitGroups(limits, groups, absent)
