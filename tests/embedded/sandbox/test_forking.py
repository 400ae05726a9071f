"""First processes come from one that forks them: it may be ended at any time, and nobody is left whom nobody knows."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.embedded.hosting import HostingError
from cockpit.embedded.sandbox import fork_server, forking
from cockpit.embedded.sandbox.forking import Forks
from tests.embedded.conftest import first_processes_of
from tests.fleets import poll


@pytest.fixture
def forks(short_root: Path) -> Iterator[Forks]:
    """What starts first processes; those that listen below the directory end with it."""
    with contextlib.closing(Forks()) as forks:
        yield forks
    for pid in first_processes_of(short_root):
        os.kill(pid, signal.SIGKILL)
    poll(lambda: not first_processes_of(short_root), "the first processes end")


def forker() -> psutil.Process:
    """Return the program that forks for this process."""
    (found,) = [child for child in psutil.Process().children() if fork_server.__file__ in child.cmdline()]
    return found


def test_who_forked_may_be_ended_and_what_it_forked_stays(forks: Forks, short_root: Path) -> None:
    sockets = [str(short_root / name / "init") for name in ("one", "two", "three")]
    for socket in sockets:
        Path(socket).parent.mkdir()
    first = forks.start(sockets[0], None)
    forker().kill()
    second = forks.start(sockets[1], None)
    forks.close()
    third = forks.start(sockets[2], None)
    assert sorted(first_processes_of(short_root)) == sorted((first, second, third))
    for pid, socket in zip((first, second, third), sockets, strict=True):
        words = psutil.Process(pid).cmdline()
        assert [word for word in words if word][-2:] == [fork_server.__file__.replace("fork_server", "init"), socket]


def test_a_first_process_that_nobody_waits_for_does_not_stay(
    forks: Forks, short_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forks.start(str(short_root / "init"), None)
    (known,) = first_processes_of(short_root)
    monkeypatch.setattr(forking, "START_TIMEOUT", 0.0)
    (short_root / "late").mkdir()
    with pytest.raises(HostingError, match="did not start"):
        forks.start(str(short_root / "late" / "init"), None)
    late = short_root / "late" / "init"
    poll(lambda: late.exists() and not forker().children(), "whoever forked it has told it in vain")
    poll(lambda: first_processes_of(short_root) == [known], "the unknown one ends")


@pytest.mark.parametrize(
    "program",
    ["raise SystemExit(3)", "import socket; socket.socket(fileno=0).recv(99)"],
    ids=["at once", "after it was asked"],
)
def test_a_program_that_does_not_fork_is_told(
    forks: Forks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(program)
    monkeypatch.setattr(fork_server, "__file__", str(broken))
    with pytest.raises(HostingError, match=r"see serve\.log"):
        forks.start(str(tmp_path / "init"), None)


def test_what_the_kernel_refuses_is_told_and_the_next_one_starts(forks: Forks, short_root: Path) -> None:
    with pytest.raises(HostingError, match="FileNotFoundError"):
        forks.start(str(short_root / "missing" / "init"), None)
    walls = {"members": "", "root": str(short_root / "missing"), "steps": []}
    with pytest.raises(HostingError, match=r"missing|PermissionError"):
        forks.start(str(short_root / "walled"), walls)
    assert not first_processes_of(short_root)
    assert forks.start(str(short_root / "init"), None) in first_processes_of(short_root)
