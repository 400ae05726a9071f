"""A store in memory, with the answers and the order of the real one; `refuses` is a disk that takes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from cockpit.model.codec import KINDS
from cockpit.model.events import Record
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.inbox.history import Decided, HowEnded
from cockpit.model.inbox.shelf import Shelved
from cockpit.model.kept import KeptCommit
from cockpit.model.receipts.receipt import Receipt
from cockpit.model.receipts.receipts import is_newer
from cockpit.store.creations import CreationRow
from cockpit.store.errors import StoreError
from cockpit.store.rows import AgentRow, Recollection, StoredCursor, StoredSnapshot
from cockpit.store.usage.budgets import BudgetLog
from tests.store.audit import AuditRow

NAMES = {kind: name for name, kind in KINDS.items()}


class MemoryLeases:
    """The leases of one process; `others` holds what another process has."""

    def __init__(self) -> None:
        self.held: set[AgentId] = set()
        self.others: set[AgentId] = set()
        self.broken = ""

    def holds(self, agent: AgentId) -> bool:
        """Say whether this process has it."""
        return agent in self.held

    def take(self, agent: AgentId) -> bool:
        """Take it if nobody else has it."""
        if self.broken:
            raise StoreError(self.broken)
        if agent in self.others:
            return False
        self.held.add(agent)
        return True

    def release(self, agent: AgentId) -> None:
        """Give it back."""
        self.held.discard(agent)


class MemoryProgress:
    """What other processes wrote."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def news(self, agents: Collection[AgentId], *, anyway: bool = False) -> dict[AgentId, tuple[int, int]] | None:
        """Return the places of agents' cursors."""
        store = self._store
        store.check_readable()
        if not (anyway or store.written_by_others):
            return None
        store.written_by_others = False
        return {
            agent: (store.cursors[agent].epoch, store.cursors[agent].line) for agent in agents if agent in store.cursors
        }

    async def receipts(self, after: int) -> tuple[int, list[Receipt]]:
        """Return the receipts written since a mark."""
        store = self._store
        store.check_readable()
        newest = max(store.marks.values(), default=0)
        fresh = [store.saved[known] for known, mark in store.marks.items() if mark >= min(after, newest)]
        return newest, sorted(fresh, key=lambda receipt: receipt.created_at)

    async def run_before(self, agent: AgentId, place: tuple[int, int]) -> tuple[int, int]:
        """Return the place before the run that was open at a place."""
        lines = [
            record.line
            for record in self._store.streams.get(agent, [])
            if (record.epoch, record.line) <= place
            and record.epoch == place[0]
            and NAMES[type(record.event)] == "run_started"
        ]
        return (place[0], max(lines) - 1) if lines else place


class MemoryKept:
    """Commits that are kept; `others` holds the orders of another process."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.kept: dict[str, KeptCommit] = {}
        self.held: set[str] = set()
        self.others: set[str] = set()

    async def put(self, kept: KeptCommit) -> None:
        """Write it down."""
        self._store.check_writable()
        self.kept[kept.request] = kept

    async def forget(self, request: str) -> None:
        """Forget it."""
        self._store.check_writable()
        self.kept.pop(request, None)

    def take(self, request: str) -> bool:
        """Hold an order."""
        if request in self.held | self.others:
            return False
        self.held.add(request)
        return True

    def let_go(self, request: str) -> None:
        """Hold it no more."""
        self.held.discard(request)

    async def rows(self) -> list[KeptCommit]:
        """Return all of them."""
        self._store.check_readable()
        return sorted(self.kept.values(), key=lambda kept: kept.at)


class MemoryNames:
    """Names that are held, and VMs that are perhaps ours."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.holders: dict[str, str] = {}
        self.suspected: dict[str, str] = {}

    async def reserve(self, name: str, holder: str) -> bool:
        """Take a name if nobody has it."""
        self._store.check_writable()
        return self.holders.setdefault(name, holder) == holder

    async def renew(self, name: str, holder: str) -> None:
        """Keep it."""

    async def held(self) -> frozenset[str]:
        """Return the names that are held."""
        return frozenset(self.holders)

    async def release(self, name: str, holder: str) -> None:
        """Give it free."""
        if self.holders.get(name) == holder:
            del self.holders[name]

    async def suspect(self, vm_id: str, evidence: str) -> None:
        """Keep evidence."""
        self._store.check_writable()
        self.suspected[vm_id] = evidence

    async def clear(self, vm_id: str) -> None:
        """Forget it."""
        self._store.check_writable()
        self.suspected.pop(vm_id, None)

    async def suspects(self) -> dict[str, str]:
        """Return all of it."""
        return dict(self.suspected)

    async def dismissed(self) -> dict[str, str]:
        """Nothing was dismissed."""
        return {}


