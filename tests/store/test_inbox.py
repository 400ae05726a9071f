"""What is put off and what became of questions outlives the process; an answer counts more than a withdrawal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cockpit.model.ids import AgentId
from cockpit.model.inbox.history import Decided, HowEnded
from cockpit.model.inbox.shelf import PutOff, Shelved
from cockpit.store.inbox.log import STALE
from cockpit.store.store import Store

ANSWERED = Decided("ask:a:1", "m", 5.0, "quill\ud800", "Which?", HowEnded.ANSWERED, "0.1.0", "ada@here", AgentId("a"))
WITHDRAWN = replace(ANSWERED, outcome=HowEnded.WITHDRAWN, answer="", by="", at=6.0)


async def test_what_is_put_off_is_there_after_a_restart_once_for_each_key(tmp_path: Path) -> None:
    off = Shelved("k", PutOff.HOUR, "m", 1.0, 3601.0, "w-1 failed")
    muted = Shelved("m", PutOff.MUTE, "m", 2.0)
    store = await Store.open(tmp_path / "history.sqlite")
    for one in (Shelved("k", PutOff.CHANGE, "old", 0.5), off, muted):
        await store.inbox.put_off(one)
    await store.close()
    again = await Store.open(tmp_path / "history.sqlite")
    assert await again.inbox.shelved() == (off, muted)
    newer = Shelved("n", PutOff.CHANGE, "m", STALE + 10.0)
    await again.inbox.put_off(newer)
    assert await again.inbox.shelved() == (muted, newer), "what is old is another matter by now, unless it is muted"
    await again.inbox.take_back("m")
    assert await again.inbox.shelved() == (newer,)
    await again.close()


async def test_an_answer_is_not_overwritten_by_a_withdrawal_whoever_is_first(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "history.sqlite")
    for first, second in ((ANSWERED, WITHDRAWN), (WITHDRAWN, ANSWERED)):
        for one in (first, second):
            await store.inbox.add(replace(one, key=f"{first.outcome}"))
    found = await store.inbox.decided(10)
    assert [one.outcome for one in found] == [HowEnded.ANSWERED] * 2
    assert found[0].answer == "0.1.0" and found[0].by == "ada@here" and found[0].agent == "a"
    await store.close()
