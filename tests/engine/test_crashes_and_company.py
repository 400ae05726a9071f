"""A cockpit killed in mid-stream, and two cockpits at once: every line once, in order, for everybody."""

from __future__ import annotations

import random

from cockpit.model.attention import Urgency, attention, tally
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.vm import Pause
from cockpit.model.fleet import Agent, Power
from cockpit.model.receipts.receipt import Stage
from cockpit.model.receipts.stages import reached
from tests.engine.evidence import Observer, all_shown, assert_whole, folded, markers, out_file, stored, stored_up_to
from tests.fleets import LIMIT, FleetUnderTest, order, poll, spawned, until

KILLS = 6
WORDS = 4_000
RATE = 400
"""Tokens, and tokens a second: about ten seconds of streaming."""


async def streaming(fleet: FleetUnderTest, name: str, words: int = WORDS) -> Agent:
    """Spawn an agent, let it begin a long answer, and leave it to itself."""
    async with fleet.engine() as engine:
        agent = await spawned(engine, name)
        await order(engine, Prompt(agent.id, f"[slow {RATE}] [bash seq 300] [say {words}]"), Stage.CONSUMED)
    return agent


async def test_a_killed_cockpit_loses_no_line_and_shows_none_twice(fleet: FleetUnderTest) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    agent = await streaming(fleet, "ada")
    out = out_file(fleet, agent.vm_id)
    for _ in range(KILLS):
        observer = Observer(fleet)
        if chance.random() < 0.7:
            observer.ask("settled")
        goal = out.stat().st_size + chance.randrange(1, 30_000)
        poll(lambda goal=goal: out.stat().st_size >= goal or b"agent_end" in out.read_bytes(), "more output")  # type: ignore[misc]
        observer.kill()
    async with fleet.engine() as engine:
        await engine.settled(LIMIT)
        await until(engine, lambda: not engine.fleet_state.agents[agent.id].run_open, "the end of the run")
        content = out.read_bytes()
        records = await stored_up_to(engine.store, agent.id, content.count(b"\n"))
        assert_whole(records, content)
        assert {record.epoch for record in records} == {1} and not markers(records)
        assert await all_shown(engine, agent.id) == folded(records)
        assert engine.fleet_state.agents[agent.id].line == content.count(b"\n")
        state = engine.fleet_state.agents[agent.id]
    async with fleet.engine() as engine:
        await engine.settled(LIMIT)
        assert await all_shown(engine, agent.id) == folded(records)
        again = engine.fleet_state.agents[agent.id]
        assert (again.usage, again.turns, again.line) == (state.usage, state.turns, state.line)


async def test_a_prompt_sent_before_a_crash_is_neither_sent_again_nor_left_open(fleet: FleetUnderTest) -> None:
    agent = await streaming(fleet, "bea", words=1_000)
    observer = Observer(fleet)
    observer.ask("settled")
    observer.ask("rest bea")
    observer.kill()
    out = out_file(fleet, agent.vm_id)
    async with fleet.engine() as engine:
        await engine.settled(LIMIT)
        await until(
            engine,
            lambda: all(
                reached(receipt, Stage.DONE)
                for receipt in engine.fleet.receipts
                if receipt.agent == agent.id and receipt.verb == "prompt"
            ),
            "the end of the prompt's receipt",
        )
    user_messages = [line for line in out.read_bytes().split(b"\n") if b"message_start" in line and b"user" in line]
    assert len(user_messages) == 1


async def test_receipts_that_ended_stay_ended(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, "cyd")
        receipt = await order(engine, Prompt(agent.id, "[say Done.]"))
    async with fleet.engine() as engine:
        saved = {known.id: known for known in await engine.store.receipts()}
        assert saved[receipt.id].stage is Stage.DONE
        assert (
            receipt.id not in engine.fleet_state.receipts or engine.fleet_state.receipts[receipt.id].stage is Stage.DONE
        )


async def test_a_text_that_nobody_read_is_still_there_after_the_end_and_until_it_is_dismissed(
    fleet: FleetUnderTest,
) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, "eva")
        await order(engine, Prompt(agent.id, "[say Read.]"))
        engine.dispatch(Pause(agent.vm_id))
        await until(engine, lambda: engine.fleet_state.power(agent.vm_id) is Power.PAUSED, "the pause")
        lost = engine.dispatch(Prompt(agent.id, "keep\tme"))
        assert engine.fleet_state.receipts[lost].stage is Stage.FAILED
    for _ in range(2):
        async with fleet.engine() as engine:
            waiting = [item for item in attention(engine.fleet, engine.now()) if item.urgency is Urgency.UNDELIVERED]
            assert [item.command for item in waiting] == [lost]
            assert engine.fleet_state.receipts[lost].text == "keep\tme"
    async with fleet.engine() as engine:
        engine.dismiss(lost)
    async with fleet.engine() as engine:
        assert lost not in engine.fleet_state.receipts
        assert not tally(attention(engine.fleet, engine.now())).waiting


async def test_two_cockpits_at_once_are_both_whole(fleet: FleetUnderTest) -> None:
    agent = await streaming(fleet, "dan", words=2_000)
    observers = [Observer(fleet), Observer(fleet)]
    for observer in observers:
        observer.ask("settled")
    answers = [observer.ask("rest dan") for observer in observers]
    assert [observer.close() for observer in observers] == [0, 0]
    content = out_file(fleet, agent.vm_id).read_bytes()
    async with fleet.engine() as engine:
        await engine.settled(LIMIT)
        records = await stored(engine.store, agent.id)
        assert_whole(records, content)
        assert {record.epoch for record in records} == {1} and not markers(records)
        expected = [list(pair) for pair in folded(records)]
        state = engine.fleet_state.agents[agent.id]
        for answer in answers:
            assert answer["shown"] == expected
            assert (answer["epoch"], answer["line"]) == (1, content.count(b"\n"))
            assert (answer["tokens"], answer["turns"]) == (state.usage.tokens, state.turns)


async def test_a_cockpit_that_comes_later_sees_what_another_stored_meanwhile(fleet: FleetUnderTest) -> None:
    """The store moves on between reading it back and attaching: nothing may fall in between."""
    agent = await streaming(fleet, "eve", words=1_000)
    async with fleet.engine() as first:
        await first.settled(LIMIT)
        later = fleet.engine(attach=lambda found: False)
        second = await later.__aenter__()
        try:
            await until(first, lambda: not first.fleet_state.agents[agent.id].run_open, "the end of the run")
            await first.store.flush()
            second.running[0].agent_sessions.attach(second.fleet_state.agents[agent.id])
            await second.settled(LIMIT)
            assert await all_shown(second, agent.id) == await all_shown(first, agent.id)
            assert second.fleet_state.agents[agent.id].usage == first.fleet_state.agents[agent.id].usage
        finally:
            await later.__aexit__(None, None, None)
