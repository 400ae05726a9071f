"""The log of usage in one store: what agents, tasks and VMs took, and what services told of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence

from cockpit.model.codec import safe_text
from cockpit.model.content import Usage
from cockpit.model.ids import AgentId, TaskId, VmId
from cockpit.model.shared.usage import SessionUsage
from cockpit.model.size import VmSize
from cockpit.model.usage.bucket import QUARTER, Bucket, TaskBucket
from cockpit.model.usage.charge import bounded
from cockpit.model.usage.machines import VmNow, VmSpan
from cockpit.model.usage.tasks import OnTask
from cockpit.store.reader import Reader
from cockpit.store.usage import charges
from cockpit.store.writer import Writer

LOOKED = 300.0
"""Seconds between two looks at a VM after which it was not seen in between."""

SLACK = 0.5
"""Seconds by which an answer may lie outside the prompt that a service tells of."""


class UsageLog:
    """What was spent, in one store."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def count_older(self) -> bool:
        """Count some more of the events that an older version stored; say whether any are left.

        Raises:
            StoreError: the disk refused.
        """
        return bool(await self._writer.run(charges.count_older))

    async def mark(self) -> tuple[int, int]:
        """Return the number of the newest charge, and how many there are: together they tell of every change."""
        return await self._reader.run(charges.read_mark)

    async def buckets(self, since: float, width: float = QUARTER) -> list[Bucket]:
        """Return what agents' own output says that was spent since a moment, in buckets of some seconds."""
        return await self._reader.run(lambda connection: charges.read_buckets(connection, since, width))

    async def tasks(self, since: float) -> list[TaskBucket]:
        """Return what was spent on tasks since a moment."""
        return await self._reader.run(lambda connection: charges.read_tasks(connection, since))

    async def totals(self, after: int = 0) -> dict[AgentId, Usage]:
        """Return what each agent spent since the beginning, or in the charges that were added after one."""
        return await self._reader.run(lambda connection: charges.read_totals(connection, after))

    async def begun_late(self) -> set[AgentId]:
        """Return the agents of whose files the beginning was not read."""
        return await self._reader.run(charges.read_beginnings)

    # --- services ------------------------------------------------------------------------------------

    async def add_service(self, place: str, told: Sequence[SessionUsage]) -> None:
        """Keep what a service told; what is there already is left alone.

        Args:
            place: which service it was, so that two may use the same ids.
            told: any part of its records.
        """
        await self._writer.run(lambda connection: add_service(connection, place, told))

    async def service_rest(self, since: float, ids: Mapping[str, Collection[AgentId]]) -> list[Bucket]:
        """Return what services told since a moment beyond what was read of the same prompts in the agents' output.

        Args:
            since: unix seconds.
            ids: the agents that bear, or bore, each name.
        """
        return await self._reader.run(lambda connection: service_rest(connection, since, ids))

    # --- tasks and VMs -------------------------------------------------------------------------------

    async def note_tasks(self, on: Sequence[OnTask]) -> None:
        """Note who is on what; what is known already is left alone, and goes on if it had ended since."""
        await self._writer.run(lambda connection: _note_tasks(connection, on))

    async def open_tasks(self) -> list[tuple[TaskId, AgentId]]:
        """Return who was on what when it was last noted."""
        return await self._reader.run(
            lambda connection: [
                (TaskId(task), AgentId(agent))
                for task, agent in connection.execute("SELECT DISTINCT task, agent FROM task_spans WHERE ended IS NULL")
            ]
        )

    async def end_task(self, task: TaskId, agent: AgentId, at: float) -> None:
        """Note that an agent is on a task no longer."""
        await self._writer.run(
            lambda connection: connection.execute(
                "UPDATE task_spans SET ended = max(began, ?) WHERE task = ? AND agent = ? AND ended IS NULL",
                (at, safe_text(task), safe_text(agent)),
            )
        )

    async def note_vms(self, looks: Sequence[VmNow], now: float) -> None:
        """Note how VMs are now."""
        await self._writer.run(lambda connection: _note_vms(connection, looks, now))

    async def vm_spans(self, since: float) -> list[VmSpan]:
        """Return the times in which VMs ran, or did not, that reach into the time since a moment."""
        return await self._reader.run(lambda connection: _vm_spans(connection, since))


def add_service(connection: sqlite3.Connection, place: str, told: Sequence[SessionUsage]) -> None:
    """Add what a service told; what is there already is left alone."""
    for one in told:
        tokens = one.tokens
        usage = bounded(Usage(tokens.input, tokens.output, tokens.cache_read, tokens.cache_write, one.cost.total))
        names = (safe_text(place), safe_text(one.id), safe_text(one.agent), one.started_at, one.ended_at)
        counts = (usage.input, usage.output, usage.cache_read, usage.cache_write, usage.cost, one.turns)
        connection.execute(
            "INSERT OR IGNORE INTO service_charges VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*names, safe_text(one.model), *counts),
        )


