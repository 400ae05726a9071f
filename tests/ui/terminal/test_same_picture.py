"""Whatever was done, and however it is read: a terminal shows what it would show after a repaint of everything.

The cockpit runs on terminals of its own here: a pseudo-terminal with and without synchronised output, one at the other
end of a real `sshd`, and tmux. `test_replica_of_the_screen` compares with what Textual itself would paint.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import psutil  # type: ignore[import-untyped]
import pytest

from tests.emulator import Cell, Emulator
from tests.faults.harness import ROOT
from tests.faults.terminal import Terminal
from tests.fleets import poll
from tests.remote.sshd import Sshd
from tests.requirements import require_program

pytestmark = pytest.mark.slow

SCENE = [sys.executable, "-m", "tests.ui.scene"]
KEYS = (b"j", b"k", b"4", b"1", b"2", b"3", b"5", b"Z", b"I", b"w", b"?", b"p", b"\x1b[27u", b"\t", b" ", b"e")
SIZES = ((100, 30), (80, 24), (161, 45), (60, 20))
HELP = "Write a prompt that starts a run"
"""Stands on the screen of all keys only."""
LOOK = 0.03
"""Seconds between two looks whether a screen is complete."""
QUIET_LOOKS = 8
"""Looks in a row without output, and without anybody who works on some."""


@contextlib.contextmanager
def on_a_terminal(
    *words: str, synchronised: bool, kind: str = "xterm-256color", variables: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Terminal]:
    """Run the screen over a fleet that stands still."""
    environment = {name: value for name, value in os.environ.items() if name not in ("COLORTERM", "NO_COLOR")}
    terminal = Terminal(
        [*SCENE, *words], {**environment, **variables}, ROOT, kind=kind, forked=True, synchronised=synchronised
    )
    try:
        terminal.read_until(lambda: terminal.shows("Lieutenants"), "the screen")
        yield terminal
    finally:
        terminal.close()


def complete(
    terminal: Terminal, most: int = 65536, *, through: Sequence[int] = ()
) -> tuple[list[list[Cell]], tuple[int, int]]:
    """Read all that comes, and return the picture once nobody is about to write more.

    Args:
        terminal: where it is shown.
        most: bytes that are read at once.
        through: further processes, through which it comes.
    """
    quiet = 0
    while quiet < QUIET_LOOKS:
        if terminal.read(LOOK, most):
            quiet = 0
        elif not any(map(is_running, (terminal.process.pid, *through))):
            quiet += 1
    return terminal.picture()


def is_running(pid: int) -> bool:
    """Say whether a thread of a process runs, or would if it had its turn on a busy machine."""
    found = set()
    with contextlib.suppress(psutil.NoSuchProcess):
        found = {psutil.Process(thread.id).status() for thread in psutil.Process(pid).threads()}
    return psutil.STATUS_RUNNING in found


def at_rest(terminal: Terminal, size: tuple[int, int] = (120, 40)) -> None:
    """Leave every dialog and field, at a size: what blinks there is no picture that stands still.

    Keys are worked off in their order: once the help was opened and closed, so was all before it.
    """
    terminal.resize(*size)
    terminal.write(b"\x1b[27u" * 8 + b"?")
    terminal.read_until(lambda: terminal.shows(HELP), "the help")
    terminal.write(b"\x1b[27u1")
    terminal.read_until(lambda: not terminal.shows(HELP) and terminal.shows("1 Lieutenants"), "the lists")
    terminal.read_until(lambda: any(line[-1] == "╮" for line in terminal.lines()), "all of the width")


def assert_as_after_a_repaint(terminal: Terminal, pid: int, *, through: Sequence[int] = ()) -> None:
    """Assert that what the differences led to is what a repaint of everything leads to, on a terminal that is blank."""
    cells, cursor = complete(terminal, through=through)
    terminal.blank()
    os.kill(pid, signal.SIGWINCH)
    terminal.read_until(lambda: all(terminal.lines()[y].strip() for y in (0, -1)), "a repaint")
    again, there = complete(terminal, through=through)
    for y, (line, wanted) in enumerate(zip(cells, again, strict=True)):
        assert line == wanted, f"line {y}: {''.join(cell.text for cell in line)!r} is not {terminal.lines()[y]!r}"
    assert cursor == there


@pytest.mark.parametrize("synchronised", [True, False], ids=["synchronised", "bare"])
@pytest.mark.parametrize("words", [(), ("--hostile",)], ids=["scene", "hostile texts"])
def test_after_any_keys_and_sizes(words: tuple[str, ...], synchronised: bool) -> None:
    chance = random.Random(7)
    with on_a_terminal(*words, synchronised=synchronised) as terminal:
        for _ in range(2):
            for _ in range(12):
                terminal.write(chance.choice(KEYS))
                if chance.random() < 0.15:
                    terminal.resize(*chance.choice(SIZES))
                if chance.random() < 0.6:
                    terminal.read(0.05)
            at_rest(terminal, chance.choice(((120, 40), (161, 45))))
            assert_as_after_a_repaint(terminal, terminal.process.pid)
        assert (b"\x1b[?2026h" in terminal.seen) is synchronised


TRUE = r"[34]8;2;\d+;\d+;\d+"
PALETTE = r"[34]8;5;\d+"
SIXTEEN = r"[39][0-7]|4[0-7]|10[0-7]"
NONE = r"(?!)"


@pytest.mark.parametrize(
    ("kind", "variables", "colours"),
    [
        ("xterm-256color", {"COLORTERM": "truecolor"}, TRUE),
        ("xterm-256color", {}, PALETTE),
        ("xterm", {}, SIXTEEN),
        ("xterm-256color", {"COLORTERM": "truecolor", "NO_COLOR": "1"}, NONE),
    ],
    ids=["16 million", "256", "16", "none"],
)
def test_in_the_colours_that_a_terminal_has(kind: str, variables: dict[str, str], colours: str) -> None:
    with on_a_terminal(synchronised=False, kind=kind, variables=variables) as terminal:
        terminal.write(b"jj4?")
        at_rest(terminal)
        assert_as_after_a_repaint(terminal, terminal.process.pid)
        sent = set(re.findall(rb"\x1b\[([0-9;]*)m", bytes(terminal.seen)))
        for codes in sent:
            left = re.sub(rf"(?<![0-9;])(?:{colours})(?![0-9])", "", codes.decode(), count=1)
            left = re.sub(rf";(?:{colours})(?![0-9])", "", left)
            assert re.fullmatch(r"[0-9]?(?:;?(?:[0-9]|21|39|49))*", left), codes
        found = any(re.search(rf"(?:^|;)(?:{colours})(?:;|$)", codes.decode()) for codes in sent)
        assert found is (colours is not NONE)


def test_byte_by_byte() -> None:
    with on_a_terminal(synchronised=True) as terminal:
        terminal.write(b"jj?")
        complete(terminal, 1)
        at_rest(terminal)
        assert_as_after_a_repaint(terminal, terminal.process.pid)


def test_a_reader_that_is_slower_than_the_screen() -> None:
    with on_a_terminal(synchronised=False) as terminal:
        for key in b"jk?\x1b" * 5:
            terminal.write(bytes([key]))
            terminal.read(0.02, 512)
        at_rest(terminal)
        assert_as_after_a_repaint(terminal, terminal.process.pid)


@pytest.mark.parametrize("resized", [False, True], ids=["its size stays", "it is resized meanwhile"])
def test_a_reader_that_stalls(resized: bool) -> None:
    with on_a_terminal(synchronised=True) as terminal:
        process = psutil.Process(terminal.process.pid)
        while terminal.waiting() < 4000:  # what the kernel keeps of it is full
            terminal.write(b"?\x1b[27u")
            poll(lambda: process.cpu_percent(0.05) < 50, "a screen that has drawn")
        if resized:
            terminal.resize(90, 30)
        terminal.write(b"jjj")
        poll(lambda: process.cpu_percent(0.3) < 20, "a screen at rest")
        complete(terminal)
        at_rest(terminal)
        assert_as_after_a_repaint(terminal, terminal.process.pid)


def test_at_the_other_end_of_an_sshd(tmp_path: Path) -> None:
    ssh = require_program("ssh")
    environment = f"SetEnv PYTHONPATH={ROOT} COLORTERM=truecolor TEXTUAL_ANIMATIONS=none HOME={tmp_path}"
    server = Sshd(tmp_path / "sshd", environment)
    server.start()
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text(server.private_key)
    options = ("StrictHostKeyChecking=no", f"UserKnownHostsFile={tmp_path}/known", "LogLevel=ERROR")
    words = [word for option in options for word in ("-o", option)]
    endpoint = server.endpoint()
    command = [str(ssh), "-tt", "-F", "none", "-i", str(key), *words, "-p", str(server.port)]
    remote = f"cd {ROOT} && exec {' '.join(SCENE)}"
    terminal = Terminal([*command, f"{endpoint.username}@127.0.0.1", remote], dict(os.environ), ROOT, synchronised=True)
    try:
        terminal.read_until(lambda: terminal.shows("wait for you"), "the screen", 120.0)
        line = server.family()
        (cockpit,) = (one for one in line if "tests.ui.scene" in one.cmdline() and one.name() != "bash")
        through = [one.pid for one in line]
        for keys in (b"jj4", b"?", b"\x1b[27u1k", b"I", b"\x1b[27u2"):
            terminal.write(keys)
            complete(terminal, through=through)
        at_rest(terminal, (130, 41))
        assert_as_after_a_repaint(terminal, cockpit.pid, through=through)
        assert b"\x1b[?2026h" in terminal.seen
    finally:
        terminal.close()
        server.stop()


class Tmux:
    """A tmux server of its own with one window of 120 by 40 cells."""

    def __init__(self, directory: Path, command: list[str]) -> None:
        self._program = [str(require_program("tmux")), "-S", str(directory / "tmux"), "-f", "/dev/null"]
        variables = {**os.environ, "TEXTUAL_ANIMATIONS": "none", "COLORTERM": "truecolor", "HOME": str(directory)}
        size = ("-x", "120", "-y", "40")
        subprocess.run(
            [*self._program, "new-session", "-d", *size, *command], cwd=ROOT, env=variables, check=True, timeout=20
        )

    def say(self, *words: str) -> str:
        """Run a command of tmux."""
        done = subprocess.run([*self._program, *words], capture_output=True, text=True, check=True, timeout=20)
        return done.stdout

    def picture(self) -> tuple[str, str]:
        """Return what the window shows, with its styles, and where its cursor is."""
        return self.say("capture-pane", "-p", "-e"), self.say("display", "-p", "#{cursor_x} #{cursor_y}")

    def complete(self) -> tuple[str, str]:
        """Return the picture once it stands still."""
        seen = [self.picture()]

        def still() -> bool:
            seen.append(self.picture())
            return len(seen) > 4 and len(set(seen[-4:])) == 1

        poll(still, "a picture that stands still")
        return seen[-1]


def test_in_tmux(tmp_path: Path) -> None:
    tmux = Tmux(tmp_path, SCENE)
    try:
        poll(lambda: "wait for you" in tmux.picture()[0], "the screen")
        for keys in ("jj4", "?", "\x1b", "1k", "n", "\x1b", "2", "\x1b", "1"):
            tmux.say("send-keys", "-l", keys)
            before = tmux.complete()
        pid, tty = tmux.say("display", "-p", "#{pane_pid} #{pane_tty}").split()
        Path(tty).write_bytes(b"\x1b[m\x1b[2J\x1b[H")  # somebody else clears it, and nobody sees
        poll(lambda: not tmux.picture()[0].strip(), "a blank window")
        os.kill(int(pid), signal.SIGWINCH)
        poll(lambda: "wait for you" in tmux.picture()[0], "the repaint")
        assert tmux.complete() == before
        shown = Emulator(120, 40)
        shown.feed(before[0].rstrip("\n").replace("\n", "\r\n"))
        with on_a_terminal(synchronised=False) as terminal:
            terminal.write(b"jj1k")
            complete(terminal)
            assert [line.rstrip() for line in shown.lines()] == [line.rstrip() for line in terminal.lines()]
    finally:
        tmux.say("kill-server")
