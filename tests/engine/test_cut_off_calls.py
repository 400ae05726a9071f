"""A cockpit that ends inside a call that makes a VM: its next start looks for what the call made, and says so."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import signal
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cockpit.bootstrap.fleet import make_source, running_engine
from cockpit.engine import cut_off
from cockpit.engine.engine import Engine
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.life import Destroy, Spawn
from cockpit.model.commands.vm import Branch
from cockpit.model.fleet import AgentKind, LinkState, ProcessState
from cockpit.model.ids import CommitId, VmId
from cockpit.model.receipts.receipt import Stage
from cockpit.store.creations import CreationRow
from cockpit.store.store import Store
from cockpit.vers.reconcile import REQUEST_LABEL
from tests.fleets import LIMIT, FleetUnderTest, order, poll, spawned, until
from tests.vers.sick import COMMIT, VM, SickApi


class CutOff(Exception):
    """What a killed process would be at this point; unlike it, a test goes on."""


def cut_after(api: SickApi, path: str, happened: asyncio.Event) -> None:
    """Let the platform do what a call asks, and never answer it."""
    act = api._act

    def silent(method: str, asked: str, body: dict[str, Any]) -> Any:
        answer = act(method, asked, body)
        if method == "POST" and asked.startswith(path):
            happened.set()
        return answer

    api._act = silent  # type: ignore[method-assign, assignment]
    handle = api.handle_async_request

    async def hang(request: Any) -> Any:
        answer = await handle(request)
        if happened.is_set() and request.method == "POST":
            await asyncio.Event().wait()
        return answer

    api.handle_async_request = hang  # type: ignore[method-assign]


@contextlib.asynccontextmanager
async def over(fleet: FleetUnderTest, api: SickApi, **options: Any) -> AsyncIterator[Engine]:
    """Run an engine over a platform with this fleet's history; leaving it inside a call is the end of the call."""
    source = await asyncio.to_thread(make_source, fleet.settings, fleet.places, force_embedded=True)
    source = dataclasses.replace(source, vers=api.client(), services=None)
    async with running_engine(fleet.settings, fleet.places, source, **options) as engine:
        yield engine


async def cut_spawn(fleet: FleetUnderTest, api: SickApi, name: str, image: str = "") -> None:
    """Order a spawn and end the cockpit inside its creating call."""
    happened = asyncio.Event()
    cut_after(api, "/vm/", happened)
    async with over(fleet, api) as engine:
        wanted = Spawn(name, AgentKind.WORKER, "counts", CommitId(image) if image else None, "scripted")
        engine.dispatch(wanted)
        await asyncio.wait_for(happened.wait(), LIMIT)


def notices(engine: Engine, name: str) -> list[str]:
    """Return what was said of a call that was cut off."""
    return [text for text in engine.fleet.notices if f"spawn {name} was cut off" in text]


async def test_what_a_cut_call_made_is_shown_as_ours(fleet: FleetUnderTest) -> None:
    api = SickApi()
    await cut_spawn(fleet, api, "cut")
    (vm_id,) = (VmId(vm_id) for vm_id in api.vms if vm_id != VM)
    assert REQUEST_LABEL in api.vms[vm_id]["labels"]
    later = SickApi(vms=dict(api.vms))
    async with over(fleet, later, attach=lambda agent: False) as engine:
        agent = engine.agent_named("cut")
        assert (agent.vm_id, agent.kind, agent.role) == (vm_id, AgentKind.WORKER, "counts")
        (said,) = notices(engine, "cut")
        assert vm_id in said and "is ours" in said and "relaunch cut" in said and "destroy cut" in said
        assert engine.fleet.findings == (said,)
    assert not later.acts, "nothing was done to it"
    async with over(fleet, later, attach=lambda agent: False) as engine:
        assert notices(engine, "cut"), "it is said until somebody decides"
        await order(engine, Destroy(vm_id))
        await engine.running[0].watcher.vms()
        assert not notices(engine, "cut")
        assert not [row for row in await engine.store.creations.rows() if row.target == "cut"]
    assert vm_id not in later.vms and VM in later.vms


