"""Looking around: VMs nobody has, what is registered and gone, guessed places, and whom agents work for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from cockpit.engine.surroundings import AGAIN, AT_ONCE, LOOK_LIMIT, Lookout, Surroundings
from cockpit.model.claims import Claim, ClaimedBy
from cockpit.model.fleet import AgentKind, Power, Process, ProcessState, Vm
from cockpit.model.ids import AgentId, VmId, agent_of
from cockpit.model.reconciliation import FindingKind, Suggestion, findings_of
from cockpit.remote.ssh.command import Completed
from cockpit.services.wire import RegistryEntry
from tests.engine.unit.connection import FakeConnection, Ran, answer
from tests.engine.unit.parts import AGENT, OTHER_AGENT, OTHER_VM, VM, Connections, Parts, agent_on

THEIRS = "/tmp/pi-rpc"
GONE = VmId("99999999-0000-4000-8000-000000000009")


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch) -> Connections:
    """Connections are doubles."""
    return Connections(monkeypatch)


def answering(monkeypatch: pytest.MonkeyPatch, lives_at: str = "", **said: str) -> list[str]:
    """Let scripts find an agent in one directory alone, and say who it is; return what was run in theirs."""
    ran: list[str] = []

    async def script(self: FakeConnection, given: Ran) -> Completed:
        if f"directory={THEIRS}" in given.script:
            ran.append(given.script)
        if "identity.json" in given.script:
            return answer(0, **said)
        return answer(state="alive" if lives_at and f"directory={lives_at}" in given.script else "absent")

    def bound(self: FakeConnection) -> Callable[[Ran], Awaitable[Completed]]:
        return lambda given: script(self, given)

    made = FakeConnection.__init__

    def init(self: FakeConnection) -> None:
        made(self)
        self.script = bound(self)

    monkeypatch.setattr(FakeConnection, "__init__", init)
    return ran


def around(parts: Parts) -> tuple[Any, Surroundings]:
    """Return sessions and the part that looks around, for a source that knows where other tools put agents."""
    sessions = parts.agent_sessions()
    sessions.record = False
    source = replace(parts.source(), known_directories=(THEIRS,))
    return sessions, Surroundings(parts.state, source, sessions)


async def test_a_vm_nobody_has_is_looked_at_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    parts.vers.states[OTHER_VM] = "running"
    ran = answering(monkeypatch, THEIRS, identity=f'{{"vmId":"{OTHER_VM}","agentId":"quill"}}', load="0.10 0.20 0.30")
    sessions, surroundings = around(parts)
    sessions.wanted = lambda agent: False
    await parts.watcher(sessions).vms()
    await surroundings.look_around()
    look = parts.state.sightings.look_at(OTHER_VM)
    assert look is not None and look.found == ((THEIRS, "alive"),) and look.name == "quill" and not look.trouble
    found = {finding.vm: finding for finding in findings_of(parts.state.snapshot(), parts.clock.now())}
    assert (found[OTHER_VM].suggestion, found[OTHER_VM].called) == (Suggestion.ADOPT, "quill")
    number = len(ran)
    await surroundings.look_around()
    assert len(ran) == number, "not again so soon"
    await asyncio.sleep(AGAIN + 1)
    await surroundings.look_around()
    assert len(ran) > number
    assert OTHER_VM not in {agent.vm_id for agent in parts.state.agents.values()}, "nothing is done by itself"
    await sessions.close()


async def test_a_look_at_a_vm_that_is_no_more_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    parts.vers.states[OTHER_VM] = "running"
    answering(monkeypatch)
    sessions, surroundings = around(parts)
    sessions.wanted = lambda agent: False
    watcher = parts.watcher(sessions)
    await watcher.vms()
    await surroundings.look_around()
    assert [look.vm for look in parts.state.snapshot().looks] == [OTHER_VM]
    del parts.vers.states[OTHER_VM]
    await watcher.vms()
    await surroundings.look_around()
    assert OTHER_VM not in parts.state.vms and parts.state.snapshot().looks == ()
    await sessions.close()


async def test_what_is_registered_and_not_listed_is_gone_once_the_api_said_so() -> None:
    parts = Parts()
    entry = {"id": GONE, "name": "lost", "role": "worker", "registeredBy": "vers-swarm"}
    parts.registry.entries = [RegistryEntry.model_validate(entry)]
    sessions, surroundings = around(parts)
    watcher = parts.watcher(sessions)
    await watcher.look()
    await surroundings.look_around()
    (found,) = [
        finding
        for finding in findings_of(parts.state.snapshot(), parts.clock.now())
        if finding.kind is FindingKind.GONE
    ]
    assert (found.vm, found.called, found.suggestion) == (GONE, "lost", Suggestion.DEREGISTER)
    await sessions.close()


async def test_an_agent_whose_place_was_a_guess_is_served_where_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    answering(monkeypatch, THEIRS)
    sessions, surroundings = around(parts)
    ghost = replace(agent_on(OTHER_VM, "quill"), id=agent_of(OTHER_VM, "~/pi-rpc"), directory="~/pi-rpc")
    parts.vers.states[OTHER_VM] = "running"
    await parts.watcher(sessions).vms()
    parts.state.put_agent(replace(ghost, process=Process(never_started=True)))
    claim = Claim(ClaimedBy.REGISTRY, "the registry", OTHER_VM, "quill", "worker", "worker")
    parts.state.sightings.put_claims("", "registry", (claim,))
    session = sessions.attach(ghost)
    session.connection = lambda: FakeConnection()
    await surroundings.look_around()
    moved = parts.state.agents[agent_of(OTHER_VM, THEIRS)]
    assert (moved.name, moved.directory) == ("quill", THEIRS) and ghost.id not in parts.state.agents
    await sessions.close()


async def test_an_agent_that_moves_is_not_taken_up_in_its_former_place(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    parts.remember(VM, "builder")
    sessions, _ = around(parts)
    forget = parts.memory.forget_agent

    async def slow(agent: AgentId) -> None:
        await sessions.take_up({VM})
        await forget(agent)

    monkeypatch.setattr(parts.memory, "forget_agent", slow)
    moved = replace(parts.agent, id=agent_of(VM, THEIRS), directory=THEIRS)
    await sessions.move(AGENT, moved)
    assert list(parts.state.agents) == [moved.id]
    await sessions.close()


async def test_an_agent_that_lives_nowhere_says_where_it_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    answering(monkeypatch)
    sessions, surroundings = around(parts)
    agent = replace(parts.agent, directory="~/pi-rpc", process=Process(never_started=True))
    parts.state.put_agent(agent)
    session = sessions.attach(agent)
    session.connection = lambda: FakeConnection()
    await surroundings.look_around()
    assert parts.state.agents[AGENT].process.looked_also_at == (THEIRS,)
    (found,) = findings_of(parts.state.snapshot(), parts.clock.now())
    assert found.evidence == (f"no agent at ~/pi-rpc, looked also at {THEIRS}",)
    await sessions.close()


async def test_vms_that_do_not_answer_hold_up_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts()
    parts.remember(VM, "builder")
    answering(monkeypatch, "~/pi-rpc", VERS_VM_ID=VM, VERS_PARENT_AGENT="chief")
    sessions, surroundings = around(parts)
    sessions.agent_session = lambda agent: SimpleNamespace(connection=FakeConnection)
    reached: list[VmId] = []

    async def connect(vm_id: VmId) -> Any:
        reached.append(vm_id)
        await asyncio.Event().wait()

    sessions.connect = connect
    for number in range(2 * AT_ONCE):
        parts.state.put_vm(Vm(VmId(f"eeeeeeee-0000-4000-8000-{number:012d}"), Power.RUNNING))
    running = asyncio.create_task(surroundings.run())
    learnt = await parts.state.until(lambda: parts.agent.parent == "chief", LOOK_LIMIT / 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(reached) == AT_ONCE, "they are being looked at"
    assert learnt, "another's link is up, and tells at once"
    await sessions.close()


@pytest.mark.parametrize(("kind", "parent"), [(AgentKind.WORKER, "chief"), (AgentKind.LIEUTENANT, "")])
async def test_a_verb_has_workers_asked_whom_they_work_for_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, kind: AgentKind, parent: str
) -> None:
    parts = Parts()
    parts.remember(VM, "builder")
    answering(monkeypatch, "~/pi-rpc", VERS_VM_ID=VM, VERS_PARENT_AGENT="chief")
    sessions, surroundings = around(parts)
    parts.state.put_agent(replace(parts.agent, kind=kind))
    session = sessions.attach(parts.agent)
    session.connection = lambda: FakeConnection()
    await Lookout([surroundings]).learn_parents(5.0)
    assert parts.agent.parent == parent
    await sessions.close()


@pytest.mark.parametrize(
    ("said", "forebear", "parent"),
    [
        ({"VERS_VM_ID": VM, "VERS_PARENT_AGENT": "chief"}, "", ("chief", None)),
        ({"identity": f'{{"vmId":"{VM}","parentVmId":"{OTHER_VM}"}}'}, "", ("", OTHER_VM)),
        ({"identity": f'{{"vmId":"{OTHER_VM}","parentVmId":"{OTHER_VM}"}}'}, "", ("", None)),
        ({"VERS_VM_ID": OTHER_VM, "VERS_PARENT_AGENT": "chief"}, "", ("", None)),
        ({}, OTHER_VM, ("", OTHER_VM)),
        ({"VERS_VM_ID": VM, "VERS_PARENT_AGENT": ""}, OTHER_VM, ("", None)),
    ],
    ids=["environment", "identity file", "a copied file", "a copied process", "lineage", "told of nobody"],
)
async def test_whom_a_worker_works_for_is_asked_where_nobody_wrote_it_down(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, str], forebear: str, parent: tuple[str, VmId | None]
) -> None:
    parts = Parts()
    parts.remember(VM, "builder")
    parts.state.put_agent(replace(agent_on(OTHER_VM, "chief"), id=OTHER_AGENT))
    answering(monkeypatch, "~/pi-rpc", **said)

    async def metadata(vm_id: VmId) -> Any:
        return SimpleNamespace(grandparent_vm_id=forebear)

    monkeypatch.setattr(parts.vers, "metadata", metadata, raising=False)
    sessions, surroundings = around(parts)
    session = sessions.attach(parts.agent)
    session.connection = lambda: FakeConnection()
    assert parts.agent.process.state is ProcessState.ALIVE
    await surroundings.look_around()
    assert (parts.agent.parent, parts.agent.parent_vm) == parent
    assert parts.memory.rows[AGENT].parent_vm == (parent[1] or "")
    await sessions.close()
