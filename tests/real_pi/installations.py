"""Where the pi versions are, and how one is pointed at the scripted model server."""

from __future__ import annotations

import json
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from tests.requirements import missing

_HOME = Path(pwd.getpwuid(os.getuid()).pw_dir)
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or _HOME / ".cache") / "swarm-cockpit-tests"
"""Read when this module is imported: every test has a home of its own afterwards."""

VERSIONS = {
    "accumulated": ("0.73.1", "COCKPIT_PI_ACCUMULATED", "accumulated"),
    "delta": ("0.87.1", "COCKPIT_PI_DELTA", "delta"),
    "newest": ("1.6.0", "COCKPIT_PI_NEWEST", "delta"),
}
"""Each pi the tests run on: its version, the variable that may say where it is, and its dialect."""
EXTREMES = ("accumulated", "newest")
"""Versions for what happens between processes: there the one in the middle does as the newest does. That it speaks as
it should is tried where one process drives it."""
_GIVEN = {variable: os.environ.get(variable) for _, variable, _ in VERSIONS.values()}
MODEL = "anthropic/claude-sonnet-4-5"
"""A built-in model of all versions."""


@dataclass(frozen=True, slots=True)
class PiInstallation:
    """A pi that exists here."""

    version: str
    dialect: str
    """`accumulated` or `delta`."""
    directory: Path
    """Holds `pi`, and `node` where pi brings its own."""

    @property
    def path(self) -> str:
        """A PATH that finds this pi and its node first."""
        return f"{self.directory}:{os.environ['PATH']}"


def find_pi(name: str) -> PiInstallation:
    """Return one of the three; skip the test, or fail it where nothing may be skipped."""
    version, variable, dialect = VERSIONS[name]
    given = _GIVEN[variable]
    directory = Path(given) if given else _CACHE / f"pi-{version}" / "node_modules" / ".bin"
    if not (directory / "pi").exists():
        missing(f"pi {version} is not in {directory}; install it there, or set {variable}")
    return PiInstallation(version, dialect, directory)


def write_models_json(home: Path, base_url: str) -> None:
    """Point the pi of a home at the scripted model server, with provider failures visible at once.

    pi ignores ANTHROPIC_BASE_URL; it reads `models.json` and `settings.json` below `~/.pi/agent`
    (badlogic/pi-mono, packages/coding-agent/docs/models.md).
    """
    directory = home / ".pi" / "agent"
    directory.mkdir(parents=True, exist_ok=True)
    cost = {"input": 1, "output": 2, "cacheRead": 0, "cacheWrite": 0}
    model = {"id": "scripted", "name": "Scripted", "reasoning": False, "input": ["text"], "cost": cost}
    providers = {
        "anthropic": {"baseUrl": base_url},
        "mock": {
            "baseUrl": f"{base_url}/v1",
            "api": "openai-completions",
            "apiKey": "none",
            "models": [{**model, "contextWindow": 200_000, "maxTokens": 64_000}],
        },
    }
    (directory / "models.json").write_text(json.dumps({"providers": providers}), encoding="utf-8")
    settings = {"retry": {"provider": {"maxRetries": 0}}, "quietStartup": True}
    (directory / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
