"""Writing into the FIFO: whole lines or nothing, one writer at a time, never a writer that hangs."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.agents.scaffold.answers import parse_send
from cockpit.agents.scaffold.scripts import send_script
from cockpit.errors import CockpitError, Refused, TimedOut
from tests.agents.scaffold.scaffold_machine import Machine, open_on, wait_until
from tests.agents.scaffold.test_scripts import SHELLS, bare_path, shell_machine
from tests.requirements import require_program

pytestmark = pytest.mark.slow

__all__ = ["bare_path"]


@pytest.fixture(params=SHELLS)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    """A machine for each shell."""
    machine = shell_machine(tmp_path, request.param)
    yield machine
    machine.close()


def received(machine: Machine) -> list[tuple[int, str]]:
    """Return size and digest of the lines the agent has read, in order."""
    records = [json.loads(line) for line in machine.lines()]
    return [(record["size"], record["digest"]) for record in records if record["type"] == "got"]


def expected(line: bytes) -> tuple[int, str]:
    return len(line), hashlib.sha256(line).hexdigest()


def spools(machine: Machine) -> list[Path]:
    return list(machine.file("out").parent.glob("send.*"))


def writers(machine: Machine) -> list[int]:
    """Return who has the FIFO open for writing, the keeper apart."""
    found = []
    for pid, descriptor in open_on(machine.file("in")):
        # One that has ended since it was found has nothing open.
        with contextlib.suppress(psutil.NoSuchProcess):
            if descriptor == "1" and "sleep" not in psutil.Process(int(pid)).cmdline():
                found.append(int(pid))
    return found


def test_sizes_and_bytes(machine: Machine) -> None:
    machine.start()
    payloads = [
        b"x\n",
        b"\xff\xfe \x01\\n \xe2\x80\xa8 %s\n",
        b"a" * 4095 + b"\n",
        b"b" * 4096 + b"\n",
        b"c" * 240_000 + b"\n",
    ]
    for payload in payloads:
        assert machine.send(payload).size == len(payload)
    machine.send(b"one\ntwo\n")
    wait_until(lambda: len(received(machine)) == len(payloads) + 2, "everything is read")
    assert received(machine) == [expected(line) for line in [*payloads, b"one\n", b"two\n"]]
    assert spools(machine) == []


def test_a_leading_newline_saves_the_command_after_a_half_line(machine: Machine) -> None:
    machine.start()
    with machine.file("in").open("wb", buffering=0) as fifo:
        fifo.write(b'{"half')
    machine.send(b"whole\n", leading_newline=True)
    wait_until(lambda: len(received(machine)) == 2, "both lines are read")
    assert received(machine) == [expected(b'{"half\n'), expected(b"whole\n")]


def test_many_writers_never_interleave(machine: Machine) -> None:
    machine.start()
    payloads = [
        (f"{number} ".encode() * (size // 2) + b"\n") for number, size in enumerate([200_000, 9_000, 30, 5_000] * 3)
    ]
    failures: list[BaseException] = []

    def send(payload: bytes) -> None:
        try:
            machine.send(payload)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=send, args=(payload,)) for payload in payloads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    wait_until(lambda: len(received(machine)) == len(payloads), "everything is read")
    assert sorted(received(machine)) == sorted(expected(payload) for payload in payloads)


def test_no_agent_at_all(machine: Machine) -> None:
    with pytest.raises(Refused, match="nobody reads"):
        machine.send(b"x\n")


@pytest.mark.races_the_clock("a dead agent must be noticed within a bound")
def test_a_dead_agent_is_noticed_at_once(machine: Machine) -> None:
    started = machine.start()
    assert started.pid is not None
    os.kill(started.pid, signal.SIGKILL)
    wait_until(machine.file("exit").exists, "the exit is written down")
    before = time.monotonic()
    with pytest.raises(Refused, match="nobody reads"):
        machine.send(b"x\n", timeout=20)
    assert time.monotonic() - before < 10
    assert writers(machine) == [] and spools(machine) == []


def test_an_agent_that_does_not_read_is_a_bounded_wait(machine: Machine) -> None:
    started = machine.start()
    assert started.pid is not None
    os.kill(started.pid, signal.SIGSTOP)
    try:
        machine.send(b"fits into the pipe\n")
        with pytest.raises(TimedOut, match="does not read"):
            machine.send(b"x" * 240_000 + b"\n", timeout=1)
        assert writers(machine) == [] and spools(machine) == []
    finally:
        os.kill(started.pid, signal.SIGCONT)
    wait_until(lambda: len(received(machine)) >= 1, "the first line is read")
    machine.send(b"later\n", leading_newline=True)
    wait_until(lambda: received(machine)[-1:] == [expected(b"later\n")], "the later line is whole")


def test_an_agent_that_dies_during_the_write_leaves_no_writer(machine: Machine) -> None:
    started = machine.start()
    pid = started.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)

    def kill_in_the_middle() -> None:
        wait_until(lambda: writers(machine) != [], "somebody writes")
        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_in_the_middle)
    killer.start()
    with pytest.raises(Refused, match="ended while it was written to"):
        machine.send(b"x" * 240_000 + b"\n", timeout=20)
    killer.join()
    assert writers(machine) == []


def test_a_dropped_connection_writes_nothing(machine: Machine) -> None:
    machine.start()
    for size, data in ((100, b"x" * 50), (50, b"x" * 50), (10, b"")):
        with pytest.raises(CockpitError, match="connection dropped"):
            parse_send(*machine.execute(send_script(machine.paths, size), data), place="VM test")
    machine.send(b"x\n")
    wait_until(lambda: received(machine) != [], "the line is read")
    assert received(machine) == [expected(b"x\n")]
    assert spools(machine) == []


def test_a_held_lock_is_a_bounded_wait(machine: Machine) -> None:
    require_program("flock")
    machine.start()
    holder = subprocess.Popen(
        ["flock", str(machine.file("lock")), "sh", "-c", "echo held; exec cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        script = send_script(machine.paths, 2, lock_timeout=0.3)
        with pytest.raises(TimedOut, match="lock"):
            parse_send(*machine.execute(script, b"x\n"), place="VM test")
    finally:
        holder.communicate()
    machine.send(b"x\n")


def test_without_flock_and_timeout_too(machine: Machine, bare_path: Callable[..., str]) -> None:
    machine.path = bare_path("flock", "timeout")
    started = machine.start()
    assert started.pid is not None
    threads = [threading.Thread(target=machine.send, args=(b"%d" % number * 50_000 + b"\n",)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: len(received(machine)) == 5, "everything is read")
    assert sorted(received(machine)) == sorted(expected(b"%d" % number * 50_000 + b"\n") for number in range(5))

    stale = machine.file("lock.d")
    stale.mkdir()
    ended = subprocess.Popen(["true"])
    ended.wait()
    (stale / "owner").write_text(f"{ended.pid}\n", encoding="utf-8")
    machine.send(b"past a stale lock\n")
    assert not stale.exists()

    stale.mkdir()
    (stale / "owner").write_text(f"{os.getpid()}\n", encoding="utf-8")
    with pytest.raises(TimedOut, match="lock"):
        parse_send(*machine.execute(send_script(machine.paths, 2, lock_timeout=0.3), b"x\n"), place="VM test")
    shutil.rmtree(stale)

    os.kill(started.pid, signal.SIGSTOP)
    try:
        with pytest.raises(TimedOut, match="does not read"):
            machine.send(b"x" * 240_000 + b"\n", timeout=1)
        assert writers(machine) == []
    finally:
        os.kill(started.pid, signal.SIGCONT)
