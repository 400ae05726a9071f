"""After a start for lists only agents can be served all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.engine.engine import Engine
from cockpit.engine.streams.session import AgentSession
from cockpit.model.fleet import Agent
from cockpit.store.rows import AgentRow
from cockpit.store.store import Store
from tests.engine.unit.parts import AGENT, VM, Connections, Parts


async def test_an_agent_is_attached_when_it_is_brought_back_whoever_looks_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, _ = Parts(), Connections(monkeypatch)
    store = await Store.open(tmp_path / "store.db")
    await store.remember_agent(AgentRow(AGENT, "builder", "worker", VM, account=parts.vers.account))
    engine = Engine((parts.source(),), store)
    await engine.start(attach=lambda agent: False, watch=False, lists_only=True)
    try:
        assert [agent.name for agent in engine.fleet.agents] == ["builder"] and not engine.entered("recorder")
        load, early = engine.recorder.load, list[AgentSession | None]()

        async def looked_at(agent: Agent) -> None:
            engine.running[0].agent_sessions.attach_known()
            early.append(engine.agent_session(agent.id))
            await load(agent)

        monkeypatch.setattr(engine.recorder, "load", looked_at)
        await engine.attach(lambda agent: True)
        assert early == [None] and engine.agent_session(AGENT) is not None
    finally:
        await engine.stop()
        await store.close()


async def test_who_only_looks_attaches_to_agents_and_enters_no_room_for_orders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, _ = Parts(), Connections(monkeypatch)
    store = await Store.open(tmp_path / "store.db")
    await store.remember_agent(AgentRow(AGENT, "builder", "worker", VM, account=parts.vers.account))
    engine = Engine((parts.source(),), store)
    await engine.start(watch=False, orders=False)
    try:
        assert engine.agent_session(AGENT) is not None
        assert not [room for room in ("notebook", "coordination", "work") if engine.entered(room)]
        watcher = engine.fleet_state.turn_watcher
        assert watcher is not None
        watcher.run_ended(engine.fleet_state.agents[AGENT])
        # A turn that ends while somebody looks is kept all the same.
        assert engine.entered("work")
    finally:
        await engine.stop()
        await store.close()
