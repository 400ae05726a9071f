"""Changing what waits in an agent's queues: an agent gives back all or nothing, so the rest is put back in its order.

Between the two the texts are nowhere but here. So each has a receipt, in the store, before the first is put back, and
what was not put back stays a text that nobody read: it can be taken back, and nothing is sent twice by itself.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cockpit.engine.describe import VERBS
from cockpit.engine.living import living
from cockpit.engine.on_vm import connection_of
from cockpit.engine.operation import OperationProgress
from cockpit.engine.queues import KINDS
from cockpit.engine.saving import saved
from cockpit.engine.state import FleetState
from cockpit.engine.streams.session import AgentSession
from cockpit.errors import CockpitError, Refused, Undecided
from cockpit.model.commands.agent import AgentCommand, ClearQueue, queued_text
from cockpit.model.commands.command import Command
from cockpit.model.commands.queue import ChangeQueue, QueueAct
from cockpit.model.failures import dismissed
from cockpit.model.ids import OWN_COMMANDS, AgentId, CommandId
from cockpit.model.receipts.flow import Cleared
from cockpit.model.receipts.judgement import TAKEN_OUT
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import ReceiptBook
from cockpit.model.receipts.stages import is_ended, reached
from cockpit.store.store import Store

CLEAR_LIMIT = 120.0
"""Seconds the agent's word about its queues may take, over as many connections as that needs."""

PUT_BACK_LIMIT = 60.0
"""Seconds within which all is put back; a receipt counts as given up by its process after longer than that."""

MEANWHILE = "it was read before it could be taken out"

ACCEPT_LIMIT = 15.0
"""Seconds an agent gets at least to say that it has a text; it does within milliseconds."""

NOT_PUT_BACK = "it was taken out of the agent's queue and not put back"

OF_ANOTHER = f"{TAKEN_OUT}; it had not come from a cockpit, and images with it are lost"


@dataclass(frozen=True, slots=True)
class Order:
    """A text that is put back."""

    command: AgentCommand
    receipt: Receipt
    former: CommandId | None
    """The receipt it had before, if one is known."""


