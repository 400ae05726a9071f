"""Directories of one's own over those of the host, for an ordinary user behind walls, who may change none of root's.

An overlay shows a directory as it is in the topmost of its trees. Where that is one of the user's own, he may make,
replace and remove what stands in it; what root's files say he may read, and not write into. As root none is needed.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from cockpit.paths import private_directory

MODE = 0o755
DEPTH = 4
"""Levels below a tree: down to where packages of every language lie, and a fifth of all directories of a machine."""


def lay(top: Path, trees: Iterable[tuple[str, str]]) -> None:
    """Make what is missing; a directory that the host has no more stays, for a sandbox may see it now.

    Args:
        top: where they lie.
        trees: names there, with the host's directories.

    Raises:
        OSError: the disk refused.
    """
    private_directory(top)
    for name, tree in trees:
        (top / name).mkdir(mode=MODE, exist_ok=True)
        for directory, names, _files in os.walk(tree):
            below = top / name / os.path.relpath(directory, tree)
            if len(below.relative_to(top).parts) > DEPTH:
                names.clear()
            names[:] = [each for each in names if _is_open(f"{directory}/{each}")]
            for each in names:
                with contextlib.suppress(FileExistsError):
                    (below / each).mkdir(mode=MODE)


def _is_open(path: str) -> bool:
    """Say whether everybody on the host may look into a directory; what only root sees stays as it is."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    return stat.S_ISDIR(mode) and mode & 0o005 == 0o005
