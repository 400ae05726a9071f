"""What an agent finds in its environment: who it is, on which VM, for whom, and how it reaches the platform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.embedded.endpoint import read_token
from cockpit.embedded.vm_keys import vm_key
from cockpit.engine.engine import Engine
from cockpit.model.commands.life import Relaunch, Spawn
from cockpit.model.commands.vm import Branch, Commit
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import CommitId, OperationId, VmId
from cockpit.model.receipts.receipt import Receipt
from cockpit.vers.reconcile import BranchResult
from tests.engine.evidence import agent_place
from tests.engine.test_adoption import stranger
from tests.engine.test_starting_and_ending import killed
from tests.fleets import FleetUnderTest, fleet_under_test, order, spawned
from tests.inside import on_host
from tests.requirements import require_program
from tests.security.test_secrets import environment_of

OWN = ("VERS_VM_ID", "VERS_AGENT_NAME", "VERS_AGENT_ROLE", "VERS_PARENT_AGENT", "VERS_GOLDEN_COMMIT_ID", "GIT_EDITOR")
ADDRESSES = ("VERS_API_KEY", "VERS_BASE_URL", "VERS_INFRA_URL", "VERS_VM_REGISTRY_URL", "VERS_AUTH_TOKEN")


@pytest.fixture
def fleet(isolated_home: Path) -> Iterator[FleetUnderTest]:
    require_program("tmux")
    with fleet_under_test() as made:
        yield made


def found_by(fleet: FleetUnderTest, vm_id: VmId) -> dict[str, str]:
    """Return the environment of the agent that lives on a VM."""
    pid = int((agent_place(fleet, vm_id) / "pid").read_text())
    pairs = (variable.decode().partition("=") for variable in environment_of(on_host(pid, vm_id)) if variable)
    return {name: value for name, _, value in pairs}


def own(environment: dict[str, str]) -> tuple[str, ...]:
    """Return what an environment says of the agent itself."""
    return tuple(environment.get(name, "(absent)") for name in OWN)


def said(engine: Engine, receipt: Receipt) -> str:
    """Return everything the steps of an operation said."""
    return "\n".join(step.detail for step in engine.fleet_state.operations[OperationId(receipt.id)].steps)


async def image_of(engine: Engine, agent: Agent) -> CommitId:
    """Return a commit of an agent's VM."""
    receipt = await order(engine, Commit(agent.vm_id))
    return CommitId(engine.fleet_state.operations[OperationId(receipt.id)].steps[-1].detail)


async def test_an_agent_knows_who_it_is_after_each_kind_of_start(fleet: FleetUnderTest) -> None:
    async with fleet.engine() as engine:
        ada = await spawned(engine, "ada")
        environment = found_by(fleet, ada.vm_id)
        assert own(environment) == (ada.vm_id, "ada", "lieutenant", "", "", "true")
        assert all(environment[name] for name in ADDRESSES)
        key = vm_key(read_token(fleet.places.fleet), ada.vm_id)
        assert environment["VERS_API_KEY"] == environment["VERS_AUTH_TOKEN"] == key, "it calls as itself, not as you"

        image = await image_of(engine, ada)
        spawn = Spawn("cy", AgentKind.ARCHITECT, image=image, program="scripted", parent="ada")
        receipt = await order(engine, spawn)
        cy = engine.agent_named("cy")
        expected = (cy.vm_id, "cy", "custom", "ada", image, "true")
        environment = found_by(fleet, cy.vm_id)
        assert own(environment) == expected, "the registry has no word for an architect"
        assert engine.running[0].source.registry is not None
        entry = await engine.running[0].source.registry.get(cy.vm_id)
        assert (entry.role, (entry.metadata or {})["kind"]) == ("custom", "architect")
        assert all(name in said(engine, receipt) for name in (*OWN, *ADDRESSES))
        assert not [name for name in ADDRESSES if environment[name] in said(engine, receipt)], (
            "values are shown to nobody"
        )

        await killed(engine, cy)
        await order(engine, Relaunch(cy.id))
        assert own(found_by(fleet, cy.vm_id)) == expected, "it is the same agent"

        await order(engine, Branch(cy.vm_id, 1))
        copy = engine.agent_named("cy-2")
        assert own(found_by(fleet, copy.vm_id)) == (copy.vm_id, "cy-2", *expected[2:])


async def test_a_process_that_was_copied_with_its_vm_does_not_go_on_under_the_originals_name(
    fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A branch of a real VM has the processes of its original; here somebody else's agent stands for such a one."""
    living, elsewhere = await stranger(fleet, "bob")
    before = found_by(fleet, living.vm_id)
    async with elsewhere.engine() as engine:
        ada = await spawned(engine, "ada")

        async def branch(vm_id: VmId, **_: object) -> BranchResult:
            return BranchResult((living.vm_id,), 1)

        monkeypatch.setattr(engine.running[0].source.vers, "branch", branch)
        await order(engine, Branch(ada.vm_id, 1))
        copy = engine.agent_named("ada-2")
        assert copy.vm_id == living.vm_id
        assert before["VERS_AGENT_NAME"] == "bob" and found_by(fleet, copy.vm_id)["VERS_AGENT_NAME"] == "ada-2"
