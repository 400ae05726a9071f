"""What does not fit stands in the inbox, apart from who waits: counted by itself, where an act is suggested."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.attention import Urgency, attention, tally
from cockpit.model.claims import Claim, ClaimedBy, VmLook
from cockpit.model.fleet import Agent, AgentKind, Fleet, Power, Process, ProcessState, Vm
from cockpit.model.ids import CommitId, VmId, agent_of
from cockpit.model.kept import KeptCommit, KeptFor, KeptState

NOW = 1_000_000.0
ORPHAN, SUSPECT, NEW, GONE, DEAD, KEPT, TWIN, OTHER = (
    VmId(f"{number}0000000-0000-4000-8000-000000000001") for number in range(1, 9)
)


def agent(vm: VmId, name: str, process: Process | None = None) -> Agent:
    return Agent(agent_of(vm), name, AgentKind.WORKER, vm, process=process or Process(ProcessState.ALIVE))


FLEET = Fleet(
    vms=(
        Vm(ORPHAN, Power.RUNNING, created_at=NOW - 9000),
        Vm(SUSPECT, Power.RUNNING, created_at=NOW - 8000, perhaps_ours="a call lost its answer"),
        Vm(NEW, Power.RUNNING, created_at=NOW - 5),
        Vm(DEAD, Power.RUNNING),
        Vm(TWIN, Power.RUNNING),
        Vm(OTHER, Power.RUNNING),
    ),
    agents=(
        agent(DEAD, "dan", Process(ProcessState.DEAD, exit_code=1)),
        agent(TWIN, "twin"),
        agent(OTHER, "twin"),
    ),
    claims=(Claim(ClaimedBy.REGISTRY, "the registry", GONE, "lost", "worker", "worker"),),
    looks=(
        VmLook(ORPHAN, NOW, looked=("/tmp/pi-rpc",)),
        VmLook(NEW, NOW, looked=("/tmp/pi-rpc",)),
        VmLook(GONE, NOW, gone="404"),
    ),
    kept=(KeptCommit("k", KeptFor.UNDO, KeptState.KEPT, NOW - 9, "us", KEPT, "bob", commit=CommitId("c0ffee00")),),
)


def test_what_does_not_fit_is_listed_with_its_act_and_counted_apart() -> None:
    found = [item for item in attention(FLEET, NOW) if item.urgency is Urgency.UNFITTING]
    acts = {item.finding.vm: item.finding.suggestion.value for item in found if item.finding is not None}
    assert acts == {ORPHAN: "destroy", SUSPECT: "destroy", GONE: "deregister", OTHER: "rename"}
    counted = tally(attention(FLEET, NOW))
    assert (counted.unfitting, counted.waiting) == (4, 1), "a dead agent is a failure, and one entry"
    assert counted.total == len(attention(FLEET, NOW))


def test_nothing_that_fits_stands_there() -> None:
    fitting = replace(FLEET, vms=FLEET.vms[-1:], agents=FLEET.agents[-1:], claims=(), looks=())
    assert attention(fitting, NOW) == ()


def test_an_entry_says_what_it_is_and_why() -> None:
    sentences = {item.finding.vm: item.sentence for item in attention(FLEET, NOW) if item.finding is not None}
    assert "lost · registered but gone: the registry has it as lost" in sentences[GONE]
    assert sentences[SUSPECT].startswith("VM 20000000 · perhaps ours: a call lost its answer")
