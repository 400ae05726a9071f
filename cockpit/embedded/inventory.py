"""What runs in an embedded fleet and what it costs: each VM's processes, memory and disk, and the server's."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cockpit.embedded.hosting import HostingError
from cockpit.embedded.owners import owner_directory, owner_names
from cockpit.embedded.sandbox.copy import bytes_on_disk
from cockpit.embedded.sandbox.layout import FleetLayout, MachineRecord
from cockpit.embedded.sandbox.processes import ProcessEntry, marker_of, process_table, recorded_process

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class RunningVm:
    """One VM."""

    vm_id: str
    agent: str
    """The name of the agent its instructions are for, or empty text."""
    state: str
    seconds: float | None
    """Since it was made; None where that is not on record."""
    processes: int
    memory_bytes: int
    disk_bytes: int
    owner: str = ""
    """Whose it is, empty for the first owner's and where that is not on record."""


@dataclass(frozen=True, slots=True)
class Costs:
    """The whole fleet."""

    vms: tuple[RunningVm, ...]
    commits: int
    commit_bytes: int
    server_bytes: int
    """Memory of the server, and of what it has beside it for its own use."""


def look(root: Path, server: int) -> Costs:
    """Look at a fleet without touching any of it.

    Args:
        root: its directory.
        server: the pid of its server.
    """
    layout = FleetLayout(root)
    directories = [path for path in _listed(layout.vms) if not path.name.startswith(".")]
    table = process_table()
    members = _members(layout, {path.name for path in directories}, table)
    made = {vm_id: (since, "") for vm_id, since in _made_at(root / "records.sqlite").items()}
    for name in owner_names(root):
        of_owner = _made_at(owner_directory(root, name) / "records.sqlite")
        made |= {vm_id: (since, name) for vm_id, since in of_owner.items()}
    now = time.time()
    vms: list[RunningVm] = []
    for directory in directories:
        vm_id = directory.name
        pids = members.get(vm_id, [])
        since, owner = made.get(vm_id, (None, ""))
        try:
            paused = MachineRecord.load(layout.sandbox(vm_id).record).paused
            state = "paused" if paused else "running"
        except HostingError:
            state = "dead"
        vms.append(
            RunningVm(
                vm_id,
                agent_in(directory),
                state,
                None if since is None else now - since,
                len(pids),
                sum(map(_memory, pids)),
                bytes_on_disk(directory),
                owner,
            )
        )
    commits = [path for path in _listed(layout.commits) if not path.name.startswith(".")]
    of_vms = {pid for pids in members.values() for pid in pids}
    own = [pid for pid, entry in table.items() if entry.parent == server > 0 and pid not in of_vms]
    return Costs(tuple(vms), len(commits), sum(map(bytes_on_disk, commits)), sum(map(_memory, (server, *own))))


def agent_in(directory: Path) -> str:
    """Return the name of a VM's agent as its instructions begin with it, or empty text."""
    try:
        with (directory / "home" / ".swarm" / "instructions.md").open("rb") as file:
            first = file.readline(200).decode(errors="replace").strip()
    except OSError:
        return ""
    return first.removeprefix("# You are ") if first.startswith("# You are ") else ""


def _listed(directory: Path) -> Iterable[Path]:
    return sorted(directory.iterdir()) if directory.is_dir() else ()


def _members(layout: FleetLayout, vm_ids: set[str], table: Mapping[int, ProcessEntry]) -> dict[str, list[int]]:
    """Return the processes of each VM: its first one and what descends from it, and those that carry its marker."""
    recorded = {vm_id: recorded_process(layout.sandbox(vm_id).supervisor) for vm_id in vm_ids}
    firsts = {entry.pid: vm_id for vm_id, entry in recorded.items() if entry is not None}
    marked = {pid: vm_id for pid in table if (vm_id := marker_of(pid)) in vm_ids}
    found: dict[str, list[int]] = {}
    for pid in table.keys() - {os.getpid()}:
        above = list(_ancestry(pid, table))
        # Behind walls whatever lives descends from the first process, and a name in an environment proves nothing.
        whose = [firsts[one] for one in above if one in firsts] or [marked[one] for one in above if one in marked]
        if whose:
            found.setdefault(whose[0], []).append(pid)
    return found


def _ancestry(pid: int, table: Mapping[int, ProcessEntry]) -> Iterator[int]:
    """Yield a process and those above it; the table was not read in one moment, so nothing is yielded twice."""
    seen: set[int] = set()
    while pid in table and pid not in seen:
        seen.add(pid)
        yield pid
        pid = table[pid].parent


def _memory(pid: int) -> int:
    """Return a process's share of memory in bytes: what it has with others counts in part, where the kernel tells."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
    return 0


def _made_at(file: Path) -> dict[str, float]:
    """Return when each VM was made, in Unix seconds; nothing where the records cannot be read."""
    made: dict[str, float] = {}
    try:
        with contextlib.closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT vm_id, created_at FROM vms WHERE deleted_at IS NULL").fetchall()
    except sqlite3.Error:
        return made
    for vm_id, text in rows:
        with contextlib.suppress(ValueError, TypeError):
            made[str(vm_id)] = datetime.fromisoformat(text).timestamp()
    return made
