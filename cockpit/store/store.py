"""The store: what must outlive this process, in one SQLite file, behind an interface of one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path

from cockpit.model.codec import safe_text
from cockpit.model.events import Record
from cockpit.model.ids import AgentId
from cockpit.model.past import SearchHit
from cockpit.model.receipts.receipt import Receipt
from cockpit.store import prune, reader, search, statements
from cockpit.store.choices import Choices
from cockpit.store.creations import CreationLog
from cockpit.store.errors import StoreError
from cockpit.store.frozen import FrozenVms
from cockpit.store.host_keys import HostKeys
from cockpit.store.kept import KeptLog
from cockpit.store.names import Reservations
from cockpit.store.open_file import OpenedFile, open_file
from cockpit.store.progress import StoreProgress
from cockpit.store.reader import Reader
from cockpit.store.rows import AgentRow, Recollection, StoredCursor, StoredSnapshot
from cockpit.store.tables import Tables
from cockpit.store.writer import Writer

PAGE = 500
"""Records given at once unless asked otherwise."""

MAX_BYTES = 512 * 2**20
"""Size of the file that a prune without arguments allows."""

MAX_AGE = 90 * 86_400.0
"""Age in seconds of the oldest event that a prune without arguments keeps."""


class Store(Tables):
    """Events, cursors, snapshots, agents, receipts, answers, audit, host keys and search. Processes may share it.

    Reading sees what was appended before, as soon as the append returned; while `trouble` is set, what waits in the
    backlog is not seen.
    """

    def __init__(self, file: OpenedFile, now: Callable[[], float]) -> None:
        self.path = file.path
        self.notices: tuple[str, ...] = file.notices
        """What happened to the file at opening that the operator must know."""
        self.leases = file.leases
        """Who records which agent; writing does not ask for them, its callers do."""
        self._file = file
        self._now = now
        self._writer = Writer(file.path, asyncio.get_running_loop())
        self._reader = Reader(file.path)
        self.progress = StoreProgress(self._reader)
        """How far other processes have brought the file."""
        self.names = Reservations(self._writer, self._reader, now)
        """Names of agents that are being made, VMs that are perhaps ours, and those that were dismissed."""
        self.creations = CreationLog(self._writer, self._reader, self.leases)
        """Calls to make VMs that are under way or were cut off."""
        self.frozen = FrozenVms(self._writer, self._reader, now)
        """VMs that were frozen and are to be continued."""
        self.choices = Choices(self._writer, self._reader)
        """What the operator chose last."""
        self.kept = KeptLog(self._writer, self._reader, self.leases)
        """Commits that are kept of agents."""
        self._host_keys = HostKeys(file.path, now)
        self._closed = False

    @classmethod
    async def open(cls, path: Path, *, now: Callable[[], float] = time.time) -> Store:
        """Open a store, creating or upgrading its file (mode 0600).

        A file that is damaged or foreign is set aside as `NAME.broken-<utc time>`; an older one is copied before it is
        upgraded. Both are said in `notices`. Where the file cannot be used at all the store is temporary, and
        `trouble` says so.

        Args:
            path: the file.
            now: unix seconds, for the names of files set aside and for ages.

        Raises:
            NewerHistory: a newer cockpit wrote the file; it stays as it is.
            StoreError: not even a temporary file could be made.
        """
        file = await asyncio.to_thread(open_file, path, now)
        store = cls(file, now)
        store._writer.start()
        return store

    @property
    def refused(self) -> str:
        """Why the file that was asked for cannot be used, and nothing that it holds is here; empty otherwise."""
        return self._file.refused

    @property
    def trouble(self) -> str:
        """Why history is not being kept at the moment; empty while all is well."""
        return " · ".join(text for text in (self._file.trouble, self._writer.trouble) if text)

    @property
    def behind(self) -> frozenset[str]:
        """Agents whose newest lines were left out while the disk refused: read them again from `cursor(agent)`."""
        return self._writer.behind

    # --- an agent's output -----------------------------------------------------------------------

    async def append(
        self, agent: AgentId, records: Sequence[Record], cursor: StoredCursor | None, *, low_priority: bool = False
    ) -> None:
        """Add records and move the cursor in one transaction; what is there already is left alone.

        The cursor never moves back within an epoch. Callers are held back while too much is queued. With `cursor` None
        only the records are added, as for older history that is filled in. A `low_priority` caller waits up to half a
        second longer, so that many share a transaction.

        Raises:
            StoreError: the disk refused. It is raised once; the records wait in a bounded backlog that is tried again,
                later appends join it in silence, and `trouble` is set until it is written.
        """
        await self._writer.append(agent, records, cursor, low_priority=low_priority)

    def flush_now(self) -> None:
        """Let appends that wait for others to share their transaction wait no longer."""
        self._writer.flush_now()

    async def cursor(self, agent: AgentId) -> StoredCursor | None:
        """Return the cursor of the agent's newest epoch, at its beginning if nothing was read; None if unknown."""
        return await self._reader.run(lambda connection: reader.read_cursor(connection, agent))

    async def begin_epoch(
        self, agent: AgentId, identity: str, reason: str, at: float, *, ended: int | None = None
    ) -> tuple[int, str]:
        """Return the number of a file's epoch and why it began; of several processes that ask, all get the same.

        The newest epoch is returned if it began with this identity, else a new one is begun.

        Args:
            agent: whose output.
            identity: what tells the file from others, compared as text.
            reason: why the file is not the one read before; kept.
            at: unix seconds.
            ended: the epoch the caller found to be over. It is never returned, so that a file truncated in place, whose
                identity is the same, gets a new epoch.
        """
        begun: tuple[int, str] = await self._writer.run(
            lambda connection: statements.begin_epoch(connection, agent, identity, reason, at, ended)
        )
        return begun

    async def records(
        self,
        agent: AgentId,
        *,
        before: tuple[int, int] | None = None,
        after: tuple[int, int] | None = None,
        limit: int = PAGE,
        max_bytes: int | None = None,
        without: Collection[str] = (),
    ) -> list[Record]:
        """Return records in the order of (epoch, line).

        Args:
            agent: whose.
            before: (epoch, line), excluded: the newest `limit` records before it.
            after: (epoch, line), excluded: the oldest `limit` records after it. With neither, the newest of all.
            limit: how many at most.
            max_bytes: end with the record that brings what is kept of them to so many bytes.
            without: kinds of events, by their stable names, that are left out.
        """
        return await self._reader.run(
            lambda connection: reader.read_records(connection, agent, before, after, max(0, limit), max_bytes, without)
        )

    async def snapshot(self, agent: AgentId) -> StoredSnapshot | None:
        """Return the newest reduced state that is not ahead of its epoch's cursor."""
        return await self._reader.run(lambda connection: reader.read_snapshot(connection, agent))

    async def recollection(self, agent: AgentId, *, limit: int = PAGE) -> Recollection:
        """Return what brings an agent back: its newest snapshot, its newest `limit` records, its answers."""
        return await self._reader.run(lambda connection: reader.read_recollection(connection, agent, limit))

    async def save_snapshot(self, agent: AgentId, epoch: int, line: int, body: bytes) -> None:
        """Keep a reduced state as it was after a line. It is left out while the disk refuses: it can be folded anew."""
        with contextlib.suppress(StoreError):
            await self._writer.run(lambda connection: statements.save_snapshot(connection, agent, epoch, line, body))

    async def search(self, text: str, *, agent: AgentId | None = None, limit: int = 50) -> list[SearchHit]:
        """Find lines by words in prompts, answers, tool calls, outputs, questions and errors; the newest first.

        All words must be there, the last one as a beginning. Whatever is typed is a valid query.
        """
        return await self._reader.run(lambda connection: search.find(connection, text, agent, limit))

    async def place_at(self, agent: AgentId, at: float) -> tuple[int, int] | None:
        """Return epoch and line of what an agent wrote last before a moment, else of its first line; None of none."""
        return await self._reader.run(lambda connection: reader.read_place_at(connection, agent, at))

    # --- agents and the operator's acts ----------------------------------------------------------

    async def remember_agent(self, row: AgentRow) -> None:
        """Keep or replace what is known of an agent."""
        await self._writer.run(lambda connection: statements.save_agent(connection, row))

    async def agents(self, *, living: bool = False) -> list[AgentRow]:
        """Return every agent remembered, the oldest first.

        Args:
            living: leave out the destroyed ones: they are never pruned, and become many.
        """
        return await self._reader.run(lambda connection: reader.read_agents(connection, living))

    async def forget_agent(self, agent: AgentId) -> None:
        """Mark an agent as destroyed. Its transcript stays and can be searched."""
        at = self._now()
        await self._writer.run(
            lambda connection: connection.execute(
                "UPDATE agents SET destroyed_at = ? WHERE id = ? AND destroyed_at IS NULL",
                (at, safe_text(agent)),
            )
        )

    async def save_receipt(self, receipt: Receipt) -> None:
        """Keep or replace a receipt. It is on the disk when this returns: the command may be written then.

        What another process knows better stays: a receipt never goes back, and a closed one never opens.
        """
        await self._writer.run(lambda connection: statements.save_receipt(connection, receipt), durable=True)

    async def receipts(self, limit: int = PAGE) -> list[Receipt]:
        """Return the newest receipts, the oldest of them first."""
        return await self._reader.run(lambda connection: reader.read_receipts(connection, limit))

    async def save_answer(self, agent: AgentId, dialog_id: str, text: str, at: float) -> None:
        """Keep what was answered to a dialog; it is on the disk when this returns."""
        await self._writer.run(
            lambda connection: statements.save_answer(connection, agent, dialog_id, text, at), durable=True
        )

    async def answers(self, agent: AgentId) -> list[tuple[str, str]]:
        """Return (dialog id, text) of the answers given to an agent's dialogs, the oldest first."""
        return await self._reader.run(lambda connection: reader.read_answers(connection, agent))

    async def audit(self, at: float, verb: str, target: str, detail: str) -> None:
        """Add an act to the audit."""
        await self._writer.run(lambda connection: statements.add_audit(connection, at, verb, target, detail))

    # --- host keys: synchronous, for callbacks ---------------------------------------------------

    def known(self, identity: str) -> tuple[str, ...]:
        """Return the keys trusted for a host, the oldest first. Blocks for at most two seconds."""
        return self._host_keys.known(identity)

    def trust(self, identity: str, key: str) -> None:
        """Add a key to those trusted for a host. Blocks for at most two seconds."""
        self._host_keys.trust(identity, key)

    def distrust(self, identity: str) -> None:
        """Forget the keys of a host: the next one offered counts as the first."""
        self._host_keys.forget(identity)

    # --- upkeep ----------------------------------------------------------------------------------

    async def prune(self, *, max_bytes: int = MAX_BYTES, max_age_seconds: float = MAX_AGE) -> int:
        """Remove the oldest events until age and size are within bounds; return how many.

        Cursors, snapshots, agents and host keys stay. It works in short transactions between which events are written,
        so it may run at any time.
        """
        before = self._now() - max_age_seconds
        await self._writer.run(lambda connection: prune.drop_acts(connection, before))
        removed = await self._drop_while(lambda used, oldest: oldest < before, before)
        used = int(await self._writer.run(prune.used_bytes))
        if used > max_bytes:
            low = max_bytes * prune.LOW_MARK
            removed += await self._drop_while(lambda used, oldest: used > low, None)
        if removed:
            await self._writer.run(prune.tidy_index)
            while await self._writer.run(prune.give_back, alone=True):
                pass
        return removed

    async def _drop_while(self, wanted: Callable[[int, float], bool], before: float | None) -> int:
        removed = 0
        while True:
            oldest = await self._writer.run(prune.oldest_stream)
            used = int(await self._writer.run(prune.used_bytes))
            if oldest is None or not wanted(used, oldest[1]):
                return removed
            count = await self._writer.run(partial(prune.drop_oldest, stream=oldest[0], before=before))
            if not count:
                return removed
            removed += int(count)

    async def flush(self) -> None:
        """Return when everything appended before is in the file.

        Raises:
            StoreError: it cannot be written now.
        """
        await self._writer.settle()

    async def close(self) -> None:
        """Write what waits, as far as the disk allows, and let go of the file. May be called twice."""
        if self._closed:
            return
        self._closed = True
        await self._writer.stop()
        await self._reader.close()
        self._host_keys.close()
        await asyncio.to_thread(self._file.release)
