"""Another name: id, history, registry and children follow, another open cockpit shows it, and the old name is free."""

from __future__ import annotations

from cockpit.bootstrap.fleet import Places
from cockpit.model.commands.life import Rename, SetFindable, Spawn
from cockpit.model.family import parents_of
from cockpit.model.fleet import AgentKind
from cockpit.model.receipts.receipt import Stage
from cockpit.model.refusals.grounds import RefusalCode
from tests.engine.evidence import all_shown
from tests.fleets import LIMIT, FleetUnderTest, order, spawned, until


async def test_everything_follows_a_new_name(fleet: FleetUnderTest) -> None:
    elsewhere = FleetUnderTest(fleet.root)
    elsewhere.places = Places(fleet.places.fleet, fleet.root / "renaming-another.sqlite")
    async with fleet.engine() as engine, elsewhere.engine() as other:
        ada = await spawned(engine, "ren-ada")
        bob = await spawned(engine, "ren-bob")
        child = Spawn("ren-child", AgentKind.WORKER, program="scripted", parent="ren-ada")
        assert (await order(engine, child)).stage is Stage.DONE
        taken = engine.refusal(Rename(ada.id, "ren-bob"))
        assert taken is not None and taken.code is RefusalCode.NAME_TAKEN
        said = engine.refusal(Spawn("ren-bob", AgentKind.WORKER, program="scripted"))
        assert said is not None and said.sentence == taken.sentence
        await until(other, lambda: ada.id in other.fleet_state.agents, "the agent in the other cockpit")
        receipt = await order(engine, Rename(ada.id, "ren-ida", "tests", ("x",), "cyan"))
        assert receipt.stage is Stage.DONE, receipt.reason
        here = engine.agent_named("ren-ida")
        assert (here.id, here.role, here.labels, here.colour) == (ada.id, "tests", ("x",), "cyan")
        assert parents_of(engine.fleet.agents)[engine.agent_named("ren-child").id] == ada.id
        assert engine.refusal(Spawn("ren-ada", AgentKind.WORKER, program="scripted")) is None, "the old name is free"
        registry = engine.running[0].source.registry
        assert registry is not None and (await registry.get(ada.vm_id)).name == "ren-ida"
        await until(other, lambda: other.fleet_state.agents[ada.id].name == "ren-ida", "the name elsewhere")
        assert other.fleet_state.agents[ada.id].colour == "cyan"
        # An extension of the agent's own writes the name it was started with at each prompt.
        await registry.patch(ada.vm_id, name="ren-ada", status="running")
        await other.running[0].watcher.registry()
        assert other.fleet_state.agents[ada.id].name == "ren-ida"
        await order(engine, SetFindable(bob.id, True))
        entry = await registry.get(bob.vm_id)
        assert (entry.registeredBy, entry.role) == ("vers-lieutenant", "lieutenant")
        await order(engine, SetFindable(bob.id, False))
        assert (await registry.get(bob.vm_id)).registeredBy == "swarm-cockpit"
    async with fleet.engine() as engine:
        again = engine.agent_named("ren-ida")
        assert (again.id, again.labels, again.colour) == (ada.id, ("x",), "cyan"), "it outlives a restart"
        await engine.settled(LIMIT)
        assert "scripted" in str(await all_shown(engine, ada.id)) or again.line > 0, "its history is there"
