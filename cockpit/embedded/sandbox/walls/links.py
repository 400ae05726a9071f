"""Keeps the links by which a sandbox finds programs of the host as they are there, after the walls were raised, too.

What stands behind such a link is shown as it is, whatever becomes of it; the link itself is a copy. Where the operator
takes a program off his search path, or another version takes its name, a sandbox would go on with the former one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from cockpit.embedded.sandbox.layout import WALLED_HOME, SandboxLayout
from cockpit.embedded.sandbox.walls import raise_walls
from cockpit.paths import write_private

logger = logging.getLogger(__name__)


def note(layout: SandboxLayout, laid: Iterable[tuple[str, str]]) -> None:
    """Write down which links are laid behind the walls of a sandbox that are being raised.

    Raises:
        OSError: the disk refused.
    """
    write_private(layout.links, json.dumps([list(link) for link in laid]))


def renew(layout: SandboxLayout) -> None:
    """Lay what says something else on the host by now, and take off what is gone there; what cannot be done is logged.

    A link that somebody in the sandbox made instead is his, and stays.
    """
    try:
        laid = [(str(link), str(target)) for link, target in json.loads(layout.links.read_bytes())]
    except (OSError, ValueError, TypeError):
        return  # raised by an earlier version, which laid them once
    now = [(link, _said(link)) for link, _ in laid]
    if now == laid:
        return
    for (link, before), (_, after) in zip(laid, now, strict=True):
        if before == after:
            continue
        try:
            _lay(layout, link, before, after)
        except OSError as error:
            logger.warning("VM %s: the link %s is not as on this machine: %s", layout.vm_id, link, error)
    with contextlib.suppress(OSError):
        note(layout, now)


def _said(link: str) -> str:
    """Return what a link of the host says; empty if there is none."""
    try:
        return os.readlink(link)  # noqa: PTH115 - a path here is a string, as in the steps
    except OSError:
        return ""


def _lay(layout: SandboxLayout, link: str, before: str, after: str) -> None:
    """Change one; no link that leads to its place is followed.

    Raises:
        OSError: it cannot be changed.
    """
    tree, place = _where(layout, link)
    top = os.open(tree, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        raise_walls.change_link(top, place, before, after)
    finally:
        os.close(top)


def _where(layout: SandboxLayout, path: str) -> tuple[Path, str]:
    """Return the host's tree in which something lies that is seen behind the walls at a path, and its place there."""
    trees = {WALLED_HOME: layout.home, "/tmp": layout.temporary, "/var/tmp": layout.lasting}
    for seen, tree in trees.items():
        if path.startswith(f"{seen}/"):
            return tree, path[len(seen) :]
    return layout.rest, path
