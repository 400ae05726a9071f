"""The boards of all sources: how fresh they are, a task as a file to edit, and where it was worked on."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cockpit.engine.running_source import RunningSource
from cockpit.engine.state import FleetState
from cockpit.engine.targets import source_of_task
from cockpit.errors import CockpitError, NotFound, Refused, UsageError
from cockpit.model.board import Task, TaskContent, content_of
from cockpit.model.commands.board import EditTask
from cockpit.model.fleet import Agent
from cockpit.model.ids import TaskId
from cockpit.model.sendable import unsendable
from cockpit.model.tasks.merging import Collision, merge
from cockpit.model.tasks.port import TaskDraft, WorkedOn
from cockpit.model.tasks.text import Unreadable, read_text, text_of
from cockpit.services.board import BoardClient
from cockpit.store.store import Store

FILE_NAME = "task.md"


class Boards:
    """Implements `cockpit.model.tasks.port.BoardPort`."""

    def __init__(self, fleet_state: FleetState, store: Store, running: Sequence[RunningSource]) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._running = tuple(running)

    @property
    def as_of(self) -> float:
        """When the board was last read: of several, the one that was read longest ago."""
        return min((one.watcher.board_as_of for one in self._running if one.source.board is not None), default=0.0)

    def look(self) -> None:
        """Say that somebody looks at it."""
        for running in self._running:
            running.watcher.somebody_looks_at_the_board()

    async def reread(self) -> None:
        """Read all of it now.

        Raises:
            CockpitError: it cannot be read.
        """
        for running in self._running:
            if running.source.board is not None:
                await running.watcher.board()

    def _client(self, task: TaskId) -> BoardClient:
        name = source_of_task(task, self._fleet_state)
        known = [running.source for running in self._running if running.source.board is not None]
        source = next((one for one in known if one.name == name), known[0] if known else None)
        if source is None or source.board is None:
            raise Refused("no board is configured")
        return source.board

    async def read(self, task: TaskId) -> Task:
        """Return a task as the board has it now.

        Raises:
            CockpitError: it cannot be read.
        """
        return await self._client(task).get(task)

    async def draft(self, task: TaskId, mine: TaskContent | None = None) -> TaskDraft:
        """Read a task and write it into a file to edit.

        Raises:
            CockpitError: it cannot be read, or no editor could keep what it holds.
        """
        now = await self.read(task)
        before = content_of(now)
        titles = {str(other.id): other.title for other in self._fleet_state.tasks}
        beside = "" if mine is None else text_of(now, titles, self._fleet_state.clock.now()).split("--- new note", 1)[0]
        if reason := next(filter(None, map(unsendable, (now.title, now.description, now.assignee, *now.tags))), ""):
            raise Refused(f"task {task} cannot be edited as a text: {reason}")
        text = text_of(now, titles, self._fleet_state.clock.now(), mine, beside=beside)
        try:
            path = await asyncio.to_thread(_written, text)
        except OSError as error:
            raise Refused(f"task {task} cannot be written to a file: {error.strerror or error}") from error
        return TaskDraft(now, before, path)

    def drafted(self, draft: TaskDraft) -> EditTask | None:
        """Return the change that an edited file asks for; None if it asks for none.

        Raises:
            UsageError: the file cannot be read as a task.
        """
        try:
            written = read_text(draft.path.read_bytes().decode(), draft.before)
        except OSError as error:
            raise UsageError(f"{draft.path} cannot be read: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            line = draft.path.read_bytes()[: error.start].count(b"\n") + 1
            raise UsageError(f"line {line} is not UTF-8", hint=f"your text is {draft.path}") from error
        except Unreadable as problem:
            raise UsageError(str(problem), hint=f"your text is {draft.path}") from problem
        edit = EditTask(draft.task.id, draft.before, written.content, written.note, written.note_kind)
        return None if edit.before == edit.after and not edit.note else edit

    def discard(self, draft: TaskDraft) -> None:
        """Remove the file of a draft."""
        with contextlib.suppress(OSError):
            shutil.rmtree(draft.path.parent)

    async def collisions(self, edit: EditTask) -> tuple[Collision, ...]:
        """Read the task and say what of a change somebody else changed otherwise meanwhile.

        Raises:
            CockpitError: it cannot be read.
        """
        return merge(edit.before, edit.after, content_of(await self.read(edit.task))).collisions

    async def worked_on(self, task: TaskId) -> WorkedOn | None:
        """Return where the agent that has a task worked on it; None if no agent here has it.

        Raises:
            CockpitError: the history cannot be read.
        """
        known = next((one for one in self._fleet_state.tasks if one.id == task), None)
        if known is None:
            raise NotFound(f"task {task} is not on the board any more")
        agent = self._agent_of(known)
        if agent is None:
            return None
        at = self._moment(known, agent)
        place = await self._store.place_at(agent.id, at)
        return WorkedOn(agent.id, place, at)

    def _agent_of(self, task: Task) -> Agent | None:
        """Return the agent that has a task, else the one that wrote on it last."""
        names = [task.assignee, *(note.author for note in reversed(task.notes))]
        for name in names:
            with contextlib.suppress(CockpitError):
                if name and (agent := self._fleet_state.agent_named(name)) is not None:
                    return agent
        return None

    def _moment(self, task: Task, agent: Agent) -> float:
        """Return when an agent began with a task, as far as anybody told: the feed, a note of its, the last change."""
        for item in self._fleet_state.feed.values():
            if item.agent == agent.name and item.task == task.id and item.kind == "task_started":
                return item.at
        noted = [note.created_at for note in task.notes if note.author == agent.name and note.created_at]
        return min(noted) if noted else task.updated_at


def _written(text: str) -> Path:
    """Write a text into a file of a new directory; return the file."""
    path = Path(tempfile.mkdtemp(prefix="cockpit-task-")) / FILE_NAME
    path.write_bytes(text.encode(errors="replace"))
    return path
