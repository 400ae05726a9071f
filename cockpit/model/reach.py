"""What the engine's port promises about reaching into VMs; screens and verbs know it from there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.model.ids import VmId
    from cockpit.model.ports import Ports


class RunningCommand(Protocol):
    """A command of the operator on a VM; it goes on until it ends, or its place is given back."""

    async def write(self, data: bytes) -> None:
        """Send bytes to its standard input; returns when it takes more, or nothing any more."""

    def write_eof(self) -> None:
        """End its standard input; its output goes on."""

    def pause(self) -> None:
        """Let it wait with its output."""

    def resume(self) -> None:
        """Take its output again."""

    async def signal(self, name: str) -> None:
        """Send a signal (`INT`, `TERM`, `KILL`) to its process group.

        Raises:
            CockpitError: it could not be handed over.
        """

    async def wait(self, limit: float | None = None) -> int:
        """Return its exit code, 128 and more for a signal, once all of its output was heard.

        Raises:
            TimedOut: `limit` seconds were over, and it was ended.
            CockpitError: it was never started, or its stream ended and nobody said how it did.
        """

    def hindrances(self) -> AsyncIterator[str]:
        """Yield why nothing is heard of it now (the VM is paused, the link is silent), each time that changes.

        Empty text says that it goes on. It ends behind the word that the VM is gone, and may be given up at any time.
        """

    async def end(self) -> None:
        """End it within some seconds."""

    async def close(self) -> None:
        """Give its place back; to be called once in any case."""


class RemoteTerminal(Protocol):
    """A terminal on a VM."""

    async def write(self, data: bytes) -> None:
        """Send what was typed."""

    def resize(self, columns: int, rows: int) -> None:
        """Tell the new size in cells."""

    def pause(self) -> None:
        """Let the VM wait with what it draws."""

    def resume(self) -> None:
        """Take what it draws again."""

    async def wait(self) -> int:
        """Return the exit code once it ended.

        Raises:
            CockpitError: its stream ended and nobody said how it did.
        """

    def hindrances(self) -> AsyncIterator[str]:
        """Yield why nothing is heard of it now (the VM is paused, the link is silent), each time that changes.

        Empty text says that it goes on. It ends behind the word that the VM is gone, and may be given up at any time.
        """

    async def close(self) -> None:
        """Hang up; to be called once in any case."""


class ReachPort(Protocol):
    """Into VMs: commands and terminals on them, and what listens there. Commands about ports are dispatched."""

    def refusal(self, vm_id: VmId) -> str:
        """Say why a VM cannot be reached into now, or return empty text."""

    async def run(self, vm_id: VmId, words: Sequence[str], heard: Callable[[bytes, bool], None]) -> RunningCommand:
        """Start a command in the workspace of the VM's agent, without the agent's own environment.

        Args:
            vm_id: where.
            words: the command and its arguments, as they are.
            heard: takes bytes, and whether they are of standard error; must return at once.

        Raises:
            CockpitError: it was not started; says why, at once where that is known.
        """

    async def shell(
        self,
        vm_id: VmId,
        kind: str,
        size: tuple[int, int],
        heard: Callable[[bytes, bool], None],
        *,
        colours: str = "",
        tmux: bool = False,
    ) -> RemoteTerminal:
        """Start a login shell on a terminal in the same place.

        Args:
            vm_id: where.
            kind: the value of TERM.
            size: columns and rows.
            heard: takes what it draws; must return at once.
            colours: the value of COLORTERM.
            tmux: look at the agent's own tmux session instead; no key reaches it.

        Raises:
            CockpitError: it was not started; says why, at once where that is known.
        """

    async def ports(self, vm_id: VmId) -> Ports:
        """Return what listens on a VM.

        Raises:
            CockpitError: it is not known; says why.
        """
