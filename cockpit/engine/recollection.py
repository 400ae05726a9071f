"""What the store remembers of a fleet, brought back when the engine starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cockpit.engine.agent_record import agent_from_row
from cockpit.model.failures import is_undelivered, wanting
from cockpit.model.ids import AgentId, VmId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import advance, is_closed
from cockpit.model.size import CHOSEN_SIZE, VmSize, parse_size
from cockpit.store.rows import UNKNOWN_ACCOUNT, AgentRow

if TYPE_CHECKING:
    from cockpit.engine.source import Source
    from cockpit.engine.state import FleetState
    from cockpit.engine.streams.recorder import Recorder
    from cockpit.model.fleet import Agent
    from cockpit.store.store import Store


async def bring_back_names(fleet_state: FleetState, store: Store, sources: Sequence[Source]) -> None:
    """Bring back which agents there are, for lists: without what they did, and without receipts."""
    await _bring_back_marks(fleet_state, store, sources)
    for agent in _agents(fleet_state, await store.agents(), sources):
        fleet_state.put_agent(agent)


async def bring_back(fleet_state: FleetState, store: Store, recorder: Recorder, sources: Sequence[Source]) -> None:
    """Bring back the agents the store remembers, with state, transcript and receipts.

    An agent is of the source whose account made it; one of no source's account is shown as being elsewhere.
    """
    await _bring_back_marks(fleet_state, store, sources)
    chosen = parse_size((await store.choices.kept()).get(CHOSEN_SIZE, "")) or VmSize()
    fleet_state.fresh_size = None if sources[0].golden_image else chosen
    rows = await store.agents()
    living = {row.id for row in rows if row.destroyed_at is None}
    stored = await store.receipts()
    lost = {receipt.id for receipt in wanting(stored, fleet_state.clock.now(), frozenset())}
    for receipt in stored:
        if not is_closed(receipt):
            _take_up(fleet_state, receipt, living)
        elif receipt.id in lost and is_undelivered(receipt):
            fleet_state.put_receipt(receipt, saved=True)
    for agent in _agents(fleet_state, rows, sources):
        await recorder.load(agent)


async def _bring_back_marks(fleet_state: FleetState, store: Store, sources: Sequence[Source]) -> None:
    """Bring back what is known of VMs."""
    accounts = {source.vers.account for source in sources}
    fleet_state.suspects = {VmId(vm_id): why for vm_id, why in (await store.names.suspects()).items()}
    fleet_state.dismissed = {VmId(vm_id): why for vm_id, why in (await store.names.dismissed()).items()}
    fleet_state.frozen = {VmId(vm_id): why for vm_id, why in (await store.frozen.all()).items()}
    fleet_state.kept = {kept.request: kept for kept in await store.kept.rows() if kept.account in accounts}


def _agents(fleet_state: FleetState, rows: Sequence[AgentRow], sources: Sequence[Source]) -> Iterator[Agent]:
    """Yield the agents that are shown; those that are gone are noted as such."""
    by_account = {source.vers.account: source.name for source in reversed(sources)}
    for row in rows:
        if row.destroyed_at is not None:
            fleet_state.departed[row.name] = (VmId(row.vm_id), row.destroyed_at)
        else:
            known = row.account in ("", UNKNOWN_ACCOUNT, *by_account)
            placed = known and row.account != UNKNOWN_ACCOUNT
            if row.vm_id in fleet_state.dismissed and not placed:
                continue
            if row.account == UNKNOWN_ACCOUNT:
                fleet_state.unplaced.add(row.id)
            source = by_account.get(row.account, sources[0].name if known else "")
            yield agent_from_row(row, source, "" if known else row.account)


def _take_up(fleet_state: FleetState, receipt: Receipt, living: set[AgentId]) -> None:
    """Go on with a receipt that an earlier process left open; what can no longer be told is said so."""
    from cockpit.model.receipts.flow import STREAM_VERBS

    now = fleet_state.clock.now()
    if receipt.verb in STREAM_VERBS and receipt.agent in living:
        # Its agent's stream tells the rest, once the agent is loaded.
        fleet_state.put_receipt(receipt, saved=True)
    elif receipt.verb in STREAM_VERBS:
        fleet_state.put_receipt(advance(receipt, Stage.FAILED, now, "its agent was destroyed"))
    elif receipt.stage is Stage.PENDING:
        # No stream will tell how it went. If another cockpit is still at it, that one writes down the end.
        reason = "the cockpit ended before it was done: look at the fleet"
        fleet_state.put_receipt(advance(receipt, Stage.UNCONFIRMED, now, reason))
