"""How soon a question of an agent nobody looks at is noticed: `python -m tests.bench.bench_notice`.

All agents but the focused one are looked at now and then on their VMs and read in common rounds. The table has the
time from the writing of a question to the state that the screen shows, by the cockpit's own reading side over real SSH,
while all agents stream.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path

from cockpit.model.fleet import ActivityState
from cockpit.ui.bridge import TRANSCRIPT_INTERVAL
from tests.bench.lines import DIALECTS, Agent, encoded
from tests.bench.rig import Rig, rig
from tests.bench.table import Table, milliseconds, percentile
from tests.bench.vms import LoopbackVms, loopback_vms
from tests.remote.waiting import until

REACH = 60.0
"""Seconds all agents get to be connected and read, and a question to be noticed."""

PAST_LINES = 20
STEP = 0.05
"""Seconds between two lines of every agent."""


def append(path: Path, data: bytes) -> None:
    """Write as an agent does."""
    with path.open("ab") as file:
        file.write(data)


async def stream(vms: LoopbackVms, writers: Sequence[Agent], quiet: set[int]) -> None:
    """Let every agent that does not ask write a line each `STEP` seconds: the load under which is measured."""
    while True:
        for number, writer in enumerate(writers):
            if number not in quiet:
                append(vms.out(number), writer.line())
        await asyncio.sleep(STEP)


async def ask(cockpit: Rig, vms: LoopbackVms, number: int, quiet: set[int]) -> float:
    """Let an agent ask, and return the seconds until the cockpit knows."""
    agent = cockpit.agent_id(number)
    request = {"type": "extension_ui_request", "id": f"q{number}", "method": "confirm", "title": "Go on?"}
    quiet.add(number)
    began = time.monotonic()
    append(vms.out(number), encoded(request) + b"\n")
    await until(lambda: cockpit.fleet_state.agents[agent].activity.state is ActivityState.ASKING, REACH)
    return time.monotonic() - began


async def measure(agents: int, questions: int, dialect: str, seed: int) -> Table:
    """Ask at random moments, each agent once."""
    chance = random.Random(seed)
    with loopback_vms(agents) as vms:
        writers = [Agent(dialect) for _ in range(agents)]
        for number, writer in enumerate(writers):
            append(vms.out(number), writer.lines(PAST_LINES))
        async with rig(vms, vms.directory / "history.db") as cockpit:
            cockpit.agent_sessions.focus(cockpit.agent_id(0))
            cockpit.attach()
            await cockpit.reach([PAST_LINES] * agents, REACH)
            quiet: set[int] = set()
            streaming = asyncio.create_task(stream(vms, writers, quiet))
            try:
                delays = []
                for number in chance.sample(range(1, agents), questions):
                    await asyncio.sleep(chance.uniform(0.0, 0.3))  # a question comes at any moment between two frames
                    delays.append(await ask(cockpit, vms, number, quiet))
            finally:
                streaming.cancel()
                await asyncio.gather(streaming, return_exceptions=True)
    table = Table(
        f"from a question's writing to its notice: {agents} agents, {dialect} dialect, seed {seed}",
        ("what", "p50", "p99", "worst", "goal"),
    )
    worst = max(delays)
    table.add(
        "noticed", milliseconds(percentile(delays, 50)), milliseconds(percentile(delays, 99)), milliseconds(worst), ""
    )
    table.add("on the screen at the latest", "", "", milliseconds(worst + TRANSCRIPT_INTERVAL), "1000 ms")
    return table


def main(words: Sequence[str] | None = None) -> Table:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--dialect", choices=DIALECTS, default=DIALECTS[0])
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args(words)
    table = asyncio.run(measure(arguments.agents, arguments.questions, arguments.dialect, arguments.seed))
    table.show()
    return table


if __name__ == "__main__":
    main()
