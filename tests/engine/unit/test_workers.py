"""Agents made at the same time: a bounded number at once, and a task that is accepted or not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import cast

import pytest

from cockpit.engine.commands.spawn import Spawner
from cockpit.engine.commands.workers import AT_ONCE, Workers
from cockpit.engine.operation import OperationProgress
from cockpit.errors import Refused
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import CommandId, OperationId
from cockpit.model.receipts.receipt import Stage
from cockpit.model.receipts.stages import advance
from tests.engine.unit.parts import AGENT, Parts


class NoPlaces:
    """Has no bounds."""

    @contextlib.contextmanager
    def claimed(self, spawn: Spawn) -> Iterator[None]:
        """Keep no name."""
        yield


class SpawnerDouble:
    """Makes agents in a second each, and counts how many at once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.now = self.most = 0
        self.places = NoPlaces()

    async def spawn(self, command: Spawn, progress: OperationProgress) -> Agent:
        """Take a second."""
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(1.0)
        self.now -= 1
        return self._parts.agent


def workers_of(parts: Parts, spawner: SpawnerDouble, *stages: Stage) -> tuple[Workers, list[Command]]:
    """Return what makes workers, and what it dispatches; each prompt's receipt comes as far as a test says."""
    given: list[Command] = []

    def dispatch(command: Command) -> CommandId:
        receipt = parts.receipt(len(given) + 1)
        given.append(command)
        for stage in stages:
            receipt = advance(receipt, stage, parts.clock.now(), "why")
        parts.state.put_receipt(receipt)
        return receipt.id

    return Workers(parts.state, cast(Spawner, spawner), dispatch), given


def progress_of(parts: Parts, number: int = 1) -> OperationProgress:
    """Return where the steps are shown."""
    return OperationProgress(parts.state, OperationId(f"o{number}"), "spawn", "w")


async def test_a_bounded_number_is_made_at_once_and_who_waits_says_so() -> None:
    parts = Parts()
    spawner = SpawnerDouble(parts)
    workers, given = workers_of(parts, spawner)
    progresses = [progress_of(parts, number) for number in range(3 * AT_ONCE)]
    await asyncio.gather(*(workers.spawn(Spawn("w", AgentKind.WORKER), progress) for progress in progresses))
    assert spawner.most == AT_ONCE
    waited = [progress for progress in progresses if progress.operation.steps]
    assert len(waited) == 2 * AT_ONCE and given == []
    assert {progress.operation.steps[0].name for progress in waited} == {"wait for its turn"}


async def test_a_task_is_given_once_the_agent_is_there_and_counts_when_it_is_accepted() -> None:
    parts = Parts()
    workers, given = workers_of(parts, SpawnerDouble(parts), Stage.WRITTEN, Stage.ACCEPTED)
    await workers.spawn(Spawn("w", AgentKind.WORKER, task="go"), progress_of(parts))
    assert given == [Prompt(AGENT, "go")]


@pytest.mark.parametrize(
    ("stages", "said"), [((Stage.FAILED,), "why"), ((Stage.UNCONFIRMED,), "why"), ((), "pending after 60 s")]
)
async def test_a_task_that_is_not_accepted_is_said(stages: tuple[Stage, ...], said: str) -> None:
    parts = Parts()
    workers, _ = workers_of(parts, SpawnerDouble(parts), *stages)
    with pytest.raises(Refused, match=f"runs, but its task was not accepted: .*{said}"):
        await workers.spawn(Spawn("w", AgentKind.WORKER, task="go"), progress_of(parts))
