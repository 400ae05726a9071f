"""Where an agent lives in a VM, told from outside: behind walls as on the platform, else in the home of the VM."""

from __future__ import annotations

from pathlib import Path

from cockpit.embedded.hosting import HostingError
from cockpit.embedded.sandbox.layout import FleetLayout, MachineRecord

PLACE = "pi-rpc"
"""The name of an agent's directory, wherever it lies."""
BEHIND_WALLS, IN_ITS_HOME = f"/tmp/{PLACE}", f"~/{PLACE}"


def place_on(root: Path, vm_id: str) -> str:
    """Return where an agent is started on a VM.

    A copy of a VM whose agent lives in its home has it there, whether it has walls or not: there it goes on.

    Args:
        root: the fleet's directory.
        vm_id: of a VM that is there.
    """
    layout = FleetLayout(root).sandbox(vm_id)
    try:
        walled = MachineRecord.load(layout.record).walled
    except HostingError:
        return IN_ITS_HOME  # gone meanwhile
    elsewhere = _is_directory(layout.home / PLACE) and not _is_directory(layout.temporary / PLACE)
    return BEHIND_WALLS if walled and not elsewhere else IN_ITS_HOME


def _is_directory(path: Path) -> bool:
    """Say whether it is one by itself: a link would be followed here, and not where the VM sees it."""
    return path.is_dir() and not path.is_symlink()
