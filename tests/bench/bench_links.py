"""The screen while many agents stream over real SSH connections: `python -m tests.bench.bench_links`.

Each agent has a connection of its own to an `sshd` on loopback, and a file that another process writes as pi would. The
baseline is a Textual application with one input, in the same run.
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

from tests.bench.bench_screen import IN_SIGHT, Measured
from tests.bench.table import Table, milliseconds, percentile, ratio
from tests.bench.vms import loopback_vms
from tests.bench.writing import Plan
from tests.faults.harness import ROOT

LONG = 3600.0
"""Seconds for which is written: until it is ended."""


@contextmanager
def written(plan: Plan) -> Iterator[None]:
    """Have agents write for the time of the block."""
    command = [sys.executable, "-m", "tests.bench.writing"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(asdict(plan)) + "\n")
            process.stdin.flush()
            assert process.stdout.readline().strip() == "ready"
            process.stdin.write("go\n")
            process.stdin.flush()
            yield
        finally:
            process.kill()


def measure(agents: int, rate: float, settled: float, seconds: float, keys: int) -> Table:
    """Measure the baseline, and the cockpit."""
    title = f"{agents} agents over SSH, each {rate:g} lines a second"
    columns = (
        "screen",
        "CPU",
        "bytes a second",
        "p50",
        "p95",
        "longest",
        "p95 / hello's p50",
        "longest gap of the loop",
    )
    table = Table(title, columns)
    base = 0.0

    def add(name: str, screen: Measured) -> None:
        nonlocal base
        sent, _, cpu = screen.watch(seconds)
        pointed: list[float] = []
        if screen.linked:
            screen.forget_gap()
            pointed, _ = screen.moves(min(keys, 2 * IN_SIGHT))
            screen.type("p")
        typed = screen.keys(keys)
        base = base or percentile(typed, 50)
        gap = milliseconds(screen.gap()) if screen.linked else "-"
        for what, times in ((f"{name}: cursor", pointed), (name, typed)):
            if times:
                cells = [milliseconds(percentile(times, at)) for at in (50, 95, 100)]
                spent = (f"{cpu / seconds * 100:.0f} %", f"{sent / seconds:.0f}")
                table.add(what, *spent, *cells, ratio(percentile(times, 95), base), gap)

    with loopback_vms(agents) as vms:
        addresses = Path(vms.directory / "addresses")
        addresses.write_text(json.dumps(list(asdict(vms.addresses()).values())))
        with written(Plan(vms.outs(), rate, LONG, dialect="delta")):
            for name, words in (("hello", ("hello",)), ("cockpit", ("links", "--addresses", str(addresses)))):
                screen = Measured(*words)
                try:
                    screen.settle(settled if name == "cockpit" else 1.0)
                    add(name, screen)
                finally:
                    screen.close()
    return table


def main(words: list[str] | None = None) -> Table:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--rate", type=float, default=5.0)
    parser.add_argument("--settled", type=float, default=30.0, help="seconds until all are connected and read")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--keys", type=int, default=60)
    options = parser.parse_args(words)
    table = measure(options.agents, options.rate, options.settled, options.seconds, options.keys)
    table.show()
    return table


if __name__ == "__main__":
    main()
