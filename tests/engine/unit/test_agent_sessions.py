"""Attachments: which agents come back from the store, who is attached, and that each fails and ends alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from cockpit.engine.streams.agent_sessions import RESTART_DELAY, AgentSessions
from cockpit.engine.streams.session import PATIENT_PROBES, PROBE_INTERVAL
from cockpit.model.failures import RECEIPT_AGE
from cockpit.model.fleet import LinkState, Power, ProcessState, Vm
from cockpit.model.ids import AgentId, CommandId, VmId, agent_of
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.remote.errors import Dropped, HostUnreachable, SshKeyRefused
from cockpit.remote.ssh.command import Completed
from cockpit.store.rows import UNKNOWN_ACCOUNT
from tests.engine.unit.connection import Ran
from tests.engine.unit.parts import AGENT, BEGAN, OTHER_AGENT, OTHER_VM, VM, Connections, Parts, agent_on

THIRD_VM = VmId("cccccccc-0000-4000-8000-000000000003")


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch) -> Connections:
    """Connections are doubles."""
    return Connections(monkeypatch)


@asynccontextmanager
async def sessions_of(parts: Parts) -> AsyncIterator[AgentSessions]:
    """Attach without reading, as a verb does that needs no output."""
    sessions = parts.agent_sessions()
    sessions.record = False
    try:
        yield sessions
    finally:
        await sessions.close()


def link_of(parts: Parts) -> LinkState:
    """Return what the agent's link is shown as."""
    return parts.agent.link.state


def stored(number: int, stage: Stage, verb: str = "prompt", agent: AgentId = AGENT, at: float = BEGAN) -> Receipt:
    """Return a receipt of an earlier process."""
    stages = () if stage is Stage.PENDING else ((stage, at),)
    return Receipt(CommandId(f"old-{number}"), agent, verb, f"text {number}", stage, at, stages, place=(1, 0))


# --- loading -------------------------------------------------------------------------------------------


async def test_agents_come_back_with_whose_they_are() -> None:
    parts = Parts()
    parts.state.agents.clear()
    parts.remember(VM, "builder", role="builds", labels=("x",), parent="lead")
    parts.remember(OTHER_VM, "theirs", account="them at elsewhere")
    parts.remember(THIRD_VM, "unknown", account=UNKNOWN_ACCOUNT)
    gone = VmId("ffffffff-0000-4000-8000-000000000009")
    parts.remember(gone, "late", destroyed_at=BEGAN - 5)
    parts.memory.names.suspected[THIRD_VM] = "spawn x: it appeared then"
    await parts.bring_back()
    agents = parts.state.agents
    assert {agent.name: agent.elsewhere for agent in agents.values()} == {
        "builder": "",
        "theirs": "them at elsewhere",
        "unknown": "",
    }
    assert (agents[AGENT].role, agents[AGENT].labels, agents[AGENT].parent) == ("builds", ("x",), "lead")
    assert parts.state.unplaced == {agent_of(THIRD_VM)}
    assert parts.state.departed == {"late": (gone, BEGAN - 5)}
    assert parts.state.suspects == {THIRD_VM: "spawn x: it appeared then"}


async def test_open_receipts_of_an_earlier_process_go_on_or_end() -> None:
    parts = Parts()
    parts.remember(VM, "builder")
    parts.remember(OTHER_VM, "late", destroyed_at=BEGAN - 5)
    receipts = {
        "goes on": stored(1, Stage.ACCEPTED),
        "agent destroyed": stored(2, Stage.WRITTEN, agent=OTHER_AGENT),
        "pause": stored(3, Stage.PENDING, "pause"),
        "done": stored(4, Stage.DONE),
        "lost text": stored(5, Stage.FAILED),
        "old failure": stored(6, Stage.FAILED, "pause", at=BEGAN - 2 * RECEIPT_AGE),
        "dismissed": stored(7, Stage.DISMISSED),
    }
    parts.memory.saved = {receipt.id: receipt for receipt in receipts.values()}
    await parts.bring_back()
    shown = {name: parts.state.receipts.get(receipt.id) for name, receipt in receipts.items()}
    stages = {name: receipt.stage for name, receipt in shown.items() if receipt is not None}
    assert stages == {
        "goes on": Stage.ACCEPTED,
        "agent destroyed": Stage.FAILED,
        "pause": Stage.UNCONFIRMED,
        "lost text": Stage.FAILED,
    }
    assert shown["agent destroyed"] is not None and shown["agent destroyed"].reason == "its agent was destroyed"


# --- attaching -----------------------------------------------------------------------------------------


