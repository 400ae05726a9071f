"""The cockpit on a real pseudo-terminal that sends nonsense, changes its size, stops reading, or goes away."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from tests.faults.harness import ROOT
from tests.faults.terminal import ALTERNATE_SCREEN, Terminal
from tests.fleets import FleetUnderTest, fleet_under_test, poll
from tests.ui.terminal.closing import ends, in_session
from tests.ui.terminal.test_input_parser import HOSTILE

pytestmark = pytest.mark.slow

SCENE = [sys.executable, "-m", "tests.ui.scene"]
HELP = "Write a prompt that starts a run"
"""Stands on the screen of all keys only."""
SOON = 2.0
"""Seconds a cockpit has whose terminal is gone."""
START_UP = 1.0
"""Seconds a busy machine may add."""


@pytest.fixture
def screen() -> Iterator[Terminal]:
    """The screen over a fleet that stands still."""
    terminal = Terminal(SCENE, dict(os.environ), ROOT, forked=True)
    try:
        terminal.read_until(lambda: terminal.shows("wait for you"), "the screen")
        yield terminal
    finally:
        terminal.close()


def assert_works(terminal: Terminal) -> None:
    """Assert that the next key does what it says."""
    if terminal.shows(HELP):
        terminal.write(b"\x1b[27u")
        terminal.read_until(lambda: not terminal.shows(HELP), "the help, gone")
    terminal.write(b"?")
    terminal.read_until(lambda: terminal.shows(HELP), "the help")
    assert terminal.process.poll() is None


@pytest.mark.parametrize("name", HOSTILE)
def test_nonsense_from_the_terminal_hurts_nobody(screen: Terminal, name: str) -> None:
    data = HOSTILE[name].encode("utf-8", "surrogateescape") if name != "a surrogate" else HOSTILE[name].encode()
    for at in range(0, len(data), 4096):
        screen.write(data[at : at + 4096])
        screen.read(0.0)
    screen.write(b"\x1b\\")
    poll(lambda: not screen.read(0.3), "silence")
    screen.write(b"\x1b")
    poll(lambda: not screen.read(0.3), "silence")
    assert_works(screen)


@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_sizes_leaves_a_screen_that_works(screen: Terminal, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(40):
        screen.resize(
            chance.choice([0, 1, 2, 3, 5, 8, 13, 21, 60, 80, 160, 300]), chance.choice([0, 1, 2, 3, 5, 24, 60])
        )
        if chance.random() < 0.5:
            screen.write(chance.choice([b"j", b"4", b"2", b"Z", b"p", b"\x1b", b"n", b"I", b"w", b":", b"A", b"D"]))
        screen.read(0.02)
        assert screen.process.poll() is None, bytes(screen.seen[-3000:])
    screen.resize(120, 40)
    # Wherever the keys led: a few times escape leads out of it, and then a key does what it says.
    assert any(_escaped(screen) for _ in range(10)), bytes(screen.seen[-1500:])
    assert screen.process.poll() is None


def _escaped(screen: Terminal) -> bool:
    """Press escape, then the key of the help; say whether the help is shown."""
    screen.write(b"\x1b")
    poll(lambda: not screen.read(0.2), "silence")
    screen.write(b"?")
    poll(lambda: screen.shows(HELP) or not screen.read(1.0), "the help, or silence")
    return screen.shows(HELP)


@pytest.mark.races_the_clock("a process must be gone within a bound")
def test_a_terminal_that_stops_reading_cannot_hold_the_process(screen: Terminal) -> None:
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        screen.write(b"?\x1b[27u")
        time.sleep(0.01)  # a load generator: the screen draws and nobody reads
    began = time.monotonic()
    os.kill(screen.process.pid, signal.SIGTERM)
    screen.process.wait(20)
    assert time.monotonic() - began < SOON + START_UP


def test_a_terminal_that_must_not_be_waited_for_gets_whole_screens(screen: Terminal) -> None:
    screen.forbid_waiting()
    process = psutil.Process(screen.process.pid)
    for round_ in range(2):
        before = sum(process.cpu_times()[:2])
        for size in ((300, 90), (299, 90)) * 2:
            screen.resize(*size)
            screen.write(b"?\x1b[27u")
        # Nobody reads: the output waits, and waiting costs nothing.
        poll(lambda: _is_quiet(process), "a screen that waits", 30)
        assert sum(process.cpu_times()[:2]) - before < 20
        poll(lambda: not screen.read(0.5), "silence")
        assert screen.process.poll() is None, round_
    assert_works(screen)


def _is_quiet(process: psutil.Process) -> bool:
    return bool(process.cpu_percent(0.5) < 15)


def test_with_its_errors_elsewhere_the_screen_is_on_the_terminal(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    terminal = Terminal(SCENE, dict(os.environ), ROOT, errors=errors, forked=True)
    try:
        terminal.read_until(lambda: terminal.shows("wait for you"), "the screen")
        assert_works(terminal)
        assert b"\x1b" not in errors.read_bytes()
    finally:
        terminal.close()


def test_the_size_is_what_the_terminal_says(tmp_path: Path) -> None:
    command = ["env", "COLUMNS=20", "LINES=5", *SCENE]
    terminal = Terminal(command, dict(os.environ), ROOT)
    try:
        terminal.read_until(lambda: terminal.shows("wait for you"), "the screen")
        # Not that of a narrow terminal, which has room for one list.
        terminal.read_until(lambda: terminal.shows("1 Lieutenants") and terminal.shows("3 VMs"), "the wide screen")
    finally:
        terminal.close()


@pytest.mark.parametrize("piece", [3, 100])
def test_an_answer_about_the_ground_that_comes_late_is_no_text(piece: int) -> None:
    terminal = Terminal([*SCENE, "--theme", "auto"], dict(os.environ), ROOT, forked=True)
    try:
        terminal.read_until(lambda: b"\x1b]11;?\x1b\\" in terminal.seen, "the question")
        terminal.read_until(lambda: terminal.shows("wait for you"), "the screen")
        terminal.write(b"p")
        terminal.read_until(lambda: terminal.shows("newline"), "the composer")
        terminal.write(b"before")
        terminal.read_until(lambda: terminal.shows("before"), "what was typed before the answer")
        answer = b"\x1b]11;rgb:fdf6/e3e3/e3e3\x1b\\"
        for at in range(0, len(answer), piece):
            terminal.write(answer[at : at + piece])
            terminal.read(0.02)
        terminal.write(b"after")
        terminal.read_until(lambda: terminal.shows("beforeafter"), "what was typed around the answer")
    finally:
        terminal.close()


def test_a_stop_that_nobody_saw_coming_leaves_one_reader_and_the_settings_of_the_shell(screen: Terminal) -> None:
    process = psutil.Process(screen.process.pid)
    threads = process.num_threads()
    for _ in range(5):
        os.kill(process.pid, signal.SIGSTOP)
        poll(lambda: process.status() == psutil.STATUS_STOPPED, "a stop")
        screen.blank()
        os.kill(process.pid, signal.SIGCONT)
        screen.read_until(lambda: screen.shows("wait for you"), "the screen, drawn anew")
    poll(lambda: process.num_threads() <= threads, "one reader")
    assert_works(screen)
    screen.write(b"\x1b[27u\x11")
    screen.read_until(lambda: screen.process.poll() is not None, "the end")
    screen.assert_restored()


def test_the_terminal_is_given_back_for_a_stop_that_is_asked_for(screen: Terminal) -> None:
    process = psutil.Process(screen.process.pid)
    os.kill(process.pid, signal.SIGTSTP)
    screen.read_until(lambda: process.status() == psutil.STATUS_STOPPED, "the stop")
    while screen.read(0.1):
        pass
    screen.assert_restored()
    os.kill(process.pid, signal.SIGCONT)
    screen.read_until(lambda: bool(screen.modes().get(ALTERNATE_SCREEN)), "the screen")
    assert_works(screen)


def test_a_stop_that_is_taken_back_before_it_came_leaves_a_screen_that_works(screen: Terminal) -> None:
    for _ in range(20):
        os.kill(screen.process.pid, signal.SIGTSTP)
        os.kill(screen.process.pid, signal.SIGCONT)
        screen.read(0.05)
    poll(lambda: not screen.read(0.5), "silence")
    assert_works(screen)


def test_a_storm_of_focus_costs_no_more_than_the_last(screen: Terminal) -> None:
    for _ in range(2000):
        screen.write(b"\x1b[I\x1b[O")
        screen.read(0.0)
    screen.write(b"\x1b[I")
    assert_works(screen)


def test_a_storm_of_sizes_costs_no_more_than_the_last(screen: Terminal) -> None:
    for _ in range(3000):
        os.kill(screen.process.pid, signal.SIGWINCH)
    for width in range(40, 200):
        screen.resize(width, 20 + width // 4)
    screen.resize(120, 40)
    poll(lambda: not screen.read(0.5), "silence")
    assert_works(screen)


@pytest.fixture(scope="module")
def fleet() -> Iterator[FleetUnderTest]:
    """A fleet with one agent that talks without end."""
    with fleet_under_test() as made:
        done = made.run("spawn", "ada", "--role", "tests", "--agent", "scripted")
        assert done.returncode == 0, done.stderr
        yield made


@pytest.mark.races_the_clock("a process must be gone within a bound")
@pytest.mark.parametrize("moment", ["at once", "while starting", "in mid-draw", "at rest", "in a dialog"])
def test_a_terminal_that_goes_away_ends_the_cockpit_and_nothing_is_left(fleet: FleetUnderTest, moment: str) -> None:
    # While it loads, it must be one that does.
    loaded = moment not in ("at once", "while starting")
    terminal = Terminal(fleet.command(), fleet.environment(), ROOT, forked=loaded)
    try:
        if moment == "while starting":
            terminal.read(10)
        elif moment != "at once":
            terminal.read_until(lambda: terminal.shows("ada"), "the screen")
        if moment == "in a dialog":
            terminal.write(b"n")
            terminal.read_until(lambda: terminal.shows("Spawn"), "the form")
        if moment == "in mid-draw":
            terminal.write(b"?\x1b[27u" * 20)
        if moment == "at rest":
            poll(lambda: not terminal.read(0.5), "silence")
        began = time.monotonic()
        terminal.hang_up()
        terminal.process.wait(20)
        assert time.monotonic() - began < SOON + START_UP
        assert terminal.process.returncode == 129
        assert not list(in_session(terminal.process.pid))
    finally:
        terminal.close()


@pytest.mark.races_the_clock("a process must be gone within a bound")
def test_terminals_that_close_in_the_middle_of_anything_leave_nothing(fleet: FleetUnderTest) -> None:
    """Some of what `tests.bench.bench_closing` does a hundred times."""
    found = ends(fleet, 6, random.SystemRandom().randrange(10**6))
    assert len({(end.moment, end.controlling) for end in found}) == len(found) == 6
    for end in found:
        assert end.code == 129, end
        assert end.seconds < SOON + START_UP, end
        assert end.left == 0, end


def test_an_output_that_is_no_terminal_is_refused_with_a_word(fleet: FleetUnderTest, tmp_path: Path) -> None:
    output = tmp_path / "output"
    terminal = Terminal(fleet.command(), fleet.environment(), ROOT, output=output, forked=True)
    try:
        terminal.read_until(lambda: terminal.process.poll() is not None, "the end")
        while terminal.read(0.1):
            pass
        assert terminal.process.returncode == 2
        assert b"standard output" in terminal.seen and b"terminal" in terminal.seen
        assert output.read_bytes() == b""
    finally:
        terminal.close()


@pytest.mark.parametrize("kind", ["dumb", "", "unknown"])
def test_a_terminal_that_cannot_draw_is_refused_with_a_word(fleet: FleetUnderTest, kind: str) -> None:
    terminal = Terminal(fleet.command(), fleet.environment(), ROOT, kind=kind, forked=kind != "dumb")
    try:
        terminal.read_until(lambda: terminal.process.poll() is not None, "the end")
        while terminal.read(0.1):
            pass
        assert terminal.process.returncode == 2
        assert b"TERM" in terminal.seen and b"xterm-256color" in terminal.seen
        assert not list(in_session(terminal.process.pid))
    finally:
        terminal.close()
