"""A test that hangs is ended, one that has ended is not, and each has its own time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from tests.watch import Watch

LIMIT = 60.0
ROOT = Path(__file__).parents[2]


def test_the_last_that_is_waited_for_is_called_and_no_other() -> None:
    called: list[str] = []
    last = threading.Event()
    watch = Watch()
    watch.begin(3600, lambda: called.append("much later"))
    watch.begin(0.05, lambda: called.append("ended before"))
    watch.end()
    watch.begin(0.1, last.set)
    assert last.wait(LIMIT)
    again = threading.Event()
    watch.begin(0.05, again.set)
    assert again.wait(LIMIT)
    assert called == []


def test_a_test_that_hangs_is_ended_with_its_stack(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.watch import pytest_timeout_set_timer\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\ntimeout = 30\ntimeout_method = thread\n")
    (tmp_path / "test_it.py").write_text(
        "import threading, pytest\ndef test_quick(): pass\n"
        "@pytest.mark.timeout(0.2)\ndef test_hangs(): threading.Event().wait()\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 1
    assert "Timeout" in done.stdout + done.stderr
    assert "in test_hangs" in done.stdout + done.stderr
