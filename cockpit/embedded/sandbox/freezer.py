"""Making all processes of a sandbox stand still: by control group where one can be had, else by signals."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cockpit.embedded.hosting import HostingError
from cockpit.embedded.sandbox.groups import (
    GROUP_TIMEOUT,
    POLL_INTERVAL,
    find_group_base,
    group_name,
    remove_groups,
)
from cockpit.embedded.sandbox.processes import (
    STOPPED_STATES,
    WAITING_STATES,
    ProcessEntry,
    ancestors_first,
    find_members,
    read_entry,
    send_signal,
    stands_still,
)

RETRY_INTERVAL = 0.1
"""Seconds after which a version 1 group that is still freezing is thawed and frozen anew."""
CLEAN_LOOKS = 2
"""Looks in a row without a moving process before signals count as having stopped everything."""

Stopped = tuple[tuple[int, int], ...]


class Freezer(Protocol):
    """One sandbox's freezer."""

    def keep_to(self, first: Callable[[], tuple[int, int] | None], *, by_name: bool) -> None:
        """Learn who belongs to the sandbox.

        Args:
            first: tells the pid and start time of its first process, from which what belongs to it descends.
            by_name: whether a process belongs to it, too, that carries its name in the environment.
        """

    @property
    def kind(self) -> str:
        """`cgroup2`, `cgroup1` or `signals`."""

    @property
    def group(self) -> Path | None:
        """The control group's directory, if there is one."""

    @property
    def members_file(self) -> Path | None:
        """The file a new process writes its pid to in order to belong here."""

    def prepare(self) -> None:
        """Make sure that processes can join."""

    def members(self) -> dict[int, ProcessEntry]:
        """Return the sandbox's live processes."""

    def already_stopped(self) -> Stopped:
        """Return the processes that stand still of themselves and must not be continued by `thaw`."""

    async def freeze(self) -> None:
        """Return when nothing of the sandbox moves.

        Raises:
            HostingError: a process would not stop; what had stopped continues.
        """

    async def thaw(self, keep: Stopped) -> None:
        """Let everything continue but the processes named."""

    async def remove(self) -> None:
        """Take the control group away; it is empty."""


@dataclass(slots=True)
class GroupFreezer:
    """Freezes by the kernel's control groups, version 1 or 2: children born meanwhile are frozen at birth."""

    vm_id: str
    group: Path
    version: int
    first: Callable[[], tuple[int, int] | None] = lambda: None
    """Tells the first process, where there is one: it is frozen with the rest, and is not one of the members."""
    by_name: bool = True

    def keep_to(self, first: Callable[[], tuple[int, int] | None], *, by_name: bool) -> None:
        """Learn who belongs to the sandbox."""
        self.first, self.by_name = first, by_name

    @property
    def kind(self) -> str:
        """`cgroup1` or `cgroup2`."""
        return f"cgroup{self.version}"

    @property
    def members_file(self) -> Path:
        """The file a new process writes its pid to."""
        return self.group / "cgroup.procs"

    def prepare(self) -> None:
        """Create the group if it is missing."""
        self.group.mkdir(exist_ok=True)

    def members(self) -> dict[int, ProcessEntry]:
        """Return the group's processes and any that left it but carry the marker."""
        first = self.first()
        listed = self._listed()
        found = find_members(self.vm_id, [*listed, first[0]] if first else listed, by_name=self.by_name)
        if first is not None:
            found.pop(first[0], None)
        return found

    def already_stopped(self) -> Stopped:
        """Nothing: a control group freezes beside the stop signals, so those stay as they are."""
        return ()

    async def freeze(self) -> None:
        """Freeze the group, strays brought home first."""
        await asyncio.to_thread(self._gather)
        self._write(True)
        await self._await(True)
        # A stray may have forked between the look and the freeze; what joins now is frozen on arrival.
        if await asyncio.to_thread(self._gather):
            await self._await(True)

    async def thaw(self, keep: Stopped) -> None:
        """Thaw the group; `keep` is empty here."""
        if self.group.is_dir():
            self._write(False)
            await self._await(False)

    async def remove(self) -> None:
        """Remove the group and what an agent may have made below it."""
        deadline = time.monotonic() + GROUP_TIMEOUT
        while self.group.is_dir():
            try:
                remove_groups(self.group)
            except OSError as error:
                # A killed process leaves its group a moment after it left the process table.
                if time.monotonic() > deadline:
                    raise HostingError(f"the control group {self.group} cannot be removed: {error}") from error
                await asyncio.sleep(POLL_INTERVAL)

    def _listed(self) -> list[int]:
        pids: list[int] = []
        for path, _directories, _files in os.walk(self.group):
            try:
                pids += [int(line) for line in (Path(path) / "cgroup.procs").read_text().split()]
            except OSError:
                continue
        return pids

    def _gather(self) -> int:
        """Move processes that carry the marker but left the group back in; return how many there were."""
        listed = set(self._listed())
        strays = [pid for pid in self.members() if pid not in listed]
        for pid in strays:
            try:
                self.members_file.write_text(str(pid))
            except ProcessLookupError:
                continue
        return len(strays)

    def _write(self, frozen: bool) -> None:
        if self.version == 2:
            (self.group / "cgroup.freeze").write_text("1" if frozen else "0")
        else:
            (self.group / "freezer.state").write_text("FROZEN" if frozen else "THAWED")

    def _is_frozen(self) -> bool:
        if self.version == 2:
            return "frozen 1" in (self.group / "cgroup.events").read_text().splitlines()
        return (self.group / "freezer.state").read_text().strip() == "FROZEN"

    async def _await(self, frozen: bool) -> None:
        deadline = time.monotonic() + GROUP_TIMEOUT
        again = time.monotonic() + RETRY_INTERVAL
        while self._is_frozen() is not frozen:
            now = time.monotonic()
            if self.version == 1 and frozen and now > again:
                # A version 1 group can stick half frozen when a process forks at the wrong moment; a fresh
                # attempt gets it through.
                self._write(False)
                self._write(True)
                again = now + RETRY_INTERVAL
            if now > deadline:
                if frozen:
                    self._write(False)
                word = "freeze" if frozen else "thaw"
                raise HostingError(
                    f"VM {self.vm_id} did not {word} within {GROUP_TIMEOUT:.0f} s",
                    hint="a process in it may wait for a disk or a network file system",
                )
            await asyncio.sleep(POLL_INTERVAL)


