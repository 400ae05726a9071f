"""What is kept of who an agent is: whose it is, what it looks like, who may find it."""

from __future__ import annotations

from pathlib import Path

from cockpit.model.ids import AgentId
from cockpit.store.rows import AgentRow
from cockpit.store.store import Store

PARENT = "bbbbbbbb-0000-4000-8000-000000000002"


async def test_who_an_agent_is_outlives_the_process(tmp_path: Path) -> None:
    row = AgentRow(
        AgentId("a"), "ada", "worker", "a", parent_vm=PARENT, colour="cyan", named_at=17.5, findable=True, account="us"
    )
    store = await Store.open(tmp_path / "history.sqlite")
    await store.remember_agent(row)
    await store.close()
    store = await Store.open(tmp_path / "history.sqlite")
    try:
        assert await store.agents() == [row]
        assert (await store.agents())[0].findable is True
    finally:
        await store.close()
