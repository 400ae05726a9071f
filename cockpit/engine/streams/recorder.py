"""Where lines end up: stored, folded into the agent's state, shown in its transcript, matched with receipts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from cockpit.agents.kinds import USUAL
from cockpit.engine.agent_record import with_protocol
from cockpit.engine.memory import with_names_of
from cockpit.engine.streams.outbox import Outbox
from cockpit.model.events import Record, Responded
from cockpit.model.fleet import Agent, Link
from cockpit.model.reduce.reduce import awaits_time, expire, mark_seen, only_stamps, reduce_agent
from cockpit.model.reduce.stamp import stamped
from cockpit.store.errors import StoreError

if TYPE_CHECKING:
    from cockpit.engine.state import FleetState
    from cockpit.model.ids import AgentId
    from cockpit.model.receipts.receipts import ReceiptBook
    from cockpit.store.rows import StoredCursor
    from cockpit.store.store import Store

log = logging.getLogger(__name__)

TRANSCRIPT_RECORDS = 1_500
"""Newest records read back per agent for its transcript; older history is paged in on demand."""

FOLD_PAGE = 5_000
"""Records folded at a time behind an agent's last snapshot."""

TICK = 0.1
"""Seconds between two looks at what only time can settle, while there is something."""

STORED_LATE = 1.0
"""Seconds by which a line is seen later here that another cockpit reads and stores: it may wait half a second for a
transaction, and a quarter of one for the look that finds it; the rest is for a busy machine."""

SNAPSHOT_EVERY = 2_000
"""Lines between two snapshots of an agent's state, so that a relaunch folds no more than this."""


