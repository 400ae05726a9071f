"""The operator's own columns: run for rows in sight alone, and again only when they are old."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from cockpit.engine.clock import Clock
from cockpit.engine.own.programs import OwnPrograms
from cockpit.engine.state import FleetState
from cockpit.model.fleet import Agent, AgentKind
from cockpit.model.ids import AgentId, VmId
from cockpit.model.own.declared import Own, OwnColumn
from cockpit.model.own.port import Printed

ADA, BOB = (Agent(AgentId(name), name, AgentKind.WORKER, VmId(name), role="$(touch x)") for name in ("ada", "bob"))


async def test_columns_are_run_for_rows_in_sight_and_again_only_when_they_are_old() -> None:
    ran: list[str] = []
    passed = [0.0]
    state = FleetState(Clock(lambda: 1e9, lambda: passed[0]), "")
    state.agents = {ADA.id: ADA, BOB.id: BOB}

    async def run(command: str, variables: Mapping[str, str], seconds: float, most: int) -> Printed:
        ran.append(variables["COCKPIT_NAME"])
        return Printed(f"\n {variables['COCKPIT_NAME']} {len(ran)}\nmore", 0)

    column = OwnColumn("up", command="uptime", every=30)
    own = OwnPrograms(state, Own((column, OwnColumn("who", "name"))), run)
    before = state.revision
    own.want([ADA.id])
    await own.rest()
    assert ran == ["ada"] and own.cell(ADA.id, "up") == "ada 1" and own.cell(BOB.id, "up") == ""
    assert own.cell(BOB.id, "who") == "bob" and state.revision > before
    own.want([ADA.id])
    await own.rest()
    assert ran == ["ada"]
    passed[0] += 31
    own.want([ADA.id])
    await own.rest()
    assert own.cell(ADA.id, "up") == "ada 2"
    state.agents = {BOB.id: replace(BOB)}
    own.want([])
    assert own.cell(ADA.id, "up") == ""


async def test_a_column_that_fails_says_so() -> None:
    state = FleetState(Clock(), "")
    state.agents = {ADA.id: ADA}

    async def run(command: str, variables: Mapping[str, str], seconds: float, most: int) -> Printed:
        return Printed("no such thing", 4)

    own = OwnPrograms(state, Own((OwnColumn("bad", command="exit 4"),)), run)
    own.want([ADA.id])
    await own.rest()
    assert own.cell(ADA.id, "bad") == "✗ exit 4"
    own.want([ADA.id])
    await asyncio.wait_for(own.close(), 10)