@dataclass(slots=True)
class SignalFreezer:
    """Freezes by SIGSTOP, for users who may not make control groups."""

    vm_id: str
    first: Callable[[], tuple[int, int] | None] = lambda: None
    """Tells the pid and start time of the sandbox's first process: all that descends from it belongs to the sandbox."""
    by_name: bool = True

    def keep_to(self, first: Callable[[], tuple[int, int] | None], *, by_name: bool) -> None:
        """Learn who belongs to the sandbox."""
        self.first, self.by_name = first, by_name

    @property
    def kind(self) -> str:
        """`signals`."""
        return "signals"

    @property
    def group(self) -> None:
        """There is none."""
        return None

    @property
    def members_file(self) -> None:
        """There is none: the marker in the environment is the membership."""
        return None

    def prepare(self) -> None:
        """Nothing is needed."""

    def members(self) -> dict[int, ProcessEntry]:
        """Return the descendants of the first process, and those with the marker, and their kin."""
        first = self.first()
        found = find_members(self.vm_id, [first[0]] if first is not None else [], by_name=self.by_name)
        if first is not None:
            found.pop(first[0], None)
        return found

    def already_stopped(self) -> Stopped:
        """Return the jobs that somebody suspended."""
        return tuple(entry.identity for entry in self.members().values() if entry.state in STOPPED_STATES)

    async def freeze(self) -> None:
        """Stop everything, again and again until nothing new was born.

        Ancestors go first: a terminal multiplexer or a shell that sees its child stop would react to it.
        """
        deadline = time.monotonic() + GROUP_TIMEOUT
        clean = 0
        while clean < CLEAN_LOOKS:
            members = await asyncio.to_thread(self.members)
            moving = [entry for entry in ancestors_first(members) if not stands_still(entry, members)]
            for entry in moving:
                send_signal(entry, signal.SIGSTOP)
            clean = 0 if moving else clean + 1
            if time.monotonic() > deadline:
                await self.thaw(())
                raise HostingError(
                    f"VM {self.vm_id} did not stop within {GROUP_TIMEOUT:.0f} s: {len(moving)} processes still move",
                    hint="a process in it may be starting others without end",
                )
            await asyncio.sleep(POLL_INTERVAL)

    async def thaw(self, keep: Stopped) -> None:
        """Continue everything but `keep`, descendants first so that no parent finds a child stopped."""
        kept = set(keep)
        for entry in reversed(ancestors_first(await asyncio.to_thread(self.members))):
            if entry.identity not in kept and entry.state in STOPPED_STATES | WAITING_STATES:
                send_signal(entry, signal.SIGCONT)

    async def remove(self) -> None:
        """Nothing is left to remove."""


def build_freezer(vm_id: str, kind: str, group: str) -> Freezer:
    """Return the freezer a sandbox was recorded with."""
    if kind == "signals" or not group:
        return SignalFreezer(vm_id)
    return GroupFreezer(vm_id, Path(group), 2 if kind == "cgroup2" else 1)


def choose_freezer(mark: str, wanted: str = "") -> Callable[[str], Freezer]:
    """Return what makes the freezer of a new sandbox, by the best means this process is allowed.

    Args:
        mark: tells this fleet's groups from those of others.
        wanted: `cgroup2`, `cgroup1` or `signals`; empty takes the first that works.

    Raises:
        HostingError: the wanted kind does not work here.
    """
    for kind in (wanted,) if wanted else ("cgroup2", "cgroup1", "signals"):
        if kind == "signals":
            return SignalFreezer
        base = find_group_base(kind)
        if base is not None:
            return _group_factory(base, mark, 2 if kind == "cgroup2" else 1)
    raise HostingError(f"freezing by {wanted} does not work for this user", hint="use signals")


def _group_factory(base: Path, mark: str, version: int) -> Callable[[str], Freezer]:
    return lambda vm_id: GroupFreezer(vm_id, base / group_name(mark, vm_id), version)


def still_runs(identity: tuple[int, int]) -> bool:
    """Say whether the process with this pid and start time is alive."""
    entry = read_entry(identity[0])
    return entry is not None and entry.start == identity[1]