def service_rest(connection: sqlite3.Connection, since: float, ids: Mapping[str, Collection[AgentId]]) -> list[Bucket]:
    """Return what services told beyond what was read of the same prompts."""
    rows = connection.execute(
        """
        SELECT agent, began, ended, model, input, output, cache_read, cache_write, cost, turns FROM service_charges
        WHERE ended >= ? ORDER BY ended
        """,
        (since,),
    ).fetchall()
    found = []
    for name, began, ended, model, *numbers, turns in rows:
        read = [0.0] * 6
        for agent in ids.get(name, ()):
            sums = connection.execute(
                """
                SELECT sum(input), sum(output), sum(cache_read), sum(cache_write), sum(cost), count(*) FROM charges
                WHERE agent = ? AND at BETWEEN ? AND ?
                """,
                (safe_text(agent), began - SLACK, ended + SLACK),
            ).fetchone()
            read = [have + (more or 0) for have, more in zip(read, sums, strict=True)]
        rest = [max(0, told - have) for told, have in zip(numbers, read, strict=False)]
        # Services round what agents tell exactly: less than a cent's thousandth of a whole prompt is no rest.
        money = rest[4] if rest[4] >= 1e-5 else 0.0
        usage = Usage(int(rest[0]), int(rest[1]), int(rest[2]), int(rest[3]), money)
        if usage != Usage():
            known = tuple(ids.get(name, ()))
            only = known[0] if len(known) == 1 else None
            answers = max(0, int(turns) - int(read[5]))
            found.append(Bucket(only, name, ended, model, "", usage, answers, whole=True, exact=False))
    return found


def _note_tasks(connection: sqlite3.Connection, on: Sequence[OnTask]) -> None:
    for one in on:
        names = (safe_text(one.task), safe_text(one.agent))
        open_ = connection.execute(
            "SELECT 1 FROM task_spans WHERE task = ? AND agent = ? AND ended IS NULL", names
        ).fetchone()
        if open_ is None:
            connection.execute(
                "INSERT INTO task_spans (task, agent, began, ended, title) VALUES (?, ?, ?, NULL, ?)"
                " ON CONFLICT (agent, task, began) DO UPDATE SET ended = NULL",
                (*names, one.began, safe_text(one.title)),
            )


def _note_vms(connection: sqlite3.Connection, looks: Sequence[VmNow], now: float) -> None:
    for look in looks:
        vm_id = safe_text(look.vm)
        last = connection.execute(
            "SELECT began, ended, runs, vcpus, memory_mib, disk_mib FROM vm_spans WHERE vm_id = ?"
            " ORDER BY began DESC LIMIT 1",
            (vm_id,),
        ).fetchone()
        size = (look.size.vcpus, look.size.memory_mib, look.size.disk_mib)
        if last is None:
            began = look.created_at if 0 < look.created_at < now else now
            _begin_span(connection, look, began, now, size)
            continue
        began, ended, runs, *known = last
        if now <= ended:
            continue
        # A size that nobody told at one look is that of the other.
        size = (size[0] or known[0], size[1] or known[1], size[2] or known[2])
        unseen = now - ended if now - ended > LOOKED else 0.0
        same = bool(runs) == look.runs and all(new == old or not old for new, old in zip(size, known, strict=True))
        if same:
            connection.execute(
                "UPDATE vm_spans SET ended = ?, unseen = unseen + ?, vcpus = ?, memory_mib = ?, disk_mib = ?, name = ?"
                " WHERE vm_id = ? AND began = ?",
                (now, unseen, *size, safe_text(look.name), vm_id, began),
            )
        else:
            _begin_span(connection, look, ended, now, size)


def _begin_span(connection: sqlite3.Connection, look: VmNow, began: float, now: float, size: tuple[int, ...]) -> None:
    unseen = now - began if now - began > LOOKED else 0.0
    connection.execute(
        "INSERT OR REPLACE INTO vm_spans (vm_id, began, ended, name, runs, vcpus, memory_mib, disk_mib, unseen)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (safe_text(look.vm), began, now, safe_text(look.name), look.runs, *size, unseen),
    )


def _vm_spans(connection: sqlite3.Connection, since: float) -> list[VmSpan]:
    rows = connection.execute(
        "SELECT vm_id, name, began, ended, runs, vcpus, memory_mib, disk_mib, unseen FROM vm_spans WHERE ended >= ?",
        (since,),
    )
    return [
        VmSpan(VmId(vm), name, began, ended, bool(runs), VmSize(vcpus, memory, disk), unseen)
        for vm, name, began, ended, runs, vcpus, memory, disk, unseen in rows
    ]
