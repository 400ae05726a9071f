"""`python -m tests.engine.observer ROOT`: a cockpit that attaches to everything and answers questions on stdin."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from tests.engine.evidence import shown
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
                    agent_id = engine.agent_named(name).id

                    def rests() -> bool:
                        agent = engine.world.agents[agent_id]
                        return agent.turns > 0 and not agent.run_open

                    assert await engine.world.until(rests, LIMIT), engine.world.agents[agent_id]
                    agent = engine.world.agents[agent_id]
                    answer = {
                        "epoch": agent.epoch,
                        "line": agent.line,
                        "cost": agent.usage.cost,
                        "tokens": agent.usage.tokens,
                        "turns": agent.turns,
                        "shown": shown(engine.transcript(agent_id)),
                    }
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(observe(FleetUnderTest(Path(sys.argv[1]))))