class QueueOrders:
    """Carries changes of queues out, one after the other for each agent."""

    def __init__(
        self,
        fleet_state: FleetState,
        store: Store,
        book: ReceiptBook,
        session_of: Callable[[AgentId], AgentSession | None],
        dispatch: Callable[[Command], CommandId],
    ) -> None:
        """Prepare.

        Args:
            session_of: finds the session with an agent.
            dispatch: sends the order to give back what is queued, with a receipt of its own.
        """
        self._fleet_state = fleet_state
        self._store = store
        self._book = book
        self._session_of = session_of
        self._dispatch = dispatch
        self._turns: dict[AgentId, asyncio.Lock] = {}

    async def carry_out(self, command: ChangeQueue, progress: OperationProgress) -> None:
        """Take all out, and put back what is to stay.

        Raises:
            Refused: the agent gave nothing back, the text that was meant had been read, or not all was put back.
            Undecided: whether the agent emptied its queues is not known.
        """
        async with self._turns.setdefault(command.agent, asyncio.Lock()):
            # What would have been read at the end of a run is read then; what lay there for a prompt lies again.
            lies = not living(command.agent, self._fleet_state).run_open
            with progress.step("take out"):
                cleared = list(await self._cleared(command.agent))
                progress.detail(f"{len(cleared)} text{'' if len(cleared) == 1 else 's'}")
            if command.act is QueueAct.CLEAR:
                self._forget(cleared)
                return
            meant = next((one for one in cleared if (KINDS[one.stage], one.text) == (command.kind, command.text)), None)
            if meant is not None:
                cleared.remove(meant)
            if meant is not None and command.act is QueueAct.TAKE:
                await self._give_back(command.agent, meant)
            elif meant is not None:
                steers = sum(one.stage is Stage.STEERING for one in cleared)
                cleared.insert(steers, replace(meant, stage=Stage.STEERING))
            if cleared:
                with progress.step("put back"):
                    await self._put_back(command.agent, cleared, lies=lies)
                    progress.detail(f"{len(cleared)} in their order{_lost_with(cleared)}")
            if meant is None:
                raise Refused(MEANWHILE, hint="the rest of the queue is as it was")

    async def _cleared(self, agent: AgentId) -> Sequence[Cleared]:
        """Have the queues emptied and return what was in them."""
        command_id = self._dispatch(ClearQueue(agent))

        def known() -> bool:
            failed = self._fleet_state.receipts[command_id].stage is Stage.FAILED
            return failed or self._book.cleared(agent, command_id) is not None

        await self._fleet_state.until(known, CLEAR_LIMIT)
        found = self._book.cleared(agent, command_id)
        if found is not None:
            return found
        receipt = self._fleet_state.receipts[command_id]
        if receipt.stage is Stage.FAILED:
            raise Refused(receipt.reason, hint="the queue is as it was")
        raise Undecided(
            f"whether the queue was emptied is not known: {receipt.reason or 'the agent did not answer'}",
            hint="look at the queue again; a text of yours that was taken out is in the inbox",
        )

    def _forget(self, cleared: Sequence[Cleared]) -> None:
        """Want to hear no more of texts that were meant not to be read."""
        for one in cleared:
            receipt = self._fleet_state.receipts.get(one.command) if one.command is not None else None
            if receipt is not None:
                self._fleet_state.put_receipt(dismissed(receipt, self._fleet_state.clock.now()))

    async def _give_back(self, agent: AgentId, meant: Cleared) -> None:
        """Make sure that a text which was taken out is one that nobody read; of a cockpit's own it is known already."""
        if meant.command is not None and meant.command in self._fleet_state.receipts:
            return
        now = self._fleet_state.clock.now()
        receipt = Receipt(
            _new_id(),
            agent,
            KINDS[meant.stage].value,
            meant.text,
            Stage.FAILED,
            now,
            ((Stage.FAILED, now),),
            OF_ANOTHER,
        )
        self._fleet_state.put_receipt(receipt)
        await saved(self._store.save_receipt(receipt))

    async def _put_back(self, agent: AgentId, cleared: Sequence[Cleared], *, lies: bool) -> None:
        deadline = self._fleet_state.clock.now() + PUT_BACK_LIMIT
        orders = [self._order(agent, one, lies=lies) for one in cleared]
        for order in orders:
            self._book.add(order.receipt)
            self._fleet_state.put_receipt(order.receipt)
            await saved(self._store.save_receipt(order.receipt))
        for order in orders:
            former = self._fleet_state.receipts.get(order.former) if order.former is not None else None
            if former is not None:
                self._fleet_state.put_receipt(dismissed(former, self._fleet_state.clock.now()))
        reason = ""
        for order in orders:
            if reason:
                self._fail(order.receipt.id, f"{NOT_PUT_BACK}: {reason}")
            else:
                reason = await self._put_one_back(agent, order, deadline)
        missing = [order for order in orders if not self._is_there(order.receipt.id)]
        if missing:
            receipt = self._fleet_state.receipts[missing[0].receipt.id]
            raise Refused(
                f"{len(missing)} of {len(orders)} texts were not put back: {receipt.reason or receipt.stage.value}",
                hint="the inbox has them: they can be taken back and sent again",
            )

    def _order(self, agent: AgentId, cleared: Cleared, *, lies: bool) -> Order:
        """Return what puts a text back: what was sent, where that is known, and not what the agent made of it."""
        former = self._fleet_state.receipts.get(cleared.command) if cleared.command is not None else None
        text, images = (former.text, former.images) if former is not None else (cleared.text, ())
        steers = cleared.stage is Stage.STEERING
        command = queued_text(agent, text, images, steers=steers, lies=lies)
        known = living(agent, self._fleet_state)
        receipt = Receipt(
            _new_id(),
            agent,
            VERBS[type(command)],
            text,
            Stage.PENDING,
            self._fleet_state.clock.now(),
            place=(known.epoch, known.line),
            images=images,
        )
        return Order(command, receipt, former.id if former is not None else None)

    async def _put_one_back(self, agent: AgentId, order: Order, deadline: float) -> str:
        """Write one text and wait until the agent has it; return why the next one may not be written, or nothing."""
        clock, command_id = self._fleet_state.clock, order.receipt.id
        reason = "" if clock.now() < deadline else f"the others took more than {PUT_BACK_LIMIT:g} s"
        session = self._session_of(agent)
        try:
            await connection_of(session, agent)
            known_agent = living(agent, self._fleet_state)
        except CockpitError as error:
            reason = str(error)
        if reason or session is None:
            self._fail(command_id, f"{NOT_PUT_BACK}: {reason}")
            return reason
        # A write that has begun is not given up: what came of it would not be known.
        await session.sender.send(known_agent, order.command, command_id)
        wait = max(ACCEPT_LIMIT, deadline - clock.now())
        await self._fleet_state.until(lambda: self._is_there(command_id) or self._has_failed(command_id), wait)
        known = self._is_there(command_id) or self._has_failed(command_id)
        return "" if known else "whether the text before it arrived is not known"

    def _is_there(self, command_id: CommandId) -> bool:
        receipt = self._fleet_state.receipts[command_id]
        return reached(receipt, Stage.ACCEPTED)

    def _has_failed(self, command_id: CommandId) -> bool:
        receipt = self._fleet_state.receipts[command_id]
        return is_ended(receipt) and receipt.stage is not Stage.UNCONFIRMED

    def _fail(self, command_id: CommandId, reason: str) -> None:
        self._fleet_state.put_receipts(self._book.failed(command_id, self._fleet_state.clock.now(), reason))


def _lost_with(cleared: Sequence[Cleared]) -> str:
    """Say what cannot be put back with texts that no cockpit sent: the agent gives back no images."""
    number = sum(one.command is None for one in cleared)
    return f"; {number} from elsewhere without images that came with them" if number else ""


def _new_id() -> CommandId:
    return CommandId(f"{OWN_COMMANDS}{uuid.uuid4().hex[:12]}")
