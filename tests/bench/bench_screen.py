"""What the screen costs: bytes, keys, processor and a terminal that stalls: `python -m tests.bench.bench_screen`.

A terminal of 160 by 45 cells answers what Textual asks, counts what it gets, and shows it on an emulator. The baseline
of the bytes is the difference of the same frames, cell by cell: 7 bytes for each run of changed cells, 12 for each
change of style, and the characters. The baseline of the rest is a Textual application with one input, in the same run.
"""

from __future__ import annotations

import argparse
import fcntl
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
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from tests.bench.table import Table, milliseconds, percentile, ratio, running_seconds
from tests.emulator import Cell, Emulator
from tests.faults.harness import ROOT

WIDTH, HEIGHT = 160, 45
ANSWERS = ((re.compile(rb"\x1b\[\?2026\$p"), b"\x1b[?2026;2$y"), (re.compile(rb"\x1b\[c"), b"\x1b[?62;22c"))
"""What Textual asks, and what a terminal with synchronised output says."""
RUN, STYLE = 7, 12
"""Bytes of a move and of a change of style, as a difference of cells would need them."""
QUIET = 0.004
"""Seconds of silence that end a frame."""


class Measured:
    """A screen on a terminal that counts."""

    def __init__(self, *words: str) -> None:
        """Start `tests.bench.screen_load` with some words."""
        self._directory = tempfile.TemporaryDirectory(prefix="ckt-screen-")
        self._gaps = Path(self._directory.name) / "gaps"
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_ANIMATIONS": "none"}
        command = [sys.executable, "-m", "tests.bench.screen_load", words[0], str(self._gaps), *words[1:]]
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

    def keys(self, count: int, typed: str) -> list[float]:
        """Type letters one by one; return for each the seconds until it stands on the screen."""
        found = []
        for number in range(count):
            letter = "abcdefghijklmnopqrstuvwxyz"[number % 26]
            typed += letter
            pressed = time.monotonic()
            os.write(self._master, letter.encode())
            while True:
                assert time.monotonic() - pressed < 10, f"{typed!r} is not on the screen"
                if not select.select([self._master], [], [], 1.0)[0]:
                    continue
                chunk, came = os.read(self._master, 1 << 20), time.monotonic()
                self.emulator.feed_bytes(chunk)
                if any(typed[-12:] in line for line in self.emulator.lines()):
                    break
            found.append(came - pressed)
            self.watch(0.07)
        return found

    def type(self, keys: str) -> None:
        """Type something and take what comes of it."""
        os.write(self._master, keys.encode())
        self.watch(0.5)

    def stall(self, seconds: float) -> float:
        """Read nothing for some seconds, and return the longest time the loop stood still since."""
        self._gaps.unlink(missing_ok=True)
        time.sleep(seconds)
        self.watch(1.0)
        return self.gap()

    def gap(self) -> float:
        """Return the longest time the loop stood still, in seconds."""
        try:
            return float(self._gaps.read_text() or 0)
        except OSError:
            return 0.0

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        self._directory.cleanup()


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
    felt = Table("key to paint", ("screen", "p50", "p95", "longest", "p95 / hello's p50"))
    stood = Table(f"the loop while the terminal reads nothing for {stall:.0f} s", ("screen", "longest gap"))
    base = cost = 0.0
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
            if words[0] != "text":
                if words[0] == "cockpit":
                    screen.type("p")
                times = screen.keys(keys, "")
                base = base or percentile(times, 50)
                cells = [milliseconds(percentile(times, at)) for at in (50, 95, 100)]
                felt.add(name, *cells, ratio(percentile(times, 95), base))
            if stall:
                stood.add(name, milliseconds(screen.stall(stall)))
        finally:
            screen.close()
    return (sent, felt, stood) if stall else (sent, felt)


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
