"""The log of acts is read by words, of which no character means another, the newest first."""

from __future__ import annotations

from pathlib import Path

from cockpit.store.store import Store


async def test_acts_are_found_by_all_words_and_since_a_moment(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "history.sqlite")
    for at, (verb, target, text) in enumerate(
        [("pause", "w-2", ""), ("send", "ada", "Push 100% of it"), ("send", "bob", "push it")]
    ):
        await store.audit(float(at), verb, target, text)
    log = store.acts
    assert [one.target for one in await log.acts()] == ["bob", "ada", "w-2"]
    assert [one.target for one in await log.acts(words="PUSH send")] == ["bob", "ada"]
    assert [one.target for one in await log.acts(words="%")] == ["ada"]
    assert [one.target for one in await log.acts(since=1.0, limit=1)] == ["bob"]
    await store.close()