class Recorder:
    """Applies records. Folding twice is harmless: what is at or before the agent's last line is skipped."""

    def __init__(self, fleet_state: FleetState, store: Store, book: ReceiptBook) -> None:
        self._fleet_state = fleet_state
        self._store = store
        self._book = book
        self._unsaved: dict[AgentId, int] = {}
        self._touched: set[AgentId] = set()
        self._caught_up: set[AgentId] = set()
        """Agents of whom lines came from the store: until this cockpit records them they come late."""
        self._expected: dict[str, asyncio.Future[Responded]] = {}
        self._awaited = asyncio.Event()
        """Set when time alone may change an agent."""
        self.focused: AgentId | None = None
        self.outbox = Outbox(fleet_state, store, book)

    def expect(self, command_id: str) -> asyncio.Future[Responded]:
        """Return a future for the agent's response to a command that is about to be written."""
        future: asyncio.Future[Responded] = asyncio.get_running_loop().create_future()
        self._expected[command_id] = future
        future.add_done_callback(lambda _: self._expected.pop(command_id, None))
        return future

    async def load(self, agent: Agent) -> None:
        """Bring an agent back from the store: its state as of its cursor, and its newest transcript."""
        kept = await self._store.recollection(agent.id, limit=TRANSCRIPT_RECORDS)
        state = self._restore(agent, kept.snapshot.body) if kept.snapshot is not None else None
        await self.outbox.load(state or agent, (state.epoch, state.line) if state else (0, -1))
        self._fleet_state.put_agent(state or agent)
        transcript = self._fleet_state.transcript(agent.id)
        for record in kept.records:
            transcript.apply(record)
        place = (state.epoch, state.line) if state else (0, -1)
        newest = kept.records
        if len(newest) == TRANSCRIPT_RECORDS and (newest[0].epoch, newest[0].line) > place:
            # The snapshot is older than all of these: what lies between is folded first.
            while records := await self._store.records(agent.id, after=place, limit=FOLD_PAGE):
                self._fold_state(self._fleet_state.agents[agent.id], records)
                place = (records[-1].epoch, records[-1].line)
        else:
            behind = [record for record in newest if (record.epoch, record.line) > place]
            self._fold_state(self._fleet_state.agents[agent.id], behind)
        for dialog_id, text in kept.answers:
            transcript.answered(dialog_id, text)

    async def catch_up(self, agent_id: AgentId) -> None:
        """Apply what another cockpit stored since this agent was read back: reading goes on behind it."""
        self._caught_up.add(agent_id)
        while (agent := self._fleet_state.agents.get(agent_id)) is not None:
            place = (agent.epoch, agent.line) if agent.epoch else (0, -1)
            records = await self._store.records(agent_id, after=place, limit=FOLD_PAGE)
            self.fold_all(records)
            if not records or (records[-1].epoch, records[-1].line) <= place:
                return

    def _restore(self, agent: Agent, body: bytes) -> Agent | None:
        try:
            saved = msgspec.json.decode(body, type=Agent)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            log.warning("agent %s: its saved state cannot be read and is folded anew: %s", agent.name, error)
            return None
        restored = replace(
            with_names_of(saved, agent),
            kind=agent.kind,
            program=agent.program or saved.program,
            parent=agent.parent,
            parent_vm=agent.parent_vm or saved.parent_vm,
            source=agent.source,
            directory=agent.directory,
            elsewhere=agent.elsewhere,
            link=Link(),
        )
        return with_protocol(restored)

    def fold_all(self, records: Sequence[Record]) -> None:
        """Apply one agent's records, in their order, to everything that shows them; those known already are skipped."""
        agent = self._fleet_state.agents.get(records[0].agent) if records else None
        if agent is None:
            return
        place = (agent.epoch, agent.line)
        fresh = [record for record in records if (record.epoch, record.line) > place]
        if not fresh:
            return
        self._touched.add(agent.id)
        apply = self._fleet_state.transcript(agent.id).apply
        for record in fresh:
            apply(record)
        self._fold_state(agent, fresh)
        if self._expected:
            self._tell_expecting(fresh)

    def _fold_state(self, agent: Agent, records: Sequence[Record]) -> None:
        """Fold records that come after the agent's last line."""
        observe, watcher = self._book.observe, self._fleet_state.run_watcher
        latest: Record | None = None
        ended = False
        for record in records:
            if only_stamps(agent, record):
                # Nearly all are of this kind, and of many in a row only the last one leaves a trace.
                latest, receipts = record, observe(record, False)
            else:
                before = agent if latest is None else stamped(agent, latest, worked=True)
                agent, latest = reduce_agent(before, record), None
                if watcher is not None and before.run_open is not agent.run_open:
                    if agent.run_open:
                        watcher.run_began(agent, record)
                    else:
                        watcher.run_ended(agent)
                ended = ended or (before.run_open and not agent.run_open)
                receipts = observe(record, before.run_open and not agent.run_open)
            if receipts:
                self._fleet_state.put_receipts(receipts)
        if latest is not None:
            agent = stamped(agent, latest, worked=True)
        elif awaits_time(agent):
            self._awaited.set()
        self._fleet_state.put_agent(mark_seen(agent) if self.focused == agent.id else agent)
        if ended and self._fleet_state.turn_watcher is not None:
            self._fleet_state.turn_watcher.run_ended(agent)

    def _tell_expecting(self, records: Sequence[Record]) -> None:
        for record in records:
            if isinstance(record.event, Responded):
                waiting = self._expected.get(record.event.command_id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(record.event)

    def note_dialect(self, agent_id: AgentId, dialect: str) -> None:
        """Note which dialect of its protocol an agent speaks, once its stream has shown it."""
        agent = self._fleet_state.agents.get(agent_id)
        if agent is not None and dialect and agent.dialect != dialect:
            # Who started it did not say what it is: its own words do.
            program = agent.program or USUAL.name
            self._fleet_state.put_agent(with_protocol(replace(agent, dialect=dialect, program=program)))
            # No stored line tells it: the snapshot is how the cockpits that follow the store learn it.
            self._unsaved[agent_id] = SNAPSHOT_EVERY

    async def recall_dialect(self, agent_id: AgentId) -> None:
        """Learn from another cockpit's snapshot which dialect an agent speaks."""
        snapshot = await self._store.snapshot(agent_id)
        agent = self._fleet_state.agents.get(agent_id)
        saved = self._restore(agent, snapshot.body) if snapshot is not None and agent is not None else None
        if agent is not None and saved is not None and saved.dialect:
            self._fleet_state.put_agent(with_protocol(replace(agent, dialect=saved.dialect)))

    def flush_now(self) -> None:
        """Let what is being kept wait no longer for others to share its transaction."""
        self._store.flush_now()

    async def keep(
        self, agent_id: AgentId, records: Sequence[Record], cursor: StoredCursor, low_priority: bool = False
    ) -> None:
        """Write records and the cursor behind them in one transaction; waits, so that a fast agent is held back.

        A `low_priority` caller waits up to half a second longer, so that many agents share a transaction.
        """
        try:
            await self._store.append(agent_id, records, cursor, low_priority=low_priority)
        except StoreError as error:
            # The store keeps what it can and tries again; the lines themselves stay on the VM.
            log.error("agent %s: %s", agent_id, error)
        self._unsaved[agent_id] = self._unsaved.get(agent_id, 0) + len(records)
        agent = self._fleet_state.agents.get(agent_id)
        if agent is not None and (self._unsaved[agent_id] >= SNAPSHOT_EVERY or not agent.run_open):
            await self.save(agent)

    async def save(self, agent: Agent) -> None:
        """Write a snapshot of an agent's state, behind the receipts: lines before it are not judged again."""
        self._unsaved[agent.id] = 0
        await self.save_receipts()
        await self._store.save_snapshot(agent.id, agent.epoch, agent.line, msgspec.json.encode(agent))

    async def save_changed(self, agent_id: AgentId) -> None:
        """Write a snapshot of an agent if it changed here and no other cockpit records it: theirs may be newer."""
        agent, leases = self._fleet_state.agents.get(agent_id), self._store.leases
        held = leases.holds(agent_id)
        if agent_id in self._touched and agent is not None and leases.take(agent_id):
            self._touched.discard(agent_id)
            try:
                await self.save(agent)
            finally:
                if not held:
                    leases.release(agent_id)

    async def save_touched(self) -> None:
        """Write snapshots of all such agents."""
        for agent_id in list(self._touched):
            await self.save_changed(agent_id)

    async def save_receipts(self) -> None:
        """Write the receipts that changed; what the disk refuses is tried again with the next call."""
        for command_id in list(self._fleet_state.unsaved_receipts):
            receipt = self._fleet_state.receipts.get(command_id)
            if receipt is not None:
                try:
                    await self._store.save_receipt(receipt)
                except StoreError:
                    return  # The store says so itself, in its health.
            if self._fleet_state.receipts.get(command_id) is receipt:
                self._fleet_state.unsaved_receipts.discard(command_id)

    def focus(self, agent_id: AgentId | None) -> None:
        """Note which agent the operator looks at; its finished run counts as seen."""
        self.focused = agent_id
        agent = self._fleet_state.agents.get(agent_id) if agent_id else None
        if agent is not None:
            self._touched.add(agent.id)
            self._fleet_state.put_agent(mark_seen(agent))

    async def keep_time(self) -> None:
        """Let time pass for the agents that it may change, until cancelled; while there are none nobody is woken."""
        while True:
            await self._awaited.wait()
            if not self.tick():
                self._awaited.clear()
            await asyncio.sleep(TICK)

    def tick(self) -> bool:
        """Let time pass: runs settle, dialogs expire; return whether there is still something to wait for."""
        now = self._fleet_state.clock.now()
        waiting = False
        for before in list(self._fleet_state.agents.values()):
            if not awaits_time(before):
                continue
            # Silence proves something only if what was said meanwhile would have come by now.
            late = before.id in self._caught_up and not self._store.leases.holds(before.id)
            known_until = now - STORED_LATE if late else now
            self._fleet_state.transcript(before.id).expire(known_until)
            after = expire(before, known_until)
            if after is not before:
                self._touched.add(after.id)
                if before.run_open and not after.run_open:
                    self._fleet_state.put_receipts(self._book.run_settled(after.id, now))
                self._fleet_state.put_agent(mark_seen(after) if self.focused == after.id else after)
                if before.run_open and not after.run_open:
                    for watcher in (self._fleet_state.turn_watcher, self._fleet_state.run_watcher):
                        if watcher is not None:
                            watcher.run_ended(after)
            waiting = waiting or awaits_time(after)
        return waiting
