"""Whether this kernel lets this user raise walls: tried once by a process, with a sandbox of nothing."""

from __future__ import annotations

import json
import logging
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cockpit.embedded.sandbox.copy import remove_now
from cockpit.embedded.sandbox.layout import FleetLayout, SandboxLayout
from cockpit.embedded.sandbox.walls import links, plan, raise_walls
from cockpit.embedded.sandbox.walls.folders import lay as lay_folders
from cockpit.errors import ConfigError
from cockpit.paths import private_directory

logger = logging.getLogger(__name__)

SETTING = "COCKPIT_WALLS"
"""The variable that says `auto` or `off`."""
AUTO, OFF = "auto", "off"
DEFAULT = AUTO
"""A sandbox has walls wherever the kernel allows them; who wants none says so."""
TRIAL_TIMEOUT = 30.0
TRIAL = ".trial-"
"""Prefix of the directory in which it is tried."""


@dataclass(frozen=True, slots=True)
class Walls:
    """How the sandboxes of one fleet are walled."""

    view: plan.HostView
    overlays: Mapping[str, str]
    """Which of the host's trees a sandbox may change for itself, and by which attributes."""
    folders: Path
    """An ordinary user's own directories over those trees."""

    def prepare(self, layout: SandboxLayout) -> None:
        """Make what a sandbox keeps behind its walls.

        Raises:
            OSError: the disk refused.
        """
        plan.prepare(layout, self.overlays)

    def order(self, layout: SandboxLayout) -> dict[str, object]:
        """Return what a sandbox's first process must know to raise them.

        Raises:
            OSError: the disk refused.
        """
        self.prepare(layout)
        steps = plan.steps_for(layout, self.view, self.overlays, self.folders)
        links.note(layout, self.view.links)
        return {"root": str(layout.rest), "steps": steps}


@dataclass(frozen=True, slots=True)
class WallsOffer:
    """What a fleet can have: walls, or the reason why it has none."""

    walls: Walls | None
    reason: str = ""
    """Empty with walls."""


def wanted_walls(environment: Mapping[str, str]) -> str:
    """Return what the operator wants: `auto` or `off`.

    Raises:
        ConfigError: it is neither.
    """
    wanted = environment.get(SETTING, "").strip().lower() or DEFAULT
    if wanted not in (AUTO, OFF):
        raise ConfigError(f"{SETTING} is {wanted!r}", hint=f"say {AUTO} or {OFF}")
    return wanted


class Probe:
    """Finds out, when it is first asked, what a fleet in a directory can have.

    A server that only serves what it has needs no answer, so its start does not wait for one.
    """

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        """Prepare; nothing is tried yet.

        Args:
            root: the fleet's directory, whose file system must take the changes of an overlay.
            environment: the server's.

        Raises:
            ConfigError: the setting is neither `auto` nor `off`.
        """
        self._wanted = wanted_walls(environment)
        self._root, self._environment = root, dict(environment)
        self._turn = threading.Lock()
        self._offer: WallsOffer | None = None

    def offer(self) -> WallsOffer:
        """Return the answer; the first time it takes as long as a small program runs."""
        if self._wanted == OFF:
            said = f"({SETTING}, or walls in config.toml, is {OFF})"
            return WallsOffer(None, f"its server was started without walls {said}")
        with self._turn:
            if self._offer is None:
                private = [self._root, Path(self._environment.get("HOME") or Path.home())]
                try:
                    view = plan.view_of_host(self._environment, private)
                    folders = FleetLayout(self._root).folders
                    if os.getuid():
                        lay_folders(folders, plan.CHANGED_TREES.items())
                    overlays, reason = _allowed(self._root, view, folders)
                except (OSError, ValueError, subprocess.TimeoutExpired) as error:
                    # That may be otherwise in a while, so it is tried again.
                    return WallsOffer(None, f"it could not be found out whether walls can be raised: {error}")
                self._offer = (
                    WallsOffer(None, reason) if overlays is None else WallsOffer(Walls(view, overlays, folders))
                )
            return self._offer


_known: dict[tuple[int, int, plan.HostView], tuple[Mapping[str, str] | None, str]] = {}
"""What was found out: by the disk, the user and what is seen of the host."""


def _allowed(root: Path, view: plan.HostView, folders: Path) -> tuple[Mapping[str, str] | None, str]:
    """Return the overlays that are allowed, and by which attributes; without walls none, and the reason.

    Raises:
        OSError, ValueError, subprocess.TimeoutExpired: this could not be found out.
    """
    key = (root.stat().st_dev, os.getuid(), replace(view, hidden=()))
    if key not in _known:
        _known[key] = _find_allowed(root, view, folders)
    return _known[key]


def _find_allowed(root: Path, view: plan.HostView, folders: Path) -> tuple[Mapping[str, str] | None, str]:
    trial = SandboxLayout("trial", root / f"{TRIAL}{secrets.token_hex(4)}")
    attributes = "user" if os.getuid() else "trusted"
    overlays = {tree: attributes for tree in plan.CHANGED_TREES.values() if Path(tree).is_dir()}
    try:
        for directory in (trial.directory, trial.home, trial.temporary):
            private_directory(directory)
        failed = _try(Walls(view, overlays, folders), trial)
        allowed = {tree: kind for tree, kind in overlays.items() if tree not in failed}
        # What was left out must do without an overlay, too.
        if failed:
            _try(Walls(view, allowed, folders), trial)
            logger.info("sandboxes see %s as it is: no overlay is allowed there", ", ".join(failed))
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        return None, said.splitlines()[-1] if said else "the kernel refuses"
    finally:
        remove_now(trial.directory)
    return allowed, ""


def _try(walls: Walls, trial: SandboxLayout) -> list[str]:
    """Raise walls and end; return the overlays that were refused.

    Raises:
        OSError, ValueError, subprocess.SubprocessError: they cannot be raised.
    """
    order = walls.order(trial)
    program = [sys.executable, "-I", "-S", raise_walls.__file__]
    for step in order["steps"] if isinstance(order["steps"], list) else ():
        if step["do"] == "overlay":
            step["may"] = "fail"
    done = subprocess.run(
        program,
        input=json.dumps(order).encode(),
        env={"PATH": os.defpath},
        cwd="/",
        capture_output=True,
        timeout=TRIAL_TIMEOUT,
        check=True,
    )
    said = json.loads(done.stdout)
    return [tree for tree in walls.overlays if tree in said]
