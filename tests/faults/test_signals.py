"""Signals that ask the cockpit to end: everything is saved and given back within a second, agents go on."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.store.store import Store
from tests.engine.evidence import stored
from tests.faults.harness import ROOT, readers_of
from tests.faults.terminal import ALTERNATE_SCREEN, Terminal
from tests.fleets import FleetUnderTest, fleet_under_test, poll

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]
STARTED_ANEW = signal.SIGTERM
"""The signal that a program gets that was started as users start it; the others go to what is loaded already."""
SOON = 1.0
"""Seconds until everything is over."""
START_UP = 0.7
"""Seconds a busy machine may add; an interpreter alone takes half a second to end here."""


@pytest.fixture(scope="module")
def fleet() -> Iterator[FleetUnderTest]:
    """A fleet with one agent, ada, that has said something."""
    with fleet_under_test() as made:
        done = made.run("spawn", "ada", "--role", "tests", "--agent", "scripted")
        assert done.returncode == 0, done.stderr
        assert made.run("send", "ada", "[say Hello.]", "--wait", "done").returncode == 0
        yield made


def ada_out(fleet: FleetUnderTest) -> Path:
    """Return ada's output file."""
    (found,) = (fleet.places.fleet / "vms").glob("*/*/pi-rpc/out")
    return found


def agent_processes(fleet: FleetUnderTest) -> set[int]:
    """Return the scripted agents' processes that live in this fleet."""
    vms = {path.name for path in (fleet.places.fleet / "vms").iterdir()}
    found = set()
    for process in psutil.process_iter():
        try:
            is_agent = "cockpit.embedded.scripted_agent" in process.cmdline()
            if is_agent and process.environ().get("COCKPIT_SANDBOX") in vms:
                found.add(process.pid)
        except psutil.Error:
            continue
    return found


async def assert_saved_and_gone(fleet: FleetUnderTest, agents: set[int]) -> None:
    """Assert that the history holds every line, that no reader is left, and that the agents are the same."""
    out = ada_out(fleet)
    poll(lambda: not readers_of(out, out.parent.parent), "the end of the remote reader", SOON + START_UP)
    assert agents and agent_processes(fleet) == agents, "agents untouched"
    store = await Store.open(fleet.places.history)
    try:
        (agent,) = [row for row in await store.agents() if row.name == "ada"]
        cursor = await store.cursor(agent.id)
        content = out.read_bytes()
        assert cursor is not None and (cursor.offset, cursor.line) == (len(content), content.count(b"\n"))
        assert len([record for record in await stored(store, agent.id) if record.line]) == cursor.line
    finally:
        await store.close()


@pytest.mark.races_the_clock("a process must be gone within a second")
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
async def test_the_screen_gives_the_terminal_back_and_leaves_nothing(
    fleet: FleetUnderTest, number: signal.Signals
) -> None:
    agents = agent_processes(fleet)
    terminal = Terminal(fleet.command(), fleet.environment(), ROOT, forked=number is not STARTED_ANEW)
    try:
        terminal.read_until(lambda: terminal.shows("ada") and terminal.shows("Hello."), "the screen")
        terminal.read_until(lambda: bool(readers_of(ada_out(fleet), ada_out(fleet).parent.parent)), "a reader")
        assert terminal.modes()[ALTERNATE_SCREEN]
        seconds = terminal.end(number)
        assert seconds < SOON + START_UP, f"{seconds:.1f} s"
        assert terminal.process.returncode == 128 + number, bytes(terminal.seen[-2000:])
        assert b"Traceback" not in terminal.seen
        terminal.assert_restored()
    finally:
        terminal.close()
    await assert_saved_and_gone(fleet, agents)


