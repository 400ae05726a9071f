"""The receipts in the store, which all processes share: each of them judges every open one by the agent's stream."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from cockpit.agents.kinds import adapter_of
from cockpit.model import codec
from cockpit.model.fleet import Agent, LinkState
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.receipts.flow import RELEVANT, STREAM_VERBS
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.receipts import Evidence, ReceiptBook
from cockpit.model.receipts.stages import advance, is_closed
from cockpit.model.reduce.reduce import reduce_agent
from cockpit.store.errors import StoreError

if TYPE_CHECKING:
    from cockpit.engine.state import FleetState
    from cockpit.model.events import Record
    from cockpit.store.store import Store

log = logging.getLogger(__name__)

SENDING_LIMIT = 90.0
"""Seconds after which a receipt that nothing was heard of was left by a process that is no more; writing one command
takes 50 s at the very most (`engine.streams.sender`)."""

PAGE = 2_000
"""Records read at a time to judge what was written before this process began."""

IRRELEVANT = frozenset(name for name, kind in codec.KINDS.items() if kind not in RELEVANT)
"""Kinds of events no receipt is judged by. A tool's output says no more than its end does."""


class Outbox:
    """Brings what other processes wrote into the book of receipts."""

    def __init__(self, fleet_state: FleetState, store: Store, book: ReceiptBook) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._book = book
        self._mark = 0

    async def load(self, agent: Agent, place: tuple[int, int]) -> None:
        """Take up an agent's receipts: each is judged by what was stored since it was written, up to a place."""
        mine = [
            known for known in await self._store.receipts() if known.agent == agent.id and known.verb in STREAM_VERBS
        ]
        waiting = [known.place for known in mine if not is_closed(known) and known.place is not None]
        if waiting and min(waiting) < place:
            begins = await self._store.progress.run_before(agent.id, min(waiting))
            self._book.remember(await self._evidence(agent, begins, place), agent.id, begins)
        changed = self._book.take_up(mine)
        for receipt in mine:
            self._show(receipt)
        self._fleet_state.put_receipts(changed)
        # What was written meanwhile, to an agent that was not known yet, is found by looking at everything again.
        self._mark = 0

    async def _evidence(self, agent: Agent, begins: tuple[int, int], ends: tuple[int, int]) -> list[Evidence]:
        """Return what is stored of an agent between two places, with the ends of its runs as they showed."""
        past = replace(
            Agent(id=agent.id, name=agent.name, kind=agent.kind, vm_id=agent.vm_id),
            program=agent.program,
            version=agent.version,
            dialect=agent.dialect,
            says_end=agent.says_end,
            settles=agent.settles,
        )
        evidence: list[Evidence] = []
        while records := await self._store.records(
            agent.id, after=begins, limit=PAGE, without=IRRELEVANT | {"tool_output"}
        ):
            for record in records:
                begins = (record.epoch, record.line)
                if begins > ends:
                    return evidence
                past, piece = _folded(past, record)
                evidence.append(piece)
        return evidence

    async def look(self) -> None:
        """Take what other processes wrote since the last look."""
        try:
            self._mark, receipts = await self._store.progress.receipts(self._mark)
        except StoreError as error:
            log.error("the outbox cannot be read: %s", error)
            return
        for receipt in receipts:
            if receipt.verb in STREAM_VERBS and receipt.agent in self._fleet_state.agents:
                changed = self._book.learn(receipt)
                self._show(receipt)
                self._fleet_state.put_receipts(changed)

    def _show(self, stored: Receipt) -> None:
        """Show a receipt that came from the store, if it is open, or was dismissed by somebody else."""
        known = stored.id in self._fleet_state.receipts
        if known == (stored.stage is Stage.DISMISSED) and (known or not is_closed(stored)):
            self._fleet_state.put_receipt(stored, saved=True)

    def expire(self, caught_up: frozenset[AgentId]) -> None:
        """Let time pass: what an agent took without a run, and what its sender did not live to write.

        Args:
            caught_up: the agents whose streams are read to their ends.
        """
        now = self._fleet_state.clock.now()
        for agent in self._fleet_state.agents.values():
            if agent.id in caught_up and agent.link.state is LinkState.UP:
                shows_queues = adapter_of(agent.program).tells_queues(agent.dialect, agent.version)
                rested = self._book.rested(agent.id, now, working=agent.run_open, shows_queues=shows_queues)
                self._fleet_state.put_receipts(rested)
        for receipt in list(self._fleet_state.receipts.values()):
            if receipt.stage is Stage.PENDING and receipt.verb in STREAM_VERBS:
                self._give_up(receipt, now)

    def _give_up(self, receipt: Receipt, now: float) -> None:
        if now - receipt.created_at > SENDING_LIMIT:
            changed = self._book.unconfirmed(CommandId(receipt.id), now, "the cockpit ended while it was being sent")
            self._fleet_state.put_receipts(
                changed or [advance(receipt, Stage.UNCONFIRMED, now, "the cockpit ended while it was being sent")]
            )


def _folded(agent: Agent, record: Record) -> tuple[Agent, Evidence]:
    after = reduce_agent(agent, record)
    return after, Evidence(record, agent.run_open and not after.run_open, record.at)
