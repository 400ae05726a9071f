"""Kept commits in a store that several processes share: all of each comes back, and one process at a time acts."""

from __future__ import annotations

from pathlib import Path

from cockpit.model.ids import CommitId, VmId
from cockpit.model.kept import KeptCommit, KeptFor, KeptState
from cockpit.model.size import VmSize
from cockpit.store.store import Store

BEGUN = KeptCommit("order-1", KeptFor.UNDO, KeptState.BEGUN, 1.5, "us", VmId("v1"), "ada", '{"name": "ada"}', "worker")
WHOLE = KeptCommit(
    "order-2",
    KeptFor.CHECKPOINT,
    KeptState.KEPT,
    2.5,
    "us",
    VmId("v1"),
    "ada\ud800",
    "{}",
    "worker",
    CommitId("c1"),
    VmSize(2, 512, 1024),
    9.5,
    "c0",
    "do it",
    "trouble",
)


async def test_all_of_a_row_comes_back_after_a_restart(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "history")
    try:
        await store.kept.put(WHOLE)
        await store.kept.put(BEGUN)
        await store.kept.put(BEGUN)
    finally:
        await store.close()
    again, beside = await Store.open(tmp_path / "history"), await Store.open(tmp_path / "history")
    try:
        first, second = await again.kept.rows()
        assert first == BEGUN
        assert second.name != WHOLE.name and "\ud800" not in second.name, "half a character cannot be kept"
        assert (second.commit, second.size, second.expires_at) == (WHOLE.commit, WHOLE.size, WHOLE.expires_at)
        assert again.kept.take("order-1")
        assert not again.kept.take("order-1") and not beside.kept.take("order-1")
        again.kept.let_go("order-1")
        assert beside.kept.take("order-1")
        await again.kept.forget("order-1")
        assert [row.request for row in await beside.kept.rows()] == ["order-2"]
    finally:
        await again.close()
        await beside.close()
