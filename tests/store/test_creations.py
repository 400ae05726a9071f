"""Calls to make VMs in a store that several processes share: whose they are, and when they are forgotten."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.store.creations import CreationRow
from cockpit.store.store import Store

ROW = CreationRow("request-1", "spawn", "ada", "image", "somebody", 1.0, '{"name": "ada"}', known=("v1", "v2"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history"


@contextlib.asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Store]:
    store = await Store.open(path)
    try:
        yield store
    finally:
        await store.close()


async def test_a_call_is_its_makers_while_that_one_lives_and_one_others_afterwards(path: Path) -> None:
    async with opened(path) as second, opened(path) as third:
        async with opened(path) as maker:
            await maker.creations.begin(ROW)
            assert not maker.creations.take(ROW.request), "it is under way here"
            assert not second.creations.take(ROW.request), "its maker lives"
        assert second.creations.take(ROW.request)
        assert not third.creations.take(ROW.request), "two would both say it, and both take its VM for theirs"
        second.creations.let_go(ROW.request)
        assert third.creations.take(ROW.request)
        assert await third.creations.rows() == [ROW]


async def test_what_a_call_made_is_kept_until_each_vm_has_its_agent(path: Path) -> None:
    async with opened(path) as store:
        await store.creations.begin(ROW)
        await store.creations.made(ROW.request, ("v3", "v4"))
        await store.creations.finish(ROW.request)
        (kept,) = await store.creations.rows()
        assert kept.vms == ("v3", "v4")
        await store.creations.settle("v1")
        await store.creations.settle("v3")
        (kept,) = await store.creations.rows()
        assert kept.vms == ("v4",)
        await store.creations.settle("v4")
        assert await store.creations.rows() == []


async def test_a_call_that_made_nothing_is_forgotten_when_it_is_finished(path: Path) -> None:
    async with opened(path) as store, opened(path) as other:
        await store.creations.begin(ROW)
        await store.creations.tell(ROW.request)
        assert [row.told for row in await other.creations.rows()] == [True]
        await store.creations.finish(ROW.request)
        assert await other.creations.rows() == [] and other.creations.take(ROW.request)


async def test_a_second_dismissal_keeps_the_newer_evidence_and_a_recall_ends_it(path: Path) -> None:
    async with opened(path) as store:
        await store.names.suspect("v1", "a call lost its answer")
        await store.names.dismiss("v1", "first")
        await store.names.dismiss("v1", "second")
        assert await store.names.suspects() == {} and await store.names.dismissed() == {"v1": "second"}
        await store.names.recall("v1")
        assert await store.names.dismissed() == {}
