"""A "VM" for scaffold tests: a private home and tmux server on this machine, and a shell that runs the scripts."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.agents.scaffold.answers import (
    ProbeResult,
    SendResult,
    StartResult,
    StopResult,
    parse_probe,
    parse_send,
    parse_start,
    parse_stop,
)
from cockpit.agents.scaffold.environment import encode_environment
from cockpit.agents.scaffold.layout import AgentPaths
from cockpit.agents.scaffold.scripts import probe_script, send_script, start_script, stop_script

READER = """
import hashlib, json, os, sys
def say(value):
    os.write(1, json.dumps(value).encode() + b"\\n")
say({"type": "ready", "arguments": sys.argv[1:], "directory": os.getcwd(), "umask": os.umask(0),
     "environment": {name: os.environ[name] for name in os.environ if name.startswith("TEST_")}})
for line in sys.stdin.buffer:
    say({"type": "got", "size": len(line), "digest": hashlib.sha256(line).hexdigest()})
    if line == b"fail\\n":
        sys.stderr.write("the agent gives up\\n")
        sys.exit(7)
say({"type": "end of file"})
"""
"""An agent that says what it reads."""


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Poll a condition until it holds; fail the test when time is up."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"in {seconds} s it did not happen that {what}")
        threading.Event().wait(0.01)


@dataclass
class Machine:
    """Runs scaffold scripts as an SSH exec would, with its own home and tmux server."""

    home: Path
    shell: Sequence[str] = ("sh",)
    paths: AgentPaths = field(default_factory=lambda: AgentPaths("~/pi-rpc", "~/workspace"))
    path: str = field(default_factory=lambda: os.environ["PATH"])
    sockets: Path | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What an SSH exec sees; TERM is unset."""
        return {"HOME": str(self.home), "PATH": self.path, "TMUX_TMPDIR": str(self.sockets or self.home)}

    def file(self, name: str) -> Path:
        """Return one of the agent's files."""
        return Path(self.paths.file(name).replace("~", str(self.home), 1))

    def execute(self, script: str, data: bytes = b"") -> tuple[int, bytes, bytes]:
        """Run a script with a payload on standard input."""
        done = subprocess.run(
            [*self.shell, "-c", script],
            input=data,
            capture_output=True,
            env=self.environment,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def reader(self) -> tuple[str, ...]:
        """Return the command of the reading agent."""
        program = self.home / "the reader.py"
        program.write_text(READER, encoding="utf-8")
        return (sys.executable, "-S", "-E", "~/the reader.py")

    def start(
        self,
        run_id: str = "run-1",
        argv: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        *,
        program: str = "reader",
        allow_detached: bool = True,
        required_files: Sequence[str] = (),
    ) -> StartResult:
        """Start an agent, by default the reading one."""
        script = start_script(
            self.paths,
            run_id,
            program,
            argv or self.reader(),
            allow_detached=allow_detached,
            required_files=required_files,
        )
        return parse_start(*self.execute(script, encode_environment(environment or {})), place="VM test")

    def probe(self) -> ProbeResult:
        """Look for the agent."""
        return parse_probe(*self.execute(probe_script(self.paths)), place="VM test")

    def send(self, payload: bytes, *, timeout: float = 10.0, leading_newline: bool = False) -> SendResult:
        """Write to the agent."""
        script = send_script(self.paths, len(payload), timeout=timeout, leading_newline=leading_newline)
        return parse_send(*self.execute(script, payload), place="VM test")

    def stop(self, *, grace: float = 5.0) -> StopResult:
        """Stop the agent."""
        return parse_stop(*self.execute(stop_script(self.paths, grace=grace)), place="VM test")

    def lines(self) -> list[bytes]:
        """Return the complete lines of `out`."""
        out = self.file("out")
        return out.read_bytes().split(b"\n")[:-1] if out.exists() else []

    def close(self) -> None:
        """End whatever this machine runs."""
        self.stop(grace=0.5)
        environment = {**self.environment, "PATH": os.environ["PATH"]}
        subprocess.run(["tmux", "kill-server"], env=environment, capture_output=True, timeout=20, check=False)


def open_on(fifo: Path) -> list[tuple[int, str]]:
    """Return (process, descriptor) of everybody who has a file open."""
    found: list[tuple[int, str]] = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            for descriptor in (process / "fd").iterdir():
                name = str(descriptor.readlink()).removesuffix(" (deleted)")
                # Behind the walls of a sandbox it has another name, and is the same file.
                if name == str(fifo) or (fifo.exists() and descriptor.samefile(fifo)):
                    found.append((int(process.name), descriptor.name))
        except OSError:
            continue
    return found
