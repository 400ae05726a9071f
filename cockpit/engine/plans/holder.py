"""What a process writes of itself where others read it, so that one beside it can prove that it is no more."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

PROC = Path("/proc")


def own_mark(proc: Path = PROC) -> dict[str, str]:
    """Return what tells this process from every other one, ever; empty where the system does not say it."""
    place, began = _place(proc), _began(proc, os.getpid())
    return {"place": place, "pid": f"{os.getpid()}", "began": began} if place and began else {}


def is_dead(mark: Mapping[str, object], proc: Path = PROC) -> bool:
    """Say whether it is proven that the process with a mark is no more: it ran where this one does, and is not there.

    Of a process on another machine, in another container or before a restart nothing is proven.
    """
    place, pid, began = (mark.get(name) for name in ("place", "pid", "began"))
    if not (isinstance(place, str) and isinstance(pid, str) and isinstance(began, str)):
        return False
    if not place or place != _place(proc) or not (pid.isascii() and pid.isdigit() and len(pid) < 11):
        return False
    # A number is given again; nobody who has it now began at the same moment.
    found = _began(proc, int(pid))
    return found != began if found is not None else _is_given_to_nobody(int(pid))


def _place(proc: Path) -> str:
    """Return what stands for this start of this system and these process numbers; nobody can tell the system by it."""
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        numbers = (proc / "self/ns/pid").readlink()
    except (OSError, ValueError):
        return ""
    return hashlib.sha256(f"{boot} {numbers}".encode()).hexdigest()[:16]


def _is_given_to_nobody(pid: int) -> bool:
    """Say whether no process has a number: those of other users may be hidden, and are there all the same."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _began(proc: Path, pid: int) -> str | None:
    """Return when a process began, in ticks since the system did; empty text for one that is over, None for none."""
    try:
        text = (proc / f"{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name stands in brackets, and may hold anything.
    words = text.rpartition(")")[2].split()
    return words[19] if len(words) > 19 and words[0] not in ("Z", "X") else ""
