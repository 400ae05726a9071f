"""Comments on changed lines: kept here, sent together; what is handled or outdated is looked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.workspace import scripts
from cockpit.agents.workspace.answers import repository_of
from cockpit.engine.changes.workspaces import Workspaces, answered
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError, NotFound, Refused
from cockpit.model.changes.comments import (
    MOST,
    Comment,
    CommentState,
    RoundMode,
    handled_in,
    line_now,
    round_message,
)
from cockpit.model.changes.diff import FileChange
from cockpit.model.changes.report import SnapshotKind
from cockpit.model.commands.agent import text_as
from cockpit.model.commands.command import Command
from cockpit.model.events import MessageEnded
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.receipts.receipt import Stage
from cockpit.store.store import Store

log = logging.getLogger(__name__)

ANSWERS_READ = 400
"""Newest records of an agent in which is looked for what it says to have handled."""

NO_ANSWER = frozenset({"text_delta", "thinking_delta", "tool_call_delta", "tool_output", "tool_ended"})
"""Kinds of records that hold no answer."""


class CommentDesk:
    """Implements `cockpit.engine.work_port.CommentsPort`."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        workspaces: Workspaces,
        paths_of: Callable[[Agent], AgentPaths],
        dispatch: Callable[[Command], CommandId],
    ) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._workspaces = workspaces
        self._paths_of = paths_of
        self._dispatch = dispatch
        self._turn = asyncio.Lock()
        """Of who sends: what is sent is known as sent only behind that."""

    async def of(self, agent_id: AgentId, *, look: bool = False) -> tuple[Comment, ...]:
        """Return the comments on an agent's changes, the oldest first."""
        known = tuple(map(self._delivered, await self._store.comments.of(agent_id)))
        if any(one.state is CommentState.OPEN or one.outdated for one in known):
            known = await self._answered(agent_id, known)
        if look and any(not one.handled_by for one in known):
            known = await self._moved(agent_id, known)
        return known

    def _delivered(self, comment: Comment) -> Comment:
        """Take a comment whose message is known not to have been delivered as one that is not sent."""
        receipt = self._fleet_state.receipts.get(comment.command) if comment.command is not None else None
        failed = receipt is not None and receipt.stage is Stage.FAILED
        read = receipt is not None and any(stage is Stage.CONSUMED for stage, _ in receipt.stages)
        return replace(comment, command=None) if failed and not read else comment

    async def _answered(self, agent_id: AgentId, known: tuple[Comment, ...]) -> tuple[Comment, ...]:
        records = await self._store.records(agent_id, limit=ANSWERS_READ, without=NO_ANSWER)
        said = (
            record.event.text
            for record in records
            if isinstance(record.event, MessageEnded) and record.event.role == "assistant"
        )
        handled = handled_in(said)
        found: list[Comment] = []
        for one in known:
            if one.number in handled and one.command is not None and not one.handled_by:
                one = replace(one, handled_by="the agent")
                await self._store.comments.put(agent_id, one)
            found.append(one)
        return tuple(found)

    async def _moved(self, agent_id: AgentId, known: tuple[Comment, ...]) -> tuple[Comment, ...]:
        """Find out where the lines are now."""
        agent, connection = await self._workspaces.reach(agent_id)
        wanted = sorted({(one.place, one.commit) for one in known if not one.handled_by and one.commit})
        lines = "".join(f"{place} {commit}\n" for place, commit in wanted)
        script = scripts.moved_script(self._paths_of(agent))
        answer = await answered(connection, script, agent, stdin=lines.encode(), limit=scripts.LOOK_LIMIT)
        files: dict[tuple[str, str], tuple[FileChange, ...]] = {}
        for parts in answer.repositories:
            changes, _ = repository_of(parts)
            if not changes.fault and not changes.cut:
                files[changes.place, changes.base] = changes.files
        found: list[Comment] = []
        for one in known:
            changed = files.get((one.place, one.commit))
            if changed is not None and not one.handled_by:
                now = line_now(one, changed)
                seen = replace(one, line_now=now, outdated=now is None)
                if seen != one:
                    await self._store.comments.put(agent_id, seen)
                one = seen
            found.append(one)
        return tuple(found)

    async def add(self, agent_id: AgentId, comment: Comment) -> Comment:
        """Keep a comment for the next round, and return it with its number."""
        if not comment.note.strip():
            raise Refused("there is no text")
        drafts = [one for one in await self.of(agent_id) if one.command is None]
        if len(drafts) >= MOST:
            raise Refused(f"{MOST} comments wait to be sent", hint="send them first")
        added = await self._store.comments.add(agent_id, replace(comment, at=self._fleet_state.clock.now()))
        try:
            # As long as somebody refers to it, git does not throw it away.
            await self._workspaces.pin(agent_id, SnapshotKind.COMMENT, [(comment.place, comment.commit)])
        except CockpitError as error:
            log.warning("%s of %s is kept here, and its state is not kept there: %s", added.name, agent_id, error)
        return added

    async def remove(self, agent_id: AgentId, number: int) -> None:
        """Drop a comment that was not sent."""
        comment = await self._one(agent_id, number)
        if comment.command is not None:
            raise Refused(f"{comment.name} was sent", hint=f"cockpit comment NAME --handled {number}")
        await self._store.comments.remove(agent_id, number)

    async def handle(self, agent_id: AgentId, number: int) -> None:
        """Note that a comment was dealt with."""
        await self._store.comments.put(agent_id, replace(await self._one(agent_id, number), handled_by="you"))

    async def send(self, agent_id: AgentId, mode: RoundMode) -> CommandId:
        """Send the comments that were not sent yet as one message."""
        async with self._turn:
            return await self._send(agent_id, mode)

    async def _send(self, agent_id: AgentId, mode: RoundMode) -> CommandId:
        drafts = [one for one in await self.of(agent_id) if one.command is None and not one.handled_by]
        if not drafts:
            raise Refused("there is no comment to send", hint="comment on a line first")
        command_id = self._dispatch(text_as(mode, agent_id, round_message(drafts)))
        receipt = self._fleet_state.receipts[command_id]
        if receipt.stage is Stage.FAILED:
            raise Refused(receipt.reason)
        for one in drafts:
            await self._store.comments.put(agent_id, replace(one, command=command_id))
        return command_id

    async def _one(self, agent_id: AgentId, number: int) -> Comment:
        known = await self.of(agent_id)
        found = next((one for one in known if one.number == number), None)
        if found is None:
            there = ", ".join(one.name for one in known) or "none"
            raise NotFound(f"there is no comment C{number}", hint=f"there are: {there}")
        return found
