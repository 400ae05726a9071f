"""How soon a cockpit is gone whose terminal was closed: `python -m tests.bench.bench_closing`.

A hundred cockpits over one fleet with a talking agent, each on a terminal of its own that is closed while it mounts,
while it draws, and while it waits for a terminal that nobody reads. The limit is two seconds.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence

from tests.bench.table import Table, median
from tests.fleets import fleet_under_test
from tests.ui.terminal.closing import MOMENTS, ends


def measure(times: int, seed: int) -> Table:
    """Close so many terminals."""
    columns = ("terminal closed", "times", "gone after", "at most", "processor", "at most", "exit codes", "left")
    table = Table(f"{times} terminals closed", columns)
    with fleet_under_test() as fleet:
        done = fleet.run("spawn", "ada", "--role", "tests", "--agent", "scripted")
        assert done.returncode == 0, done.stderr
        found = ends(fleet, times, seed)
    for moment in MOMENTS:
        of_it = [end for end in found if end.moment == moment]
        if of_it:
            seconds, busy = [end.seconds for end in of_it], [end.busy for end in of_it]
            codes = sorted({end.code for end in of_it})
            table.add(
                moment,
                str(len(of_it)),
                f"{median(seconds):.2f} s",
                f"{max(seconds):.2f} s",
                f"{statistics.median(busy):.2f} s",
                f"{max(busy):.2f} s",
                " ".join(map(str, codes)),
                str(sum(end.left for end in of_it)),
            )
    return table


def main(words: Sequence[str] | None = None) -> Table:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args(words)
    table = measure(arguments.times, arguments.seed)
    table.show()
    return table


if __name__ == "__main__":
    main()
