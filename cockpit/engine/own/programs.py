"""What the operator's own columns say of the agents in sight, each run again when it is too old; and own commands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from cockpit.engine.own.running import run_command
from cockpit.engine.state import FleetState
from cockpit.errors import UsageError
from cockpit.model.filters.agents import AgentView, seen_of
from cockpit.model.ids import AgentId
from cockpit.model.own.declared import Own, OwnColumn
from cockpit.model.own.port import Printed
from cockpit.model.own.values import FIELDS, variables_of

log = logging.getLogger(__name__)

MOST_OF_CELL = 4_096
"""Bytes that a column's command may print; the first line is shown."""
MOST_OF_COMMAND = 1_000_000
"""Bytes that are kept of what a command prints."""
AT_ONCE = 4
"""Commands of columns that run at the same time."""

Run = Callable[[str, Mapping[str, str], float, int], Awaitable[Printed]]


class OwnPrograms:
    """Implements `cockpit.model.own.port.OwnPort`."""

    def __init__(self, fleet_state: FleetState, declared: Own, run: Run = run_command) -> None:
        self.declared = declared
        self._fleet_state = fleet_state
        self._run = run
        self._cells: dict[tuple[AgentId, str], tuple[str, float]] = {}
        """What each command printed, and when."""
        self._running: dict[tuple[AgentId, str], asyncio.Task[None]] = {}
        self._columns = {column.name: column for column in declared.columns}
        self._views: tuple[int, dict[AgentId, AgentView]] = (-1, {})

    def cell(self, agent: AgentId, column: str) -> str:
        """Return what a column says of an agent; empty while that is not known."""
        declared = self._columns.get(column)
        if declared is None:
            return ""
        if declared.command:
            return self._cells.get((agent, column), ("", 0.0))[0]
        view = self._view(agent)
        return FIELDS[declared.field](view) if view is not None else ""

    def want(self, agents: Sequence[AgentId]) -> None:
        """Have the columns' commands run for agents whose rows are seen, where what they printed is too old."""
        now = self._fleet_state.clock.now()
        known = set(self._fleet_state.agents)
        self._cells = {key: cell for key, cell in self._cells.items() if key[0] in known}
        for column in self.declared.columns:
            for agent in agents if column.command else ():
                key = (agent, column.name)
                cell = self._cells.get(key)
                if len(self._running) >= AT_ONCE:
                    return  # The next look comes soon.
                if key not in self._running and (cell is None or not 0 <= now - cell[1] < column.every):
                    task = asyncio.create_task(self._fill(agent, column), name=f"column {column.name}")
                    self._running[key] = task

    async def run(self, name: str, agent: AgentId) -> Printed:
        """Run a command about an agent.

        Raises:
            UsageError: no command is called so, or there is no such agent.
        """
        declared = next((one for one in self.declared.commands if one.name == name), None)
        view = self._view(agent)
        if declared is None or view is None:
            raise UsageError(f"there is no command {name!r}" if declared is None else f"there is no agent {agent}")
        return await self._run(declared.command, variables_of(view), declared.seconds, MOST_OF_COMMAND)

    async def rest(self) -> None:
        """Return when nothing runs."""
        while self._running:
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def close(self) -> None:
        """End what runs."""
        running = tuple(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _fill(self, agent: AgentId, column: OwnColumn) -> None:
        key = (agent, column.name)
        try:
            view = self._view(agent)
            if view is None:
                return
            printed = await self._run(column.command, variables_of(view), column.seconds, MOST_OF_CELL)
            wrong = printed.trouble or (f"exit {printed.code}" if printed.code else "")
            if wrong:
                log.warning("column %s of %s: %s: %s", column.name, view.agent.name, wrong, printed.line)
            said = f"✗ {wrong}" if wrong else printed.line
            if self._cells.get(key, ("", 0.0))[0] != said:
                self._fleet_state.changed()
            self._cells[key] = (said, self._fleet_state.clock.now())
        finally:
            del self._running[key]

    def _view(self, agent: AgentId) -> AgentView | None:
        """Return an agent with what is asked about it; all are made once for each state of the fleet."""
        if self._views[0] != self._fleet_state.revision:
            fleet = self._fleet_state.snapshot()
            views = {view.agent.id: view for view in seen_of(fleet, self._fleet_state.clock.now())}
            self._views = (self._fleet_state.revision, views)
        return self._views[1].get(agent)
