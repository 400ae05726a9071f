"""Every benchmark runs, with the least that makes sense; what it measures is asserted nowhere but in its own table."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.bench import (
    bench_closing,
    bench_death,
    bench_decode,
    bench_hosts,
    bench_hours,
    bench_ingest,
    bench_isolation,
    bench_leftovers,
    bench_line,
    bench_memory,
    bench_notice,
    bench_relaunch,
    bench_resume,
    bench_screen,
    bench_soak,
    bench_start,
    bench_storm,
)
from tests.bench.table import Table
from tests.faults.harness import ROOT
from tests.requirements import require_program

RUNS: dict[str, tuple[Callable[[list[str]], Table | tuple[Table, ...]], str, tuple[str, ...]]] = {
    "screen": (
        bench_screen.main,
        "--seconds 0.3 --settled 0.1 --keys 2 --fleets 1",
        ("hello", "1 streaming"),
    ),
    "line": (
        bench_line.main,
        "--keys 2 --settled 0.5 --seconds 0.3 --rate 500000 --round-trip 0.05",
        ("hello", "cockpit, 6 streaming"),
    ),
    "hours": (bench_hours.main, "--minutes 0.05", ("12 hours of 6 working agents", "Memory and store are bounded")),
    "hosts": (
        bench_hosts.main,
        "--agents 2 --warm 1 --seconds 1 --rate 5",
        ("a connection for each", "one connection for all"),
    ),
    "closing": (bench_closing.main, "--times 1", ("mounting",)),
    "ingest": (bench_ingest.main, "--agents 2 --seconds 1 --rate 10", ("cockpit: SSH to stored", "local tail")),
    "memory": (bench_memory.main, "--agents 2 --warm 1", ("ssh child", "cockpit: connection", "cockpit: with")),
    "decode": (
        bench_decode.main,
        "--megabytes 1 --rounds 1 --budget 0.01",
        ("accumulated: cockpit: decoder", "delta: cockpit: decoder", "asyncssh into nothing", "cockpit: an agent's"),
    ),
    "resume": (bench_resume.main, "--sizes 1 2 --rounds 1", ("bare", "cockpit, 1 MB", "cockpit, 2 MB")),
    "relaunch": (bench_relaunch.main, "--agents 2 --rounds 1", ("asyncssh alone", "relaunch: all live")),
    "death": (
        bench_death.main,
        "--links 2 --interval 0.4 --count 1",
        ("asyncssh alone", "cockpit: link"),
    ),
    "leftovers": (bench_leftovers.main, "--repeats 1 --wait 0", ("cockpit", "asyncssh, tail -F")),
    "notice": (bench_notice.main, "--agents 3 --questions 2", ("noticed", "on the screen")),
    "start": (bench_start.main, "--rounds 1", ("hello", "cockpit: last known", "cockpit: its screen", "board")),
    "storm": (bench_storm.main, "--agents 3", ("asyncssh alone", "cockpit: all at once", "cockpit: all cut")),
    "isolation": (bench_isolation.main, "--agents 2 --rate 10 --seconds 2.5", ("well", "a black hole")),
    "soak": (
        bench_soak.main,
        "--reconnects 2 --bare-reconnects 2 --events 500",
        ("cockpit: reconnect", "asyncssh alone", "cockpit: event"),
    ),
}

APART = ("hours", "memory", "soak")
"""Those that count memory: in the process of a test, which holds thousands, that takes four times as long."""


@pytest.mark.parametrize("name", APART)
def test_runs_by_itself(name: str) -> None:
    for program in ("sshd", "ssh", "tail"):
        require_program(program)
    _run, words, rows = RUNS[name]
    command = [sys.executable, "-m", f"tests.bench.bench_{name}", *words.split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [row for row in rows if not any(line.startswith(row) for line in lines)] == []


@pytest.mark.parametrize("name", sorted(set(RUNS) - set(APART)))
def test_runs(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for program in ("sshd", "ssh", "tail"):
        require_program(program)
    run, words, rows = RUNS[name]
    made = run(words.split())
    tables = (made,) if isinstance(made, Table) else made
    found = [row[0] for table in tables for row in table.rows]
    assert [row for row in rows if not any(one.startswith(row) for one in found)] == []
    printed = capsys.readouterr().out
    assert all(table.text() in printed for table in tables)


def test_a_table_lines_up_its_columns() -> None:
    table = Table("title", ("what", "value"))
    table.add("a", "1")
    table.add("long name", "1000")
    table.note("a note")
    assert table.text().splitlines() == ["title", "what       value", "a              1", "long name   1000", "a note"]
