"""Receipts on real pi: one process records, others send, and an extension rewrites or takes what is sent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cockpit.engine.engine import Engine
from cockpit.model.fleet import Agent
from cockpit.model.receipts.receipt import Receipt, Stage
from tests.fleets import FleetUnderTest, spawned, until
from tests.real_pi.company import add_extension
from tests.real_pi.installations import EXTREMES, MODEL
from tests.real_pi.test_cockpit_on_pi import fleet, pi, tools

__all__ = ["fleet", "pi"]

pytestmark = pytest.mark.parametrize("pi", EXTREMES, indirect=True)


async def ended(engine: Engine, agent: Agent, text: str, *stages: Stage) -> Receipt:
    """Wait until the recording process has brought a text to one of the stages; return what the store has of it."""

    def known() -> list[Receipt]:
        return [one for one in engine.fleet_state.receipts.values() if (one.agent, one.text) == (agent.id, text)]

    await until(engine, lambda: any(one.stage in stages for one in known()), f"the end of {text}")
    await engine.recorder.save_receipts()
    return next(one for one in await engine.store.receipts() if (one.agent, one.text) == (agent.id, text))


async def test_who_records_judges_what_others_send(fleet: FleetUnderTest, isolated_home: Path) -> None:
    add_extension(isolated_home)
    async with fleet.engine() as engine:
        agent = await spawned(engine, "ada", program="pi", model=MODEL)

        async def send(*words: str) -> tuple[int, str, str]:
            done = await asyncio.to_thread(fleet.run, "send", "ada", *words)
            return done.returncode, done.stdout, done.stderr

        first = tools({"bash": {"command": "sleep 3; echo one"}})
        assert (await send(first, "--wait", "consumed"))[0] == 0
        follow = "mock:text(words=5) two"
        code, said, _ = await send(follow, "--mode", "follow-up", "--wait", "done")
        assert code == 0 and said.strip() and "one" not in said
        failing = "mock:error(400) three"
        code, _, complaint = await send(failing, "--wait", "done")
        assert code == 1 and "400" in complaint
        assert (await ended(engine, agent, first, Stage.DONE, Stage.FAILED)).stage is Stage.DONE
        assert (await ended(engine, agent, failing, Stage.DONE, Stage.FAILED)).stage is Stage.FAILED

        code, said, complaint = await send("/mark", "--wait", "done")
        assert (code, said) == (0, "") and "no answer" in complaint
        code, said, complaint = await send("/boom", "--wait", "done")
        assert (code, said) == (1, "") and "on purpose" in complaint
        code, said, complaint = await send("silent: x", "--wait", "done")
        assert (code, said) == (0, "") and "no answer" in complaint

        killed = "mock:text(words=4, rate=4) four"
        sender = await asyncio.create_subprocess_exec(
            *fleet.verb("send", "ada", killed, "--wait", "done"), env=fleet.environment()
        )
        await ended(engine, agent, killed, *(stage for stage in Stage if stage is not Stage.PENDING))
        sender.kill()
        await sender.wait()
        assert (await ended(engine, agent, killed, Stage.DONE, Stage.FAILED)).stage is Stage.DONE
