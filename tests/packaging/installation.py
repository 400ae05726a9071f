"""Builds the wheel and installs it into an environment of its own, without the network where that is possible."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cockpit.embedded.lifecycle import remove
from tests.requirements import missing

ROOT = Path(__file__).parents[2]
LIMIT = 300.0
"""Seconds for a build or an installation on a busy machine."""


def build_wheel(directory: Path) -> Path:
    """Build the wheel of the checkout.

    With hatchling at hand the build uses it; else pip fetches it for the build alone, as it did for the installation.
    """
    if importlib.util.find_spec("build") is None:
        missing("build is not installed: it comes with the test extra")
    isolation = ["--no-isolation"] if importlib.util.find_spec("hatchling") else []
    _run([sys.executable, "-m", "build", "--wheel", *isolation, "--outdir", str(directory), str(ROOT)])
    (wheel,) = directory.glob("*.whl")
    return wheel


@dataclass(frozen=True, slots=True)
class Installation:
    """An environment that has the wheel, and a home nobody has used."""

    directory: Path
    home: Path

    @property
    def program(self) -> Path:
        """The installed command."""
        return self.directory / "bin" / "cockpit"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.directory / "bin" / "python"

    def environment(self) -> dict[str, str]:
        """Return what a newcomer's shell would have: the home, a search path, a terminal; nothing of the checkout."""
        return {
            "HOME": str(self.home),
            "PATH": os.environ.get("PATH", os.defpath),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
        }

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program outside the checkout."""
        return subprocess.run(
            [str(word) for word in words],
            cwd=self.home,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )


@contextmanager
def installation(wheel: Path, directory: Path) -> Iterator[Installation]:
    """Install the wheel alone; its dependencies are those of the running interpreter, found through a path file."""
    made = Installation(directory / "environment", directory / "home")
    made.home.mkdir()
    _run([sys.executable, "-m", "venv", "--without-pip", str(made.directory)])
    (packages,) = made.directory.glob("lib/python*/site-packages")
    dependencies = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # A directory named in a path file is searched, but path files in it are not read: the checkout stays out of sight.
    (packages / "dependencies.pth").write_text("\n".join(sorted(dependencies)) + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(made.python), "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)])
    try:
        yield made
    finally:
        fleet = made.home / ".local" / "state" / "swarm-cockpit" / "fleet"
        if (fleet / "serve.lock").exists():
            remove(fleet)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
