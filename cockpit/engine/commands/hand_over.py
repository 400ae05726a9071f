"""Handing a task to an agent: the prompt first, the board once the agent has said that it has the prompt.

The two are on two machines, and this one may end in between. So the hand-over is written down before the prompt goes;
whoever finds it left looks at the prompt's receipt, which the agent's own stream moves, and changes the board then.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import Protocol

from cockpit.engine.living import living
from cockpit.engine.operation import OperationProgress, describe
from cockpit.engine.saving import saved
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.errors import CockpitError, Refused, Undecided
from cockpit.model.board import Task
from cockpit.model.commands.agent import AgentCommand, task_for
from cockpit.model.commands.board import HandOverTask
from cockpit.model.hand_over import hand_over_text
from cockpit.model.ids import OWN_COMMANDS, CommandId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import is_closed, is_ended, reached
from cockpit.services.board import BoardClient
from cockpit.services.errors import RecordNotFound
from cockpit.store.errors import StoreError
from cockpit.store.hand_overs import HandOverRow
from cockpit.store.store import Store

log = logging.getLogger(__name__)

ACCEPT_LIMIT = 60.0
"""Seconds an agent gets to say that it has the prompt; it does within milliseconds."""

LOOK_INTERVAL = 5.0
"""Seconds between two looks for hand-overs that were left."""

NEVER_SENT = 120.0
"""Seconds after which a hand-over without a receipt was left before its prompt went."""

KEPT = 86_400.0
"""Seconds for which a late word of the agent still changes the board."""

AS_IT_WAS = "the board is as it was"


class Dispatch(Protocol):
    """Takes a command to an agent under an id that is known before."""

    def __call__(self, command: AgentCommand, command_id: CommandId) -> CommandId:
        """Take it; the receipt is in the snapshot when this returns."""


class HandOvers:
    """Hands tasks of one source's board over, and finishes what a cockpit left."""

    def __init__(self, fleet_state: FleetState, store: Store, source: Source, dispatch: Dispatch) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._source = source
        self._dispatch = dispatch

    async def carry_out(self, command: HandOverTask, progress: OperationProgress) -> None:
        """Send the prompt, wait for the agent's word, and have the board show who has the task.

        Raises:
            Refused: the agent did not take it; the board is as it was.
            Undecided: whether it did is not known, or the board does not show it yet.
            CockpitError: the board cannot be read.
        """
        board, agent = self._board(), living(command.agent, self._fleet_state)
        with progress.step("read the task"):
            task, dependencies = await _task(board, command)
        prompt = CommandId(f"{OWN_COMMANDS}{uuid.uuid4().hex[:12]}")
        now = self._fleet_state.clock.now()
        row = HandOverRow(prompt, task.id, agent.id, agent.name, self._source.name, task.status, task.assignee, now)
        await self._store.hand_overs.begin(row)
        try:
            with progress.step("send the prompt"):
                self._dispatch(task_for(agent.id, hand_over_text(task, dependencies)), prompt)
                await self._accepted(row)
                progress.detail(self._fleet_state.receipts[prompt].stage.value)
            with progress.step("change the board"):
                try:
                    await self._show(board, row)
                except CockpitError as error:
                    raise Undecided(
                        f"{agent.name} has it, and the board does not show that yet: {describe(error)}",
                        hint="it is changed as soon as the board takes it",
                    ) from error
            await saved(self._store.hand_overs.finish(prompt))
        finally:
            self._store.hand_overs.let_go(prompt)

    async def _accepted(self, row: HandOverRow) -> None:
        """Wait for the agent's word."""

        def told() -> bool:
            receipt = self._fleet_state.receipts[row.command]
            return reached(receipt, Stage.ACCEPTED) or is_ended(receipt) or is_closed(receipt)

        await self._fleet_state.until(told, ACCEPT_LIMIT)
        receipt = self._fleet_state.receipts[row.command]
        if reached(receipt, Stage.ACCEPTED):
            return
        if receipt.stage in (Stage.FAILED, Stage.DISMISSED):
            await saved(self._store.hand_overs.finish(row.command))
            raise Refused(f"{row.name} did not take it: {receipt.reason}", hint=AS_IT_WAS)
        raise Undecided(
            f"whether {row.name} has it is not known: {receipt.reason or 'it did not answer'}; {AS_IT_WAS}",
            hint="the board is changed if its stream shows that it has it; it is not sent again by itself",
        )

    async def _show(self, board: BoardClient, row: HandOverRow) -> None:
        """Have the board show who has the task.

        Raises:
            CockpitError: it does not.
        """
        changed = await board.patch(row.task, status="in_progress", assignee=row.name)
        if (changed.status, changed.assignee) != ("in_progress", row.name):
            raise Refused(f"it shows {changed.status} and {changed.assignee or 'nobody'}", hint="look at the board")

    def _board(self) -> BoardClient:
        if self._source.board is None:
            raise Refused("no board is configured", hint="`cockpit infra` makes one")
        return self._source.board

    # --- what was left -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Finish what was left, again and again, until cancelled."""
        while True:
            try:
                for row in await self._store.hand_overs.rows():
                    if row.source == self._source.name and self._source.board is not None:
                        await self._look_at(row)
            except StoreError as error:
                log.error("the hand-overs cannot be read: %s", error)
            await asyncio.sleep(LOOK_INTERVAL)

    async def _look_at(self, row: HandOverRow) -> None:
        """Finish one hand-over if its outcome is known, unless somebody is about to."""
        if not self._store.hand_overs.take(row.command):
            return
        try:
            if await self._finish(row):
                await saved(self._store.hand_overs.finish(row.command))
        except CockpitError as error:
            log.info("task %s, that %s has, is not shown so yet: %s", row.task, row.name, error)
        finally:
            self._store.hand_overs.let_go(row.command)

    async def _finish(self, row: HandOverRow) -> bool:
        """Change the board if the agent has the prompt; say whether there is nothing left to wait for.

        Raises:
            CockpitError: the board does not answer.
        """
        receipt = await self._receipt(row.command)
        age = self._fleet_state.clock.now() - row.at
        if receipt is None:
            return age > NEVER_SENT
        if not reached(receipt, Stage.ACCEPTED):
            return receipt.stage in (Stage.FAILED, Stage.DISMISSED) or age > KEPT
        board = self._board()
        try:
            task = await board.get(row.task)
        except RecordNotFound:
            return True
        # Whoever changed it since knows more.
        if (task.status, task.assignee) == (row.status, row.assignee):
            await self._show(board, row)
            log.info("task %s is shown as %s's, which took it from a cockpit that ended", row.task, row.name)
        return True

    async def _receipt(self, command: CommandId) -> Receipt | None:
        known = self._fleet_state.receipts.get(command)
        if known is not None:
            return known
        return next((one for one in await self._store.receipts() if one.id == command), None)


async def _task(board: BoardClient, command: HandOverTask) -> tuple[Task, list[Task]]:
    """Return a task and those that it depends on, as the board has them now.

    Raises:
        CockpitError: the board cannot be read, or does not have it.
    """
    tasks = {task.id: task for task in (await board.listing()).tasks}
    task = tasks.get(command.task)
    if task is None:
        raise RecordNotFound(f"there is no task {command.task} on the board", hint="`cockpit board` lists them")
    if task.status == "done":
        raise Refused(f"task {command.task} is done already", hint=AS_IT_WAS)
    return task, [tasks[one] for one in dict.fromkeys(task.dependencies) if one in tasks]
