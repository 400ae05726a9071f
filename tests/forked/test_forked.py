"""A cockpit that is a fork behaves as one that was started: words, streams, environment, exit codes and signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit import __version__
from tests.fleets import poll
from tests.forked.command import PACKAGE_PARENT, forked

pytestmark = pytest.mark.slow
LIMIT = 60.0


def started(*words: str) -> list[str]:
    """Return the command line of a cockpit that users start."""
    return [sys.executable, "-m", "cockpit", *words]


@pytest.mark.parametrize(
    "words",
    [("--version",), ("no-such-verb",), ("send", "--help"), ("--root", "{root}", "search", "sm\u00f8rbr\u00f8d")],
    ids=["version", "wrong use", "help", "a verb"],
)
def test_it_says_and_ends_as_one_that_was_started(tmp_path: Path, words: tuple[str, ...]) -> None:
    words = tuple(word.format(root=tmp_path / "root") for word in words)
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE_PARENT), "COLUMNS": "70"}
    ends = [
        subprocess.run(
            command(*words), capture_output=True, env=environment, cwd=tmp_path, timeout=LIMIT, check=False, input=b""
        )
        for command in (started, forked)
    ]
    assert (ends[0].returncode, ends[0].stdout, ends[0].stderr) == (ends[1].returncode, ends[1].stdout, ends[1].stderr)
    assert ends[0].stdout or ends[0].stderr


def test_a_fork_knows_nothing_of_the_one_before() -> None:
    refused = subprocess.run(forked("--root"), capture_output=True, timeout=LIMIT, check=False)
    assert refused.returncode == 2
    said = subprocess.run(forked("--version"), capture_output=True, timeout=LIMIT, check=True)
    assert said.stdout.decode().split() == ["cockpit", __version__]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_it_ends_with_its_client(tmp_path: Path, number: signal.Signals) -> None:
    """Signals are passed on; a client that was killed takes its fork with it."""
    words = ("--root", str(tmp_path), "serve", "--foreground", "--root", str(tmp_path / "fleet"))
    with subprocess.Popen(forked(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        lock = tmp_path / "fleet" / "serve.lock"
        poll(lock.exists, "the server", LIMIT)
        (fork,) = [one for one in psutil.process_iter(["open_files"]) if str(lock) in paths(one)]
        assert fork.pid != client.pid
        client.send_signal(number)
        ended = client.wait(LIMIT)
    assert ended == -number if number == signal.SIGKILL else ended in (0, 143, -number)
    poll(lambda: not fork.is_running() or fork.status() == psutil.STATUS_ZOMBIE, "the end of the fork", LIMIT)


def paths(process: psutil.Process) -> list[str]:
    """Return the files a process holds open."""
    return [file.path for file in process.info["open_files"] or ()]
