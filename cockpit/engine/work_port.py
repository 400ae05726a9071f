"""What a screen or a verb may ask of the workspaces of agents: what changed there, and comments on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.model.changes.comments import Comment, RoundMode
    from cockpit.model.changes.report import Base, Changes
    from cockpit.model.ids import AgentId, CommandId


class ChangesPort(Protocol):
    """What workspaces changed. Each call reaches the agent's VM and is bounded in time and size."""

    async def look(self, agent_id: AgentId, base: Base, *, place: str = "") -> Changes:
        """Return what a workspace changed; the row of the agent shows what was found since its task began.

        Args:
            agent_id: whose.
            base: what it is compared with.
            place: the one repository that is looked at; empty looks at all.

        Raises:
            CockpitError: the VM cannot be reached, git is not there, or the look did not come to its end.
        """

    async def against(self, agent_id: AgentId, other: AgentId) -> Changes:
        """Return how an agent's workspace differs from another's, for the repositories that both have.

        Raises:
            CockpitError: as `look`, of either VM.
        """

    async def patch(self, agent_id: AgentId, base: Base, place: str) -> bytes:
        """Return the difference of one repository as `git apply` takes it, binary files included.

        Raises:
            CockpitError: as `look`, or it is too large to be carried.
        """

    async def save_patch(self, agent_id: AgentId, base: Base, place: str, to: Path) -> int:
        """Write that difference into a new file here, and return its size in bytes.

        Raises:
            CockpitError: as `patch`, or the file is there already or cannot be written.
        """

    async def apply_patch(
        self, agent_id: AgentId, base: Base, place: str, checkout: Path, *, only_check: bool = False
    ) -> int:
        """Apply that difference to the files of a checkout here, and return its size in bytes.

        Nothing is committed, and nothing changes if a part does not fit.

        Raises:
            CockpitError: as `patch`, it does not fit, or there is no difference.
        """

    async def looked(self, changes: Changes) -> None:
        """Note that the operator saw these changes: what comes later is new since then.

        Raises:
            CockpitError: as `look`.
        """


class CommentsPort(Protocol):
    """Comments on lines: gathered, sent together as one message, and followed until they are handled."""

    async def of(self, agent_id: AgentId, *, look: bool = False) -> tuple[Comment, ...]:
        """Return the comments on an agent's changes, the oldest first.

        Args:
            agent_id: whose.
            look: find out on the VM which are outdated; otherwise that stays as it was last seen.

        Raises:
            CockpitError: they cannot be read, or the VM cannot be reached.
        """

    async def add(self, agent_id: AgentId, comment: Comment) -> Comment:
        """Keep a comment for the next round, and return it with its number.

        Raises:
            CockpitError: it cannot be kept.
        """

    async def remove(self, agent_id: AgentId, number: int) -> None:
        """Drop a comment that was not sent.

        Raises:
            NotFound: there is none of this number.
            Refused: it was sent.
        """

    async def handle(self, agent_id: AgentId, number: int) -> None:
        """Note that a comment was dealt with.

        Raises:
            NotFound: there is none of this number.
        """

    async def send(self, agent_id: AgentId, mode: RoundMode) -> CommandId:
        """Send the comments that were not sent yet as one message.

        Raises:
            Refused: there are none, or the message is refused now; they stay.
        """


class WorkPort(Protocol):
    """All about the workspaces of agents."""

    @property
    def changes(self) -> ChangesPort:
        """What they changed."""

    @property
    def comments(self) -> CommentsPort:
        """What the operator says about it, line by line."""