async def test_a_cut_call_that_made_nothing_says_so_once(
    fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = SickApi()
    await cut_spawn(fleet, api, "void")
    empty = SickApi()
    async with over(fleet, empty, attach=lambda agent: False) as engine:
        (said,) = notices(engine, "void")
        assert "may still be made" in said
        monkeypatch.setattr(cut_off, "MAKING_LIMIT", 0.0)
        await engine.running[0].watcher.vms()
        (said,) = notices(engine, "void")
        assert "nothing was made" in said
    async with over(fleet, empty, attach=lambda agent: False) as engine:
        assert not notices(engine, "void")
    late = SickApi(vms=dict(api.vms))
    async with over(fleet, late, attach=lambda agent: False) as engine:
        assert notices(engine, "void"), "a list that lacked it was no proof"
        monkeypatch.setattr(cut_off, "KEPT", 0.0)
        await order(engine, Destroy(engine.agent_named("void").vm_id))


async def test_what_a_cut_restore_may_have_made_is_perhaps_ours(fleet: FleetUnderTest) -> None:
    api = SickApi()
    await cut_spawn(fleet, api, "copy", COMMIT)
    (vm_id,) = (VmId(vm_id) for vm_id in api.vms if vm_id != VM)
    later = SickApi(vms=dict(api.vms))
    stranger = VmId(later.add(parent_commit_id="3f9e8d7c-6b5a-4948-8372-615049382716"))
    async with over(fleet, later, attach=lambda agent: False) as engine:
        found, other = engine.fleet.vm(vm_id), engine.fleet.vm(stranger)
        assert found is not None and "spawn copy" in found.perhaps_ours and COMMIT in found.perhaps_ours
        assert other is not None and not other.perhaps_ours
        (said,) = notices(engine, "copy")
        assert "perhaps ours" in said and vm_id in said and stranger not in said
        assert not later.acts
        await order(engine, Destroy(vm_id))


async def test_a_call_that_another_cockpit_makes_now_is_left_to_it(fleet: FleetUnderTest) -> None:
    api = SickApi()
    row = CreationRow("request-1", "spawn", "busy", "image", api.client().account, 1.0, "")
    other = await Store.open(fleet.places.history)
    try:
        await other.creations.begin(row)
        async with over(fleet, api, attach=lambda agent: False) as engine:
            assert not notices(engine, "busy")
            await other.close()
            await engine.running[0].watcher.vms()
            assert notices(engine, "busy")
            await engine.store.creations.finish("request-1")
    finally:
        await other.close()


def killed_while_it_spawns(fleet: FleetUnderTest, before: set[str]) -> None:
    """Start a spawn, and kill it as soon as its VM is there."""
    process = subprocess.Popen(
        fleet.command("spawn", "killed", "--agent", "scripted", "--role", "survives"),
        env=fleet.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    machines = fleet.places.fleet / "vms"
    try:
        poll(lambda: machines.is_dir() and any(path.name not in before for path in machines.iterdir()), "a new VM")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


async def test_a_killed_cockpit_is_gone_on_with(fleet: FleetUnderTest) -> None:
    """The real thing: a verb is killed once its VM exists, and what it left is relaunched."""
    async with fleet.engine() as engine:
        before = {vm.vm_id for vm in await engine.running[0].source.vers.list_vms()}
    await asyncio.to_thread(killed_while_it_spawns, fleet, before)
    listed = fleet.run("vms")
    assert "spawn killed was cut off" in listed.stderr and "is ours" in listed.stderr, listed
    relaunched = await asyncio.to_thread(fleet.run, "relaunch", "killed")
    assert relaunched.returncode == 0, relaunched
    async with fleet.engine() as engine:
        agent = engine.agent_named("killed")
        assert agent.role == "survives"
        await until(engine, lambda: engine.fleet_state.agents[agent.id].link.state is LinkState.UP, "the link")
        await order(engine, Prompt(agent.id, "[say Here.]"))
        await engine.running[0].watcher.vms()
        assert not [text for text in engine.fleet.notices if "cut off" in text]
        assert engine.running[0].source.registry is not None
        entries = (await engine.running[0].source.registry.list_entries()).entries
        assert [entry.name for entry in entries if entry.id == agent.vm_id] == ["killed"]
    assert "cut off" not in fleet.run("vms").stderr


async def test_an_agent_that_runs_on_what_a_cut_call_made_ends_the_matter(fleet: FleetUnderTest) -> None:
    """The cockpit was killed between the start of the agent and the note that it was started."""
    async with fleet.engine() as engine:
        agent = await spawned(engine, "started")
        account = engine.running[0].source.vers.account
    store = await Store.open(fleet.places.history)
    await store.creations.begin(CreationRow("request-2", "spawn", "started", "image", account, 1.0, ""))
    await store.creations.made("request-2", (agent.vm_id,))
    await store.close()
    async with fleet.engine() as engine:
        await until(engine, lambda: engine.fleet_state.agents[agent.id].process.state is ProcessState.ALIVE, "a look")
        await engine.running[0].watcher.vms()
        assert not notices(engine, "started")
        assert "request-2" not in [row.request for row in await engine.store.creations.rows()]
        assert engine.fleet.agent(agent.id) is not None


async def test_a_call_of_another_account_is_not_looked_for_here(fleet: FleetUnderTest) -> None:
    store = await Store.open(fleet.places.history)
    row = CreationRow("request-3", "spawn", "far", "image", "somebody at https://elsewhere.test", 1.0, "")
    await store.creations.begin(row)
    await store.close()
    async with over(fleet, SickApi(), attach=lambda agent: False) as engine:
        assert not notices(engine, "far")
        assert row in await engine.store.creations.rows(), "its own account's list will tell"
        await engine.store.creations.finish(row.request)


async def test_a_spawn_and_a_branch_that_went_well_leave_nothing_written_down(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, "whole")
        await order(engine, Branch(agent.vm_id))
        assert not [row for row in await engine.store.creations.rows() if row.target == "whole"]
        missing = CommitId("7f9e8d7c-6b5a-4948-8372-615049382716")
        failed = await engine.outcome(
            engine.dispatch(Spawn("no", AgentKind.WORKER, image=missing, program="scripted")), timeout=LIMIT
        )
        assert failed.stage is Stage.FAILED
        assert not [row for row in await engine.store.creations.rows() if row.target == "no"]
        assert agent.id in engine.fleet_state.agents
