"""Doubles of what the engine knows of workspaces: changes that a test gives, and comments that stay in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cockpit.errors import Refused
from cockpit.model.changes.comments import Comment, RoundMode
from cockpit.model.changes.report import Base, Changes
from cockpit.model.ids import AgentId, CommandId


class ChangesDouble:
    """Returns what a test put there; `looks` has what was compared with."""

    def __init__(self) -> None:
        self.found: dict[AgentId, Changes] = {}
        self.looks: list[Base] = []
        self.seen: list[Changes] = []
        self.saved: list[Path] = []

    async def look(self, agent_id: AgentId, base: Base, *, place: str = "") -> Changes:
        """Return what was put there."""
        self.looks.append(base)
        found = self.found.get(agent_id)
        if found is None:
            raise Refused("the test lets nobody look", hint="put changes there")
        return replace(found, base=base)

    async def against(self, agent_id: AgentId, other: AgentId) -> Changes:
        """Return what was put there, as if against the other."""
        return replace(self.found[agent_id], against=other)

    async def patch(self, agent_id: AgentId, base: Base, place: str) -> bytes:
        """Return a patch of nothing."""
        return b""

    async def save_patch(self, agent_id: AgentId, base: Base, place: str, to: Path) -> int:
        """Note where it would be written."""
        self.saved.append(to)
        return 0

    async def apply_patch(
        self, agent_id: AgentId, base: Base, place: str, checkout: Path, *, only_check: bool = False
    ) -> int:
        """Note where it would be applied."""
        self.saved.append(checkout)
        return 0

    async def looked(self, changes: Changes) -> None:
        """Note what was seen."""
        self.seen.append(changes)


class CommentsDouble:
    """Comments in memory."""

    def __init__(self) -> None:
        self.known: dict[AgentId, list[Comment]] = {}
        self.sent: list[tuple[AgentId, str]] = []

    async def of(self, agent_id: AgentId, *, look: bool = False) -> tuple[Comment, ...]:
        """Return them."""
        return tuple(self.known.get(agent_id, []))

    async def add(self, agent_id: AgentId, comment: Comment) -> Comment:
        """Number and keep one."""
        mine = self.known.setdefault(agent_id, [])
        mine.append(replace(comment, number=len(mine) + 1))
        return mine[-1]

    async def remove(self, agent_id: AgentId, number: int) -> None:
        """Drop one."""
        self.known[agent_id] = [one for one in self.known[agent_id] if one.number != number]

    async def handle(self, agent_id: AgentId, number: int) -> None:
        """Say that one is dealt with."""
        mine = self.known[agent_id]
        self.known[agent_id] = [replace(one, handled_by="you") if one.number == number else one for one in mine]

    async def send(self, agent_id: AgentId, mode: RoundMode) -> CommandId:
        """Send all."""
        command = CommandId(f"round {len(self.sent)}")
        self.sent.append((agent_id, mode))
        self.known[agent_id] = [replace(one, command=command) for one in self.known[agent_id]]
        return command


class WorkDouble:
    """Both."""

    def __init__(self) -> None:
        self.changes = ChangesDouble()
        self.comments = CommentsDouble()
