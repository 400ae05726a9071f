"""Which variables of this machine's environment the operator's patterns choose for an agent, whatever its kind."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence

_KEPT = frozenset(
    [
        "HOME",
        "PATH",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "TMUX",
        "TMUX_PANE",
        "TMUX_TMPDIR",
        "TMPDIR",
        "_",
        "IFS",
        "ENV",
        "PPID",
        "UID",
        "EUID",
        "OPTIND",
        "BASHOPTS",
        "SHELLOPTS",
        "BASH_VERSINFO",
    ]
)
"""Variables that say where a process runs, and those a shell keeps for itself: a pattern never carries them along."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def matching_variables(patterns: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names that are set and match one of the patterns, in the order of the patterns."""
    names = [
        name
        for name in environment
        if _NAME.match(name) and name not in _KEPT and not name.startswith("cockpit_") and environment[name]
    ]
    return tuple(
        dict.fromkeys(name for pattern in patterns for name in sorted(names) if fnmatch.fnmatchcase(name, pattern))
    )
