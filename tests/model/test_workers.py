"""Names and tasks of several workers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.commands.life import Spawn
from cockpit.model.commands.swarm import Teardown
from cockpit.model.fleet import Agent, AgentKind, Fleet, Vm
from cockpit.model.ids import VmId, agent_of
from cockpit.model.workers import fault_of_tasks, numbered, spawn_each, tasks_in, teardown_orders, workers_in


@pytest.mark.parametrize(
    ("text", "tasks"),
    [
        ("", ()),
        (" \n\t\n", ()),
        ("one\n\n  two  \r\nthree", ("one", "two", "three")),
        (
            "first line\nsecond line\n---\nanother\n\nwith a gap\n--- \n",
            ("first line\nsecond line", "another\n\nwith a gap"),
        ),
        ("---- is text\n- so is this", ("---- is text", "- so is this")),
    ],
)
def test_tasks_are_lines_or_blocks(text: str, tasks: tuple[str, ...]) -> None:
    assert tasks_in(text) == tasks


def test_names_are_numbered_past_those_that_are_taken_and_never_too_long() -> None:
    assert numbered("worker", 1, {"x"}) == ("worker",)
    assert numbered("worker", 3, {"worker-2"}) == ("worker-1", "worker-3", "worker-4")
    long = numbered("w" * 64, 11)
    assert all(len(name) == 64 for name in long) and len(set(long)) == 11


@pytest.mark.parametrize(
    ("count", "tasks", "given"),
    [
        (3, (), ("", "", "")),
        (3, ("all",), ("all", "all", "all")),
        (3, ("a", "b", "c"), ("a", "b", "c")),
        (1, ("a",), ("a",)),
    ],
)
def test_one_task_is_everybodys_and_several_are_shared_out(
    count: int, tasks: tuple[str, ...], given: tuple[str, ...]
) -> None:
    wanted = Spawn("w", AgentKind.WORKER, labels=("x",))
    made = spawn_each(wanted, count, tasks)
    assert tuple(command.task for command in made) == given
    assert len({command.name for command in made}) == count
    assert all(command.labels == ("x",) for command in made)


def test_what_does_not_fit_is_said() -> None:
    assert fault_of_tasks(2, ("a", "b")) == fault_of_tasks(2, ("a",)) == fault_of_tasks(2, ()) == ""
    assert "2 tasks for 3 workers" in fault_of_tasks(3, ("a", "b"))
    assert "1 to" in fault_of_tasks(0, ()) and "1 to" in fault_of_tasks(10_000, ())


def test_workers_are_of_this_account_below_a_parent_or_with_a_label_and_never_on_the_host_of_the_services() -> None:
    vms = tuple(VmId(f"{letter * 8}-0000-4000-8000-000000000001") for letter in "abcdef")
    boss, one, two, there, host, chief = vms

    def agent(vm: VmId, name: str, kind: AgentKind = AgentKind.WORKER, **fields: object) -> Agent:
        return replace(Agent(agent_of(vm), name, kind, vm), **fields)  # type: ignore[arg-type]

    fleet = Fleet(
        vms=tuple(Vm(vm, hosts_services="it is infra" if vm == host else "") for vm in vms),
        agents=(
            agent(boss, "boss", AgentKind.LIEUTENANT, source="x"),
            agent(one, "one", parent_vm=boss, labels=("red",), source="x"),
            agent(two, "two", parent_vm=one, source="x"),
            agent(there, "there", elsewhere="them"),
            agent(host, "host"),
            agent(chief, "chief", AgentKind.ARCHITECT, labels=("red",)),
        ),
    )
    assert [found.name for found in workers_in(fleet)] == ["one", "two"]
    assert [found.name for found in workers_in(fleet, parent=agent_of(boss))] == ["one", "two"]
    assert [found.name for found in workers_in(fleet, parent=agent_of(one))] == ["two"]
    assert [found.name for found in workers_in(fleet, label="red")] == ["one"]
    first, second = workers_in(fleet)
    assert teardown_orders((first, second)) == (Teardown((one, two)),)
    assert teardown_orders((first, replace(second, source="y"))) == (Teardown((one,)), Teardown((two,)))
