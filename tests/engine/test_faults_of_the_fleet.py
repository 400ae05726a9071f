"""What happens around a cockpit: VMs deleted, the server killed, a host key changed, receipts and looks that fail."""

from __future__ import annotations

import asyncio
import os
import signal

import asyncssh
import pytest

from cockpit.embedded.endpoint import read_endpoint, serving_pid
from cockpit.embedded.lifecycle import ensure_started
from cockpit.engine.streams import link as engine_link
from cockpit.engine.streams import outbox
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.vm import TrustHostKey
from cockpit.model.fleet import LinkState, ProcessState
from cockpit.model.ids import VmId
from cockpit.model.receipts.receipt import Stage
from cockpit.remote.errors import CommandTimedOut
from cockpit.store.store import Store
from tests.engine.evidence import all_shown, assert_whole, folded, markers, out_file, stored_up_to
from tests.fleets import LIMIT, FleetUnderTest, order, poll, spawned, until


async def test_a_vm_deleted_behind_our_back(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, "ada")
        prompt = engine.dispatch(Prompt(agent.id, "[bash sleep 60]"))
        await until(engine, lambda: bool(engine.fleet_state.agents[agent.id].activity.tools), "a running tool")
        await engine.running[0].source.vers.delete(agent.vm_id)
        receipt = await engine.outcome(prompt, timeout=LIMIT)
        assert receipt.stage is Stage.FAILED and "deleted" in receipt.reason
        assert engine.fleet_state.agent_named("ada") is None and agent.vm_id not in engine.fleet_state.vms
        assert engine.agent_session(agent.id) is None
    async with fleet.engine() as engine:
        assert engine.fleet_state.agent_named("ada") is None
        assert all(receipt.stage is Stage.FAILED for receipt in engine.fleet.receipts if receipt.agent == agent.id)


async def test_a_killed_server_costs_no_line_and_no_agent(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, "bea")
        prompt = engine.dispatch(Prompt(agent.id, "[slow 200] [say 1600]"))
        await until(engine, lambda: engine.fleet_state.agents[agent.id].line > 100, "some output")
        run_id = engine.fleet_state.agents[agent.id].process.run_id
        pid = serving_pid(fleet.places.fleet)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(engine, lambda: engine.fleet_state.agents[agent.id].link.state is not LinkState.UP, "the lost link")
        assert engine.fleet_state.agents[agent.id].process.state is not ProcessState.DEAD, (
            "a lost link is no dead agent"
        )
        # The next verb of anybody starts the server again.
        done = await asyncio.to_thread(fleet.run, "agents", "--json")
        assert done.returncode == 0 and '"bea"' in done.stdout, done
        started = read_endpoint(fleet.places.fleet)
        assert started is not None and started.pid != pid
        content = await asyncio.to_thread(_finished, fleet, agent.vm_id)
        await _came_back(fleet, agent.id, run_id, content)
        await until(
            engine, lambda: engine.fleet_state.agents[agent.id].link.state is LinkState.UP, "the link of the first"
        )
        receipt = await engine.outcome(prompt, timeout=LIMIT)
        assert receipt.stage is Stage.DONE, receipt


def _finished(fleet: FleetUnderTest, vm_id: VmId) -> bytes:
    """Return the output once the run has ended in it."""
    out = out_file(fleet, vm_id)
    poll(lambda: b"agent_settled" in out.read_bytes()[-2000:], "the end of the run")
    return out.read_bytes()


async def _came_back(fleet: FleetUnderTest, agent_id: str, run_id: str, content: bytes) -> None:
    """Check that a new cockpit finds the same process, and all of its output."""
    async with fleet.engine() as engine:
        await engine.settled(LIMIT)
        agent = engine.agent_named("bea")
        assert agent.id == agent_id
        await until(
            engine, lambda: engine.fleet_state.agents[agent.id].process.state is ProcessState.ALIVE, "the process"
        )
        assert engine.fleet_state.agents[agent.id].process.run_id == run_id, "it was adopted, not started again"
        records = await stored_up_to(engine.store, agent.id, content.count(b"\n"))
        assert_whole(records, content)
        assert not markers(records)
        assert await all_shown(engine, agent.id) == folded(records)


