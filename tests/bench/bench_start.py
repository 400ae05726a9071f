"""How soon a cockpit shows something, and what a verb's start costs: `python -m tests.bench.bench_start`.

A terminal of 160 by 45 cells answers what Textual asks. The baseline of the first paint is a Textual application with
one input, and the least of each is told, for whatever else the machine does only adds to it. The baseline of a verb is
a program that imports the libraries it stands on and asks what it asks, without any of ours and with our types;
processor time is compared, the median of each. All in one run, in turns. Goals: 1.6 x hello; 1.3 x imports and
requests.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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

LIBRARIES = """import gc, os, sys
gc.set_threshold(20_000)
sys.modules["httpx._main"] = None
import asyncio, httpx, json, msgspec, pydantic, sqlite3, typer
from urllib.request import urlopen
"""
"""Without the command line of httpx, and rich for it: nothing needs them. Like a verb it seldom looks for garbage, and
leaves at its end what it has to the system."""

TYPES = """import cockpit.config, cockpit.logs, cockpit.cli.output, cockpit.model.fleet
import cockpit.services.board, cockpit.services.feed, cockpit.services.registry
import cockpit.store.store, cockpit.vers.client
"""
"""What of ours every list is read, kept and printed with."""

READERS = """import cockpit.agents.kinds, cockpit.model.reduce.reduce
import cockpit.remote.ssh.connection, cockpit.remote.tail.tail
"""
"""What of ours the output of agents is read and understood with."""

ASK = """
asked = json.loads(sys.argv[1])
async def get(client, path):
    return (await client.get(asked["url"] + path)).json()
async def ask():
    async with httpx.AsyncClient(headers={"Authorization": "Bearer " + asked["token"]}) as client:
        found = await asyncio.gather(*(get(client, path) for path in asked["paths"]))
        for more in asked["each"]:
            found += [(vm["vm_id"], await get(client, f"/api/v1/vm/{vm['vm_id']}/{more}")) for vm in found[0]]
    return found
"""

REACH = """
import asyncssh, ssl
class Tunnel:
    def __init__(self, name):
        self.name = name
    async def create_connection(self, factory, host, port):
        context = ssl.create_default_context(cafile=asked["ca_file"])
        loop = asyncio.get_running_loop()
        return await loop.create_connection(
            factory, asked["host"], asked["port"], ssl=context, server_hostname=self.name
        )
async def reach(vm_id, key):
    name = vm_id + "." + asked["domain"]
    keys = [asyncssh.import_private_key(key["ssh_private_key"])]
    way = {"tunnel": Tunnel(name), "username": "root", "client_keys": keys, "known_hosts": None, "config": None}
    async with asyncssh.connect(name, 443, **way) as connection:
        for command in ("tail -c 100 ~/nothing", "kill -0 1"):
            await connection.run(command)
async def all():
    for one in await ask():
        if isinstance(one, tuple):
            await reach(*one)
"""
"""One connection to each VM, over which its agent's output and its process are looked at."""

LISTS = ("/api/v1/vms", "/registry/vms")

BOARD = (*LISTS, "/board/tasks")


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb, and what it cannot do without."""

    words: tuple[str, ...]
    paths: tuple[str, ...]
    """What it asks for."""
    each: tuple[str, ...] = ()
    """What it asks for of each VM."""
    reaches: bool = False
    """It connects to each VM."""

    def bare(self, types: bool) -> str:
        """Return a program that imports what it needs, and asks what it asks."""
        act = "asyncio.run(all())" if self.reaches else "json.dumps(asyncio.run(ask()))"
        parts = (LIBRARIES, (TYPES + READERS * self.reaches) if types else "", ASK, REACH if self.reaches else "")
        return "".join(parts) + "\nurlopen(asked['url'] + '/health').read()\n" + act + "\nos._exit(0)\n"


VERBS = {
    "vms": Verb(("vms", "--json"), LISTS, ("metadata",)),
    "agents": Verb(("agents", "--json"), LISTS, ("ssh_key",), reaches=True),
    "board": Verb(("board", "--json"), BOARD),
}

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


def processor_time(command: Sequence[str], fleet: FleetUnderTest) -> float:
    """Run a program to its end; return the seconds of processor that it took, which no other program adds to."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=fleet.environment(),
    )
    assert process.stderr is not None
    with process.stderr as errors:
        said = errors.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said.decode()
    return used.ru_utime + used.ru_stime


def measure(rounds: int) -> tuple[Table, Table]:
    """Measure the first paint, and verbs."""
    paint = Table(f"first paint at {WIDTH}x{HEIGHT}", ("what", "least", "against hello"))
    start = Table("processor time of verbs, from start to end", ("what", "median", "against bare", "against our types"))
    start.note("bare: the libraries it stands on, what it asks for, and for `agents` a connection to each VM.")
    start.note(
        "our types: the same, and the clients, the store and the types that its lists are read and printed with; for "
        "`agents` what reads their output, too."
    )
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
        least = {name: min(times) for name, times in in_turns(screens, rounds).items()}
        for name, seconds in least.items():
            paint.add(name, milliseconds(seconds), ratio(seconds, least["hello"]))
        asked: dict[str, str | int] = {
            "url": endpoint.base_url,
            "token": read_token(fleet.places.fleet),
            "ca_file": endpoint.ca_file,
        }
        asked |= {"host": endpoint.ssh_host, "port": endpoint.ssh_port, "domain": endpoint.vm_domain}
        for name, verb in VERBS.items():
            told = json.dumps({**asked, "paths": verb.paths, "each": verb.each})
            works = {
                "bare": partial(processor_time, [*python, verb.bare(False), told], fleet),
                "types": partial(processor_time, [*python, verb.bare(True), told], fleet),
                "verb": partial(processor_time, fleet.command(*verb.words), fleet),
            }
            took = {kind: statistics.median(times) for kind, times in in_turns(works, rounds).items()}
            bare, types, whole = took["bare"], took["types"], took["verb"]
            start.add(f"{name}, libraries and requests", milliseconds(bare), ratio(1.0, 1.0), ratio(bare, types))
            start.add(f"{name}, with our types", milliseconds(types), ratio(types, bare), ratio(1.0, 1.0))
            start.add(name, milliseconds(whole), ratio(whole, bare), ratio(whole, types))
        said = {word: partial(processor_time, fleet.command(word), fleet) for word in ("--version", "--help")}
        for name, times in in_turns(said, rounds).items():
            start.add(name, milliseconds(statistics.median(times)), "-", "-")
    paint.show()
    start.show()
    return paint, start


def in_turns(works: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Do each several times in turns; return the seconds of each."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(work())
    return found


def main(words: Sequence[str] | None = None) -> tuple[Table, Table]:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    return measure(parser.parse_args(words).rounds)


if __name__ == "__main__":
    main()
