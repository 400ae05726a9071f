"""Copies that are made at the same time: no two of them are called alike, whoever ordered them."""

from __future__ import annotations

import asyncio

import pytest

from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.operation import OperationProgress
from cockpit.errors import Refused
from cockpit.model.commands import BestOf, Branch, Command
from cockpit.model.fleet import Agent
from cockpit.model.ids import VmId
from tests.engine.unit.parts import VM, Parts


@pytest.mark.parametrize("order", [BestOf(VM, ("one", "two")), Branch(VM, 2)], ids=["best of", "branch"])
async def test_copies_ordered_while_others_are_made_get_names_of_their_own(
    monkeypatch: pytest.MonkeyPatch, order: Command
) -> None:
    parts, started = Parts(), list[str]()

    async def start_copy(self: Spawner, spawn: object, vm_id: VmId, progress: OperationProgress) -> Agent:
        started.append(getattr(spawn, "name", ""))
        await asyncio.sleep(5.0)
        raise Refused("it does not start here")

    monkeypatch.setattr(Spawner, "start_copy", start_copy)
    parts.vers.wait["branch"] = lambda: asyncio.sleep(1.0)
    dispatcher = parts.dispatcher(parts.agent_sessions())
    dispatcher.dispatch(order)
    await asyncio.sleep(0.5)
    dispatcher.dispatch(order)
    while dispatcher.under_way:
        await asyncio.gather(*dispatcher.under_way)
    assert sorted(started) == ["builder-2", "builder-3", "builder-4", "builder-5"]
