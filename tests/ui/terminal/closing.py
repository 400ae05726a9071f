"""Closes the terminals of many cockpits at any moment: `python -m tests.ui.terminal.closing ROOT TIMES SEED`.

Everything is loaded once; each cockpit is a fork of that on a pseudo-terminal of its own, runs the command line as a
user would over the fleet in ROOT, and several run at once, so that a hundred ends cost no hundred starts. The moments
are those of `MOMENTS`. Each end is printed as a line of JSON.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import pty
import random
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from tests.faults.harness import ROOT
from tests.fleets import FleetUnderTest

AT_ONCE = 3
SIZES = ((120, 40), (300, 90), (60, 15))
KEYS = (b"?", b"\x1b[27u", b"j", b"4", b"I", b"1", b"/a", b"n", b"Z", b"\x1b[<0;30;8M\x1b[<0;30;8m", b"\t")
READY = b"ada"
"""Stands on every cockpit's first screen."""
PATIENCE = 30.0
"""Seconds after which a cockpit that did not end is killed, and told as such."""

MOMENTS = {
    "mounting": "as soon as it writes anything",
    "drawing": "in the middle of keys that draw, all of it read",
    "blocked": "in the middle of keys that draw, nothing of it read until the terminal is full",
}


@dataclass(frozen=True)
class End:
    """How one cockpit ended."""

    moment: str
    controlling: bool
    seconds: float
    """From the end of the terminal to that of the process."""
    busy: float
    """Processor time in those seconds."""
    code: int
    """The exit code, or minus the signal that ended it."""
    left: int
    """Processes of its session that were still there then."""
    said: str
    """The last it wrote."""


def ends(fleet: FleetUnderTest, times: int, seed: int) -> list[End]:
    """Close the terminals of cockpits over a fleet and return how each ended; the moments take turns."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(fleet.root), str(times), str(seed)],
        capture_output=True,
        text=True,
        timeout=times * PATIENCE,
        env=fleet.environment(),
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [End(**json.loads(line)) for line in done.stdout.splitlines()]


def main() -> None:
    """Run."""
    root, times, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    # Loaded before the forks.
    import cockpit.cli.main
    import cockpit.cli.screen
    import cockpit.ui.app
    import cockpit.ui.terminal.driver  # noqa: F401

    chance = random.Random(seed)
    cases = [(moment, index % 2 == 0) for index, moment in zip(range(times), itertools.cycle(MOMENTS), strict=False)]
    while cases:
        batch, cases = cases[:AT_ONCE], cases[AT_ONCE:]
        # The forks are made before there are threads.
        begun = [_Cockpit(root, moment, controlling, random.Random(chance.random())) for moment, controlling in batch]
        watchers = [threading.Thread(target=cockpit_.run) for cockpit_ in begun]
        for watcher in watchers:
            watcher.start()
        for watcher in watchers:
            watcher.join()
        for cockpit_ in begun:
            assert cockpit_.end is not None
            print(json.dumps(asdict(cockpit_.end)), flush=True)


class _Cockpit:
    """One cockpit from its start to its end."""

    def __init__(self, root: str, moment: str, controlling: bool, chance: random.Random) -> None:
        self.end: End | None = None
        self._moment, self._controlling, self._chance = moment, controlling, chance
        self._seen = bytearray()
        self._master, slave = pty.openpty()
        width, height = chance.choice(SIZES)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self._pid = os.fork()
        if self._pid == 0:
            os.setsid()
            if controlling:
                fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for descriptor in range(3):
                os.dup2(slave, descriptor)
            os.closerange(3, 1024)
            os.environ.update(TERM="xterm-256color", TEXTUAL_ANIMATIONS="none")
            sys.argv = ["cockpit", "--root", root]
            from cockpit.__main__ import main as enter

            enter()  # ends this process as it ends the command's
        os.close(slave)

    def run(self) -> None:
        """Bring it to the moment, take the terminal away, and see how it ends."""
        self._read_while(lambda: not self._seen)
        if self._moment != "mounting":
            self._read_while(lambda: READY not in self._seen)
            self._draw()
        process = psutil.Process(self._pid)
        before = sum(process.cpu_times()[:2])
        began = time.monotonic()
        os.close(self._master)
        killer = threading.Timer(PATIENCE, os.kill, (self._pid, signal.SIGKILL))
        killer.start()
        _, status, used = os.wait4(self._pid, 0)
        killer.cancel()
        self.end = End(
            self._moment,
            self._controlling,
            time.monotonic() - began,
            used.ru_utime + used.ru_stime - before,
            os.waitstatus_to_exitcode(status),
            sum(1 for _ in in_session(self._pid)),
            repr(bytes(self._seen[-400:])),
        )

    def _draw(self) -> None:
        """Type what draws: some of it, or until nothing more can be written to a terminal that nobody reads."""
        for _ in range(self._chance.randrange(5, 60)):
            os.write(self._master, self._chance.choice(KEYS))
            if self._moment == "drawing":
                self._read_for(self._chance.random() * 0.01)
        if self._moment == "blocked":
            deadline = time.monotonic() + PATIENCE
            while not _writes_in_vain(self._pid) and time.monotonic() < deadline:
                os.write(self._master, b"?\x1b[27u")
                select.select((), (), (), self._chance.random() * 0.05)  # a load generator: keys come at any time

    def _read_while(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while condition() and time.monotonic() < deadline:
            self._read_for(0.05)

    def _read_for(self, seconds: float) -> None:
        if select.select([self._master], (), (), seconds)[0]:
            try:
                self._seen += os.read(self._master, 65536)
            except OSError:
                self._seen += READY  # it has ended already, and its exit code says why


def _writes_in_vain(pid: int) -> bool:
    """Say whether a thread waits to write to a terminal."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            if (task / "wchan").read_text() in ("n_tty_write", "wait_woken"):
                return True
        except OSError:
            continue
    return False


def in_session(session: int) -> Iterator[psutil.Process]:
    """Yield the processes of a session that have not ended."""
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except (OSError, psutil.Error):
            continue


if __name__ == "__main__":
    main()
