"""The processes of a sandbox: finding them by their marker, and signalling them without hitting a reused pid."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cockpit.embedded.sandbox.layout import MARKER_VARIABLE

STOPPED_STATES = frozenset("Tt")
"""States of /proc/PID/stat in which a process runs nothing: stopped by a signal or by a tracer."""
WAITING_STATES = frozenset("D")
"""States in which a process is inside the kernel and takes no stop signal before it comes out."""
ENDED_STATES = frozenset("ZX")

READ_SIZE = 131_072
"""Bytes that are asked for at once of a file of /proc: an environment is seldom longer."""
BIRTH_ROUNDS = 1000
"""Looks at newborn processes before a look at the process table counts as whole; usually one or two are needed."""


@dataclass(frozen=True, slots=True)
class ProcessEntry:
    """One line of the process table."""

    pid: int
    parent: int
    session: int
    state: str
    start: int
    """Clock ticks since boot: with the pid the identity of a process."""

    @property
    def identity(self) -> tuple[int, int]:
        """What no later process can share."""
        return self.pid, self.start


def _read(name: str) -> bytes:
    """Return a file of /proc; for each process of a machine a file object takes as long as the kernel's answer.

    Raises:
        OSError: the process is gone, or somebody else's.
    """
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = [os.read(descriptor, READ_SIZE)]
        while parts[-1]:
            parts.append(os.read(descriptor, READ_SIZE))
        return b"".join(parts)
    finally:
        os.close(descriptor)


def read_entry(pid: int) -> ProcessEntry | None:
    """Return a process's entry, or None if it is gone."""
    try:
        text = _read(f"/proc/{pid}/stat")
    except OSError:
        return None
    # The command name may hold blanks and brackets: the fields begin after the last bracket.
    fields = text[text.rindex(b")") + 2 :].split(None, 20)
    return ProcessEntry(pid, int(fields[1]), int(fields[3]), fields[0].decode(), int(fields[19]))


def recorded_process(record: Path) -> ProcessEntry | None:
    """Return the very process whose pid and start time stand in a file, if it has not ended."""
    try:
        pid, start = (int(word) for word in record.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return None
    entry = read_entry(pid)
    return entry if entry is not None and entry.start == start and entry.state not in ENDED_STATES else None


def last_pid() -> int:
    """Return the pid the kernel gave out last."""
    return int(Path("/proc/loadavg").read_text(encoding="ascii").split()[4])


def is_alive(entry: ProcessEntry) -> bool:
    """Say whether the very process that was seen has not ended."""
    now = read_entry(entry.pid)
    return now is not None and now.identity == entry.identity and now.state not in ENDED_STATES


def read_entries(pids: Iterable[int]) -> dict[int, ProcessEntry]:
    """Return those of the processes that have not ended."""
    entries = map(read_entry, pids)
    return {entry.pid: entry for entry in entries if entry is not None and entry.state not in ENDED_STATES}


def _listed_pids() -> list[int]:
    with os.scandir("/proc") as directory:
        return [int(place.name) for place in directory if place.name.isdigit()]


def process_table() -> dict[int, ProcessEntry]:
    """Return all processes of this machine that have not ended."""
    return read_entries(_listed_pids())


def carries_marker(pid: int, vm_id: str) -> bool:
    """Say whether a process was started with the sandbox's marker in its environment."""
    try:
        environment = _read(f"/proc/{pid}/environ")
    except OSError:
        return False
    marker = f"{MARKER_VARIABLE}={vm_id}".encode()
    return marker in environment and marker in environment.split(b"\0")


def marker_of(pid: int) -> str:
    """Return the VM whose marker a process carries, or empty text."""
    mark = f"{MARKER_VARIABLE}=".encode()
    try:
        words = _read(f"/proc/{pid}/environ").split(b"\0")
    except OSError:
        return ""
    return next((word.removeprefix(mark).decode("ascii", "replace") for word in words if word.startswith(mark)), "")


def find_members(vm_id: str, known: Iterable[int] = (), *, by_name: bool = True) -> dict[int, ProcessEntry]:
    """Return a sandbox's live processes, this process never among them.

    They are those known from the control group, those that carry the marker (`by_name`), and whoever descends from
    them or shares a session that one of them leads, even with a cleared environment. Processes that are born while we
    look are looked at, too: one that forks and ends all the time cannot slip through.
    """
    listed = set(known)
    newest = last_pid()
    table: dict[int, ProcessEntry] = {}
    members: set[int] = set()
    fresh = process_table()
    for _ in range(BIRTH_ROUNDS):
        table |= fresh
        members.update(pid for pid in fresh if pid in listed or (by_name and carries_marker(pid, vm_id)))
        _add_kin(members, table)
        before, newest = newest, last_pid()
        if newest == before:
            break
        # Pids start again from the bottom when they run out.
        fresh = read_entries(range(before + 1, newest + 1) if newest > before else _listed_pids())
    members.discard(os.getpid())
    return {pid: table[pid] for pid in members}


def _add_kin(members: set[int], table: dict[int, ProcessEntry]) -> None:
    grown = True
    while grown:
        kin = {
            entry.pid
            for entry in table.values()
            if entry.pid not in members and (entry.parent in members or entry.session in members)
        }
        members |= kin
        grown = bool(kin)


def ancestors_first(members: dict[int, ProcessEntry]) -> list[ProcessEntry]:
    """Return the entries so that a parent stands before its children."""

    def depth(entry: ProcessEntry) -> int:
        steps = 0
        seen = {entry.pid}
        while entry.parent in members and entry.parent not in seen:
            entry = members[entry.parent]
            seen.add(entry.pid)
            steps += 1
        return steps

    return sorted(members.values(), key=lambda entry: (depth(entry), entry.start, entry.pid))


def stands_still(entry: ProcessEntry, members: dict[int, ProcessEntry]) -> bool:
    """Say whether a process runs nothing until it is continued.

    That is so when it is stopped, and when it waits inside vfork for a child that is stopped before its exec: the
    stop signal is pending then and takes effect before the parent runs another instruction of its own.
    """
    if entry.state in STOPPED_STATES:
        return True
    return (
        entry.state in WAITING_STATES
        and any(child.parent == entry.pid and child.state in STOPPED_STATES for child in members.values())
        and _stop_is_pending(entry.pid)
    )


def _stop_is_pending(pid: int) -> bool:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return False
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd:", "ShdPnd:"))]
    return any(mask >> (signal.SIGSTOP - 1) & 1 for mask in masks)


def send_signal(entry: ProcessEntry, number: signal.Signals) -> bool:
    """Signal exactly this process; return False if it is gone, even if its pid was given to another."""
    try:
        descriptor = os.pidfd_open(entry.pid)
    except OSError:
        return False
    try:
        current = read_entry(entry.pid)
        if current is None or current.start != entry.start:
            return False
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True
