"""What the screen costs: bytes, keys, processor and a terminal that stalls: `python -m tests.bench.bench_screen`.

A terminal of 160 by 45 cells answers what Textual asks, counts what it gets, and shows it on an emulator. The baseline
of the bytes is the difference of the same frames, cell by cell: 7 bytes for each run of changed cells, 12 for each
change of style, and the characters. The baseline of the rest is a Textual application with one input, in the same run.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from tests.bench.precedence import at_once
from tests.bench.table import Table, milliseconds, percentile, ratio, running_seconds
from tests.emulator import Cell, Emulator
from tests.faults.harness import ROOT

WIDTH, HEIGHT = 160, 45
ANSWERS = ((re.compile(rb"\x1b\[\?2026\$p"), b"\x1b[?2026;2$y"), (re.compile(rb"\x1b\[c"), b"\x1b[?62;22c"))
"""What Textual asks, and what a terminal with synchronised output says."""
RUN, STYLE = 7, 12
"""Bytes of a move and of a change of style, as a difference of cells would need them."""
IN_SIGHT = 5
"""Agents that stand in sight below the first, however small a fleet is."""
PALETTE, WORD = "\x10", "agent"
"""The key of the palette, and what is looked for in it."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ENDED = 10.0
"""Seconds for a screen to end after its line is gone."""
QUIET = 0.004
"""Seconds of silence that end a frame."""


