"""Programs that the fault tests run in processes of their own: `python -m tests.store.programs NAME PATH ...`."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from cockpit.model.ids import AgentId
from cockpit.store import writer as writer_module
from cockpit.store.errors import StoreError
from cockpit.store.rows import AgentRow
from cockpit.store.store import Store
from tests.store.samples import AGENT, cursor, records

STEP = 7
"""Records of one append."""


async def feed(path: Path, last: int, agents: int) -> None:
    """Append lines to `last` for some agents, going on from the stored cursors, and say each line that is safe."""
    store = await Store.open(path)
    for notice in store.notices:
        print("notice", notice, flush=True)
    print("open", flush=True)

    async def one(agent: AgentId) -> None:
        stored = await store.cursor(agent)
        line = 0 if stored is None else stored.line
        while line < last:
            upto = min(last, line + STEP)
            await store.append(agent, records(line + 1, upto, agent=agent), cursor(upto))
            line = upto
            print("safe", agent, line, flush=True)

    await asyncio.gather(*(one(AgentId(f"agent-{number}")) for number in range(agents)))
    await store.close()
    print("done", flush=True)


async def from_the_start(path: Path, last: int) -> None:
    """Append every line for the one agent, whatever is there already."""
    store = await Store.open(path)
    epoch, _ = await store.begin_epoch(AGENT, "the file", "first contact", 1.0)
    for first in range(1, last + 1, STEP):
        upto = min(last, first + STEP - 1)
        await store.append(AGENT, records(first, upto, epoch=epoch), cursor(upto, epoch=epoch))
    store.trust("vm", "key")
    await store.close()
    print("epoch", epoch, "trouble", repr(store.trouble), flush=True)


async def full_disk(path: Path) -> None:
    """Fill a file up to a size limit, go on, lift the limit, and say what became of it."""
    writer_module.RETRY_INTERVAL = 0.05
    store = await Store.open(path)
    await store.append(AGENT, records(1, 100), cursor(100))
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    size = max(file.stat().st_size for file in path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, hard))
    raised = 0
    line = 100
    while line < 6_000:
        try:
            await store.append(AGENT, records(line + 1, line + 50), cursor(line + 50))
        except StoreError as error:
            raised += 1
            print("said", error, flush=True)
        line += 50
    print("raised", raised, flush=True)
    print("trouble", bool(store.trouble), flush=True)
    stored = await store.cursor(AGENT)
    assert stored is not None
    kept = await store.records(AGENT, limit=10_000)
    print("whole", [one.line for one in kept] == list(range(1, stored.line + 1)), stored.line < line, flush=True)
    try:
        await store.remember_agent(AgentRow(AGENT, "x" * 100_000, "worker", AGENT))
        print("acts pass", flush=True)
    except StoreError:
        print("acts fail", flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    await store.flush()
    print("healed", store.trouble == "", len(await store.records(AGENT, limit=10_000)) == line, flush=True)
    await store.close()


async def hold(path: Path) -> None:
    """Keep a store open until the standard input ends."""
    store = await Store.open(path)
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await store.close()


async def lease(path: Path, agent: str) -> None:
    """Take an agent's lease, say whether it was granted, and keep it until the standard input ends."""
    store = await Store.open(path)
    print(store.leases.take(AgentId(agent)), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await store.close()


def main() -> None:
    """Run the program named on the command line."""
    name, path, *words = sys.argv[1:]
    writer_module.FLUSH_INTERVAL = 0.001
    programs: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
        "feed": feed,
        "from_the_start": from_the_start,
        "full_disk": full_disk,
        "hold": hold,
        "lease": lease,
    }
    asyncio.run(programs[name](Path(path), *(int(word) if word.isdecimal() else word for word in words)))


if __name__ == "__main__":
    main()
