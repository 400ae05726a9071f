"""What an architect is told holds all of the specification and no key; a family is bounded wherever it grows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.engine.commands.identity import identity_of
from cockpit.model.architect import ArchitectBrief, architect_task, fault_of_brief
from cockpit.model.commands.life import Spawn
from cockpit.model.family import UNBOUNDED, FamilyBounds
from cockpit.model.fleet import Agent, AgentKind, Fleet, Power, Vm
from cockpit.model.ids import AgentId, VmId
from cockpit.model.keys import key_in
from cockpit.model.refusals.grounds import Facilities, RefusalCode
from cockpit.model.refusals.refusal import refusal

KEY = "0f9e8d7c-6b5a-4948-8372-615049382716" + "ab" * 32
WORDS = st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip)


@given(WORDS, WORDS, st.lists(WORDS, max_size=3))
def test_the_whole_specification_stands_in_the_task_between_two_lines_of_its_own(
    goal: str, spec: str, required: list[str]
) -> None:
    task = architect_task(ArchitectBrief(goal, spec, tuple(required)), FamilyBounds(20, 5))
    fences = [line for line in task.split("\n") if line.startswith("=") and "specification" in line]
    fence = max(fences, key=len)
    assert f"\n{fence}\n{spec.strip()}\n{fence}\n" in task
    assert goal.strip() in task and all(text.strip() in task for text in required)
    assert "3 workers" in task and "20 VMs" in task and "5 generations" in task


def test_an_architect_is_told_how_its_workers_are_known_to_be_its_own() -> None:
    task = architect_task(ArchitectBrief("a goal"), UNBOUNDED)
    known_by = ("VERS_PARENT_AGENT", "parentVmId", "parentSession", "agentId", "depth", "VERS_AGENT_ROLE=worker")
    reached_by = ("$VERS_BASE_URL", "$VERS_API_KEY", "$VERS_INFRA_URL", "$VERS_AUTH_TOKEN")
    assert all(word in task for word in (*known_by, *reached_by))


def test_a_specification_that_holds_the_line_gets_another_line() -> None:
    spec = "=== specification ===\n==== specification ===="
    task = architect_task(ArchitectBrief("a goal", spec), UNBOUNDED)
    assert f"\n===== specification =====\n{spec}\n===== specification =====\n" in task


@pytest.mark.parametrize("where", ["goal", "spec", "requirement"])
@pytest.mark.parametrize("key", [KEY, "sk-ant-" + "x" * 30, "ghp_" + "x" * 36, "-----BEGIN OPENSSH PRIVATE KEY-----"])
def test_a_key_is_refused_wherever_it_stands_and_never_repeated(where: str, key: str) -> None:
    text = f"Use {key} for it."
    brief = ArchitectBrief(
        text if where == "goal" else "a goal",
        text if where == "spec" else "",
        (text,) if where == "requirement" else (),
    )
    fault = fault_of_brief(brief)
    assert "take it out" in fault and key not in fault
    assert fault_of_brief(replace(brief, goal="a goal", spec="", requirements=())) == ""


def test_what_only_looks_a_little_like_a_key_is_none() -> None:
    assert key_in("VM 0f9e8d7c-6b5a-4948-8372-615049382716, sk-ant-..., ANTHROPIC_API_KEY, ghp_short") == ""


def test_a_brief_needs_a_goal_and_a_possible_number() -> None:
    assert "goal" in fault_of_brief(ArchitectBrief("  "))
    assert fault_of_brief(ArchitectBrief("x", workers=0)) and not fault_of_brief(ArchitectBrief("x", workers=1))


def agent(name: str, parent: Agent | None = None) -> Agent:
    vm = VmId(f"aaaaaaaa-0000-4000-8000-{name:0>12}")
    told = {"parent": parent.name, "parent_vm": parent.vm_id} if parent is not None else {}
    return Agent(AgentId(vm), name, AgentKind.WORKER, vm, **told)  # type: ignore[arg-type]


ROOT = agent("ada")
CHILD = agent("bea", ROOT)
GRANDCHILD = agent("cleo", CHILD)
FAMILY = (ROOT, CHILD, GRANDCHILD)
FLEET = Fleet(agents=FAMILY, vms=tuple(Vm(one.vm_id, Power.RUNNING) for one in FAMILY))


def refused(parent: str, bounds: FamilyBounds, making: tuple[str, ...] = ()) -> str:
    facilities = Facilities((("pi", ""),), "pi", making=making, bounds=bounds)
    found = refusal(Spawn("dora", AgentKind.WORKER, parent=parent), FLEET, facilities)
    assert found is None or found.code is RefusalCode.FAMILY_FULL
    return found.sentence if found is not None else ""


def test_a_family_is_bounded_by_its_vms_and_its_generations_wherever_it_grows() -> None:
    for parent in ("ada", "bea", "cleo"):
        assert refused(parent, UNBOUNDED) == "" == refused(parent, FamilyBounds(max_vms=4))
        assert "may have 3 VMs" in refused(parent, FamilyBounds(max_vms=3))
        assert "ada" in refused(parent, FamilyBounds(max_vms=4), making=(parent,)), "one is being made already"
    for making in ("ada", "bea", CHILD.vm_id):
        assert "may have 4 VMs" in refused("cleo", FamilyBounds(max_vms=4), making=(making,)), "somewhere in the family"
    assert refused("cleo", FamilyBounds(max_vms=4), making=("", "nobody")) == ""
    assert refused("bea", FamilyBounds(max_depth=2)) == ""
    assert "cleo is of the last" in refused("cleo", FamilyBounds(max_depth=2))
    assert refused("", FamilyBounds(1, 1)) == "" == refused("nobody", FamilyBounds(1, 1))


def test_the_identity_file_says_where_an_agent_stands_and_what_its_family_may_have() -> None:
    said = json.loads(identity_of(GRANDCHILD, FAMILY, FamilyBounds(20, 5), 1_790_000_000.0))
    assert said == {
        "vmId": GRANDCHILD.vm_id,
        "agentId": "cleo",
        "rootVmId": ROOT.vm_id,
        "parentVmId": CHILD.vm_id,
        "depth": 2,
        "maxDepth": 5,
        "maxVms": 20,
        "createdAt": "2026-09-21T14:13:20.000Z",
    }
    first = json.loads(identity_of(ROOT, (), UNBOUNDED, 0.0))
    assert (first["rootVmId"], first["parentVmId"], first["depth"]) == (ROOT.vm_id, "local", 0)
