"""Which variables of this machine's environment the operator's patterns choose for an agent, whatever its kind."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence

from cockpit.agents.scaffold.environment import can_be_set

_KEPT = frozenset({"HOME", "PATH", "PWD", "OLDPWD", "SHLVL", "TMUX", "TMUX_PANE", "TMUX_TMPDIR", "TMPDIR", "_"})
"""Variables that say where a process runs: a pattern never carries them along."""


def matching_variables(patterns: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names that are set and match one of the patterns, in the order of the patterns."""
    names = [name for name in environment if can_be_set(name) and name not in _KEPT and environment[name]]
    return tuple(
        dict.fromkeys(name for pattern in patterns for name in sorted(names) if fnmatch.fnmatchcase(name, pattern))
    )