async def test_a_changed_host_key_is_refused_and_said(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, "cyd")
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key("openssh").decode().strip()
    store = await Store.open(fleet.places.history)
    assert len(store.known(agent.vm_id)) == 1
    store.distrust(agent.vm_id)
    store.trust(agent.vm_id, " ".join(other.split()[:2]))
    await store.close()
    async with fleet.engine() as engine:
        await until(engine, lambda: engine.fleet_state.agents[agent.id].link.state is LinkState.DOWN, "the refusal")
        link = engine.fleet_state.agents[agent.id].link
        assert "host key" in link.reason and "refused" in link.reason
        assert link.retry_at is not None and link.attempt == 1
        assert link.retry_at - engine.now() > engine_link.HOST_KEY_PATIENCE - LIMIT, "it does not hammer"
        assert "host key" in engine.disabled_reason(Prompt(agent.id, "x"))
        assert engine.store.known(agent.vm_id) == (" ".join(other.split()[:2]),), "nothing new is trusted by itself"
        shown = engine.fleet_state.agents[agent.id].link.offered_key
        assert shown in host_key(fleet, agent.vm_id)
        refused = await engine.outcome(engine.dispatch(TrustHostKey(agent.vm_id, " ".join(other.split()[:2]))))
        assert refused.stage is Stage.FAILED and "another host key by now" in refused.reason
        # The operator knows why it changed.
        await order(engine, TrustHostKey(agent.vm_id, shown))
        assert engine.fleet_state.agents[agent.id].link.state is LinkState.UP
        assert engine.store.known(agent.vm_id) == (shown,)


def host_key(fleet: FleetUnderTest, vm_id: VmId) -> str:
    """Return the public host key of a VM of the embedded fleet, from its private one."""
    private = fleet.places.fleet / "vms" / vm_id / "keys" / "host"
    return asyncssh.read_private_key(private).export_public_key("openssh").decode()


async def test_agents_are_attached_once_the_platform_answers_again(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, "dan")
    async with fleet.engine(wait=False) as engine:
        # The first look at the list comes to nothing: known agents are shown, and attached with the first good one.
        assert engine.fleet_state.agent_named("dan") is not None
        engine.fleet_state.vms.clear()
        engine.running[0].agent_sessions.detach(agent.id)
        await until(engine, lambda: engine.fleet_state.agents[agent.id].link.state is LinkState.UP, "the link")
        await order(engine, Prompt(agent.id, "[say Here.]"))


async def test_what_did_not_reach_the_disk_is_read_again(
    fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reading cut off between folding and storing leaves no hole behind the next cursor."""

    async def lose(*_: object) -> None:
        return None

    async with fleet.engine() as engine:
        agent = await spawned(engine, "fay")
        with monkeypatch.context() as patch:
            patch.setattr(engine.recorder, "keep", lose)
            await order(engine, Prompt(agent.id, "[say Folded, not stored.]"))
            agent_session = engine.agent_session(agent.id)
            assert agent_session is not None
            connection = agent_session.connection()
            assert connection is not None
            await connection.close()
        await until(engine, lambda: agent_session.connection() not in (None, connection), "the next connection")
        await until(engine, lambda: engine.fleet_state.agents[agent.id].link.state is LinkState.UP, "the link")
        await order(engine, Prompt(agent.id, "[say Stored.]"))
        content = out_file(fleet, agent.vm_id).read_bytes()
        records = await stored_up_to(engine.store, agent.id, content.count(b"\n"))
        assert_whole(records, content)
        assert not markers(records)
        assert await all_shown(engine, agent.id) == folded(records)


async def test_a_look_that_fails_ends_no_reading(fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    async with fleet.engine() as engine:
        agent = await spawned(engine, "gil")
        agent_session = engine.agent_session(agent.id)
        assert agent_session is not None
        connection = agent_session.connection()
        assert connection is not None

        async def slow(*_: object) -> bool:
            raise CommandTimedOut("a command did not end within 20 s and was ended")

        monkeypatch.setattr(agent_session, "_probe", slow)
        agent_session.look_at_process()
        await until(
            engine,
            lambda: engine.fleet_state.agents[agent.id].process.state is ProcessState.UNKNOWN,
            "an honest unknown",
        )
        await order(engine, Prompt(agent.id, "[say Still read.]"))
        assert agent_session.connection() is connection
        monkeypatch.undo()
        agent_session.look_at_process()
        await until(
            engine, lambda: engine.fleet_state.agents[agent.id].process.state is ProcessState.ALIVE, "the next look"
        )


async def test_a_receipt_cut_off_by_the_end_is_unconfirmed(
    fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SENDING_LIMIT", 0.5)
    async with fleet.engine() as engine:
        agent = await spawned(engine, "eve")
        cut = engine.dispatch(Prompt(agent.id, "[say Cut off.]"))
        assert engine.fleet_state.receipts[cut].stage is Stage.PENDING
        await engine.store.save_receipt(engine.fleet_state.receipts[cut])
    ensure_started(fleet.places.fleet)
    async with fleet.engine() as engine:
        await engine.settled(LIMIT)
        await until(
            engine, lambda: engine.fleet_state.receipts[cut].stage is not Stage.PENDING, "an end of the sending"
        )
        receipt = engine.fleet_state.receipts.get(cut)
        saved = {known.id: known for known in await engine.store.receipts()}[cut]
        stage = receipt.stage if receipt is not None else saved.stage
        assert stage is not Stage.PENDING, "it is not in an outbox that nobody empties"