class MemoryFrozen:
    """VMs that were frozen."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.kept: dict[str, str] = {}

    async def add(self, vm_id: str, why: str) -> None:
        """Keep one."""
        self._store.check_writable()
        self.kept[vm_id] = why

    async def forget(self, vm_id: str) -> None:
        """Forget one."""
        self._store.check_writable()
        self.kept.pop(vm_id, None)

    async def all(self) -> dict[str, str]:
        """Return all of them."""
        return dict(self.kept)


class MemoryChoices:
    """What was chosen last."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    async def keep(self, name: str, value: str) -> None:
        """Keep a choice."""
        self.held[name] = value

    async def forget(self, name: str) -> None:
        """Keep a choice no more."""
        self.held.pop(name, None)

    async def kept(self) -> dict[str, str]:
        """Return all choices."""
        return dict(self.held)


class MemoryCreations:
    """Calls to make VMs that were written down; one process alone makes them."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.written: dict[str, CreationRow] = {}
        self._held: set[str] = set()

    async def begin(self, row: CreationRow) -> None:
        """Write a call down, and hold it."""
        self._held.add(row.request)
        self._store.check_writable()
        self.written[row.request] = row

    async def made(self, request: str, vm_ids: Iterable[str]) -> None:
        """Write down what is ours."""
        self._store.check_writable()
        if request in self.written:
            self.written[request] = replace(self.written[request], vms=tuple(vm_ids))

    async def finish(self, request: str) -> None:
        """Forget a call that left nothing."""
        self._held.discard(request)
        self._store.check_writable()
        if request in self.written and not self.written[request].vms:
            del self.written[request]

    async def settle(self, vm_id: str) -> None:
        """Forget of a VM that a call made it."""
        self._store.check_writable()
        for request, row in list(self.written.items()):
            left = tuple(known for known in row.vms if known != vm_id)
            self.written[request] = replace(row, vms=left)
            if row.vms and not left:
                del self.written[request]

    async def tell(self, request: str) -> None:
        """Keep that it was said."""
        self.written[request] = replace(self.written[request], told=True)

    def take(self, request: str) -> bool:
        """Hold a call that was cut off."""
        free = request not in self._held
        self._held.add(request)
        return free

    def let_go(self, request: str) -> None:
        """Hold it no more."""
        self._held.discard(request)

    async def rows(self) -> list[CreationRow]:
        """Return all of them."""
        return list(self.written.values())


class MemoryInbox:
    """What is put off, and what became of questions."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.off: dict[str, Shelved] = {}
        self.ended: dict[tuple[str, str], Decided] = {}

    async def put_off(self, one: Shelved) -> None:
        """Keep one."""
        self._store.check_writable()
        self.off[one.key] = one

    async def take_back(self, key: str) -> None:
        """Drop one."""
        self._store.check_writable()
        self.off.pop(key, None)

    async def shelved(self) -> tuple[Shelved, ...]:
        """Return what is put off."""
        self._store.check_readable()
        return tuple(self.off.values())

    async def add(self, one: Decided) -> None:
        """Remember one; an answer counts more than that it was withdrawn."""
        self._store.check_writable()
        if one.outcome is HowEnded.ANSWERED:
            self.ended[one.key, one.mark] = one
        else:
            self.ended.setdefault((one.key, one.mark), one)

    async def decided(self, limit: int) -> tuple[Decided, ...]:
        """Return the newest."""
        return tuple(sorted(self.ended.values(), key=lambda one: -one.at))[:limit]


