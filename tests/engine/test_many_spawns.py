"""Thirty spawns at the same time, with a fault at any step: each VM is an agent, deleted, or shown as perhaps ours."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import socket

import httpx
import pytest

from cockpit.bootstrap.fleet import make_source, running_engine
from cockpit.engine.commands import spawn
from cockpit.engine.source import Source
from cockpit.model.commands.life import Spawn
from cockpit.model.fleet import AgentKind
from cockpit.model.ids import VmId
from cockpit.model.receipts.receipt import Receipt, Stage
from cockpit.remote.ssh.endpoint import SshEndpoint
from cockpit.vers.client import VersClient
from tests.fleets import LIMIT, FleetUnderTest, until

MANY = 30
SEED = 5
PAGE = "<html><h1>502 Bad Gateway</h1></html>"


class FaultyWire(httpx.AsyncBaseTransport):
    """The way to a real platform: an order may be lost before or after it was done, or a proxy answers."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.real = httpx.AsyncHTTPTransport()
        self.faults: dict[str, int] = {}
        self.works = False
        """From then on nothing is lost any more."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fault = "" if self.works or request.method == "GET" else self._fault()
        self.faults[fault] = self.faults.get(fault, 0) + 1
        if fault == "lost before":
            raise httpx.ConnectError("refused")
        if fault == "cut before":
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
        response = await self.real.handle_async_request(request)
        if fault == "":
            return response
        await response.aread()
        if fault == "cut after":
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
        return httpx.Response(502, html=PAGE)

    def _fault(self) -> str:
        return self.chance.choices(["", "lost before", "cut before", "cut after", "502 after"], [6, 1, 1, 1, 1])[0]

    async def aclose(self) -> None:
        await self.real.aclose()


def ends(name: str) -> bool:
    """Say whether the agent of this name ends as it is started."""
    return int(name.removeprefix("w")) % 2 == 1


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def faulty(source: Source, wire: FaultyWire, chance: random.Random) -> Source:
    """Return the source with a lossy platform, some VMs that no one can connect to, and agents that end at once."""
    unreachable: dict[VmId, bool] = {}
    nobody = closed_port()

    def endpoint(vm_id: VmId) -> SshEndpoint:
        real = source.endpoint(vm_id)
        away = unreachable.setdefault(vm_id, chance.random() < 0.2)
        return dataclasses.replace(real, port=nobody) if away and not wire.works else real

    scripted = next(program for program in source.programs if program.name == "scripted")
    some = dataclasses.replace(
        scripted,
        arguments=lambda spawn, *more: ["sh", "-c", "exit 3"] if ends(spawn.name) else scripted.arguments(spawn, *more),
    )
    kinds = dataclasses.replace(source.kinds(), programs=(some,))
    given = source.environment
    place = source.vers.account.split(" at ", 1)[1]
    vers = VersClient(given["VERS_BASE_URL"], given["VERS_API_KEY"], transport=wire, place=place)
    return dataclasses.replace(source, vers=vers, endpoint=endpoint, kinds=lambda: kinds)


async def test_no_vm_of_many_spawns_is_lost(fleet: FleetUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawn, "CONNECT_LIMIT", 6.0)
    chance = random.Random(SEED)
    wire = FaultyWire(chance)
    plain = await asyncio.to_thread(make_source, fleet.settings, fleet.places, force_embedded=True)
    stranger = await plain.vers.create_root()
    receipts: list[Receipt] = []
    async with running_engine(
        fleet.settings, fleet.places, faulty(plain, wire, chance), attach=lambda _: False
    ) as engine:
        orders = [Spawn(f"w{number}", AgentKind.WORKER, program="scripted") for number in range(MANY)]
        given = [engine.dispatch(order) for order in orders]
        receipts = [await engine.outcome(one, timeout=4 * LIMIT) for one in given]
    wire.works = True
    source = await asyncio.to_thread(make_source, fleet.settings, fleet.places, force_embedded=True)
    async with running_engine(fleet.settings, fleet.places, source, attach=lambda _: False) as engine:
        there = {record.vm_id for record in await source.vers.list_vms()} - {stranger}
        await until(engine, lambda: there <= set(engine.fleet_state.vms), "all VMs on the list")
        agents = {agent.vm_id: agent.name for agent in engine.fleet.agents}
        suspects = {vm.id for vm in engine.fleet.vms if vm.perhaps_ours}
        unclaimed = there - set(agents) - suspects
        assert not unclaimed, (unclaimed, [receipt.reason for receipt in receipts])
        done = {order.name for order, receipt in zip(orders, receipts, strict=True) if receipt.stage is Stage.DONE}
        assert done <= set(agents.values()), "an agent that was reported is there"
        for order, receipt in zip(orders, receipts, strict=True):
            assert receipt.stage in (Stage.DONE, Stage.FAILED, Stage.UNCONFIRMED), receipt
            assert receipt.stage is not Stage.DONE or not ends(order.name), receipt
        stages = [receipt.stage for receipt in receipts]
    assert stages.count(Stage.DONE) >= 3 and stages.count(Stage.FAILED) >= 3, stages
    assert {"lost before", "cut before", "cut after", "502 after"} <= wire.faults.keys(), wire.faults
    await plain.close()
