"""The inbox in the engine: what is put off, what became of questions, and which were withdrawn."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.engine.coordination.decided import decided
from cockpit.engine.operation import OperationProgress
from cockpit.engine.saving import saved
from cockpit.engine.state import FleetState
from cockpit.model.commands.inbox import InboxCommand, PutOffEntry
from cockpit.model.fleet import (
    Agent,
)
from cockpit.model.ids import AgentId
from cockpit.model.inbox.caution import CautionRule
from cockpit.model.inbox.history import Decided, HowEnded
from cockpit.model.inbox.question import digest_of
from cockpit.model.inbox.shelf import Shelved, end_of
from cockpit.model.open_work import OpenDialog
from cockpit.store.store import Store

LOOK_EVERY = 5.0
"""Seconds between two looks at what other cockpits of the same history put off."""


class InboxActs:
    """Carries out what is ordered about entries."""

    def __init__(self, fleet_state: FleetState, store: Store) -> None:
        self._fleet_state = fleet_state
        self._store = store

    async def carry_out(self, command: InboxCommand, progress: OperationProgress) -> None:
        """Do it.

        Raises:
            CockpitError: the store refused.
        """
        now = self._fleet_state.clock.now()
        if isinstance(command, PutOffEntry):
            with progress.step("put off"):
                end = end_of(command.how, now)
                one = Shelved(command.key, command.how, command.mark, now, end, command.sentence)
                await self._store.inbox.put_off(one)
        else:
            with progress.step("take back"):
                await self._store.inbox.take_back(command.key)
        await bring_back(self._fleet_state, self._store)


async def bring_back(fleet_state: FleetState, store: Store) -> None:
    """Show what is put off, by this cockpit or by another of the same history."""
    found = await store.inbox.shelved()
    if found != fleet_state.shelved:
        fleet_state.shelved = found
        fleet_state.changed()


@dataclass(frozen=True, slots=True)
class _Open:
    """A question that waits."""

    agent: Agent
    dialog: OpenDialog


class InboxDesk:
    """Implements `cockpit.model.inbox.port.InboxPort`."""

    def __init__(self, fleet_state: FleetState, store: Store, rules: tuple[CautionRule, ...]) -> None:
        self.rules = rules
        self._fleet_state = fleet_state
        self._store = store
        self._open: Mapping[tuple[AgentId, str, str], _Open] = {}
        self._seen: dict[AgentId, tuple[OpenDialog, ...]] = {}

    async def history(self, limit: int = 200) -> tuple[Decided, ...]:
        """Return the questions that ended last."""
        return await self._store.inbox.decided(limit)

    async def run(self) -> None:
        """Follow what is put off and which questions wait, until cancelled."""
        while True:
            await bring_back(self._fleet_state, self._store)
            deadline = asyncio.get_running_loop().time() + LOOK_EVERY
            while (left := deadline - asyncio.get_running_loop().time()) > 0:
                if not await self._fleet_state.until(self._is_other, left):
                    break
                await self._look()

    def _is_other(self) -> bool:
        """Say whether other questions wait than before; asked at each change of anything."""
        agents = self._fleet_state.agents
        return len(agents) != len(self._seen) or any(
            self._seen.get(agent.id) is not agent.activity.dialogs for agent in agents.values()
        )

    async def _look(self) -> None:
        """Remember the questions that wait, and which of those before have gone."""
        state = self._fleet_state
        self._seen = {agent.id: agent.activity.dialogs for agent in state.agents.values()}
        now_open = {
            (agent.id, dialog.request.dialog_id, digest_of(dialog.request)): _Open(agent, dialog)
            for agent in state.agents.values()
            for dialog in agent.activity.dialogs
        }
        gone = [one for key, one in self._open.items() if key not in now_open]
        self._open = now_open
        for one in gone:
            ended = decided(one.agent, one.dialog.request, state.clock.now(), HowEnded.WITHDRAWN)
            await saved(self._store.inbox.add(ended))