class MemoryStore:
    """What `cockpit.store.store.Store` does for the engine, without a file and without threads."""

    def __init__(self) -> None:
        self.refuses = ""
        """Why nothing can be written; empty while all is well."""
        self.unreadable = ""
        """Why nothing can be read."""
        self.written_by_others = False
        self.leases = MemoryLeases()
        self.progress = MemoryProgress(self)
        self.names = MemoryNames(self)
        self.kept = MemoryKept(self)
        self.path = Path("/nonexistent/history")
        self.creations = MemoryCreations(self)
        self.frozen = MemoryFrozen(self)
        self.choices = MemoryChoices()
        self.budgets: BudgetLog | None = None
        """What a test about them gives."""
        self.inbox = MemoryInbox(self)
        self.notices: tuple[str, ...] = ()
        self.trouble = ""
        self.streams: dict[AgentId, list[Record]] = {}
        self.cursors: dict[AgentId, StoredCursor] = {}
        self.epochs: dict[AgentId, list[str]] = {}
        self.reasons: dict[tuple[AgentId, int], str] = {}
        self.snapshots: dict[AgentId, StoredSnapshot] = {}
        self.saved: dict[CommandId, Receipt] = {}
        self.marks: dict[CommandId, int] = {}
        self.rows: dict[AgentId, AgentRow] = {}
        self.given: dict[AgentId, list[tuple[str, str]]] = {}
        self.acts: list[AuditRow] = []
        self.log: list[str] = []
        """What was written, in order, for tests of the order."""

    def check_writable(self) -> None:
        """Raise what a full disk raises, if it is full."""
        if self.refuses:
            raise StoreError(self.refuses)

    def check_readable(self) -> None:
        """Raise what a broken file raises, if it is broken."""
        if self.unreadable:
            raise StoreError(self.unreadable)

    async def append(
        self, agent: AgentId, records: Sequence[Record], cursor: StoredCursor | None, *, low_priority: bool = False
    ) -> None:
        """Add records that are not there yet, and move the cursor."""
        self.check_writable()
        stream = {(record.epoch, record.line): record for record in self.streams.get(agent, [])}
        for record in records:
            stream.setdefault((record.epoch, record.line), record)
        self.streams[agent] = [stream[place] for place in sorted(stream)]
        if cursor is not None:
            self.cursors[agent] = cursor
        self.log.append(f"append {len(records)}")

    def flush_now(self) -> None:
        """Nothing waits here."""

    async def flush(self) -> None:
        """Nothing waits here."""
        self.check_writable()

    async def cursor(self, agent: AgentId) -> StoredCursor | None:
        """Return the cursor."""
        self.check_readable()
        return self.cursors.get(agent)

    async def begin_epoch(
        self, agent: AgentId, identity: str, reason: str, at: float, *, ended: int | None = None
    ) -> tuple[int, str]:
        """Return the number of a file's epoch and why it began."""
        self.check_writable()
        known = self.epochs.setdefault(agent, [])
        if not known or known[-1] != identity:
            known.append(identity)
            self.reasons[agent, len(known)] = reason
        return len(known), self.reasons[agent, len(known)]

    async def records(
        self,
        agent: AgentId,
        *,
        before: tuple[int, int] | None = None,
        after: tuple[int, int] | None = None,
        limit: int = 500,
        max_bytes: int | None = None,
        without: Collection[str] = (),
    ) -> list[Record]:
        """Return records in their order."""
        self.check_readable()
        found = [
            record
            for record in self.streams.get(agent, [])
            if NAMES[type(record.event)] not in without
            and (before is None or (record.epoch, record.line) < before)
            and (after is None or (record.epoch, record.line) > after)
        ]
        return found[:limit] if after is not None else found[-limit:]

    async def snapshot(self, agent: AgentId) -> StoredSnapshot | None:
        """Return the newest reduced state."""
        return self.snapshots.get(agent)

    async def recollection(self, agent: AgentId, *, limit: int = 500) -> Recollection:
        """Return what brings an agent back."""
        newest = await self.records(agent, limit=limit)
        return Recollection(self.snapshots.get(agent), newest, self.given.get(agent, []))

    async def save_snapshot(self, agent: AgentId, epoch: int, line: int, body: bytes) -> None:
        """Keep a reduced state."""
        if not self.refuses:
            self.snapshots[agent] = StoredSnapshot(epoch, line, body)
            self.log.append(f"snapshot {epoch}:{line}")

    async def remember_agent(self, row: AgentRow) -> None:
        """Keep what is known of an agent."""
        self.check_writable()
        self.rows[row.id] = row

    async def agents(self, *, living: bool = False) -> list[AgentRow]:
        """Return every agent remembered, or those alone that were not destroyed."""
        self.check_readable()
        return [row for row in self.rows.values() if row.destroyed_at is None or not living]

    async def forget_agent(self, agent: AgentId) -> None:
        """Mark an agent as destroyed."""
        self.check_writable()
        if agent in self.rows:
            self.rows[agent] = replace(self.rows[agent], destroyed_at=1.0)

    async def save_receipt(self, receipt: Receipt) -> None:
        """Keep a receipt if it is ahead of the one that is kept."""
        self.check_writable()
        known = self.saved.get(receipt.id)
        if known is None or is_newer(receipt, known.stage, len(known.stages)):
            self.saved[receipt.id] = receipt
            self.marks[receipt.id] = max(self.marks.values(), default=0) + 1
            self.log.append(f"receipt {receipt.stage.value}")

    async def receipts(self, limit: int = 500) -> list[Receipt]:
        """Return the newest receipts."""
        self.check_readable()
        return sorted(self.saved.values(), key=lambda receipt: receipt.created_at)[-limit:]

    async def save_answer(self, agent: AgentId, dialog_id: str, text: str, at: float) -> None:
        """Keep what was answered."""
        self.check_writable()
        self.given.setdefault(agent, []).append((dialog_id, text))

    async def audit(self, at: float, verb: str, target: str, detail: str) -> None:
        """Add an act."""
        self.check_writable()
        self.acts.append(AuditRow(at, verb, target, detail))
