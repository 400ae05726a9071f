"""What the store remembers of a fleet, brought back when the engine starts."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.engine.agent_record import agent_from_row
from cockpit.engine.describe import STREAM_VERBS
from cockpit.engine.source import Source
from cockpit.engine.state import FleetState
from cockpit.engine.streams.recorder import Recorder
from cockpit.model.failures import is_undelivered, wanting
from cockpit.model.ids import AgentId, VmId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.receipts.stages import advance, is_closed
from cockpit.model.size import CHOSEN_SIZE, VmSize, parse_size
from cockpit.store.rows import UNKNOWN_ACCOUNT
from cockpit.store.store import Store


async def bring_back(fleet_state: FleetState, store: Store, recorder: Recorder, sources: Sequence[Source]) -> None:
    """Bring back the agents the store remembers, with state, transcript and receipts.

    An agent is of the source whose account made it; one of no source's account is shown as being elsewhere.
    """
    fleet_state.suspects = {VmId(vm_id): why for vm_id, why in (await store.names.suspects()).items()}
    fleet_state.dismissed = {VmId(vm_id): why for vm_id, why in (await store.names.dismissed()).items()}
    fleet_state.frozen = {VmId(vm_id): why for vm_id, why in (await store.frozen.all()).items()}
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
    by_account = {source.vers.account: source.name for source in reversed(sources)}
    fleet_state.kept = {kept.request: kept for kept in await store.kept.rows() if kept.account in by_account}
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
            await recorder.load(agent_from_row(row, source, "" if known else row.account))


def _take_up(fleet_state: FleetState, receipt: Receipt, living: set[AgentId]) -> None:
    """Go on with a receipt that an earlier process left open; what can no longer be told is said so."""
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
