"""When an agent is not renamed, not shown to other tools, and a VM not taken out of the registry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.claims import Claim, ClaimedBy
from cockpit.model.commands.command import Command
from cockpit.model.commands.life import Adopt, Deregister, Rename, SetFindable, Spawn
from cockpit.model.commands.swarm import Teardown
from cockpit.model.commands.vm import Pause
from cockpit.model.fleet import Agent, AgentKind, Fleet, Power, Process, Vm
from cockpit.model.ids import AgentId, VmId, agent_of
from cockpit.model.refusals.grounds import Facilities, RefusalCode
from cockpit.model.refusals.refusal import refusal
from cockpit.model.why import headline, why

ADA, BOB = VmId("aaaaaaaa-0000-4000-8000-000000000001"), VmId("bbbbbbbb-0000-4000-8000-000000000002")
GONE = VmId("99999999-0000-4000-8000-000000000009")
FLEET = Fleet(
    vms=(Vm(ADA, Power.RUNNING), Vm(BOB, Power.RUNNING)),
    agents=(
        Agent(agent_of(ADA), "ada", AgentKind.LIEUTENANT, ADA, "docs", labels=("x",)),
        Agent(agent_of(BOB), "arch", AgentKind.ARCHITECT, BOB),
    ),
    claims=(Claim(ClaimedBy.REGISTRY, "the registry", GONE, "lost", "worker"),),
)
FACILITIES = Facilities((("pi", ""),), "pi", claimed=frozenset({"soon"}))


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (Rename(agent_of(ADA), "ida", "docs", ("x",)), None),
        (Rename(agent_of(ADA), "ada", "docs", ("x",)), RefusalCode.ALREADY),
        (Rename(agent_of(ADA), "ada", "docs", ("x",), "cyan"), None),
        (Rename(agent_of(ADA), "ada", "docs", ("x",), "pink"), RefusalCode.NO_COLOUR),
        (Rename(agent_of(ADA), "arch"), RefusalCode.NAME_TAKEN),
        (Rename(agent_of(ADA), "soon"), RefusalCode.NAME_TAKEN),
        (Rename(agent_of(ADA), "a b"), RefusalCode.BAD_NAME),
        (Rename(agent_of(ADA), BOB), RefusalCode.BAD_NAME),
        (Rename(AgentId("nobody"), "ida"), RefusalCode.NO_AGENT),
        (SetFindable(agent_of(ADA), True), None),
        (SetFindable(agent_of(ADA), False), RefusalCode.ALREADY),
        (SetFindable(agent_of(BOB), True), RefusalCode.LACKING),
        (Deregister(GONE), None),
        (Deregister(ADA), RefusalCode.NOT_IN_DOUBT),
        (Deregister(VmId("88888888-0000-4000-8000-000000000008")), RefusalCode.ALREADY),
    ],
    ids=repr,
)
def test_a_command_is_refused_for_a_reason(command: Command, code: RefusalCode | None) -> None:
    found = refusal(command, FLEET, FACILITIES)
    assert (found.code if found is not None else None) is code


@pytest.mark.parametrize(
    "command", [Rename(agent_of(ADA), "ida"), SetFindable(agent_of(ADA), True), Teardown((ADA,)), Pause(ADA)], ids=repr
)
def test_who_another_account_has_is_left_alone(command: Command) -> None:
    away = replace(FLEET.agents[0], kind=AgentKind.WORKER, elsewhere="them at elsewhere")
    found = refusal(command, replace(FLEET, agents=(away,)), FACILITIES)
    assert found is not None and (found.code, found.sentence) == (
        RefusalCode.ELSEWHERE,
        "ada belongs to another account: them at elsewhere",
    )


@pytest.mark.parametrize("name", ["arch", "soon", "a b", BOB])
def test_a_new_name_is_refused_as_a_spawn_is(name: str) -> None:
    renamed = refusal(Rename(agent_of(ADA), name), FLEET, FACILITIES)
    assert renamed == refusal(Spawn(name, AgentKind.WORKER), FLEET, FACILITIES) and renamed is not None


def test_where_no_agent_was_started_another_one_may_be_taken_over() -> None:
    (ada, _) = FLEET.agents
    ghost = replace(ada, directory="~/a", process=Process(never_started=True, looked_also_at=("/tmp/pi-rpc",)))
    fleet = replace(FLEET, agents=(ghost,))
    known = refusal(Adopt(ADA, "ada"), FLEET, FACILITIES)
    assert known is not None and known.code is RefusalCode.ADOPTED
    assert refusal(Adopt(ADA, "ada"), fleet, FACILITIES) is None
    assert headline(ghost, FLEET.vms[0], 1.0).word.startswith("no agent")
    assert any("No agent at ~/a, looked also at /tmp/pi-rpc" in said for said in why(ghost, FLEET.vms[0], 1.0))