@pytest.mark.races_the_clock("a process must be gone within a second")
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
async def test_a_verb_that_follows_ends_at_once_and_leaves_nothing(
    fleet: FleetUnderTest, number: signal.Signals
) -> None:
    agents = agent_processes(fleet)
    command = fleet.command if number is STARTED_ANEW else fleet.verb
    following = subprocess.Popen(  # noqa: ASYNC220  (returns at once)
        command("tail", "ada", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=fleet.environment(),
    )
    try:
        assert following.stdout is not None
        assert following.stdout.readline().startswith("{")
        began = time.monotonic()
        following.send_signal(number)
        _, errors = following.communicate(timeout=20)
        assert time.monotonic() - began < SOON + START_UP
        assert following.returncode == 128 + number, errors
        assert "Traceback" not in errors
    finally:
        following.kill()
        following.wait()
    await assert_saved_and_gone(fleet, agents)


WAITING = {
    "wait": ("wait", "ada", "--until", "error"),
    "send": ("send", "ada", "[sleep 60]", "--wait", "done"),
    "send, reading": ("send", "ada", "-"),
}


@pytest.mark.races_the_clock("a process must be gone within a second")
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_verbs_that_wait_end_at_once_without_a_traceback(fleet: FleetUnderTest, number: signal.Signals) -> None:
    """All at once: what each waits for never comes."""
    waiting = {
        name: subprocess.Popen(
            fleet.command(*words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=fleet.environment(),
        )
        for name, words in WAITING.items()
    }
    try:
        for process in waiting.values():
            # Whatever it is at: it loads, reads its input, or waits for the agent.
            assert process.poll() is None
            poll(lambda pid=process.pid: _handles_or_reads(pid), "a verb that has begun")  # type: ignore[misc]
        for name, process in waiting.items():
            began = time.monotonic()
            process.send_signal(number)
            _, errors = process.communicate(timeout=20)
            assert time.monotonic() - began < SOON + START_UP, name
            # One that has nothing to save is ended by the signal itself; a shell tells the same number for both.
            assert process.returncode in (128 + number, -number), (name, errors)
            assert b"Traceback" not in errors and b"Aborted" not in errors, (name, errors)
    finally:
        for process in waiting.values():
            process.kill()
            process.communicate()


def _handles_or_reads(pid: int) -> bool:
    """Say whether a process has taken the signals over, or reads its input before.

    The interpreter itself takes SIGINT over before it has loaded anything: SIGTERM tells when it is the program.
    """
    caught = int(Path(f"/proc/{pid}/status").read_text().split("SigCgt:")[1].split()[0], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1) or "pipe_read" in Path(f"/proc/{pid}/wchan").read_text()


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_while_the_screen_is_made_leaves_the_terminal_as_it_was(
    fleet: FleetUnderTest, number: signal.Signals
) -> None:
    terminal = Terminal(fleet.command(), fleet.environment(), ROOT, forked=number is not STARTED_ANEW)
    try:
        terminal.read_until(lambda: b"\x1b[?1049h" in terminal.seen, "the first of the screen")
        terminal.end(number)
        assert terminal.process.returncode == 128 + number, bytes(terminal.seen[-2000:])
        assert b"Traceback" not in terminal.seen
        terminal.assert_restored()
    finally:
        terminal.close()


def test_an_ignored_hang_up_stays_ignored(fleet: FleetUnderTest) -> None:
    """`nohup cockpit tail` goes on when the session hangs up."""
    following = subprocess.Popen(
        ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *fleet.command("tail", "ada", "--json")],
        stdout=subprocess.PIPE,
        text=True,
        env=fleet.environment(),
    )
    try:
        assert following.stdout is not None
        assert following.stdout.readline().startswith("{")
        following.send_signal(signal.SIGHUP)
        assert fleet.run("send", "ada", "[say Still there.]", "--wait", "done").returncode == 0
        poll(lambda: "Still there." in following.stdout.readline(), "the line after the hang-up")  # type: ignore[union-attr]
        following.send_signal(signal.SIGTERM)
        assert following.wait(20) == 128 + signal.SIGTERM
    finally:
        following.kill()
        following.wait()


def test_a_blocked_output_does_not_keep_a_verb_alive(fleet: FleetUnderTest) -> None:
    """Nobody reads the pipe any more, and it is full: the signal still ends the process in bounded time."""
    assert fleet.run("send", "ada", "[bash seq 20000] [say " + "x" * 60_000 + "]", "--wait", "done").returncode == 0
    following = subprocess.Popen(
        fleet.command("tail", "ada", "--json"), stdout=subprocess.PIPE, env=fleet.environment()
    )
    try:
        process = psutil.Process(following.pid)
        poll(lambda: _blocked(process), "a full pipe")
        following.send_signal(signal.SIGTERM)
        assert following.wait(20) == 128 + signal.SIGTERM
    finally:
        following.kill()
        following.communicate()


def _blocked(process: psutil.Process) -> bool:
    """Say whether a process waits in a write to a pipe."""
    return "pipe_write" in Path(f"/proc/{process.pid}/wchan").read_text()
