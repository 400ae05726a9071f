"""How soon a cockpit shows something, and what a verb's start costs: `python -m tests.bench.bench_start`.

A terminal of 160 by 45 cells answers what Textual asks. The baseline of the first paint is a Textual application with
one input; that of a verb is the bare import of the libraries it stands on and one request for what it lists. All in one
run, in turns; the least of each is told, for whatever else the machine does only adds to it.
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
import termios
import time
from collections.abc import Callable, Sequence
from functools import partial

from cockpit.embedded.endpoint import read_endpoint, read_token
from tests.bench.bench_screen import ANSWERS, HEIGHT, WIDTH
from tests.bench.table import Table, milliseconds, ratio
from tests.emulator import Emulator
from tests.faults.harness import ROOT
from tests.fleets import FleetUnderTest, fleet_under_test

HELLO = """from textual.app import App
from textual.widgets import Input
class Hello(App):
    def compose(self):
        yield Input(placeholder="ready")
Hello().run()
"""

BARE = """import asyncio, httpx, json, msgspec, pydantic, sqlite3, sys, typer
async def ask():
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {sys.argv[2]}"}) as client:
        return (await client.get(sys.argv[1])).json()
json.dumps(asyncio.run(ask()))
"""

VERBS = {
    "vms": ("/api/v1/vms", ("vms", "--json")),
    "agents": ("/api/v1/vms", ("agents", "--json")),
    "board": ("/board/tasks", ("board", "--json")),
}
"""What is asked for by each, and how it is typed."""

LIMIT = 30.0

_COMMANDS = re.compile(rb"\x1b\[[0-9;?<>=]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b.")


def until_shown(command: Sequence[str], fleet: FleetUnderTest, text: str = "") -> float:
    """Run a program on a terminal until it shows a text, or anything at all; return the seconds."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    environment = {**fleet.environment(), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    environment["TEXTUAL_ANIMATIONS"] = "none"
    began, seen, emulator = time.monotonic(), b"", Emulator(WIDTH, HEIGHT)
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, env=environment, start_new_session=True
    )
    os.close(slave)
    try:
        while time.monotonic() - began < LIMIT:
            if not select.select([master], [], [], 1.0)[0]:
                continue
            chunk = os.read(master, 1 << 20)
            came = time.monotonic() - began
            for asked, answer in ANSWERS:
                if asked.search(chunk):
                    os.write(master, answer)
            seen += chunk
            if text:
                emulator.feed_bytes(chunk)
                if any(text in line for line in emulator.lines()):
                    return came
            elif _COMMANDS.sub(b"", seen).strip():
                return came
        raise AssertionError(f"nothing was shown: {seen[-500:]!r}")
    finally:
        process.kill()
        process.wait()
        os.close(master)


def until_ended(command: Sequence[str], fleet: FleetUnderTest) -> float:
    """Run a program to its end; return the seconds."""
    began = time.monotonic()
    subprocess.run(command, capture_output=True, cwd=ROOT, env=fleet.environment(), timeout=LIMIT, check=True)
    return time.monotonic() - began


def measure(rounds: int) -> tuple[Table, Table]:
    """Measure the first paint, and verbs."""
    paint = Table(f"first paint at {WIDTH}x{HEIGHT}", ("what", "least", "against hello"))
    start = Table("verbs from their start to their end", ("what", "least", "against bare imports and a request"))
    with fleet_under_test() as fleet:
        done = fleet.run("spawn", "ada", "--role", "tests", "--agent", "scripted")
        assert done.returncode == 0, done.stderr
        endpoint = read_endpoint(fleet.places.fleet)
        assert endpoint is not None, "no fleet runs"
        python = [sys.executable, "-c"]
        screens: dict[str, Callable[[], float]] = {
            "hello": partial(until_shown, [*python, HELLO], fleet, "ready"),
            "cockpit: last known": partial(until_shown, fleet.command(), fleet),
            "cockpit: its screen": partial(until_shown, fleet.command(), fleet, "Lieutenants"),
        }
        least = in_turns(screens, rounds)
        for name, seconds in least.items():
            paint.add(name, milliseconds(seconds), ratio(seconds, least["hello"]))
        for name, (path, words) in VERBS.items():
            bare = [*python, BARE, endpoint.base_url + path, read_token(fleet.places.fleet)]
            both = in_turns(
                {"bare": partial(until_ended, bare, fleet), "verb": partial(until_ended, fleet.command(*words), fleet)},
                rounds,
            )
            start.add(f"{name}, bare", milliseconds(both["bare"]), ratio(1.0, 1.0))
            start.add(name, milliseconds(both["verb"]), ratio(both["verb"], both["bare"]))
    paint.show()
    start.show()
    return paint, start


def in_turns(works: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Do each several times in turns; return the least seconds of each."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(work())
    return {name: min(times) for name, times in found.items()}


def main(words: Sequence[str] | None = None) -> tuple[Table, Table]:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    return measure(parser.parse_args(words).rounds)


if __name__ == "__main__":
    main()
