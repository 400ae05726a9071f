"""Two cockpits of different versions on one store: the newer waits for the older, which says why it does not read."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cockpit.store import schema
from cockpit.store.errors import NewerHistory
from cockpit.store.store import Store
from tests.store.samples import AGENT, cursor, records

OLDER = range(max(1, schema.VERSION - 4), schema.VERSION)
"""The versions just before the newest: those that are still about."""


@contextmanager
def in_use(path: Path) -> Iterator[None]:
    """Have another cockpit use the file, as each does that has it open."""
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_SH)
    try:
        yield
    finally:
        os.close(lock)


def version_of(path: Path) -> int:
    connection = schema.connect(path)
    try:
        return schema.version_of(connection)
    finally:
        connection.close()


@pytest.mark.parametrize("older", OLDER)
async def test_neither_of_two_versions_harms_what_the_other_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, older: int
) -> None:
    path = tmp_path / "store.db"
    connection = schema.connect(path)
    schema.upgrade(connection, schema.STEPS[:older])
    connection.execute("INSERT INTO epochs (agent, epoch, cursor_offset, cursor_line) VALUES (?, 1, 500, 5)", (AGENT,))
    connection.close()
    with in_use(path):
        newer = await Store.open(path)
        try:
            assert f"{path} is of an older version" in newer.refused and "close that one first" in newer.refused
            assert version_of(path) == older, "what the older cockpit has open stays as it knows it"
        finally:
            await newer.close()
    newer = await Store.open(path)
    try:
        assert not newer.refused and f"from version {older} to {schema.VERSION}" in newer.notices[0]
        with monkeypatch.context() as patched:
            patched.setattr(schema, "VERSION", older)
            with pytest.raises(NewerHistory) as raised:
                await Store.open(path)
        said = str(raised.value)
        assert f"is of version {schema.VERSION}" in said and f"up to {older} only" in said and "newer cockpit" in said
        found = await newer.cursor(AGENT)
        assert found is not None and (found.offset, found.line) == (500, 5)
        await newer.append(AGENT, records(6, 8), cursor(8))
        assert version_of(path) == schema.VERSION
    finally:
        await newer.close()
