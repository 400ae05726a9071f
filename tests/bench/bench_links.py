"""The screen while many agents stream over real SSH connections: `python -m tests.bench.bench_links`.

Each agent has a connection of its own to an `sshd` on loopback, which gives way since a VM is a machine of its own, a
process that lives, and a file that another process writes as pi would; the cockpit connects, reads, stores, folds and
shows. All screens alike go before whatever else the machine does. The baselines are a Textual application with one
input, and the same reading without a screen, in the same run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from tests.bench.bench_screen import Felt, Measured
from tests.bench.precedence import GivesWay, giving_way, goes_first
from tests.bench.table import Table, milliseconds
from tests.bench.vms import loopback_vms
from tests.bench.writing import Plan
from tests.faults.harness import ROOT

LONG = 3600.0
"""Seconds for which is written: until it is ended."""

LINKED = 180.0
"""Seconds that all get to be connected."""


@contextmanager
def written(plan: Plan, group: GivesWay) -> Iterator[None]:
    """Have agents write for the time of the block, by a process that lets others go first."""
    command = [sys.executable, "-m", "tests.bench.writing"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        group.take(process.pid)
        try:
            process.stdin.write(json.dumps(asdict(plan)) + "\n")
            process.stdin.flush()
            assert process.stdout.readline().strip() == "ready"
            process.stdin.write("go\n")
            process.stdin.flush()
            yield
        finally:
            process.kill()


def measure(agents: int, rate: float, settled: float, seconds: float, keys: int) -> tuple[Table, Table]:
    """Measure the baselines, and the cockpit."""
    title = f"{agents} agents over SSH, each {rate:g} lines a second"
    load = Table(title, ("what", "linked after", "CPU", "memory", "bytes a second", "longest gap", "most work at once"))
    felt = Felt()
    with giving_way() as group, loopback_vms(agents) as vms, vms.alive():
        vms.give_way(group)
        addresses = Path(vms.directory / "addresses")
        vms.addresses().write(addresses)
        links = ("links", "--addresses", str(addresses))
        with written(Plan(vms.outs(), rate, LONG, dialect="delta"), group):
            for name, words in (("hello", ("hello",)), ("reading alone", (*links, "--unseen")), ("cockpit", links)):
                screen = Measured(*words)
                goes_first(screen.process.pid)
                try:
                    screen.settle(1.0)
                    linked = f"{screen.wait_linked(LINKED):.1f} s" if words[0] == "links" else "-"
                    screen.watch(settled)
                    screen.forget_gap()
                    sent, _, cpu = screen.watch(seconds)
                    if name == "cockpit":
                        felt.take(f"{name}: cursor", screen.moves(keys)[0])
                        screen.type("p")
                    if name != "reading alone":
                        felt.take(name, screen.keys(keys))
                    spent = (f"{cpu / seconds * 100:.0f} %", f"{screen.memory() / 2**20:.0f} MiB")
                    load.add(
                        name,
                        linked,
                        *spent,
                        f"{sent / seconds:.0f}",
                        milliseconds(screen.gap()),
                        milliseconds(screen.burst()),
                    )
                finally:
                    screen.close()
    return load, felt.table


def main(words: list[str] | None = None) -> tuple[Table, Table]:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--rate", type=float, default=5.0)
    parser.add_argument("--settled", type=float, default=10.0, help="seconds after all are connected and read")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--keys", type=int, default=60)
    options = parser.parse_args(words)
    tables = measure(options.agents, options.rate, options.settled, options.seconds, options.keys)
    for table in tables:
        table.show()
    return tables


if __name__ == "__main__":
    main()
