"""Reservations in a store that several processes share: one holder at a time, void after five minutes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cockpit.store.store import Store


async def test_one_holder_at_a_time(tmp_path: Path) -> None:
    clock = [1_000.0]
    stores = [await Store.open(tmp_path / "history", now=lambda: clock[0]) for _ in range(3)]
    try:
        won = await asyncio.gather(*(store.names.reserve("ada", f"h{n}") for n, store in enumerate(stores)))
        assert sorted(won) == [False, False, True]
        holder = won.index(True)
        assert await stores[holder].names.reserve("ada", f"h{holder}")
        other = (holder + 1) % 3
        await stores[other].names.release("ada", f"h{other}")
        clock[0] += 299.0
        assert not await stores[other].names.reserve("ada", f"h{other}")
        await stores[holder].names.renew("ada", f"h{holder}")
        clock[0] += 299.0
        assert not await stores[other].names.reserve("ada", f"h{other}")
        clock[0] += 2.0
        assert await stores[other].names.reserve("ada", f"h{other}")
        await stores[other].names.release("ada", f"h{other}")
        assert await stores[holder].names.reserve("ada", f"h{holder}")
    finally:
        for store in stores:
            await store.close()


async def test_a_suspect_outlives_the_process(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "history")
    await store.names.suspect("v1", "a call lost its answer")
    await store.close()
    store = await Store.open(tmp_path / "history")
    assert await store.names.suspects() == {"v1": "a call lost its answer"}
    await store.names.clear("v1")
    assert await store.names.suspects() == {}
    await store.close()


async def test_the_last_choice_is_offered_by_the_next_process(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "history")
    assert await store.choices.kept() == {}
    for size in ("2/4096/8192", "4/8192/20480"):
        await store.choices.keep("size", size)
    await store.close()
    store = await Store.open(tmp_path / "history")
    assert await store.choices.kept() == {"size": "4/8192/20480"}
    # A name may be made of an agent's id, and that of what a platform says.
    await store.choices.keep("pinned:\ud800", "\udcff")
    assert (await store.choices.kept())["pinned:\ufffd"] == "\ufffd"
    await store.choices.forget("pinned:\ud800")
    assert await store.choices.kept() == {"size": "4/8192/20480"}
    await store.close()
