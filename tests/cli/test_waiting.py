"""Waiting for several agents: those out of reach are waited for together, and hide nobody who is there."""

from __future__ import annotations

import asyncio
import json

import pytest

from cockpit.cli import waiting
from cockpit.cli.exits import ExitCode
from cockpit.model.fleet import Activity, ActivityState, Agent, AgentKind, Fleet, Link, LinkState, Power, Vm
from cockpit.model.ids import VmId, agent_of
from tests.cli.double import HeadlessDouble, HeadlessOnDouble

CONTACT = 0.2
"""Seconds a verb has for its first contact here."""
NAMES = tuple("abcdefgh")
VMS = {name: VmId(f"{name * 8}-0000-4000-8000-000000000001") for name in NAMES}


class Unreached(HeadlessOnDouble):
    """Has a little time for its first contact."""

    def left(self) -> float:
        """Return the seconds."""
        return CONTACT


def fleet(up: str) -> HeadlessDouble:
    """Return a fleet of which one agent is idle, and the links to the others never come up."""
    agents = tuple(
        Agent(
            agent_of(vm),
            name,
            AgentKind.WORKER,
            vm,
            link=Link(LinkState.UP if name == up else LinkState.CONNECTING),
            activity=Activity(ActivityState.IDLE if name == up else ActivityState.WORKING),
        )
        for name, vm in VMS.items()
    )
    engine = HeadlessDouble(Fleet(vms=tuple(Vm(vm, Power.RUNNING) for vm in VMS.values()), agents=agents))
    for agent in agents:
        engine.output.records[agent.id] = []
    return engine


@pytest.mark.parametrize(("anyone", "code"), [(True, ExitCode.DONE), (False, ExitCode.PARTIAL)])
async def test_links_that_do_not_come_up_are_waited_for_together(
    anyone: bool, code: ExitCode, capsys: pytest.CaptureFixture[str]
) -> None:
    async with asyncio.timeout(CONTACT * 4):
        assert await waiting.wait(Unreached(fleet("h")), NAMES, "idle", None, anyone, True) == code
    assert [one["name"] for one in json.loads(capsys.readouterr().out) if one["reached"]] == ["h"]
