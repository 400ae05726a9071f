"""Keys that a real terminal hands over in one read do in order what they say."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from cockpit.model.commands.agent import FollowUp, Prompt
from cockpit.model.commands.board import CreateTask
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Spawn
from cockpit.model.commands.vm import Branch
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import agent_of
from tests.faults.harness import ROOT
from tests.faults.terminal import Terminal
from tests.ui.scene import vm_id
from tests.ui.terminal.test_real_terminal import SCENE

pytestmark = pytest.mark.slow

LEAVE = b"\x11"
STOPPED = 1.0
"""Seconds for which the process is stopped: longer than keys are held."""
FIRST, SECOND = agent_of(vm_id(1)), agent_of(vm_id(2))


def ordered(path: Path, keys: bytes, *, until: str = "", then: bytes = b"") -> list[str]:
    """Start the screen, type in one write, leave, and return what was ordered.

    With `until`, the rest and the key that leaves are typed only once that is on the screen.
    """
    orders = path / "orders"
    terminal = Terminal([*SCENE, "--orders", str(orders)], dict(os.environ), ROOT, forked=True)
    try:
        terminal.read_until(lambda: terminal.shows("wait for you"), "the screen")
        if until:
            terminal.write(keys)
            terminal.read_until(lambda: terminal.shows(until), until)
        terminal.write((then if until else keys) + LEAVE)
        terminal.read_until(lambda: terminal.process.poll() is not None, "the end")
    finally:
        terminal.close()
    return orders.read_text().splitlines()


def spawn(name: str, role: str) -> Spawn:
    return Spawn(name, AgentKind.LIEUTENANT, role, None, "pi", (), "", "")


CASES: dict[str, tuple[bytes, list[Command]]] = {
    "a prompt": (b"pzebra\r", [Prompt(FIRST, "zebra")]),
    "a prompt that is not sent": (b"pzebra", []),
    "a follow-up": (b"fzoo max\r", [FollowUp(FIRST, "zoo max")]),
    "the fields of the spawn form": (b"nada\t\tpxzk\r", [spawn("ada", "pxzk")]),
    "escape and a key behind it": (b"jpxak\x1bkpother\r", [Prompt(FIRST, "other")]),
    "a filter": (b"/api\rpgo\r", [Prompt(SECOND, "go")]),
    "a place to go to": (b":lt-api\rpgo\r", [Prompt(SECOND, "go")]),
    "the palette": (b"\x10help\r\x1bjpgo\r", [Prompt(SECOND, "go")]),
    "a paste between keys": (b"p\x1b[200~x\ny\x1b[201~z\r", [Prompt(FIRST, "x\nyz")]),
    "the inbox, closed": (b"I\x1bpgo\r", [Prompt(FIRST, "go")]),
    "a task": (b"tdo it\x13", [CreateTask("do it", "", "", ())]),
}


@pytest.mark.parametrize("name", CASES)
def test_one_write(tmp_path: Path, name: str) -> None:
    keys, commands = CASES[name]
    assert ordered(tmp_path, keys) == [str(command) for command in commands]


@pytest.mark.parametrize(
    "keys",
    [b"B\r", b"B\x1b[200~7\x1b[201~\r", b"Dvitruvius\r", b"Dy\r", b"jjja\r\r1", b"jjja1\r"],
    ids=["branch", "branch and a paste", "destroy and the name", "destroy and yes", "answer", "answer by number"],
)
def test_a_question_takes_no_key_of_the_write_that_opened_it(tmp_path: Path, keys: bytes) -> None:
    assert ordered(tmp_path, keys, until="before") == []


@pytest.mark.parametrize(
    "keys",
    [b"Dvitru\r\x1bpgo\r", b"B7\r\x1bpgo\r", b"Dn\r\x1bpgo\r"],
    ids=["destroy", "branch", "no is a letter"],
)
def test_escape_leaves_a_question_in_the_write_that_opened_it(tmp_path: Path, keys: bytes) -> None:
    assert ordered(tmp_path, keys) == [str(Prompt(FIRST, "go"))]


@pytest.mark.parametrize("keys", [b"D", b"B", b"jjja"], ids=["destroy", "branch", "answer"])
def test_the_cockpit_is_left_from_a_question_in_the_write_that_opened_it(tmp_path: Path, keys: bytes) -> None:
    assert ordered(tmp_path, keys) == []


def test_keys_held_while_the_process_is_stopped_are_used_when_it_goes_on(tmp_path: Path) -> None:
    orders = tmp_path / "orders"
    terminal = Terminal([*SCENE, "--orders", str(orders)], dict(os.environ), ROOT, forked=True)
    try:
        terminal.read_until(lambda: terminal.shows("wait for you"), "the screen")
        terminal.write(b"I\x1b:lt-api\rpzebra max")
        os.kill(terminal.process.pid, signal.SIGTSTP)
        process = psutil.Process(terminal.process.pid)
        terminal.read_until(lambda: process.status() == psutil.STATUS_STOPPED, "the stop")
        ends = time.monotonic() + STOPPED
        terminal.read_until(lambda: time.monotonic() > ends, "the end of the stop")
        terminal.blank()
        os.kill(terminal.process.pid, signal.SIGCONT)
        terminal.read_until(lambda: terminal.shows("wait for you"), "the screen again")
        terminal.write(b"\r" + LEAVE)
        terminal.read_until(lambda: terminal.process.poll() is not None, "the end")
    finally:
        terminal.close()
    assert orders.read_text().splitlines() == [str(Prompt(SECOND, "zebra max"))]


def test_a_question_that_was_seen_is_answered(tmp_path: Path) -> None:
    assert ordered(tmp_path, b"B\r", until="before", then=b"\r") == [str(Branch(vm_id(1), 1))]


def test_a_paste_that_stalls_runs_nothing_and_the_operator_gets_out_of_it(tmp_path: Path) -> None:
    keys, unended = b"\x1b[200~Dy\r", "has not ended"
    assert ordered(tmp_path, keys, until=unended) == []


def test_what_stands_behind_a_paste_that_stalled_is_written(tmp_path: Path) -> None:
    then = b"B\r\x1b[201~\r"
    expected = [str(Prompt(FIRST, "Dy\nB\n"))]
    assert ordered(tmp_path, b"p\x1b[200~Dy\r", until="has not ended", then=then) == expected


def test_a_byte_that_is_no_text_is_said_and_hurts_nobody(tmp_path: Path) -> None:
    assert ordered(tmp_path, b"p\xe9t\xff\r", until="0xe9") == [str(Prompt(FIRST, "t"))]


def test_what_is_typed_before_the_screen_has_the_terminal_is_used_enter_included(tmp_path: Path) -> None:
    orders = tmp_path / "orders"
    terminal = Terminal([*SCENE, "--orders", str(orders)], dict(os.environ), ROOT)
    try:
        terminal.write(b"nw*3: do this\x14\r")
        terminal.read_until(lambda: terminal.shows("close, it goes on"), "the order")
        terminal.write(b"\x1b" + LEAVE)
        terminal.read_until(lambda: terminal.process.poll() is not None, "the end")
    finally:
        terminal.close()
    made = orders.read_text().splitlines()
    assert len(made) == 3 and all("do this" in one and "WORKER" in one for one in made)
