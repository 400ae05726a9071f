"""What every benchmark prints and measures with: a table with ratios, processor time, and memory of processes."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]


@dataclass(slots=True)
class Table:
    """Rows under a title. The figures belong to the machine and the moment; the ratios are what is read."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        """Add a row; its first cell names it."""
        assert len(cells) == len(self.columns), cells
        self.rows.append(cells)

    def note(self, text: str) -> None:
        """Add a line under the table."""
        self.notes.append(text)

    def row(self, name: str) -> tuple[str, ...]:
        """Return the first row whose name begins so."""
        return next(row for row in self.rows if row[0].startswith(name))

    def text(self) -> str:
        """Return the table as text."""
        widths = [max(len(row[at]) for row in (self.columns, *self.rows)) for at in range(len(self.columns))]
        lines = [self.title]
        for row in (self.columns, *self.rows):
            cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
            cells[0] = row[0].ljust(widths[0])
            lines.append("  ".join(cells))
        return "\n".join((*lines, *self.notes))

    def show(self) -> None:
        """Print the table."""
        print(self.text(), flush=True)


def ratio(value: float, base: float) -> str:
    """Return how many times the baseline a value is; a dash where there is no baseline."""
    return f"{value / base:.2f} x" if base > 0 else "-"


def milliseconds(seconds: float) -> str:
    """Return seconds as milliseconds."""
    return f"{seconds * 1e3:.1f} ms"


def microseconds(seconds: float) -> str:
    """Return seconds as microseconds."""
    return f"{seconds * 1e6:.1f} us"


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the value below which so many percent lie; zero of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def median(values: Sequence[float]) -> float:
    """Return the median; zero of nothing."""
    return statistics.median(values) if values else 0.0


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and everything below it."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def running_seconds(processes: Iterable[psutil.Process]) -> float:
    """Return the processor seconds of living processes, to the nanosecond where the kernel keeps count."""
    return sum(_running_seconds(process.pid) for process in processes)


def _running_seconds(pid: int) -> float:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except (OSError, ValueError, IndexError):
        return _ticks(pid, ended_children=False)


def family_seconds(processes: Iterable[psutil.Process]) -> float:
    """Return the processor seconds of processes and of the children they have waited for, in ticks of 10 ms."""
    return sum(_ticks(process.pid, ended_children=True) for process in processes)


def _ticks(pid: int, *, ended_children: bool) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    own = float(times.user + times.system)
    return own + float(times.children_user + times.children_system) if ended_children else own


def proportional_memory(pid: int | str = "self") -> int:
    """Return a process's PSS in bytes: its own pages, and its share of those it has in common with others."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the kernel tells no PSS")


def own_memory() -> int:
    """Return this process's PSS in bytes after a collection."""
    gc.collect()
    return proportional_memory()


def resident_memory() -> int:
    """Return this process's RSS in bytes after a collection."""
    gc.collect()
    return int(psutil.Process().memory_info().rss)
