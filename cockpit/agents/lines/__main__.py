"""Runs a program that reads and prints lines, and tells in JSON lines what it prints and what that seems to mean.

It runs on the VM with whatever python3 is there (3.8 and later), packed with `guess` and `patterns` alone. Standard
input is the agent's FIFO, standard output its `out`; the description of the program is its only argument.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections import deque
from pathlib import Path
from typing import Any

from cockpit.agents.lines.guess import Guess
from cockpit.agents.lines.patterns import PATTERN_SECONDS, Patterns

CHUNK = 65_536
"""Bytes that are read and written at once."""

READ_AGAIN = 0.05
"""Seconds between two reads of much: who floods waits, so that the disk does not fill within seconds."""

GRACE = 3.0
"""Seconds the program gets between TERM and KILL, and to end once it has closed its output."""


class Stopped(Exception):
    """The agent is to end."""


class Runner:
    """The program, the FIFO and the output file; one thread, nothing blocks."""

    def __init__(self, described: dict[str, Any]) -> None:
        self._described = described
        self._patterns = Patterns({key: described.get(key, "") for key in ("working", "asking", "done", "prompt")})
        process = f"{time.time_ns():x}"
        self._guess = Guess(self._patterns, described["quiet_seconds"], described["echoes"], process)
        self._began = time.monotonic()
        self._commands = b""
        self._outgoing: deque[tuple[bytes, str | None]] = deque()
        """What is to be written to the program, each with the prompt that is told of once it is."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._reader = self._writer = -1

    def run(self) -> int:
        """Run the program to its end and return its exit code."""
        home = os.environ.get("HOME", "")
        command = [home + word[1:] if word.startswith("~/") else word for word in self._described["command"]]
        environment = dict(os.environ, TERM="dumb", NO_COLOR="1")
        theirs = self._channels()
        try:
            program = subprocess.Popen(
                command,
                stdin=theirs[0],
                stdout=theirs[1],
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            name = self._described["name"]
            print(f"[agents.{name}] command: {command[0]} cannot be run here: {error.strerror}", file=sys.stderr)
            print("install it here, or correct the command in config.toml", file=sys.stderr)
            return 127
        for end in set(theirs):
            os.close(end)
        for number in _ENDING:
            signal.signal(number, _stop)
        self._tell({"type": "hello", "name": self._described["name"], "version": 1})
        stopped = False
        try:
            self._serve(program)
        except Stopped:
            stopped = True
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)
        code = _ended(program, stopped)
        self._guess.ended()
        self._flush()
        return code if code >= 0 else 128 - code

    def _channels(self) -> tuple[int, int]:
        """Open the ways to the program; return its ends."""
        if self._described["terminal"]:
            ours, theirs = pty.openpty()
            modes = termios.tcgetattr(theirs)
            # Lines of any length, and every byte as it is: no echo, no line editing, no keys that mean something.
            modes[0] &= ~(termios.IXON | termios.ICRNL | termios.INLCR)
            modes[1] &= ~termios.ONLCR
            modes[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
            termios.tcsetattr(theirs, termios.TCSANOW, modes)
            self._reader = self._writer = ours
            ends = (theirs, theirs)
        else:
            into, self._writer = os.pipe()
            self._reader, out = os.pipe()
            ends = (into, out)
        for end in (self._reader, self._writer):
            os.set_blocking(end, False)
        return ends

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _serve(self, program: subprocess.Popen[bytes]) -> None:
        again = 0.0
        while True:
            now = self._now()
            readable = [0] if now < again else [0, self._reader]
            wait = min(self._guess.next_look(now), max(0.0, again - now) or 60.0)
            to_write = [self._writer] if self._outgoing and self._guess.ready else []
            ready, writable, _ = select.select(readable, to_write, [], wait)
            if 0 in ready:
                self._take_commands(program)
            if writable:
                self._write()
            if self._reader in ready:
                taken = self._read()
                if taken is None:
                    return
                again = now + READ_AGAIN if taken >= CHUNK // 2 else 0.0
            self._guess.passed(self._now())
            self._flush()

    def _read(self) -> int | None:
        """Take what the program printed; None once it has closed its output."""
        try:
            data = os.read(self._reader, CHUNK)
        except BlockingIOError:
            return 0
        except OSError:  # a pseudo-terminal ends so
            return None
        if not data:
            return None
        self._guess.printed(self._decoder.decode(data), self._now())
        return len(data)

    def _write(self) -> None:
        data, text = self._outgoing[0]
        try:
            count = os.write(self._writer, data[:CHUNK])
        except BlockingIOError:
            return
        except OSError:
            self._outgoing.clear()
            return
        if count < len(data):
            self._outgoing[0] = (data[count:], text)
            return
        self._outgoing.popleft()
        if text is not None:
            self._guess.written(text, self._now())

    def _take_commands(self, program: subprocess.Popen[bytes]) -> None:
        data = os.read(0, CHUNK)
        if not data:
            raise Stopped
        *lines, self._commands = (self._commands + data).split(b"\n")
        for line in lines:
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                self._take(record, program)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                self._tell({"type": "notice", "level": "error", "text": f"a command cannot be read: {error}"})

    def _take(self, record: Any, program: subprocess.Popen[bytes]) -> None:
        kind, command_id, now = record["type"], record["id"], self._now()
        if kind == "prompt":
            self._guess.took(command_id, now)
            self._send(self._described["send"], record["text"], record["text"])
        elif kind == "answer":
            value = record.get("value")
            if self._guess.answers(command_id, record["dialog"], now) and value is not None:
                self._send(self._described["answer"] or self._described["send"], value, None)
        elif kind == "abort":
            if self._guess.aborts(command_id, now):
                self._outgoing.clear()
                with contextlib.suppress(OSError):
                    os.killpg(program.pid, signal.SIGINT)
        elif kind == "state":
            self._guess.asked(command_id)

    def _send(self, form: str, text: str, told: str | None) -> None:
        words = " ".join(text.split("\n")) if self._described["one_line"] else text
        whole = form.replace("{text}", words)
        self._guess.expects(whole)
        self._outgoing.append((whole.encode("utf-8", "replace"), told))

    def _flush(self) -> None:
        while self._guess.records:
            self._tell(self._guess.records.popleft())
        while self._patterns.slow:
            key = f"[agents.{self._described['name']}] {self._patterns.slow.pop()}"
            text = f"{key}: the pattern took longer than {PATTERN_SECONDS:g} s on one line, and is not asked any more"
            self._tell({"type": "notice", "level": "error", "text": text})

    def _tell(self, record: dict[str, Any]) -> None:
        data = json.dumps({**record, "at": round(time.time(), 3)}).encode() + b"\n"
        while data:
            data = data[os.write(1, data) :]


_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def _stop(number: int, frame: Any) -> None:
    raise Stopped


def _ended(program: subprocess.Popen[bytes], stopped: bool) -> int:
    """End what still runs of a program and return its code.

    Args:
        program: it.
        stopped: it was told to end; else it has closed its output, and may end by itself.
    """
    for number in (signal.SIGTERM,) if stopped else (None, signal.SIGTERM):
        if number is not None:
            with contextlib.suppress(OSError):
                os.killpg(program.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return program.wait(GRACE)
    with contextlib.suppress(OSError):
        os.killpg(program.pid, signal.SIGKILL)
    return program.wait()


def main() -> None:
    """Run what the description says that is named on the command line."""
    described = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.exit(Runner(described).run())


if __name__ == "__main__":
    main()
