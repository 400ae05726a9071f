"""What a screen or a verb may ask of the files of agents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.model.files.content import FilePage
    from cockpit.model.files.editing import CheckedOut, WrittenBack
    from cockpit.model.files.entries import FileListing, SearchResult
    from cockpit.model.files.transfer import Carriage, Transfer, TransferId
    from cockpit.model.ids import AgentId


class FilePort(Protocol):
    """Files on the VMs of agents. A relative path begins in the agent's workspace; each look is bounded in time.

    Each coroutine raises a CockpitError, at once if the VM is paused or its link is not up.
    """

    def refusal(self, agent_id: AgentId) -> str:
        """Say why an agent's files are out of reach now, or return empty text."""

    async def listing(self, agent_id: AgentId, path: str = "") -> FileListing:
        """Return what a directory holds, or the one entry of what is none."""

    async def page(self, agent_id: AgentId, path: str, offset: int = 0) -> FilePage:
        """Return a part of a file from an offset in bytes on, up to the last whole line of a page."""

    async def named(
        self, agent_id: AgentId, path: str, needle: str, *, heard: Callable[[SearchResult], None] | None = None
    ) -> SearchResult:
        """Return what has a part of its name, or a pattern of the shell, below a directory; without `.git`.

        Args:
            heard: takes what is new as it is found, in no order; who is cancelled ends the search.
        """

    async def holding(
        self,
        agent_id: AgentId,
        path: str,
        needle: str,
        *,
        ignore_case: bool = False,
        regular: bool = False,
        heard: Callable[[SearchResult], None] | None = None,
    ) -> SearchResult:
        """Return the lines of files below a directory that hold a text, or match an expression; without `.git`.

        Args:
            heard: as for `named`.
        """

    async def check_out(self, agent_id: AgentId, path: str) -> CheckedOut:
        """Fetch a file into a private directory here, to be edited; one that does not exist is empty."""

    async def write_back(self, checked_out: CheckedOut) -> WrittenBack:
        """Write an edited file back, unless somebody changed it there meanwhile; nothing that was edited is lost."""

    def discard(self, checked_out: CheckedOut) -> None:
        """Delete the copies of a file here that is not to be written back."""

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """The transfers under way and the last that ended, oldest first."""

    def begin(self, order: Carriage) -> TransferId:
        """Begin to carry files; it goes on by itself, also over drops of the link, and shows in `transfers`."""

    async def survey(self, order: Carriage) -> Transfer:
        """Return what an order would carry, without doing it; `reason` is where it would go."""

    def cancel(self, transfer_id: TransferId) -> None:
        """End a transfer; what was carried stays, and the same order goes on from there."""

    async def wait(self, transfer_id: TransferId) -> Transfer:
        """Return how a transfer ended, once it has; never raises for that. Who is cancelled here cancels it."""

    async def matching(self, agent_id: AgentId, pattern: str) -> tuple[tuple[str, int], ...]:
        """Return path and size in bytes of the files that a pattern of the shell matches, from the workspace on."""

    async def fetch(self, agent_id: AgentId, path: str, to: Path) -> None:
        """Bring one file here: it is there whole or not at all, and what an earlier attempt brought is used."""