async def test_known_agents_are_attached_once_where_their_vm_surely_exists(connections: Connections) -> None:
    parts = Parts()
    parts.state.put_agent(agent_on(OTHER_VM, "doubtful"))
    parts.state.put_vm(Vm(OTHER_VM, Power.UNKNOWN, doubt="the list lacks it"))
    parts.state.put_agent(agent_on(THIRD_VM, "nowhere"))
    async with sessions_of(parts) as sessions:
        sessions.attach_known()
        session = sessions.agent_session(AGENT)
        sessions.attach_known()
        assert session is not None and sessions.attach(parts.agent) is session
        assert sessions.agent_session(OTHER_AGENT) is None
        assert sessions.agent_session(agent_of(THIRD_VM)) is None
        await parts.state.until(lambda: bool(connections.made), 1.0)
        assert len(connections.made) == 1


async def test_only_wanted_agents_are_attached() -> None:
    parts = Parts()
    async with sessions_of(parts) as sessions:
        sessions.wanted = lambda agent: False
        sessions.attach_known()
        assert sessions.agent_session(AGENT) is None
        assert sessions.settled()


async def test_it_is_settled_when_each_link_was_tried_and_each_process_looked_at(connections: Connections) -> None:
    parts = Parts()
    async with sessions_of(parts) as sessions:
        connections.errors = [HostUnreachable("no route")]
        sessions.attach_known()
        assert not sessions.settled()
        await parts.state.until(lambda: link_of(parts) is LinkState.DOWN, 1.0)
        assert sessions.settled(), "a link that is down was tried"
        await parts.state.until(lambda: link_of(parts) is LinkState.UP, 1.0)
        await asyncio.sleep(0.1)
        assert sessions.settled() and parts.agent.process.state is ProcessState.ALIVE
        assert sessions.read_to_the_end() == frozenset(), "nothing was read here"


async def test_the_key_is_fetched_once_and_again_when_it_is_refused(connections: Connections) -> None:
    parts = Parts()
    async with sessions_of(parts) as sessions:
        connections.errors = [HostUnreachable("no route"), SshKeyRefused("not accepted"), None]
        sessions.attach_known()
        await parts.state.until(lambda: bool(connections.made), 60.0)
        assert connections.keys == ["key 1", "key 1", "key 2"]


async def test_a_booting_vm_is_not_called_before_it_runs(connections: Connections) -> None:
    parts = Parts()
    parts.state.put_vm(Vm(VM, Power.BOOTING))
    async with sessions_of(parts) as sessions:
        sessions.attach_known()
        await asyncio.sleep(30.0)
        assert connections.keys == [] and parts.vers.calls == []
        parts.state.put_vm(Vm(VM, Power.RUNNING))
        await asyncio.sleep(0.1)
        assert len(connections.made) == 1


async def test_only_the_agent_that_is_looked_at_is_looked_at_often(connections: Connections) -> None:
    parts = Parts()
    parts.state.put_agent(agent_on(OTHER_VM, "other"))
    parts.state.put_vm(Vm(OTHER_VM, Power.RUNNING))
    async with sessions_of(parts) as sessions:
        sessions.focus(AGENT)
        sessions.attach_known()
        await parts.state.until(lambda: len(connections.made) == 2, 1.0)
        mine, other = connections.made
        await asyncio.sleep(PROBE_INTERVAL * PATIENT_PROBES * 2 + 1)
        assert (len(mine.ran), len(other.ran)) == (1 + 2 * PATIENT_PROBES, 3)
        before = len(other.ran)
        sessions.focus(OTHER_AGENT)
        await asyncio.sleep(0.1)
        assert len(other.ran) == before + 1, "what is looked at now is probed at once"


async def test_a_fault_of_the_program_is_one_agents_trouble_and_it_starts_again(connections: Connections) -> None:
    parts = Parts()
    async with sessions_of(parts) as sessions:
        sessions.attach_known()
        await parts.state.until(lambda: bool(connections.made), 1.0)
        (connection,) = connections.made
        connection.fails(ZeroDivisionError("oh"))
        session = sessions.agent_session(AGENT)
        assert session is not None
        session.look_at_process()
        await asyncio.sleep(0.1)
        assert connection.closed
        assert parts.state.notices == ["internal error while serving builder: see the log file"]
        await asyncio.sleep(RESTART_DELAY)
        assert len(connections.made) == 2 and link_of(parts) is LinkState.UP


