"""A reading that takes too long says so in words that help, and keeps the file from being taken for damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.store import reader
from cockpit.store.errors import StoreError
from cockpit.store.open_file import suspicion_of
from cockpit.store.store import Store

FOR_EVER = "WITH RECURSIVE one(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM one) SELECT max(n) FROM one"


async def test_a_reading_without_end_is_ended_and_the_next_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await Store.open(tmp_path / "history.sqlite")
    try:
        monkeypatch.setattr(reader, "READ_SECONDS", 0.05)
        with pytest.raises(StoreError, match=r"could not be read within 0\.05 s") as caught:
            await store._reader.run(lambda connection: connection.execute(FOR_EVER).fetchone())
        assert "less busy" in (caught.value.hint or "")
        assert not suspicion_of(store.path).exists()
        monkeypatch.setattr(reader, "READ_SECONDS", 10.0)
        assert await store.budgets.all() == {}
    finally:
        await store.close()
