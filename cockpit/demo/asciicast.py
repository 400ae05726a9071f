"""`python -m cockpit.demo.asciicast`: the demonstration as an animated picture, for developers.

The demonstration runs on a terminal of its own, some keys are pressed, and what it writes is kept with its times
(asciicast version 2: https://docs.asciinema.org/manual/asciicast/v2/). It takes half a minute.
"""

from __future__ import annotations

import argparse
import codecs
import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.text.streams import guard_streams

COLUMNS, LINES = 120, 34
SECONDS = 34.0
MOST_BYTES = 300_000
"""Bytes of the file: what comes after that is left out, so that nobody waits for it."""
MOST_PAUSE = 1.5
"""Seconds that nothing happens at most: a pause is not worth watching."""

KEYS: tuple[tuple[float, str], ...] = (
    (14.0, "j"),
    (16.0, "j"),
    (19.0, "I"),
    (22.0, "\x1b"),
    (24.0, "w"),
    (27.0, "\x1b"),
    (29.0, "T"),
    (32.0, "\x1b"),
)
"""What is pressed, and when: another agent, the inbox, why it is shown so, what was done."""

SURROUNDINGS = {"TERM": "xterm-256color", "TEXTUAL_FPS": "8", "TEXTUAL_COLOR_SYSTEM": "256"}
"""Fewer frames and colours: the file is loaded by whoever reads the README."""


@dataclass(slots=True)
class Recording:
    """What was written, and when."""

    began: float
    events: list[tuple[float, str]] = field(default_factory=list)
    size: int = 0

    def take(self, text: str, now: float) -> None:
        """Take what was written, as long as there is room."""
        if text and self.size < MOST_BYTES * 0.8:
            self.events.append((now - self.began, text))
            self.size += len(json.dumps(text)) + 16

    def lines(self) -> list[str]:
        """Return the file's lines; long pauses are cut."""
        head = {"version": 2, "width": COLUMNS, "height": LINES, "title": "Swarm Cockpit"}
        found, shown, before = [json.dumps(head)], 0.0, 0.0
        for at, text in self.events:
            shown += min(at - before, MOST_PAUSE)
            before = at
            found.append(json.dumps([round(shown, 3), "o", text]))
        return found


def record(seconds: float) -> Recording:
    """Run the demonstration on a terminal, press keys, and return what it wrote."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "cockpit", "demo"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, **SURROUNDINGS},
        start_new_session=True,
    )
    os.close(theirs)
    recording, decoder = Recording(time.monotonic()), codecs.getincrementaldecoder("utf-8")("replace")
    pressed, left = [*KEYS], False
    try:
        while process.poll() is None:
            now = time.monotonic()
            while pressed and now - recording.began >= pressed[0][0]:
                os.write(ours, pressed.pop(0)[1].encode())
            if not left and now - recording.began >= seconds:
                left = True
                os.write(ours, b"q")
            if select.select([ours], [], [], 0.05)[0]:
                text = decoder.decode(os.read(ours, 65_536))
                if not left:
                    recording.take(text, time.monotonic())
    except OSError:
        pass  # the terminal's end: the demonstration has left
    finally:
        with contextlib.suppress(ProcessLookupError):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        process.wait(30)
        os.close(ours)
    return recording


def main(arguments: list[str]) -> int:
    """Record, and write the file."""
    parser = argparse.ArgumentParser(prog="python -m cockpit.demo.asciicast", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=Path("screenshots/demonstration.cast"))
    file: Path = parser.parse_args(arguments).file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(record(SECONDS).lines()) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    guard_streams()
    sys.exit(main(sys.argv[1:]))