@pytest.mark.parametrize("error", [ZeroDivisionError("oh"), Dropped("gone")], ids=["a fault", "a drop"])
async def test_an_end_that_meets_an_error_is_an_end(connections: Connections, error: Exception) -> None:
    """The task group of the attachment forgets the cancellation; the attachment must not go on without anybody."""
    parts = Parts()
    sessions = parts.agent_sessions()
    sessions.record = False
    sessions.attach_known()
    await parts.state.until(lambda: bool(connections.made), 1.0)
    (connection,) = connections.made
    ended: list[asyncio.Task[None]] = []

    async def fail_at_the_end(ran: Ran) -> Completed:
        ended.append(asyncio.create_task(sessions.close()))
        await asyncio.sleep(0)
        raise error

    connection.script = fail_at_the_end
    session = sessions.agent_session(AGENT)
    assert session is not None
    session.look_at_process()
    await asyncio.sleep(0.1)
    async with asyncio.timeout(RESTART_DELAY * 3):
        await ended[0]
    await asyncio.sleep(100.0)
    assert len(connections.keys) == 1, "it went on"


# --- coming and going ----------------------------------------------------------------------------------


async def test_a_vm_that_is_gone_takes_its_agent_and_its_open_receipts_along(connections: Connections) -> None:
    parts = Parts()
    parts.remember(VM, "builder")
    parts.state.suspects[VM] = "perhaps"
    parts.memory.names.suspected[VM] = "perhaps"
    async with sessions_of(parts) as sessions:
        sessions.attach_known()
        await parts.state.until(lambda: bool(connections.made), 1.0)
        receipt = parts.receipt()
        await sessions.vm_gone(VM)
        assert (AGENT in parts.state.agents, VM in parts.state.vms) == (False, False)
        assert (parts.shown(receipt).stage, parts.shown(receipt).reason) == (Stage.FAILED, "its VM was deleted")
        assert parts.book.open_for(AGENT) == ()
        assert parts.state.departed["builder"] == (VM, parts.clock.now())
        assert parts.state.suspects == {} and parts.memory.names.suspected == {}
        assert parts.memory.rows[AGENT].destroyed_at is not None
        await asyncio.sleep(1.0)
        assert connections.made[0].closed and sessions.agent_session(AGENT) is None


async def test_a_disk_that_refuses_keeps_no_dead_agent_alive() -> None:
    parts = Parts()
    parts.remember(VM, "builder")
    parts.state.suspects[VM] = "perhaps"
    parts.memory.refuses = "the disk is full"
    await parts.agent_sessions().vm_gone(VM)
    assert parts.state.agents == {} and "builder" in parts.state.departed


async def test_an_adopted_agent_is_remembered_and_attached_unless_it_is_gone_by_then() -> None:
    parts = Parts()
    stranger = agent_on(OTHER_VM, "stranger")
    async with sessions_of(parts) as sessions:
        await sessions.adopt(stranger)
        assert parts.memory.rows[OTHER_AGENT].account == parts.vers.account
        assert OTHER_AGENT not in parts.state.agents, "its VM is not there"
        parts.state.put_vm(Vm(OTHER_VM, Power.RUNNING))
        parts.memory.refuses = "the disk is full"
        await sessions.adopt(stranger)
        assert OTHER_AGENT in parts.state.agents
        assert sessions.agent_session(OTHER_AGENT) is not None


async def test_an_agent_of_elsewhere_whose_vm_is_on_the_list_is_ours() -> None:
    parts = Parts()
    parts.remember(VM, "builder", account="them")
    parts.remember(OTHER_VM, "other", account="them")
    parts.state.put_agent(replace(parts.agent, elsewhere="them"))
    parts.state.put_agent(replace(agent_on(OTHER_VM, "other"), elsewhere="them"))
    parts.state.unplaced.add(AGENT)
    await parts.agent_sessions().place({VM})
    assert parts.agent.elsewhere == "" and parts.state.agents[OTHER_AGENT].elsewhere == "them"
    assert parts.state.unplaced == set()
    assert parts.memory.rows[AGENT].account == parts.vers.account
    assert parts.memory.rows[OTHER_AGENT].account == "them"


async def test_an_agent_that_another_process_makes_shows_at_once_and_is_served_once_it_is_made(
    connections: Connections,
) -> None:
    parts = Parts()
    sessions = parts.agent_sessions()
    watcher = parts.watcher(sessions)
    await watcher.vms()
    parts.vers.states[OTHER_VM] = "running"
    parts.memory.names.holders["made"] = "another cockpit"
    parts.remember(OTHER_VM, "made")
    await watcher.vms()
    assert parts.state.agents[OTHER_AGENT].name == "made"
    assert sessions.agent_session(OTHER_AGENT) is None, "its image's output may still be in its place"
    parts.memory.names.holders.clear()
    parts.remember(OTHER_VM, "renamed", named_at=BEGAN)
    await watcher.vms()
    assert sessions.agent_session(OTHER_AGENT) is not None
    assert parts.state.agents[OTHER_AGENT].name == "renamed"
    await sessions.close()
