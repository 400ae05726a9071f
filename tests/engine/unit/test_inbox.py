"""The inbox in the engine: what is put off, here and by other cockpits, and what is withdrawn. Time is virtual."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

from cockpit.engine.coordination.inbox import InboxActs, InboxDesk, bring_back
from cockpit.engine.engine import Engine
from cockpit.engine.operation import OperationProgress
from cockpit.model import events as ev
from cockpit.model.commands.inbox import PutOffEntry, TakeBackEntry
from cockpit.model.ids import OperationId
from cockpit.model.inbox.history import HowEnded
from cockpit.model.inbox.shelf import PutOff, Shelved
from cockpit.model.open_work import OpenDialog
from cockpit.store.store import Store
from tests.engine.unit.parts import AGENT, Parts


def asked(parts: Parts, *ids: str) -> None:
    dialogs = tuple(OpenDialog(ev.DialogRequested(one, "confirm", f"{one}?"), 1.0) for one in ids)
    agent = parts.agent
    parts.state.put_agent(replace(agent, activity=replace(agent.activity, dialogs=dialogs)))


async def test_an_entry_is_put_off_for_all_to_see_and_taken_back() -> None:
    parts = Parts()
    acts = InboxActs(parts.state, cast(Store, parts.memory))
    progress = OperationProgress(parts.state, OperationId("o"), "put off", "k")
    await acts.carry_out(PutOffEntry("k", "m", PutOff.HOUR, "it failed"), progress)
    now = parts.state.clock.now()
    assert parts.state.snapshot().shelved == (Shelved("k", PutOff.HOUR, "m", now, now + 3600.0, "it failed"),)
    await acts.carry_out(TakeBackEntry("k"), progress)
    assert parts.state.snapshot().shelved == ()


async def test_what_another_cockpit_put_off_is_seen_here() -> None:
    parts = Parts()
    parts.memory.inbox.off["k"] = Shelved("k", PutOff.MUTE, "m", 1.0)
    before = parts.state.revision
    await bring_back(parts.state, cast(Store, parts.memory))
    assert [one.key for one in parts.state.snapshot().shelved] == ["k"] and parts.state.revision > before
    again = parts.state.revision
    await bring_back(parts.state, cast(Store, parts.memory))
    assert parts.state.revision == again, "nothing is different"


async def test_a_question_that_waits_no_more_is_withdrawn_and_the_others_wait() -> None:
    parts = Parts()
    desk = InboxDesk(parts.state, cast(Store, parts.memory), ())
    work = asyncio.create_task(desk.run())
    try:
        asked(parts, "d1", "d2")
        await asyncio.sleep(1.0)
        asked(parts, "d2")
        await asyncio.sleep(1.0)
        (ended,) = await desk.history()
        assert (ended.key, ended.outcome, ended.asked) == (f"ask:{AGENT}:d1", HowEnded.WITHDRAWN, "d1?")
    finally:
        work.cancel()


async def test_a_disk_that_cannot_be_read_is_no_fault_of_the_program_and_is_asked_again() -> None:
    parts = Parts()
    engine = Engine((parts.source(),), parts.store, clock=parts.clock)
    parts.memory.unreadable = "the history cannot be read now"
    work = asyncio.create_task(engine._supervised("inbox", engine.coordination.inbox.run))
    try:
        assert await engine.until(lambda: bool(engine.fleet.notices), 5.0)
        assert engine.fleet.notices == ("the history cannot be read now",)
        parts.memory.unreadable = ""
        parts.memory.inbox.off["k"] = Shelved("k", PutOff.MUTE, "m", 1.0)
        assert await engine.until(lambda: bool(engine.fleet.shelved), 5.0)
    finally:
        work.cancel()
