"""Whether one dead agent slows the others: `python -m tests.bench.bench_isolation`.

All agents write and are read the moment they do; the last one's link is a black hole in the second half. Compared:
the others' time from write to reduction.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import time
from collections.abc import Sequence

from cockpit.engine.streams.agent_sessions import LinkOptions
from cockpit.model.fleet import LinkState
from cockpit.model.ids import VmId
from cockpit.remote.ssh.endpoint import SshEndpoint
from tests.bench.rig import Rig, rig
from tests.bench.table import Table, microseconds, milliseconds, percentile, ratio
from tests.bench.vms import loopback_vms, relayed
from tests.bench.writing import Plan, writer

OPTIONS = LinkOptions(keepalive_interval=0.5, keepalive_count=2, connect_timeout=2.0)
"""Short, so that the dead agent is noticed, shown, and tried again and again while it is measured."""

REACH = 60.0
"""Seconds all agents may take to be read to their ends."""


@dataclasses.dataclass(frozen=True, slots=True)
class Phase:
    """The others' figures over one measurement."""

    delays: Sequence[float]
    spent: float
    """Processor seconds per line."""
    gap: float
    """Seconds of the loop's longest pause."""


class _Gaps:
    """Watches how long the event loop is ever busy with one thing."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        """Sleep shortly, over and over: what a sleep takes longer than it should is what is measured."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            self.longest = max(self.longest, time.monotonic() - before - 0.005)


async def phase(cockpit: Rig, healthy: int, plan: Plan, gaps: _Gaps) -> Phase:
    """Let the agents write, and time the first `healthy` of them."""
    before = [agent.line for agent in cockpit.agents()]
    async with writer(plan) as making:
        goals = [line + plan.past(number) for number, line in enumerate(before)]
        reachable = [goal if number < healthy else 0 for number, goal in enumerate(goals)]
        await cockpit.reach(reachable, REACH)
        cockpit.recorder.timed = {cockpit.agent_id(number) for number in range(healthy)}
        cockpit.recorder.delays = []
        gaps.longest = 0.0
        spent = time.process_time()
        written = await making.write()
        await cockpit.reach([goal + plan.steps if goal else 0 for goal in reachable], REACH)
        spent = time.process_time() - spent
        cockpit.recorder.timed = set()
    return Phase(cockpit.recorder.delays, spent / written.lines, gaps.longest)


async def measure(agents: int, rate: float, seconds: float) -> Table:
    """Measure with all agents well, and with one black-holed."""
    with loopback_vms(agents) as vms:
        async with relayed(vms) as relay:
            last = agents - 1

            def endpoint(vm_id: VmId) -> SshEndpoint:
                plain = vms.endpoint(vms.number(vm_id))
                return dataclasses.replace(plain, port=relay.port) if vm_id == vms.vm_id(last) else plain

            async with rig(vms, vms.directory / "history.db", endpoint=endpoint, options=OPTIONS) as cockpit:
                gaps = _Gaps()
                watching = asyncio.create_task(gaps.watch())
                try:
                    cockpit.attach()
                    plan = Plan(vms.outs(), rate, seconds)
                    well = await phase(cockpit, last, plan, gaps)
                    relay.freeze()
                    dead = await phase(cockpit, last, plan, gaps)
                    shown = cockpit.agents()[last].link
                finally:
                    watching.cancel()
                    relay.thaw()
    return _table(agents, rate, seconds, well, dead, f"{shown.state.value}: {shown.reason}", shown.state)


def _table(agents: int, rate: float, seconds: float, well: Phase, dead: Phase, shown: str, state: LinkState) -> Table:
    table = Table(
        f"{agents - 1} agents at {rate:g} events/s for {seconds:g} s, each read at once: from write to reduction",
        ("the other agent", "p50", "ratio", "p99", "ratio", "worst", "CPU/event", "ratio", "longest loop gap"),
    )
    for name, one in (("well", well), ("a black hole", dead)):
        cells = []
        for percent in (50, 99):
            value = percentile(one.delays, percent)
            cells += [milliseconds(value), ratio(value, percentile(well.delays, percent))]
        cells += [milliseconds(max(one.delays, default=0.0)), microseconds(one.spent), ratio(one.spent, well.spent)]
        table.add(name, *cells, milliseconds(one.gap))
    table.note(f"shown of the black hole at the end: {shown}")
    assert state is not LinkState.UP, "the frozen link is still shown up"
    return table


def main(words: Sequence[str] | None = None) -> Table:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--rate", type=float, default=5.0, help="events per second and agent")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each of the two measurements")
    arguments = parser.parse_args(words)
    table = asyncio.run(measure(arguments.agents, arguments.rate, arguments.seconds))
    table.show()
    return table


if __name__ == "__main__":
    main()
