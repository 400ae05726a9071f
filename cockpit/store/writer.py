"""The one connection that writes, in its own thread: appends of many agents share a transaction.

When the disk refuses, appends wait in a bounded backlog and are tried again. What does not fit is left out together
with its cursor, and so is everything of that agent that would leave a hole: it is read from the VM once more.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cockpit.model.codec import safe_text
from cockpit.model.events import Record
from cockpit.model.ids import AgentId
from cockpit.store import schema, statements
from cockpit.store.errors import StoreError, is_damage, is_environmental, store_error
from cockpit.store.giving_way import give_way
from cockpit.store.open_file import suspicion_of
from cockpit.store.rows import StoredCursor

FLUSH_INTERVAL = 0.5
"""Seconds an append waits for others to share its transaction. Nobody waits to see it: what is shown does not come from
the file, and what a crash takes is read from the VM again."""

BATCH_RECORDS = 1_024
"""Records that make a transaction worth while at once."""

QUEUE_RECORDS = 8_192
"""Records that wait for the thread before callers are held back."""

TOLD_TOGETHER = 8
"""Callers that go on in one turn of the loop: two hundred, who share a transaction, take 4 ms, and a key waits."""

RECORD_BYTES = 4_096
"""A record whose line is longer counts as several."""

BACKLOG_RECORDS = 20_000
BACKLOG_BYTES = 16 * 2**20
"""Records, and bytes of their lines, that are kept while the disk refuses."""

RETRY_INTERVAL = 2.0
"""Seconds between two tries of the backlog."""

Write = Callable[[sqlite3.Connection], Any]


@dataclass(slots=True)
class Job:
    """Something to write, and who waits for it."""

    write: Write | None
    """None for an append."""
    done: asyncio.Future[Any]
    durable: bool = False
    """On the disk, and not only in the write-ahead log's cache, when its waiter goes on."""
    alone: bool = False
    """Outside a transaction."""
    low_priority: bool = False
    """It waits for others to share its transaction."""
    agent: str = ""
    records: Sequence[Record] = ()
    cursor: StoredCursor | None = None
    kept: bool = False
    """It comes from the backlog, which has no holes but may be followed by one."""
    size: int = field(init=False)
    """Bytes of the lines behind the records."""
    weight: int = field(init=False)
    """Its share of the queue's bound: its records, or as many as its bytes would usually be."""

    def __post_init__(self) -> None:
        self.size = sum(record.end - record.offset for record in self.records)
        self.weight = max(1, len(self.records), self.size // RECORD_BYTES)


class Writer:
    """Queues jobs on the event loop and runs them, in order, in a thread."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        self.trouble = ""
        """Why what was appended last is not in the file yet; empty while all is well."""
        self.behind: frozenset[str] = frozenset()
        """Agents of whom something was left out until they are read again from their stored cursor."""
        self._path = path
        status = path.stat()
        self._file = (status.st_dev, status.st_ino)
        self._loop = loop
        self._jobs: deque[Job] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._gathering = False
        self._gathered = 0
        self._flush_asked = False
        self._queued = 0
        self._room = asyncio.Event()
        self._outcomes: deque[tuple[Job, Any]] = deque()
        """Jobs that have ended and whose callers are not told yet, each with what came of it."""
        self._streams = statements.Streams()
        self._backlog: deque[Job] = deque()
        self._backlog_records = 0
        self._backlog_bytes = 0
        self._retry_at = 0.0
        self._gave_up = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    async def append(
        self, agent: AgentId, records: Sequence[Record], cursor: StoredCursor | None, *, low_priority: bool = False
    ) -> None:
        """Write records and a cursor in one transaction; return when it is committed, or waits in the backlog.

        Raises:
            StoreError: the disk refused, said once; the records wait in the backlog, and later appends join them.
        """
        await self._submit(
            Job(
                None,
                self._loop.create_future(),
                low_priority=low_priority,
                agent=safe_text(agent),
                records=records,
                cursor=cursor,
            )
        )

    async def run(self, write: Write, *, durable: bool = False, alone: bool = False) -> Any:
        """Run a function of the connection in a transaction; return what it returned.

        Raises:
            StoreError: the disk refused; nothing was changed.
        """
        return await self._submit(Job(write, self._loop.create_future(), durable=durable, alone=alone))

    def flush_now(self) -> None:
        """Write at once what waits for others to share its transaction."""
        with self._wake:
            self._flush_asked = True
            self._wake.notify()

    async def settle(self) -> None:
        """Return when everything submitted before is in the file.

        Raises:
            StoreError: it cannot be written now.
        """
        await self._submit(Job(lambda _: None, self._loop.create_future()))

    async def stop(self) -> None:
        """Write what waits, as far as the disk allows, and end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        await asyncio.to_thread(self._thread.join)

    async def _submit(self, job: Job) -> Any:
        while self._queued >= QUEUE_RECORDS:
            self._room.clear()
            await self._room.wait()
        with self._wake:
            if self._stopping:
                raise StoreError(f"the store {self._path} is closed")
            self._queued += job.weight
            self._gathered += job.weight
            self._jobs.append(job)
            # A thread that gathers wakes by itself: to wake it for each append costs more than the append.
            if not self._gathering or not job.low_priority or self._gathered >= BATCH_RECORDS:
                self._wake.notify()
        return await job.done

    # --- in the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        give_way()
        connection: sqlite3.Connection | None = None
        try:
            while (jobs := self._take()) is not None:
                try:
                    connection = connection or schema.connect(self._path)
                except sqlite3.Error as error:
                    self._refuse(jobs, error)
                    continue
                self._write(connection, jobs)
        finally:
            if connection is not None:
                with contextlib.suppress(sqlite3.Error):
                    connection.close()

    def _take(self) -> list[Job] | None:
        """Wait for jobs, or for the time to try the backlog again; return None when there is nothing left to do."""
        with self._wake:
            while not self._jobs and not self._stopping:
                pause = max(0.0, self._retry_at - time.monotonic()) if self._backlog else None
                if not self._wake.wait(pause) and self._backlog:
                    return []
            if not self._jobs:
                if not self._backlog:
                    return None
                return self._last_try()
            deadline = time.monotonic() + FLUSH_INTERVAL
            self._gathering = True
            while self._may_wait() and (left := deadline - time.monotonic()) > 0:
                self._wake.wait(left)
            self._gathering = self._flush_asked = False
            jobs = list(self._jobs)
            self._jobs.clear()
            self._gathered = 0
            return jobs

    def _last_try(self) -> list[Job] | None:
        """At the end, try the backlog once more and then give it up: the VMs still have it."""
        if self._gave_up:
            return None
        self._gave_up = True
        self._retry_at = 0.0
        return []

    def _may_wait(self) -> bool:
        if self._stopping or self._flush_asked or not all(job.low_priority for job in self._jobs):
            return False
        return self._gathered < BATCH_RECORDS

    def _write(self, connection: sqlite3.Connection, jobs: list[Job]) -> None:
        writes = [job for job in jobs if job.write is not None]
        if self._backlog and not writes and time.monotonic() < self._retry_at:
            self._keep([job for job in jobs if job.write is None])
            self._report([(job, None) for job in jobs])
            return
        waiting = list(self._backlog)
        try:
            outcomes = self._commit(connection, waiting + jobs)
        except Exception as error:
            if is_environmental(error):
                self._refuse(jobs, error)
            else:
                self._write_each(connection, waiting, jobs)
            return
        self._forget_backlog()
        self._set_trouble("")
        self._report(outcomes[len(waiting) :])

    def _write_each(self, connection: sqlite3.Connection, waiting: list[Job], jobs: list[Job]) -> None:
        """Write jobs one by one, so that one that cannot be written by its own fault fails alone."""
        self._forget_backlog()
        for job in waiting + jobs:
            try:
                outcomes = self._commit(connection, [job])
            except Exception as error:
                if is_environmental(error):
                    self._refuse([job], error)
                else:
                    self._report([(job, error)])
            else:
                self._report(outcomes)
        if not self._backlog:
            self._set_trouble("")

    def _commit(self, connection: sqlite3.Connection, jobs: list[Job]) -> list[tuple[Job, Any]]:
        """Run jobs in one transaction; all of them or none."""
        if any(job.alone for job in jobs):
            return self._commit_apart(connection, jobs)
        durable = any(job.durable for job in jobs)
        if durable:
            connection.execute("PRAGMA synchronous = FULL")
        behind = self.behind
        try:
            connection.execute("BEGIN IMMEDIATE")
            outcomes = [(job, self._apply(connection, job)) for job in jobs]
            connection.execute("COMMIT")
        except BaseException:
            self._streams.forget()
            self.behind = behind
            with contextlib.suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            raise
        finally:
            if durable:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("PRAGMA synchronous = NORMAL")
        return outcomes

    def _commit_apart(self, connection: sqlite3.Connection, jobs: list[Job]) -> list[tuple[Job, Any]]:
        outcomes: list[tuple[Job, Any]] = []
        for job in jobs:
            outcomes += [(job, self._apply(connection, job))] if job.alone else self._commit(connection, [job])
        return outcomes

    def _apply(self, connection: sqlite3.Connection, job: Job) -> Any:
        if job.write is not None:
            return job.write(connection)
        if job.agent in self.behind and not job.kept and not self._closes_gap(connection, job):
            return None
        statements.add_records(connection, self._streams, AgentId(job.agent), job.records, job.cursor)
        return None

    def _closes_gap(self, connection: sqlite3.Connection, job: Job) -> bool:
        """Say whether an append of an agent that is behind leaves no hole; one from the end on ends the gap."""
        if not job.records:
            return False
        first, last = job.records[0], job.records[-1]
        place = statements.stored_place(connection, job.agent)
        if place is None or first.epoch > place[0]:
            begins = first.offset == 0
        else:
            begins = first.epoch == place[0] and first.offset <= place[1]
        if begins and (place is None or last.epoch > place[0] or last.end >= place[1]):
            self.behind -= {job.agent}
        return begins

    def _refuse(self, jobs: list[Job], error: sqlite3.Error) -> None:
        """Keep appends for later, fail the rest, and say why."""
        failure = store_error("write to", self._path, error)
        if is_damage(error):
            with contextlib.suppress(OSError):
                suspicion_of(self._path).touch(mode=0o600)
        first = not self.trouble
        appends = [job for job in jobs if job.write is None]
        self._keep(appends)
        self._retry_at = time.monotonic() + RETRY_INTERVAL
        self._set_trouble(str(failure))
        told = appends[0] if first and appends else None
        self._report([(job, failure if job.write is not None or job is told else None) for job in jobs])

    def _keep(self, appends: list[Job]) -> None:
        for job in appends:
            records, size = self._backlog_records + len(job.records), self._backlog_bytes + job.size
            full = records > BACKLOG_RECORDS or size > BACKLOG_BYTES
            if full or job.agent in self.behind:
                self.behind |= {job.agent}
                continue
            job.kept = True
            self._backlog.append(job)
            self._backlog_records, self._backlog_bytes = records, size

    def _forget_backlog(self) -> None:
        self._backlog.clear()
        self._backlog_records = self._backlog_bytes = 0

    def _set_trouble(self, text: str) -> None:
        if not text and self._is_gone():
            text = f"history is not kept any more: {self._path} was removed or replaced; restart the cockpit"
        elif not text and self.behind:
            text = (
                f"history of {len(self.behind)} agents in {self._path} waits for a reconnect: it did not fit while the "
                "disk refused, and is read again from their VMs"
            )
        self.trouble = text

    def _is_gone(self) -> bool:
        """Say whether the file that is written to is no longer the one under its name."""
        try:
            found = self._path.stat()
        except OSError:
            return True
        return (found.st_dev, found.st_ino) != self._file

    def _report(self, outcomes: list[tuple[Job, Any]]) -> None:
        if not outcomes:
            return
        with contextlib.suppress(RuntimeError):  # the loop is gone, and with it everybody who waited
            self._loop.call_soon_threadsafe(self._resolve, outcomes)

    # --- on the loop -----------------------------------------------------------------------------

    def _resolve(self, outcomes: list[tuple[Job, Any]]) -> None:
        """Tell those who wait, in the order of their jobs, a few in a turn of the loop: each goes on at once then."""
        if not self._outcomes:
            self._loop.call_soon(self._tell_some)
        self._outcomes.extend(outcomes)

    def _tell_some(self) -> None:
        for _ in range(min(TOLD_TOGETHER, len(self._outcomes))):
            job, outcome = self._outcomes.popleft()
            self._queued -= job.weight
            if job.done.done():
                continue
            if isinstance(outcome, Exception):
                job.done.set_exception(outcome)
            else:
                job.done.set_result(outcome)
        self._room.set()
        if self._outcomes:
            self._loop.call_soon(self._tell_some)
