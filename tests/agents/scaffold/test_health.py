"""What a look at a VM finds of the scaffold around an agent: keeper, FIFO, sessions, the room on the disk."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.agents.scaffold.answers import AgentState
from cockpit.agents.scaffold.identity import parse_who, who_script
from cockpit.agents.scaffold.renewal import parse_renewal, renew_script
from tests.agents.scaffold.scaffold_machine import Machine, open_on, wait_until
from tests.agents.scaffold.test_scripts import SHELLS, shell_machine


@pytest.fixture(params=SHELLS)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    """A machine for each shell."""
    machine = shell_machine(tmp_path, request.param)
    yield machine
    machine.close()


def keepers(machine: Machine) -> list[int]:
    """Return who holds the FIFO open so that the agent does not meet the end of its input."""
    return [pid for pid, descriptor in open_on(machine.file("in")) if descriptor == "1"]


def test_a_whole_scaffold(machine: Machine) -> None:
    machine.start()
    found = machine.probe()
    assert (found.state, found.fifo, found.keeper) == (AgentState.ALIVE, True, True)
    assert (found.session, found.keeper_session) == (True, True)
    free = shutil.disk_usage(machine.home).free
    assert found.disk_left is not None and abs(found.disk_left - free) < 1 << 30


def test_a_keeper_that_is_gone_is_found_and_a_start_mends_it(machine: Machine) -> None:
    machine.start("run-1")
    keeper = keepers(machine)
    assert len(keeper) == 1
    os.kill(keeper[0], signal.SIGKILL)
    wait_until(machine.file("exit").exists, "the agent has met the end of its input")
    found = machine.probe()
    assert (found.state, found.exit_code, found.fifo, found.keeper) == (AgentState.DEAD, 0, True, False)
    assert not machine.start("run-2").adopted
    found = machine.probe()
    assert (found.state, found.keeper) == (AgentState.ALIVE, True)


def test_a_keeper_that_nobody_wrote_down_is_found_by_what_it_holds(machine: Machine) -> None:
    machine.start()
    machine.file("keeper").unlink()
    assert machine.probe().keeper, "other tools write no such file"
    machine.file("keeper").write_text(f"{os.getpid()}\n")
    assert machine.probe().keeper, "a copied number is another process here"


def test_an_agent_whose_fifo_was_removed_lives_and_is_started_anew(machine: Machine) -> None:
    first = machine.start("run-1")
    machine.file("in").unlink()
    found = machine.probe()
    assert (found.state, found.pid, found.fifo) == (AgentState.ALIVE, first.pid, False)
    second = machine.start("run-2")
    assert not second.adopted and second.pid != first.pid
    assert first.pid is not None and not psutil.pid_exists(first.pid)
    found = machine.probe()
    assert (found.state, found.run_id, found.exit_code, found.fifo) == (AgentState.ALIVE, "run-2", None, True)


def test_the_lesser_room_of_two_disks_counts(machine: Machine, tmp_path: Path) -> None:
    machine.start()
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "df").write_text(
        "#!/bin/sh\necho Filesystem 1024-blocks Used Available Capacity Mounted\n"
        "echo /dev/a 100000 1 99999 1% /\necho /dev/b 100000 99993 7 99% /root\n"
    )
    (tools / "df").chmod(0o755)
    machine.path = f"{tools}:{machine.path}"
    assert machine.probe().disk_left == 7 * 1024


def renewed(machine: Machine, size: int) -> bool:
    """Order the output file to begin anew, as one who has read so many bytes."""
    return parse_renewal(*machine.execute(renew_script(machine.paths, size)), place="VM test").renewed


def test_an_output_file_begins_anew_and_what_it_held_stays_beside_it(machine: Machine) -> None:
    started = machine.start()
    wait_until(lambda: len(machine.lines()) == 2, "the agent speaks")
    out, first = machine.file("out"), machine.file("out").read_bytes()
    inode = out.stat().st_ino
    assert not renewed(machine, len(first) - 1) and out.read_bytes() == first, "somebody has not read all of it"
    assert renewed(machine, len(first))
    assert (out.read_bytes(), out.stat().st_ino, machine.file("out.1").read_bytes()) == (b"", inode, first)
    machine.send(b"after\n")
    wait_until(lambda: len(machine.lines()) == 1, "it is not left standing still, and writes to the new file")
    second = out.read_bytes()
    assert renewed(machine, len(second))
    assert (machine.file("out.1").read_bytes(), machine.file("out.2").read_bytes()) == (second, first)
    assert machine.probe().pid == started.pid and not machine.file("out.copy").exists()


def test_an_output_file_that_ends_in_half_a_line_goes_on(machine: Machine) -> None:
    machine.start()
    wait_until(lambda: len(machine.lines()) == 2, "the agent speaks")
    with machine.file("out").open("ab") as out:
        out.write(b"half")
    assert not renewed(machine, machine.file("out").stat().st_size)
    assert not machine.file("out.1").exists() and not machine.file("out.copy").exists()


def test_no_line_is_lost_or_doubled_while_an_agent_writes_without_a_pause(machine: Machine) -> None:
    """The output begins anew again and again, as soon as it is as long as it was when it was looked at."""
    machine.start("run-1", ["sh", "-c", "n=0; while read -r line; do n=$((n + 1)); echo $n; echo $n.; done"])
    kept: list[bytes] = []
    out = machine.file("out")
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            machine.send(b"go on\n" * 40)

    writer = threading.Thread(target=write)
    writer.start()
    renewals = 0
    try:
        deadline = time.monotonic() + 60
        while renewals < 5:
            assert time.monotonic() < deadline, "it never came to a renewal"
            if renewed(machine, out.stat().st_size):
                renewals += 1
                kept.append(machine.file("out.1").read_bytes())
    finally:
        stop.set()
        writer.join()
    machine.stop()
    numbers = [line for line in b"".join([*kept, out.read_bytes()]).splitlines() if not line.startswith(b"{")]
    count = len(numbers) // 2
    assert numbers == [word for n in range(1, count + 1) for word in (b"%d" % n, b"%d." % n)]


def test_an_agent_is_told_by_its_command_line_where_nobody_wrote_down_what_it_is(machine: Machine) -> None:
    machine.start()
    code, said, errors = machine.execute(who_script(machine.paths))
    who = parse_who(code, said, errors, vm="vm", place="VM vm")
    assert who.command and who.command[0].rpartition("/")[2].startswith("python")
    assert len(who.command) <= 3 and all("\n" not in word for word in who.command)
    machine.stop()
    assert parse_who(*machine.execute(who_script(machine.paths)), vm="vm", place="VM vm").command == ()
