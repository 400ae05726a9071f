"""The kernel's control groups, version 1 and 2: where they are mounted, and where this user may make some."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

GROUP_TIMEOUT = 10.0
"""Seconds after which what the kernel does not do with a group is given up."""
POLL_INTERVAL = 0.005
"""Seconds between two looks at the kernel's answer."""
CONTROL_FILES = {"freezer": "freezer.state", "memory": "memory.limit_in_bytes", "pids": "pids.max"}
"""What a group of version 1 has of each controller."""
UNIFIED_FILES = {"freezer": "cgroup.freeze", "memory": "memory.max", "pids": "pids.max"}
"""What one of version 2 has; the first always, the others where those above it pass the controller on."""


def group_name(mark: str, vm_id: str) -> str:
    """Return the name of a sandbox's group in each hierarchy.

    Args:
        mark: tells this fleet's groups from those of others.
        vm_id: whose.
    """
    return f"cockpit-{mark}-{vm_id}"


def remove_groups(top: Path) -> None:
    """Remove a control group and those below it; only directories can be removed there, their files go along.

    Raises:
        OSError: one is not empty yet.
    """
    for path, _directories, _files in os.walk(top, topdown=False):
        Path(path).rmdir()


def find_group_base(kind: str) -> Path | None:
    """Return the directory below which this process may make freezing control groups, or None.

    Args:
        kind: `cgroup2` or `cgroup1`.
    """
    if kind == "cgroup1":
        return next((base for base in _bases(1, "freezer") if _works(base, ("freezer.state",))), None)
    # One process is in one group of version 2: the better place is where it can be limited, too.
    every = tuple(UNIFIED_FILES.values())
    for needed in (every, every[:1]):
        for base in _bases(2, ""):
            if _works(base, needed):
                return base
    return None


def find_controller_base(controller: str) -> tuple[Path, int] | str:
    """Return the directory below which this process may make groups that limit something, and their version.

    Args:
        controller: `memory` or `pids`.

    Returns:
        Or, as text, why it may make none.
    """
    bases = list(_bases(1, controller))
    for base in bases:
        if _works(base, (CONTROL_FILES[controller],)):
            return base, 1
    if bases:
        return f"this user may make no control groups in {bases[0]}"
    base2 = find_group_base("cgroup2")
    if base2 is not None and _works(base2, (UNIFIED_FILES[controller],)):
        return base2, 2
    if base2 is not None:
        return f"the control group {base2} does not pass the controller {controller} on"
    return "this user may make no control groups" if any(_bases(2, "")) else "no control groups are mounted"


def _bases(version: int, controller: str) -> Iterator[Path]:
    """Yield where it may be possible to make groups: this process's own, those above it (version 2), and the mount."""
    mount = _mount_point(version, controller)
    if mount is None:
        return
    own = mount / _own_group(version, controller).lstrip("/")
    above = [parent for parent in own.parents if parent.is_relative_to(mount)] if version == 2 else []
    for base in dict.fromkeys((own, *above, mount)):
        if base.is_dir():
            yield base


def _mount_point(version: int, controller: str) -> Path | None:
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _device, where, filesystem, options = line.split()[:4]
        if version == 2 and filesystem == "cgroup2":
            return Path(where)
        if version == 1 and filesystem == "cgroup" and controller in options.split(","):
            return Path(where)
    return None


def _own_group(version: int, controller: str) -> str:
    for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
        _number, controllers, path = line.split(":", 2)
        if (version == 2 and not controllers) or (version == 1 and controller in controllers.split(",")):
            return path
    return "/"


def _works(base: Path, needed: tuple[str, ...]) -> bool:
    """Try it: make a group, see what it has, and let a short-lived process join."""
    trial = base / f"cockpit-trial-{os.getpid()}"
    try:
        trial.mkdir()
    except OSError:
        return False
    try:
        if not all(os.access(trial / name, os.W_OK) for name in needed):
            return False
        joining = subprocess.run(
            ["/bin/sh", "-c", 'echo $$ > "$1"', "sh", str(trial / "cgroup.procs")],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=10,
        )
        return joining.returncode == 0
    finally:
        _remove_trial(trial)


def _remove_trial(trial: Path) -> None:
    deadline = time.monotonic() + 1.0
    while True:
        try:
            trial.rmdir()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_INTERVAL)
