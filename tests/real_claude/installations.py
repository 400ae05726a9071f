"""Where the versions of Claude Code are, and what points one at the scripted model server and at nothing else."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from tests.requirements import missing

_HOME = Path(pwd.getpwuid(os.getuid()).pw_dir)
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or _HOME / ".cache") / "swarm-cockpit-tests"
"""Read when this module is imported: every test has a home of its own afterwards."""

VERSIONS = {"older": ("2.1.112", "COCKPIT_CLAUDE_OLDER"), "newer": ("2.1.197", "COCKPIT_CLAUDE_NEWER")}
"""Each version the tests run on, and the variable that may say where it is."""
_GIVEN = {variable: os.environ.get(variable) for _, variable in VERSIONS.values()}

KEY = "sk-ant-canary-77c1d0"


def find_claude(name: str) -> Path:
    """Return the directory that holds `claude`; skip the test, or fail it where nothing may be skipped."""
    version, variable = VERSIONS[name]
    given = _GIVEN[variable]
    directory = Path(given) if given else _CACHE / f"claude-{version}" / "node_modules" / ".bin"
    if not (directory / "claude").exists():
        missing(f"Claude Code {version} is not in {directory}; install it there, or set {variable}")
    return directory


def variables(directory: Path, model_url: str) -> dict[str, str]:
    """Return what an engine needs in its environment so that its agents are this one, on that model server."""
    return {
        "PATH": f"{directory}:{os.environ['PATH']}",
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_BASE_URL": model_url,
        "CLAUDE_CODE_MAX_RETRIES": "1",
    }
