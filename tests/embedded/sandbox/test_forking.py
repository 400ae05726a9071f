"""First processes come from one that forks them: it may be ended at any time, and nobody is left whom nobody knows."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.embedded.hosting import HostingError
from cockpit.embedded.sandbox import fork_server, forking
from cockpit.embedded.sandbox.forking import Forks
from cockpit.embedded.sandbox.processes import read_entry
from cockpit.embedded.sandbox.supervisor import Supervisor
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


def forker(forks: Forks) -> psutil.Process:
    """Return the program that forks; those of other tests may end only when nobody speaks of them any more."""
    assert forks._running is not None
    return psutil.Process(forks._running.pid)


def test_who_forked_may_be_ended_and_what_it_forked_stays(forks: Forks, short_root: Path) -> None:
    sockets = [str(short_root / name / "init") for name in ("one", "two", "three")]
    for place in sockets:
        Path(place).parent.mkdir()
    first = forks.start(sockets[0], None)
    forker(forks).kill()
    second = forks.start(sockets[1], None)
    forks.close()
    third = forks.start(sockets[2], None)
    assert sorted(first_processes_of(short_root)) == sorted((first, second, third))
    for pid, place in zip((first, second, third), sockets, strict=True):
        words = psutil.Process(pid).cmdline()
        assert [word for word in words if word][-2:] == [fork_server.__file__.replace("fork_server", "init"), place]


def test_a_first_process_that_nobody_waits_for_does_not_stay(
    forks: Forks, short_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forks.start(str(short_root / "init"), None)
    (known,) = first_processes_of(short_root)
    monkeypatch.setattr(forking, "START_TIMEOUT", 0.1)
    late = short_root / "late" / "init"
    late.parent.mkdir()
    forker(forks).suspend()
    with pytest.raises(HostingError, match="did not start"):
        forks.start(str(late), None)
    forker(forks).resume()
    poll(lambda: late.exists() and not forker(forks).children(), "whoever forked it has told it in vain")
    poll(lambda: first_processes_of(short_root) == [known], "the unknown one ends")


def test_an_answer_that_comes_too_late_is_the_end_of_whom_it_names() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, subprocess.Popen(["sleep", "1000"]) as named:
        theirs.sendall(str(named.pid).encode())
        forking.refuse(ours)
        assert named.wait(30) == -signal.SIGKILL
        with pytest.raises(BrokenPipeError):
            theirs.sendall(b"1")


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
    walls = {"root": str(short_root / "missing"), "steps": []}
    with pytest.raises(HostingError, match=r"missing|PermissionError"):
        forks.start(str(short_root / "walled"), walls)
    assert not first_processes_of(short_root)
    assert forks.start(str(short_root / "init"), None) in first_processes_of(short_root)


def test_a_first_process_of_an_earlier_version_says_itself_what_it_started(forks: Forks, short_root: Path) -> None:
    record = short_root / "record"
    ours = read_entry(os.getpid())
    assert ours is not None
    record.write_text(f"{ours.pid} {ours.start}")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(short_root / "init"))
        listener.listen()
        answering = threading.Thread(target=answer_as_before, args=(listener,))
        answering.start()
        supervisor = Supervisor(record, short_root / "init", forks)

        async def launched() -> tuple[int, int]:
            with open(os.devnull, "r+b") as nowhere:  # noqa: ASYNC230, PTH123 - it is no file
                started = await supervisor.launch(["true"], {}, [nowhere.fileno()] * 3)
            return started.pid, await started.exited

        assert asyncio.run(launched()) == (4321, 7)
        answering.join()


def answer_as_before(listener: socket.socket) -> None:
    """Answer a request as a first process did that started its commands itself."""
    connection, _ = listener.accept()
    with connection:
        data, streams, _, _ = socket.recv_fds(connection, 65_536, 3)
        for stream in streams:
            os.close(stream)
        assert json.loads(data[4:])["arguments"] == ["true"]
        connection.sendall(b'{"pid": 4321}\n{"exit": 7}\n')
