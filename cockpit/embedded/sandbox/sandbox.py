"""One sandbox: its state, its processes, and the order in which they are frozen, copied and ended."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from cockpit.embedded.access.inside import with_programs
from cockpit.embedded.hosting import Enclosure, HostingError, Limits
from cockpit.embedded.sandbox import etc
from cockpit.embedded.sandbox.copy import remove_tree
from cockpit.embedded.sandbox.ending import end_processes
from cockpit.embedded.sandbox.forking import Forks
from cockpit.embedded.sandbox.freezer import Freezer, SignalFreezer, build_freezer, still_runs
from cockpit.embedded.sandbox.launch import LaunchedProcess, Stream, hang_up_group, launch, signal_group
from cockpit.embedded.sandbox.layout import (
    LEAVING,
    WALLED_HOME,
    MachineRecord,
    SandboxLayout,
    parsed_variables,
    sandbox_environment,
)
from cockpit.embedded.sandbox.limits import EARLIER, LimitGroups, no_limits, recorded_limits
from cockpit.embedded.sandbox.supervisor import Supervisor
from cockpit.embedded.sandbox.walls import links
from cockpit.embedded.sandbox.walls.probe import WallsOffer
from cockpit.paths import private_directory

logger = logging.getLogger(__name__)

CLIENT_VARIABLES = ("LANG", "LC_", "TERM", "COLORTERM")
"""Beginnings of the variables an SSH client may set, as an OpenSSH server is usually set up."""


def no_platform(_vm_id: str) -> Mapping[str, str]:
    """Return the variables of a sandbox that nothing is served around."""
    return {}


class Sandbox:
    """A VM as a directory, an environment and a tree of processes."""

    def __init__(
        self,
        layout: SandboxLayout,
        freezer: Freezer,
        sockets: Path,
        offer: Callable[[], WallsOffer],
        limits: LimitGroups,
        forks: Forks,
        *,
        walled: bool,
    ) -> None:
        """Prepare.

        Args:
            layout: its places.
            freezer: what holds its processes still.
            sockets: the directory of its sockets on the host.
            offer: tells the walls that the fleet has; the first time that takes a moment.
            limits: what it may have at most.
            forks: starts its first process.
            walled: whether it is made to live behind walls.
        """
        self.layout = layout
        self.vm_id = layout.vm_id
        self.freezer = freezer
        self.limits = limits
        self._sockets = sockets
        self._supervisor = Supervisor(layout.supervisor, sockets / "init", forks)
        self.walled = walled
        """Whether it has a root directory and process numbers of its own."""
        self._offer = offer
        if self.walled:
            self._supervisor.walls = self._order_walls
        self._watch_over(freezer)
        self._record = self._grouped(MachineRecord(sockets=str(sockets), walled=self.walled))
        self.platform: Callable[[str], Mapping[str, str]] = no_platform
        """Tells what its programs get to reach the fleet; what the account sets goes before it."""
        self._change = asyncio.Lock()
        self.moving = asyncio.Event()
        """Set while the sandbox runs: whoever carries bytes in or out waits for it."""
        self.moving.set()
        self.ended = asyncio.Event()
        """Set for good when the sandbox is being destroyed."""

    def _grouped(self, record: MachineRecord) -> MachineRecord:
        """Return a record that names the control groups, and what they keep it to."""
        return replace(
            record,
            freezer=self.freezer.kind,
            group=str(self.freezer.group or ""),
            memory_mib=self.limits.limits.memory_mib,
            processes=self.limits.limits.processes,
            groups={controller: str(group) for controller, group in self.limits.groups.items()},
        )

    def _members_files(self) -> list[Path]:
        """Return the files by which a process joins the control groups."""
        freezing = () if self.freezer.members_file is None else (self.freezer.members_file,)
        return list(dict.fromkeys((*freezing, *self.limits.members_files)))

    def _prepare_groups(self) -> None:
        self.freezer.prepare()
        self.limits.prepare()

    def enclosure(self) -> Enclosure:
        """Return what separates it from the machine."""
        shared = ("network",) if self.walled else ("files", "processes", "network")
        return Enclosure(self.walled, shared, self.limits.in_force(), dict(self.limits.unlimited))

    def _watch_over(self, freezer: Freezer) -> None:
        """Tell a freezer that has no control group to go by who keeps the sandbox's processes together."""
        # Behind walls whatever lives descends from the first process, and a name in an environment proves nothing.
        if isinstance(freezer, SignalFreezer) or self.walled:
            freezer.keep_to(lambda: self._supervisor.identity, by_name=not self.walled)

    def _order_walls(self) -> tuple[Mapping[str, object], Sequence[Path]]:
        """Return how the walls are raised, and the files by which the control groups are joined behind them.

        Raises:
            HostingError: the fleet has none now.
        """
        offer = self._offer()
        if offer.walls is None:
            raise HostingError(
                f"VM {self.vm_id} was made to live behind walls, and there are none now: {offer.reason}",
                hint="serve the fleet as it was served before, or destroy this VM",
            )
        return offer.walls.order(self.layout), self._members_files()

    @property
    def paused(self) -> bool:
        """Whether the operator paused it; a copy's short freeze does not count."""
        return self._record.paused

    def prepare(self) -> None:
        """Create directories, control groups and record of a new sandbox.

        Raises:
            OSError: the disk refused.
        """
        self.layout.prepare()
        private_directory(self._sockets)
        self._prepare_groups()
        self._record.save(self.layout.record)

    @classmethod
    async def adopt(
        cls,
        layout: SandboxLayout,
        make_freezer: Callable[[str], Freezer],
        offer: Callable[[], WallsOffer],
        make_limits: Callable[[str, Limits, Freezer], LimitGroups],
        forks: Forks,
    ) -> Sandbox:
        """Take over a sandbox that an earlier server made: its power state holds, its lost commands end.

        Args:
            layout: its places.
            make_freezer: makes a new freezer where the recorded control group is gone, as after a reboot.
            offer: tells the walls that the fleet has now.
            make_limits: makes new groups for its limits where the recorded ones are gone.
            forks: starts its first process, where it needs one.

        Raises:
            HostingError: its record is missing or broken.
        """
        record = MachineRecord.load(layout.record)
        freezer = build_freezer(layout.vm_id, record.freezer, record.group)
        if freezer.group is not None and not freezer.group.is_dir():
            freezer = make_freezer(layout.vm_id)
        wanted = Limits(record.memory_mib, record.processes)
        if wanted == Limits():
            limits = no_limits(EARLIER)
        else:
            limits = recorded_limits(wanted, record.groups) or make_limits(layout.vm_id, wanted, freezer)
        sandbox = cls(layout, freezer, Path(record.sockets), offer, limits, forks, walled=record.walled)
        sandbox._record = sandbox._grouped(record)
        layout.prepare()
        private_directory(sandbox._sockets)
        sandbox._prepare_groups()
        sandbox._record.save(layout.record)
        if record.paused:
            sandbox.moving.clear()
            await sandbox.freezer.freeze()
        elif record.freezing:
            await sandbox.freezer.thaw(record.stopped)
            sandbox._remember(freezing=False, stopped=())
        await sandbox._end_lost_commands()
        return sandbox

    def _remember(self, *, freezing: bool, stopped: tuple[tuple[int, int], ...], paused: bool | None = None) -> None:
        self._record = replace(
            self._record,
            freezing=freezing,
            stopped=stopped,
            paused=self._record.paused if paused is None else paused,
        )
        self._record.save(self.layout.record)

    async def _freeze(self, *, paused: bool) -> None:
        """Freeze; the intent is on disk first, so that a crash in between can be put right."""
        self._remember(freezing=True, stopped=self.freezer.already_stopped(), paused=paused)
        self.moving.clear()
        try:
            self._prepare_groups()
            await self.freezer.freeze()
        except BaseException:
            # Nobody would know of a half-frozen sandbox, so it runs on.
            await self._thaw()
            raise

    async def _thaw(self) -> None:
        await self.freezer.thaw(self._record.stopped)
        self._remember(freezing=False, stopped=(), paused=False)
        self.moving.set()

    async def pause(self) -> None:
        """Freeze all processes until `resume`."""
        async with self._change:
            self._refuse_ended()
            if not self.paused:
                await self._freeze(paused=True)

    async def resume(self) -> None:
        """Continue after `pause`."""
        async with self._change:
            self._refuse_ended()
            if self.paused:
                await self._thaw()

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Hold all processes still inside the block; afterwards they are as they were before."""
        async with self._change:
            self._refuse_ended()
            if self.paused:
                yield
                return
            await self._freeze(paused=False)
            try:
                yield
            finally:
                await self._thaw()

    def _refuse_ended(self) -> None:
        if self.ended.is_set():
            raise HostingError(f"VM {self.vm_id} is being destroyed")

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a new process; of `extra` only what concerns language and terminal counts."""
        wanted = {name: value for name, value in extra.items() if name.startswith(CLIENT_VARIABLES)}
        held = etc.read_variables(self.layout) if self.walled else None
        variables = None if held is None else parsed_variables(held)
        own = sandbox_environment(self.layout, self._sockets, os.environ, walled=self.walled, variables=variables)
        own["PATH"] = with_programs(own["PATH"])
        return {**self.platform(self.vm_id), **own, **wanted}

    async def launch(
        self,
        arguments: Sequence[str],
        *,
        extra: Mapping[str, str],
        variables: Mapping[str, str] | None = None,
        terminal: str = "",
        size: tuple[int, int] | None = None,
        stdin: Stream = None,
        stdout: Stream = None,
        stderr: Stream = None,
    ) -> LaunchedProcess:
        """Start a program in the sandbox, once it is not frozen; it is known by a file until `forget`.

        Args:
            arguments: the program and its arguments.
            extra: what an SSH client would set; of it only language and terminal count.
            variables: what the API's caller sets, whatever it is.
            terminal: the path of a pseudo-terminal that becomes its own.
            size: columns and rows of a terminal that is made for it behind the walls; our end comes with the process.
            stdin, stdout, stderr: its streams.

        Raises:
            HostingError: the sandbox is being destroyed.
            OSError: the program could not be started.
        """
        environment = {**self.environment(extra), **(variables or {})}
        while True:
            await self.moving.wait()
            async with self._change:
                self._refuse_ended()
                if not self.moving.is_set():
                    continue
                self._prepare_groups()
                if self.walled:
                    links.renew(self.layout)
                process = await launch(
                    arguments,
                    environment=environment,
                    directory=WALLED_HOME if self.walled else self.layout.home,
                    members_files=() if self.walled else self._members_files(),
                    supervisor=self._supervisor if self.walled or self.freezer.group is None else None,
                    terminal=terminal,
                    size=size,
                    stdin=stdin,
                    stdout=stdout,
                    stderr=stderr,
                )
                self._note(process)
                return process

    async def serve_files(self) -> socket.socket:
        """Start a process behind the walls that reads and writes files for us; return the way to it.

        Raises:
            HostingError: the sandbox is being destroyed, or does not answer.
            OSError: it could not be started.
        """
        while True:
            await self.moving.wait()
            async with self._change:
                self._refuse_ended()
                if self.moving.is_set():
                    self._prepare_groups()
                    return await self._supervisor.serve_files()

    def _mark(self, process: LaunchedProcess) -> Path:
        """Return the empty file whose name is the identity of a running command."""
        return self.layout.channels / f"{process.pid}-{process.start}"

    def _note(self, process: LaunchedProcess) -> None:
        """Note a running command; where the disk is full it runs unnoted, for that is when somebody must look."""
        try:
            self._mark(process).touch(mode=0o600)
        except OSError as error:
            logger.warning("VM %s: a command would outlive a crash of this server: %s", self.vm_id, error)

    def forget(self, process: LaunchedProcess) -> None:
        """Drop the file of a command that ended."""
        self._mark(process).unlink(missing_ok=True)

    async def _end_lost_commands(self) -> None:
        """End the SSH commands whose channel died with an earlier server."""
        for path in list(self.layout.channels.iterdir()):
            pid, _, start = path.name.partition("-")
            if pid.isdecimal() and start.isdecimal() and still_runs((int(pid), int(start))):
                if self.paused:
                    signal_group(int(pid), signal.SIGKILL)
                else:
                    await hang_up_group(int(pid))
            path.unlink(missing_ok=True)

    async def end(self) -> None:
        """End every process and remove everything of the sandbox.

        Raises:
            HostingError: a process survived SIGKILL, or something could not be removed; it may be tried again.
        """
        self.ended.set()
        async with self._change:
            await self._end_processes()
            await self._supervisor.end()
            await self.freezer.remove()
            await self.limits.remove()
            leaving = self.layout.directory.with_name(LEAVING + self.layout.directory.name)
            if self.layout.directory.is_dir():
                self.layout.directory.rename(leaving)
            await remove_tree(self._sockets)
            self.layout.key_link.unlink(missing_ok=True)
            await remove_tree(leaving)
            self.moving.set()

    async def halt(self) -> None:
        """End every process and keep the files, as a machine that is switched off; a pause ends with it.

        Raises:
            HostingError: a process survived SIGKILL; it may be tried again.
        """
        async with self._change:
            self._refuse_ended()
            await self._end_processes()
            await self._supervisor.end()
            await self._thaw()
            # What is started next makes them again; where nothing is, nothing of it stays in the kernel.
            await self.freezer.remove()
            await self.limits.remove()

    async def _end_processes(self) -> None:
        frozen = not self.moving.is_set() or self._record.freezing
        await end_processes(self.vm_id, self.freezer, self.limits, frozen=frozen)