class Measured:
    """A screen on a terminal that counts."""

    def __init__(self, *words: str, before: Sequence[str] = (), module: str = "tests.bench.screen_load") -> None:
        """Start a module that draws a screen with some words, after others, e.g. those of `ssh`."""
        self._directory = tempfile.TemporaryDirectory(prefix="ckt-screen-")
        self._gaps = Path(self._directory.name) / "gaps"
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_ANIMATIONS": "none"}
        command = [*before, sys.executable, "-m", module, words[0], str(self._gaps), *words[1:]]
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, env=environment, start_new_session=True
        )
        os.close(slave)
        self.emulator = Emulator(WIDTH, HEIGHT)
        self.bytes = 0
        self.baseline = 0
        self._cells = self.emulator.cells()
        self._painted = False

    def read(self, limit: float) -> bytes:
        """Take a frame: all that comes until it is quiet, for some seconds at most until it begins."""
        data, wait = b"", limit
        while select.select([self._master], [], [], wait)[0]:
            chunk = os.read(self._master, 1 << 20)
            for asked, answer in ANSWERS:
                if asked.search(chunk):
                    os.write(self._master, answer)
            data, wait = data + chunk, QUIET
        return data

    def take(self, limit: float) -> bool:
        """Take a frame and count it; False if none came."""
        data = self.read(limit)
        if not data:
            return False
        self.emulator.feed_bytes(data)
        cells = self.emulator.cells()
        self.bytes += len(data)
        self.baseline += difference(self._cells, cells)
        self._cells = cells
        return True

    def watch(self, seconds: float) -> tuple[int, int, float]:
        """Take frames for some seconds; return bytes, those of a difference, and processor seconds."""
        self.bytes = self.baseline = 0
        process = [psutil.Process(self.process.pid)]
        before, ends = running_seconds(process), time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self.take(left)
        return self.bytes, self.baseline, running_seconds(process) - before

    def settle(self, seconds: float) -> None:
        """Wait for the first paint, and some seconds more for what belongs to the start."""
        while not any(line.strip() for line in self.emulator.lines()):
            assert self.take(30.0), "nothing was painted"
        self.watch(seconds)

    def keys(self, count: int) -> list[float]:
        """Type letters into the field that has the focus; return for each the seconds until it stands on the screen."""
        found, text = [], ""
        for number in range(count):
            letter = LETTERS[number % len(LETTERS)]
            text = (text + letter)[-12:]
            found += self._press(letter, partial(self._shows, text))
        return found

    def moves(self, count: int) -> tuple[list[float], list[float]]:
        """Go down the list of agents and up again, as often as it takes.

        Return for each key the seconds until the cursor stands on the other agent, and until its output is shown.
        """
        numbers, keys = walk(count)
        began = time.monotonic()
        while not self._ground_of(3):
            assert time.monotonic() - began < ENDED, f"there are no agents: {self.emulator.lines()}"
            self.watch(QUIET)
        self.type("jk")
        began = time.monotonic()
        while self._ground_of(1) == self._ground_of(3):
            assert time.monotonic() - began < ENDED, f"the cursor is not on the first agent: {self.emulator.lines()}"
            self.watch(QUIET)
        ground = self._ground_of(1)
        pointed, shown = [], []
        for key, number in zip(keys, numbers, strict=True):
            points = partial(self._stands_on, number, ground)
            found = self._press(key, points, partial(self._shows, f"4 agent-{number:03}"))
            pointed.append(found[0])
            shown.append(found[1])
        return pointed, shown

    def palettes(self, count: int) -> tuple[list[float], list[float]]:
        """Open the palette and type a word into it, some times.

        Return the seconds until it is there, and for each letter those until it stands in its field.
        """
        opened, letters = [], []
        for _ in range(count):
            opened += self._press(PALETTE, partial(self._shows, "Do, or go to"))
            for end, letter in enumerate(WORD, 1):
                letters += self._press(letter, partial(self._shows, f"│  {WORD[:end]}"))
            self.type("\x1b")
        return opened, letters

    def _ground_of(self, number: int) -> str:
        """Return the ground on which an agent's row stands in the list; empty text while it does not."""
        name = f"agent-{number:03}"
        found = [(y, line.index(name)) for y, line in enumerate(self.emulator.lines()) if name in line[:40]]
        return self.emulator.cells()[found[0][0]][found[0][1]].ground if found else ""

    def _stands_on(self, number: int, ground: str) -> bool:
        return self._ground_of(number) == ground

    def _shows(self, text: str) -> bool:
        return any(text in line for line in self.emulator.lines())

    def _press(self, key: str, *wanted: Callable[[], bool]) -> list[float]:
        """Press a key; return for each thing that is wanted of the screen the seconds until it is so.

        What comes is shown on the emulator afterwards, with the time at which it came: to show it takes longer than
        to draw it.
        """
        found: dict[int, float] = {}
        limit = 0.12
        with at_once():
            pressed = time.monotonic()
            os.write(self._master, key.encode())
            chunks = self._chunks(pressed + limit)
        while True:
            for came, chunk in chunks:
                self.emulator.feed_bytes(chunk)
                for at, holds in enumerate(wanted):
                    if at not in found and holds():
                        found[at] = came - pressed
            if len(found) == len(wanted):
                return [found[at] for at in range(len(wanted))]
            limit += 0.5
            assert limit < 10, f"{key!r} does not do what it should: {self.emulator.lines()}"
            with at_once():
                chunks = self._chunks(pressed + limit)

    def _chunks(self, ends: float) -> list[tuple[float, bytes]]:
        """Take all that comes until a moment, each piece with its own."""
        found = []
        while (left := ends - time.monotonic()) > 0:
            if select.select([self._master], [], [], left)[0]:
                found.append((time.monotonic(), os.read(self._master, 1 << 20)))
        return found

    def type(self, keys: str, seconds: float = 0.5) -> None:
        """Type something and take what comes of it for some seconds."""
        os.write(self._master, keys.encode())
        self.watch(seconds)

    def stall(self, seconds: float) -> float:
        """Read nothing for some seconds, and return the longest time the loop stood still since."""
        self.forget_gap()
        time.sleep(seconds)
        self.watch(1.0)
        return self.gap()

    def forget_gap(self) -> None:
        """Have the longest time the loop stood still be found anew from now on."""
        self._gaps.unlink(missing_ok=True)

    def wait_linked(self, seconds: float) -> float:
        """Wait until every agent is connected, alive and read; return the seconds since the start."""
        ends = time.monotonic() + seconds
        while not self._gaps.with_suffix(".linked").exists():
            assert time.monotonic() < ends, "not every agent was connected"
            self.watch(0.2)
        return time.monotonic() - self.began

    def memory(self) -> int:
        """Return the bytes of memory that it holds."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def gap(self) -> float:
        """Return the longest time the loop stood still, in seconds."""
        try:
            return float(self._gaps.read_text().split()[0])
        except (OSError, IndexError):
            return 0.0

    def burst(self) -> float:
        """Return the most processor time that the loop took between two chances of a timer, in seconds."""
        try:
            return float(self._gaps.read_text().split()[1])
        except (OSError, IndexError):
            return 0.0

    def figures(self) -> list[dict[str, float]]:
        """Return what the screen told of itself, a line of its file each."""
        lines = self._gaps.with_suffix(".figures").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        """End it, and wait for the screen itself, which beyond `ssh` ends once it is told that its line is gone."""
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        with contextlib.suppress(OSError, psutil.NoSuchProcess):
            psutil.Process(int(self._gaps.with_suffix(".pid").read_text())).wait(ENDED)
        self._directory.cleanup()


class Felt:
    """How long keys took on several screens, the first of which is the baseline."""

    def __init__(self) -> None:
        self.table = Table("key to paint", ("screen", "p50", "p95", "longest", "p95 / hello's p50"))
        self._base = 0.0

    def take(self, name: str, times: Sequence[float]) -> None:
        """Add a screen, with the seconds that each key took."""
        self._base = self._base or percentile(times, 50)
        cells = [milliseconds(percentile(times, at)) for at in (50, 95, 100)]
        self.table.add(name, *cells, ratio(percentile(times, 95), self._base))


def walk(count: int) -> tuple[list[int], str]:
    """Return where the cursor comes to by some keys, from the first agent down and up again, and the keys."""
    there = [*range(2, IN_SIGHT + 2), *range(IN_SIGHT, 0, -1)]
    keys = "j" * IN_SIGHT + "k" * IN_SIGHT
    return [there[at % len(there)] for at in range(count)], "".join(keys[at % len(keys)] for at in range(count))


def difference(before: list[list[Cell]], after: list[list[Cell]]) -> int:
    """Return the bytes that a difference of two screens needs, cell by cell."""
    total, style = 0, None
    for old, new in zip(before, after, strict=True):
        inside = False
        for was, cell in zip(old, new, strict=True):
            if was == cell:
                inside = False
                continue
            total += 0 if inside else RUN
            inside = True
            if cell[1:] != style:
                total, style = total + STYLE, cell[1:]
            total += len(cell.text.encode())
    return total


def measure(seconds: float, settled: float, keys: int, stall: float, fleets: list[int]) -> tuple[Table, ...]:
    """Measure the baselines, and the cockpit with fleets of some sizes, at rest and streaming."""
    sent = Table(f"bytes at {WIDTH}x{HEIGHT}", ("screen", "bytes a second", "difference of cells", "ratio", "CPU"))
    felt = Felt()
    stood = Table(f"the loop while the terminal reads nothing for {stall:.0f} s", ("screen", "longest gap"))
    cost = 0.0

    screens: list[tuple[str, tuple[str, ...]]] = [("hello", ("hello",)), ("hello, streaming", ("text",))]
    screens.append(("idle, 50 agents", ("cockpit", "--agents", "50")))
    for number in fleets:
        screens.append(
            (f"{number} streaming", ("cockpit", "--agents", str(max(6, number)), "--streaming", str(number)))
        )
    for name, words in screens:
        screen = Measured(*words)
        try:
            screen.settle(settled)
            bytes_, wanted, cpu = screen.watch(seconds)
            cost = cost or cpu
            per_second = f"{cpu / seconds * 100:.1f} %"
            sent.add(name, f"{bytes_ / seconds:.0f}", f"{wanted / seconds:.0f}", ratio(bytes_, wanted), per_second)
            if words[0] == "cockpit":
                pointed, shown = screen.moves(keys)
                felt.take(f"{name}: cursor", pointed)
                felt.take(f"{name}: output of another", shown)
                opened, letters = screen.palettes(max(1, keys // len(WORD)))
                felt.take(f"{name}: palette opens", opened)
                felt.take(f"{name}: letter in the palette", letters)
                screen.type("p")
            if words[0] != "text":
                felt.take(name, screen.keys(keys))
            if stall:
                stood.add(name, milliseconds(screen.stall(stall)))
        finally:
            screen.close()
    return (sent, felt.table, stood) if stall else (sent, felt.table)


def main(words: list[str] | None = None) -> tuple[Table, ...]:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--settled", type=float, default=2.0)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--stall", type=float, default=0.0)
    parser.add_argument("--fleets", type=int, nargs="*", default=[1, 50, 200])
    options = parser.parse_args(words)
    tables = measure(options.seconds, options.settled, options.keys, options.stall, options.fleets)
    for table in tables:
        table.show()
    return tables


if __name__ == "__main__":
    main()
