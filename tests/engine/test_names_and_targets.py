"""A name is no identity: ids come first, several of one name are an error, of spawns at once exactly one is done."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from cockpit.bootstrap.fleet import make_source, running_engine
from cockpit.engine.agent_record import REGISTERED_BY
from cockpit.engine.engine import Engine
from cockpit.errors import UsageError
from cockpit.model.commands.life import Destroy, Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import CommitId, VmId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.services.names import PREFIX, RegistryNames
from cockpit.services.registry import Registration
from tests.fleets import LIMIT, FleetUnderTest, order, poll, spawned, until
from tests.vers.sick import COMMIT, SickApi


@contextlib.asynccontextmanager
async def separate(fleet: FleetUnderTest, number: int, *, registry: bool) -> AsyncIterator[Engine]:
    """Run an engine over the fleet with a history of its own, as a cockpit on another machine would."""
    places = dataclasses.replace(fleet.places, history=fleet.root / f"history-{number}")
    source = await asyncio.to_thread(make_source, fleet.settings, fleet.places, force_embedded=True)
    if not registry:
        source = dataclasses.replace(source, services=None)
    async with running_engine(fleet.settings, places, source, attach=lambda agent: True) as engine:
        yield engine


async def spawn_at_once(engines: Sequence[Engine], name: str) -> list[Receipt]:
    """Order one spawn of the same name in each engine, all at once, and return how they ended."""
    wanted = [engine.dispatch(Spawn(name, AgentKind.WORKER, program="scripted")) for engine in engines]
    return await asyncio.gather(
        *(engine.outcome(command, timeout=LIMIT) for engine, command in zip(engines, wanted, strict=True))
    )


@pytest.mark.parametrize("shared", ["store", "registry", "nothing"])
async def test_of_three_spawns_at_once_one_is_done(fleet: FleetUnderTest, shared: str) -> None:
    name = f"one-{shared}"
    async with contextlib.AsyncExitStack() as stack:
        engines = [
            await stack.enter_async_context(
                fleet.engine() if shared == "store" else separate(fleet, number, registry=shared == "registry")
            )
            for number in range(3)
        ]
        before = {vm.vm_id for vm in await engines[0].running[0].source.vers.list_vms()}
        receipts = await spawn_at_once(engines, name)
        after = {vm.vm_id for vm in await engines[0].running[0].source.vers.list_vms()}
        stages = sorted(receipt.stage.value for receipt in receipts)
        assert stages == ["done", "failed", "failed"], receipts
        for receipt in receipts:
            assert receipt.stage is Stage.DONE or f"cannot spawn {name}: " in receipt.reason, receipt
        assert len(after - before) == 1
        registry = engines[0].running[0].source.registry
        if registry is not None:
            assert not [entry.id for entry in (await registry.list_entries()).entries if entry.id.startswith(PREFIX)]


async def test_a_failed_spawn_gives_its_name_free(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        missing = CommitId("7f9e8d7c-6b5a-4948-8372-615049382716")
        receipt = await engine.outcome(
            engine.dispatch(Spawn("again", AgentKind.WORKER, image=missing, program="scripted")), timeout=LIMIT
        )
        assert receipt.stage is Stage.FAILED
        await spawned(engine, "again")


async def test_a_reservation_in_the_registry_counts_until_it_is_void(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        registry = engine.running[0].source.registry
        assert registry is not None
        names = [RegistryNames(registry, holder, REGISTERED_BY) for holder in ("a", "b", "c")]
        assert await names[0].take("held") == "" and await names[0].take("held") == ""
        receipt = await engine.outcome(
            engine.dispatch(Spawn("held", AgentKind.WORKER, program="scripted")), timeout=LIMIT
        )
        assert receipt.stage is Stage.FAILED and f"{PREFIX}held" in receipt.reason
        await names[1].release("held")
        assert "a is making" in await names[1].take("held")


async def register(engine: Engine, vm_id: str, name: str) -> None:
    """Write an entry as a foreign client would."""
    assert engine.running[0].source.registry is not None
    entry = Registration(id=vm_id, name=name, role="worker", address="x", registered_by="stranger")
    await engine.running[0].source.registry.register(entry)


async def test_an_id_is_never_taken_for_a_name(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        victim, decoy = await spawned(engine, "victim"), await engine.running[0].source.vers.create_root()
        await register(engine, decoy, victim.vm_id)
    listed = fleet.run("vms")
    assert f"vm-{decoy[:8]}" in listed.stdout, listed
    done = fleet.run("destroy", victim.vm_id.upper(), "--yes")
    assert done.returncode == 0, done.stderr
    assert victim.vm_id not in (left := fleet.run("vms").stdout) and decoy in left
    gone = fleet.run("destroy", victim.vm_id, "--yes")
    assert gone.returncode not in (0, 2) and decoy in fleet.run("vms").stdout


async def test_names_from_outside_are_checked_like_our_own(fleet: FleetUnderTest) -> None:
    names = ["a b", "../x", "x" * 65, "\x1b]52;c;eA==\x07", "ada\u202e", "-rf"]
    async with fleet.engine() as engine:
        made = {await engine.running[0].source.vers.create_root(): name for name in names}
        for vm_id, name in made.items():
            await register(engine, vm_id, name)
        await until(engine, lambda: all(map(engine.fleet_state.agent_on, made)), "the agents of the entries")
        for vm_id, name in made.items():
            found = engine.fleet_state.agent_on(vm_id)
            assert found is not None and found.name == f"vm-{vm_id[:8]}", name
            await order(engine, Destroy(vm_id))


async def test_several_agents_of_one_name_are_an_error_that_lists_them(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        ids = sorted([await engine.running[0].source.vers.create_root() for _ in range(2)])
        for vm_id in ids:
            await register(engine, vm_id, "twin")
        await until(engine, lambda: len(engine.fleet_state.agents_called("twin")) == 2, "both agents")
        with pytest.raises(UsageError, match=ids[0]):
            engine.agent_named("twin")
    for words in (
        ("destroy", "twin", "--yes"),
        ("pause", "twin"),
        ("commit", "twin"),
        ("branch", "twin"),
        ("send", "twin", "hello"),
        ("abort", "twin"),
        ("tail", "twin"),
        ("wait", "twin", "--until", "idle"),
    ):
        done = fleet.run(*words)
        assert done.returncode == 2 and all(vm_id in done.stderr for vm_id in ids), (words, done)
    assert fleet.run("destroy", ids[0], "--yes").returncode == 0
    assert ids[1] in fleet.run("vms").stdout


async def test_what_a_lost_restore_may_have_made_is_shown_and_left_alone(fleet: FleetUnderTest) -> None:
    api = SickApi(works=False, stranger=True)

    async def sick(**options: Any) -> Engine:
        source = await asyncio.to_thread(make_source, fleet.settings, fleet.places, force_embedded=True)
        return await stack.enter_async_context(
            running_engine(
                fleet.settings, fleet.places, dataclasses.replace(source, vers=api.client(), services=None), **options
            )
        )

    async with contextlib.AsyncExitStack() as stack:
        engine = await sick()
        before = set(api.vms)
        receipt = await engine.outcome(
            engine.dispatch(Spawn("lost", AgentKind.WORKER, image=CommitId(COMMIT), program="scripted")), timeout=LIMIT
        )
        assert receipt.stage is Stage.UNCONFIRMED and "perhaps ours" in receipt.reason
        (vm_id,) = (VmId(vm_id) for vm_id in set(api.vms) - before)
        assert not [act for act in api.acts if act.startswith("DELETE")]
        vm = engine.fleet.vm(vm_id)
        assert vm is not None and "lost" in vm.perhaps_ours and COMMIT in vm.perhaps_ours
        assert engine.fleet.agents == () or all(agent.vm_id != vm_id for agent in engine.fleet.agents)
        later = await sick()
        found = later.fleet.vm(vm_id)
        assert found is not None and found.perhaps_ours == vm.perhaps_ours
        api.works = True
        await order(later, Destroy(vm_id))
        assert await later.store.names.suspects() == {}
    poll(lambda: vm_id not in api.vms, "the destroyed VM gone")
