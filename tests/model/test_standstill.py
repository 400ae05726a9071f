"""Stopping everything: whom it is about, and what counts as proof that an agent stopped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.commands.swarm import ContinueAll, StopAll
from cockpit.model.fleet import (
    Activity,
    ActivityState,
    Agent,
    AgentKind,
    Fleet,
    Link,
    LinkState,
    Power,
    Process,
    ProcessState,
    Vm,
)
from cockpit.model.ids import CommandId, VmId, agent_of
from cockpit.model.operation import Part
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.model.standstill import continue_orders, proof, stop_orders, stopped_words

A, B, C, D = (VmId(f"{letter * 8}-0000-4000-8000-000000000001") for letter in "abcd")


def agent(vm: VmId = A, **fields: object) -> Agent:
    """Return an agent that is linked and idle."""
    made = Agent(agent_of(vm), vm[0], AgentKind.WORKER, vm, link=Link(LinkState.UP))
    return replace(made, **fields)  # type: ignore[arg-type]


def abort(stage: Stage) -> Receipt:
    """Return the receipt of an abort that came so far."""
    return Receipt(CommandId("ck-1"), agent_of(A), "abort", "", stage, 1.0)


IDLE = agent(activity=Activity(ActivityState.IDLE))
DEAD = Process(ProcessState.DEAD, exit_code=1)


@pytest.mark.parametrize(
    ("known", "power", "receipt", "proved"),
    [
        (IDLE, Power.RUNNING, None, False),
        (IDLE, Power.RUNNING, abort(Stage.WRITTEN), False),
        (IDLE, Power.RUNNING, abort(Stage.UNCONFIRMED), False),
        (IDLE, Power.RUNNING, abort(Stage.FAILED), False),
        (IDLE, Power.RUNNING, abort(Stage.ACCEPTED), True),
        (replace(IDLE, run_open=True), Power.RUNNING, abort(Stage.DONE), False),
        (agent(activity=Activity(ActivityState.COMPACTING)), Power.RUNNING, abort(Stage.DONE), False),
        (agent(activity=Activity(ActivityState.RETRYING)), Power.RUNNING, abort(Stage.DONE), False),
        (agent(activity=Activity(ActivityState.WORKING, detail="settling")), Power.RUNNING, abort(Stage.DONE), False),
        (agent(activity=Activity(ActivityState.ABORTED)), Power.RUNNING, abort(Stage.DONE), True),
        (agent(process=DEAD), Power.RUNNING, None, True),
        # What was last known of a process says nothing once nobody can look at it.
        (agent(process=DEAD, link=Link(LinkState.DOWN)), Power.RUNNING, None, False),
        (IDLE, Power.DEAD, None, True),
        (IDLE, Power.UNKNOWN, None, False),
    ],
)
def test_only_the_answer_to_our_abort_and_a_closed_run_prove_it(
    known: Agent, power: Power, receipt: Receipt | None, proved: bool
) -> None:
    assert bool(proof(known, power, receipt)) is proved


def test_it_is_about_every_agent_of_this_account_but_not_about_the_host_of_the_services() -> None:
    fleet = Fleet(
        vms=(Vm(A, Power.RUNNING, source="x"), Vm(B, hosts_services="it is infra", source="x"), Vm(C, source="y")),
        agents=(agent(A), agent(A, name="second"), agent(B), agent(C), agent(D, elsewhere="them")),
        frozen=frozenset({A}),
    )
    assert stop_orders(fleet, 3.0) == (StopAll((A,), 3.0), StopAll((C,), 3.0))
    assert continue_orders(fleet) == (ContinueAll((A,)),)


def test_the_count_names_everybody() -> None:
    parts = [
        Part("ada", A, "stopped"),
        Part("bob", B, "frozen"),
        Part("cid", C, "stopped"),
        Part("dan", D, "unreachable"),
    ]
    assert stopped_words(parts) == "2 stopped (ada, cid) · 1 frozen (bob) · 1 unreachable (dan)"
    assert stopped_words([]) == "nobody"
