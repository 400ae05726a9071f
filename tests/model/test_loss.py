"""What would be lost with a VM, in sentences; what could not be looked at is never left out."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.extensions import DialogRequested
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    AgentKind,
    Fleet,
    Link,
    LinkState,
    Power,
    Vm,
)
from cockpit.model.ids import VmId, agent_of
from cockpit.model.loss import Remains, Repository, loss_of
from cockpit.model.open_work import OpenDialog

VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")
ADA = Agent(agent_of(VM), "ada", AgentKind.LIEUTENANT, VM, activity=Activity(ActivityState.IDLE))


def fleet(agent: Agent | None = ADA, power: Power = Power.RUNNING) -> Fleet:
    return Fleet(vms=(Vm(VM, power),), agents=(agent,) if agent is not None else ())


def test_a_vm_with_nothing_of_its_own_says_so() -> None:
    saved = Repository("/w/app", 0, 0)
    loss = loss_of(VM, fleet(), Remains((saved,)))
    assert (loss.lost, loss.unknown) == ((), ())
    assert loss.sentences == ("nothing that was looked for would be lost",)


def test_work_processes_questions_and_results_are_named() -> None:
    dialog = OpenDialog(DialogRequested("d1", "input", "Which port?"), 0.0)
    agent = replace(
        ADA, activity=Activity(ActivityState.ASKING, dialogs=(dialog,), follow_up=("then docs",)), run_open=True
    )
    remains = Remains(
        (Repository("/w/app", 2, 1, 0), Repository("/w/notes", 0, 3, 1, has_remote=False)),
        1,
        ("node server.js", "pytest", "make", "sleep 9"),
    )
    assert loss_of(VM, fleet(agent), remains).lost == (
        "it asks, and nobody answered: Which port?",
        "it works: the run that is open ends unfinished",
        "1 text queued and not read by it",
        "/w/app: 2 files not committed, 1 commit not pushed",
        "/w/notes: 3 commits in a repository without a remote, 1 stash",
        "1 file of its workspace in no repository",
        "4 processes: node server.js, pytest, make and 1 more",
    )
    done = replace(ADA, activity=Activity(ActivityState.DONE_UNSEEN))
    assert loss_of(VM, fleet(done), Remains()).lost == ("its last answer was not looked at",)


def test_what_cannot_be_looked_at_is_unknown_with_its_reason() -> None:
    paused = loss_of(VM, fleet(power=Power.PAUSED), None)
    assert paused.sentences == ("unknown: uncommitted and unpushed work, and what runs there: the VM is paused",)
    down = replace(ADA, link=Link(LinkState.DOWN, reason="no route"), activity=Activity())
    assert loss_of(VM, fleet(down), None).unknown == (
        "uncommitted and unpushed work, and what runs there: the VM is not connected: no route",
        "whether it waits for an answer or has results: its output was not read",
    )
    partly = loss_of(
        VM, fleet(None), Remains((Repository("/w/app"),), unknown=("the work in /w/app: git is not there",))
    )
    assert (partly.kind, partly.name, partly.lost) == ("VM", VM, ())
    assert partly.sentences == ("unknown: the work in /w/app: git is not there",)


def test_of_several_agents_on_one_vm_each_is_asked_what_it_has() -> None:
    dialog = OpenDialog(DialogRequested("d1", "input", "Which port?"), 0.0)
    asks = Activity(ActivityState.ASKING, dialogs=(dialog,))
    bob = replace(ADA, id=agent_of(VM, "~/b"), name="bob", activity=asks)
    cleo = replace(ADA, id=agent_of(VM, "~/c"), name="cleo", activity=Activity())
    loss = loss_of(VM, replace(fleet(), agents=(ADA, bob, cleo)), Remains())
    assert loss.lost == ("bob: it asks, and nobody answered: Which port?",)
    assert loss.unknown == ("cleo: whether it waits for an answer or has results: its output was not read",)
    assert (loss.name, loss.kind) == ("ada", "lieutenant")


def test_of_the_host_of_the_services_it_is_said_first_who_depends_on_them() -> None:
    other = VmId("bbbbbbbb-0000-4000-8000-000000000002")
    bob = replace(ADA, id=agent_of(other), name="bob", vm_id=other)
    hosting = Fleet(vms=(Vm(VM, Power.RUNNING, hosts_services="the registry says so"), Vm(other)), agents=(ADA, bob))
    first = loss_of(VM, hosting, Remains()).lost[0]
    assert first == "board, feed and registry are on it (the registry says so); 1 agent depends on them: bob"
    assert loss_of(other, hosting, Remains()).lost == ()
