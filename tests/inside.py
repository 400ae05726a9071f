"""What a process of a sandbox is called on this machine: behind walls it has a number of its own."""

from __future__ import annotations

import time
from pathlib import Path

BEGUN = 10.0
"""Seconds within which a process that a shell told of has become the program that it shall run: it is the shell's own
copy, with the shell's environment, for a moment."""


def on_host(pid: int, vm_id: str) -> int:
    """Return a process's number here.

    Args:
        pid: its number as the sandbox's own commands see it.
        vm_id: the VM, whose name each of its processes carries.

    Raises:
        ProcessLookupError: there is none; nothing else may be taken for it.
    """
    ends = time.monotonic() + BEGUN
    while (found := _looked_up(pid, vm_id)) is None:
        if time.monotonic() > ends:
            raise ProcessLookupError(f"VM {vm_id} has no process {pid}")
        time.sleep(0.02)
    return found


def _looked_up(pid: int, vm_id: str) -> int | None:
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            status = (place / "status").read_text(encoding="utf-8", errors="replace")
            environment = (place / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        numbers = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
        if numbers and int(numbers[-1]) == pid and f"COCKPIT_SANDBOX={vm_id}".encode() in environment:
            return int(place.name)
    return None
