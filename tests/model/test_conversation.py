"""A conversation that no file holds: what would end it, or leave it behind, is refused, asked or named before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.agents.pi.decode import PiDecoder
from cockpit.agents.scripted.adapter import ScriptedAdapter
from cockpit.model import events as ev
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Destroy, Relaunch
from cockpit.model.commands.swarm import BestOf
from cockpit.model.commands.vm import Branch, Checkpoint, Commit, Retry
from cockpit.model.fleet import Agent, AgentKind, Fleet, Link, LinkState, Power, Process, ProcessState, Vm
from cockpit.model.ids import CommitId, VmId, agent_of
from cockpit.model.kept import KeptCommit, KeptFor, KeptState
from cockpit.model.loss import Remains, loss_of
from cockpit.model.reduce.reduce import reduce_agent
from cockpit.model.refusals.grounds import Facilities, RefusalCode
from cockpit.model.refusals.refusal import refusal
from cockpit.model.scaffold import Scaffold
from cockpit.model.why import why

VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")
COMMIT = CommitId("c0ffee00")
AGENT = Agent(
    agent_of(VM),
    "ada",
    AgentKind.WORKER,
    VM,
    link=Link(LinkState.UP),
    process=Process(ProcessState.ALIVE),
    turns=2,
    conversation_kept=False,
)
KEPT = KeptCommit("r", KeptFor.CHECKPOINT, KeptState.KEPT, 0.0, "us", VM, "ada", commit=COMMIT)
CUT_OFF = Process(ProcessState.ALIVE, scaffold=Scaffold(fifo=False))


def fleet_of(agent: Agent) -> Fleet:
    return Fleet(agents=(agent,), vms=(Vm(VM, Power.RUNNING),), kept=(KEPT,))


@pytest.mark.parametrize(
    "order",
    [
        BestOf(VM, ("one",)),
        Checkpoint(VM, Prompt(AGENT.id, "go")),
        Retry(VM, COMMIT, Prompt(AGENT.id, "go")),
        Commit(VM, clean=True),
        Relaunch(AGENT.id),
    ],
    ids=["best of", "checkpoint", "retry", "clean commit", "relaunch"],
)
def test_what_would_cost_the_conversation_is_refused(order: Command) -> None:
    agent = replace(AGENT, process=CUT_OFF) if isinstance(order, Relaunch) else AGENT
    refused = refusal(order, fleet_of(agent), Facilities())
    assert refused is not None and refused.code is RefusalCode.FORGETS and "begin anew" in refused.sentence
    kept, unsaid = replace(agent, conversation_kept=True), replace(agent, conversation_kept=None)
    for other in (kept, unsaid, replace(agent, turns=0)):
        assert refusal(order, fleet_of(other), Facilities()) is None


def test_what_loses_nothing_or_is_wanted_all_the_same_is_not_refused() -> None:
    for order in (Destroy(VM), Branch(VM), Commit(VM)):
        assert refusal(order, fleet_of(AGENT), Facilities()) is None, order
    assert refusal(Relaunch(AGENT.id, anew=True), fleet_of(replace(AGENT, process=CUT_OFF)), Facilities()) is None
    dead = replace(AGENT, process=Process(ProcessState.DEAD))
    assert refusal(Relaunch(AGENT.id), fleet_of(dead), Facilities()) is None, "it is lost already"
    assert any("ended with it" in said for said in why(dead, None, 1.0))


def test_the_question_before_a_destroy_names_it() -> None:
    lost = loss_of(VM, fleet_of(AGENT), Remains()).lost
    assert [said for said in lost if "conversation" in said and "begins anew" in said]
    assert loss_of(VM, fleet_of(replace(AGENT, conversation_kept=True)), Remains()).lost == ()
    unsaid = replace(AGENT, conversation_kept=None)
    assert any("conversation" in said for said in loss_of(VM, fleet_of(unsaid), Remains()).unknown)
    ours = replace(unsaid, process=Process(ProcessState.ALIVE, run_id="run-1"))
    assert not any("conversation" in said for said in loss_of(VM, fleet_of(ours), Remains()).unknown)


def test_pi_names_its_file_or_has_none() -> None:
    head = b'{"id":"p","type":"response","command":"get_state","success":true,"data":{"isStreaming":false'
    told = PiDecoder().decode(head + b',"sessionFile":"/root/.pi/agent/sessions/x.jsonl"}}')
    none = PiDecoder().decode(head + b"}}")
    assert isinstance(told, ev.Responded) and told.conversation_kept is True
    assert isinstance(none, ev.Responded) and none.conversation_kept is False
    scripted = ScriptedAdapter().decoder().decode(head + b"}}")
    assert isinstance(scripted, ev.Responded) and scripted.conversation_kept is None, "no model has a memory"
    agent = replace(AGENT, conversation_kept=None)
    for event, kept in ((none, False), (told, True), (scripted, True), (ev.DaemonStarted("run-2", "pi"), None)):
        agent = reduce_agent(agent, ev.Record(agent.id, 1, agent.line + 1, 0, 1, 5.0, event))
        assert agent.conversation_kept is kept
