"""The sandboxes of one fleet: VMs as directories with their own home, tmux server and process tree."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import asyncssh

from cockpit.embedded.hosting import Enclosure, Execution, HostingError, Limits, Written
from cockpit.embedded.sandbox import command_log, etc, execution
from cockpit.embedded.sandbox.copy import bytes_on_disk, clear_leftovers, copy_tree, remove_tree
from cockpit.embedded.sandbox.forking import Forks
from cockpit.embedded.sandbox.freezer import Freezer, SignalFreezer, choose_freezer
from cockpit.embedded.sandbox.layout import BUILDING, LEAVING, OPEN_TREES, PRIVATE_TREES, FleetLayout, SandboxLayout
from cockpit.embedded.sandbox.limits import LimitGroups, LimitsProbe, no_limits
from cockpit.embedded.sandbox.sandbox import Sandbox, no_platform
from cockpit.embedded.sandbox.walls.probe import Probe, WallsOffer
from cockpit.errors import ConfigError
from cockpit.paths import private_directory, write_private

logger = logging.getLogger(__name__)

KEY_ALGORITHM = "ssh-ed25519"
UNLIMITED = Limits()


def new_private_key() -> str:
    """Return a fresh Ed25519 private key as OpenSSH PEM text, ending in a newline."""
    return asyncssh.generate_private_key(KEY_ALGORITHM).export_private_key().decode("ascii")


def canonical_id(text: str) -> str:
    """Return an id in its canonical form: ids become file names, so nothing else may pass.

    Raises:
        HostingError: it is no UUID.
    """
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise HostingError(f"{text!r} is no UUID") from None


def _committed_trees(commit: Path) -> tuple[str, ...]:
    """Return which trees a commit holds: one of a sandbox without walls, or of an earlier version, has two of them."""
    return PRIVATE_TREES if (commit / PRIVATE_TREES[-1]).is_dir() else OPEN_TREES


class Sandboxes:
    """Makes, copies, freezes and ends the sandboxes below one directory; the `Hosting` of the embedded API."""

    def __init__(self, root: Path, *, freezer: str = "", inner_port: Callable[[], int] = lambda: 22) -> None:
        """Take over a fleet directory; nothing happens before `adopt`.

        Args:
            root: the fleet's directory.
            freezer: `cgroup2`, `cgroup1` or `signals`; empty takes the best that works for this user.
            inner_port: tells the port that `private_key` reports beside a key.
        """
        self.layout = FleetLayout(root)
        self._wanted_freezer = freezer
        self._inner_port = inner_port
        self._sandboxes: dict[str, Sandbox] = {}
        self._building: set[str] = set()
        self._make_freezer: Callable[[str], Freezer] = SignalFreezer
        self._probe: Probe | None = None
        self._forks = Forks()
        self._limits_probe = LimitsProbe(self.layout.mark)
        self.platform: Callable[[str], Mapping[str, str]] = no_platform
        """Tells what the programs of a VM get to reach the fleet, once it is served."""

    async def adopt(self) -> None:
        """Take over what an earlier server left: VMs as they were, half-made things removed.

        Raises:
            ConfigError: the directory is a link or belongs to somebody else.
            HostingError: the wanted freezer does not work.
        """
        self.layout.prepare()
        self._make_freezer = choose_freezer(self.layout.mark, self._wanted_freezer)
        self._probe = Probe(self.layout.root, os.environ)
        for directory in [*self.layout.vms.iterdir(), *self.layout.commits.iterdir()]:
            if directory.name.startswith((BUILDING, LEAVING)):
                try:
                    await remove_tree(directory)
                except HostingError as error:  # it takes room on the disk, and is no reason to serve nobody
                    logger.error("what was left of something half made or half removed stays: %s", error)
        for directory in sorted(self.layout.vms.iterdir()):
            try:
                layout = self.layout.sandbox(directory.name)
                self._sandboxes[directory.name] = await Sandbox.adopt(
                    layout, self._make_freezer, self.offer, self._make_limits, self._forks
                )
                self._sandboxes[directory.name].platform = self._variables
            except (HostingError, OSError) as error:
                logger.error("VM %s cannot be adopted and counts as dead: %s", directory.name, error)

    def _variables(self, vm_id: str) -> Mapping[str, str]:
        return self.platform(vm_id)

    def offer(self) -> WallsOffer:
        """Return the walls that new sandboxes have, or why they have none; the first time that takes a moment."""
        return WallsOffer(None, "the fleet is not served") if self._probe is None else self._probe.offer()

    def unlimited(self) -> dict[str, str]:
        """Return what of a new sandbox cannot be limited, and why; the first time that takes a moment."""
        return self._limits_probe.reasons()

    def _make_limits(self, vm_id: str, limits: Limits, freezer: Freezer) -> LimitGroups:
        if limits == Limits():
            return no_limits("none was asked for")
        return self._limits_probe.make(vm_id, limits, freezer.group if freezer.kind == "cgroup2" else None)

    def vm_ids(self) -> tuple[str, ...]:
        """Return the VMs that exist."""
        return tuple(self._sandboxes)

    def commit_ids(self) -> tuple[str, ...]:
        """Return the commits that exist."""
        return tuple(path.name for path in self.layout.commits.iterdir() if not path.name.startswith("."))

    def find(self, vm_id: str) -> Sandbox | None:
        """Return a VM's sandbox, or None if there is none whose directory still exists."""
        sandbox = self._sandboxes.get(vm_id)
        return sandbox if sandbox is not None and sandbox.layout.home.is_dir() else None

    def _sandbox(self, layout: SandboxLayout, limits: Limits, *, walled: bool) -> Sandbox:
        sockets = self.layout.socket_directory(layout.vm_id)
        freezer = self._make_freezer(layout.vm_id)
        groups = self._make_limits(layout.vm_id, limits, freezer)
        return Sandbox(layout, freezer, sockets, self.offer, groups, self._forks, walled=walled)

    def _demand(self, vm_id: str) -> Sandbox:
        sandbox = self.find(vm_id)
        if sandbox is None:
            raise HostingError(f"VM {vm_id} does not exist", hint="list the VMs again")
        return sandbox

    async def create(self, vm_id: str, limits: Limits = UNLIMITED) -> None:
        """Make a fresh sandbox, with these limits where they can be set.

        Raises:
            HostingError: it could not be made; nothing of it is left.
        """
        await self._build(canonical_id(vm_id), None, limits)

    async def restore(self, vm_id: str, commit_id: str, limits: Limits = UNLIMITED) -> None:
        """Make a sandbox from a commit: its files and host key, a client key of its own, no processes.

        Its limits are set where they can be.

        Raises:
            HostingError: the commit is missing or the copy failed; nothing of the new sandbox is left.
        """
        commit = self.layout.commits / canonical_id(commit_id)
        if not commit.is_dir():
            raise HostingError(f"commit {commit_id} does not exist", hint="list the commits again")
        await self._build(canonical_id(vm_id), commit, limits)

    async def _build(self, vm_id: str, commit: Path | None, limits: Limits) -> None:
        if vm_id in self._sandboxes or vm_id in self._building:
            raise HostingError(f"VM {vm_id} exists already")
        self._building.add(vm_id)
        sandbox: Sandbox | None = None
        layout = self.layout.sandbox(vm_id)
        building = layout.directory.with_name(BUILDING + vm_id)
        try:
            private_directory(building)
            host_key = new_private_key()
            if commit is not None:
                for name in _committed_trees(commit):
                    await copy_tree(commit / name, building / name)
                host_key = (commit / "host").read_text(encoding="ascii")
                if (commit / "environment").exists():
                    write_private(building / "environment", (commit / "environment").read_text(encoding="utf-8"))
                if (commit / "commands.log").exists():
                    await asyncio.to_thread(shutil.copyfile, commit / "commands.log", building / "commands.log")
            private_directory(building / "keys")
            write_private(building / "keys" / "host", host_key)
            write_private(building / "keys" / "client", new_private_key())
            offer = await asyncio.to_thread(self.offer)
            await asyncio.to_thread(self._limits_probe.bases)
            sandbox = self._sandbox(layout, limits, walled=offer.walls is not None)
            sandbox.platform = self._variables
            building.rename(layout.directory)
            sandbox.prepare()
            if offer.walls is not None:
                offer.walls.prepare(layout)
                etc.furnish(layout)
            self._sandboxes[vm_id] = sandbox
        except BaseException as error:
            await remove_tree(building)
            if sandbox is not None:
                await sandbox.end()
            if isinstance(error, OSError | ConfigError):
                raise HostingError(f"VM {vm_id} could not be made: {error}") from error
            raise
        finally:
            self._building.discard(vm_id)

    async def snapshot(self, vm_id: str, commit_id: str) -> None:
        """Copy a sandbox while it stands still.

        Raises:
            HostingError: the VM is missing or the copy failed; nothing of the commit is left.
        """
        sandbox = self._demand(vm_id)
        commit = self.layout.commits / canonical_id(commit_id)
        building = commit.with_name(BUILDING + commit.name)
        if commit.exists() or building.exists():
            raise HostingError(f"commit {commit_id} exists already")
        try:
            private_directory(building)
            async with sandbox.still():
                for name in PRIVATE_TREES if sandbox.walled else OPEN_TREES:
                    await copy_tree(sandbox.layout.directory / name, building / name)
            await asyncio.to_thread(clear_leftovers, building)
            write_private(building / "host", sandbox.layout.host_key.read_text(encoding="ascii"))
            if sandbox.layout.variables.exists():
                write_private(building / "environment", sandbox.layout.variables.read_text(encoding="utf-8"))
            if sandbox.layout.command_log.exists():
                await asyncio.to_thread(shutil.copyfile, sandbox.layout.command_log, building / "commands.log")
            building.rename(commit)
        except BaseException as error:
            await remove_tree(building)
            if isinstance(error, OSError | ConfigError):
                raise HostingError(f"VM {vm_id} could not be copied: {error}") from error
            raise

    async def commit_bytes(self, commit_id: str) -> int:
        """Return how many bytes the files of a commit take on this machine's disk."""
        return await asyncio.to_thread(bytes_on_disk, self.layout.commits / canonical_id(commit_id))

    async def write_environment(self, vm_id: str, variables: Mapping[str, str]) -> None:
        """Put these variables in place of those that every command of a VM was given so far.

        Behind walls they are its /etc/environment, where an /etc of its own is allowed.

        Raises:
            HostingError: the VM is missing, or the disk refused.
        """
        lines = "".join(f"{name}={variables[name]}\n" for name in sorted(variables))
        sandbox = self._demand(vm_id)
        try:
            if not (sandbox.walled and etc.write_variables(sandbox.layout, lines)):
                write_private(sandbox.layout.variables, lines)
        except OSError as error:
            raise HostingError(f"the variables of VM {vm_id} cannot be written: {error}") from error

    async def pause(self, vm_id: str) -> None:
        """Freeze all processes of a VM.

        Raises:
            HostingError: the VM is missing or a process would not stop.
        """
        await self._demand(vm_id).pause()

    async def resume(self, vm_id: str) -> None:
        """Continue a paused VM.

        Raises:
            HostingError: the VM is missing.
        """
        await self._demand(vm_id).resume()

    async def destroy(self, vm_id: str) -> None:
        """End all processes of a VM and remove everything of it; a missing VM is no error.

        Raises:
            HostingError: a process survived SIGKILL, or something could not be removed.
        """
        layout = self.layout.sandbox(canonical_id(vm_id))
        sandbox = self._sandboxes.get(vm_id)
        if sandbox is None:
            if not layout.directory.is_dir():
                return
            # It could not be adopted, but its processes are found all the same.
            sandbox = self._sandbox(layout, UNLIMITED, walled=False)
        await sandbox.end()
        self._sandboxes.pop(vm_id, None)

    async def destroy_commit(self, commit_id: str) -> None:
        """Remove a commit's files; a missing commit is no error.

        Raises:
            HostingError: something could not be removed.
        """
        commit = self.layout.commits / canonical_id(commit_id)
        leaving = commit.with_name(LEAVING + commit.name)
        if commit.is_dir():
            commit.rename(leaving)
        await remove_tree(leaving)

    async def execute(self, vm_id: str, command: Execution) -> tuple[int, bytes, bytes]:
        """Run a command in a VM; return its exit code, output and error output.

        Raises:
            HostingError: the VM is missing, or the command could not be started or did not end in time.
        """
        return await execution.execute(self._demand(vm_id), command)

    async def follow(self, vm_id: str, command: Execution, take: Callable[[str, bytes], None]) -> int:
        """Run a command in a VM and hand over its output as it comes; return its exit code.

        Raises:
            HostingError: the VM is missing, or the command could not be started or did not end in time.
        """
        return await execution.follow(self._demand(vm_id), command, take)

    async def note(self, vm_id: str, exec_id: str, written: Written) -> None:
        """Append what a command wrote to the VM's log; where the disk is full nothing is logged, and that is said.

        Raises:
            HostingError: the VM is missing.
        """
        try:
            await asyncio.to_thread(command_log.note, self._demand(vm_id).layout.command_log, exec_id, written)
        except OSError as error:
            logger.warning("VM %s: the output of a command was not logged: %s", vm_id, error)

    async def noted(self, vm_id: str, offset: int, entries: int, stream: str) -> tuple[list[dict[str, str]], int, bool]:
        """Return entries of a VM's log of commands, the offset behind them, and whether its end was reached.

        Raises:
            HostingError: the VM is missing, or its log cannot be read.
        """
        log = self._demand(vm_id).layout.command_log
        try:
            return await asyncio.to_thread(command_log.noted, log, offset, entries, stream)
        except OSError as error:
            raise HostingError(f"the log of VM {vm_id} cannot be read: {error}") from error

    async def state(self, vm_id: str) -> str:
        """Return `running`, `paused`, or `dead` for a VM whose directory is gone."""
        sandbox = self.find(vm_id)
        if sandbox is None:
            return "dead"
        return "paused" if sandbox.paused else "running"

    async def enclosure(self, vm_id: str) -> Enclosure | None:
        """Return what separates a VM from the machine; None for one whose directory is gone."""
        sandbox = self.find(vm_id)
        return None if sandbox is None else sandbox.enclosure()

    async def private_key(self, vm_id: str) -> tuple[str, int]:
        """Return the key that opens a VM, OpenSSH PEM text, and a port that only the host knows.

        Raises:
            HostingError: the VM is missing.
        """
        key = self._demand(vm_id).layout.client_key
        try:
            return key.read_text(encoding="ascii"), self._inner_port()
        except OSError as error:
            raise HostingError(f"the key of VM {vm_id} cannot be read: {error}") from error

    async def halt_all(self) -> None:
        """End every process of every VM; disks, commits and keys stay.

        Raises:
            HostingError: a process survived SIGKILL, or a VM's processes cannot be told.
        """
        for directory in sorted(self.layout.vms.iterdir()):
            vm_id = canonical_id(directory.name)
            sandbox = self._sandboxes.get(vm_id)
            if sandbox is None:
                # It could not be adopted, but its processes are found all the same.
                sandbox = self._sandbox(self.layout.sandbox(vm_id), UNLIMITED, walled=False)
            await sandbox.halt()

    async def destroy_all(self) -> None:
        """Destroy every VM and commit.

        Raises:
            HostingError: as `destroy`.
        """
        for directory in sorted(self.layout.vms.iterdir()):
            await self.destroy(directory.name)
        for commit_id in self.commit_ids():
            await self.destroy_commit(commit_id)

    def close(self) -> None:
        """Leave the VMs as they are: they outlive whoever serves them."""
        self._forks.close()
