"""Texts that no JSON can hold are refused before anything is sent, in whatever field of a command they stand."""

from __future__ import annotations

import pytest

from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.command import Command
from cockpit.model.commands.vm import Checkpoint
from cockpit.model.fleet import Agent, AgentKind, Fleet, Power, Vm
from cockpit.model.ids import VmId, agent_of
from cockpit.model.platform import SetLabels, SetVariables
from cockpit.model.refusals.grounds import Facilities, RefusalCode
from cockpit.model.refusals.refusal import refusal

VM = VmId("aaaaaaaa-0000-4000-8000-000000000001")
FLEET = Fleet(vms=(Vm(VM, Power.RUNNING),), agents=(Agent(agent_of(VM), "ada", AgentKind.LIEUTENANT, VM),))


@pytest.mark.parametrize(
    "command",
    [
        SetLabels(VM, (("team", "\udcff"),)),
        SetVariables((("GREETING", "\ud800"),)),
        SetVariables(removed=("\udcff",)),
        Checkpoint(VM, Prompt(agent_of(VM), "\udcff")),
    ],
    ids=ascii,
)
def test_what_no_json_can_hold_is_refused_wherever_it_stands(command: Command) -> None:
    found = refusal(command, FLEET, Facilities())
    assert found is not None and found.code is RefusalCode.UNSENDABLE
