"""Files that are damaged, foreign, newer or older: set aside or upgraded, and said."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit import __version__
from cockpit.store import schema
from cockpit.store.creations import CreationRow
from cockpit.store.errors import NewerHistory
from cockpit.store.host_keys import HostKeys
from cockpit.store.open_file import suspicion_of
from cockpit.store.store import Store
from tests.store.samples import AGENT, cursor, prompt, records
from tests.store.test_faults import start

NOW = 1_795_000_000.0


async def filled(path: Path) -> bytes:
    """Make a sound file with many events and return its bytes."""
    store = await Store.open(path)
    await store.append(AGENT, [*records(1, 900), prompt(901, "find me")], cursor(901))
    await store.close()
    return sound_bytes(path)


def sound_bytes(path: Path) -> bytes:
    """Return the bytes of a file that was closed well: its journal is gone."""
    assert not path.with_name(path.name + "-wal").exists()
    return path.read_bytes()


def set_aside_in(directory: Path) -> list[str]:
    """Return the names of the files that were set aside."""
    return [file.name for file in directory.iterdir() if "broken" in file.name]


async def expect_set_aside(path: Path, word: str, content: bytes) -> None:
    store = await Store.open(path, now=lambda: NOW)
    try:
        kept = path.with_name("store.db.broken-20261118T110640Z")
        assert kept.read_bytes() == content
        assert len(store.notices) == 1
        assert word in store.notices[0] and kept.name in store.notices[0]
        assert store.trouble == ""
        assert await store.records(AGENT) == []
        await store.append(AGENT, records(1, 3), cursor(3))
        assert await store.records(AGENT) == records(1, 3)
    finally:
        await store.close()
    again = await Store.open(path)
    assert again.notices == ()
    await again.close()


@pytest.mark.parametrize("part", [0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999])
async def test_a_cut_file_is_set_aside_and_said(tmp_path: Path, part: float) -> None:
    path = tmp_path / "store.db"
    content = await filled(path)
    cut = content[: max(1, int(len(content) * part))]
    path.write_bytes(cut)
    await expect_set_aside(path, "damaged" if len(cut) >= 100 else "no SQLite database", cut)


async def test_overwritten_pages_are_found(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    content = await filled(path)
    torn = content[: 4096 * 6] + b"\xa5" * 4096 * 3 + content[4096 * 9 :]
    path.write_bytes(torn)
    await expect_set_aside(path, "damaged", torn)


async def test_a_cut_write_ahead_log_gives_the_last_good_state(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = await Store.open(path)
    for line in range(1, 101):
        await store.append(AGENT, records(line, line), cursor(line))
    journal = path.with_name("store.db-wal")
    data, log = path.read_bytes(), journal.read_bytes()
    await store.close()
    for number, part in enumerate((0.0, 0.3, 0.6, 0.95)):
        copy = tmp_path / f"copy-{number}.db"
        copy.write_bytes(data)
        copy.with_name(copy.name + "-wal").write_bytes(log[: int(len(log) * part)])
        opened = await Store.open(copy)
        try:
            found = await opened.cursor(AGENT)
            kept = await opened.records(AGENT)
            assert [one.line for one in kept] == list(range(1, (found.line if found else 0) + 1))
        finally:
            await opened.close()


@pytest.mark.parametrize("content", [b"x", b"not a database at all\n" * 50, b"SQLite format 3\0" + b"\0" * 200])
async def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(content)
    await expect_set_aside(path, "is ", content)


async def test_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.touch(mode=0o644)
    store = await Store.open(path)
    assert store.notices == ()
    await store.close()
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_foreign_database_is_set_aside_untouched(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE other (x)")
    connection.commit()
    connection.close()
    await expect_set_aside(path, "another program", path.read_bytes())


@pytest.mark.parametrize("suspect", [False, True])
@pytest.mark.parametrize("version", [schema.VERSION + 1, 2**31 - 1])
async def test_a_newer_file_is_refused_and_stays_as_it_is(tmp_path: Path, version: int, suspect: bool) -> None:
    path = tmp_path / "store.db"
    await filled(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    if suspect:
        suspicion_of(path).touch()
    content = path.read_bytes()
    with pytest.raises(NewerHistory) as raised:
        await Store.open(path)
    said = str(raised.value)
    assert str(path) in said and f"version {version}" in said and f"cockpit ({__version__})" in said
    assert path.read_bytes() == content and set_aside_in(tmp_path) == []


async def test_damage_met_in_use_is_set_aside_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    content = await filled(path)
    suspicion_of(path).touch()
    await expect_set_aside(path, "damaged in use", content)
    assert not suspicion_of(path).exists()


async def test_an_older_file_is_copied_and_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    connection = schema.connect(path)
    schema.upgrade(connection, schema.STEPS[:1])
    connection.execute("INSERT INTO epochs (agent, epoch, cursor_offset, cursor_line) VALUES (?, 1, 500, 5)", (AGENT,))
    connection.close()
    store = await Store.open(path)
    try:
        assert len(store.notices) == 1
        assert "from version 1 to" in store.notices[0] and "store.db.version-1" in store.notices[0]
        found = await store.cursor(AGENT)
        assert found is not None and (found.offset, found.line) == (500, 5)
        await store.audit(1.0, "upgrade", "x", "")
    finally:
        await store.close()
    copy = sqlite3.connect(tmp_path / "store.db.version-1")
    assert schema.version_of(copy) == 1
    copy.close()
    assert (tmp_path / "store.db.version-1").stat().st_mode & 0o777 == 0o600


async def test_a_file_of_the_step_before_takes_calls_and_dismissals(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    connection = schema.connect(path)
    schema.upgrade(connection, schema.STEPS[:5])
    connection.execute("INSERT INTO suspects (vm_id, evidence, at) VALUES ('v1', 'a call lost its answer', 1.0)")
    connection.close()
    row = CreationRow("request", "spawn", "ada", "image", "somebody", 1.0, "", known=("v0",))
    store = await Store.open(path)
    try:
        assert "from version 5 to" in store.notices[0]
        await store.creations.begin(row)
        assert await store.names.suspects() == {"v1": "a call lost its answer"}
        await store.names.dismiss("v1", "perhaps ours")
    finally:
        await store.close()
    again = await Store.open(path)
    try:
        assert again.notices == () and await again.creations.rows() == [row]
        assert await again.names.suspects() == {} and await again.names.dismissed() == {"v1": "perhaps ours"}
    finally:
        await again.close()


def test_a_failed_step_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    connection = schema.connect(tmp_path / "store.db")
    schema.upgrade(connection, schema.STEPS[:1])
    with pytest.raises(sqlite3.OperationalError):
        schema.upgrade(connection, (*schema.STEPS[:1], "CREATE TABLE fine (x); CREATE TABLE kinds (x);"))
    assert schema.version_of(connection) == 1
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'fine'").fetchone() == (0,)
    connection.close()


async def test_a_file_in_use_is_never_moved_away(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    holder = start("hold", str(path))
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "open\n"
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA application_id = 5")
        connection.close()
        store = await Store.open(path)
        assert "close that one first" in store.trouble
        assert store.path != path
        await store.close()
        assert set_aside_in(tmp_path) == []
    finally:
        holder.communicate(timeout=30)


def test_two_processes_that_meet_a_broken_file_set_it_aside_once(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"broken" * 100)
    processes = [start("from_the_start", str(path), "50") for _ in range(3)]
    assert [process.communicate(timeout=60)[0] for process in processes] == ["epoch 1 trouble ''\n"] * 3
    assert len(set_aside_in(tmp_path)) == 1


def test_the_store_is_imported_without_the_screen() -> None:
    code = "import sys, cockpit.store; sys.exit(any(name in sys.modules for name in ('textual', 'rich')))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


async def test_who_only_reads_waits_for_nobody_who_writes(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = await Store.open(path)
    store.trust("host", "key")
    await store.close()
    writing = sqlite3.connect(path, isolation_level=None)
    try:
        assert writing.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        writing.execute("BEGIN IMMEDIATE")
        assert HostKeys(path).known("host") == ("key",)
    finally:
        writing.close()
