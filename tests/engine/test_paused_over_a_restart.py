"""An agent whose VM is paused while no cockpit runs: nobody drops it, and a resume makes it usable again."""

from __future__ import annotations

from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.vm import Pause, Resume
from cockpit.model.fleet import LinkState
from tests.fleets import LIMIT, FleetUnderTest, order, spawned, until


async def test_an_agent_that_was_paused_is_known_and_usable_after_a_restart(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        ada = await spawned(engine, "ada")
        await order(engine, Prompt(ada.id, "[say Before.]"))
        await order(engine, Pause(ada.vm_id))
    async with fleet.engine() as engine:
        await engine.settled(LIMIT)
        known = engine.agent_named("ada")
        assert known.id == ada.id and known.link.state is LinkState.PAUSED
        assert "paused" in engine.disabled_reason(Prompt(ada.id, "x"))
        await order(engine, Resume(ada.vm_id))
        await until(engine, lambda: engine.agent_named("ada").link.state is LinkState.UP, "the link")
        await order(engine, Prompt(ada.id, "[say After.]"))
        assert engine.transcript(ada.id).final_text() == "After."
