"""What the VMs of an embedded fleet share: the file in which its server says what it found out."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from cockpit.paths import write_private

PATIENCE = 30.0
"""Seconds that a server gets to find it out, on a machine that is very busy."""
POLL_INTERVAL = 0.02


@dataclass(frozen=True, slots=True)
class Shared:
    """What the VMs that a server makes share."""

    pid: int
    """The server's."""
    walls: bool
    """They have a home, temporary files and process numbers of their own."""
    because: str = ""
    """Why they have not."""
    unlimited: dict[str, str] | None = None
    """`memory` and `pids`, if nothing limits them, and why; None if its version limits neither."""


def _file(root: Path) -> Path:
    return root / "shared.json"


def write_shared(root: Path, shared: Shared) -> None:
    """Say it."""
    write_private(_file(root), json.dumps(asdict(shared)))


def read_shared(root: Path, pid: int, patience: float = PATIENCE) -> Shared | None:
    """Return what a server said; None where it did not within some seconds.

    Args:
        root: the fleet's directory.
        pid: the server's.
        patience: seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            said = Shared(**json.loads(_file(root).read_text(encoding="utf-8")))
            if said.pid == pid:
                return said
        except (OSError, ValueError, TypeError):
            pass
        if time.monotonic() > deadline:
            return None
        time.sleep(POLL_INTERVAL)
