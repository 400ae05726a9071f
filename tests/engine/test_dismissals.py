"""What is dismissed stays so over restarts, is written down with its evidence, and its VM is not touched."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from cockpit.bootstrap.fleet import make_source, running_engine
from cockpit.engine.engine import Engine
from cockpit.model.commands.life import Dismiss, Recall
from cockpit.model.ids import AgentId, VmId
from cockpit.model.receipts.receipt import Stage
from cockpit.store.rows import UNKNOWN_ACCOUNT, AgentRow
from cockpit.store.store import Store
from tests.fleets import LIMIT, FleetUnderTest, fleet_under_test, order, spawned
from tests.store.audit import audit_rows
from tests.vers.sick import OWNER, VM, SickApi

FOREIGN = VmId("0f9e8d7c-6b5a-4948-8372-615049382711")


@pytest.fixture
def fleet() -> Iterator[FleetUnderTest]:
    """A fleet for each test: what is remembered differs."""
    with fleet_under_test() as made:
        yield made


@contextlib.asynccontextmanager
async def over(fleet: FleetUnderTest, api: SickApi) -> AsyncIterator[Engine]:
    """Run an engine over a platform with this fleet's history."""
    source = await asyncio.to_thread(make_source, fleet.settings, fleet.places, force_embedded=True)
    source = replace(source, vers=api.client(), services=None)
    async with running_engine(fleet.settings, fleet.places, source, attach=lambda agent: False, watch=False) as engine:
        yield engine


async def evidence_of(engine: Engine, vm_id: VmId) -> list[str]:
    """Return what the audit says of a dismissal."""
    return [row.detail for row in audit_rows(engine.store.path) if (row.verb, row.target) == ("dismissed", vm_id)]


async def test_a_vm_that_is_perhaps_ours(fleet: FleetUnderTest) -> None:
    store = await Store.open(fleet.places.history)
    await store.names.suspect(VM, "spawn ada: a call lost its answer")
    await store.close()
    api, vm_id = SickApi(), VmId(VM)
    async with over(fleet, api) as engine:
        vm = engine.fleet.vm(vm_id)
        assert vm is not None and vm.perhaps_ours
        await order(engine, Dismiss(vm_id))
        vm = engine.fleet.vm(vm_id)
        assert vm is not None and not vm.perhaps_ours
        (said,) = await evidence_of(engine, vm_id)
        assert "spawn ada: a call lost its answer" in said
        assert engine.disabled_reason(Dismiss(vm_id)) == "it is dismissed already"
    async with over(fleet, api) as engine:
        vm = engine.fleet.vm(vm_id)
        assert vm is not None and not vm.perhaps_ours
        assert (await engine.store.names.dismissed())[VM] == said
        await order(engine, Recall(vm_id))
        vm = engine.fleet.vm(vm_id)
        assert vm is not None and vm.perhaps_ours == "spawn ada: a call lost its answer"
        assert await engine.store.names.dismissed() == {} and VM in await engine.store.names.suspects()
        assert engine.disabled_reason(Recall(vm_id)) == "it is not dismissed"
    assert not api.acts and VM in api.vms


@pytest.mark.parametrize("account", ["somebody at https://elsewhere.test", UNKNOWN_ACCOUNT])
async def test_an_agent_that_no_list_here_has(fleet: FleetUnderTest, account: str) -> None:
    store = await Store.open(fleet.places.history)
    await store.remember_agent(AgentRow(AgentId(FOREIGN), "far", "lieutenant", FOREIGN, account=account))
    await store.close()
    api = SickApi()
    async with over(fleet, api) as engine:
        agent, unplaced = engine.agent_named("far"), engine.fleet.unplaced
        await order(engine, Dismiss(agent.vm_id))
        assert engine.fleet.agents == () and engine.fleet.vm(FOREIGN) is None
        (said,) = await evidence_of(engine, FOREIGN)
        assert "lieutenant" in said and "far" in said
    async with over(fleet, api) as engine:
        assert engine.fleet.agents == (), "it stays dismissed"
        assert {row.vm_id for row in await engine.store.agents()} == {FOREIGN}, "its transcript can be searched"
        assert engine.disabled_reason(Dismiss(FOREIGN)) == "it is dismissed already"
        await order(engine, Recall(VmId(FOREIGN)))
        again = engine.agent_named("far")
        assert (again.elsewhere, again.id in engine.fleet.unplaced) == (agent.elsewhere, agent.id in unplaced)
        await order(engine, Dismiss(agent.vm_id))
    assert not api.acts
    api.add(FOREIGN, owner_id=OWNER)
    async with over(fleet, api) as engine:
        assert engine.agent_named("far").elsewhere == "", "it is here after all"
        assert await engine.store.names.dismissed() == {}
    assert not api.acts


async def test_what_is_ours_or_unknown_cannot_be_dismissed(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, "here")
        receipt = await engine.outcome(engine.dispatch(Dismiss(agent.vm_id)), timeout=LIMIT)
        assert receipt.stage is Stage.FAILED and "an agent of this fleet" in receipt.reason
        assert engine.disabled_reason(Dismiss(FOREIGN)) == f"there is no VM or place {FOREIGN}"
        plain = await engine.running[0].source.vers.create_root()
        await engine.running[0].watcher.vms()
        assert engine.disabled_reason(Dismiss(plain)) == "the VM is not shown as perhaps ours"
        await engine.store.names.suspect(plain, "spawn ada: a call lost its answer")
    assert fleet.run("dismiss", "here").returncode == 2
    assert fleet.run("dismiss", FOREIGN).returncode == 3
    listed = fleet.run("vms")
    assert "perhaps ours" in listed.stdout and plain in listed.stdout
    done = fleet.run("dismiss", plain)
    assert done.returncode == 0 and "a call lost its answer" in done.stderr, done
    again = fleet.run("dismiss", plain)
    assert again.returncode == 0 and "dismissed already" in again.stderr
    listed = fleet.run("vms")
    assert "perhaps ours" not in listed.stdout and plain in listed.stdout and agent.vm_id in listed.stdout
