"""The verb that waits for agents: one, all of several, or any of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal, get_args

from cockpit.cli import output
from cockpit.cli.agent import connected
from cockpit.cli.exits import ExitCode
from cockpit.cli.headless import Headless, only
from cockpit.engine.port import HeadlessPort
from cockpit.errors import CockpitError, NotFound, TimedOut
from cockpit.model.fleet import ActivityState, Agent, ProcessState
from cockpit.model.ids import AgentId
from cockpit.text.sanitize import our_line, our_text
from cockpit.text.streams import say, warn

State = Literal["idle", "working", "asking", "retrying", "compacting", "error", "aborted", "dead"]
"""What an agent can be waited for, as scripts name it."""

STATES: tuple[State, ...] = get_args(State)

AT_REST = (ActivityState.IDLE, ActivityState.DONE_UNSEEN, ActivityState.ABORTED)
"""Activities that count as idle for a script."""


async def wait(
    headless: Headless, names: Sequence[str], until: State, timeout: float | None, anyone: bool, as_json: bool
) -> int:
    """Wait for a state; a state that can no longer come is a failure, not an endless wait.

    Args:
        names: several are waited for at the same time.
        timeout: seconds at most.
        anyone: the first one that is there is enough.
    """
    async with headless.engine(only(*names), watch=True) as engine:
        waited = Waited(engine, list(dict.fromkeys(engine.agent_named(name).id for name in names)), until)
        if timeout is None or timeout > headless.left():
            await waited.reach(headless.left(), anyone)
        in_time = await engine.until(lambda: waited.is_over(anyone), timeout)
        waited.look()
        if as_json:
            output.print_json(waited.objects())
        elif len(waited.agents) > 1:
            for agent_id in waited.there:
                say(our_line("{}", waited.names[agent_id]))
        enough = bool(waited.there) if anyone else len(waited.there) == len(waited.agents)
        if enough:
            return ExitCode.DONE
        gone = [waited.names[agent] for agent in waited.agents if engine.fleet.agent(agent) is None]
        if gone and len(waited.agents) == 1:
            raise NotFound(f"{gone[0]} was destroyed meanwhile")
        if not in_time:
            raise TimedOut(f"{waited.late()} after {timeout:g} s")
        for agent_id, why in waited.lost.items():
            warn(our_text("cockpit: {} will not be {}: {}", waited.names[agent_id], until, why))
        return ExitCode.PARTIAL if waited.there else ExitCode.FAILED


class Waited:
    """Which agents are there, which will never be, and which are still waited for."""

    def __init__(self, engine: HeadlessPort, agents: Sequence[AgentId], until: State) -> None:
        self.agents = tuple(agents)
        self.there: dict[AgentId, None] = {}
        """Those that were in the state when they were looked at, in the order in which they came."""
        self.lost: dict[AgentId, str] = {}
        """Those that will not come by themselves, with the reason."""
        self._engine = engine
        self._until = until
        known = ((agent_id, engine.fleet.agent(agent_id)) for agent_id in agents)
        self.names = {agent_id: agent.name if agent is not None else agent_id for agent_id, agent in known}

    async def reach(self, contact: float, anyone: bool) -> None:
        """Return once all were reached, as far as they can be, or waiting longer changes nothing.

        Raises:
            Refused: none is reached; says why.
        """
        errors: list[CockpitError] = []

        async def link(agent_id: AgentId) -> None:
            try:
                await connected(self._engine, agent_id, contact)
            except CockpitError as error:
                errors.append(error)
                self.lost[agent_id] = error.message

        links = asyncio.gather(*map(link, self.agents))
        over = asyncio.create_task(self._engine.until(lambda: self.is_over(anyone)), name="wait for agents")
        try:
            ended, _ = await asyncio.wait((links, over), return_when=asyncio.FIRST_COMPLETED)
            for one in ended:
                one.result()
        finally:
            links.cancel()
            over.cancel()
            await asyncio.gather(links, over, return_exceptions=True)
        if len(errors) == len(self.agents):
            raise errors[0]

    def is_over(self, anyone: bool) -> bool:
        """Look at all; say whether waiting longer changes nothing."""
        self.look()
        if anyone and self.there:
            return True
        return all(agent_id in self.there or agent_id in self.lost for agent_id in self.agents)

    def look(self) -> None:
        """Look at those that are still waited for; who was there once need not stay so."""
        for agent_id in self.agents:
            if agent_id in self.there or agent_id in self.lost:
                continue
            agent = self._engine.fleet.agent(agent_id)
            if agent is None:
                self.lost[agent_id] = "it was destroyed meanwhile"
            elif self._engine.output.is_up_to_date(agent_id):
                if is_in(agent, self._until):
                    self.there[agent_id] = None
                elif why := _hopeless(agent, self._until):
                    self.lost[agent_id] = why

    def late(self) -> str:
        """Say of those that are still waited for what they are instead."""
        said = []
        for agent_id in self.agents:
            agent = self._engine.fleet.agent(agent_id)
            if agent is not None and agent_id not in self.there and agent_id not in self.lost:
                state, link = agent.activity.state.value, agent.link.state.value
                said.append(f"{agent.name} is {state}, not {self._until} (link {link})")
        return "; ".join(said)

    def objects(self) -> list[dict[str, object]]:
        """Return for JSON who is there, and of the others why not."""
        return [
            {
                "name": self.names[agent_id],
                "reached": agent_id in self.there,
                "error": self.lost.get(agent_id),
            }
            for agent_id in self.agents
        ]


def is_in(agent: Agent, state: State) -> bool:
    """Say whether an agent is in a state as scripts name them."""
    if state == "dead":
        return agent.process.state is ProcessState.DEAD
    if agent.process.state is ProcessState.DEAD:
        return False
    if state == "idle":
        return agent.activity.state in AT_REST and not agent.run_open
    return agent.activity.state.value == state


def _hopeless(agent: Agent, until: State) -> str:
    """Say why an agent will not come into a state by itself, or return empty text."""
    if agent.process.state is ProcessState.DEAD and until != "dead":
        return f"its process is dead (exit {agent.process.exit_code})"
    if until == "idle" and agent.activity.state is ActivityState.ERROR and not agent.run_open:
        return f"its run ended with an error: {agent.activity.error}"
    return ""
