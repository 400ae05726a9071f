"""The port between the API's records and what really runs the VMs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cockpit.errors import CockpitError


class HostingError(CockpitError):
    """A sandbox could not be made, copied, frozen or ended; the message says which and why."""


OUTPUT_LIMIT = 10 * 1024 * 1024
"""Bytes of each stream of a command that are answered, as on the platform."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What is run in a sandbox: an argument list, without a shell."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    """Beside what every command of the sandbox has."""
    stdin: bytes
    timeout: float
    """Seconds; on the platform a command that is waited for goes on beyond them, here it is ended."""
    directory: str = ""
    """Where it runs; empty is the sandbox's home."""
    limit: int = OUTPUT_LIMIT
    """Bytes that are kept of each stream."""


PROCESS_LIMIT = 4096
"""Processes and threads of a VM, unless something else is wanted: many for agents, few for the machine."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a sandbox may have at most; 0 stands for no limit."""

    memory_mib: int = 0
    processes: int = 0


@dataclass(frozen=True, slots=True)
class Enclosure:
    """What separates a sandbox from the machine it is on, and what does not."""

    walls: bool
    """It has a home, temporary files and process numbers of its own."""
    shared: tuple[str, ...]
    """What it has in common with the machine: `network`; without walls `files` and `processes`, too."""
    limits: Limits
    """What the kernel keeps it to."""
    unlimited: Mapping[str, str]
    """`memory` and `pids`, if nothing limits them, and why."""


Written = Sequence[tuple[str, bytes]]
"""What a command wrote, in pieces: `stdout` or `stderr`, and the bytes."""


class Hosting(Protocol):
    """What runs the VMs; the API only keeps their records."""

    async def create(self, vm_id: str, limits: Limits) -> None:
        """Make a fresh sandbox and start it.

        Args:
            vm_id: its id.
            limits: what it may have at most, where they can be set.

        Raises:
            HostingError: it could not be made; nothing of it is left.
        """

    async def restore(self, vm_id: str, commit_id: str, limits: Limits) -> None:
        """Make a sandbox from a copy of a commit and start it.

        Args:
            vm_id: its id.
            commit_id: what it is made from.
            limits: what it may have at most, where they can be set.

        Raises:
            HostingError: the commit is missing or the copy failed; nothing of the new sandbox is left.
        """

    async def snapshot(self, vm_id: str, commit_id: str) -> None:
        """Copy a sandbox consistently: frozen meanwhile, afterwards as it was before.

        Raises:
            HostingError: the copy failed; nothing of the commit is left.
        """

    async def commit_bytes(self, commit_id: str) -> int:
        """Return how many bytes the files of a commit take on this machine's disk."""

    async def write_environment(self, vm_id: str, variables: Mapping[str, str]) -> None:
        """Put these variables in place of those that every command of a sandbox was given so far.

        Raises:
            HostingError: they could not be written.
        """

    async def pause(self, vm_id: str) -> None:
        """Freeze all processes of a sandbox; freezing a frozen one changes nothing."""

    async def resume(self, vm_id: str) -> None:
        """Let a frozen sandbox continue; one that is running is left alone."""

    async def destroy(self, vm_id: str) -> None:
        """End all processes of a sandbox and remove its directory; a missing one is no error."""

    async def destroy_commit(self, commit_id: str) -> None:
        """Remove the copy behind a commit; a missing one is no error."""

    async def execute(self, vm_id: str, command: Execution) -> tuple[int, bytes, bytes]:
        """Run a command to its end; return its exit code (-1 for a signal), output and error output.

        Of each stream one byte more than the limit is returned where there was more.

        Raises:
            HostingError: it could not be started, or did not end in time.
        """

    async def follow(self, vm_id: str, command: Execution, take: Callable[[str, bytes], None]) -> int:
        """Run a command and hand over what it writes as it comes, until both its streams have ended.

        Args:
            vm_id: where.
            command: what is run.
            take: gets `stdout` or `stderr` and the bytes.

        Returns:
            Its exit code, -1 for a signal.

        Raises:
            HostingError: it could not be started, or did not end in time; then it is ended.
        """

    async def note(self, vm_id: str, exec_id: str, written: Written) -> None:
        """Append what a command wrote to the VM's log of commands, which its copies inherit."""

    async def noted(self, vm_id: str, offset: int, entries: int, stream: str) -> tuple[list[dict[str, str]], int, bool]:
        """Return entries of that log, the offset behind them, and whether the end of it was reached.

        Args:
            vm_id: whose.
            offset: bytes from its beginning.
            entries: how many at most.
            stream: `stdout` or `stderr`; empty for both.
        """

    async def state(self, vm_id: str) -> str:
        """Return `running`, `paused` or `dead`; a sandbox that does not exist is `dead`."""

    async def enclosure(self, vm_id: str) -> Enclosure | None:
        """Return what separates a sandbox from the machine; None for one that does not exist."""

    async def private_key(self, vm_id: str) -> tuple[str, int]:
        """Return the OpenSSH private key (PEM) that opens the sandbox, and the port inside the host."""
