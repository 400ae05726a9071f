"""Drafts and sent texts outlive the process; the notebook of the engine writes them behind the operator."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cockpit.engine import notebook as notebook_module
from cockpit.engine.notebook import Notebook
from cockpit.model.ids import AgentId, CommandId
from cockpit.model.notebook.draft import NO_DRAFT, Draft, Sent
from cockpit.store import notebook as log_module
from cockpit.store.errors import StoreError
from cockpit.store.store import Store

ADA, BOB = AgentId("ada"), AgentId("bob")


def all_bytes(directory: Path) -> bytes:
    """Return what all files of a directory hold."""
    return b"".join(file.read_bytes() for file in directory.iterdir())


async def reopened(path: Path) -> tuple[Notebook, Store]:
    """Return what a new process finds."""
    store = await Store.open(path)
    notebook = Notebook(store, lambda: 1.0)
    await notebook.load()
    return notebook, store


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    notebook, store = await reopened(tmp_path / "s.sqlite")
    draft = Draft("half\n\ud800 a thought", "steer", (CommandId("c1"),))
    notebook.keep_draft(ADA, draft)
    notebook.keep_draft(BOB, Draft("x"))
    for text in ("one", "two\nlines", "one"):
        notebook.note_sent(ADA, text)
    notebook.note_sent(BOB, "to bob")
    notebook.keep_values("spawn", {"kind": "worker"})
    notebook.keep_draft(BOB, NO_DRAFT)
    await notebook.close()
    await store.close()
    notebook, store = await reopened(tmp_path / "s.sqlite")
    assert notebook.draft(ADA) == draft and notebook.draft(BOB) == NO_DRAFT
    assert notebook.sent(ADA) == ("two\nlines", "one"), "what is sent again is the newest, once"
    assert [one.text for one in notebook.all_sent()] == ["to bob", "one", "two\nlines"]
    assert notebook.last_values("spawn") == {"kind": "worker"} and notebook.last_values("other") == {}
    await store.close()


async def test_no_secret_reaches_the_disk(tmp_path: Path) -> None:
    secret = "sk-ant-api03-0123456789abcdef"
    notebook, store = await reopened(tmp_path / "s.sqlite")
    notebook.keep_draft(ADA, Draft("fine"))
    await notebook.close()
    notebook.keep_draft(ADA, Draft(f"use {secret}"))
    notebook.note_sent(ADA, f"use {secret}")
    notebook.keep_values("spawn", {"tasks": secret, "name": "w"})
    assert notebook.draft(ADA).text.endswith(secret), "it is there while this cockpit runs"
    assert notebook.sent(ADA) == ()
    await notebook.close()
    await store.close()
    assert secret.encode() not in await asyncio.to_thread(all_bytes, tmp_path)
    notebook, store = await reopened(tmp_path / "s.sqlite")
    assert notebook.draft(ADA) == NO_DRAFT and notebook.last_values("spawn") == {"name": "w"}
    await store.close()


async def test_it_writes_by_itself_and_again_what_the_disk_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebook_module, "WRITE_EVERY", 0.001)
    monkeypatch.setattr(notebook_module, "TRY_AGAIN", 0.001)
    notebook, store = await reopened(tmp_path / "s.sqlite")
    refused: list[str] = []
    written = asyncio.Event()
    keep = store.notebook.keep_draft

    async def refuse_once(agent: AgentId, draft: Draft, at: float) -> None:
        if not refused:
            refused.append(draft.text)
            raise StoreError("the disk is full")
        await keep(agent, draft, at)
        written.set()

    monkeypatch.setattr(store.notebook, "keep_draft", refuse_once)
    running = asyncio.create_task(notebook.run())
    notebook.keep_draft(ADA, Draft("kept"))
    async with asyncio.timeout(10):
        await written.wait()
    running.cancel()
    assert refused == ["kept"] and await store.notebook.drafts() == {ADA: Draft("kept")}
    await store.close()


async def test_an_end_in_the_midst_of_writing_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook_module, "WRITE_EVERY", 0.0)
    notebook, store = await reopened(tmp_path / "s.sqlite")
    began, may_go_on = asyncio.Event(), asyncio.Event()
    add = store.notebook.add_sent

    async def slow(sent: Sent) -> None:
        began.set()
        await may_go_on.wait()
        await add(sent)

    monkeypatch.setattr(store.notebook, "add_sent", slow)
    running = asyncio.create_task(notebook.run())
    notebook.note_sent(ADA, "one")
    async with asyncio.timeout(10):
        await began.wait()
        ending = asyncio.create_task(notebook.close())
        await asyncio.sleep(0)
        may_go_on.set()
        await ending
    running.cancel()
    assert [one.text for one in await store.notebook.sent()] == ["one"]
    await store.close()


async def test_the_history_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "MOST_SENT", 3)
    monkeypatch.setattr(log_module, "MOST_KEPT", 5)
    monkeypatch.setattr(log_module, "MOST_DRAFTS", 2)
    notebook, store = await reopened(tmp_path / "s.sqlite")
    for number in range(5):
        notebook.note_sent(ADA, f"a{number}")
        notebook.note_sent(BOB, f"b{number}")
        notebook.keep_draft(AgentId(f"agent {number}"), Draft("x"))
    await notebook.close()
    texts = [one.text for one in await store.notebook.sent()]
    assert texts == ["b2", "a3", "b3", "a4", "b4"]
    assert len(await store.notebook.drafts()) == 2
    await store.close()
