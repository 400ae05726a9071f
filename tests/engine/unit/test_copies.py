"""Agents that copies and commits bring, at the same time: no two of them are called alike."""

from __future__ import annotations

import asyncio

import pytest

from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.operation import OperationProgress
from cockpit.errors import Refused
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Restore
from cockpit.model.commands.swarm import BestOf
from cockpit.model.commands.vm import Branch
from cockpit.model.fleet import Agent
from cockpit.model.ids import CommitId, VmId
from cockpit.model.kept import KeptFor, KeptState
from tests.engine.unit.parts import VM, Parts
from tests.engine.unit.test_keeping import left_behind

COMMIT = CommitId("c0ffee00")


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (BestOf(VM, ("one", "two")), ["builder-2", "builder-3", "builder-4", "builder-5"]),
        (Branch(VM, 2), ["builder-2", "builder-3", "builder-4", "builder-5"]),
        (Restore(COMMIT), ["builder-2", "builder-3"]),
    ],
    ids=["best of", "branch", "restore"],
)
async def test_agents_ordered_while_others_are_made_get_names_of_their_own(
    monkeypatch: pytest.MonkeyPatch, order: Command, names: list[str]
) -> None:
    parts, started = Parts(), list[str]()
    parts.board = None  # without services no registry is asked

    async def start_copy(self: Spawner, spawn: object, vm_id: VmId, progress: OperationProgress) -> Agent:
        started.append(getattr(spawn, "name", ""))
        await asyncio.sleep(5.0)
        raise Refused("it does not start here")

    monkeypatch.setattr(Spawner, "start_copy", start_copy)
    identity = '{"name": "builder", "kind": "worker", "labels": []}'
    left_behind(parts, purpose=KeptFor.COMMIT, state=KeptState.KEPT, commit=COMMIT, identity=identity)
    parts.vers.wait |= {"branch": lambda: asyncio.sleep(1.0), "restore": lambda: asyncio.sleep(1.0)}
    dispatcher = parts.dispatcher(parts.agent_sessions())
    dispatcher.dispatch(order)
    await asyncio.sleep(0.5)
    dispatcher.dispatch(order)
    while dispatcher.under_way:
        await asyncio.gather(*dispatcher.under_way)
    assert sorted(started) == names
