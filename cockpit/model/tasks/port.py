"""What the engine's port promises about the board, beyond its tasks, which stand in the fleet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cockpit.model.board import Task, TaskContent
    from cockpit.model.commands.board import EditTask
    from cockpit.model.ids import AgentId, TaskId
    from cockpit.model.tasks.merging import Collision


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """A task as a file to edit."""

    task: Task
    """As it was read."""
    before: TaskContent
    """What a change is measured against."""
    path: Path
    """In a directory of its own that nobody else can read."""


@dataclass(frozen=True, slots=True)
class WorkedOn:
    """Where an agent worked on a task."""

    agent: AgentId
    place: tuple[int, int] | None
    """Epoch and line of its output; None where nothing of that time is kept."""
    at: float
    """Unix seconds."""


class BoardPort(Protocol):
    """The board: how fresh it is, and a task as a text."""

    @property
    def as_of(self) -> float:
        """When the board was last read, in unix seconds; 0 if it never was."""

    def look(self) -> None:
        """Say that somebody looks at it: it is read more often for a while."""

    async def reread(self) -> None:
        """Read all of it now; what the fleet shows is as fresh as that then.

        Raises:
            CockpitError: it cannot be read.
        """

    async def read(self, task: TaskId) -> Task:
        """Return a task as the board has it now.

        Raises:
            CockpitError: it cannot be read.
        """

    async def draft(self, task: TaskId, mine: TaskContent | None = None) -> TaskDraft:
        """Read a task and write it into a file to edit.

        Args:
            task: which.
            mine: what the file is to hold instead of what the board has; both are in it then.

        Raises:
            CockpitError: it cannot be read, or no editor could keep what it holds.
        """

    def drafted(self, draft: TaskDraft) -> EditTask | None:
        """Return the change that an edited file asks for; None if it asks for none.

        Raises:
            UsageError: the file cannot be read as a task; says which line, and where the file is.
        """

    def discard(self, draft: TaskDraft) -> None:
        """Remove the file of a draft."""

    async def collisions(self, edit: EditTask) -> tuple[Collision, ...]:
        """Read the task and say what of a change somebody else changed otherwise meanwhile.

        Raises:
            CockpitError: it cannot be read.
        """

    async def worked_on(self, task: TaskId) -> WorkedOn | None:
        """Return where the agent that has a task worked on it; None if no agent here has it.

        Raises:
            CockpitError: the history cannot be read.
        """
