"""What must hold when processes are killed, share the file, or the disk refuses."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cockpit.model.ids import AgentId
from cockpit.store import statements
from cockpit.store import writer as writer_module
from cockpit.store.errors import StoreError
from cockpit.store.store import Store
from tests.store.samples import AGENT, cursor, records

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("COCKPIT_TEST_KILLS", "12"))
"""How often the writing process is killed; the full matrix asks for 200."""

AGENTS = 4
LAST = 20_000


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start a program of this directory."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.programs", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


async def test_kill_9_at_any_time_loses_nothing_that_was_safe(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    chance = random.Random(20261120)
    safe: dict[str, int] = {}
    for _ in range(KILLS):
        process = start("feed", str(path), str(LAST), str(AGENTS))
        assert process.stdout is not None
        lines_to_read = chance.randrange(1, 60)
        for line in process.stdout:
            word, *rest = line.split()
            assert word != "notice", line
            if word == "safe":
                safe[rest[0]] = int(rest[1])
            lines_to_read -= 1
            if lines_to_read == 0:
                break
        process.kill()
        for line in process.stdout:
            if line.startswith("safe ") and line.endswith("\n"):
                safe[line.split()[1]] = int(line.split()[2])
        process.communicate()
        store = await Store.open(path)
        try:
            assert store.notices == ()
            for agent, line_number in safe.items():
                stored = await store.cursor(AgentId(agent))
                assert stored is not None and stored.line >= line_number
                kept = await store.records(AgentId(agent), limit=LAST)
                assert kept == records(1, stored.line, agent=AgentId(agent))
        finally:
            await store.close()
    assert safe


async def test_processes_that_append_the_same_lines_keep_each_once(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    processes = [start("from_the_start", str(path), "700") for _ in range(3)]
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert said == ["epoch 1 trouble ''\n"] * 3
    store = await Store.open(path)
    try:
        assert await store.records(AGENT, limit=2000) == records(1, 700)
        assert await store.cursor(AGENT) == cursor(700)
        assert store.known("vm") == ("key",)
    finally:
        await store.close()


def test_a_full_disk_is_said_once_and_healed_later(tmp_path: Path) -> None:
    said, _ = start("full_disk", str(tmp_path / "store.db")).communicate(timeout=100)
    lines = said.splitlines()
    assert lines[0].startswith("said cannot write to "), said
    assert lines[1:] == ["raised 1", "trouble True", "whole True True", "acts fail", "healed True True"], said


class RefusingDisk:
    """Makes every append fail as on a full disk, while told so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self._add_records = statements.add_records
        monkeypatch.setattr(statements, "add_records", self)

    def __call__(self, *arguments: Any) -> None:
        self._add_records(*arguments)
        if self.full:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error


async def test_what_does_not_fit_into_the_backlog_is_left_out_without_a_hole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "BACKLOG_RECORDS", 60)
    monkeypatch.setattr(writer_module, "RETRY_INTERVAL", 1000.0)
    disk = RefusingDisk(monkeypatch)
    store = await Store.open(tmp_path / "store.db")
    try:
        await store.append(AGENT, records(1, 20), cursor(20))
        disk.full = True
        with pytest.raises(StoreError, match="free some disk space"):
            await store.append(AGENT, records(21, 40), cursor(40))
        for first in (41, 61, 81):
            await store.append(AGENT, records(first, first + 19), cursor(first + 19))
        assert store.behind == {AGENT}
        await store.save_snapshot(AGENT, 1, 20, b"state")
        assert await store.records(AGENT) == records(1, 20)
        disk.full = False
        await store.flush()
        assert await store.records(AGENT) == records(1, 80)
        await store.append(AGENT, records(101, 110), cursor(110))
        assert await store.cursor(AGENT) == cursor(80)
        assert "waits for a reconnect" in store.trouble
        await store.append(AGENT, records(81, 110), cursor(110))
        assert await store.records(AGENT) == records(1, 110)
        assert store.behind == frozenset()
        await store.flush()
        assert store.trouble == ""
    finally:
        await store.close()


async def test_a_file_that_was_removed_under_us_is_said(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = await Store.open(path)
    try:
        await store.append(AGENT, records(1, 3), cursor(3))
        assert store.trouble == ""
        remove(path)
        await store.append(AGENT, records(4, 6), cursor(6))
        assert "was removed" in store.trouble
    finally:
        await store.close()


async def test_damage_met_in_use_is_said_and_set_aside_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = await Store.open(path)
    await store.append(AGENT, records(1, 5_000), cursor(5_000))
    await store._writer.run(checkpoint, alone=True)
    overwrite(path)
    with pytest.raises(StoreError, match="sets the damaged file aside"):
        await store.records(AGENT, limit=5_000)
    await store.close()
    again = await Store.open(path)
    try:
        assert len(again.notices) == 1 and "damaged" in again.notices[0]
    finally:
        await again.close()


def checkpoint(connection: sqlite3.Connection) -> None:
    """Move everything from the write-ahead log into the file."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def remove(path: Path) -> None:
    """Remove a store's file and its journals."""
    for file in list(path.parent.glob(f"{path.name}*")):
        file.unlink()


def overwrite(path: Path) -> None:
    """Destroy everything in a file but its first page."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))


async def test_a_file_that_cannot_be_used_is_left_alone_and_the_store_is_temporary(tmp_path: Path) -> None:
    path = tmp_path / "state" / "store.db"
    path.parent.mkdir()
    path.parent.joinpath("store.db.lock").mkdir()
    path.write_bytes(b"precious")
    store = await Store.open(path)
    try:
        assert str(path) in store.trouble
        assert store.notices == (store.trouble,)
        await store.append(AGENT, records(1, 3), cursor(3))
        assert await store.records(AGENT) == records(1, 3)
        assert str(path) in store.trouble
        temporary = store.path
    finally:
        await store.close()
    assert not temporary.exists()
    assert path.read_bytes() == b"precious"
