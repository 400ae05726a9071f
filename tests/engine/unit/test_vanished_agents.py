"""An agent whose VM is deleted while an order for it is under way: that is said of it, and hurts no other."""

from __future__ import annotations

import asyncio

import pytest

from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.operation import OperationProgress
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.life import Rename, SetFindable, Spawn
from cockpit.model.commands.swarm import BestOf, FanOut
from cockpit.model.fleet import Agent
from cockpit.model.ids import AgentId, VmId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.services.errors import ServiceUnreachable
from tests.engine.unit.parts import AGENT, OTHER_AGENT, OTHER_VM, VM, Parts, agent_on
from tests.engine.unit.test_keeping import done


async def test_a_copy_that_vanishes_costs_no_other_copy_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    parts.board = None
    sessions = parts.agent_sessions()
    dispatcher = parts.dispatcher(sessions)
    given: list[str] = []

    async def start_copy(self: Spawner, spawn: Spawn, vm_id: VmId, progress: OperationProgress) -> Agent:
        agent = agent_on(vm_id, spawn.name)
        if spawn.name == "builder-2":
            return agent  # Its VM went at this moment: it is known no more.
        await asyncio.sleep(1.0)
        parts.state.put_agent(agent)
        return agent

    async def give(agent_id: AgentId, name: str, text: str) -> None:
        given.append(name)

    monkeypatch.setattr(Spawner, "start_copy", start_copy)
    monkeypatch.setattr(dispatcher._many.workers, "give", give)
    receipt = await done(parts, dispatcher, BestOf(VM, ("one", "two")))
    assert given == ["builder-3"], receipt
    assert receipt.stage is Stage.FAILED and "1 of 2 copies" in receipt.reason and "here no more" in receipt.reason


@pytest.mark.parametrize("order", [Rename(AGENT, "mason"), SetFindable(AGENT, True), Prompt(AGENT, "go")], ids=str)
async def test_an_order_for_an_agent_that_vanishes_says_so_and_shows_no_ghost(
    order: Rename | SetFindable | Prompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = Parts()
    parts.registry.error = ServiceUnreachable("no answer")
    sessions = parts.agent_sessions()
    sessions.attach(parts.agent)
    saved = parts.memory.save_receipt

    async def save_receipt(receipt: Receipt) -> None:
        parts.state.agents.pop(AGENT, None)
        await saved(receipt)

    monkeypatch.setattr(parts.memory, "save_receipt", save_receipt)
    receipt = await done(parts, parts.dispatcher(sessions), order)
    assert receipt.stage is Stage.FAILED and "here no more" in receipt.reason
    assert AGENT not in parts.state.agents
    await sessions.close()


async def test_a_command_for_many_goes_on_without_the_one_that_vanishes(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    parts.state.put_agent(agent_on(OTHER_VM, "other"))
    saved = parts.memory.save_receipt

    async def save_receipt(receipt: Receipt) -> None:
        parts.state.agents.pop(AGENT, None)
        await saved(receipt)

    monkeypatch.setattr(parts.memory, "save_receipt", save_receipt)
    receipt = await done(parts, parts.dispatcher(parts.agent_sessions()), FanOut((AGENT, OTHER_AGENT), "true"))
    assert "internal error" not in receipt.reason
    (operation,) = parts.state.operations.values()
    assert {(part.target, part.outcome) for part in operation.parts} == {(AGENT, "unknown"), ("other", "unknown")}
