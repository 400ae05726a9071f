"""The port between the API's records and what really runs the VMs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from cockpit.errors import CockpitError


class HostingError(CockpitError):
    """A sandbox could not be made, copied, frozen or ended; the message says which and why."""


class Hosting(Protocol):
    """What runs the VMs; the API only keeps their records."""

    async def create(self, vm_id: str) -> None:
        """Make a fresh sandbox and start it.

        Raises:
            HostingError: it could not be made; nothing of it is left.
        """

    async def restore(self, vm_id: str, commit_id: str) -> None:
        """Make a sandbox from a copy of a commit and start it.

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

    async def execute(
        self, vm_id: str, command: Sequence[str], environment: Mapping[str, str], stdin: bytes, timeout: float
    ) -> tuple[int, bytes, bytes]:
        """Run an argument list in a sandbox; return its exit code (-1 for a signal), output and error output.

        Raises:
            HostingError: it could not be started, or did not end within `timeout` seconds.
        """

    async def state(self, vm_id: str) -> str:
        """Return `running`, `paused` or `dead`; a sandbox that does not exist is `dead`."""

    async def private_key(self, vm_id: str) -> tuple[str, int]:
        """Return the OpenSSH private key (PEM) that opens the sandbox, and the port inside the host."""
