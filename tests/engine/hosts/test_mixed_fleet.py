"""Two platforms and a plain host in one list, under faults of each: no row is lost, and what is selected stays so."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from cockpit.bootstrap.fleet import Places, make_source
from cockpit.bootstrap.hosts import host_sources
from cockpit.config import Settings
from cockpit.engine import watcher
from cockpit.engine.agent_record import row_of
from cockpit.engine.engine import Engine
from cockpit.model.commands.agent import Prompt
from cockpit.model.commands.life import Spawn
from cockpit.model.filters.agents import wanted_agents
from cockpit.model.fleet import Agent, AgentKind, LinkState
from cockpit.model.ids import AgentId, VmId, agent_of
from cockpit.model.receipts.receipt import Stage
from cockpit.store.store import Store
from cockpit.ui.app import CockpitApp
from cockpit.ui.screens.home.screen import HomeScreen
from cockpit.vers.client import VersClient
from tests.engine.hosts.conftest import HostUnderTest
from tests.fleets import order, until
from tests.remote.hosts.conftest import known_line
from tests.remote.relays import Relay
from tests.vers.sick import KEY, VM, SickApi

OTHER = "0e4f1c5e-53f7-4bd4-9a6f-0d2c1f0a7b11"

Answer = Callable[[httpx.Request], httpx.Response]


def reset(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("connection reset by peer", request=request)


FAULTS: dict[str, Answer] = {
    "503": lambda request: httpx.Response(503),
    "429": lambda request: httpx.Response(429, headers={"Retry-After": "0"}),
    "page": lambda request: httpx.Response(200, html="<html>busy</html>"),
    "reset": reset,
}
OMITS = "omits"


class Front(httpx.AsyncBaseTransport):
    """Stands before a platform, and answers in its place while it is told to."""

    def __init__(self, behind: httpx.AsyncBaseTransport) -> None:
        self._behind = behind
        self.fault = ""
        self.asked = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.fault in FAULTS:
            return FAULTS[self.fault](request)
        if self.fault == OMITS and request.url.path.endswith(("/vms", "/vm")):
            return httpx.Response(200, json=[])
        return await self._behind.handle_async_request(request)

    async def aclose(self) -> None:
        await self._behind.aclose()


@dataclass
class Mixed:
    """One cockpit over all three."""

    engine: Engine
    platform: Front
    near: Front
    host: HostUnderTest
    relay: Relay

    def sick(self, service: str) -> bool:
        health = self.engine.fleet.service(service)
        return health is not None and not health.ok

    async def until_sick(self, service: str, sick: bool) -> None:
        await until(self.engine, lambda: self.sick(service) is sick, f"{service} {'sick' if sick else 'well'}")


def platform_of(vm_id: str) -> SickApi:
    api = SickApi()
    api.vms.clear()
    api.add(vm_id)
    return api


async def rest(_seconds: float) -> None:
    await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def mixed(host: HostUnderTest, root: Path) -> AsyncIterator[Mixed]:
    """Run an engine over two platforms of one VM each, whose agents are remembered, and a host."""
    made = make_source(Settings(), Places(root / "fleet", root / "history.sqlite"))
    fronts = {"vers": Front(platform_of(VM)), "near": Front(platform_of(OTHER))}
    async with Relay(host.sshd.port) as relay:
        host.known.write_text(known_line(host.sshd).replace(str(host.sshd.port), str(relay.port), 1))
        settings = Settings(hosts=(host.settings.model_copy(update={"port": relay.port}),))
        store = await Store.open(root / "history.sqlite")
        sources = []
        for name, vm_id in (("vers", VM), ("near", OTHER)):
            client = VersClient("https://api.test/api/v1", KEY, transport=fronts[name], rest=rest, place=name)
            sources.append(replace(made, name=name, vers=client))
            agent = Agent(agent_of(VmId(vm_id), "/pi"), f"of-{name}", AgentKind.WORKER, VmId(vm_id), directory="/pi")
            row = row_of(agent, directory="/pi", workspace="/w", created_at=1.0, account=client.account)
            await store.remember_agent(row)
        sources = [replace(source, poll_interval=0.2) for source in sources]
        # A look at a host is a session of sshd and a shell: five a second leave a busy machine no time for the agent.
        sources += [replace(source, poll_interval=1.0) for source in host_sources(settings, store, made)]
        engine = Engine(sources, store)
        try:
            await engine.start()
            yield Mixed(engine, fronts["vers"], fronts["near"], host, relay)
        finally:
            await engine.stop()
            await store.close()
            for source in sources:
                await source.close()


async def watch_for_losses(engine: Engine, agents: set[AgentId], vms: set[VmId], lost: list[str]) -> None:
    """Note each row that is missing from a picture of the fleet."""
    while True:
        revision = engine.revision
        lost += agents - {agent.id for agent in engine.fleet.agents}
        lost += vms - {vm.id for vm in engine.fleet.vms}
        await engine.fleet_state.until(lambda seen=revision: engine.revision != seen, None)  # type: ignore[misc]


async def who_on_hosts(engine: Engine) -> list[tuple[str, str]]:
    """Return each host with who one is there, as `whoami` says it."""
    return [(one.source, one.user) for one in await engine.platform.accounts() if one.host and one.valid]


async def test_no_row_is_lost_and_the_selected_one_stays_selected(
    plain_host: HostUnderTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "RETRY_INTERVAL", 0.2)
    monkeypatch.setenv("VERS_API_KEY", KEY)
    async with mixed(plain_host, tmp_path) as all_three:
        engine, relay = all_three.engine, all_three.relay
        await order(engine, Spawn("ada", AgentKind.WORKER, program="scripted", source="alpha"))
        names = {agent.name: agent for agent in engine.fleet.agents}
        assert await who_on_hosts(engine) == [("alpha", f"{pwd.getpwuid(os.getuid()).pw_name}@{os.uname().nodename}")]
        assert {name: agent.source for name, agent in names.items()} == {
            "of-vers": "vers",
            "of-near": "near",
            "ada": "alpha",
        }
        for source, name in (("vers", "of-vers"), ("near", "of-near"), ("alpha", "ada")):
            assert [one.name for one in wanted_agents(engine.fleet, f"source:{source}", engine.now())] == [name]
        chosen, lost = names["ada"].id, list[str]()
        rows = {agent.id for agent in engine.fleet.agents}, {vm.id for vm in engine.fleet.vms}
        watching = asyncio.create_task(watch_for_losses(engine, *rows, lost))
        app = CockpitApp(engine)
        async with app.run_test(size=(120, 40)):
            await until(engine, lambda: isinstance(app.screen, HomeScreen), "the screen")
            home = app.screen
            assert isinstance(home, HomeScreen)
            home.select(chosen)
            await until(engine, lambda: home.selected == chosen, "the selection")

            for fault in FAULTS:  # both APIs at once
                all_three.platform.fault = all_three.near.fault = fault
                before = all_three.platform.asked, all_three.near.asked
                await until(
                    engine,
                    lambda seen=before: all_three.platform.asked > seen[0] + 3 and all_three.near.asked > seen[1] + 3,  # type: ignore[misc]
                    "some looks",
                )
                await all_three.until_sick("vers vers", True)
                await all_three.until_sick("near vers", True)
            for front in (all_three.platform, all_three.near):
                front.fault, asked = OMITS, front.asked
                await until(engine, lambda front=front, asked=asked: front.asked > asked + 8, "some looks")  # type: ignore[misc]
                front.fault = ""
            await all_three.until_sick("vers vers", False)
            await all_three.until_sick("near vers", False)

            def is_up() -> bool:
                agent = engine.fleet.agent(chosen)
                return agent is not None and agent.link.state is LinkState.UP

            relay.delay = 0.2
            assert (await order(engine, Prompt(chosen, "[say Slowly.]"))).stage is Stage.DONE
            relay.delay = 0.0
            relay.cut()
            plain_host.sshd.stop()
            await all_three.until_sick("host alpha", True)
            plain_host.sshd.change_host_key()
            plain_host.sshd.start()

            def tells_of_the_key() -> bool:
                health = engine.fleet.service("host alpha")
                return health is not None and "shows host key" in health.reason and "ssh-keygen -R" in health.hint

            await until(engine, tells_of_the_key, "the changed key")
            plain_host.known.write_text(
                known_line(plain_host.sshd).replace(str(plain_host.sshd.port), str(relay.port), 1)
            )
            await all_three.until_sick("host alpha", False)
            await until(engine, is_up, "the link again")
            assert (await order(engine, Prompt(chosen, "[say Back.]"))).stage is Stage.DONE
            assert home.selected == chosen and app.screen is home
        watching.cancel()
        assert lost == []
