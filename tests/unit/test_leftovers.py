"""A run that leaves a process or a directory behind fails and names it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from tests.architecture.sources import ROOT
from tests.leftovers import VARIABLE

pytestmark = pytest.mark.slow

LEAVES = {
    "process": """
import subprocess
def test_it():
    subprocess.run("env -i setsid sh -c 'exec sleep 297.5' &", shell=True, check=True)
""",
    "directory": """
from tests.leftovers import short_directory
def test_it():
    short_directory("left")
""",
    "nothing": """
import subprocess
def test_it():
    subprocess.run("env -i setsid true &", shell=True, check=True)
""",
}


@pytest.mark.parametrize("leaves", LEAVES)
def test_what_a_run_leaves_behind_is_named_and_ended(tmp_path: Path, leaves: str) -> None:
    (tmp_path / "test_it.py").write_text(LEAVES[leaves])
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE and "PYTEST" not in name}
    options = ["-q", "-p", "tests.leftovers", "-p", "no:cacheprovider", "-n", "1", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT), "CKT_PATIENCE": "3"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert (done.returncode == 0) == (leaves == "nothing"), done.stdout + done.stderr
    assert (f"left behind: {leaves}" in done.stdout) == (leaves != "nothing")
    assert not [
        process for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"] == ["sleep", "297.5"]
    ]
