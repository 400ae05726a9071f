"""`tests.engine.observer ROOT`, run as a fork: a cockpit that attaches to everything and answers questions on stdin."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from cockpit.engine.engine import Engine
from cockpit.model.ids import AgentId
from tests.engine.evidence import all_shown
from tests.fleets import LIMIT, FleetUnderTest


async def observe(fleet: FleetUnderTest) -> None:
    """Answer until standard input ends, then detach."""
    async with fleet.engine() as engine:
        while question := (await asyncio.to_thread(sys.stdin.readline)).split():
            answer: object = {}
            match question:
                case ["settled"]:
                    await engine.settled(LIMIT)
                case ["rest", name]:
                    answer = await at_rest(engine, engine.agent_named(name).id)
            print(json.dumps(answer), flush=True)


async def at_rest(engine: Engine, agent_id: AgentId) -> dict[str, object]:
    """Wait until an agent's run is over, and return what is known of it then."""

    def rests() -> bool:
        agent = engine.fleet_state.agents[agent_id]
        return agent.turns > 0 and not agent.run_open

    assert await engine.fleet_state.until(rests, LIMIT), engine.fleet_state.agents[agent_id]
    agent = engine.fleet_state.agents[agent_id]
    return {
        "epoch": agent.epoch,
        "line": agent.line,
        "tokens": agent.usage.tokens,
        "turns": agent.turns,
        "shown": await all_shown(engine, agent_id),
    }


def main() -> None:
    """Run."""
    asyncio.run(observe(FleetUnderTest(Path(sys.argv[1]))))
