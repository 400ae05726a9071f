"""Typing over a line that drips and is far away: `python -m tests.bench.bench_line`.

The screen runs at the other end of a real `sshd`, behind a relay that lets 50 kB a second pass, each byte 150 ms later.
A letter cannot come back before one round trip. The baseline is a Textual application with one input over the same
line, in the same run.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from tests.bench.bench_screen import Measured
from tests.bench.slow_line import slow_line
from tests.bench.table import Table, milliseconds, percentile
from tests.faults.harness import ROOT
from tests.remote.sshd import Sshd
from tests.requirements import require_program


def over_ssh(server: Sshd, port: int, directory: Path) -> list[str]:
    """Return the words before a command that is run on a terminal at the other end of a port."""
    key = directory / "key"
    key.touch(mode=0o600)
    key.write_text(server.private_key)
    options = ("StrictHostKeyChecking=no", f"UserKnownHostsFile={directory}/known", "LogLevel=ERROR")
    words = [word for option in options for word in ("-o", option)]
    words += ["-tt", "-F", "none", "-i", str(key), "-p", str(port)]
    return [str(require_program("ssh")), *words, f"{server.endpoint().username}@127.0.0.1"]


def measure(rate: float, round_trip: float, keys: int, streaming: int, settled: float, seconds: float) -> Table:
    """Type into both screens."""
    title = f"a letter's echo at {rate / 1000:.0f} kB/s and {round_trip * 1000:.0f} ms"
    table = Table(title, ("screen", "p50", "p95", "longest", "p95 in round trips", "bytes a second"))
    screens = (
        ("hello", ("hello",)),
        (f"cockpit, {streaming} streaming", ("cockpit", "--agents", str(streaming), "--streaming", str(streaming))),
    )
    with tempfile.TemporaryDirectory(prefix="ckt-line-") as name:
        directory = Path(name)
        given = f"HOME={directory} PYTHONPATH={ROOT} COLORTERM=truecolor TEXTUAL_ANIMATIONS=none"
        server = Sshd(directory / "sshd", f"SetEnv {given} PATH={os.environ['PATH']}")
        server.start()
        try:
            with slow_line(server.port, rate, round_trip / 2) as port:
                for label, words in screens:
                    screen = Measured(*words, before=over_ssh(server, port, directory))
                    try:
                        screen.settle(settled + round_trip)
                        if words[0] == "cockpit":
                            screen.type("p", 0.5 + 2 * round_trip)
                        bytes_, _, _ = screen.watch(seconds)
                        times = screen.keys(keys)
                        cells = [milliseconds(percentile(times, at)) for at in (50, 95, 100)]
                        trips = f"{percentile(times, 95) / round_trip:.2f}"
                        table.add(label, *cells, trips, f"{bytes_ / seconds:.0f}")
                    finally:
                        screen.close()
        finally:
            server.stop()
    return table


def main(words: list[str] | None = None) -> Table:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=50_000)
    parser.add_argument("--round-trip", type=float, default=0.3)
    parser.add_argument("--keys", type=int, default=30)
    parser.add_argument("--streaming", type=int, default=6)
    parser.add_argument("--settled", type=float, default=3.0)
    parser.add_argument("--seconds", type=float, default=2.0, help="for which bytes are counted")
    options = parser.parse_args(words)
    table = measure(options.rate, options.round_trip, options.keys, options.streaming, options.settled, options.seconds)
    table.show()
    return table


if __name__ == "__main__":
    main()
